"""The habits of one service, as its parts ask for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from airflow_provider_activation.sandbox.core.clock import Clock
from airflow_provider_activation.sandbox.core.habits import Habit, Habits

T = TypeVar("T")

CLIENT = "client"
NEIGHBOUR = "neighbour"


@dataclass
class Deed:
    """What one request does."""

    owner: str = CLIENT
    """Whose the new resources are."""
    makes: bool = False
    """Whether it may make a resource that exists later."""
    made: bool = False
    """Set when it has made one."""
    late: Habit | None = None
    """Set when what the request makes will exist later."""


class Traits:
    """The habits of one service. They are asked for anew each time, since they can change."""

    def __init__(self, service: str, habits: Habits, clock: Clock) -> None:
        self._service = service
        self._habits = habits
        self.now = clock.now
        self.deed = Deed()
        # By the names of lists: the row that moved, and whether it did so in the present listing.
        self._moved: dict[str, object] = {}
        self._turned: set[str] = set()

    def active(self, what: str, concerned: str) -> list[Habit]:
        """The habits of one kind with a resource, a path or a list, as the kind has it."""
        return self._habits.of(self._service, what, concerned)

    def first(self, what: str, concerned: str) -> Habit | None:
        """The oldest habit of one kind that is due."""
        return next((habit for habit in self.active(what, concerned) if habit.due), None)

    def seconds(self, what: str, resources: str) -> float:
        """The longest time that habits of one kind name."""
        return max((float(habit.options["seconds"]) for habit in self.active(what, resources)), default=0.0)

    @contextmanager
    def doing(self, owner: str, makes: bool) -> Iterator[Deed]:
        """Do what a request does. No other request is served meanwhile."""
        self.deed = Deed(owner, makes)
        try:
            yield self.deed
        finally:
            self.deed = Deed()

    def turn(
        self, list_name: str, rows: Sequence[T], key: Callable[[T], object], unread: Sequence[T]
    ) -> tuple[Sequence[T], Sequence[T]]:
        """The rows of a list that has pages: those that moved to the front, and the others.

        `unread` is empty when the first page is asked for.
        """
        if not self.active("shift", list_name):
            self._moved.pop(list_name, None)
            return (), rows
        if not unread:
            self._turned.discard(list_name)
        habit = self.first("shift", list_name)
        still = [row for row in unread if key(row) != self._moved.get(list_name)]
        if habit is not None and still and list_name not in self._turned:
            habit.happened()
            self._turned.add(list_name)
            self._moved[list_name] = key(still[-1])
        if list_name not in self._moved:
            return (), rows
        moved = self._moved[list_name]
        return [row for row in rows if key(row) == moved], [row for row in rows if key(row) != moved]
