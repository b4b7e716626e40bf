"""`make test-matrix`: what it finds, runs and says of it; with a `make` that only pretends."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts import matrix

RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"
MAKE = f"""#!{sys.executable}
import sys
print("make", *sys.argv[1:])
if "AIRFLOW=3.1" in sys.argv:
    sys.exit(0)
failed = 1 if "AIRFLOW=3.2" in sys.argv else 0
print(f"===== {{failed}} failed, 12 passed, 2 skipped, 1 error in 61.03s (0:01:01) =====")
sys.exit(2 * failed)
"""


@pytest.fixture(autouse=True)
def pretended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of the environments and logs, with a `make` on the path that installs and tests nothing."""
    make = tmp_path / "bin" / "make"
    make.parent.mkdir()
    make.write_text(MAKE)
    make.chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join([str(make.parent), os.environ["PATH"]]))
    monkeypatch.setattr(matrix, "ROOT", tmp_path)
    monkeypatch.setattr(matrix, "FOLDER", tmp_path / "matrix")
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield tmp_path / "matrix"
    for number, handler in handlers.items():
        signal.signal(number, handler)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["matrix.py", *arguments])
    return matrix.main()


def test_the_running_python_is_found() -> None:
    program = matrix.interpreter(RUNNING)
    assert program is not None
    assert Path(program).exists()


def test_a_python_that_does_not_exist_is_not_found() -> None:
    assert matrix.interpreter("3.1") is None


def test_all_that_passed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], pretended: Path
) -> None:
    assert run(monkeypatch, "--python", RUNNING, "--airflow", "3.3") == 0
    *_, head, row = capsys.readouterr().out.splitlines()
    assert head.split() == list(matrix.COLUMNS)
    assert row.split() == [RUNNING, "3.3", "passed", "12", "0", "1", "2", "0.0"]
    (log,) = pretended.glob("*.log")
    made = log.read_text().splitlines()[0].split()
    assert made[1] == "test"
    assert f"VENV=matrix/python{RUNNING}-airflow3.3" in made


@pytest.mark.parametrize(
    ("airflow", "shown"),
    [("3.2", "1 failed, 12 passed"), ("3.1", "AIRFLOW=3.1")],
    ids=["a failure", "no test ran"],
)
def test_what_failed_is_shown(
    airflow: str, shown: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--python", RUNNING, "--airflow", airflow, "--airflow", "3.3") == 1
    printed = capsys.readouterr().out
    assert shown in printed
    assert [row.split()[2] for row in printed.splitlines()[-2:]] == ["FAILED", "passed"]


@pytest.mark.parametrize(("options", "status"), [([], 0), (["--all"], 1)])
def test_an_absent_python_is_said(
    options: list[str], status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = {RUNNING: sys.executable}
    monkeypatch.setattr(matrix, "interpreter", found.get)
    assert run(monkeypatch, "--python", "3.99", "--python", RUNNING, "--airflow", "3.3", *options) == status
    printed = capsys.readouterr().out
    assert "Python 3.99 is not on this machine." in printed
    assert [row.split()[2] for row in printed.splitlines()[-2:]] == ["absent", "passed"]


def test_nothing_to_run_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matrix, "interpreter", {}.get)
    assert run(monkeypatch) == 1


def test_who_ends_it_gets_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And nothing that was started goes on: the pretended make ends its parent, and would outlive it."""
    left, make = tmp_path / "left", tmp_path / "bin" / "make"
    make.write_text(f"#!/bin/sh\n(sleep 2; touch {left}) &\nkill -TERM $PPID\nsleep 2\n")
    assert run(monkeypatch, "--python", RUNNING, "--airflow", "3.3", "--airflow", "3.2") == 1
    rows = capsys.readouterr().out.splitlines()[-2:]
    assert "interrupted" in rows[0]
    assert "not run" in rows[1]
    time.sleep(3)
    assert not left.exists()
