"""What the tests of the transport share: calls, services, and one way to send in both worlds."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, TypeVar

from airflow_provider_activation.api.call import Answer, Call, Safety, Token
from airflow_provider_activation.transport import ConnectionSettings, Transport
from scripts.machine_speed import scaled

T = TypeVar("T")

CANARY = 'canary key/+=&"ü:US'
"""A secret in which every sign that can be written in another way occurs."""
TOKEN_CANARY = "canary-token+/=="


def call(safety: Safety = Safety.READ, **changes: Any) -> Call[Any]:
    """A call whose answer is JSON."""
    fields: dict[str, Any] = {
        "service": "Example",
        "operation": "make_thing",
        "method": "GET" if safety is Safety.READ else "POST",
        "template": "/v1/things/{thing_id}",
        "path": "/v1/things/7",
        "safety": safety,
        "read": lambda answer: answer.json(),
    }
    return Call(**{**fields, **changes})


def log_in(url: str, **changes: Any) -> Call[Token]:
    """A log-in at an address of its own, by a form."""

    def read(answer: Answer) -> Token:
        reply = answer.json()
        token = reply["access_token"]
        return Token({"Authorization": f"Bearer {token}"}, float(reply["expires_in"]), (token,))

    fields: dict[str, Any] = {
        "service": "Example",
        "operation": "log_in",
        "method": "POST",
        "template": "/token",
        "path": "/token",
        "safety": Safety.READ,
        "read": read,
        "form": {"username": "someone", "password": CANARY},
        "url": url,
    }
    return Call(**{**fields, **changes})


def service(base_url: str, **changes: Any) -> ConnectionSettings:
    """A service. No TLS is used here, and reading certificates would take most of the tests' time."""
    fields: dict[str, Any] = {"timeout": scaled(5.0), "max_retries": 3, "verify": False}
    return ConnectionSettings("Example", "example_default", base_url, **{**fields, **changes})


class Wire:
    """Sends calls in threads or on an event loop, and does not wait between them.

    :param kind: ``sync`` or ``async``.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.pauses: list[float] = []
        self.on_pause: Callable[[], None] = lambda: None
        self._runner = asyncio.Runner()
        self._transports: list[Transport] = []

    def transport(self, service: ConnectionSettings, **options: Any) -> Transport:
        transport = Transport(service, sleep=self.paused, **options)
        self._transports.append(transport)
        return transport

    def paused(self, seconds: float) -> None:
        """In place of a pause."""
        self.pauses.append(seconds)
        self.on_pause()

    def send(self, transport: Transport, call: Call[T]) -> T:
        if self.kind == "sync":
            return transport.send(call)
        return self._runner.run(transport.asend(call))

    def close(self) -> None:
        for transport in self._transports:
            transport.close()
            with contextlib.suppress(RuntimeError):
                self._runner.run(transport.aclose())
        self._runner.close()
