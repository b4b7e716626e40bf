"""Delta Projects' main tasks: an activity is created once, enabled and updated."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from example_tasks import create_activity
from task_running import Task

from airflow_provider_activation.errors import InvalidRequest, ServiceUnavailable, UncertainOutcome
from airflow_provider_activation.operators.delta_projects import DeltaProjectsUpdateActivityOperator
from airflow_provider_activation.sandbox import Sandbox

with_or_without_store = pytest.mark.parametrize("store", [True, False], ids=["store", "no store"])


class TestDeltaProjects:
    def test_creates_a_disabled_activity(self, connections: Sandbox) -> None:
        task = Task(create_activity)
        activity = task.run()
        assert activity["enabled"] is False
        assert activity["name"].startswith("Win-back [af:")
        assert datetime.fromisoformat(activity["flightStart"]) == datetime.fromisoformat(
            "2036-11-24T00:00:00+01:00"
        )
        assert task.ti is not None
        assert task.ti.xcoms["id"] == activity["id"]

    def test_enables_by_a_second_call(self, connections: Sandbox) -> None:
        activity = Task(lambda: create_activity(enabled=True)).run()
        assert activity["enabled"] is True
        created = next(r for r in connections.requests if r["path"].endswith("create_from_template"))
        assert created["body"]["enabled"] is False

    def test_clearing_the_task_creates_again(self, connections: Sandbox) -> None:
        task = Task(create_activity)
        first = task.run()
        task.clear()
        assert task.run()["id"] != first["id"]

    @with_or_without_store
    def test_clearing_a_task_that_failed_uncertain_creates_again(
        self, connections: Sandbox, store: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("airflow_provider_activation.actions.base.LOOKS_AFTER_DOUBT", (0,))
        task = Task(create_activity, store=store)
        connections.misbehave("drop_after", service="delta-projects", method="POST", path="*template")
        connections.misbehave("delay", service="delta-projects", path="*/activity", seconds=0.001)
        connections.misbehave("status", service="delta-projects", path="*/activity", status=503, times=9)
        with pytest.raises((UncertainOutcome, ServiceUnavailable)):
            task.run()
        connections.behave()
        task.clear()
        task.run()
        assert len(connections.state()["delta-projects"]["activities"]) == 2

    @with_or_without_store
    @pytest.mark.parametrize("what", ["drop_after", "half_body"])
    def test_a_lost_answer_makes_no_second_activity(
        self, connections: Sandbox, store: bool, what: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("airflow_provider_activation.actions.base.LOOKS_AFTER_DOUBT", (0,))
        connections.misbehave(what, service="delta-projects", method="POST", path="*template", times=1)
        Task(create_activity, store=store).run()
        assert len(connections.state()["delta-projects"]["activities"]) == 1

    def test_an_accepted_request_without_outcome_is_not_green(
        self, connections: Sandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("airflow_provider_activation.actions.base.LOOKS_AFTER_DOUBT", (0,))
        connections.misbehave(
            "status", service="delta-projects", method="POST", path="*template", status=202, times=1
        )
        task = Task(create_activity)
        with pytest.raises(UncertainOutcome):
            task.run()
        assert task.run()["name"].startswith("Win-back")
        assert len(connections.state()["delta-projects"]["activities"]) == 1

    @pytest.mark.parametrize(
        ("arguments", "field"),
        [
            ({"flight_start": "2026-11-23T00:00:00"}, "flight_start.*time zone"),
            ({"flight_stop": "2026-11-22T00:00:00Z"}, "flight_start must be before flight_stop"),
            ({"budget": -1}, "budget"),
            ({"order_id": ""}, "order_id"),
            ({"geo_details": [{"lat": 59, "long": 18, "radius": 5}]}, "exclude_geo"),
            ({"geo_details": [{"lat": 91, "long": 18, "radius": 5}], "exclude_geo": False}, "lat"),
            ({"client_id": "a/b"}, "client_id"),
        ],
    )
    def test_bad_input_is_refused_before_anything_is_sent(
        self, connections: Sandbox, arguments: dict[str, Any], field: str
    ) -> None:
        with pytest.raises(InvalidRequest, match=field):
            Task(lambda: create_activity(**arguments)).run()
        assert connections.requests == []

    def test_updates_and_reads_back(self, connections: Sandbox) -> None:
        activity_id = Task(create_activity).run()["id"]
        changed = Task(
            lambda: DeltaProjectsUpdateActivityOperator(
                task_id="update", activity_id=activity_id, enabled=True, budget=2000
            )
        ).run()
        assert (changed["enabled"], changed["budget"]) == (True, 2000)

    def test_an_update_of_nothing_is_refused(self, connections: Sandbox) -> None:
        with pytest.raises(InvalidRequest, match="at least one"):
            Task(lambda: DeltaProjectsUpdateActivityOperator(task_id="update", activity_id="a")).run()
