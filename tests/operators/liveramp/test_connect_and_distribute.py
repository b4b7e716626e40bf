"""LiveRamp's main tasks: an integration connection is made, and segments are distributed to it."""

from __future__ import annotations

from typing import Any

import pytest
from example_tasks import connect
from task_running import Task

from airflow_provider_activation.errors import Conflict, InvalidRequest, PartialFailure
from airflow_provider_activation.operators.liveramp import LiveRampDistributeSegmentsOperator
from airflow_provider_activation.sandbox import Sandbox


class TestLiveRamp:
    def test_connects_once(self, connections: Sandbox) -> None:
        first = Task(connect).run()
        assert set(first) == {"id", "distributionManagerID"}
        assert Task(connect).run() == first
        assert len(connections.state()["liveramp"]["integrationConnections"]) == 1

    def test_connects_once_more_if_told_so(self, connections: Sandbox) -> None:
        Task(connect).run()
        task = Task(lambda: connect(if_exists="create"))
        second = task.run()
        assert second["distributionManagerID"]
        names = [m["name"] for m in connections.state()["liveramp"]["distributionManagers"]]
        assert len(names) == 2
        assert all(len(name) <= 50 for name in names)

    def test_an_existing_connection_can_be_refused(self, connections: Sandbox) -> None:
        Task(connect).run()
        with pytest.raises(Conflict, match="exists already"):
            Task(lambda: connect(if_exists="fail")).run()

    @pytest.mark.parametrize(
        ("arguments", "field"),
        [
            ({"properties": {"bucket": "audiences"}}, "lacks 'folder'"),
            ({"properties": {"bucket": "a", "folder": "b", "seat": "1"}}, "has 'seat'"),
            ({"device_types": ["WEB"]}, "device_types has WEB"),
            (
                {"destination_id": "1001", "integration_id": "2001", "device_types": ["WEB"]},
                "oauth_connection_id",
            ),
            ({"destination_id": "../1001"}, "destination_id"),
            ({"distribution_manager_name": "n" * 51}, "distribution_manager_name"),
        ],
    )
    def test_bad_input_makes_nothing(
        self, connections: Sandbox, arguments: dict[str, Any], field: str
    ) -> None:
        with pytest.raises(InvalidRequest, match=field):
            Task(lambda: connect(**arguments)).run()
        assert connections.state()["liveramp"]["integrationConnections"] == []

    @pytest.mark.parametrize("if_exists", ["reuse", "create"])
    def test_a_lost_answer_makes_no_second_connection(
        self, connections: Sandbox, if_exists: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("airflow_provider_activation.actions.base.LOOKS_AFTER_DOUBT", (0,))
        for what in ("drop_after", "half_body", "empty"):
            connections.reset()
            connections.misbehave(
                what, service="liveramp", method="POST", path="/v2/integration-connections", times=1
            )
            made = Task(lambda: connect(if_exists=if_exists)).run()
            ids = [c["id"] for c in connections.state()["liveramp"]["integrationConnections"]]
            assert ids == [made["id"]], what

    def test_distributes_each_segment_once(self, connections: Sandbox) -> None:
        manager = Task(connect).run()["distributionManagerID"]

        def distribute() -> LiveRampDistributeSegmentsOperator:
            return LiveRampDistributeSegmentsOperator(
                task_id="distribute",
                distribution_manager_id=manager,
                segments=["5000000001", {"segmentID": "5000000002"}],
            )

        assert Task(distribute).run()["added"] == ["5000000001", "5000000002"]
        assert Task(distribute).run()["unchanged"] == ["5000000001", "5000000002"]
        assert len(connections.state()["liveramp"]["segmentConfigs"]) == 2

    def test_a_partial_failure_names_what_failed_and_keeps_the_rest(self, connections: Sandbox) -> None:
        manager = Task(connect).run()["distributionManagerID"]
        with pytest.raises(PartialFailure, match=r"(?s)1 of 2 .*9999: ") as caught:
            Task(
                lambda: LiveRampDistributeSegmentsOperator(
                    task_id="distribute", distribution_manager_id=manager, segments=["5000000001", "9999"]
                )
            ).run()
        assert list(caught.value.failed) == ["9999"]
        assert caught.value.result["added"] == ["5000000001"]

    def test_a_lost_answer_to_distributing_is_looked_up(self, connections: Sandbox) -> None:
        manager = Task(connect).run()["distributionManagerID"]
        connections.misbehave(
            "drop_after", service="liveramp", method="POST", path="*/segment-configs", times=1
        )
        result = Task(
            lambda: LiveRampDistributeSegmentsOperator(
                task_id="distribute", distribution_manager_id=manager, segments=["5000000001"]
            )
        ).run()
        assert result["added"] == ["5000000001"]
