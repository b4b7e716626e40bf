"""Acoustic Exchange's endpoints: registration, listing, status, switching, deletion, and their settings."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from acoustic_testing import BIG, JSON_TYPE, export, is_error, offer_segment, registration
from sandbox_testing import acoustic_client

from airflow_provider_activation.sandbox import Sandbox


@pytest.fixture
def source(endpoint: httpx.Client) -> httpx.Client:
    """The endpoint's key, its endpoint registered as a push source that offers one segment."""
    return offer_segment(endpoint)


class TestRegistration:
    def test_register_and_list(self, sandbox: Sandbox, account: httpx.Client, endpoint: httpx.Client) -> None:
        assert [item["endpointId"] for item in account.get("/endpoint").json()] == [
            20002,
            20003,
            20004,
            20005,
        ]
        assert endpoint.get("/endpoint").json() == []
        assert sandbox.state()["acoustic-exchange"]["endpoints"][0]["status"] == "PENDING"
        assert endpoint.put("/endpoint", json=registration()).json() == {"endpointId": 10001}
        assert sandbox.state()["acoustic-exchange"]["endpoints"][0]["status"] == "ACTIVE"
        assert endpoint.get("/endpoint").json() == [{"endpointId": 10001, **registration()}]
        assert [item["endpointId"] for item in account.get("/endpoint").json()] == [
            10001,
            20002,
            20003,
            20004,
            20005,
        ]
        own = account.get("/endpoint?segment=true&source=true").json()
        assert [item["endpointId"] for item in own] == [10001, 20004, 20005]
        assert account.get("/endpoint?event=true").json() == []
        assert len(account.get("/endpoint?endpointId=20003&includeBilling=true").json()) == 1

    def test_account_registers_any(self, account: httpx.Client) -> None:
        assert account.put("/endpoint/10001", json=registration()).json() == {"endpointId": 10001}
        assert is_error(account.put("/endpoint/4", json=registration()), 404)
        assert is_error(account.put("/endpoint/10001x", json=registration()), 404)

    @pytest.mark.parametrize(
        "query",
        [
            "loadSegments=true",
            "loadEvents=true",
            "pageSize=5",
            "segment=true&startRecord=1",
            "segment=true&pageSize=0",
            "segment=yes",
            "includeSegmentIDString=true",
            "colour=red",
        ],
    )
    def test_wrong_queries(self, account: httpx.Client, query: str) -> None:
        assert is_error(account.get(f"/endpoint?{query}"), 400)

    @pytest.mark.parametrize(
        "name", ["endpointId=10001", "includeBilling=true", "includeSegmentIDString=true"]
    )
    def test_queries_of_the_account_only(self, endpoint: httpx.Client, name: str) -> None:
        assert is_error(endpoint.get(f"/endpoint?{name}"), 400)

    def test_everything_that_may_be_registered(self, endpoint: httpx.Client) -> None:
        full = registration(
            description="d",
            url="https://example.com",
            hashAlgorithm="SHA256",
            endpointTypes={
                "event": {
                    "source": {"enabled": True},
                    "destination": {"enabled": True, "url": None, "destinationType": "push"},
                },
                "segment": {
                    "source": {"enabled": True, "producerType": "push", "url": None, "dataWindow": 30},
                    "destination": {"enabled": False, "destinationType": "pull"},
                },
            },
            marketingDatabasesDefinition={
                "marketingDatabases": [
                    {
                        "name": "db",
                        "id": "1",
                        "identifiers": [
                            {
                                "name": "email",
                                "type": "email",
                                "hashMode": None,
                                "isRequired": True,
                                "isEventOnly": None,
                            }
                        ],
                        "attributes": [
                            {
                                "name": "age",
                                "type": "Number",
                                "isRequired": False,
                                "hashMode": "REQUIRED",
                                "hashAlgorithm": "MD5",
                            }
                        ],
                    }
                ]
            },
            notificationKey=5,
        )
        assert endpoint.put("/endpoint", json=full).status_code == 200
        assert endpoint.get("/endpoint").json() == [{"endpointId": 10001, **full}]

    @pytest.mark.parametrize(
        "changed",
        [
            {"name": ...},
            {"providerName": ...},
            {"name": 5},
            {"hashAlgorithm": "sha256"},
            {"url": "not a url"},
            {"endpointTypes": {"segment": {"source": {"enabled": True}}}},
            {"endpointTypes": {"segment": {"source": {"enabled": "true", "producerType": "push"}}}},
            {"endpointTypes": {"segment": {"source": {"enabled": True, "producerType": "PUSH"}}}},
            {"endpointTypes": {"segment": {"destination": {"enabled": True}}}},
            {"endpointTypes": {"audience": {}}},
            {
                "endpointTypes": {
                    "segment": {
                        "source": {"enabled": True, "producerType": "push"},
                        "destination": {"enabled": True, "destinationType": "push"},
                    }
                }
            },
            {"marketingDatabasesDefinition": {"marketingDatabases": [{"name": "db", "id": 1}]}},
            {"marketingDatabasesDefinition": {"marketingDatabases": [{"id": "1"}]}},
            {"unknown": 1},
        ],
    )
    def test_registration_refusals(self, endpoint: httpx.Client, changed: dict[str, Any]) -> None:
        assert is_error(endpoint.put("/endpoint", json=registration(**changed)), 400)
        assert endpoint.get("/endpoint").json() == []


