"""A real Airflow on PostgreSQL whose tasks are killed when the service has done what they asked for and has
not answered yet: the next try takes what was made, or says that nobody can know, and never makes another."""

from __future__ import annotations

import os
import re
import signal
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from example_tasks import SEGMENT
from prepared_services import PUSHING, Services
from real_airflow import REMEMBERS, RealAirflow

from airflow_provider_activation.sandbox import Sandbox
from scripts.machine_speed import scaled

STEP = 0.5
"""Seconds in which jobs and runs move on: all have ended when their tasks are tried again."""
HELD = 3600.0
"""Seconds for which an answer is held back, the most that the sandbox does; nobody lives to see it."""
SIGN_OF_LIFE = round(scaled(2.0))
"""Seconds between two signs of life of a task."""
SILENT = round(scaled(20.0))
"""Seconds without a sign of life after which the scheduler gives a task up."""
SOON = scaled(150.0)
"""Seconds in which everything here happens."""


MODES = ("on_worker", "deferred")


def in_both_modes(task: str) -> set[str]:
    return {f"{task}_{mode}" for mode in MODES}


CREATING: Mapping[tuple[str, str], set[str]] = {
    ("liveramp", "/v2/integration-connections"): {"connection"},
    ("liveramp", "/v2/distribution-managers"): {"manager"},
    ("liveramp", "/v2/distribution-managers/*/segment-configs"): in_both_modes("distribution"),
    ("acoustic-exchange", "/v1/endpoint/*/segments"): {"segments"},
    ("acoustic-exchange", "/v1/jobs/segmentExport"): in_both_modes("export"),
    ("acoustic-exchange", "/v1/jobs/identityImport"): in_both_modes("import"),
    ("acoustic-exchange", "/v1/jobs/*/data"): in_both_modes("upload"),
    ("delta-projects", "*/create_from_template"): {"activity"},
    ("dataddo", "/services"): {"build_flow"},
    ("dataddo", "/connectors/*/create-source"): {"source"},
    ("dataddo", "/flows"): {"flow"},
    ("dataddo", "/sources/*/extraction/enqueue"): in_both_modes("extraction"),
    ("dataddo", "/flows/*/write/enqueue"): in_both_modes("write"),
}
"""The calls that must not be sent twice, and the tasks that send each as their first."""
TASKS = set[str]().union(*CREATING.values())

ALSO_SUPERVISORS = {"connection", "export_on_worker", "extraction_deferred"}
"""Tasks that are killed together with what supervises them: nobody is left to tell Airflow."""

CANNOT_KNOW = set[str]().union(*map(in_both_modes, ("import", "extraction", "write")))
"""Tasks that nobody can tell whose they are: what is new may be another task's."""

TAKEN = {
    "connection": "The service has integration connection already",
    "manager": "The service has distribution manager 'Monthly' already",
    "activity": "The service has activity '",
    "source": "The service has source 'Alone' already",
    "flow": "The service has flow 'Alone' already",
    "export": "The service has segment export '",
    "upload": "The service has the data of job",
}
"""What the second try of a task says. Where nothing is said, the result tells."""


