"""Acoustic Exchange: one account, and one more for each tenant."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from airflow_provider_activation.sandbox.acoustic_exchange.jobs import FIRST_JOB_ID
from airflow_provider_activation.sandbox.acoustic_exchange.tenant import Tenant
from airflow_provider_activation.sandbox.core.credentials import MASK, Vault
from airflow_provider_activation.sandbox.core.messages import Request
from airflow_provider_activation.sandbox.core.routing import Route
from airflow_provider_activation.sandbox.core.service import Service
from airflow_provider_activation.sandbox.core.settings import Settings
from airflow_provider_activation.sandbox.core.traits import Traits

ATTRIBUTES_PATH = "/v1/endpointattributes/authkey/"


class AcousticExchange(Service):
    """One account with five endpoints, and as many for each tenant. A key belongs to one account."""

    name = "acoustic-exchange"
    title = "Acoustic Exchange"
    seeded = frozenset({"tenants"})

    def __init__(self, settings: Settings, vault: Vault, traits: Traits) -> None:
        super().__init__(settings, vault, traits)
        job_ids = itertools.count(FIRST_JOB_ID)
        self._tenants = [
            Tenant(name, number, settings, traits, job_ids)
            for number, name in enumerate(["", *settings.tenant_names])
        ]
        self.routes = self._tenants[0].routes

    def _tenant(self, request: Request) -> Tenant:
        """Whose key a request has. The first account refuses one that is nobody's."""
        return next((tenant for tenant in self._tenants if tenant.account.knows(request)), self._tenants[0])

    def routes_of(self, request: Request) -> Sequence[Route]:
        """The operations on the account of a key."""
        return self._tenant(request).routes

    def authenticate(self, request: Request) -> None:
        """Each request needs one of the keys of an account."""
        self._tenant(request).account.level(request)

    def conceal(self, entry: dict[str, Any]) -> None:
        """Mask the endpoint attributes: their path has a key, and their body has credentials."""
        if not entry["path"].startswith(ATTRIBUTES_PATH):
            return
        entry["path"] = f"{ATTRIBUTES_PATH}{MASK}"
        if isinstance(entry["body"], dict):
            entry["body"] = _without_values(entry["body"])

    def connections(self) -> dict[str, dict[str, Any]]:
        """For each account, a connection with its key and one with the key of its first endpoint."""
        return {
            "_".join(filter(None, ("acoustic_exchange", tenant.name, name))): {
                "conn_type": "acoustic_exchange",
                "host": self.url,
                "password": self.settings.secret(f"acoustic_{level}_key", tenant.name),
                "extra": {"key_level": level},
            }
            for tenant in self._tenants
            for name, level in (("" if tenant.name else "default", "account"), ("endpoint", "endpoint"))
        }

    def state(self) -> dict[str, list[dict[str, Any]]]:
        """What is in all accounts. What is in a tenant's is marked with its name."""
        first, *others = self._tenants
        found = first.state()
        for tenant in others:
            for part, rows in tenant.state().items():
                found[part] += [{"tenant": tenant.name, **row} for row in rows]
        tenants = [{"tenant": tenant.name, "accountId": tenant.account.id} for tenant in others]
        return found | ({"tenants": tenants} if tenants else {})


def _without_values(value: object) -> object:
    if isinstance(value, dict):
        return {name: _without_values(inner) for name, inner in value.items()}
    return MASK