def status(client: httpx.Client) -> Any:
    answer = client.get("/10001/status")
    assert answer.status_code == 200
    return answer.json()


def held(sandbox: Sandbox) -> dict[str, Any]:
    endpoint: dict[str, Any] = sandbox.state()["acoustic-exchange"]["endpoints"][0]
    return endpoint


class TestStatus:
    def test_course(self, endpoint: httpx.Client) -> None:
        seen = [status(endpoint)]
        endpoint.put("/endpoint", json=registration())
        seen.append(status(endpoint))
        endpoint.put("/endpoint/10001/reportfailure", json={"reason": "no account"})
        seen.append(status(endpoint))
        endpoint.put("/endpoint", json=registration())
        seen.append(status(endpoint))
        endpoint.delete("/endpoint", headers=JSON_TYPE)
        seen.append(status(endpoint))
        assert seen == ["PENDING", "ACTIVE", "FAILED", "ACTIVE", "DELETED"]

    def test_bare_string(self, endpoint: httpx.Client) -> None:
        assert endpoint.get("/10001/status").text == '"PENDING"'

    def test_refusals(self, account: httpx.Client, endpoint: httpx.Client) -> None:
        assert is_error(account.get("/10001/status"), 403)
        assert is_error(endpoint.get("/20002/status"), 403)
        assert is_error(endpoint.get("/4/status"), 404)
        # The path has no "endpoint" in it: here that word stands where the id belongs.
        assert is_error(endpoint.get("/endpoint/status"), 404)
        assert is_error(endpoint.get("/10001/status?endpointId=1"), 400)


