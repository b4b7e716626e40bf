"""Dataddo's extractions: when a source loads its data, asking for it at once, and how that stands."""

from __future__ import annotations

from airflow_provider_activation.sandbox.core.messages import Answer, Incoming, Route
from airflow_provider_activation.sandbox.dataddo.account import Account
from airflow_provider_activation.sandbox.dataddo.action import read_action, read_extraction
from airflow_provider_activation.sandbox.dataddo.catalogue import ROWS
from airflow_provider_activation.sandbox.dataddo.schedule import written_schedule


class Extractions:
    """The extractions of all sources."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def routes(self) -> list[Route]:
        """What is answered here."""
        return [
            Route("GET", "/sources/{id}/status", self.get_status),
            Route("GET", "/sources/{id}/action/log", self.get_log),
            Route("GET", "/sources/{id}/extraction", self.get),
            Route("PUT", "/sources/{id}/extraction", self.update),
            Route("GET", "/sources/{id}/extraction/schedule", self.get_schedule),
            Route("PUT", "/sources/{id}/extraction/schedule", self.update_schedule),
            Route("GET", "/sources/{id}/extraction/debug", self.debug),
            Route("POST", "/sources/{id}/extraction/enqueue", self.enqueue),
            Route("POST", "/sources/{id}/extraction/deactivate", self.deactivate),
        ]

    def get_status(self, incoming: Incoming, source_id: str) -> Answer:
        """How the last extraction stands."""
        incoming.read_query().end()
        return Answer.json(self._account.source(source_id).extraction.runs.status(self._account.now()))

    def get_log(self, incoming: Incoming, source_id: str) -> Answer:
        """The latest log entries, the newest first; the documents leave their fields open."""
        incoming.read_query().end()
        return Answer.json(self._account.source(source_id).extraction.runs.log(self._account.now()))

    def get(self, incoming: Incoming, source_id: str) -> Answer:
        """The action behind the extractions."""
        incoming.read_query().end()
        return Answer.json(self._account.source(source_id).extraction.as_json(self._account.now()))

    def update(self, incoming: Incoming, source_id: str) -> Answer:
        """Set what can be set of the action. That `live` starts one again is our reading."""
        incoming.read_query().end()
        action, now = self._account.source(source_id).extraction, self._account.now()
        action.change(read_action(incoming.json(), action.runs.action_id), now)
        return Answer.json(action.as_json(now))

    def get_schedule(self, incoming: Incoming, source_id: str) -> Answer:
        """When the source is extracted."""
        incoming.read_query().end()
        return Answer.json(self._account.source(source_id).extraction.schedule)

    def update_schedule(self, incoming: Incoming, source_id: str) -> Answer:
        """Another schedule: day_of_month and day_of_week are written dayOfMonth and dayOfWeek."""
        incoming.read_query().end()
        action = self._account.source(source_id).extraction
        action.schedule = written_schedule(incoming.json())
        return Answer.json(action.schedule)

    def debug(self, incoming: Incoming, source_id: str) -> Answer:
        """Extract for a check; nothing of it is kept, and the status says nothing of it."""
        incoming.read_query().end()
        label = self._account.source(source_id).public["label"]
        report = self._account.debug(incoming, f"Extracting {label}")
        rows = 0 if incoming.fail else ROWS
        return Answer.json({**report, "logs": [report["message"]], "row_count": rows, "blob": ""})

    def enqueue(self, incoming: Incoming, source_id: str) -> Answer:
        """Ask for an extraction; 202 and no body, so no id of the run."""
        incoming.read_query().end()
        source = self._account.source(source_id)
        asked = read_extraction(incoming.json()) if incoming.body else {}
        source.extraction.runs.enqueue(self._account.now(), incoming.fail, asked)
        return Answer(202)

    def deactivate(self, incoming: Incoming, source_id: str) -> Answer:
        """Switch the extractions of a source off; again is no error."""
        incoming.read_query().end()
        action, now = self._account.source(source_id).extraction, self._account.now()
        read_action(incoming.json(), action.runs.action_id)
        action.runs.deactivate(now)
        return Answer.json(action.as_json(now))
