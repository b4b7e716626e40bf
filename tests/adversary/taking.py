"""A service that takes uploads: what it does when the head of one has come is up to the test."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from adversary.server import Adversary, Wire, answer

REGISTERED: list[dict[str, Any]] = [
    {
        "name": "Customers",
        "identifiers": [
            {"name": "email_sha256", "type": "email", "hashMode": "HASHED", "hashAlgorithm": "SHA256"}
        ],
        "attributes": [{"name": "city", "type": "String", "isRequired": False}],
    }
]


@dataclass
class Arrival:
    """One upload: its head, and as much of its body as has come."""

    headers: Mapping[str, str]
    reader: BinaryIO
    body: bytes = b""

    @property
    def length(self) -> int:
        return int(self.headers["content-length"])

    @property
    def is_complete(self) -> bool:
        return len(self.body) == self.length

    def read(self, size: int | None = None) -> None:
        """Read so many bytes, or all, or as many as come."""
        left = self.length - len(self.body) if size is None else size
        while left and (piece := self.reader.read1(min(left, 65536))):  # type: ignore[attr-defined]
            self.body += piece
            left -= len(piece)


Take = Callable[[Arrival, Wire], bytes | None]
"""Reads as much as it likes, and returns the answer; None hangs up."""


def taken(arrival: Arrival, wire: Wire) -> bytes:
    """What a service does that is well."""
    arrival.read()
    return answer("true") if arrival.is_complete else b""


@dataclass
class Intake:
    """Answers GETs of the job and its endpoint, and remembers all uploads.

    :param takes: what is done with each upload in turn; the last one goes on.
    :param endpoint: the answer to who asks for the endpoint's registration.
    """

    takes: list[Take] = field(default_factory=lambda: [taken])
    endpoint: bytes = b""
    arrivals: list[Arrival] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    is_waiting: bool = True
    came: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.endpoint = self.endpoint or endpoint()
        self.server = Adversary(greeting=self._serve)
        self.url = self.server.url

    def __enter__(self) -> Intake:
        return self

    def __exit__(self, *_: object) -> None:
        self.server.close()

    @property
    def complete(self) -> list[bytes]:
        """The bodies of all requests that came to their end."""
        return [arrival.body for arrival in self.arrivals if arrival.is_complete]

    def _serve(self, wire: Wire) -> None:
        with wire.sock.makefile("rb") as reader:
            while line := reader.readline():
                method, target, _ = line.decode("latin-1").split(" ", 2)
                headers = {}
                while (line := reader.readline()).strip():
                    name, _, value = line.decode("latin-1").partition(":")
                    headers[name.strip().lower()] = value.strip()
                self.asked.append(f"{method} {target}")
                if method == "POST":
                    arrival = Arrival(headers, reader)
                    self.arrivals.append(arrival)
                    self.came.set()
                    take = self.takes[min(len(self.arrivals), len(self.takes)) - 1]
                    said = take(arrival, wire)
                    # it has the file, also if its answer is lost
                    if arrival.is_complete and (not said or b" 200 " in said[:16]):
                        self.is_waiting = False
                    if not said:
                        return
                    wire.send(said)
                    if not arrival.is_complete:
                        # as services do that answer early: the rest is not read
                        wire.pause(0.3)
                        return
                elif "/jobs/" in target:
                    status = "WAITING_TO_RECIEVE_DATA" if self.is_waiting else "PENDING"
                    fields = {"jobCategory": "SEGMENT_EXPORT", "producerEndpointID": 10001}
                    wire.send(answer({"jobId": 5, "status": status} | fields))
                else:
                    wire.send(self.endpoint)


def endpoint(databases: Any = REGISTERED, status: int = 200) -> bytes:
    """The answer to who asks for the endpoint with its registration."""
    described = {"marketingDatabases": databases}
    fields = {"endpointId": 10001, "name": "x", "status": "ACTIVE"}
    return answer(json.dumps([fields | {"marketingDatabasesDefinition": described}]), status)
