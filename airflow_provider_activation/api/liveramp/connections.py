"""LiveRamp: destinations, their integrations, connections to them, and who authorised them.

Documents, where an endpoint names no other: the vendor's description of the Activation API 2.9.0 and its page
"Configure Distributions". Values that no enumeration names are kept: LiveRamp adds some without notice.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import Field

from airflow_provider_activation.api.answers import model
from airflow_provider_activation.api.call import Call, Page, Safety, delete, get, post, put, query_of, request
from airflow_provider_activation.api.liveramp.common import Created, done, endpoint, listing, one_of, spelled
from airflow_provider_activation.api.models import Input, Resource, Several, Text, TextId, Timestamp
from airflow_provider_activation.words import DeviceType, IntegrationType, IntegrationView

__all__ = [
    "AUTHORIZED",
    "ConnectionProperty",
    "Destination",
    "DeviceType",
    "Integration",
    "IntegrationConnection",
    "IntegrationConnectionInput",
    "IntegrationConnectionUpdate",
    "IntegrationType",
    "IntegrationView",
    "OAuthConnection",
    "OAuthConnectionAttempt",
    "OAuthConnectionAttemptInput",
    "PropertyInput",
    "RequiredProperty",
    "create_integration_connection",
    "create_oauth_connection_attempt",
    "delete_integration_connection",
    "get_destination",
    "get_integration",
    "get_integration_connection",
    "get_oauth_connection",
    "get_oauth_connection_attempt",
    "list_destinations",
    "list_integration_connections",
    "list_integrations",
    "list_oauth_connections",
    "update_integration_connection",
]

AUTHORIZED = "AUTHORIZED"

ManagerName = Annotated[str, Field(min_length=1, max_length=50)]
"""A distribution manager's name."""

_INTEGRATIONS = "/v2/destinations/{destination_id}/integrations"
_CONNECTIONS = "/v2/integration-connections"
_CONNECTION = _CONNECTIONS + "/{integration_connection_id}"
_ATTEMPTS = "/v2/oauth-connection-attempts"
_ENDPOINT_ID = ("oAuthEndpointID", "oauthEndpointID", "oAuthEndpointId")
_CONNECTION_ID = ("oAuthConnectionID", "oauthConnectionID", "oAuthConnectionId")


class Destination(Resource):
    id: TextId
    name: Text = ""
    logo_url: str | None = spelled("logoUrl", "logoURL")


class RequiredProperty(Resource):
    name: str
    description: str | None = None


class Integration(Resource):
    """How segments reach a destination; ``oauth_endpoint_id`` is set only if a person has to consent."""

    id: TextId
    name: Text = ""
    description: str | None = None
    type: str | None = None
    device_types: Several[str] = Field(default_factory=list, alias="deviceTypes")
    required_properties: Several[RequiredProperty] = Field(default_factory=list, alias="requiredProperties")
    oauth_endpoint_id: TextId | None = spelled(*_ENDPOINT_ID)
    unavailable_reason: str | None = Field(default=None, alias="unavailableReason")


class ConnectionProperty(Resource):
    property_key: str = Field(alias="propertyKey")
    property_value: Text = Field(default="", alias="propertyValue")


class IntegrationConnection(Resource):
    """A connection to an integration.

    Only the changelog names ``oauth_status``: ``NotApplicable``, ``Authorized`` or ``Unauthorized``.
    """

    id: TextId
    integration_id: list[TextId] = Field(alias="integrationID")
    properties: Several[ConnectionProperty] = Field(default_factory=list)
    device_types: Several[str] = Field(default_factory=list, alias="deviceTypes")
    oauth_connection_id: TextId | None = spelled(*_CONNECTION_ID)
    oauth_status: str | None = spelled("oauthStatus", "oAuthStatus")
    created_at: datetime | None = Field(default=None, alias="createdAt")
    updated_at: datetime | None = Field(default=None, alias="updatedAt")

    def is_as(self, wanted: IntegrationConnectionInput) -> bool:
        """Whether it is equal to the connection that this input makes."""
        return (
            tuple(self.integration_id) == wanted.integration_id
            and {p.property_key: p.property_value for p in self.properties}
            == {p.property_key: p.property_value for p in wanted.properties}
            and set(self.device_types) == set(wanted.device_types)
            and self.oauth_connection_id == wanted.oauth_connection_id
        )


