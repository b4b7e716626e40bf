"""Make a resource at most once, whatever dies. The protocol stands here and nowhere else.

No service has idempotency keys. Before the call an intent is stored in the task state store (Airflow 3.3),
after it the id; a later try of the same task finds either and sends nothing before it has asked the service.
Without a store, every try after the first asks the service. `submit` is the protocol of an `Action`, which
makes one resource; `submit_items` of an `ItemsAction`, which makes many in a few calls.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain, repeat
from typing import Any, ClassVar, Literal, Self, TypeVar

from airflow_provider_activation.actions.identity import MARK, carries, carries_another
from airflow_provider_activation.actions.memory import JSON, Memory, seconds_since
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
from airflow_provider_activation.simulation import simulated_id, simulation
from airflow_provider_activation.waits import pace

log = logger(__name__)

T = TypeVar("T")

OnUncertain = Literal["fail", "adopt", "resubmit"]
IfExists = Literal["reuse", "fail", "create"]
ToldBy = Literal["key", "name", "credentials", "place", "id", "none"]

LOOKS_AFTER_DOUBT = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds before each further look for what a call may have made: some services list it late, and the request
of a killed task may still be on its way. After all of them what is not found is not there."""
ACKNOWLEDGED_FOR = 600.0
"""Seconds for which not finding proves nothing after a service has taken a call without giving an id."""

ODD_ANSWERS: tuple[type[ActivationError], ...] = (
    NotFound,
    InvalidRequest,
    RateLimited,
    ServiceUnavailable,
    UnreadableResponse,
)
"""What a service may answer for a while about what it has just made."""


def refusal(error: ActivationError) -> str:
    """Why nothing was sent, without what the service says: that may quote people."""
    status = f", {error.status}" if error.status else ""
    return f"the call was refused or never arrived ({type(error).__name__}{status})"


@dataclass(frozen=True)
class Candidate:
    """Something the service holds that may be what was made, or is wanted.

    :param id: what `submit` would return.
    :param description: for a person who has to decide.
    :param failed: it ended, and not well.
    :param certain: whether it is what is wanted; False if it may be somebody else's.
    """

    id: JSON
    description: str
    failed: bool = False
    certain: bool = True


