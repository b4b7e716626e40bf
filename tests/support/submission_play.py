"""A submission to a service that answers as scripted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_activation.actions.base import (
    LOOKS_AFTER_DOUBT,
    Action,
    Candidate,
    Doubt,
    IfExists,
    OnUncertain,
    submit,
)
from airflow_provider_activation.actions.memory import Memory
from airflow_provider_activation.api.call import Call, Safety
from airflow_provider_activation.api.steps import Pause, drive
from airflow_provider_activation.errors import (
    UncertainOutcome,
)

KEY = "activation_export_job"


def call(operation: str) -> Call[Any]:
    safety = Safety.ONCE if operation == "create" else Safety.READ
    return Call("POST", "/jobs", "/jobs", safety, lambda answer: None, service="Example", operation=operation)


CREATE, LIST, ASK, SNAPSHOT = call("create"), call("list"), call("ask"), call("snapshot")


@dataclass
class Store:
    """A task state store that is a dictionary."""

    kept: dict[str, Any] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)

    def get(self, key: str, default: Any = None) -> Any:
        return self.kept.get(key, default)

    def set(self, key: str, value: Any) -> None:
        self.told.append(f"set {'id' if 'id' in value else 'before'}")
        self.kept[key] = value

    def delete(self, key: str) -> None:
        self.told.append("delete")
        self.kept.pop(key, None)


@dataclass
class Play:
    """A service that answers as scripted, and a submission to it.

    :param listed: what each look finds, the last again and again.
    :param created: what the create call answers, or raises.
    :param asked: what the question after a known id answers (whether it failed), or raises.
    """

    store: Store | None = field(default_factory=Store)
    first_try: bool = True
    generation: int = 1
    listed: list[list[Candidate]] = field(default_factory=lambda: [[]])
    created: Any = 42
    asked: Any = False
    if_exists: IfExists = "create"
    proves_absence: bool = True
    on_uncertain: OnUncertain = "fail"
    can_ask: bool = True
    steps: list[str] = field(default_factory=list)
    found_with: list[Any] = field(default_factory=list)

    def run(self) -> Any:
        action = ExportJob(play=self, if_exists=self.if_exists)
        memory = Memory(self.store, generation=self.generation, first_try=self.first_try)
        return drive(submit(action, memory, on_uncertain=self.on_uncertain), self.perform)

    def perform(self, step: Any) -> Any:
        if isinstance(step, Pause):
            self.steps.append(f"pause {step.seconds:g}")
            return None
        self.steps.append(step.operation)
        answers: dict[str, Any] = {"create": self.created, "ask": self.asked, "snapshot": [7]}
        if step.operation == "list":
            answer: Any = self.listed.pop(0) if len(self.listed) > 1 else self.listed[0]
        else:
            answer = answers[step.operation]
            if step.operation == "ask" and isinstance(answer, list):
                answer = answer.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    @property
    def noted(self) -> Any:
        """What the next try will find of this one."""
        assert self.store is not None
        note = self.store.kept.get(KEY)
        if not isinstance(note, dict):
            return note
        return {name: value for name, value in note.items() if name != "at"}


@dataclass(frozen=True, kw_only=True)
class ExportJob(Action):
    """What is made at the service of a play."""

    noun = "export job"
    identity = "its id"
    told_by = "id"

    play: Play

    @property
    def proves_absence(self) -> bool:  # type: ignore[override]
        return self.play.proves_absence

    def create(self) -> Call[Any]:
        return CREATE

    async def find(self, doubt: Doubt | None) -> Sequence[Candidate]:
        self.play.found_with.append(doubt and doubt.before)
        found: Sequence[Candidate] = await LIST
        return found

    async def recall(self, made: Any) -> bool:
        return self.play.can_ask and bool(await ASK)

    async def before(self) -> Any:
        return await SNAPSHOT

    def is_id(self, stored: Any) -> bool:
        return isinstance(stored, int)


def noted(**fields: Any) -> Store:
    return Store({KEY: {"version": 1, "generation": 1, **fields}})


def candidate(number: int, **options: Any) -> Candidate:
    return Candidate(number, f"job {number}", **options)


UNCERTAIN = UncertainOutcome("POST /jobs may or may not have taken effect.")
LOOKS = ["list", *(s for seconds in LOOKS_AFTER_DOUBT for s in (f"pause {seconds:g}", "list"))]
"""What is done as long as nothing is found."""
