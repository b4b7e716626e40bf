"""LiveRamp's destinations and their integrations."""

from __future__ import annotations

from typing import Any

from airflow_provider_activation.sandbox.core import checks
from airflow_provider_activation.sandbox.core.errors import Refused
from airflow_provider_activation.sandbox.core.messages import Request, Response
from airflow_provider_activation.sandbox.core.routing import Operations, find
from airflow_provider_activation.sandbox.core.traits import Traits
from airflow_provider_activation.sandbox.liveramp.paging import page
from airflow_provider_activation.sandbox.liveramp.seeds import (
    DESTINATIONS,
    INTEGRATION_TYPES,
    INTEGRATIONS,
    integration_of,
)


class Destinations(Operations):
    """The operations on destinations and integrations. They never change."""

    table = (
        ("GET", "/v2/destinations", "list_destinations"),
        ("GET", "/v2/destinations/{id}", "get_destination"),
        ("GET", "/v2/destinations/{destId}/integrations", "list_integrations"),
        ("GET", "/v2/destinations/{destId}/integrations/{id}", "get_integration"),
    )

    def __init__(self, traits: Traits) -> None:
        self._traits = traits

    def list_destinations(self, request: Request) -> Response:
        """All destinations."""
        return page(self._traits, request.read_query(), "v2/Destinations", DESTINATIONS)

    def get_destination(self, request: Request, destination_id: str) -> Response:
        """One destination."""
        request.need_no_query()
        return Response.json(_find(destination_id))

    def list_integrations(self, request: Request, destination_id: str) -> Response:
        """The integrations of a destination. Only the wider view has the unavailable ones."""
        _find(destination_id)
        query = request.read_query()
        kind = query.may("type", checks.one_of(*INTEGRATION_TYPES))
        view = query.may("view", checks.one_of("STANDARD", "STANDARD_WITH_UNAVAILABLE"))
        found = [
            integration
            for integration in INTEGRATIONS[destination_id]
            if kind in (None, integration["type"])
            and (view == "STANDARD_WITH_UNAVAILABLE" or "unavailableReason" not in integration)
        ]
        return page(self._traits, query, "integrations", found)

    def get_integration(self, request: Request, destination_id: str, integration_id: str) -> Response:
        """One integration."""
        _find(destination_id)
        request.need_no_query()
        integration = integration_of(destination_id, integration_id)
        if integration is None:
            raise Refused(404, f"destination {destination_id} has no integration {integration_id}")
        return Response.json(integration)


def _find(destination_id: str) -> dict[str, Any]:
    return find({item["id"]: item for item in DESTINATIONS}, destination_id, "destination")
