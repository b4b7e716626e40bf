"""The time and the size that one attempt may take, against servers that are slow, endless or large."""

from __future__ import annotations

import gzip
import socket
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from transport_testing import Wire, call, service

from airflow_provider_activation import errors
from airflow_provider_activation.api.call import FileBody, Safety
from airflow_provider_activation.transport import body as bodies
from airflow_provider_activation.transport.exchange import ATTEMPT

TIMEOUT = 0.2
"""Seconds of the connection; an attempt may take four times as long."""
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

Talk = Callable[[socket.socket], None]


class Talker:
    """A server that says over each connection what it is told to, and counts the connections."""

    def __init__(self, talk: Talk) -> None:
        self.connections = 0
        self._talk = talk
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                self.connections += 1
                threading.Thread(target=self._speak, args=(connection,), daemon=True).start()

    def _speak(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            self._talk(connection)

    def stop(self) -> None:
        self._listening.close()


@pytest.fixture
def talkers() -> Iterator[Callable[[Talk], Talker]]:
    started: list[Talker] = []

    def start(talk: Talk) -> Talker:
        started.append(Talker(talk))
        return started[-1]

    yield start
    for talker in started:
        talker.stop()


def heard(connection: socket.socket) -> None:
    """Read a request without a body."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)


def drip(connection: socket.socket, drop: bytes = b"x", every: float = TIMEOUT / 4) -> None:
    while True:
        connection.sendall(drop)
        time.sleep(every)


def drips_a_status_line(connection: socket.socket) -> None:
    heard(connection)
    drip(connection, b"H")


def drips_a_header(connection: socket.socket) -> None:
    heard(connection)
    connection.sendall(HEAD + b"X-Never-Ends: ")
    drip(connection)


def drips_interim_answers(connection: socket.socket) -> None:
    heard(connection)
    drip(connection, b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")


def drips_a_body(connection: socket.socket) -> None:
    heard(connection)
    connection.sendall(HEAD + b"Content-Length: 100000\r\n\r\n")
    drip(connection, b" ")


def drips_chunks(connection: socket.socket) -> None:
    heard(connection)
    connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    drip(connection, b"1\r\n \r\n")


def says_nothing(connection: socket.socket) -> None:
    heard(connection)
    time.sleep(10)


DRIPS = [
    drips_a_status_line,
    drips_a_header,
    drips_interim_answers,
    drips_a_body,
    drips_chunks,
    says_nothing,
]


def quickly(url: str, **changes: Any) -> Any:
    return service(url, **{"timeout": TIMEOUT, "max_retries": 0, **changes})


@pytest.fixture
def in_time() -> Iterator[None]:
    """The test takes hardly longer than one attempt."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < ATTEMPT * TIMEOUT + 2.0


@pytest.mark.usefixtures("in_time")
@pytest.mark.parametrize("talk", DRIPS)
@pytest.mark.parametrize(
    ("safety", "kind"), [(Safety.READ, errors.ServiceUnavailable), (Safety.ONCE, errors.UncertainOutcome)]
)
def test_an_answer_that_never_ends_is_given_up(
    wire: Wire, talkers: Callable[[Talk], Talker], talk: Talk, safety: Safety, kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        wire.send(wire.transport(quickly(talkers(talk).url)), call(safety))


@pytest.mark.usefixtures("in_time")
@pytest.mark.parametrize("through_a_proxy", [False, True])
def test_a_handshake_that_never_ends_has_sent_nothing(
    wire: Wire, talkers: Callable[[Talk], Talker], through_a_proxy: bool
) -> None:
    """A call that must not be made twice is not in doubt: nothing of it left."""

    def drips_a_handshake(connection: socket.socket) -> None:
        if through_a_proxy:
            heard(connection)
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        connection.recv(1)
        connection.sendall(b"\x16\x03\x03\x40\x00")
        drip(connection, b"\x00")

    talker = talkers(drips_a_handshake)
    settings = (
        quickly("https://service.example", proxy=talker.url)
        if through_a_proxy
        else quickly(f"https://127.0.0.1:{talker.port}")
    )
    with pytest.raises(errors.ServiceUnavailable, match="could not be sent"):
        wire.send(wire.transport(settings), call(Safety.ONCE))


@pytest.mark.usefixtures("in_time")
@pytest.mark.parametrize("answer", [b"HTTP/1.1 407 Who are you\r\n\r\n", b"HTTP/1.1 200 O", b""])
def test_a_proxy_that_makes_no_tunnel_has_sent_nothing(
    wire: Wire, talkers: Callable[[Talk], Talker], answer: bytes
) -> None:
    def talk(connection: socket.socket) -> None:
        heard(connection)
        connection.sendall(answer)
        if b"407" not in answer:
            time.sleep(10)

    settings = quickly("https://service.example", proxy=talkers(talk).url)
    with pytest.raises(errors.ServiceUnavailable, match="could not be sent"):
        wire.send(wire.transport(settings), call(Safety.ONCE))


def test_a_call_that_was_not_sent_is_sent_again(wire: Wire, talkers: Callable[[Talk], Talker]) -> None:
    answered = threading.Event()

    def refuses_once(connection: socket.socket) -> None:
        heard(connection)
        connection.sendall(b"HTTP/1.1 503 Not now\r\nContent-Length: 0\r\n\r\n")
        answered.set()

    talker = talkers(refuses_once)
    with pytest.raises(errors.ServiceUnavailable):
        wire.send(
            wire.transport(quickly("https://service.example", proxy=talker.url, max_retries=2)),
            call(Safety.ONCE),
        )
    assert talker.connections == 3


@pytest.mark.usefixtures("in_time")
def test_a_body_that_nobody_reads_is_given_up(wire: Wire, talkers: Callable[[Talk], Talker]) -> None:
    def reads_slowly(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        while connection.recv(16):
            time.sleep(TIMEOUT / 4)

    with pytest.raises(errors.UncertainOutcome):
        wire.send(
            wire.transport(quickly(talkers(reads_slowly).url)), call(Safety.ONCE, json="x" * 20_000_000)
        )


# files: by progress


def test_a_file_takes_as_long_as_it_moves(
    wire: Wire, talkers: Callable[[Talk], Talker], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airflow_provider_activation.transport.attempt.PROGRESS", 5)
    pieces = 3 * ATTEMPT * 2

    def sends_a_file(connection: socket.socket) -> None:
        heard(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (5 * pieces))
        for _ in range(pieces):
            connection.sendall(b"12345")
            time.sleep(TIMEOUT / 2)

    file = tmp_path / "audience.csv"
    began = time.monotonic()
    wire.send(wire.transport(quickly(talkers(sends_a_file).url)), call(into=file, read=lambda answer: None))
    assert file.stat().st_size == 5 * pieces
    assert time.monotonic() - began > 2 * ATTEMPT * TIMEOUT


@pytest.mark.usefixtures("in_time")
def test_a_file_that_only_drips_is_given_up(
    wire: Wire, talkers: Callable[[Talk], Talker], tmp_path: Path
) -> None:
    file = tmp_path / "audience.csv"
    file.write_text("of yesterday")
    with pytest.raises(errors.ServiceUnavailable):
        wire.send(wire.transport(quickly(talkers(drips_a_body).url)), call(into=file))
    assert file.read_text() == "of yesterday"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.usefixtures("in_time")
def test_an_upload_that_is_not_acknowledged_is_given_up(
    wire: Wire, talkers: Callable[[Talk], Talker], tmp_path: Path
) -> None:
    file = tmp_path / "audience.csv"
    file.write_bytes(b"1\n" * 10)
    with pytest.raises(errors.UncertainOutcome):
        wire.send(
            wire.transport(quickly(talkers(drips_interim_answers).url)),
            call(Safety.ONCE, file=FileBody(file, "text/csv")),
        )


# size


def answers(head: bytes, body: bytes, times: int = 1) -> Talk:
    def talk(connection: socket.socket) -> None:
        heard(connection)
        connection.sendall(b"HTTP/1.1 %b\r\nConnection: close\r\n\r\n" % head)
        for _ in range(times):
            connection.sendall(body)

    return talk


@cache
def bomb(layers: int = 1) -> bytes:
    """A hundred million zeros. A part that was flushed in full stands alone, so that it is packed once."""
    packed, zeros = zlib.compressobj(9, wbits=-15), bytes(1_000_000)
    part = packed.compress(zeros) + packed.flush(zlib.Z_FULL_FLUSH)
    check = 0
    for _ in range(100):
        check = zlib.crc32(zeros, check)
    head = b"\x1f\x8b\x08" + bytes(7)
    data = head + part * 100 + packed.flush() + struct.pack("<II", check, 100 * len(zeros))
    return data if layers == 1 else gzip.compress(data)


GZIP = b"200 OK\r\nContent-Encoding: gzip"


@pytest.mark.parametrize(
    "talk",
    [
        answers(GZIP, bomb()),
        answers(b"200 OK\r\nContent-Encoding: gzip, gzip", bomb(2)),
        answers(b"200 OK\r\nContent-Encoding: br", b"anything"),
        answers(GZIP, gzip.compress(b"[" + b" " * 1_000_000) * 70),
        answers(b"200 OK", bytes(1_000_000), 70),
    ],
    ids=["gzip", "gzip in gzip", "not asked for", "many members", "plain"],
)
@pytest.mark.parametrize(
    ("safety", "kind"), [(Safety.READ, errors.UnreadableResponse), (Safety.ONCE, errors.UncertainOutcome)]
)
def test_an_answer_that_is_too_large_is_refused(
    wire: Wire, talkers: Callable[[Talk], Talker], talk: Talk, safety: Safety, kind: type[Exception]
) -> None:
    with pytest.raises(kind, match=r"MiB|not asked for"):
        wire.send(wire.transport(service(talkers(talk).url)), call(safety))


@pytest.mark.parametrize(
    "head", [b"500 Oh\r\nContent-Encoding: gzip", b"404 Oh\r\nContent-Encoding: gzip"], ids=["500", "404"]
)
def test_of_an_error_only_the_beginning_is_read(
    wire: Wire, talkers: Callable[[Talk], Talker], head: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []
    keep = bodies.Body._keep

    def note(body: bodies.Body, part: bytes) -> bool:
        taken.append(len(part))
        return keep(body, part)

    monkeypatch.setattr(bodies.Body, "_keep", note)
    with pytest.raises((errors.ServiceUnavailable, errors.NotFound)) as caught:
        wire.send(wire.transport(quickly(talkers(answers(head, bomb())).url)), call())
    assert caught.value.status in (500, 404)
    assert sum(taken) <= 2 * bodies.DECODED_AT_ONCE


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"200 OK", b'{"ok": true}'),
        (GZIP, gzip.compress(b'{"ok": true}')),
        (GZIP, gzip.compress(b'{"ok": ') + gzip.compress(b"true}")),
        (b"200 OK\r\nContent-Encoding: deflate", zlib.compress(b'{"ok": true}')),
        (b"200 OK\r\nContent-Encoding: deflate", zlib.compress(b'{"ok": true}')[2:-4]),
        (b"200 OK\r\nContent-Encoding: IDENTITY", b'{"ok": true}'),
    ],
    ids=["plain", "gzip", "two members", "deflate", "bare deflate", "identity"],
)
def test_an_answer_in_each_encoding_is_read(
    wire: Wire, talkers: Callable[[Talk], Talker], head: bytes, body: bytes
) -> None:
    assert wire.send(wire.transport(service(talkers(answers(head, body)).url)), call()) == {"ok": True}


@pytest.mark.parametrize(
    "body",
    [gzip.compress(b'{"ok": true}')[:-9], b"no gzip at all", b"\x1f\x8b\x00"],
    ids=["cut", "none", "bad"],
)
def test_a_body_that_cannot_be_decoded_is_unreadable(
    wire: Wire, talkers: Callable[[Talk], Talker], body: bytes
) -> None:
    with pytest.raises(errors.UnreadableResponse):
        wire.send(wire.transport(service(talkers(answers(GZIP, body)).url)), call())


def test_a_compressed_file_is_decoded_while_it_arrives(
    wire: Wire, talkers: Callable[[Talk], Talker], tmp_path: Path
) -> None:
    file = tmp_path / "audience.csv"
    wire.send(
        wire.transport(service(talkers(answers(GZIP, bomb())).url)),
        call(into=file, read=lambda answer: None),
    )
    assert file.stat().st_size == 100_000_000


def test_a_header_that_never_ends_is_refused(wire: Wire, talkers: Callable[[Talk], Talker]) -> None:
    talker = talkers(answers(b"200 OK\r\nX-Long: " + b"x" * 10_000_000, b""))
    with pytest.raises(errors.ServiceUnavailable):
        wire.send(wire.transport(quickly(talker.url)), call())


def test_a_port_without_tls_is_no_doubt(wire: Wire, talkers: Callable[[Talk], Talker]) -> None:
    def no_tls(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 400 This is not https\r\n\r\n")

    talker = talkers(no_tls)
    with pytest.raises(errors.ServiceUnavailable, match="could not be sent"):
        wire.send(wire.transport(quickly(f"https://127.0.0.1:{talker.port}")), call(Safety.ONCE))
