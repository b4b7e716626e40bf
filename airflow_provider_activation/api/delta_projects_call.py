"""What the calls of Delta Projects have in common: where activities live, and how answers are read.

No page shows an error's body. Fields the pages do not name are kept in every answer; where an object has
a key twice, the last one counts.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from pydantic import Field

from airflow_provider_activation.api.call import NOTHING, Answer, Call, Safety, path_of, query_of
from airflow_provider_activation.api.models import Resource, TextId
from airflow_provider_activation.errors import UnreadableResponse

__all__ = ["SERVICE", "Account"]

T = TypeVar("T")
R = TypeVar("R", bound=Resource)

SERVICE = "Delta Projects"
ACTIVITIES = "/api/v1/media_agency/{media_agency_id}/client/{client_id}/campaign/{campaign_id}/activity"
CREATE = "/create_from_template"


@dataclass(frozen=True)
class Account:
    """Where activities live. The only campaign version 1 knows is ``default``."""

    media_agency_id: str
    client_id: str
    campaign_id: str = "default"


def request(
    operation: str,
    method: str,
    template: str,
    safety: Safety,
    read: Callable[[Answer], T],
    *,
    query: tuple[tuple[str, str], ...] = (),
    json: Any = NOTHING,
    **ids: str,
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


def get(operation: str, template: str, kind: type[R], fetch: str | None = None, **ids: Any) -> Call[R]:
    """A call that reads one resource.

    :param fetch: children to attach, for example ``biddingPlans.creatives``. Their form is not documented;
        they are among the fields that are kept as they come.
    """

    def read(answer: Answer) -> R:
        return kind.model_validate(answer.json())

    return request(operation, "GET", template, Safety.READ, read, query=query_of(fetch=fetch), **ids)


def listing(
    operation: str, template: str, kind: type[R], query: tuple[tuple[str, str], ...] = (), **ids: Any
) -> Call[list[R]]:
    """A call that reads a list. It is bare, and has no pages."""

    def read(answer: Answer) -> list[R]:
        reply = answer.json()
        if not isinstance(reply, list):
            raise ValueError("it is not a list")
        return [kind.model_validate(item) for item in reply]

    return request(operation, "GET", template, Safety.READ, read, query=query, **ids)


def json_text(value: Any) -> str:
    """A value as JSON.

    :raises ValueError: it is not plain JSON.
    """
    try:
        return json.dumps(value, allow_nan=False)
    except TypeError as error:
        raise ValueError(str(error)) from None


def created_id(*folders: str) -> Callable[[Answer], str]:
    """The id of what was created.

    It comes at the end of the Location header, a path or an absolute address, which is never followed.
    Without that header the body's ``id`` is taken, though no page shows a body.

    :param folders: the paths under which it may lie.
    """

    def read(answer: Answer) -> str:
        if answer.status == 202:
            raise UnreadableResponse(
                "the service took the request and does not say what becomes of it.", status=answer.status
            )
        location = answer.headers.get("Location", "")
        if not location and answer.text.strip():
            return _Created.model_validate(answer.json()).id
        path = urlsplit(location).path
        for folder in folders:
            _, found, rest = path.partition(folder + "/")
            named = unquote(rest.strip("/"))
            if found and named and "/" not in named:
                return named
        raise ValueError("the Location header does not name what was created")

    return read


class _Created(Resource):
    id: TextId = Field(min_length=1)
