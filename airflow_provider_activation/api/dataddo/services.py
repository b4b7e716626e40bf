"""Dataddo: logging in, authorised services, and connectors.

Document, where an endpoint names no other: the vendor's description of the headless beta API.

A service holds a third party's credentials; a connector says how data is taken from that third party.
Signing in at a third party in a browser (``oauth-request-url``, ``oauth-process-callback``) is out of
scope, and so are the sixty connectors that the specification describes one by one: `run_connector_action`
takes the action's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from airflow_provider_activation.api.answers import each, fields, model
from airflow_provider_activation.api.call import NOTHING, Answer, Call, Safety, Token, get, request
from airflow_provider_activation.api.dataddo.common import (
    created,
    delete,
    endpoint,
    plain_json,
    updated_fields,
)
from airflow_provider_activation.api.dataddo.values import DebugResult
from airflow_provider_activation.api.models import Resource, TextId
from airflow_provider_activation.errors import InvalidRequest

__all__ = [
    "AuthorizedService",
    "Connector",
    "ConnectorOption",
    "Preview",
    "create_service",
    "create_typed_service",
    "debug_service",
    "delete_service",
    "get_connector_template",
    "get_service",
    "list_connector_templates",
    "list_connectors",
    "list_services",
    "log_in",
    "preview_connector",
    "run_connector_action",
    "update_service",
]


class AuthorizedService(Resource):
    """An authorised service: what holds the third party's credentials."""

    id: TextId = Field(min_length=1)
    service: str | None = None
    label: str | None = None


class Connector(Resource):
    id: TextId
    label: str | None = None


class ConnectorOption(Resource):
    """A value a connector's parameter may have; the action ``authorization`` answers services, with an id."""

    label: str | None = None
    value: Any = None
    id: TextId | None = None


class Preview(Resource):
    """Data loaded on trial. The specification's generic path answers the rows alone."""

    status: Any = None
    log: Any = None
    data: Any = None
    row_count: int | None = None


# Logging in


@endpoint
def log_in(email: str, password: str) -> Call[Token]:
    """POST /auth: what it hands out besides the token has to be sent back where it was handed out.

    Document: "Authentication".
    """
    return request("POST", "/auth", Safety.READ, _token, json={"email": email, "password": password})


# Services


@endpoint
def list_services() -> Call[list[AuthorizedService]]:
    """GET /services."""
    return get("/services", each(AuthorizedService))


@endpoint
def get_service(service_id: str) -> Call[AuthorizedService]:
    """GET /services/{service_id}: an untyped object in the specification."""
    return get("/services/{service_id}", model(AuthorizedService), service_id=service_id)


@endpoint
def create_service(
    service: str, data: Mapping[str, str], *, deprecated_names: bool = True
) -> Call[AuthorizedService]:
    """POST /services: hand over a third party's credentials.

    The end-to-end example sends ``service`` and ``data``; the specification calls them deprecated and
    names ``serviceName`` and ``config``. The example is followed. The id comes as a number in the example
    and as text on another page.

    Document: "End-to-end Example" and the description of the headless beta API.

    :param deprecated_names: False sends ``serviceName`` and ``config`` instead.
    """
    names = ("service", "data") if deprecated_names else ("serviceName", "config")
    return request(
        "POST",
        "/services",
        Safety.ONCE,
        created(AuthorizedService, "services"),
        json=dict(zip(names, (service, dict(data)), strict=True)),
    )


@endpoint
def create_typed_service(service: str, data: Mapping[str, str]) -> Call[AuthorizedService]:
    """POST /services/{service}: the specification's other way to hand over credentials."""
    return request(
        "POST",
        "/services/{service}",
        Safety.ONCE,
        created(AuthorizedService, "services"),
        json={"service": service, "data": dict(data)},
        service=service,
    )


@endpoint
def update_service(service_id: str, changes: Mapping[str, Any]) -> Call[dict[str, Any]]:
    """PUT /services/{service_id}: body and answer are untyped objects in the specification."""
    return request(
        "PUT",
        "/services/{service_id}",
        Safety.REPEATABLE,
        updated_fields,
        json=plain_json("changes", changes),
        service_id=service_id,
    )


