"""Dataddo's services: the third-party credentials it keeps, and never shows."""

from __future__ import annotations

import itertools
from typing import Any

from airflow_provider_activation.sandbox.core.messages import Answer, Incoming, Refused, Route
from airflow_provider_activation.sandbox.core.reading import (
    Fields,
    Invalid,
    any_object,
    filled_text,
    one_of,
    text,
)
from airflow_provider_activation.sandbox.core.service import iso
from airflow_provider_activation.sandbox.dataddo.account import CUSTOMER_ID, Account
from airflow_provider_activation.sandbox.dataddo.catalogue import SNAPCHAT_SERVICE

OLDER = ("service", "data")
NEWER = ("serviceName", "config")


class Services:
    """The services of an account."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._ids = itertools.count(1000)

    def routes(self) -> list[Route]:
        """What is answered here."""
        return [
            Route("GET", "/services", self.list_services),
            Route("POST", "/services", self.create),
            Route("POST", "/services/{service}", self.create_typed),
            Route("GET", "/services/{id}", self.get),
            Route("PUT", "/services/{id}", self.update),
            Route("DELETE", "/services/{id}", self.delete),
            Route("GET", "/services/{id}/debug", self.debug),
        ]

    def list_services(self, incoming: Incoming) -> Answer:
        """All services."""
        incoming.read_query().end()
        return Answer.json(list(self._account.services.values()))

    def create(self, incoming: Incoming) -> Answer:
        """Store credentials, in the older form (service, data) or the newer one."""
        incoming.read_query().end()
        fields = Fields(incoming.json())
        kind, content = _form(fields)
        fields.need(kind, one_of(SNAPCHAT_SERVICE))
        label = self._read_credentials(fields.need(content, any_object), content)
        fields.end()
        return self._store(label)

    def create_typed(self, incoming: Incoming, service: str) -> Answer:
        """The same at the service's own address, which is described in the older form only."""
        incoming.read_query().end()
        if service != SNAPCHAT_SERVICE:
            raise Refused(404, f"no such kind of service: {service}")
        fields = Fields(incoming.json())
        fields.need("service", one_of(service))
        label = self._read_credentials(fields.need("data", any_object), "data")
        fields.end()
        return self._store(label)

    def get(self, incoming: Incoming, service_id: str) -> Answer:
        """One service."""
        incoming.read_query().end()
        return Answer.json(self._account.service(service_id))

    def update(self, incoming: Incoming, service_id: str) -> Answer:
        """Another label, other credentials, or both; the body is documented as an object only."""
        incoming.read_query().end()
        service = self._account.service(service_id)
        fields = Fields(incoming.json())
        kind, content = _form(fields)
        label = fields.may("label", filled_text)
        fields.may(kind, one_of(service["service"]))
        credentials = fields.may(content, any_object)
        fields.end()
        if label is None and credentials is None:
            raise Invalid("nothing to change: give label or data")
        if credentials is not None:
            label = self._read_credentials(credentials, content) or label
        service.update(label=label or service["label"], last_action=iso(self._account.now()))
        return Answer.json(service)

    def delete(self, incoming: Incoming, service_id: str) -> Answer:
        """Forget a service, unless something uses it; with which status that is refused is undocumented."""
        incoming.read_query().end()
        number = self._account.service(service_id)["id"]
        used = [source.service for source in self._account.sources.values()]
        used += [destination["o_auth_id"] for destination in self._account.destinations.values()]
        if number in used:
            raise Refused(409, f"the service {number} is being used")
        del self._account.services[number]
        return Answer(204)

    def debug(self, incoming: Incoming, service_id: str) -> Answer:
        """Try the credentials."""
        incoming.read_query().end()
        service = self._account.service(service_id)
        return Answer.json(self._account.debug(incoming, f"Signing in with {service['label']}"))

    def _read_credentials(self, value: object, where: str) -> str | None:
        """Check what Snapchat would check; the label that was given along."""
        data = Fields(value, where)
        given = tuple(data.need(name, filled_text) for name in ("staticKey", "clientId", "clientSecret"))
        label = data.may("label", text)
        data.end()
        wanted = ("snapchat_refresh_token", "snapchat_client_id", "snapchat_client_secret")
        if given != tuple(self._account.settings.secret(name) for name in wanted):
            raise Refused(400, "Snapchat did not accept these credentials")
        return label

    def _store(self, label: str | None) -> Answer:
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
        self._account.services[number] = stored
        return Answer.json({"id": number})


def _form(fields: Fields) -> tuple[str, str]:
    newer = any(name in fields for name in NEWER)
    if newer and any(name in fields for name in OLDER):
        raise Invalid("give service and data, or serviceName and config, not a mixture")
    return NEWER if newer else OLDER
