"""The request bodies of exports and identity imports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from airflow_provider_activation.sandbox.acoustic_exchange.schedule import starts
from airflow_provider_activation.sandbox.core import checks
from airflow_provider_activation.sandbox.core.errors import Invalid
from airflow_provider_activation.sandbox.core.reading import Fields


@dataclass
class Export:
    """The request for an export."""

    source_id: int
    segment: int | str
    destination_id: int
    destination_segment_id: str | None
    destination_segment_name: str | None
    destination_segment_description: str | None
    category: str | None
    action: str
    source_identifiers: list[str]
    destination_identifier: str
    attribute_mappings: dict[str, str]
    update_identities: bool
    min_count: int
    starts: float

    @property
    def endpoint_ids(self) -> tuple[int, ...]:
        """The ids of source and destination."""
        return self.source_id, self.destination_id

    @property
    def shown(self) -> dict[str, Any]:
        """The part that a job shows. Its names differ from those in the request."""
        return {
            "producerEndpointID": self.source_id,
            "producerSegmentID": self.segment,
            "destinationSegmentID": self.destination_segment_id,
            "destinationSegmentName": self.destination_segment_name,
            "destinationSegmentDescription": self.destination_segment_description,
            "destinationEndpointID": self.destination_id,
            "exportCategory": self.category,
            "attributeMappings": self.attribute_mappings,
            "shareAction": self.action.upper(),
            "sourceIdentifiers": self.source_identifiers,
            "destinationIdentifier": self.destination_identifier,
        }


@dataclass
class Import:
    """The request for an identity import."""

    source_id: int
    segment: int | str
    database_id: str | None
    source_identifiers: list[str]
    starts: float

    @property
    def endpoint_ids(self) -> tuple[int, ...]:
        """The id of the source."""
        return (self.source_id,)

    @property
    def shown(self) -> dict[str, Any]:
        """The part that a job shows."""
        return {
            "producerEndpointID": self.source_id,
            "producerSegmentID": self.segment,
            "sourceIdentifiers": self.source_identifiers or None,
        }


def _segment(fields: Fields) -> int | str:
    """The id of the source segment, a number or a string."""
    if ("segmentID" in fields) == ("segmentIDString" in fields):
        raise Invalid("give exactly one of segmentID and segmentIDString")
    number = fields.may("segmentID", checks.integer())
    string = fields.may("segmentIDString", checks.filled_text)
    return number if number is not None else str(string)


def read_import(body: object, now: float) -> Import:
    """Read the body of POST /v1/jobs/identityImport. With runNow the job starts `now`."""
    fields = Fields(body)
    wanted = Import(
        source_id=fields.need("endpointID", checks.integer(1)),
        segment=_segment(fields),
        database_id=fields.may("databaseID", checks.filled_text),
        source_identifiers=fields.may("sourceIdentifiers", checks.array(checks.filled_text, unique=True))
        or [],
        starts=fields.need("scheduleDetails", starts(now)),
    )
    fields.end()
    return wanted


def read_export(body: object, now: float) -> Export:
    """Read the body of POST /v1/jobs/segmentExport. With runNow the job starts `now`."""
    fields = Fields(body)
    source_id = fields.need("endpointID", checks.integer(1))
    segment = _segment(fields)
    fields.may("segmentName", checks.text)
    destination_id = fields.need("destinationEndpointID", checks.integer(1))
    name = fields.may("destinationSegmentName", checks.filled_text)
    description = fields.may("destinationSegmentDescription", checks.text)
    existing = fields.may("destinationSegmentID", checks.filled_text)
    category = fields.may("exportCategory", checks.text)
    action = fields.may("action", checks.one_of("add", "replace", "remove"))
    source_identifiers = fields.need(
        "sourceIdentifiers", checks.array(checks.filled_text, minimum=1, unique=True)
    )
    destination_identifier = fields.need("destinationIdentifier", checks.filled_text)
    mappings = fields.may("attributeMappings", checks.text_map)
    update_identities = fields.need("updateIdentities", checks.boolean)
    min_count = fields.may("minCount", checks.integer(0, 2**31 - 1))
    # The documents do not say whether it is required. Here it is.
    first_start = fields.need("scheduleDetails", starts(now))
    fields.end()
    if existing is not None and action is None:
        raise Invalid("action is required with an existing destination segment")
    return Export(
        source_id=source_id,
        segment=segment,
        destination_id=destination_id,
        destination_segment_id=existing,
        destination_segment_name=name,
        destination_segment_description=description,
        category=category,
        action=action or "add",
        source_identifiers=source_identifiers,
        destination_identifier=destination_identifier,
        attribute_mappings=mappings or {},
        update_identities=update_identities,
        min_count=1 if min_count is None else min_count,
        starts=first_start,
    )
