"""The sensors against the sandbox: the same result and the same endings on a worker and deferred."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowSensorTimeout, AirflowSkipException
from airflow.sdk import DAG
from task_running import Task, TaskDeferralError

from airflow_provider_activation.errors import InvalidRequest, JobFailed, NeedsAction, WaitTimeout
from airflow_provider_activation.operators.acoustic_exchange import (
    AcousticExchangeDefineSegmentsOperator,
    AcousticExchangeExportSegmentOperator,
    AcousticExchangeRegisterEndpointOperator,
)
from airflow_provider_activation.operators.liveramp import (
    LiveRampAuthorizeOAuthConnectionOperator,
    LiveRampCreateIntegrationConnectionOperator,
    LiveRampDistributeSegmentsOperator,
)
from airflow_provider_activation.sandbox import Sandbox
from airflow_provider_activation.sensors.acoustic_exchange import AcousticExchangeJobSensor
from airflow_provider_activation.sensors.liveramp import (
    LiveRampDeliverySensor,
    LiveRampOAuthConnectionSensor,
)
from airflow_provider_activation.waits.probe import event_of_error

both_modes = pytest.mark.parametrize("deferrable", [False, True], ids=["on the worker", "deferred"])


@pytest.fixture
def waiting_job(connections: Sandbox) -> int:
    own_key: dict[str, Any] = {"acoustic_exchange_conn_id": "acoustic_exchange_endpoint"}
    Task(
        lambda: AcousticExchangeRegisterEndpointOperator(
            task_id="register",
            name="Customer base",
            provider_name="Marketing data",
            endpoint_types={"segment": {"source": {"enabled": True, "producerType": "push"}}},
            **own_key,
        )
    ).run()
    Task(
        lambda: AcousticExchangeDefineSegmentsOperator(
            task_id="define", endpoint_id=10001, segments=[{"id": 1, "name": "One"}], **own_key
        )
    ).run()
    job = Task(
        lambda: AcousticExchangeExportSegmentOperator(
            task_id="export",
            endpoint_id=10001,
            segment_id=1,
            destination_endpoint_id=20002,
            source_identifiers=["email"],
            destination_identifier="email",
            update_identities=False,
            wait_for_completion=False,
        )
    ).run()
    return int(job["jobId"])


@pytest.fixture
def connection(connections: Sandbox) -> dict[str, str]:
    made: dict[str, str] = Task(
        lambda: LiveRampCreateIntegrationConnectionOperator(
            task_id="connect",
            destination_id="1002",
            integration_id="2002",
            properties={"bucket": "audiences", "folder": "daily"},
            device_types=["PII"],
            distribution_manager_name="Win-back",
        )
    ).run()
    return made


def distribute(connection: dict[str, str]) -> None:
    Task(
        lambda: LiveRampDistributeSegmentsOperator(
            task_id="distribute",
            distribution_manager_id=connection["distributionManagerID"],
            segments=["5000000001"],
        )
    ).run()


@both_modes
def test_waits_for_the_delivery(connection: dict[str, str], deferrable: bool) -> None:
    distribute(connection)
    (delivery,) = Task(
        lambda: LiveRampDeliverySensor(
            task_id="wait",
            integration_connection_id=connection["id"],
            segment_ids=["5000000001"],
            deferrable=deferrable,
            poll_interval=0.1,
        )
    ).run()
    assert (delivery["status"], delivery["recordCount"]) == ("DELIVERED", 4210)


@both_modes
def test_a_failed_delivery_fails_even_softly(
    connection: dict[str, str], connections: Sandbox, deferrable: bool
) -> None:
    connections.misbehave("fail", service="liveramp", method="POST", path="*/segment-configs", times=1)
    distribute(connection)
    with pytest.raises(JobFailed, match=r"segment 5000000001: delivery .* is FAILED"):
        Task(
            lambda: LiveRampDeliverySensor(
                task_id="wait",
                integration_connection_id=connection["id"],
                segment_ids=["5000000001"],
                deferrable=deferrable,
                poll_interval=0.1,
                soft_fail=True,
            )
        ).run()


@both_modes
def test_a_status_is_waited_for(waiting_job: int, deferrable: bool) -> None:
    job = Task(
        lambda: AcousticExchangeJobSensor(
            task_id="wait",
            job_id=str(waiting_job),
            target_statuses=["WAITING_TO_RECEIVE_DATA"],
            deferrable=deferrable,
        )
    ).run()
    assert job["jobId"] == str(waiting_job)


@both_modes
def test_a_job_that_needs_action_does_not_hang(waiting_job: int, deferrable: bool) -> None:
    with pytest.raises(NeedsAction, match=f"job {waiting_job} goes no further"):
        Task(
            lambda: AcousticExchangeJobSensor(task_id="wait", job_id=waiting_job, deferrable=deferrable)
        ).run()


@both_modes
def test_ends_at_its_timeout(waiting_job: int, deferrable: bool) -> None:
    with pytest.raises(AirflowSensorTimeout):
        Task(
            lambda: AcousticExchangeJobSensor(
                task_id="wait",
                job_id=waiting_job,
                on_needs_action="wait",
                deferrable=deferrable,
                poll_interval=0.1,
                timeout=0.3,
            )
        ).run()


class TestHowATaskIsSkipped:
    """What Airflow calls when it goes on with a deferred task, also for one it gives up on itself."""

    def resume(self, method: str, arguments: dict[str, Any], **options: Any) -> Any:
        sensor = AcousticExchangeJobSensor(task_id="wait", job_id=1, deferrable=True, **options)
        return sensor.resume_execution(method, arguments, {})

    own_deadline = ("execute_complete", {"event": event_of_error(WaitTimeout("too late"))})
    airflows_deadline = ("__fail__", {"error": "Trigger timeout"})
    failed_job = ("execute_complete", {"event": event_of_error(JobFailed("it is CANCELED"))})
    failed_trigger = ("__fail__", {"error": "Trigger failure", "traceback": ["a bug"]})

    @pytest.mark.parametrize(
        ("ending", "plain", "soft"),
        [
            (own_deadline, AirflowSensorTimeout, AirflowSkipException),
            (airflows_deadline, AirflowSensorTimeout, AirflowSkipException),
            (failed_job, JobFailed, JobFailed),
            (failed_trigger, TaskDeferralError, TaskDeferralError),
        ],
    )
    def test_only_for_want_of_time(self, ending: Any, plain: type, soft: type) -> None:
        with pytest.raises(plain):
            self.resume(*ending)
        with pytest.raises(soft):
            self.resume(*ending, soft_fail=True)
        with pytest.raises(AirflowSkipException):
            self.resume(*ending, never_fail=True)


@pytest.mark.parametrize(
    ("option", "value"),
    [("mode", "reschedule"), ("silent_fail", True), ("exponential_backoff", True), ("max_wait", 60)],
)
def test_what_cannot_be_kept_in_the_triggerer_is_refused(option: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"{option} cannot be kept"):
        AcousticExchangeJobSensor(task_id="wait", job_id=1, deferrable=True, **{option: value})
    AcousticExchangeJobSensor(task_id="wait", job_id=1, deferrable=False, **{option: value})


def test_pokes_soon_at_first_and_rarely_while_the_service_is_down(
    waiting_job: int, connections: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sensor = AcousticExchangeJobSensor(
        task_id="wait", job_id=waiting_job, on_needs_action="wait", poll_interval=50, timeout=1000
    )

    def pause() -> float:
        assert not sensor.poke({})
        return sensor._get_next_poke_interval(0.0, lambda: 0.0, 1)

    assert 4 <= pause() <= 6
    assert 45 <= [pause() for _ in range(8)][-1] <= 55
    fault: dict[str, Any] = {"service": "acoustic-exchange", "method": "GET", "path": "/v1/jobs/*"}
    connections.misbehave("html", status=200, times=2, **fault)
    assert all(45 <= interval <= 55 for interval in (pause(), pause()))
    connections.misbehave("status", status=503, times=2, **fault)
    monkeypatch.setattr("airflow_provider_activation.transport.exchange.LONGEST_EXCHANGE", 0.0)
    assert 90 <= pause() <= 110
    assert 180 <= pause() <= 220
    assert sensor._get_next_poke_interval(0.0, lambda: 999.0, 1) <= 1


def test_lives_through_a_bad_poll(waiting_job: int, connections: Sandbox) -> None:
    connections.misbehave(
        "html", service="acoustic-exchange", method="GET", path="/v1/jobs/*", status=200, times=2
    )
    Task(
        lambda: AcousticExchangeJobSensor(
            task_id="wait", job_id=waiting_job, on_needs_action="return", poll_interval=0.1
        )
    ).run()


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"poll_interval": 0}, "poll_interval"),
        ({"timeout": 0}, "timeout"),
        ({"target_statuses": ["DONE"]}, "target_statuses"),
        ({"target_statuses": []}, "target_statuses"),
        ({"job_category": "SEGMENT"}, "job_category"),
        ({"on_needs_action": "hope"}, "on_needs_action"),
        ({"poke_interval": 0}, "poke_interval"),
        ({"poke_interval": 5, "poll_interval": 6}, "poll_interval"),
    ],
)
def test_bad_arguments_are_refused_when_the_dag_is_parsed(arguments: dict[str, Any], name: str) -> None:
    with pytest.raises(ValueError, match=name):
        AcousticExchangeJobSensor(task_id="wait", job_id=1, **arguments)


@both_modes
def test_waits_for_a_consent_begun_elsewhere(connections: Sandbox, deferrable: bool) -> None:
    attempt_id = Task(
        lambda: LiveRampAuthorizeOAuthConnectionOperator(
            task_id="authorize", destination_id="1001", integration_id="2001", wait_for_completion=False
        )
    ).run()
    oauth_connection_id = Task(
        lambda: LiveRampOAuthConnectionSensor(
            task_id="wait", attempt_id=attempt_id, deferrable=deferrable, poll_interval=0.1
        )
    ).run()
    (made,) = connections.state()["liveramp"]["oAuthConnections"]
    assert made["id"] == oauth_connection_id


@pytest.mark.parametrize("updated_after", ["2026-11-22T10:00:00", "yesterday"])
def test_a_moment_without_zone_is_refused(connections: Sandbox, updated_after: str) -> None:
    with pytest.raises(InvalidRequest, match="updated_after"):
        Task(
            lambda: LiveRampDeliverySensor(
                task_id="wait",
                integration_connection_id="1",
                segment_ids=["1"],
                updated_after=updated_after,
            )
        ).run()
    assert connections.requests == []


@pytest.mark.parametrize(
    ("defaults", "own", "interval"),
    [
        ({}, {}, 60.0),
        ({"poke_interval": 300}, {}, 300.0),
        ({"poll_interval": 300}, {}, 300.0),
        ({"poke_interval": 300}, {"poke_interval": 5}, 5.0),
        ({"poke_interval": 300}, {"poll_interval": 5}, 5.0),
        ({"poll_interval": 300}, {"poke_interval": 5}, 5.0),
        ({}, {"poke_interval": 5, "poll_interval": timedelta(seconds=5)}, 5.0),
    ],
)
def test_both_names_of_the_interval_are_taken(
    defaults: dict[str, Any], own: dict[str, Any], interval: float
) -> None:
    with DAG("a_dag", default_args=defaults):
        sensor = AcousticExchangeJobSensor(task_id="wait", job_category="SEGMENT_EXPORT", job_id=1, **own)
    assert sensor.poke_interval == interval
