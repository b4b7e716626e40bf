"""Destinations: the stores that flows can write to."""

from __future__ import annotations

from typing import Any

from airflow_provider_activation.sandbox.core import checks
from airflow_provider_activation.sandbox.core.checks import Check
from airflow_provider_activation.sandbox.core.errors import Invalid, Refused
from airflow_provider_activation.sandbox.core.messages import Request, Response
from airflow_provider_activation.sandbox.core.reading import Fields
from airflow_provider_activation.sandbox.dataddo.account import CUSTOMER_ID, AccountOperations, new_id
from airflow_provider_activation.sandbox.dataddo.catalogue import options
from airflow_provider_activation.sandbox.dataddo.writes import WRITE_MODES

BIG_QUERY = "google_big_query"

PROJECTS = {"project-1": ("dataset-1", "dataset-2"), "project-2": ()}
WRITE_MODE_LABELS = {mode: mode.replace("_", " ").capitalize() for mode in WRITE_MODES}

# Requests spell some names differently.
WRITTEN = {"label": "label", "o_auth_id": "o_auth_id", "project_id": "projectId", "dataset_id": "datasetId"}
CHECKS: dict[str, Check[Any]] = {**dict.fromkeys(WRITTEN, checks.filled_text), "o_auth_id": checks.integer(1)}


class Destinations(AccountOperations):
    """The operations on destinations."""

    table = (
        ("GET", "/destinations", "list_destinations"),
        ("POST", "/destinations/{type}", "create"),
        ("GET", "/destinations/{id}", "get"),
        ("PUT", "/destinations/{id}", "update"),
        ("DELETE", "/destinations/{id}", "delete"),
        ("GET", "/destinations/{id}/clone", "clone"),
        ("GET", f"/destinations/{BIG_QUERY}/actions/authorization", "list_authorizers"),
        ("POST", f"/destinations/{BIG_QUERY}/actions/writeModes", "list_write_modes"),
        ("POST", f"/destinations/{BIG_QUERY}/actions/project", "list_projects"),
        ("POST", f"/destinations/{BIG_QUERY}/actions/dataset", "list_datasets"),
    )
    makes = frozenset({"create", "clone"})

    def list_destinations(self, request: Request) -> Response:
        """All destinations. There are no pages."""
        request.need_no_query()
        return Response.json(self._account.destinations.listed())

    def create(self, request: Request, kind: str) -> Response:
        """Create a destination. The documents describe the body of this type only."""
        request.need_no_query()
        if kind != BIG_QUERY:
            raise Refused(404, f"no such type of destination: {kind}")
        fields = Fields(request.json())
        given = {name: fields.need(written, CHECKS[name]) for name, written in WRITTEN.items()}
        fields.end()
        self._check_service(given)
        return self._store(
            {
                **given,
                "customer_id": CUSTOMER_ID,
                "description": None,
                "status": True,
                "status_detail": None,
                "last_use": None,
            }
        )

    def get(self, request: Request, destination_id: str) -> Response:
        """One destination."""
        request.need_no_query()
        return Response.json(self._destination(destination_id))

    def update(self, request: Request, destination_id: str) -> Response:
        """Change the given fields. They are spelled as in the creation."""
        request.need_no_query()
        destination = self._destination(destination_id)
        fields = Fields(request.json())
        read = {name: fields.may(written, CHECKS[name]) for name, written in WRITTEN.items()}
        fields.end()
        given = {name: value for name, value in read.items() if value is not None}
        if not given:
            raise Invalid("nothing to change")
        self._check_service(given)
        with self._account.destinations.changing(destination):
            destination.update(given, updated_at=int(self._account.now()))
        return Response.json(destination)

    def delete(self, request: Request, destination_id: str) -> Response:
        """Delete a destination."""
        request.need_no_query()
        self._destination(destination_id)
        self._account.destinations.remove(destination_id)
        return Response(204)

    def clone(self, request: Request, destination_id: str) -> Response:
        """Clone a destination, although this is a GET."""
        request.need_no_query()
        return self._store(self._destination(destination_id))

    def list_authorizers(self, request: Request) -> Response:
        """The services that a destination can use. Here those for Google are all services."""
        request.need_no_query()
        return Response.json(
            [
                {"id": service["id"], "service": service["service"], "email": "warehouse@example.com"}
                for service in self._account.services.listed()
            ]
        )

    def list_write_modes(self, request: Request) -> Response:
        """How rows can be written. A body is not needed."""
        request.need_no_query()
        checks.any_object(request.json() if request.body else {}, "the body")
        return Response.json(options(WRITE_MODE_LABELS))

    def list_projects(self, request: Request) -> Response:
        """The projects of a service."""
        self._read_choice(request)
        return Response.json(options({project: f"Project {project}" for project in PROJECTS}))

    def list_datasets(self, request: Request) -> Response:
        """The datasets of a project."""
        project = self._read_choice(request, ("projectId", checks.one_of(*PROJECTS)))
        return Response.json(options({dataset: f"Dataset {dataset}" for dataset in PROJECTS[project]}))

    def _read_choice(self, request: Request, *more: tuple[str, Check[str]]) -> str:
        """The last of what was chosen; the service comes first."""
        request.need_no_query()
        fields = Fields(request.json())
        chosen = str(self._account.check_service(fields.need("o_auth_id", checks.integer(1)), "o_auth_id"))
        for name, check in more:
            chosen = fields.need(name, check)
        fields.end()
        return chosen

    def _check_service(self, given: dict[str, Any]) -> None:
        # The services for Google need a person's consent, so they do not exist here. Any service is accepted.
        if "o_auth_id" in given:
            self._account.check_service(given["o_auth_id"], "o_auth_id")

    def _store(self, like: dict[str, Any]) -> Response:
        now = int(self._account.now())
        destination = {**like, "id": new_id(), "created_at": now, "updated_at": now}
        self._account.destinations.add(destination["id"], destination)
        return Response.json(destination)

    def _destination(self, destination_id: str) -> dict[str, Any]:
        return self._account.destinations.find(destination_id)
