"""The probe, its outcomes, and the wait that polls until there is one."""

from __future__ import annotations

import importlib
import json
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, TypeAlias, TypeVar

from airflow_provider_activation import errors
from airflow_provider_activation.api.steps import Pause, Steps
from airflow_provider_activation.errors import ActivationError
from airflow_provider_activation.hooks.base import ActivationHook
from airflow_provider_activation.redaction import logger
from airflow_provider_activation.waits import pace
from airflow_provider_activation.waits.pace import Pace, backed_off, spread
from airflow_provider_activation.wording import duration

log = logger(__name__)

T = TypeVar("T")
JSON: TypeAlias = Any

MOST_ODD_ANSWERS = 5
"""Odd answers in a row that a wait tolerates: such as a 4xx, a web page, or half a body."""
OUTAGES = (errors.ServiceUnavailable, errors.RateLimited)
"""The service is down or limits its rate: a wait goes on until its deadline."""
FINAL = (errors.AuthenticationFailed, errors.PermissionDenied, errors.InvalidConnection)
"""No later poll can be better with these credentials."""


@dataclass(frozen=True, slots=True)
class Pending:
    """It has not ended yet.

    :param status: its status in the words of the service.
    :param known: whether the documents name this status; an unknown one is logged once.
    :param said: what the service said in a bad poll, without secrets.
    """

    status: str
    known: bool = True
    said: str | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """It has the state that was waited for.

    :param result: plain JSON, the wait's result in every mode.
    """

    result: JSON


@dataclass(frozen=True, slots=True)
class Failed:
    """It has failed."""

    reason: str


@dataclass(frozen=True, slots=True)
class Blocked:
    """It cannot go on before a person or another system acts."""

    what: str


Ended: TypeAlias = Done | Failed | Blocked
Outcome: TypeAlias = Pending | Ended


@dataclass(frozen=True)
class Listing:
    """One poll that serves many probes.

    :param key: identifies it among the listings of a connection.
    :param question: makes the calls for the waiting probes; returns what `Probe.judge_listed` takes.
    """

    key: tuple[str, ...]
    question: Callable[[Collection[Any]], Steps[Any]]


@dataclass(frozen=True)
class Probe(ABC):
    """A poll of a service and how its response is judged. Its fields are plain JSON and contain no secret.

    Subclasses are frozen dataclasses, so that a trigger can be made of their name and fields.
    """

    hook_class: ClassVar[type[ActivationHook]]

    @property
    @abstractmethod
    def subject(self) -> str:
        """The noun and id of what is waited for, for messages."""

    @abstractmethod
    async def look(self) -> Outcome:
        """Poll once and judge. Only calls that change nothing are made."""

    async def cancel(self) -> str | None:
        """Cancel what is waited for, and return what was done in words; None if the service cannot cancel."""
        return None

    @property
    def action_needed(self) -> str | None:
        """What a person does about a wait that cannot go on; None for the general advice."""
        return None

    @property
    def left_behind(self) -> str:
        """What continues at the service when the wait has ended, and where to see it."""
        return f"What {self.hook_class.hook_name} does of the {self.subject} goes on there."

    def reached(self, result: JSON) -> str:
        """What it is when the wait has ended well, for the log.

        :param result: what the wait returns.
        """
        return "done"

    def next_step(self, result: JSON) -> str | None:
        """What has to be done now that it is so, if anything.

        :param result: what the wait returns.
        """
        return None

    def listing(self) -> Listing | None:
        """The poll that serves this probe and others at once, if the service has one."""
        return None

    def judge_listed(self, listed: Any) -> Outcome | None:
        """The outcome by the result of a listing; None if `look` has to find it out.

        :raises UnreadableResponse: a row that may be about this probe cannot be read.
        """
        return None

    def dump(self) -> tuple[str, str]:
        """Name and fields of this probe, the fields as JSON; raises TypeError if one is not plain JSON."""
        kind = type(self)
        return f"{kind.__module__}.{kind.__qualname__}", json.dumps(asdict(self), sort_keys=True)

    @staticmethod
    def load(name: str, fields: str) -> Probe:
        """The probe `dump` was called on."""
        module, _, attribute = name.rpartition(".")
        kind = getattr(importlib.import_module(module), attribute)
        if not (isinstance(kind, type) and issubclass(kind, Probe)):
            raise TypeError(f"{name} is not a probe")
        stored = json.loads(fields).items()
        return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in stored})


