"""The LiveRamp Activation API, v2: endpoints and what goes in and out.

Document: the vendor's description of the Activation API 2.9.0 and its page "Configure Distributions".
Where the two disagree the docstring says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Literal, TypeVar

from pydantic import AliasChoices, Field

from airflow_provider_activation.api.call import Answer, Call, Page, Safety, Token, path_of, query_of
from airflow_provider_activation.api.models import Input, Resource, TextId
from airflow_provider_activation.errors import InvalidRequest

SERVICE = "LiveRamp"
BASE_URL = "https://api.liveramp.com/activation"
TOKEN_URL = "https://serviceaccounts.liveramp.com/authn/v1/oauth2/token"
LARGEST_PAGE = 100
MOST_SEGMENTS_A_CALL = 500

AUTHORIZED = "AUTHORIZED"
DELIVERED = "DELIVERED"

DeviceType = Literal["PII", "WEB", "IOS", "ANDROID", "CUSTOM_ID", "MIXED", "OTHER", "RAMP_ID"]
SegmentType = Literal["ONBOARDING", "DATA_MARKETPLACE"]

R = TypeVar("R", bound=Resource)


def _oauth_key(name: str, *others: str) -> Any:
    # the documents spell these keys in several ways: read them all, write the specification's
    return Field(default=None, validation_alias=AliasChoices(name, *others), serialization_alias=name)


# What comes back


class Created(Resource):
    """The answer to a create: only the id."""

    id: TextId = Field(min_length=1)


class Destination(Resource):
    id: TextId
    name: str


class RequiredProperty(Resource):
    name: str
    description: str | None = None


class Integration(Resource):
    id: TextId
    name: str
    type: str | None = None
    device_types: list[str] = Field(default_factory=list, alias="deviceTypes")
    required_properties: list[RequiredProperty] = Field(default_factory=list, alias="requiredProperties")
    oauth_endpoint_id: TextId | None = _oauth_key("oAuthEndpointID", "oauthEndpointID", "oAuthEndpointId")


class ConnectionProperty(Resource):
    property_key: str = Field(alias="propertyKey")
    property_value: str = Field(alias="propertyValue")


class IntegrationConnection(Resource):
    id: TextId
    integration_id: list[TextId] = Field(alias="integrationID")
    properties: list[ConnectionProperty] = Field(default_factory=list)
    device_types: list[str] = Field(default_factory=list, alias="deviceTypes")
    oauth_connection_id: TextId | None = _oauth_key(
        "oAuthConnectionID", "oauthConnectionID", "oAuthConnectionId"
    )
    oauth_status: str | None = _oauth_key("oauthStatus", "oAuthStatus")

    def is_as(self, wanted: IntegrationConnectionInput) -> bool:
        """Whether it is what this input would make."""
        return (
            tuple(self.integration_id) == wanted.integration_id
            and {p.property_key: p.property_value for p in self.properties}
            == {p.property_key: p.property_value for p in wanted.properties}
            and set(self.device_types) == set(wanted.device_types)
            and self.oauth_connection_id == wanted.oauth_connection_id
        )


class OAuthConnectionAttempt(Resource):
    id: TextId
    status: str
    authorization_url: str | None = _oauth_key("authorizationUrl", "authorizationURL")
    status_detail: str | None = Field(default=None, alias="statusDetail")
    oauth_connection_id: TextId | None = _oauth_key(
        "oAuthConnectionID", "oauthConnectionID", "oAuthConnectionId"
    )


class OAuthConnection(Resource):
    id: TextId
    name: str | None = None
    updated_at: datetime | None = Field(default=None, alias="updatedAt")


class DistributionManager(Resource):
    id: TextId
    name: str
    integration_connection_id: TextId = Field(alias="integrationConnectionID")
    status: str | None = None


class SegmentConfig(Resource):
    id: TextId
    segment_id: TextId = Field(alias="segmentID")
    segment_type: str = Field(alias="segmentType")
    destination_segment_id: TextId | None = Field(default=None, alias="destinationSegmentID")

    @property
    def key(self) -> tuple[str, str]:
        """What tells one segment config from another."""
        return self.segment_id, self.segment_type


class SegmentConfigResult(Resource):
    """One item of a 207: which segment config, and what became of it."""

    id: TextId | None = None
    status: Any = None

    @property
    def http_status(self) -> int | None:
        """The item's own status; the documents show both a bare number and an error object."""
        value = self.status.get("httpStatus") if isinstance(self.status, dict) else self.status
        return int(value) if isinstance(value, int | str) and str(value).isdecimal() else None

    @property
    def failed(self) -> bool:
        return self.http_status is not None and self.http_status >= 400

    @property
    def message(self) -> str:
        detail = self.status.get("message") if isinstance(self.status, dict) else None
        return str(detail or self.http_status or "no status")


