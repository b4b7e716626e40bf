"""Dataddo: services, what connectors offer, and destinations."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from dataddo_testing import is_error, snapchat, source_body

from airflow_provider_activation.sandbox import Sandbox

DEBUG = {"status", "message", "started", "ended", "duration", "memory_mb"}


class TestServices:
    def test_create_and_list(self, sandbox: Sandbox, dataddo: httpx.Client, service: int) -> None:
        newer = {"serviceName": "snapchat_static", "config": {**snapchat(sandbox), "label": "Mine"}}
        second = dataddo.post("/services", json=newer).json()["id"]
        listed = dataddo.get("/services").json()
        assert [(item["id"], item["label"]) for item in listed] == [
            (service, "Snapchat 1000"),
            (second, "Mine"),
        ]
        assert "snapchat" in listed[0]["service"]
        assert sandbox.secrets["snapchat_client_secret"] not in str(listed)

    def test_refusals(self, sandbox: Sandbox, dataddo: httpx.Client) -> None:
        good = snapchat(sandbox)
        for body in (
            {"service": "snapchat_static", "config": good},
            {"service": "snapchat_static", "data": good, "serviceName": "snapchat_static", "config": good},
            {"service": "facebook", "data": good},
            {"service": "snapchat_static", "data": {**good, "clientSecret": "wrong"}},
            {"service": "snapchat_static", "data": {**good, "token": "x"}},
            {"service": "snapchat_static", "data": {"staticKey": "x"}},
            {"service": "snapchat_static"},
        ):
            assert is_error(dataddo.post("/services", json=body), 400)
        assert dataddo.get("/services").json() == []

    def test_at_the_address_of_its_kind(self, sandbox: Sandbox, dataddo: httpx.Client) -> None:
        body = {"service": "snapchat_static", "data": {**snapchat(sandbox), "label": "Mine"}}
        created = dataddo.post("/services/snapchat_static", json=body).json()
        assert [item["id"] for item in dataddo.get("/services").json()] == [created["id"]]
        assert is_error(dataddo.post("/services/facebook", json=body), 404)
        newer = {"serviceName": "snapchat_static", "config": body["data"]}
        wrong: list[dict[str, Any]] = [{**body, "service": "facebook"}, newer, {**body, "label": "x"}]
        for given in wrong:
            assert is_error(dataddo.post("/services/snapchat_static", json=given), 400)
        assert len(dataddo.get("/services").json()) == 1

    def test_one(self, dataddo: httpx.Client, service: int) -> None:
        assert [dataddo.get(f"/services/{service}").json()] == dataddo.get("/services").json()
        for unknown in ("999", "snapchat_static", "-1"):
            assert is_error(dataddo.get(f"/services/{unknown}"), 404)

    def test_update(self, sandbox: Sandbox, dataddo: httpx.Client, service: int) -> None:
        path = f"/services/{service}"
        before = dataddo.get(path).json()
        changed = dataddo.put(path, json={"label": "Mine"}).json()
        assert {**changed, "last_action": ""} == {**before, "label": "Mine", "last_action": ""}
        assert dataddo.get(path).json() == changed
        for body in (
            {"data": snapchat(sandbox)},
            {"service": "snapchat_static", "data": snapchat(sandbox)},
            {"serviceName": "snapchat_static", "config": {**snapchat(sandbox), "label": "Mine"}},
        ):
            answer = dataddo.put(path, json=body)
            assert (answer.status_code, answer.json()["label"]) == (200, "Mine")
            assert sandbox.secrets["snapchat_client_secret"] not in answer.text
        wrong: list[dict[str, Any]] = [
            {},
            {"label": 5},
            {"service": "facebook", "label": "x"},
            {"data": {**snapchat(sandbox), "staticKey": "wrong"}},
            {"data": snapchat(sandbox), "config": snapchat(sandbox)},
            {"id": service, "label": "x"},
        ]
        for body in wrong:
            assert is_error(dataddo.put(path, json=body), 400)
        assert is_error(dataddo.put("/services/9", json={"label": "x"}), 404)
        assert dataddo.get(path).json()["label"] == "Mine"

    def test_delete(self, sandbox: Sandbox, dataddo: httpx.Client, source: str, service: int) -> None:
        path = f"/services/{service}"
        assert is_error(dataddo.delete(path), 409)
        assert len(sandbox.state()["dataddo"]["services"]) == 1
        assert dataddo.delete(f"/sources/{source}").status_code == 204
        answer = dataddo.delete(path)
        assert (answer.status_code, answer.content) == (204, b"")
        assert is_error(dataddo.delete(path), 404)
        assert sandbox.state()["dataddo"]["services"] == []

    def test_a_destination_uses_a_service(self, dataddo: httpx.Client, service: int) -> None:
        made = dataddo.post("/destinations/google_big_query", json=big_query(service)).json()
        assert is_error(dataddo.delete(f"/services/{service}"), 409)
        dataddo.delete(f"/destinations/{made['id']}")
        assert dataddo.delete(f"/services/{service}").status_code == 204

    def test_debug(self, sandbox: Sandbox, dataddo: httpx.Client, service: int) -> None:
        path = f"/services/{service}/debug"
        good = dataddo.get(path).json()
        assert set(good) == DEBUG
        assert good["status"] == "success"
        kinds = [type(good[name]) for name in ("started", "ended", "duration", "memory_mb")]
        assert kinds == [float, float, str, int]
        sandbox.misbehave("fail", path=path)
        assert dataddo.get(path).json()["status"] == "error"
        assert is_error(dataddo.get("/services/9/debug"), 404)


class TestConnectors:
    def test_list(self, dataddo: httpx.Client) -> None:
        (snapchat,) = dataddo.get("/connectors").json()
        assert {"id", "label", "tags", "categories", "group", "iconUrl", "services", "priority"} == set(
            snapchat
        )
        assert (snapchat["id"], snapchat["services"]) == ("snapchat", ["snapchat_static"])

    def test_templates(self, dataddo: httpx.Client) -> None:
        found = dataddo.get("/connectors/snapchat/templates").json()
        assert set(found) == {"connectorId", "sourceName", "categories", "templates", "iconUrl"}
        (listed,) = found["templates"]
        assert set(listed) == {"name", "description", "type", "templateId", "categoryId", "attributes"}
        one = dataddo.get(f"/connectors/snapchat/templates/{listed['templateId']}").json()
        assert {"url", "header", "body", "method", "transformation", "emitter"} <= set(one)
        assert one["name"] == listed["name"]
        for path in ("facebook/templates", "facebook/templates/index", "snapchat/templates/x"):
            assert is_error(dataddo.get(f"/connectors/{path}"), 404)

    def test_actions(self, dataddo: httpx.Client, service: int) -> None:
        path = "/connectors/snapchat/actions"
        organizations = dataddo.post(f"{path}/organization", json={"oAuthId": str(service)}).json()
        assert organizations == [{"label": "Example organization", "value": "org-1"}]
        asked = {"oAuthId": service, "organizationId": "org-1"}
        assert dataddo.post(f"{path}/account", json=asked).json()[0]["value"] == "acc-1"
        assert is_error(dataddo.post(f"{path}/account", json={**asked, "organizationId": "x"}), 400)
        assert is_error(dataddo.post(f"{path}/organization", json={"oAuthId": "9"}), 400)
        assert is_error(dataddo.get(f"{path}/organization"), 405)

    @pytest.mark.parametrize(
        ("action", "value"),
        [
            ("breakdown", "campaign"),
            ("metric", "spend"),
            ("labels", "stats_start_time"),
            ("dateRange", "{{30d1}}"),
        ],
    )
    def test_options(self, dataddo: httpx.Client, action: str, value: str) -> None:
        path = f"/connectors/snapchat/actions/{action}"
        found = dataddo.get(path).json()
        assert all(set(option) == {"label", "value"} for option in found)
        assert value in [option["value"] for option in found]
        assert is_error(dataddo.post(path, json={}), 405)
        assert is_error(dataddo.get(f"{path}?oAuthId=1000"), 400)

    def test_authorization(self, dataddo: httpx.Client, service: int) -> None:
        (found,) = dataddo.get("/connectors/snapchat/actions/authorization").json()
        assert set(found) == {"id", "service", "email"}
        assert (found["id"], found["service"]) == (service, "snapchat_static")

    def test_campaign(self, dataddo: httpx.Client, service: int) -> None:
        path = "/connectors/snapchat/actions/campaign"
        found = dataddo.post(path, json={"oAuthId": service, "accountId": "acc-1"}).json()
        assert [option["value"] for option in found] == ["campaign-1", "campaign-2"]
        wrong: list[dict[str, Any]] = [
            {"oAuthId": service, "accountId": "acc-2"},
            {"oAuthId": 9, "accountId": "acc-1"},
            {"oAuthId": service},
            {"oAuthId": service, "accountId": "acc-1", "organizationId": "org-1"},
        ]
        for body in wrong:
            assert is_error(dataddo.post(path, json=body), 400)

    def test_preview(self, sandbox: Sandbox, dataddo: httpx.Client, service: int) -> None:
        path = "/connectors/snapchat/preview"
        found = dataddo.post(path, json=source_body(service)).json()
        assert set(found) == {
            "status",
            "status_code",
            "log",
            "data",
            "key",
            "type",
            "row_count",
            "duration",
            "matrix",
        }
        assert (found["status"], found["status_code"], found["row_count"]) == ("success", 200, 10)
        assert found["key"] == ["stats_id", "stats_type", "spend", "impressions"]
        assert found["type"] == ["string", "string", "float", "integer"]
        assert found["matrix"]["spend"] == [row["spend"] for row in found["data"]]
        assert dataddo.get("/sources").json() == []
        sandbox.misbehave("fail", path=path)
        failed = dataddo.post(path, json=source_body(service)).json()
        assert (failed["status"], failed["status_code"], failed["data"]) == ("error", 500, [])
        assert is_error(dataddo.post(path, json=source_body(9)), 400)
        assert is_error(dataddo.post(path, json=source_body(service, label=...)), 400)
        assert is_error(dataddo.post("/connectors/facebook/preview", json=source_body(service)), 404)


def big_query(service: int, **changed: Any) -> dict[str, Any]:
    given = {
        "label": "Warehouse",
        "o_auth_id": service,
        "projectId": "project-1",
        "datasetId": "snapchat",
        **changed,
    }
    return {name: value for name, value in given.items() if value is not ...}


class TestDestinations:
    @pytest.fixture
    def destination(self, dataddo: httpx.Client, service: int) -> str:
        answer = dataddo.post("/destinations/google_big_query", json=big_query(service))
        assert answer.status_code == 200
        return str(answer.json()["id"])

    def test_create_and_read_back(
        self, sandbox: Sandbox, dataddo: httpx.Client, service: int, destination: str
    ) -> None:
        one = dataddo.get(f"/destinations/{destination}").json()
        given = {"label": "Warehouse", "project_id": "project-1", "dataset_id": "snapchat"}
        assert {name: one[name] for name in ("id", "o_auth_id", *given)} == {
            "id": destination,
            "o_auth_id": service,
            **given,
        }
        assert (one["status"], one["last_use"], one["created_at"]) == (True, None, one["updated_at"])
        assert dataddo.get("/destinations").json() == [one] == sandbox.state()["dataddo"]["destinations"]

    def test_update(self, dataddo: httpx.Client, service: int, destination: str) -> None:
        path = f"/destinations/{destination}"
        changed = dataddo.put(path, json={"datasetId": "other"}).json()
        assert (changed["dataset_id"], changed["label"]) == ("other", "Warehouse")
        assert dataddo.put(path, json=big_query(service)).json()["dataset_id"] == "snapchat"
        for body in ({}, {"dataset_id": "x"}, {"o_auth_id": 9}, {"o_auth_id": str(service)}, {"type": "x"}):
            assert is_error(dataddo.put(path, json=body), 400)

    def test_clone(self, dataddo: httpx.Client, destination: str) -> None:
        copy = dataddo.get(f"/destinations/{destination}/clone").json()
        original = dataddo.get(f"/destinations/{destination}").json()
        assert copy["id"] != destination
        later = {name: original[name] for name in ("id", "created_at", "updated_at")}
        assert {**copy, **later} == original
        assert dataddo.get("/destinations").json() == [original, copy]
        dataddo.put(f"/destinations/{copy['id']}", json={"label": "Copy"})
        assert dataddo.get(f"/destinations/{destination}").json() == original

    def test_delete(self, dataddo: httpx.Client, destination: str) -> None:
        answer = dataddo.delete(f"/destinations/{destination}")
        assert (answer.status_code, answer.content) == (204, b"")
        for method, path in (("DELETE", ""), ("GET", ""), ("GET", "/clone")):
            assert is_error(dataddo.request(method, f"/destinations/{destination}{path}"), 404)
        assert dataddo.get("/destinations").json() == []

    @pytest.mark.parametrize(
        "changed",
        [
            {"label": ...},
            {"o_auth_id": 9},
            {"o_auth_id": "1000"},
            {"projectId": 5},
            {"datasetId": ""},
            {"project_id": "x"},
            {"id": "x"},
        ],
    )
    def test_refusals(self, dataddo: httpx.Client, service: int, changed: dict[str, Any]) -> None:
        body = big_query(service, **changed)
        assert is_error(dataddo.post("/destinations/google_big_query", json=body), 400)
        assert is_error(dataddo.post("/destinations/snowflake", json=big_query(service)), 404)
        assert dataddo.get("/destinations").json() == []
