"""Services: credentials for third parties. They are never shown."""

from __future__ import annotations

import itertools
from typing import Any

from airflow_provider_activation.sandbox.core import checks
from airflow_provider_activation.sandbox.core.clock import iso
from airflow_provider_activation.sandbox.core.errors import Invalid, Refused
from airflow_provider_activation.sandbox.core.messages import Request, Response
from airflow_provider_activation.sandbox.core.reading import Fields
from airflow_provider_activation.sandbox.dataddo.account import CUSTOMER_ID, Account, AccountOperations
from airflow_provider_activation.sandbox.dataddo.catalogue import SNAPCHAT_SERVICE, options

REGIONS = {"eu": "Europe", "us": "United States"}
OLDER = ("service", "data")
NEWER = ("serviceName", "config")


class Services(AccountOperations):
    """The operations on services."""

    table = (
        ("GET", "/services", "list_services"),
        ("POST", "/services", "create"),
        ("POST", "/services/{service}", "create_typed"),
        ("GET", "/services/{id}", "get"),
        ("PUT", "/services/{id}", "update"),
        ("DELETE", "/services/{id}", "delete"),
        ("GET", "/services/{id}/debug", "debug"),
        ("GET", "/services/{service}/actions/{action}", "list_options"),
        ("POST", "/services/{service}/actions/{action}", "list_options_for"),
    )
    makes = frozenset({"create", "create_typed"})

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self._ids = itertools.count(1000)

    def list_services(self, request: Request) -> Response:
        """All services."""
        request.need_no_query()
        return Response.json(self._account.services.listed())

    def create(self, request: Request) -> Response:
        """Store credentials, in the old form (service, data) or the new one."""
        request.need_no_query()
        fields = Fields(request.json())
        kind, content = _form(fields)
        fields.need(kind, checks.one_of(SNAPCHAT_SERVICE))
        label = self._read_credentials(fields.need(content, checks.any_object), content)
        fields.end()
        return self._store(label)

    def create_typed(self, request: Request, service: str) -> Response:
        """Store credentials under the type of the service. The documents describe the old form only."""
        request.need_no_query()
        if service != SNAPCHAT_SERVICE:
            raise Refused(404, f"no such kind of service: {service}")
        fields = Fields(request.json())
        fields.need("service", checks.one_of(service))
        label = self._read_credentials(fields.need("data", checks.any_object), "data")
        fields.end()
        return self._store(label)

    def get(self, request: Request, service_id: str) -> Response:
        """One service."""
        request.need_no_query()
        return Response.json(self._account.service(service_id))

    def update(self, request: Request, service_id: str) -> Response:
        """Change the label or the credentials. The documents describe the body as an object only."""
        request.need_no_query()
        service = self._account.service(service_id)
        fields = Fields(request.json())
        kind, content = _form(fields)
        label = fields.may("label", checks.filled_text)
        fields.may(kind, checks.one_of(service["service"]))
        credentials = fields.may(content, checks.any_object)
        fields.end()
        if label is None and credentials is None:
            raise Invalid("nothing to change: give label or data")
        if credentials is not None:
            label = self._read_credentials(credentials, content) or label
        with self._account.services.changing(service):
            service.update(label=label or service["label"], last_action=iso(self._account.now()))
        return Response.json(service)

    def delete(self, request: Request, service_id: str) -> Response:
        """Delete a service. It is refused while the service is used, with an undocumented status."""
        request.need_no_query()
        number = self._account.service(service_id)["id"]
        used = [source.service for source in self._account.sources.values()]
        used += [destination["o_auth_id"] for destination in self._account.destinations.values()]
        if number in used:
            raise Refused(409, f"the service {number} is being used")
        self._account.services.remove(number)
        return Response(204)

    def debug(self, request: Request, service_id: str) -> Response:
        """Check the credentials."""
        request.need_no_query()
        service = self._account.service(service_id)
        return Response.json(self._account.debug(request, f"Signing in with {service['label']}"))

    def list_options(self, request: Request, service: str, action: str) -> Response:
        """The options of a part of the credentials. The documents describe no action; there is one here."""
        request.need_no_query()
        _check_action(service, action, "region")
        return Response.json(options(REGIONS))

    def list_options_for(self, request: Request, service: str, action: str) -> Response:
        """The scopes in a region; those of all regions without one."""
        request.need_no_query()
        _check_action(service, action, "scope")
        fields = Fields(request.json() if request.body else {})
        region = fields.may("region", checks.one_of(*REGIONS))
        fields.end()
        scopes = {
            f"{one}.read": f"Read in {label}" for one, label in REGIONS.items() if region in (None, one)
        }
        return Response.json(options(scopes))

    def _read_credentials(self, value: object, where: str) -> str | None:
        """Check the credentials; return their label."""
        data = Fields(value, where)
        given = tuple(
            data.need(name, checks.filled_text) for name in ("staticKey", "clientId", "clientSecret")
        )
        label = data.may("label", checks.text)
        data.end()
        wanted = ("snapchat_refresh_token", "snapchat_client_id", "snapchat_client_secret")
        if given != tuple(self._account.settings.secret(name) for name in wanted):
            raise Refused(400, "Snapchat did not accept these credentials")
        return label

    def _store(self, label: str | None) -> Response:
        number = next(self._ids)
        stored: dict[str, Any] = {
            "id": number,
            "service": SNAPCHAT_SERVICE,
            "label": label or f"Snapchat {number}",
            "last_action": iso(self._account.now()),
            "status": True,
            "status_detail": None,
            "customer_id": CUSTOMER_ID,
            "service_type": "static",
        }
        self._account.services.add(number, stored)
        return Response.json({"id": number})


def _check_action(service: str, action: str, known: str) -> None:
    if (service, action) != (SNAPCHAT_SERVICE, known):
        raise Refused(404, f"the service {service} has no action {action}")


def _form(fields: Fields) -> tuple[str, str]:
    newer = any(name in fields for name in NEWER)
    if newer and any(name in fields for name in OLDER):
        raise Invalid("give service and data, or serviceName and config, not a mixture")
    return NEWER if newer else OLDER
