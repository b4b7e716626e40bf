"""Runs one operator the way Airflow does, without a database: its tries, its deferral, its state."""

from __future__ import annotations

import asyncio
import itertools
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from airflow.providers.common.compat.sdk import TaskDeferred
from airflow.sdk import BaseOperator
from older_airflows import TaskDeferralError, TaskDeferralTimeout, its_own_error

from airflow_provider_activation.triggers.wait import WaitTrigger

__all__ = ["Task", "TaskDeferralError", "TaskDeferralTimeout", "TaskInstance", "made_anew"]

RETRIES = 3
A_DAY = datetime(2026, 5, 1, 4, 30, tzinfo=UTC)
_runs = itertools.count()


@dataclass
class TaskInstance:
    """What operators use of a task instance."""

    task_id: str
    run_id: str
    dag_id: str = "a_dag"
    map_index: int = -1
    try_number: int = 1
    max_tries: int = RETRIES
    xcoms: dict[str, Any] = field(default_factory=dict)

    def xcom_push(self, key: str, value: Any) -> None:
        # Airflow's XComs are JSON, and so must be whatever is pushed
        self.xcoms[key] = json.loads(json.dumps(value))

    def get_task_states(self, **asked: Any) -> dict[str, Any]:
        return {self.run_id: {self.task_id: "running"}}

    def xcom_pull(self, task_ids: str, map_indexes: int, key: str) -> Any:
        assert (task_ids, map_indexes) == (self.task_id, self.map_index)
        return self.xcoms.get(key)


class StateStore(dict[str, Any]):
    """Airflow's task state store: plain JSON, nothing else."""

    def set(self, key: str, value: Any) -> None:
        assert value is not None
        self[key] = json.loads(json.dumps(value))

    def delete(self, key: str) -> None:
        self.pop(key, None)


class Task:
    """One task of one run, with what survives between its tries.

    :param operator: a callable that makes the operator, anew for each try as Airflow does.
    :param store: whether there is a task state store (Airflow 3.3).
    :param run_id: of its run, one of its own if left out.
    :param run_after: of its run.
    """

    def __init__(
        self, operator: Any, *, store: bool = True, run_id: str | None = None, run_after: datetime = A_DAY
    ) -> None:
        self._make = operator
        self.operator: BaseOperator | None = None
        self._run_id = run_id or f"manual__{next(_runs)}"
        self._dag_run = SimpleNamespace(run_after=run_after, start_date=datetime.now(UTC))
        self.store = StateStore() if store else None
        self.ti: TaskInstance | None = None
        self.context: Any = {}
        self.triggers: list[WaitTrigger] = []
        self._tries = 0
        self._max_tries = RETRIES

    def run(self) -> Any:
        """One try, through deferral and resumption; returns the task's result as it goes into an XCom."""
        with its_own_error():
            result = self._begin_and_resume()
        return json.loads(json.dumps(result))

    def _begin_and_resume(self) -> Any:
        try:
            return self.begin()
        except TaskDeferred as deferred:
            given = {**(deferred.kwargs or {}), "event": self._event()}
            return self._operator().resume_execution(deferred.method_name, given, self.context)

    def begin(self) -> Any:
        """One try, until it ends or is deferred."""
        self._tries += 1
        operator = self._operator()
        self.ti = TaskInstance(
            operator.task_id, self._run_id, try_number=self._tries, max_tries=self._max_tries
        )
        self.context = {"ti": self.ti, "task_state_store": self.store, "dag_run": self._dag_run}
        try:
            return operator.execute(self.context)
        except TaskDeferred as deferred:
            self.triggers.append(made_anew(deferred.trigger))
            raise

    def _operator(self) -> BaseOperator:
        # Airflow makes it anew for each try, and when a deferred task goes on
        operator: BaseOperator = self._make()
        operator.retries = RETRIES
        self.operator = operator
        return operator

    def clear(self) -> None:
        """What a person does in the user interface. Airflow counts tries on and keeps the state."""
        self._max_tries = self._tries + RETRIES

    def _event(self) -> Any:
        async def first() -> Any:
            async for event in self.triggers[-1].run():
                return event.payload

        return json.loads(json.dumps(asyncio.run(first())))


def made_anew(trigger: Any) -> WaitTrigger:
    """A trigger made of its serialised form, as in the triggerer."""
    path, arguments = trigger.serialize()
    assert path == f"{WaitTrigger.__module__}.{WaitTrigger.__qualname__}"
    assert all(isinstance(value, str | int | float | None) for value in arguments.values())
    return WaitTrigger(**json.loads(json.dumps(arguments)))
