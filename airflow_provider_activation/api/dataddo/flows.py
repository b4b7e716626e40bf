"""Dataddo: flows, their writes, and the destinations they write to.

Document, where an endpoint names no other: the vendor's description of the headless beta API.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from airflow_provider_activation.api.answers import each, fields, model, nothing, rows
from airflow_provider_activation.api.call import Call, Safety, delete, get, post, put, query_of, request
from airflow_provider_activation.api.dataddo.common import (
    cloned,
    created,
    endpoint,
    plain_json,
    updated,
    updated_fields,
)
from airflow_provider_activation.api.dataddo.values import (
    ConnectorOption,
    CurrentSchedule,
    DebugResult,
    RunStatus,
    Schedule,
    options_of,
)
from airflow_provider_activation.api.models import Input, Label, Resource, Several, TextId

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
    "run_destination_action",
    "update_destination",
    "update_flow",
    "update_write_schedule",
    "update_write_settings",
    "update_write_status",
]


class FlowSource(Resource):
    source_id: TextId | None = None


class FlowApi(Resource):
    app: str | None = None
    id: TextId | None = None


class Flow(Resource):
    """A flow. Its sources go out as ``sources`` and come back as ``source``; its ``api`` has another id."""

    id: TextId = Field(min_length=1)
    label: Label = None
    source: Several[FlowSource] = Field(default_factory=list)
    api: FlowApi | None = None

    def is_fed_as(self, wanted: FlowInput) -> bool:
        """Whether this input would create a flow of the same sources for the same app."""
        return {source.source_id for source in self.source} == set(wanted.sources) and (
            self.api is None or self.api.app in (None, wanted.app)
        )


class Write(Resource):
    """The response to `enqueue_write`."""

    execution_id: TextId | None = Field(default=None, alias="executionId")


class Destination(Resource):
    """Where flows write. Parameters go out in mixed spellings and come back in snake_case."""

    id: TextId = Field(min_length=1)
    label: Label = None


class FlowInput(Input):
    """A flow that hands its data to an app through an address of its own."""

    sources: tuple[str, ...] = Field(min_length=1)
    app: str = Field(min_length=1)
    label: str = Field(min_length=1)


class WriteSettings(Input):
    """How a flow writes. The mode ``upsert`` needs the columns that identify a row."""

    write_mode: Literal["insert", "insert_ignore", "truncate_insert", "upsert"]
    unique_columns: tuple[str, ...] | None = None

    def check(self) -> None:
        if self.write_mode == "upsert" and not self.unique_columns:
            raise ValueError("unique_columns must be given with the write_mode upsert, but are not")


# Flows


@endpoint
def create_flow(flow: FlowInput | Mapping[str, Any]) -> Call[Flow]:
    """Create a flow: POST /flows. The example omits method and path; those of the specification are used.

    Document: "End-to-end Example" and the description of the headless beta API.

    :param flow: the body of the end-to-end example; or any other, since the specification leaves it open.
        The documents do not say which key names a flow's destination.
    """
    return post("/flows", created(Flow, "flows"), _body(flow))


@endpoint
def list_flows() -> Call[list[Flow]]:
    """List all flows, without paging: GET /flows."""
    return get("/flows", each(Flow))


@endpoint
def list_flows_by_source(source_id: str) -> Call[list[Flow]]:
    """List the flows that a source feeds: GET /flows/by-source/{source_id}."""
    return get("/flows/by-source/{source_id}", each(Flow), source_id=source_id)


@endpoint
def get_flow(flow_id: str) -> Call[Flow]:
    """Read a flow: GET /flows/{flow_id}."""
    return get("/flows/{flow_id}", model(Flow), flow_id=flow_id)


@endpoint
def update_flow(flow_id: str, changes: Mapping[str, Any]) -> Call[Flow]:
    """Change a flow by plain JSON, whose fields the specification leaves open: PUT /flows/{flow_id}."""
    return put("/flows/{flow_id}", updated(Flow, id=flow_id), plain_json("changes", changes), flow_id=flow_id)


@endpoint
def delete_flow(flow_id: str) -> Call[None]:
    """Delete a flow and all that belongs to it: DELETE /flows/{flow_id}."""
    return delete("/flows/{flow_id}", nothing, flow_id=flow_id)


@endpoint
def clone_flow(flow_id: str) -> Call[Flow | None]:
    """Create a copy of a flow: GET /flows/{flow_id}/clone. Not repeated, since this GET creates a flow.

    The specification promises both a flow and the status 204, which has no body: then the result is None.
    """
    return request("GET", "/flows/{flow_id}/clone", Safety.ONCE, cloned(Flow), flow_id=flow_id)


@endpoint
def preview_flow(flow: FlowInput | Mapping[str, Any], limit: int | None = None) -> Call[list[Any]]:
    """Show some rows that a flow would write: POST /flows/preview. Creates nothing.

    :param flow: as for `create_flow`.
    :param limit: the most rows.
    """
    return request("POST", "/flows/preview", Safety.READ, rows, query=query_of(limit=limit), json=_body(flow))


@endpoint
def get_flow_status(flow_id: str) -> Call[RunStatus]:
    """Read the status of the last write, which the vendor's own recipe polls: GET /flows/{flow_id}/status.

    Document: "Backfilling" and the description of the headless beta API.
    """
    return get("/flows/{flow_id}/status", model(RunStatus), flow_id=flow_id)


# A flow's address


@endpoint
def get_flow_api(flow_id: str) -> Call[dict[str, Any]]:
    """Read the address from which a flow's data can be fetched: GET /flows/{flow_id}/api."""
    return get("/flows/{flow_id}/api", fields, flow_id=flow_id)


