"""Make a resource at most once, whatever dies. The protocol stands here and nowhere else.

No service has idempotency keys. Before the call an intent is stored in the task state store (Airflow 3.3),
after it the id; a later try of the same task finds either and sends nothing before it has asked the service.
Without a store, every try after the first asks the service. `submit` is the protocol of an `Action`, which
makes one resource; `submit_items` of an `ItemsAction`, which makes many in a few calls.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, TypeAlias, TypeVar

from airflow_provider_activation.api.call import Call
from airflow_provider_activation.api.rows import Unreadable, unreadable_of
from airflow_provider_activation.api.steps import Pause, Steps
from airflow_provider_activation.errors import (
    ActivationError,
    Conflict,
    InvalidRequest,
    NotFound,
    RateLimited,
    ServiceUnavailable,
    UncertainOutcome,
    UnreadableResponse,
)
from airflow_provider_activation.redaction import logger
from airflow_provider_activation.waits import pace

if TYPE_CHECKING:
    from airflow_provider_activation.airflow_compat import TaskStateStore

log = logger(__name__)

T = TypeVar("T")

JSON: TypeAlias = Any
OnUncertain = Literal["fail", "resubmit"]
IfExists = Literal["reuse", "fail", "create"]

NOTE_VERSION = 1
"""Of what is stored in the task state store."""

LOOKS_AFTER_DOUBT = (1.0, 2.0, 4.0)
"""Seconds before each further look for what a call may have made: some services list it late, and the request
of a killed task may still be on its way."""


class Memory:
    """What the tries of one task know of what they made.

    A note stays when the task has ended well: the task may die before Airflow knows that it did, and is then
    tried again. A person who clears the task wants it done again, which the generation shows.

    :param store: Airflow's task state store, None where there is none.
    :param generation: the number of the first try since the task was last cleared.
    :param first_try: whether this is that try.
    :param fit: makes a note fit to leave the process.
    """

    def __init__(
        self,
        store: TaskStateStore | None,
        *,
        generation: int,
        first_try: bool,
        fit: Callable[[JSON], JSON] = lambda note: note,
    ) -> None:
        self._store = store
        self._fit = fit
        self._generation = generation
        self._first_try = first_try
        self.made: JSON = None
        """The id of what was made last, as soon as it is known: a kill may have to cancel it."""

    def recall(self, noun: str) -> dict[str, JSON]:
        """What is stored: ``id``, ``before``, ``given_up``; ``lost`` if it cannot be known."""
        if self._store is None:
            return {} if self._first_try else {"lost": True}
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

    def note(self, noun: str, **values: JSON) -> None:
        """Store what is known."""
        self.made = values.get("id")
        if self._store is not None:
            stored = {"version": NOTE_VERSION, "generation": self._generation, **values}
            self._store.set(_store_key(noun), self._fit(stored))

    def forget(self, noun: str) -> None:
        """Store that nothing was made."""
        if self._store is not None:
            self._store.delete(_store_key(noun))


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


def submission_key(dag_id: str, run_id: str, task_id: str, map_index: int, generation: int) -> str:
    """A short text, the same on every try of a task and new after a person cleared it.

    :param generation: the number of the first try since the task was last cleared.
    """
    parts = "\0".join((dag_id, run_id, task_id, str(map_index), str(generation)))
    return hashlib.sha256(parts.encode()).hexdigest()[:12]


MARK = "[af:"
"""Where a submission key begins in a text."""
ODD_ANSWERS: tuple[type[ActivationError], ...] = (
    NotFound,
    InvalidRequest,
    RateLimited,
    ServiceUnavailable,
    UnreadableResponse,
)
"""What a service may answer for a while about what it has just made."""


def marked(text: str | None, key: str | None, *, longest: int | None = None) -> str:
    """A free text with the submission key at its end, the text shortened if need be.

    :param text: the user's own text.
    :param key: the submission key; None leaves the text as it is.
    :param longest: how many characters the service takes.
    """
    text = text or ""
    if key is None:
        return text
    mark = f"{MARK}{key}]"
    if longest is not None:
        text = text[: max(0, longest - len(mark) - 1)]
    return f"{text} {mark}".strip()


def carries(text: str | None, key: str) -> bool:
    """Whether a text that a service shows carries the key. The service may have changed the rest of it."""
    return key.lower() in (text or "").lower()


def alike(text: str | None, other: str | None) -> bool:
    """Whether two names are equal but for blanks, which some services trim or fold."""
    return (text or "").split() == (other or "").split()


@dataclass(frozen=True)
class Candidate:
    """Something the service holds that may be what was made.

    :param id: what `submit` would return.
    :param description: for a person who has to decide.
    :param failed: it ended, and not well.
    :param certain: whether it can only be what was made; False if it may be somebody else's.
    """

    id: JSON
    description: str
    failed: bool = False
    certain: bool = True


@dataclass(frozen=True)
class Finished:
    """There is nothing to wait for and nothing to read: the task's result."""

    result: JSON