class Credentials:
    """Refused credentials may be tried once more, after the connection was read anew; then they are wrong.

    One refusal between good polls is a whim of the service.
    """

    def __init__(self) -> None:
        self._refused = False

    def are_good(self) -> None:
        """Note a poll that was not refused."""
        self._refused = False

    def are_refused(self, *, renewed: bool) -> bool:
        """Note a refusal. Returns whether it is the second in a row with the same connection.

        :param renewed: whether the connection has changed since.
        """
        again, self._refused = self._refused and not renewed, True
        return again


class Patience:
    """Tolerates bad polls of what is waited for, and logs an unknown status once.

    A service that is down or limits its rate is tolerated, with growing pauses. Other odd answers are
    tolerated `MOST_ODD_ANSWERS` times in a row. What the credentials make impossible is not tolerated.

    :param started: when the wait started, as `time.monotonic` counts; at first "not found" means "not yet".
    :param most_outages: how often in a row the service may be down.
    """

    def __init__(self, subject: str, *, started: float | None = None, most_outages: float = math.inf) -> None:
        self._subject = subject
        self._found_until = (time.monotonic() if started is None else started) + pace.NOT_FOUND_FOR
        self._most_outages = most_outages
        self._said: set[str] = set()
        self.outages = self.odd_answers = 0
        """Bad polls in a row of either kind."""
        self.no_answer = Pending("no answer")
        """The outcome of a bad poll."""

    async def ask(self, question: Steps[T]) -> T | None:
        """The result of a poll; None after a bad one.

        :raises ActivationError: it is not tolerated, or not any more.
        """
        try:
            answer = await question
        except Exception as error:
            self.bear(error)
            return None
        self.is_good()
        return answer

    async def look(self, probe: Probe) -> Outcome:
        """Poll a probe; a bad poll counts as pending."""
        outcome = await self.ask(probe.look())
        if outcome is None:
            return self.no_answer
        self.notice(outcome)
        return outcome

    def bear(self, error: Exception) -> None:
        """Count a bad poll.

        :raises ActivationError: it is not tolerated, or not any more.
        """
        if not isinstance(error, ActivationError):
            log.error("%s: an answer cannot be judged.", self._subject, exc_info=error)
            error = errors.UnreadableResponse(f"the answer cannot be judged ({type(error).__name__}).")
        if isinstance(error, errors.NotFound) and time.monotonic() < self._found_until:
            self.no_answer = Pending("not found yet")
            return
        if isinstance(error, FINAL) or (isinstance(error, errors.InvalidRequest) and error.status is None):
            raise error
        if isinstance(error, OUTAGES):
            self.outages, self.odd_answers = self.outages + 1, 0
        else:
            self.outages, self.odd_answers = 0, self.odd_answers + 1
        if self.outages > self._most_outages or self.odd_answers > MOST_ODD_ANSWERS:
            raise error
        self.no_answer = Pending(f"no answer: {error.headline}", said=error.body)
        number = self.outages or f"{self.odd_answers} of at most {MOST_ODD_ANSWERS}"
        log.warning("%s: bad poll %s in a row: %s", self._subject, number, error.headline)

    @property
    def is_bad(self) -> bool:
        """Whether the last poll was bad."""
        return bool(self.outages or self.odd_answers)

    def is_good(self) -> None:
        """Count a good poll."""
        self.outages = self.odd_answers = 0

    def pause(self, pauses: Pace) -> float:
        """Seconds until the next poll: more and more in an outage, the interval after an odd answer."""
        pause = backed_off(pauses.next_pause(), self.outages)
        return spread(pauses.poll_interval if self.odd_answers else pause)

    def notice(self, outcome: Outcome) -> None:
        """Log a status that no document names, once."""
        if isinstance(outcome, Pending) and not outcome.known and outcome.status not in self._said:
            self._said.add(outcome.status)
            unknown = "%s has the status %r, which no document names; the wait goes on until its timeout."
            log.warning(unknown, self._subject, outcome.status)


async def wait(
    probe: Probe, *, poll_interval: float, deadline: float, credentials: Credentials | None = None
) -> JSON:
    """Poll until the probe has an outcome, and return its result.

    A clock that is set changes nothing while this runs. The last poll starts after the deadline.

    :param poll_interval: seconds between two polls; the first pauses are shorter, see `waits.pace`.
    :param deadline: seconds since the epoch at which the wait gives up.
    :param credentials: are told of each poll that was not refused.
    :raises JobFailed: it has failed.
    :raises NeedsAction: it cannot go on before a person or another system acts.
    :raises WaitTimeout: the deadline has passed.
    """
    patience, pauses = Patience(probe.subject), Pace(poll_interval)
    started = time.monotonic()
    ends = started + deadline - time.time()
    while True:
        is_last = time.monotonic() >= ends
        outcome = await patience.look(probe)
        if credentials is not None:
            credentials.are_good()
        if not isinstance(outcome, Pending):
            return conclude(probe, outcome)
        if is_last:
            raise timed_out(probe, outcome, time.monotonic() - started)
        if (pause := min(patience.pause(pauses), ends - time.monotonic())) > 0:
            await Pause(pause)


