"""A server of sockets and threads that says whatever a test tells it to, byte by byte."""

from __future__ import annotations

import contextlib
import itertools
import json
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

PATIENCE = 7.0
"""Seconds after which a drip or a silence ends by itself, so that a test fails and does not hang."""


class Gone(Exception):
    """The client has hung up, or the server is being closed."""


@dataclass(frozen=True)
class Request:
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.target).query, keep_blank_values=True)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Wire:
    """One connection of a client, and how bytes go out on it."""

    sock: socket.socket
    closing: threading.Event
    patience: float
    began: float = field(default_factory=time.monotonic)

    def send(self, data: bytes) -> None:
        try:
            self.sock.sendall(data)
        except OSError:
            raise Gone from None

    def pause(self, seconds: float) -> None:
        if self.closing.wait(seconds) or time.monotonic() - self.began > self.patience:
            raise Gone

    def silence(self) -> None:
        while True:
            self.pause(0.05)

    def drip(self, pieces: Iterable[bytes], pause: float) -> None:
        self.began = time.monotonic()
        for piece in pieces:
            self.send(piece)
            self.pause(pause)


Answer = bytes | Callable[[Wire], None]
"""All bytes of a response, or what is done with the connection, which is closed afterwards."""
Handler = Callable[[Request], Answer]


def answer(
    body: Any = b"",
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """A response of known length. What is neither bytes nor a text is sent as JSON."""
    content = body.encode() if isinstance(body, str) else body
    if not isinstance(content, bytes):
        content = json.dumps(content).encode()
    fields = {"Content-Type": "application/json", "Content-Length": str(len(content))} | dict(headers or {})
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value)
    return f"HTTP/1.1 {status} Whatever\r\n{head}\r\n".encode("latin-1") + content


def dripping(head: bytes, piece: bytes, pause: float = 0.05) -> Answer:
    """``head`` at once, then ``piece`` again and again."""

    def drip(wire: Wire) -> None:
        wire.send(head)
        wire.drip(itertools.repeat(piece), pause)

    return drip


def stopping(part: bytes = b"") -> Answer:
    """A part of a response, and then nothing."""

    def stop(wire: Wire) -> None:
        wire.began = time.monotonic()
        wire.send(part)
        wire.silence()

    return stop


def flooding(head: bytes, pieces: Iterable[bytes]) -> Answer:
    """``head``, then all pieces as fast as they are taken."""

    def flood(wire: Wire) -> None:
        wire.send(head)
        for piece in pieces:
            wire.send(piece)

    return flood


def cut(part: bytes) -> Answer:
    """A part of a response, and then the end of the connection."""
    return lambda wire: wire.send(part)


def script(*answers: Answer) -> Handler:
    """Each request gets the next answer, and all that come later the last one."""
    numbers = itertools.count()
    return lambda request: answers[min(next(numbers), len(answers) - 1)]


class Adversary:
    """Listens on a loopback port until it is closed.

    :param handler: what each request gets, or an answer for all of them.
    :param greeting: what a connection gets before a request is read; the connection is closed afterwards.
    :param patience: seconds after which drips and silences end.
    """

    def __init__(
        self,
        handler: Handler | bytes = b"",
        *,
        greeting: Callable[[Wire], None] | None = None,
        patience: float = PATIENCE,
    ) -> None:
        self._handler: Handler = (lambda request: handler) if isinstance(handler, bytes) else handler
        self._greeting = greeting
        self._patience = patience
        self._closing = threading.Event()
        self._open: set[socket.socket] = set()
        self.asked: list[Request] = []
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Adversary:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._closing.set()
        for sock in [self._listener, *self._open]:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def asked_for(self, method: str, part: str = "") -> list[Request]:
        return [request for request in self.asked if request.method == method and part in request.target]

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.add(sock)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        wire = Wire(sock, self._closing, self._patience)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._greeting:
                self._greeting(wire)
                return
            with sock.makefile("rb") as reader:
                for request in _requests(reader, wire):
                    self.asked.append(request)
                    said = self._handler(request)
                    if not isinstance(said, bytes):
                        said(wire)
                        return
                    wire.send(said)
        except (Gone, OSError, ValueError):
            pass
        finally:
            self._open.discard(sock)
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()


def _requests(reader: Any, wire: Wire) -> Iterator[Request]:
    while line := reader.readline():
        method, target, _ = line.decode("latin-1").split(" ", 2)
        headers = {}
        while (line := reader.readline()).strip():
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        if headers.get("expect"):
            wire.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        if headers.get("transfer-encoding") == "chunked":
            body = b""
            while size := int(reader.readline(), 16):
                body += reader.read(size)
                reader.readline()
            reader.readline()
        else:
            body = reader.read(int(headers.get("content-length", 0)))
        yield Request(method, target, headers, body)
