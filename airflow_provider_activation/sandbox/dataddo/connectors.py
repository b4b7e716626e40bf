"""Dataddo's connectors: what can be chosen for a source, a look at the data, and the source itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from airflow_provider_activation.sandbox.core.messages import Answer, Incoming, Refused, Route
from airflow_provider_activation.sandbox.core.reading import Fields, one_of
from airflow_provider_activation.sandbox.dataddo.account import (
    CUSTOMER_ID,
    Account,
    Source,
    new_id,
    service_id,
)
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
from airflow_provider_activation.sandbox.dataddo.source_body import read_snapchat_source

# The options that depend on nothing chosen before.
OPTIONS = {"breakdown": BREAKDOWNS, "metric": METRICS, "labels": LABELS, "dateRange": DATE_RANGES}


class Connectors:
    """The one connector there is here, Snapchat's."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def routes(self) -> list[Route]:
        """What is answered here."""
        connector = f"/connectors/{SNAPCHAT}"
        return [
            Route("GET", "/connectors", self.list_connectors),
            Route("GET", "/connectors/{connectorName}/templates", self.list_templates),
            Route("GET", "/connectors/{connectorName}/templates/{name}", self.get_template),
            Route("GET", f"{connector}/actions/authorization", self.list_authorizers),
            *(
                Route("GET", f"{connector}/actions/{action}", _answering(found))
                for action, found in OPTIONS.items()
            ),
            Route("POST", f"{connector}/actions/organization", self.list_organizations),
            Route("POST", f"{connector}/actions/account", self.list_accounts),
            Route("POST", f"{connector}/actions/campaign", self.list_campaigns),
            Route("POST", f"{connector}/preview", self.preview),
            Route("POST", f"{connector}/create-source", self.create_source),
        ]

    def list_connectors(self, incoming: Incoming) -> Answer:
        """All connectors."""
        incoming.read_query().end()
        return Answer.json(CONNECTORS)

    def list_templates(self, incoming: Incoming, connector: str) -> Answer:
        """The templates of a connector, what they are and not what they ask."""
        incoming.read_query().end()
        _check_connector(connector)
        return Answer.json(
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

    def get_template(self, incoming: Incoming, connector: str, name: str) -> Answer:
        """One template, with the request that a source of it makes."""
        incoming.read_query().end()
        _check_connector(connector)
        if name not in TEMPLATES:
            raise Refused(404, f"no template {name}")
        return Answer.json({"templateId": name, **TEMPLATES[name]})

    def list_authorizers(self, incoming: Incoming) -> Answer:
        """The services a Snapchat source can use."""
        incoming.read_query().end()
        return Answer.json(
            [
                {"id": number, "service": service["service"], "email": "snapchat@example.com"}
                for number, service in self._account.services.items()
            ]
        )

    def list_organizations(self, incoming: Incoming) -> Answer:
        """The Snapchat organizations that a service may use."""
        incoming.read_query().end()
        fields = Fields(incoming.json())
        self._account.check_service(fields.need("oAuthId", service_id))
        fields.end()
        return Answer.json(options(ORGANISATIONS))

    def list_accounts(self, incoming: Incoming) -> Answer:
        """The accounts of a Snapchat organization."""
        return self._choose(incoming, "organizationId", ACCOUNTS)

    def list_campaigns(self, incoming: Incoming) -> Answer:
        """The campaigns of a Snapchat account."""
        return self._choose(incoming, "accountId", CAMPAIGNS)

    def _choose(self, incoming: Incoming, name: str, found: Mapping[str, Mapping[str, str]]) -> Answer:
        incoming.read_query().end()
        fields = Fields(incoming.json())
        self._account.check_service(fields.need("oAuthId", service_id))
        chosen = fields.need(name, one_of(*found))
        fields.end()
        return Answer.json(options(found[chosen]))

    def preview(self, incoming: Incoming) -> Answer:
        """The first rows of what a source would load; makes nothing."""
        incoming.read_query().end()
        parameters, oauth_id = read_snapchat_source(incoming.json())
        self._account.check_service(oauth_id)
        names = columns(parameters)
        data = [] if incoming.fail else rows(names, PREVIEW_ROWS)
        return Answer.json(
            {
                "status": "error" if incoming.fail else "success",
                "status_code": 500 if incoming.fail else 200,
                "log": [f"{len(data)} rows were read."],
                "data": data,
                "key": names,
                "type": [TYPES[name] for name in names],
                "row_count": len(data),
                "duration": 0.0,
                "matrix": {name: [row[name] for row in data] for name in names},
            }
        )

    def create_source(self, incoming: Incoming) -> Answer:
        """A new Snapchat source; labels need not be unique."""
        incoming.read_query().end()
        parameters, oauth_id = read_snapchat_source(incoming.json())
        service = self._account.check_service(oauth_id)
        template = TEMPLATES[parameters["templateId"]]
        public: dict[str, Any] = {
            "id": new_id(),
            "label": parameters["label"],
            "description": None,
            "type": SNAPCHAT,
            "customer_id": CUSTOMER_ID,
            "created": int(self._account.now()),
        }
        self._account.sources[public["id"]] = Source(
            public,
            parameters,
            service,
            {name: template[name] for name in REQUEST},
            self._account.new_action(created_schedule(parameters), parameters["storageStrategy"]),
        )
        return Answer.json(public)


def _check_connector(name: str) -> None:
    if all(connector["id"] != name for connector in CONNECTORS):
        raise Refused(404, f"no connector {name}")


def _answering(found: Mapping[str, str]) -> Callable[[Incoming], Answer]:
    def answer(incoming: Incoming) -> Answer:
        incoming.read_query().end()
        return Answer.json(options(found))

    return answer
