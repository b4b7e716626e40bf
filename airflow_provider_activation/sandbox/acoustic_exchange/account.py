"""One Acoustic Exchange account: its endpoints, and what each of its keys opens."""

from __future__ import annotations

from typing import Any, Literal

from airflow_provider_activation.sandbox.acoustic_exchange.endpoints import Endpoint
from airflow_provider_activation.sandbox.core.errors import Refused
from airflow_provider_activation.sandbox.core.messages import Request
from airflow_provider_activation.sandbox.core.routing import number_in
from airflow_provider_activation.sandbox.core.settings import Settings

Level = Literal["account", "endpoint", "application"]

OWN_ENDPOINT = 10001
"""The endpoint that the endpoint-level key belongs to."""

REPLACING_SOURCE = 20004
"""A source that answers 308 where one segment is to be added or removed: it can only replace its list."""

FIXED_SOURCE = 20005
"""A source that answers 501 there."""

APPLICATION_ENDPOINTS = (OWN_ENDPOINT, REPLACING_SOURCE)
"""The endpoints that are built on the application of the application-level key."""

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


def _destination(endpoint_id: int, name: str, kind: str, received: dict[str, str]) -> Endpoint:
    segment = {"destination": {"enabled": True, "destinationType": kind}}
    return Endpoint(endpoint_id, _registration(name, segment), received=received)


def _source(endpoint_id: int, name: str, segment_id: int, single_changes: Literal[308, 501]) -> Endpoint:
    registration = _registration(
        name,
        {"source": {"enabled": True, "producerType": "push"}},
        marketingDatabasesDefinition={"marketingDatabases": [{"name": "Customers", "id": "db1"}]},
    )
    segments = [{"id": segment_id, "name": f"Audience of the {name.lower()}"}]
    return Endpoint(endpoint_id, registration, segments=segments, single_changes=single_changes)


def _seeds() -> list[Endpoint]:
    return [
        Endpoint(OWN_ENDPOINT, filtered_identifiers=("cookieId",)),
        _destination(20002, "Email partner", "push", {"700001": "Newsletter readers"}),
        _destination(20003, "Pull partner", "pull", {"700002": "Archive"}),
        _source(REPLACING_SOURCE, "Replacing source", 800001, 308),
        _source(FIXED_SOURCE, "Fixed source", 800002, 501),
    ]


class Account:
    """Knows who calls and what the caller may reach."""

    def __init__(self, settings: Settings) -> None:
        self.endpoints = {endpoint.id: endpoint for endpoint in _seeds()}
        # With each key its level, and its endpoint if it belongs to one.
        self._keys: dict[str | None, tuple[Level, int | None]] = {
            settings.secret("acoustic_account_key"): ("account", None),
            settings.secret("acoustic_application_key"): ("application", None),
            **{settings.secret(name): ("endpoint", own) for name, own in ENDPOINT_KEYS.items()},
        }

    def _caller(self, request: Request) -> tuple[Level, int | None]:
        found = self._keys.get(request.bearer())
        if found is None:
            raise Refused(403, "Not authorized: the authentication key is missing or not recognised")
        return found

    def level(self, request: Request) -> Level:
        """The level of the caller's key."""
        return self._caller(request)[0]

    def need_level(self, request: Request, *levels: Level) -> Level:
        """Refuse a key of another level; gives the key's level."""
        given = self.level(request)
        if given not in levels:
            wanted = " or ".join(levels)
            raise Refused(
                403, f"Not authorized: this call needs the {wanted}-level key, not the {given}-level key"
            )
        return given

    def need_access(self, request: Request, *endpoint_ids: int) -> None:
        """Refuse all but the account's key and the keys of these endpoints."""
        if self.need_level(request, "account", "endpoint") == "endpoint":
            self.need_part(request, *endpoint_ids)

    def need_part(self, request: Request, *endpoint_ids: int) -> None:
        """Refuse a key that belongs to none of these endpoints nor to an application of theirs."""
        level = self.need_level(request, "endpoint", "application")
        reached = APPLICATION_ENDPOINTS if level == "application" else (self.own_id(request),)
        if not set(reached) & set(endpoint_ids):
            raise Refused(403, f"Not authorized: the {level}-level key belongs to another endpoint")

    def is_key_of(self, key: str, endpoint_id: int) -> bool:
        """Whether a key that stands elsewhere than in the header is this endpoint's."""
        return self._keys.get(key) == ("endpoint", endpoint_id)

    def own_id(self, request: Request) -> int | None:
        """The id of the endpoint that an endpoint-level key belongs to."""
        return self._caller(request)[1]

    def own(self, request: Request) -> Endpoint:
        """The endpoint that the key belongs to; 404 when it has been deleted."""
        self.need_level(request, "endpoint")
        return self.endpoint(str(self.own_id(request)))

    def own_endpoint(self, request: Request, written: str, deleted: bool = False) -> Endpoint:
        """The endpoint of an id in a path, for calls that only its own key may make."""
        self.need_level(request, "endpoint")
        endpoint = self.endpoint(written, deleted)
        self.need_part(request, endpoint.id)
        return endpoint

    def endpoint(self, written: str, deleted: bool = False) -> Endpoint:
        """The endpoint of an id in a path; a deleted one only where the call is about that."""
        number = number_in(written)
        endpoint = None if number is None else self.endpoints.get(number)
        if endpoint is None or (endpoint.deleted and not deleted):
            raise Refused(404, f"no endpoint {written}")
        return endpoint
