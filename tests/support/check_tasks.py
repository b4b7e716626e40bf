"""Checks of prepared audiences, run as Airflow does: their tries, their questions, and who answers."""

from __future__ import annotations

import hashlib
import json
import socket
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import TaskDeferred
from airflow.sdk.execution_time import task_runner
from audience_attacks import ADDRESS, NUMBER
from ledger_testing import FIRST_DAY, run_of
from older_airflows import its_own_error
from task_running import TaskInstance

from airflow_provider_activation.operators.audience import CheckAudienceOperator

PAIR: dict[str, Any] = {"audience": "lapsed", "destination": "acoustic"}
ANN = {"id": "7", "name": "Ann"}
ROWS = {"read": 1_000, "left_out": 1, "rejected": 2, "suppressed": 5, "duplicates": 2, "written": 990}


def manifest_in(folder: Path, written: int = 990, **changed: Any) -> dict[str, Any]:
    """The manifest of a file that is there, with people in it."""
    file = folder / "audience.csv"
    file.write_text(f"email,mobile\n{ADDRESS},{NUMBER}\n")
    content = file.read_bytes()
    return {
        **{"version": 1, "path": str(file), "host": socket.gethostname(), "size": len(content)},
        **{"sha256": hashlib.sha256(content).hexdigest(), "profile": "google", "columns": ["email"]},
        **{"format": {"delimiter": ","}, "rows": ROWS | {"read": written + 10, "written": written}},
        **{"rejects": {"path": None, "counts": {"": {"no_identifier": 2}}}, "suppression": []},
        **{"run": {"dag_id": "daily", "run_id": "run_2"}},
        **changed,
    }


def check(manifest: Any, ledger: Any, **given: Any) -> CheckAudienceOperator:
    named: dict[str, Any] = {**PAIR, "ledger": ledger, **given}
    return CheckAudienceOperator(task_id="check", manifest=manifest, **named)


@dataclass
class Airflow:
    """What a task's supervisor answers. It keeps the first question of a task, and forgets answers to it."""

    asked: list[dict[str, Any]] = field(default_factory=list)
    stored: Any = None
    is_out_of_reach: bool = False

    def send(self, msg: Any) -> Any:
        if self.is_out_of_reach:
            raise RuntimeError("no supervisor")
        plain = json.loads(msg.model_dump_json())
        assert plain.pop("type") == "CreateHITLDetailPayload"
        self.asked.append(plain)
        self.stored = self.stored or msg
        return self.stored

    @property
    def question(self) -> str:
        return str(self.asked[-1]["body"])


@pytest.fixture
def airflow(monkeypatch: pytest.MonkeyPatch) -> Airflow:
    known = Airflow()
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", known, raising=False)
    return known


class Checking:
    """A check in the run of a day of May.

    :param operator: makes the operator, anew for each try and when it goes on.
    """

    def __init__(self, operator: Callable[[], Any], day: int = 2) -> None:
        self._make = operator
        run = run_of(day)
        self.ti = TaskInstance("check", run.run_id, run.dag_id)
        vars(self.ti)["id"] = uuid.uuid4()
        self.context: Any = {"ti": self.ti, "dag_run": SimpleNamespace(run_after=run.run_after)}
        self.deferral: TaskDeferred | None = None

    def run(self) -> Any:
        """One try, until it ends or asks; the result as Airflow stores it."""
        return self._ended(lambda: self._make().execute(self.context))

    def ask(self) -> TaskDeferred:
        """One try, which asks."""
        with pytest.raises(TaskDeferred) as deferred:
            self.run()
        self.deferral = deferred.value
        return self.deferral

    def answer(self, *options: str, by: Any = ANN, **more: Any) -> Any:
        """A person's answer, and what comes of it."""
        event = {"chosen_options": list(options), "params_input": {}, "responded_by_user": by}
        return self.resume({**event, "responded_at": FIRST_DAY, "timedout": False, **more})

    def resume(self, event: Any) -> Any:
        assert self.deferral is not None
        kwargs = json.loads(json.dumps(self.deferral.kwargs))
        return self.resumed(self.deferral.method_name, {**kwargs, "event": event})

    def resumed(self, method: str, kwargs: dict[str, Any]) -> Any:
        return self._ended(lambda: self._make().resume_execution(method, kwargs, self.context))

    @staticmethod
    def _ended(run: Callable[[], Any]) -> Any:
        with its_own_error():
            return json.loads(json.dumps(run()))
