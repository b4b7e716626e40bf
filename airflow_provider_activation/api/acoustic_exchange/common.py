"""What the calls of Acoustic Exchange have in common: levels of keys, and how answers are read."""

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


def whole(name: str, value: int) -> int:
    """An id that is a whole number.

    :raises InvalidRequest: it is something else. Fixed words such as ``enable`` share its place in the
        vendor's paths.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidRequest(f"{name} must be a whole number, but is a {type(value).__name__}.")
    return value


def one_segment_only(segment_id: object, segment_id_string: object) -> None:
    """A segment is named by its number or by its text.

    :raises ValueError: it is named by both or by neither.
    """
    if (segment_id is None) == (segment_id_string is None):
        given = "neither is" if segment_id is None else "both are"
        raise ValueError(f"exactly one of segment_id and segment_id_string must be given, but {given}")


# Answers


def true(answer: Answer) -> bool:
    """``true``, or 204, which has no body to say it in."""
    if answer.status != 204 and answer.word != "true":
        raise ValueError("neither true nor false")
    return True


def changed(answer: Answer) -> bool:
    """Whether something changed: 304 says that it already was so."""
    return answer.status != 304 and true(answer)


def job_id_of(answer: Answer) -> int:
    """The id of a job that was started.

    Its shape is not documented: a number, a numeric text, an object with the id and, without a body, a
    Location are read. A Location names the job at its end; it is never followed.
    """
    reply = answer.json() if answer.text.strip() else _end_of_location(answer)
    if isinstance(reply, dict):
        reply = next((reply[name] for name in ("jobId", "jobID", "id") if name in reply), None)
    if isinstance(reply, str) and reply.strip().isdigit():
        reply = int(reply)
    if isinstance(reply, bool) or not isinstance(reply, int):
        raise ValueError("it holds no job id")
    return reply


def _end_of_location(answer: Answer) -> str:
    return urlsplit(answer.headers.get("Location", "")).path.rstrip("/").rpartition("/")[2]
