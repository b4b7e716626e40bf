"""What comes in, what goes out, and how a path finds its handler."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

from airflow_provider_activation.sandbox.core.reading import Invalid, Query

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"
CSV = "text/csv"
FORM = "application/x-www-form-urlencoded"


@dataclass
class Incoming:
    """One request to a service, its path without the service's prefix."""

    method: str
    raw_path: str
    query: list[tuple[str, str]] = field(default_factory=list)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    fail: bool = False
    """Told by a misbehaviour: act, but let what this request starts end badly."""

    @property
    def path(self) -> str:
        """The decoded path, for people."""
        return unquote(self.raw_path)

    def segments(self) -> list[str]:
        """The parts of the path, each decoded by itself, so that an encoded slash stays inside its part."""
        return [unquote(part) for part in self.raw_path.split("/")[1:]]

    def media_type(self) -> str:
        """The Content-Type without its parameters."""
        return self.headers.get("content-type", "").split(";")[0].strip().lower()

    def read_query(self) -> Query:
        """The query, to be read strictly."""
        return Query(self.query)

    def json(self) -> Any:
        """The JSON body; a missing Content-Type, a repeated key or a NaN is refused like bad syntax."""
        if self.media_type() != JSON:
            raise Invalid(f"Content-Type must be {JSON}")
        try:
            text = self.body.decode("utf-8")
            return json.loads(text, object_pairs_hook=_object_without_repeats, parse_constant=_no_constant)
        except (UnicodeDecodeError, ValueError, RecursionError) as error:
            raise Invalid(f"the body is not valid JSON: {error}") from None

    def form(self) -> list[tuple[str, str]]:
        """The fields of a form."""
        if self.media_type() != FORM:
            raise Invalid(f"Content-Type must be {FORM}")
        try:
            return parse_qsl(
                self.body.decode("utf-8"),
                keep_blank_values=True,
                strict_parsing=bool(self.body),
                errors="strict",
            )
        except ValueError as error:
            raise Invalid(f"the body is not a valid form: {error}") from None


def _object_without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise ValueError(f"the key {key!r} appears twice")
        result[key] = value
    return result


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


@dataclass
class Answer:
    """One response, complete before a byte of it is sent."""

    status: int = 200
    body: bytes = b""
    content_type: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, value: object, status: int = 200) -> Answer:
        """A JSON response."""
        return cls(status, json.dumps(value, ensure_ascii=False).encode(), JSON)

    @classmethod
    def text(cls, value: str, status: int = 200) -> Answer:
        """A plain text response."""
        return cls(status, value.encode(), TEXT)

    @classmethod
    def html(cls, value: str, status: int = 200) -> Answer:
        """An HTML page."""
        return cls(status, value.encode(), HTML)


class Refused(Exception):
    """The service will not do this; each service gives it the vendor's own form."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


Handler = Callable[..., Answer]
StreamHandler = Callable[..., Awaitable[Answer]]


@dataclass(frozen=True)
class Route:
    """One operation: ``{name}`` in the template stands for exactly one non-empty part of the path."""

    method: str
    template: str
    handler: Handler | None = None
    stream: StreamHandler | None = None
    """For bodies too large to hold: called with the request, the chunks and the path values."""

    def match(self, segments: list[str]) -> list[str] | None:
        """The values of the placeholders, or None when the path is another one."""
        parts = self.template.split("/")[1:]
        if len(parts) != len(segments):
            return None
        values = []
        for part, segment in zip(parts, segments, strict=True):
            if part.startswith("{"):
                if not segment:
                    return None
                values.append(segment)
            elif part != segment:
                return None
        return values


def find_route(routes: Iterable[Route], incoming: Incoming) -> tuple[Route, list[str]]:
    """The operation for a request, and its path values; routes given first win."""
    segments = incoming.segments()
    other_methods = set()
    for route in routes:
        values = route.match(segments)
        if values is None:
            continue
        if route.method == incoming.method:
            return route, values
        other_methods.add(route.method)
    if other_methods:
        raise Refused(405, f"{incoming.method} is not allowed here, only {', '.join(sorted(other_methods))}")
    raise Refused(404, f"no such resource: {incoming.path}")


Chunks = AsyncIterator[bytes]
