"""What the tests of the API layer share: answers without a network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from airflow_provider_activation.api.call import NOTHING, Answer


def answer(body: Any = NOTHING, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer; bytes and texts as they are, anything else as JSON."""
    if body is NOTHING:
        body = b""
    if isinstance(body, str):
        body = body.encode()
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    return Answer(status, dict(headers or {}), body)


def naming(field: str) -> str:
    """A pattern for a message that names a field, in our spelling or in the service's."""
    return "(?i)" + field.replace("_", "_?")


HTML = "<!DOCTYPE html><html><body><h1>Bad gateway</h1></body></html>"

NONSENSE: dict[str, bytes] = {
    "HTML": HTML.encode(),
    "half a JSON object": b'{"id": "4", "na',
    "not UTF-8": b"\xff\xfe\x00{",
    "brackets without end": b"[" * 100_000,
    "a number of 5000 digits": b"9" * 5000,
    "an object without what is needed": b'{"other": 1}',
    "an array of numbers": b"[1, 2]",
    "an array of null": b"[null]",
    "wrong types throughout": b'{"id": {"a": 1}, "status": [], "jobId": [], "name": {}, "access_token": 5}',
}
