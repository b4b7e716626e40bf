"""The base of event triggers, which watch without end for an `AssetWatcher`.

Deferred tasks use `triggers.wait`. DAG files import event triggers, so their modules load no client.
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
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeAlias, TypeVar

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from airflow_provider_activation.arguments import PLAIN_FLAG, given, interval

if TYPE_CHECKING:
    from airflow.triggers.shared_stream import SharedStreamProducer

    from airflow_provider_activation.api.models import Resource
    from airflow_provider_activation.hooks.base import ActivationHook
    from airflow_provider_activation.transport import Transport

log = logging.getLogger(__name__)

R = TypeVar("R", bound="Resource")

JSON: TypeAlias = Any

FORGOTTEN_AFTER = 10
"""Polls in a row without a resource after which it is forgotten. One short list makes nothing fire again."""
MOST_OUTAGES = 10
"""Polls in a row without an answer that are warnings in the log; further ones are errors."""


class Poll(Generic[R]):
    """The resources that the service listed in one poll, for all triggers that share it.

    :param gate: makes what leaves the triggerer fit for it.
    """

    def __init__(self, resources: Sequence[R], gate: Callable[[JSON], JSON] = lambda value: value) -> None:
        self.resources = resources
        self.gate = gate
        self._to_do: list[Callable[[], Awaitable[None]]] = []

    def once_stored(self, do: Callable[[], Awaitable[None]]) -> None:
        """Call a function as soon as Airflow has stored all events of this poll."""
        self._to_do.append(do)

    async def stored(self) -> None:
        """Call these functions, when Airflow says that the events are stored."""
        for do in self._to_do:
            await do()


class Reported:
    """The statuses in which each resource was reported, by its id. Resources that vanish are forgotten."""

    def __init__(self, statuses: Mapping[str, Collection[str]]) -> None:
        self._statuses = {resource_id: set(them) for resource_id, them in statuses.items()}
        self._unlisted: dict[str, int] = {}

    def holds(self, resource_id: str, status: str) -> bool:
        return status in self._statuses.get(resource_id, ())

    def add(self, resource_id: str, status: str) -> None:
        self._statuses.setdefault(resource_id, set()).add(status)

    def forget_unlisted(self, listed: Collection[str]) -> None:
        """Count the polls without a resource, and forget it after some in a row."""
        missing = self._statuses.keys() - listed
        self._unlisted = {resource_id: self._unlisted.get(resource_id, 0) + 1 for resource_id in missing}
        for resource_id, polls in self._unlisted.items():
            if polls >= FORGOTTEN_AFTER:
                del self._statuses[resource_id]

    def as_json(self) -> dict[str, list[str]]:
        return {resource_id: sorted(statuses) for resource_id, statuses in self._statuses.items()}


class ActivationEventTrigger(BaseEventTrigger, Generic[R]):
    """Fires once for each resource and status, for as long as a DAG watches. It only reads and has no secret.

    On Airflow 3.3 triggers with the same poll share it, and the asset's state store keeps what was reported,
    so that a restart loses nothing. It is stored as soon as Airflow says that the events are stored: a
    triggerer that dies within about a second before that sends them again, with equal payloads. Before 3.3
    each trigger polls alone and remembers only while it runs.

    A service that refuses or does not answer does not end the watch. It is polled less and less often, down
    to every ten minutes. Every bad poll is in the triggerer's log: as a warning, and as an error from the
    eleventh outage or the sixth odd answer in a row, or where the credentials are refused. An exception would
    gain nothing: Airflow restarts a failed event trigger every two seconds and shows it nowhere but in that
    log, and without a state store it would forget what was reported.

    :param poll_interval: seconds between two polls.
    :param report_existing: whether to fire for what is in a watched status already when nothing is
        remembered: at the first start, and before Airflow 3.3 at every start of the triggerer.
    :raises ValueError: naming the argument that is out of range.
    """

    hook_class: ClassVar[str]
    """Module and class of the hook, below ``hooks``."""
    service_arguments: ClassVar[tuple[str, ...]]
    """Names of the arguments that decide what is polled; the first names the connection."""
    own_arguments: ClassVar[tuple[str, ...]]
    """Names of the arguments that decide which resources fire."""

    def __init__(self, *, poll_interval: float | timedelta, report_existing: bool) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow's own lacks types
        self.poll_interval = interval("poll_interval", poll_interval)
        self.report_existing = given("report_existing", PLAIN_FLAG, report_existing)
        self._written: dict[str, list[str]] | None = None

    @property
    @abstractmethod
    def subject(self) -> str:
        """The subject of the watch, for messages."""

    @abstractmethod
    async def question(self) -> Sequence[R]:
        """Poll once, by `service_arguments` alone. Only calls that change nothing are made."""

    @abstractmethod
    def id_of(self, resource: R) -> str:
        """The id of a resource, unique among all that the poll can list."""

    @abstractmethod
    def reached(self, resource: R) -> str | None:
        """The watched status of a resource, in the spelling asked for; None if it has another status."""

    @abstractmethod
    def payload(self, resource: R, status: str) -> dict[str, JSON]:
        """The event: the service, ids, the status, and the resource as the service describes it."""

    def hook(self) -> ActivationHook:
        """A hook with the trigger's connection."""
        hook_class = resolve_name(f"airflow_provider_activation.hooks.{self.hook_class}")
        hook: ActivationHook = hook_class(getattr(self, self.service_arguments[0]))
        return hook

    def serialize(self) -> tuple[str, dict[str, Any]]:
        kind = type(self)
        names = (*self.service_arguments, *self.own_arguments, "poll_interval", "report_existing")
        return f"{kind.__module__}.{kind.__qualname__}", {name: getattr(self, name) for name in names}

    def shared_stream_key(self) -> tuple[str | float | None, ...]:
        """Equal for triggers with the same poll."""
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
        """The same polls for Airflow 3.3, which says when the events of a poll are stored."""
        from airflow.triggers.shared_stream import AdvanceItem, SharedStreamProducer  # not before Airflow 3.3

        polls = cls.open_shared_stream(kwargs)

        class Producer(SharedStreamProducer):
            async def open_stream(self) -> AsyncIterator[tuple[Poll[R], Poll[R]]]:
                async for poll in polls:
                    yield poll, poll

            async def advance(self, batch: Sequence[AdvanceItem]) -> None:
                for poll, outcome in batch:
                    # Airflow does not say whose events were not stored; the next poll repeats them
                    if not outcome.failed:
                        await poll.stored()

            async def aclose(self) -> None:
                await polls.aclose()

        return Producer()

    async def filter_shared_stream(
        self, shared_stream: AsyncIterator[Poll[R]]
    ) -> AsyncIterator[TriggerEvent]:
        """Yield an event for each resource that has reached a watched status."""
        from airflow_provider_activation.api.rows import unreadable_of

        reported: Reported | None = None
        async for poll in shared_stream:
            ids = poll.gate([self.id_of(resource) for resource in poll.resources])
            reached = {
                (resource_id, status): resource
                for resource_id, resource in zip(ids, poll.resources, strict=True)
                if (status := self.reached(resource))
            }
            if reported is None:
                reported = await self._begin(reached)
                if reported is None:
                    continue
            for (resource_id, status), resource in reached.items():
                if not reported.holds(resource_id, status) and (
                    event := self._event(resource, status, poll.gate)
                ):
                    yield event
                    reported.add(resource_id, status)
            # ids are text here, and what cannot be read may have any id
            unread = {str(poll.gate(row.id)) for row in unreadable_of(poll.resources)}
            reported.forget_unlisted({*ids, *unread})
            cursor = reported.as_json()
            if cursor != self._written and self._stores():
                poll.once_stored(partial(self._write, cursor))

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Watch alone, for Airflow before 3.3, which has no shared streams."""
        async with aclosing(self.open_shared_stream(self.serialize()[1])) as polls:
            async for event in self.filter_shared_stream(polls):
                yield event

    def _event(self, resource: R, status: str, gate: Callable[[JSON], JSON]) -> TriggerEvent | None:
        """The event of a resource; None if it cannot be made now. The next poll tries again."""
        try:
            return TriggerEvent(gate(self.payload(resource, status)))  # type: ignore[no-untyped-call]
        except Exception:
            # one resource that cannot be read must not keep the others from firing
            log.exception("%s: no event can be made of %s.", self.subject, self.id_of(resource))
            return None

    async def _begin(self, reached: Mapping[tuple[str, str], R]) -> Reported | None:
        """What was reported before; None if Airflow does not say, and the next poll asks again."""
        try:
            self._written = await self._read()
            reported = Reported(self._written or {})
        except Exception:
            log.exception("%s: what was reported before cannot be read.", self.subject)
            return None
        if self._written is None and not self.report_existing:
            for resource_id, status in reached:
                reported.add(resource_id, status)
        return reported

    async def _write(self, cursor: dict[str, list[str]]) -> None:
        try:
            for store in self._stores():
                await store.aset(self._key, cursor)
        except Exception:
            # the next poll stores it again; until then only a restart would miss it
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
        """The key in the state store; it depends on the arguments that decide what fires."""
        path, arguments = self.serialize()
        fixed = {name: arguments[name] for name in (*self.service_arguments, *self.own_arguments)}
        digest = hashlib.sha256(json.dumps([path, fixed], sort_keys=True).encode()).hexdigest()
        return f"{type(self).__name__}-{digest[:16]}"

    def _stores(self) -> list[Any]:
        """The state stores of the assets that this trigger serves (Airflow 3.3); none before."""
        store = getattr(self, "asset_state_store", None)
        if store is None:
            return []
        # one trigger may serve several assets, and Airflow has no public way to their stores
        return list(getattr(store, "_by_name", {}).values()) or [store]


class _Polling(Generic[R]):
    """The polls of one trigger, and the bad ones among them."""

    def __init__(self, trigger: ActivationEventTrigger[R]) -> None:
        from airflow_provider_activation.waits.probe import Patience

        self.trigger = trigger
        self._patience = Patience(trigger.subject, started=float("-inf"), most_outages=MOST_OUTAGES)
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
            return None, self._pause(self._patience.outages)
        self._refusals = 0
        return Poll(resources, self._transport.gate), self._pause(0)

    async def close(self) -> None:
        """Let go of the connection's client."""
        self._transport = None
        await self._in_use.aclose()

    def _report(self, error: Exception) -> float:
        from airflow_provider_activation.errors import ActivationError

        self._refusals += 1
        pause = self._pause(min(MOST_OUTAGES, max(self._refusals, self._patience.outages)))
        message = "%s: %s The watch goes on and asks again in %.0f seconds."
        unexpected = not isinstance(error, ActivationError)
        why = error.headline if isinstance(error, ActivationError) else error
        log.error(message, self.trigger.subject, why, pause, exc_info=unexpected)
        return pause

    def _pause(self, bad_polls: int) -> float:
        from airflow_provider_activation.waits.pace import backed_off, spread

        return spread(backed_off(self.trigger.poll_interval, bad_polls))