@dataclass(frozen=True)
class Doubt:
    """What is known when an earlier call may have made what is looked for.

    :param before: what `Action.before` returned before that call; None if that is lost.
    """

    before: JSON = None


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

    async def proven(self, made: JSON) -> Any:
        """What the service shows of what was made, where it can be read.

        :raises Refused: it is not what was asked for.
        """
        return None

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
    identity: ClassVar[str]
    """What shows that a resource is the task's own, in words."""
    told_by: ClassVar[ToldBy]
    """What `identity` is: the submission ``key``, a ``name`` that the user reuses, the ``credentials`` it is
    for, the ``place`` that takes one only, nothing but its ``id``; ``none`` if one more does no harm."""

    verb: ClassVar[str] = "made"
    """What the call does to it, as the log says it."""

    if_exists: IfExists = "create"
    if_it_exists: ClassVar[str] = 'Delete it, or give another if_exists than "fail".'
    """What a person can do about one that must not be there."""

    @property
    def own_key(self) -> str | None:
        """The submission key, if what is made carries it."""
        return None

    @property
    def title(self) -> str:
        """What is made, as a person would recognise it."""
        return self.noun

    def recognisable(self) -> dict[str, str]:
        """What a person recognises it by at the service, name to value: no secret, no person's data."""
        return {"key": self.own_key} if self.own_key else {}

    def described(self, made: JSON) -> str:
        """What was made, with its id, for messages."""
        return f"{self.noun} {made}"

    def told(self, made: JSON) -> str:
        """What the call did, for the log."""
        return f"{self.verb.capitalize()} {self.title}, with the id {made}."

    async def make(self, memory: Memory, on_uncertain: OnUncertain) -> JSON | Finished:
        return await submit(await self.resolved(), memory, on_uncertain)

    async def resolved(self) -> Self:
        """This action with what must be read before anything is sent.

        :raises InvalidRequest: what was read shows that it cannot be made.
        """
        return self

    @asynccontextmanager
    async def ready(self) -> AsyncIterator[Self]:
        """This action right before the call, with what only the call needs; held until the call has ended.

        :raises ActivationError: it cannot be sent.
        """
        yield self

    @abstractmethod
    def create(self) -> Call[Any]:
        """The call that makes it."""

    async def before(self) -> JSON:
        """What to know of the service before the call, to see afterwards what is new."""
        return None

    @abstractmethod
    async def find(self, doubt: Doubt | None) -> Sequence[Candidate]:
        """What the service holds that is wanted, or may have been made.

        :param doubt: None if no call can have made it: then only what may be reused counts.
        """

    def recognised(
        self,
        made: JSON,
        description: str,
        doubt: Doubt | None,
        *,
        text: str | None = None,
        is_wanted: bool = False,
        is_kin: bool = True,
        is_equal: bool = True,
        failed: bool = False,
    ) -> list[Candidate]:
        """One resource of a list as a candidate, or nothing.

        :param made: its id.
        :param text: its text that carries the submission key, if it carries one.
        :param is_wanted: whether `if_exists` is about this one.
        :param is_kin: whether it agrees in all that no service changes.
        :param is_equal: whether it agrees in the rest as well.
        :param failed: it ended, and not well.
        """
        key, was_there = self.own_key, doubt is not None and made in (doubt.before or ())
        if key is not None and carries(text, key):
            # a run that was deleted and made anew under the same id has the same key
            is_older = was_there and self.if_exists == "create"
            return [] if is_older else [Candidate(made, description, failed)]
        if is_wanted and self.if_exists != "create":
            # that it is there forbids to make one, and does not show who made it
            return [Candidate(made, description, failed, certain=self.if_exists == "reuse")]
        if doubt is None or not is_kin or carries_another(text, key):
            return []
        may_be = is_equal if doubt.before is None else not was_there
        return [Candidate(made, description, failed, certain=False)] if may_be else []

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
    action.create()  # what cannot be sent is refused before the service is asked
    simulated = simulation()
    if simulated_id(vars(action)) is None:
        history = await _history(action, memory, on_uncertain)
    else:
        # no service knows what it belongs to, so that nothing of it can be there
        history = _History(None, [])
    if history.made is not None:
        say_taken(action.described(history.made))
        return history.made
    async with action.ready() as ready:
        if simulated is not None:
            simulated.would.append(f"{ready.title} would be {ready.verb}")
            return simulated.id
        return await _create(ready, memory, history, on_uncertain)


def say_taken(what: str) -> None:
    """Say, in a simulation, that something is there already."""
    if (simulated := simulation()) is not None:
        simulated.would.append(f"{what} would be taken, which is there already")


async def submit_and_prove(action: Action, memory: Memory, on_uncertain: OnUncertain) -> JSON:
    """`submit`, and see whether the service shows what was asked for.

    :raises Refused: it shows something else.
    """
    made = await submit(action, memory, on_uncertain)
    if simulated_id(made) is None:
        await action.proven(made)
    return made


@dataclass(frozen=True)
class _History:
    """What the earlier tries of a task made.

    :param made: the id to take; None to make one.
    :param given_up: the ids of those that failed.
    :param before: the snapshot before the first call that may have made one. Where a key tells them apart,
        what is new since then may still turn out to be the task's own.
    """

    made: JSON
    given_up: list[JSON]
    before: JSON = None


async def _history(action: Action, memory: Memory, on_uncertain: OnUncertain) -> _History:
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
            log.warning("What an earlier try %s is gone: %s.", action.verb, action.described(known))
            maybe_sent = True
        else:
            if not failed:
                log.info("An earlier try %s %s; it is taken.", action.verb, action.described(known))
                memory.made, memory.reused = known, bool(note.get("reused"))
                return _History(known, given_up)
            failed_one = action.described(known)
            log.info("An earlier try %s %s, which failed; it is done again.", action.verb, failed_one)
            given_up.append(known)
            maybe_sent = False

    if not maybe_sent and action.if_exists == "create":
        return _History(None, given_up)
    if maybe_sent:
        look = partial(_find, action, Doubt(note.get("before")), given_up)
        looks = Looks(seconds_since(note), acknowledged=bool(note.get("acknowledged")))
        found = await looks.until(look, _has_one)
    else:
        # what moves from one page to another while the list is read is missed by one look
        look, looks = partial(_find, action, None, given_up), Looks()
        found = await look() or await look()
    taken = _choose(action, found, looks, maybe_sent=maybe_sent, on_uncertain=on_uncertain)
    if taken is not None:
        memory.note(noun, id=taken.id, given_up=given_up, **({} if maybe_sent else {"reused": True}))
        return _History(taken.id, given_up)
    given_up += [candidate.id for candidate in found if candidate.failed and candidate.certain]
    return _History(None, given_up, note.get("before") if maybe_sent and action.own_key else None)


