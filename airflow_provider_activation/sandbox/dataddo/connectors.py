"""Connectors: the options for a source, a preview of the data, and the creation of the source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_activation.sandbox.core import checks
from airflow_provider_activation.sandbox.core.errors import Refused
from airflow_provider_activation.sandbox.core.messages import Request, Response
from airflow_provider_activation.sandbox.core.reading import Fields
from airflow_provider_activation.sandbox.core.routing import find
from airflow_provider_activation.sandbox.dataddo.account import CUSTOMER_ID, AccountOperations, Source, new_id
from airflow_provider_activation.sandbox.dataddo.catalogue import (
    ACCOUNTS,
    BREAKDOWNS,
    CAMPAIGNS,
    CONNECTORS,
    DATE_RANGES,
    LABELS,
    METRICS,
    ORGANISATIONS,
    PREVIEW_ROWS,
    REQUEST,
    SNAPCHAT,
    TEMPLATES,
    TYPES,
    columns,
    options,
    rows,
)
from airflow_provider_activation.sandbox.dataddo.schedule import created_schedule
from airflow_provider_activation.sandbox.dataddo.source_body import oauth_id, read_snapchat_source

# Options that do not depend on other choices.
OPTIONS = {"breakdown": BREAKDOWNS, "metric": METRICS, "labels": LABELS, "dateRange": DATE_RANGES}

CONNECTOR = f"/connectors/{SNAPCHAT}"


class Connectors(AccountOperations):
    """The operations on Snapchat's connector, the only one."""

    table = (
        ("GET", "/connectors", "list_connectors"),
        ("GET", "/connectors/{connectorName}/templates", "list_templates"),
        ("GET", "/connectors/{connectorName}/templates/{name}", "get_template"),
        ("GET", f"{CONNECTOR}/actions/authorization", "list_authorizers"),
        *(("GET", f"{CONNECTOR}/actions/{action}", "list_options") for action in OPTIONS),
        ("POST", f"{CONNECTOR}/actions/organization", "list_organizations"),
        ("POST", f"{CONNECTOR}/actions/account", "list_accounts"),
        ("POST", f"{CONNECTOR}/actions/campaign", "list_campaigns"),
        ("POST", f"{CONNECTOR}/preview", "preview"),
        ("POST", f"{CONNECTOR}/create-source", "create_source"),
    )
    makes = frozenset({"create_source"})

    def list_connectors(self, request: Request) -> Response:
        """All connectors."""
        request.need_no_query()
        return Response.json(CONNECTORS)

    def list_templates(self, request: Request, connector: str) -> Response:
        """The templates of a connector, without their requests."""
        request.need_no_query()
        _check_connector(connector)
        return Response.json(
            {
                "connectorId": SNAPCHAT,
                "sourceName": "Snapchat",
                "categories": [],
                "templates": [
                    {
                        "name": template["name"],
                        "description": template["description"],
                        "type": SNAPCHAT,
                        "templateId": template_id,
                        "categoryId": [],
                        "attributes": [*LABELS, *METRICS],
                    }
                    for template_id, template in TEMPLATES.items()
                ],
                "iconUrl": None,
            }
        )

    def get_template(self, request: Request, connector: str, name: str) -> Response:
        """One template with its request."""
        request.need_no_query()
        _check_connector(connector)
        return Response.json({"templateId": name, **find(TEMPLATES, name, "template")})

    def list_authorizers(self, request: Request) -> Response:
        """The services that a Snapchat source can use."""
        request.need_no_query()
        return Response.json(
            [
                {"id": service["id"], "service": service["service"], "email": "snapchat@example.com"}
                for service in self._account.services.listed()
            ]
        )

    def list_options(self, request: Request) -> Response:
        """The options of a field of a source."""
        request.need_no_query()
        return Response.json(options(OPTIONS[request.segments()[-1]]))

    def list_organizations(self, request: Request) -> Response:
        """The Snapchat organizations of a service."""
        request.need_no_query()
        fields = Fields(request.json())
        self._account.check_service(fields.need("oAuthId", oauth_id))
        fields.end()
        return Response.json(options(ORGANISATIONS))

    def list_accounts(self, request: Request) -> Response:
        """The accounts of a Snapchat organization."""
        return self._choose(request, "organizationId", ACCOUNTS)

    def list_campaigns(self, request: Request) -> Response:
        """The campaigns of a Snapchat account."""
        return self._choose(request, "accountId", CAMPAIGNS)

    def _choose(self, request: Request, name: str, found: Mapping[str, Mapping[str, str]]) -> Response:
        request.need_no_query()
        fields = Fields(request.json())
        self._account.check_service(fields.need("oAuthId", oauth_id))
        chosen = fields.need(name, checks.one_of(*found))
        fields.end()
        return Response.json(options(found[chosen]))

    def preview(self, request: Request) -> Response:
        """The first rows of a source that does not exist yet."""
        request.need_no_query()
        parameters, given_id = read_snapchat_source(request.json())
        self._account.check_service(given_id)
        names = columns(parameters)
        data = [] if request.fail else rows(names, PREVIEW_ROWS)
        return Response.json(
            {
                "status": "error" if request.fail else "success",
                "status_code": 500 if request.fail else 200,
                "log": [f"{len(data)} rows were read."],
                "data": data,
                "key": names,
                "type": [TYPES[name] for name in names],
                "row_count": len(data),
                "duration": 0.0,
                "matrix": {name: [row[name] for row in data] for name in names},
            }
        )

    def create_source(self, request: Request) -> Response:
        """Create a Snapchat source. Labels can be repeated."""
        request.need_no_query()
        parameters, given_id = read_snapchat_source(request.json())
        service = self._account.check_service(given_id)
        template = TEMPLATES[parameters["templateId"]]
        public: dict[str, Any] = {
            "id": new_id(),
            "label": parameters["label"],
            "description": None,
            "type": SNAPCHAT,
            "customer_id": CUSTOMER_ID,
            "created": int(self._account.now()),
        }
        source = Source(
            public,
            parameters,
            service,
            {name: template[name] for name in REQUEST},
            self._account.new_action(created_schedule(parameters), parameters["storageStrategy"]),
        )
        self._account.sources.add(public["id"], source)
        return Response.json(public)


def _check_connector(name: str) -> None:
    if all(connector["id"] != name for connector in CONNECTORS):
        raise Refused(404, f"no connector {name}")
