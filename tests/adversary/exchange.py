"""A plain Exchange of the standard library: jobs that wait for a file, and what becomes of them."""

from __future__ import annotations

import http.server
import json
import socketserver
import threading
from collections.abc import Callable
from typing import Any

WAITING = "WAITING_TO_RECIEVE_DATA"
REGISTERED = {
    "marketingDatabases": [
        {
            "name": "Customers",
            "identifiers": [
                {"name": "email_sha256", "type": "email", "hashMode": "HASHED", "hashAlgorithm": "SHA256"}
            ],
            "attributes": [],
        }
    ]
}

Take = Callable[["Exchange", bytes], tuple[int, Any] | None]
"""What is done with an upload that has come whole: the answer, or None to hang up."""


def accept(exchange: Exchange, body: bytes) -> tuple[int, Any]:
    exchange.status = "COMPLETE"
    return 200, True


class Exchange:
    """Counts each call, and keeps the body of each upload.

    :param take: what is done with an upload.
    """

    def __init__(self, take: Take = accept) -> None:
        self.take = take
        self.status = WAITING
        self.uploads: list[bytes] = []
        self.asked: list[tuple[str, str]] = []
        self.before_upload: Callable[[], None] = lambda: None
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.asked.append(("GET", self.path))
                self.say(*outer.get(self.path))

            def do_POST(self) -> None:
                outer.asked.append((self.command, self.path))
                if self.headers.get("Transfer-Encoding"):
                    body = b""
                    while size := int(self.rfile.readline(), 16):
                        body += self.rfile.read(size)
                        self.rfile.readline()
                    self.rfile.readline()
                else:
                    body = self.rfile.read(length := int(self.headers.get("Content-Length", 0)))
                    if len(body) < length:
                        self.close_connection = True
                        return
                outer.uploads.append(body)
                said = outer.take(outer, body)
                if said is None:
                    self.close_connection = True
                else:
                    self.say(*said)

            do_PUT = do_PATCH = do_DELETE = do_POST

            def say(self, status: int, body: Any) -> None:
                content = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *said: Any) -> None:
                pass

        class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads = True

            def handle_error(self, *said: Any) -> None:
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def changing(self) -> list[tuple[str, str]]:
        """All calls that do not read."""
        return [call for call in self.asked if call[0] != "GET"]

    def get(self, path: str) -> tuple[int, Any]:
        if "/jobs/" in path:
            job = {"jobId": 5, "jobCategory": "SEGMENT_EXPORT", "producerEndpointID": 10001}
            job["status"] = self.status
            return 200, [job] if path.partition("?")[0].endswith("/SEGMENT_EXPORT") else job
        described = {"endpointId": 10001, "name": "x", "status": "ACTIVE"}
        return 200, [described | {"marketingDatabasesDefinition": REGISTERED}]
