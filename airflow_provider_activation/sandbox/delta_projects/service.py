"""The media agency at Delta Projects."""

from __future__ import annotations

from typing import Any

from airflow_provider_activation.sandbox.core.credentials import Vault
from airflow_provider_activation.sandbox.core.errors import Refused
from airflow_provider_activation.sandbox.core.messages import Request, Response
from airflow_provider_activation.sandbox.core.service import Service
from airflow_provider_activation.sandbox.core.settings import Settings
from airflow_provider_activation.sandbox.core.shelf import Shelf
from airflow_provider_activation.sandbox.core.traits import Traits
from airflow_provider_activation.sandbox.delta_projects.activities import Activities
from airflow_provider_activation.sandbox.delta_projects.clients import Clients
from airflow_provider_activation.sandbox.delta_projects.delivery import Delivery
from airflow_provider_activation.sandbox.delta_projects.models import FIELDS, Activity
from airflow_provider_activation.sandbox.delta_projects.seeds import FIRST_CLIENT, MEDIA_AGENCY, TEMPLATES


class DeltaProjects(Service):
    """One media agency with its clients."""

    name = "delta-projects"
    title = "Delta Projects DSP API v1"
    seeded = frozenset({"activityTemplates"})

    def __init__(self, settings: Settings, vault: Vault, traits: Traits) -> None:
        super().__init__(settings, vault, traits)
        stored: Shelf[str, Activity] = Shelf(traits, "activities", "activity", FIELDS)
        self.clients = Clients(traits, stored)
        self.activities = Activities(settings.clock, self.clients, stored)
        self.serve(self.clients, self.activities, Delivery(self.activities))

    def error(self, status: int, message: str) -> Response:
        """Plain text. The documents do not describe errors."""
        return Response.text(message, status)

    def authenticate(self, request: Request) -> None:
        """Each request needs the key, as a query parameter."""
        keys = [value for name, value in request.query if name == "apikey"]
        if keys != [self.settings.secret("delta_api_key")]:
            raise Refused(401, "wrong or insufficient credentials")
        request.query = [(name, value) for name, value in request.query if name != "apikey"]

    def connections(self) -> dict[str, dict[str, Any]]:
        """The connection to the first client."""
        return {
            "delta_projects_default": {
                "conn_type": "delta_projects",
                "host": self.url,
                "password": self.settings.secret("delta_api_key"),
                "extra": {"media_agency_id": MEDIA_AGENCY["id"], "client_id": FIRST_CLIENT["id"]},
            }
        }

    def state(self) -> dict[str, list[dict[str, Any]]]:
        """The clients, the templates, and the activities with their bidding plans and creatives."""
        return {
            "clients": self.clients.state(),
            **self.activities.state(),
            "activityTemplates": [
                {"id": template.id, "name": template.name, "hasGeoRule": template.has_geo_rule}
                for template in TEMPLATES.values()
            ],
        }
