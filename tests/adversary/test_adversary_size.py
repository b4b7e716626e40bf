"""Answers that are too big: a typed error, before the memory of the worker is gone."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from adversary.conftest import Connect, Serve, at_most, memory_at_most
from adversary.server import Adversary, Answer, Request, answer, flooding
from adversary.test_adversary_time import creation
from adversary.waiting import DELTA, LIVERAMP, is_login
from airflow_provider_activation.errors import ActivationError, UncertainOutcome, UnreadableResponse
from airflow_provider_activation.hooks.dataddo import DataddoHook
from airflow_provider_activation.hooks.delta_projects import DeltaProjectsHook
from airflow_provider_activation.hooks.liveramp import LiveRampHook

MIB = 1024 * 1024
LIMIT = 64 * MIB


def zeros(mib: int, wbits: int = 31, start: bytes = b'{"id": "a1", "name": "') -> bytes:
    """A JSON text of so many MiB, compressed to a thousandth without making it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
    head = packer.compress(start) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(b"0" * MIB) + packer.flush(zlib.Z_FULL_FLUSH)
    return head + block * mib


def packed(data: bytes, wbits: int = 31) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
    return packer.compress(data) + packer.flush()


def encoded(body: bytes, *encodings: str, status: int = 200) -> bytes:
    return answer(body, status, {"Content-Encoding": ", ".join(encodings)})


OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
PIECE = b"0" * 65536
LONG_START = b'{"id": "a1", "name": "'


def endless_chunks() -> Iterator[bytes]:
    return itertools.repeat(b"10000\r\n" + PIECE + b"\r\n", 4000)


def pieces(mib: int) -> Iterator[bytes]:
    return itertools.chain([LONG_START], itertools.repeat(PIECE, mib * 16))


BIG: dict[str, Callable[[], Answer]] = {
    "gzip": lambda: encoded(zeros(250), "gzip"),
    "x-gzip": lambda: encoded(zeros(250), "x-gzip"),
    "deflate": lambda: encoded(zeros(250, 15), "deflate"),
    "raw deflate": lambda: encoded(zeros(250, -15), "deflate"),
    "gzip in gzip": lambda: encoded(packed(zeros(250)), "gzip", "gzip"),
    "gzip in deflate in gzip": lambda: encoded(packed(packed(zeros(250), 15)), "gzip", "deflate", "gzip"),
    "gzip as an error page": lambda: encoded(zeros(250), "gzip", status=500),
    "gzip as not found": lambda: encoded(zeros(250), "gzip", status=404),
    "gzip in a refused log-in": lambda: encoded(zeros(250), "gzip", status=401),
    "endless chunks": lambda: flooding(CHUNKED, endless_chunks()),
    "announced length": lambda: flooding(OK + b"Content-Length: 262144022\r\n\r\n", pieces(250)),
    "until the end": lambda: flooding(OK + b"Connection: close\r\n\r\n", pieces(250)),
    "error page": lambda: flooding(b"HTTP/1.1 502 Bad Gateway\r\n\r\n<html>", itertools.repeat(PIECE, 4000)),
    "refusal": lambda: flooding(b"HTTP/1.1 403 Forbidden\r\n\r\n", itertools.repeat(PIECE, 4000)),
    "one header": lambda: flooding(OK + b"X-Pad: ", itertools.repeat(PIECE, 4000)),
    "headers": lambda: flooding(OK, itertools.repeat(b"X-Pad: aaaa\r\n" * 1000, 20_000)),
    "status line": lambda: flooding(b"HTTP/1.1 200 ", itertools.repeat(PIECE, 4000)),
    "103": lambda: flooding(b"HTTP/1.1 103 E\r\n", itertools.repeat(b"Link: </a>\r\n" * 1000, 20_000)),
    "trailers": lambda: flooding(CHUNKED + b"2\r\n{}\r\n0\r\n", itertools.repeat(b"A: b\r\n" * 1000, 20_000)),
    "size of a chunk": lambda: flooding(CHUNKED, itertools.repeat(b"0" * 65536, 9000)),
}


class Counted:
    """How many bytes a client took before it had enough."""

    def __init__(self, said: Answer) -> None:
        self.said = said
        self.taken = 0

    def __call__(self, request: Request) -> Answer:
        if isinstance(self.said, bytes):
            return self.said
        said = self.said

        def count(wire: Any) -> None:
            send = wire.send

            def counting(data: bytes) -> None:
                send(data)
                self.taken += len(data)

            wire.send = counting
            said(wire)

        return count


@pytest.mark.parametrize("name", BIG)
def test_an_answer_that_is_too_big(name: str, connect: Connect, serve: Serve) -> None:
    """Half a megabyte of gzip became 1.5 GB; no answer had a limit."""
    said = Counted(BIG[name]())
    hook = DeltaProjectsHook(connect("delta_projects", serve(said).url))
    with memory_at_most(4 * 64), at_most(3), pytest.raises(ActivationError):
        hook.get_activity("a1")
    assert said.taken <= LIMIT + 16 * MIB


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, br", "compress", "identity, bogus", "gzip"])
def test_an_encoding_that_was_not_asked_for(encoding: str, connect: Connect, serve: Serve) -> None:
    """A cache sent brotli, and gzip that was none, to a client that had not asked for it."""
    garbled = answer(b"\x1b\x0f\x00\xf8garbled\xff" * 50, headers={"Content-Encoding": encoding})
    hook = DeltaProjectsHook(connect("delta_projects", serve(garbled).url))
    with at_most(1), pytest.raises(ActivationError):
        hook.get_activity("a1")


