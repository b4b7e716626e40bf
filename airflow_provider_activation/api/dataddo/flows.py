"""Dataddo: flows, what they write and when, and the destinations they write to.

Document, where an endpoint names no other: the vendor's description of the headless beta API.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from airflow_provider_activation.api.answers import each, fields, model, rows
from airflow_provider_activation.api.call import Call, Safety, get, query_of, request
from airflow_provider_activation.api.dataddo.common import (
    cloned,
    created,
    delete,
    endpoint,
    plain_json,
    updated,
    updated_fields,
)
from airflow_provider_activation.api.dataddo.values import CurrentSchedule, DebugResult, RunStatus, Schedule
from airflow_provider_activation.api.models import Input, Resource, TextId

__all__ = [
    "Destination",
    "Flow",
    "FlowApi",
    "FlowInput",
    "FlowSource",
    "Write",
    "WriteSettings",
    "clone_destination",
    "clone_flow",
    "create_destination",
    "create_flow",
    "debug_flow_api",
    "debug_write",
    "delete_destination",
    "delete_flow",
    "delete_write_schedule",
    "enqueue_write",
    "get_destination",
    "get_flow",
    "get_flow_api",
    "get_flow_api_log",
    "get_flow_status",
    "get_write",
    "get_write_log",
    "get_write_schedule",
    "get_write_status",
    "list_destinations",
    "list_flows",
    "list_flows_by_source",
    "preview_flow",
    "update_destination",
    "update_flow",
    "update_write_schedule",
    "update_write_settings",
    "update_write_status",
]


# What comes back


class FlowSource(Resource):
    source_id: TextId


class FlowApi(Resource):
    app: str | None = None
    id: TextId | None = None


class Flow(Resource):
    """A flow. Its sources go out as ``sources`` and come back as ``source``; its ``api`` has its own id."""

    id: TextId = Field(min_length=1)
    label: str | None = None
    source: list[FlowSource] = Field(default_factory=list)
    api: FlowApi | None = None

    def is_as(self, wanted: FlowInput) -> bool:
        """Whether it is what this input would make."""
        return (
            self.label == wanted.label
            and {source.source_id for source in self.source} == set(wanted.sources)
            and (self.api is None or self.api.app in (None, wanted.app))
        )


class Write(Resource):
    """The answer to a write that was put in the queue."""

    execution_id: TextId | None = Field(default=None, alias="executionId")


class Destination(Resource):
    """Where flows write. Parameters go out in mixed spellings and come back in snake_case."""

    id: TextId = Field(min_length=1)
    label: str | None = None


# What goes out


class FlowInput(Input):
    """What makes a flow that hands its data to an app through an address of its own."""

    sources: tuple[str, ...] = Field(min_length=1)
    app: str = Field(min_length=1)
    label: str = Field(min_length=1)


class WriteSettings(Input):
    """How a flow writes. ``upsert`` needs the columns that tell rows apart."""

    write_mode: Literal["insert", "insert_ignore", "truncate_insert", "upsert"]
    unique_columns: tuple[str, ...] | None = None

    def check(self) -> None:
        if self.write_mode == "upsert" and not self.unique_columns:
            raise ValueError("unique_columns must be given with the write_mode upsert, but are not")


# Flows


@endpoint
def create_flow(flow: FlowInput | Mapping[str, Any]) -> Call[Flow]:
    """POST /flows: the example omits method and path; the specification's "create flow" is meant.

    Document: "End-to-end Example" and the description of the headless beta API.

    :param flow: what the end-to-end example sends; or any body, since the specification leaves it open.
        Which key names a flow's destination is not documented.
    """
    return request(
        "POST",
        "/flows",
        Safety.ONCE,
        created(Flow, "flows"),
        json=flow.body() if isinstance(flow, FlowInput) else plain_json("flow", flow),
    )


@endpoint
def list_flows() -> Call[list[Flow]]:
    """GET /flows: all at once, there is no paging."""
    return get("/flows", each(Flow))


@endpoint
def list_flows_by_source(source_id: str) -> Call[list[Flow]]:
    """GET /flows/by-source/{source_id}."""
    return get("/flows/by-source/{source_id}", each(Flow), source_id=source_id)


@endpoint
def get_flow(flow_id: str) -> Call[Flow]:
    """GET /flows/{flow_id}."""
    return get("/flows/{flow_id}", model(Flow), flow_id=flow_id)


@endpoint
def update_flow(flow_id: str, changes: Mapping[str, Any]) -> Call[Flow]:
    """PUT /flows/{flow_id}: the body is an untyped object."""
    return request(
        "PUT",
        "/flows/{flow_id}",
        Safety.REPEATABLE,
        updated(Flow, id=flow_id),
        json=plain_json("changes", changes),
        flow_id=flow_id,
    )


@endpoint
def delete_flow(flow_id: str) -> Call[None]:
    """DELETE /flows/{flow_id}: and all that belongs to it."""
    return delete("/flows/{flow_id}", flow_id=flow_id)


@endpoint
def clone_flow(flow_id: str) -> Call[Flow | None]:
    """GET /flows/{flow_id}/clone: a GET that makes a flow, so it is not repeated.

    :returns: the new flow, or None where the answer does not hold it: the specification has it answer 204,
        which has no body, with a flow.
    """
    return request("GET", "/flows/{flow_id}/clone", Safety.ONCE, cloned(Flow), flow_id=flow_id)


@endpoint
def preview_flow(flow: FlowInput | Mapping[str, Any], limit: int | None = None) -> Call[list[Any]]:
    """POST /flows/preview: some of the rows such a flow would write; nothing is made.

    :param limit: how many at most.
    """
    return request(
        "POST",
        "/flows/preview",
        Safety.READ,
        rows,
        query=query_of(limit=limit),
        json=flow.body() if isinstance(flow, FlowInput) else plain_json("flow", flow),
    )


@endpoint
def get_flow_status(flow_id: str) -> Call[RunStatus]:
    """GET /flows/{flow_id}/status: what the vendor's own recipe polls.

    Document: "Backfilling" and the description of the headless beta API.
    """
    return get("/flows/{flow_id}/status", model(RunStatus), flow_id=flow_id)


# A flow's address


@endpoint
def get_flow_api(flow_id: str) -> Call[dict[str, Any]]:
    """GET /flows/{flow_id}/api: the address its data can be fetched from."""
    return get("/flows/{flow_id}/api", fields, flow_id=flow_id)


@endpoint
def get_flow_api_log(flow_id: str) -> Call[list[Any]]:
    """GET /flows/{flow_id}/api/log: the latest entries, whose form is not documented."""
    return get("/flows/{flow_id}/api/log", rows, flow_id=flow_id)


@endpoint
def debug_flow_api(flow_id: str) -> Call[DebugResult]:
    """GET /flows/{flow_id}/api/debug: try the address."""
    return get("/flows/{flow_id}/api/debug", model(DebugResult), flow_id=flow_id)


# What a flow writes


@endpoint
def enqueue_write(flow_id: str, *, skip_rules_validation: bool | None = None) -> Call[Write]:
    """POST /flows/{flow_id}/write/enqueue: the execution id it answers can be read back nowhere.

    Document: "Backfilling" and the description of the headless beta API.

    :param skip_rules_validation: write also what the flow's data quality rules would hold back.
    """
    return request(
        "POST",
        "/flows/{flow_id}/write/enqueue",
        Safety.ONCE,
        updated(Write),
        json={} if skip_rules_validation is None else {"skipRulesValidation": skip_rules_validation},
        flow_id=flow_id,
    )


@endpoint
def get_write(flow_id: str) -> Call[dict[str, Any]]:
    """GET /flows/{flow_id}/write: an untyped object."""
    return get("/flows/{flow_id}/write", fields, flow_id=flow_id)


@endpoint
def get_write_status(flow_id: str) -> Call[RunStatus]:
    """GET /flows/{flow_id}/write/status: as `get_flow_status`, which the vendor's recipe prefers."""
    return get("/flows/{flow_id}/write/status", model(RunStatus), flow_id=flow_id)


