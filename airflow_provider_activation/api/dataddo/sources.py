"""Dataddo: sources, what loads them and when.

Document, where an endpoint names no other: the vendor's description of the headless beta API.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from pydantic import Field, field_validator

from airflow_provider_activation.api.answers import each, fields, model, nothing, rows
from airflow_provider_activation.api.call import Call, Safety, get, query_of, request
from airflow_provider_activation.api.dataddo.common import (
    created,
    delete,
    endpoint,
    plain_json,
    updated,
    updated_fields,
)
from airflow_provider_activation.api.dataddo.values import (
    CurrentSchedule,
    DebugResult,
    RunStatus,
    Schedule,
    braced_date_range,
)
from airflow_provider_activation.api.models import Input, Resource, TextId
from airflow_provider_activation.errors import InvalidRequest

__all__ = [
    "Extraction",
    "ExtractionAction",
    "Source",
    "create_source",
    "deactivate_extraction",
    "debug_extraction",
    "delete_source",
    "detect_source",
    "enqueue_extraction",
    "get_extraction",
    "get_extraction_schedule",
    "get_source",
    "get_source_log",
    "get_source_metadata",
    "get_source_request",
    "get_source_status",
    "list_sources",
    "preview_source",
    "source_payload",
    "update_extraction",
    "update_extraction_schedule",
    "update_source",
    "update_source_request",
]


# What comes back


class Source(Resource):
    id: TextId = Field(min_length=1)
    label: str | None = None
    connector_id: str | None = None


class ExtractionAction(Resource):
    """What loads a source's data, and when. The specification requires none of its fields."""

    id: TextId | None = None
    status: str | None = None
    status_detail: str | None = None
    schedule: Any = None


# What goes out


class Extraction(Input):
    """What one extraction loads; without any, what the source is set to load."""

    date_from: date | None = Field(default=None, alias="dateFrom")
    date_to: date | None = Field(default=None, alias="dateTo")
    date_range: str | None = Field(default=None, alias="dateRangeExpression")
    storage_strategy: str | None = Field(default=None, alias="storageStrategy")

    @field_validator("date_range")
    @classmethod
    def _braced(cls, value: str | None) -> str | None:
        return None if value is None else braced_date_range(value)

    def check(self) -> None:
        if (self.date_from is None) != (self.date_to is None):
            raise ValueError("date_from and date_to must be given together")
        if self.date_from and self.date_to and self.date_from > self.date_to:
            raise ValueError("date_from must not be after date_to")
        if self.date_from and self.date_range:
            raise ValueError("either date_from and date_to or date_range is given")


def source_payload(
    connector_id: str, label: str, service_id: str, parameters: Mapping[str, Any]
) -> dict[str, Any]:
    """What makes a source: the connector's own parameters and what every source has.

    Parameters go through as they are, nulls too, because each connector has its own; date ranges get
    their braces. ``storageStrategy`` stands beside the deprecated ``strategy``. A schedule's are those of
    `Schedule.parameters`.

    :raises InvalidRequest: a parameter that this function fills was given as well, or a range is wrong.
    """
    payload = dict(parameters)
    if taken := sorted({"connectorId", "label", "oAuthId"} & payload.keys()):
        raise InvalidRequest(f"parameters: {', '.join(taken)} come from the other arguments.")
    for name in ("dateRange", "dateRangePreview"):
        if name in payload:
            try:
                payload[name] = braced_date_range(str(payload[name]))
            except ValueError as error:
                raise InvalidRequest(
                    f"parameters: {name} {error}, but is a {type(payload[name]).__name__} that does not."
                ) from None
    payload = plain_json("parameters", payload)
    if "strategy" in payload:
        payload.setdefault("storageStrategy", payload["strategy"])
    payload.setdefault("templateId", "index")
    return {
        "connectorId": connector_id,
        "label": label,
        # the example sends the number it was given
        "oAuthId": int(service_id) if service_id.isascii() and service_id.isdigit() else service_id,
        **payload,
    }


# Sources


@endpoint
def create_source(connector_id: str, payload: Mapping[str, Any]) -> Call[Source]:
    """POST /connectors/{connector_id}/create-source; see `source_payload`.

    Document: "End-to-end Example" and the description of the headless beta API.
    """
    return request(
        "POST",
        "/connectors/{connector_id}/create-source",
        Safety.ONCE,
        created(Source, "sources"),
        json=plain_json("payload", payload),
        connector_id=connector_id,
    )


@endpoint
def list_sources() -> Call[list[Source]]:
    """GET /sources: all at once, there is no paging."""
    return get("/sources", each(Source))


@endpoint
def get_source(source_id: str) -> Call[Source]:
    """GET /sources/{source_id}: also its columns (``column``), template and connector."""
    return get("/sources/{source_id}", model(Source), source_id=source_id)


@endpoint
def update_source(source_id: str, changes: Mapping[str, Any]) -> Call[Source]:
    """PUT /sources/{source_id}: its basic information; the body is an untyped object."""
    return request(
        "PUT",
        "/sources/{source_id}",
        Safety.REPEATABLE,
        updated(Source, id=source_id),
        json=plain_json("changes", changes),
        source_id=source_id,
    )


