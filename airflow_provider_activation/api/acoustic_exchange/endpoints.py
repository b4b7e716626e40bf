"""Acoustic Exchange: endpoints, from their registration to their end.

An endpoint is managed with its own key, which tells which endpoint is meant, or with the account's key
and the endpoint's id in the path. Documents: "Endpoint-level API" and "Account-level API".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BeforeValidator, Field, StrictInt, field_validator

from airflow_provider_activation.api.acoustic_exchange.common import (
    ACCOUNT,
    APPLICATION,
    ENDPOINT,
    changed,
    endpoint,
    true,
    whole,
)
from airflow_provider_activation.api.answers import nothing
from airflow_provider_activation.api.call import Answer, Call, Safety, query_of, request
from airflow_provider_activation.api.models import Input, Resource, TextId
from airflow_provider_activation.errors import InvalidRequest
from airflow_provider_activation.words import HashAlgorithm

__all__ = [
    "LARGEST_REASON",
    "Attribute",
    "Delivery",
    "Endpoint",
    "EndpointDatabase",
    "EndpointQuery",
    "EndpointRegistration",
    "EndpointTypes",
    "EventDestination",
    "EventSource",
    "EventTypes",
    "FailureReport",
    "HashAlgorithm",
    "HashMode",
    "Identifier",
    "MarketingDatabase",
    "MarketingDatabasesDefinition",
    "Registration",
    "SegmentDestination",
    "SegmentSource",
    "SegmentTypes",
    "delete_endpoint",
    "disable_endpoint",
    "enable_endpoint",
    "get_endpoint_status",
    "list_endpoints",
    "register_endpoint",
    "report_endpoint_failure",
    "set_endpoint_attributes",
    "set_endpoint_database",
]


def _in_capitals(value: Any) -> Any:
    # the tables write NONE, HASHED and REQUIRED, the prose None, Hashed and Required
    return value.upper() if isinstance(value, str) else value


HashMode = Annotated[Literal["NONE", "HASHED", "REQUIRED"], BeforeValidator(_in_capitals)]
Delivery = Literal["push", "pull"]

LARGEST_REASON = 512
"""Bytes of UTF-8 in the reason of a failure report."""


# What comes back


class Registration(Resource):
    """The answer to a registration. The documents do not show it; an id is read where there is one."""

    endpoint_id: int | None = Field(
        default=None,
        validation_alias=AliasChoices("endpointId", "endpointID", "id"),
        serialization_alias="endpointId",
    )


class Endpoint(Resource):
    endpoint_id: TextId | None = Field(
        default=None,
        validation_alias=AliasChoices("endpointId", "endpointID", "id"),
        serialization_alias="endpointId",
    )
    name: str | None = None


# What goes out


class EventSource(Input):
    enabled: bool


class EventDestination(Input):
    enabled: bool
    url: str | None = None
    destination_type: Delivery | None = Field(default=None, alias="destinationType")


class SegmentSource(Input):
    enabled: bool
    producer_type: Delivery = Field(alias="producerType")
    url: str | None = None
    data_window: StrictInt | None = Field(default=None, alias="dataWindow", ge=0)


class SegmentDestination(Input):
    enabled: bool
    destination_type: Delivery = Field(alias="destinationType")
    url: str | None = None


class EventTypes(Input):
    source: EventSource | None = None
    destination: EventDestination | None = None


class SegmentTypes(Input):
    source: SegmentSource | None = None
    destination: SegmentDestination | None = None

    def check(self) -> None:
        if self.source and self.source.enabled and self.destination and self.destination.enabled:
            raise ValueError("one endpoint cannot be both a source and a destination of audiences")


class EndpointTypes(Input):
    event: EventTypes | None = None
    segment: SegmentTypes | None = None


class _Hashed(Input):
    """What may be hashed: by the provider (``HASHED``) or by whoever sends it (``REQUIRED``)."""

    name: str = Field(min_length=1)
    type: str = Field(min_length=1)
    hash_mode: HashMode | None = Field(default=None, alias="hashMode")
    hash_algorithm: HashAlgorithm | None = Field(default=None, alias="hashAlgorithm")

    @property
    def lacks_algorithm(self) -> bool:
        """Whether it is hashed and does not say how."""
        return self.hash_mode in ("HASHED", "REQUIRED") and self.hash_algorithm is None


class Identifier(_Hashed):
    is_required: bool | None = Field(default=None, alias="isRequired")
    is_event_only: bool | None = Field(default=None, alias="isEventOnly")


class Attribute(_Hashed):
    is_required: bool = Field(alias="isRequired")


class MarketingDatabase(Input):
    name: str = Field(min_length=1)
    id: str | None = None
    identifiers: tuple[Identifier, ...] | None = None
    attributes: tuple[Attribute, ...] | None = None

    @property
    def hashed(self) -> tuple[_Hashed, ...]:
        """All that may be hashed."""
        return (*(self.identifiers or ()), *(self.attributes or ()))


class MarketingDatabasesDefinition(Input):
    marketing_databases: tuple[MarketingDatabase, ...] = Field(alias="marketingDatabases", min_length=1)


class EndpointRegistration(Input):
    """What describes an endpoint. An endpoint type left out is switched off by the next registration."""

    name: str = Field(min_length=1)
    provider_name: str = Field(alias="providerName", min_length=1)
    description: str | None = None
    url: str | None = None
    hash_algorithm: HashAlgorithm | None = Field(default=None, alias="hashAlgorithm")
    endpoint_types: EndpointTypes = Field(alias="endpointTypes")
    marketing_databases_definition: MarketingDatabasesDefinition | None = Field(
        default=None, alias="marketingDatabasesDefinition"
    )
    notification_key: str | None = Field(default=None, alias="notificationKey", pattern=r"^[0-9]+$")

    def check(self) -> None:
        definition = self.marketing_databases_definition
        if definition is None or self.hash_algorithm is not None:
            return
        for database in definition.marketing_databases:
            for field in database.hashed:
                if field.lacks_algorithm:
                    raise ValueError(
                        f"{field.name!r} of {database.name!r} has the hash_mode {field.hash_mode}, so "
                        "hash_algorithm must be given, there or for the endpoint"
                    )


class EndpointDatabase(Input):
    """Which database belongs to an endpoint.

    ``endpoint_id`` is required with an application's key, and ``marketing_database_name`` where the
    endpoint has several databases.
    """

    database_id: str = Field(alias="databaseId", min_length=1)
    endpoint_id: StrictInt | None = Field(default=None, alias="endpointId")
    marketing_database_name: str | None = Field(default=None, alias="marketingDatabaseName", min_length=1)


class EndpointQuery(Input):
    """Which endpoints are described, and what of them.

    The answer's shape is not documented, so that its segments are not counted here: a caller that gives
    ``page_size``, which counts segments and not endpoints, asks for the pages itself. The documents'
    example begins at record 1.
    """

    source: bool | None = None
    destination: bool | None = None
    event: bool | None = None
    segment: bool | None = None
    load_events: bool | None = Field(default=None, alias="loadEvents")
    load_segments: bool | None = Field(default=None, alias="loadSegments")
    include_segment_id_string: bool | None = Field(default=None, alias="includeSegmentIDString")
    include_billing: bool | None = Field(default=None, alias="includeBilling")
    page_size: StrictInt | None = Field(default=None, alias="pageSize", ge=1)
    start_record: StrictInt | None = Field(default=None, alias="startRecord", ge=0)
    search_by_name: str | None = Field(default=None, alias="searchByName", min_length=1)
    search_by_description: str | None = Field(default=None, alias="searchByDescription", min_length=1)
    endpoint_id: StrictInt | None = Field(default=None, alias="endpointId")

    def check(self) -> None:
        for field, needed in (
            ("load_events", "event"),
            ("load_segments", "segment"),
            ("include_segment_id_string", "load_segments"),
            ("page_size", "segment"),
            ("start_record", "page_size"),
        ):
            if getattr(self, field) and not getattr(self, needed):
                raise ValueError(f"{field} is of use with {needed} only, which is not given")

    @property
    def key_levels(self) -> tuple[str, ...]:
        """Levels of key that may ask this."""
        accounts_only = self.endpoint_id is not None or self.include_billing is not None
        return (ACCOUNT,) if accounts_only else (ACCOUNT, ENDPOINT)


class FailureReport(Input):
    """Why an endpoint could not be provisioned."""

    reason: str = Field(min_length=1)

    @field_validator("reason")
    @classmethod
    def _is_short(cls, value: str) -> str:
        size = len(value.encode())
        if size > LARGEST_REASON:
            raise ValueError(f"must be at most {LARGEST_REASON} bytes of UTF-8, but has {size}")
        return value


# Endpoints of the API


@endpoint
def register_endpoint(
    registration: EndpointRegistration, endpoint_id: int | None = None
) -> Call[Registration]:
    """PUT /v1/endpoint with an endpoint's own key, or PUT /v1/endpoint/{endpoint_id} with the account's.

    What a registration answers is not documented: an id is read where there is one.
    """
    return _of_endpoint("PUT", "/v1/endpoint", endpoint_id, _registration, json=registration.body())


@endpoint
def list_endpoints(query: EndpointQuery | None = None) -> Call[list[Endpoint]]:
    """GET /v1/endpoint: all of the account with its key, the endpoint's own with an endpoint's key.

    The account-level document calls ``endpointId`` a URL parameter and shows it in the query.
    """
    asked = query or EndpointQuery()
    return request(
        "GET",
        "/v1/endpoint",
        Safety.READ,
        _endpoints,
        query=query_of(**asked.body()),
        key_levels=asked.key_levels,
    )


@endpoint
def delete_endpoint(endpoint_id: int | None = None) -> Call[None]:
    """DELETE /v1/endpoint with an endpoint's own key, or /v1/endpoint/{endpoint_id} with the account's.

    The account-level document gives the latter the answers of DELETE /v1/endpoint and of PUT
    /v1/endpoint, and the endpoint-level document gives none: any 2xx is success unless it says false.
    """
    return _of_endpoint("DELETE", "/v1/endpoint", endpoint_id, nothing)


@endpoint
def enable_endpoint(endpoint_id: int | None = None) -> Call[bool]:
    """PUT /v1/endpoint/enable with an endpoint's own key, or /v1/endpoint/enable/{endpoint_id}.

    The latter takes the account's key: so says its text, while its sample command names the endpoint's.

    :returns: True, or False if it was enabled already (304).
    """
    return _of_endpoint("PUT", "/v1/endpoint/enable", endpoint_id, changed, accepts=(304,))


@endpoint
def disable_endpoint(endpoint_id: int | None = None) -> Call[bool]:
    """PUT /v1/endpoint/disable with an endpoint's own key, or /v1/endpoint/disable/{endpoint_id}.

    The latter takes the account's key: so says its text, while its sample command names the endpoint's.

    :returns: True, or False if it was disabled already (304).
    """
    return _of_endpoint("PUT", "/v1/endpoint/disable", endpoint_id, changed, accepts=(304,))


@endpoint
def set_endpoint_database(database: EndpointDatabase) -> Call[None]:
    """PUT /v1/endpoint/database with an endpoint's own key, or with an application's and ``endpoint_id``.

    It stands in the account-level document, but does not take the account's key.

    Document: "Account-level API".
    """
    return request(
        "PUT",
        "/v1/endpoint/database",
        Safety.REPEATABLE,
        nothing,
        json=database.body(),
        key_levels=(ENDPOINT,) if database.endpoint_id is None else (ENDPOINT, APPLICATION),
    )


@endpoint
def set_endpoint_attributes(auth_key: str, attributes: Mapping[str, str]) -> Call[None]:
    """PUT /v1/endpointattributes/authkey/{auth_key}: what Exchange needs to log in at the endpoint.

    It replaces what an earlier call gave, and is read at night, so that it takes effect the next day. The
    document's title says PUT and its sample command POST; the sample shows the attributes bare and the
    table within ``attributes``. Title and table are followed. One line speaks of the account's key; the
    text says the endpoint's own, in the path and as the bearer.

    Document: "Endpoint-level API".

    :param auth_key: the endpoint's authentication key, the connection's own.
    :param attributes: name to value, at least one.
    """
    if not attributes:
        raise InvalidRequest("attributes: at least one must be given.")
    for name, value in attributes.items():
        # a value may be a secret and is not shown
        if not isinstance(name, str) or not isinstance(value, str):
            raise InvalidRequest(f"attributes: {name} must be text, but is a {type(value).__name__}.")
    try:
        return request(
            "PUT",
            "/v1/endpointattributes/authkey/{auth_key}",
            Safety.REPEATABLE,
            nothing,
            json={"attributes": dict(attributes)},
            key_levels=(ENDPOINT,),
            auth_key=auth_key,
        )
    except InvalidRequest:
        # the reason would quote the key
        raise InvalidRequest(
            "auth_key must be text without slashes and control characters and not empty, "
            f"but is a {type(auth_key).__name__} that is not."
        ) from None


@endpoint
def report_endpoint_failure(endpoint_id: int, reason: str) -> Call[bool]:
    """PUT /v1/endpoint/{endpoint_id}/reportfailure: provisioning failed.

    Document: "Endpoint-level API".

    :param reason: at most `LARGEST_REASON` bytes of UTF-8; users of Exchange see the failure, not the reason.
    """
    return request(
        "PUT",
        "/v1/endpoint/{endpoint_id}/reportfailure",
        Safety.REPEATABLE,
        true,
        json=FailureReport(reason=reason).body(),
        key_levels=(ENDPOINT,),
        endpoint_id=whole("endpoint_id", endpoint_id),
    )


@endpoint
def get_endpoint_status(endpoint_id: int) -> Call[str]:
    """GET /v1/{endpoint_id}/status, without ``/endpoint/``, as the document has it.

    Document: "Endpoint-level API".

    :returns: PENDING, ACTIVE, FAILED or DELETED; another word is passed on.
    """
    return request(
        "GET",
        "/v1/{endpoint_id}/status",
        Safety.READ,
        _status,
        key_levels=(ENDPOINT,),
        endpoint_id=whole("endpoint_id", endpoint_id),
    )


def _of_endpoint(method: str, base: str, endpoint_id: int | None, read: Any, **options: Any) -> Call[Any]:
    """The key's own endpoint without an id; with one, an endpoint of the account."""
    if endpoint_id is None:
        return request(method, base, Safety.REPEATABLE, read, key_levels=(ENDPOINT,), **options)
    return request(
        method,
        base + "/{endpoint_id}",
        Safety.REPEATABLE,
        read,
        key_levels=(ACCOUNT,),
        endpoint_id=whole("endpoint_id", endpoint_id),
        **options,
    )


def _registration(answer: Answer) -> Registration:
    if answer.word in ("", "true"):
        return Registration()
    reply = answer.json()
    if isinstance(reply, int | str):
        reply = {"endpointId": reply}
    return Registration.model_validate(reply)


def _endpoints(answer: Answer) -> list[Endpoint]:
    reply = answer.json()
    # with an endpoint's own key the answer may be the one endpoint, not a list of it
    return [Endpoint.model_validate(item) for item in ([reply] if isinstance(reply, dict) else reply)]


def _status(answer: Answer) -> str:
    word = answer.word.upper()
    if not re.fullmatch(r"[A-Z][A-Z_]*", word) or word in ("TRUE", "NULL"):
        raise ValueError("it is not the name of a status")
    return word