@dataclass
class Story:
    """What happened, for the tests to judge.

    :param made_when_killed: what there was at the services when the tasks were killed.
    """

    airflow: RealAirflow
    sandbox: Sandbox
    conf: dict[str, Any]
    run_id: str = ""
    made_when_killed: Counter[str] = field(default_factory=Counter)

    def made(self) -> Counter[str]:
        """How many there are of what each task makes."""
        state = self.sandbox.state()
        liveramp, dataddo = state["liveramp"], state["dataddo"]
        acoustic, delta = state["acoustic-exchange"], state["delta-projects"]
        made = Counter(
            connection=sum(
                {"propertyKey": "folder", "propertyValue": "weekly"} in connection["properties"]
                for connection in liveramp["integrationConnections"]
            ),
            manager=_labelled("Monthly", liveramp["distributionManagers"], "name"),
            segments=_labelled("Lapsed", acoustic["segments"], "name"),
            activity=len(delta["activities"]),
            source=_labelled("Alone", dataddo["sources"]),
            flow=_labelled("Alone", dataddo["flows"]),
            # what build_flow makes; one service is there from the start
            built_service=len(dataddo["services"]) - 1,
            built_source=_labelled("Together", dataddo["sources"]),
            built_flow=_labelled("Together", dataddo["flows"]),
        )
        for number, mode in enumerate(MODES):
            made[f"distribution_{mode}"] = _labelled(
                self.conf[f"segment_{mode}"], liveramp["segmentConfigs"], "segmentID"
            )
            made[f"export_{mode}"] = _labelled(f"export_{mode}", acoustic["jobs"], "destinationSegmentName")
            made[f"import_{mode}"] = sum(
                job["jobCategory"] == "IDENTITY_IMPORT" and job["producerSegmentID"] == SEGMENT + number
                for job in acoustic["jobs"]
            )
            (job,) = (job for job in acoustic["jobs"] if str(job["jobId"]) == self.conf[f"job_{mode}"])
            made[f"upload_{mode}"] = int(job["upload"] is not None)
            (source,) = (s for s in dataddo["sources"] if s["id"] == self.conf[f"source_{mode}"])
            made[f"extraction_{mode}"] = source["runs"]
            (flow,) = (f for f in dataddo["flows"] if f["id"] == self.conf[f"flow_{mode}"])
            made[f"write_{mode}"] = flow["runs"]
        return made

    def hold_back(self, service: str, path: str, times: int) -> None:
        """Have a service act on some calls and not answer them."""
        self.sandbox.misbehave(
            "delay", service=service, method="POST", path=path, times=times, seconds=HELD, after_acting=True
        )

    def held_back(self) -> int:
        """How many answers have been held back so far."""
        return sum(request["misbehaviour"] == "delay" for request in self.sandbox.requests)

    def kill(self, *tasks: str) -> None:
        """SIGKILL to the processes of tasks, and to some of those that supervise them."""
        # the last line of a task is that of its present try
        noted = [line.split() for line in (self.airflow.home / "notes.txt").read_text().splitlines()]
        processes = {task: (int(process), int(supervisor)) for task, process, supervisor in noted}
        for task in tasks:
            process, supervisor = processes[task]
            if task in ALSO_SUPERVISORS:
                os.kill(supervisor, signal.SIGKILL)
            os.kill(process, signal.SIGKILL)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, dags: Path, postgresql: str) -> Iterator[Story]:
    """All tasks killed at once, the one that makes three things three times, and the run's end."""
    folder = tmp_path_factory.mktemp("killed")
    audience = folder / "audience.csv"
    audience.write_text(f"email_sha256\n{'0' * 64}\n")
    with Sandbox(port=0, step_seconds=STEP) as sandbox:
        conf = {"file": str(audience), **_prepared(Services(sandbox))}
        connections = sandbox.connections
        for conn_id in connections.keys() - {"snapchat_app"}:
            connections[conn_id].setdefault("extra", {})["timeout"] = HELD
        airflow = RealAirflow(
            folder / "home",
            dags,
            connections,
            database=postgresql,
            AIRFLOW__CORE__PARALLELISM="32",
            AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG="32",
            AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL=str(SIGN_OF_LIFE),
            AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT=str(SILENT),
            AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL="2",
        )
        with airflow:
            story = Story(airflow, sandbox, conf)
            _tell(story)
            yield story


def _prepared(services: Services) -> dict[str, str]:
    """What the tasks work with, the run's configuration."""
    conf = services.integration_connection("Daily")
    conf["service"] = service = services.service()
    conf["source"] = services.source(service, "Given")
    for number, mode in enumerate(MODES, 1):
        conf[f"segment_{mode}"] = f"500000000{number}"
        conf[f"job_{mode}"] = services.job(PUSHING)
        conf[f"source_{mode}"] = services.source(service, mode)
        conf[f"flow_{mode}"] = services.flow(conf[f"source_{mode}"], mode)
    return conf


def _tell(story: Story) -> None:
    airflow = story.airflow
    for (service, path), tasks in CREATING.items():
        story.hold_back(service, path, times=len(tasks))
    story.run_id = airflow.trigger("killed_dag", **story.conf)
    airflow.wait_until(lambda: story.held_back() == len(TASKS) == story.made().total(), SOON)
    story.made_when_killed = story.made()
    held = len(TASKS)
    if REMEMBERS:
        story.hold_back("dataddo", "/connectors/*/create-source", times=1)
    story.kill(*TASKS)
    if REMEMBERS:
        for made, path in (("built_source", "/flows"), ("built_flow", "")):
            held += 1
            airflow.wait_until(lambda: story.held_back() == held and story.made()[made], SOON)  # noqa: B023
            if path:
                story.hold_back("dataddo", path, times=1)
            story.kill("build_flow")
    airflow.wait_until(lambda: airflow.run_state(story.run_id) in ("success", "failed"), SOON)


