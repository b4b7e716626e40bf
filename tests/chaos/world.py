"""The time, the network and the storage of a run: time is the sandbox's and passes at once, and everything
that leaves or reaches the task can be watched."""

from __future__ import annotations

import asyncio
import logging
import time
import types
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol
from unittest import mock

import httpx
import structlog

from airflow_provider_activation import airflow_compat
from airflow_provider_activation.actions import memory
from airflow_provider_activation.hooks import base as hooks
from airflow_provider_activation.storage.place import OnWorker
from airflow_provider_activation.transport import Transport
from airflow_provider_activation.transport import transport as transport_module
from airflow_provider_activation.waits import pace

LONGEST_TRY = 1800.0
"""Seconds of the sandbox's time: whoever still waits then, waits for ever. What was acknowledged is looked
for during ten minutes; nothing else there takes a minute."""


class Hung(BaseException):
    """The task does not end."""


class Watch(Protocol):
    """Sees each request of the task on its way out, each answer on its way in, and each record it writes."""

    def send(
        self, request: httpx.Request, onward: Callable[[httpx.Request], httpx.Response]
    ) -> httpx.Response: ...

    def impatient(self, request: httpx.Request) -> httpx.Request: ...

    def recording(self, path: Path, content: bytes, write: Callable[[], None]) -> None: ...


class Clock:
    """The pauses of a task.

    :param advance: lets the sandbox's time pass.
    """

    def __init__(self, advance: Callable[[float], None]) -> None:
        self._advance = advance
        self._passed = 0.0
        self._held_until = 0.0
        self._slept = 0.0

    def time(self) -> float:
        """Seconds since the epoch, the pauses of the run among them."""
        return time.time() + self._passed

    def begin(self) -> None:
        """Begin a try."""
        self._slept = 0.0

    def hold(self, seconds: float) -> None:
        """The service acts upon something only after these seconds, real ones."""
        self._held_until = time.monotonic() + seconds

    def settle(self) -> None:
        """Wait until the service has acted upon all it was sent."""
        if (rest := self._held_until - time.monotonic()) > 0:
            time.sleep(rest)

    def sleep(self, seconds: float) -> None:
        """Pause. Whatever is on its way to the service has arrived after half a second."""
        self._slept += seconds
        self._passed += seconds
        if self._slept > LONGEST_TRY:
            raise Hung
        if seconds >= 0.5:
            self.settle()
        self._advance(seconds)


class World:
    """What is put in place of the real time and network while the suite runs."""

    def __init__(self) -> None:
        self.clock = Clock(lambda seconds: None)
        self.watch: Watch | None = None
        self._transports: dict[Any, Transport] = {}

    def begin(self, advance: Callable[[float], None]) -> None:
        """Begin a run: another time, and nothing known of tokens.

        :param advance: lets the sandbox's time pass.
        """
        self.clock = Clock(advance)
        self.watch = None
        for transport in self._transports.values():
            transport.close()
        self._transports.clear()

    @contextmanager
    def in_place(self) -> Iterator[World]:
        """While this holds, no pause takes real time, and `watch` sees every request of a task."""
        send = httpx.HTTPTransport.handle_request
        asend = httpx.AsyncHTTPTransport.handle_async_request

        def watched(transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
            onward = partial(send, transport)
            return self.watch.send(request, onward) if self.watch else onward(request)

        async def awatched(transport: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
            return await asend(transport, self.watch.impatient(request) if self.watch else request)

        create = OnWorker.create

        def created(place: OnWorker, content: bytes) -> None:
            write = partial(create, place, content)
            return self.watch.recording(place.path, content, write) if self.watch else write()

        async def asleep(seconds: float) -> None:
            self.clock.sleep(seconds)
            await asyncio.sleep(0)

        fast_asyncio = types.SimpleNamespace(**{**vars(asyncio), "sleep": asleep})
        pauses = partial(Transport, sleep=lambda seconds: self.clock.sleep(seconds))
        with ExitStack() as stack:
            for target, name, replacement in (
                (httpx.HTTPTransport, "handle_request", watched),
                (httpx.AsyncHTTPTransport, "handle_async_request", awatched),
                (OnWorker, "create", created),
                (hooks, "Transport", pauses),
                (hooks, "_transports", self._transports),
                # each run logs in anew, and Airflow's masker takes the longer the more it has to mask
                (airflow_compat, "mask_secret", lambda secret: None),
                (transport_module, "asyncio", fast_asyncio),
                (memory, "time", types.SimpleNamespace(time=lambda: self.clock.time())),
                (pace, "FIRST_LOOK_AFTER", 0.0),
            ):
                stack.enter_context(mock.patch.object(target, name, replacement))
            yield self


@contextmanager
def silence() -> Iterator[None]:
    """Thousands of failing tasks have much to say that nobody reads."""
    configured = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
        structlog.configure(**configured)