@endpoint
def update_write_status(flow_id: str, changes: Mapping[str, Any]) -> Call[dict[str, Any]]:
    """PUT /flows/{flow_id}/write/status: body and answer are untyped objects, and described nowhere."""
    return request(
        "PUT",
        "/flows/{flow_id}/write/status",
        Safety.REPEATABLE,
        updated_fields,
        json=plain_json("changes", changes),
        flow_id=flow_id,
    )


@endpoint
def get_write_schedule(flow_id: str) -> Call[CurrentSchedule]:
    """GET /flows/{flow_id}/write/schedule."""
    return get("/flows/{flow_id}/write/schedule", model(CurrentSchedule), flow_id=flow_id)


@endpoint
def update_write_schedule(flow_id: str, schedule: Schedule) -> Call[CurrentSchedule]:
    """PUT /flows/{flow_id}/write/schedule: takes other spellings than it answers, see `Schedule`."""
    return request(
        "PUT",
        "/flows/{flow_id}/write/schedule",
        Safety.REPEATABLE,
        updated(CurrentSchedule),
        json=schedule.body(),
        flow_id=flow_id,
    )


@endpoint
def delete_write_schedule(flow_id: str) -> Call[None]:
    """DELETE /flows/{flow_id}/write/schedule."""
    return delete("/flows/{flow_id}/write/schedule", flow_id=flow_id)


