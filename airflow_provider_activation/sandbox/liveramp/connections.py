"""LiveRamp's integration connections: a destination's seat, made ready to receive segments."""

from __future__ import annotations

import itertools
from typing import Any

from airflow_provider_activation.sandbox.core.messages import Answer, Incoming, Refused
from airflow_provider_activation.sandbox.core.reading import (
    Fields,
    Invalid,
    array,
    filled_text,
    text,
)
from airflow_provider_activation.sandbox.core.service import iso
from airflow_provider_activation.sandbox.core.settings import Settings
from airflow_provider_activation.sandbox.liveramp.managers import Managers, manager_name
from airflow_provider_activation.sandbox.liveramp.oauth import OAuth
from airflow_provider_activation.sandbox.liveramp.paging import page
from airflow_provider_activation.sandbox.liveramp.seeds import integration_of

CONNECTION_ROUTES = (
    ("POST", "/v2/integration-connections", "create"),
    ("GET", "/v2/integration-connections", "list_connections"),
    ("GET", "/v2/integration-connections/{id}", "get"),
    ("PUT", "/v2/integration-connections/{id}", "update"),
    ("DELETE", "/v2/integration-connections/{id}", "delete"),
)


class IntegrationConnections:
    """The integration connections in `held`, which the distribution reads too."""

    def __init__(
        self, settings: Settings, held: dict[str, dict[str, Any]], oauth: OAuth, managers: Managers
    ) -> None:
        self._now = settings.clock.now
        self._held = held
        self._oauth = oauth
        self._managers = managers
        self._ids = itertools.count(7100001)

    def create(self, incoming: Incoming) -> Answer:
        """Activate an integration; with a distributionManagerName, a distribution manager comes with it."""
        incoming.read_query().end()
        fields = Fields(incoming.json())
        pair = fields.need("integrationID", array(filled_text))
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
        self._held[connection_id] = {
            "id": connection_id,
            "integrationID": pair,
            **given,
            "createdAt": now,
            "updatedAt": now,
        }
        if name is not None:
            self._managers.add(name, connection_id)
        return Answer.json({"id": connection_id}, 201)

    def list_connections(self, incoming: Incoming) -> Answer:
        """All integration connections; there is no filter."""
        return page(
            incoming.read_query(),
            "v2/IntegrationConnections",
            list(self._held.values()),
            number=lambda held: int(held["id"]),
        )

    def get(self, incoming: Incoming, connection_id: str) -> Answer:
        """One integration connection."""
        incoming.read_query().end()
        return Answer.json(self._connection(connection_id))

    def update(self, incoming: Incoming, connection_id: str) -> Answer:
        """Replace all that can be changed, so an integration that needs OAuth needs its connection again.

        200 and no body.
        """
        incoming.read_query().end()
        held = self._connection(connection_id)
        fields = Fields(incoming.json())
        given = _read_changeable(fields)
        fields.end()
        integration = integration_of(*held["integrationID"])
        if integration is None:
            raise AssertionError(f"{held['integrationID']} was there when the connection was made")
        self._check(integration, given)
        held.update(given, updatedAt=iso(self._now()))
        return Answer()

    def delete(self, incoming: Incoming, connection_id: str) -> Answer:
        """Take an integration connection away. No body.

        Whether its distribution managers would go with it is not documented. Here they are in the way:
        nobody may come to rely on a cascade.
        """
        incoming.read_query().end()
        self._connection(connection_id)
        if managers := self._managers.of_connection(connection_id):
            raise Invalid(f"the distribution manager {managers[0]['id']} still uses this connection")
        del self._held[connection_id]
        return Answer()

    def _connection(self, connection_id: str) -> dict[str, Any]:
        if connection_id not in self._held:
            raise Refused(404, f"no integration connection {connection_id}")
        return self._held[connection_id]

    def _check(self, integration: dict[str, Any], given: dict[str, Any]) -> None:
        """Refuse what the integration does not ask for, or lacks."""
        wanted = sorted(required["name"] for required in integration["requiredProperties"])
        if sorted(prop["propertyKey"] for prop in given["properties"]) != wanted:
            raise Invalid(f"properties must be exactly: {', '.join(wanted)}")
        if refused := [device for device in given["deviceTypes"] if device not in integration["deviceTypes"]]:
            raise Invalid(f"deviceTypes: {refused[0]} is not among {', '.join(integration['deviceTypes'])}")
        self._oauth.check_connection(integration.get("oAuthEndpointID"), given.get("oAuthConnectionID"))


def _read_changeable(fields: Fields) -> dict[str, Any]:
    """What both the creation and the update of a connection carry."""
    given: dict[str, Any] = {
        "properties": fields.need("properties", array(_property)),
        "deviceTypes": fields.need("deviceTypes", array(filled_text, minimum=1, unique=True)),
    }
    # "Configure Distributions" asks for oAuthEndpointID here; the API description, which we follow, does not.
    oauth_connection = fields.may("oAuthConnectionID", filled_text)
    if oauth_connection is not None:
        given["oAuthConnectionID"] = oauth_connection
    return given


def _property(value: object, where: str) -> dict[str, str]:
    fields = Fields(value, where)
    read = {
        "propertyKey": fields.need("propertyKey", filled_text),
        "propertyValue": fields.need("propertyValue", text),
    }
    fields.end()
    return read
