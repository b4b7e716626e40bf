"""What the calls of Acoustic Exchange have in common: levels of keys, ids, and how answers are read."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from airflow_provider_activation.api.call import Answer, endpoint_of
from airflow_provider_activation.errors import InvalidRequest

__all__ = ["ACCOUNT", "APPLICATION", "ENDPOINT", "SERVICE", "KeyLevel"]

SERVICE = "Acoustic Exchange"
ACCOUNT, ENDPOINT, APPLICATION = "account", "endpoint", "application"
KeyLevel = Literal["account", "endpoint", "application"]

endpoint = endpoint_of(SERVICE)


def whole(name: str, value: int | str) -> int:
    """An id that is a whole number: in the vendor's paths words such as ``enable`` stand in its place.

    :raises InvalidRequest: the value is not a whole number.
    """
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)  # as it stands in the result of a task
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidRequest(f"{name} must be a whole number, but is a {type(value).__name__}.")
    return value


def exactly_one(**ids: object) -> None:
    """Check that a segment has either a number or a text as its id.

    :raises ValueError: both are given, or neither.
    """
    given = [name for name, value in ids.items() if value is not None]
    if len(given) != 1:
        which = "both are" if given else "neither is"
        raise ValueError(f"exactly one of {' and '.join(ids)} must be given, but {which}")


def true(answer: Answer) -> bool:
    """``true``, or the status 204, which has no body."""
    if answer.status != 204 and answer.word != "true":
        raise ValueError("neither true nor false")
    return True


def changed(answer: Answer) -> bool:
    """Whether the call changed the resource: the status 304 means that it did not."""
    return answer.status != 304 and true(answer)


def job_id_of(answer: Answer) -> int:
    """The id of the job that was started, in a shape that is not documented.

    A number, a numeric text and an object with the id are read. Without a body the id is the end of the
    Location header, which is never followed.
    """
    location = urlsplit(answer.headers.get("Location", "")).path
    reply = answer.json() if answer.text.strip() else location.rstrip("/").rpartition("/")[2]
    if isinstance(reply, dict):
        reply = next((reply[name] for name in ("jobId", "jobID", "id") if name in reply), None)
    if isinstance(reply, str) and reply.strip().isdigit():
        reply = int(reply)
    if isinstance(reply, bool) or not isinstance(reply, int):
        raise ValueError("it holds no job id")
    return reply
