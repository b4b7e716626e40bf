"""One attempt at a call: how long it may take in all, and whether any of it was sent.

httpx bounds each read and each write, so that a service that sends a byte now and then keeps a task for ever.
The bound of the whole attempt is kept in the network streams below httpx, where every byte passes: those of
the proxy, of the TLS handshake, of the request, of each header, of interim responses, and of the body. What
it cannot bound is the system's name resolution on a worker: it ends by the rules of the resolver.
"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf
from typing import Any

import httpcore
import httpx

from airflow_provider_activation.transport.causes import TLS_ALERT, Cause, Destination, cause_of_failure

PROGRESS = 64 * 1024
"""Bytes. While a file moves at least this much in the time of an attempt, the attempt goes on."""
PIECE = 64 * 1024
"""Bytes that are written at once; the time is checked before each."""
_LONGEST_HEAD = 128 * 1024
_INTERIM = re.compile(rb"HTTP/1\.[01] 1\d\d")
_ALERT = b"\x15\x03"
"""How a TLS record begins that says that the handshake has failed."""


class NotAnswered(Exception):
    """An attempt that ended without a complete response.

    :param what: what happened, for messages; may quote an address.
    :param sent: whether any of the request was sent.
    :param cause: why, if that is known.
    """

    def __init__(self, what: str, *, sent: bool, cause: Cause | None = None) -> None:
        super().__init__(what)
        self.what, self.sent, self.cause = what, sent, cause


class Attempt:
    """One attempt at a call.

    :param seconds: how long it may take; for a file, how long `PROGRESS` bytes may take.
    :param ends: the monotonic time at which it ends in any case.
    :param by_progress: whether a file is sent or received.
    :param way: where the call goes.
    """

    __slots__ = (
        "_answered",
        "_by_progress",
        "_ends",
        "_given",
        "_head",
        "_moved",
        "_seconds",
        "_until",
        "_way",
        "body_size",
        "handshake",
        "reached",
        "sent",
    )

    def __init__(
        self,
        seconds: float,
        *,
        ends: float = inf,
        by_progress: bool = False,
        way: Destination | None = None,
    ) -> None:
        self.sent = False
        self.reached: tuple[str, int | None] | None = None
        """Host and port of the last step, a connection or a TLS handshake; None for the port of the call."""
        self.handshake = False
        """Whether a TLS handshake is under way."""
        self.body_size = 0
        """Bytes that came after the head of the response to a call that sends or receives a file."""
        self._head = b""
        self._way = way
        self._answered = False
        self._seconds, self._ends, self._by_progress = seconds, ends, by_progress
        self._moved = 0
        self._given = min(seconds, ends - time.monotonic())
        self._until = min(time.monotonic() + seconds, ends)

    def left(self, timeout: float | None, error: type[Exception]) -> float:
        """Seconds that the next operation may take.

        :param timeout: seconds that httpx gives it.
        :raises Exception: `error`, if the time of the attempt is over.
        """
        left = self._until - time.monotonic()
        if left <= 0:
            raise error(f"no complete answer within {max(0.0, self._given):.3g} seconds")
        return left if timeout is None else min(timeout, left)

    def moved(self, size: int) -> None:
        """Note that bytes were sent or received."""
        if self._by_progress:
            self._moved += size
            if self._moved >= PROGRESS:
                self._moved = 0
                self._until = min(time.monotonic() + self._seconds, self._ends)

    def received(self, piece: bytes) -> None:
        """Note that bytes were received.

        :raises RemoteProtocolError: they are no response: the port expects TLS.
        """
        if not self._answered:
            self._answered = True
            if piece.startswith(_ALERT):
                raise httpcore.RemoteProtocolError(TLS_ALERT)
        if self._by_progress:
            self._count(piece)
        self.moved(len(piece))

    def _count(self, piece: bytes) -> None:
        if self.body_size:
            self.body_size += len(piece)
            return
        self._head = (self._head + piece)[-_LONGEST_HEAD:]
        while _INTERIM.match(self._head) and b"\r\n\r\n" in self._head:
            self._head = self._head.partition(b"\r\n\r\n")[2]
        self.body_size = len(self._head.partition(b"\r\n\r\n")[2])

    def sends(self, piece: bytes) -> None:
        """Note that a piece of the request is about to be sent; the call to a proxy for a tunnel is none."""
        if piece and not piece.startswith(b"CONNECT "):
            self.sent = True
        self._head, self.body_size = b"", 0

    @contextmanager
    def shaking_hands(self, host: str | None) -> Iterator[None]:
        """Note a TLS handshake. Through a proxy it is with the service behind the proxy."""
        if host is not None and (self.reached is None or self.reached[0] != host):
            self.reached = host, None
        self.handshake = True
        yield
        self.handshake = False

    def _cause(self, error: Exception) -> Cause | None:
        if self._way is None:
            return None
        return cause_of_failure(
            error, self._way, reached=self.reached, handshake=self.handshake, sent=self.sent
        )

    @contextmanager
    def running(self) -> Iterator[None]:
        """Bound what the network streams do in the block.

        :raises NotAnswered: there is no complete response.
        """
        token = _current.set(self)
        try:
            yield
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            # ValueError: of the HTTP library and of codecs, for what a service sends
            what = f"{type(error).__name__}: {error}".rstrip(": ")
            cause = self._cause(error)
            what = (cause and cause.what) or what
            raise NotAnswered(what, sent=self.sent, cause=cause) from None
        finally:
            _current.reset(token)


_UNBOUNDED = Attempt(inf)
_current: ContextVar[Attempt] = ContextVar("attempt", default=_UNBOUNDED)


def bounded(transport: httpx.HTTPTransport) -> httpx.HTTPTransport:
    """The transport, its network streams bounded by the attempt that uses them."""
    transport._pool._network_backend = _Network(transport._pool._network_backend)
    return transport


def abounded(transport: httpx.AsyncHTTPTransport) -> httpx.AsyncHTTPTransport:
    """`bounded` for an event loop."""
    transport._pool._network_backend = _AsyncNetwork(transport._pool._network_backend)
    return transport


class _Network(httpcore.NetworkBackend):
    def __init__(self, inner: httpcore.NetworkBackend) -> None:
        self._inner = inner

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        _current.get().reached = host, port
        try:
            addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(str(error)) from error
        # the standard library would give each address of a host the whole time
        failed: Exception = httpcore.ConnectError("the host has no address")
        for *_, address in addresses:
            left = _current.get().left(timeout, httpcore.ConnectTimeout)
            try:
                stream = self._inner.connect_tcp(str(address[0]), port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
            else:
                return _Stream(stream)
        raise failed


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        attempt = _current.get()
        piece = self._inner.read(max_bytes, attempt.left(timeout, httpcore.ReadTimeout))
        attempt.received(piece)
        return piece

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        attempt = _current.get()
        attempt.sends(buffer)
        for begin in range(0, len(buffer), PIECE):
            piece = buffer[begin : begin + PIECE]
            self._inner.write(piece, attempt.left(timeout, httpcore.WriteTimeout))
            attempt.moved(len(piece))

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        attempt = _current.get()
        with attempt.shaking_hands(server_hostname):
            left = attempt.left(timeout, httpcore.ConnectTimeout)
            return _Stream(self._inner.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

    def close(self) -> None:
        self._inner.close()


class _AsyncNetwork(httpcore.AsyncNetworkBackend):
    def __init__(self, inner: httpcore.AsyncNetworkBackend) -> None:
        self._inner = inner

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        attempt = _current.get()
        attempt.reached = host, port
        left = attempt.left(timeout, httpcore.ConnectTimeout)
        try:
            stream = await self._inner.connect_tcp(host, port, left, local_address, socket_options)
        except UnicodeError as error:
            raise httpcore.ConnectError(str(error)) from error
        return _AsyncStream(stream)


class _AsyncStream(httpcore.AsyncNetworkStream):
    def __init__(self, inner: httpcore.AsyncNetworkStream) -> None:
        self._inner = inner

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        attempt = _current.get()
        piece = await self._inner.read(max_bytes, attempt.left(timeout, httpcore.ReadTimeout))
        attempt.received(piece)
        return piece

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        attempt = _current.get()
        attempt.sends(buffer)
        for begin in range(0, len(buffer), PIECE):
            piece = buffer[begin : begin + PIECE]
            await self._inner.write(piece, attempt.left(timeout, httpcore.WriteTimeout))
            attempt.moved(len(piece))

    async def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        attempt = _current.get()
        with attempt.shaking_hands(server_hostname):
            left = attempt.left(timeout, httpcore.ConnectTimeout)
            return _AsyncStream(await self._inner.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

    async def aclose(self) -> None:
        await self._inner.aclose()
