"""What every event trigger has in common: one question a round, and one event for each thing and status.

An event trigger watches without end for an `AssetWatcher`; a deferred task is `triggers.wait`'s business.
Modules of event triggers load no client until the triggerer runs them: DAG files import them.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from abc import abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeAlias, TypeVar

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from airflow_provider_activation.arguments import seconds

if TYPE_CHECKING:
    from airflow.triggers.shared_stream import SharedStreamProducer

    from airflow_provider_activation.api.models import Resource
    from airflow_provider_activation.hooks.base import ActivationHook
    from airflow_provider_activation.transport import Transport

log = logging.getLogger(__name__)

R = TypeVar("R", bound="Resource")

JSON: TypeAlias = Any

FORGOTTEN_AFTER = 10
"""A thing that so many polls in a row do not list is forgotten; one short list makes nothing fire again."""
DEEPEST = 100
"""Levels of lists and objects in an event; Airflow's triggerer ends when it cannot write an event down."""
LARGEST = 2**63 - 1


class Poll(Generic[R]):
    """What one question found, for all triggers that share it.

    :param things: what the service listed.
    """

    def __init__(self, things: Sequence[R]) -> None:
        self.things = things
        self._to_do: list[Callable[[], Awaitable[None]]] = []

    def once_stored(self, do: Callable[[], Awaitable[None]]) -> None:
        """Have something done as soon as Airflow has stored every event made of this poll."""
        self._to_do.append(do)

    async def stored(self) -> None:
        """Do what was to be done; called where Airflow says that the events are stored."""
        for do in self._to_do:
            await do()


class Reported:
    """In which statuses each thing was reported. Forgets what the service does not list any more.

    :param statuses: by the thing's id.
    """

    def __init__(self, statuses: Mapping[str, Collection[str]]) -> None:
        self._statuses = {thing_id: set(them) for thing_id, them in statuses.items()}
        self._unlisted: dict[str, int] = {}

    def holds(self, thing_id: str, status: str) -> bool:
        return status in self._statuses.get(thing_id, ())

    def add(self, thing_id: str, status: str) -> None:
        self._statuses.setdefault(thing_id, set()).add(status)

    def forget_unlisted(self, listed: Collection[str]) -> None:
        """Count the polls that do not list a thing, and forget it after some in a row."""
        missing = self._statuses.keys() - listed
        self._unlisted = {thing_id: self._unlisted.get(thing_id, 0) + 1 for thing_id in missing}
        for thing_id, polls in self._unlisted.items():
            if polls >= FORGOTTEN_AFTER:
                del self._statuses[thing_id]

    def as_json(self) -> dict[str, list[str]]:
        return {thing_id: sorted(statuses) for thing_id, statuses in self._statuses.items()}


