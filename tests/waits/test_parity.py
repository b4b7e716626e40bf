"""Every status of every probe means the same to a sensor's poke, to a waiting operator and to the trigger."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Callable, Iterator
from functools import cached_property
from types import ModuleType
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowSensorTimeout, TaskDeferred
from task_running import TaskInstance

from airflow_provider_activation.actions.base import Making
from airflow_provider_activation.api import acoustic_exchange, dataddo, delta_projects, liveramp
from airflow_provider_activation.api.call import Call, Page
from airflow_provider_activation.errors import WaitTimeout
from airflow_provider_activation.hooks.base import ActivationHook
from airflow_provider_activation.operators.base import SubmitAndWaitOperator
from airflow_provider_activation.sensors.base import ActivationSensor
from airflow_provider_activation.transport import ConnectionSettings, Transport
from airflow_provider_activation.triggers.wait import WaitTrigger
from airflow_provider_activation.waits import acoustic_exchange as acoustic
from airflow_provider_activation.waits import dataddo as dataddo_waits
from airflow_provider_activation.waits import delta_projects as delta
from airflow_provider_activation.waits import liveramp as liveramp_waits
from airflow_provider_activation.waits.acoustic_exchange import EndpointStatusProbe, JobProbe
from airflow_provider_activation.waits.dataddo import FlowRunProbe, SourceRunProbe
from airflow_provider_activation.waits.delta_projects import ActivityProbe
from airflow_provider_activation.waits.liveramp import (
    DeliveryProbe,
    DistributionProbe,
    OAuthConnectionAttemptProbe,
    SegmentSyncProbe,
)
from airflow_provider_activation.waits.probe import Blocked, Done, Failed, Pending, Probe

BEFORE, LATER = "2026-11-22T10:00:00+00:00", "2026-11-22T11:00:00+00:00"
Answers = dict[str, Any]


def job(status: str) -> Answers:
    made = acoustic_exchange.Job.model_validate({"jobId": 2**53 + 1, "status": status, "new": {"a": 1}})
    return {"list_jobs": [made], "get_job": made}


def attempt(status: str) -> Answers:
    fields = {"id": "a", "status": status, "statusDetail": "why"}
    if status == "AUTHORIZED":
        fields["oAuthConnectionID"] = "7"
    return {"get_oauth_connection_attempt": liveramp.OAuthConnectionAttempt.model_validate(fields)}


def delivery(status: str) -> Answers:
    fields = {"id": "d", "status": status, "segmentID": "1", "recordCount": 5, "updatedAt": LATER}
    return {"list_deliveries": Page((liveramp.Delivery.model_validate(fields),))}


def segment_status(status: str) -> Answers:
    fields = {"segmentID": "1", "segmentType": "ONBOARDING", "taxonomy": {"taxonomySyncStatus": status}}
    return {"list_segment_statuses": Page((liveramp.SegmentStatus.model_validate(fields),))}


def activity(*, enabled: bool) -> Answers:
    fields = {"id": "a", "name": "Win-back", "enabled": enabled}
    return {"get_activity": delta_projects.Activity.model_validate(fields)}


def run_status(status: str) -> Answers:
    fields = {"status": status, "lastRunStarted": LATER, "lastRunFinished": LATER, "description": "why"}
    answer = dataddo.RunStatus.model_validate(fields)
    return {"get_source_status": answer, "get_flow_status": answer}


JOB = 2**53 + 1
JOB_STATUSES = (
    "WAITING_TO_RECIEVE_DATA",
    "WAITING_TO_RECEIVE_DATA",
    "PENDING",
    "RUNNING",
    "READY_FOR_DOWNLOAD",
    "COMPLETE",
    "COMPLETED",
    "FAILED",
    "CANCELED",
    "CANCELLED",
    "STRANGE",
)
CASES: list[tuple[Probe, Answers, str]] = [
    *(
        (JobProbe("SEGMENT_EXPORT", JOB, on_needs_action=option), job(status), f"job {option} {status}")
        for option in ("fail", "return", "wait")
        for status in JOB_STATUSES
    ),
    *(
        (EndpointStatusProbe(7, (target,)), {"get_endpoint_status": status}, f"endpoint {target} {status}")
        for target in ("ACTIVE", "DELETED")
        for status in ("PENDING", "ACTIVE", "FAILED", "DELETED", "STRANGE")
    ),
    *(
        (OAuthConnectionAttemptProbe("a"), attempt(status), f"attempt {status}")
        for status in ("PENDING", "PROCESSING", "AUTHORIZED", "FAILED", "STRANGE")
    ),
    *(
        (DeliveryProbe("c", ("1",)), delivery(status), f"delivery {status}")
        for status in ("PENDING", "IN_PROGRESS", "DELIVERED", "FAILED", "CANCELLED", "STRANGE")
    ),
    *(
        (
            DistributionProbe("c", ("1",), None, "m", ("7",), ("2",)),
            delivery(status),
            f"distribution {status}",
        )
        for status in ("PENDING", "IN_PROGRESS", "DELIVERED", "FAILED", "CANCELLED", "STRANGE")
    ),
    *(
        (SegmentSyncProbe("ONBOARDING", ("1",)), segment_status(status), f"segment {status}")
        for status in ("NOT_CONFIGURED_TO_SYNC", "NEVER_SYNCED", "OUT_OF_SYNC", "SYNCED", "STRANGE")
    ),
    *(
        (ActivityProbe("m", "c", "a"), activity(enabled=enabled), f"activity {enabled}")
        for enabled in (True, False)
    ),
    *(
        (kind(BEFORE, BEFORE, "id"), run_status(status), f"{kind.__name__} {status}")
        for kind in (SourceRunProbe, FlowRunProbe)
        for status in ("live", "running", "retrying", "broken", "inactive", "strange")
    ),
]


class AnsweringTransport(Transport):
    """Answers each call from a table."""

    def __init__(self, answers: Answers) -> None:
        super().__init__(ConnectionSettings("Example", "example", "https://api.example.com"))
        self._answers = answers

    def send(self, call: Call[Any], **bounds: float) -> Any:
        return self._answers[call.operation]

    async def asend(self, call: Call[Any], **bounds: float) -> Any:
        return self._answers[call.operation]


class AnyHook(ActivationHook):
    conn_name_attr, default_conn_name, conn_type, hook_name = "conn_id", "example", "example", "Example"


class AnySensor(ActivationSensor):
    def __init__(self, *, asked: Probe, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.asked = asked

    @cached_property
    def hook(self) -> AnyHook:
        return AnyHook("example")

    def probe(self) -> Probe:
        return self.asked


class Nothing(Making):
    """Makes nothing: the operator only waits."""

    async def make(self, memory: Any, on_uncertain: Any) -> Any:
        return "made"


class AnyOperator(SubmitAndWaitOperator):
    nouns = ("thing",)
    cancels_on_kill = False

    def __init__(self, *, asked: Probe, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.asked = asked

    @cached_property
    def hook(self) -> AnyHook:
        return AnyHook("example")

    def submission(self, key: str) -> Making:
        return Nothing()

    def probe(self, made: Any) -> Probe:
        return self.asked


def of_sensor(probe: Probe, deferrable: bool) -> Any:
    sensor = AnySensor(task_id="wait", asked=probe, poll_interval=0.1, timeout=0.06, deferrable=deferrable)
    return _finish(sensor)


def of_operator(probe: Probe, deferrable: bool) -> Any:
    operator = AnyOperator(
        task_id="wait", asked=probe, poll_interval=0.1, timeout=0.06, deferrable=deferrable
    )
    return _finish(operator)


def _finish(task: Any) -> Any:
    """The task's result as it goes into an XCom."""
    context: Any = {"ti": TaskInstance("wait", "a_run")}
    try:
        result = task.execute(context)
    except TaskDeferred as deferred:
        trigger = WaitTrigger(**json.loads(json.dumps(deferred.trigger.serialize()[1])))

        async def first() -> Any:
            async for event in trigger.run():
                return event.payload

        event = json.loads(json.dumps(asyncio.run(first())))
        result = task.resume_execution("execute_complete", {"event": event}, context)
    return json.loads(json.dumps(result))


