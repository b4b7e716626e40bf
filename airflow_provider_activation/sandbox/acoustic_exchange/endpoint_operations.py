"""What can be done to Acoustic Exchange's endpoints: register, list, switch, delete, describe, refresh."""

from __future__ import annotations

from typing import Any

from airflow_provider_activation.sandbox.acoustic_exchange.account import Account
from airflow_provider_activation.sandbox.acoustic_exchange.endpoint_bodies import (
    read_access_attributes,
    read_database_change,
    read_failure,
)
from airflow_provider_activation.sandbox.acoustic_exchange.endpoints import (
    Endpoint,
    EndpointQuery,
    listed_segment,
)
from airflow_provider_activation.sandbox.acoustic_exchange.registration import read_registration
from airflow_provider_activation.sandbox.core.errors import Invalid, Refused
from airflow_provider_activation.sandbox.core.messages import Request, Response
from airflow_provider_activation.sandbox.core.routing import Operations


class EndpointOperations(Operations):
    """The calls of /v1/endpoint, /v1/endpointattributes and /v1/{endpointId}/status."""

    # Words like "enable" come before the ids in their place.
    table = (
        ("GET", "/v1/endpoint", "list_endpoints"),
        ("PUT", "/v1/endpoint", "register_own"),
        ("DELETE", "/v1/endpoint", "delete_own"),
        ("PUT", "/v1/endpoint/database", "set_database"),
        ("PUT", "/v1/endpoint/enable", "switch_own"),
        ("PUT", "/v1/endpoint/disable", "switch_own"),
        ("PUT", "/v1/endpoint/enable/{endpointId}", "switch_any"),
        ("PUT", "/v1/endpoint/disable/{endpointId}", "switch_any"),
        ("PUT", "/v1/endpoint/{endpointId}", "register_any"),
        ("DELETE", "/v1/endpoint/{endpointId}", "delete_any"),
        ("PUT", "/v1/endpoint/{endpointId}/reportfailure", "report_failure"),
        ("PUT", "/v1/endpointattributes/authkey/{authKey}", "set_attributes"),
        ("GET", "/v1/{endpointId}/status", "get_status"),
    )

    def __init__(self, account: Account) -> None:
        self._account = account

    def register_own(self, request: Request) -> Response:
        """Register the endpoint that the key belongs to."""
        self._account.need_level(request, "endpoint")
        return self._register(request, str(self._account.own_id(request)))

    def register_any(self, request: Request, endpoint_id: str) -> Response:
        """Register an endpoint on behalf of the account."""
        self._account.need_level(request, "account")
        return self._register(request, endpoint_id)

    def _register(self, request: Request, endpoint_id: str) -> Response:
        request.need_no_query()
        # Whether a deleted endpoint may come back is said nowhere. Here it may: its key goes on living.
        endpoint = self._account.endpoint(endpoint_id, deleted=True)
        # All of it is replaced: a type that is left out is thereby disabled.
        endpoint.registration = read_registration(request.json())
        endpoint.deleted, endpoint.failure = False, None
        return Response.json({"endpointId": endpoint.id})

    def list_endpoints(self, request: Request) -> Response:
        """The registered endpoints: all of them for the account, its own for an endpoint."""
        level = self._account.need_level(request, "account", "endpoint")
        query = request.read_query()
        wanted = EndpointQuery(query, level)
        query.end()
        if wanted.endpoint_id is not None:
            self._account.endpoint(str(wanted.endpoint_id))
        found = [
            endpoint
            for endpoint in self._account.endpoints.values()
            if endpoint.registration is not None
            and (level == "account" or endpoint.id == self._account.own_id(request))
            and wanted.endpoint_id in (None, endpoint.id)
            and any(endpoint.enabled(family, role) for family in wanted.families for role in wanted.roles)
        ]
        return Response.json(_describe(found, wanted))

    def delete_own(self, request: Request) -> Response:
        """Delete the endpoint that the key belongs to."""
        endpoint = self._account.own(request)
        return self._delete(request, endpoint)

    def delete_any(self, request: Request, endpoint_id: str) -> Response:
        """Delete an endpoint on behalf of the account."""
        self._account.need_level(request, "account")
        return self._delete(request, self._account.endpoint(endpoint_id))

    def _delete(self, request: Request, endpoint: Endpoint) -> Response:
        request.need_no_body()
        # Of a deleted endpoint only its status is left.
        self._account.endpoints[endpoint.id] = Endpoint(
            endpoint.id, deleted=True, single_changes=endpoint.single_changes
        )
        return Response.json(True)

    def switch_own(self, request: Request) -> Response:
        """Enable or disable the endpoint that the key belongs to."""
        return self._switch(request, self._account.own(request))

    def switch_any(self, request: Request, endpoint_id: str) -> Response:
        """Enable or disable an endpoint on behalf of the account."""
        self._account.need_level(request, "account")
        return self._switch(request, self._account.endpoint(endpoint_id))

    def _switch(self, request: Request, endpoint: Endpoint) -> Response:
        request.need_no_body()
        _need_registered(endpoint)
        on = request.segments()[2] == "enable"
        if endpoint.switched_on == on:
            return Response(304)
        endpoint.switched_on = on
        # Written like this in the documents, with a capital; it is not JSON.
        return Response.text("True")

    def set_database(self, request: Request) -> Response:
        """Give a database of an endpoint another id, or its only one another name too."""
        level = self._account.need_level(request, "endpoint", "application")
        request.need_no_query()
        change = read_database_change(request.json())
        if change.endpoint_id is None:
            if level == "application":
                raise Invalid("endpointId is required with an application-level key")
            endpoint = self._account.own(request)
        else:
            endpoint = self._account.endpoint(str(change.endpoint_id))
            self._account.need_part(request, endpoint.id)
        _need_registered(endpoint)
        endpoint.set_database(change.database_id, change.name)
        return Response.json(True)

    def set_attributes(self, request: Request, key: str) -> Response:
        """Keep what Exchange needs to log in at the endpoint, in place of what was given before."""
        endpoint = self._account.own(request)
        request.need_no_query()
        if not self._account.is_key_of(key, endpoint.id):
            raise Refused(403, "Not authorized: the key in the path is not the one in the header")
        _need_registered(endpoint)
        endpoint.attributes = read_access_attributes(request.json())
        return Response.json(True)

    def report_failure(self, request: Request, endpoint_id: str) -> Response:
        """The endpoint's provider could not provision it."""
        endpoint = self._account.own_endpoint(request, endpoint_id)
        request.need_no_query()
        endpoint.failure = read_failure(request.json())
        return Response.json(True)

    def get_status(self, request: Request, endpoint_id: str) -> Response:
        """The status as a bare JSON string, of a deleted endpoint too."""
        endpoint = self._account.own_endpoint(request, endpoint_id, deleted=True)
        request.need_no_query()
        return Response.json(endpoint.status)


def _need_registered(endpoint: Endpoint) -> None:
    if endpoint.registration is None:
        raise Invalid(f"endpoint {endpoint.id} is not registered")


def _describe(endpoints: list[Endpoint], wanted: EndpointQuery) -> list[dict[str, Any]]:
    # The page is one over the segments of all endpoints together.
    described = []
    passed = 0
    for endpoint in endpoints:
        shown: dict[str, Any] = {"endpointId": endpoint.id, **(endpoint.registration or {})}
        if wanted.load_events:
            shown["eventTypes"] = list(endpoint.event_types.values())
        if wanted.billing:
            shown["billingCategory"] = "STANDARD"
        if wanted.load_segments:
            shown["segments"] = []
            for segment in endpoint.segments:
                if wanted.takes(segment):
                    passed += 1
                    if wanted.on_page(passed):
                        shown["segments"].append(listed_segment(segment, wanted.id_strings))
        described.append(shown)
    return described
