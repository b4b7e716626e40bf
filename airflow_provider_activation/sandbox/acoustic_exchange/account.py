"""The Acoustic Exchange account: its endpoints, and the permissions of its keys."""

from __future__ import annotations

from typing import Any, Literal

from airflow_provider_activation.sandbox.acoustic_exchange.endpoints import (
    FIELDS,
    Endpoint,
    new_segments,
)
from airflow_provider_activation.sandbox.core.errors import Refused
from airflow_provider_activation.sandbox.core.messages import Request
from airflow_provider_activation.sandbox.core.routing import number_in
from airflow_provider_activation.sandbox.core.settings import Settings
from airflow_provider_activation.sandbox.core.shelf import Shelf
from airflow_provider_activation.sandbox.core.traits import Traits

Level = Literal["account", "endpoint", "application"]

OWN_ENDPOINT = 10001
"""The endpoint of the endpoint-level key."""

REPLACING_SOURCE = 20004
"""A source that only replaces its whole list. It responds 308 when one segment is added or removed."""

FIXED_SOURCE = 20005
"""A source that responds 501 when one segment is added or removed."""

APPLICATION_ENDPOINTS = (OWN_ENDPOINT, REPLACING_SOURCE)
"""The endpoints of the application of the application-level key."""

FIRST_ACCOUNT = 5001
TENANTS_IDS = 100_000
"""So much larger than an id of one account is that of the next one."""

TENANTS_SEGMENT = 800000
"""The segment that a tenant's first endpoint offers."""

ENDPOINT_KEYS = {
    "acoustic_endpoint_key": OWN_ENDPOINT,
    "acoustic_replacing_source_key": REPLACING_SOURCE,
    "acoustic_fixed_source_key": FIXED_SOURCE,
}


def _registration(name: str, segment: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "providerName": "Example provider",
        "description": f"{name} of the sandbox",
        "endpointTypes": {"segment": segment},
        **more,
    }


def _destination(
    traits: Traits, endpoint_id: int, name: str, kind: str, received: dict[str, str]
) -> Endpoint:
    segment = {"destination": {"enabled": True, "destinationType": kind}}
    return Endpoint(endpoint_id, new_segments(traits), _registration(name, segment), received=received)


def _source(
    traits: Traits, endpoint_id: int, name: str, segment_id: int, single_changes: Literal[308, 501]
) -> Endpoint:
    registration = _registration(
        name,
        {"source": {"enabled": True, "producerType": "push"}},
        marketingDatabasesDefinition={"marketingDatabases": [{"name": "Customers", "id": "db1"}]},
    )
    segments = new_segments(traits)
    segments.seed(str(segment_id), {"id": segment_id, "name": f"Audience of the {name.lower()}"})
    return Endpoint(endpoint_id, segments, registration, single_changes=single_changes)


def _seeds(traits: Traits, beyond: int) -> list[Endpoint]:
    """The endpoints of an account, whose ids are beyond a number."""
    return [
        Endpoint(beyond + OWN_ENDPOINT, new_segments(traits), filtered_identifiers=("cookieId",)),
        _destination(traits, beyond + 20002, "Email partner", "push", {"700001": "Newsletter readers"}),
        _destination(traits, beyond + 20003, "Pull partner", "pull", {"700002": "Archive"}),
        _source(traits, beyond + REPLACING_SOURCE, "Replacing source", 800001, 308),
        _source(traits, beyond + FIXED_SOURCE, "Fixed source", 800002, 501),
    ]


def _register(endpoint: Endpoint) -> None:
    """Register an endpoint as a source of hashed addresses, with one segment."""
    address = {"name": "email_sha256", "type": "email", "hashMode": "HASHED", "hashAlgorithm": "SHA256"}
    bought = {"name": "last_purchase", "type": "String", "isRequired": False}
    endpoint.registration = _registration(
        "Customer base",
        {"source": {"enabled": True, "producerType": "push"}},
        marketingDatabasesDefinition={
            "marketingDatabases": [{"name": "Customers", "identifiers": [address], "attributes": [bought]}]
        },
    )
    endpoint.segments.seed(str(TENANTS_SEGMENT), {"id": TENANTS_SEGMENT, "name": "Win-back"})


