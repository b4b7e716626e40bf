"""Dataddo: sign-in, the runs of sources and flows, and their log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx
import pytest
from dataddo_testing import is_error
from sandbox_testing import PLAIN, STEP, course

from airflow_provider_activation.sandbox import Sandbox


class TestSignIn:
    def test_tokens(self, sandbox: Sandbox) -> None:
        url = f"{sandbox.url}/dataddo/auth"
        given = {"email": sandbox.secrets["dataddo_email"], "password": sandbox.secrets["dataddo_password"]}
        tokens = PLAIN.post(url, json=given).json()
        assert set(tokens) == {"access_token", "refresh_token", "expires_in", "realm_id", "provider"}
        assert tokens["expires_in"] == 3600
        assert is_error(PLAIN.post(url, json={**given, "password": "x"}), 401)
        assert is_error(PLAIN.post(url, json={**given, "user": "x"}), 400)
        assert is_error(PLAIN.post(url, data=given), 400)

    def test_bad_and_expired_tokens(self, sandbox: Sandbox, dataddo: httpx.Client) -> None:
        assert dataddo.get("/services").status_code == 200
        assert is_error(dataddo.get("/services", headers={"Authorization": "Bearer x"}), 401)
        sandbox.expire_tokens()
        assert is_error(dataddo.get("/services"), 401)

    def test_realm(self, dataddo: httpx.Client) -> None:
        assert (
            dataddo.get("/services", headers={"X-Realm-Id": "101", "X-Provider": "password"}).status_code
            == 200
        )
        assert is_error(dataddo.get("/services", headers={"X-Realm-Id": "102"}), 403)
        assert is_error(dataddo.get("/services", headers={"X-Provider": "google"}), 403)


class TestRuns:
    def test_extraction(self, sandbox: Sandbox, dataddo: httpx.Client, source: str) -> None:
        def status() -> dict[str, Any]:
            return dict(dataddo.get(f"/sources/{source}/status").json())

        enqueue = f"/sources/{source}/extraction/enqueue"
        fresh = status()
        assert set(fresh) == {"actionId", "status", "lastRunStarted", "lastRunFinished", "description"}
        assert (fresh["status"], fresh["lastRunStarted"], fresh["lastRunFinished"]) == ("live", None, None)
        answer = dataddo.post(enqueue)
        assert (answer.status_code, answer.content) == (202, b"")
        # The race: right after the 202 nothing can be seen of the new run.
        assert status() == fresh
        sandbox.advance(STEP / 2)
        assert status()["status"] == "running"
        assert is_error(dataddo.post(enqueue), 409)
        sandbox.advance(STEP)
        done = status()
        assert done["status"] == "live"
        times = [datetime.fromisoformat(done[name]) for name in ("lastRunStarted", "lastRunFinished")]
        assert times[1] > times[0]
        # The second run: live with the old times, running, live with new ones.
        days = {"dateFrom": "2026-01-01", "dateTo": "2026-01-02"}
        assert dataddo.post(enqueue, json=days).status_code == 202
        assert status() == done
        sandbox.advance(STEP / 2)
        running = status()
        assert running["status"] == "running"
        assert running["lastRunStarted"] > done["lastRunStarted"]
        assert running["lastRunFinished"] == done["lastRunFinished"]
        sandbox.advance(STEP)
        assert status()["status"] == "live"
        assert status()["lastRunFinished"] > done["lastRunFinished"]

    def test_a_second_request_before_the_start_is_a_second_run(
        self, sandbox: Sandbox, dataddo: httpx.Client, source: str
    ) -> None:
        for _ in range(2):
            assert dataddo.post(f"/sources/{source}/extraction/enqueue").status_code == 202
        assert sandbox.state()["dataddo"]["sources"][0]["runs"] == 2

    def test_write(self, sandbox: Sandbox, dataddo: httpx.Client, flow: str) -> None:
        answer = dataddo.post(f"/flows/{flow}/write/enqueue", json={"skipRulesValidation": True})
        assert answer.status_code == 202
        assert set(answer.json()) == {"executionId", "actionId", "startedAt", "actionType", "connector"}
        sandbox.advance(STEP / 2)
        assert dataddo.get(f"/flows/{flow}/status").json()["status"] == "running"
        assert is_error(dataddo.post(f"/flows/{flow}/write/enqueue"), 409)
        sandbox.advance(STEP)
        assert dataddo.get(f"/flows/{flow}/status").json()["status"] == "live"
        assert is_error(dataddo.post("/flows/x/write/enqueue"), 404)

    def test_a_failing_run(self, sandbox: Sandbox, dataddo: httpx.Client, source: str) -> None:
        sandbox.misbehave("fail", path="/sources/*/extraction/enqueue")
        dataddo.post(f"/sources/{source}/extraction/enqueue")
        seen = course(sandbox, lambda: dataddo.get(f"/sources/{source}/status").json()["status"], steps=4)
        assert seen == ["live", "running", "retrying", "broken"]

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            ({"dateRangeExpression": "7d7"}, 202),
            ({"dateRangeExpression": "{{1d1}}"}, 202),
            ({"storageStrategy": "clean", "limit": "5"}, 202),
            ({"dateFrom": None, "dateTo": None, "dateRangeExpression": "1d1", "limit": None}, 202),
            ({"dateFrom": "2026-01-01"}, 400),
            ({"dateFrom": "2026-01-02", "dateTo": "2026-01-01"}, 400),
            ({"dateFrom": "2026-1-1", "dateTo": "2026-01-02"}, 400),
            ({"dateFrom": "2026-01-01", "dateTo": "2026-01-02", "dateRangeExpression": "1d1"}, 400),
            ({"dateRangeExpression": "{{1d1"}, 400),
            ({"limit": 5}, 400),
            ({"label": "x"}, 400),
        ],
    )
    def test_extraction_bodies(
        self, dataddo: httpx.Client, source: str, body: dict[str, Any], status: int
    ) -> None:
        assert dataddo.post(f"/sources/{source}/extraction/enqueue", json=body).status_code == status


class TestDeactivation:
    def deactivate(self, dataddo: httpx.Client, source: str, body: Any = None) -> httpx.Response:
        return dataddo.post(f"/sources/{source}/extraction/deactivate", json=body or {})

    def status(self, dataddo: httpx.Client, source: str) -> dict[str, Any]:
        return dict(dataddo.get(f"/sources/{source}/status").json())

    def test_an_idle_source(self, sandbox: Sandbox, dataddo: httpx.Client, source: str, flow: str) -> None:
        before = self.status(dataddo, source)
        answer = self.deactivate(dataddo, source, {"id": before["actionId"], "status": "live"})
        assert answer.status_code == 200
        action = answer.json()
        assert set(action) == {
            "id",
            "status",
            "status_detail",
            "duration",
            "last_execution",
            "next_execution",
            "error_count",
            "is_being_processed",
            "on_error_retry_timeout",
            "schedule",
            "storage_strategy",
        }
        assert (action["id"], action["status"]) == (before["actionId"], "inactive")
        assert (action["last_execution"], action["is_being_processed"]) == (None, False)
        assert (action["storage_strategy"], action["schedule"]["hour"]) == ("incremental", "3")
        after = self.status(dataddo, source)
        assert after["status"] == "inactive"
        assert {**before, "status": "", "description": ""} == {**after, "status": "", "description": ""}
        assert is_error(dataddo.post(f"/sources/{source}/extraction/enqueue"), 409)
        # Nothing came of that, however long one waits; the flow that reads the source is none of this.
        sandbox.advance(3 * STEP)
        assert self.status(dataddo, source) == after
        assert sandbox.state()["dataddo"]["sources"][0]["runs"] == 0
        assert dataddo.post(f"/flows/{flow}/write/enqueue").status_code == 202
        assert self.deactivate(dataddo, source).json() == action

    @pytest.mark.parametrize("fails", [False, True])
    def test_a_running_extraction_ends(
        self, sandbox: Sandbox, dataddo: httpx.Client, source: str, fails: bool
    ) -> None:
        if fails:
            sandbox.misbehave("fail", path="/sources/*/extraction/enqueue")
        dataddo.post(f"/sources/{source}/extraction/enqueue")
        sandbox.advance(STEP)
        running = self.status(dataddo, source)
        assert (running["status"], running["lastRunFinished"]) == ("running", None)
        action = self.deactivate(dataddo, source).json()
        assert (action["is_being_processed"], action["error_count"]) == (False, 0)
        assert action["last_execution"] == int(datetime.fromisoformat(running["lastRunStarted"]).timestamp())
        assert STEP / 2 <= float(action["duration"].removesuffix(" s")) < STEP
        ended = self.status(dataddo, source)
        assert (ended["status"], ended["lastRunStarted"]) == ("inactive", running["lastRunStarted"])
        assert ended["lastRunFinished"] > running["lastRunStarted"]
        sandbox.advance(3 * STEP)
        assert self.status(dataddo, source) == ended

    def test_a_queued_extraction_never_starts(
        self, sandbox: Sandbox, dataddo: httpx.Client, source: str
    ) -> None:
        dataddo.post(f"/sources/{source}/extraction/enqueue")
        self.deactivate(dataddo, source)
        sandbox.advance(STEP)
        assert self.status(dataddo, source)["lastRunStarted"] is None
        assert sandbox.state()["dataddo"]["sources"][0]["runs"] == 0

    def test_a_broken_source(self, sandbox: Sandbox, dataddo: httpx.Client, source: str) -> None:
        sandbox.misbehave("fail", path="/sources/*/extraction/enqueue")
        dataddo.post(f"/sources/{source}/extraction/enqueue")
        sandbox.advance(3 * STEP)
        broken = self.status(dataddo, source)
        assert broken["status"] == "broken"
        action = self.deactivate(dataddo, source).json()
        assert (action["status"], action["error_count"]) == ("inactive", 3)
        ended = self.status(dataddo, source)
        assert (ended["status"], ended["lastRunFinished"]) == ("inactive", broken["lastRunFinished"])

    def test_refusals(self, dataddo: httpx.Client, source: str) -> None:
        path = f"/sources/{source}/extraction/deactivate"
        assert is_error(dataddo.post(path), 400)
        wrong: list[Any] = [
            [],
            None,
            "inactive",
            {"id": 1},
            {"id": "x"},
            {"status": "off"},
            {"actionId": "x"},
        ]
        for body in wrong:
            assert is_error(dataddo.post(path, json=body), 400)
        assert is_error(dataddo.post(f"{path}?force=1", json={}), 400)
        assert is_error(dataddo.get(path), 405)
        assert is_error(self.deactivate(dataddo, "x"), 404)
        assert self.status(dataddo, source)["status"] == "live"


class TestLog:
    def log(self, dataddo: httpx.Client, source: str) -> list[dict[str, Any]]:
        answer = dataddo.get(f"/sources/{source}/action/log")
        assert answer.status_code == 200
        entries = list(answer.json())
        assert all(set(entry) == {"actionId", "time", "level", "message"} for entry in entries)
        times = [entry["time"] for entry in entries]
        assert times == sorted(times, reverse=True)
        return entries

    def test_a_run(self, sandbox: Sandbox, dataddo: httpx.Client, source: str) -> None:
        assert self.log(dataddo, source) == []
        dataddo.post(f"/sources/{source}/extraction/enqueue")
        assert self.log(dataddo, source) == []
        sandbox.advance(STEP / 2)
        assert [entry["message"] for entry in self.log(dataddo, source)] == ["The run has started."]
        sandbox.advance(STEP)
        finished = self.log(dataddo, source)[0]
        assert finished["message"] == "The run has finished."
        status = dataddo.get(f"/sources/{source}/status").json()
        assert (finished["time"], finished["actionId"]) == (status["lastRunFinished"], status["actionId"])

    def test_why_a_run_failed(self, sandbox: Sandbox, dataddo: httpx.Client, source: str) -> None:
        sandbox.misbehave("fail", path="/sources/*/extraction/enqueue")
        dataddo.post(f"/sources/{source}/extraction/enqueue")

        def errors() -> list[str]:
            return [entry["message"] for entry in self.log(dataddo, source) if entry["level"] == "error"]

        # Started after half a step, retrying after one and a half, broken after two and a half.
        assert course(sandbox, lambda: len(errors()), steps=4) == [0, 0, 2, 3]
        assert errors() == [
            f"Attempt {number} of 3 failed: Snapchat answered 500 Internal Server Error."
            for number in (3, 2, 1)
        ]

    def test_a_deactivation(self, sandbox: Sandbox, dataddo: httpx.Client, source: str) -> None:
        sandbox.misbehave("fail", path="/sources/*/extraction/enqueue")
        dataddo.post(f"/sources/{source}/extraction/enqueue")
        sandbox.advance(1.75 * STEP)
        dataddo.post(f"/sources/{source}/extraction/deactivate", json={})
        sandbox.advance(3 * STEP)
        newest = [entry["message"] for entry in self.log(dataddo, source)]
        assert newest[:2] == ["The action was deactivated.", "The run was stopped."]
        assert "Attempt 1 of 3 failed" in newest[2]
        assert len(newest) == 4

    def test_only_the_latest(self, sandbox: Sandbox, dataddo: httpx.Client, source: str) -> None:
        for _ in range(11):
            dataddo.post(f"/sources/{source}/extraction/enqueue")
        sandbox.advance(20 * STEP)
        entries = self.log(dataddo, source)
        assert len(entries) == 20
        last = dataddo.get(f"/sources/{source}/status").json()["lastRunFinished"]
        assert entries[0]["time"] == last

    def test_refusals(self, dataddo: httpx.Client, source: str) -> None:
        assert is_error(dataddo.get("/sources/x/action/log"), 404)
        assert is_error(dataddo.get(f"/sources/{source}/action/log?limit=1"), 400)
