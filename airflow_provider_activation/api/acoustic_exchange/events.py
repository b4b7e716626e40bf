"""Acoustic Exchange: events, their types, and which identifiers are kept from others.

Documents: the vendor's "Event API" and "Identity management APIs". They name no level of key. Events are
published from an endpoint, and filters are those of the endpoint associated with the key: an endpoint's own.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field, field_serializer

from airflow_provider_activation.api.acoustic_exchange.common import ENDPOINT, endpoint
from airflow_provider_activation.api.answers import each, nothing
from airflow_provider_activation.api.call import Call, Safety, request
from airflow_provider_activation.api.models import AwareDatetime, Input, Resource, TextId, utc_text

__all__ = [
    "Event",
    "EventAttribute",
    "EventIdentifier",
    "EventPublication",
    "EventTypeDefinition",
    "IdentityFilter",
    "create_event_type",
    "list_identity_filters",
    "publish_events",
    "update_event_type",
]


class EventIdentifier(Input):
    """What tells a person: an email address, a cookie."""

    name: str = Field(min_length=1)
    value: str = Field(min_length=1)
    is_original: bool | None = Field(default=None, alias="isOriginal")


class EventAttribute(Input):
    """What describes an event. The value goes out as text, whatever its type."""

    name: str = Field(min_length=1)
    value: str
    type: str | None = Field(default=None, min_length=1)


class Event(Input):
    """Something a person did. In a batch each event has its own identifiers and may have its channel."""

    code: str = Field(min_length=1)
    timestamp: AwareDatetime
    channel: str | None = Field(default=None, min_length=1)
    identifiers: tuple[EventIdentifier, ...] | None = Field(default=None, min_length=1)
    attributes: tuple[EventAttribute, ...] = ()

    @field_serializer("timestamp")
    def _in_utc(self, moment: Any) -> str:
        return utc_text(moment)


class EventPublication(Input):
    """Events of one person (``identifiers`` here) or a simple batch (``identifiers`` with each event).

    The channel stands here or with each event. Events that concern many people at once have no
    identifiers. The compound batch, whose shape is not
    documented, is not offered: one publication for each person says the same.
    """

    channel: str | None = Field(default=None, min_length=1)
    identifiers: tuple[EventIdentifier, ...] | None = Field(default=None, min_length=1)
    events: tuple[Event, ...] = Field(min_length=1)

    def check(self) -> None:
        if self.identifiers is not None and any(event.identifiers is not None for event in self.events):
            raise ValueError("identifiers are given once for all events or with each event, but both are")
        if self.channel is None and any(event.channel is None for event in self.events):
            raise ValueError("channel must be given, once for all events or with each event")


class EventTypeDefinition(Input):
    """A type of event that an endpoint publishes."""

    code: str = Field(min_length=1)
    name: str = Field(min_length=1)
    description: str | None = None


class IdentityFilter(Resource):
    """An identifier that is kept from destinations."""

    endpoint_filter_id: TextId | None = Field(default=None, alias="endpointFilterId")
    endpoint_id: TextId | None = Field(default=None, alias="endpointId")
    identifier_name: str = Field(alias="identifierName")
    publish_filter: bool | None = Field(default=None, alias="publishFilter")
    subscribe_filter: bool | None = Field(default=None, alias="subscribeFilter")


@endpoint
def publish_events(publication: EventPublication) -> Call[None]:
    """POST /v1/event: publish events. A second call publishes them twice, and none can be read back.

    Document: "Event API".
    """
    return request(
        "POST",
        "/v1/event",
        Safety.ONCE,
        nothing,
        json=publication.body(),
        key_levels=(ENDPOINT,),
    )


@endpoint
def create_event_type(event_type: EventTypeDefinition) -> Call[None]:
    """POST /v1/eventtype: register a type of event; what a second call does is not documented.

    Document: "Event API".
    """
    return _describe("POST", Safety.ONCE, event_type)


@endpoint
def update_event_type(event_type: EventTypeDefinition) -> Call[None]:
    """PUT /v1/eventtype: describe a registered type of event anew; its code says which.

    Document: "Event API".
    """
    return _describe("PUT", Safety.REPEATABLE, event_type)


@endpoint
def list_identity_filters() -> Call[list[IdentityFilter]]:
    """GET /v1/identityfilters: the filters of the endpoint whose key asks.

    Document: "Identity management APIs".
    """
    return request("GET", "/v1/identityfilters", Safety.READ, each(IdentityFilter), key_levels=(ENDPOINT,))


def _describe(method: str, safety: Safety, event_type: EventTypeDefinition) -> Call[None]:
    return request(method, "/v1/eventtype", safety, nothing, json=event_type.body(), key_levels=(ENDPOINT,))
