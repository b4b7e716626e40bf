"""A service: authentication, operations, and errors in the vendor's form."""

from __future__ import annotations

import inspect
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from airflow_provider_activation.sandbox.core.answers import as_usual, quoting
from airflow_provider_activation.sandbox.core.credentials import Tokens, Vault
from airflow_provider_activation.sandbox.core.errors import Invalid, Refused
from airflow_provider_activation.sandbox.core.messages import Chunks, Request, Response
from airflow_provider_activation.sandbox.core.routing import Operations, Route, find_route, routes_of
from airflow_provider_activation.sandbox.core.settings import Settings
from airflow_provider_activation.sandbox.core.texts import of_neighbour
from airflow_provider_activation.sandbox.core.traits import CLIENT, NEIGHBOUR, Traits


class Service(ABC):
    """One vendor's API. All methods run in the server's event loop, so none of them blocks."""

    name: ClassVar[str]
    title: ClassVar[str]
    invalid_status = 400
    """The status of the response to a malformed request."""
    token_seconds = 3600
    """The lifetime of an access token, unless the settings have another one."""
    beside_api: tuple[str, ...] = ()
    """Prefixes of the paths that are not part of the vendor's API."""
    seeded: frozenset[str] = frozenset()
    """The parts of `state` that exist from the start and never change."""

    def __init__(self, settings: Settings, vault: Vault, traits: Traits) -> None:
        self.settings = settings
        self.vault = vault
        self.traits = traits
        self.url = f"{settings.url}/{self.name}"
        self.tokens = Tokens(vault, settings.clock, settings.token_seconds or self.token_seconds)
        self.routes: Sequence[Route] = ()

    def serve(self, *parts: Operations) -> None:
        """Set the operations of this service. Of two that match, the first wins."""
        self.routes = routes_of(*parts)

    def routes_of(self, request: Request) -> Sequence[Route]:
        """The operations for whoever sent a request. By default they are the same for all."""
        return self.routes

    def now(self) -> float:
        """The current Unix time."""
        return self.settings.clock.now()

    def error(self, status: int, message: str) -> Response:
        """An error response in the vendor's form. By default it is a JSON object with a message."""
        return Response.json({"message": message}, status)

    @abstractmethod
    def authenticate(self, request: Request) -> None:
        """Refuse a request without valid credentials."""

    @abstractmethod
    def state(self) -> dict[str, list[dict[str, Any]]]:
        """All stored resources, as JSON."""

    @abstractmethod
    def connections(self) -> Mapping[str, dict[str, Any]]:
        """The Airflow connections to this service, by their ids."""

    def conceal(self, entry: dict[str, Any]) -> None:  # noqa: B027
        """Remove secrets from a recorded request that their field names do not reveal."""

    def settle(self, now: float) -> None:  # noqa: B027
        """Make the changes that are due."""

    def streams(self, request: Request) -> bool:
        """Whether the body of a request is read in chunks."""
        try:
            return find_route(self.routes_of(request), request)[0].streams
        except Refused:
            return False

    async def respond(self, request: Request, chunks: Chunks | None = None) -> Response:
        """Carry out a request. `chunks` is the body when it is read in chunks."""
        # The authentication may take credentials out of the query.
        sent = replace(request, query=list(request.query))
        self.visit(sent, "before")
        response = await self._respond(request, chunks, sent)
        self.visit(sent, "after")
        return response

    async def _respond(self, request: Request, chunks: Chunks | None, sent: Request) -> Response:
        try:
            self.settle(self.now())
            self.authenticate(request)
            route, values = find_route(self.routes_of(request), request)
            body = () if chunks is None else (chunks,)
            with self.traits.doing(CLIENT, route.makes) as deed:
                response = route.handler(request, *body, *values)
            if inspect.isawaitable(response):
                response = await response
            return as_usual(self.traits, route, deed, sent, response)
        except Refused as refused:
            return quoting(self.traits, sent, self.error(refused.status, refused.message))
        except Invalid as invalid:
            return quoting(self.traits, sent, self.error(self.invalid_status, str(invalid)))

    def visit(self, request: Request, when: str | None = None) -> None:
        """Let a neighbour make what a request makes, if that is a habit and it is time.

        Without `when`, the request itself is not carried out, and it is always time.
        """
        habit = self.traits.first("neighbour", request.path)
        if habit is None or when not in (None, habit.options["when"]):
            return
        theirs = replace(request, query=list(request.query), fail=False)
        try:
            if theirs.body:
                mark, fields = habit.options["mark"], habit.options["fields"]
                theirs.body = json.dumps(of_neighbour(json.loads(theirs.body), mark, fields)).encode()
            self.settle(self.now())
            self.authenticate(theirs)
            route, values = find_route(self.routes_of(theirs), theirs)
            if route.makes:
                with self.traits.doing(NEIGHBOUR, route.makes) as deed:
                    route.handler(theirs, *values)
                if deed.made:
                    habit.happened()
        except (Refused, Invalid, ValueError):
            # What is refused to one is refused to the other.
            return
