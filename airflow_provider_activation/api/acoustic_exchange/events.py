"""Acoustic Exchange: events, event types, and identity filters.

Document, where an endpoint names no other: the vendor's "Event API". No document says which level of key the
calls need. An endpoint publishes events, and a filter belongs to the endpoint of the key, so all these calls
take the endpoint's own key.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field, field_serializer

from airflow_provider_activation.api.acoustic_exchange.common import ENDPOINT, endpoint
from airflow_provider_activation.api.answers import each, nothing
from airflow_provider_activation.api.call import Call, get, post, put
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
    """An identifier of a person, such as an email address or a cookie."""

    name: str = Field(min_length=1)
    value: str = Field(min_length=1)
    is_original: bool | None = Field(default=None, alias="isOriginal")


class EventAttribute(Input):
    """An attribute of an event. The value is sent as text, whatever its type."""

    name: str = Field(min_length=1)
    value: str
    type: str | None = Field(default=None, min_length=1)


class Event(Input):
    """An action of a person. In a batch each event has its own identifiers and may have its own channel."""

    code: str = Field(min_length=1)
    timestamp: AwareDatetime
    channel: str | None = Field(default=None, min_length=1)
    identifiers: tuple[EventIdentifier, ...] | None = Field(default=None, min_length=1)
    attributes: tuple[EventAttribute, ...] = ()

    @field_serializer("timestamp")
    def _in_utc(self, timestamp: Any) -> str:
        return utc_text(timestamp)


class EventPublication(Input):
    """Events to publish: of one person, or a batch.

    The events of one person have ``identifiers`` here; those of a batch have them in each event. The channel
    stands here or in each event. Events that concern many people at once have no identifiers. The vendor's
    compound batch is not documented and not offered: send one publication for each person instead.
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
    """A type of event that an endpoint publishes. Its code identifies it."""

    code: str = Field(min_length=1)
    name: str = Field(min_length=1)
    description: str | None = None


class IdentityFilter(Resource):
    """A filter that keeps an identifier from being published or from being received."""

    endpoint_filter_id: TextId | None = Field(default=None, alias="endpointFilterId")
    endpoint_id: TextId | None = Field(default=None, alias="endpointId")
    identifier_name: str | None = Field(default=None, alias="identifierName")
    publish_filter: bool | None = Field(default=None, alias="publishFilter")
    subscribe_filter: bool | None = Field(default=None, alias="subscribeFilter")


@endpoint
def publish_events(publication: EventPublication) -> Call[None]:
    """Publish events: POST /v1/event. A second call publishes them again; they cannot be listed."""
    return post("/v1/event", nothing, publication.body(), key_levels=(ENDPOINT,))


@endpoint
def create_event_type(event_type: EventTypeDefinition) -> Call[None]:
    """Register a type of event: POST /v1/eventtype. What a second call does is not documented."""
    return post("/v1/eventtype", nothing, event_type.body(), key_levels=(ENDPOINT,))


@endpoint
def update_event_type(event_type: EventTypeDefinition) -> Call[None]:
    """Replace the description of a registered type of event, which its code names: PUT /v1/eventtype."""
    return put("/v1/eventtype", nothing, event_type.body(), key_levels=(ENDPOINT,))


@endpoint
def list_identity_filters() -> Call[list[IdentityFilter]]:
    """List the filters of the key's own endpoint: GET /v1/identityfilters.

    Document: "Identity management APIs".
    """
    return get("/v1/identityfilters", each(IdentityFilter), key_levels=(ENDPOINT,))
