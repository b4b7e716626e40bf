"""OAuth connections, the attempts to create them, and the consent page."""

from __future__ import annotations

import html
import secrets
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from airflow_provider_activation.sandbox.core import checks
from airflow_provider_activation.sandbox.core.clock import iso
from airflow_provider_activation.sandbox.core.errors import Invalid
from airflow_provider_activation.sandbox.core.messages import Request, Response
from airflow_provider_activation.sandbox.core.pages import plain_page
from airflow_provider_activation.sandbox.core.reading import Fields
from airflow_provider_activation.sandbox.core.routing import Operations
from airflow_provider_activation.sandbox.core.settings import Settings
from airflow_provider_activation.sandbox.core.shelf import Shelf
from airflow_provider_activation.sandbox.core.traits import Traits
from airflow_provider_activation.sandbox.liveramp.paging import page
from airflow_provider_activation.sandbox.liveramp.seeds import ORGANISATION, destination_of_endpoint


@dataclass
class Attempt:
    """One attempt."""

    id: str
    endpoint_id: str
    started: float
    ticket: str
    """A secret part of the authorizationUrl: the id alone is not enough to consent."""
    redirect_url: str | None
    state: str | None
    connection_id: str | None
    """The connection to authorise again. Once AUTHORIZED, the connection of the attempt."""
    fail: bool
    granted: float | None = None
    denied: float | None = None
    done: bool = False


