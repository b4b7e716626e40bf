"""JSON objects and queries, read strictly: a missing, unknown or wrong field is refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from airflow_provider_activation.sandbox.core import checks
from airflow_provider_activation.sandbox.core.checks import Check
from airflow_provider_activation.sandbox.core.errors import Invalid

T = TypeVar("T")


class Fields:
    """A JSON object, read field by field. `end` refuses the unread ones."""

    def __init__(self, value: object, where: str = "") -> None:
        self._values = checks.any_object(value, where or "the body")
        self._where = where
        self._known: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def name(self, field: str) -> str:
        """The full name of a field, as messages show it."""
        return f"{self._where}.{field}" if self._where else field

    def need(self, field: str, check: Check[T]) -> T:
        """A required field."""
        self._known.add(field)
        if field not in self._values:
            raise Invalid(f"{self.name(field)} is required")
        return check(self._values[field], self.name(field))

    def may(self, field: str, check: Check[T]) -> T | None:
        """An optional field, or None."""
        self._known.add(field)
        return check(self._values[field], self.name(field)) if field in self._values else None

    def end(self) -> None:
        """Refuse each field that was not read."""
        unknown = sorted(set(self._values) - self._known)
        if unknown:
            raise Invalid(f"unknown field {self.name(unknown[0])}")


class Query:
    """A query, read parameter by parameter. `end` refuses the unread ones."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(name, []).append(value)
        self._known: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def may(self, name: str, check: Check[T]) -> T | None:
        """An optional parameter, given once at most."""
        self._known.add(name)
        values = self._values.get(name)
        if values is None:
            return None
        if len(values) > 1:
            raise Invalid(f"the query parameter {name} is given {len(values)} times")
        return check(values[0], name)

    def whole(self, name: str, minimum: int, maximum: int = checks.LONG_MAX) -> int | None:
        """An optional integer parameter."""
        digits = self.may(name, checks.pattern(r"[0-9]{1,19}", "a whole number"))
        return None if digits is None else checks.integer(minimum, maximum)(int(digits), name)

    def flag(self, name: str) -> bool:
        """An optional boolean parameter, false by default."""
        return self.may(name, checks.one_of("true", "false")) == "true"

    def many(self, name: str) -> list[str] | None:
        """An optional parameter that may be repeated."""
        self._known.add(name)
        values = self._values.get(name)
        return None if values is None else [checks.filled_text(value, name) for value in values]

    def ignore(self, name: str) -> None:
        """A parameter that the service does not know and passes over."""
        self._known.add(name)

    def end(self) -> None:
        """Refuse each parameter that was not read."""
        unknown = sorted(set(self._values) - self._known)
        if unknown:
            raise Invalid(f"unknown query parameter {unknown[0]}")


@dataclass(frozen=True)
class Optional:
    """A field of a record that may be absent."""

    check: Check[Any]


def record(shape: Mapping[str, Check[Any] | Optional]) -> Check[dict[str, Any]]:
    """A JSON object with these fields and no others. It is returned unchanged."""

    def check(value: object, where: str) -> dict[str, Any]:
        fields = Fields(value, where)
        for name, field in shape.items():
            if isinstance(field, Optional):
                fields.may(name, field.check)
            else:
                fields.need(name, field)
        fields.end()
        return checks.any_object(value, where)

    return check