MODES: dict[str, Callable[[Probe], Any]] = {
    "poke": lambda probe: of_sensor(probe, deferrable=False),
    "deferred sensor": lambda probe: of_sensor(probe, deferrable=True),
    "waiting operator": lambda probe: of_operator(probe, deferrable=False),
    "deferred operator": lambda probe: of_operator(probe, deferrable=True),
}


@pytest.mark.parametrize(("probe", "answers", "name"), CASES, ids=[name for _, _, name in CASES])
def test_every_status_means_the_same_in_every_mode(
    probe: Probe, answers: Answers, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    transport = AnsweringTransport(answers)

    async def aget_conn(hook: ActivationHook) -> Transport:
        return transport

    monkeypatch.setattr(ActivationHook, "get_conn", lambda hook: transport)
    monkeypatch.setattr(ActivationHook, "aget_conn", aget_conn)
    endings = {mode: _ending(run, probe) for mode, run in MODES.items()}
    assert len({repr(ending) for ending in endings.values()}) == 1, endings


def _ending(run: Callable[[Probe], Any], probe: Probe) -> tuple[str, Any]:
    """How a wait ends: its result, or its error. Airflow's sensors have a name of their own for timeouts."""
    try:
        return "result", run(probe)
    except (WaitTimeout, AirflowSensorTimeout):
        return "timeout", None
    except Exception as error:
        return type(error).__name__, str(error)


def test_the_cases_hold_every_probe() -> None:
    """A new probe needs a row for each of its statuses."""
    kinds = {kind for module in (acoustic, liveramp_waits, dataddo_waits, delta) for kind in _probes(module)}
    assert {type(probe) for probe, _, _ in CASES} == kinds


def _probes(module: ModuleType) -> Iterator[type[Probe]]:
    for _, kind in inspect.getmembers(module, inspect.isclass):
        if issubclass(kind, Probe) and not inspect.isabstract(kind):
            yield kind


def test_the_cases_hold_every_outcome() -> None:
    """A table in which every wait timed out would compare nothing."""
    outcomes = [AnsweringTransport(answers).run(probe.look()) for probe, answers, _ in CASES]
    assert {type(outcome) for outcome in outcomes} == {Pending, Done, Failed, Blocked}
    assert {outcome.known for outcome in outcomes if isinstance(outcome, Pending)} == {True, False}
