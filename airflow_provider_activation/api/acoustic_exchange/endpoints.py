"""Acoustic Exchange: endpoints, from registration to deletion.

Documents, where an endpoint names no other: "Endpoint-level API" and "Account-level API". A call for one
endpoint needs either the endpoint's own key, or the account's key and the endpoint's id in the path.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BeforeValidator, Field, field_validator

from airflow_provider_activation.api.acoustic_exchange.common import (
    ACCOUNT,
    APPLICATION,
    ENDPOINT,
    SERVICE,
    changed,
    endpoint,
    true,
    whole,
)
from airflow_provider_activation.api.answers import nothing, rows
from airflow_provider_activation.api.call import Answer, Call, Safety, get, put, query_of, request
from airflow_provider_activation.api.models import Input, Resource, TextId
from airflow_provider_activation.api.rows import read_rows
from airflow_provider_activation.errors import InvalidRequest, UnreadableResponse
from airflow_provider_activation.words import HashAlgorithm

__all__ = [
    "LARGEST_REASON",
    "Attribute",
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
    "PushOrPull",
    "Registration",
    "SegmentDestination",
    "SegmentSource",
    "SegmentTypes",
    "delete_endpoint",
    "disable_endpoint",
    "enable_endpoint",
    "get_endpoint_status",
    "list_endpoints",
    "register",
    "register_endpoint",
    "report_endpoint_failure",
    "set_endpoint_attributes",
    "set_endpoint_database",
]


def _in_capitals(value: Any) -> Any:
    # the tables say NONE, HASHED and REQUIRED, the text says None, Hashed and Required; it can be null
    return value.upper() or None if isinstance(value, str) else value


HashMode = Literal["NONE", "HASHED", "REQUIRED"]
PushOrPull = Literal["push", "pull"]
"""Who starts the transfer of the data: the side that has it pushes, the side that wants it pulls."""

LARGEST_REASON = 512
"""The most bytes of UTF-8 in the reason of a failure report."""


def _endpoint_id() -> Any:
    choices = AliasChoices("endpointId", "endpointID", "id")
    return Field(default=None, validation_alias=choices, serialization_alias="endpointId")


class Registration(Resource):
    """The response to a registration. The documents do not show it; the id is read if there is one."""

    # a number, unless it is none
    endpoint_id: Annotated[int | str, Field(union_mode="left_to_right")] | None = _endpoint_id()


class Endpoint(Resource):
    """An endpoint, with the fields of its registration."""

    endpoint_id: TextId | None = _endpoint_id()
    name: str | None = None


class EventSource(Input):
    enabled: bool


class EventDestination(Input):
    enabled: bool
    url: str | None = None
    destination_type: PushOrPull | None = Field(default=None, alias="destinationType")


class SegmentSource(Input):
    enabled: bool
    producer_type: PushOrPull = Field(alias="producerType")
    url: str | None = None
    data_window: int | None = Field(default=None, alias="dataWindow", ge=0)


class SegmentDestination(Input):
    enabled: bool
    destination_type: PushOrPull = Field(alias="destinationType")
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
    """A field that may be hashed: by the provider (``HASHED``) or by its sender (``REQUIRED``)."""

    name: str = Field(min_length=1)
    type: str = Field(min_length=1)
    hash_mode: Annotated[HashMode | None, BeforeValidator(_in_capitals)] = Field(
        default=None, alias="hashMode"
    )
    hash_algorithm: HashAlgorithm | None = Field(default=None, alias="hashAlgorithm")


class Identifier(_Hashed):
    is_required: bool | None = Field(default=None, alias="isRequired")
    is_event_only: bool | None = Field(default=None, alias="isEventOnly")


class Attribute(_Hashed):
    is_required: bool = Field(alias="isRequired")


class MarketingDatabase(Input):
    """A database; one that only lists identifiers and attributes needs no name."""

    name: str | None = Field(default=None, min_length=1)
    id: str | None = None
    identifiers: tuple[Identifier, ...] | None = None
    attributes: tuple[Attribute, ...] | None = None


class MarketingDatabasesDefinition(Input):
    marketing_databases: tuple[MarketingDatabase, ...] = Field(alias="marketingDatabases", min_length=1)


class EndpointRegistration(Input):
    """The description of an endpoint. An endpoint type that is left out is switched off."""

    name: str = Field(min_length=1)
    provider_name: str = Field(alias="providerName", min_length=1)
    description: str | None = None
    url: str | None = None
    hash_algorithm: HashAlgorithm | None = Field(default=None, alias="hashAlgorithm")
    endpoint_types: EndpointTypes | None = Field(default=None, alias="endpointTypes")
    marketing_databases_definition: MarketingDatabasesDefinition | None = Field(
        default=None, alias="marketingDatabasesDefinition"
    )
    notification_key: str | None = Field(default=None, alias="notificationKey", pattern=r"^[0-9]+$")

    def check(self) -> None:
        definition = self.marketing_databases_definition
        if definition is None or self.hash_algorithm is not None:
            return
        for database in definition.marketing_databases:
            for field in (*(database.identifiers or ()), *(database.attributes or ())):
                if field.hash_mode in ("HASHED", "REQUIRED") and field.hash_algorithm is None:
                    where = database.name or "the database"
                    what = f"{field.name!r} of {where!r} has the hash_mode {field.hash_mode}"
                    raise ValueError(f"{what}, so hash_algorithm must be given, there or for the endpoint")


class EndpointDatabase(Input):
    """The database of an endpoint.

    An application's key requires ``endpoint_id``; an endpoint with several databases requires
    ``marketing_database_name``.
    """

    database_id: str = Field(alias="databaseId", min_length=1)
    endpoint_id: int | None = Field(default=None, alias="endpointId")
    marketing_database_name: str | None = Field(default=None, alias="marketingDatabaseName", min_length=1)


class EndpointQuery(Input):
    """Which endpoints are listed, and how much of each.

    ``page_size`` counts segments, not endpoints. The shape of the response is not documented, so the pages
    are not joined: give ``start_record`` to read the next one. The documents' example starts at record 1.
    """

    source: bool | None = None
    destination: bool | None = None
    event: bool | None = None
    segment: bool | None = None
    load_events: bool | None = Field(default=None, alias="loadEvents")
    load_segments: bool | None = Field(default=None, alias="loadSegments")
    include_segment_id_string: bool | None = Field(default=None, alias="includeSegmentIDString")
    include_billing: bool | None = Field(default=None, alias="includeBilling")
    page_size: int | None = Field(default=None, alias="pageSize", ge=1)
    start_record: int | None = Field(default=None, alias="startRecord", ge=0)
    search_by_name: str | None = Field(default=None, alias="searchByName", min_length=1)
    search_by_description: str | None = Field(default=None, alias="searchByDescription", min_length=1)
    endpoint_id: int | None = Field(default=None, alias="endpointId")

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
        """The levels of key that may make the call."""
        accounts_only = self.endpoint_id is not None or self.include_billing is not None
        return (ACCOUNT,) if accounts_only else (ACCOUNT, ENDPOINT)


class FailureReport(Input):
    """The reason why an endpoint could not be provisioned."""

    reason: str = Field(min_length=1)

    @field_validator("reason")
    @classmethod
    def _is_short(cls, value: str) -> str:
        if (size := len(value.encode())) > LARGEST_REASON:
            raise ValueError(f"must be at most {LARGEST_REASON} bytes of UTF-8, but has {size}")
        return value


@endpoint
def register_endpoint(
    registration: EndpointRegistration, endpoint_id: int | None = None
) -> Call[Registration]:
    """Register an endpoint, or replace its description: PUT /v1/endpoint, or PUT /v1/endpoint/{endpoint_id}.

    :param endpoint_id: the endpoint, with the account's key; None with the endpoint's own key.
    """
    return _of_endpoint("PUT", "/v1/endpoint", endpoint_id, _registration, json=registration.body())


@endpoint
def list_endpoints(query: EndpointQuery | None = None) -> Call[list[Endpoint]]:
    """List the endpoints of the account, or the endpoint of an endpoint's own key: GET /v1/endpoint.

    The account-level document calls ``endpointId`` a URL parameter and shows it in the query.
    """
    wanted = query or EndpointQuery()
    return get("/v1/endpoint", _endpoints, query=query_of(**wanted.body()), key_levels=wanted.key_levels)


@endpoint
def delete_endpoint(endpoint_id: int | None = None) -> Call[None]:
    """Delete an endpoint: DELETE /v1/endpoint, or DELETE /v1/endpoint/{endpoint_id}.

    The documents contradict each other about the response: any 2xx is success unless the body is false.

    :param endpoint_id: the endpoint, with the account's key; None with the endpoint's own key.
    """
    return _of_endpoint("DELETE", "/v1/endpoint", endpoint_id, nothing)


@endpoint
def enable_endpoint(endpoint_id: int | None = None) -> Call[bool]:
    """Enable an endpoint: PUT /v1/endpoint/enable, or PUT /v1/endpoint/enable/{endpoint_id}.

    By its text the second path takes the account's key; its sample command names the endpoint's.

    :param endpoint_id: the endpoint, with the account's key; None with the endpoint's own key.
    :returns: False if it was enabled before (304).
    """
    return _of_endpoint("PUT", "/v1/endpoint/enable", endpoint_id, changed, accepts=(304,))


@endpoint
def disable_endpoint(endpoint_id: int | None = None) -> Call[bool]:
    """Disable an endpoint: PUT /v1/endpoint/disable, or PUT /v1/endpoint/disable/{endpoint_id}.

    See `enable_endpoint`. Returns False if it was disabled before (304).
    """
    return _of_endpoint("PUT", "/v1/endpoint/disable", endpoint_id, changed, accepts=(304,))


@endpoint
def set_endpoint_database(database: EndpointDatabase) -> Call[None]:
    """Set the database of an endpoint: PUT /v1/endpoint/database. Document: "Account-level API".

    The call takes the endpoint's own key or an application's, but not the account's.
    """
    key_levels = (ENDPOINT,) if database.endpoint_id is None else (ENDPOINT, APPLICATION)
    return put("/v1/endpoint/database", nothing, database.body(), key_levels=key_levels)


@endpoint
def set_endpoint_attributes(auth_key: str, attributes: Mapping[str, str]) -> Call[None]:
    """Set the attributes with which Acoustic Exchange logs in at the endpoint of the key.

    PUT /v1/endpointattributes/authkey/{auth_key}. Document: "Endpoint-level API". All attributes are
    replaced; they are read at night and take effect the next day. The document contradicts itself: the title
    says PUT, the sample command POST; the table puts the attributes within ``attributes``, the sample does
    not. Title and table are followed. One line wants the account's key in the path; the text wants the
    endpoint's own, both there and as the bearer.

    :param auth_key: the endpoint's authentication key, the same as the connection's.
    :param attributes: at least one name with its value.
    """
    if not attributes:
        raise InvalidRequest("attributes: at least one must be given.")
    for name, value in attributes.items():
        # a value may be a secret and is not shown
        if not isinstance(name, str) or not isinstance(value, str):
            raise InvalidRequest(f"attributes: {name} must be text, but is a {type(value).__name__}.")
    try:
        path, body = "/v1/endpointattributes/authkey/{auth_key}", {"attributes": dict(attributes)}
        return put(path, nothing, body, key_levels=(ENDPOINT,), auth_key=auth_key)
    except InvalidRequest:
        # the reason would quote the key
        raise InvalidRequest(
            "auth_key must be text without slashes and control characters and not empty, "
            f"but is a {type(auth_key).__name__} that is not."
        ) from None


@endpoint
def report_endpoint_failure(endpoint_id: int, reason: str) -> Call[bool]:
    """Report that the endpoint could not be provisioned: PUT /v1/endpoint/{endpoint_id}/reportfailure.

    Document: "Endpoint-level API". Users of Acoustic Exchange see the failure, not the reason.

    :param reason: at most `LARGEST_REASON` bytes of UTF-8.
    """
    body, number = FailureReport(reason=reason).body(), whole("endpoint_id", endpoint_id)
    path = "/v1/endpoint/{endpoint_id}/reportfailure"
    return put(path, true, body, key_levels=(ENDPOINT,), endpoint_id=number)


@endpoint
def get_endpoint_status(endpoint_id: int) -> Call[str]:
    """Get the status of the endpoint of the key: GET /v1/{endpoint_id}/status, without ``/endpoint/``.

    Document: "Endpoint-level API".

    :returns: PENDING, ACTIVE, FAILED or DELETED; an unknown word is returned as it is.
    """
    number = whole("endpoint_id", endpoint_id)
    return get("/v1/{endpoint_id}/status", _status, key_levels=(ENDPOINT,), endpoint_id=number)


def _of_endpoint(method: str, path: str, endpoint_id: int | None, read: Any, **options: Any) -> Call[Any]:
    """A call for the endpoint of the key, or, with an id, for an endpoint of the account."""
    level = ENDPOINT
    if endpoint_id is not None:
        level, path = ACCOUNT, path + "/{endpoint_id}"
        options["endpoint_id"] = whole("endpoint_id", endpoint_id)
    return request(method, path, Safety.REPEATABLE, read, key_levels=(level,), **options)


async def register(registration: EndpointRegistration, endpoint_id: int | None = None) -> int | str:
    """Register an endpoint and return its id, which is read from the list of endpoints if need be.

    :raises UnreadableResponse: no response gives the id.
    """
    registered = await register_endpoint(registration, endpoint_id)
    number = endpoint_id or registered.endpoint_id
    if number is not None:
        return number
    endpoints = await list_endpoints()
    ids = [known.endpoint_id for known in endpoints if known.name == registration.name and known.endpoint_id]
    if len(ids) != 1:
        what = "the endpoint was registered, but no answer says under which id."
        raise UnreadableResponse(what, service=SERVICE, operation="register_endpoint")
    return ids[0]


def _registration(answer: Answer) -> Registration:
    """Any 2xx is success, also one whose body says no more than ``OK``."""
    reply = None if re.fullmatch(r"[^\W\d][\w\s.,!]*|", answer.word) else answer.json()
    if not isinstance(reply, bool) and str(reply).isdecimal():
        reply = {"endpointId": reply}
    return Registration.model_validate(reply if isinstance(reply, dict) else {})


def _endpoints(answer: Answer) -> list[Endpoint]:
    reply = answer.json()
    # with an endpoint's own key the response may be the endpoint itself
    return read_rows(Endpoint, [reply] if isinstance(reply, dict) else rows(answer))


def _status(answer: Answer) -> str:
    word = answer.word.upper()
    if not re.fullmatch(r"[A-Z][A-Z_]*", word) or word in ("TRUE", "NULL"):
        raise ValueError("it is not the name of a status")
    return word
