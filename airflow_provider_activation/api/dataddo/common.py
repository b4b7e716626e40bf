"""What the calls of Dataddo have in common: paths, free bodies, and how answers are read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from airflow_provider_activation.api.answers import fields, nothing
from airflow_provider_activation.api.call import Answer, Call, Safety, endpoint_of, request
from airflow_provider_activation.api.models import Resource
from airflow_provider_activation.errors import InvalidRequest

__all__ = ["BASE_URL", "SERVICE"]

R = TypeVar("R", bound=Resource)

SERVICE = "Dataddo"
BASE_URL = "https://headless.dataddo.com/customer-api/v1"

endpoint = endpoint_of(SERVICE)


def delete(template: str, **ids: Any) -> Call[None]:
    """A call that deletes; it answers nothing."""
    return request("DELETE", template, Safety.REPEATABLE, nothing, **ids)


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
