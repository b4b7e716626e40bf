"""The last requests, as a person or a test may see them: without any secret."""

from __future__ import annotations

import json
from collections import deque
from typing import Any

from airflow_provider_activation.sandbox.core.messages import FORM, JSON, Incoming
from airflow_provider_activation.sandbox.core.reading import Invalid
from airflow_provider_activation.sandbox.core.service import iso
from airflow_provider_activation.sandbox.core.settings import Clock, Vault

KEEP = 50_000
LARGEST_BODY = 64 * 1024


class Recorder:
    """Keeps what was asked and what came of it. Headers are not kept at all: they carry the keys."""

    def __init__(self, vault: Vault, clock: Clock) -> None:
        self._vault = vault
        self._clock = clock
        self._requests: deque[dict[str, Any]] = deque(maxlen=KEEP)

    def begin(self, service: str, incoming: Incoming) -> dict[str, Any]:
        """Note a request at its arrival; its status stays None until something has been answered."""
        query: dict[str, Any] = {}
        for name, value in incoming.query:
            query[name] = [*query[name], value] if name in query else [value]
        entry = {
            "service": service,
            "method": incoming.method,
            "path": self._vault.mask(incoming.path),
            "query": self._vault.mask({name: v[0] if len(v) == 1 else v for name, v in query.items()}),
            "status": None,
            "at": iso(self._clock.now()),
            "body": None,
            "misbehaviour": None,
        }
        self._requests.append(entry)
        return entry

    def note_body(self, entry: dict[str, Any], incoming: Incoming) -> None:
        """Add a JSON body or a form; of anything else, only how large it was."""
        body: object = None
        if incoming.body:
            body = f"{len(incoming.body)} bytes of {incoming.media_type() or 'no media type'}"
            if len(incoming.body) <= LARGEST_BODY:
                try:
                    if incoming.media_type() == JSON:
                        body = json.loads(incoming.body)
                    elif incoming.media_type() == FORM:
                        body = dict(incoming.form())
                except (ValueError, RecursionError, Invalid):
                    body = "unreadable"
        entry["body"] = self._vault.mask(body)

    def clear(self) -> None:
        """Forget all requests."""
        self._requests.clear()

    def as_json(self) -> list[dict[str, Any]]:
        """All kept requests, the oldest first."""
        return [dict(entry) for entry in self._requests]
