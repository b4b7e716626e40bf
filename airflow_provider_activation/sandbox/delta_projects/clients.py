"""Clients: the advertisers of a media agency."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from airflow_provider_activation.sandbox.core import checks
from airflow_provider_activation.sandbox.core.errors import Invalid, Refused
from airflow_provider_activation.sandbox.core.messages import Request, Response
from airflow_provider_activation.sandbox.core.reading import Fields
from airflow_provider_activation.sandbox.core.routing import Operations
from airflow_provider_activation.sandbox.core.shelf import Shelf, Stored, free_text
from airflow_provider_activation.sandbox.core.traits import Traits
from airflow_provider_activation.sandbox.delta_projects.fetch import BELOW_A_CLIENT, read_fetch
from airflow_provider_activation.sandbox.delta_projects.models import Activity
from airflow_provider_activation.sandbox.delta_projects.seeds import FIRST_CLIENT, MEDIA_AGENCY

CLIENTS = "/api/v1/media_agency/{mediaAgencyId}/client"

CAMPAIGN = "default"
"""The only campaign of every client in v1."""


@dataclass
class Client:
    """One client."""

    id: str
    name: str
    country: str
    currency: str


FIELDS = {
    "name": free_text("name"),
    "country": Stored("country", unset="SE"),
    "currency": Stored("currency", unset="EUR"),
}


class Clients(Operations):
    """The operations on clients. Names can be repeated. There is no deletion."""

    table = (
        ("GET", CLIENTS, "list_clients"),
        ("POST", f"{CLIENTS}/create_from_template", "create"),
        ("GET", f"{CLIENTS}/{{clientId}}", "get_of_agency"),
        # The table of paths has this one, the example the one above.
        ("GET", "/api/v1/client/{clientId}", "get"),
    )
    makes = frozenset({"create"})

    def __init__(self, traits: Traits, activities: Shelf[str, Activity]) -> None:
        self._activities = activities
        first = Client(**FIRST_CLIENT)
        self._stored: Shelf[str, Client] = Shelf(traits, "clients", "client", FIELDS)
        self._stored.seed(first.id, first)

    def check(self, agency: str, client: str, campaign: str = CAMPAIGN) -> None:
        """Refuse a path with an unknown id."""
        _check_agency(agency)
        self._stored.find(client)
        if campaign != CAMPAIGN:
            raise Refused(404, f"no campaign {campaign}: it must be {CAMPAIGN}")

    def location(self, client_id: str) -> str:
        """The path of a client."""
        return f"{CLIENTS.format(mediaAgencyId=MEDIA_AGENCY['id'])}/{client_id}"

    def list_clients(self, request: Request, agency: str) -> Response:
        """Ids and names of all clients."""
        _check_agency(agency)
        levels = read_fetch(request, BELOW_A_CLIENT)
        return Response.json(
            [
                {"id": client.id, "name": client.name, **self._children(client, levels)}
                for client in self._stored.listed()
            ]
        )

    def get_of_agency(self, request: Request, agency: str, client_id: str) -> Response:
        """One client, by its longer path."""
        _check_agency(agency)
        return self.get(request, client_id)

    def get(self, request: Request, client_id: str) -> Response:
        """One client."""
        client = self._stored.find(client_id)
        levels = read_fetch(request, BELOW_A_CLIENT)
        return Response.json({**vars(client), **self._children(client, levels)})

    def create(self, request: Request, agency: str) -> Response:
        """Create a client. The response is 201 with a relative Location and no body.

        The documents do not show the body. Here it has the fields of a client, with the name as `name` or
        `clientName`. The values of name, country and currency are checked, and other fields are ignored.
        """
        _check_agency(agency)
        request.need_no_query()
        body = request.json()
        fields = Fields(body)
        names = [field for field in ("name", "clientName") if field in fields]
        if len(names) != 1:
            raise Invalid("the client's name is required, once")
        client = Client(
            id=str(uuid.uuid4()),
            name=fields.need(names[0], checks.filled_text),
            country=fields.may("country", checks.pattern("[A-Z]{2}", "a country like SE")) or "SE",
            currency=fields.may("currency", checks.pattern("[A-Z]{3}", "a currency like EUR")) or "EUR",
        )
        fields.may("templateId", checks.filled_text)
        self._stored.add(client.id, client)
        return Response(201, headers={"Location": self.location(client.id)})

    def _children(self, client: Client, levels: int) -> dict[str, Any]:
        if not levels:
            return {}
        campaign: dict[str, Any] = {"id": CAMPAIGN, "name": CAMPAIGN}
        if levels > 1:
            campaign["activities"] = [
                activity.brief(levels - 2)
                for activity in self._activities.listed()
                if activity.client_id == client.id
            ]
        return {"campaigns": [campaign]}

    def state(self) -> list[dict[str, Any]]:
        """All clients."""
        return self._stored.books(vars)


def _check_agency(agency: str) -> None:
    if agency != MEDIA_AGENCY["id"]:
        raise Refused(404, f"no media agency {agency}")