class TestSwitch:
    def test_own(self, sandbox: Sandbox, source: httpx.Client) -> None:
        assert source.put("/endpoint/enable", headers=JSON_TYPE).status_code == 304
        disabled = source.put("/endpoint/disable", headers=JSON_TYPE)
        assert (disabled.status_code, disabled.text) == (200, "True")
        assert held(sandbox)["enabled"] is False
        unchanged = source.put("/endpoint/disable", headers=JSON_TYPE)
        assert (unchanged.status_code, unchanged.content) == (304, b"")
        assert source.put("/endpoint/enable", headers=JSON_TYPE).text == "True"
        assert held(sandbox)["enabled"] is True

    def test_by_id(self, source: httpx.Client, account: httpx.Client) -> None:
        for path, status_code in (
            ("disable/10001", 200),
            ("disable/10001", 304),
            ("enable/10001", 200),
            ("enable/10001", 304),
            ("disable/20003", 200),
        ):
            assert account.put(f"/endpoint/{path}", headers=JSON_TYPE).status_code == status_code

    @pytest.mark.parametrize("word", ["enable", "disable"])
    def test_refusals(self, account: httpx.Client, endpoint: httpx.Client, word: str) -> None:
        assert is_error(account.put(f"/endpoint/{word}", headers=JSON_TYPE), 403)
        assert is_error(endpoint.put(f"/endpoint/{word}/10001", headers=JSON_TYPE), 403)
        assert is_error(account.put(f"/endpoint/{word}/4", headers=JSON_TYPE), 404)
        # Not registered yet.
        assert is_error(account.put(f"/endpoint/{word}/10001", headers=JSON_TYPE), 400)
        assert is_error(endpoint.put(f"/endpoint/{word}", headers=JSON_TYPE), 400)
        assert is_error(account.put(f"/endpoint/{word}/20003", json={}), 400)
        assert is_error(account.put(f"/endpoint/{word}/20003", headers={"Content-Type": "text/csv"}), 400)
        assert is_error(account.put(f"/endpoint/{word}/20003?now=true", headers=JSON_TYPE), 400)

    def test_no_data_flows_through_a_disabled_endpoint(
        self, source: httpx.Client, account: httpx.Client
    ) -> None:
        for at in (10001, 20002):
            account.put(f"/endpoint/disable/{at}", headers=JSON_TYPE)
            assert is_error(account.post("/jobs/segmentExport", json=export()), 400)
            account.put(f"/endpoint/enable/{at}", headers=JSON_TYPE)
        assert account.post("/jobs/segmentExport", json=export()).status_code == 200


class TestDeletion:
    def test_own(self, sandbox: Sandbox, source: httpx.Client) -> None:
        answer = source.delete("/endpoint", headers=JSON_TYPE)
        assert (answer.status_code, answer.json()) == (200, True)
        assert held(sandbox)["status"] == "DELETED"
        assert source.get("/endpoint").json() == []
        assert is_error(source.get(f"/endpoint/10001/segments/{BIG}"), 404)
        assert is_error(source.delete("/endpoint", headers=JSON_TYPE), 404)

    def test_by_id(self, sandbox: Sandbox, account: httpx.Client) -> None:
        assert account.delete("/endpoint/20003", headers=JSON_TYPE).json() is True
        assert is_error(account.delete("/endpoint/20003", headers=JSON_TYPE), 404)
        assert is_error(account.get("/endpoint?endpointId=20003"), 404)
        assert is_error(account.post("/jobs/segmentExport", json=export(destinationEndpointID=20003)), 400)
        assert 20003 not in [item["endpointId"] for item in account.get("/endpoint").json()]

    def test_a_deleted_endpoint_can_be_registered_again(self, source: httpx.Client) -> None:
        source.delete("/endpoint", headers=JSON_TYPE)
        assert source.put("/endpoint", json=registration()).json() == {"endpointId": 10001}
        assert status(source) == "ACTIVE"
        assert is_error(source.get(f"/endpoint/10001/segments/{BIG}"), 404)

    def test_refusals(self, account: httpx.Client, endpoint: httpx.Client) -> None:
        assert is_error(account.delete("/endpoint", headers=JSON_TYPE), 403)
        assert is_error(endpoint.delete("/endpoint/10001", headers=JSON_TYPE), 403)
        assert is_error(account.delete("/endpoint/", headers=JSON_TYPE), 404)
        assert is_error(account.request("DELETE", "/endpoint/20003", json={}), 400)
        assert len(account.get("/endpoint?endpointId=20003").json()) == 1


