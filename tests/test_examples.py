"""The example DAGs as the DAG processor reads them, and what they render; `tests/dags` runs them."""

from __future__ import annotations

import csv
import hashlib
import importlib.util
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pendulum
import pytest
from airflow.sdk import DAG
from airflow.sdk.definitions._internal.contextmanager import DagContext
from airflow.sdk.definitions.mappedoperator import MappedOperator
from winback_audience import PURCHASES, SCHEMA, export_customers

from airflow_provider_activation.audience import prepare_audience
from scripts.demo_all import EXAMPLES as DEMONSTRATED
from scripts.demo_all import TEMPLATE_LEFT, WATCHES

FOLDER = Path(__file__).parent.parent / "example_dags"
EXAMPLES = [path for path in sorted(FOLDER.glob("*.py")) if "@dag" in path.read_text()]
STOCKHOLM = "Europe/Stockholm"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Reads a DAG file as Airflow does, without a connection, and returns the DAG of the file's name."""

    def of(path: Path) -> DAG:
        name = f"example_{path.stem}"
        monkeypatch.setattr(DagContext, "autoregistered_dags", set())
        monkeypatch.setattr(DagContext, "current_autoregister_module_name", name)
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)
        spec.loader.exec_module(module)
        (found,) = (dag for dag, _ in DagContext.autoregistered_dags)
        assert found.dag_id == path.stem
        return found

    return of


@pytest.fixture(params=EXAMPLES, ids=lambda path: path.stem)
def example(request: pytest.FixtureRequest, read: Any) -> DAG:
    dag: DAG = read(request.param)
    return dag


def _arguments(task: Any) -> dict[str, Any]:
    return {**task.partial_kwargs} if isinstance(task, MappedOperator) else vars(task)


def test_an_example_can_be_left_alone(example: DAG) -> None:
    """What fails is tried again, no wait holds a worker, and no two runs are at once."""
    assert example.tasks
    assert example.max_active_runs == 1
    assert example.catchup is False
    for task in example.tasks:
        arguments = _arguments(task)
        assert arguments["retries"] >= 1, task.task_id
        assert timedelta(0) < arguments["retry_delay"] <= timedelta(minutes=5), task.task_id
        assert arguments.get("deferrable", True) is True, task.task_id


def test_an_example_says_what_it_is_for(example: DAG) -> None:
    assert "activation" in example.tags
    assert example.doc_md
    for name in example.params:
        param = example.params.get_param(name)
        assert param.schema.get("title"), name
        assert param.schema.get("description") or param.description, name


def test_make_demo_all_runs_every_example() -> None:
    assert sorted([*DEMONSTRATED, WATCHES]) == [path.stem for path in EXAMPLES]


def _templates(value: Any) -> Iterator[str]:
    match value:
        case str() if "{{" in value:
            yield value
        case dict():
            for part in value.values():
                yield from _templates(part)
        case list() | tuple():
            for part in value:
                yield from _templates(part)


def _rendered(dag: DAG, end: pendulum.DateTime) -> list[str]:
    """What all templates of a DAG's tasks are in the run of a data interval of a day."""
    context: Any = {
        "params": dag.params.dump(),
        "data_interval_start": end.subtract(days=1),
        "data_interval_end": end,
        "dag_run": SimpleNamespace(run_after=end),
    }
    environment = dag.get_template_env()
    return [
        str(task.render_template(text, context, environment))
        for task in dag.tasks
        if not isinstance(task, MappedOperator)
        for field in task.template_fields
        for text in _templates(getattr(task, field, None))
    ]


def test_no_template_and_no_directive_is_left_as_it_stands(example: DAG) -> None:
    rendered = _rendered(example, pendulum.datetime(2026, 11, 29, 23))
    assert [text for text in rendered if TEMPLATE_LEFT.search(text)] == []


@pytest.mark.parametrize(
    ("midnight", "name", "order"),
    [
        ("2026-11-23", "Week 2026-W48", "WEEKLY-2026W48"),
        # the year of a week is not always that of its days
        ("2025-12-29", "Week 2026-W01", "WEEKLY-2026W01"),
        ("2026-12-28", "Week 2026-W53", "WEEKLY-2026W53"),
    ],
)
def test_an_activity_is_named_after_its_week(read: Any, midnight: str, name: str, order: str) -> None:
    end = pendulum.parse(midnight, tz=STOCKHOLM)
    assert isinstance(end, pendulum.DateTime)
    rendered = _rendered(read(FOLDER / "delta_projects_activity.py"), end.in_timezone("UTC"))
    assert name in rendered
    assert order in rendered


@pytest.mark.parametrize("left", ["Week GGGG-W48", "Week %G-W%V", "{{ ds }}", "{% if a %}", "YYYYMMDD"])
def test_what_is_left_as_it_stands_is_found(left: str) -> None:
    assert TEMPLATE_LEFT.search(left)


def test_the_audience_has_digests_of_tidy_addresses_and_no_address(tmp_path: Path) -> None:
    """Digests of addresses that were neither trimmed nor in small letters match nobody."""
    exported = tmp_path / "customers.csv"
    assert export_customers(exported) > 1000
    assert exported.stat().st_mode & 0o777 == 0o600
    manifest = prepare_audience(exported, SCHEMA, profile="google", folder=tmp_path)
    file = Path(manifest["path"])
    with file.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert set(rows[0]) == {"email_sha256", "last_purchase"}
    assert "@" not in file.read_text()
    customers = {line.split()[1] for line in PURCHASES.read_text().splitlines()}
    addresses = [f"customer-{customer}@example.com" for customer in customers]
    written = {row["email_sha256"] for row in rows}
    wanted = {hashlib.sha256(address.encode()).hexdigest() for address in addresses}
    # two large sets that differ take pytest minutes to tell apart where CI is set
    assert not len(written ^ wanted)