def ask_on_worker(hook: ActivationHook, question: Callable[[Credentials], Steps[T]], *, ends: float) -> T:
    """Poll on a worker. If the service refuses the credentials, the connection is looked up again.

    :param question: makes the steps, again after a refusal; it tells the credentials what was not refused.
    :param ends: when the wait gives up, as `time.monotonic` counts.
    """
    credentials = Credentials()
    while True:
        try:
            return hook.run(question(credentials), within=max(0.0, ends - time.monotonic()) + pace.OVERRUN)
        except (errors.AuthenticationFailed, errors.PermissionDenied):
            if credentials.are_refused(renewed=hook.look_up_again()):
                raise


def last_look(hook: ActivationHook, probe: Probe) -> Outcome:
    """Poll on a worker after Airflow gave up the wait. A bad poll is pending, whatever the reason."""
    try:
        return hook.run(probe.look(), within=pace.LAST_LOOK_WITHIN)
    except Exception as error:
        why = error.headline if isinstance(error, ActivationError) else error
        log.warning("%s: the last poll was bad: %s", probe.subject, why)
        return Pending("no answer")


async def give_up(probe: Probe, *, cancel: bool) -> bool:
    """Cancel what is waited for, or log what continues at the service. Returns whether it tried to cancel.

    It never fails: the task's log has to end with the reason for which the wait ended.

    :param cancel: whether to cancel it, where the service can.
    """
    try:
        cancelled = await probe.cancel() if cancel else None
    except ActivationError as error:
        log.error("The %s could not be cancelled: %s %s", probe.subject, error.headline, probe.left_behind)
        return True
    if cancelled is None:
        log.warning(probe.left_behind)
        return False
    log.warning("Nobody waits any more: %s", cancelled)
    return True


def begun(probe: Probe, timeout: float, poll_interval: float, *, in_triggerer: bool = False) -> str:
    """The line of the log when a wait begins."""
    where = ", in the triggerer" if in_triggerer else ""
    every = duration(poll_interval)
    return f"Waiting for {probe.subject}, at most {duration(timeout)}, every {every}{where}."


def ended(probe: Probe, result: JSON, since: float | None) -> str:
    """The line of the log when a wait has ended well.

    :param since: when it began, in seconds since the epoch, if that is known.
    """
    after = "" if since is None else f" after {duration(max(0.0, time.time() - since))}"
    subject, next_step = probe.subject, probe.next_step(result)
    line = f"{subject[:1].upper()}{subject[1:]} is {probe.reached(result)}{after}."
    return f"{line} {next_step}" if next_step else line


def timed_out(probe: Probe, last: Pending, seconds: float) -> errors.WaitTimeout:
    """The error of a wait whose deadline has passed."""
    message = f"{probe.subject} was still {last.status!r} after {duration(seconds)}."
    return errors.WaitTimeout(message, service=probe.hook_class.hook_name, body=last.said)


def conclude(probe: Probe, outcome: Ended) -> JSON:
    """The result of a wait that has ended, or its error."""
    service = probe.hook_class.hook_name
    match outcome:
        case Done(result):
            return result
        case Failed(reason):
            raise errors.JobFailed(f"{probe.subject} failed: {reason.rstrip('.')}.", service=service)
        case Blocked(what):
            said = f"{probe.subject} goes no further: {what}."
            raise errors.NeedsAction(said, service=service, advice=probe.action_needed)


def event_of_error(error: ActivationError) -> dict[str, JSON]:
    """An error as the payload of a trigger's event."""
    return {"error": error.as_json()}


def event_of_result(result: JSON) -> dict[str, JSON]:
    """A result as the payload of a trigger's event."""
    return {"result": result}


def result_of_event(event: Mapping[str, JSON] | None) -> JSON:
    """The result in the event of a trigger. An error in it is raised with its type.

    :raises ActivationError: the trigger's error, or an event that no trigger of this package sends.
    """
    if event is not None and isinstance(event.get("error"), dict):
        raise ActivationError.from_json(event["error"])
    if event is None or "result" not in event:
        raise ActivationError(f"the trigger sent an event that cannot be read: {event!r}.")
    return event["result"]
