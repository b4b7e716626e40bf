"""Dataddo: logging in, authorised services, and connectors.

Document, where an endpoint names no other: the vendor's description of the headless beta API.

An authorised service holds a third party's credentials; a connector loads data from this third party.
Signing in at a third party in a browser (``oauth-request-url``, ``oauth-process-callback``) is out of
scope. So are the sixty connectors that the specification describes one by one: `run_connector_action`
takes the action's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from airflow_provider_activation.api.answers import bearer_token, each, fields, model, nothing
from airflow_provider_activation.api.call import (
    Answer,
    Call,
    Safety,
    Token,
    delete,
    get,
    post,
    put,
    request,
)
from airflow_provider_activation.api.dataddo.common import created, endpoint, plain_json, updated_fields
from airflow_provider_activation.api.dataddo.values import ConnectorOption, DebugResult, options_of
from airflow_provider_activation.api.models import Label, Resource, TextId

__all__ = [
    "AuthorizedService",
    "Connector",
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
    "run_service_action",
    "update_service",
]


class AuthorizedService(Resource):
    """An authorised service. It holds a third party's credentials, which cannot be read back."""

    id: TextId = Field(min_length=1)
    service: str | None = None
    label: Label = None


class Connector(Resource):
    id: TextId
    label: Label = None


class Preview(Resource):
    """Rows that a source would load. The specification's generic path returns ``data`` only."""

    status: Any = None
    log: Any = None
    data: Any = None
    row_count: int | None = None


@endpoint
def log_in(email: str, password: str) -> Call[Token]:
    """Get an access token: POST /auth. Document: "Authentication".

    The response may hold a realm and a provider beside the token; later calls send them back.
    """
    return request("POST", "/auth", Safety.READ, _token, json={"email": email, "password": password})


# Authorised services


@endpoint
def list_services() -> Call[list[AuthorizedService]]:
    """List all authorised services: GET /services."""
    return get("/services", each(AuthorizedService))


@endpoint
def get_service(service_id: str) -> Call[AuthorizedService]:
    """Read an authorised service: GET /services/{service_id}. The specification leaves its fields open."""
    return get("/services/{service_id}", model(AuthorizedService, id=service_id), service_id=service_id)


@endpoint
def create_service(
    service: str, data: Mapping[str, Any], *, deprecated_names: bool = True
) -> Call[AuthorizedService]:
    """Authorise a service with a third party's credentials: POST /services.

    Document: "End-to-end Example" and the description of the headless beta API. The example sends ``service``
    and ``data``, and is followed; the specification calls them deprecated and names ``serviceName`` and
    ``config``. The id is a number in the example and text on another page.

    :param service: for example ``snapchat_static``.
    :param data: the credentials, plain JSON.
    :param deprecated_names: False sends ``serviceName`` and ``config`` instead.
    """
    names = ("service", "data") if deprecated_names else ("serviceName", "config")
    body = dict(zip(names, (service, plain_json("data", data)), strict=True))
    return post("/services", created(AuthorizedService, "services"), body)


@endpoint
def create_typed_service(service: str, data: Mapping[str, Any]) -> Call[AuthorizedService]:
    """Authorise a service by its credentials, the specification's second way: POST /services/{service}."""
    body = {"service": service, "data": plain_json("data", data)}
    return post("/services/{service}", created(AuthorizedService, "services"), body, service=service)


@endpoint
def update_service(service_id: str, changes: Mapping[str, Any]) -> Call[dict[str, Any]]:
    """Change an authorised service by plain JSON: PUT /services/{service_id}.

    The specification leaves the fields of the body and of the response open.
    """
    body = plain_json("changes", changes)
    return put("/services/{service_id}", updated_fields, body, service_id=service_id)


@endpoint
def delete_service(service_id: str) -> Call[None]:
    """Delete an authorised service: DELETE /services/{service_id}.

    It fails while a source uses the service; the documents do not say with which status.
    """
    return delete("/services/{service_id}", nothing, service_id=service_id)


@endpoint
def debug_service(service_id: str) -> Call[DebugResult]:
    """Try the credentials of an authorised service: GET /services/{service_id}/debug."""
    return get("/services/{service_id}/debug", model(DebugResult), service_id=service_id)


# Connectors


@endpoint
def list_connectors() -> Call[list[Connector]]:
    """List all connectors: GET /connectors."""
    return get("/connectors", each(Connector))


@endpoint
def list_connector_templates(connector_id: str) -> Call[dict[str, Any]]:
    """List the templates of a connector, in ``templates``: GET /connectors/{connector_id}/templates."""
    return get("/connectors/{connector_id}/templates", fields, connector_id=connector_id)


@endpoint
def get_connector_template(connector_id: str, template_name: str) -> Call[dict[str, Any]]:
    """Read a template of a connector: GET /connectors/{connector_id}/templates/{template_name}.

    A source made from it needs a value in its ``parameters`` for each placeholder.
    """
    path = "/connectors/{connector_id}/templates/{template_name}"
    return get(path, fields, connector_id=connector_id, template_name=template_name)


@endpoint
def run_connector_action(
    connector_id: str,
    action: str,
    method: Literal["GET", "POST"] = "GET",
    inputs: Mapping[str, Any] | None = None,
) -> Call[list[ConnectorOption]]:
    """List the values that a parameter may have: GET or POST /connectors/{connector_id}/actions/{action}.

    Document: "End-to-end Example" and the description of the headless beta API. A POST changes nothing here.
    The example has two such calls, for the organization and the account of Snapchat, and calls them only
    "specific API endpoint"; both are POST.

    :param action: for example ``authorization``, ``organization`` or ``metric``.
    :param method: the specification has GET for most actions without inputs, and POST for some.
    :param inputs: the values chosen so far, for example ``{"oAuthId": "1000"}``; no body is sent if left out.
    :raises InvalidRequest: the method is another, or inputs are given with GET.
    """
    path = "/connectors/{connector_id}/actions/{action}"
    return options_of(path, method, inputs, connector_id=connector_id, action=action)


@endpoint
def run_service_action(
    service: str,
    action: str,
    method: Literal["GET", "POST"] = "GET",
    inputs: Mapping[str, Any] | None = None,
) -> Call[list[ConnectorOption]]:
    """List the values that a part of a service's credentials may have.

    GET or POST /services/{service}/actions/{action}. A POST changes nothing here.

    :param service: its name, for example ``amazon_seller_partner``.
    :param method: as for `run_connector_action`.
    :param inputs: as for `run_connector_action`.
    :raises InvalidRequest: the method is another, or inputs are given with GET.
    """
    return options_of("/services/{service}/actions/{action}", method, inputs, service=service, action=action)


@endpoint
def preview_connector(connector_id: str, payload: Mapping[str, Any]) -> Call[Preview]:
    """Show the rows that a source would load: POST /connectors/{connector_id}/preview. Creates nothing.

    This is the documented step before `create_source`. The specification's generic path returns a list of
    rows; the paths of its single connectors return an object with the rows under ``data``.

    :param payload: as for `create_source`.
    """
    path, body = "/connectors/{connector_id}/preview", plain_json("payload", payload)
    return request("POST", path, Safety.READ, _preview, json=body, connector_id=connector_id)


def _preview(answer: Answer) -> Preview:
    reply = answer.json()
    return Preview.model_validate({"data": reply} if isinstance(reply, list) else reply)


def _token(answer: Answer) -> Token:
    return bearer_token(answer, 3600, {"X-Realm-Id": "realm_id", "X-Provider": "provider"})