class Making(ABC):
    """What a task makes at most once: an `Action`, or several in a row."""

    @abstractmethod
    async def make(self, memory: Memory, on_uncertain: OnUncertain) -> JSON | Finished:
        """Have it made, or take what an earlier try made, and return its id.

        :raises UncertainOutcome: it may or may not have been made, and the service cannot tell.
        :raises Conflict: one exists and must not.
        """

    async def result(self, made: JSON) -> JSON:
        """The task's result where it does not wait, as plain JSON."""
        return {"id": made}


@dataclass(frozen=True, kw_only=True)
class Action(Making):
    """One resource to be made at most once. Subclasses are frozen dataclasses of plain values.

    :param if_exists: what to do when the first try finds one: take it, refuse, or not look.
    """

    noun: ClassVar[str]
    """What is made, for messages and as the name of what is stored."""
    proves_absence: ClassVar[bool] = True
    """Whether `find` finding nothing proves that there is nothing."""

    if_exists: IfExists = "create"

    async def make(self, memory: Memory, on_uncertain: OnUncertain) -> JSON | Finished:
        return await submit(await self.resolved(), memory, on_uncertain)

    async def resolved(self) -> Self:
        """This action with what must be read before anything is sent.

        :raises InvalidRequest: what was read shows that it cannot be made.
        """
        return self

    @abstractmethod
    def create(self) -> Call[Any]:
        """The call that makes it."""

    async def before(self) -> JSON:
        """What to know of the service before the call, to see afterwards what is new."""
        return None

    @abstractmethod
    async def find(self, before: JSON) -> Sequence[Candidate]:
        """What the service holds that may be it.

        :param before: what `before` returned; None if that is lost.
        """

    def id_of(self, response: Any, before: JSON) -> JSON:
        """The id, of what the call answered and of what `before` returned."""
        return getattr(response, "id", response)

    async def recall(self, made: JSON) -> bool:
        """Whether the resource with a known id has failed.

        :raises NotFound: it is gone.
        """
        return False

    def is_id(self, stored: JSON) -> bool:
        """Whether a stored value can be an id."""
        return isinstance(stored, str)

    def is_before(self, stored: JSON) -> bool:
        """Whether a stored value can be what `before` returned."""
        return stored is None or isinstance(stored, list)


async def submit(action: Action, memory: Memory, on_uncertain: OnUncertain = "fail") -> JSON:
    """`Making.make` for one resource."""
    create = action.create()
    made, given_up = await existing(action, memory, on_uncertain)
    return await _create(action, create, memory, given_up) if made is None else made


async def existing(action: Action, memory: Memory, on_uncertain: OnUncertain) -> tuple[JSON, list[JSON]]:
    """The first half of `submit`: the id to take, None to make one; and the ids of those that failed."""
    noun = action.noun
    note = memory.recall(noun)
    checks = {"id": action.is_id, "before": action.is_before}
    if any(name in note and not check(note[name]) for name, check in checks.items()):
        note = memory.lost(noun)
    given_up: list[JSON] = list(note.get("given_up") or [])
    maybe_sent = bool(note.get("lost") or "before" in note)

    if "id" in note:
        known = note["id"]
        try:
            failed = await once_found(lambda: action.recall(known))
        except NotFound:
            log.warning("%s %s of an earlier try is gone.", noun.capitalize(), known)
            maybe_sent = True
        else:
            if not failed:
                log.info("An earlier try made %s %s; it is taken.", noun, known)
                memory.made = known
                return known, given_up
            log.info("An earlier try made %s %s, which failed; another is made.", noun, known)
            given_up.append(known)
            maybe_sent = False

    if not maybe_sent and action.if_exists == "create":
        return None, given_up
    look = partial(_find, action, note.get("before"), given_up)
    found = await (look_until(look, bool) if maybe_sent else look())
    taken = _choose(action, found, maybe_sent=maybe_sent, on_uncertain=on_uncertain)
    if taken is not None:
        memory.note(noun, id=taken.id, given_up=given_up)
        return taken.id, given_up
    return None, [*given_up, *(candidate.id for candidate in found if candidate.failed)]


