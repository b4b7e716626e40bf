"""What the tries of one task know of what they made."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from airflow_provider_activation.redaction import logger

if TYPE_CHECKING:
    from airflow_provider_activation.airflow_compat import TaskStateStore

log = logger(__name__)

JSON: TypeAlias = Any

NOTE_VERSION = 1
"""Of what is stored in the task state store."""


class Books(Protocol):
    """Where it is written that something is about to be sent, and whether it was: a ledger."""

    def intend(self) -> object:
        """Write that something is about to be sent; fails if that must not be."""

    def withdraw(self, why: str) -> object:
        """Write that nothing was sent after all."""

    def may_have_sent(self) -> bool:
        """Whether an earlier try may have sent something, one of before the task was cleared too."""


class Memory:
    """What the tries of one task know of what they made.

    A note stays when the task has ended well: the task may die before Airflow knows that it did, and is then
    tried again. A person who clears the task wants it done again, which the generation shows.

    :param store: Airflow's task state store, None where there is none.
    :param generation: the number of the first try since the task was last cleared.
    :param first_try: whether this is that try.
    :param fit: makes a note fit to leave the process.
    :param fence: fails if this process has no supervisor any more; see `intend`.
    :param books: where it is written besides that something is sent.
    """

    def __init__(
        self,
        store: TaskStateStore | None,
        *,
        generation: int,
        first_try: bool,
        fit: Callable[[JSON], JSON] = lambda note: note,
        fence: Callable[[], None] = lambda: None,
        books: Books | None = None,
    ) -> None:
        self._store = store
        self._fit = fit
        self._fence = fence
        self._books = books
        self._generation = generation
        self.first_try = first_try
        self.made: JSON = None
        """The id of what was made last, as soon as it is known: a kill may have to cancel it."""
        self.reused = False
        """Whether that was there before the task's first try."""

    def recall(self, noun: str) -> dict[str, JSON]:
        """What is stored: ``id``, ``before``, ``at``, ``given_up``; ``lost`` if it cannot be known."""
        if self._books is not None and self.first_try:
            # what the task sent before a person cleared it may have arrived
            return {"lost": True} if self._books.may_have_sent() else {}
        if self._store is None:
            is_lost = not self.first_try and (self._books is None or self._books.may_have_sent())
            return {"lost": True} if is_lost else {}
        note = self._store.get(_store_key(noun))
        if note is None:
            return {}
        if not _is_note(note):
            return self.lost(noun)
        # Airflow keeps the state of a task that is cleared
        return note if note["generation"] == self._generation else {}

    def lost(self, noun: str) -> dict[str, JSON]:
        """What to go by if a note cannot be read."""
        log.warning("What this task stored of its %s cannot be read; the service is asked instead.", noun)
        return {"lost": True}

    def intend(self, noun: str, **values: JSON) -> None:
        """Store that a call is about to be sent, and when. Fails if this try is no longer supervised.

        Airflow starts another try when the supervisor of a task has died, though the task's own process may
        live on. Storing goes through the supervisor; where nothing is stored, it is asked something else.
        """
        if self._books is not None:
            self._books.intend()
        self.note(noun, at=time.time(), **values)
        if self._store is None:
            self._fence()

    def withdraw(self, why: str) -> None:
        """Write that nothing was sent, where it is written that something is about to be."""
        if self._books is not None:
            self._books.withdraw(why)

    def acknowledged(self, noun: str, **values: JSON) -> None:
        """Store that the service has taken the call and given no id."""
        self.note(noun, at=time.time(), acknowledged=True, **values)

    def note(self, noun: str, **values: JSON) -> None:
        """Store what is known."""
        self.made, self.reused = values.get("id"), bool(values.get("reused"))
        if self._store is not None:
            stored = {"version": NOTE_VERSION, "generation": self._generation, **values}
            self._store.set(_store_key(noun), self._fit(stored))

    def forget(self, noun: str) -> None:
        """Store that nothing was made."""
        if self._store is not None:
            self._store.delete(_store_key(noun))


def seconds_since(note: dict[str, JSON]) -> float:
    """Seconds since the call of a note was sent, 0 if the note does not say it."""
    at: JSON = note.get("at")
    is_known = isinstance(at, int | float) and not isinstance(at, bool)
    # the clocks of two workers may differ
    return max(0.0, time.time() - at) if is_known else 0.0


def _store_key(noun: str) -> str:
    return f"activation_{noun.replace(' ', '_')}"


def _is_note(note: JSON) -> bool:
    return (
        isinstance(note, dict)
        and note.get("version") == NOTE_VERSION
        and isinstance(note.get("generation"), int)
        and ("id" in note or "before" in note)
        and isinstance(note.get("given_up", []), list)
    )
