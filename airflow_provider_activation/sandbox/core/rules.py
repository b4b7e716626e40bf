"""What a person tells the sandbox to do: rules with ids, added and removed while it runs."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Generic, Protocol, TypeVar

from airflow_provider_activation.sandbox.core import checks
from airflow_provider_activation.sandbox.core.reading import Fields


class Told(Protocol):
    """One rule."""

    id: int

    def as_json(self) -> dict[str, Any]:
        """The rule as it is added, with its id."""


R = TypeVar("R", bound=Told)


class Rules(ABC, Generic[R]):
    """The active rules, oldest first."""

    def __init__(self, services: Sequence[str]) -> None:
        self._services = services
        self._ids = itertools.count(1)
        self._rules: list[R] = []

    @abstractmethod
    def _read(self, rule_id: int, service: str, fields: Fields) -> R:
        """Read a rule. The service is one, or ``*`` for all."""

    def add(self, given: object) -> R:
        """Add a rule in its JSON form."""
        fields = Fields(given)
        service = fields.may("service", checks.one_of("*", *self._services)) or "*"
        rule = self._read(next(self._ids), service, fields)
        fields.end()
        self._rules.append(rule)
        return rule

    def remove(self, rule_id: int) -> bool:
        """Remove a rule. False when there is none with this id."""
        before = len(self._rules)
        self._rules = [rule for rule in self._rules if rule.id != rule_id]
        return len(self._rules) < before

    def clear(self) -> None:
        """Remove all rules."""
        self._rules.clear()

    def as_json(self) -> list[dict[str, Any]]:
        """All active rules."""
        return [rule.as_json() for rule in self._rules]