@endpoint
def delete_service(service_id: str) -> Call[None]:
    """DELETE /services/{service_id}: fails while it is used; with which status is not documented."""
    return delete("/services/{service_id}", service_id=service_id)


@endpoint
def debug_service(service_id: str) -> Call[DebugResult]:
    """GET /services/{service_id}/debug: try the credentials."""
    return get("/services/{service_id}/debug", model(DebugResult), service_id=service_id)


# Connectors


@endpoint
def list_connectors() -> Call[list[Connector]]:
    """GET /connectors."""
    return get("/connectors", each(Connector))


@endpoint
def list_connector_templates(connector_id: str) -> Call[dict[str, Any]]:
    """GET /connectors/{connector_id}/templates: the templates stand under ``templates``."""
    return get(
        "/connectors/{connector_id}/templates",
        fields,
        connector_id=connector_id,
    )


@endpoint
def get_connector_template(connector_id: str, template_name: str) -> Call[dict[str, Any]]:
    """GET /connectors/{connector_id}/templates/{template_name}: its placeholders ask for ``parameters``."""
    return get(
        "/connectors/{connector_id}/templates/{template_name}",
        fields,
        connector_id=connector_id,
        template_name=template_name,
    )


@endpoint
def run_connector_action(
    connector_id: str,
    action: str,
    method: Literal["GET", "POST"] = "GET",
    inputs: Mapping[str, Any] | None = None,
) -> Call[list[ConnectorOption]]:
    """GET or POST /connectors/{connector_id}/actions/{action}: the values a parameter may have.

    The end-to-end example names two such calls "specific API endpoint" and no more: organization and
    account of Snapchat, both POST. A POST changes nothing here.

    Document: "End-to-end Example" and the description of the headless beta API.

    :param action: such as ``authorization``, ``organization``, ``metric``.
    :param method: the specification has GET for what needs no inputs.
    :param inputs: what was chosen so far, such as ``{"oAuthId": "1000"}``.
    """
    if method not in ("GET", "POST"):
        raise InvalidRequest(f"method must be GET or POST, but is the {type(method).__name__} {method!r}.")
    if method == "GET" and inputs is not None:
        raise InvalidRequest("inputs can be given with the method POST only.")
    return request(
        method,
        "/connectors/{connector_id}/actions/{action}",
        Safety.READ,
        each(ConnectorOption),
        json=NOTHING if method == "GET" else plain_json("inputs", inputs or {}),
        connector_id=connector_id,
        action=action,
    )


@endpoint
def preview_connector(connector_id: str, payload: Mapping[str, Any]) -> Call[Preview]:
    """POST /connectors/{connector_id}/preview: load on trial what such a source would; nothing is made.

    The documented step before `create_source`, with the same payload. The specification's generic path
    answers the rows alone, its connectors' own paths an object with the rows under ``data``.
    """
    return request(
        "POST",
        "/connectors/{connector_id}/preview",
        Safety.READ,
        _preview,
        json=plain_json("payload", payload),
        connector_id=connector_id,
    )


def _preview(answer: Answer) -> Preview:
    reply = answer.json()
    return Preview.model_validate({"data": reply} if isinstance(reply, list) else reply)


def _token(answer: Answer) -> Token:
    reply = answer.json()
    access_token = reply["access_token"]
    if not isinstance(access_token, str) or not access_token:
        raise ValueError("access_token is empty")
    headers = {"Authorization": f"Bearer {access_token}"}
    for header, name in (("X-Realm-Id", "realm_id"), ("X-Provider", "provider")):
        if reply.get(name) is not None:
            headers[header] = str(reply[name])
    secrets = tuple(
        value for name in ("access_token", "refresh_token") if isinstance(value := reply.get(name), str)
    )
    return Token(headers, float(reply.get("expires_in") or 3600), secrets)
