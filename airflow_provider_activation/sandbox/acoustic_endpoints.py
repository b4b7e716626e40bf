"""Acoustic Exchange's endpoints with their segments, and the query that lists them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from airflow_provider_activation.sandbox.acoustic_registration import is_enabled
from airflow_provider_activation.sandbox.messages import Refused
from airflow_provider_activation.sandbox.reading import Invalid, Query, filled_text


@dataclass
class Endpoint:
    """One endpoint of the account. Until it is registered it is only provisioned."""

    id: int
    registration: dict[str, Any] | None = None
    segments: list[dict[str, Any]] = field(default_factory=list)
    """What this endpoint offers, when it is an audience source that pushes."""
    received: dict[str, str] = field(default_factory=dict)
    """The audiences it holds as a destination: name by id."""

    def enabled(self, family: str, role: str) -> bool:
        """Whether it is registered as, for example, a segment source."""
        return self.registration is not None and is_enabled(self.registration, family, role)

    def option(self, role: str, name: str) -> str | None:
        """producerType of a segment source, destinationType of a segment destination."""
        types = (self.registration or {}).get("endpointTypes", {})
        value = types.get("segment", {}).get(role, {}).get(name)
        return str(value) if value is not None else None

    def segment(self, key: str) -> dict[str, Any] | None:
        """One segment by its number or string id."""
        for segment in self.segments:
            if segment_key(segment) == key:
                return segment
        return None

    @property
    def pushes(self) -> bool:
        """Whether it is an audience source that uploads the data itself."""
        return self.enabled("segment", "source") and self.option("source", "producerType") == "push"


def segment_key(segment: dict[str, Any]) -> str:
    """The id as a path carries it; 5 and "5" would be the same there."""
    return str(segment["id"] if "id" in segment else segment["id_string"])


class EndpointQuery:
    """The query of GET /v1/endpoint, with its rules of which parameter needs which."""

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
        self._name = query.may("searchByName", filled_text)
        self._description = query.may("searchByDescription", filled_text)
        for given, needs, ok in (
            ("loadEvents", "event=true", event),
            ("loadSegments", "segment=true", segment),
            ("includeSegmentIDString", "loadSegments=true", self.load_segments),
            ("pageSize", "segment=true", segment),
            ("startRecord", "pageSize", self._size is not None),
        ):
            if given in query and not ok:
                raise Invalid(f"{given} must be used with {needs}")

    def takes(self, segment: dict[str, Any]) -> bool:
        """Whether a segment passes both searches."""
        name, description = segment["name"].lower(), (segment.get("description") or "").lower()
        return (self._name is None or self._name.lower() in name) and (
            self._description is None or self._description.lower() in description
        )

    def on_page(self, position: int) -> bool:
        """Whether the segment at this position, counted from 1, is on the page."""
        first = self._start or 1
        return position >= first and (self._size is None or position < first + self._size)


def listed_segment(segment: dict[str, Any], id_strings: bool) -> dict[str, Any]:
    """A segment as GET /v1/endpoint shows it; a string id only when it was asked for."""
    return {
        "id": segment.get("id"),
        "idString": segment.get("id_string") if id_strings else None,
        **{name: value for name, value in segment.items() if name not in ("id", "id_string")},
    }
