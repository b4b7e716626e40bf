"""Acoustic Exchange's events, event types and identity filters."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from acoustic_testing import JSON_TYPE, is_error, registration

from airflow_provider_activation.sandbox import Sandbox

TYPE = {"name": "Bought", "code": "bought", "description": "Someone bought something"}
BARE = {"code": "bought", "timestamp": "2026-01-02"}
IDENTIFIED = {**BARE, "identifiers": [{"name": "email", "value": "h2"}]}


def event(**changed: Any) -> dict[str, Any]:
    attribute = {"name": "amount", "value": "12.50", "type": "number"}
    given = {
        "channel": "web",
        "identifiers": [{"name": "email", "value": "h1", "isOriginal": True}],
        "events": [{"code": "bought", "timestamp": "2026-01-02T03:04:05Z", "attributes": [attribute]}],
        **changed,
    }
    return {name: value for name, value in given.items() if value is not ...}


@pytest.fixture
def publisher(endpoint: httpx.Client) -> httpx.Client:
    """The endpoint's key, its endpoint registered as an event source."""
    types = {"event": {"source": {"enabled": True}}}
    assert endpoint.put("/endpoint", json=registration(endpointTypes=types)).status_code == 200
    return endpoint


class TestEvents:
    @pytest.mark.parametrize(
        "changed",
        [
            {},
            {"events": [*event()["events"], BARE]},
            {"identifiers": ...},
            {"identifiers": ..., "events": [IDENTIFIED]},
            {"identifiers": ..., "channel": ..., "events": [{**IDENTIFIED, "channel": "web"}]},
        ],
        ids=["one", "two of one person", "of nobody", "simple batch", "its channels with the events"],
    )
    def test_events_are_kept(
        self, sandbox: Sandbox, publisher: httpx.Client, changed: dict[str, Any]
    ) -> None:
        publisher.post("/eventtype", json=TYPE)
        answer = publisher.post("/event", json=event(**changed))
        assert (answer.status_code, set(answer.json())) == (200, {"message"})
        (held,) = sandbox.state()["acoustic-exchange"]["events"]
        assert held.pop("receivedAt")
        assert held == {"endpointId": 10001, **event(**changed)}

    def test_the_type_must_be_registered(self, publisher: httpx.Client) -> None:
        assert is_error(publisher.post("/event", json=event()), 400)
        publisher.post("/eventtype", json=TYPE)
        assert publisher.post("/event", json=event()).status_code == 200

    @pytest.mark.parametrize(
        "changed",
        [
            {"channel": ...},
            {"channel": ..., "events": [{**IDENTIFIED, "channel": "web"}, IDENTIFIED]},
            {"identifiers": []},
            {"events": [IDENTIFIED]},
            {"identifiers": ..., "events": [{**IDENTIFIED, "identifiers": []}]},
            {"identifiers": [{"name": "email"}]},
            {"identifiers": [{"name": "email", "value": "h1", "isOriginal": "true"}]},
            {"events": ...},
            {"events": {"code": "bought"}},
            {"events": [{"code": "bought"}]},
            {"events": [{"code": "bought", "timestamp": "yesterday"}]},
            {
                "events": [
                    {"code": "b", "timestamp": "2026-01-02", "attributes": [{"name": "a", "value": []}]}
                ]
            },
            {"events": [{**BARE, "user": "x"}]},
            {"user": "x"},
        ],
    )
    def test_refusals(self, sandbox: Sandbox, publisher: httpx.Client, changed: dict[str, Any]) -> None:
        publisher.post("/eventtype", json=TYPE)
        assert is_error(publisher.post("/event", json=event(**changed)), 400)
        assert sandbox.state()["acoustic-exchange"]["events"] == []

    def test_only_an_enabled_event_source_publishes(
        self, account: httpx.Client, endpoint: httpx.Client
    ) -> None:
        assert is_error(account.post("/event", json=event()), 403)
        assert is_error(endpoint.post("/event", json=event()), 400)
        endpoint.put("/endpoint", json=registration())
        assert is_error(endpoint.post("/event", json=event()), 400)
        types = {"event": {"source": {"enabled": True}}}
        endpoint.put("/endpoint", json=registration(endpointTypes=types))
        endpoint.put("/endpoint/disable", headers=JSON_TYPE)
        assert is_error(endpoint.post("/event", json=event()), 400)


class TestEventTypes:
    def listed(self, client: httpx.Client) -> Any:
        return client.get("/endpoint?event=true&loadEvents=true").json()[0]["eventTypes"]

    def test_create_and_update(self, sandbox: Sandbox, publisher: httpx.Client) -> None:
        assert self.listed(publisher) == []
        assert publisher.post("/eventtype", json=TYPE).json() is True
        assert self.listed(publisher) == [TYPE]
        changed = {"name": "Purchase", "code": "bought"}
        assert publisher.put("/eventtype", json=changed).json() is True
        assert self.listed(publisher) == [changed]
        assert sandbox.state()["acoustic-exchange"]["eventTypes"] == [{"endpointId": 10001, **changed}]

    def test_refusals(self, account: httpx.Client, publisher: httpx.Client) -> None:
        assert is_error(publisher.put("/eventtype", json=TYPE), 404)
        assert publisher.post("/eventtype", json=TYPE).json() is True
        assert is_error(publisher.post("/eventtype", json=TYPE), 409)
        assert is_error(account.post("/eventtype", json=TYPE), 403)
        for body in ({"name": "x"}, {"code": "x"}, {**TYPE, "code": 5}, {**TYPE, "attributes": []}):
            assert is_error(publisher.post("/eventtype", json=body), 400)
        assert self.listed(publisher) == [TYPE]


class TestIdentityFilters:
    def test_of_the_key_s_own_endpoint(self, account: httpx.Client, endpoint: httpx.Client) -> None:
        assert endpoint.get("/identityfilters").json() == [
            {
                "endpointFilterId": "1000101",
                "endpointId": "10001",
                "identifierName": "cookieId",
                "publishFilter": True,
                "subscribeFilter": False,
            }
        ]
        assert is_error(account.get("/identityfilters"), 403)
        assert is_error(endpoint.get("/identityfilters?endpointId=10001"), 400)
