"""The last requests, without secrets."""

from __future__ import annotations

import json
from collections import deque
from typing import Any

from airflow_provider_activation.sandbox.core.clock import Clock, iso
from airflow_provider_activation.sandbox.core.credentials import Vault
from airflow_provider_activation.sandbox.core.errors import Invalid
from airflow_provider_activation.sandbox.core.messages import FORM, JSON, Request

MOST_REQUESTS = 50_000
LARGEST_BODY = 64 * 1024


class Recorder:
    """Records requests. It records no headers, because they carry credentials."""

    def __init__(self, vault: Vault, clock: Clock) -> None:
        self._vault = vault
        self._clock = clock
        self._requests: deque[dict[str, Any]] = deque(maxlen=MOST_REQUESTS)

    def begin(self, service: str, request: Request) -> dict[str, Any]:
        """Record a new request. Its status is None until the response is known."""
        query: dict[str, Any] = {}
        for name, value in request.query:
            query[name] = [*query[name], value] if name in query else [value]
        entry = {
            "service": service,
            "method": request.method,
            "path": self._vault.mask(request.path),
            "query": self._vault.mask({name: v[0] if len(v) == 1 else v for name, v in query.items()}),
            "status": None,
            "at": iso(self._clock.now()),
            "body": None,
            "misbehaviour": None,
        }
        self._requests.append(entry)
        return entry

    def record_body(self, entry: dict[str, Any], request: Request) -> None:
        """Record the body of a request. Only JSON and forms are recorded in full, others by their size."""
        entry["body"] = self._vault.mask(_readable_body(request)) if request.body else None

    def clear(self) -> None:
        """Remove all requests."""
        self._requests.clear()

    def as_json(self) -> list[dict[str, Any]]:
        """The recorded requests, oldest first."""
        return [dict(entry) for entry in self._requests]


def _readable_body(request: Request) -> object:
    media_type = request.media_type()
    try:
        if media_type == JSON and len(request.body) <= LARGEST_BODY:
            return json.loads(request.body)
        if media_type == FORM and len(request.body) <= LARGEST_BODY:
            return dict(request.form())
    except (ValueError, RecursionError, Invalid):
        return "unreadable"
    return f"{len(request.body)} bytes of {media_type or 'no media type'}"
