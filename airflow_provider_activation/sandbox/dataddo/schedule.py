"""Schedules. They are stored and have no effect."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from airflow_provider_activation.sandbox.core import checks
from airflow_provider_activation.sandbox.core.checks import Check
from airflow_provider_activation.sandbox.core.errors import Invalid
from airflow_provider_activation.sandbox.core.reading import Fields

Schedule = dict[str, str | None]

NAMES = ("timezone", "minute", "hour", "day_of_month", "month", "day_of_week", "sync_frequency")

# Requests spell two names differently.
WRITTEN = {"day_of_month": "dayOfMonth", "day_of_week": "dayOfWeek"}

FREQUENCIES = ("day", "week", "month", "custom")

# The documents do not say which numbers the days of a week have.
BOUNDS = {
    "minute": (0, 59),
    "hour": (0, 23),
    "day_of_month": (1, 31),
    "month": (1, 12),
    "day_of_week": (0, 7),
}

NEVER: Schedule = dict.fromkeys(NAMES)


def timezone(value: object, where: str) -> str:
    """The name of a time zone."""
    name = checks.filled_text(value, where)
    try:
        ZoneInfo(name)
    # ZoneInfoNotFoundError is a KeyError. The name of a folder of zones is an OSError.
    except (KeyError, ValueError, OSError):
        raise Invalid(f"{where} must be the name of a time zone") from None
    return name


def part(name: str, frequency: str | None) -> Check[str]:
    """A part of a schedule: a number in a string. Custom schedules also have lists, steps and ranges."""
    least, most = BOUNDS[name]
    if frequency == "custom":
        return checks.pattern(r"[0-9*/,\-]+", "a part of a schedule")

    def check(value: object, where: str) -> str:
        written = checks.pattern(r"[0-9]{1,2}", "digits in a string")(value, where)
        if not least <= int(written) <= most:
            raise Invalid(f"{where} must be between {least} and {most}")
        return written

    return check


def created_schedule(parameters: Mapping[str, Any]) -> Schedule:
    """The schedule in the parameters of a new source."""
    return {name: parameters.get(name) for name in NAMES}


def read_schedule(
    value: object,
    where: str,
    spelling: Mapping[str, str],
    may_be_null: Callable[[Check[str]], Check[str] | Check[str | None]],
) -> Schedule:
    """A schedule. Missing parts are null. Where a response is sent back, all of them may be null."""
    fields = Fields(value, where)
    frequency = fields.may("sync_frequency", may_be_null(checks.one_of(*FREQUENCIES)))
    schedule: Schedule = {"timezone": fields.may("timezone", may_be_null(timezone))}
    for name in BOUNDS:
        schedule[name] = fields.may(spelling.get(name, name), checks.nullable(part(name, frequency)))
    fields.end()
    return {**schedule, "sync_frequency": frequency}


def written_schedule(body: object) -> Schedule:
    """The body of PUT schedule."""
    return read_schedule(body, "", WRITTEN, lambda check: check)


def schedule_of_action(value: object, where: str) -> Schedule | None:
    """The schedule in an action, spelled as in a response."""
    return None if value is None else read_schedule(value, where, {}, checks.nullable)