class Segment(Resource):
    id: TextId
    type: str
    value: Any = None


class Taxonomy(Resource):
    """How the destination knows a segment."""

    taxonomy_sync_status: str = Field(alias="taxonomySyncStatus")
    destination_segment_id: TextId | None = Field(default=None, alias="destinationSegmentID")


class SegmentStatus(Resource):
    segment_id: TextId = Field(alias="segmentID")
    segment_type: str | None = Field(default=None, alias="segmentType")
    taxonomy: Taxonomy
    integration_connection_id: TextId | None = Field(default=None, alias="integrationConnectionID")


class Delivery(Resource):
    id: TextId
    status: str
    segment_id: TextId | None = Field(default=None, alias="segmentID")
    integration_connection_id: TextId | None = Field(default=None, alias="integrationConnectionID")
    operation_type: str | None = Field(default=None, alias="operationType")
    record_count: int | None = Field(default=None, alias="recordCount")
    updated_at: datetime | None = Field(default=None, alias="updatedAt")


# What goes out


class PropertyInput(Input):
    property_key: str = Field(alias="propertyKey", min_length=1)
    property_value: str = Field(alias="propertyValue")


class IntegrationConnectionInput(Input):
    """What makes an integration connection.

    ``integration_id`` is the pair destination id and integration id. ``distribution_manager_name``
    also makes a distribution manager of that name in the same call.
    """

    integration_id: tuple[str, str] = Field(alias="integrationID")
    properties: tuple[PropertyInput, ...] = ()
    device_types: tuple[DeviceType, ...] = Field(alias="deviceTypes", min_length=1)
    oauth_connection_id: str | None = Field(default=None, alias="oAuthConnectionID", min_length=1)
    distribution_manager_name: str | None = Field(
        default=None, alias="distributionManagerName", min_length=1, max_length=50
    )


class OAuthConnectionAttemptInput(Input):
    oauth_endpoint_id: str = Field(alias="oAuthEndpointID", min_length=1)
    oauth_connection_id: str | None = Field(default=None, alias="oAuthConnectionID", min_length=1)
    redirect_url: str | None = Field(default=None, alias="redirectUrl")


class SegmentConfigInput(Input):
    segment_id: str = Field(alias="segmentID", min_length=1)
    segment_type: SegmentType = Field(alias="segmentType")
    destination_segment_id: str | None = Field(default=None, alias="destinationSegmentID", min_length=1)

    @property
    def key(self) -> tuple[str, str]:
        """What tells one segment config from another."""
        return self.segment_id, self.segment_type


# Endpoints


def request_token(service_account: str, secret_key: str, *, token_url: str = TOKEN_URL) -> Call[Token]:
    """POST /authn/v1/oauth2/token: the password grant. The page "Authentication" gives 600 seconds;
    the same endpoint gives other services 1800, so ``expires_in`` decides."""
    return Call(
        SERVICE,
        "request_token",
        "POST",
        "/authn/v1/oauth2/token",
        "/authn/v1/oauth2/token",
        Safety.READ,
        _token,
        form={
            "grant_type": "password",
            "username": service_account,
            "password": secret_key,
            "client_id": "liveramp-api",
            "scope": "openid",
            "response_type": "token",
        },
        url=token_url,
    )


def list_destinations() -> Call[Page[Destination]]:
    """GET /v2/destinations."""
    return _list("list_destinations", "/v2/destinations", "v2/Destinations", Destination)


def get_integration(destination_id: str, integration_id: str) -> Call[Integration]:
    """GET /v2/destinations/{destination_id}/integrations/{integration_id}: which properties and device
    types an integration connection needs, and whether a person has to consent."""
    template = "/v2/destinations/{destination_id}/integrations/{integration_id}"
    path = path_of(template, destination_id=destination_id, integration_id=integration_id)
    return _get("get_integration", template, path, Integration)