async def _create(action: Action, memory: Memory, history: _History, on_uncertain: OnUncertain) -> JSON:
    create = action.create()
    noun, given_up = action.noun, history.given_up
    before = await action.before() if history.before is None else history.before
    memory.intend(noun, before=before, given_up=given_up)
    try:
        response = await create
    except UncertainOutcome as error:
        if error.acknowledged:
            memory.acknowledged(noun, before=before, given_up=given_up)
        made = await _look_for(action, before, given_up, error, on_uncertain)
    except ActivationError as error:
        # the service refused or was never reached, so there is nothing to look for later
        error.sent = error.sent or action.recognisable()
        memory.withdraw(refusal(error))
        if given_up:
            memory.note(noun, id=given_up[-1], given_up=given_up[:-1])
        else:
            memory.forget(noun)
        raise
    else:
        made = action.id_of(response, before)
        log.info("%s", action.told(made))
        if action.if_exists == "reuse":
            await _say_what_is_equal(action, made)
    memory.note(noun, id=made, given_up=given_up)
    return made


async def _say_what_is_equal(action: Action, made: JSON) -> None:
    """Warn if another task has made the same at the same time: the next one that looks finds two."""
    try:
        others = [one for one in await action.find(None) if one.certain and one.id != made]
    except ActivationError as error:
        log.debug("Looking for what is equal failed: %s", error.headline)
        return
    if others:
        equal = "; ".join(other.description for other in others)
        log.warning(
            "Made %s, and an equal one is there: %s. Delete one of them, if nothing uses it: later tasks "
            "take the one with the smallest id.",
            action.described(made),
            equal,
        )


class Looks:
    """Looks for what a call may have made, until the service must show it.

    :param passed: seconds since the call.
    :param acknowledged: the service has said, without an id, that it will make it.
    """

    def __init__(self, passed: float = 0.0, *, acknowledged: bool = False) -> None:
        self._left = (ACKNOWLEDGED_FOR if acknowledged else sum(LOOKS_AFTER_DOUBT)) - passed
        self._pauses = chain(LOOKS_AFTER_DOUBT, repeat(30.0) if acknowledged else ())
        self.number = 1
        """How many looks were made."""
        self.seconds = 0.0
        """How long was waited between them."""

    async def until(self, look: Callable[[], Steps[T]], is_enough: Callable[[T], bool]) -> T:
        """What the last look found: one that is enough, or the one after which no other is worth it."""
        found = await look()
        for pause in self._pauses:
            if is_enough(found) or self._left < 0:
                break
            waited = min(pause, self._left)
            await Pause(waited)
            self._left -= pause
            self.seconds += waited
            found = await look()
            self.number += 1
        return found


def _has_one(found: list[Candidate]) -> bool:
    return any(candidate.certain for candidate in found)


def age(made: JSON) -> tuple[int, str]:
    """What sorts ids, the smallest number first: of several that are equal all tasks take the first."""
    return len(str(made)), str(made)


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


def ids_of(listed: list[Any], name: str = "id") -> list[JSON]:
    """The ids of all rows of a list, of those that cannot be read too: the usual snapshot.

    :param name: the field of a row that is its id.
    """
    return [*(getattr(row, name) for row in listed), *(row.id for row in unreadable_of(listed))]


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


async def _find(action: Action, doubt: Doubt | None, given_up: list[JSON]) -> list[Candidate]:
    return [candidate for candidate in await action.find(doubt) if candidate.id not in given_up]


