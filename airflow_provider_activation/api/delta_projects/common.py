"""What the calls of Delta Projects have in common: where activities live, and how answers are read.

No page shows an error's body. Fields the pages do not name are kept in every answer; where an object has
a key twice, the last one counts.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypedDict
from urllib.parse import unquote, urlsplit

from pydantic import Field

from airflow_provider_activation.api.call import Answer, endpoint_of
from airflow_provider_activation.api.models import Resource, TextId
from airflow_provider_activation.errors import UnreadableResponse

__all__ = ["SERVICE", "Account"]

SERVICE = "Delta Projects"
ACTIVITIES = "/api/v1/media_agency/{media_agency_id}/client/{client_id}/campaign/{campaign_id}/activity"
CREATE = "/create_from_template"

endpoint = endpoint_of(SERVICE)


class Account(TypedDict):
    """Where activities live."""

    media_agency_id: str
    client_id: str


def in_campaign(media_agency_id: str | None, client_id: str | None, **ids: str) -> dict[str, Any]:
    """The ids in the path of an activity, or below it. The only campaign version 1 knows is ``default``."""
    return {"media_agency_id": media_agency_id, "client_id": client_id, "campaign_id": "default", **ids}


def json_text(value: Any) -> str:
    """A value as JSON.

    :raises ValueError: it is not plain JSON.
    """
    try:
        return json.dumps(value, allow_nan=False)
    except TypeError as error:
        raise ValueError(str(error)) from None


def text_of_object(text: str) -> str:
    """A text that holds a JSON object, as it is.

    :raises ValueError: it holds something else.
    """
    try:
        held = json.loads(text)
    except ValueError as error:
        raise ValueError(f"the text holds no JSON: {error}") from None
    if not isinstance(held, dict):
        raise ValueError("the text must hold a JSON object")
    return text


def created_id(*folders: str) -> Callable[[Answer], str]:
    """The id of what was created: the end of the Location header, which is never followed.

    Without that header the body's ``id`` is taken, though no page shows a body.

    :param folders: the paths under which it may lie.
    """

    def read(answer: Answer) -> str:
        if answer.status == 202:
            what = "the service took the request and does not say what becomes of it."
            raise UnreadableResponse(what, status=answer.status)
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