@endpoint
def get_flow_api_log(flow_id: str) -> Call[list[Any]]:
    """Read the latest log entries of the address, in no documented form: GET /flows/{flow_id}/api/log."""
    return get("/flows/{flow_id}/api/log", rows, flow_id=flow_id)


@endpoint
def debug_flow_api(flow_id: str) -> Call[DebugResult]:
    """Try the address: GET /flows/{flow_id}/api/debug."""
    return get("/flows/{flow_id}/api/debug", model(DebugResult), flow_id=flow_id)


# Writes


@endpoint
def enqueue_write(flow_id: str, *, skip_rules_validation: bool | None = None) -> Call[Write]:
    """Have a flow write: POST /flows/{flow_id}/write/enqueue. No endpoint takes the execution id it gives.

    Document: "Backfilling" and the description of the headless beta API.

    :param skip_rules_validation: write also the rows that the flow's data quality rules would hold back.
    """
    body = {} if skip_rules_validation is None else {"skipRulesValidation": skip_rules_validation}
    return post("/flows/{flow_id}/write/enqueue", updated(Write), body, flow_id=flow_id)


@endpoint
def get_write(flow_id: str) -> Call[dict[str, Any]]:
    """Read how a flow writes: GET /flows/{flow_id}/write. The specification leaves the fields open."""
    return get("/flows/{flow_id}/write", fields, flow_id=flow_id)


@endpoint
def get_write_status(flow_id: str) -> Call[RunStatus]:
    """Read the status of the last write, as `get_flow_status` does: GET /flows/{flow_id}/write/status."""
    return get("/flows/{flow_id}/write/status", model(RunStatus), flow_id=flow_id)


@endpoint
def update_write_status(flow_id: str, changes: Mapping[str, Any]) -> Call[dict[str, Any]]:
    """Change the status of a flow's writes by plain JSON: PUT /flows/{flow_id}/write/status.

    No document describes the fields of the body or of the response.
    """
    body = plain_json("changes", changes)
    return put("/flows/{flow_id}/write/status", updated_fields, body, flow_id=flow_id)


@endpoint
def get_write_schedule(flow_id: str) -> Call[CurrentSchedule]:
    """Read the schedule on which a flow writes: GET /flows/{flow_id}/write/schedule."""
    return get("/flows/{flow_id}/write/schedule", model(CurrentSchedule), flow_id=flow_id)


@endpoint
def update_write_schedule(flow_id: str, schedule: Schedule) -> Call[CurrentSchedule]:
    """Change the schedule on which a flow writes: PUT /flows/{flow_id}/write/schedule."""
    path = "/flows/{flow_id}/write/schedule"
    return put(path, updated(CurrentSchedule), schedule.body(), flow_id=flow_id)


