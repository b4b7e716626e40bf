"""The account at Acoustic Exchange."""

from __future__ import annotations

from typing import Any

from airflow_provider_activation.sandbox.acoustic_exchange.account import Account
from airflow_provider_activation.sandbox.acoustic_exchange.endpoint_operations import EndpointOperations
from airflow_provider_activation.sandbox.acoustic_exchange.events import EventOperations
from airflow_provider_activation.sandbox.acoustic_exchange.job_operations import JobOperations
from airflow_provider_activation.sandbox.acoustic_exchange.jobs import Jobs
from airflow_provider_activation.sandbox.acoustic_exchange.segments import SegmentOperations
from airflow_provider_activation.sandbox.core.credentials import MASK, Vault
from airflow_provider_activation.sandbox.core.messages import Request
from airflow_provider_activation.sandbox.core.service import Service
from airflow_provider_activation.sandbox.core.settings import Settings
from airflow_provider_activation.sandbox.core.traits import Traits

ATTRIBUTES_PATH = "/v1/endpointattributes/authkey/"


class AcousticExchange(Service):
    """One account with five endpoints."""

    name = "acoustic-exchange"
    title = "Acoustic Exchange"

    def __init__(self, settings: Settings, vault: Vault, traits: Traits) -> None:
        super().__init__(settings, vault, traits)
        self._account = Account(settings, traits)
        self._jobs = Jobs(settings.step_seconds, traits, self._account.endpoints)
        self._events = EventOperations(self._account, self.now)
        self.serve(
            # Jobs come first: their paths also match paths with an endpoint id.
            JobOperations(self._account, self._jobs, self.now),
            EndpointOperations(self._account),
            SegmentOperations(self._account),
            self._events,
        )

    def authenticate(self, request: Request) -> None:
        """Each request needs one of the account's keys."""
        self._account.level(request)

    def conceal(self, entry: dict[str, Any]) -> None:
        """Mask the endpoint attributes: their path has a key, and their body has credentials."""
        if not entry["path"].startswith(ATTRIBUTES_PATH):
            return
        entry["path"] = f"{ATTRIBUTES_PATH}{MASK}"
        if isinstance(entry["body"], dict):
            entry["body"] = _without_values(entry["body"])

    def connections(self) -> dict[str, dict[str, Any]]:
        """A connection with the account's key, and one with the key of the first endpoint."""
        return {
            f"acoustic_exchange_{name}": {
                "conn_type": "acoustic_exchange",
                "host": self.url,
                "password": self.settings.secret(f"acoustic_{level}_key"),
                "extra": {"key_level": level},
            }
            for name, level in (("default", "account"), ("endpoint", "endpoint"))
        }

    def state(self) -> dict[str, list[dict[str, Any]]]:
        """The endpoints, their segments, the jobs and the events."""
        endpoints = self._account.endpoints.values()
        return {
            "endpoints": [
                {
                    "endpointId": endpoint.id,
                    "status": endpoint.status,
                    "enabled": endpoint.switched_on,
                    "failure": endpoint.failure,
                    "attributes": dict.fromkeys(endpoint.attributes, MASK),
                    "filteredIdentifiers": list(endpoint.filtered_identifiers),
                    "registration": endpoint.registration,
                }
                for endpoint in endpoints
            ],
            "segments": [
                {"endpointId": endpoint.id, **row}
                for endpoint in endpoints
                for row in endpoint.segments.books(dict)
            ],
            "destinationSegments": [
                {"endpointId": endpoint.id, "id": key, "name": name}
                for endpoint in endpoints
                for key, name in endpoint.received.items()
            ],
            "jobs": self._jobs.state(self.now()),
            **self._events.state(),
        }


def _without_values(value: object) -> object:
    if isinstance(value, dict):
        return {name: _without_values(inner) for name, inner in value.items()}
    return MASK
