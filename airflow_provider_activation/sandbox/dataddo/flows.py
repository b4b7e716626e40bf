"""Dataddo's flows: sources put together behind an address that an application reads."""

from __future__ import annotations

from typing import Any

from airflow_provider_activation.sandbox.core.messages import Answer, Incoming, Route
from airflow_provider_activation.sandbox.core.reading import (
    Fields,
    Invalid,
    any_object,
    array,
    filled_text,
    one_of,
    text,
)
from airflow_provider_activation.sandbox.dataddo.account import CUSTOMER_ID, Account, Flow, new_id
from airflow_provider_activation.sandbox.dataddo.catalogue import PREVIEW_ROWS, columns, rows

# How a destination is attached to a flow is documented nowhere, so this is all there is.
app_name = one_of("google_data_studio")
source_ids = array(filled_text, minimum=1, unique=True)


class Flows:
    """The flows of an account."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def routes(self) -> list[Route]:
        """What is answered here."""
        return [
            Route("GET", "/flows", self.list_flows),
            Route("POST", "/flows", self.create),
            Route("POST", "/flows/preview", self.preview),
            Route("GET", "/flows/by-source/{sourceId}", self.list_by_source),
            Route("GET", "/flows/{id}", self.get),
            Route("PUT", "/flows/{id}", self.update),
            Route("DELETE", "/flows/{id}", self.delete),
            Route("GET", "/flows/{id}/clone", self.clone),
            Route("GET", "/flows/{id}/api", self.get_api),
            Route("GET", "/flows/{id}/api/log", self.get_api_log),
            Route("GET", "/flows/{id}/api/debug", self.debug_api),
        ]

    def list_flows(self, incoming: Incoming) -> Answer:
        """All flows, in one go."""
        incoming.read_query().end()
        return Answer.json([flow.public for flow in self._account.flows.values()])

    def list_by_source(self, incoming: Incoming, source_id: str) -> Answer:
        """The flows that take in a source."""
        incoming.read_query().end()
        self._account.source(source_id)
        return Answer.json(
            [flow.public for flow in self._account.flows.values() if source_id in flow.sources()]
        )

    def create(self, incoming: Incoming) -> Answer:
        """A new flow; labels need not be unique."""
        incoming.read_query().end()
        fields = Fields(incoming.json())
        sources = fields.need("sources", source_ids)
        app = fields.need("app", app_name)
        label = fields.need("label", filled_text)
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

    def preview(self, incoming: Incoming) -> Answer:
        """The first rows that a flow like this would have; makes nothing."""
        query = incoming.read_query()
        limit = query.whole("limit", 1)
        query.end()
        fields = Fields(incoming.json())
        sources = fields.need("sources", source_ids)
        fields.may("app", app_name)
        fields.may("label", filled_text)
        fields.end()
        self._check_sources(sources)
        found: list[dict[str, Any]] = []
        for source in (self._account.source(source_id) for source_id in sources):
            if source.extraction.runs.has_data(self._account.now()):
                found += rows(columns(source.parameters), limit or PREVIEW_ROWS)
        return Answer.json(found[: limit or PREVIEW_ROWS])

    def get(self, incoming: Incoming, flow_id: str) -> Answer:
        """One flow."""
        incoming.read_query().end()
        return Answer.json(self._account.flow(flow_id).public)

    def update(self, incoming: Incoming, flow_id: str) -> Answer:
        """Change what is given; the body is undocumented, its names are taken from the flow's."""
        incoming.read_query().end()
        public = self._account.flow(flow_id).public
        fields = Fields(incoming.json())
        sources = fields.may("sources", source_ids)
        app = fields.may("app", app_name)
        changes: dict[str, Any] = {
            "label": fields.may("label", filled_text),
            "tag": fields.may("tag", array(text)),
            "operation": fields.may("operation", array(any_object)),
            "rules": fields.may("rules", array(any_object)),
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
        public.update(given)
        return Answer.json(public)

    def delete(self, incoming: Incoming, flow_id: str) -> Answer:
        """Delete a flow; its sources stay."""
        incoming.read_query().end()
        self._account.flow(flow_id)
        del self._account.flows[flow_id]
        return Answer(204)

    def clone(self, incoming: Incoming, flow_id: str) -> Answer:
        """A GET that creates. It is documented as 204 with a body, which HTTP can not carry: hence 200."""
        incoming.read_query().end()
        return self._store(self._account.flow(flow_id).public)

    def get_api(self, incoming: Incoming, flow_id: str) -> Answer:
        """The address that the application reads."""
        incoming.read_query().end()
        return Answer.json(self._account.flow(flow_id).public["api"])

    def get_api_log(self, incoming: Incoming, flow_id: str) -> Answer:
        """Who read it: nobody, since where it is read is documented nowhere."""
        incoming.read_query().end()
        self._account.flow(flow_id)
        return Answer.json([])

    def debug_api(self, incoming: Incoming, flow_id: str) -> Answer:
        """Read it for a check."""
        incoming.read_query().end()
        label = self._account.flow(flow_id).public["label"]
        report = self._account.debug(incoming, f"Reading {label}")
        return Answer.json({**report, "logs": [report["message"]]})

    def _check_sources(self, given: list[str]) -> None:
        if unknown := [source for source in given if source not in self._account.sources]:
            raise Invalid(f"sources names no source: {unknown[0]}")

    def _store(self, like: dict[str, Any]) -> Answer:
        public = {
            **like,
            # Not the flow's id: a client that mixes up the two gets a 404.
            "api": {**like["api"], "id": new_id()},
            "id": new_id(),
            "customer_id": CUSTOMER_ID,
        }
        self._account.flows[public["id"]] = Flow(public, self._account.new_action())
        return Answer.json(public)
