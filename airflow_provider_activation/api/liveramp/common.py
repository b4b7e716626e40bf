"""What the calls of LiveRamp have in common: the token, lists, and how responses are read.

If an object in a response has a key twice, the last one counts. If it has two spellings of a key, the one of
the specification counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar, get_args

from pydantic import AliasChoices, Field

from airflow_provider_activation.api.answers import bearer_token, fields
from airflow_provider_activation.api.call import (
    Answer,
    Call,
    Page,
    Query,
    Safety,
    Token,
    endpoint_of,
    get,
    query_of,
    request,
)
from airflow_provider_activation.api.models import Resource, TextId
from airflow_provider_activation.api.rows import read_rows
from airflow_provider_activation.errors import InvalidRequest

__all__ = ["BASE_URL", "SERVICE", "TOKEN_URL", "Created", "request_token"]

R = TypeVar("R", bound=Resource)
T = TypeVar("T")

SERVICE = "LiveRamp"
BASE_URL = "https://api.liveramp.com/activation"
TOKEN_URL = "https://serviceaccounts.liveramp.com/authn/v1/oauth2/token"
LARGEST_PAGE = 100
"""Items of one page, the most that the specification allows."""

endpoint = endpoint_of(SERVICE)


class Created(Resource):
    """What the create of a resource answers: its id alone."""

    id: TextId = Field(min_length=1)


@endpoint
def request_token(service_account: str, secret_key: str, *, token_url: str = TOKEN_URL) -> Call[Token]:
    """Request an access token by the password grant: POST /authn/v1/oauth2/token.

    Document: "Authentication". The page gives 600 seconds, and the same endpoint gives other services 1800,
    so ``expires_in`` decides.

    :param token_url: the whole address, which lies outside the API's base URL.
    """
    form = {"grant_type": "password", "username": service_account, "password": secret_key}
    form |= {"client_id": "liveramp-api", "scope": "openid", "response_type": "token"}
    return request("POST", "/authn/v1/oauth2/token", Safety.READ, _token, form=form, url=token_url)


def listing(template: str, envelope: str, kind: type[R], query: Query = (), **ids: str) -> Call[Page[R]]:
    """The call that reads the first page of a list, which has the key ``envelope`` in the specification."""
    first = query + query_of(limit=LARGEST_PAGE)

    def page(answer: Answer) -> Page[R]:
        reply = fields(answer)
        rows = read_rows(kind, _list_in(reply, envelope))
        cursor = _cursor(reply.get("_pagination"))
        following = None if cursor is None else first + query_of(after=cursor)
        return Page(tuple(rows), following, tuple(rows.unreadable))

    return get(template, page, query=first, **ids)


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The items in lists of at most this size."""
    for first in range(0, len(items), size):
        yield items[first : first + size]


# Arguments that are not the field of a model


def texts(name: str, values: Sequence[str | int]) -> list[str]:
    """A list of ids, each of them as text.

    :raises InvalidRequest: the list is empty, or an id is empty or neither a text nor a whole number.
    """
    if isinstance(values, str):
        raise InvalidRequest(f"{name} must be a list of ids, but is a str.")
    if not values:
        raise InvalidRequest(f"{name} must hold at least one id, but is an empty {type(values).__name__}.")
    for number, value in enumerate(values):
        if not isinstance(value, str | int) or isinstance(value, bool) or not str(value).strip():
            kind = "an empty str" if isinstance(value, str) else f"a {type(value).__name__}"
            raise InvalidRequest(f"{name}.{number} must be an id, and not empty, but is {kind}.")
    return [str(value) for value in values]


def at_most(name: str, number: int, most: int) -> None:
    """Check the number of items in one call.

    :raises InvalidRequest: there are no items, or more than the call takes.
    """
    if not 1 <= number <= most:
        raise InvalidRequest(f"{name}: one call takes 1 to {most}, given {number}.")


def one_of(name: str, value: str | None, choices: Any) -> str | None:
    """A value that the specification names, or None.

    :param choices: the ``Literal`` of these values.
    :raises InvalidRequest: the specification does not name it.
    """
    if value is not None and value not in get_args(choices):
        raise InvalidRequest(
            f"{name} must be one of {', '.join(get_args(choices))}, but is a {type(value).__name__} "
            "that is none of them."
        )
    return value


# Responses


def spelled(name: str, *others: str, default: Any = None) -> Any:
    """A field whose key the documents spell in several ways.

    :param name: the specification's spelling, under which the field is written; all spellings are read.
    """
    return Field(default=default, validation_alias=AliasChoices(name, *others), serialization_alias=name)


def done(answer: Answer) -> None:
    """An empty body by the specification. A body that is not JSON comes from a proxy or a gateway."""
    if answer.text.strip():
        answer.json()


def _token(answer: Answer) -> Token:
    return bearer_token(answer, 600)


def _list_in(reply: dict[str, Any], envelope: str) -> list[Any]:
    """The list under its key.

    The key differs between versions and clients, so a list under another key is taken if it is the only one.
    """
    lists = {key: value for key, value in reply.items() if isinstance(value, list) and key != "_pagination"}
    if envelope in reply:
        lists = {envelope: lists[envelope]} if envelope in lists else {}
    elif alike := {key: value for key, value in lists.items() if key.lower() == envelope.lower()}:
        lists = alike
    if len(lists) != 1:
        raise ValueError(f"it has no list {envelope!r}")
    (found,) = lists.values()
    return found


def _cursor(pagination: Any) -> str | None:
    """The cursor of the next page; None for the last page."""
    after = (pagination or {}).get("after")
    if after is None or after == "":
        return None
    if isinstance(after, bool) or not isinstance(after, str | int):
        raise ValueError("the list's cursor is no text")
    return str(after)
