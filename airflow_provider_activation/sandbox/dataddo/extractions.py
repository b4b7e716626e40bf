"""Extractions: the action of a source."""

from __future__ import annotations

from contextlib import AbstractContextManager

from airflow_provider_activation.sandbox.core.messages import Request, Response
from airflow_provider_activation.sandbox.dataddo.action import Action, read_action, read_extraction
from airflow_provider_activation.sandbox.dataddo.action_operations import ActionOperations
from airflow_provider_activation.sandbox.dataddo.catalogue import ROWS


class Extractions(ActionOperations):
    """The operations on extractions."""

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

    def _changing(self, owner_id: str) -> AbstractContextManager[None]:
        return self._account.sources.changing(self._account.source(owner_id))

    def get(self, request: Request, source_id: str) -> Response:
        """The action."""
        request.need_no_query()
        return Response.json(self._action(source_id).as_json(self._account.now()))

    def update(self, request: Request, source_id: str) -> Response:
        """Change the action. Here `live` starts it again, which is undocumented."""
        request.need_no_query()
        action, now = self._action(source_id), self._account.now()
        with self._changing(source_id):
            action.change(read_action(request.json(), action.runs.action_id), now)
        return Response.json(action.as_json(now))

    def debug(self, request: Request, source_id: str) -> Response:
        """Extract for a check. No data is stored, and the status does not change."""
        request.need_no_query()
        label = self._account.source(source_id).public["label"]
        report = self._account.debug(request, f"Extracting {label}")
        rows = 0 if request.fail else ROWS
        return Response.json({**report, "logs": [report["message"]], "row_count": rows, "blob": ""})

    def enqueue(self, request: Request, source_id: str) -> Response:
        """Enqueue an extraction. The response is 202 without a body, so the run has no known id."""
        request.need_no_query()
        source = self._account.source(source_id)
        body = read_extraction(request.json()) if request.body else {}
        source.extraction.runs.enqueue(self._account.now(), request.fail, body)
        return Response(202)

    def deactivate(self, request: Request, source_id: str) -> Response:
        """Deactivate the extractions of a source. It may be inactive already."""
        request.need_no_query()
        action, now = self._action(source_id), self._account.now()
        read_action(request.json(), action.runs.action_id)
        with self._changing(source_id):
            action.runs.deactivate(now)
        return Response.json(action.as_json(now))
