"""One resource of each kind, for tests of the sandbox that are alike for all services."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import sandbox_delta_projects as delta
from acoustic_testing import SEGMENT, export, offer_segment
from dataddo_testing import snapchat, source_body
from sandbox_liveramp import config, connection_body

from airflow_provider_activation.sandbox import Sandbox

CLIENTS = delta.ACTIVITY.partition("/client/")[0] + "/client"


class Holder:
    """A client of the four services, with what the resources below need.

    :param services: a web client of each, Acoustic Exchange with the account's key.
    :param endpoint: Acoustic Exchange with an endpoint's key.
    """

    def __init__(
        self, sandbox: Sandbox, services: Mapping[str, httpx.Client], endpoint: httpx.Client
    ) -> None:
        self.sandbox = sandbox
        self.services = services
        self.endpoint = endpoint
        self.known: dict[str, Any] = {}

    def prepare(self, resource: Resource) -> None:
        """Make what a resource needs."""
        match resource.service:
            case "liveramp" if resource.part != "integrationConnections":
                body = connection_body(distributionManagerName=...)
                self.known["connection"] = self._post("liveramp", "/integration-connections", body)["id"]
                if resource.part == "segmentConfigs":
                    body = {"name": "m", "integrationConnectionID": self.known["connection"]}
                    self.known["manager"] = self._post("liveramp", "/distribution-managers", body)["id"]
            case "acoustic-exchange":
                offer_segment(self.endpoint)
            case "dataddo" if resource.part != "services":
                body = {"service": "snapchat_static", "data": snapchat(self.sandbox)}
                self.known["service"] = self._post("dataddo", "/services", body)["id"]
                if resource.part == "flows":
                    path = "/connectors/snapchat/create-source"
                    self.known["source"] = self._post("dataddo", path, source_body(self.known["service"]))[
                        "id"
                    ]

    def _post(self, service: str, path: str, body: Any) -> Any:
        answer = self.services[service].post(path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def web(self, resource: Resource) -> httpx.Client:
        """The web client that makes a resource."""
        return self.endpoint if resource.part == "segments" else self.services[resource.service]

    def create(self, resource: Resource, text: str = "Spring") -> httpx.Response:
        """Make a resource with a text."""
        return self.web(resource).post(resource.creation(self), json=resource.body(self, text))

    def books(self, resource: Resource) -> list[dict[str, Any]]:
        """What the sandbox has of a kind, the newest last."""
        rows = self.sandbox.state()[resource.service][resource.part]
        return [row for row in rows if resource is not AUDIENCE or row["endpointId"] == 10001]

    def newest(self, resource: Resource) -> str:
        """The id of the newest resource."""
        return str(self.books(resource)[-1][resource.id])

    def read(self, resource: Resource) -> httpx.Response:
        """The newest resource by its id."""
        return self.services[resource.service].get(f"{resource.place(self)}/{self.newest(resource)}")

    def rows(self, resource: Resource) -> list[Any]:
        """The list."""
        answer = self.services[resource.service].get(resource.list or resource.place(self))
        assert answer.status_code == 200, answer.text
        found = answer.json()
        if isinstance(found, dict):
            (found,) = (rows for name, rows in found.items() if name not in ("_pagination", "self"))
        if resource.part == "segments":
            found = [
                row
                for endpoint in found
                if endpoint.get("endpointId") == 10001
                for row in endpoint["segments"]
            ]
        return list(found)

    def is_listed(self, resource: Resource) -> bool:
        """Whether the newest resource is in the list."""
        return self.newest(resource) in [str(row.get(resource.id)) for row in self.rows(resource)]


@dataclass(frozen=True)
class Resource:
    """One kind of resource.

    :param service: the sandbox's prefix.
    :param part: its name in the books.
    :param place: the path of all of its kind; one has its id at the end.
    :param body: what makes one with a text.
    :param make: the end of the path that makes one, after that of all.
    :param text: the field with the text, in the books and when it is read; None if it has none.
    """

    service: str
    part: str
    place: Callable[[Holder], str]
    body: Callable[[Holder, str], Any]
    make: Callable[[Holder], str] | str = ""
    text: str | None = "label"
    id: str = "id"
    list: str | None = None

    def creation(self, holder: Holder) -> str:
        """The path that makes one."""
        return self.place(holder) + self.make if isinstance(self.make, str) else self.make(holder)

    def __str__(self) -> str:
        return f"{self.service}-{self.part}"


CONNECTION = Resource(
    "liveramp",
    "integrationConnections",
    lambda holder: "/integration-connections",
    lambda holder, text: connection_body(distributionManagerName=text),
    text=None,
)
MANAGER = Resource(
    "liveramp",
    "distributionManagers",
    lambda holder: "/distribution-managers",
    lambda holder, text: {"name": text, "integrationConnectionID": holder.known["connection"]},
    text="name",
)
CONFIG = Resource(
    "liveramp",
    "segmentConfigs",
    lambda holder: f"/distribution-managers/{holder.known['manager']}/segment-configs",
    lambda holder, text: [config(holder.known["manager"])],
    text=None,
)
JOB = Resource(
    "acoustic-exchange",
    "jobs",
    lambda holder: "/jobs/SEGMENT_EXPORT",
    lambda holder, text: export(destinationSegmentDescription=text),
    make=lambda holder: "/jobs/segmentExport",
    text="destinationSegmentDescription",
    id="jobId",
)
AUDIENCE = Resource(
    "acoustic-exchange",
    "segments",
    lambda holder: "/endpoint/10001/segments",
    lambda holder, text: [{**SEGMENT, "id": 7, "name": text}],
    text="name",
    list="/endpoint?segment=true&loadSegments=true",
)
ACTIVITY = Resource(
    "delta-projects",
    "activities",
    lambda holder: delta.ACTIVITY,
    lambda holder, text: delta.body(activityName=text, enabled=True),
    make="/create_from_template",
    text="name",
)
CLIENT = Resource(
    "delta-projects",
    "clients",
    lambda holder: CLIENTS,
    lambda holder, text: {"name": text},
    make="/create_from_template",
    text="name",
)
SERVICE = Resource(
    "dataddo",
    "services",
    lambda holder: "/services",
    lambda holder, text: {"service": "snapchat_static", "data": {**snapchat(holder.sandbox), "label": text}},
)
SOURCE = Resource(
    "dataddo",
    "sources",
    lambda holder: "/sources",
    lambda holder, text: source_body(holder.known["service"], label=text),
    make=lambda holder: "/connectors/snapchat/create-source",
)
FLOW = Resource(
    "dataddo",
    "flows",
    lambda holder: "/flows",
    lambda holder, text: {"sources": [holder.known["source"]], "app": "google_data_studio", "label": text},
)
DESTINATION = Resource(
    "dataddo",
    "destinations",
    lambda holder: "/destinations",
    lambda holder, text: {
        "label": text,
        "o_auth_id": holder.known["service"],
        "projectId": "p",
        "datasetId": "d",
    },
    make="/google_big_query",
)

RESOURCES = (
    CONNECTION,
    MANAGER,
    CONFIG,
    JOB,
    AUDIENCE,
    ACTIVITY,
    CLIENT,
    SERVICE,
    SOURCE,
    FLOW,
    DESTINATION,
)
NAMED = tuple(resource for resource in RESOURCES if resource.text)