def create_integration_connection(connection: IntegrationConnectionInput) -> Call[Created]:
    """POST /v2/integration-connections.

    "Configure Distributions" asks for ``oAuthEndpointID`` in the body; the specification has no such
    field there and wants ``oAuthConnectionID``, which is sent.
    """
    return _post("create_integration_connection", "/v2/integration-connections", connection, Safety.ONCE)


def list_integration_connections() -> Call[Page[IntegrationConnection]]:
    """GET /v2/integration-connections."""
    return _list(
        "list_integration_connections",
        "/v2/integration-connections",
        "v2/IntegrationConnections",
        IntegrationConnection,
    )


def create_oauth_connection_attempt(attempt: OAuthConnectionAttemptInput) -> Call[Created]:
    """POST /v2/oauth-connection-attempts: a second attempt nobody completes makes nothing, so this is
    repeatable. The address for the person comes with `get_oauth_connection_attempt`."""
    return _post(
        "create_oauth_connection_attempt", "/v2/oauth-connection-attempts", attempt, Safety.REPEATABLE
    )


def get_oauth_connection_attempt(attempt_id: str) -> Call[OAuthConnectionAttempt]:
    """GET /v2/oauth-connection-attempts/{attempt_id}."""
    template = "/v2/oauth-connection-attempts/{attempt_id}"
    path = path_of(template, attempt_id=attempt_id)
    return _get("get_oauth_connection_attempt", template, path, OAuthConnectionAttempt)


def list_oauth_connections(oauth_endpoint_id: str | None = None) -> Call[Page[OAuthConnection]]:
    """GET /v2/oauth-connections."""
    return _list(
        "list_oauth_connections",
        "/v2/oauth-connections",
        "v2/OauthConnections",
        OAuthConnection,
        query_of(oAuthEndpointID=oauth_endpoint_id),
    )


def list_distribution_managers(
    integration_connection_id: str | None = None,
) -> Call[Page[DistributionManager]]:
    """GET /v2/distribution-managers."""
    return _list(
        "list_distribution_managers",
        "/v2/distribution-managers",
        "v2/DistributionManagers",
        DistributionManager,
        query_of(integrationConnectionID=integration_connection_id),
    )


def get_distribution_manager(distribution_manager_id: str) -> Call[DistributionManager]:
    """GET /v2/distribution-managers/{distribution_manager_id}."""
    template = "/v2/distribution-managers/{distribution_manager_id}"
    path = path_of(template, distribution_manager_id=distribution_manager_id)
    return _get("get_distribution_manager", template, path, DistributionManager)


def add_segment_configs(
    distribution_manager_id: str, segments: Sequence[SegmentConfigInput]
) -> Call[list[SegmentConfigResult]]:
    """POST /v2/distribution-managers/{distribution_manager_id}/segment-configs: at most 500 at once.

    Answers 207 whatever became of the items. Some pages of the vendor call the id in the path an
    integration connection's; the specification's distribution manager is meant.
    """
    if not 1 <= len(segments) <= MOST_SEGMENTS_A_CALL:
        raise InvalidRequest(f"segments: one call takes 1 to {MOST_SEGMENTS_A_CALL}, given {len(segments)}.")
    template = "/v2/distribution-managers/{distribution_manager_id}/segment-configs"
    return Call(
        SERVICE,
        "add_segment_configs",
        "POST",
        template,
        path_of(template, distribution_manager_id=distribution_manager_id),
        Safety.ONCE,
        _segment_config_results,
        json=[{**segment.body(), "distributionManagerID": distribution_manager_id} for segment in segments],
    )


def remove_segment_configs(
    distribution_manager_id: str, segment_config_ids: Sequence[str]
) -> Call[list[SegmentConfigResult]]:
    """DELETE /v2/distribution-managers/{distribution_manager_id}/segment-configs, with a body: at most
    500 at once. Answers 207 whatever became of the items."""
    given = len(segment_config_ids)
    if not 1 <= given <= MOST_SEGMENTS_A_CALL:
        raise InvalidRequest(f"segment_config_ids: one call takes 1 to {MOST_SEGMENTS_A_CALL}, given {given}.")
    template = "/v2/distribution-managers/{distribution_manager_id}/segment-configs"
    return Call(
        SERVICE,
        "remove_segment_configs",
        "DELETE",
        template,
        path_of(template, distribution_manager_id=distribution_manager_id),
        Safety.REPEATABLE,
        _segment_config_results,
        json=[{"id": segment_config_id} for segment_config_id in segment_config_ids],
    )


