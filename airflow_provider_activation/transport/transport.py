"""The transport of a connection: drives exchanges on a worker and on event loops."""

from __future__ import annotations

import asyncio
import threading
import time
import weakref
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing, closing, contextmanager
from dataclasses import replace
from typing import Any, Self, TypeVar

import httpx

from airflow_provider_activation.api.call import Answer, Call
from airflow_provider_activation.api.steps import Pause, Steps, adrive, drive, refuse_step
from airflow_provider_activation.errors import ActivationError
from airflow_provider_activation.redaction import Redactor, redact_library_logs
from airflow_provider_activation.transport.client import new_async_client, new_client, whole_or_nothing
from airflow_provider_activation.transport.exchange import Download, Exchanges, LogIn, Read
from airflow_provider_activation.transport.settings import ConnectionSettings, refuse_unfit_settings

T = TypeVar("T")

LARGE_ANSWER = 256 * 1024
"""Bytes. A larger response is read in a thread: a list of ten thousand jobs would block the event loop."""


class Transport:
    """Sends calls of one connection.

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
        self._exchanges = Exchanges(settings)
        redact_library_logs(self.redact)
        self._on_secret, self._aon_secret = on_secret, aon_secret
        self._sleep = sleep
        self._token_lock = threading.Lock()
        self._client: httpx.Client | None = None
        self._client_lock = threading.Lock()
        self._loops: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Future[_OnLoop]] = (
            weakref.WeakKeyDictionary()
        )

    @property
    def redact(self) -> Redactor:
        """Removes the secrets of this connection from a text."""
        return self._exchanges.redact

    # on a worker

    def send(self, call: Call[T]) -> T:
        """Make one call and return what it answers.

        :raises ActivationError: see `airflow_provider_activation.errors`.
        """
        return drive(self._exchanges.exchange(call), self._perform)

    def run(self, steps: Steps[T]) -> T:
        """Make several calls in a row; see `airflow_provider_activation.api.steps`."""

        def perform(step: Any) -> Any:
            match step:
                case Call():
                    return self.send(step)
                case Pause(seconds):
                    return self._sleep(seconds)
            raise refuse_step(step)

        return drive(steps, perform)

    def _perform(self, action: Any) -> Any:
        match action:
            case httpx.Request():
                return self._client_of_threads().send(action)
            case Download():
                return self._download(action)
            case Read(call, response):
                return self._exchanges.read(call, response)
            case Pause(seconds):
                return self._sleep(seconds)
            case LogIn(stale):
                return self._log_in(stale)

    def _download(self, download: Download) -> httpx.Response:
        response = self._client_of_threads().send(download.request, stream=True)
        with closing(response):
            if not _is_file(response):
                response.read()
                return response
            with whole_or_nothing(download.file) as file:
                for piece in response.iter_bytes():
                    file.write(piece)
        return httpx.Response(response.status_code, headers=response.headers)

    def _log_in(self, stale: Any) -> Any:
        with self._token_lock:
            if self._exchanges.token is stale or self._exchanges.token is None:
                for secret in drive(self._exchanges.log_in(), self._perform):
                    self._on_secret(secret)
        return self._exchanges.token

    def _client_of_threads(self) -> httpx.Client:
        if self._client is None:
            with self._client_lock:
                self._client = self._client or new_client(self.settings)
        return self._client

    # on an event loop

    async def asend(self, call: Call[T]) -> T:
        """Make one call without blocking the event loop; see `send`."""
        return await adrive(self._exchanges.exchange(call), self._aperform)

    async def arun(self, steps: Steps[T]) -> T:
        """Make several calls in a row without blocking the event loop; see `run`."""

        async def perform(step: Any) -> Any:
            match step:
                case Call():
                    return await self.asend(step)
                case Pause(seconds):
                    return await asyncio.sleep(seconds)
            raise refuse_step(step)

        return await adrive(steps, perform)

    async def _aperform(self, action: Any) -> Any:
        match action:
            case httpx.Request():
                response = await (await self._on_this_loop()).client.send(action)
                # response and stream refer to each other, which would keep a long list in memory
                del response.stream
                return response
            case Download():
                return await self._adownload(action)
            case Read(call, response) if len(response.content) < LARGE_ANSWER:
                return self._exchanges.read(call, response)
            case Read(call, response):
                return await asyncio.to_thread(self._exchanges.read, call, response)
            case Pause(seconds):
                return await asyncio.sleep(seconds)
            case LogIn(stale):
                return await self._alog_in(stale)

    async def _adownload(self, download: Download) -> httpx.Response:
        response = await (await self._on_this_loop()).client.send(download.request, stream=True)
        async with aclosing(response):
            if not _is_file(response):
                await response.aread()
                return response
            with whole_or_nothing(download.file) as file:
                async for piece in response.aiter_bytes():
                    await asyncio.to_thread(file.write, piece)
        return httpx.Response(response.status_code, headers=response.headers)

    async def _alog_in(self, stale: Any) -> Any:
        async with (await self._on_this_loop()).token_lock:
            if self._exchanges.token is stale or self._exchanges.token is None:
                for secret in await adrive(self._exchanges.log_in(), self._aperform):
                    if self._aon_secret is None:
                        self._on_secret(secret)
                    else:
                        await self._aon_secret(secret)
        return self._exchanges.token

    def _new_side(self) -> _OnLoop:
        return _OnLoop(new_async_client(self.settings))

    async def _on_this_loop(self) -> _OnLoop:
        loop = asyncio.get_running_loop()
        side = self._loops.get(loop)
        if side is None:
            # a new client reads certificates from disk, which must not block the loop
            side = asyncio.ensure_future(asyncio.to_thread(self._new_side))
            self._loops[loop] = side
        try:
            return await asyncio.shield(side)
        except ActivationError:
            self._loops.pop(loop, None)
            raise

    # clients

    @contextmanager
    def apart(self, *, timeout: float) -> Iterator[Transport]:
        """A transport for the same connection with a client and locks of its own, which retries nothing.

        For signal handlers: the code they interrupt may be inside this transport's client.

        :param timeout: seconds to wait for an answer.
        """
        transport = Transport(replace(self.settings, timeout=timeout, max_retries=0), sleep=self._sleep)
        transport._exchanges.with_token_of(self._exchanges)
        try:
            yield transport
        finally:
            transport.close()

    def close(self) -> None:
        """Close the client of the threads."""
        if self._client is not None:
            self._client.close()

    async def __aenter__(self) -> Self:
        """Use the client of this event loop; the last user that leaves closes it."""
        (await self._on_this_loop()).users += 1
        return self

    async def __aexit__(self, *reason: object) -> None:
        side = await self._on_this_loop()
        side.users -= 1
        if side.users == 0:
            await self.aclose()

    async def aclose(self) -> None:
        """Close the client of this event loop."""
        side = self._loops.pop(asyncio.get_running_loop(), None)
        if side is not None:
            await (await side).client.aclose()


class _OnLoop:
    """What belongs to one event loop."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.token_lock = asyncio.Lock()
        self.users = 0


def _is_file(response: httpx.Response) -> bool:
    """Whether the body of a download is the file, and not an error or a web page."""
    return response.is_success and not Answer(response.status_code, response.headers, b"").is_page