class OAuthConnectionAttempt(Resource):
    """A begun authorisation; ``oauth_connection_id`` is set once the status is ``AUTHORIZED``."""

    id: TextId
    status: Text = ""
    authorization_url: str | None = spelled("authorizationUrl", "authorizationURL")
    oauth_endpoint_id: TextId | None = spelled(*_ENDPOINT_ID)
    status_detail: str | None = Field(default=None, alias="statusDetail")
    redirect_url: str | None = spelled("redirectUrl", "redirectURL")
    state: str | None = None
    oauth_connection_id: TextId | None = spelled(*_CONNECTION_ID)


class OAuthConnection(Resource):
    id: TextId
    name: str | None = None
    oauth_endpoint_id: TextId | None = spelled(*_ENDPOINT_ID)
    created_at: Timestamp | None = Field(default=None, alias="createdAt")
    updated_at: Timestamp | None = Field(default=None, alias="updatedAt")


class PropertyInput(Input):
    property_key: str = Field(alias="propertyKey", min_length=1)
    property_value: str = Field(alias="propertyValue")


class _Settings(Input):
    """The fields that an integration connection is created with and replaced with."""

    properties: tuple[PropertyInput, ...]
    device_types: tuple[DeviceType, ...] = Field(alias="deviceTypes", min_length=1)
    oauth_connection_id: str | None = Field(default=None, alias="oAuthConnectionID", min_length=1)

    def check(self) -> None:
        times = Counter(setting.property_key for setting in self.properties)
        if twice := [key for key, number in times.items() if number > 1]:
            raise ValueError(
                f"properties must name each property_key once, but {', '.join(twice)} is repeated"
            )


class IntegrationConnectionInput(_Settings):
    """An integration connection to be created.

    ``integration_id`` is the pair of destination id and integration id. With ``distribution_manager_name``
    the same call also makes a distribution manager of that name.
    """

    integration_id: tuple[Annotated[str, Field(min_length=1)], Annotated[str, Field(min_length=1)]] = Field(
        alias="integrationID"
    )
    properties: tuple[PropertyInput, ...] = ()
    distribution_manager_name: ManagerName | None = Field(default=None, alias="distributionManagerName")


class IntegrationConnectionUpdate(_Settings):
    """All that an integration connection is replaced by: fields that are left out are not kept.

    The specification does not say what becomes of the authorisation if ``oauth_connection_id`` is left
    out; it may be lost. The integration cannot be changed.
    """

    stand_ins = {"properties": (), "device_types": ("PII",)}

    @classmethod
    def keeping(cls, connection: IntegrationConnection, **changes: Any) -> Self:
        """The connection with changes to ``properties``, ``device_types``, ``oauth_connection_id``."""
        kept = {
            "properties": tuple(
                PropertyInput.model_construct(
                    **{name: getattr(shown, name) for name in PropertyInput.model_fields}
                )
                for shown in connection.properties
            ),
            "device_types": tuple(connection.device_types),
            "oauth_connection_id": connection.oauth_connection_id,
        }
        return cls.of_read(kept, changes)


class OAuthConnectionAttemptInput(Input):
    """An authorisation to be begun.

    ``oauth_connection_id`` authorises an existing OAuth connection again. ``redirect_url`` is the page
    that the person sees afterwards, and ``state`` is handed to it.
    """

    oauth_endpoint_id: str = Field(alias="oAuthEndpointID", min_length=1)
    oauth_connection_id: str | None = Field(default=None, alias="oAuthConnectionID", min_length=1)
    redirect_url: str | None = Field(default=None, alias="redirectUrl", min_length=1)
    state: str | None = None


# Destinations and integrations


@endpoint
def list_destinations() -> Call[Page[Destination]]:
    """List the destinations that segments can be distributed to: GET /v2/destinations."""
    return listing("/v2/destinations", "v2/Destinations", Destination)


@endpoint
def get_destination(destination_id: str) -> Call[Destination]:
    """Get one destination: GET /v2/destinations/{destination_id}."""
    return get("/v2/destinations/{destination_id}", model(Destination), destination_id=destination_id)