def test_a_hundred_encodings(connect: Connect, serve: Serve) -> None:
    """``Content-Encoding: gzip, gzip, gzip ...``, each of which multiplies."""
    body = json.dumps(DELTA.done).encode()
    for _ in range(100):
        body = packed(body)
    hook = DeltaProjectsHook(connect("delta_projects", serve(encoded(body, *["gzip"] * 100)).url))
    with at_most(2), contextlib.suppress(ActivationError):
        assert hook.get_activity("a1").id == "a1"


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 200_000,
        b'{"a":' * 200_000 + b"1" + b"}" * 200_000,
        b'{"id": "a1", "name": "n", "budget": ' + b"9" * 200_000 + b"}",
        b'{"id": "a1", "name": "n", "reach": ' + b"9" * 200_000 + b"}",
        b'{"id": "a1", "name": "n", "budget": 1e' + b"9" * 50_000 + b"}",
        b'{"id": "a1", "name": "n", "budget": ' + b"-" * 50_000 + b"}",
    ],
    ids=["lists", "objects", "whole number", "unknown number", "exponent", "signs"],
)
def test_json_that_breaks_parsers(body: bytes, connect: Connect, serve: Serve) -> None:
    """200,000 brackets raised ``RecursionError``, 200,000 digits ``ValueError``."""
    hook = DeltaProjectsHook(connect("delta_projects", serve(answer(body)).url))
    with at_most(2), contextlib.suppress(ActivationError):
        assert hook.get_activity("a1").id == "a1"


@pytest.mark.parametrize("where", ["worker", "loop"])
def test_a_creation_whose_answer_is_too_big(where: str, connect: Connect, serve: Serve) -> None:
    """The activity was made; the answer that said so was a bomb."""
    said = encoded(zeros(250), "gzip", status=201)
    server = serve(said)
    hook = DeltaProjectsHook(connect("delta_projects", server.url, max_retries=4))
    with memory_at_most(4 * 64), pytest.raises(UncertainOutcome):
        hook.send(creation("2")) if where == "worker" else asyncio.run(hook.asend(creation("2")))
    assert len(server.asked) == 1


def test_a_token_that_is_too_big(connect: Connect, serve: Serve) -> None:
    """The log-in answered with a bomb."""
    bomb = encoded(zeros(250, start=b'{"access_token": "'), "gzip")
    hook = DataddoHook(connect("dataddo", serve(bomb).url))
    with memory_at_most(4 * 64), pytest.raises(ActivationError):
        hook.list_flows()


def test_a_bomb_in_a_wait(connect: Connect, serve: Serve) -> None:
    """One look met a bomb. It is one bad poll."""
    bomb = encoded(zeros(250), "gzip")
    server = serve(DELTA.looks(DELTA.pending, bomb, DELTA.done))
    with memory_at_most(4 * 64):
        assert DELTA.run(connect("delta_projects", server.url))["enabled"] is True


def test_an_answer_below_the_limit_is_read(connect: Connect, serve: Serve) -> None:
    """A list of 40 MiB is no attack."""
    rows = [{"id": str(number), "name": "n" * 40_000} for number in range(1000)]
    server = serve(encoded(packed(json.dumps(rows).encode()), "gzip"))
    hook = DeltaProjectsHook(connect("delta_projects", server.url))
    assert len(hook.list_activities()) == 1000


def paging(serve: Serve, pages: int, cursor: Callable[[int], str | None]) -> Adversary:
    numbers = itertools.count(1)
    rows = [{**LIVERAMP.done, "id": f"d{number}", "pad": "p" * 9000} for number in range(90)]

    def handle(request: Request) -> Answer:
        if is_login(request):
            return answer({"access_token": "t" * 20, "token_type": "Bearer", "expires_in": 600})
        number = next(numbers)
        after = cursor(number) if number < pages else None
        return answer({"v2/Deliveries": rows, "_pagination": {"after": after, "total": "9999"}})

    return serve(handle)


def test_a_list_of_pages_has_no_limit_in_all(connect: Connect, serve: Serve) -> None:
    """Ninety pages of 800 KB are 70 MB, and all of them are wanted."""
    server = paging(serve, 90, lambda number: f"c{number}")
    hook = LiveRampHook(connect("liveramp", server.url))
    assert len(hook.list_deliveries(integration_connection_id="55")) == 8100


def test_a_cursor_that_comes_back(connect: Connect, serve: Serve) -> None:
    """A service answered each page with the same cursor, and the list had no end."""
    server = paging(serve, 10_000, lambda number: "again" if number % 2 else "and again")
    hook = LiveRampHook(connect("liveramp", server.url))
    with at_most(3), pytest.raises(UnreadableResponse):
        hook.list_deliveries(integration_connection_id="55")
