"""Two hundred tasks on Celery workers, which are killed while their tasks have calls open: a worker with all
its processes, the main process of a worker alone, and the supervisors of single tasks alone.

A call is open when the service has acted on it and has not answered. A task's process outlives its
supervisor, and goes on when it is answered at last, while the next try of the task runs or after it.
"""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Literal, get_args

import pytest
from prepared_services import Services
from real_airflow import REMEMBERS
from real_fleet import RealFleet, is_alive
from real_redis import running_redis
from real_servers import needed

from airflow_provider_activation.sandbox import Sandbox
from scripts.machine_speed import scaled, slowness
from scripts.postgresql import running_postgresql

pytestmark = pytest.mark.skipif(not REMEMBERS, reason="some of it cannot be known without a task state store")

EACH = 25
"""Tasks of each kind; one service besides, and one write less."""
SLOTS = 6
"""Tasks that a worker runs at a time."""
SLOWER = min(3.0, slowness())
"""No more: a healthy task that is given up on a slower machine is tried again, which does no harm."""
SILENT = round(30.0 * SLOWER)
"""Seconds without a sign of life after which the scheduler gives a task up."""
HELD = 90.0 * SLOWER
"""Seconds for which an answer is held back from the tasks of a worker, until after they are tried again."""
HELD_BRIEFLY = 60.0 * SLOWER
"""The same where a supervisor alone is killed, which Airflow notices at once."""
SOON = scaled(150.0)
"""Seconds in which each of what is waited for happens."""

KINDS = ("activity", "export", "manager", "connection", "source", "flow", "extraction", "write")
CREATING: Mapping[str, tuple[str, str]] = {
    "activity": ("delta-projects", "*/create_from_template"),
    "export": ("acoustic-exchange", "/v1/jobs/segmentExport"),
    "manager": ("liveramp", "/v2/distribution-managers"),
    "connection": ("liveramp", "/v2/integration-connections"),
    "source": ("dataddo", "/connectors/*/create-source"),
    "flow": ("dataddo", "/flows"),
    "extraction": ("dataddo", "/sources/*/extraction/enqueue"),
    "write": ("dataddo", "/flows/*/write/enqueue"),
    "service": ("dataddo", "/services"),
}
"""The call that makes a resource of each kind, and must not be sent twice."""
READING: Mapping[str, str] = {"flow": "/flows/by-source/{}", "extraction": "/sources/{}/status"}
"""What tasks of these kinds read before they note what they are about to make, with an id of their own."""

NAME = re.compile(rf"\b(?:{'|'.join(KINDS)})-\d\d\b")
"""The name of what a task makes, which is all that it sends of itself."""
NAMES = ["service", *(f"{kind}-{number:02}" for kind in KINDS for number in range(EACH))]
NAMES.remove(f"write-{EACH - 1:02}")
RUNS = ("extraction", "write")
"""Kinds that make no resource: what was there before runs."""

State = Literal["open", "reading"]
Way = Literal["worker", "main process", "supervisor"]


@dataclass(frozen=True)
class Held:
    """A request that is held back, and the try that sent it.

    :param name: what the task makes.
    :param state: ``open`` if it makes the resource, ``reading`` if the task has yet to send what makes it.
    """

    name: str
    state: State
    process: int
    supervisor: int
    worker: str


@dataclass(frozen=True)
class Killed:
    """A task that was killed, or left without its supervisor.

    :param made: whether the service had made the resource before the kill.
    :param unanswered: whether the request was unanswered after the kill.
    """

    held: Held
    way: Way
    made: bool
    unanswered: bool


