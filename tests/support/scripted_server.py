"""A server that does what it was told, request by request, and remembers what it was asked."""

from __future__ import annotations

import json
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from scripts.machine_speed import scaled


class CaseInsensitive(dict[str, str]):
    """Headers, found however their names are written."""

    def __init__(self, headers: Iterable[tuple[str, str]]) -> None:
        super().__init__((name.lower(), value) for name, value in headers)

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> list[tuple[str, str]]:
        return parse_qsl(urlsplit(self.target).query, keep_blank_values=True)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """What to answer.

    :param instead: ``drop`` hangs up without an answer, ``hang`` says nothing, ``half`` sends half the body.
    """

    status: int = 200
    body: Any = field(default_factory=lambda: {"ok": True})
    headers: Mapping[str, str] = field(default_factory=dict)
    instead: str | None = None


DROP, HANG, HALF = Reply(instead="drop"), Reply(instead="hang"), Reply(instead="half")

Script = Callable[[Asked], Reply]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: ScriptedServer

    def setup(self) -> None:
        super().setup()
        with self.server.lock:
            self.server.connections += 1

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        asked = Asked(self.command, self.path, CaseInsensitive(self.headers.items()), body)
        reply = self.server.reply_to(asked)
        if reply.instead == "hang":
            self.server.released.wait(scaled(10))
        if reply.instead in ("drop", "hang"):
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        content = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status != 304:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if reply.instead == "half":
            content = content[: len(content) // 2]
            self.close_connection = True
        if reply.status != 304:
            self.wfile.write(content)
        self.wfile.flush()

    do_GET = do_POST = do_PUT = do_DELETE = _answer

    def log_message(self, format: str, *args: Any) -> None:
        pass


class ScriptedServer(ThreadingHTTPServer):
    """Answers the replies in `script` one after the other, then `always`."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, *, listening: bool = True) -> None:
        super().__init__(("127.0.0.1", 0), _Handler, bind_and_activate=False)
        self.lock = threading.Lock()
        self.released = threading.Event()
        self.asked: list[Asked] = []
        self.connections = 0
        self.script: deque[Reply] = deque()
        self.always: Script = lambda asked: Reply()
        self._thread: threading.Thread | None = None
        self.server_bind()
        if listening:
            self.listen()

    def listen(self) -> None:
        """Take connections from now on; before, they are refused."""
        if self._thread is None:
            self.server_activate()
            self._thread = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)
            self._thread.start()

    def stop(self) -> None:
        self.released.set()
        if self._thread is not None:
            self.shutdown()
        self.server_close()

    def clear(self) -> None:
        """As it was at the beginning, for the next test."""
        self.released.set()
        self.released = threading.Event()
        self.asked, self.connections = [], 0
        self.script.clear()
        self.always = lambda asked: Reply()

    def reply_to(self, asked: Asked) -> Reply:
        with self.lock:
            self.asked.append(asked)
            return self.script.popleft() if self.script else self.always(asked)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news here."""

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"
