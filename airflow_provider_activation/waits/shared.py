"""Many waits, one poll: the waits of a process that one listing serves share its polls.

This runs on the event loop of the triggerer. Ten thousand waits for jobs of one account cost one list of
jobs a round. A job that the list lacks is polled alone.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from airflow_provider_activation.errors import ActivationError
from airflow_provider_activation.transport import Transport
from airflow_provider_activation.waits.pace import LAST_LOOK_WITHIN, OVERRUN, Pace, backed_off, spread
from airflow_provider_activation.waits.probe import (
    JSON,
    Credentials,
    Ended,
    Listing,
    Outcome,
    Patience,
    Pending,
    Probe,
    conclude,
    timed_out,
    wait,
)

FIRST_COMERS_WAIT = 1.0
"""Seconds at most until the first round, so that waits that start together share it."""
ASKED_ALONE_AT_ONCE = 20
"""Polls of single resources at the same time, for resources that the listing lacks."""
JUDGED_WITHOUT_A_BREAK = 500
"""Probes that are judged before the event loop runs other tasks."""


async def shared_wait(
    transport: Transport,
    probe: Probe,
    *,
    poll_interval: float,
    deadline: float,
    credentials: Credentials | None = None,
) -> JSON:
    """Wait as `waits.probe.wait` does, with shared polls where the service can list.

    :param transport: the transport of the connection, the same for all waits that can share.
    :param poll_interval: seconds between two polls; the shortest of the waits that share decides.
    :param deadline: seconds since the epoch at which the wait gives up.
    :param credentials: are told of each poll that was not refused.
    """
    listing = probe.listing()
    left = max(0.0, deadline - time.time())
    if listing is None:
        alone = wait(probe, poll_interval=poll_interval, deadline=deadline, credentials=credentials)
        return await transport.arun(alone, within=left + OVERRUN)
    waiter = _Waiter(probe, poll_interval, credentials or Credentials())
    leave = _join(transport, listing, waiter)
    started = time.monotonic()
    try:
        async with asyncio.timeout(left):
            return conclude(probe, await waiter.outcome)
    except TimeoutError:
        # it may have ended since the last poll, for instance while the triggerer was down
        outcome = await transport.arun(waiter.patience.look(probe), within=LAST_LOOK_WITHIN)
        if isinstance(outcome, Pending):
            raise timed_out(probe, outcome, time.monotonic() - started) from None
        return conclude(probe, outcome)
    finally:
        leave()


class _Waiter:
    """One wait among those that share a poll."""

    __slots__ = ("_bears_at", "_credentials", "_patience", "last", "outcome", "pace", "probe")

    def __init__(self, probe: Probe, poll_interval: float, credentials: Credentials) -> None:
        self.probe = probe
        self._credentials = credentials
        self.pace = Pace(poll_interval)
        self.outcome: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()
        self.last = Pending("not asked yet")
        self._patience: Patience | None = None
        self._bears_at = 0.0

    def take(self, outcome: Outcome) -> None:
        """Take the outcome of a round, and end the wait if it is final."""
        self._credentials.are_good()
        if not isinstance(outcome, Pending):
            if not self.outcome.done():
                self.outcome.set_result(outcome)
            return
        if self._patience is not None:
            self._patience.is_good()
        if not outcome.known:
            self.patience.notice(outcome)
        self.last = outcome

    def bear(self, error: Exception) -> None:
        """Count a bad poll of this wait alone, once a poll interval; end the wait if it was one too many."""
        now = self.outcome.get_loop().time()
        if now < self._bears_at:
            return
        try:
            self.patience.bear(error)
        except ActivationError as too_bad:
            self.fail(too_bad)
        # others may have the list polled more often
        self._bears_at = now + 0.9 * self.pace.poll_interval
        self.last = self.patience.no_answer

    def fail(self, error: Exception) -> None:
        """End the wait with an error."""
        if not self.outcome.done():
            self.outcome.set_exception(error)

    @property
    def patience(self) -> Patience:
        # most waits need none
        if self._patience is None:
            self._patience = Patience(self.probe.subject)
        return self._patience


class _SharedPoll:
    """Polls one listing as long as there are waits for it."""

    def __init__(self, transport: Transport, listing: Listing, first: _Waiter) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport = transport
        self._listing = listing
        self._patience = Patience(f"the list of {' '.join(listing.key)}")
        self._waiters: dict[_Waiter, None] = {}
        self._sooner = asyncio.Event()
        self._next_round = self._loop.time() + min(FIRST_COMERS_WAIT, first.pace.coming)
        self._task = self._loop.create_task(self._rounds())

    def join(self, waiter: _Waiter) -> None:
        self._waiters[waiter] = None
        if self._task.done():
            # it failed, and some of its waits have not left yet
            self._task = self._loop.create_task(self._rounds())
        first_question = self._loop.time() + waiter.pace.coming
        if first_question < self._next_round and not self._patience.is_bad:
            self._next_round = first_question
            self._sooner.set()

    def leave(self, waiter: _Waiter) -> bool:
        """Whether it was the last wait, so that the poll has ended."""
        self._waiters.pop(waiter, None)
        if self._waiters:
            return False
        self._task.cancel()
        return True

    async def _rounds(self) -> None:
        try:
            while self._waiters:
                await self._until_next_round()
                await self._round()
                self._plan_next_round()
        except Exception as error:
            # unexpected errors too: a wait must not hang because its poll has ended
            for waiter in tuple(self._waiters):
                waiter.fail(error)

    async def _round(self) -> None:
        # a method of its own, so that a list of thousands is freed before the next one arrives
        listed = await self._transport.arun(self._ask())
        if listed is not None:
            await self._tell(listed[0])
        else:
            for waiter in self._waiters:
                waiter.last = self._patience.no_answer

    def _plan_next_round(self) -> None:
        paces, odd = (waiter.pace for waiter in self._waiters), self._patience.odd_answers
        pause = min((pace.poll_interval if odd else pace.next_pause() for pace in paces), default=0.0)
        self._next_round = self._loop.time() + spread(backed_off(pause, self._patience.outages))

    async def _until_next_round(self) -> None:
        while (rest := self._next_round - self._loop.time()) > 0:
            self._sooner.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(rest):
                    await self._sooner.wait()

    async def _ask(self) -> tuple[object] | None:
        async def question() -> tuple[object]:
            return (await self._listing.question([waiter.probe for waiter in self._waiters]),)

        return await self._patience.ask(question())

    async def _tell(self, listed: object) -> None:
        alone = []
        for number, waiter in enumerate(tuple(self._waiters), 1):
            try:
                outcome = waiter.probe.judge_listed(listed)
            except Exception as error:
                waiter.bear(error)
            else:
                if outcome is None:
                    alone.append(waiter)
                else:
                    waiter.take(outcome)
            if number % JUDGED_WITHOUT_A_BREAK == 0:
                await asyncio.sleep(0)
        places = asyncio.Semaphore(ASKED_ALONE_AT_ONCE)

        async def ask(waiter: _Waiter) -> None:
            async with places:
                if waiter not in self._waiters:
                    return
                try:
                    waiter.take(await self._transport.arun(waiter.probe.look()))
                except Exception as error:
                    waiter.bear(error)

        await asyncio.gather(*map(ask, alone))


_polls: dict[tuple[asyncio.AbstractEventLoop, Transport, tuple[str, ...]], _SharedPoll] = {}


def _join(transport: Transport, listing: Listing, waiter: _Waiter) -> Callable[[], None]:
    """Have a wait share the poll of a listing; returns how it leaves."""
    key = (asyncio.get_running_loop(), transport, listing.key)
    poll = _polls.get(key)
    if poll is None:
        poll = _polls[key] = _SharedPoll(transport, listing, waiter)
    poll.join(waiter)

    def leave() -> None:
        if poll.leave(waiter):
            del _polls[key]

    return leave
