"""Dataddo headless API: sign-in, services, connector actions, sources and flows."""

from __future__ import annotations

import itertools
import re
import secrets
from typing import Any

from airflow_provider_activation.sandbox.dataddo_extraction import EXTRACTION_ROUTES, Extractions
from airflow_provider_activation.sandbox.dataddo_runs import Runs, read_write
from airflow_provider_activation.sandbox.dataddo_source import (
    ACCOUNTS,
    CUSTOMER_ID,
    ORGANISATIONS,
    read_snapchat_source,
)
from airflow_provider_activation.sandbox.messages import Answer, Incoming, Refused, Route
from airflow_provider_activation.sandbox.reading import (
    Check,
    Fields,
    Invalid,
    array,
    either,
    filled_text,
    integer,
    one_of,
    text,
)
from airflow_provider_activation.sandbox.service import Service, bearer, iso
from airflow_provider_activation.sandbox.settings import Settings, Tokens, Vault

REALM_ID = 101
PROVIDER = "password"

# A number in one document, a string in the other.
service_id: Check[int | str] = either(integer(1), filled_text)


class Dataddo(Service):
    """One customer's account."""

    name = "dataddo"
    title = "Dataddo headless API"
    seeded = frozenset({"organizations", "accounts"})

    def __init__(self, settings: Settings, vault: Vault) -> None:
        super().__init__(settings, vault)
        self.tokens = Tokens(vault, settings.clock, settings.token_seconds or 3600)
        self.services: dict[int, dict[str, Any]] = {}
        self.sources: dict[str, dict[str, Any]] = {}
        self.flows: dict[str, dict[str, Any]] = {}
        self.runs: dict[str, Runs] = {}
        self.extractions = Extractions(settings.clock, self.sources, self.runs)
        self._service_ids = itertools.count(1000)
        self._action_ids = itertools.count(500001)
        self.routes = [
            Route("POST", "/auth", self.sign_in),
            Route("POST", "/services", self.create_service),
            Route("GET", "/services", self.list_services),
            Route("POST", "/connectors/snapchat/actions/organization", self.list_organizations),
            Route("POST", "/connectors/snapchat/actions/account", self.list_accounts),
            Route("POST", "/connectors/snapchat/create-source", self.create_source),
            Route("GET", "/sources", self.list_sources),
            Route("GET", "/sources/{id}", self.get_source),
            Route("GET", "/sources/{id}/metadata", self.get_source_metadata),
            *(
                Route(method, template, getattr(self.extractions, verb))
                for method, template, verb in EXTRACTION_ROUTES
            ),
            Route("POST", "/flows", self.create_flow),
            Route("GET", "/flows", self.list_flows),
            Route("GET", "/flows/by-source/{sourceId}", self.list_flows_by_source),
            Route("GET", "/flows/{id}", self.get_flow),
            Route("GET", "/flows/{id}/status", self.get_flow_status),
            Route("POST", "/flows/{id}/write/enqueue", self.enqueue_write),
        ]

    def error(self, status: int, message: str) -> Answer:
        """A JSON message; the documents describe no error body."""
        return Answer.json({"message": message}, status)

    def authenticate(self, incoming: Incoming) -> None:
        """A living token on everything but the sign-in; realm and provider must fit when they are sent."""
        if incoming.path == "/auth":
            return
        token = bearer(incoming)
        if token is None or self.tokens.verdict(token) != "good":
            raise Refused(401, "the access token is missing, wrong or expired")
        if incoming.headers.get("x-realm-id", str(REALM_ID)) != str(REALM_ID):
            raise Refused(403, "X-Realm-Id is not the realm of this token")
        if incoming.headers.get("x-provider", PROVIDER) != PROVIDER:
            raise Refused(403, "X-Provider is not the provider of this token")

    def expire_tokens(self) -> None:
        """End every access token."""
        self.tokens.expire_all()

    def sign_in(self, incoming: Incoming) -> Answer:
        """E-mail and password for a pair of tokens."""
        incoming.read_query().end()
        fields = Fields(incoming.json())
        email, password = fields.need("email", filled_text), fields.need("password", filled_text)
        fields.end()
        if (email, password) != (
            self.settings.secret("dataddo_email"),
            self.settings.secret("dataddo_password"),
        ):
            raise Refused(401, "the e-mail or the password is wrong")
        return Answer.json(
            {
                "access_token": self.tokens.issue(),
                "refresh_token": self.vault.issue(),
                "expires_in": self.tokens.seconds,
                "realm_id": REALM_ID,
                "provider": PROVIDER,
            }
        )

    def create_service(self, incoming: Incoming) -> Answer:
        """Store third-party credentials, in the older form (service, data) or the newer one."""
        incoming.read_query().end()
        fields = Fields(incoming.json())
        old, new = ("service", "data"), ("serviceName", "config")
        if any(name in fields for name in old) and any(name in fields for name in new):
            raise Invalid("give service and data, or serviceName and config, not a mixture")
        kind, content = new if any(name in fields for name in new) else old
        fields.need(kind, one_of("snapchat_static"))
        data = Fields(fields.need(content, lambda value, where: value), content)
        fields.end()
        given = tuple(data.need(name, filled_text) for name in ("staticKey", "clientId", "clientSecret"))
        label = data.may("label", text)
        data.end()
        wanted = ("snapchat_refresh_token", "snapchat_client_id", "snapchat_client_secret")
        if given != tuple(self.settings.secret(name) for name in wanted):
            raise Refused(400, "Snapchat did not accept these credentials")
        number = next(self._service_ids)
        self.services[number] = {
            "id": number,
            "service": "snapchat_static",
            "label": label or f"Snapchat {number}",
            "last_action": iso(self.now()),
            "status": True,
            "status_detail": None,
            "customer_id": CUSTOMER_ID,
            "service_type": "static",
        }
        return Answer.json({"id": number})

    def list_services(self, incoming: Incoming) -> Answer:
        """All services, never their credentials."""
        incoming.read_query().end()
        return Answer.json(list(self.services.values()))

    def _check_service(self, given: int | str) -> int:
        if re.fullmatch(r"[0-9]{1,18}", str(given), re.ASCII) and int(given) in self.services:
            return int(given)
        raise Invalid(f"oAuthId names no service: {given}")

    def list_organizations(self, incoming: Incoming) -> Answer:
        """The Snapchat organizations that a service may use."""
        incoming.read_query().end()
        fields = Fields(incoming.json())
        self._check_service(fields.need("oAuthId", service_id))
        fields.end()
        return Answer.json([{"label": label, "value": value} for value, label in ORGANISATIONS.items()])

    def list_accounts(self, incoming: Incoming) -> Answer:
        """The accounts of a Snapchat organization."""
        incoming.read_query().end()
        fields = Fields(incoming.json())
        self._check_service(fields.need("oAuthId", service_id))
        organization = fields.need("organizationId", one_of(*ORGANISATIONS))
        fields.end()
        return Answer.json(
            [{"label": label, "value": value} for value, label in ACCOUNTS[organization].items()]
        )

    def create_source(self, incoming: Incoming) -> Answer:
        """A new Snapchat source; labels need not be unique."""
        incoming.read_query().end()
        parameters, oauth_id = read_snapchat_source(incoming.json())
        service = self._check_service(oauth_id)
        source_id = secrets.token_hex(12)
        self.sources[source_id] = {
            "public": {
                "id": source_id,
                "label": parameters["label"],
                "description": None,
                "type": "snapchat",
                "customer_id": CUSTOMER_ID,
                "created": int(self.now()),
            },
            "parameters": parameters,
            "service": service,
        }
        self.runs[source_id] = Runs(next(self._action_ids), self.settings.step_seconds)
        return Answer.json(self.sources[source_id]["public"])

    def _source(self, source_id: str) -> dict[str, Any]:
        if source_id not in self.sources:
            raise Refused(404, f"no source {source_id}")
        return self.sources[source_id]

    def list_sources(self, incoming: Incoming) -> Answer:
        """All sources, in one go."""
        incoming.read_query().end()
        return Answer.json([source["public"] for source in self.sources.values()])

    def get_source(self, incoming: Incoming, source_id: str) -> Answer:
        """One source with its columns."""
        incoming.read_query().end()
        source = self._source(source_id)
        parameters = source["parameters"]
        columns = [*parameters["labels"], *parameters["metrics"]]
        return Answer.json(
            {
                **source["public"],
                "source": {"oauth_id": source["service"]},
                "storage": {"strategy": parameters["storageStrategy"]},
                "engine": "mongo",
                "column": [{"name": name} for name in columns],
                "template_id": parameters["templateId"],
                "connector_id": parameters["connectorId"],
            }
        )

    def get_source_metadata(self, incoming: Incoming, source_id: str) -> Answer:
        """The parameters the source was created with."""
        incoming.read_query().end()
        return Answer.json(self._source(source_id)["parameters"])

    def create_flow(self, incoming: Incoming) -> Answer:
        """Put sources behind an address that an application reads."""
        incoming.read_query().end()
        fields = Fields(incoming.json())
        sources = fields.need("sources", array(filled_text, minimum=1, unique=True))
        app = fields.need("app", one_of("google_data_studio"))
        label = fields.need("label", filled_text)
        fields.end()
        if unknown := [source for source in sources if source not in self.sources]:
            raise Invalid(f"sources names no source: {unknown[0]}")
        flow_id = secrets.token_hex(12)
        self.flows[flow_id] = {
            "label": label,
            "source": [{"source_id": source} for source in sources],
            # Not the flow's id: a client that mixes up the two gets a 404.
            "api": {"app": app, "id": secrets.token_hex(12)},
            "id": flow_id,
            "customer_id": CUSTOMER_ID,
            "tag": [],
            "operation": [],
            "rules": [],
            "write_action": None,
        }
        self.runs[flow_id] = Runs(next(self._action_ids), self.settings.step_seconds)
        return Answer.json(self.flows[flow_id])

    def _flow(self, flow_id: str) -> dict[str, Any]:
        if flow_id not in self.flows:
            raise Refused(404, f"no flow {flow_id}")
        return self.flows[flow_id]

    def list_flows(self, incoming: Incoming) -> Answer:
        """All flows, in one go."""
        incoming.read_query().end()
        return Answer.json(list(self.flows.values()))

    def list_flows_by_source(self, incoming: Incoming, source_id: str) -> Answer:
        """The flows that take in a source."""
        incoming.read_query().end()
        self._source(source_id)
        return Answer.json(
            [flow for flow in self.flows.values() if {"source_id": source_id} in flow["source"]]
        )

    def get_flow(self, incoming: Incoming, flow_id: str) -> Answer:
        """One flow."""
        incoming.read_query().end()
        return Answer.json(self._flow(flow_id))

    def get_flow_status(self, incoming: Incoming, flow_id: str) -> Answer:
        """How the last write stands."""
        incoming.read_query().end()
        self._flow(flow_id)
        return Answer.json(self.runs[flow_id].status(self.now()))

    def enqueue_write(self, incoming: Incoming, flow_id: str) -> Answer:
        """Ask for a write; the executionId can not be asked for again."""
        incoming.read_query().end()
        self._flow(flow_id)
        if incoming.body:
            read_write(incoming.json())
        self.runs[flow_id].enqueue(self.now(), incoming.fail)
        return Answer.json(
            {
                "executionId": secrets.token_hex(12),
                "actionId": self.runs[flow_id].action_id,
                "startedAt": iso(self.now()),
                "actionType": "write",
                "connector": self.flows[flow_id]["api"]["app"],
            },
            202,
        )

    def connections(self) -> dict[str, dict[str, Any]]:
        """dataddo_default, and the Snapchat credentials that it stores."""
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
        """Services without credentials, sources and flows with their runs."""
        now = self.now()
        return {
            "services": list(self.services.values()),
            "sources": [
                {**source["public"], **self.runs[key].state(now), "parameters": source["parameters"]}
                for key, source in self.sources.items()
            ],
            "flows": [{**flow, **self.runs[key].state(now)} for key, flow in self.flows.items()],
            "organizations": [{"label": label, "value": value} for value, label in ORGANISATIONS.items()],
            "accounts": [
                {"label": lab, "value": val} for found in ACCOUNTS.values() for val, lab in found.items()
            ],
        }
