"""Endpoints with their segments, and the query that lists them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from airflow_provider_activation.sandbox.acoustic_exchange.registration import is_enabled
from airflow_provider_activation.sandbox.core import checks
from airflow_provider_activation.sandbox.core.errors import Invalid, Refused
from airflow_provider_activation.sandbox.core.reading import Query
from airflow_provider_activation.sandbox.core.shelf import Shelf, Stored, free_text
from airflow_provider_activation.sandbox.core.traits import Traits

T = TypeVar("T")

Segments = Shelf[str, dict[str, Any]]


@dataclass
class Endpoint:
    """One endpoint of the account. It is provisioned first and registered later."""

    id: int
    segments: Segments
    """The segments of a push source, by `segment_key`."""
    registration: dict[str, Any] | None = None
    received: dict[str, str] = field(default_factory=dict)
    """The segments of a destination: names by ids."""
    attributes: dict[str, str] = field(default_factory=dict)
    """The credentials with which Exchange logs in. They are never shown."""
    event_types: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The event types of an event source, by code."""
    filtered_identifiers: tuple[str, ...] = ()
    """The identifiers that destinations do not get. No operation changes them."""
    switched_on: bool = True
    failure: str | None = None
    """The reason why the provider cannot provision the endpoint."""
    deleted: bool = False
    single_changes: Literal[200, 308, 501] = 200
    """The status of the response when one segment is added or removed."""

    @property
    def status(self) -> str:
        """The status that GET /v1/{endpointId}/status responds. There is none for disabled endpoints."""
        if self.deleted:
            return "DELETED"
        if self.failure is not None:
            return "FAILED"
        return "PENDING" if self.registration is None else "ACTIVE"

    @property
    def usable(self) -> bool:
        """Whether data can flow to or from the endpoint."""
        return self.status == "ACTIVE" and self.switched_on

    @property
    def databases(self) -> list[dict[str, Any]]:
        """The registered marketing databases."""
        definition = (self.registration or {}).get("marketingDatabasesDefinition", {})
        found: list[dict[str, Any]] = definition.get("marketingDatabases", [])
        return found

    def set_database(self, database_id: str, name: str | None) -> None:
        """Change the id of the database with this name, or the id and name of a single database."""
        found = self.databases
        if len(found) > 1:
            if name is None:
                raise Invalid(f"marketingDatabaseName is required: endpoint {self.id} has several databases")
            found = [database for database in found if database["name"] == name]
            if not found:
                raise Invalid(f"endpoint {self.id} has no marketing database {name}")
        elif not found:
            found.append({})
            (self.registration or {})["marketingDatabasesDefinition"] = {"marketingDatabases": found}
        found[0]["id"] = database_id
        if name is not None:
            found[0]["name"] = name

    def enabled(self, family: str, role: str) -> bool:
        """Whether a type is enabled, for example segment and source."""
        return self.registration is not None and is_enabled(self.registration, family, role)

    def option(self, role: str, name: str) -> str | None:
        """The producerType of a segment source, or the destinationType of a segment destination."""
        types = (self.registration or {}).get("endpointTypes", {})
        value = types.get("segment", {}).get(role, {}).get(name)
        return str(value) if value is not None else None

    @property
    def pushes(self) -> bool:
        """Whether the endpoint is a source that uploads its data."""
        return self.enabled("segment", "source") and self.option("source", "producerType") == "push"


FIELDS = {
    "name": free_text("registration.name"),
    "description": free_text("registration.description"),
    "enabled": Stored("switched_on"),
    "attributes": Stored("attributes"),
}
"""The fields of an endpoint that requests change."""


def new_segments(traits: Traits) -> Segments:
    """The segments of a source that has none."""
    return Shelf(traits, "segments", "segment", {name: free_text(name) for name in ("name", "description")})


def segment_key(segment: dict[str, Any]) -> str:
    """The id of a segment as a path has it. The number 5 and the string "5" are the same there."""
    return str(segment["id"] if "id" in segment else segment["id_string"])


class EndpointQuery:
    """The query of GET /v1/endpoint. Some parameters require others."""

    def __init__(self, query: Query, level: str) -> None:
        for name in ("endpointId", "includeBilling", "includeSegmentIDString"):
            if name in query and level != "account":
                raise Refused(400, f"{name} is supported only with the account-level key")
        event, segment = query.flag("event"), query.flag("segment")
        source, destination = query.flag("source"), query.flag("destination")
        both = not (event or segment)
        self.families = [name for name, wanted in (("event", event), ("segment", segment)) if wanted or both]
        either_role = not (source or destination)
        roles = (("source", source), ("destination", destination))
        self.roles = [name for name, wanted in roles if wanted or either_role]
        self.load_events = query.flag("loadEvents")
        self.load_segments = query.flag("loadSegments")
        self.id_strings = query.flag("includeSegmentIDString")
        self.billing = query.flag("includeBilling")
        self.endpoint_id = query.whole("endpointId", 1)
        self._size = query.whole("pageSize", 1)
        self._start = query.whole("startRecord", 1)
        self._name = query.may("searchByName", checks.filled_text)
        self._description = query.may("searchByDescription", checks.filled_text)
        for given, needs, ok in (
            ("loadEvents", "event=true", event),
            ("loadSegments", "segment=true", segment),
            ("includeSegmentIDString", "loadSegments=true", self.load_segments),
            ("pageSize", "segment=true", segment),
            ("startRecord", "pageSize", self._size is not None),
        ):
            if given in query and not ok:
                raise Invalid(f"{given} must be used with {needs}")

    def matches(self, segment: dict[str, Any]) -> bool:
        """Whether a segment matches both searches."""
        name, description = segment["name"].lower(), (segment.get("description") or "").lower()
        return (self._name is None or self._name.lower() in name) and (
            self._description is None or self._description.lower() in description
        )

    @property
    def before_page(self) -> int:
        """The number of segments on earlier pages."""
        return (self._start or 1) - 1

    def page(self, rows: list[T]) -> list[T]:
        """The page of some segments."""
        rows = rows[self.before_page :]
        return rows if self._size is None else rows[: self._size]


def listed_segment(segment: dict[str, Any], id_strings: bool) -> dict[str, Any]:
    """A segment as GET /v1/endpoint shows it. The string id is optional."""
    return {
        "id": segment.get("id"),
        # The documents name it segmentIDString in this list, and id_string in a single segment.
        **({"segmentIDString": segment["id_string"]} if id_strings and "id_string" in segment else {}),
        **{name: value for name, value in segment.items() if name not in ("id", "id_string")},
    }
