"""Dataddo: sources, and their extractions.

Document, where an endpoint names no other: the vendor's description of the headless beta API.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from pydantic import Field, field_validator

from airflow_provider_activation.api.answers import each, fields, model, nothing, rows
from airflow_provider_activation.api.call import Call, Safety, delete, get, post, put, query_of, request
from airflow_provider_activation.api.dataddo.common import (
    created,
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
from airflow_provider_activation.api.models import Input, Label, Resource, TextId
from airflow_provider_activation.errors import InvalidRequest
from airflow_provider_activation.words import KeyStyle, OAuthIdType

__all__ = [
    "SNAKE_CASE_CONNECTORS",
    "WITHOUT_AUTHORIZER",
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


SNAKE_CASE_CONNECTORS = frozenset(
    {
        *("alloy_db", "coreWebVitals", "databricks", "google_big_query", "intercom", "klaviyo_v3", "mssql"),
        *("mysql", "mysql_binlog", "netsuite", "nmbrs", "pgsql", "pgsql_wal", "redshift", "sage_intacct"),
        *("shopify", "snowflake", "trino"),
    }
)
"""The connectors whose form in the specification has ``connector_id``, ``template_id``, ``o_auth_id`` and
``storage_strategy``."""
WITHOUT_AUTHORIZER = frozenset({"amazon_ads_data_extractor", "black_diamond_extractor"})
"""The connectors whose form takes no authorised service."""
_DATE_RANGES = frozenset({"dateRange", "dateRangePreview", "date_range", "date_range_preview"})


class _Names(NamedTuple):
    """The fields of every source, in one of the two spellings."""

    connector: str
    template: str
    authorizer: str
    strategy: str
    authorizer_type: OAuthIdType


_FIELDS: dict[KeyStyle, _Names] = {
    "camelCase": _Names("connectorId", "templateId", "oAuthId", "storageStrategy", "text"),
    "snake_case": _Names("connector_id", "template_id", "o_auth_id", "storage_strategy", "number"),
}


class Source(Resource):
    id: TextId = Field(min_length=1)
    label: Label = None
    connector_id: str | None = None


class ExtractionAction(Resource):
    """The extraction of a source and its schedule. The specification requires none of its fields."""

    id: TextId | None = None
    status: str | None = None
    status_detail: str | None = None
    schedule: Any = None


class Extraction(Input):
    """What one extraction loads. Without any field it is what the source is set to load."""

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
    connector_id: str,
    label: str,
    service_id: str | int | None,
    parameters: Mapping[str, Any],
    *,
    key_style: KeyStyle | None = None,
    oauth_id_type: OAuthIdType | None = None,
) -> dict[str, Any]:
    """The payload that creates a source: the connector's own parameters, and the fields of every source.

    Parameters are sent unchanged, nulls included, because each connector has its own. Date ranges get braces
    in the style ``camelCase`` and none in the other, as in the specification's examples. If ``strategy``,
    which is deprecated, is given, ``storageStrategy`` is sent too.

    :param connector_id: for example ``snapchat``.
    :param service_id: the authorised service that the source loads with; None for none. It is left out for
        a connector that takes none.
    :param parameters: the connector's own parameters; for a schedule those of `Schedule.parameters`.
    :param key_style: ``camelCase`` (``connectorId``, ``oAuthId``) or ``snake_case`` (``connector_id``,
        ``o_auth_id``); what the specification has for this connector if None.
    :param oauth_id_type: whether the service's id goes out as ``text`` or as ``number``; if None as the
        specification has it, ``oAuthId`` as text and ``o_auth_id`` as a number.
    :raises InvalidRequest: a parameter repeats another argument, or a date range is wrong.
    """
    style = key_style or ("snake_case" if connector_id in SNAKE_CASE_CONNECTORS else "camelCase")
    names = _FIELDS[style]
    fields: dict[str, Any] = {names.connector: connector_id, "label": label}
    if service_id is not None and connector_id not in WITHOUT_AUTHORIZER:
        as_number = (oauth_id_type or names.authorizer_type) == "number" and str(service_id).isdecimal()
        fields[names.authorizer] = int(service_id) if as_number else str(service_id)
    payload = dict(parameters)
    if taken := sorted(fields.keys() & payload.keys()):
        raise InvalidRequest(f"parameters: {', '.join(taken)} come from the other arguments.")
    for name in _DATE_RANGES & payload.keys():
        try:
            braced = braced_date_range(str(payload[name]))
        except ValueError as error:
            kind = type(payload[name]).__name__
            raise InvalidRequest(f"parameters: {name} {error}, but is a {kind} that does not.") from None
        payload[name] = braced if style == "camelCase" else braced[2:-2]
    payload = plain_json("parameters", payload)
    if "strategy" in payload:
        payload.setdefault(names.strategy, payload["strategy"])
    payload.setdefault(names.template, "index")
    return {**fields, **payload}


# Sources


@endpoint
def create_source(connector_id: str, payload: Mapping[str, Any]) -> Call[Source]:
    """Create a source: POST /connectors/{connector_id}/create-source.

    Document: "End-to-end Example" and the description of the headless beta API.

    :param payload: see `source_payload`.
    """
    path, body = "/connectors/{connector_id}/create-source", plain_json("payload", payload)
    return post(path, created(Source, "sources"), body, connector_id=connector_id)


@endpoint
def list_sources() -> Call[list[Source]]:
    """List all sources, without paging: GET /sources."""
    return get("/sources", each(Source))


@endpoint
def get_source(source_id: str) -> Call[Source]:
    """Read a source with its columns (``column``), template and connector: GET /sources/{source_id}."""
    return get("/sources/{source_id}", model(Source), source_id=source_id)


@endpoint
def update_source(source_id: str, changes: Mapping[str, Any]) -> Call[Source]:
    """Change the basic information of a source, plain JSON with open fields: PUT /sources/{source_id}."""
    body = plain_json("changes", changes)
    return put("/sources/{source_id}", updated(Source, id=source_id), body, source_id=source_id)


@endpoint
def delete_source(source_id: str) -> Call[None]:
    """Delete a source and all that belongs to it: DELETE /sources/{source_id}."""
    return delete("/sources/{source_id}", nothing, source_id=source_id)


@endpoint
def get_source_metadata(source_id: str) -> Call[dict[str, Any]]:
    """Read the parameters that a source was created with: GET /sources/{source_id}/metadata."""
    return get("/sources/{source_id}/metadata", fields, source_id=source_id)


@endpoint
def preview_source(source_id: str, limit: int | None = None) -> Call[list[Any]]:
    """Read some rows of a source, at most ``limit``: GET /sources/{source_id}/preview."""
    return get("/sources/{source_id}/preview", rows, query=query_of(limit=limit), source_id=source_id)


@endpoint
def get_source_request(source_id: str) -> Call[dict[str, Any]]:
    """Read the request that a source sends to the third party: GET /sources/{source_id}/request."""
    return get("/sources/{source_id}/request", fields, source_id=source_id)


@endpoint
def update_source_request(source_id: str, changes: Mapping[str, Any]) -> Call[dict[str, Any]]:
    """Change the request that a source sends to the third party: PUT /sources/{source_id}/request.

    It is plain JSON; the specification leaves its fields and the response open.
    """
    body = plain_json("changes", changes)
    return put("/sources/{source_id}/request", updated_fields, body, source_id=source_id)


@endpoint
def detect_source(source_id: str) -> Call[list[Any]]:
    """Run the "detector service", which the documents do not explain: GET /sources/{source_id}/detect."""
    return get("/sources/{source_id}/detect", rows, source_id=source_id)


@endpoint
def get_source_status(source_id: str) -> Call[RunStatus]:
    """Read the status of the last extraction: GET /sources/{source_id}/status.

    Document: "Backfilling" and the description of the headless beta API.
    """
    return get("/sources/{source_id}/status", model(RunStatus), source_id=source_id)


@endpoint
def get_source_log(source_id: str) -> Call[list[Any]]:
    """Read the latest log entries of a source, in no documented form: GET /sources/{source_id}/action/log."""
    return get("/sources/{source_id}/action/log", rows, source_id=source_id)


# Extraction


@endpoint
def enqueue_extraction(
    source_id: str, extraction: Extraction | None = None, *, url: str | None = None, limit: str | None = None
) -> Call[None]:
    """Have a source load: POST /sources/{source_id}/extraction/enqueue.

    Document: "Backfilling" and the description of the headless beta API. The response is 202 and has no id
    of the run.

    :param extraction: what to load; what the source is set to load if left out.
    :param url: not described; useful for connectors that take an address.
    :param limit: not described; text in the specification.
    """
    body = extraction.body() if extraction else {}
    body |= {name: value for name, value in (("url", url), ("limit", limit)) if value is not None}
    return post("/sources/{source_id}/extraction/enqueue", nothing, body, source_id=source_id)


@endpoint
def get_extraction(source_id: str) -> Call[ExtractionAction]:
    """Read the status and the schedule of an extraction: GET /sources/{source_id}/extraction."""
    return get("/sources/{source_id}/extraction", model(ExtractionAction), source_id=source_id)


@endpoint
def update_extraction(source_id: str, changes: Mapping[str, Any]) -> Call[ExtractionAction]:
    """Change an extraction by plain JSON with open fields: PUT /sources/{source_id}/extraction."""
    body = plain_json("changes", changes)
    return put("/sources/{source_id}/extraction", updated(ExtractionAction), body, source_id=source_id)


@endpoint
def deactivate_extraction(source_id: str, action: ExtractionAction | None = None) -> Call[ExtractionAction]:
    """Stop a source from loading, also on its schedule: POST /sources/{source_id}/extraction/deactivate.

    The specification demands the body that `get_extraction` returns, and requires none of its fields. It
    does not say whether the service overwrites the action with it.

    :param action: the result of `get_extraction`, sent back unchanged, which is right in either case. If
        left out, an empty object is sent.
    """
    path, body = "/sources/{source_id}/extraction/deactivate", action.plain() if action else {}
    read = updated(ExtractionAction)
    return request("POST", path, Safety.REPEATABLE, read, json=body, source_id=source_id)


@endpoint
def debug_extraction(source_id: str) -> Call[DebugResult]:
    """Try an extraction: GET /sources/{source_id}/extraction/debug. It really runs; do not poll it."""
    return get("/sources/{source_id}/extraction/debug", model(DebugResult), source_id=source_id)


@endpoint
def get_extraction_schedule(source_id: str) -> Call[CurrentSchedule]:
    """Read the schedule on which a source loads: GET /sources/{source_id}/extraction/schedule."""
    return get("/sources/{source_id}/extraction/schedule", model(CurrentSchedule), source_id=source_id)


@endpoint
def update_extraction_schedule(source_id: str, schedule: Schedule) -> Call[CurrentSchedule]:
    """Change the schedule on which a source loads: PUT /sources/{source_id}/extraction/schedule."""
    path = "/sources/{source_id}/extraction/schedule"
    return put(path, updated(CurrentSchedule), schedule.body(), source_id=source_id)
