"""Each operator against the sandbox over real HTTP: what it makes, what it returns, in both modes."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from example_tasks import (
    SEGMENT,
    build_flow,
    connect,
    create_activity,
    define,
    export,
    register,
)
from task_running import Task

from airflow_provider_activation.errors import (
    Conflict,
    InvalidConnection,
    InvalidRequest,
    JobFailed,
    NeedsAction,
    PartialFailure,
    ServiceUnavailable,
    UncertainOutcome,
    WaitTimeout,
)
from airflow_provider_activation.operators.acoustic_exchange import (
    AcousticExchangeUploadJobDataOperator,
)
from airflow_provider_activation.operators.dataddo import (
    DataddoExtractSourceOperator,
    DataddoWriteFlowOperator,
)
from airflow_provider_activation.operators.delta_projects import (
    DeltaProjectsUpdateActivityOperator,
)
from airflow_provider_activation.operators.liveramp import (
    LiveRampDistributeSegmentsOperator,
)
from airflow_provider_activation.sandbox import Sandbox
from scripts.machine_speed import scaled

both_modes = pytest.mark.parametrize("deferrable", [False, True], ids=["on the worker", "deferred"])
with_or_without_store = pytest.mark.parametrize("store", [True, False], ids=["store", "no store"])


@pytest.fixture
def waiting_job(connections: Sandbox) -> int:
    """A job that waits for its audience."""
    Task(register).run()
    Task(define).run()
    return int(Task(export).run()["jobId"])


@pytest.fixture
def audience(tmp_path: Path) -> Path:
    file = tmp_path / "audience.csv"
    file.write_text("email_sha256\n" + "\n".join(f"{number:064x}" for number in range(250)) + "\n")
    return file


class TestAcousticExchange:
    def test_registers_the_key_s_own_endpoint(self, connections: Sandbox) -> None:
        assert Task(register).run() == {"endpointId": "10001", "name": "Customer base"}

    def test_registering_twice_is_registering_once(self, connections: Sandbox) -> None:
        assert Task(register).run() == Task(register).run()

    def test_the_account_s_key_registers_by_id(self, connections: Sandbox) -> None:
        task = Task(
            lambda: register(acoustic_exchange_conn_id="acoustic_exchange_default", endpoint_id="10001")
        )
        assert task.run()["endpointId"] == "10001"

    def test_the_wrong_key_level_is_refused_before_anything_is_sent(self, connections: Sandbox) -> None:
        with pytest.raises(InvalidConnection, match=r"level endpoint.*'acoustic_exchange_default'.*account"):
            Task(lambda: register(acoustic_exchange_conn_id="acoustic_exchange_default")).run()
        assert connections.requests == []

    def test_both_source_and_destination_is_refused_before_anything_is_sent(
        self, connections: Sandbox
    ) -> None:
        types = {
            "segment": {
                "source": {"enabled": True, "producerType": "push"},
                "destination": {"enabled": True, "destinationType": "push"},
            }
        }
        with pytest.raises(InvalidRequest, match="cannot be both"):
            Task(lambda: register(endpoint_types=types)).run()
        assert connections.requests == []

    def test_defines_a_segment_once(self, connections: Sandbox) -> None:
        Task(register).run()
        assert Task(define).run() == {"endpointId": "10001", "added": [str(SEGMENT)], "unchanged": []}
        assert Task(define).run() == {"endpointId": "10001", "added": [], "unchanged": [str(SEGMENT)]}

    def test_a_segment_described_otherwise_is_a_conflict(self, connections: Sandbox) -> None:
        Task(register).run()
        Task(define).run()
        changed = [{"id": SEGMENT, "name": "Another name"}]
        with pytest.raises(Conflict, match=r"another name.*replace"):
            Task(lambda: define(segments=changed)).run()
        assert Task(lambda: define(segments=changed, mode="replace")).run()["added"] == [str(SEGMENT)]

    def test_a_lost_answer_to_defining_is_looked_up(self, connections: Sandbox) -> None:
        Task(register).run()
        connections.misbehave(
            "drop_after", service="acoustic-exchange", method="POST", path="/v1/endpoint/*/segments", times=1
        )
        assert Task(define).run()["added"] == [str(SEGMENT)]

    @both_modes
    def test_an_export_ends_where_its_data_is_waited_for(self, waiting_job: int, deferrable: bool) -> None:
        job = Task(lambda: export(deferrable=deferrable)).run()
        assert job["status"] == "WAITING_TO_RECIEVE_DATA"
        assert int(job["jobId"]) > 2**53
        assert job["jobId"] != str(waiting_job)

    @both_modes
    def test_an_export_that_needs_data_can_fail(self, waiting_job: int, deferrable: bool) -> None:
        with pytest.raises(NeedsAction, match="waits for its audience"):
            Task(lambda: export(deferrable=deferrable, on_needs_action="fail")).run()

    @both_modes
    def test_an_export_nobody_feeds_ends_at_its_timeout(self, waiting_job: int, deferrable: bool) -> None:
        with pytest.raises(WaitTimeout, match="WAITING_TO_RECIEVE_DATA"):
            Task(lambda: export(deferrable=deferrable, on_needs_action="wait", timeout=0.3)).run()

    @both_modes
    def test_uploads_a_file_and_waits(self, waiting_job: int, audience: Path, deferrable: bool) -> None:
        task = Task(
            lambda: AcousticExchangeUploadJobDataOperator(
                task_id="upload",
                job_id=str(waiting_job),
                file=audience,
                deferrable=deferrable,
                poll_interval=0.1,
                timeout=scaled(20),
            )
        )
        assert task.run()["status"] == "COMPLETE"

    @both_modes
    def test_too_few_records_cancel_the_job_and_fail_the_task(
        self, waiting_job: int, audience: Path, deferrable: bool
    ) -> None:
        job_id = Task(lambda: export(min_count=1000)).run()["jobId"]
        with pytest.raises(JobFailed, match="CANCELED"):
            Task(
                lambda: AcousticExchangeUploadJobDataOperator(
                    task_id="upload", job_id=job_id, file=audience, deferrable=deferrable, poll_interval=0.1
                )
            ).run()

    def test_an_empty_file_is_refused_before_anything_is_sent(
        self, connections: Sandbox, tmp_path: Path
    ) -> None:
        empty = tmp_path / "empty.csv"
        empty.touch()
        with pytest.raises(InvalidRequest, match="file"):
            Task(lambda: AcousticExchangeUploadJobDataOperator(task_id="u", job_id=1, file=empty)).run()
        assert connections.requests == []

    def test_a_job_that_waits_for_no_data_gets_none(
        self, waiting_job: int, audience: Path, connections: Sandbox
    ) -> None:
        def upload() -> AcousticExchangeUploadJobDataOperator:
            return AcousticExchangeUploadJobDataOperator(
                task_id="upload", job_id=waiting_job, file=audience, poll_interval=0.1
            )

        Task(upload).run()
        with pytest.raises(Conflict, match="waits for no data"):
            Task(upload).run()

    @with_or_without_store
    def test_a_retry_takes_the_job_whose_answer_was_lost(
        self, waiting_job: int, connections: Sandbox, store: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # the first try cannot even look for it afterwards
        connections.misbehave(
            "drop_after", service="acoustic-exchange", method="POST", path="/v1/jobs/segmentExport", times=1
        )
        connections.misbehave(
            "status", service="acoustic-exchange", method="GET", path="/v1/jobs/*", status=403, times=1
        )
        monkeypatch.setattr("airflow_provider_activation.actions.base.LOOKS_AFTER_DOUBT", (0,))
        task = Task(export, store=store)
        with pytest.raises(UncertainOutcome, match="403"):
            task.run()
        assert int(task.run()["jobId"]) > waiting_job
        assert len(connections.state()["acoustic-exchange"]["jobs"]) == 2

    def test_without_a_trace_a_retry_does_not_send_again(
        self, waiting_job: int, connections: Sandbox
    ) -> None:
        task = Task(export, store=False)
        connections.misbehave(
            "drop_before", service="acoustic-exchange", method="POST", path="/v1/jobs/segmentExport", times=1
        )
        with pytest.raises(UncertainOutcome):
            task.run()
        with pytest.raises(UncertainOutcome, match="Look at the service"):
            task.run()
        assert len(connections.state()["acoustic-exchange"]["jobs"]) == 1

    def test_without_a_trace_resubmit_sends_again(self, waiting_job: int, connections: Sandbox) -> None:
        task = Task(lambda: export(on_uncertain="resubmit"), store=False)
        connections.misbehave(
            "drop_before", service="acoustic-exchange", method="POST", path="/v1/jobs/segmentExport", times=1
        )
        with pytest.raises(UncertainOutcome):
            task.run()
        assert int(task.run()["jobId"]) > waiting_job

    def test_a_refused_export_leaves_nothing_to_look_for(self, connections: Sandbox) -> None:
        Task(register).run()
        Task(define).run()
        task = Task(lambda: export(destination_endpoint_id=99999))
        for _ in range(2):
            with pytest.raises(InvalidRequest):
                task.run()
        assert task.store == {}


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
        with pytest.raises(PartialFailure, match=r"1 of 2 .* 9999: ") as caught:
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


class TestDeltaProjects:
    def test_creates_a_disabled_activity(self, connections: Sandbox) -> None:
        task = Task(create_activity)
        activity = task.run()
        assert activity["enabled"] is False
        assert activity["name"].startswith("Win-back [af:")
        assert datetime.fromisoformat(activity["flightStart"]) == datetime.fromisoformat(
            "2026-11-23T00:00:00+01:00"
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


class TestDataddo:
    def test_builds_once(self, connections: Sandbox) -> None:
        first = Task(build_flow).run()
        assert Task(build_flow).run() == first
        state = connections.state()["dataddo"]
        assert [len(state[noun]) for noun in ("services", "sources", "flows")] == [1, 1, 1]

    @with_or_without_store
    @pytest.mark.parametrize("path", ["/services", "/connectors/*", "/flows"])
    @pytest.mark.parametrize("what", ["drop_after", "refuse", "half_body"])
    def test_a_retry_goes_on_at_the_step_that_failed(
        self,
        connections: Sandbox,
        path: str,
        what: str,
        store: bool,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("airflow_provider_activation.actions.base.LOOKS_AFTER_DOUBT", (0,))
        status = 400 if what == "refuse" else None
        connections.misbehave(what, service="dataddo", method="POST", path=path, status=status, times=1)
        task = Task(build_flow, store=store)
        try:
            task.run()
        except Exception:
            if not store and path == "/connectors/*":
                # a service was authorised, nothing says so, and another's may not be taken for it
                with pytest.raises(UncertainOutcome, match="service"):
                    task.run()
                return
            task.run()
        state = connections.state()["dataddo"]
        assert [len(state[noun]) for noun in ("services", "sources", "flows")] == [1, 1, 1]

    def test_credentials_are_nowhere_but_at_dataddo(
        self, connections: Sandbox, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("DEBUG")
        task = Task(build_flow)
        connections.misbehave("html", service="dataddo", method="POST", path="/connectors/*", times=None)
        with pytest.raises(UncertainOutcome) as caught:
            task.run()
        for name in ("snapchat_client_secret", "snapchat_refresh_token", "dataddo_password"):
            secret = connections.secrets[name]
            assert secret not in caplog.text
            assert secret not in repr(caught.value) + str(caught.value)
            assert secret not in repr(task.store)

    @both_modes
    def test_loads_and_writes(self, connections: Sandbox, deferrable: bool) -> None:
        built = Task(build_flow).run()
        common: dict[str, Any] = {"deferrable": deferrable, "poll_interval": 0.1, "timeout": scaled(20)}
        for _ in range(2):
            status = Task(
                lambda: DataddoExtractSourceOperator(
                    task_id="extract", source_id=built["source_id"], date_range="7d1", **common
                )
            ).run()
            assert status["status"] == "live"
            assert status["lastRunFinished"] is not None
            status = Task(
                lambda: DataddoWriteFlowOperator(task_id="write", flow_id=built["flow_id"], **common)
            ).run()
            assert status["status"] == "live"

    @both_modes
    def test_a_broken_run_fails(self, connections: Sandbox, deferrable: bool) -> None:
        built = Task(build_flow).run()
        connections.misbehave("fail", service="dataddo", method="POST", path="/sources/*", times=1)
        with pytest.raises(JobFailed, match="broken"):
            Task(
                lambda: DataddoExtractSourceOperator(
                    task_id="extract",
                    source_id=built["source_id"],
                    deferrable=deferrable,
                    poll_interval=0.1,
                    timeout=scaled(20),
                )
            ).run()

    def test_a_lost_answer_to_an_enqueue_makes_no_second_run(self, connections: Sandbox) -> None:
        built = Task(build_flow).run()
        connections.misbehave("drop_after", service="dataddo", method="POST", path="/sources/*", times=1)
        Task(
            lambda: DataddoExtractSourceOperator(
                task_id="extract", source_id=built["source_id"], poll_interval=0.1, timeout=scaled(20)
            )
        ).run()
        enqueued = [r for r in connections.requests if r["path"].endswith("extraction/enqueue")]
        assert len(enqueued) == 1

    @pytest.mark.parametrize(
        ("arguments", "field"),
        [
            ({"date_from": "2026-01-02"}, "together"),
            ({"date_from": "2026-01-02", "date_to": "2026-01-01"}, "date_from"),
            ({"date_range": "yesterday"}, "date_range.*30d1"),
            ({"source_id": ".."}, "source_id"),
        ],
    )
    def test_bad_input_is_refused_before_anything_is_sent(
        self, connections: Sandbox, arguments: dict[str, Any], field: str
    ) -> None:
        with pytest.raises(InvalidRequest, match=field):
            Task(
                lambda: DataddoExtractSourceOperator(task_id="e", **{"source_id": "a" * 24, **arguments})
            ).run()
        assert connections.requests == []


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"poll_interval": 0}, "poll_interval"),
        ({"timeout": -1}, "timeout"),
        ({"on_uncertain": "hope"}, "on_uncertain"),
        ({"on_needs_action": "hope"}, "on_needs_action"),
    ],
)
def test_bad_arguments_are_refused_when_the_dag_is_parsed(arguments: dict[str, Any], name: str) -> None:
    with pytest.raises(ValueError, match=name):
        export(**arguments)


def test_default_args_reach_every_argument() -> None:
    """Also those of the classes an operator derives from."""
    given = {"acoustic_exchange_conn_id": "other", "poll_interval": 5, "deferrable": True, "timeout": 9}
    operator = export(default_args=given, poll_interval=7)
    assert operator.acoustic_exchange_conn_id == "other"
    assert (operator.poll_interval, operator.deferrable) == (7, True)


def test_the_connection_is_a_template_field_of_every_operator_and_sensor() -> None:
    for kind in (register(), define(), export(), create_activity(), connect(), build_flow()):
        assert any(field.endswith("_conn_id") for field in kind.template_fields)
