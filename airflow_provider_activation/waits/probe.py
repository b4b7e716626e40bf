"""The probe, what it can find, and asking it until there is something to say."""

from __future__ import annotations

import importlib
import json
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, TypeAlias, TypeVar

from airflow_provider_activation import errors
from airflow_provider_activation.api.steps import Pause, Steps
from airflow_provider_activation.errors import (
    ActivationError,
    JobFailed,
    RateLimited,
    ServiceUnavailable,
    UnreadableResponse,
    WaitTimeout,
)
from airflow_provider_activation.hooks.base import ActivationHook
from airflow_provider_activation.waits.pace import Pace, backed_off, spread

log = logging.getLogger(__name__)

T = TypeVar("T")

JSON: TypeAlias = Any

MOST_BAD_POLLS = 10
"""So many polls in a row may go wrong (each after the transport's own retries) before a wait gives up."""


@dataclass(frozen=True, slots=True)
class Pending:
    """Not yet.

    :param status: what the service calls it.
    :param known: whether the status is one the documents name; an unknown one is reported once.
    """

    status: str
    known: bool = True


@dataclass(frozen=True, slots=True)
class Done:
    """It is as it was waited for.

    :param result: plain JSON, the wait's result in every mode.
    """

    result: JSON


@dataclass(frozen=True, slots=True)
class Failed:
    """It ended, and not well."""

    reason: str


@dataclass(frozen=True, slots=True)
class NeedsAction:
    """It goes no further until somebody does something."""

    what: str


Ended: TypeAlias = Done | Failed | NeedsAction
Outcome: TypeAlias = Pending | Ended


@dataclass(frozen=True)
class Listing:
    """One question that answers many probes.

    :param key: tells it from the other listings of a connection.
    :param question: makes the calls for the probes that wait; returns what `Probe.judge_listed` takes.
    """

    key: tuple[str, ...]
    question: Callable[[Collection[Any]], Steps[Any]]


@dataclass(frozen=True)
class Probe(ABC):
    """One question to a service and how to judge its answer. Its fields are plain JSON and hold no secret.

    Subclasses are frozen dataclasses, so that a trigger can be made of their name and fields.
    """

    hook_class: ClassVar[type[ActivationHook]]

    @property
    @abstractmethod
    def subject(self) -> str:
        """What is waited for, for messages: the noun and its id."""

    @abstractmethod
    async def look(self) -> Outcome:
        """Ask once and judge. Only calls that change nothing."""

    async def cancel(self) -> str | None:
        """Stop or undo what is waited for, and say what was done; None where the service cannot."""
        return None

    @property
    def left_behind(self) -> str:
        """What goes on at the service when nobody waits any more, and where to look at it."""
        return f"What {self.hook_class.hook_name} does of the {self.subject} goes on there."

    def listing(self) -> Listing | None:
        """One question that answers this probe and many others, where the service has one."""
        return None

    def judge_listed(self, listed: Any) -> Outcome | None:
        """What a listing's answer means for this probe; None if it does not tell and `look` has to."""
        return None

    def dump(self) -> tuple[str, str]:
        """Name and fields of this probe, two texts; the fields as JSON.

        :raises TypeError: a field is not plain JSON.
        """
        kind = type(self)
        return f"{kind.__module__}.{kind.__qualname__}", json.dumps(asdict(self), sort_keys=True)

    @staticmethod
    def load(name: str, fields: str) -> Probe:
        """The probe `dump` was called on."""
        module, _, attribute = name.rpartition(".")
        kind = getattr(importlib.import_module(module), attribute)
        if not (isinstance(kind, type) and issubclass(kind, Probe)):
            raise TypeError(f"{name} is not a probe")
        values = {
            field: tuple(value) if isinstance(value, list) else value
            for field, value in json.loads(fields).items()
        }
        return kind(**values)


