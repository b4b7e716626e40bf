"""The httpx clients of a connection, and the files that they send and receive."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import httpx

from airflow_provider_activation.api.call import FileBody
from airflow_provider_activation.errors import InvalidConnection
from airflow_provider_activation.transport.settings import ConnectionSettings, environment_proxy

MOST_CONNECTIONS = 100
"""Requests under way at once on one event loop; further ones wait."""
MOST_IDLE_CONNECTIONS = 20


def new_client(settings: ConnectionSettings) -> httpx.Client:
    """A client for threads.

    :raises InvalidConnection: the proxy or the certificates cannot be used.
    """
    with _proxy_named(settings):
        inner = httpx.HTTPTransport(**_options(settings))
    return httpx.Client(transport=_WithQuery(settings, inner))


def new_async_client(settings: ConnectionSettings) -> httpx.AsyncClient:
    """A client for an event loop; see `new_client`. Reads certificates from disk."""
    with _proxy_named(settings):
        inner = _Connections(**_options(settings))
    return httpx.AsyncClient(transport=_AsyncWithQuery(settings, inner))


@contextmanager
def _proxy_named(settings: ConnectionSettings) -> Iterator[None]:
    try:
        yield
    except (ValueError, httpx.InvalidURL):
        # the reason would quote the address of the proxy, which may contain a password
        raise InvalidConnection(
            f"the proxy of the connection {settings.conn_id!r} cannot be used.", service=settings.name
        ) from None


def _options(settings: ConnectionSettings) -> dict[str, Any]:
    verify: ssl.SSLContext | bool | str = settings.verify
    if isinstance(verify, str):
        try:
            verify = ssl.create_default_context(cafile=verify)
        except OSError as error:
            raise InvalidConnection(
                f"verify names {verify!r}, which cannot be read as a file of certificates "
                f"({error.strerror or error}); connection {settings.conn_id!r}.",
                service=settings.name,
            ) from None
    return {"verify": verify, "proxy": settings.proxy or environment_proxy(settings.base_url)}


class Pieces(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A file as a request body, for both kinds of client."""

    def __init__(self, file: FileBody) -> None:
        self._file = file

    def __iter__(self) -> Iterator[bytes]:
        return self._file.pieces()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        pieces = self._file.pieces()
        while piece := await asyncio.to_thread(next, pieces, b""):
            yield piece


def _keyed(request: httpx.Request, settings: ConnectionSettings) -> httpx.Request:
    """The request with the connection's query parameters, if it goes to the service itself.

    httpx logs every address. A key in the query is therefore added below its log.
    """
    if not settings.query or _origin(request.url) != _origin(httpx.URL(settings.base_url)):
        return request
    return httpx.Request(
        request.method,
        request.url.copy_merge_params(settings.query),
        headers=request.headers,
        stream=request.stream,
        extensions=request.extensions,
    )


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


class _WithQuery(httpx.BaseTransport):
    def __init__(self, settings: ConnectionSettings, inner: httpx.BaseTransport) -> None:
        self._settings, self._inner = settings, inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._inner.handle_request(_keyed(request, self._settings))

    def close(self) -> None:
        self._inner.close()


class _AsyncWithQuery(httpx.AsyncBaseTransport):
    def __init__(self, settings: ConnectionSettings, inner: httpx.AsyncBaseTransport) -> None:
        self._settings, self._inner = settings, inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._inner.handle_async_request(_keyed(request, self._settings))

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Connections(httpx.AsyncBaseTransport):
    """One connection for each running request, each a pool of its own, kept for later requests.

    httpx keeps all connections in one pool. For each request the pool examines every connection, and offers
    the same one to all waiting requests: with fifty running requests this takes longer than all other work.
    """

    def __init__(self, *, verify: ssl.SSLContext | bool, proxy: str | None) -> None:
        self._options: dict[str, Any] = {
            "verify": httpx.create_ssl_context(verify=verify),  # made once: it takes longer than a request
            "proxy": proxy,
            "limits": httpx.Limits(max_connections=1),
        }
        self._places = asyncio.Semaphore(MOST_CONNECTIONS)
        # the first one is made at once, so that an unusable proxy is refused early
        self._idle = [self._new()]

    def _new(self) -> httpx.AsyncHTTPTransport:
        return httpx.AsyncHTTPTransport(**self._options)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await self._places.acquire()
        connection = self._idle.pop() if self._idle else self._new()
        try:
            response = await connection.handle_async_request(request)
        except BaseException:
            await self.give_back(connection)
            raise
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _GivenBack(response.stream, connection, self)
        return response

    async def give_back(self, connection: httpx.AsyncHTTPTransport) -> None:
        """Return a connection for the next request."""
        self._places.release()
        if len(self._idle) < MOST_IDLE_CONNECTIONS:
            self._idle.append(connection)
        else:
            await connection.aclose()

    async def aclose(self) -> None:
        while self._idle:
            await self._idle.pop().aclose()


class _GivenBack(httpx.AsyncByteStream):
    """The body of a response; at its end the connection is returned."""

    def __init__(
        self, body: httpx.AsyncByteStream, connection: httpx.AsyncHTTPTransport, connections: _Connections
    ) -> None:
        self._body, self._connection, self._connections = body, connection, connections

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._body.__aiter__()

    async def aclose(self) -> None:
        try:
            await self._body.aclose()
        finally:
            await self._connections.give_back(self._connection)


@contextmanager
def whole_or_nothing(path: Path) -> Iterator[BinaryIO]:
    """A file that appears under its name when the block has ended without an error."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("wb") as file:
            yield file
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
