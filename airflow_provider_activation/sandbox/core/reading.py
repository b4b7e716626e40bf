"""Reading JSON and queries strictly: nothing unknown, nothing missing, nothing of the wrong type."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import TypeVar

T = TypeVar("T")
U = TypeVar("U")

Check = Callable[[object, str], T]
"""Takes a value and the name to call it by; gives it back typed, or raises Invalid."""

LONG_MAX = 2**63 - 1


class Invalid(Exception):
    """A request the vendor would refuse as malformed, with the reason."""


def text(value: object, where: str) -> str:
    """A string, perhaps empty."""
    if not isinstance(value, str):
        raise Invalid(f"{where} must be a string")
    return value


def filled_text(value: object, where: str) -> str:
    """A string with something in it."""
    if not text(value, where).strip():
        raise Invalid(f"{where} must not be empty")
    return str(value)


def boolean(value: object, where: str) -> bool:
    """True or false, never a word for it."""
    if not isinstance(value, bool):
        raise Invalid(f"{where} must be true or false")
    return value


def integer(minimum: int = -LONG_MAX - 1, maximum: int = LONG_MAX) -> Check[int]:
    """A whole number in a range; Python's bool is none, and neither is 5.0."""

    def check(value: object, where: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise Invalid(f"{where} must be an integer")
        if not minimum <= value <= maximum:
            raise Invalid(f"{where} must be between {minimum} and {maximum}")
        return value

    return check


def number(minimum: float = -math.inf, maximum: float = math.inf) -> Check[float]:
    """An integer or decimal number in a range."""

    def check(value: object, where: str) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Invalid(f"{where} must be a number")
        if not minimum <= value <= maximum or (isinstance(value, float) and not math.isfinite(value)):
            raise Invalid(f"{where} must be between {minimum} and {maximum}")
        return value

    return check


def one_of(*choices: str) -> Check[str]:
    """One of the listed words, exactly as written."""

    def check(value: object, where: str) -> str:
        if text(value, where) not in choices:
            raise Invalid(f"{where} must be one of {', '.join(choices)}")
        return str(value)

    return check


def pattern(expression: str, described: str) -> Check[str]:
    """A string of a given form."""
    compiled = re.compile(expression, re.ASCII)

    def check(value: object, where: str) -> str:
        if not compiled.fullmatch(text(value, where)):
            raise Invalid(f"{where} must be {described}")
        return str(value)

    return check


def url(value: object, where: str) -> str:
    """An http or https address."""
    if not re.fullmatch(r"https?://[^\s/]+\S*", text(value, where)):
        raise Invalid(f"{where} must be a URL")
    return str(value)


def day(form: str, described: str) -> Check[str]:
    """A calendar day in the form the vendor writes it; the length is fixed, 1/2/2016 is not 01/02/2016."""

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
    """The day that `day` has let through."""
    return datetime.strptime(written, form).date()


def array(item: Check[T], minimum: int = 0, unique: bool = False) -> Check[list[T]]:
    """A JSON array whose every item passes."""

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
    """The same, or null."""

    def check(value: object, where: str) -> T | None:
        return None if value is None else inner(value, where)

    return check


def either(first: Check[T], second: Check[U]) -> Check[T | U]:
    """For the places where the documents allow two types."""

    def check(value: object, where: str) -> T | U:
        try:
            return first(value, where)
        except Invalid as refused:
            try:
                return second(value, where)
            except Invalid as also:
                raise Invalid(f"{refused}, or {also}") from None

    return check


def text_map(value: object, where: str) -> dict[str, str]:
    """An object from string to string."""
    if not isinstance(value, dict):
        raise Invalid(f"{where} must be an object")
    return {
        filled_text(key, f"a key of {where}"): text(inner, f"{where}.{key}") for key, inner in value.items()
    }


def any_object(value: object, where: str) -> dict[str, object]:
    """A JSON object of any content."""
    if not isinstance(value, dict):
        raise Invalid(f"{where} must be an object")
    return value


class Fields:
    """One JSON object, read field by field; `end` refuses what nobody asked for."""

    def __init__(self, value: object, where: str = "") -> None:
        if not isinstance(value, dict):
            raise Invalid(f"{where or 'the body'} must be an object")
        self._values: dict[str, object] = value
        self._where = where
        self._known: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def name(self, field: str) -> str:
        """The full name of a field, for messages."""
        return f"{self._where}.{field}" if self._where else field

    def need(self, field: str, check: Check[T]) -> T:
        """A required field."""
        self._known.add(field)
        if field not in self._values:
            raise Invalid(f"{self.name(field)} is required")
        return check(self._values[field], self.name(field))

    def may(self, field: str, check: Check[T]) -> T | None:
        """An optional field, None when it is absent."""
        self._known.add(field)
        return check(self._values[field], self.name(field)) if field in self._values else None

    def end(self) -> None:
        """Refuse every field that was not asked for."""
        unknown = sorted(set(self._values) - self._known)
        if unknown:
            raise Invalid(f"unknown field {self.name(unknown[0])}")


class Query:
    """A query string, read parameter by parameter."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(name, []).append(value)
        self._known: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def may(self, name: str, check: Check[T]) -> T | None:
        """A parameter that may be given once."""
        self._known.add(name)
        values = self._values.get(name)
        if values is None:
            return None
        if len(values) > 1:
            raise Invalid(f"the query parameter {name} is given {len(values)} times")
        return check(values[0], name)

    def whole(self, name: str, minimum: int, maximum: int = LONG_MAX) -> int | None:
        """A parameter that is a whole number."""
        digits = self.may(name, pattern(r"[0-9]{1,19}", "a whole number"))
        return None if digits is None else integer(minimum, maximum)(int(digits), name)

    def flag(self, name: str) -> bool:
        """A parameter that is `true` or `false`, false when absent."""
        return self.may(name, one_of("true", "false")) == "true"

    def many(self, *names: str) -> list[str] | None:
        """A parameter that may be repeated, under any one of its spellings."""
        self._known.update(names)
        given = [name for name in names if name in self._values]
        if len(given) > 1:
            raise Invalid(f"give {given[0]} or {given[1]}, not both")
        return [filled_text(value, given[0]) for value in self._values[given[0]]] if given else None

    def end(self) -> None:
        """Refuse every parameter that was not asked for."""
        unknown = sorted(set(self._values) - self._known)
        if unknown:
            raise Invalid(f"unknown query parameter {unknown[0]}")