class ActivationEventTrigger(BaseEventTrigger, Generic[R]):
    """Fires once for each thing and status, for as long as a DAG watches. Only asks; holds no secret.

    On Airflow 3.3 triggers that ask the same share one question a round, and what was reported is kept in
    the asset's state store, so that a restart loses nothing. It is written down as soon as Airflow says
    that the events are stored: a triggerer that dies in between, within about a second, sends them again,
    and their payloads are equal. Before 3.3 each trigger asks for itself and remembers only while it runs.

    A service that does not answer, or refuses, does not end the watching. It is asked less and less often,
    down to every ten minutes, and every bad poll is in the triggerer's log: as a warning, from the eleventh
    in a row on or where a retry does not help as an error. Raising would gain nothing: Airflow starts a
    failed event trigger anew every two seconds, shows it nowhere but in that log, and without a state
    store what was reported would be forgotten.

    :param poll_interval: seconds between two questions.
    :param report_existing: whether to fire for what is in a watched status already when nothing is
        remembered: at the first start, and before Airflow 3.3 at every start of the triggerer.
    :raises ValueError: naming the argument that is out of range.
    """

    service_arguments: ClassVar[tuple[str, ...]]
    """Names of the arguments that decide what is asked."""
    own_arguments: ClassVar[tuple[str, ...]]
    """Names of the arguments that decide what of the answers fires."""

    def __init__(self, *, poll_interval: float | timedelta, report_existing: bool) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow's own lacks types
        self.poll_interval = seconds("poll_interval", poll_interval)
        self.report_existing = report_existing
        self._written: dict[str, list[str]] | None = None

    # what each service says

    @property
    @abstractmethod
    def subject(self) -> str:
        """What is watched, for messages."""

    @abstractmethod
    def hook(self) -> ActivationHook:
        """A hook with the trigger's connection."""

    @abstractmethod
    async def question(self) -> Sequence[R]:
        """Ask once. Only calls that change nothing; decided by `service_arguments` alone."""

    @abstractmethod
    def id_of(self, thing: R) -> str:
        """What tells a thing from all others that the question can find."""

    @abstractmethod
    def reached(self, thing: R) -> str | None:
        """The watched status a thing has, in the spelling asked for; None if it has none."""

    @abstractmethod
    def payload(self, thing: R, status: str) -> dict[str, JSON]:
        """The event of a thing: the service, ids, the status, and the thing as the service describes it."""

    # what Airflow asks

    def serialize(self) -> tuple[str, dict[str, Any]]:
        kind = type(self)
        names = (*self.service_arguments, *self.own_arguments, "poll_interval", "report_existing")
        return f"{kind.__module__}.{kind.__qualname__}", {name: getattr(self, name) for name in names}

    def shared_stream_key(self) -> tuple[str | float | None, ...]:
        """Equal for triggers whose question is the same."""
        path, arguments = self.serialize()
        return (path, *(arguments[name] for name in self.service_arguments), self.poll_interval)

    @classmethod
    async def open_shared_stream(cls, kwargs: dict[str, Any]) -> AsyncGenerator[Poll[R], None]:
        """Poll again and again, whatever happens; yield each poll that got an answer.

        :param kwargs: of any of the triggers that share the poll.
        """
        from airflow_provider_activation.waits.shared import FIRST_COMERS_WAIT

        polling = _Polling(cls(**kwargs))
        await asyncio.sleep(min(FIRST_COMERS_WAIT, polling.trigger.poll_interval))
        try:
            while True:
                poll, pause = await polling.ask()
                if poll is not None:
                    yield poll
                await asyncio.sleep(pause)
        finally:
            await polling.close()

    @classmethod
    def create_shared_stream_producer(cls, kwargs: dict[str, Any]) -> SharedStreamProducer:
        """The same polls for Airflow 3.3, which says when the events made of a poll are stored."""
        return _producer(cls.open_shared_stream(kwargs))

    async def filter_shared_stream(
        self, shared_stream: AsyncIterator[Poll[R]]
    ) -> AsyncIterator[TriggerEvent]:
        """Yield an event for everything that has newly reached a watched status."""
        reported: Reported | None = None
        async for poll in shared_stream:
            reached = self._reached(poll)
            if reported is None:
                reported = await self._begin(reached)
                if reported is None:
                    continue
            for (thing_id, status), thing in reached.items():
                if not reported.holds(thing_id, status) and (event := self._event(thing, status)):
                    yield event
                    reported.add(thing_id, status)
            reported.forget_unlisted({carried(self.id_of(thing)) for thing in poll.things})
            self._keep(reported, poll)

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Watch alone: Airflow before 3.3, which has no shared streams."""
        async with aclosing(self.open_shared_stream(self.serialize()[1])) as polls:
            async for event in self.filter_shared_stream(polls):
                yield event

    # what fires

    def _reached(self, poll: Poll[R]) -> dict[tuple[str, str], R]:
        return {
            (carried(self.id_of(thing)), status): thing
            for thing in poll.things
            if (status := self.reached(thing))
        }

    def _event(self, thing: R, status: str) -> TriggerEvent | None:
        """A thing's event; None if it cannot be made, which is tried again with the next poll."""
        try:
            return TriggerEvent(carried(self.payload(thing, status)))  # type: ignore[no-untyped-call]
        except Exception:
            # one thing that cannot be read must not keep the others from firing
            log.exception("%s: no event can be made of %s.", self.subject, self.id_of(thing))
            return None

    # what was reported, across restarts

    async def _begin(self, reached: Mapping[tuple[str, str], R]) -> Reported | None:
        """What was reported before; None if Airflow does not tell: then the next poll asks again."""
        try:
            self._written = await self._read()
            reported = Reported(self._written or {})
        except Exception:
            log.exception("%s: what was reported before cannot be read.", self.subject)
            return None
        if self._written is None and not self.report_existing:
            for thing_id, status in reached:
                reported.add(thing_id, status)
        return reported

    def _keep(self, reported: Reported, poll: Poll[R]) -> None:
        cursor = reported.as_json()
        if cursor != self._written and self._stores():
            poll.once_stored(partial(self._write, cursor))

    async def _write(self, cursor: dict[str, list[str]]) -> None:
        try:
            for store in self._stores():
                await store.aset(self._key, cursor)
        except Exception:
            # it is written again with the next poll, and until then only a restart would miss it
            log.exception("%s: what was reported cannot be written down.", self.subject)
        else:
            self._written = cursor

    async def _read(self) -> dict[str, list[str]] | None:
        for store in self._stores():
            cursor = await store.aget(self._key)
            if isinstance(cursor, dict):
                return cursor
        return None

    @property
    def _key(self) -> str:
        """Names what was reported; the same as long as the arguments that decide what fires are."""
        path, arguments = self.serialize()
        fixed = {name: arguments[name] for name in (*self.service_arguments, *self.own_arguments)}
        digest = hashlib.sha256(json.dumps([path, fixed], sort_keys=True).encode()).hexdigest()
        return f"{type(self).__name__}-{digest[:16]}"

    def _stores(self) -> list[Any]:
        """The state stores of the assets that this trigger serves (Airflow 3.3); none before."""
        store = getattr(self, "asset_state_store", None)
        if store is None:
            return []
        # one trigger may serve several assets, for which Airflow has no public way to their stores
        return list(getattr(store, "_by_name", {}).values()) or [store]