class TestDatabase:
    def register(self, endpoint: httpx.Client, *names: str) -> None:
        databases = {"marketingDatabases": [{"name": name, "id": "old"} for name in names]}
        endpoint.put("/endpoint", json=registration(marketingDatabasesDefinition=databases))

    def databases(self, client: httpx.Client, query: str = "") -> Any:
        shown = client.get(f"/endpoint{query}").json()[0]
        return shown["marketingDatabasesDefinition"]["marketingDatabases"]

    def test_the_only_database(self, endpoint: httpx.Client) -> None:
        self.register(endpoint, "Customers")
        answer = endpoint.put("/endpoint/database", json={"databaseId": "new1"})
        assert (answer.status_code, answer.json()) == (200, True)
        assert self.databases(endpoint) == [{"name": "Customers", "id": "new1"}]
        given = {"databaseId": "new2", "marketingDatabaseName": "Clients", "endpointId": 10001}
        assert endpoint.put("/endpoint/database", json=given).json() is True
        assert self.databases(endpoint) == [{"name": "Clients", "id": "new2"}]

    def test_one_of_several(self, endpoint: httpx.Client) -> None:
        self.register(endpoint, "Customers", "Leads")
        assert is_error(endpoint.put("/endpoint/database", json={"databaseId": "new"}), 400)
        unknown = {"databaseId": "new", "marketingDatabaseName": "Others"}
        assert is_error(endpoint.put("/endpoint/database", json=unknown), 400)
        given = {"databaseId": "new", "marketingDatabaseName": "Leads"}
        assert endpoint.put("/endpoint/database", json=given).json() is True
        assert self.databases(endpoint) == [
            {"name": "Customers", "id": "old"},
            {"name": "Leads", "id": "new"},
        ]

    def test_the_first(self, endpoint: httpx.Client) -> None:
        endpoint.put("/endpoint", json=registration())
        assert endpoint.put("/endpoint/database", json={"databaseId": "new"}).json() is True
        assert self.databases(endpoint) == [{"id": "new"}]

    def test_application_key(self, sandbox: Sandbox, account: httpx.Client) -> None:
        with acoustic_client(sandbox, "application") as application:
            assert is_error(application.put("/endpoint/database", json={"databaseId": "new"}), 400)
            given = {"databaseId": "new", "endpointId": 20004}
            assert application.put("/endpoint/database", json=given).json() is True
            # Built on another application.
            elsewhere = {"databaseId": "new", "endpointId": 20005}
            assert is_error(application.put("/endpoint/database", json=elsewhere), 403)
            for answer in (
                application.get("/endpoint"),
                application.put("/endpoint", json=registration()),
                application.get("/20004/status"),
                application.get("/endpoint/20004/segments/800001"),
                application.get("/jobs/SEGMENT_EXPORT?endpointId=20004"),
                application.get("/identityfilters"),
            ):
                assert is_error(answer, 403)
        assert self.databases(account, "?endpointId=20004")[0]["id"] == "new"

    def test_refusals(self, account: httpx.Client, endpoint: httpx.Client) -> None:
        assert is_error(endpoint.put("/endpoint/database", json={"databaseId": "new"}), 400)
        self.register(endpoint, "Customers")
        assert is_error(account.put("/endpoint/database", json={"databaseId": "new"}), 403)
        refusals: tuple[tuple[dict[str, Any], int], ...] = (
            ({}, 400),
            ({"databaseId": 5}, 400),
            ({"databaseId": ""}, 400),
            ({"databaseId": "new", "endpointId": "10001"}, 400),
            ({"databaseId": "new", "databaseName": "Customers"}, 400),
            ({"databaseId": "new", "endpointId": 20002}, 403),
            ({"databaseId": "new", "endpointId": 4}, 404),
        )
        for body, status_code in refusals:
            assert is_error(endpoint.put("/endpoint/database", json=body), status_code)
        assert self.databases(endpoint) == [{"name": "Customers", "id": "old"}]


