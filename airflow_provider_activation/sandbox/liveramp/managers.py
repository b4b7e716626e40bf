"""Distribution managers: the distribution to an integration connection, with its end date."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime
from typing import Any

from airflow_provider_activation.sandbox.core import checks
from airflow_provider_activation.sandbox.core.clock import iso
from airflow_provider_activation.sandbox.core.errors import Invalid
from airflow_provider_activation.sandbox.core.messages import Request, Response
from airflow_provider_activation.sandbox.core.reading import Fields
from airflow_provider_activation.sandbox.core.routing import Operations
from airflow_provider_activation.sandbox.core.settings import Settings
from airflow_provider_activation.sandbox.core.shelf import Shelf
from airflow_provider_activation.sandbox.core.traits import Traits
from airflow_provider_activation.sandbox.liveramp.distribution import Distribution
from airflow_provider_activation.sandbox.liveramp.paging import page

MAX_NAME = 50

_status = checks.one_of("ACTIVE", "INACTIVE")
_expire_at = checks.nullable(checks.day("%Y-%m-%d", "a date like 2026-12-31"))


def manager_name(value: object, where: str) -> str:
    """The name of a distribution manager. Names can be repeated."""
    name = checks.filled_text(value, where)
    if len(name) > MAX_NAME:
        raise Invalid(f"{where} must have at most {MAX_NAME} characters")
    return name


class Managers(Operations):
    """The operations on the distribution managers of `distribution`."""

    table = (
        ("POST", "/v2/distribution-managers", "create"),
        ("GET", "/v2/distribution-managers", "list_managers"),
        ("GET", "/v2/distribution-managers/{id}", "get"),
        ("PUT", "/v2/distribution-managers/{id}", "update"),
        ("DELETE", "/v2/distribution-managers/{id}", "delete"),
    )
    makes = frozenset({"create"})

    def __init__(
        self,
        settings: Settings,
        traits: Traits,
        connections: Shelf[str, dict[str, Any]],
        distribution: Distribution,
    ) -> None:
        self._now = settings.clock.now
        self._traits = traits
        self._connections = connections
        self._distribution = distribution
        self._stored = distribution.managers
        self._ids = itertools.count(6300001)

    def settle(self, now: float) -> None:
        """End each distribution on its expireAt."""
        today = datetime.fromtimestamp(now, UTC).date()
        for manager in self._stored.values():
            ends = manager["expireAt"]
            if manager["status"] == "ACTIVE" and ends is not None and date.fromisoformat(ends) <= today:
                manager.update(status="INACTIVE", updatedAt=iso(now))
                self._distribution.follow(manager)

    def of_connection(self, connection_id: str) -> list[dict[str, Any]]:
        """The distribution managers of one integration connection."""
        return [item for item in self._stored.values() if item["integrationConnectionID"] == connection_id]

    def add(self, name: str, connection_id: str, status: str = "ACTIVE", expire_at: str | None = None) -> str:
        """Create a distribution manager; return its id."""
        now = iso(self._now())
        manager_id = str(next(self._ids))
        manager = {
            "id": manager_id,
            "name": name,
            "integrationConnectionID": connection_id,
            "status": status,
            "expireAt": expire_at,
            "createdAt": now,
            "updatedAt": now,
        }
        self._stored.add(manager_id, manager)
        return manager_id

    def create(self, request: Request) -> Response:
        """Create a distribution manager. By default it is active."""
        request.need_no_query()
        fields = Fields(request.json())
        name = fields.need("name", manager_name)
        connection_id = fields.need("integrationConnectionID", checks.filled_text)
        status = fields.may("status", _status)
        expire_at = fields.may("expireAt", _expire_at)
        fields.end()
        if connection_id not in self._connections:
            raise Invalid(f"integrationConnectionID: no integration connection {connection_id}")
        return Response.json({"id": self.add(name, connection_id, status or "ACTIVE", expire_at)}, 201)

    def list_managers(self, request: Request) -> Response:
        """All distribution managers, or those of one integration connection."""
        query = request.read_query()
        wanted = query.may("integrationConnectionID", checks.filled_text)
        found = [item for item in self._stored.listed() if wanted in (None, item["integrationConnectionID"])]
        return page(self._traits, query, "v2/DistributionManagers", found)

    def get(self, request: Request, manager_id: str) -> Response:
        """One distribution manager."""
        request.need_no_query()
        return Response.json(self._stored.find(manager_id))

    def update(self, request: Request, manager_id: str) -> Response:
        """Replace name, status and expireAt. All three are required."""
        request.need_no_query()
        manager = self._stored.find(manager_id)
        fields = Fields(request.json())
        name = fields.need("name", manager_name)
        status = fields.need("status", _status)
        expire_at = fields.need("expireAt", _expire_at)
        fields.end()
        with self._stored.changing(manager):
            manager.update(name=name, status=status, expireAt=expire_at, updatedAt=iso(self._now()))
        self._distribution.follow(manager)
        return Response()

    def delete(self, request: Request, manager_id: str) -> Response:
        """Delete a distribution manager. The response has no body.

        The documents do not say what happens to its segments. Here they prevent the deletion.
        """
        request.need_no_query()
        self._stored.find(manager_id)
        if self._distribution.holds(manager_id):
            raise Invalid("this distribution manager still has segments in distribution")
        self._stored.remove(manager_id)
        return Response()