@endpoint
def delete_source(source_id: str) -> Call[None]:
    """DELETE /sources/{source_id}: and all that belongs to it."""
    return delete("/sources/{source_id}", source_id=source_id)


@endpoint
def get_source_metadata(source_id: str) -> Call[dict[str, Any]]:
    """GET /sources/{source_id}/metadata: the parameters it was made with."""
    return get("/sources/{source_id}/metadata", fields, source_id=source_id)


@endpoint
def preview_source(source_id: str, limit: int | None = None) -> Call[list[Any]]:
    """GET /sources/{source_id}/preview: some of its rows.

    :param limit: how many at most.
    """
    return get(
        "/sources/{source_id}/preview",
        rows,
        query=query_of(limit=limit),
        source_id=source_id,
    )


@endpoint
def get_source_request(source_id: str) -> Call[dict[str, Any]]:
    """GET /sources/{source_id}/request: what its extraction asks the third party."""
    return get("/sources/{source_id}/request", fields, source_id=source_id)


@endpoint
def update_source_request(source_id: str, changes: Mapping[str, Any]) -> Call[dict[str, Any]]:
    """PUT /sources/{source_id}/request: body and answer are untyped objects."""
    return request(
        "PUT",
        "/sources/{source_id}/request",
        Safety.REPEATABLE,
        updated_fields,
        json=plain_json("changes", changes),
        source_id=source_id,
    )


@endpoint
def detect_source(source_id: str) -> Call[list[Any]]:
    """GET /sources/{source_id}/detect: the "detector service", which is not described further."""
    return get("/sources/{source_id}/detect", rows, source_id=source_id)


@endpoint
def get_source_status(source_id: str) -> Call[RunStatus]:
    """GET /sources/{source_id}/status.

    Document: "Backfilling" and the description of the headless beta API.
    """
    return get("/sources/{source_id}/status", model(RunStatus), source_id=source_id)


@endpoint
def get_source_log(source_id: str) -> Call[list[Any]]:
    """GET /sources/{source_id}/action/log: the latest entries, whose form is not documented."""
    return get("/sources/{source_id}/action/log", rows, source_id=source_id)


# Extraction


@endpoint
def enqueue_extraction(
    source_id: str,
    extraction: Extraction | None = None,
    *,
    url: str | None = None,
    limit: str | None = None,
) -> Call[None]:
    """POST /sources/{source_id}/extraction/enqueue: answers 202 and no id of the run.

    Document: "Backfilling" and the description of the headless beta API.

    :param url: not described; of use with connectors that have an address.
    :param limit: not described; text in the specification.
    """
    body = extraction.body() if extraction else {}
    body |= {name: value for name, value in (("url", url), ("limit", limit)) if value is not None}
    return request(
        "POST",
        "/sources/{source_id}/extraction/enqueue",
        Safety.ONCE,
        nothing,
        json=body,
        source_id=source_id,
    )


@endpoint
def get_extraction(source_id: str) -> Call[ExtractionAction]:
    """GET /sources/{source_id}/extraction."""
    return get("/sources/{source_id}/extraction", model(ExtractionAction), source_id=source_id)


@endpoint
def update_extraction(source_id: str, changes: Mapping[str, Any]) -> Call[ExtractionAction]:
    """PUT /sources/{source_id}/extraction: the body is an untyped object."""
    return request(
        "PUT",
        "/sources/{source_id}/extraction",
        Safety.REPEATABLE,
        updated(ExtractionAction),
        json=plain_json("changes", changes),
        source_id=source_id,
    )


@endpoint
def deactivate_extraction(source_id: str, action: ExtractionAction | None = None) -> Call[ExtractionAction]:
    """POST /sources/{source_id}/extraction/deactivate: the source loads nothing more, its schedule included.

    The specification demands a body of the kind `get_extraction` answers and requires none of its fields;
    whether the service overwrites the action with it is not said.

    :param action: what `get_extraction` answered, to be sent back as it is: right in either case. Without
        it an empty object is sent.
    """
    return request(
        "POST",
        "/sources/{source_id}/extraction/deactivate",
        Safety.REPEATABLE,
        updated(ExtractionAction),
        json=action.plain() if action else {},
        source_id=source_id,
    )


@endpoint
def debug_extraction(source_id: str) -> Call[DebugResult]:
    """GET /sources/{source_id}/extraction/debug: try the extraction. It really runs: not to be polled."""
    return get("/sources/{source_id}/extraction/debug", model(DebugResult), source_id=source_id)


@endpoint
def get_extraction_schedule(source_id: str) -> Call[CurrentSchedule]:
    """GET /sources/{source_id}/extraction/schedule."""
    return get(
        "/sources/{source_id}/extraction/schedule",
        model(CurrentSchedule),
        source_id=source_id,
    )


@endpoint
def update_extraction_schedule(source_id: str, schedule: Schedule) -> Call[CurrentSchedule]:
    """PUT /sources/{source_id}/extraction/schedule: takes other spellings than it answers, see `Schedule`."""
    return request(
        "PUT",
        "/sources/{source_id}/extraction/schedule",
        Safety.REPEATABLE,
        updated(CurrentSchedule),
        json=schedule.body(),
        source_id=source_id,
    )
