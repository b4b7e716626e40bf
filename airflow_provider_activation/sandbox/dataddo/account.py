"""The customer's account at Dataddo, and the lookup of its resources."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_activation.sandbox.core.errors import Invalid, Refused
from airflow_provider_activation.sandbox.core.messages import Request
from airflow_provider_activation.sandbox.core.routing import Operations, number_in
from airflow_provider_activation.sandbox.core.settings import Settings
from airflow_provider_activation.sandbox.core.shelf import Shelf, Stored, free_text
from airflow_provider_activation.sandbox.core.traits import Traits
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


SERVICE_FIELDS = {"label": free_text("label")}
SOURCE_FIELDS = {
    "label": free_text("public.label"),
    "description": free_text("public.description"),
    "schedule": Stored("extraction.schedule", unset=NEVER),
    "storageStrategy": Stored("extraction.storage_strategy", unset=None),
    "status": Stored("extraction.runs"),
}
FLOW_FIELDS = {
    "label": free_text("public.label"),
    "sources": Stored("public.source"),
    "schedule": Stored("write.schedule", unset=NEVER),
    "settings": Stored("settings"),
    "status": Stored("write.runs"),
}
DESTINATION_FIELDS = {
    "label": free_text("label"),
    "projectId": Stored("project_id"),
    "datasetId": Stored("dataset_id"),
}


class Account:
    """All resources of one customer."""

    def __init__(self, settings: Settings, traits: Traits) -> None:
        self.settings = settings
        self.now = settings.clock.now
        self.services: Shelf[int, dict[str, Any]] = Shelf(traits, "services", "service", SERVICE_FIELDS)
        self.sources: Shelf[str, Source] = Shelf(traits, "sources", "source", SOURCE_FIELDS)
        self.flows: Shelf[str, Flow] = Shelf(traits, "flows", "flow", FLOW_FIELDS)
        self.destinations: Shelf[str, dict[str, Any]] = Shelf(
            traits, "destinations", "destination", DESTINATION_FIELDS
        )

    def check_service(self, given: int | str, name: str = "oAuthId") -> int:
        """The id of the service that a body refers to."""
        number = number_in(str(given))
        if number is not None and number in self.services:
            return number
        raise Invalid(f"{name} names no service: {given}")

    def service(self, written: str) -> dict[str, Any]:
        """The service with the id in a path."""
        number = number_in(written)
        if number is None:
            raise Refused(404, f"no service {written}")
        return self.services.find(number)

    def source(self, source_id: str) -> Source:
        """The source with the id in a path."""
        return self.sources.find(source_id)

    def flow(self, flow_id: str) -> Flow:
        """The flow with the id in a path."""
        return self.flows.find(flow_id)

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
