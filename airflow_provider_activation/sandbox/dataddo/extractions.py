"""Dataddo's extractions: when a source loads its data, asking for it at once, and how that stands."""

from __future__ import annotations

from airflow_provider_activation.sandbox.core.messages import Request, Response
from airflow_provider_activation.sandbox.dataddo.action import Action, read_action, read_extraction
from airflow_provider_activation.sandbox.dataddo.action_operations import ActionOperations
from airflow_provider_activation.sandbox.dataddo.catalogue import ROWS


class Extractions(ActionOperations):
    """The extractions of all sources."""

    table = (
        ("GET", "/sources/{id}/status", "get_status"),
        ("GET", "/sources/{id}/action/log", "get_log"),
        ("GET", "/sources/{id}/extraction", "get"),
        ("PUT", "/sources/{id}/extraction", "update"),
        ("GET", "/sources/{id}/extraction/schedule", "get_schedule"),
        ("PUT", "/sources/{id}/extraction/schedule", "update_schedule"),
        ("GET", "/sources/{id}/extraction/debug", "debug"),
        ("POST", "/sources/{id}/extraction/enqueue", "enqueue"),
        ("POST", "/sources/{id}/extraction/deactivate", "deactivate"),
    )

    def _action(self, owner_id: str) -> Action:
        return self._account.source(owner_id).extraction

    def get(self, request: Request, source_id: str) -> Response:
        """The action behind the extractions."""
        request.need_no_query()
        return Response.json(self._action(source_id).as_json(self._account.now()))

    def update(self, request: Request, source_id: str) -> Response:
        """Set what can be set of the action. That `live` starts one again is our reading."""
        request.need_no_query()
        action, now = self._action(source_id), self._account.now()
        action.change(read_action(request.json(), action.runs.action_id), now)
        return Response.json(action.as_json(now))

    def debug(self, request: Request, source_id: str) -> Response:
        """Extract for a check; nothing of it is kept, and the status says nothing of it."""
        request.need_no_query()
        label = self._account.source(source_id).public["label"]
        report = self._account.debug(request, f"Extracting {label}")
        rows = 0 if request.fail else ROWS
        return Response.json({**report, "logs": [report["message"]], "row_count": rows, "blob": ""})

    def enqueue(self, request: Request, source_id: str) -> Response:
        """Ask for an extraction; 202 and no body, so no id of the run."""
        request.need_no_query()
        source = self._account.source(source_id)
        asked = read_extraction(request.json()) if request.body else {}
        source.extraction.runs.enqueue(self._account.now(), request.fail, asked)
        return Response(202)

    def deactivate(self, request: Request, source_id: str) -> Response:
        """Switch the extractions of a source off; again is no error."""
        request.need_no_query()
        action, now = self._action(source_id), self._account.now()
        read_action(request.json(), action.runs.action_id)
        action.runs.deactivate(now)
        return Response.json(action.as_json(now))