@endpoint
def delete_write_schedule(flow_id: str) -> Call[None]:
    """Delete the schedule on which a flow writes: DELETE /flows/{flow_id}/write/schedule."""
    return delete("/flows/{flow_id}/write/schedule", nothing, flow_id=flow_id)


@endpoint
def update_write_settings(flow_id: str, settings: WriteSettings) -> Call[dict[str, Any]]:
    """Change how a flow writes: PUT /flows/{flow_id}/write/settings."""
    return put("/flows/{flow_id}/write/settings", updated_fields, settings.body(), flow_id=flow_id)


@endpoint
def get_write_log(flow_id: str) -> Call[list[Any]]:
    """Read the latest log entries of writes, in no documented form: GET /flows/{flow_id}/write/log."""
    return get("/flows/{flow_id}/write/log", rows, flow_id=flow_id)


@endpoint
def debug_write(flow_id: str) -> Call[DebugResult]:
    """Try the destination of a flow: GET /flows/{flow_id}/write/debug."""
    return get("/flows/{flow_id}/write/debug", model(DebugResult), flow_id=flow_id)


# Destinations


@endpoint
def run_destination_action(
    destination_type: str,
    action: str,
    method: Literal["GET", "POST"] = "GET",
    inputs: Mapping[str, Any] | None = None,
) -> Call[list[ConnectorOption]]:
    """List the values that a parameter of a destination may have.

    GET or POST /destinations/{destination_type}/actions/{action}. A POST changes nothing here.

    :param destination_type: for example ``google_big_query``.
    :param action: for example ``authorization``, ``writeModes``, ``sourceFields`` or ``destinationFields``.
    :param method: as for `run_connector_action`.
    :param inputs: as for `run_connector_action`, for example ``{"o_auth_id": 1000}``.
    :raises InvalidRequest: the method is another, or inputs are given with GET.
    """
    path = "/destinations/{destination_type}/actions/{action}"
    return options_of(path, method, inputs, destination_type=destination_type, action=action)


@endpoint
def list_destinations() -> Call[list[Destination]]:
    """List all destinations: GET /destinations."""
    return get("/destinations", each(Destination))


@endpoint
def get_destination(destination_id: str) -> Call[Destination]:
    """Read a destination: GET /destinations/{destination_id}."""
    return get("/destinations/{destination_id}", model(Destination), destination_id=destination_id)


@endpoint
def create_destination(destination_type: str, parameters: Mapping[str, Any]) -> Call[Destination]:
    """Create a destination: POST /destinations/{destination_type}.

    :param destination_type: for example ``google_big_query``.
    :param parameters: plain JSON; each type has its own. ``google_big_query`` takes ``label``,
        ``o_auth_id`` (a number), ``projectId`` and ``datasetId``.
    """
    read, body = created(Destination, "destinations"), plain_json("parameters", parameters)
    return post("/destinations/{destination_type}", read, body, destination_type=destination_type)


@endpoint
def update_destination(destination_id: str, changes: Mapping[str, Any]) -> Call[Destination]:
    """Change a destination by plain JSON, by the fields of its type: PUT /destinations/{destination_id}."""
    read, body = updated(Destination, id=destination_id), plain_json("changes", changes)
    return put("/destinations/{destination_id}", read, body, destination_id=destination_id)


@endpoint
def delete_destination(destination_id: str) -> Call[None]:
    """Delete a destination and all that belongs to it: DELETE /destinations/{destination_id}."""
    return delete("/destinations/{destination_id}", nothing, destination_id=destination_id)


@endpoint
def clone_destination(destination_id: str) -> Call[Destination | None]:
    """Create a copy of a destination, as `clone_flow` does: GET /destinations/{destination_id}/clone."""
    path = "/destinations/{destination_id}/clone"
    return request("GET", path, Safety.ONCE, cloned(Destination), destination_id=destination_id)


def _body(flow: FlowInput | Mapping[str, Any]) -> dict[str, Any]:
    return flow.body() if isinstance(flow, FlowInput) else plain_json("flow", flow)
