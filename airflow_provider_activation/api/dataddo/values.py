"""Dataddo: values that several calls take or return: date ranges, schedules, statuses of runs.

Documents: the vendor's pages on date ranges and on backfilling, and its description of the headless API.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, Self, TypeAlias

from pydantic import Field

from airflow_provider_activation.api.answers import each
from airflow_provider_activation.api.call import NOTHING, Call, Safety, request
from airflow_provider_activation.api.dataddo.common import plain_json
from airflow_provider_activation.api.models import Input, Label, Resource, Text, TextId, Timestamp, text_of
from airflow_provider_activation.errors import InvalidRequest

__all__ = [
    "BROKEN",
    "INACTIVE",
    "LIVE",
    "RETRYING",
    "RUNNING",
    "ConnectorOption",
    "CurrentSchedule",
    "DateRange",
    "DebugResult",
    "RunStatus",
    "Schedule",
    "braced_date_range",
]

LIVE, RUNNING, RETRYING, BROKEN, INACTIVE = "live", "running", "retrying", "broken", "inactive"


# Date ranges

_RANGE = re.compile(r"(\d+)([dwmy])(\d+)(\|[^{}|]+)?", re.ASCII)


def braced_date_range(expression: str) -> str:
    """A date range in double braces, the form in which Dataddo takes it.

    Users write it without braces, because Jinja would evaluate them.

    :param expression: a range of days relative to the day of the run. ``30d1`` is from 30 days before it to
        the day before it. Units are d, w, m and y. A format may follow a bar: ``0d0|Ymd``.
    :raises ValueError: it is not a date range, or it starts after it ends.
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

    It can be given for any argument that takes a date range, also in templated fields. The braces are added
    when it is sent.

    :param expression: see `braced_date_range`.
    :raises InvalidRequest: it is not a date range.
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
        """This number of days, up to yesterday."""
        return cls._last(count, "d")

    @classmethod
    def last_weeks(cls, count: int) -> Self:
        """This number of whole weeks, from Monday to Sunday, up to last week."""
        return cls._last(count, "w")

    @classmethod
    def last_months(cls, count: int) -> Self:
        """This number of whole months, up to last month."""
        return cls._last(count, "m")

    @classmethod
    def last_years(cls, count: int) -> Self:
        """This number of whole years, up to last year."""
        return cls._last(count, "y")

    @classmethod
    def _last(cls, count: int, unit: str) -> Self:
        if isinstance(count, bool) or not isinstance(count, int) or count < 1:
            given = f"the {type(count).__name__} {count!r}"
            raise InvalidRequest(f"count must be a whole number above 0, but is {given}.")
        return cls(f"{count}{unit}1")


# Schedules


CronPart: TypeAlias = str
"""A number or a cron expression; both go out as text."""


class Schedule(Input):
    """When a source loads or a flow writes. A part of it given as None goes out as null.

    The specification allows null for the parts, not for ``sync_frequency`` and ``timezone``: given as None
    they are left out.

    The documents do not say whether the service keeps or clears a field that is left out. To change one
    field, send all of `CurrentSchedule.schedule` with this field changed.

    The service returns ``day_of_month`` and ``day_of_week``, but takes ``dayOfMonth`` and ``dayOfWeek``.
    Both spellings are accepted here; the second is sent. The documents do not say which day of the week 1
    is. The specification describes ``minute`` as the hour by mistake.
    """

    sync_frequency: Literal["day", "week", "month", "custom"] | None = None
    timezone: str | None = Field(default=None, min_length=1)
    minute: CronPart | None = None
    hour: CronPart | None = None
    day_of_month: CronPart | None = Field(default=None, alias="dayOfMonth")
    month: CronPart | None = None
    day_of_week: CronPart | None = Field(default=None, alias="dayOfWeek")

    def check(self) -> None:
        if not self.body():
            raise ValueError("at least one field must be given")

    def body(self) -> dict[str, Any]:
        given = self.model_dump(mode="json", by_alias=True, exclude_unset=True, warnings=False)
        never_null = ("sync_frequency", "timezone")
        return {name: value for name, value in given.items() if value is not None or name not in never_null}

    def parameters(self) -> dict[str, str]:
        """The schedule as parameters of a new source, which have the spelling that the service returns."""
        return self.model_dump(exclude_none=True)


class CurrentSchedule(Resource):
    """The schedule that the service has. The types of its fields are not documented."""

    sync_frequency: Any = None
    timezone: str | None = None
    minute: Any = None
    hour: Any = None
    day_of_month: Any = None
    month: Any = None
    day_of_week: Any = None

    def schedule(self) -> Schedule:
        """The schedule to send back as it is, without fields that the service does not take.

        :raises InvalidRequest: the service has shown no schedule.
        """
        shown = {name: getattr(self, name) for name in Schedule.model_fields if name in self.model_fields_set}
        if not shown:
            raise InvalidRequest("the service shows no schedule, so that there is none to send back.")
        return Schedule.model_construct({*shown}, **{name: text_of(value) for name, value in shown.items()})


# Runs


class RunStatus(Resource):
    """The status of the last run of a source or a flow. A run has no id.

    The documents do not say whether a timestamp has a time zone.
    """

    status: Text = ""
    last_run_started: Timestamp | None = Field(default=None, alias="lastRunStarted")
    last_run_finished: Timestamp | None = Field(default=None, alias="lastRunFinished")
    description: Label = None

    @property
    def state(self) -> str:
        """The status in small letters."""
        return self.status.strip().lower()


# Actions


class ConnectorOption(Resource):
    """A value that a parameter of a connector, a destination or a service may have.

    Those of the action ``authorization`` have an id.
    """

    label: Label = None
    value: Any = None
    id: TextId | None = None


def options_of(
    path: str, method: str, inputs: Mapping[str, Any] | None, **ids: Any
) -> Call[list[ConnectorOption]]:
    """The call of an action, which lists what may be chosen; see `run_connector_action`."""
    if method not in ("GET", "POST"):
        raise InvalidRequest(f"method must be GET or POST, but is the {type(method).__name__} {method!r}.")
    if method == "GET" and inputs is not None:
        raise InvalidRequest("inputs can be given with the method POST only.")
    body = NOTHING if inputs is None else plain_json("inputs", inputs)
    return request(method, path, Safety.READ, each(ConnectorOption), json=body, **ids)


class DebugResult(Resource):
    """The outcome of trying an authorised service, a source or a flow."""

    status: str | None = None
    message: str | None = None
    logs: Any = None