def list_segment_configs(distribution_manager_id: str) -> Call[Page[SegmentConfig]]:
    """GET /v2/distribution-managers/{distribution_manager_id}/segment-configs."""
    template = "/v2/distribution-managers/{distribution_manager_id}/segment-configs"
    return _list(
        "list_segment_configs",
        template,
        "segmentConfigs",
        SegmentConfig,
        path=path_of(template, distribution_manager_id=distribution_manager_id),
    )


def list_segments(value_name: str | None = None, field_name: str | None = None) -> Call[Page[Segment]]:
    """GET /v2/segments."""
    return _list(
        "list_segments",
        "/v2/segments",
        "v2/Segments",
        Segment,
        query_of(valueName=value_name, fieldName=field_name),
    )


def list_segment_statuses(
    segment_type: SegmentType, segment_ids: Sequence[str]
) -> Call[Page[SegmentStatus]]:
    """GET /v2/segment-statuses, always with type and ids: the site's index demands ids, the
    specification neither."""
    return _list(
        "list_segment_statuses",
        "/v2/segment-statuses",
        "v2/SegmentStatuses",
        SegmentStatus,
        query_of(segmentType=segment_type)
        + tuple(("segmentIDs[]", segment_id) for segment_id in segment_ids),
    )


def list_deliveries(
    integration_connection_id: str | None = None, segment_ids: Sequence[str] = ()
) -> Call[Page[Delivery]]:
    """GET /v2/deliveries.

    The specification repeats ``segmentIDs=``; a client in use sends ``segmentIDs[]=``, which is what
    is known to work.
    """
    return _list(
        "list_deliveries",
        "/v2/deliveries",
        "v2/Deliveries",
        Delivery,
        query_of(integrationConnectionID=integration_connection_id)
        + tuple(("segmentIDs[]", segment_id) for segment_id in segment_ids),
    )


def _token(answer: Answer) -> Token:
    reply = answer.json()
    access_token = reply["access_token"]
    if not isinstance(access_token, str) or not access_token:
        raise ValueError("access_token is empty")
    return Token(
        {"Authorization": f"Bearer {access_token}"}, float(reply.get("expires_in") or 600), (access_token,)
    )


def _get(operation: str, template: str, path: str, model: type[R]) -> Call[R]:
    return Call(
        SERVICE,
        operation,
        "GET",
        template,
        path,
        Safety.READ,
        lambda answer: model.model_validate(answer.json()),
    )


def _post(operation: str, path: str, value: Input, safety: Safety) -> Call[Created]:
    return Call(
        SERVICE,
        operation,
        "POST",
        path,
        path,
        safety,
        lambda answer: Created.model_validate(answer.json()),
        json=value.body(),
    )


def _list(
    operation: str,
    template: str,
    envelope: str,
    model: type[R],
    query: tuple[tuple[str, str], ...] = (),
    *,
    path: str | None = None,
) -> Call[Page[R]]:
    def at(after: str | None) -> Call[Page[R]]:
        return Call(
            SERVICE,
            operation,
            "GET",
            template,
            path or template,
            Safety.READ,
            partial(_page, envelope=envelope, model=model, at=at),
            query=query + query_of(limit=LARGEST_PAGE, after=after),
        )

    return at(None)


def _page(
    answer: Answer, *, envelope: str, model: type[R], at: Callable[[str | None], Call[Page[R]]]
) -> Page[R]:
    reply = answer.json()
    if envelope not in reply:
        # the envelope's key has changed with versions; a single list beside the paging is it
        lists = [key for key, value in reply.items() if isinstance(value, list)]
        if len(lists) != 1:
            raise ValueError(f"it has no list {envelope!r}")
        envelope = lists[0]
    after = (reply.get("_pagination") or {}).get("after")
    items = tuple(model.model_validate(item) for item in reply[envelope])
    return Page(items, at(str(after)) if after not in (None, "") else None)


def _segment_config_results(answer: Answer) -> list[SegmentConfigResult]:
    reply = answer.json()
    if not isinstance(reply, list):
        raise ValueError("it is not a list of results")
    return [SegmentConfigResult.model_validate(item) for item in reply]
