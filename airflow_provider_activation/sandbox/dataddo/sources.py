"""Dataddo's sources: reading, changing and deleting them, and the data they have loaded."""

from __future__ import annotations

from airflow_provider_activation.sandbox.core.messages import Answer, Incoming, Route
from airflow_provider_activation.sandbox.core.reading import (
    Fields,
    Invalid,
    any_object,
    filled_text,
    integer,
    nullable,
    one_of,
    text,
)
from airflow_provider_activation.sandbox.dataddo.account import CUSTOMER_ID, Account
from airflow_provider_activation.sandbox.dataddo.catalogue import PREVIEW_ROWS, TYPES, columns, rows


class Sources:
    """The sources of an account."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def routes(self) -> list[Route]:
        """What is answered here."""
        return [
            Route("GET", "/sources", self.list_sources),
            Route("GET", "/sources/{id}", self.get),
            Route("PUT", "/sources/{id}", self.update),
            Route("DELETE", "/sources/{id}", self.delete),
            Route("GET", "/sources/{id}/metadata", self.get_metadata),
            Route("GET", "/sources/{id}/preview", self.preview),
            Route("GET", "/sources/{id}/request", self.get_request),
            Route("PUT", "/sources/{id}/request", self.update_request),
            Route("GET", "/sources/{id}/detect", self.detect),
        ]

    def list_sources(self, incoming: Incoming) -> Answer:
        """All sources, in one go."""
        incoming.read_query().end()
        return Answer.json([source.public for source in self._account.sources.values()])

    def get(self, incoming: Incoming, source_id: str) -> Answer:
        """One source with its columns."""
        incoming.read_query().end()
        source = self._account.source(source_id)
        engine = {"name": "mongo", "region": "eu", "encryption_key": None}
        found = [
            {"column_id": name, "label": name, "type": TYPES[name]} for name in columns(source.parameters)
        ]
        return Answer.json(
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

    def update(self, incoming: Incoming, source_id: str) -> Answer:
        """Another label or description; what a Source says besides may come along unchanged."""
        incoming.read_query().end()
        source = self._account.source(source_id)
        public = source.public
        fields = Fields(incoming.json())
        label = fields.may("label", filled_text)
        description = fields.may("description", nullable(text))
        described = "description" in fields
        fields.may("id", one_of(source_id))
        fields.may("type", one_of(public["type"]))
        fields.may("customer_id", one_of(CUSTOMER_ID))
        fields.may("created", integer(public["created"], public["created"]))
        fields.end()
        if label is None and not described:
            raise Invalid("nothing to change: give label or description")
        public["label"] = label or public["label"]
        if described:
            public["description"] = description
        return Answer.json(public)

    def delete(self, incoming: Incoming, source_id: str) -> Answer:
        """Delete a source and, as documented, what is related to it: flows no longer take it in."""
        incoming.read_query().end()
        self._account.source(source_id)
        del self._account.sources[source_id]
        for flow in self._account.flows.values():
            flow.public["source"] = [{"source_id": other} for other in flow.sources() if other != source_id]
        return Answer(204)

    def get_metadata(self, incoming: Incoming, source_id: str) -> Answer:
        """The parameters the source was created with."""
        incoming.read_query().end()
        return Answer.json(self._account.source(source_id).parameters)

    def preview(self, incoming: Incoming, source_id: str) -> Answer:
        """The first of the loaded rows: none before the first extraction."""
        query = incoming.read_query()
        limit = query.whole("limit", 1)
        query.end()
        source = self._account.source(source_id)
        if not source.extraction.runs.has_data(self._account.now()):
            return Answer.json([])
        return Answer.json(rows(columns(source.parameters), limit or PREVIEW_ROWS))

    def get_request(self, incoming: Incoming, source_id: str) -> Answer:
        """The request that an extraction makes."""
        incoming.read_query().end()
        return Answer.json(self._account.source(source_id).request)

    def update_request(self, incoming: Incoming, source_id: str) -> Answer:
        """Other parts of that request; which they are is taken from the templates."""
        incoming.read_query().end()
        source = self._account.source(source_id)
        given = any_object(incoming.json(), "the body")
        if not given:
            raise Invalid("nothing to change")
        if unknown := sorted(set(given) - set(source.request)):
            raise Invalid(f"unknown field {unknown[0]}")
        fields = Fields(given)
        fields.may("url", filled_text)
        fields.may("method", one_of("GET", "POST", "PUT"))
        fields.may("header", nullable(any_object))
        source.request.update(given)
        return Answer.json(source.request)

    def detect(self, incoming: Incoming, source_id: str) -> Answer:
        """The columns that are found in the data, with their types."""
        incoming.read_query().end()
        names = columns(self._account.source(source_id).parameters)
        return Answer.json([{"name": name, "type": TYPES[name]} for name in names])
