"""How a wait can end before what is waited for does, and what becomes of it at the service."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest
from airflow.providers.common.compat.sdk import TaskDeferred
from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance
from example_tasks import build_flow, connect, create_activity, define, export, register
from task_running import Task, TaskDeferralError, TaskDeferralTimeout

from airflow_provider_activation.actions.memory import Memory
from airflow_provider_activation.errors import JobFailed, WaitTimeout
from airflow_provider_activation.hooks.acoustic_exchange import AcousticExchangeHook
from airflow_provider_activation.hooks.dataddo import DataddoHook
from airflow_provider_activation.operators.dataddo import (
    DataddoExtractSourceOperator,
    DataddoWriteFlowOperator,
)
from airflow_provider_activation.operators.liveramp import LiveRampDistributeSegmentsOperator
from airflow_provider_activation.sandbox import Sandbox
from airflow_provider_activation.sensors.liveramp import LiveRampDeliverySensor
from airflow_provider_activation.triggers.wait import WaitTrigger
from scripts.machine_speed import scaled

SEGMENTS = ["5000000001", "5000000002"]
TRIGGER_TIMEOUT = {"error": "Trigger timeout"}
TRIGGER_FAILURE = {"error": "Trigger failure", "traceback": ["a bug"]}

both_modes = pytest.mark.parametrize("deferrable", [False, True], ids=["on the worker", "deferred"])


class TestLiveRamp:
    @pytest.fixture
    def manager(self, slow: Sandbox) -> str:
        return str(Task(connect).run()["distributionManagerID"])

    @both_modes
    def test_what_was_just_added_is_withdrawn_when_the_time_is_out(
        self, slow: Sandbox, manager: str, deferrable: bool
    ) -> None:
        Task(lambda: distribute(manager, segments=SEGMENTS[:1], wait_for_completion=False)).run()
        with pytest.raises(WaitTimeout):
            Task(lambda: distribute(manager, deferrable=deferrable)).run()
        assert in_distribution(slow) == SEGMENTS[:1], "the other was there before"

    @both_modes
    def test_and_stays_if_nobody_wants_it_undone(
        self, slow: Sandbox, manager: str, deferrable: bool, caplog: pytest.LogCaptureFixture
    ) -> None:
        with pytest.raises(WaitTimeout):
            Task(lambda: distribute(manager, deferrable=deferrable, cancel_on_kill=False)).run()
        assert in_distribution(slow) == SEGMENTS
        assert "stay in distribution manager" in caplog.text

    def test_a_try_after_one_that_died_undoes_what_that_one_added(self, slow: Sandbox, manager: str) -> None:
        timeout = 60.0
        task = Task(lambda: distribute(manager, timeout=timeout))
        with once_it_waits(slow, die), pytest.raises(KeyboardInterrupt):
            task.run()
        assert in_distribution(slow) == SEGMENTS
        timeout = 0.2
        with pytest.raises(WaitTimeout):
            task.run()
        assert in_distribution(slow) == []

    def test_the_process_is_told_to_end(self, slow: Sandbox, manager: str) -> None:
        operator = distribute(manager, timeout=scaled(1))
        with once_it_waits(slow, operator.on_kill), pytest.raises(WaitTimeout):
            Task(lambda: operator).run()
        assert in_distribution(slow) == []
        assert sum(request["method"] == "DELETE" for request in slow.requests) == 1

    def test_airflow_s_own_deadline(self, slow: Sandbox, manager: str) -> None:
        task = Task(lambda: distribute(manager, deferrable=True))
        context = deferred(task)
        with pytest.raises(TaskDeferralTimeout):
            distribute(manager).resume_execution("__fail__", TRIGGER_TIMEOUT, context)
        assert in_distribution(slow) == []

    def test_a_trigger_that_failed_is_no_reason_to_undo(self, slow: Sandbox, manager: str) -> None:
        context = deferred(Task(lambda: distribute(manager, deferrable=True)))
        with pytest.raises(TaskDeferralError):
            distribute(manager).resume_execution("__fail__", TRIGGER_FAILURE, context)
        assert in_distribution(slow) == SEGMENTS

    def test_what_cannot_be_undone_is_told(
        self, slow: Sandbox, manager: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        slow.misbehave(
            "status", service="liveramp", method="DELETE", path="*/segment-configs", status=503, times=9
        )
        with pytest.raises(WaitTimeout):
            Task(lambda: distribute(manager, deferrable=True)).run()
        slow.behave()
        assert "could not be cancelled" in caplog.text
        assert f"stay in distribution manager {manager}" in caplog.text


class TestOthers:
    @both_modes
    def test_a_job_that_nobody_can_stop_is_named(
        self, slow: Sandbox, deferrable: bool, caplog: pytest.LogCaptureFixture
    ) -> None:
        Task(register).run()
        Task(define).run()
        with pytest.raises(WaitTimeout):
            Task(lambda: export(deferrable=deferrable, timeout=0.2, on_needs_action="wait")).run()
        (job,) = AcousticExchangeHook().list_jobs("SEGMENT_EXPORT")
        assert f"SEGMENT_EXPORT job {job.job_id} goes on at Acoustic Exchange" in caplog.text

    @pytest.mark.parametrize("cancel", [True, False])
    def test_an_extraction_is_deactivated_if_that_is_wanted(self, slow: Sandbox, cancel: bool) -> None:
        source_id = Task(build_flow).run()["source_id"]
        with pytest.raises(WaitTimeout):
            Task(
                lambda: DataddoExtractSourceOperator(
                    task_id="extract",
                    source_id=source_id,
                    poll_interval=0.1,
                    timeout=0.2,
                    cancel_on_kill=cancel,
                )
            ).run()
        assert (DataddoHook().get_source_status(source_id).status == "inactive") is cancel

    def test_an_extraction_goes_on_unless_told_otherwise(self) -> None:
        assert not DataddoExtractSourceOperator(task_id="extract", source_id="s").cancel_on_kill

    def test_a_write_goes_on(self, slow: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
        flow_id = Task(build_flow).run()["flow_id"]
        with pytest.raises(WaitTimeout):
            Task(
                lambda: DataddoWriteFlowOperator(
                    task_id="write", flow_id=flow_id, poll_interval=0.1, timeout=0.2
                )
            ).run()
        assert f"write of flow {flow_id} goes on" in caplog.text

    def test_an_activity_is_disabled_when_its_task_is_killed(
        self, slow: Sandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        operator = create_activity(enabled=True)
        task = Task(lambda: operator)
        make = operator.make

        def killed_afterwards(*arguments: Any) -> Any:
            made = make(*arguments)
            operator.on_kill()
            return made

        monkeypatch.setattr(operator, "make", killed_afterwards)
        # Airflow lets it go on for some seconds; it must not end green with what was cancelled
        with pytest.raises(JobFailed, match="killed"):
            task.run()
        operator.on_kill()
        (activity,) = slow.state()["delta-projects"]["activities"]
        assert activity["enabled"] is False
        assert updates(slow) == ["POST", "POST", "POST"], "enabled, disabled, and once more to be sure"


def test_killed_in_the_middle_of_a_call_says_what_happens_next(capsys: pytest.CaptureFixture[str]) -> None:
    operator = DataddoWriteFlowOperator(task_id="write", flow_id="f")
    operator._memory = Memory(None, generation=1, first_try=True)
    operator.on_kill()
    assert "asks the service before it sends anything" in capsys.readouterr().out


async def kill_as_airflow_does(trigger: WaitTrigger) -> None:
    """Call `on_kill`, and cancel it once more each time Airflow looks at its triggers."""
    ending = asyncio.create_task(trigger.on_kill())
    while not ending.done():
        await asyncio.sleep(0.01)
        ending.cancel()
    await ending


class TestTrigger:
    """What Airflow 3.3 calls when a person clears or marks a deferred task, and when it need not."""

    def kill(
        self, slow: Sandbox, monkeypatch: pytest.MonkeyPatch, states: Any, **arguments: Any
    ) -> list[str]:
        """Segments in distribution after Airflow killed the trigger of a wait, when it tells these states."""
        manager = Task(connect).run()["distributionManagerID"]
        task = Task(lambda: distribute(manager, deferrable=True, **arguments))
        deferred(task)
        trigger = task.triggers[-1]
        trigger.task_instance = cast("Any", task.ti)

        def get_task_states(**asked: Any) -> dict[str, dict[str, str]]:
            assert task.ti is not None
            assert (asked["task_ids"], asked["map_index"]) == (["distribute"], -1)
            return {task.ti.run_id: states()}

        monkeypatch.setattr(RuntimeTaskInstance, "get_task_states", get_task_states)
        asyncio.run(kill_as_airflow_does(trigger))
        return in_distribution(slow)

    def test_a_person_cleared_the_task(self, slow: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
        assert self.kill(slow, monkeypatch, lambda: {"distribute": None}) == []

    def test_a_person_does_not_want_it_undone(
        self, slow: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        left = self.kill(slow, monkeypatch, lambda: {"distribute": "failed"}, cancel_on_kill=False)
        assert left == SEGMENTS
        assert "stay in distribution manager" in caplog.text

    def test_another_triggerer_took_over(self, slow: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
        assert self.kill(slow, monkeypatch, lambda: {"distribute": "deferred"}) == SEGMENTS

    def test_airflow_does_not_say(self, slow: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
        def fails() -> Any:
            raise RuntimeError("no answer")

        assert self.kill(slow, monkeypatch, fails) == SEGMENTS

    def test_a_sensor_undoes_nothing(self, slow: Sandbox) -> None:
        task = Task(
            lambda: LiveRampDeliverySensor(
                task_id="wait", integration_connection_id="7", segment_ids=SEGMENTS, deferrable=True
            )
        )
        deferred(task)
        trigger = task.triggers[-1]
        assert trigger.cancel_on_kill is None
        before = len(slow.requests)
        asyncio.run(trigger.on_kill())
        assert len(slow.requests) == before


def die() -> None:
    raise KeyboardInterrupt


def distribute(manager: str, **arguments: Any) -> LiveRampDistributeSegmentsOperator:
    return LiveRampDistributeSegmentsOperator(
        task_id="distribute",
        **{
            "distribution_manager_id": manager,
            "segments": SEGMENTS,
            "wait_for_completion": True,
            "poll_interval": 0.1,
            "timeout": 0.2,
            **arguments,
        },
    )


def in_distribution(slow: Sandbox) -> list[str]:
    return [config["segmentID"] for config in slow.state()["liveramp"]["segmentConfigs"]]


def updates(slow: Sandbox) -> list[str]:
    (activity,) = slow.state()["delta-projects"]["activities"]
    asked = [request for request in slow.requests if request["path"].endswith(activity["id"])]
    return [request["method"] for request in asked if request["method"] == "POST"]


def deferred(task: Task) -> Any:
    """Run a task until it is deferred; returns the context it goes on with."""
    with pytest.raises(TaskDeferred):
        task.begin()
    return task.context


@contextmanager
def once_it_waits(slow: Sandbox, act: Callable[[], Any]) -> Iterator[None]:
    """Have this happen in the middle of whatever the main thread does then, as a signal does."""
    begun = len(slow.requests)

    def waits() -> bool:
        return any(request["path"] == "/v2/deliveries" for request in slow.requests[begun:])

    before = signal.signal(signal.SIGALRM, lambda number, frame: act())
    over = threading.Event()

    def later() -> None:
        while not (over.is_set() or waits()):
            time.sleep(0.01)
        if not over.wait(0.1):
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGALRM)

    thread = threading.Thread(target=later, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        signal.signal(signal.SIGALRM, before)
