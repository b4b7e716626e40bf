"""Sources and their data."""

from __future__ import annotations

from airflow_provider_activation.sandbox.core import checks
from airflow_provider_activation.sandbox.core.errors import Invalid
from airflow_provider_activation.sandbox.core.messages import Request, Response
from airflow_provider_activation.sandbox.core.reading import Fields
from airflow_provider_activation.sandbox.dataddo.account import CUSTOMER_ID, AccountOperations
from airflow_provider_activation.sandbox.dataddo.catalogue import PREVIEW_ROWS, TYPES, columns, rows


class Sources(AccountOperations):
    """The operations on sources."""

    table = (
        ("GET", "/sources", "list_sources"),
        ("GET", "/sources/{id}", "get"),
        ("PUT", "/sources/{id}", "update"),
        ("DELETE", "/sources/{id}", "delete"),
        ("GET", "/sources/{id}/metadata", "get_metadata"),
        ("GET", "/sources/{id}/preview", "preview"),
        ("GET", "/sources/{id}/request", "get_request"),
        ("PUT", "/sources/{id}/request", "update_request"),
        ("GET", "/sources/{id}/detect", "detect"),
    )

    def list_sources(self, request: Request) -> Response:
        """All sources. There are no pages."""
        request.need_no_query()
        return Response.json([source.public for source in self._account.sources.listed()])

    def get(self, request: Request, source_id: str) -> Response:
        """One source with its columns."""
        request.need_no_query()
        source = self._account.source(source_id)
        engine = {"name": "mongo", "region": "eu", "encryption_key": None}
        found = [
            {"column_id": name, "label": name, "type": TYPES[name]} for name in columns(source.parameters)
        ]
        return Response.json(
            {
                **source.public,
                "source": source.public,
                "storage": {"id": source_id, "engine": engine, "columns": found},
                "engine": engine,
                "column": found,
                "template_id": source.parameters["templateId"],
                "connector_id": source.parameters["connectorId"],
            }
        )

    def update(self, request: Request, source_id: str) -> Response:
        """Change label or description. Other public fields may be part of the body, unchanged."""
        request.need_no_query()
        source = self._account.source(source_id)
        public = source.public
        fields = Fields(request.json())
        label = fields.may("label", checks.filled_text)
        description = fields.may("description", checks.nullable(checks.text))
        described = "description" in fields
        fields.may("id", checks.one_of(source_id))
        fields.may("type", checks.one_of(public["type"]))
        fields.may("customer_id", checks.one_of(CUSTOMER_ID))
        fields.may("created", checks.integer(public["created"], public["created"]))
        fields.end()
        if label is None and not described:
            raise Invalid("nothing to change: give label or description")
        with self._account.sources.changing(source):
            public["label"] = label or public["label"]
            if described:
                public["description"] = description
        return Response.json(public)

    def delete(self, request: Request, source_id: str) -> Response:
        """Delete a source. Flows lose it, as documented."""
        request.need_no_query()
        self._account.source(source_id)
        self._account.sources.remove(source_id)
        for flow in self._account.flows.values():
            flow.public["source"] = [{"source_id": other} for other in flow.sources() if other != source_id]
        return Response(204)

    def get_metadata(self, request: Request, source_id: str) -> Response:
        """The parameters of the creation."""
        request.need_no_query()
        return Response.json(self._account.source(source_id).parameters)

    def preview(self, request: Request, source_id: str) -> Response:
        """The first rows. There are none before the first extraction."""
        query = request.read_query()
        limit = query.whole("limit", 1)
        query.end()
        source = self._account.source(source_id)
        if not source.extraction.runs.has_data(self._account.now()):
            return Response.json([])
        return Response.json(rows(columns(source.parameters), limit or PREVIEW_ROWS))

    def get_request(self, request: Request, source_id: str) -> Response:
        """The request of an extraction."""
        request.need_no_query()
        return Response.json(self._account.source(source_id).request)

    def update_request(self, request: Request, source_id: str) -> Response:
        """Change fields of that request. They are the ones in the templates."""
        request.need_no_query()
        source = self._account.source(source_id)
        given = checks.any_object(request.json(), "the body")
        if not given:
            raise Invalid("nothing to change")
        if unknown := sorted(set(given) - set(source.request)):
            raise Invalid(f"unknown field {unknown[0]}")
        fields = Fields(given)
        fields.may("url", checks.filled_text)
        fields.may("method", checks.one_of("GET", "POST", "PUT"))
        fields.may("header", checks.nullable(checks.any_object))
        source.request.update(given)
        return Response.json(source.request)

    def detect(self, request: Request, source_id: str) -> Response:
        """The columns of the data, with their types."""
        request.need_no_query()
        names = columns(self._account.source(source_id).parameters)
        return Response.json([{"name": name, "type": TYPES[name]} for name in names])
