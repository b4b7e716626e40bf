"""Dataddo's extractions: asking for one, its status, its log, and switching them off for a source."""

from __future__ import annotations

from typing import Any

from airflow_provider_activation.sandbox.dataddo_runs import Runs, read_action, read_extraction
from airflow_provider_activation.sandbox.messages import Answer, Incoming, Refused
from airflow_provider_activation.sandbox.settings import Clock

EXTRACTION_ROUTES = (
    ("GET", "/sources/{id}/status", "get_status"),
    ("GET", "/sources/{id}/action/log", "get_log"),
    ("POST", "/sources/{id}/extraction/enqueue", "enqueue"),
    ("POST", "/sources/{id}/extraction/deactivate", "deactivate"),
)

SCHEDULE = ("timezone", "minute", "hour", "day_of_month", "month", "day_of_week", "sync_frequency")


class Extractions:
    """The extractions of all sources."""

    def __init__(self, clock: Clock, sources: dict[str, dict[str, Any]], runs: dict[str, Runs]) -> None:
        self._now = clock.now
        self._sources = sources
        self._all_runs = runs

    def _runs(self, source_id: str) -> Runs:
        if source_id not in self._sources:
            raise Refused(404, f"no source {source_id}")
        return self._all_runs[source_id]

    def get_status(self, incoming: Incoming, source_id: str) -> Answer:
        """How the last extraction stands."""
        incoming.read_query().end()
        return Answer.json(self._runs(source_id).status(self._now()))

    def get_log(self, incoming: Incoming, source_id: str) -> Answer:
        """The latest log entries, the newest first; the documents leave their fields open."""
        incoming.read_query().end()
        return Answer.json(self._runs(source_id).log(self._now()))

    def enqueue(self, incoming: Incoming, source_id: str) -> Answer:
        """Ask for an extraction; 202 and no body, so no id of the run."""
        incoming.read_query().end()
        runs = self._runs(source_id)
        if incoming.body:
            read_extraction(incoming.json())
        runs.enqueue(self._now(), incoming.fail)
        return Answer(202)

    def deactivate(self, incoming: Incoming, source_id: str) -> Answer:
        """Switch the extractions of a source off, for good as far as this goes; again is no error."""
        incoming.read_query().end()
        runs = self._runs(source_id)
        read_action(incoming.json(), runs.action_id)
        now = self._now()
        runs.deactivate(now)
        parameters = self._sources[source_id]["parameters"]
        return Answer.json(
            {
                **runs.action(now),
                "schedule": {name: parameters.get(name) for name in SCHEDULE},
                "storage_strategy": parameters["storageStrategy"],
            }
        )
