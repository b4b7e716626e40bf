"""The operations on endpoints."""

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
    new_segments,
    segment_key,
)
from airflow_provider_activation.sandbox.acoustic_exchange.registration import read_registration
from airflow_provider_activation.sandbox.core.errors import Invalid, Refused
from airflow_provider_activation.sandbox.core.messages import Request, Response
from airflow_provider_activation.sandbox.core.routing import Operations


class EndpointOperations(Operations):
    """The operations of /v1/endpoint, /v1/endpointattributes and /v1/{endpointId}/status."""

    # Fixed words like "enable" come before the ids in the same place.
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
        """Register the endpoint of the key."""
        self._account.need_level(request, "endpoint")
        return self._register(request, str(self._account.own_id(request)))

    def register_any(self, request: Request, endpoint_id: str) -> Response:
        """Register an endpoint for the account."""
        self._account.need_level(request, "account")
        return self._register(request, endpoint_id)

    def _register(self, request: Request, endpoint_id: str) -> Response:
        request.need_no_query()
        # The documents do not say whether a deleted endpoint can be registered. Here it can, because its key
        # stays valid.
        endpoint = self._account.endpoint(endpoint_id, deleted=True)
        # The new registration replaces all of the old one. A missing type is disabled.
        registration = read_registration(request.json())
        with self._account.endpoints.changing(endpoint):
            endpoint.registration = registration
        endpoint.deleted, endpoint.failure = False, None
        return Response.json({"endpointId": endpoint.id})

    def list_endpoints(self, request: Request) -> Response:
        """The registered endpoints. The key of an endpoint gets that endpoint only."""
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
        return Response.json(self._describe(found, wanted))

    def delete_own(self, request: Request) -> Response:
        """Delete the endpoint of the key."""
        endpoint = self._account.own(request)
        return self._delete(request, endpoint)

    def delete_any(self, request: Request, endpoint_id: str) -> Response:
        """Delete an endpoint for the account."""
        self._account.need_level(request, "account")
        return self._delete(request, self._account.endpoint(endpoint_id))

    def _delete(self, request: Request, endpoint: Endpoint) -> Response:
        request.need_no_body()
        # A deleted endpoint keeps its status and nothing else.
        segments = new_segments(self._account.traits)
        empty = Endpoint(endpoint.id, segments, deleted=True, single_changes=endpoint.single_changes)
        self._account.endpoints.replace(endpoint.id, empty)
        return Response.json(True)

    def switch_own(self, request: Request) -> Response:
        """Enable or disable the endpoint of the key."""
        return self._switch(request, self._account.own(request))

    def switch_any(self, request: Request, endpoint_id: str) -> Response:
        """Enable or disable an endpoint for the account."""
        self._account.need_level(request, "account")
        return self._switch(request, self._account.endpoint(endpoint_id))

    def _switch(self, request: Request, endpoint: Endpoint) -> Response:
        request.need_no_body()
        _need_registered(endpoint)
        on = request.segments()[2] == "enable"
        if endpoint.switched_on == on:
            return Response(304)
        with self._account.endpoints.changing(endpoint):
            endpoint.switched_on = on
        # The documents have this response, with a capital letter. It is not JSON.
        return Response.text("True")

    def set_database(self, request: Request) -> Response:
        """Change the id of a database. The name selects one of several databases; it renames a single one."""
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
        """Replace the credentials with which Exchange logs in at the endpoint."""
        endpoint = self._account.own(request)
        request.need_no_query()
        if not self._account.is_key_of(key, endpoint.id):
            raise Refused(403, "Not authorized: the key in the path is not the one in the header")
        _need_registered(endpoint)
        attributes = read_access_attributes(request.json())
        with self._account.endpoints.changing(endpoint):
            endpoint.attributes = attributes
        return Response.json(True)

    def report_failure(self, request: Request, endpoint_id: str) -> Response:
        """Store the reason why the provider cannot provision the endpoint."""
        endpoint = self._account.own_endpoint(request, endpoint_id)
        request.need_no_query()
        endpoint.failure = read_failure(request.json())
        return Response.json(True)

    def get_status(self, request: Request, endpoint_id: str) -> Response:
        """The status as a JSON string, also of a deleted endpoint."""
        endpoint = self._account.own_endpoint(request, endpoint_id, deleted=True)
        request.need_no_query()
        return Response.json(endpoint.status)

    def _describe(self, endpoints: list[Endpoint], wanted: EndpointQuery) -> list[dict[str, Any]]:
        # A page counts the segments of all endpoints.
        rows = [
            (endpoint.id, segment)
            for endpoint in endpoints
            for segment in endpoint.segments.listed()
            if wanted.matches(segment)
        ]
        unread = rows[wanted.before_page :] if wanted.before_page else []
        moved, rest = self._account.traits.turn(
            "segments", rows, lambda row: (row[0], segment_key(row[1])), unread
        )
        page = wanted.page([*moved, *rest])
        described = []
        for endpoint in endpoints:
            shown: dict[str, Any] = {"endpointId": endpoint.id, **(endpoint.registration or {})}
            if wanted.load_events:
                shown["eventTypes"] = list(endpoint.event_types.values())
            if wanted.billing:
                shown["billingCategory"] = "STANDARD"
            if wanted.load_segments:
                shown["segments"] = [
                    listed_segment(segment, wanted.id_strings)
                    for endpoint_id, segment in page
                    if endpoint_id == endpoint.id
                ]
            described.append(shown)
        return described


def _need_registered(endpoint: Endpoint) -> None:
    if endpoint.registration is None:
        raise Invalid(f"endpoint {endpoint.id} is not registered")
