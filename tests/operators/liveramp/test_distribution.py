"""LiveRamp's operators and sensors for segments in and out of distribution, against the sandbox."""

from __future__ import annotations

import json
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowSensorTimeout
from liveramp_tasks import (
    SOON,
    asked,
    connected,
    delivery_sensor,
    distribute,
    held,
    sync_sensor,
    update_manager,
    upload_segments,
    withdraw,
)
from task_running import StateStore, Task

from airflow_provider_activation.api.liveramp import SegmentConfigInput
from airflow_provider_activation.errors import (
    InvalidRequest,
    JobFailed,
    NotFound,
    PartialFailure,
    RateLimited,
    UncertainOutcome,
    WaitTimeout,
)
from airflow_provider_activation.hooks.liveramp import LiveRampHook
from airflow_provider_activation.sandbox import Sandbox

both_modes = pytest.mark.parametrize("deferrable", [False, True], ids=["on the worker", "deferred"])
CONFIGS = "/segment-configs"
MANY, USABLE, THERE = 1201, 1150, 100


@pytest.fixture(autouse=True)
def _no_pauses_between_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("airflow_provider_activation.actions.base.LOOKS_AFTER_DOUBT", (0,))


@pytest.fixture
def place(connections: Sandbox) -> tuple[str, str]:
    return connected()


@pytest.fixture
def manager(place: tuple[str, str]) -> str:
    return place[1]


def in_distribution(sandbox: Sandbox) -> list[str]:
    return [config["segmentID"] for config in held(sandbox, "segmentConfigs")]


def stored(before: Any) -> StateStore:
    """What a first try stored before its call."""
    note = {"version": 1, "generation": 1, "before": before}
    return StateStore(activation_distribution=note)


def sizes(sandbox: Sandbox, method: str) -> list[int]:
    """How many segments went in each call of this method."""
    return [len(request["body"]) for request in asked(sandbox, method, CONFIGS)]


