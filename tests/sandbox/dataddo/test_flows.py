"""Dataddo: flows, and how they are written."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx
import pytest
from dataddo_testing import is_error, source_body
from sandbox_testing import STEP

from airflow_provider_activation.sandbox import Sandbox


class TestFlows:
    def test_create_and_read_back(self, dataddo: httpx.Client, source: str, flow: str) -> None:
        one = dataddo.get(f"/flows/{flow}").json()
        assert one["source"] == [{"source_id": source}]
        assert one["api"]["app"] == "google_data_studio"
        assert one["api"]["id"] != flow
        assert is_error(dataddo.get(f"/flows/{one['api']['id']}"), 404)
        assert dataddo.get("/flows").json() == [one]
        assert dataddo.get(f"/flows/by-source/{source}").json() == [one]
        assert is_error(dataddo.get(f"/flows/by-source/{flow}"), 404)

    def test_refusals(self, dataddo: httpx.Client, source: str) -> None:
        good = {"sources": [source], "app": "google_data_studio", "label": "x"}
        wrong: list[dict[str, Any]] = [
            {"sources": ["9"]},
            {"sources": []},
            {"source": [source]},
            {"app": "x"},
            {"label": 5},
        ]
        for changed in wrong:
            assert is_error(dataddo.post("/flows", json={**good, **changed}), 400)

    def test_update(
        self, sandbox: Sandbox, dataddo: httpx.Client, service: int, source: str, flow: str
    ) -> None:
        path = f"/flows/{flow}"
        before = dataddo.get(path).json()
        assert dataddo.put(path, json={"label": "Other"}).json() == {**before, "label": "Other"}
        second = dataddo.post("/connectors/snapchat/create-source", json=source_body(service)).json()["id"]
        whole = {"sources": [source, second], "app": "google_data_studio", "label": "Both", "tag": ["daily"]}
        changed = dataddo.put(path, json=whole).json()
        assert changed["source"] == [{"source_id": source}, {"source_id": second}]
        assert (changed["label"], changed["tag"], changed["api"]) == ("Both", ["daily"], before["api"])
        assert dataddo.get(path).json() == changed
        assert dataddo.get(f"/flows/by-source/{second}").json() == [changed]
        wrong: list[dict[str, Any]] = [
            {},
            {"sources": ["x"]},
            {"sources": []},
            {"source": [{"source_id": source}]},
            {"app": "x"},
            {"label": ""},
            {"id": flow, "label": "x"},
            {"rules": ["x"]},
        ]
        for body in wrong:
            assert is_error(dataddo.put(path, json=body), 400)
        assert dataddo.get(path).json() == changed
        assert is_error(dataddo.put("/flows/x", json=whole), 404)

    def test_delete(self, sandbox: Sandbox, dataddo: httpx.Client, source: str, flow: str) -> None:
        answer = dataddo.delete(f"/flows/{flow}")
        assert (answer.status_code, answer.content) == (204, b"")
        for method, rest in (("DELETE", ""), ("GET", ""), ("GET", "/status"), ("GET", "/clone")):
            assert is_error(dataddo.request(method, f"/flows/{flow}{rest}"), 404)
        state = sandbox.state()["dataddo"]
        assert (state["flows"], len(state["sources"])) == ([], 1)

    def test_preview(self, sandbox: Sandbox, dataddo: httpx.Client, service: int, source: str) -> None:
        body = {"sources": [source], "app": "google_data_studio", "label": "x"}
        assert dataddo.post("/flows/preview", json=body).json() == []
        dataddo.post(f"/sources/{source}/extraction/enqueue")
        sandbox.advance(2 * STEP)
        rows = dataddo.post("/flows/preview", json=body).json()
        assert rows == dataddo.get(f"/sources/{source}/preview").json()
        assert dataddo.post("/flows/preview?limit=2", json={"sources": [source]}).json() == rows[:2]
        assert dataddo.get("/flows").json() == []
        for query, given in (
            ("", {"sources": ["x"]}),
            ("", {"label": "x"}),
            ("", {**body, "source": []}),
            ("?limit=0", body),
        ):
            assert is_error(dataddo.post(f"/flows/preview{query}", json=given), 400)

    def test_clone(self, dataddo: httpx.Client, source: str, flow: str) -> None:
        original = dataddo.get(f"/flows/{flow}").json()
        answer = dataddo.get(f"/flows/{flow}/clone")
        assert answer.status_code == 200
        copy = answer.json()
        assert copy["id"] != flow
        assert copy["api"]["id"] != original["api"]["id"]
        assert {**copy, "id": "", "api": ""} == {**original, "id": "", "api": ""}
        assert dataddo.get(f"/flows/by-source/{source}").json() == [original, copy]
        # Two flows from now on: neither follows the other.
        dataddo.put(f"/flows/{copy['id']}", json={"label": "Copy"})
        dataddo.post(f"/flows/{copy['id']}/write/enqueue")
        assert dataddo.get(f"/flows/{flow}").json() == original
        actions = [dataddo.get(f"/flows/{one}/status").json()["actionId"] for one in (flow, copy["id"])]
        assert actions[0] != actions[1]

    def test_api(self, sandbox: Sandbox, dataddo: httpx.Client, flow: str) -> None:
        assert dataddo.get(f"/flows/{flow}/api").json() == dataddo.get(f"/flows/{flow}").json()["api"]
        assert dataddo.get(f"/flows/{flow}/api/log").json() == []
        assert dataddo.get(f"/flows/{flow}/api/debug").json()["status"] == "success"
        sandbox.misbehave("fail", path="*/api/debug")
        assert dataddo.get(f"/flows/{flow}/api/debug").json()["status"] == "error"
        for rest in ("", "/log", "/debug"):
            assert is_error(dataddo.get(f"/flows/x/api{rest}"), 404)


class TestWrite:
    def test_the_action(self, sandbox: Sandbox, dataddo: httpx.Client, flow: str) -> None:
        path = f"/flows/{flow}/write"
        before = dataddo.get(path).json()
        assert (before["status"], before["write_mode"], before["unique_columns"]) == ("live", "insert", [])
        assert before["schedule"] == dataddo.get(f"{path}/schedule").json()
        dataddo.post(f"{path}/enqueue", json={"skipRulesValidation": True})
        assert sandbox.state()["dataddo"]["flows"][0]["lastRunAsked"] == {"skipRulesValidation": True}
        sandbox.advance(2 * STEP)
        after = dataddo.get(path).json()
        started = datetime.fromisoformat(dataddo.get(f"/flows/{flow}/status").json()["lastRunStarted"])
        assert after["last_execution"] == int(started.timestamp())
        assert is_error(dataddo.get("/flows/x/write"), 404)

    def test_status(self, sandbox: Sandbox, dataddo: httpx.Client, flow: str) -> None:
        path = f"/flows/{flow}/write/status"
        live = dataddo.get(path).json()
        assert live == dataddo.get(f"/flows/{flow}/status").json()
        assert dataddo.put(path, json=live).json() == live
        assert dataddo.put(path, json={"status": "inactive"}).json()["status"] == "inactive"
        assert is_error(dataddo.post(f"/flows/{flow}/write/enqueue"), 409)
        assert dataddo.put(path, json={}).json() == live
        sandbox.misbehave("fail", path="*/write/enqueue")
        dataddo.post(f"/flows/{flow}/write/enqueue")
        sandbox.advance(3 * STEP)
        assert dataddo.get(path).json()["status"] == "broken"
        assert dataddo.put(path, json={"status": "live"}).json()["status"] == "live"
        wrong: list[Any] = [{"status": "off"}, {"status": "running"}, {"actionId": 1}, {"restart": True}, []]
        for body in wrong:
            assert is_error(dataddo.put(path, json=body), 400)
        for method in ("GET", "PUT"):
            assert is_error(dataddo.request(method, "/flows/x/write/status", json={}), 404)

    def test_settings(self, sandbox: Sandbox, dataddo: httpx.Client, flow: str) -> None:
        path = f"/flows/{flow}/write/settings"
        given = {"write_mode": "upsert", "unique_columns": ["stats_id"]}
        assert dataddo.put(path, json=given).json() == given
        action = dataddo.get(f"/flows/{flow}/write").json()
        assert {name: action[name] for name in given} == given
        assert sandbox.state()["dataddo"]["flows"][0]["write_mode"] == "upsert"
        assert dataddo.put(path, json={"write_mode": "truncate_insert"}).json()["unique_columns"] == []
        wrong: list[dict[str, Any]] = [
            {"write_mode": "upsert"},
            {"write_mode": "upsert", "unique_columns": []},
            {"write_mode": "append"},
            {"unique_columns": ["stats_id"]},
            {"write_mode": "insert", "unique_columns": "stats_id"},
            {"write_mode": "insert", "unique_columns": ["a", "a"]},
            {"writeMode": "insert"},
        ]
        for body in wrong:
            assert is_error(dataddo.put(path, json=body), 400)
        assert is_error(dataddo.put("/flows/x/write/settings", json=given), 404)

    def test_log(self, sandbox: Sandbox, dataddo: httpx.Client, flow: str) -> None:
        path = f"/flows/{flow}/write/log"
        assert dataddo.get(path).json() == []
        dataddo.post(f"/flows/{flow}/write/enqueue")
        sandbox.advance(2 * STEP)
        entries = dataddo.get(path).json()
        assert [entry["message"] for entry in entries] == ["The run has finished.", "The run has started."]
        assert is_error(dataddo.get("/flows/x/write/log"), 404)

    def test_debug(self, sandbox: Sandbox, dataddo: httpx.Client, flow: str) -> None:
        path = f"/flows/{flow}/write/debug"
        good = dataddo.get(path).json()
        assert (good["status"], set(good["connection_result"])) == ("success", {"config", "result"})
        sandbox.misbehave("fail", path=path)
        assert dataddo.get(path).json()["status"] == "error"
        assert sandbox.state()["dataddo"]["flows"][0]["runs"] == 0
        assert is_error(dataddo.get("/flows/x/write/debug"), 404)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/services/{service}"),
        ("GET", "/connectors"),
        ("PUT", "/sources/{source}"),
        ("GET", "/sources/{source}/extraction"),
        ("DELETE", "/flows/{flow}"),
        ("GET", "/flows/{flow}/clone"),
        ("PUT", "/flows/{flow}/write/settings"),
        ("GET", "/destinations"),
    ],
)
def test_nothing_without_a_token(
    sandbox: Sandbox, dataddo: httpx.Client, service: int, source: str, flow: str, method: str, path: str
) -> None:
    before = sandbox.state()["dataddo"]
    del dataddo.headers["Authorization"]
    address = path.format(service=service, source=source, flow=flow)
    assert is_error(dataddo.request(method, address, json={"label": "x"}), 401)
    assert sandbox.state()["dataddo"] == before
