"""Checks of single values. A check takes a value and its name; it returns the value or raises Invalid."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, datetime
from typing import TypeVar

from airflow_provider_activation.sandbox.core.errors import Invalid

T = TypeVar("T")
U = TypeVar("U")

Check = Callable[[object, str], T]

LONG_MAX = 2**63 - 1


def text(value: object, where: str) -> str:
    """A string, which may be empty."""
    if not isinstance(value, str):
        raise Invalid(f"{where} must be a string")
    return value


def filled_text(value: object, where: str) -> str:
    """A string that is not blank."""
    if not text(value, where).strip():
        raise Invalid(f"{where} must not be empty")
    return str(value)


def boolean(value: object, where: str) -> bool:
    """A JSON boolean."""
    if not isinstance(value, bool):
        raise Invalid(f"{where} must be true or false")
    return value


def integer(minimum: int = -LONG_MAX - 1, maximum: int = LONG_MAX) -> Check[int]:
    """A JSON integer in a range. Neither true nor 5.0 passes."""

    def check(value: object, where: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise Invalid(f"{where} must be an integer")
        if not minimum <= value <= maximum:
            raise Invalid(f"{where} must be between {minimum} and {maximum}")
        return value

    return check


def number(minimum: float = -math.inf, maximum: float = math.inf) -> Check[float]:
    """A JSON number in a range."""

    def check(value: object, where: str) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Invalid(f"{where} must be a number")
        if not minimum <= value <= maximum or (isinstance(value, float) and not math.isfinite(value)):
            raise Invalid(f"{where} must be between {minimum} and {maximum}")
        return value

    return check


def one_of(*choices: str) -> Check[str]:
    """One of some words."""

    def check(value: object, where: str) -> str:
        if text(value, where) not in choices:
            raise Invalid(f"{where} must be one of {', '.join(choices)}")
        return str(value)

    return check


def pattern(expression: str, described: str) -> Check[str]:
    """A string that matches a regular expression."""
    compiled = re.compile(expression, re.ASCII)

    def check(value: object, where: str) -> str:
        if not compiled.fullmatch(text(value, where)):
            raise Invalid(f"{where} must be {described}")
        return str(value)

    return check


def url(value: object, where: str) -> str:
    """An HTTP or HTTPS URL."""
    if not re.fullmatch(r"https?://[^\s/]+\S*", text(value, where)):
        raise Invalid(f"{where} must be a URL")
    return str(value)


def day(form: str, described: str) -> Check[str]:
    """A calendar day in the vendor's format. All digits are required: 1/2/2016 is not 01/02/2016."""

    def check(value: object, where: str) -> str:
        written = text(value, where)
        try:
            ok = datetime.strptime(written, form).strftime(form) == written
        except ValueError:
            ok = False
        if not ok:
            raise Invalid(f"{where} must be {described}")
        return written

    return check


def parse_day(written: str, form: str) -> date:
    """The date of a string that passed `day`."""
    return datetime.strptime(written, form).date()


def array(item: Check[T], minimum: int = 0, unique: bool = False) -> Check[list[T]]:
    """A JSON array in which each item passes."""

    def check(value: object, where: str) -> list[T]:
        if not isinstance(value, list):
            raise Invalid(f"{where} must be an array")
        if len(value) < minimum:
            raise Invalid(f"{where} must have at least {minimum} item{'s' if minimum > 1 else ''}")
        items = [item(inner, f"{where}[{index}]") for index, inner in enumerate(value)]
        if unique and any(inner in items[:index] for index, inner in enumerate(items)):
            raise Invalid(f"{where} names something twice")
        return items

    return check


def nullable(inner: Check[T]) -> Check[T | None]:
    """Null, or a value that passes."""

    def check(value: object, where: str) -> T | None:
        return None if value is None else inner(value, where)

    return check


def either(first: Check[T], second: Check[U]) -> Check[T | U]:
    """A value that passes one of two checks."""

    def check(value: object, where: str) -> T | U:
        try:
            return first(value, where)
        except Invalid as refused:
            try:
                return second(value, where)
            except Invalid as also:
                raise Invalid(f"{refused}, or {also}") from None

    return check


def any_object(value: object, where: str) -> dict[str, object]:
    """A JSON object with any fields."""
    if not isinstance(value, dict):
        raise Invalid(f"{where} must be an object")
    return value


def text_map(value: object, where: str) -> dict[str, str]:
    """A JSON object in which each value is a string."""
    return {
        filled_text(key, f"a key of {where}"): text(inner, f"{where}.{key}")
        for key, inner in any_object(value, where).items()
    }


def anything(value: object, where: str) -> object:
    """Any JSON value."""
    return value
