"""Where a wait polls first, what is deferred, and how long a poll may take in each mode."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowSensorTimeout, TaskDeferred
from task_running import Task, TaskDeferralTimeout, TaskInstance

from airflow_provider_activation.actions.base import Making
from airflow_provider_activation.api import acoustic_exchange
from airflow_provider_activation.errors import AuthenticationFailed, NotFound, WaitTimeout
from airflow_provider_activation.hooks.base import ActivationHook
from airflow_provider_activation.operators.base import SubmitAndWaitOperator, SubmitOperator
from airflow_provider_activation.sensors.base import ActivationSensor
from airflow_provider_activation.transport import ConnectionSettings, Transport
from airflow_provider_activation.triggers import wait as trigger_module
from airflow_provider_activation.triggers.wait import WaitTrigger
from airflow_provider_activation.waits import pace
from airflow_provider_activation.waits.acoustic_exchange import JobProbe
from airflow_provider_activation.waits.pace import OVERRUN

PROBE = JobProbe("SEGMENT_EXPORT", 1)
FIRST_LOOK_AFTER = 10.0


class Looked(Transport):
    """Gives the next answer to each poll, the last one again and again; notes how long each may take."""

    def __init__(self, *answers: Any) -> None:
        super().__init__(ConnectionSettings("Example", "example", "https://api.example.com"))
        self.answers = list(answers)
        self.calls = 0
        self.bounds: list[float | None] = []

    def send(self, call: Any, **bounds: float) -> Any:
        self.calls += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return acoustic_exchange.Job.model_validate({"jobId": 1, "status": answer})

    def run(self, steps: Any, *, within: float | None = None) -> Any:
        self.bounds.append(within)
        return super().run(steps, within=within)


class AnyHook(ActivationHook):
    conn_name_attr, default_conn_name, conn_type, hook_name = "conn_id", "example", "example", "Example"

    def __init__(self, *transports: Looked) -> None:
        super().__init__("example")
        self.transports = list(transports)

    def get_conn(self) -> Transport:
        if self._transport is None:
            self._transport = self.transports.pop(0) if len(self.transports) > 1 else self.transports[0]
        return self._transport


class Nothing(Making):
    async def make(self, memory: Any, on_uncertain: Any) -> Any:
        return "made"

    async def result(self, made: Any) -> Any:
        return (await acoustic_exchange.get_job("SEGMENT_EXPORT", 1)).plain()


class AnyOperator(SubmitAndWaitOperator):
    nouns = ("thing",)

    def submission(self, key: str) -> Making:
        return Nothing()

    def probe(self, made: Any) -> JobProbe:
        return PROBE


class AnyMaker(SubmitOperator):
    nouns = ("thing",)

    def submission(self, key: str) -> Making:
        return Nothing()


class AnySensor(ActivationSensor):
    def probe(self) -> JobProbe:
        return PROBE


def operator(transport: Looked, **arguments: Any) -> Any:
    return with_hook(AnyOperator(task_id="wait", **{"poll_interval": 0.1, **arguments}), transport)


def sensor(transport: Looked, **arguments: Any) -> Any:
    return with_hook(AnySensor(task_id="wait", **{"poll_interval": 0.1, **arguments}), transport)


def with_hook(task: Any, *transports: Looked) -> Any:
    task.__dict__["hook"] = AnyHook(*transports)
    return task


both = pytest.mark.parametrize("make", [operator, sensor])
Maker = Callable[..., Any]


@pytest.fixture(autouse=True)
def _as_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "FIRST_LOOK_AFTER", FIRST_LOOK_AFTER)


def context(first: datetime | None = None) -> Any:
    ti = TaskInstance("wait", "a_run")
    ti.get_first_reschedule_date = lambda context: first  # type: ignore[attr-defined]
    return {"ti": ti}


@both
def test_a_short_wait_is_not_deferred(make: Maker) -> None:
    transport = Looked("RUNNING", "RUNNING", "COMPLETE")
    task = make(transport, deferrable=True, timeout=2 * FIRST_LOOK_AFTER - 0.1)
    assert task.execute(context())["status"] == "COMPLETE"
    assert transport.calls == 3


@both
def test_a_longer_one_is_deferred_after_one_look(make: Maker) -> None:
    transport = Looked("RUNNING")
    timeout = 2 * FIRST_LOOK_AFTER
    with pytest.raises(TaskDeferred):
        make(transport, deferrable=True, timeout=timeout).execute(context())
    assert transport.calls == 1
    assert transport.bounds[-1] == pytest.approx(timeout / 2, abs=1)


@both
def test_what_has_ended_already_is_not_deferred(make: Maker) -> None:
    transport = Looked("COMPLETE")
    assert make(transport, deferrable=True, timeout=600).execute(context())["status"] == "COMPLETE"


@both
def test_an_odd_first_answer_is_no_reason_not_to_wait(make: Maker) -> None:
    for odd in (NotFound("answered 404", status=404), TypeError("what nobody expected")):
        with pytest.raises(TaskDeferred):
            make(Looked(odd), deferrable=True, timeout=600).execute(context())


@pytest.mark.parametrize(("left", "pause"), [(600.0, FIRST_LOOK_AFTER), (3.0, 3.0), (-60.0, 0.0)])
def test_the_trigger_looks_no_sooner(left: float, pause: float, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    async def shared_wait(*arguments: Any, **timing: Any) -> str:
        assert len(pauses) == 1
        return "done"

    async def aget_conn(hook: Any, **options: Any) -> Transport:
        return Looked("RUNNING")

    stand_in = SimpleNamespace(**{**vars(asyncio), "sleep": sleep})
    monkeypatch.setattr(trigger_module, "asyncio", stand_in)
    monkeypatch.setattr(trigger_module, "shared_wait", shared_wait)
    monkeypatch.setattr(ActivationHook, "aget_conn", aget_conn)
    made = WaitTrigger.of(PROBE, conn_id="example", poll_interval=60, deadline=time.time() + left)

    async def event() -> Any:
        return [event.payload async for event in made.run()]

    assert asyncio.run(event()) == [{"result": "done"}]
    assert pauses == [pytest.approx(pause, abs=1)]


@both
def test_no_poll_on_a_worker_outlasts_the_deadline_by_more_than_a_little(make: Maker) -> None:
    transport = Looked("RUNNING")
    with pytest.raises((WaitTimeout, AirflowSensorTimeout)):
        make(transport, deferrable=False, timeout=0.3).execute(context())
    polls = [bound for bound in transport.bounds if bound is not None]
    assert polls
    assert all(OVERRUN <= bound <= OVERRUN + 0.3 for bound in polls)


def test_a_poke_of_a_rescheduled_sensor_counts_from_the_first_one() -> None:
    transport = Looked("RUNNING")
    begun = datetime.now(UTC) - timedelta(minutes=50)
    task = sensor(transport, deferrable=False, mode="reschedule", timeout=3600)
    assert not task.poke(context(begun))
    assert transport.bounds[-1] == pytest.approx(600 + OVERRUN, abs=2)


@both
def test_the_connection_is_looked_up_again_when_the_key_is_refused(make: Maker) -> None:
    refused, renewed = Looked(AuthenticationFailed("no", status=401)), Looked("COMPLETE")
    task = with_hook(make(refused, deferrable=False, timeout=5), refused, renewed)
    assert task.execute(context())["status"] == "COMPLETE"
    unchanged = make(refused, deferrable=False, timeout=5)
    with pytest.raises(Exception, match="no") as caught:
        unchanged.execute(context())
    # before Airflow 3.3 the error is wrapped, so that the task is not tried again
    assert isinstance(caught.value.__cause__ or caught.value, AuthenticationFailed)


@both
def test_airflow_s_own_deadline_is_followed_by_a_last_look(make: Maker) -> None:
    given: dict[str, Any] = {"deferrable": True, "timeout": 600}
    for status in ("COMPLETE", "RUNNING"):
        began = context()
        with pytest.raises(TaskDeferred):
            make(Looked("RUNNING"), **given).execute(began)
        again = make(Looked(status), **given)

        def resumed(again: Any = again, began: Any = began) -> Any:
            return again.resume_execution("__fail__", {"error": "Trigger timeout"}, began)

        if status == "COMPLETE":
            assert resumed()["status"] == "COMPLETE"
        else:
            with pytest.raises((TaskDeferralTimeout, AirflowSensorTimeout)):
                resumed()
        assert 0 < again.hook.get_conn().bounds[0] < OVERRUN


def test_what_was_just_made_may_not_be_found_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    missing = NotFound("answered 404", status=404)
    transport = Looked(missing, missing, "RUNNING")
    transport._sleep = pauses.append
    make = Task(lambda: with_hook(AnyMaker(task_id="make"), transport))
    assert make.run()["status"] == "RUNNING"
    assert pauses == [2, 4]
    pauses.clear()
    transport.answers = [missing]
    with pytest.raises(NotFound):
        make.run()
    assert sum(pauses) == pace.NOT_FOUND_FOR
