"""What the calls of Dataddo have in common: paths, free bodies, and how answers are read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from airflow_provider_activation.api.call import NOTHING, Answer, Call, Safety, path_of
from airflow_provider_activation.api.models import Resource
from airflow_provider_activation.errors import InvalidRequest

__all__ = ["BASE_URL", "SERVICE"]

T = TypeVar("T")
R = TypeVar("R", bound=Resource)

SERVICE = "Dataddo"
BASE_URL = "https://headless.dataddo.com/customer-api/v1"


def request(
    operation: str,
    method: str,
    template: str,
    safety: Safety,
    read: Callable[[Answer], T],
    *,
    query: tuple[tuple[str, str], ...] = (),
    json: Any = NOTHING,
    **ids: str | int,
) -> Call[T]:
    """A call of this service.

    :param ids: a value for each variable of the template.
    """
    return Call(
        SERVICE,
        operation,
        method,
        template,
        path_of(template, **ids),
        safety,
        read,
        query=query,
        json=json,
    )


def get(
    operation: str,
    template: str,
    read: Callable[[Answer], T],
    *,
    query: tuple[tuple[str, str], ...] = (),
    **ids: str | int,
) -> Call[T]:
    """A call that only reads."""
    return request(operation, "GET", template, Safety.READ, read, query=query, **ids)


def delete(operation: str, template: str, **ids: Any) -> Call[None]:
    """A call that deletes; it answers nothing."""
    return request(operation, "DELETE", template, Safety.REPEATABLE, nothing, **ids)


def plain_json(name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """A body whose fields the documents leave open, nulls kept.

    :param name: the argument's name, for the refusal.
    :raises InvalidRequest: it is no mapping, or a value is not plain JSON.
    """
    if not isinstance(values, Mapping):
        raise InvalidRequest(f"{name} must be a mapping, but is a {type(values).__name__}.")
    for field, value in values.items():
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError):
            raise InvalidRequest(
                f"{name}: {field} must be plain JSON, but is a {type(value).__name__}."
            ) from None
    return dict(values)


# Answers


def nothing(answer: Answer) -> None:
    """That it answered is all: 202 and 204 say no more."""


def model(kind: type[R]) -> Callable[[Answer], R]:
    """One resource."""
    return lambda answer: kind.model_validate(answer.json())


def each(kind: type[R]) -> Callable[[Answer], list[R]]:
    """A bare list of resources."""
    return lambda answer: [kind.model_validate(item) for item in rows(answer)]


def rows(answer: Answer) -> list[Any]:
    """A bare list of whatever it is."""
    reply = answer.json()
    if not isinstance(reply, list):
        raise ValueError("it is not a list")
    return reply


def fields(answer: Answer) -> dict[str, Any]:
    """An object whose fields the documents leave open."""
    reply = answer.json()
    if not isinstance(reply, dict):
        raise ValueError("it is not an object")
    return reply


def updated_fields(answer: Answer) -> dict[str, Any]:
    """What was updated, where its fields are left open; empty for a 2xx without a body."""
    return fields(answer) if answer.text.strip() else {}


def updated(kind: type[R], **known: str) -> Callable[[Answer], R]:
    """What was updated; from a 2xx without a body, what is known of it."""
    return lambda answer: kind.model_validate(answer.json() if answer.text.strip() else known)


def created(kind: type[R], folder: str) -> Callable[[Answer], R]:
    """What was made: the body, or without one what the Location names, which is never followed.

    :param folder: what stands before the id in the Location's path, relative or absolute.
    """

    def read(answer: Answer) -> R:
        if answer.text.strip():
            return kind.model_validate(answer.json())
        _, found, rest = urlsplit(answer.headers.get("Location", "")).path.rpartition(f"/{folder}/")
        if not found or "/" in rest.rstrip("/"):
            raise ValueError("neither a body nor a Location says what was made")
        return kind.model_validate({"id": unquote(rest.rstrip("/"))})

    return read


def cloned(kind: type[R]) -> Callable[[Answer], R | None]:
    """The clone, or None where the answer has no body: 204 says that it was made and not which it is."""
    return lambda answer: kind.model_validate(answer.json()) if answer.text.strip() else None
