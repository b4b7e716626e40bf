"""Operations: from a method and a path to a handler, and from an id to a resource."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from airflow_provider_activation.sandbox.core.errors import Refused
from airflow_provider_activation.sandbox.core.messages import Request, Response

K = TypeVar("K")
T = TypeVar("T")

Handler = Callable[..., Response | Awaitable[Response]]


@dataclass(frozen=True)
class Route:
    """One operation. ``{name}`` in the template stands for one segment of the path, which is not empty."""

    method: str
    template: str
    handler: Handler
    """Takes the request and the path values. A coroutine takes the chunks of the body between them."""
    makes: bool = False
    """Whether it makes a new resource."""
    lists: bool = False
    """Whether its response is a list."""

    @property
    def streams(self) -> bool:
        """Whether the handler reads the body in chunks."""
        return inspect.iscoroutinefunction(self.handler)

    def match(self, segments: list[str]) -> list[str] | None:
        """The path values, or None when the path does not match."""
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


class Operations:
    """The operations on one kind of resource."""

    table: ClassVar[Sequence[tuple[str, str, str]]]
    """HTTP method, path template and name of the handler. The first match wins."""

    makes: ClassVar[frozenset[str]] = frozenset()
    """The names of the handlers that make a new resource. Those of lists begin with ``list_``."""

    def routes(self) -> list[Route]:
        """The table with its handlers."""
        return [
            Route(method, template, getattr(self, name), name in self.makes, name.startswith("list_"))
            for method, template, name in self.table
        ]


def routes_of(*parts: Operations) -> list[Route]:
    """The operations of some parts. Of two that match, the first wins."""
    return [route for part in parts for route in part.routes()]


def find_route(routes: Iterable[Route], request: Request) -> tuple[Route, list[str]]:
    """The operation of a request, and its path values."""
    segments = request.segments()
    other_methods = set()
    for route in routes:
        values = route.match(segments)
        if values is None:
            continue
        if route.method == request.method:
            return route, values
        other_methods.add(route.method)
    if other_methods:
        raise Refused(405, f"{request.method} is not allowed here, only {', '.join(sorted(other_methods))}")
    raise Refused(404, f"no such resource: {request.path}")


def find(stored: Mapping[K, T], key: K, kind: str) -> T:
    """The resource with an id; 404 when there is none."""
    if key not in stored:
        raise Refused(404, f"no {kind} {key}")
    return stored[key]


def number_in(written: str) -> int | None:
    """The integer in a path segment, or None."""
    return int(written) if re.fullmatch(r"[0-9]{1,19}", written, re.ASCII) else None
