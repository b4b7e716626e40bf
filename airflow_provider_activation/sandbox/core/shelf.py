"""The stored resources of one kind, as the habits of their service let a client see them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from airflow_provider_activation.sandbox.core.errors import Refused
from airflow_provider_activation.sandbox.core.texts import as_stored
from airflow_provider_activation.sandbox.core.traits import CLIENT, Traits

K = TypeVar("K")
T = TypeVar("T")

EMPTY = (bool, int, float, str, list, dict)
"""The types of values with an empty one, which a creation leaves when it does not store a field."""


class _Missing:
    """Stands for a field that a resource lacks."""


@dataclass(frozen=True)
class Stored:
    """Where a resource has a field of the API: names of attributes or keys, with dots between."""

    path: str
    beside: tuple[str, ...] = ()
    """Other places that change together with the field."""
    free_text: bool = False
    unset: Any = ...
    """The value when a creation does not store the field. By default it is the empty one of its type."""

    @property
    def paths(self) -> tuple[str, ...]:
        """All places of the field."""
        return (self.path, *self.beside)

    def left_out(self, value: Any) -> Any:
        """What a creation that does not store the field leaves in place of a value."""
        if value is not _Missing and self.unset is not ...:
            return deepcopy(self.unset)
        return type(value)() if isinstance(value, EMPTY) else value


def free_text(path: str) -> Stored:
    """A field with a text that a person may choose."""
    return Stored(path, free_text=True)


@dataclass
class _Entry(Generic[T]):
    value: T
    owner: str
    made: float = -math.inf
    exists: float = -math.inf


class Shelf(Generic[K, T]):
    """The resources of one kind by their ids.

    `find` and `listed` are for clients: a habit may hide from them what was just made. The other methods are
    for the service itself.
    """

    def __init__(
        self, traits: Traits, name: str, noun: str, fields: Mapping[str, Stored] | None = None
    ) -> None:
        self._traits = traits
        self._name = name
        self._noun = noun
        self._fields = fields or {}
        self._entries: dict[K, _Entry[T]] = {}

    def seed(self, key: K, value: T) -> None:
        """Store a resource that exists from the start."""
        self._entries[key] = _Entry(value, CLIENT)

    def add(self, key: K, value: T, owner: str | None = None) -> None:
        """Store a new resource. By default it belongs to whoever sent the request."""
        deed, made, exists = self._traits.deed, self._traits.now(), -math.inf
        late = self._traits.first("late", self._name) if deed.makes else None
        if late is not None:
            deed.late = late
            made = exists = made + late.options["seconds"]
        deed.made = True
        self._entries[key] = _Entry(value, owner or deed.owner, made, exists)
        self._keep(value, None)

    def replace(self, key: K, value: T) -> None:
        """Store another value of a resource."""
        self._entries[key].value = value

    def remove(self, key: K) -> None:
        """Delete a resource."""
        del self._entries[key]

    def get(self, key: K) -> T | None:
        """The resource with an id, or None."""
        entry = self._entries.get(key)
        return None if entry is None or entry.exists > self._traits.now() else entry.value

    def owner(self, key: K) -> str:
        """Whose a resource is."""
        return self._entries[key].owner

    def values(self) -> list[T]:
        """All resources, the oldest first."""
        now = self._traits.now()
        return [entry.value for entry in self._entries.values() if entry.exists <= now]

    def find(self, key: K) -> T:
        """The resource that a client asks for; 404 when there is none."""
        value = self.get(key)
        lag = self._traits.seconds("read_lag", self._name)
        if value is None or (lag and self._entries[key].made + lag > self._traits.now()):
            raise Refused(404, f"no {self._noun} {key}")
        return value

    def listed(self) -> list[T]:
        """The resources in a list for a client."""
        lag = self._traits.seconds("list_lag", self._name)
        if not lag:
            return self.values()
        now = self._traits.now()
        return [entry.value for entry in self._entries.values() if max(entry.exists, entry.made + lag) <= now]

    def books(self, show: Callable[[T], Any]) -> list[dict[str, Any]]:
        """All resources, also those that do not exist yet. Those of others have an `owner`."""
        return [
            {**show(entry.value), **({} if entry.owner == CLIENT else {"owner": entry.owner})}
            for entry in self._entries.values()
        ]

    def ignores(self, field: str) -> bool:
        """Whether a field of the API is accepted and not stored."""
        return any(field in habit.options["fields"] for habit in self._traits.active("ignores", self._name))

    @contextmanager
    def changing(self, value: T) -> Iterator[None]:
        """Change a resource, as far as the habits let the change be stored."""
        before = {
            path: deepcopy(_read(value, path))
            for name, field in self._fields.items()
            if field.free_text or self.ignores(name)
            for path in field.paths
        }
        yield
        self._keep(value, before)

    def _keep(self, value: T, before: Mapping[str, Any] | None) -> None:
        """Apply the habits to a new or changed resource. `before` has the former values of its fields."""
        changes = self._traits.active("texts", self._name)
        for name, field in self._fields.items():
            if self.ignores(name):
                for path in field.paths:
                    former = field.left_out(_read(value, path)) if before is None else before[path]
                    _write(value, path, former)
            elif field.free_text and (before is None or before[field.path] != _read(value, field.path)):
                text = _read(value, field.path)
                for habit in changes:
                    text = as_stored(text, habit) if isinstance(text, str) else text
                _write(value, field.path, text)

    def __contains__(self, key: K) -> bool:
        return self.get(key) is not None

    def __len__(self) -> int:
        return len(self._entries)


def _read(value: Any, path: str) -> Any:
    for name in path.split("."):
        value = value.get(name, _Missing) if isinstance(value, dict) else getattr(value, name, _Missing)
    return value


def _write(value: Any, path: str, new: Any) -> None:
    *way, name = path.split(".")
    owner = _read(value, ".".join(way)) if way else value
    if isinstance(owner, dict):
        owner[name] = new
        if new is _Missing:
            del owner[name]
    elif new is not _Missing:
        setattr(owner, name, new)
