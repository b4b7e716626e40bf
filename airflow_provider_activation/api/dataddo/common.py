"""What the calls of Dataddo have in common: bodies with open fields, and how responses are read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from airflow_provider_activation.api.answers import fields, with_known
from airflow_provider_activation.api.call import Answer, endpoint_of
from airflow_provider_activation.api.models import Resource
from airflow_provider_activation.errors import InvalidRequest

__all__ = ["BASE_URL", "SERVICE"]

R = TypeVar("R", bound=Resource)

SERVICE = "Dataddo"
BASE_URL = "https://headless.dataddo.com/customer-api/v1"

endpoint = endpoint_of(SERVICE)


def plain_json(name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """A body whose fields the documents leave open. None goes out as null.

    :raises InvalidRequest: it is not a mapping, or a value is not plain JSON.
    """
    if not isinstance(values, Mapping):
        raise InvalidRequest(f"{name} must be a mapping, but is a {type(values).__name__}.")
    for field, value in values.items():
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError):
            reason = f"{name}: {field} must be plain JSON, but is a {type(value).__name__}."
            raise InvalidRequest(reason) from None
    return dict(values)


def updated_fields(answer: Answer) -> dict[str, Any]:
    """An updated resource with open fields; empty if a 2xx has no body."""
    return fields(answer) if answer.text.strip() else {}


def updated(kind: type[R], **known: str) -> Callable[[Answer], R]:
    """An updated resource; ``known`` are its fields that a 2xx need not have, with a body or without."""

    def read(answer: Answer) -> R:
        reply = {} if answer.word in ("null", "[]") else updated_fields(answer)
        return kind.model_validate(with_known(reply, known))

    return read


def created(kind: type[R], folder: str) -> Callable[[Answer], R]:
    """A created resource: the body; without a body, the id in the Location header, which is not followed.

    :param folder: the part of the Location's path before the id.
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
    """The clone; None if the response has no body, since a 204 does not give the clone's id."""
    return lambda answer: kind.model_validate(answer.json()) if answer.text.strip() else None
