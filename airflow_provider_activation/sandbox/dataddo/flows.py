"""Flows: sources behind a URL that an application reads."""

from __future__ import annotations

from typing import Any

from airflow_provider_activation.sandbox.core import checks
from airflow_provider_activation.sandbox.core.errors import Invalid
from airflow_provider_activation.sandbox.core.messages import Request, Response
from airflow_provider_activation.sandbox.core.reading import Fields
from airflow_provider_activation.sandbox.dataddo.account import CUSTOMER_ID, AccountOperations, Flow, new_id
from airflow_provider_activation.sandbox.dataddo.catalogue import PREVIEW_ROWS, columns, rows

# The documents do not say how a destination becomes part of a flow.
app_name = checks.one_of("google_data_studio")
source_ids = checks.array(checks.filled_text, minimum=1, unique=True)


class Flows(AccountOperations):
    """The operations on flows."""

    table = (
        ("GET", "/flows", "list_flows"),
        ("POST", "/flows", "create"),
        ("POST", "/flows/preview", "preview"),
        ("GET", "/flows/by-source/{sourceId}", "list_by_source"),
        ("GET", "/flows/{id}", "get"),
        ("PUT", "/flows/{id}", "update"),
        ("DELETE", "/flows/{id}", "delete"),
        ("GET", "/flows/{id}/clone", "clone"),
        ("GET", "/flows/{id}/api", "get_api"),
        ("GET", "/flows/{id}/api/log", "get_api_log"),
        ("GET", "/flows/{id}/api/debug", "debug_api"),
    )
    makes = frozenset({"create", "clone"})

    def list_flows(self, request: Request) -> Response:
        """All flows. There are no pages."""
        request.need_no_query()
        return Response.json([flow.public for flow in self._account.flows.listed()])

    def list_by_source(self, request: Request, source_id: str) -> Response:
        """The flows of a source."""
        request.need_no_query()
        self._account.source(source_id)
        return Response.json(
            [flow.public for flow in self._account.flows.listed() if source_id in flow.sources()]
        )

    def create(self, request: Request) -> Response:
        """Create a flow. Labels can be repeated."""
        request.need_no_query()
        fields = Fields(request.json())
        sources = fields.need("sources", source_ids)
        app = fields.need("app", app_name)
        label = fields.need("label", checks.filled_text)
        fields.end()
        self._check_sources(sources)
        return self._store(
            {
                "label": label,
                "source": [{"source_id": source} for source in sources],
                "api": {"app": app},
                "tag": [],
                "operation": [],
                "rules": [],
                "write_action": None,
            }
        )

    def preview(self, request: Request) -> Response:
        """The first rows of a flow that does not exist yet."""
        query = request.read_query()
        limit = query.whole("limit", 1)
        query.end()
        fields = Fields(request.json())
        sources = fields.need("sources", source_ids)
        fields.may("app", app_name)
        fields.may("label", checks.filled_text)
        fields.end()
        self._check_sources(sources)
        found: list[dict[str, Any]] = []
        for source in (self._account.source(source_id) for source_id in sources):
            if source.extraction.runs.has_data(self._account.now()):
                found += rows(columns(source.parameters), limit or PREVIEW_ROWS)
        return Response.json(found[: limit or PREVIEW_ROWS])

    def get(self, request: Request, flow_id: str) -> Response:
        """One flow."""
        request.need_no_query()
        return Response.json(self._account.flow(flow_id).public)

    def update(self, request: Request, flow_id: str) -> Response:
        """Change the given fields. The body is undocumented; here it has the names of a flow's fields."""
        request.need_no_query()
        flow = self._account.flow(flow_id)
        public = flow.public
        fields = Fields(request.json())
        sources = fields.may("sources", source_ids)
        app = fields.may("app", app_name)
        changes: dict[str, Any] = {
            "label": fields.may("label", checks.filled_text),
            "tag": fields.may("tag", checks.array(checks.text)),
            "operation": fields.may("operation", checks.array(checks.any_object)),
            "rules": fields.may("rules", checks.array(checks.any_object)),
        }
        fields.end()
        if sources is not None:
            self._check_sources(sources)
            changes["source"] = [{"source_id": source} for source in sources]
        if app is not None:
            changes["api"] = {**public["api"], "app": app}
        given = {name: value for name, value in changes.items() if value is not None}
        if not given:
            raise Invalid("nothing to change")
        with self._account.flows.changing(flow):
            public.update(given)
        return Response.json(public)

    def delete(self, request: Request, flow_id: str) -> Response:
        """Delete a flow. Its sources stay."""
        request.need_no_query()
        self._account.flow(flow_id)
        self._account.flows.remove(flow_id)
        return Response(204)

    def clone(self, request: Request, flow_id: str) -> Response:
        """Clone a flow, although this is a GET. HTTP does not allow the documented 204 with a body."""
        request.need_no_query()
        return self._store(self._account.flow(flow_id).public)

    def get_api(self, request: Request, flow_id: str) -> Response:
        """The URL for the application."""
        request.need_no_query()
        return Response.json(self._account.flow(flow_id).public["api"])

    def get_api_log(self, request: Request, flow_id: str) -> Response:
        """The log of the URL. It is empty, because the URL is undocumented."""
        request.need_no_query()
        self._account.flow(flow_id)
        return Response.json([])

    def debug_api(self, request: Request, flow_id: str) -> Response:
        """Read the URL for a check."""
        request.need_no_query()
        label = self._account.flow(flow_id).public["label"]
        report = self._account.debug(request, f"Reading {label}")
        return Response.json({**report, "logs": [report["message"]]})

    def _check_sources(self, given: list[str]) -> None:
        if unknown := [source for source in given if source not in self._account.sources]:
            raise Invalid(f"sources names no source: {unknown[0]}")

    def _store(self, like: dict[str, Any]) -> Response:
        public = {
            **like,
            # This is not the flow's id: a client that confuses the two gets a 404.
            "api": {**like["api"], "id": new_id()},
            "id": new_id(),
            "customer_id": CUSTOMER_ID,
        }
        self._account.flows.add(public["id"], Flow(public, self._account.new_action()))
        return Response.json(public)
