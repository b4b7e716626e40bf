"""How answers are read: the few ways that all services share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from airflow_provider_activation.api.call import Answer, Token
from airflow_provider_activation.api.models import Resource
from airflow_provider_activation.api.rows import Rows, read_rows

R = TypeVar("R", bound=Resource)


def nothing(answer: Answer) -> None:
    """Any 2xx is success, whatever its body; ``false`` has been refused before."""


def model(kind: type[R], **known: str) -> Callable[[Answer], R]:
    """One resource; ``known`` are its fields that a response need not have."""

    def read(answer: Answer) -> R:
        reply = answer.json()
        return kind.model_validate(with_known(reply, known) if isinstance(reply, dict) else reply)

    return read


def with_known(reply: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, Any]:
    """A response with the fields that are known without it."""
    return {**reply, **{name: reply.get(name) or value for name, value in known.items()}}


def each(kind: type[R]) -> Callable[[Answer], Rows[R]]:
    """A bare list of resources, without the rows that cannot be read."""
    return lambda answer: read_rows(kind, rows(answer))


def rows(answer: Answer) -> list[Any]:
    """A bare list of anything."""
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


def bearer_token(answer: Answer, lifetime: float, more: Mapping[str, str] | None = None) -> Token:
    """The token of a log-in.

    :param lifetime: seconds, if the response gives none.
    :param more: headers besides ``Authorization``, each with the key of its value in the response.
    """
    reply = answer.json()
    access_token = reply["access_token"]
    if not isinstance(access_token, str) or not access_token:
        raise ValueError("access_token is empty")
    headers = {"Authorization": f"Bearer {access_token}"}
    headers |= {header: str(reply[key]) for header, key in (more or {}).items() if reply.get(key) is not None}
    if not all(value.isascii() and value.isprintable() for value in headers.values()):
        raise ValueError("the token holds characters that no header can carry")
    secrets = tuple(
        reply[key] for key in ("access_token", "refresh_token") if isinstance(reply.get(key), str)
    )
    return Token(headers, float(reply.get("expires_in") or lifetime), secrets)
