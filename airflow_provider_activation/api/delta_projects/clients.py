"""Delta Projects: the clients of a media agency.

Document: the vendor's page "Client". Media agencies cannot be listed; a representative tells the id.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_activation.api.answers import each, model
from airflow_provider_activation.api.call import Call, get, path_of, post, query_of
from airflow_provider_activation.api.delta_projects.common import CREATE, created_id, endpoint, json_text
from airflow_provider_activation.api.models import Resource, Text, TextId
from airflow_provider_activation.errors import InvalidRequest, NotFound

__all__ = ["Client", "create_client_from_template", "find_client", "get_client", "list_clients"]

_CLIENTS = "/api/v1/media_agency/{media_agency_id}/client"


class Client(Resource):
    """An advertiser. A list gives id and name only."""

    id: TextId
    name: Text = ""
    country: str | None = None  # for example SE
    currency: str | None = None  # that of all its budgets, for example EUR


@endpoint
def list_clients(*, media_agency_id: str | None = None, fetch: str | None = None) -> Call[list[Client]]:
    """GET /api/v1/media_agency/{media_agency_id}/client: id and name of every client.

    :param fetch: children to attach; the page names it for one client.
    """
    return get(_CLIENTS, each(Client), query=query_of(fetch=fetch), media_agency_id=media_agency_id)


@endpoint
def get_client(client_id: str, media_agency_id: str | None = None, fetch: str | None = None) -> Call[Client]:
    """GET /api/v1/client/{client_id} by the page's table; by its example GET
    /api/v1/media_agency/{media_agency_id}/client/{client_id}, which is asked if an agency is given.

    :param fetch: children to attach, for example ``campaigns.activities``; they are kept as they come.
    """
    path, ids = "/api/v1/client/{client_id}", {"client_id": client_id}
    if media_agency_id is not None:
        path, ids["media_agency_id"] = _CLIENTS + "/{client_id}", media_agency_id
    return get(path, model(Client), query=query_of(fetch=fetch), **ids)


async def find_client(client_id: str, media_agency_id: str | None, fetch: str | None = None) -> Client:
    """A client by the table's path, and where there is none by the example's.

    :param media_agency_id: None asks by the table's path alone.
    """
    try:
        return await get_client(client_id, fetch=fetch)
    except NotFound:
        if media_agency_id is None:
            raise
        return await get_client(client_id, media_agency_id, fetch)


@endpoint
def create_client_from_template(
    fields: Mapping[str, Any], *, media_agency_id: str | None = None
) -> Call[str]:
    """POST .../client/create_from_template, below the media agency: answers the new client's id.

    :param fields: the body, plain JSON. What the page says of it is not known, so it goes as it is.
    """
    try:
        json_text(dict(fields))
    except ValueError as error:
        raise InvalidRequest(f"fields must be plain JSON: {error}.") from None
    read = created_id(path_of(_CLIENTS, media_agency_id=media_agency_id), "/api/v1/client")
    return post(_CLIENTS + CREATE, read, dict(fields), media_agency_id=media_agency_id)