@endpoint
def list_integrations(
    destination_id: str, integration_type: IntegrationType | None = None, view: IntegrationView | None = None
) -> Call[Page[Integration]]:
    """List the integrations of a destination: GET /v2/destinations/{destination_id}/integrations.

    :param integration_type: the query's ``type``; all types if None.
    :param view: ``STANDARD_WITH_UNAVAILABLE`` also lists what cannot be used, with the reason.
    :raises InvalidRequest: the specification does not name the type or the view.
    """
    query = query_of(
        type=one_of("integration_type", integration_type, IntegrationType),
        view=one_of("view", view, IntegrationView),
    )
    return listing(_INTEGRATIONS, "integrations", Integration, query, destination_id=destination_id)


@endpoint
def get_integration(destination_id: str, integration_id: str) -> Call[Integration]:
    """Get one integration: what an integration connection needs, and whether a person has to consent.

    GET /v2/destinations/{destination_id}/integrations/{integration_id}.
    """
    ids = {"destination_id": destination_id, "integration_id": integration_id}
    return get(_INTEGRATIONS + "/{integration_id}", model(Integration), **ids)


# Integration connections


@endpoint
def create_integration_connection(connection: IntegrationConnectionInput) -> Call[Created]:
    """Create an integration connection: POST /v2/integration-connections.

    A distribution manager is created too if a name is given for one. The page asks for ``oAuthEndpointID``
    in the body. The specification has no such field there and wants ``oAuthConnectionID``, which is sent.
    """
    return post(_CONNECTIONS, model(Created), connection.body())


@endpoint
def list_integration_connections() -> Call[Page[IntegrationConnection]]:
    """List all integration connections; the service has no filter: GET /v2/integration-connections."""
    return listing(_CONNECTIONS, "v2/IntegrationConnections", IntegrationConnection)


@endpoint
def get_integration_connection(integration_connection_id: str) -> Call[IntegrationConnection]:
    """Get one integration connection: GET /v2/integration-connections/{integration_connection_id}."""
    return get(_CONNECTION, model(IntegrationConnection), integration_connection_id=integration_connection_id)


@endpoint
def update_integration_connection(
    integration_connection_id: str, update: IntegrationConnectionUpdate
) -> Call[None]:
    """Replace what can be changed: PUT /v2/integration-connections/{integration_connection_id}.

    Only the description names this call. The response has no body.
    """
    return put(_CONNECTION, done, update.body(), integration_connection_id=integration_connection_id)


@endpoint
def delete_integration_connection(integration_connection_id: str) -> Call[None]:
    """Delete one: DELETE /v2/integration-connections/{integration_connection_id}.

    The documents do not say what becomes of distribution managers that use it. The response has no body.
    """
    return delete(_CONNECTION, done, integration_connection_id=integration_connection_id)


# Authorisations


@endpoint
def create_oauth_connection_attempt(attempt: OAuthConnectionAttemptInput) -> Call[Created]:
    """Begin an authorisation that a person completes: POST /v2/oauth-connection-attempts.

    The call may be repeated, since an attempt that nobody completes makes nothing. The address for the person
    comes with `get_oauth_connection_attempt`.
    """
    return request("POST", _ATTEMPTS, Safety.REPEATABLE, model(Created), json=attempt.body())


@endpoint
def get_oauth_connection_attempt(attempt_id: str) -> Call[OAuthConnectionAttempt]:
    """Get the state of an authorisation: GET /v2/oauth-connection-attempts/{attempt_id}.

    It has the address at which a person completes it. Attempts cannot be listed.
    """
    return get(_ATTEMPTS + "/{attempt_id}", model(OAuthConnectionAttempt), attempt_id=attempt_id)


@endpoint
def list_oauth_connections(oauth_endpoint_id: str | None = None) -> Call[Page[OAuthConnection]]:
    """List the OAuth connections, which are completed authorisations: GET /v2/oauth-connections.

    The type is spelled ``OAuthConnection``, the key of the list ``Oauth``.

    :param oauth_endpoint_id: an integration's; all OAuth connections if None.
    """
    query = query_of(oAuthEndpointID=oauth_endpoint_id)
    return listing("/v2/oauth-connections", "v2/OauthConnections", OAuthConnection, query)


@endpoint
def get_oauth_connection(oauth_connection_id: str) -> Call[OAuthConnection]:
    """Get one OAuth connection: GET /v2/oauth-connections/{oauth_connection_id}."""
    path = "/v2/oauth-connections/{oauth_connection_id}"
    return get(path, model(OAuthConnection), oauth_connection_id=oauth_connection_id)
