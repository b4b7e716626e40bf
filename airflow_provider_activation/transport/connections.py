"""The open connections to a service, for threads and for an event loop, each through its proxy."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import httpx

from airflow_provider_activation.transport.attempt import abounded, bounded
from airflow_provider_activation.transport.authorities import ssl_context
from airflow_provider_activation.transport.settings import ConnectionSettings, Proxy, proxy_of

MOST_CONNECTIONS = 100
"""Requests under way at once on one event loop; further ones wait."""
MOST_IDLE_CONNECTIONS = 20

C = TypeVar("C")


class Connections:
    """The connections of all threads.

    :raises InvalidConnection: the proxy or the certificates cannot be used.
    """

    def __init__(self, settings: ConnectionSettings) -> None:
        context = ssl_context(settings)
        self._to = _for_each_address(
            settings, lambda proxy: bounded(httpx.HTTPTransport(verify=context, proxy=proxy))
        )

    def to(self, address: str | None) -> httpx.HTTPTransport:
        """The connections to an address; to the service itself, if there is none."""
        return self._to[address]

    def close(self) -> None:
        """Close all of them."""
        for connections in self._to.values():
            connections.close()


class AsyncConnections:
    """The connections of an event loop: one for each running request, kept for later requests.

    httpx keeps all connections in one pool. For each request the pool examines every connection, and offers
    the same one to all waiting requests: with fifty running requests this takes longer than all other work.
    Each connection is therefore a pool of its own here.

    :raises InvalidConnection: the proxy or the certificates cannot be used. They are read from disk.
    """

    def __init__(self, settings: ConnectionSettings) -> None:
        context = ssl_context(settings)  # made once: it takes longer than a request
        limits = httpx.Limits(max_connections=1)

        def of(proxy: str | None) -> _Idle:
            return _Idle(
                lambda: abounded(httpx.AsyncHTTPTransport(verify=context, proxy=proxy, limits=limits))
            )

        self._to = _for_each_address(settings, of)
        self._places = asyncio.Semaphore(MOST_CONNECTIONS)

    @asynccontextmanager
    async def to(self, address: str | None) -> AsyncIterator[httpx.AsyncHTTPTransport]:
        """A connection to an address, for one request; see `Connections.to`."""
        idle = self._to[address]
        async with self._places:
            connection = idle.pop()
            try:
                yield connection
            finally:
                await idle.push(connection)

    async def aclose(self) -> None:
        """Close all that are idle."""
        for idle in self._to.values():
            await idle.aclose()


class _Idle:
    """Connections that wait for the next request."""

    def __init__(self, new: Callable[[], httpx.AsyncHTTPTransport]) -> None:
        self._new = new
        # the first one is made at once, so that an unusable proxy is refused early
        self._waiting = [new()]

    def pop(self) -> httpx.AsyncHTTPTransport:
        return self._waiting.pop() if self._waiting else self._new()

    async def push(self, connection: httpx.AsyncHTTPTransport) -> None:
        if len(self._waiting) < MOST_IDLE_CONNECTIONS:
            self._waiting.append(connection)
        else:
            await connection.aclose()

    async def aclose(self) -> None:
        while self._waiting:
            await self._waiting.pop().aclose()


def _for_each_address(settings: ConnectionSettings, new: Callable[[str | None], C]) -> dict[str | None, C]:
    """The connections to each address that calls go to; addresses with the same proxy share them."""
    by_proxy: dict[str | None, C] = {}
    by_address = {}
    for name, address in settings.addresses.items():
        proxy = proxy_of(settings, address)
        url = proxy.url if proxy else None
        if url not in by_proxy:
            try:
                _refuse_no_address(url)
                by_proxy[url] = new(url)
            except (ValueError, ImportError, httpx.InvalidURL) as error:
                raise settings.refused(f"cannot be used: {_unusable(proxy, error)}") from None
        by_address[name] = by_proxy[url]
    return by_address


def _refuse_no_address(proxy: str | None) -> None:
    if proxy is not None and (not (url := httpx.URL(proxy)).host or not 0 < (url.port or 80) < 2**16):
        raise ValueError("no host, or no port")


def _unusable(proxy: Proxy | None, error: Exception) -> str:
    # the reason of the library would quote the address of the proxy, which may contain a password
    assert proxy is not None
    if isinstance(error, ImportError):
        why = "a SOCKS proxy needs the package socksio (httpx[socks])"
    else:
        why = "it must be an address such as http://proxy.example:3128; http, https and socks5 are supported"
    return f"the proxy in {proxy.where}: {why}"
