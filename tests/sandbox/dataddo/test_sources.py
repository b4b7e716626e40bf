"""Dataddo: sources, their data, and how and when they are extracted."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from dataddo_testing import is_error, source_body
from sandbox_testing import STEP

from airflow_provider_activation.sandbox import Sandbox


class TestSources:
    def test_create_and_read_back(self, dataddo: httpx.Client, service: int, source: str) -> None:
        assert re.fullmatch(r"[0-9a-f]{24}", source)
        listed = dataddo.get("/sources").json()
        assert [(item["id"], item["label"], item["type"]) for item in listed] == [
            (source, "Snapchat Insights", "snapchat")
        ]
        one = dataddo.get(f"/sources/{source}").json()
        assert (one["connector_id"], one["template_id"]) == ("snapchat", "index")
        assert one["source"] == listed[0]
        names = ["stats_id", "stats_type", "spend", "impressions"]
        assert [column["column_id"] for column in one["column"]] == names
        assert dataddo.get(f"/sources/{source}/metadata").json() == source_body(service)
        assert is_error(dataddo.get("/sources/x"), 404)

    def test_service_id_as_a_string(self, dataddo: httpx.Client, service: int) -> None:
        body = source_body(str(service), strategy=..., sync_frequency=...)
        assert dataddo.post("/connectors/snapchat/create-source", json=body).status_code == 200

    @pytest.mark.parametrize(
        "changed",
        [
            {"storageStrategy": ...},
            {"storageStrategy": "other"},
            {"dateRange": "30d1"},
            {"dateRange": "{{ 30d1 }}"},
            {"dateRange": "{{1d30}}"},
            {"dateRange": "{{30x1}}"},
            {"oAuthId": 9},
            {"oAuthId": None},
            {"oAuthId": True},
            {"organizationId": "org-2"},
            {"accountId": "acc-2"},
            {"connectorId": "facebook"},
            {"label": ...},
            {"metrics": "spend"},
            {"metrics": ["Spend"]},
            {"labels": []},
            {"breakdown": "Campaign"},
            {"timezone": "Mars"},
            {"hour": "24"},
            {"minute": "*/5"},
            {"hour": 3},
            {"request": "x"},
            {"allowEmpty": "true"},
            {"storage_strategy": "incremental"},
        ],
    )
    def test_refusals(self, dataddo: httpx.Client, service: int, changed: dict[str, Any]) -> None:
        answer = dataddo.post("/connectors/snapchat/create-source", json=source_body(service, **changed))
        assert is_error(answer, 400)
        assert dataddo.get("/sources").json() == []

    def test_update(self, dataddo: httpx.Client, source: str) -> None:
        path = f"/sources/{source}"
        (before,) = dataddo.get("/sources").json()
        changed = dataddo.put(path, json={"label": "Other"}).json()
        assert changed == {**before, "label": "Other"}
        # As it was read, with one thing changed.
        changed = dataddo.put(path, json={**changed, "description": "Daily"}).json()
        assert changed == {**before, "label": "Other", "description": "Daily"}
        assert dataddo.get("/sources").json() == [changed]
        assert dataddo.put(path, json={"description": None}).json()["description"] is None
        assert dataddo.get(f"{path}/metadata").json()["label"] == "Snapchat Insights"
        for body in (
            {},
            {"label": ""},
            {"id": "x", "label": "x"},
            {"type": "x", "label": "x"},
            {"hour": "3"},
        ):
            assert is_error(dataddo.put(path, json=body), 400)
        assert is_error(dataddo.put("/sources/x", json={"label": "x"}), 404)

    def test_delete(self, sandbox: Sandbox, dataddo: httpx.Client, source: str, flow: str) -> None:
        answer = dataddo.delete(f"/sources/{source}")
        assert (answer.status_code, answer.content) == (204, b"")
        for method, rest in (("DELETE", ""), ("GET", ""), ("GET", "/status"), ("GET", "/metadata")):
            assert is_error(dataddo.request(method, f"/sources/{source}{rest}"), 404)
        assert sandbox.state()["dataddo"]["sources"] == []
        # The flow stays, but has nothing to write.
        assert dataddo.get(f"/flows/{flow}").json()["source"] == []
        assert is_error(dataddo.post(f"/flows/{flow}/write/enqueue"), 409)

    def test_preview(self, sandbox: Sandbox, dataddo: httpx.Client, source: str) -> None:
        path = f"/sources/{source}/preview"
        dataddo.post(f"/sources/{source}/extraction/enqueue")
        assert dataddo.get(path).json() == []
        sandbox.advance(2 * STEP)
        rows = dataddo.get(path).json()
        assert len(rows) == 10
        assert set(rows[0]) == {"stats_id", "stats_type", "spend", "impressions"}
        assert dataddo.get(f"{path}?limit=3").json() == rows[:3]
        assert len(dataddo.get(f"{path}?limit=1000").json()) == 25
        for query in ("limit=0", "limit=x", "page=1", "limit=1&limit=2"):
            assert is_error(dataddo.get(f"{path}?{query}"), 400)
        assert is_error(dataddo.get("/sources/x/preview"), 404)

    def test_a_failed_extraction_leaves_no_data(
        self, sandbox: Sandbox, dataddo: httpx.Client, source: str
    ) -> None:
        sandbox.misbehave("fail", path="/sources/*/extraction/enqueue")
        dataddo.post(f"/sources/{source}/extraction/enqueue")
        sandbox.advance(4 * STEP)
        assert dataddo.get(f"/sources/{source}/preview").json() == []

    def test_request(self, dataddo: httpx.Client, source: str) -> None:
        path = f"/sources/{source}/request"
        before = dataddo.get(path).json()
        assert set(before) == {"url", "header", "body", "method", "transformation", "emitter"}
        changed = dataddo.put(path, json={**before, "method": "POST", "body": {"a": 1}}).json()
        assert changed == {**before, "method": "POST", "body": {"a": 1}} == dataddo.get(path).json()
        wrong: list[Any] = [{}, {"uri": "x"}, {"url": 5}, {"method": "SEND"}, {"header": "x"}, []]
        for body in wrong:
            assert is_error(dataddo.put(path, json=body), 400)
        assert dataddo.get(path).json() == changed
        for method in ("GET", "PUT"):
            assert is_error(dataddo.request(method, "/sources/x/request", json=before), 404)

    def test_detect(self, dataddo: httpx.Client, source: str) -> None:
        assert dataddo.get(f"/sources/{source}/detect").json() == [
            {"name": "stats_id", "type": "string"},
            {"name": "stats_type", "type": "string"},
            {"name": "spend", "type": "float"},
            {"name": "impressions", "type": "integer"},
        ]
        assert is_error(dataddo.get("/sources/x/detect"), 404)


class TestExtraction:
    def test_read_and_written_back(self, sandbox: Sandbox, dataddo: httpx.Client, source: str) -> None:
        path = f"/sources/{source}/extraction"
        before = dataddo.get(path).json()
        assert (before["status"], before["storage_strategy"]) == ("live", "incremental")
        assert dataddo.put(path, json=before).json() == before
        given = {"storage_strategy": "clean", "on_error_retry_timeout": 60}
        before = {**before, **given}
        assert dataddo.put(path, json=given).json() == before == dataddo.get(path).json()
        later = {**before["schedule"], "hour": "5"}
        assert dataddo.put(path, json={"schedule": later}).json()["schedule"] == later
        assert dataddo.get(f"{path}/schedule").json() == later
        dataddo.put(path, json={"schedule": before["schedule"]})
        # While it runs, too: what it says of its run is no order.
        dataddo.post(f"{path}/enqueue")
        sandbox.advance(STEP)
        running = dataddo.get(path).json()
        assert (running["status"], running["is_being_processed"]) == ("running", True)
        assert dataddo.put(path, json=running).json()["status"] == "running"

    def test_off_and_on(self, sandbox: Sandbox, dataddo: httpx.Client, source: str) -> None:
        path = f"/sources/{source}/extraction"
        assert dataddo.put(path, json={"status": "inactive"}).json()["status"] == "inactive"
        assert is_error(dataddo.post(f"{path}/enqueue"), 409)
        assert dataddo.put(path, json={"status": "live"}).json()["status"] == "live"
        assert dataddo.post(f"{path}/enqueue").status_code == 202
        messages = [entry["message"] for entry in dataddo.get(f"/sources/{source}/action/log").json()]
        assert messages == ["The action was started again.", "The action was deactivated."]

    def test_a_broken_one_started_again(self, sandbox: Sandbox, dataddo: httpx.Client, source: str) -> None:
        path = f"/sources/{source}/extraction"
        sandbox.misbehave("fail", path="/sources/*/extraction/enqueue")
        dataddo.post(f"{path}/enqueue")
        sandbox.advance(3 * STEP)
        assert dataddo.get(path).json()["status"] == "broken"
        assert dataddo.put(path, json={"status": "live"}).json()["status"] == "live"
        assert dataddo.get(f"/sources/{source}/status").json()["status"] == "live"

    @pytest.mark.parametrize(
        "body",
        [
            {"status": "off"},
            {"status": "broken"},
            {"id": 1},
            {"storage_strategy": "other"},
            {"on_error_retry_timeout": "60"},
            {"schedule": {"dayOfWeek": "1"}},
            {"schedule": "daily"},
            {"actionId": "x"},
            {"id": "x"},
            [],
        ],
    )
    def test_refusals(self, dataddo: httpx.Client, source: str, body: Any) -> None:
        path = f"/sources/{source}/extraction"
        before = dataddo.get(path).json()
        assert is_error(dataddo.put(path, json=body), 400)
        assert dataddo.get(path).json() == before
        assert is_error(dataddo.put("/sources/x/extraction", json={}), 404)
        assert is_error(dataddo.get("/sources/x/extraction"), 404)

    def test_debug(self, sandbox: Sandbox, dataddo: httpx.Client, source: str) -> None:
        path = f"/sources/{source}/extraction/debug"
        good = dataddo.get(path).json()
        assert {"status", "message", "started", "ended", "duration", "memory_mb", "logs"} < set(good)
        assert (good["status"], good["row_count"], good["blob"]) == ("success", 25, "")
        sandbox.misbehave("fail", path=path)
        bad = dataddo.get(path).json()
        assert (bad["status"], bad["row_count"]) == ("error", 0)
        assert sandbox.state()["dataddo"]["sources"][0]["runs"] == 0
        assert is_error(dataddo.get("/sources/x/extraction/debug"), 404)

    def test_what_was_asked_for(self, sandbox: Sandbox, dataddo: httpx.Client, source: str) -> None:
        body = {"dateFrom": "2026-01-01", "dateTo": "2026-01-02", "storageStrategy": "clean"}
        dataddo.post(f"/sources/{source}/extraction/enqueue", json=body)
        assert sandbox.state()["dataddo"]["sources"][0]["lastRunAsked"] == body


SCHEDULE = {
    "sync_frequency": "week",
    "timezone": "Europe/Prague",
    "minute": "15",
    "hour": "4",
    "dayOfMonth": None,
    "month": None,
    "dayOfWeek": "1",
}


class TestSchedules:
    @pytest.fixture(params=["source", "flow"])
    def path(self, request: pytest.FixtureRequest) -> str:
        """Where a schedule is: a source and a flow have the same kind."""
        found = request.getfixturevalue(request.param)
        return (
            f"/sources/{found}/extraction/schedule"
            if request.param == "source"
            else f"/flows/{found}/write/schedule"
        )

    def test_of_a_new_source(self, dataddo: httpx.Client, source: str) -> None:
        assert dataddo.get(f"/sources/{source}/extraction/schedule").json() == {
            "timezone": "UTC",
            "minute": "25",
            "hour": "3",
            "day_of_month": "1",
            "month": None,
            "day_of_week": "2",
            "sync_frequency": "day",
        }

    def test_of_a_new_flow(self, dataddo: httpx.Client, flow: str) -> None:
        assert set(dataddo.get(f"/flows/{flow}/write/schedule").json().values()) == {None}

    def test_written_in_another_spelling(self, dataddo: httpx.Client, path: str) -> None:
        read = {
            "sync_frequency": "week",
            "timezone": "Europe/Prague",
            "minute": "15",
            "hour": "4",
            "day_of_month": None,
            "month": None,
            "day_of_week": "1",
        }
        assert dataddo.put(path, json=SCHEDULE).json() == read
        assert dataddo.get(path).json() == read
        # Written back as it was read, it is refused.
        assert is_error(dataddo.put(path, json=read), 400)
        # What is left out is gone.
        assert dataddo.put(path, json={"sync_frequency": "day", "hour": "5"}).json() == {
            **dict.fromkeys(read),
            "sync_frequency": "day",
            "hour": "5",
        }

    def test_a_custom_one(self, dataddo: httpx.Client, path: str) -> None:
        custom = {"sync_frequency": "custom", "minute": "*/15", "hour": "6-20", "dayOfWeek": "1,3"}
        assert dataddo.put(path, json=custom).json()["minute"] == "*/15"

    @pytest.mark.parametrize(
        "changed",
        [
            {"sync_frequency": "hour"},
            {"timezone": "Mars"},
            {"timezone": "Europe"},
            {"minute": 15},
            {"minute": "60"},
            {"minute": "*/15"},
            {"dayOfMonth": "0"},
            {"dayOfWeek": "monday"},
            {"day_of_week": "1"},
        ],
    )
    def test_refusals(self, dataddo: httpx.Client, path: str, changed: dict[str, Any]) -> None:
        before = dataddo.get(path).json()
        assert is_error(dataddo.put(path, json={**SCHEDULE, **changed}), 400)
        assert dataddo.get(path).json() == before

    def test_of_nothing(self, dataddo: httpx.Client) -> None:
        for path in ("/sources/x/extraction/schedule", "/flows/x/write/schedule"):
            assert is_error(dataddo.get(path), 404)
            assert is_error(dataddo.put(path, json=SCHEDULE), 404)

    def test_deleted(self, sandbox: Sandbox, dataddo: httpx.Client, flow: str, source: str) -> None:
        path = f"/flows/{flow}/write/schedule"
        dataddo.put(path, json=SCHEDULE)
        assert sandbox.state()["dataddo"]["flows"][0]["schedule"]["hour"] == "4"
        for _ in range(2):
            answer = dataddo.delete(path)
            assert (answer.status_code, answer.content) == (200, b"")
        assert set(dataddo.get(path).json().values()) == {None}
        assert is_error(dataddo.delete("/flows/x/write/schedule"), 404)
        assert is_error(dataddo.delete(f"/sources/{source}/extraction/schedule"), 405)
