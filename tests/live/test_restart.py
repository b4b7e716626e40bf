"""A real Airflow whose triggerer is stopped and killed while tasks wait: no wait is lost, none doubled."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from prepared_services import Services
from real_airflow import RealAirflow

from airflow_provider_activation.sandbox import Sandbox
from scripts.machine_speed import scaled

STEP = 1200.0
"""Seconds. Nothing ends at the services unless the test lets the time pass there."""
SOON = scaled(90.0)
"""Seconds in which everything here happens."""
SHORT_WAIT = scaled(20.0)
"""Seconds after which one wait gives up, a moment at which no triggerer runs."""
FEW = 5
"""Polls; a wait that began anew would ask far more often before it gave up."""
LISTED = "/v1/jobs/SEGMENT_EXPORT"

SEGMENT_ID = "5000000001"
JOBS = {"job_0", "job_1", "job_2"}
FIRST = JOBS | {"delivery"}
"""What is waited for here has a step less to go than the rest."""
REST = {"consent", "extraction", "export"}


@dataclass
class Story:
    """What happened, for the tests to judge.

    :param after_stop: the tasks' states when a triggerer that was stopped had been started again.
    :param after_kill: the same after a triggerer that was killed.
    :param notes_after_kill: what the tasks had noted by then.
    :param asked_while_down: how many questions the services got each time no triggerer ran.
    :param short_when_killed: the short wait's state once no triggerer ran, and none did until its deadline.
    :param asked_once_back: how often the jobs were asked for from then until the short wait had given up.
    """

    airflow: RealAirflow
    sandbox: Sandbox
    conf: dict[str, Any]
    run_id: str = ""
    short_run_id: str = ""
    after_stop: dict[str, str | None] = field(default_factory=dict)
    after_kill: dict[str, str | None] = field(default_factory=dict)
    notes_after_kill: Counter[str] = field(default_factory=Counter)
    asked_while_down: list[int] = field(default_factory=list)
    short_when_killed: str | None = None
    asked_once_back: int = 0

    def notes(self) -> Counter[str]:
        """How often each task of the run has noted what."""
        lines = (self.airflow.home / "notes.txt").read_text().splitlines()
        return Counter(
            note for run_id, _, note in (line.partition(" ") for line in lines) if run_id == self.run_id
        )

    def asks(self, *tasks: str) -> Callable[[], bool]:
        """A condition: from now on the services are asked for each of these, and more than once."""
        begun = len(self.sandbox.requests)
        paths = {
            "delivery": "/v2/deliveries",
            "consent": f"/v2/oauth-connection-attempts/{self.conf['attempt']}",
            "extraction": f"/sources/{self.conf['source']}/status",
        }
        wanted = {paths.get(task, LISTED) for task in tasks}

        def is_asked() -> bool:
            asked = Counter(r["path"] for r in self.sandbox.requests[begun:] if r["status"] == 200)
            return all(asked[path] > 1 for path in wanted)

        return is_asked

    def taken_over(self, run_id: str, *tasks: str, times: int) -> Callable[[], bool]:
        """A condition: so many triggerers in all have begun with the wait of each of these."""
        return lambda: all(self.airflow.task_log(run_id, task).count(") starting") >= times for task in tasks)

    def in_state(self, state: str, *tasks: str) -> Callable[[], bool]:
        """A condition: these tasks are in a state."""

        def are_all() -> bool:
            states = self.airflow.task_states(self.run_id)
            for task, its_state in states.items():
                assert its_state != "failed", self.airflow.task_log(self.run_id, task)
            return all(states[task] == state for task in tasks)

        return are_all

    def ended(self, run_id: str) -> Callable[[], bool]:
        """A condition: a run has ended, one way or the other."""
        return lambda: self.airflow.run_state(run_id) in ("success", "failed")

    def down(self, seconds: float) -> None:
        """Let the time pass at the services while nothing asks them."""
        for _ in range(2):  # what was sent before these has arrived when they are answered
            httpx.get(f"{self.sandbox.url}/sandbox/state", timeout=SOON).raise_for_status()
        before = len(self.sandbox.requests)
        self.sandbox.advance(seconds)
        time.sleep(scaled(1.0))  # two poll intervals, in which nothing must happen
        self.asked_while_down.append(len(self.sandbox.requests) - before)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, dags: Path) -> Iterator[Story]:
    """Waits of every kind, and a triggerer that is stopped, killed, and killed with the scheduler."""
    with Sandbox(port=0, consent="auto", step_seconds=STEP) as sandbox:
        services = Services(sandbox)
        conf: dict[str, Any] = {"jobs": [services.job() for _ in JOBS], "segment": SEGMENT_ID}
        conf |= services.integration_connection("Daily")
        services.distribute(conf["manager"], SEGMENT_ID)
        sandbox.advance(STEP)
        conf |= {"attempt": services.attempt(), "source": services.source(services.service())}
        home = tmp_path_factory.mktemp("airflow") / "home"
        with RealAirflow(home, dags, sandbox.connections, SHORT_WAIT=str(SHORT_WAIT)) as airflow:
            story = Story(airflow, sandbox, conf)
            _tell(story, services)
            yield story


def _tell(story: Story, services: Services) -> None:
    airflow, wait_until = story.airflow, story.airflow.wait_until
    story.run_id = run_id = airflow.trigger("waiting_dag", **story.conf)
    wait_until(story.in_state("deferred", *FIRST, *REST), SOON)
    wait_until(story.taken_over(run_id, *FIRST, *REST, times=1), SOON)
    wait_until(story.asks(*FIRST, *REST), SOON)

    airflow.terminate("triggerer")
    story.down(0.0)
    airflow.restart("triggerer")
    wait_until(story.taken_over(run_id, *FIRST, *REST, times=2), SOON)
    wait_until(story.asks(*FIRST, *REST), SOON)
    story.after_stop = airflow.task_states(run_id)

    airflow.kill("triggerer")
    story.down(STEP)
    airflow.restart("triggerer")
    wait_until(story.in_state("success", *FIRST), SOON)
    wait_until(story.taken_over(run_id, *REST, times=3), SOON)
    wait_until(story.asks(*REST), SOON)
    story.after_kill = airflow.task_states(run_id)
    story.notes_after_kill = story.notes()

    short_run = story.short_run_id = airflow.trigger("short_wait", job=services.job())
    wait_until(lambda: airflow.task_states(short_run)["job"] == "deferred", SOON)
    short_wait_ends = time.time() + SHORT_WAIT
    wait_until(story.taken_over(short_run, "job", times=1), SOON)
    airflow.kill("triggerer")
    story.short_when_killed = airflow.task_states(short_run)["job"]
    airflow.kill("scheduler")
    story.down(STEP)
    airflow.restart("scheduler")
    wait_until(lambda: time.time() > short_wait_ends, 2 * SHORT_WAIT)
    begun = len(story.sandbox.requests)
    airflow.restart("triggerer")
    wait_until(lambda: airflow.task_states(short_run)["job"] != "deferred", SOON)
    story.asked_once_back = sum(r["path"] == LISTED for r in story.sandbox.requests[begun:])
    wait_until(story.ended(run_id), SOON)
    wait_until(story.ended(short_run), SOON)


def test_a_triggerer_that_was_stopped_goes_on_waiting(story: Story) -> None:
    assert story.after_stop == dict.fromkeys(FIRST | REST, "deferred")


def test_what_ended_while_the_triggerer_was_dead_is_seen_and_the_rest_waits_on(story: Story) -> None:
    assert story.after_kill == dict.fromkeys(FIRST, "success") | dict.fromkeys(REST, "deferred")
    rest_begun = {f"{task} begins": 1 for task in REST}
    assert story.notes_after_kill == _begun_and_ended(FIRST) | rest_begun


def test_nothing_asks_while_no_triggerer_runs(story: Story) -> None:
    """Guards the others: what was to be dead was dead."""
    assert story.asked_while_down == [0, 0, 0]


def test_every_wait_ends_once(story: Story) -> None:
    tasks = story.airflow.tasks(story.run_id)
    assert {task: instance["state"] for task, instance in tasks.items()} == dict.fromkeys(
        FIRST | REST, "success"
    ), story.airflow.logs()
    assert story.airflow.run_state(story.run_id) == "success"
    assert {instance["try_number"] for instance in tasks.values()} == {1}
    assert story.notes() == _begun_and_ended(FIRST | REST)


def test_every_result_arrives(story: Story) -> None:
    results = {task: story.airflow.xcom(story.run_id, task) for task in FIRST | REST}
    state = story.sandbox.state()
    jobs = {job["jobId"]: job for job in state["acoustic-exchange"]["jobs"]}
    for number, job_id in enumerate(story.conf["jobs"]):
        assert results[f"job_{number}"]["jobId"] == str(job_id)
    for task in (*JOBS, "export"):
        job = jobs[int(results[task]["jobId"])]
        assert results[task]["status"] == job["status"] == "COMPLETE"
    (delivery,) = results["delivery"]
    assert delivery["status"] == "DELIVERED"
    assert delivery["id"] == state["liveramp"]["deliveries"][0]["id"]
    (attempt,) = state["liveramp"]["oAuthConnectionAttempts"]
    assert results["consent"] == attempt["oAuthConnectionID"]
    assert results["extraction"]["status"] == "live"
    assert results["extraction"]["lastRunFinished"] is not None


def test_nothing_is_submitted_again(story: Story) -> None:
    state = story.sandbox.state()
    # one of the run, and those that the test made
    assert len(state["acoustic-exchange"]["jobs"]) == 1 + len(story.conf["jobs"]) + 1
    (source,) = state["dataddo"]["sources"]
    assert source["runs"] == 1
    enqueued = [r for r in story.sandbox.requests if r["path"].endswith("/extraction/enqueue")]
    assert len(enqueued) == 1


def test_a_deadline_that_passed_while_no_triggerer_ran_ends_the_wait(story: Story) -> None:
    assert story.short_when_killed == "deferred"
    (task,) = story.airflow.tasks(story.short_run_id).values()
    log = story.airflow.task_log(story.short_run_id, "job")
    assert task["state"] == "failed", log
    assert task["try_number"] == 1
    assert "was still 'RUNNING' after" in log
    assert "AirflowSensorTimeout" in log
    assert log.count(") starting") == 2
    assert story.asked_once_back <= FEW


def _begun_and_ended(tasks: set[str]) -> dict[str, int]:
    """What tasks note that were deferred once and went on once."""
    return {f"{task} begins": 2 for task in tasks} | {f"{task} ends": 1 for task in tasks}
