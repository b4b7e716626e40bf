"""What was asked for is compared with what is afterwards, by meaning."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_activation.actions.base import LOOKS_AFTER_DOUBT
from airflow_provider_activation.actions.proof import Asked, differences, proven, same
from airflow_provider_activation.api.call import Call, Safety
from airflow_provider_activation.api.models import Resource
from airflow_provider_activation.api.steps import Pause, drive
from airflow_provider_activation.errors import NotAsAsked, NotFound, Refused, ServiceUnavailable

KEY = "0a1b2c3d4e5f"
NOON = datetime(2027, 1, 1, 12, tzinfo=UTC)

ALIKE: list[tuple[Any, Any]] = [
    (True, True),
    (True, "true"),
    (1000, 1000.0),
    (1000, "1000.00"),
    (Decimal("0.10"), 0.1),
    (9007199254740993, "9007199254740993"),
    (NOON, "2027-01-01T13:00:00.000+0100"),
    ("2027-01-01T12:00:00Z", "2027-01-01T12:00:00.000+00:00"),
    (date(2026, 12, 31), "2026-12-31T00:00:00Z"),
    ("2026-12-31", "2026-12-31"),
    ("Daily  push", " daily PUSH "),
    ("Zürich", "Zu\u0308rich"),
    ("A & B", "A &amp; B"),
    (["WEB", "PII"], ["PII", "WEB"]),
    (
        [{"key": "a", "value": 1}, {"key": "b", "value": 2}],
        [{"key": "b", "value": 2}, {"key": "a", "value": "1"}],
    ),
    ({"app": "studio"}, {"app": "studio", "id": 7}),
    ({"url": None}, {"url": "elsewhere"}),
]
UNLIKE: list[tuple[Any, Any]] = [
    (True, False),
    (True, 1),
    (1000, 900),
    (9007199254740993, 9007199254740992),
    (1000, "a thousand"),
    (NOON, "2027-01-01T12:00:01Z"),
    ("2026-12-31", "2027-01-01"),
    ("Daily", "Daily (1)"),
    ("007", "7"),
    (["WEB", "PII"], ["WEB"]),
    (["WEB", "WEB"], ["WEB", "PII"]),
    ({"app": "studio"}, {"app": "other"}),
    ([], ["WEB"]),
]


@pytest.mark.parametrize(("asked", "shown"), ALIKE)
def test_what_means_the_same(asked: Any, shown: Any) -> None:
    assert same(asked, shown)


@pytest.mark.parametrize(("asked", "shown"), UNLIKE)
def test_what_does_not(asked: Any, shown: Any) -> None:
    assert not same(asked, shown)


class Thing(Resource):
    id: str = "7"


READ: Call[Any] = Call(
    "GET", "/7", "/7", Safety.READ, lambda answer: None, service="Example", operation="get"
)
ASKED = Asked(
    "thing 7",
    {"enabled": True, "budget": 1000, "name": f"Win-back [af:{KEY}]"},
    "ExampleUpdateOperator",
    texts=("name",),
    key=KEY,
)


@dataclass
class Service:
    """A service whose reads answer one after the other; the last again and again."""

    reads: list[Any]
    pauses: list[float] = field(default_factory=list)

    def perform(self, step: Any) -> Any:
        if isinstance(step, Pause):
            self.pauses.append(step.seconds)
            return None
        answer = self.reads.pop(0) if len(self.reads) > 1 else self.reads[0]
        if isinstance(answer, Exception):
            raise answer
        return Thing.model_validate(answer)

    def proven(self, asked: Asked = ASKED) -> Any:
        return drive(proven(lambda: READ, asked, service="Example"), self.perform)


GOOD = {"enabled": True, "budget": "1000.0", "name": f"win-back [AF:{KEY.upper()}]"}


def test_what_is_as_asked_for_is_read_once() -> None:
    service = Service([GOOD])
    assert service.proven().id == "7"
    assert service.pauses == []


@pytest.mark.parametrize("field_", ["enabled", "budget"])
def test_a_difference_fails_with_the_field_the_id_and_what_to_do(field_: str) -> None:
    service = Service([{**GOOD, field_: False if field_ == "enabled" else 900}])
    with pytest.raises(NotAsAsked) as caught:
        service.proven()
    # where nothing is stored, another try would make another
    assert not caught.value.retry_helps
    for said in (
        "thing 7",
        f"{field_} should be",
        "ExampleUpdateOperator",
        "clearing the task makes another",
    ):
        assert said in str(caught.value)
    assert service.pauses == [*LOOKS_AFTER_DOUBT]
    with pytest.raises(NotAsAsked, match="clearing the task takes it again"):
        Service([{**GOOD, "budget": 1}]).proven(replace(ASKED, is_reused=True))
    with pytest.raises(Refused, match="a retry sends it again") as changed:
        Service([{**GOOD, "budget": 1}]).proven(replace(ASKED, was_made=False))
    assert changed.value.retry_helps


@pytest.mark.parametrize(
    "late",
    [
        [NotFound("not yet"), NotFound("not yet")],
        [ServiceUnavailable("down")],
        [{**GOOD, "enabled": False}, {**GOOD, "enabled": False}],
        [{**GOOD, "budget": 900}],
    ],
)
def test_a_service_may_show_late_what_it_did(late: list[Any]) -> None:
    service = Service([*late, GOOD])
    assert service.proven().id == "7"
    assert len(service.pauses) == len(late)


@pytest.mark.parametrize("shown", [{}, {"enabled": None, "budget": None}])
def test_what_is_not_shown_is_no_difference(shown: dict[str, Any]) -> None:
    Service([shown]).proven()


@pytest.mark.parametrize(
    ("asked", "shown", "is_asked"),
    [
        ("2030-12-31", {"ends": None}, False),
        (None, {"ends": "2030-12-31"}, False),
        (None, {"ends": None}, True),
        ("2030-12-31", {"ends": "2030-12-31"}, True),
        ("2030-12-31", {}, True),
    ],
)
def test_a_null_that_says_something_is_compared(asked: Any, shown: dict[str, Any], is_asked: bool) -> None:
    wanted = Asked("thing 7", {"ends": asked}, "ExampleUpdateOperator", always_shown=("ends",))
    assert (not differences(wanted, shown)) is is_asked


def test_a_read_that_goes_on_failing_is_the_task_s_error() -> None:
    with pytest.raises(NotFound):
        Service([NotFound("gone")]).proven()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (f"Win-back [af:{KEY}] (1)", "was changed by the service"),
        ("Win-back", "has cut the submission key off"),
    ],
)
def test_a_text_that_the_service_changed_is_a_warning(
    name: str, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        Service([{**GOOD, "name": name}]).proven()
    assert said in caplog.text