class TestAttributes:
    def path(self, sandbox: Sandbox, name: str = "acoustic_endpoint_key") -> str:
        return f"/endpointattributes/authkey/{quote(sandbox.secrets[name], safe='')}"

    def test_each_call_replaces_the_one_before(self, sandbox: Sandbox, source: httpx.Client) -> None:
        for attributes in ({"clientId": "planted-id", "clientSecret": "planted-secret"}, {"user": "planted"}):
            answer = source.put(self.path(sandbox), json={"attributes": attributes})
            assert (answer.status_code, answer.json()) == (200, True)
        assert held(sandbox)["attributes"] == {"user": "***"}

    def test_nothing_of_it_is_shown(self, sandbox: Sandbox, source: httpx.Client, web: httpx.Client) -> None:
        source.put(self.path(sandbox), json={"attributes": {"user": "planted"}})
        source.put(self.path(sandbox), json={"user": "planted"})
        source.put("/endpointattributes/authkey/planted-key", json={"attributes": {"user": "planted"}})
        sandbox.misbehave("status", path="/v1/endpointattributes/*")
        source.put("/endpointattributes/authkey/planted-key", json={"attributes": {"user": "planted"}})
        seen = [json.dumps(sandbox.requests), json.dumps(sandbox.state()), web.get("/").text]
        assert not any("planted" in text for text in seen)
        assert sandbox.requests[-2]["path"] == "/v1/endpointattributes/authkey/***"
        assert sandbox.requests[-2]["body"] == {"attributes": {"user": "***"}}

    def test_refusals(self, sandbox: Sandbox, account: httpx.Client, endpoint: httpx.Client) -> None:
        path, good = self.path(sandbox), {"attributes": {"user": "x"}}
        # Not registered yet.
        assert is_error(endpoint.put(path, json=good), 400)
        endpoint.put("/endpoint", json=registration())
        assert is_error(account.put(path, json=good), 403)
        assert is_error(endpoint.put(self.path(sandbox, "acoustic_fixed_source_key"), json=good), 403)
        assert is_error(endpoint.put(path.replace("authkey/", 'authkey/"') + '"', json=good), 403)
        assert is_error(endpoint.post(path, json=good), 405)
        assert is_error(endpoint.put("/endpointattributes", json=good), 404)
        refusals: tuple[dict[str, Any], ...] = (
            {"user": "x"},
            {"attributes": {}},
            {"attributes": {"port": 5}},
            {"attributes": [{"name": "user", "value": "x"}]},
            {"attributes": {"user": "x"}, "more": 1},
        )
        for body in refusals:
            assert is_error(endpoint.put(path, json=body), 400)
        assert held(sandbox)["attributes"] == {}


class TestFailure:
    def test_reason_by_bytes(self, sandbox: Sandbox, endpoint: httpx.Client) -> None:
        fits = "é" * 256
        answer = endpoint.put("/endpoint/10001/reportfailure", json={"reason": fits})
        assert (answer.status_code, answer.json()) == (200, True)
        assert held(sandbox)["failure"] == fits
        assert is_error(endpoint.put("/endpoint/10001/reportfailure", json={"reason": f"{fits}x"}), 400)
        assert held(sandbox)["failure"] == fits

    def test_no_data_flows_through_a_failed_endpoint(
        self, source: httpx.Client, account: httpx.Client
    ) -> None:
        source.put("/endpoint/10001/reportfailure", json={"reason": "broken"})
        assert is_error(account.post("/jobs/segmentExport", json=export()), 400)

    def test_refusals(self, account: httpx.Client, endpoint: httpx.Client) -> None:
        assert is_error(account.put("/endpoint/10001/reportfailure", json={"reason": "x"}), 403)
        assert is_error(endpoint.put("/endpoint/20002/reportfailure", json={"reason": "x"}), 403)
        refusals: tuple[dict[str, Any], ...] = ({}, {"reason": ""}, {"reason": 5}, {"reason": "x", "code": 1})
        for body in refusals:
            assert is_error(endpoint.put("/endpoint/10001/reportfailure", json=body), 400)
        assert status(endpoint) == "PENDING"