async def _create(action: Action, create: Call[Any], memory: Memory, given_up: list[JSON]) -> JSON:
    noun = action.noun
    before = await action.before()
    memory.note(noun, before=before, given_up=given_up)
    try:
        response = await create
    except UncertainOutcome as error:
        made = await _look_for(action, before, given_up, error)
    except ActivationError:
        # the service refused or was never reached, so there is nothing to look for later
        if given_up:
            memory.note(noun, id=given_up[-1], given_up=given_up[:-1])
        else:
            memory.forget(noun)
        raise
    else:
        made = action.id_of(response, before)
    memory.note(noun, id=made, given_up=given_up)
    return made


async def look_until(look: Callable[[], Steps[T]], enough: Callable[[T], bool]) -> T:
    """Look, and a few times more until what is found is enough: the first look may come too early."""
    found = await look()
    for seconds in LOOKS_AFTER_DOUBT:
        if enough(found):
            break
        await Pause(seconds)
        found = await look()
    return found


def unread(
    listed: list[Any], *, key: str | None = None, name: str | None = None, before: JSON = None
) -> list[Candidate]:
    """An uncertain candidate for each row of a list that cannot be read and may be what is looked for.

    :param key: the submission key that marks it: only what carries another key is not it.
    :param name: what its row must hold, where it has no key.
    :param before: ids that the snapshot holds.
    """
    return [
        Candidate(row.id, f"a row that cannot be read ({row.reason})", certain=False)
        for row in unreadable_of(listed)
        if row.id not in (before or ()) and (row.may_be(name) if name else _may_carry(row, key))
    ]


def _may_carry(row: Unreadable, key: str | None) -> bool:
    return key is None or carries(row.text, key) or not carries(row.text, MARK)


async def once_found(
    read: Callable[[], Awaitable[T]], tolerated: tuple[type[ActivationError], ...] = (NotFound,)
) -> T:
    """What a call by a known id answers. A service may not show for a while what it has just made.

    :param tolerated: the errors that are borne for that while.
    """
    waited, pause = 0.0, 1.0
    while True:
        try:
            return await read()
        except tolerated as error:
            refused_here = isinstance(error, InvalidRequest) and error.status is None
            if refused_here or waited >= pace.NOT_FOUND_FOR:
                raise
        pause = min(2 * pause, pace.NOT_FOUND_FOR - waited)
        await Pause(pause)
        waited += pause


async def _find(action: Action, before: JSON, given_up: list[JSON]) -> list[Candidate]:
    return [candidate for candidate in await action.find(before) if candidate.id not in given_up]


def _choose(
    action: Action, found: list[Candidate], *, maybe_sent: bool, on_uncertain: OnUncertain
) -> Candidate | None:
    """The candidate to take, or None to make one."""
    noun = action.noun
    create = action.create()
    where: dict[str, Any] = {"service": create.service, "operation": create.operation}
    usable = [candidate for candidate in found if not candidate.failed]
    if len(usable) == 1 and usable[0].certain:
        if action.if_exists == "fail" and not maybe_sent:
            raise Conflict(f"{noun} exists already: {usable[0].description}.", **where)
        log.info("The service has the %s already: %s; it is taken.", noun, usable[0].description)
        return usable[0]
    if not usable:
        if action.proves_absence or not maybe_sent or any(candidate.failed for candidate in found):
            return None
        why = f"an earlier try may have made the {noun}, and the service cannot show whether it did"
    else:
        if not maybe_sent:
            held = "; ".join(candidate.description for candidate in usable)
            raise Conflict(f"the service holds {len(usable)} that are what is wanted: {held}.", **where)
        why = f"what the service holds may or may not be the {noun} of an earlier try"
    if on_uncertain == "resubmit":
        log.warning("%s; it is made again, as on_uncertain says.", why.capitalize())
        return None
    raise UncertainOutcome(f"{why}.", candidates=[candidate.description for candidate in usable], **where)


async def _look_for(action: Action, before: JSON, given_up: list[JSON], error: UncertainOutcome) -> JSON:
    """Find what a call of this very try may have made. The call is never repeated here."""
    try:
        look = partial(_find, action, before, given_up)
        found = await look_until(look, lambda found: len(found) == 1 and found[0].certain)
    except ActivationError as failed:
        # what became of the call is still what matters; the next try looks again
        error.message += f" Looking for what it may have made failed too: {failed.message}"
        raise error from None
    if len(found) == 1 and found[0].certain:
        log.info("The answer was lost, but the service has it: %s.", found[0].description)
        return found[0].id
    error.candidates = [candidate.description for candidate in found]
    raise error