@endpoint
def update_write_settings(flow_id: str, settings: WriteSettings) -> Call[dict[str, Any]]:
    """PUT /flows/{flow_id}/write/settings: answers an untyped object."""
    return request(
        "PUT",
        "/flows/{flow_id}/write/settings",
        Safety.REPEATABLE,
        updated_fields,
        json=settings.body(),
        flow_id=flow_id,
    )


@endpoint
def get_write_log(flow_id: str) -> Call[list[Any]]:
    """GET /flows/{flow_id}/write/log: the latest entries, whose form is not documented."""
    return get("/flows/{flow_id}/write/log", rows, flow_id=flow_id)


@endpoint
def debug_write(flow_id: str) -> Call[DebugResult]:
    """GET /flows/{flow_id}/write/debug: try the destination."""
    return get("/flows/{flow_id}/write/debug", model(DebugResult), flow_id=flow_id)


# Destinations


@endpoint
def list_destinations() -> Call[list[Destination]]:
    """GET /destinations."""
    return get("/destinations", each(Destination))


@endpoint
def get_destination(destination_id: str) -> Call[Destination]:
    """GET /destinations/{destination_id}."""
    return get(
        "/destinations/{destination_id}",
        model(Destination),
        destination_id=destination_id,
    )


@endpoint
def create_destination(destination_type: str, parameters: Mapping[str, Any]) -> Call[Destination]:
    """POST /destinations/{destination_type}: each type has its own parameters.

    :param destination_type: such as ``google_big_query``.
    :param parameters: for that one ``label``, ``o_auth_id`` (a number), ``projectId`` and ``datasetId``.
    """
    return request(
        "POST",
        "/destinations/{destination_type}",
        Safety.ONCE,
        created(Destination, "destinations"),
        json=plain_json("parameters", parameters),
        destination_type=destination_type,
    )


@endpoint
def update_destination(destination_id: str, changes: Mapping[str, Any]) -> Call[Destination]:
    """PUT /destinations/{destination_id}: the body depends on the destination's type."""
    return request(
        "PUT",
        "/destinations/{destination_id}",
        Safety.REPEATABLE,
        updated(Destination, id=destination_id),
        json=plain_json("changes", changes),
        destination_id=destination_id,
    )


@endpoint
def delete_destination(destination_id: str) -> Call[None]:
    """DELETE /destinations/{destination_id}: and all that belongs to it."""
    return delete("/destinations/{destination_id}", destination_id=destination_id)


@endpoint
def clone_destination(destination_id: str) -> Call[Destination | None]:
    """GET /destinations/{destination_id}/clone: a GET that makes a destination, so it is not repeated.

    :returns: the new destination, or None where the answer does not hold it.
    """
    return request(
        "GET",
        "/destinations/{destination_id}/clone",
        Safety.ONCE,
        cloned(Destination),
        destination_id=destination_id,
    )