@dataclass
class Story:
    """What happened, for the tests to judge. Names are those of what the tasks make.

    :param conf: the run's configuration: ids of what the tasks work with.
    :param seeded: what was there before.
    :param prepared: how many requests were made before.
    :param logs: of the tasks that did not succeed.
    :param met: whose process was still there, without its supervisor, when the next try had begun.
    """

    fleet: RealFleet
    sandbox: Sandbox
    conf: dict[str, str]
    seeded: set[tuple[str, str]]
    prepared: int
    run_id: str = ""
    killed: dict[str, Killed] = field(default_factory=dict)
    met: set[str] = field(default_factory=set)
    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    results: dict[str, Any] = field(default_factory=dict)
    logs: dict[str, str] = field(default_factory=dict)

    # the sandbox's books

    def made(self) -> dict[str, list[str]]:
        """The ids of what was made, by name; for a run, the id of what ran, as often as it ran."""
        found: dict[str, list[str]] = {}
        for text, made_id in _listed(self.sandbox) - self.seeded:
            # the submission key stands behind the name
            found.setdefault(text.partition(" ")[0], []).append(made_id)
        names = {self.conf[name]: name for name in NAMES if name.startswith(RUNS)}
        for made_id, what in _owned(self.sandbox).items():
            if what["runs"]:
                found[names[made_id]] = [made_id] * what["runs"]
        return found

    def requests(self) -> list[dict[str, Any]]:
        """What the tasks have sent so far."""
        return self.sandbox.requests[self.prepared :]

    def name_of(self, request: Mapping[str, Any]) -> str:
        """What the task makes that has sent a request: in its body, or by an id in its path; else empty."""
        if found := NAME.search(json.dumps(request["body"])):
            return found[0]
        names = {given: name for name, given in self.conf.items()}
        return next((names[part] for part in request["path"].split("/") if part in names), "")

    # what is done to the tasks

    def hold_back(self, kinds: Iterable[str], seconds: float) -> None:
        """Have the services act and not answer: one task of each kind that makes, and all that read first."""
        begun = {name for name, _ in self.tries()}
        for name in NAMES:
            if name not in begun and (path := READING.get(name.partition("-")[0])):
                self._hold_back("GET", "dataddo", path.format(self.conf[name]), seconds)
        for kind in kinds:
            self._hold_back("POST", *CREATING[kind], seconds)

    def _hold_back(self, method: str, service: str, path: str, seconds: float) -> None:
        rule = {"method": method, "service": service, "path": path, "seconds": seconds}
        self.sandbox.misbehave("delay", after_acting=True, **rule)

    def held(self) -> list[Held]:
        """What is held back now from tasks that are supervised."""
        latest = {name: processes for (name, _), processes in sorted(self.tries().items())}
        found = []
        for request in self.requests():
            if request["misbehaviour"] != "delay" or request["status"] is not None:
                continue
            # a request whose body has not been read yet has no name
            if name := self.name_of(request):
                process, supervisor = latest[name]
                if worker := self.fleet.worker_of(supervisor):
                    state: State = "open" if request["method"] == "POST" else "reading"
                    found.append(Held(name, state, process, supervisor, worker))
        return found

    def tries(self) -> dict[tuple[str, int], tuple[int, int]]:
        """The process of each try so far and its supervisor, by name and number of the try."""
        notes = self.fleet.home / "notes.txt"
        found = {}
        for line in notes.read_text().splitlines() if notes.exists() else ():
            task, *numbers = line.split()
            index, number, process, supervisor = map(int, numbers)
            found[_name(task, index), number] = process, supervisor
        return found

    def kill(self, way: Way, victims: Iterable[Held], kill: Callable[[], None]) -> None:
        """Kill, and take down what was made and not answered."""
        made = self.made()
        kill()
        unanswered = {self.name_of(request) for request in self.requests() if request["status"] is None}
        for held in victims:
            self.killed[held.name] = Killed(held, way, held.name in made, held.name in unanswered)

    def kill_worker(self, way: Way, worker: str, kill: Callable[[], None], successor: str) -> None:
        """Kill a worker, and have another one take its place."""
        self.kill(way, [held for held in self.held() if held.worker == worker], kill)
        self.fleet.start_worker(successor)
        self.fleet.wait_until(lambda: self.fleet.is_ready(successor), SOON)

    def has_ended(self) -> bool:
        """Whether the run has ended, and all processes that lost their supervisor."""
        begun = self.tries()
        orphans = {name for name, killed in self.killed.items() if is_alive(killed.held.process)}
        self.met |= {name for name in orphans if (name, 2) in begun}
        time.sleep(1.0)
        return not orphans and self.fleet.run_state(self.run_id) in ("success", "failed")

    def of(self, *ways: Way, state: State) -> list[Killed]:
        """What was killed in some of the ways and in a state."""
        return [k for k in self.killed.values() if k.way in ways and k.held.state == state]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """The run from its start to its end, and what Airflow says of it afterwards."""
    home = tmp_path_factory.mktemp("fleet") / "home"
    with (
        needed(running_postgresql()) as database,
        needed(running_redis()) as broker,
        Sandbox(port=0, step_seconds=0.2) as sandbox,
    ):
        conf = _prepared(Services(sandbox))
        connections = sandbox.connections
        for conn_id in connections.keys() - {"snapchat_app"}:
            connections[conn_id].setdefault("extra", {})["timeout"] = HELD
        fleet = RealFleet(
            home,
            Path(__file__).with_name("dags"),
            connections,
            database=database,
            broker=broker,
            slots=SLOTS,
            workers=("first", "second"),
            FLEET_EACH=str(EACH),
            # twice the slots: what is killed keeps its place until the scheduler gives it up
            AIRFLOW__CORE__PARALLELISM=str(4 * SLOTS),
            AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG=str(len(NAMES)),
            AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT=str(SILENT),
            AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL="5",
            # a message that a worker had received, and not begun with when it was killed, is lost
            AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT=str(2 * SILENT),
            AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL="5",
        )
        story = Story(fleet, sandbox, conf, _listed(sandbox), len(sandbox.requests))
        with fleet:
            _tell(story)
        yield story


