"""What can be done to Acoustic Exchange's endpoints: register, list, switch, delete, describe, refresh."""

from __future__ import annotations

from typing import Any

from airflow_provider_activation.sandbox.acoustic_exchange.account import Account, need_no_body
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
from airflow_provider_activation.sandbox.core.messages import Answer, Incoming, Refused, Route
from airflow_provider_activation.sandbox.core.reading import Invalid


class EndpointCalls:
    """The calls of /v1/endpoint, /v1/endpointattributes and /v1/{endpointId}/status."""

    def __init__(self, account: Account) -> None:
        self._account = account
        # Words like "enable" stand where an id may stand, so they come first.
        self.routes = [
            Route("GET", "/v1/endpoint", self.list_endpoints),
            Route("PUT", "/v1/endpoint", self.register_own),
            Route("DELETE", "/v1/endpoint", self.delete_own),
            Route("PUT", "/v1/endpoint/database", self.set_database),
            Route("PUT", "/v1/endpoint/enable", lambda incoming: self.switch_own(incoming, True)),
            Route("PUT", "/v1/endpoint/disable", lambda incoming: self.switch_own(incoming, False)),
            Route("PUT", "/v1/endpoint/enable/{endpointId}", lambda i, e: self.switch_any(i, e, True)),
            Route("PUT", "/v1/endpoint/disable/{endpointId}", lambda i, e: self.switch_any(i, e, False)),
            Route("PUT", "/v1/endpoint/{endpointId}", self.register_any),
            Route("DELETE", "/v1/endpoint/{endpointId}", self.delete_any),
            Route("PUT", "/v1/endpoint/{endpointId}/reportfailure", self.report_failure),
            Route("PUT", "/v1/endpointattributes/authkey/{authKey}", self.set_attributes),
            Route("GET", "/v1/{endpointId}/status", self.get_status),
        ]

    def register_own(self, incoming: Incoming) -> Answer:
        """Register the endpoint that the key belongs to."""
        self._account.need_level(incoming, "endpoint")
        return self._register(incoming, str(self._account.own_id(incoming)))

    def register_any(self, incoming: Incoming, endpoint_id: str) -> Answer:
        """Register an endpoint on behalf of the account."""
        self._account.need_level(incoming, "account")
        return self._register(incoming, endpoint_id)

    def _register(self, incoming: Incoming, endpoint_id: str) -> Answer:
        incoming.read_query().end()
        # Whether a deleted endpoint may come back is said nowhere. Here it may: its key goes on living.
        endpoint = self._account.endpoint(endpoint_id, deleted=True)
        # All of it is replaced: a type that is left out is thereby disabled.
        endpoint.registration = read_registration(incoming.json())
        endpoint.deleted, endpoint.failure = False, None
        return Answer.json({"endpointId": endpoint.id})

    def list_endpoints(self, incoming: Incoming) -> Answer:
        """The registered endpoints: all of them for the account, its own for an endpoint."""
        level = self._account.need_level(incoming, "account", "endpoint")
        query = incoming.read_query()
        wanted = EndpointQuery(query, level)
        query.end()
        if wanted.endpoint_id is not None:
            self._account.endpoint(str(wanted.endpoint_id))
        found = [
            endpoint
            for endpoint in self._account.endpoints.values()
            if endpoint.registration is not None
            and (level == "account" or endpoint.id == self._account.own_id(incoming))
            and wanted.endpoint_id in (None, endpoint.id)
            and any(endpoint.enabled(family, role) for family in wanted.families for role in wanted.roles)
        ]
        return Answer.json(_describe(found, wanted))

    def delete_own(self, incoming: Incoming) -> Answer:
        """Delete the endpoint that the key belongs to."""
        endpoint = self._account.own(incoming)
        return self._delete(incoming, endpoint)

    def delete_any(self, incoming: Incoming, endpoint_id: str) -> Answer:
        """Delete an endpoint on behalf of the account."""
        self._account.need_level(incoming, "account")
        return self._delete(incoming, self._account.endpoint(endpoint_id))

    def _delete(self, incoming: Incoming, endpoint: Endpoint) -> Answer:
        need_no_body(incoming)
        # Of a deleted endpoint only its status is left.
        self._account.endpoints[endpoint.id] = Endpoint(
            endpoint.id, deleted=True, single_changes=endpoint.single_changes
        )
        return Answer.json(True)

    def switch_own(self, incoming: Incoming, on: bool) -> Answer:
        """Enable or disable the endpoint that the key belongs to."""
        return self._switch(incoming, self._account.own(incoming), on)

    def switch_any(self, incoming: Incoming, endpoint_id: str, on: bool) -> Answer:
        """Enable or disable an endpoint on behalf of the account."""
        self._account.need_level(incoming, "account")
        return self._switch(incoming, self._account.endpoint(endpoint_id), on)

    def _switch(self, incoming: Incoming, endpoint: Endpoint, on: bool) -> Answer:
        need_no_body(incoming)
        _need_registered(endpoint)
        if endpoint.switched_on == on:
            return Answer(304)
        endpoint.switched_on = on
        # Written like this in the documents, with a capital; it is not JSON.
        return Answer.text("True")

    def set_database(self, incoming: Incoming) -> Answer:
        """Give a database of an endpoint another id, or its only one another name too."""
        level = self._account.need_level(incoming, "endpoint", "application")
        incoming.read_query().end()
        change = read_database_change(incoming.json())
        if change.endpoint_id is None:
            if level == "application":
                raise Invalid("endpointId is required with an application-level key")
            endpoint = self._account.own(incoming)
        else:
            endpoint = self._account.endpoint(str(change.endpoint_id))
            self._account.need_part(incoming, endpoint.id)
        _need_registered(endpoint)
        endpoint.set_database(change.database_id, change.name)
        return Answer.json(True)

    def set_attributes(self, incoming: Incoming, key: str) -> Answer:
        """Keep what Exchange needs to log in at the endpoint, in place of what was given before."""
        endpoint = self._account.own(incoming)
        incoming.read_query().end()
        if not self._account.is_key_of(key, endpoint.id):
            raise Refused(403, "Not authorized: the key in the path is not the one in the header")
        _need_registered(endpoint)
        endpoint.attributes = read_access_attributes(incoming.json())
        return Answer.json(True)

    def report_failure(self, incoming: Incoming, endpoint_id: str) -> Answer:
        """The endpoint's provider could not provision it."""
        endpoint = self._account.own_endpoint(incoming, endpoint_id)
        incoming.read_query().end()
        endpoint.failure = read_failure(incoming.json())
        return Answer.json(True)

    def get_status(self, incoming: Incoming, endpoint_id: str) -> Answer:
        """The status as a bare JSON string, of a deleted endpoint too."""
        endpoint = self._account.own_endpoint(incoming, endpoint_id, deleted=True)
        incoming.read_query().end()
        return Answer.json(endpoint.status)


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
