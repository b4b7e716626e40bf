"""Integration connections: a destination's account that receives segments."""

from __future__ import annotations

import itertools
from typing import Any

from airflow_provider_activation.sandbox.core import checks
from airflow_provider_activation.sandbox.core.clock import iso
from airflow_provider_activation.sandbox.core.errors import Invalid
from airflow_provider_activation.sandbox.core.messages import Request, Response
from airflow_provider_activation.sandbox.core.reading import Fields, record
from airflow_provider_activation.sandbox.core.routing import Operations
from airflow_provider_activation.sandbox.core.settings import Settings
from airflow_provider_activation.sandbox.core.shelf import Shelf, Stored
from airflow_provider_activation.sandbox.core.traits import Traits
from airflow_provider_activation.sandbox.liveramp.managers import Managers, manager_name
from airflow_provider_activation.sandbox.liveramp.oauth import OAuth
from airflow_provider_activation.sandbox.liveramp.paging import page
from airflow_provider_activation.sandbox.liveramp.seeds import integration_of

FIELDS = {name: Stored(name) for name in ("properties", "deviceTypes", "oAuthConnectionID")}
"""The fields of an integration connection that can change."""


class IntegrationConnections(Operations):
    """The operations on integration connections, which the distribution reads."""

    table = (
        ("POST", "/v2/integration-connections", "create"),
        ("GET", "/v2/integration-connections", "list_connections"),
        ("GET", "/v2/integration-connections/{id}", "get"),
        ("PUT", "/v2/integration-connections/{id}", "update"),
        ("DELETE", "/v2/integration-connections/{id}", "delete"),
    )
    makes = frozenset({"create"})

    def __init__(
        self,
        settings: Settings,
        traits: Traits,
        stored: Shelf[str, dict[str, Any]],
        oauth: OAuth,
        managers: Managers,
    ) -> None:
        self._now = settings.clock.now
        self._traits = traits
        self._stored = stored
        self._oauth = oauth
        self._managers = managers
        self._ids = itertools.count(7100001)

    def create(self, request: Request) -> Response:
        """Create an integration connection, and with a distributionManagerName its distribution manager."""
        request.need_no_query()
        fields = Fields(request.json())
        pair = fields.need("integrationID", checks.array(checks.filled_text))
        given = _read_changeable(fields)
        name = fields.may("distributionManagerName", manager_name)
        fields.end()
        if len(pair) != 2:
            raise Invalid("integrationID must be [destination id, integration id]")
        integration = integration_of(*pair)
        if integration is None:
            raise Invalid(f"integrationID names no integration: {pair}")
        if "unavailableReason" in integration:
            raise Invalid(f"the integration is unavailable: {integration['unavailableReason']}")
        self._check(integration, given)
        now = iso(self._now())
        connection_id = str(next(self._ids))
        self._stored.add(
            connection_id,
            {"id": connection_id, "integrationID": pair, **given, "createdAt": now, "updatedAt": now},
        )
        if name is not None and not self._stored.ignores("distributionManagerName"):
            self._managers.add(name, connection_id)
        return Response.json({"id": connection_id}, 201)

    def list_connections(self, request: Request) -> Response:
        """All integration connections. There are no filters."""
        return page(self._traits, request.read_query(), "v2/IntegrationConnections", self._stored.listed())

    def get(self, request: Request, connection_id: str) -> Response:
        """One integration connection."""
        request.need_no_query()
        return Response.json(self._stored.find(connection_id))

    def update(self, request: Request, connection_id: str) -> Response:
        """Replace the fields that can change. OAuth integrations need their connection again.

        The response is 200 without a body.
        """
        request.need_no_query()
        stored = self._stored.find(connection_id)
        fields = Fields(request.json())
        given = _read_changeable(fields)
        fields.end()
        integration = integration_of(*stored["integrationID"])
        if integration is None:
            raise AssertionError(f"{stored['integrationID']} was there when the connection was made")
        self._check(integration, given)
        with self._stored.changing(stored):
            stored.update(given, updatedAt=iso(self._now()))
        return Response()

    def delete(self, request: Request, connection_id: str) -> Response:
        """Delete an integration connection. The response has no body.

        The documents do not say what happens to its distribution managers. Here they prevent the deletion, so
        that no client relies on a cascade.
        """
        request.need_no_query()
        self._stored.find(connection_id)
        if managers := self._managers.of_connection(connection_id):
            raise Invalid(f"the distribution manager {managers[0]['id']} still uses this connection")
        self._stored.remove(connection_id)
        return Response()

    def _check(self, integration: dict[str, Any], given: dict[str, Any]) -> None:
        """Refuse fields that the integration does not have, or that are missing."""
        wanted = sorted(required["name"] for required in integration["requiredProperties"])
        if sorted(prop["propertyKey"] for prop in given["properties"]) != wanted:
            raise Invalid(f"properties must be exactly: {', '.join(wanted)}")
        if refused := [device for device in given["deviceTypes"] if device not in integration["deviceTypes"]]:
            raise Invalid(f"deviceTypes: {refused[0]} is not among {', '.join(integration['deviceTypes'])}")
        self._oauth.check_connection(integration.get("oAuthEndpointID"), given.get("oAuthConnectionID"))


_property = record({"propertyKey": checks.filled_text, "propertyValue": checks.text})


def _read_changeable(fields: Fields) -> dict[str, Any]:
    """Read the fields of a creation or update."""
    given: dict[str, Any] = {
        "properties": fields.need("properties", checks.array(_property)),
        "deviceTypes": fields.need("deviceTypes", checks.array(checks.filled_text, minimum=1, unique=True)),
    }
    # "Configure Distributions" has an oAuthEndpointID here. The API description does not, and is followed.
    oauth_connection = fields.may("oAuthConnectionID", checks.filled_text)
    if oauth_connection is not None:
        given["oAuthConnectionID"] = oauth_connection
    return given