def test_all_was_made_when_the_tasks_were_killed(story: Story) -> None:
    """Guards the others: there was something to take."""
    made = dict.fromkeys(TASKS - {"build_flow"}, 1) | {"built_service": 1}
    assert +story.made_when_killed == made
    tries = {task: instance["try_number"] for task, instance in story.airflow.tasks(story.run_id).items()}
    # killed at each of its three calls, or tried in vain until Airflow gives up
    often = {"build_flow", *CANNOT_KNOW}
    assert {tries[task] for task in often} == {4}
    # Airflow may take one for failed that goes on too soon after it was deferred
    assert min(tries.values()) == 2


def test_only_the_scheduler_noticed_some_of_them(story: Story) -> None:
    """Guards the others: both ways in which Airflow learns of a task's end were gone."""
    log = (story.airflow.home / "scheduler.log").read_text()
    silent = re.findall(r"without a heartbeat.*?task_id='(\w+)'", log)
    assert Counter(silent) == dict.fromkeys(ALSO_SUPERVISORS, 1)


def test_nothing_is_made_twice(story: Story) -> None:
    assert {task: made for task, made in story.made().items() if made > 1} == {}


def test_what_can_be_known_ends_well(story: Story) -> None:
    expected = dict.fromkeys(TASKS, "success") | dict.fromkeys(CANNOT_KNOW, "failed")
    assert story.airflow.task_states(story.run_id) == expected, story.airflow.logs()
    assert story.airflow.run_state(story.run_id) == ("failed" if CANNOT_KNOW else "success")
    built = Counter(built_service=1, built_source=1, built_flow=1)
    assert +story.made() == +built | dict.fromkeys(TASKS - {"build_flow"}, 1)


@pytest.mark.parametrize("task", sorted(TASKS))
def test_the_second_try_takes_what_the_first_made_or_says_why_not(story: Story, task: str) -> None:
    log = story.airflow.task_log(story.run_id, task, try_number=2)
    if task in CANNOT_KNOW:
        assert "UncertainOutcome" in log, log
    elif said := TAKEN.get(task.removesuffix("_on_worker").removesuffix("_deferred")):
        assert said in log, log


def test_build_flow_goes_on_at_the_step_that_was_cut_off(story: Story) -> None:
    expected = [f"The service has {noun} '" for noun in ("service", "source", "flow")]
    for number, said in enumerate(expected, 2):
        assert said in story.airflow.task_log(story.run_id, "build_flow", try_number=number)


def test_the_results_are_those_of_what_was_made(story: Story) -> None:
    state = story.sandbox.state()
    results = {task: story.airflow.xcom(story.run_id, task) for task in TASKS - CANNOT_KNOW}
    (activity,) = state["delta-projects"]["activities"]
    assert results["activity"]["id"] == activity["id"]
    assert activity["enabled"] is True
    jobs = {job["destinationSegmentName"]: job for job in state["acoustic-exchange"]["jobs"]}
    for mode in MODES:
        export = results[f"export_{mode}"]
        assert export["jobId"] == str(jobs[f"export_{mode}"]["jobId"])
        assert export["status"] == "COMPLETE"
        assert str(results[f"upload_{mode}"]["jobId"]) == story.conf[f"job_{mode}"]
        assert results[f"upload_{mode}"]["status"] == "COMPLETE"
        distribution = results[f"distribution_{mode}"]
        # without a memory it cannot be told from one that was there before; it is waited for all the same
        assert distribution["added" if REMEMBERS else "unchanged"] == [story.conf[f"segment_{mode}"]]
        assert [delivery["status"] for delivery in distribution["deliveries"]] == ["DELIVERED"]
    assert results["segments"]["unchanged"] == [str(SEGMENT + 1)]
    for task, kind, label in (("source", "sources", "Alone"), ("flow", "flows", "Alone")):
        (made,) = (thing for thing in state["dataddo"][kind] if thing["label"] == label)
        assert results[task]["id"] == made["id"]
    managers = {manager["name"]: manager for manager in state["liveramp"]["distributionManagers"]}
    assert results["manager"]["id"] == managers["Monthly"]["id"]
    assert results["connection"]["distributionManagerID"] == managers["Weekly"]["id"]


def _labelled(label: str, things: list[dict[str, Any]], name: str = "label") -> int:
    return sum(thing[name] == label for thing in things)