class OAuth(Operations):
    """The operations on attempts and OAuth connections."""

    table = (
        ("POST", "/v2/oauth-connection-attempts", "create_attempt"),
        ("GET", "/v2/oauth-connection-attempts/{id}", "get_attempt"),
        ("GET", "/v2/oauth-connections", "list_connections"),
        ("GET", "/v2/oauth-connections/{id}", "get_connection"),
        ("GET", "/consent/{attemptId}", "consent_page"),
        ("POST", "/consent/{attemptId}", "decide"),
    )
    makes = frozenset({"create_attempt"})

    def __init__(self, settings: Settings, traits: Traits, base: str) -> None:
        self._settings = settings
        self._traits = traits
        self._url = base
        self._attempts: Shelf[str, Attempt] = Shelf(
            traits, "oAuthConnectionAttempts", "OAuth connection attempt"
        )
        self._open: set[str] = set()
        self._connections: Shelf[str, dict[str, Any]] = Shelf(traits, "oAuthConnections", "OAuth connection")

    def settle(self, now: float) -> None:
        """Complete the attempts that are due."""
        step = self._settings.step_seconds
        for attempt_id in list(self._open):
            attempt = self._attempts.get(attempt_id)
            if attempt is None:
                continue
            if attempt.granted is None and self._settings.consent == "auto":
                due = attempt.started + step
                attempt.granted = due if now >= due else None
            if attempt.granted is not None and now >= attempt.granted + step:
                if not attempt.fail:
                    self._authorize(attempt, attempt.granted + step)
                attempt.done = True
            if attempt.done:
                self._open.discard(attempt_id)

    def _authorize(self, attempt: Attempt, timestamp: float) -> None:
        if attempt.connection_id is None:
            attempt.connection_id = str(4000001 + len(self._connections))
            destination = destination_of_endpoint(attempt.endpoint_id) or {"name": "?"}
            connection = {
                "id": attempt.connection_id,
                "name": f"{destination['name']} for {ORGANISATION['name']}",
                "oAuthEndpointID": attempt.endpoint_id,
                "createdAt": iso(timestamp),
                "updatedAt": iso(timestamp),
            }
            self._connections.add(attempt.connection_id, connection, self._attempts.owner(attempt.id))
        elif (known := self._connections.get(attempt.connection_id)) is not None:
            known["updatedAt"] = iso(timestamp)

    def check_connection(self, endpoint_id: str | None, connection_id: str | None) -> None:
        """Refuse an OAuth connection that the integration does not need, or a missing or wrong one."""
        if endpoint_id is None:
            if connection_id is not None:
                raise Invalid("oAuthConnectionID is given, but this integration needs no OAuth")
        elif connection_id is None:
            raise Invalid("oAuthConnectionID is required: the integration has an oAuthEndpointID")
        else:
            self._existing(endpoint_id, connection_id)

    def _existing(self, endpoint_id: str, connection_id: str) -> None:
        connection = self._connections.get(connection_id)
        if connection is None or connection["oAuthEndpointID"] != endpoint_id:
            raise Invalid(
                f"oAuthConnectionID {connection_id} is no connection of the OAuth endpoint {endpoint_id}"
            )

    def create_attempt(self, request: Request) -> Response:
        """Create an attempt. Only its GET returns the URL of the consent page."""
        request.need_no_query()
        fields = Fields(request.json())
        endpoint_id = fields.need("oAuthEndpointID", checks.filled_text)
        connection_id = fields.may("oAuthConnectionID", checks.filled_text)
        redirect_url = fields.may("redirectUrl", checks.url)
        state = fields.may("state", checks.text)
        fields.end()
        if destination_of_endpoint(endpoint_id) is None:
            raise Invalid(f"no OAuth endpoint {endpoint_id}")
        if connection_id is not None:
            self._existing(endpoint_id, connection_id)
        attempt = Attempt(
            id=str(uuid.uuid4()),
            endpoint_id=endpoint_id,
            started=self._settings.clock.now(),
            ticket=secrets.token_urlsafe(12),
            redirect_url=redirect_url,
            state=state,
            connection_id=connection_id,
            fail=request.fail,
        )
        self._attempts.add(attempt.id, attempt)
        self._open.add(attempt.id)
        return Response.json({"id": attempt.id}, 201)

    def get_attempt(self, request: Request, attempt_id: str) -> Response:
        """One attempt."""
        request.need_no_query()
        return Response.json(self._show(self._attempts.find(attempt_id)))

    def _attempt(self, attempt_id: str, ticket: str | None) -> Attempt | None:
        """The attempt of a consent page, if the ticket is valid."""
        attempt = self._attempts.get(attempt_id)
        if attempt is None or ticket is None:
            return None
        return attempt if secrets.compare_digest(ticket.encode(), attempt.ticket.encode()) else None

    def _status(self, attempt: Attempt) -> str:
        if attempt.denied is not None:
            return "FAILED"
        if attempt.done:
            return "FAILED" if attempt.fail else "AUTHORIZED"
        return "PENDING" if attempt.granted is None else "PROCESSING"

    def _show(self, attempt: Attempt) -> dict[str, Any]:
        status = self._status(attempt)
        shown: dict[str, Any] = {
            "id": attempt.id,
            "authorizationUrl": f"{self._url}/consent/{attempt.id}?{urlencode({'ticket': attempt.ticket})}",
            "status": status,
            "oAuthEndpointID": attempt.endpoint_id,
        }
        if attempt.redirect_url is not None:
            shown["redirectUrl"] = attempt.redirect_url
        if attempt.state is not None:
            shown["state"] = attempt.state
        if status == "AUTHORIZED":
            shown["oAuthConnectionID"] = attempt.connection_id
        if status == "FAILED":
            reason = (
                "The destination refused the grant." if attempt.denied is None else "The user denied access."
            )
            shown["statusDetail"] = reason
        return shown

    def state(self) -> dict[str, list[dict[str, Any]]]:
        """The attempts, of which the API has no list, and the OAuth connections."""
        return {
            "oAuthConnectionAttempts": self._attempts.books(self._show),
            "oAuthConnections": self._connections.books(dict),
        }

    def list_connections(self, request: Request) -> Response:
        """All OAuth connections, or those of one OAuth endpoint."""
        query = request.read_query()
        endpoint_id = query.may("oAuthEndpointID", checks.filled_text)
        found = [
            item for item in self._connections.listed() if endpoint_id in (None, item["oAuthEndpointID"])
        ]
        return page(self._traits, query, "v2/OauthConnections", found)

    def get_connection(self, request: Request, connection_id: str) -> Response:
        """One OAuth connection."""
        request.need_no_query()
        return Response.json(self._connections.find(connection_id))

    def consent_page(self, request: Request, attempt_id: str) -> Response:
        """The consent page."""
        query = request.read_query()
        ticket = query.may("ticket", checks.text)
        attempt = self._attempt(attempt_id, ticket)
        if attempt is None or ticket is None:
            return _unknown_page()
        status = self._status(attempt)
        if status != "PENDING":
            return plain_page("Nothing to decide", f"<p>This request has been decided: {status}.</p>")
        destination = destination_of_endpoint(attempt.endpoint_id) or {"name": "?"}
        name, organisation = html.escape(destination["name"]), html.escape(ORGANISATION["name"])
        return plain_page(
            f"{destination['name']}: authorise LiveRamp",
            f"<p><strong>LiveRamp</strong> asks to deliver audiences of <strong>{organisation}</strong> "
            f"to your account at <strong>{name}</strong>.</p>"
            "<p>This is the sandbox's stand-in for the destination's own page: no account is touched.</p>"
            f'<form method="post"><input type="hidden" name="ticket" value="{html.escape(ticket)}">'
            '<button name="decision" value="authorize">Authorize</button> '
            '<button name="decision" value="deny" class="quiet">Deny</button></form>',
        )

    def decide(self, request: Request, attempt_id: str) -> Response:
        """Store the person's decision."""
        form = Fields(dict(request.form()))
        ticket = form.need("ticket", checks.text)
        decision = form.need("decision", checks.one_of("authorize", "deny"))
        form.end()
        attempt = self._attempt(attempt_id, ticket)
        if attempt is None:
            return _unknown_page()
        if self._status(attempt) != "PENDING":
            return plain_page("Nothing to decide", "<p>This request has been decided before.</p>", 409)
        if decision == "authorize":
            attempt.granted = self._settings.clock.now()
        else:
            attempt.denied = self._settings.clock.now()
            attempt.done = True
        if attempt.redirect_url is not None:
            return Response(303, headers={"Location": _with_state(attempt.redirect_url, attempt.state)})
        said = "authorised" if decision == "authorize" else "denied"
        return plain_page(f"Access {said}", f"<p>Access {said}. You may close this page.</p>")


def _unknown_page() -> Response:
    return plain_page("Unknown request", "<p>This address belongs to no authorisation request.</p>", 404)


def _with_state(address: str, state: str | None) -> str:
    if state is None:
        return address
    parts = urlsplit(address)
    added = urlencode({"state": state})
    return parts._replace(query=f"{parts.query}&{added}" if parts.query else added).geturl()
