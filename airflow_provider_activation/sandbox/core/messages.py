"""Requests and responses."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

from airflow_provider_activation.sandbox.core.errors import Invalid
from airflow_provider_activation.sandbox.core.reading import Query

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"
CSV = "text/csv"
TSV = "text/tab-separated-values"
FORM = "application/x-www-form-urlencoded"

Chunks = AsyncIterator[bytes]


@dataclass
class Request:
    """A request to a service. The path is without the service's prefix."""

    method: str
    raw_path: str
    query: list[tuple[str, str]] = field(default_factory=list)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    fail: bool = False
    """Set by a misbehaviour: what this request starts is going to fail."""

    @property
    def path(self) -> str:
        """The decoded path, as messages show it."""
        return unquote(self.raw_path)

    def segments(self) -> list[str]:
        """The segments of the path. Each is decoded alone, so an encoded slash does not split it."""
        return [unquote(part) for part in self.raw_path.split("/")[1:]]

    def media_type(self) -> str:
        """The Content-Type without its parameters."""
        return self.headers.get("content-type", "").split(";")[0].strip().lower()

    def read_query(self) -> Query:
        """The query, to be read strictly."""
        return Query(self.query)

    def need_no_query(self) -> None:
        """Refuse a query."""
        self.read_query().end()

    def need_no_body(self) -> None:
        """Refuse a body, and a query. A Content-Type for JSON is allowed."""
        self.need_no_query()
        self.need_media_type(JSON, "")
        if self.body:
            raise Invalid("this call takes no body")

    def need_media_type(self, media_type: str, *others: str) -> None:
        """Refuse another Content-Type."""
        if self.media_type() not in (media_type, *others):
            raise Invalid(f"Content-Type must be {media_type}")

    def bearer(self) -> str | None:
        """The bearer token, or None when the header is missing or malformed."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token if scheme.lower() == "bearer" and token and " " not in token else None

    def json(self) -> Any:
        """The JSON body. Repeated keys and NaN are refused."""
        self.need_media_type(JSON)
        try:
            text = self.body.decode("utf-8")
            return json.loads(text, object_pairs_hook=_object_without_repeats, parse_constant=_no_constant)
        except (UnicodeDecodeError, ValueError, RecursionError) as error:
            raise Invalid(f"the body is not valid JSON: {error}") from None

    def form(self) -> list[tuple[str, str]]:
        """The fields of a form."""
        self.need_media_type(FORM)
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
class Response:
    """A complete response."""

    status: int = 200
    body: bytes = b""
    content_type: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, value: object, status: int = 200) -> Response:
        """A JSON response."""
        return cls(status, json.dumps(value, ensure_ascii=False).encode(), JSON)

    @classmethod
    def text(cls, value: str, status: int = 200) -> Response:
        """A plain text response."""
        return cls(status, value.encode(), TEXT)

    @classmethod
    def html(cls, value: str, status: int = 200) -> Response:
        """An HTML page."""
        return cls(status, value.encode(), HTML)
