"""The organisation at LiveRamp."""

from __future__ import annotations

from typing import Any

from airflow_provider_activation.sandbox.core.credentials import Vault
from airflow_provider_activation.sandbox.core.errors import Refused
from airflow_provider_activation.sandbox.core.messages import Request, Response
from airflow_provider_activation.sandbox.core.service import Service
from airflow_provider_activation.sandbox.core.settings import Settings
from airflow_provider_activation.sandbox.core.shelf import Shelf
from airflow_provider_activation.sandbox.core.traits import Traits
from airflow_provider_activation.sandbox.liveramp.connections import FIELDS, IntegrationConnections
from airflow_provider_activation.sandbox.liveramp.destinations import Destinations
from airflow_provider_activation.sandbox.liveramp.distribution import Distribution
from airflow_provider_activation.sandbox.liveramp.managers import Managers
from airflow_provider_activation.sandbox.liveramp.oauth import OAuth
from airflow_provider_activation.sandbox.liveramp.seeds import (
    DESTINATIONS,
    INTEGRATIONS,
    ORGANISATION,
    SEGMENTS,
)
from airflow_provider_activation.sandbox.liveramp.segments import Segments
from airflow_provider_activation.sandbox.liveramp.tokens import TokenEndpoint

ERROR_CODES = {
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    422: "VALIDATION_ERROR",
}


class LiveRamp(Service):
    """One organisation."""

    name = "liveramp"
    title = "LiveRamp Activation API"
    invalid_status = 422
    token_seconds = 600
    beside_api = ("/consent/", "/upload")
    seeded = frozenset({"destinations", "integrations", "segments"})

    def __init__(self, settings: Settings, vault: Vault, traits: Traits) -> None:
        super().__init__(settings, vault, traits)
        self.integration_connections: Shelf[str, dict[str, Any]] = Shelf(
            traits, "integrationConnections", "integration connection", FIELDS
        )
        self.oauth = OAuth(settings, traits, self.url)
        self.segments = Segments(traits)
        self.distribution = Distribution(settings, traits, self.integration_connections, self.segments)
        self.managers = Managers(settings, traits, self.integration_connections, self.distribution)
        connections = IntegrationConnections(
            settings, traits, self.integration_connections, self.oauth, self.managers
        )
        self.serve(
            TokenEndpoint(self),
            Destinations(traits),
            self.oauth,
            self.segments,
            connections,
            self.managers,
            self.distribution,
        )

    def error(self, status: int, message: str) -> Response:
        """A StandardError."""
        code = ERROR_CODES.get(status, "INTERNAL_ERROR" if status >= 500 else "REQUEST_ERROR")
        return Response.json({"httpStatus": status, "errorCode": code, "message": message}, status)

    def authenticate(self, request: Request) -> None:
        """Each request under /v2 needs a valid token and the id of the organisation."""
        if not request.raw_path.startswith("/v2/"):
            return
        token = request.bearer()
        if token is None:
            raise Refused(401, "Authorization: Bearer is missing")
        verdict = self.tokens.verdict(token)
        if verdict == "unknown":
            raise Refused(401, "the access token is not valid")
        if verdict == "expired":
            # The documents have 403 here, not 401.
            raise Refused(403, "the access token has expired")
        organisation = request.headers.get("lr-org-id")
        if organisation is None:
            raise Refused(422, "the header LR-Org-ID is required")
        if organisation != ORGANISATION["id"]:
            raise Refused(403, f"no access to the organisation {organisation}")

    def settle(self, now: float) -> None:
        """Complete the authorisations that are due, and end the expired distributions."""
        self.oauth.settle(now)
        self.managers.settle(now)

    def connections(self) -> dict[str, dict[str, Any]]:
        """The connection to the organisation."""
        return {
            "liveramp_default": {
                "conn_type": "liveramp",
                "host": self.url,
                "login": self.settings.secret("liveramp_service_account"),
                "password": self.settings.secret("liveramp_secret_key"),
                "extra": {"org_id": ORGANISATION["id"], "auth_url": f"{self.url}/authn/v1/oauth2/token"},
            }
        }

    def state(self) -> dict[str, list[dict[str, Any]]]:
        """All resources."""
        self.settle(self.now())
        return {
            **self.oauth.state(),
            "integrationConnections": self.integration_connections.books(dict),
            **self.distribution.state(),
            "uploadedSegments": [segment.stored for segment in self.segments.uploaded()],
            "destinations": DESTINATIONS,
            "integrations": [item for items in INTEGRATIONS.values() for item in items],
            "segments": [segment.stored for segment in SEGMENTS.values()],
        }