def _prepared(services: Services) -> dict[str, str]:
    """What the tasks work with, the run's configuration."""
    conf = {"integration_connection": services.integration_connection("Daily")["integration_connection"]}
    conf["service"] = service = services.service()
    for number in range(EACH):
        for kind in ("flow", "extraction"):
            conf[f"{kind}-{number:02}"] = services.source(service, "Given")
        conf[f"write-{number:02}"] = services.flow(conf[f"flow-{number:02}"], "Given")
    return conf


def _tell(story: Story) -> None:
    fleet, sandbox = story.fleet, story.sandbox
    story.run_id = fleet.trigger("fleet_dag", **story.conf)
    fleet.wait_until(lambda: len(story.tries()) > 2 * SLOTS, SOON)

    story.hold_back(KINDS, HELD)
    fleet.wait_until(lambda: _two_workers(story.held()), SOON)
    sandbox.behave()
    beheaded, felled = _two_workers(story.held())
    story.kill_worker("main process", beheaded, lambda: fleet.behead(beheaded), "third")
    story.kill_worker("worker", felled, lambda: fleet.kill(felled), "fourth")

    story.hold_back(("activity", "source"), HELD_BRIEFLY)
    fleet.wait_until(lambda: _two_of_both(story.held()), SOON)
    sandbox.behave()
    for held in _two_of_both(story.held()):
        story.kill("supervisor", [held], partial(os.kill, held.supervisor, signal.SIGKILL))

    fleet.wait_until(story.has_ended, 2 * SOON)
    for way in get_args(Way):
        print(way, *(f"{state}: {len(story.of(way, state=state))}" for state in get_args(State)), sep=", ")
    print(f"two processes of a task at a time: {len(story.met)}")
    for (task, index), instance in fleet.mapped_tasks(story.run_id).items():
        story.tasks[_name(task, index)] = instance
        if instance["state"] == "success":
            story.results[_name(task, index)] = fleet.xcom(story.run_id, task, map_index=index)
        else:
            story.logs[_name(task, index)] = fleet.task_log(story.run_id, task, map_index=index)[-20_000:]


def _two_workers(held: list[Held]) -> list[str]:
    """Two workers with two open calls each, first the one with a task that reads; nothing until then."""
    counted = Counter((request.worker, request.state) for request in held)
    workers = {request.worker for request in held if counted[request.worker, "open"] >= 2}
    ordered = sorted(workers, key=lambda worker: -counted[worker, "reading"])
    return ordered if len(ordered) == 2 and counted[ordered[0], "reading"] else []


def _two_of_both(held: list[Held]) -> list[Held]:
    """Two open calls and two reads; nothing until there are."""
    by_state = [[request for request in held if request.state == state][:2] for state in get_args(State)]
    return [*chain(*by_state)] if all(len(found) == 2 for found in by_state) else []


def _name(task: str, index: int) -> str:
    return task if index < 0 else f"{task}-{index:02}"


