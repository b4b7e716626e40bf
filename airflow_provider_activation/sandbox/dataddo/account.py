"""The customer's account at Dataddo, and the lookup of its resources."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_activation.sandbox.core.errors import Invalid, Refused
from airflow_provider_activation.sandbox.core.messages import Request
from airflow_provider_activation.sandbox.core.routing import Operations, find, number_in
from airflow_provider_activation.sandbox.core.settings import Settings
from airflow_provider_activation.sandbox.dataddo.action import Action
from airflow_provider_activation.sandbox.dataddo.runs import Runs
from airflow_provider_activation.sandbox.dataddo.schedule import NEVER, Schedule

CUSTOMER_ID = "77"


def new_id() -> str:
    """A new id of a source or flow."""
    return secrets.token_hex(12)


@dataclass
class Source:
    """A source: its public fields, the parameters of its creation, and its extraction."""

    public: dict[str, Any]
    parameters: dict[str, Any]
    service: int
    request: dict[str, Any]
    extraction: Action


@dataclass
class Flow:
    """A flow: its public fields, and its write."""

    public: dict[str, Any]
    write: Action
    settings: dict[str, Any] = field(default_factory=lambda: {"write_mode": "insert", "unique_columns": []})

    def sources(self) -> list[str]:
        """The ids of the flow's sources."""
        return [entry["source_id"] for entry in self.public["source"]]


class Account:
    """All resources of one customer."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.now = settings.clock.now
        self.services: dict[int, dict[str, Any]] = {}
        self.sources: dict[str, Source] = {}
        self.flows: dict[str, Flow] = {}
        self.destinations: dict[str, dict[str, Any]] = {}

    def check_service(self, given: int | str, name: str = "oAuthId") -> int:
        """The id of the service that a body refers to."""
        number = number_in(str(given))
        if number in self.services:
            return number
        raise Invalid(f"{name} names no service: {given}")

    def service(self, written: str) -> dict[str, Any]:
        """The service with the id in a path."""
        try:
            return self.services[self.check_service(written)]
        except Invalid:
            raise Refused(404, f"no service {written}") from None

    def source(self, source_id: str) -> Source:
        """The source with the id in a path."""
        return find(self.sources, source_id, "source")

    def flow(self, flow_id: str) -> Flow:
        """The flow with the id in a path."""
        return find(self.flows, flow_id, "flow")

    def new_action(self, schedule: Schedule = NEVER, storage_strategy: str | None = None) -> Action:
        """A new action without runs."""
        runs = Runs(new_id(), self.settings.step_seconds)
        return Action(runs, dict(schedule), storage_strategy)

    def debug(self, request: Request, checked: str) -> dict[str, Any]:
        """The report of a check. Its possible statuses are undocumented."""
        now = self.now()
        return {
            "status": "error" if request.fail else "success",
            "message": f"{checked}: {'it does not work' if request.fail else 'it works'}",
            "started": now,
            "ended": now,
            "duration": "0 s",
            "memory_mb": 8,
        }


class AccountOperations(Operations):
    """Operations on the resources of an account."""

    def __init__(self, account: Account) -> None:
        self._account = account
