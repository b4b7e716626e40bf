"""One account with all that is in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_activation.sandbox.acoustic_exchange.account import Account
from airflow_provider_activation.sandbox.acoustic_exchange.endpoint_operations import EndpointOperations
from airflow_provider_activation.sandbox.acoustic_exchange.events import EventOperations
from airflow_provider_activation.sandbox.acoustic_exchange.job_operations import JobOperations
from airflow_provider_activation.sandbox.acoustic_exchange.jobs import Jobs
from airflow_provider_activation.sandbox.acoustic_exchange.segments import SegmentOperations
from airflow_provider_activation.sandbox.core.credentials import MASK
from airflow_provider_activation.sandbox.core.routing import routes_of
from airflow_provider_activation.sandbox.core.settings import Settings
from airflow_provider_activation.sandbox.core.traits import Traits


class Tenant:
    """An account, its jobs and its events. No key of another account sees any of them.

    :param number: 0 for the first account; ids of the others are so many hundred thousands larger.
    :param job_ids: the ids of jobs, which all accounts share.
    """

    def __init__(
        self, name: str, number: int, settings: Settings, traits: Traits, job_ids: Iterator[int]
    ) -> None:
        self.name = name
        self.account = Account(settings, traits, name, number)
        self._now = settings.clock.now
        self._jobs = Jobs(settings.step_seconds, traits, self.account, job_ids)
        self._events = EventOperations(self.account, self._now)
        self.routes = routes_of(
            # Jobs come first: their paths also match paths with an endpoint id.
            JobOperations(self.account, self._jobs, self._now),
            EndpointOperations(self.account),
            SegmentOperations(self.account),
            self._events,
        )

    def state(self) -> dict[str, list[dict[str, Any]]]:
        """The endpoints, their segments, the jobs and the events."""
        endpoints = self.account.endpoints.values()
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
            "jobs": self._jobs.state(self._now()),
            **self._events.state(),
        }