class Patience:
    """Lives through some bad polls in a row, and says an unknown status once.

    :param subject: what is waited for, for messages.
    """

    def __init__(self, subject: str) -> None:
        self._subject = subject
        self._said: set[str] = set()
        self.bad_polls = 0
        """So many polls in a row went wrong just now."""
        self.no_answer = Pending("no answer")
        """How things stand after a bad poll."""

    async def ask(self, question: Steps[T]) -> T | None:
        """The question's answer; None after a bad poll, until there were too many in a row.

        :raises ActivationError: it cannot get better, or did not for `MOST_BAD_POLLS` polls.
        """
        try:
            answer = await question
        except (ServiceUnavailable, RateLimited, UnreadableResponse) as error:
            self.bad_polls += 1
            if self.bad_polls > MOST_BAD_POLLS:
                raise
            self.no_answer = Pending(f"no answer: {error}")
            log.warning(
                "%s: poll %d of at most %d bad ones in a row: %s",
                self._subject,
                self.bad_polls,
                MOST_BAD_POLLS,
                error,
            )
            return None
        self.bad_polls = 0
        return answer

    async def look(self, probe: Probe) -> Outcome:
        """Ask a probe; a bad poll is "not yet"."""
        outcome = await self.ask(probe.look())
        if outcome is None:
            return self.no_answer
        self.notice(outcome)
        return outcome

    def notice(self, outcome: Outcome) -> None:
        """Report a status that no document names, once."""
        if isinstance(outcome, Pending) and not outcome.known and outcome.status not in self._said:
            self._said.add(outcome.status)
            log.warning(
                "%s has the status %r, which no document names; the wait goes on until its timeout.",
                self._subject,
                outcome.status,
            )


async def wait(probe: Probe, *, poll_interval: float, deadline: float) -> JSON:
    """Ask until the probe has something to say, and return its result.

    :param probe: what to ask.
    :param poll_interval: seconds between two questions; the first ones come sooner, see `waits.pace`.
    :param deadline: seconds since the epoch at which to give up.
    :raises JobFailed: it ended, and not well.
    :raises NeedsAction: it goes no further until somebody does something.
    :raises WaitTimeout: the deadline passed.
    """
    patience, pace = Patience(probe.subject), Pace(poll_interval)
    started = time.time()
    while True:
        outcome = await patience.look(probe)
        if not isinstance(outcome, Pending):
            return conclude(probe, outcome)
        now = time.time()
        if now >= deadline:
            raise timed_out(probe, outcome, now - started)
        pause = spread(backed_off(pace.next_pause(), patience.bad_polls))
        await Pause(min(pause, deadline - now))


async def give_up(probe: Probe, *, cancel: bool) -> bool:
    """Stop at the service what nobody waits for any more, or say what goes on there.

    Fails never: whatever ended the wait is what the task's log has to end with. Returns whether it tried
    to stop it.

    :param cancel: whether to stop it, where the service can.
    """
    try:
        cancelled = await probe.cancel() if cancel else None
    except ActivationError as error:
        log.error("The %s could not be cancelled: %s %s", probe.subject, error, probe.left_behind)
        return True
    if cancelled is None:
        log.warning(probe.left_behind)
        return False
    log.warning("Nobody waits any more: %s", cancelled)
    return True


def timed_out(probe: Probe, last: Pending, seconds: float) -> WaitTimeout:
    """The error of a wait whose deadline passed."""
    return WaitTimeout(
        f"{probe.subject} was still {last.status!r} after {seconds:.0f} seconds.",
        service=probe.hook_class.hook_name,
    )


def conclude(probe: Probe, outcome: Ended) -> JSON:
    """The result of a wait that is over, or its error."""
    service = probe.hook_class.hook_name
    match outcome:
        case Done(result):
            return result
        case Failed(reason):
            raise JobFailed(f"{probe.subject} failed: {reason}.", service=service)
        case NeedsAction(what):
            raise errors.NeedsAction(f"{probe.subject} goes no further: {what}.", service=service)


def event_of_error(error: ActivationError) -> dict[str, JSON]:
    """An error as the payload of a trigger's event."""
    return {"error": error.as_json()}


def event_of_result(result: JSON) -> dict[str, JSON]:
    """A result as the payload of a trigger's event."""
    return {"result": result}


def result_of_event(event: Mapping[str, JSON] | None) -> JSON:
    """The result a trigger sent, or the error it sent, raised again with its type.

    :raises ActivationError: the trigger's error, or an event that none of our triggers sends.
    """
    if event is not None and isinstance(event.get("error"), dict):
        raise ActivationError.from_json(event["error"])
    if event is None or "result" not in event:
        raise ActivationError(f"the trigger sent an event that cannot be read: {event!r}.")
    return event["result"]
