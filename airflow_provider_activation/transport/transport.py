"""The transport of a connection: drives exchanges on a worker and on event loops."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from math import inf
from typing import Any, Self, TypeVar

import httpx

from airflow_provider_activation.api.call import Answer, Call, NotStored
from airflow_provider_activation.api.steps import Pause, Steps, adrive, drive, refuse_step
from airflow_provider_activation.errors import ActivationError, ServiceUnavailable
from airflow_provider_activation.gate import Gate, at_the_gate
from airflow_provider_activation.redaction import Redactor, redact_logs
from airflow_provider_activation.transport.attempt import Attempt
from airflow_provider_activation.transport.body import Received
from airflow_provider_activation.transport.causes import Destination
from airflow_provider_activation.transport.connections import AsyncConnections, Connections
from airflow_provider_activation.transport.exchange import ATTEMPT, Exchanges, LogIn, Read, Send
from airflow_provider_activation.transport.loops import PerLoop
from airflow_provider_activation.transport.settings import ConnectionSettings, refuse_unfit_settings

T = TypeVar("T")

LARGE_ANSWER = 256 * 1024
"""Bytes. A larger answer is read in a thread: a list of ten thousand jobs would block the event loop."""
LARGE_PIECE = 4096
"""Bytes. A larger piece of a compressed body or of a file is decoded and written in a thread."""


class Transport(NotStored):
    """Sends calls of one connection in one process.

    :param on_secret: called with each secret of a new token, in the thread that logged in.
    :param aon_secret: the same on an event loop; `on_secret` is called there if it is left out.
    :param sleep: replaced by tests, which do not wait.
    """

    def __init__(
        self,
        settings: ConnectionSettings,
        *,
        on_secret: Callable[[str], None] = lambda secret: None,
        aon_secret: Callable[[str], Awaitable[None]] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        refuse_unfit_settings(settings)
        self.settings = settings
        self.pid = os.getpid()
        """The process that may use it: a child must not share its open connections."""
        self._exchanges = Exchanges(settings)
        redact_logs(self.redact)
        self._own_secrets = Redactor(settings.secrets)
        self._on_secret, self._aon_secret = on_secret, aon_secret
        self._sleep = sleep
        self._token_lock = threading.Lock()
        self._connections: Connections | None = None
        self._connections_lock = threading.Lock()
        self._loops: PerLoop[asyncio.Future[_OnLoop]] = PerLoop()

    @property
    def redact(self) -> Redactor:
        """Removes the secrets of this connection from a text."""
        return self._exchanges.redact

    @property
    def gate(self) -> Gate:
        """Keeps the secrets of this connection in the process."""
        return Gate(self.redact, self._own_secrets)

    # on a worker

    @at_the_gate
    def send(self, call: Call[T], *, ends: float = inf) -> T:
        """Make one call and return what it answers.

        :param ends: the monotonic time at which it is given up, if it has not ended before.
        :raises ActivationError: see `airflow_provider_activation.errors`.
        """
        return drive(self._exchanges.exchange(call, ends), self._perform)

    @at_the_gate
    def run(self, steps: Steps[T], *, within: float | None = None) -> T:
        """Make several calls in a row; see `airflow_provider_activation.api.steps`.

        :param within: seconds after which the call under way is given up, and no pause goes on.
        """
        ends = _end(within)

        def perform(step: Any) -> Any:
            match step:
                case Call():
                    return self.send(step, ends=ends)
                case Pause(seconds):
                    return self._sleep(_until(ends, seconds))
            raise refuse_step(step)

        return drive(steps, perform)

    def _perform(self, action: Any) -> Any:
        match action:
            case Send():
                return self._attempt(action)
            case Read(call, answer):
                return self._exchanges.read(call, answer)
            case Pause(seconds):
                return self._sleep(seconds)
            case LogIn():
                return self._log_in(action)

    def _attempt(self, send: Send) -> Answer:
        call = send.call
        attempt = self._bounds(send)
        with attempt.running():
            response = self._connections_of_threads().to(call.url).handle_request(self._keyed(send))
            try:
                received = Received(response, call.into, accepted=_is_accepted(call, response))
                with received.body() as body:
                    assert isinstance(response.stream, httpx.SyncByteStream)
                    for piece in response.stream:
                        if not body.take(piece):
                            break
                    received.refuse_surplus(attempt.body_size)
            finally:
                response.close()
        return received.answer()

    def _log_in(self, wanted: LogIn) -> Any:
        if not self._token_lock.acquire(timeout=_until(wanted.ends, threading.TIMEOUT_MAX)):
            raise self._no_token()
        try:
            if self._exchanges.token is wanted.stale or self._exchanges.token is None:
                for secret in drive(self._exchanges.log_in(wanted), self._perform):
                    self._on_secret(secret)
        finally:
            self._token_lock.release()
        return self._exchanges.token

    def _connections_of_threads(self) -> Connections:
        if self._connections is None:
            with self._connections_lock:
                self._connections = self._connections or Connections(self.settings)
        return self._connections

    # on an event loop

    async def asend(self, call: Call[T], *, ends: float = inf) -> T:
        """Make one call without blocking the event loop; see `send`."""
        try:
            return await adrive(self._exchanges.exchange(call, ends), self._aperform)
        except ActivationError as error:
            raise self._at_the_gate(error) from None

    async def arun(self, steps: Steps[T], *, within: float | None = None) -> T:
        """Make several calls in a row without blocking the event loop; see `run`."""
        ends = _end(within)

        async def perform(step: Any) -> Any:
            match step:
                case Call():
                    return await self.asend(step, ends=ends)
                case Pause(seconds):
                    return await asyncio.sleep(_until(ends, seconds))
            raise refuse_step(step)

        try:
            return await adrive(steps, perform)
        except ActivationError as error:
            raise self._at_the_gate(error) from None

    def _at_the_gate(self, error: ActivationError) -> BaseException:
        # without its frames, whose variables a traceback may show: other tasks may still run in them
        return self.gate.error(error).with_traceback(None)

    async def _aperform(self, action: Any) -> Any:
        match action:
            case Send():
                return await self._aattempt(action)
            case Read(call, answer) if len(answer.body) < LARGE_ANSWER:
                return self._exchanges.read(call, answer)
            case Read(call, answer):
                return await asyncio.to_thread(self._exchanges.read, call, answer)
            case Pause(seconds):
                return await asyncio.sleep(seconds)
            case LogIn():
                return await self._alog_in(action)

    async def _aattempt(self, send: Send) -> Answer:
        call = send.call
        async with (await self._on_this_loop()).connections.to(call.url) as connections:
            attempt = self._bounds(send)
            with attempt.running():
                response = await connections.handle_async_request(self._keyed(send))
                try:
                    received = Received(response, call.into, accepted=_is_accepted(call, response))
                    with received.body() as body:
                        assert isinstance(response.stream, httpx.AsyncByteStream)
                        async for piece in response.stream:
                            slow = len(piece) > LARGE_PIECE and (body.encoded or call.into is not None)
                            if not (await asyncio.to_thread(body.take, piece) if slow else body.take(piece)):
                                break
                        received.refuse_surplus(attempt.body_size)
                finally:
                    await response.aclose()
        return received.answer()

    async def _alog_in(self, wanted: LogIn) -> Any:
        try:
            async with asyncio.timeout(_until(wanted.ends, threading.TIMEOUT_MAX)):
                side = await self._on_this_loop()
                await side.token_lock.acquire()
        except TimeoutError:
            raise self._no_token() from None
        try:
            if self._exchanges.token is wanted.stale or self._exchanges.token is None:
                for secret in await adrive(self._exchanges.log_in(wanted), self._aperform):
                    if self._aon_secret is None:
                        self._on_secret(secret)
                    else:
                        await self._aon_secret(secret)
        finally:
            side.token_lock.release()
        return self._exchanges.token

    async def _on_this_loop(self) -> _OnLoop:
        # connections read certificates from disk, which must not block the loop
        side = self._loops.get(lambda: asyncio.ensure_future(self._new_side()))
        try:
            return await asyncio.shield(side)
        except Exception:
            self._loops.pop()
            raise

    async def _new_side(self) -> _OnLoop:
        side = _OnLoop(await asyncio.to_thread(AsyncConnections, self.settings), self._loops.pop)
        await anext(side.life)
        return side

    # for both

    def _bounds(self, send: Send) -> Attempt:
        seconds = ATTEMPT * self.settings.timeout
        way = Destination(self.settings, send.call.url)
        return Attempt(seconds, ends=send.ends, by_progress=send.call.is_file, way=way)

    def _keyed(self, send: Send) -> httpx.Request:
        """The request, with the connection's query parameters if it goes to the service itself.

        They may be secret: the request that carries them is made here, where no error and no log shows it.
        """
        request = send.request
        if not self.settings.query or send.call.url is not None:
            return request
        return httpx.Request(
            request.method,
            request.url.copy_merge_params(self.settings.query),
            headers=request.headers,
            stream=request.stream,
            extensions=request.extensions,
        )

    def _no_token(self) -> ActivationError:
        what = "another call's log-in did not end in time."
        return ServiceUnavailable(what, service=self.settings.name)

    @contextmanager
    def apart(self, *, timeout: float) -> Iterator[Transport]:
        """A transport for the same connection with connections and locks of its own, which retries nothing.

        For signal handlers: the code they interrupt may be inside this transport.

        :param timeout: seconds to wait for each part of an answer.
        """
        transport = Transport(replace(self.settings, timeout=timeout, max_retries=0), sleep=self._sleep)
        transport._exchanges.with_token_of(self._exchanges)
        try:
            yield transport
        finally:
            transport.close()

    def close(self) -> None:
        """Close the connections of the threads."""
        if self._connections is not None:
            self._connections.close()

    async def __aenter__(self) -> Self:
        """Use the connections of this event loop; the last user that leaves closes them."""
        (await self._on_this_loop()).users += 1
        return self

    async def __aexit__(self, *reason: object) -> None:
        side = await self._on_this_loop()
        side.users -= 1
        if side.users == 0:
            await self.aclose()

    async def aclose(self) -> None:
        """Close the connections of this event loop."""
        side = self._loops.pop()
        if side is not None:
            await (await side).life.aclose()


class _OnLoop:
    """What belongs to one event loop.

    :param forget: called at its end.
    """

    def __init__(self, connections: AsyncConnections, forget: Callable[[], object]) -> None:
        self.connections = connections
        self.token_lock = asyncio.Lock()
        self.users = 0
        self.life = self._life(forget)

    async def _life(self, forget: Callable[[], object]) -> AsyncGenerator[None, None]:
        # whoever ends a loop, as asyncio.run does, first closes the asynchronous generators that began on it
        try:
            yield
        finally:
            forget()
            await self.connections.aclose()


def _is_accepted(call: Call[Any], response: httpx.Response) -> bool:
    return response.is_success or response.status_code in call.accepts


def _end(within: float | None) -> float:
    """The monotonic time after so many seconds."""
    return inf if within is None else time.monotonic() + within


def _until(ends: float, seconds: float) -> float:
    """Seconds, but not beyond the monotonic time at which it ends."""
    return max(0.0, min(seconds, ends - time.monotonic()))