class Account:
    """Finds the caller's key, and checks its permissions.

    :param tenant: whose it is; empty for the first one. A tenant's first endpoint is registered.
    :param number: the accounts before it.
    """

    def __init__(self, settings: Settings, traits: Traits, tenant: str, number: int) -> None:
        self.id = FIRST_ACCOUNT + number
        self.traits = traits
        self.endpoints: Shelf[int, Endpoint] = Shelf(traits, "endpoints", "endpoint", FIELDS)
        beyond = number * TENANTS_IDS
        seeds = _seeds(traits, beyond)
        if tenant:
            _register(seeds[0])
        for endpoint in seeds:
            self.endpoints.seed(endpoint.id, endpoint)
        self._application = {beyond + own for own in APPLICATION_ENDPOINTS}
        # The level of each key, and its endpoint if it has one.
        self._keys: dict[str | None, tuple[Level, int | None]] = {
            settings.secret("acoustic_account_key", tenant): ("account", None),
            settings.secret("acoustic_application_key", tenant): ("application", None),
            **{
                settings.secret(name, tenant): ("endpoint", beyond + own)
                for name, own in ENDPOINT_KEYS.items()
            },
        }

    def knows(self, request: Request) -> bool:
        """Whether the caller's key is one of this account."""
        return request.bearer() in self._keys

    def _caller(self, request: Request) -> tuple[Level, int | None]:
        found = self._keys.get(request.bearer())
        if found is None:
            raise Refused(403, "Not authorized: the authentication key is missing or not recognised")
        return found

    def level(self, request: Request) -> Level:
        """The level of the caller's key."""
        return self._caller(request)[0]

    def need_level(self, request: Request, *levels: Level) -> Level:
        """Return the level of the caller's key. Refuse other levels."""
        given = self.level(request)
        if given not in levels:
            wanted = " or ".join(levels)
            raise Refused(
                403, f"Not authorized: this call needs the {wanted}-level key, not the {given}-level key"
            )
        return given

    def need_access(self, request: Request, *endpoint_ids: int) -> None:
        """Refuse keys other than the account's and those of some endpoints."""
        if self.need_level(request, "account", "endpoint") == "endpoint":
            self.need_part(request, *endpoint_ids)

    def need_part(self, request: Request, *endpoint_ids: int) -> None:
        """Refuse a key whose endpoint, or application, is not one of some endpoints."""
        level = self.need_level(request, "endpoint", "application")
        reached = self._application if level == "application" else {self.own_id(request)}
        if not reached & set(endpoint_ids):
            raise Refused(403, f"Not authorized: the {level}-level key belongs to another endpoint")

    def is_key_of(self, key: str, endpoint_id: int) -> bool:
        """Whether a key is the key of an endpoint."""
        return self._keys.get(key) == ("endpoint", endpoint_id)

    def own_id(self, request: Request) -> int | None:
        """The id of the caller's endpoint, if the key has one."""
        return self._caller(request)[1]

    def own(self, request: Request) -> Endpoint:
        """The endpoint of the caller's key; 404 when it is deleted."""
        self.need_level(request, "endpoint")
        return self.endpoint(str(self.own_id(request)))

    def own_endpoint(self, request: Request, written: str, deleted: bool = False) -> Endpoint:
        """The endpoint with the id in a path. Only its own key is allowed."""
        self.need_level(request, "endpoint")
        endpoint = self.endpoint(written, deleted)
        self.need_part(request, endpoint.id)
        return endpoint

    def endpoint(self, written: str, deleted: bool = False) -> Endpoint:
        """The endpoint with the id in a path. Deleted ones are only found with `deleted`."""
        number = number_in(written)
        endpoint = None if number is None else self.endpoints.get(number)
        if endpoint is None or (endpoint.deleted and not deleted):
            raise Refused(404, f"no endpoint {written}")
        return endpoint