class _Polling(Generic[R]):
    """The polls of one trigger, and what went wrong with them."""

    def __init__(self, trigger: ActivationEventTrigger[R]) -> None:
        from airflow_provider_activation.waits.probe import Patience

        self.trigger = trigger
        self._patience = Patience(trigger.subject)
        self._refusals = 0
        self._transport: Transport | None = None
        self._in_use = AsyncExitStack()

    async def ask(self) -> tuple[Poll[R] | None, float]:
        """One poll, None if it got no answer; and the seconds until the next."""
        try:
            if self._transport is None:
                transport = await self.trigger.hook().aget_conn()
                self._transport = await self._in_use.enter_async_context(transport)
            resources = await self._transport.arun(self._patience.ask(self.trigger.question()))
        except Exception as error:
            # looked up again for the next poll: a person may have corrected the connection
            await self.close()
            return None, self._report(error)
        if resources is None:
            return None, self._pause(self._patience.bad_polls)
        self._refusals = 0
        return Poll(resources), self._pause(0)

    async def close(self) -> None:
        """Let go of the connection's client."""
        self._transport = None
        await self._in_use.aclose()

    def _report(self, error: Exception) -> float:
        from airflow_provider_activation.errors import ActivationError
        from airflow_provider_activation.waits.probe import MOST_BAD_POLLS

        self._refusals += 1
        pause = self._pause(min(MOST_BAD_POLLS, max(self._refusals, self._patience.bad_polls)))
        log.error(
            "%s: %s The watch goes on and asks again in %.0f seconds.",
            self.trigger.subject,
            error,
            pause,
            exc_info=not isinstance(error, ActivationError),
        )
        return pause

    def _pause(self, bad_polls: int) -> float:
        from airflow_provider_activation.waits.pace import backed_off, spread

        return spread(backed_off(self.trigger.poll_interval, bad_polls))


def _producer(polls: AsyncGenerator[Poll[Any], None]) -> SharedStreamProducer:
    """Hands polls to the triggers that share them, and tells each poll when its events are stored."""
    from airflow.triggers.shared_stream import AdvanceItem, SharedStreamProducer  # not before Airflow 3.3

    class Producer(SharedStreamProducer):
        async def open_stream(self) -> AsyncIterator[tuple[Poll[Any], Poll[Any]]]:
            async for poll in polls:
                yield poll, poll

        async def advance(self, batch: Sequence[AdvanceItem]) -> None:
            for poll, outcome in batch:
                # whose events were not stored is not told; the next poll makes good for the others
                if not outcome.failed:
                    await poll.stored()

        async def aclose(self) -> None:
            await polls.aclose()

    return Producer()


def carried(value: JSON, depth: int = 0) -> JSON:
    """A value as Airflow can write it down: no number beyond 64 bits, no half of a character, not too deep.

    What does not fit becomes text. An event that cannot be written down ends the whole triggerer.
    """
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, int):
        return value if abs(value) <= LARGEST else str(value)
    if isinstance(value, dict | list) and depth == DEEPEST:
        return "nested too deeply"
    if isinstance(value, dict):
        return {carried(name): carried(item, depth + 1) for name, item in value.items()}
    if isinstance(value, list):
        return [carried(item, depth + 1) for item in value]
    return value
