"""LiveRamp's distribution managers: what is distributed to one integration connection, and until when."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime
from typing import Any

from airflow_provider_activation.sandbox.core.messages import Answer, Incoming
from airflow_provider_activation.sandbox.core.reading import (
    Fields,
    Invalid,
    day,
    filled_text,
    nullable,
    one_of,
)
from airflow_provider_activation.sandbox.core.service import iso
from airflow_provider_activation.sandbox.core.settings import Settings
from airflow_provider_activation.sandbox.liveramp.distribution import Distribution
from airflow_provider_activation.sandbox.liveramp.paging import page

MANAGER_ROUTES = (
    ("POST", "/v2/distribution-managers", "create"),
    ("GET", "/v2/distribution-managers", "list_managers"),
    ("GET", "/v2/distribution-managers/{id}", "get"),
    ("PUT", "/v2/distribution-managers/{id}", "update"),
    ("DELETE", "/v2/distribution-managers/{id}", "delete"),
)

MAX_NAME = 50

_status = one_of("ACTIVE", "INACTIVE")
_expire_at = nullable(day("%Y-%m-%d", "a date like 2026-12-31"))


def manager_name(value: object, where: str) -> str:
    """The name of a distribution manager; names need not be unique."""
    name = filled_text(value, where)
    if len(name) > MAX_NAME:
        raise Invalid(f"{where} must have at most {MAX_NAME} characters")
    return name


class Managers:
    """The distribution managers of `distribution`."""

    def __init__(
        self, settings: Settings, connections: dict[str, dict[str, Any]], distribution: Distribution
    ) -> None:
        self._now = settings.clock.now
        self._connections = connections
        self._distribution = distribution
        self._held = distribution.managers
        self._ids = itertools.count(6300001)

    def settle(self, now: float) -> None:
        """Stop every distribution whose expireAt has come."""
        today = datetime.fromtimestamp(now, UTC).date()
        for manager in self._held.values():
            ends = manager["expireAt"]
            if manager["status"] == "ACTIVE" and ends is not None and date.fromisoformat(ends) <= today:
                self._set_status(manager, "INACTIVE")
                manager["updatedAt"] = iso(now)

    def of_connection(self, connection_id: str) -> list[dict[str, Any]]:
        """The distribution managers of one integration connection."""
        return [item for item in self._held.values() if item["integrationConnectionID"] == connection_id]

    def add(self, name: str, connection_id: str, status: str = "ACTIVE", expire_at: str | None = None) -> str:
        """Make a distribution manager; gives back its id."""
        now = iso(self._now())
        manager_id = str(next(self._ids))
        self._held[manager_id] = {
            "id": manager_id,
            "name": name,
            "integrationConnectionID": connection_id,
            "status": status,
            "expireAt": expire_at,
            "createdAt": now,
            "updatedAt": now,
        }
        return manager_id

    def create(self, incoming: Incoming) -> Answer:
        """A new distribution manager, active unless told otherwise."""
        incoming.read_query().end()
        fields = Fields(incoming.json())
        name = fields.need("name", manager_name)
        connection_id = fields.need("integrationConnectionID", filled_text)
        status = fields.may("status", _status)
        expire_at = fields.may("expireAt", _expire_at)
        fields.end()
        if connection_id not in self._connections:
            raise Invalid(f"integrationConnectionID: no integration connection {connection_id}")
        return Answer.json({"id": self.add(name, connection_id, status or "ACTIVE", expire_at)}, 201)

    def list_managers(self, incoming: Incoming) -> Answer:
        """All distribution managers, or those of one integration connection."""
        query = incoming.read_query()
        wanted = query.may("integrationConnectionID", filled_text)
        found = list(self._held.values()) if wanted is None else self.of_connection(wanted)
        return page(query, "v2/DistributionManagers", found, number=lambda manager: int(manager["id"]))

    def get(self, incoming: Incoming, manager_id: str) -> Answer:
        """One distribution manager."""
        incoming.read_query().end()
        return Answer.json(self._distribution.manager(manager_id))

    def update(self, incoming: Incoming, manager_id: str) -> Answer:
        """Replace name, status and expireAt; all three are required, expireAt as null if there is none."""
        incoming.read_query().end()
        manager = self._distribution.manager(manager_id)
        fields = Fields(incoming.json())
        name = fields.need("name", manager_name)
        status = fields.need("status", _status)
        expire_at = fields.need("expireAt", _expire_at)
        fields.end()
        manager.update(name=name, expireAt=expire_at, updatedAt=iso(self._now()))
        self._set_status(manager, status)
        return Answer()

    def delete(self, incoming: Incoming, manager_id: str) -> Answer:
        """Take a distribution manager away. No body.

        What would become of its segments is not documented. Here they are in the way, see the deletion of
        an integration connection.
        """
        incoming.read_query().end()
        self._distribution.manager(manager_id)
        if self._distribution.holds(manager_id):
            raise Invalid("this distribution manager still has segments in distribution")
        del self._held[manager_id]
        return Answer()

    def _set_status(self, manager: dict[str, Any], status: str) -> None:
        manager["status"] = status
        if status == "ACTIVE":
            self._distribution.resume(manager["id"])
        else:
            self._distribution.cancel(manager["id"])
