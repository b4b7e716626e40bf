"""Dataddo's writes: when and how a flow writes its data, asking for it at once, and how that stands."""

from __future__ import annotations

import secrets

from airflow_provider_activation.sandbox.core.messages import Answer, Incoming, Refused, Route
from airflow_provider_activation.sandbox.core.reading import Fields, Invalid, array, filled_text, one_of
from airflow_provider_activation.sandbox.core.service import iso
from airflow_provider_activation.sandbox.dataddo.account import Account
from airflow_provider_activation.sandbox.dataddo.action import read_status, read_write
from airflow_provider_activation.sandbox.dataddo.schedule import NEVER, written_schedule

WRITE_MODES = ("insert", "insert_ignore", "truncate_insert", "upsert")


class Writes:
    """The writes of all flows."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def routes(self) -> list[Route]:
        """What is answered here."""
        return [
            Route("GET", "/flows/{id}/status", self.get_status),
            Route("GET", "/flows/{id}/write", self.get),
            Route("GET", "/flows/{id}/write/status", self.get_status),
            Route("PUT", "/flows/{id}/write/status", self.update_status),
            Route("GET", "/flows/{id}/write/schedule", self.get_schedule),
            Route("PUT", "/flows/{id}/write/schedule", self.update_schedule),
            Route("DELETE", "/flows/{id}/write/schedule", self.delete_schedule),
            Route("PUT", "/flows/{id}/write/settings", self.update_settings),
            Route("GET", "/flows/{id}/write/log", self.get_log),
            Route("GET", "/flows/{id}/write/debug", self.debug),
            Route("POST", "/flows/{id}/write/enqueue", self.enqueue),
        ]

    def get_status(self, incoming: Incoming, flow_id: str) -> Answer:
        """How the last write stands."""
        incoming.read_query().end()
        return Answer.json(self._account.flow(flow_id).write.runs.status(self._account.now()))

    def update_status(self, incoming: Incoming, flow_id: str) -> Answer:
        """Switch the writes off, or on again; the undocumented body is taken to be a status as it is read."""
        incoming.read_query().end()
        runs, now = self._account.flow(flow_id).write.runs, self._account.now()
        runs.set_status(read_status(incoming.json(), runs.action_id), now)
        return Answer.json(runs.status(now))

    def get(self, incoming: Incoming, flow_id: str) -> Answer:
        """The action behind the writes, with its settings."""
        incoming.read_query().end()
        flow = self._account.flow(flow_id)
        return Answer.json({**flow.write.as_json(self._account.now()), **flow.settings})

    def get_schedule(self, incoming: Incoming, flow_id: str) -> Answer:
        """When the flow is written."""
        incoming.read_query().end()
        return Answer.json(self._account.flow(flow_id).write.schedule)

    def update_schedule(self, incoming: Incoming, flow_id: str) -> Answer:
        """Another schedule: day_of_month and day_of_week are written dayOfMonth and dayOfWeek."""
        incoming.read_query().end()
        action = self._account.flow(flow_id).write
        action.schedule = written_schedule(incoming.json())
        return Answer.json(action.schedule)

    def delete_schedule(self, incoming: Incoming, flow_id: str) -> Answer:
        """No schedule any more, again is no error; documented as 200, without a body."""
        incoming.read_query().end()
        self._account.flow(flow_id).write.schedule = dict(NEVER)
        return Answer(200)

    def update_settings(self, incoming: Incoming, flow_id: str) -> Answer:
        """How rows are written; upsert needs columns that tell them apart."""
        incoming.read_query().end()
        flow = self._account.flow(flow_id)
        fields = Fields(incoming.json())
        mode = fields.need("write_mode", one_of(*WRITE_MODES))
        unique = fields.may("unique_columns", array(filled_text, unique=True)) or []
        fields.end()
        if mode == "upsert" and not unique:
            raise Invalid("upsert needs unique_columns")
        flow.settings = {"write_mode": mode, "unique_columns": unique}
        return Answer.json(flow.settings)

    def get_log(self, incoming: Incoming, flow_id: str) -> Answer:
        """The latest log entries, the newest first; the documents leave their fields open."""
        incoming.read_query().end()
        return Answer.json(self._account.flow(flow_id).write.runs.log(self._account.now()))

    def debug(self, incoming: Incoming, flow_id: str) -> Answer:
        """Write for a check; nothing of it is kept, and the status says nothing of it."""
        incoming.read_query().end()
        label = self._account.flow(flow_id).public["label"]
        report = self._account.debug(incoming, f"Writing {label}")
        return Answer.json({**report, "connection_result": {"config": [], "result": [report["message"]]}})

    def enqueue(self, incoming: Incoming, flow_id: str) -> Answer:
        """Ask for a write; the executionId can not be asked for again."""
        incoming.read_query().end()
        flow = self._account.flow(flow_id)
        asked = read_write(incoming.json()) if incoming.body else {}
        if not flow.sources():
            raise Refused(409, "the flow has no source any more")
        flow.write.runs.enqueue(self._account.now(), incoming.fail, asked)
        return Answer.json(
            {
                "executionId": secrets.token_hex(12),
                "actionId": flow.write.runs.action_id,
                "startedAt": iso(self._account.now()),
                "actionType": "write",
                "connector": flow.public["api"]["app"],
            },
            202,
        )
