"""Dataddo's extractions and writes, and the waits for them, on the worker and deferred."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowSensorTimeout, TaskDeferred
from dataddo_tasks import asked, held
from example_tasks import build_flow
from task_running import Task

from airflow_provider_activation.errors import (
    Conflict,
    InvalidRequest,
    JobFailed,
    NotFound,
    UncertainOutcome,
    WaitTimeout,
)
from airflow_provider_activation.hooks.dataddo import DataddoHook
from airflow_provider_activation.operators.dataddo import (
    DataddoExtractSourceOperator,
    DataddoWriteFlowOperator,
)
from airflow_provider_activation.sandbox import Sandbox
from airflow_provider_activation.sensors.dataddo import DataddoFlowSensor, DataddoSourceSensor
from scripts.machine_speed import scaled

both_modes = pytest.mark.parametrize("deferrable", [False, True], ids=["on the worker", "deferred"])
STEP = 3600
"""Seconds a run takes in the slow sandbox; half of it passes before it begins."""


@dataclass(frozen=True)
class Kind:
    """What there is to run: an extraction of a source, or a write of a flow."""

    noun: str
    part: str
    operator: type[DataddoExtractSourceOperator] | type[DataddoWriteFlowOperator]
    sensor: type[DataddoSourceSensor] | type[DataddoFlowSensor]
    argument: str
    enqueue: str

    def run(self, thing: str, **arguments: Any) -> Any:
        """The operator's task."""
        given = {"poll_interval": 0.1, "timeout": scaled(20), self.argument: thing, **arguments}
        return self.operator(task_id="run", **given)

    def wait(self, thing: str, **arguments: Any) -> Any:
        """The sensor's task."""
        given = {"poll_interval": 0.1, "timeout": scaled(20), self.argument: thing, **arguments}
        return self.sensor(task_id="wait", **given)

    def start(self, thing: str) -> None:
        """Have it run."""
        hook = DataddoHook()
        if self.noun == "extraction":
            hook.enqueue_extraction(thing)
        else:
            hook.enqueue_write(thing)

    def status(self, thing: str) -> dict[str, Any]:
        """How its last run stands."""
        hook = DataddoHook()
        ask = hook.get_source_status if self.noun == "extraction" else hook.get_flow_status
        return ask(thing).plain()

    def switch_off(self, thing: str) -> None:
        """Let nothing run any more."""
        hook = DataddoHook()
        if self.noun == "extraction":
            hook.update_extraction(thing, {"status": "inactive"})
        else:
            hook.update_write_status(thing, {"status": "inactive"})

    def runs(self, sandbox: Sandbox) -> int:
        """How many runs there were and will be."""
        return int(held(sandbox, self.part)[0]["runs"])

    def enqueued(self, sandbox: Sandbox, thing: str) -> int:
        """How often a run was asked for."""
        return len(asked(sandbox, "POST", self.enqueue.replace("*", thing)))


EXTRACTION = Kind(
    "extraction",
    "sources",
    DataddoExtractSourceOperator,
    DataddoSourceSensor,
    "source_id",
    "/sources/*/extraction/enqueue",
)
WRITE = Kind(
    "write", "flows", DataddoWriteFlowOperator, DataddoFlowSensor, "flow_id", "/flows/*/write/enqueue"
)

both_kinds = pytest.mark.parametrize("kind", [EXTRACTION, WRITE], ids=lambda kind: kind.noun)


def built(kind: Kind) -> str:
    """The source or the flow of everything that is needed."""
    return str(Task(build_flow).run()[kind.argument])


@pytest.fixture
def thing(connections: Sandbox, kind: Kind) -> str:
    """What runs, within a moment."""
    return built(kind)


@pytest.fixture
def slow_thing(slow: Sandbox, kind: Kind) -> str:
    """What runs when time is let pass."""
    return built(kind)


