"""Dataddo's destinations: the stores that flows may be written to."""

from __future__ import annotations

from typing import Any

from airflow_provider_activation.sandbox.core.messages import Answer, Incoming, Refused, Route
from airflow_provider_activation.sandbox.core.reading import Check, Fields, Invalid, filled_text, integer
from airflow_provider_activation.sandbox.dataddo.account import CUSTOMER_ID, Account, new_id

BIG_QUERY = "google_big_query"

# Some names are spelled otherwise where a destination is written.
WRITTEN = {"label": "label", "o_auth_id": "o_auth_id", "project_id": "projectId", "dataset_id": "datasetId"}
CHECKS: dict[str, Check[Any]] = {**dict.fromkeys(WRITTEN, filled_text), "o_auth_id": integer(1)}


class Destinations:
    """The destinations of an account."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def routes(self) -> list[Route]:
        """What is answered here."""
        return [
            Route("GET", "/destinations", self.list_destinations),
            Route("POST", "/destinations/{type}", self.create),
            Route("GET", "/destinations/{id}", self.get),
            Route("PUT", "/destinations/{id}", self.update),
            Route("DELETE", "/destinations/{id}", self.delete),
            Route("GET", "/destinations/{id}/clone", self.clone),
        ]

    def list_destinations(self, incoming: Incoming) -> Answer:
        """All destinations, in one go."""
        incoming.read_query().end()
        return Answer.json(list(self._account.destinations.values()))

    def create(self, incoming: Incoming, kind: str) -> Answer:
        """A new destination; the documents describe the body of this one type only."""
        incoming.read_query().end()
        if kind != BIG_QUERY:
            raise Refused(404, f"no such type of destination: {kind}")
        fields = Fields(incoming.json())
        given = {name: fields.need(written, CHECKS[name]) for name, written in WRITTEN.items()}
        fields.end()
        self._check_service(given)
        return self._store(
            {
                **given,
                "customer_id": CUSTOMER_ID,
                "description": None,
                "status": True,
                "status_detail": None,
                "last_use": None,
            }
        )

    def get(self, incoming: Incoming, destination_id: str) -> Answer:
        """One destination."""
        incoming.read_query().end()
        return Answer.json(self._destination(destination_id))

    def update(self, incoming: Incoming, destination_id: str) -> Answer:
        """Change what is given; spelled as for a new one."""
        incoming.read_query().end()
        destination = self._destination(destination_id)
        fields = Fields(incoming.json())
        read = {name: fields.may(written, CHECKS[name]) for name, written in WRITTEN.items()}
        fields.end()
        given = {name: value for name, value in read.items() if value is not None}
        if not given:
            raise Invalid("nothing to change")
        self._check_service(given)
        destination.update(given, updated_at=int(self._account.now()))
        return Answer.json(destination)

    def delete(self, incoming: Incoming, destination_id: str) -> Answer:
        """Delete a destination."""
        incoming.read_query().end()
        self._destination(destination_id)
        del self._account.destinations[destination_id]
        return Answer(204)

    def clone(self, incoming: Incoming, destination_id: str) -> Answer:
        """A GET that creates."""
        incoming.read_query().end()
        return self._store(self._destination(destination_id))

    def _check_service(self, given: dict[str, Any]) -> None:
        # Google's own services come from a person's consent, which is not part of this: any will do.
        if "o_auth_id" in given:
            self._account.check_service(given["o_auth_id"], "o_auth_id")

    def _store(self, like: dict[str, Any]) -> Answer:
        now = int(self._account.now())
        destination = {**like, "id": new_id(), "created_at": now, "updated_at": now}
        self._account.destinations[destination["id"]] = destination
        return Answer.json(destination)

    def _destination(self, destination_id: str) -> dict[str, Any]:
        if destination_id not in self._account.destinations:
            raise Refused(404, f"no destination {destination_id}")
        return self._account.destinations[destination_id]
