"""Tasks for audiences: made, rendered and run as Airflow does, in a room where nobody's data may be said."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import pytest
from airflow.sdk import DAG, BaseOperator
from audience_attacks import Room, chain, said_by
from golden_logs import Lines
from older_airflows import its_own_error
from task_running import Task, TaskInstance

from airflow_provider_activation.errors import ActivationError
from airflow_provider_activation.operators.audience import DeleteAudienceOperator, PrepareAudienceOperator

T = TypeVar("T", bound=BaseOperator)

PACKAGE = "airflow_provider_activation"
EMAIL: dict[str, Any] = {"columns": {"mail": {"kind": "email", "source": "email", "hash": "sha256"}}}
LIST = {"columns": {"email": {"kind": "email", "source": "email"}}}
HASHED = {"name": "mail", "type": "email", "hashMode": "HASHED", "hashAlgorithm": "SHA256"}


def registration(*identifiers: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What an endpoint of Acoustic Exchange is registered with."""
    database = {"name": "Customers", "id": "db1", "identifiers": list(identifiers), **more}
    return {"marketing_databases_definition": {"marketingDatabases": [database]}}


def prepare(room: Room, source: Any, **given: Any) -> PrepareAudienceOperator:
    needed = {"schema": EMAIL, "profile": "google", "folder": str(room.folder)}
    return PrepareAudienceOperator(task_id="prepare", source=source, **{**needed, **given})


def delete(manifest: Any) -> DeleteAudienceOperator:
    return DeleteAudienceOperator(task_id="delete", manifest=manifest)


@pytest.fixture
def logged(room: Room) -> Iterator[list[str]]:
    """What is logged while a test runs, in which nobody may be."""
    with Lines().listening() as heard:
        yield heard.lines
    room.says_nothing("\n".join(heard.lines))


class OtherTasks(TaskInstance):
    """A task instance of a run in which other tasks have ended, with these results."""

    def __init__(self, task_id: str = "this", **results: Mapping[str, Any]) -> None:
        super().__init__(task_id, "a_run")
        self._results = results

    def xcom_pull(  # type: ignore[override]
        self, task_ids: Any = None, key: str = "return_value", **more: Any
    ) -> Any:
        result = self._results[task_ids]
        return result if key == "return_value" else result[key]


def rendered(operator: T, *, native: bool = False, **context: Any) -> T:
    """The operator as Airflow has rendered it, in a DAG of its own unless it is in one."""
    if not operator.has_dag():  # type: ignore[no-untyped-call]
        operator.dag = DAG("a_dag", schedule=None, render_template_as_native_obj=native)
    environment = operator.dag.get_template_env(force_sandboxed=False)
    operator.render_template_fields(context, environment)  # type: ignore[arg-type]
    return operator


def run(operator: BaseOperator, run_id: str = "a_run", map_index: int = -1) -> Any:
    """The result of one try in this run."""
    ti = TaskInstance(operator.task_id, run_id, map_index=map_index)
    with its_own_error():
        return operator.execute({"ti": ti})  # type: ignore[typeddict-item]


def refused(
    room: Room, error: type[ActivationError], task: Task, *, keeping: tuple[str | Path, ...] = ()
) -> ActivationError:
    """The error that a try ends with: nothing is left of it but others' files, and nobody is named."""
    with pytest.raises(error) as caught:
        task.run()
    room.says_nothing(said_by(caught.value))
    for each in chain(caught.value):
        for frame, _ in traceback.walk_tb(each.__traceback__):
            if frame.f_globals.get("__name__", "").startswith(PACKAGE):
                room.says_nothing(repr(frame.f_locals))
    assert set(room.folder.iterdir()) == {Path(one) for one in keeping}
    room.holds_nothing_private()
    return caught.value
