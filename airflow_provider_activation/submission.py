"""Make a remote thing at most once, whatever dies. The protocol stands here and nowhere else.

No service has idempotency keys. Before the call an intent is written down where Airflow has a place for
it (the task state store of 3.3), after it the id; a later try of the same task finds either and does not
send again before it has asked the service. Where nothing can be written down, every try after the first
asks the service.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, TypeVar

from airflow_provider_activation.api.call import Call
from airflow_provider_activation.api.steps import Pause, Steps
from airflow_provider_activation.errors import ActivationError, Conflict, NotFound, UncertainOutcome
from airflow_provider_activation.versions import TaskStateStore

log = logging.getLogger(__name__)

T = TypeVar("T")

JSON: TypeAlias = Any
OnUncertain = Literal["fail", "resubmit"]
IfExists = Literal["reuse", "fail", "create"]

VERSION = 1
"""Of what is written into the task state store."""

LOOKS_AFTER_AN_UNCERTAIN_ANSWER = (1.0, 2.0, 4.0)
"""Seconds before each further look for what a call may have made: some services list it late, and what a
killed task sent may still be on its way."""


@dataclass(frozen=True)
class Candidate:
    """Something the service holds that may be what was submitted.

    :param id: what the submission would have returned.
    :param description: for a person who has to decide.
    :param failed: it ended, and not well.
    :param certain: whether it can only be what was submitted; False if it may be somebody else's.
    """

    id: JSON
    description: str
    failed: bool = False
    certain: bool = True


def _nothing_before() -> Steps[JSON]:
    return None
    yield


@dataclass(frozen=True)
class Submission:
    """One thing to be made at most once.

    :param noun: what is made, for messages and as the name of what is remembered.
    :param create: the call that makes it.
    :param find: lists what the service holds that may be it; gets what `before` returned, None if lost.
    :param id_of: makes the id of the call's answer and of what `before` returned.
    :param before: what to know of the service before the call, to tell afterwards what is new.
    :param proves_absence: whether `find` finding nothing proves that there is nothing.
    :param if_exists: what to do when `find` finds one on the first try: take it, refuse, or not look.
    :param recall: asks whether a thing with a known id has failed; raises NotFound when it is gone.
    :param id_is: whether something noted can be an id.
    :param before_is: whether something noted can be what `before` returned.
    """

    noun: str
    create: Call[Any]
    find: Callable[[JSON], Steps[Sequence[Candidate]]]
    id_of: Callable[[Any, JSON], JSON] = lambda answer, before: answer
    before: Callable[[], Steps[JSON]] = _nothing_before
    proves_absence: bool = True
    if_exists: IfExists = "create"
    recall: Callable[[JSON], Steps[bool]] | None = None
    id_is: Callable[[JSON], bool] = lambda noted: isinstance(noted, str)
    before_is: Callable[[JSON], bool] = lambda noted: noted is None or isinstance(noted, list)


class Memory:
    """What the tries of one task know of one submission.

    What was written down stays when the task has ended well: it may die before Airflow knows that it did,
    and is then tried again. Who clears the task wants it done again, which the generation tells.

    :param store: Airflow's task state store, None where there is none.
    :param generation: the number of the first try since the task was last cleared.
    :param first_try: whether this is that try.
    """

    def __init__(self, store: TaskStateStore | None, *, generation: int, first_try: bool) -> None:
        self._store = store
        self._generation = generation
        self._first_try = first_try

    def recall(self, noun: str) -> dict[str, JSON]:
        """What was written down: ``id``, ``before``, ``given_up``; ``lost`` if it cannot be known."""
        if self._store is None:
            return {} if self._first_try else {"lost": True}
        noted = self._store.get(_store_key(noun))
        if noted is None:
            return {}
        if not _is_ours(noted):
            return self.lost(noun)
        # Airflow keeps the state of a task that is cleared, and who clears it wants it done again
        return noted if noted["generation"] == self._generation else {}

    def lost(self, noun: str) -> dict[str, JSON]:
        """Of a note that makes no sense."""
        log.warning("What this task noted of its %s cannot be read; the service is asked instead.", noun)
        return {"lost": True}

    def note(self, noun: str, **noted: JSON) -> None:
        """Write down what is known of a submission."""
        if self._store is not None:
            note = {"version": VERSION, "generation": self._generation, **noted}
            self._store.set(_store_key(noun), note)

    def forget(self, noun: str) -> None:
        """Nothing was submitted."""
        if self._store is not None:
            self._store.delete(_store_key(noun))


def _is_ours(noted: JSON) -> bool:
    return (
        isinstance(noted, dict)
        and noted.get("version") == VERSION
        and isinstance(noted.get("generation"), int)
        and ("id" in noted or "before" in noted)
        and isinstance(noted.get("given_up", []), list)
    )


def submission_key(dag_id: str, run_id: str, task_id: str, map_index: int, generation: int) -> str:
    """A short text, the same on every try of a task and new after a person cleared it.

    :param generation: the number of the first try since the task was last cleared.
    """
    parts = "\0".join((dag_id, run_id, task_id, str(map_index), str(generation)))
    return hashlib.sha256(parts.encode()).hexdigest()[:12]


def marked(text: str | None, key: str | None, *, longest: int | None = None) -> str:
    """A free text with the submission key at its end, the text shortened if need be.

    :param text: the user's own text.
    :param key: the submission key; None leaves the text as it is.
    :param longest: how many characters the service takes.
    """
    text = text or ""
    if key is None:
        return text
    mark = f"[af:{key}]"
    if longest is not None:
        text = text[: max(0, longest - len(mark) - 1)]
    return f"{text} {mark}".strip()


def submit(submission: Submission, memory: Memory, *, on_uncertain: OnUncertain = "fail") -> Steps[JSON]:
    """Have the thing made, or take what an earlier try made, and return its id.

    :raises UncertainOutcome: it may or may not have been made, and the service cannot tell.
    :raises Conflict: one exists and must not.
    """
    noun = submission.noun
    noted = memory.recall(noun)
    if ("id" in noted and not submission.id_is(noted["id"])) or (
        "before" in noted and not submission.before_is(noted["before"])
    ):
        noted = memory.lost(noun)
    given_up: list[JSON] = list(noted.get("given_up") or [])
    maybe_sent = bool(noted.get("lost") or "before" in noted)

    if "id" in noted:
        failed = yield from _has_failed(submission, noted["id"])
        if failed is False:
            log.info("An earlier try made %s %s; it is taken.", noun, noted["id"])
            return noted["id"]
        if failed is True:
            log.info("An earlier try made %s %s, which failed; another is made.", noun, noted["id"])
            given_up.append(noted["id"])
            maybe_sent = False
        else:
            log.warning("%s %s of an earlier try is gone.", noun.capitalize(), noted["id"])
            maybe_sent = True

    if maybe_sent or submission.if_exists != "create":
        looks = _looks(submission, noted.get("before"), given_up)
        found = yield from (look_until(looks, bool) if maybe_sent else looks())
        taken = _take(submission, found, maybe_sent=maybe_sent, on_uncertain=on_uncertain)
        if taken is not None:
            memory.note(noun, id=taken.id, given_up=given_up)
            return taken.id
        given_up += [candidate.id for candidate in found if candidate.failed]

    before = yield from submission.before()
    memory.note(noun, before=before, given_up=given_up)
    try:
        answer = yield submission.create
    except UncertainOutcome as error:
        made = yield from _look_for(submission, before, given_up, error)
        memory.note(noun, id=made, given_up=given_up)
        return made
    except ActivationError:
        # the service refused or was never reached, so there is nothing to look for later
        if given_up:
            memory.note(noun, id=given_up[-1], given_up=given_up[:-1])
        else:
            memory.forget(noun)
        raise
    made = submission.id_of(answer, before)
    memory.note(noun, id=made, given_up=given_up)
    return made


def _has_failed(submission: Submission, known_id: JSON) -> Steps[bool | None]:
    """Whether a thing with a known id failed; None if it is gone."""
    if submission.recall is None:
        return False
    try:
        failed: bool = yield from submission.recall(known_id)
    except NotFound:
        return None
    return failed


def look_until(look: Callable[[], Steps[T]], enough: Callable[[T], bool]) -> Steps[T]:
    """Look, and a few times more until it is enough: the first look may come too early.

    :param look: one look; returns what it found.
    :param enough: whether that will do.
    """
    found = yield from look()
    for seconds in LOOKS_AFTER_AN_UNCERTAIN_ANSWER:
        if enough(found):
            break
        yield Pause(seconds)
        found = yield from look()
    return found


def _looks(
    submission: Submission, before: JSON, given_up: list[JSON]
) -> Callable[[], Steps[list[Candidate]]]:
    def look() -> Steps[list[Candidate]]:
        candidates = yield from submission.find(before)
        return [candidate for candidate in candidates if candidate.id not in given_up]

    return look


def _take(
    submission: Submission, found: list[Candidate], *, maybe_sent: bool, on_uncertain: OnUncertain
) -> Candidate | None:
    """The one to take, or None to make one."""
    noun = submission.noun
    where: dict[str, Any] = {"service": submission.create.service, "operation": submission.create.operation}
    usable = [candidate for candidate in found if not candidate.failed]
    if len(usable) == 1 and usable[0].certain:
        if submission.if_exists == "fail" and not maybe_sent:
            raise Conflict(f"{noun} exists already: {usable[0].description}.", **where)
        log.info("The service has the %s already: %s; it is taken.", noun, usable[0].description)
        return usable[0]
    if not usable:
        if submission.proves_absence or not maybe_sent or any(candidate.failed for candidate in found):
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


def _look_for(
    submission: Submission, before: JSON, given_up: list[JSON], error: UncertainOutcome
) -> Steps[JSON]:
    """Find what an uncertain call made in this very try. It is never sent again here."""
    looks = _looks(submission, before, given_up)
    try:
        found = yield from look_until(looks, lambda found: len(found) == 1 and found[0].certain)
    except ActivationError as failed:
        # what became of the call is still what matters; the next try looks again
        error.message += f" Looking for what it may have made failed too: {failed.message}"
        raise error from None
    if len(found) == 1 and found[0].certain:
        log.info("The answer was lost, but the service has it: %s.", found[0].description)
        return found[0].id
    error.candidates = [candidate.description for candidate in found]
    raise error


def _store_key(noun: str) -> str:
    return f"activation_{noun.replace(' ', '_')}"
