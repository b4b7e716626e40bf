"""Each bench runs, with numbers too small to say anything, and its tables say when a budget is broken."""

from __future__ import annotations

import math
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks import __main__ as command
from benchmarks import audience, calls, imports, operators, resources, triggerer, waits
from benchmarks.report import Budget, Figure, Table
from scripts.local import Failure


def figures(table: Table) -> dict[str, Figure]:
    return {figure.what: figure for figure in table.figures}


def test_waits(tmp_path: Path) -> None:
    jobs, deliveries = waits.bench(tmp_path, (2, 3), poll_interval=0.9, rounds=1)
    for table in (jobs, deliveries):
        found = figures(table)
        assert found["3 waits: requests a round"].ours == 1
        assert found["3 waits: requests a round"].peer == 3
        assert all(figure.ours > 0 for figure in found.values())
        assert 0 < found["3 waits: change until the last event (s)"].ours < 30


def test_calls(tmp_path: Path) -> None:
    one, many = calls.bench(tmp_path, 40, concurrency=4, runs=1)
    assert all(figure.ours > 0 for table in (one, many) for figure in table.figures)


def test_imports(tmp_path: Path) -> None:
    (table,) = imports.bench(tmp_path, runs=1)
    assert table.figures
    assert all(figure.ours > 0 for figure in table.figures)


def test_operators(tmp_path: Path) -> None:
    (table,) = operators.bench(tmp_path, 100, children=1, turns=1)
    assert table.figures
    assert all(figure.ours > 0 for figure in table.figures)


def test_triggerer(tmp_path: Path) -> None:
    (table,) = triggerer.bench(tmp_path, 2, poll_interval=1.0)
    found = figures(table)
    assert found["tasks lost"].ours == 0
    assert found["requests a round"].ours == 1


def test_resources(tmp_path: Path) -> None:
    (table,) = resources.bench(tmp_path, {"hooks": 20, "triggers": 10, "loops": 10, "polls": 200})
    assert len(table.figures) == 12
    assert not [figure for figure in table.broken if "descriptors" in figure.what]


def test_audience(tmp_path: Path) -> None:
    (table,) = audience.bench(tmp_path, (5_000, 20_000), turns=1)
    assert all(figure.ours > 0 for figure in table.figures)
    found = figures(table)
    assert found["20,000 rows beside bare DuckDB: memory (MB)"].peer
    assert found["20,000 rows beside csv and hashlib: rows/s"].budget == audience.SPEED_BESIDE_PYTHON
    (picture,) = table.pictures.values()
    root = ElementTree.fromstring(picture)
    lines = root.findall("{http://www.w3.org/2000/svg}polyline")
    assert [len(line.attrib["points"].split()) for line in lines] == [2] * 6


def test_an_audience_that_differs_is_not_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = {"seconds": 1.0, "memory": 1, "rows": 1}
    other = iter([None, run | {"sha256": "one"}, run | {"sha256": "other"}, run | {"sha256": "third"}])
    monkeypatch.setattr(audience, "_child", lambda home, ask: next(other))
    with pytest.raises(Failure, match="different audiences"):
        audience.bench(tmp_path, (5,), turns=1)


@pytest.mark.parametrize(
    ("figure", "broken"),
    [
        (Figure("x", 9.0, None, Budget(10.0)), False),
        (Figure("x", 11.0, None, Budget(10.0)), True),
        (Figure("x", 11.0, 10.0, Budget(1.15, of="ratio")), False),
        (Figure("x", 12.0, 10.0, Budget(1.15, of="ratio")), True),
        (Figure("x", 8.0, 10.0, Budget(0.8, "least", of="ratio")), False),
        (Figure("x", 7.0, 10.0, Budget(0.8, "least", of="ratio")), True),
        (Figure("x", math.nan, None, Budget(10.0)), True),
        (Figure("x", 1.0, None, Budget(0.8, "least", of="ratio")), True),
        (Figure("x", 1e9, 1.0), False),
    ],
)
def test_a_budget_holds_or_not(figure: Figure, broken: bool) -> None:
    table = Table("t", "p", [figure])
    assert bool(table.broken) is broken
    for shown in (table.text(), table.markdown()):
        assert (" NO" in shown) is broken


@pytest.mark.parametrize("ours", [1.0, 99.0])
def test_the_command_fails_for_a_broken_budget_and_writes_the_page(
    ours: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    figure = Figure("x", ours, None, Budget(10.0))
    table = Table("What it costs", "somebody", [figure], pictures={"picture.svg": "<svg/>"})
    monkeypatch.setattr(imports, "bench", lambda home: [table])
    page = tmp_path / "page.md"
    page.write_text(f"About it.\n\n{command.PLACE}\n\nold figures\n")
    monkeypatch.setattr("sys.argv", ["benchmarks", "imports", "--markdown", str(page)])
    assert command.main() == (1 if ours > 10 else 0)
    text = page.read_text()
    assert text.startswith("About it.")
    assert table.markdown() in text
    assert "`python -m benchmarks imports`" in text
    assert "old figures" not in text
    assert "![What it costs](picture.svg)" in text
    assert (tmp_path / "picture.svg").read_text() == "<svg/>"
    # and once more, into what it has written itself
    assert command.main() == (1 if ours > 10 else 0)
    assert page.read_text().count(table.markdown()) == 1