def _listed(sandbox: Sandbox) -> set[tuple[str, str]]:
    """The name and the id of every resource."""
    state = sandbox.state()
    liveramp = state["liveramp"]
    named = [
        *((activity["name"], activity["id"]) for activity in state["delta-projects"]["activities"]),
        *((job["destinationSegmentName"], job["jobId"]) for job in state["acoustic-exchange"]["jobs"]),
        *((manager["name"], manager["id"]) for manager in liveramp["distributionManagers"]),
        *((_folder(connection), connection["id"]) for connection in liveramp["integrationConnections"]),
        *(("service", service["id"]) for service in state["dataddo"]["services"]),
        *((what["label"], made_id) for made_id, what in _owned(sandbox).items()),
    ]
    return {(str(name), str(made_id)) for name, made_id in named}


def _owned(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    """Dataddo's sources and flows, which run, by id."""
    state = sandbox.state()["dataddo"]
    return {what["id"]: what for what in (*state["sources"], *state["flows"])}


def _folder(connection: Mapping[str, Any]) -> str:
    properties = {it["propertyKey"]: str(it["propertyValue"]) for it in connection["properties"]}
    return properties["folder"]


@pytest.mark.parametrize("way", get_args(Way))
def test_calls_were_open_at_the_kill(story: Story, way: Way) -> None:
    """Guards the others: the service had acted before, and had not answered afterwards."""
    killed = story.of(way, state="open")
    assert len(killed) >= 2
    assert {(it.made, it.unanswered) for it in killed} == {(True, True)}


@pytest.mark.parametrize("way", ["main process", "supervisor"])
def test_processes_lost_their_supervisor_before_they_had_sent_anything(story: Story, way: Way) -> None:
    """Guards the others: nothing but their own care stops them."""
    killed = story.of(way, state="reading")
    assert killed
    assert {(it.made, it.unanswered) for it in killed} == {(False, True)}


@pytest.mark.parametrize("way", ["main process", "supervisor"])
@pytest.mark.parametrize("state", get_args(State))
def test_such_processes_met_the_next_try(story: Story, way: Way, state: State) -> None:
    """Guards the others: two processes of one task ran at the same time."""
    assert story.met & {killed.held.name for killed in story.of(way, state=state)}


def test_what_was_killed_was_tried_again(story: Story) -> None:
    assert min(story.tasks[name]["try_number"] for name in story.killed) >= 2


def test_every_task_is_green(story: Story) -> None:
    states = {name: task["state"] for name, task in story.tasks.items()}
    assert states == dict.fromkeys(NAMES, "success"), "\n".join([*story.logs.values(), story.fleet.logs()])


def test_everything_was_made_once_and_nothing_else(story: Story) -> None:
    made = story.made()
    assert {name: ids for name, ids in made.items() if len(ids) > 1} == {}
    assert made.keys() == set(NAMES)
    activities = story.sandbox.state()["delta-projects"]["activities"]
    assert all(activity["enabled"] for activity in activities)


def test_everything_was_asked_for_once(story: Story) -> None:
    """Also by processes that had lost their supervisor, and were told at last that there is nothing yet."""
    asked = Counter(
        story.name_of(request) or kind
        for request in story.requests()
        for kind, (service, path) in CREATING.items()
        if (request["method"], request["service"]) == ("POST", service) and fnmatchcase(request["path"], path)
    )
    assert asked == Counter(NAMES)


def test_a_later_try_made_what_was_not_made_and_took_what_was(story: Story) -> None:
    for name, killed in story.killed.items():
        task, _, index = name.partition("-")
        log = story.fleet.task_log(story.run_id, task, map_index=int(index))
        # a resource is made, a job is started
        assert ("Made " in log or "Started the " in log) == (not killed.made), log
        assert killed.made <= ("is taken" in log), log


def test_each_task_has_the_result_of_its_own(story: Story) -> None:
    made, owned = story.made(), _owned(story.sandbox)
    for name, result in story.results.items():
        (own,) = made[name]
        if name.startswith(RUNS):
            for timestamp in ("lastRunStarted", "lastRunFinished"):
                assert _instant(result[timestamp]) == _instant(owned[own][timestamp]), name
        else:
            assert str(result["jobId" if name.startswith("export") else "id"]) == own, name
            named = result.get("name", result.get("destinationSegmentName", name))
            assert named.partition(" ")[0] == name


def _instant(timestamp: str) -> datetime:
    return datetime.fromisoformat(timestamp)


def test_no_process_is_left(story: Story) -> None:
    # who has been killed takes a while to be gone on a busy machine
    story.fleet.wait_until(lambda: not story.fleet.processes(), SOON)