class TestManySegments:
    """1,201 of them: 100 are in distribution already, and 51 do not exist when the first try is made."""

    @pytest.fixture
    def wanted(self, connections: Sandbox, manager: str) -> list[str]:
        ids = upload_segments(connections, USABLE)
        later = [str(int(ids[-1]) + 1 + number) for number in range(MANY - USABLE)]
        Task(lambda: distribute(manager, ids[:THERE])).run()
        return [*later[:1], *ids, *later[1:]]

    @both_modes
    def test_none_is_lost_and_a_second_try_completes(
        self, connections: Sandbox, manager: str, wanted: list[str], deferrable: bool
    ) -> None:
        uploaded = {segment["id"] for segment in held(connections, "uploadedSegments")}
        usable = [segment_id for segment_id in wanted if segment_id in uploaded]
        missing = [segment_id for segment_id in wanted if segment_id not in uploaded]
        task = Task(lambda: distribute(manager, wanted, wait_for_completion=True, deferrable=deferrable))
        with pytest.raises(PartialFailure, match=f"51 of {MANY} segments are not in distribution") as caught:
            task.run()
        assert sizes(connections, "POST") == [THERE, 500, 500, MANY - THERE - 1000]
        assert caught.value.failed == {segment_id: f"no segment {segment_id}" for segment_id in missing}
        # the text names as many as a person reads, and says how many more there are
        told = "; ".join(f"{segment_id}: no segment {segment_id}" for segment_id in missing[:20])
        assert f"Failed: {told} and {len(missing) - 20} more" in str(caught.value).splitlines()
        assert caught.value.result == {
            "distributionManagerID": manager,
            "added": usable[THERE:],
            "unchanged": usable[:THERE],
        }
        assert sorted(in_distribution(connections)) == sorted(usable)

        assert sorted(upload_segments(connections, MANY - USABLE)) == sorted(missing)
        result = task.run()
        assert sizes(connections, "POST")[4:] == [MANY - USABLE]
        assert sorted(in_distribution(connections)) == sorted(wanted)
        # What the first try added counts as added by this task, and its deliveries are waited for too.
        assert sorted(result["added"]) == sorted([*usable[THERE:], *missing])
        assert result["unchanged"] == usable[:THERE]
        assert [delivery["segmentID"] for delivery in result["deliveries"]] == result["added"]
        assert {delivery["status"] for delivery in result["deliveries"]} == {"DELIVERED"}

    def test_a_try_that_ends_between_two_calls_loses_none(
        self, connections: Sandbox, manager: str, wanted: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        upload_segments(connections, MANY - USABLE)
        task = Task(lambda: distribute(manager, wanted, wait_for_completion=True))
        connections.misbehave("delay", service="liveramp", method="POST", path=f"*{CONFIGS}", seconds=0.01)
        connections.misbehave(
            "refuse", service="liveramp", method="POST", path=f"*{CONFIGS}", status=429, times=None
        )
        connection = connections.connections["liveramp_default"]
        hasty = {**connection, "extra": {**connection["extra"], "max_retries": 0}}
        monkeypatch.setenv("AIRFLOW_CONN_LIVERAMP_DEFAULT", json.dumps(hasty))
        with pytest.raises(RateLimited):
            task.run()
        assert len(in_distribution(connections)) == THERE + 500
        connections.behave()
        result = task.run()
        assert len(result["added"]) == len(result["deliveries"]) == MANY - THERE
        assert len(result["unchanged"]) == THERE
        assert len(in_distribution(connections)) == MANY

    def test_withdraws_all_of_them_however_many_were_there(
        self, connections: Sandbox, manager: str, wanted: list[str]
    ) -> None:
        there = in_distribution(connections)
        result = Task(lambda: withdraw(manager, wanted)).run()
        assert result == {
            "distributionManagerID": manager,
            "withdrawn": there,
            "absent": [segment_id for segment_id in wanted if segment_id not in there],
        }
        assert in_distribution(connections) == []

    def test_what_cannot_be_withdrawn_is_named_and_a_second_try_completes(
        self, connections: Sandbox, manager: str, wanted: list[str]
    ) -> None:
        upload_segments(connections, MANY - USABLE)
        Task(lambda: distribute(manager, wanted)).run()
        # In the order in which they are asked for: the third call has the last 201.
        config_of = {config["segmentID"]: config["id"] for config in held(connections, "segmentConfigs")}
        last = wanted[1000:]
        answers = [
            {"id": config_of[segment_id], "status": {"httpStatus": status, "message": reason}}
            for segment_id, (status, reason) in zip(
                last, [(423, "it is being delivered")] * 100 + [(200, "Removed")] * 101, strict=True
            )
        ]
        delete: dict[str, Any] = {"service": "liveramp", "method": "DELETE", "path": f"*{CONFIGS}"}
        for _ in range(2):
            connections.misbehave("delay", seconds=0.01, **delete)
        # It says of half of them that they are gone, and does nothing.
        connections.misbehave("status", status=207, body=answers, **delete)
        task = Task(lambda: withdraw(manager, wanted))
        with pytest.raises(PartialFailure, match=f"201 of {MANY} segments are still") as caught:
            task.run()
        assert sizes(connections, "DELETE") == [500, 500, 201]
        assert list(caught.value.failed) == last
        reasons = list(caught.value.failed.values())
        assert reasons[:100] == ["it is being delivered"] * 100
        assert set(reasons[100:]) == {"accepted, but still listed afterwards"}
        assert caught.value.result["withdrawn"] == wanted[:1000]
        assert set(in_distribution(connections)) == set(last)

        result = task.run()
        assert (result["withdrawn"], result["absent"]) == (last, wanted[:1000])
        assert in_distribution(connections) == []


class TestDistribute:
    @both_modes
    def test_waits_for_the_deliveries(
        self, connections: Sandbox, place: tuple[str, str], deferrable: bool
    ) -> None:
        connection, manager = place
        Task(lambda: distribute(manager, ["5000000003"])).run()
        segments = ["5000000001", {"segmentID": "5000000002"}, "5000000003"]
        task = Task(lambda: distribute(manager, segments, wait_for_completion=True, deferrable=deferrable))
        result = task.run()
        assert result["added"] == ["5000000001", "5000000002"]
        assert result["unchanged"] == ["5000000003"]
        assert {
            (one["segmentID"], one["status"], one["integrationConnectionID"]) for one in result["deliveries"]
        } == {(segment_id, "DELIVERED", connection) for segment_id in result["added"]}
        assert task.ti is not None
        assert (task.ti.xcoms["added"], task.ti.xcoms["unchanged"]) == (result["added"], ["5000000003"])
        # A person who clears the task wants it done again, and now all of them are there.
        task.clear()
        again = task.run()
        assert (again["added"], again["unchanged"]) == ([], ["5000000001", "5000000002", "5000000003"])

    @both_modes
    def test_a_failed_delivery_fails_the_task(
        self, connections: Sandbox, manager: str, deferrable: bool
    ) -> None:
        connections.misbehave("fail", service="liveramp", method="POST", path=f"*{CONFIGS}")
        with pytest.raises(JobFailed, match=r"segment 5000000001: delivery .* is FAILED"):
            Task(
                lambda: distribute(manager, ["5000000001"], wait_for_completion=True, deferrable=deferrable)
            ).run()

    @both_modes
    def test_an_inactive_manager_takes_segments_and_delivers_nothing(
        self, connections: Sandbox, manager: str, deferrable: bool
    ) -> None:
        Task(lambda: update_manager(manager, status="INACTIVE")).run()
        with pytest.raises(WaitTimeout, match="no delivery of segment 5000000001 yet"):
            Task(
                lambda: distribute(
                    manager,
                    ["5000000001"],
                    wait_for_completion=True,
                    deferrable=deferrable,
                    timeout=0.3,
                    cancel_on_kill=False,
                )
            ).run()
        assert in_distribution(connections) == ["5000000001"]

    def test_other_types_and_names_at_the_destination(self, connections: Sandbox, manager: str) -> None:
        segments = [
            {"segmentID": "5000000016", "segmentType": "DATA_MARKETPLACE", "destinationSegmentID": "autos"},
            "5000000001",
        ]
        Task(lambda: distribute(manager, segments)).run()
        autos, win_back = held(connections, "segmentConfigs")
        assert (autos["segmentType"], autos["destinationSegmentID"]) == ("DATA_MARKETPLACE", "autos")
        assert "destinationSegmentID" not in win_back
        assert Task(lambda: distribute(manager, ["5000000017"], segment_type="DATA_MARKETPLACE")).run()[
            "added"
        ] == ["5000000017"]

    def test_another_name_at_the_destination_is_not_there_already(
        self, connections: Sandbox, manager: str
    ) -> None:
        def named(name: str) -> list[dict[str, str]]:
            return [{"segmentID": "5000000001", "destinationSegmentID": name}]

        Task(lambda: distribute(manager, named("old"))).run()
        assert Task(lambda: distribute(manager, named("old"))).run()["unchanged"] == ["5000000001"]
        assert Task(lambda: distribute(manager, ["5000000001"])).run()["unchanged"] == ["5000000001"]
        with pytest.raises(PartialFailure, match=r"5000000001: .*'old', not as 'new'") as caught:
            Task(lambda: distribute(manager, [*named("new"), "5000000002"])).run()
        assert list(caught.value.failed) == ["5000000001"]
        assert caught.value.result["added"] == ["5000000002"]

    def test_a_lost_answer_is_looked_up_and_the_rest_is_left_to_the_next_try(
        self, connections: Sandbox, manager: str
    ) -> None:
        ids = upload_segments(connections, 501)
        connections.misbehave("drop_after", service="liveramp", method="POST", path=f"*{CONFIGS}")
        task = Task(lambda: distribute(manager, ids))
        with pytest.raises(UncertainOutcome, match=f"segment {ids[500]} is not listed"):
            task.run()
        assert in_distribution(connections) == ids[:500]
        assert task.run()["added"] == ids
        assert sizes(connections, "POST") == [500, 1]

    @pytest.mark.parametrize("connection_known", [True, False])
    def test_what_an_earlier_try_stored_is_read(
        self, connections: Sandbox, place: tuple[str, str], connection_known: bool
    ) -> None:
        """Without the connection it was stored by a try that was not to wait."""
        connection, manager = place
        ids = ["5000000001", "5000000002", "5000000003"]
        Task(lambda: distribute(manager, ids[:2])).run()
        before = {"sent": ids[1:], "connection": connection if connection_known else None, "after": None}
        task = Task(lambda: distribute(manager, ids, wait_for_completion=connection_known))
        task.store = stored(before)
        result = task.run()
        assert (result["added"], result["unchanged"]) == (ids[1:], ids[:1])
        assert task.store["activation_distribution"]["before"] == before
        delivered = [delivery["segmentID"] for delivery in result.get("deliveries", [])]
        assert delivered == (ids[1:] if connection_known else [])

    @pytest.mark.parametrize("before", [None, "x", {"sent": 5}, {"sent": [], "connection": "1"}], ids=str)
    def test_if_it_cannot_be_read_every_delivery_is_waited_for(
        self, connections: Sandbox, manager: str, before: Any
    ) -> None:
        ids = ["5000000001", "5000000002"]
        Task(lambda: distribute(manager, ids[:1])).run()
        task = Task(lambda: distribute(manager, ids, wait_for_completion=True))
        task.store = stored(before)
        result = task.run()
        assert (result["added"], result["unchanged"]) == (ids[1:], ids[:1])
        assert [delivery["segmentID"] for delivery in result["deliveries"]] == ids

    def test_ids_may_be_numbers(self, connections: Sandbox, manager: str) -> None:
        """As a template renders them with ``render_template_as_native_obj``."""
        number = int(manager)
        result = Task(lambda: distribute(number, [5000000001, {"segmentID": "5000000002"}])).run()
        assert result["distributionManagerID"] == manager
        assert result["added"] == ["5000000001", "5000000002"]
        withdrawn = Task(lambda: withdraw(number, [5000000001, 5000000001, 9, 9])).run()
        assert withdrawn == {
            "distributionManagerID": manager,
            "withdrawn": ["5000000001"],
            "absent": ["9"],
        }

    @pytest.mark.parametrize(
        ("segments", "field"),
        [
            ([], "segments"),
            ("5000000001", "segments"),
            ([""], "segments"),
            ([{"segmentType": "ONBOARDING"}], "segmentID"),
            ([{"segmentID": "1", "segmentType": "OTHER"}], "segmentType"),
            ([{"segmentID": "1", "name": "x"}], "name"),
            (
                [
                    {"segmentID": "1", "destinationSegmentID": "a"},
                    {"segmentID": "1", "destinationSegmentID": "b"},
                ],
                "segment 1 is given twice",
            ),
        ],
    )
    def test_bad_segments_are_refused_before_anything_is_sent(
        self, connections: Sandbox, segments: Any, field: str
    ) -> None:
        with pytest.raises(InvalidRequest, match=field):
            Task(lambda: distribute("1", segments, wait_for_completion=True)).run()
        assert connections.requests == []

    def test_an_unknown_manager(self, connections: Sandbox) -> None:
        with pytest.raises(NotFound, match="no distribution manager 9"):
            Task(lambda: distribute("9", ["5000000001"])).run()
        with pytest.raises(NotFound, match="no distribution manager 9"):
            Task(lambda: withdraw("9", ["5000000001"])).run()
        assert asked(connections, "POST") == asked(connections, "DELETE") == []

    @pytest.mark.parametrize("segment_ids", [[], "5000000001", None])
    def test_bad_ids_are_refused_before_anything_is_sent(
        self, connections: Sandbox, segment_ids: Any
    ) -> None:
        with pytest.raises(InvalidRequest, match="segment_ids"):
            Task(lambda: withdraw("1", segment_ids)).run()
        assert connections.requests == []


class TestWithdraw:
    def test_only_those_that_are_there(self, connections: Sandbox, manager: str) -> None:
        Task(lambda: distribute(manager, ["5000000001", "5000000002"])).run()
        task = Task(lambda: withdraw(manager, ["5000000001", "5000000003"]))
        assert task.run() == {
            "distributionManagerID": manager,
            "withdrawn": ["5000000001"],
            "absent": ["5000000003"],
        }
        assert task.ti is not None
        assert (task.ti.xcoms["withdrawn"], task.ti.xcoms["absent"]) == (["5000000001"], ["5000000003"])
        assert in_distribution(connections) == ["5000000002"]
        assert task.run()["absent"] == ["5000000001", "5000000003"]
        assert sizes(connections, "DELETE") == [1]

    def test_a_segment_of_another_type_is_left_alone(self, connections: Sandbox, manager: str) -> None:
        Task(lambda: distribute(manager, ["5000000001"])).run()
        result = Task(lambda: withdraw(manager, ["5000000001"], segment_type="DATA_MARKETPLACE")).run()
        assert result["absent"] == ["5000000001"]
        assert in_distribution(connections) == ["5000000001"]

    def test_a_segment_under_several_names_at_the_destination(
        self, connections: Sandbox, manager: str
    ) -> None:
        for name in ("a", "b"):
            config = SegmentConfigInput(
                segment_id="5000000001", segment_type="ONBOARDING", destination_segment_id=name
            )
            LiveRampHook().add_segment_configs(manager, [config])
        assert in_distribution(connections) == ["5000000001", "5000000001"]
        assert Task(lambda: withdraw(manager, ["5000000001"])).run()["withdrawn"] == ["5000000001"]
        assert in_distribution(connections) == []

    def test_a_lost_answer(self, connections: Sandbox, manager: str) -> None:
        """It is sent again, and that a segment is gone by then is what was wanted."""
        Task(lambda: distribute(manager, ["5000000001"])).run()
        connections.misbehave("drop_after", service="liveramp", method="DELETE", path=f"*{CONFIGS}")
        assert Task(lambda: withdraw(manager, ["5000000001"])).run()["withdrawn"] == ["5000000001"]
        assert sizes(connections, "DELETE") == [1, 1]


class TestSensors:
    @both_modes
    def test_waits_until_the_destination_knows_the_segments(
        self, connections: Sandbox, place: tuple[str, str], deferrable: bool
    ) -> None:
        connection, manager = place
        ids = [*upload_segments(connections, 120), "5000000001"]
        Task(lambda: distribute(manager, ids)).run()
        for given in (None, connection):
            statuses = Task(
                lambda: sync_sensor(ids, integration_connection_id=given, deferrable=deferrable)  # noqa: B023
            ).run()
            assert [status["segmentID"] for status in statuses] == ids
            assert {status["taxonomy"]["taxonomySyncStatus"] for status in statuses} == {"SYNCED"}

    @both_modes
    def test_a_segment_nobody_distributes_is_not_waited_for(
        self, connections: Sandbox, manager: str, deferrable: bool
    ) -> None:
        Task(lambda: distribute(manager, ["5000000001"])).run()
        with pytest.raises(JobFailed, match="segments 5000000002 are NOT_CONFIGURED_TO_SYNC"):
            Task(lambda: sync_sensor(["5000000001", "5000000002"], deferrable=deferrable)).run()

    @both_modes
    @pytest.mark.parametrize("known_so_far", ["NEVER_SYNCED", "OUT_OF_SYNC"])
    def test_a_synchronisation_that_takes_long(
        self, slow: Sandbox, known_so_far: str, deferrable: bool
    ) -> None:
        _, manager = connected()
        Task(lambda: distribute(manager, ["5000000001"])).run()
        if known_so_far == "OUT_OF_SYNC":
            slow.advance(3600)
        with pytest.raises(AirflowSensorTimeout, match=f"5000000001: {known_so_far}|timed out|Timeout"):
            Task(lambda: sync_sensor(["5000000001"], deferrable=deferrable, timeout=0.3)).run()
        slow.advance(2 * 3600)
        (status,) = Task(lambda: sync_sensor(["5000000001"], deferrable=deferrable)).run()
        assert status["taxonomy"]["destinationSegmentID"] == "dest-5000000001"

    @both_modes
    def test_a_cancelled_delivery_fails_the_sensor(self, slow: Sandbox, deferrable: bool) -> None:
        connection, manager = connected()
        Task(lambda: distribute(manager, ["5000000001"])).run()
        Task(lambda: update_manager(manager, status="INACTIVE")).run()
        with pytest.raises(JobFailed, match=r"segment 5000000001: delivery .* is CANCELLED"):
            Task(lambda: delivery_sensor(connection, ["5000000001"], deferrable=deferrable)).run()

    @both_modes
    def test_only_later_deliveries_count_if_that_is_wanted(self, slow: Sandbox, deferrable: bool) -> None:
        connection, manager = connected()
        Task(lambda: distribute(manager, ["5000000001"])).run()
        slow.advance(3 * 3600)
        (first,) = Task(lambda: delivery_sensor(connection, ["5000000001"], deferrable=deferrable)).run()
        Task(lambda: withdraw(manager, ["5000000001"])).run()
        # What takes it away again is another matter.
        assert held(slow, "deliveries")[1]["status"] == "PENDING"
        assert Task(lambda: delivery_sensor(connection, ["5000000001"], deferrable=deferrable)).run() == [
            first
        ]
        slow.advance(3 * 3600)
        Task(lambda: distribute(manager, ["5000000001"])).run()
        after = held(slow, "deliveries")[1]["updatedAt"]
        later: dict[str, Any] = {"deferrable": deferrable, "updated_after": after}
        with pytest.raises(AirflowSensorTimeout):
            Task(lambda: delivery_sensor(connection, ["5000000001"], **{**later, "timeout": 0.3})).run()
        slow.advance(3 * 3600)
        (second,) = Task(lambda: delivery_sensor(connection, ["5000000001"], **later)).run()
        assert second["id"] != first["id"]
        assert (second["operationType"], second["status"]) == ("ADD", "DELIVERED")

    def test_ids_may_be_numbers(self, connections: Sandbox, place: tuple[str, str]) -> None:
        connection, manager = place
        Task(lambda: distribute(manager, ["5000000001"])).run()
        assert Task(lambda: delivery_sensor(int(connection), [5000000001])).run()
        assert Task(lambda: sync_sensor([5000000001], integration_connection_id=int(connection))).run()

    @pytest.mark.parametrize("segment_ids", [[], "5000000001"])
    def test_bad_ids_are_refused_before_anything_is_sent(
        self, connections: Sandbox, segment_ids: Any
    ) -> None:
        for sensor in (lambda: delivery_sensor("1", segment_ids), lambda: sync_sensor(segment_ids)):
            with pytest.raises(InvalidRequest, match="segment_ids"):
                Task(sensor).run()
        assert connections.requests == []


@pytest.mark.parametrize(
    ("make", "arguments", "name"),
    [
        (distribute, {"segment_type": "OTHER"}, "segment_type"),
        (distribute, {"poll_interval": 0}, "poll_interval"),
        (distribute, {"timeout": -1}, "timeout"),
        (withdraw, {"segment_type": "OTHER"}, "segment_type"),
        (delivery_sensor, {"poll_interval": 0}, "poll_interval"),
        (lambda place, ids, **given: sync_sensor(ids, **given), {"segment_type": "OTHER"}, "segment_type"),
    ],
)
def test_bad_arguments_are_refused_when_the_dag_is_parsed(
    make: Any, arguments: dict[str, Any], name: str
) -> None:
    with pytest.raises(ValueError, match=name):
        make("1", ["5000000001"], **arguments)


def test_segments_stay_in_distribution_unless_told_otherwise(slow: Sandbox) -> None:
    """Without a wait there is nothing to undo."""
    _, manager = connected()
    result = Task(lambda: distribute(manager, ["5000000001"], **SOON)).run()
    assert "deliveries" not in result
    assert in_distribution(slow) == ["5000000001"]


@both_modes
def test_many_segments_are_waited_for_and_withdrawn_in_few_words(
    slow: Sandbox, deferrable: bool, caplog: pytest.LogCaptureFixture
) -> None:
    _, manager = connected()
    ids = upload_segments(slow, 120)
    waiting: dict[str, Any] = {"wait_for_completion": True, "deferrable": deferrable, "timeout": 0.3}
    caplog.set_level("INFO")
    with pytest.raises(WaitTimeout, match="delivery of 120 segments") as caught:
        Task(lambda: distribute(manager, ids, **waiting)).run()
    assert "120 segments (5000000018, 5000000019, 5000000020 and more) were withdrawn" in caplog.text
    assert len(str(caught.value)) < 500
    assert max(len(record.getMessage()) for record in caplog.records) < 500
    assert in_distribution(slow) == []