@both_kinds
class TestRun:
    @both_modes
    def test_runs_and_says_how_that_ended(
        self, connections: Sandbox, kind: Kind, thing: str, deferrable: bool
    ) -> None:
        task = Task(lambda: kind.run(thing, deferrable=deferrable))
        first = task.run()
        assert first == kind.status(thing)
        assert first["status"] == "live"
        assert datetime.fromisoformat(first["lastRunFinished"]) > datetime.fromisoformat(
            first["lastRunStarted"]
        )
        # cleared, it runs once more, and the first run is not taken for the second
        task.clear()
        second = task.run()
        assert second["lastRunStarted"] > first["lastRunFinished"]
        assert kind.runs(connections) == 2

    def test_need_not_be_waited_for(self, slow: Sandbox, kind: Kind, slow_thing: str) -> None:
        task = Task(lambda: kind.run(slow_thing, wait_for_completion=False))
        assert task.run() == kind.status(slow_thing)
        assert kind.runs(slow) == 1

    @both_modes
    def test_the_next_try_waits_for_the_run_of_the_first(
        self, slow: Sandbox, kind: Kind, slow_thing: str, deferrable: bool
    ) -> None:
        task = Task(lambda: kind.run(slow_thing, deferrable=deferrable, timeout=0.2))
        with pytest.raises(WaitTimeout, match="live, not started yet"):
            task.run()
        slow.advance(STEP)
        with pytest.raises(WaitTimeout, match="running"):
            task.run()
        slow.advance(STEP)
        assert task.run()["status"] == "live"
        assert (kind.enqueued(slow, slow_thing), kind.runs(slow)) == (1, 1)

    def test_also_after_the_deferred_task_was_lost(self, slow: Sandbox, kind: Kind, slow_thing: str) -> None:
        task = Task(lambda: kind.run(slow_thing, deferrable=True))
        for _ in range(2):
            with pytest.raises(TaskDeferred):
                task.begin()
        slow.advance(2 * STEP)
        assert task.run()["status"] == "live"
        assert kind.enqueued(slow, slow_thing) == 1

    @both_modes
    def test_a_try_after_an_end_that_was_not_heard_of_makes_no_second_run(
        self, connections: Sandbox, kind: Kind, thing: str, deferrable: bool
    ) -> None:
        task = Task(lambda: kind.run(thing, deferrable=deferrable))
        assert task.run() == task.run()
        assert kind.runs(connections) == 1

    @both_modes
    def test_a_broken_run_fails_and_the_next_try_makes_another(
        self, connections: Sandbox, kind: Kind, thing: str, deferrable: bool
    ) -> None:
        connections.misbehave("fail", service="dataddo", method="POST", path=kind.enqueue)
        task = Task(lambda: kind.run(thing, deferrable=deferrable))
        with pytest.raises(JobFailed, match=rf"{kind.noun} of .* {thing}.*broken: The run failed three"):
            task.run()
        # right after the second enqueue it is broken still: that is the run before
        assert task.run()["status"] == "live"
        assert kind.runs(connections) == 2

    @both_modes
    def test_switched_off_meanwhile_it_fails(
        self, slow: Sandbox, kind: Kind, slow_thing: str, deferrable: bool
    ) -> None:
        task = Task(lambda: kind.run(slow_thing, deferrable=deferrable, timeout=0.2))
        with pytest.raises(WaitTimeout):
            task.run()
        kind.switch_off(slow_thing)
        with pytest.raises(Conflict, match="the action is inactive"):
            # the run is gone: another is asked for, and refused
            task.run()
        assert kind.runs(slow) == 0

    @pytest.mark.parametrize(("after", "state"), [(1.0, "running"), (1.75, "retrying")])
    def test_beside_a_run_of_somebody_else_nothing_is_sent(
        self, slow: Sandbox, kind: Kind, slow_thing: str, after: float, state: str
    ) -> None:
        slow.misbehave("fail", service="dataddo", method="POST", path=kind.enqueue)
        kind.start(slow_thing)
        slow.advance(after * STEP)
        assert kind.status(slow_thing)["status"] == state
        task = Task(lambda: kind.run(slow_thing))
        with pytest.raises(Conflict, match=f"{slow_thing} is {state} already"):
            task.run()
        assert (kind.enqueued(slow, slow_thing), task.store) == (1, {})

    def test_one_that_is_switched_off_is_refused(self, slow: Sandbox, kind: Kind, slow_thing: str) -> None:
        kind.switch_off(slow_thing)
        task = Task(lambda: kind.run(slow_thing))
        with pytest.raises(Conflict, match="inactive"):
            task.run()
        assert (kind.runs(slow), task.store) == (0, {})

    @both_modes
    @pytest.mark.parametrize("what", ["drop_after", "html"])
    def test_a_lost_answer_makes_no_second_run(
        self, connections: Sandbox, kind: Kind, thing: str, what: str, deferrable: bool
    ) -> None:
        connections.misbehave(
            what, service="dataddo", method="POST", path=kind.enqueue, after_acting=what == "html"
        )
        task = Task(lambda: kind.run(thing, deferrable=deferrable, on_uncertain="adopt"))
        assert task.run()["status"] == "live"
        assert kind.runs(connections) == 1

    def test_a_run_that_anybody_may_have_started_is_not_taken(
        self, connections: Sandbox, kind: Kind, thing: str
    ) -> None:
        """A schedule, a person or another task may have started it at the same time."""
        connections.misbehave("drop_after", service="dataddo", method="POST", path=kind.enqueue)
        with pytest.raises(UncertainOutcome):
            Task(lambda: kind.run(thing)).run()
        assert kind.runs(connections) <= 1

    @pytest.mark.parametrize("what", ["drop_before", "drop_after"])
    def test_a_run_that_does_not_show_is_neither_assumed_nor_doubled(
        self, slow: Sandbox, kind: Kind, slow_thing: str, what: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("airflow_provider_activation.actions.base.LOOKS_AFTER_DOUBT", (0,))
        slow.misbehave(what, service="dataddo", method="POST", path=kind.enqueue)
        task = Task(lambda: kind.run(slow_thing, on_uncertain="adopt"))
        for _ in range(2):
            with pytest.raises(UncertainOutcome):
                task.run()
        assert kind.enqueued(slow, slow_thing) == 1
        if what == "drop_after":
            # now it shows
            slow.advance(2 * STEP)
            assert task.run()["status"] == "live"
            assert kind.runs(slow) == 1

    def test_and_is_asked_for_again_if_told_so(
        self, slow: Sandbox, kind: Kind, slow_thing: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("airflow_provider_activation.actions.base.LOOKS_AFTER_DOUBT", (0,))
        slow.misbehave("drop_before", service="dataddo", method="POST", path=kind.enqueue)
        task = Task(
            lambda: kind.run(slow_thing, on_uncertain="resubmit", wait_for_completion=False), store=False
        )
        with pytest.raises(UncertainOutcome):
            task.run()
        task.run()
        assert kind.runs(slow) == 1

    def test_what_there_is_not(self, connections: Sandbox, kind: Kind, thing: str) -> None:
        task = Task(lambda: kind.run("a" * 24))
        with pytest.raises(NotFound, match="a" * 24):
            task.run()
        assert (kind.runs(connections), task.store) == (0, {})

    @pytest.mark.parametrize("given", ["..", "", "a/b/../c"])
    def test_what_is_no_id_is_never_asked_for(
        self, connections: Sandbox, kind: Kind, thing: str, given: str
    ) -> None:
        with pytest.raises((InvalidRequest, NotFound)):
            Task(lambda: kind.run(given)).run()
        assert kind.runs(connections) == 0

    @pytest.mark.parametrize(
        ("arguments", "named"),
        [
            ({"poll_interval": 0}, "poll_interval"),
            ({"timeout": timedelta(0)}, "timeout"),
            ({"on_uncertain": "hope"}, "on_uncertain"),
        ],
    )
    def test_refused_when_the_dag_is_parsed(self, kind: Kind, arguments: dict[str, Any], named: str) -> None:
        with pytest.raises(ValueError, match=named):
            kind.run("a", **arguments)

    def test_the_id_is_rendered(self, connections: Sandbox, kind: Kind, thing: str) -> None:
        def templated() -> Any:
            operator = kind.run("{{ thing }}")
            context: Any = {"thing": thing}
            operator.render_template_fields(context)
            return operator

        assert Task(templated).run()["status"] == "live"


class TestDaysOfAnExtraction:
    @pytest.mark.parametrize(
        ("arguments", "body"),
        [
            ({}, {}),
            (
                {"date_from": "2026-01-01", "date_to": "2026-01-07"},
                {"dateFrom": "2026-01-01", "dateTo": "2026-01-07"},
            ),
            (
                {"date_from": date(2026, 1, 1), "date_to": date(2026, 1, 1)},
                {"dateFrom": "2026-01-01", "dateTo": "2026-01-01"},
            ),
            (
                {"date_from": "{{ ds }}", "date_to": "{{ ds }}"},
                {"dateFrom": "2026-02-03", "dateTo": "2026-02-03"},
            ),
            ({"date_range": "7d1"}, {"dateRangeExpression": "{{7d1}}"}),
            ({"date_range": "{{ days }}d1"}, {"dateRangeExpression": "{{30d1}}"}),
            (
                {"date_range": "0m0|Ymd", "storage_strategy": "clean"},
                {"dateRangeExpression": "{{0m0|Ymd}}", "storageStrategy": "clean"},
            ),
        ],
    )
    def test_arrive_as_they_are_written(
        self, connections: Sandbox, arguments: dict[str, Any], body: dict[str, str]
    ) -> None:
        source = built(EXTRACTION)

        def templated() -> Any:
            operator = EXTRACTION.run(source, **arguments)
            context: Any = {"ds": "2026-02-03", "days": 30}
            operator.render_template_fields(context)
            return operator

        assert Task(templated).run()["status"] == "live"
        assert held(connections, "sources")[0]["lastRunAsked"] == body

    @pytest.mark.parametrize(
        ("arguments", "named"),
        [
            ({"date_to": "2026-01-02"}, "together"),
            ({"date_from": "2026-01-02", "date_to": "2026-01-01"}, "date_from must not be after date_to"),
            ({"date_from": "2026-01-01", "date_to": "2026-01-02", "date_range": "1d1"}, "either"),
            ({"date_from": "yesterday", "date_to": "2026-01-02"}, "date_from"),
            ({"date_range": "1d7"}, "date_range"),
        ],
    )
    def test_refused_before_any_call(
        self, connections: Sandbox, arguments: dict[str, Any], named: str
    ) -> None:
        with pytest.raises(InvalidRequest, match=named):
            Task(lambda: EXTRACTION.run("a" * 24, **arguments)).run()
        assert connections.requests == []

    def test_a_strategy_the_service_does_not_know(self, connections: Sandbox) -> None:
        source = built(EXTRACTION)
        task = Task(lambda: EXTRACTION.run(source, storage_strategy="squash"))
        with pytest.raises(InvalidRequest, match="storageStrategy must be one of"):
            task.run()
        assert (EXTRACTION.runs(connections), task.store) == (0, {})

    def test_what_was_loaded_can_be_seen(self, connections: Sandbox) -> None:
        source = built(EXTRACTION)
        assert DataddoHook().preview_source(source) == []
        Task(lambda: EXTRACTION.run(source)).run()
        assert len(DataddoHook().preview_source(source, 3)) == 3


def test_a_flow_whose_source_is_gone_writes_nothing(connections: Sandbox) -> None:
    made = Task(build_flow).run()
    DataddoHook().delete_source(made["source_id"])
    task = Task(lambda: WRITE.run(made["flow_id"]))
    with pytest.raises(Conflict, match="no source any more"):
        task.run()
    assert (WRITE.runs(connections), task.store) == (0, {})


@both_kinds
@both_modes
class TestSensor:
    def test_waits_for_a_run_that_somebody_started(
        self, connections: Sandbox, kind: Kind, thing: str, deferrable: bool
    ) -> None:
        kind.start(thing)
        found = Task(lambda: kind.wait(thing, deferrable=deferrable)).run()
        assert (found["status"], found) == ("live", kind.status(thing))

    def test_one_that_never_ran_is_waited_for(
        self, connections: Sandbox, kind: Kind, thing: str, deferrable: bool
    ) -> None:
        with pytest.raises(AirflowSensorTimeout):
            Task(lambda: kind.wait(thing, deferrable=deferrable, timeout=0.2)).run()
        assert kind.runs(connections) == 0

    def test_a_run_before_the_moment_does_not_count(
        self, connections: Sandbox, kind: Kind, thing: str, deferrable: bool
    ) -> None:
        Task(lambda: kind.run(thing)).run()
        after = kind.status(thing)["lastRunFinished"]
        before = datetime.fromisoformat(after) - timedelta(seconds=1)
        for moment in (before, before.isoformat(), None):
            found = Task(
                lambda moment=moment: kind.wait(thing, deferrable=deferrable, finished_after=moment)
            ).run()
            assert found["lastRunFinished"] == after
        with pytest.raises(AirflowSensorTimeout):
            Task(lambda: kind.wait(thing, deferrable=deferrable, finished_after=after, timeout=0.2)).run()
        kind.start(thing)
        found = Task(lambda: kind.wait(thing, deferrable=deferrable, finished_after=after)).run()
        assert found["lastRunFinished"] > after

    def test_a_broken_run_fails(self, connections: Sandbox, kind: Kind, thing: str, deferrable: bool) -> None:
        connections.misbehave("fail", service="dataddo", method="POST", path=kind.enqueue)
        kind.start(thing)
        with pytest.raises(JobFailed, match="broken"):
            Task(lambda: kind.wait(thing, deferrable=deferrable)).run()

    def test_one_that_is_switched_off_fails(
        self, connections: Sandbox, kind: Kind, thing: str, deferrable: bool
    ) -> None:
        kind.switch_off(thing)
        with pytest.raises(JobFailed, match="inactive"):
            Task(lambda: kind.wait(thing, deferrable=deferrable)).run()

    def test_what_there_is_not(self, connections: Sandbox, kind: Kind, thing: str, deferrable: bool) -> None:
        with pytest.raises(NotFound):
            Task(lambda: kind.wait("a" * 24, deferrable=deferrable)).run()

    @pytest.mark.parametrize("moment", ["2026-01-01T00:00:00", "yesterday", datetime(2026, 1, 1)])
    def test_a_moment_without_its_zone_is_refused_before_any_call(
        self, connections: Sandbox, kind: Kind, deferrable: bool, moment: Any
    ) -> None:
        with pytest.raises(InvalidRequest, match="finished_after"):
            Task(lambda: kind.wait("a" * 24, deferrable=deferrable, finished_after=moment)).run()
        assert connections.requests == []

    def test_refused_when_the_dag_is_parsed(self, kind: Kind, deferrable: bool) -> None:
        with pytest.raises(ValueError, match="poll_interval"):
            kind.wait("a", deferrable=deferrable, poll_interval=0)

    def test_fields_are_rendered(
        self, connections: Sandbox, kind: Kind, thing: str, deferrable: bool
    ) -> None:
        kind.start(thing)

        def templated() -> Any:
            sensor = kind.wait("{{ thing }}", deferrable=deferrable, finished_after="{{ moment }}")
            context: Any = {"thing": thing, "moment": datetime.now(UTC) - timedelta(hours=1)}
            sensor.render_template_fields(context)
            return sensor

        assert Task(templated).run()["status"] == "live"
