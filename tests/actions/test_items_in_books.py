"""What is written of items that are sent: an intent before, and a withdrawal where nothing arrived."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from task_running import StateStore

from airflow_provider_activation.actions.items import submit_items
from airflow_provider_activation.actions.liveramp import Distribution
from airflow_provider_activation.actions.memory import Memory
from airflow_provider_activation.api import liveramp
from airflow_provider_activation.api.call import Page
from airflow_provider_activation.api.steps import Pause, drive
from airflow_provider_activation.errors import InvalidRequest, ServiceUnavailable, UncertainOutcome

REFUSED = InvalidRequest("it answered 400")
SEGMENTS = [str(number) for number in range(1, liveramp.MOST_SEGMENTS_A_CALL + 2)]
"""One more than a call takes."""


@dataclass
class Books:
    written: list[str] = field(default_factory=list)

    def intend(self) -> None:
        self.written.append("intent")

    def withdraw(self, why: str) -> None:
        self.written.append("withdrawn")

    def may_have_sent(self) -> bool:
        return "intent" in self.written


@dataclass
class Service:
    """Has these segments in distribution, and gives these answers to the calls that add others."""

    answers: list[Any]
    there: list[str] = field(default_factory=list)

    def perform(self, step: Any) -> Any:
        if isinstance(step, Pause):
            return None
        if step.operation == "list_segment_configs":
            rows = [{"id": f"c{one}", "segmentID": one, "segmentType": "ONBOARDING"} for one in self.there]
            return Page(tuple(map(liveramp.SegmentConfig.model_validate, rows)), None)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        result = liveramp.SegmentConfigResult.model_validate({"status": answer})
        return [result for _ in step.json]


def written(service: Service, segments: list[str], sent_before: list[str] | None = None) -> list[str]:
    """What one try writes, which knows of what earlier ones sent, unless it is the first."""
    books, store = Books(), StateStore()
    memory = Memory(store, generation=1, first_try=sent_before is None, books=books)
    if sent_before is not None:
        memory.note("distribution", before={"sent": sent_before, "connection": None, "after": None})
    action = Distribution(
        distribution_manager_id="m", segments=segments, segment_type="ONBOARDING", wait=False
    )
    with suppress(InvalidRequest, ServiceUnavailable):
        drive(submit_items(action, memory), service.perform)
    return books.written


@pytest.mark.parametrize("answer", [REFUSED, ServiceUnavailable("nobody listens"), 400])
def test_an_intent_is_withdrawn_where_nothing_was_taken(answer: Any) -> None:
    assert written(Service([answer], there=["7"]), ["7", "8"]) == ["intent", "withdrawn"]
    assert written(Service([answer]), ["8"], sent_before=["8"]) == ["intent", "withdrawn"]


@pytest.mark.parametrize("answer", [UncertainOutcome("the answer was lost"), 200])
def test_an_intent_stays_where_something_may_have_been_taken(answer: Any) -> None:
    assert written(Service([answer]), ["8"]) == ["intent"]


@pytest.mark.parametrize("answer", [REFUSED, 400])
def test_an_intent_stays_where_an_earlier_call_was_taken(answer: Any) -> None:
    assert written(Service([200, answer]), SEGMENTS) == ["intent"]
    assert written(Service([answer], there=["7"]), ["7", "8"], sent_before=["7"]) == ["intent"]


def test_nothing_is_written_where_nothing_is_sent() -> None:
    assert written(Service([], there=["7"]), ["7"]) == []
