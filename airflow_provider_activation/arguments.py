"""Checks of arguments of operators and sensors. They run when a DAG is parsed, so they import little.

Each returns the value, or raises a ValueError that names the argument and what it may be. Those that take a
value as a template renders it raise `InvalidRequest`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import conf

if TYPE_CHECKING:
    from airflow_provider_activation.errors import InvalidRequest


DEFERRABLE: bool = conf.getboolean("operators", "default_deferrable", fallback=False)
"""Airflow's own default for waiting in the triggerer."""


DAY = 86_400.0
LONGEST_WAIT = 5 * 365 * DAY
"""Seconds. Airflow cannot store a deadline that is much later."""
SHORTEST_INTERVAL = 0.1
"""Seconds. Polls that come faster than answers help nobody."""


def seconds(name: str, value: float | timedelta, *, most: float = LONGEST_WAIT, least: float = 0.0) -> float:
    """A positive duration in seconds."""
    duration = value.total_seconds() if isinstance(value, timedelta) else value
    is_number = isinstance(duration, int | float) and not isinstance(duration, bool)
    if not is_number or not 0 < duration <= most or duration < least:
        bounds = f"from {least:g}" if least else "above 0"
        range_ = f"a positive number of seconds, {bounds} to {most:.0f}"
        raise ValueError(f"{name} must be {range_}, but is {_given(value)}.")
    return float(duration)


def interval(name: str, value: float | timedelta) -> float:
    """Seconds between two polls."""
    return seconds(name, value, most=DAY, least=SHORTEST_INTERVAL)


def one_of(name: str, value: str, choices: tuple[str, ...]) -> Any:
    """One of a few words."""
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, but is {_given(value)}.")
    return value


def filled(name: str, value: str) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{name} must be text and not empty, but is {_given(value)}.")
    return value


def some_of(name: str, values: Sequence[str], choices: tuple[str, ...] | None = None) -> tuple[str, ...]:
    """Texts, at least one, and out of a few if there are choices."""
    if isinstance(values, str) or not isinstance(values, Sequence) or not values:
        raise ValueError(f"{name} must be a list and not empty, but is {_given(values)}.")
    if choices is None:
        return tuple(filled(name, value) for value in values)
    return tuple(one_of(name, value, choices) for value in values)


def truth(name: str, value: bool) -> bool:
    """True or False; other values are refused, also those that Python takes for true."""
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be True or False, but is {_given(value)}.")
    return value


def mark_of(name: str, value: bool | str) -> Any:
    """Where the submission key stands in a text: ``suffix``, also for True, or ``prefix``; None for False."""
    if value is True or value == "suffix":
        return "suffix"
    if value is not False and value != "prefix":
        raise ValueError(f"{name} must be suffix, prefix, True or False, but is {_given(value)}.")
    return value or None


def whole_number(name: str, value: int | str) -> int:
    """An id that is a whole number, also as a template renders it."""
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise _invalid_request(f"{name} must be a whole number, but is {_given(value)}.")
    return value


def some_ids(name: str, values: Sequence[int | str]) -> tuple[str, ...]:
    """Ids, at least one, also as a template renders them."""
    if isinstance(values, str) or not isinstance(values, Sequence) or not values:
        raise _invalid_request(f"{name} must be a list of ids and not empty, but is {_given(values)}.")
    return tuple(str(value) for value in values)


def places_in_a_connection(name: str, places: Mapping[str, str]) -> dict[str, str]:
    """Which field of an Airflow connection holds what: ``login``, ``password`` or ``extra.<name>``."""
    for part, place in places.items():
        if place not in ("login", "password") and not place.startswith("extra."):
            raise ValueError(
                f"{name}[{part!r}] must be login, password or extra.<name>, but is {_given(place)}."
            )
    return dict(places)


def moment(name: str, value: str | datetime) -> str:
    """A timestamp in ISO 8601 with its time zone, also as a template renders it."""
    try:
        given = value if isinstance(value, datetime) else datetime.fromisoformat(value.strip())
    except (ValueError, AttributeError):
        raise _invalid_request(f"{name} must be a moment in ISO 8601, but is {_given(value)}.") from None
    if given.tzinfo is None:
        raise _invalid_request(f"{name} must say its time zone, but is {_given(value)}.")
    return given.isoformat()


def _given(value: object) -> str:
    return f"{value!r} ({type(value).__name__})"


def _invalid_request(text: str) -> InvalidRequest:
    # the errors are loaded when there is one, not when a DAG is parsed
    from airflow_provider_activation.errors import InvalidRequest

    return InvalidRequest(text)
