"""LiveRamp Activation API v2: tokens, the catalogue of destinations, and the way to the rest."""

from __future__ import annotations

from typing import Any

from airflow_provider_activation.sandbox.core.messages import Answer, Incoming, Refused, Route
from airflow_provider_activation.sandbox.core.reading import (
    Invalid,
    one_of,
)
from airflow_provider_activation.sandbox.core.service import Service, bearer
from airflow_provider_activation.sandbox.core.settings import Settings, Tokens, Vault
from airflow_provider_activation.sandbox.liveramp.connections import (
    CONNECTION_ROUTES,
    IntegrationConnections,
)
from airflow_provider_activation.sandbox.liveramp.distribution import DISTRIBUTION_ROUTES, Distribution
from airflow_provider_activation.sandbox.liveramp.managers import MANAGER_ROUTES, Managers
from airflow_provider_activation.sandbox.liveramp.oauth import OAUTH_ROUTES, OAuth
from airflow_provider_activation.sandbox.liveramp.paging import page
from airflow_provider_activation.sandbox.liveramp.seeds import (
    DESTINATIONS,
    INTEGRATION_TYPES,
    INTEGRATIONS,
    ORGANISATION,
    SEGMENTS,
    integration_of,
)
from airflow_provider_activation.sandbox.liveramp.segments import SEGMENT_ROUTES, Segments

ERROR_CODES = {
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    422: "VALIDATION_ERROR",
}


