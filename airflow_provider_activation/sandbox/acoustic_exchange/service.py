"""Acoustic Exchange: one account, its calls and what it holds."""

from __future__ import annotations

from typing import Any

from airflow_provider_activation.sandbox.acoustic_exchange.account import Account
from airflow_provider_activation.sandbox.acoustic_exchange.endpoint_operations import EndpointCalls
from airflow_provider_activation.sandbox.acoustic_exchange.events import EventCalls
from airflow_provider_activation.sandbox.acoustic_exchange.job_operations import JobCalls
from airflow_provider_activation.sandbox.acoustic_exchange.jobs import Jobs
from airflow_provider_activation.sandbox.acoustic_exchange.segments import SegmentCalls
from airflow_provider_activation.sandbox.core.messages import Answer, Incoming
from airflow_provider_activation.sandbox.core.service import Service
from airflow_provider_activation.sandbox.core.settings import MASK, Settings, Vault

ATTRIBUTES_PATH = "/v1/endpointattributes/authkey/"


class AcousticExchange(Service):
    """One Exchange account with five endpoints."""

    name = "acoustic-exchange"
    title = "Acoustic Exchange"

    def __init__(self, settings: Settings, vault: Vault) -> None:
        super().__init__(settings, vault)
        self._account = Account(settings)
        self._jobs = Jobs(settings.step_seconds, self._account.endpoints)
        self._events = EventCalls(self._account, self.now)
        self.routes = [
            # The refresh among the jobs' routes stands where others have an id.
            *JobCalls(self._account, self._jobs, self.now).routes,
            *EndpointCalls(self._account).routes,
            *SegmentCalls(self._account).routes,
            *self._events.routes,
        ]

    def error(self, status: int, message: str) -> Answer:
        """A JSON object with a message."""
        return Answer.json({"message": message}, status)

    def authenticate(self, incoming: Incoming) -> None:
        """One of the account's keys, on every call."""
        self._account.level(incoming)

    def conceal(self, entry: dict[str, Any]) -> None:
        """The path of the endpoint attributes holds a key, and their body is credentials."""
        if not entry["path"].startswith(ATTRIBUTES_PATH):
            return
        entry["path"] = f"{ATTRIBUTES_PATH}{MASK}"
        if isinstance(entry["body"], dict):
            entry["body"] = _without_values(entry["body"])

    def connections(self) -> dict[str, dict[str, Any]]:
        """One connection for the account and one for its first endpoint."""
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
        """Endpoints, the segments they offer and hold, all jobs, and the events."""
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
                {"endpointId": endpoint.id, **segment}
                for endpoint in endpoints
                for segment in endpoint.segments
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
