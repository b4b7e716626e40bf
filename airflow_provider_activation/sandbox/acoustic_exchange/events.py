"""Events, event types and identity filters.

The documents about account-level and endpoint-level keys do not include these operations. Their own pages do
not name a level. Here they need the key of the endpoint.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from airflow_provider_activation.sandbox.acoustic_exchange.account import Account
from airflow_provider_activation.sandbox.acoustic_exchange.endpoints import Endpoint
from airflow_provider_activation.sandbox.core import checks
from airflow_provider_activation.sandbox.core.clock import iso
from airflow_provider_activation.sandbox.core.errors import Invalid, Refused
from airflow_provider_activation.sandbox.core.messages import Request, Response
from airflow_provider_activation.sandbox.core.reading import Optional, record
from airflow_provider_activation.sandbox.core.routing import Operations


class EventOperations(Operations):
    """The operations of /v1/event, /v1/eventtype and /v1/identityfilters."""

    table = (
        ("POST", "/v1/event", "publish"),
        ("POST", "/v1/eventtype", "create_type"),
        ("PUT", "/v1/eventtype", "update_type"),
        ("GET", "/v1/identityfilters", "list_identity_filters"),
    )

    def __init__(self, account: Account, now: Callable[[], float]) -> None:
        self._account = account
        self._now = now
        self._received: list[dict[str, Any]] = []

    def _source(self, request: Request) -> Endpoint:
        endpoint = self._account.own(request)
        request.need_no_query()
        if not (endpoint.usable and endpoint.enabled("event", "source")):
            raise Invalid(f"endpoint {endpoint.id} is not registered and enabled as an event source")
        return endpoint

    def publish(self, request: Request) -> Response:
        """Store events. All are about one person, each about its own, or none about a person."""
        endpoint = self._source(request)
        given = _read_events(request.json())
        for event in given["events"]:
            if event["code"] not in endpoint.event_types:
                raise Invalid(f"endpoint {endpoint.id} has no event type {event['code']}: register it first")
        self._received.append({"endpointId": endpoint.id, "receivedAt": iso(self._now()), **given})
        return Response.json({"message": f"events accepted: {len(given['events'])}"})

    def create_type(self, request: Request) -> Response:
        """Create an event type with a new code."""
        endpoint = self._source(request)
        given = _event_type(request.json(), "")
        if given["code"] in endpoint.event_types:
            raise Refused(409, f"endpoint {endpoint.id} has an event type {given['code']} already")
        endpoint.event_types[given["code"]] = given
        return Response.json(True)

    def update_type(self, request: Request) -> Response:
        """Replace the event type with this code."""
        endpoint = self._source(request)
        given = _event_type(request.json(), "")
        if given["code"] not in endpoint.event_types:
            raise Refused(404, f"endpoint {endpoint.id} has no event type {given['code']}")
        endpoint.event_types[given["code"]] = given
        return Response.json(True)

    def list_identity_filters(self, request: Request) -> Response:
        """The filters of the endpoint of the key."""
        endpoint = self._account.own(request)
        request.need_no_query()
        return Response.json(
            [
                {
                    "endpointFilterId": f"{endpoint.id}{number:02}",
                    "endpointId": str(endpoint.id),
                    "identifierName": name,
                    # Filters apply to published events, not to received ones.
                    "publishFilter": True,
                    "subscribeFilter": False,
                }
                for number, name in enumerate(endpoint.filtered_identifiers, start=1)
            ]
        )

    def state(self) -> dict[str, list[dict[str, Any]]]:
        """The event types and the events."""
        return {
            "eventTypes": [
                {"endpointId": endpoint.id, **event_type}
                for endpoint in self._account.endpoints.values()
                for event_type in endpoint.event_types.values()
            ],
            "events": list(self._received),
        }


_event_type = record(
    {"name": checks.filled_text, "code": checks.filled_text, "description": Optional(checks.text)}
)

_identifiers = checks.array(
    record(
        {
            "name": checks.filled_text,
            "value": checks.filled_text,
            "isOriginal": Optional(checks.boolean),
        }
    ),
    minimum=1,
)

_attribute = record(
    {
        "name": checks.filled_text,
        "value": checks.either(checks.text, checks.either(checks.boolean, checks.number())),
        "type": Optional(checks.filled_text),
    }
)


def _timestamp(value: object, where: str) -> str:
    written = checks.text(value, where)
    try:
        datetime.fromisoformat(written)
    except ValueError:
        raise Invalid(f"{where} must be an ISO 8601 time") from None
    return written


_event = record(
    {
        "code": checks.filled_text,
        "timestamp": _timestamp,
        "channel": Optional(checks.filled_text),
        "identifiers": Optional(_identifiers),
        "attributes": Optional(checks.array(_attribute)),
    }
)
_events = record(
    {
        "channel": Optional(checks.filled_text),
        "identifiers": Optional(_identifiers),
        "events": checks.array(_event, minimum=1),
    }
)


def _read_events(body: object) -> dict[str, Any]:
    given = _events(body, "")
    events = given["events"]
    if "channel" not in given and not all("channel" in event for event in events):
        raise Invalid("channel must be given, for all events or with each")
    if "identifiers" in given and any("identifiers" in event for event in events):
        raise Invalid("identifiers must be given for all events or with each, not both")
    return given
