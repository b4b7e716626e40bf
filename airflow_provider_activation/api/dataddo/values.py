"""Dataddo: values that several calls take or answer: ranges of days, schedules, how a run stands.

Documents: the vendor's pages on date ranges and on backfilling, and its description of the headless API.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, field_validator

from airflow_provider_activation.api.models import Input, Resource
from airflow_provider_activation.errors import InvalidRequest

__all__ = [
    "BROKEN",
    "INACTIVE",
    "LIVE",
    "RETRYING",
    "RUNNING",
    "CurrentSchedule",
    "DateRange",
    "DebugResult",
    "RunStatus",
    "Schedule",
    "braced_date_range",
]

LIVE, RUNNING, RETRYING, BROKEN, INACTIVE = "live", "running", "retrying", "broken", "inactive"


# Ranges of days

_RANGE = re.compile(r"(\d+)([dwmy])(\d+)(\|[^{}|]+)?", re.ASCII)


def braced_date_range(expression: str) -> str:
    """A range of days relative to today, such as ``30d1``, as Dataddo wants it: in two braces.

    Here it is written without them, because Jinja would take them for its own.

    :param expression: from 30 days ago to yesterday: ``30d1``; units d, w, m and y; a format may follow
        a bar: ``0d0|Ymd``.
    :raises ValueError: it is no such range, or starts after it ends.
    """
    bare = expression.strip().removeprefix("{{").removesuffix("}}").strip()
    match = _RANGE.fullmatch(bare)
    if match is None:
        raise ValueError("must look like 30d1: units back to the start, d, w, m or y, units back to the end")
    if int(match[1]) < int(match[3]):
        raise ValueError("must start before it ends")
    return "{{" + bare + "}}"


class DateRange(str):
    """A range of days relative to the day of the run, as text without braces: ``30d1``.

    It may stand wherever a range is taken, also in templated fields, and gets its braces when it is sent.

    :param expression: see `braced_date_range`.
    :raises InvalidRequest: it is no range.
    """

    __slots__ = ()

    def __new__(cls, expression: str) -> Self:
        try:
            return super().__new__(cls, braced_date_range(expression)[2:-2])
        except (ValueError, AttributeError) as error:
            reason = error if isinstance(error, ValueError) else "must be text"
            raise InvalidRequest(f"date range {reason}, but is a {type(expression).__name__}.") from None

    @classmethod
    def last_days(cls, count: int) -> Self:
        """That many days up to yesterday."""
        return cls._last(count, "d")

    @classmethod
    def last_weeks(cls, count: int) -> Self:
        """That many weeks, from Monday on, up to the one before this."""
        return cls._last(count, "w")

    @classmethod
    def last_months(cls, count: int) -> Self:
        """That many months up to the one before this."""
        return cls._last(count, "m")

    @classmethod
    def last_years(cls, count: int) -> Self:
        """That many years up to the one before this."""
        return cls._last(count, "y")

    @classmethod
    def _last(cls, count: int, unit: str) -> Self:
        if isinstance(count, bool) or not isinstance(count, int) or count < 1:
            raise InvalidRequest(
                f"count must be a whole number above 0, but is the {type(count).__name__} {count!r}."
            )
        return cls(f"{count}{unit}1")


# Schedules


def _number_as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


CronPart = Annotated[str, BeforeValidator(_number_as_text)]
"""A number or a cron expression; both go out as text."""


class Schedule(Input):
    """When a source loads or a flow writes. A field given as None goes out as null.

    Whether the service keeps or clears what is left out is not documented: to change a part, send back all
    of `CurrentSchedule.schedule` with that part changed.

    The service answers ``day_of_month`` and ``day_of_week`` and takes ``dayOfMonth`` and ``dayOfWeek``; both
    are understood here, and what goes out has the spelling the call takes. Which day of the week 1 is, is
    not documented. (The specification describes ``minute`` as the hour: a slip.)
    """

    sync_frequency: Literal["day", "week", "month", "custom"] | None = None
    timezone: str | None = Field(default=None, min_length=1)
    minute: CronPart | None = None
    hour: CronPart | None = None
    day_of_month: CronPart | None = Field(default=None, alias="dayOfMonth")
    month: CronPart | None = None
    day_of_week: CronPart | None = Field(default=None, alias="dayOfWeek")

    def check(self) -> None:
        if not self.model_fields_set:
            raise ValueError("at least one field must be given")

    def body(self) -> dict[str, Any]:
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)

    def parameters(self) -> dict[str, str]:
        """The same as parameters of a new source, which spells them as the service answers them."""
        return self.model_dump(exclude_none=True)


class CurrentSchedule(Resource):
    """The schedule as the service has it. Which types its parts have is not documented."""

    sync_frequency: Any = None
    timezone: str | None = None
    minute: Any = None
    hour: Any = None
    day_of_month: Any = None
    month: Any = None
    day_of_week: Any = None

    def schedule(self) -> Schedule:
        """The same to be sent back, nulls too: fields the service answers and does not take are left out.

        :raises InvalidRequest: it has a value that a schedule cannot have.
        """
        known = {name: getattr(self, name) for name in Schedule.model_fields if name in self.model_fields_set}
        return Schedule.model_validate(known)


# Runs


class RunStatus(Resource):
    """How the last run of a source or a flow stands. There is no id of a run."""

    status: str
    last_run_started: datetime | None = Field(default=None, alias="lastRunStarted")
    last_run_finished: datetime | None = Field(default=None, alias="lastRunFinished")
    description: str | None = None

    @field_validator("last_run_started", "last_run_finished")
    @classmethod
    def _in_utc(cls, moment: datetime | None) -> datetime | None:
        # the zone's form is not documented; without one it is read as UTC, the same way every time
        if moment is not None and moment.tzinfo is None:
            return moment.replace(tzinfo=UTC)
        return moment

    @property
    def state(self) -> str:
        """The status in one spelling."""
        return self.status.strip().lower()


class DebugResult(Resource):
    """Whether a service, a source or a flow works, found out by trying it."""

    status: str | None = None
    message: str | None = None
    logs: Any = None