class LiveRamp(Service):
    """One organisation at LiveRamp."""

    name = "liveramp"
    title = "LiveRamp Activation API"
    invalid_status = 422
    beside_api = ("/consent/", "/upload")
    seeded = frozenset({"destinations", "integrations", "segments"})

    def __init__(self, settings: Settings, vault: Vault) -> None:
        super().__init__(settings, vault)
        self.tokens = Tokens(vault, settings.clock, settings.token_seconds or 600)
        self.integration_connections: dict[str, dict[str, Any]] = {}
        self.oauth = OAuth(settings, self.url)
        self.segments = Segments()
        self.distribution = Distribution(settings, self.integration_connections, self.segments)
        self.managers = Managers(settings, self.integration_connections, self.distribution)
        connections = IntegrationConnections(
            settings, self.integration_connections, self.oauth, self.managers
        )
        self.routes = [
            Route("POST", "/authn/v1/oauth2/token", self.issue_token),
            Route("GET", "/v2/destinations", self.list_destinations),
            Route("GET", "/v2/destinations/{id}", self.get_destination),
            Route("GET", "/v2/destinations/{destId}/integrations", self.list_integrations),
            Route("GET", "/v2/destinations/{destId}/integrations/{id}", self.get_integration),
            *(
                Route(method, template, getattr(part, verb))
                for part, routes in (
                    (self.oauth, OAUTH_ROUTES),
                    (self.segments, SEGMENT_ROUTES),
                    (connections, CONNECTION_ROUTES),
                    (self.managers, MANAGER_ROUTES),
                    (self.distribution, DISTRIBUTION_ROUTES),
                )
                for method, template, verb in routes
            ),
        ]

    def error(self, status: int, message: str) -> Answer:
        """The flat StandardError."""
        code = ERROR_CODES.get(status, "INTERNAL_ERROR" if status >= 500 else "REQUEST_ERROR")
        return Answer.json({"httpStatus": status, "errorCode": code, "message": message}, status)

    def authenticate(self, incoming: Incoming) -> None:
        """A living token and the organisation on everything under /v2."""
        if not incoming.raw_path.startswith("/v2/"):
            return
        token = bearer(incoming)
        if token is None:
            raise Refused(401, "Authorization: Bearer is missing")
        verdict = self.tokens.verdict(token)
        if verdict == "unknown":
            raise Refused(401, "the access token is not valid")
        if verdict == "expired":
            # The documents say 403 here, not 401.
            raise Refused(403, "the access token has expired")
        organisation = incoming.headers.get("lr-org-id")
        if organisation is None:
            raise Refused(422, "the header LR-Org-ID is required")
        if organisation != ORGANISATION["id"]:
            raise Refused(403, f"no access to the organisation {organisation}")

    def settle(self, now: float) -> None:
        """Complete the authorisations that have become due, stop the distributions that have expired."""
        self.oauth.settle(now)
        self.managers.settle(now)

    def expire_tokens(self) -> None:
        """End every access token."""
        self.tokens.expire_all()

    def issue_token(self, incoming: Incoming) -> Answer:
        """The password grant of the token endpoint; its errors have OAuth's own form."""
        try:
            incoming.read_query().end()
            pairs = incoming.form()
        except Invalid as refused:
            return _grant_error("invalid_request", str(refused))
        given = dict(pairs)
        if len(given) < len(pairs):
            return _grant_error("invalid_request", "a parameter is repeated")
        known = {"grant_type", "username", "password", "client_id", "scope", "response_type"}
        for name in ("grant_type", "username", "password", "client_id"):
            if not given.get(name):
                return _grant_error("invalid_request", f"{name} is required")
        if unknown := sorted(set(given) - known):
            return _grant_error("invalid_request", f"unknown parameter {unknown[0]}")
        if given["grant_type"] != "password":
            return _grant_error("unsupported_grant_type", "grant_type must be password")
        if given["client_id"] != "liveramp-api":
            return _grant_error("invalid_client", "client_id must be liveramp-api")
        if given.get("scope", "openid") != "openid":
            return _grant_error("invalid_scope", "scope must be openid")
        if given.get("response_type", "token") != "token":
            return _grant_error("unsupported_response_type", "response_type must be token")
        if (given["username"], given["password"]) != (
            self.settings.secret("liveramp_service_account"),
            self.settings.secret("liveramp_secret_key"),
        ):
            return _grant_error("invalid_grant", "the account id or the secret key is wrong")
        return Answer.json(
            {"access_token": self.tokens.issue(), "token_type": "Bearer", "expires_in": self.tokens.seconds}
        )

    def list_destinations(self, incoming: Incoming) -> Answer:
        """All destinations."""
        return page(incoming.read_query(), "v2/Destinations", DESTINATIONS)

    def get_destination(self, incoming: Incoming, destination_id: str) -> Answer:
        """One destination."""
        incoming.read_query().end()
        return Answer.json(_destination(destination_id))

    def list_integrations(self, incoming: Incoming, destination_id: str) -> Answer:
        """The integrations of a destination, the unavailable ones only in the wider view."""
        _destination(destination_id)
        query = incoming.read_query()
        kind = query.may("type", one_of(*INTEGRATION_TYPES))
        view = query.may("view", one_of("STANDARD", "STANDARD_WITH_UNAVAILABLE"))
        found = [
            integration
            for integration in INTEGRATIONS[destination_id]
            if kind in (None, integration["type"])
            and (view == "STANDARD_WITH_UNAVAILABLE" or "unavailableReason" not in integration)
        ]
        return page(query, "integrations", found)

    def get_integration(self, incoming: Incoming, destination_id: str, integration_id: str) -> Answer:
        """One integration."""
        _destination(destination_id)
        incoming.read_query().end()
        integration = integration_of(destination_id, integration_id)
        if integration is None:
            raise Refused(404, f"destination {destination_id} has no integration {integration_id}")
        return Answer.json(integration)

    def connections(self) -> dict[str, dict[str, Any]]:
        """liveramp_default."""
        return {
            "liveramp_default": {
                "conn_type": "liveramp",
                "host": self.url,
                "login": self.settings.secret("liveramp_service_account"),
                "password": self.settings.secret("liveramp_secret_key"),
                "extra": {"org_id": ORGANISATION["id"], "token_url": f"{self.url}/authn/v1/oauth2/token"},
            }
        }

    def state(self) -> dict[str, list[dict[str, Any]]]:
        """The catalogue, authorisations, connections and deliveries."""
        self.settle(self.now())
        return {
            "oAuthConnectionAttempts": self.oauth.attempts_now(),
            "oAuthConnections": list(self.oauth.connections.values()),
            "integrationConnections": list(self.integration_connections.values()),
            **self.distribution.state(),
            "uploadedSegments": [segment.held for segment in self.segments.uploaded()],
            "destinations": DESTINATIONS,
            "integrations": [item for items in INTEGRATIONS.values() for item in items],
            "segments": [segment.held for segment in SEGMENTS.values()],
        }


def _destination(destination_id: str) -> dict[str, Any]:
    for destination in DESTINATIONS:
        if destination["id"] == destination_id:
            return destination
    raise Refused(404, f"no destination {destination_id}")


def _grant_error(error: str, description: str) -> Answer:
    return Answer.json({"error": error, "error_description": description}, 400)
