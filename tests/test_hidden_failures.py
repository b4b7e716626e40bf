"""No DAG of the examples and of the pages ends as a success over a task that has failed.

Airflow ends a run by its last tasks, and to it a teardown with ``on_failure_fail_dagrun`` is one. Where only
such teardowns follow a task, one of them must be a `DeleteAudienceOperator`, which fails after that task has.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest
from airflow.sdk import DAG, chain, dag, task
from airflow.sdk.definitions._internal.contextmanager import DagContext
from airflow.sdk.definitions.mappedoperator import MappedOperator

from airflow_provider_activation.operators.audience import DeleteAudienceOperator
from scripts.pages import ROOT, all_pages, blocks

EXAMPLES = [path for path in sorted((ROOT / "example_dags").glob("*.py")) if "@dag" in path.read_text()]
BLOCKS = [block for page in all_pages() for block in blocks(page) if block.kind == "dag"]
SOURCES = {path.stem: path.read_text() for path in EXAMPLES} | {str(block): block.code for block in BLOCKS}
DELETING = {name: text for name, text in SOURCES.items() if "as_teardown(" in text}


def dags_of(name: str, text: str, monkeypatch: pytest.MonkeyPatch) -> list[DAG]:
    module = ModuleType(f"read_{len(name)}")
    module.__file__ = str(ROOT / "example_dags" / f"{name}.py")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(DagContext, "autoregistered_dags", set())
    monkeypatch.setattr(DagContext, "current_autoregister_module_name", module.__name__)
    exec(compile(text, name, "exec", dont_inherit=True), vars(module))
    return [dag for dag, _ in DagContext.autoregistered_dags]


def deletes(one: Any) -> bool:
    kind = one.operator_class if isinstance(one, MappedOperator) else type(one)
    return bool(kind is DeleteAudienceOperator and one.is_teardown and one.on_failure_fail_dagrun)


def hidden(dag: DAG) -> list[str]:
    """The tasks whose failure the success of a teardown would hide."""
    return [
        one.task_id
        for one in dag.tasks
        if not one.is_teardown
        and any(after.on_failure_fail_dagrun for after in one.downstream_list)
        and all(after.is_teardown for after in one.downstream_list)
        and not any(deletes(after) for after in one.downstream_list)
    ]


def test_there_are_such_dags() -> None:
    places = {name.split(":")[0] for name in DELETING}
    pages = {"docs/audiences.md", "docs/safe-activation.md", "docs/services/acoustic-exchange.md"}
    examples = {"acoustic_exchange_export", "many_clients", "syndicate_audience", "warehouse_audience"}
    assert places >= pages | examples


@pytest.mark.parametrize("name", DELETING)
def test_no_failure_is_hidden(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (made,) = dags_of(name, DELETING[name], monkeypatch)
    # a file that is left is told too
    assert all(one.on_failure_fail_dagrun for one in made.tasks if one.is_teardown)
    assert any(deletes(one) for one in made.tasks)
    assert hidden(made) == []


@pytest.mark.parametrize("counts", [False, True])
def test_what_is_hidden_is_found(counts: bool) -> None:
    @dag(schedule=None)
    def a_dag() -> None:
        @task
        def export() -> None: ...

        @task
        def send() -> None: ...

        @task
        def delete() -> None: ...

        exported: Any = export()
        chain(exported, send(), delete().as_teardown(setups=exported, on_failure_fail_dagrun=counts))

    assert hidden(a_dag()) == (["send"] if counts else [])
