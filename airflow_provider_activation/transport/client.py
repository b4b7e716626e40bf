"""Clients of httpx made of a connection, and the files they send and receive."""

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
from airflow_provider_activation.transport.service import Service, environment_proxy


def new_client(service: Service) -> httpx.Client:
    """A client for threads.

    :raises InvalidConnection: the proxy or the certificates cannot be used.
    """
    with _proxy_named(service):
        inner = httpx.HTTPTransport(**_options(service))
    return httpx.Client(transport=_WithQuery(service, inner))


def new_async_client(service: Service) -> httpx.AsyncClient:
    """A client for an event loop; see `new_client`. Reads certificates from disk."""
    with _proxy_named(service):
        inner = httpx.AsyncHTTPTransport(**_options(service))
    return httpx.AsyncClient(transport=_AsyncWithQuery(service, inner))


@contextmanager
def _proxy_named(service: Service) -> Iterator[None]:
    try:
        yield
    except (ValueError, httpx.InvalidURL):
        # the reason would quote the proxy's address, which may hold a password
        raise InvalidConnection(
            f"the proxy of the connection {service.conn_id!r} cannot be used.",
            service=service.name,
        ) from None


def _options(service: Service) -> dict[str, Any]:
    verify: ssl.SSLContext | bool
    if isinstance(service.verify, str):
        try:
            verify = ssl.create_default_context(cafile=service.verify)
        except OSError as error:
            raise InvalidConnection(
                f"verify names {service.verify!r}, which cannot be read as a file of "
                f"certificates ({error.strerror or error}); connection {service.conn_id!r}.",
                service=service.name,
            ) from None
    else:
        verify = service.verify
    return {"verify": verify, "proxy": service.proxy or environment_proxy(service.base_url)}


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


def _keyed(request: httpx.Request, service: Service) -> httpx.Request:
    """The request with the connection's query parameters.

    httpx writes every address it is given into its log. A key in the query is therefore added below
    that point, and only on the way to the service itself.
    """
    base = httpx.URL(service.base_url)
    if not service.query or _origin(request.url) != _origin(base):
        return request
    return httpx.Request(
        request.method,
        request.url.copy_merge_params(service.query),
        headers=request.headers,
        stream=request.stream,
        extensions=request.extensions,
    )


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


class _WithQuery(httpx.BaseTransport):
    def __init__(self, service: Service, inner: httpx.BaseTransport) -> None:
        self._service, self._inner = service, inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._inner.handle_request(_keyed(request, self._service))

    def close(self) -> None:
        self._inner.close()


class _AsyncWithQuery(httpx.AsyncBaseTransport):
    def __init__(self, service: Service, inner: httpx.AsyncBaseTransport) -> None:
        self._service, self._inner = service, inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._inner.handle_async_request(_keyed(request, self._service))

    async def aclose(self) -> None:
        await self._inner.aclose()


@contextmanager
def whole_or_nothing(path: Path) -> Iterator[BinaryIO]:
    """A file that appears under its name when the block has ended well."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("wb") as file:
            yield file
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
