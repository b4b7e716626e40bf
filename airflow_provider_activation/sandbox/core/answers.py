"""What the habits of a service do to its responses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from airflow_provider_activation.sandbox.core.credentials import SECRET_FIELDS
from airflow_provider_activation.sandbox.core.errors import Invalid
from airflow_provider_activation.sandbox.core.messages import JSON, TEXT, Request, Response
from airflow_provider_activation.sandbox.core.routing import Route
from airflow_provider_activation.sandbox.core.traits import Deed, Traits

MOST_DIGITS = 19
"""Longer ids that have digits only are not numbers by chance."""

_ID = re.compile(r"(^id|Id|ID|_id)s?$")

SAYING = frozenset(
    {"message", "error_description", "description", "errorDetails", "statusDetail", "status_detail"}
)
"""The fields with a text for a person."""


def as_usual(traits: Traits, route: Route, deed: Deed, request: Request, response: Response) -> Response:
    """A response to a request that was carried out, as the habits have it."""
    if deed.late is not None and response.status < 400:
        body = deed.late.options["body"]
        return Response(202) if body is None else Response.json(body, 202)
    response = quoting(traits, request, response)
    for habit in traits.active("ids", request.path):
        convert = _as_number if habit.options["form"] == "number" else _as_text
        # The whole response of a creation may be an id.
        response = _changed(response, partial(_with_ids, convert=convert, is_id=route.makes))
    if route.lists and traits.first("aliens", request.path):
        response = _changed(response, _with_aliens)
    return response


def quoting(traits: Traits, request: Request, response: Response) -> Response:
    """A response that quotes the credentials of its request, if that is a habit."""
    quoted = " ".join(_credentials(request)) if traits.first("quotes", request.path) else ""
    if not quoted:
        return response
    if response.content_type == TEXT and response.status >= 400:
        return Response(response.status, response.body + f" ({quoted})".encode(), TEXT, response.headers)
    return _changed(response, lambda value: _with_link(_with_quote(value, quoted), request.path, quoted))


def _changed(response: Response, change: Callable[[Any], Any]) -> Response:
    if response.content_type != JSON or not response.body:
        return response
    changed = Response.json(change(json.loads(response.body)), response.status)
    changed.headers = response.headers
    return changed


def _credentials(request: Request) -> Iterable[str]:
    """The credentials in the header, the query and the body of a request."""
    bearer = request.bearer()
    if bearer is not None:
        yield bearer
    yield from (value for name, value in request.query if name.lower() in SECRET_FIELDS)
    try:
        yield from _secrets(request.json())
    except Invalid:
        return


def _secrets(value: object) -> Iterable[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name.lower() in SECRET_FIELDS and isinstance(inner, str):
                yield inner
            else:
                yield from _secrets(inner)


def _with_quote(value: Any, quoted: str) -> Any:
    if isinstance(value, list):
        return [_with_quote(inner, quoted) for inner in value]
    if not isinstance(value, dict):
        return value
    return {
        name: f"{inner or ''} ({quoted})".strip()
        if name in SAYING and isinstance(inner, str | None)
        else _with_quote(inner, quoted)
        for name, inner in value.items()
    }


def _with_link(value: Any, path: str, quoted: str) -> Any:
    """A resource, or each one of a list, with a link to itself."""
    if isinstance(value, list):
        return [_with_link(inner, path, quoted) for inner in value]
    if not isinstance(value, dict):
        return value
    lists = {name: _with_link(rows, path, quoted) for name, rows in value.items() if isinstance(rows, list)}
    return {**value, **lists, "self": f"{path}?apikey={quoted}"}


def _with_ids(value: Any, convert: Callable[[Any], Any], is_id: bool) -> Any:
    if isinstance(value, dict):
        return {name: _with_ids(inner, convert, bool(_ID.search(name))) for name, inner in value.items()}
    if isinstance(value, list):
        return [_with_ids(inner, convert, is_id) for inner in value]
    return convert(value) if is_id else value


def _as_number(value: Any) -> Any:
    if isinstance(value, str) and len(value) <= MOST_DIGITS and re.fullmatch(r"0|[1-9][0-9]*", value):
        return int(value)
    return value


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _with_aliens(value: Any) -> Any:
    if isinstance(value, list):
        return [*_aliens(value), *value]
    if isinstance(value, dict):
        return {
            name: _with_aliens(inner) if isinstance(inner, list) else inner for name, inner in value.items()
        }
    return value


def _aliens(rows: Sequence[Any]) -> list[Any]:
    """A row without a name, one without an id, and one with wrong types. No field is that of another row."""
    like = rows[0] if rows and isinstance(rows[0], dict) else {"id": "", "name": ""}
    alien = {name: _strange(inner) for name, inner in like.items()}
    return [
        {name: inner for name, inner in alien.items() if not re.search("name|label", name, re.IGNORECASE)},
        {name: None if _ID.search(name) else inner for name, inner in alien.items()},
        {name: [inner] for name, inner in alien.items()},
    ]


def _strange(value: Any) -> Any:
    if isinstance(value, str):
        return "alien"
    return type(value)() if isinstance(value, int | float | list | dict) else value
