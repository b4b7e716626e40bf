"""The customer's account at Dataddo."""

from __future__ import annotations

from typing import Any

from airflow_provider_activation.sandbox.core.credentials import Vault
from airflow_provider_activation.sandbox.core.errors import Refused
from airflow_provider_activation.sandbox.core.messages import Request
from airflow_provider_activation.sandbox.core.service import Service
from airflow_provider_activation.sandbox.core.settings import Settings
from airflow_provider_activation.sandbox.core.traits import Traits
from airflow_provider_activation.sandbox.dataddo.account import Account
from airflow_provider_activation.sandbox.dataddo.catalogue import ACCOUNTS, CONNECTORS, ORGANISATIONS, options
from airflow_provider_activation.sandbox.dataddo.connectors import Connectors
from airflow_provider_activation.sandbox.dataddo.destinations import Destinations
from airflow_provider_activation.sandbox.dataddo.extractions import Extractions
from airflow_provider_activation.sandbox.dataddo.flows import Flows
from airflow_provider_activation.sandbox.dataddo.sign_in import PROVIDER, REALM_ID, SignIn
from airflow_provider_activation.sandbox.dataddo.sources import Sources
from airflow_provider_activation.sandbox.dataddo.third_party_services import Services
from airflow_provider_activation.sandbox.dataddo.writes import Writes


class Dataddo(Service):
    """One customer's account."""

    name = "dataddo"
    title = "Dataddo headless API"
    seeded = frozenset({"connectors", "organizations", "accounts"})

    def __init__(self, settings: Settings, vault: Vault, traits: Traits) -> None:
        super().__init__(settings, vault, traits)
        self.account = Account(settings, traits)
        parts = (Services, Connectors, Sources, Extractions, Flows, Writes, Destinations)
        self.serve(SignIn(self), *(part(self.account) for part in parts))

    def authenticate(self, request: Request) -> None:
        """Each request needs a valid token, except the sign-in. X-Realm-Id and X-Provider are optional."""
        if request.path == "/auth":
            return
        token = request.bearer()
        if token is None or self.tokens.verdict(token) != "good":
            raise Refused(401, "the access token is missing, wrong or expired")
        if request.headers.get("x-realm-id", str(REALM_ID)) != str(REALM_ID):
            raise Refused(403, "X-Realm-Id is not the realm of this token")
        if request.headers.get("x-provider", PROVIDER) != PROVIDER:
            raise Refused(403, "X-Provider is not the provider of this token")

    def connections(self) -> dict[str, dict[str, Any]]:
        """The connection to Dataddo, and one with the credentials for Snapchat."""
        return {
            "dataddo_default": {
                "conn_type": "dataddo",
                "host": self.url,
                "login": self.settings.secret("dataddo_email"),
                "password": self.settings.secret("dataddo_password"),
            },
            "snapchat_app": {
                "conn_type": "generic",
                "login": self.settings.secret("snapchat_client_id"),
                "password": self.settings.secret("snapchat_client_secret"),
                "extra": {"refresh_token": self.settings.secret("snapchat_refresh_token")},
            },
        }

    def state(self) -> dict[str, list[dict[str, Any]]]:
        """All resources. Services are without their credentials."""
        now = self.now()
        account = self.account
        return {
            "services": account.services.books(dict),
            "sources": account.sources.books(
                lambda source: {
                    **source.public,
                    **source.extraction.runs.state(now),
                    "schedule": source.extraction.schedule,
                    "storageStrategy": source.extraction.storage_strategy,
                    "request": source.request,
                    "parameters": source.parameters,
                }
            ),
            "flows": account.flows.books(
                lambda flow: {
                    **flow.public,
                    **flow.write.runs.state(now),
                    "schedule": flow.write.schedule,
                    **flow.settings,
                }
            ),
            "destinations": account.destinations.books(dict),
            "connectors": list(CONNECTORS),
            "organizations": options(ORGANISATIONS),
            "accounts": [entry for found in ACCOUNTS.values() for entry in options(found)],
        }
