"""Writes: the action of a flow."""

from __future__ import annotations

import secrets
from contextlib import AbstractContextManager

from airflow_provider_activation.sandbox.core import checks
from airflow_provider_activation.sandbox.core.clock import iso
from airflow_provider_activation.sandbox.core.errors import Invalid, Refused
from airflow_provider_activation.sandbox.core.messages import Request, Response
from airflow_provider_activation.sandbox.core.reading import Fields
from airflow_provider_activation.sandbox.dataddo.action import Action, read_status, read_write
from airflow_provider_activation.sandbox.dataddo.action_operations import ActionOperations
from airflow_provider_activation.sandbox.dataddo.schedule import NEVER

WRITE_MODES = ("insert", "insert_ignore", "truncate_insert", "upsert")


class Writes(ActionOperations):
    """The operations on writes."""

    table = (
        ("GET", "/flows/{id}/status", "get_status"),
        ("GET", "/flows/{id}/write", "get"),
        ("GET", "/flows/{id}/write/status", "get_status"),
        ("PUT", "/flows/{id}/write/status", "update_status"),
        ("GET", "/flows/{id}/write/schedule", "get_schedule"),
        ("PUT", "/flows/{id}/write/schedule", "update_schedule"),
        ("DELETE", "/flows/{id}/write/schedule", "delete_schedule"),
        ("PUT", "/flows/{id}/write/settings", "update_settings"),
        ("GET", "/flows/{id}/write/log", "get_log"),
        ("GET", "/flows/{id}/write/debug", "debug"),
        ("POST", "/flows/{id}/write/enqueue", "enqueue"),
    )

    def _action(self, owner_id: str) -> Action:
        return self._account.flow(owner_id).write

    def _changing(self, owner_id: str) -> AbstractContextManager[None]:
        return self._account.flows.changing(self._account.flow(owner_id))

    def update_status(self, request: Request, flow_id: str) -> Response:
        """Activate or deactivate the writes. The body is undocumented; here it is a status."""
        request.need_no_query()
        action, now = self._action(flow_id), self._account.now()
        with self._changing(flow_id):
            action.runs.set_status(read_status(request.json(), action.runs.action_id), now)
        return Response.json(action.runs.status(now))

    def get(self, request: Request, flow_id: str) -> Response:
        """The action, with its settings."""
        request.need_no_query()
        flow = self._account.flow(flow_id)
        return Response.json({**flow.write.as_json(self._account.now()), **flow.settings})

    def delete_schedule(self, request: Request, flow_id: str) -> Response:
        """Remove the schedule. The response is 200 without a body, as documented."""
        request.need_no_query()
        with self._changing(flow_id):
            self._action(flow_id).schedule = dict(NEVER)
        return Response(200)

    def update_settings(self, request: Request, flow_id: str) -> Response:
        """Set how rows are written. Upserts need unique columns."""
        request.need_no_query()
        flow = self._account.flow(flow_id)
        fields = Fields(request.json())
        mode = fields.need("write_mode", checks.one_of(*WRITE_MODES))
        unique = fields.may("unique_columns", checks.array(checks.filled_text, unique=True)) or []
        fields.end()
        if mode == "upsert" and not unique:
            raise Invalid("upsert needs unique_columns")
        with self._changing(flow_id):
            flow.settings = {"write_mode": mode, "unique_columns": unique}
        return Response.json(flow.settings)

    def debug(self, request: Request, flow_id: str) -> Response:
        """Write for a check. No data is stored, and the status does not change."""
        request.need_no_query()
        label = self._account.flow(flow_id).public["label"]
        report = self._account.debug(request, f"Writing {label}")
        return Response.json({**report, "connection_result": {"config": [], "result": [report["message"]]}})

    def enqueue(self, request: Request, flow_id: str) -> Response:
        """Enqueue a write. No operation takes the executionId."""
        request.need_no_query()
        flow = self._account.flow(flow_id)
        body = read_write(request.json()) if request.body else {}
        if not flow.sources():
            raise Refused(409, "the flow has no source any more")
        flow.write.runs.enqueue(self._account.now(), request.fail, body)
        return Response.json(
            {
                "executionId": secrets.token_hex(12),
                "actionId": flow.write.runs.action_id,
                "startedAt": iso(self._account.now()),
                "actionType": "write",
                "connector": flow.public["api"]["app"],
            },
            202,
        )