def _choose(
    action: Action, found: list[Candidate], looks: Looks, *, maybe_sent: bool, on_uncertain: OnUncertain
) -> Candidate | None:
    """The candidate to take, or None to make one."""
    noun = action.noun
    create = action.create()
    where: dict[str, Any] = {"service": create.service, "operation": create.operation}
    if found and action.if_exists == "fail" and not maybe_sent:
        raise Conflict(
            f"{noun} exists already: {found[0].description}.",
            advice=action.if_it_exists,
            **where,
        )
    if taken := _certain(action, found):
        log.info("The service has %s already: %s; it is taken.", action.title, taken.description)
        return taken
    usable = [candidate for candidate in found if not candidate.failed]
    held = "; ".join(candidate.description for candidate in usable)
    if not maybe_sent:
        if not usable:
            return None
        if on_uncertain != "adopt" or len(usable) > 1:
            raise Conflict(
                f"{noun} exists already, and may be what is wanted or not: {held}.",
                advice='Look at it: delete it if nothing uses it, or take it with on_uncertain="adopt".',
                **where,
            )
        why = "it may be what is wanted or not"
    elif not usable:
        has_failed = any(candidate.failed and candidate.certain for candidate in found)
        if has_failed or (action.proves_absence and not found):
            return None
        why = f"an earlier try may have {action.verb} {action.title}, and the service cannot show it"
    else:
        why = f"an earlier try may have {action.verb} {action.title}; what the service holds may be it or not"
    if on_uncertain == "adopt" and len(usable) == 1:
        log.warning("%s; %s is taken, as on_uncertain says.", why.capitalize(), usable[0].description)
        return usable[0]
    if on_uncertain == "resubmit":
        log.warning("%s; it is made again, as on_uncertain says.", why.capitalize())
        return None
    raise UncertainOutcome(
        f"{why}.",
        sent=action.recognisable(),
        candidates=[candidate.description for candidate in usable],
        **_looked(action, looks),
        **where,
    )


def _looked(action: Action, looks: Looks) -> dict[str, Any]:
    """What was looked for, how often and for how long, for an `UncertainOutcome`."""
    return {
        "looked_for": f"{action.title}, told by {action.identity}",
        "looks": looks.number,
        "looked_seconds": looks.seconds,
    }


def _certain(action: Action, found: list[Candidate]) -> Candidate | None:
    """The candidate that is what is wanted, if there is no doubt."""
    certain = [candidate for candidate in found if candidate.certain and not candidate.failed]
    if len(certain) > 1 and action.if_exists == "create":
        return None
    # two tasks made one each, at the same time: all that look for one must take the same
    certain.sort(key=lambda candidate: age(candidate.id))
    if len(certain) > 1:
        equal = "; ".join(other.description for other in certain[1:])
        log.warning(
            "Several are equal; %s is taken. Delete the others, if nothing uses them: %s.",
            certain[0].description,
            equal,
        )
    return certain[0] if certain else None


async def _look_for(
    action: Action, before: JSON, given_up: list[JSON], error: UncertainOutcome, on_uncertain: OnUncertain
) -> JSON:
    """Find what a call of this very try may have made. The call is never repeated here."""
    looks = Looks()
    try:
        found = await looks.until(partial(_find, action, Doubt(before), given_up), _has_one)
    except ActivationError as failed:
        # what became of the call is still what matters; the next try looks again
        _complete(error, action, looks)
        error.looks = error.looked_seconds = None
        error.why = f"{error.why}. Looking for it failed too: {failed.headline}"
        raise error from None
    taken = _certain(action, found)
    if taken is None and len(ended := [candidate for candidate in found if candidate.certain]) == 1:
        taken = ended[0]  # who waits for it will see that it failed
    if taken is None and on_uncertain == "adopt" and len(found) == 1:
        taken = found[0]
        log.warning("It is taken although it may be somebody else's, as on_uncertain says.")
    if taken is not None:
        log.info("The answer was lost (%s), but the service has it: %s.", error.why, taken.description)
        return taken.id
    _complete(error, action, looks)
    error.candidates = [candidate.description for candidate in found]
    raise error


def _complete(error: UncertainOutcome, action: Action, looks: Looks) -> None:
    """Have an error say what was to be made and what was looked for."""
    error.why = (error.why or error.message).rstrip(".")
    error.message = f"{action.title} may or may not have been {action.verb}."
    error.sent = action.recognisable()
    vars(error).update(_looked(action, looks))
