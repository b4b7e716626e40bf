"""A real Airflow: API server, scheduler with LocalExecutor, DAG processor and triggerer, each a process of
its own that a test can kill and start again."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, get_args

import httpx
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_3_PLUS
from airflow_home import make_home
from dag_running import ROOT, environment
from listening import beyond_loopback

from scripts import components
from scripts.machine_speed import scaled
from scripts.ui import PARTS, free_port

HEARS_ENDINGS = AIRFLOW_V_3_3_PLUS
"""Whether this Airflow tells a trigger that a person ended its task."""
REMEMBERS = AIRFLOW_V_3_3_PLUS
"""Whether this Airflow keeps what the tries of a task note down for each other."""

Component = Literal["api-server", "scheduler", "dag-processor", "triggerer"]

START_SECONDS = scaled(180.0)
STOP_SECONDS = scaled(20.0)
LOOK_AGAIN = 0.2
MOST_LISTED = 100
"""What Airflow's API lists at a time."""
LOG_TAIL = 4000
"""Characters of each log that a failure shows."""

SETTINGS = {
    "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
    "AIRFLOW__CORE__PARALLELISM": "4",
    "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
    "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
    # what a killed triggerer held is taken over as soon as it has been silent for so long
    "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "1",
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "5",
}


class RealAirflow:
    """Airflow in a folder of its own, from `start` (or ``with``) until `stop`; on loopback alone.

    :param home: Airflow's home, an empty or new folder.
    :param dags: the folder of the DAG files.
    :param connections: the connections it knows, by id.
    :param database: SQLAlchemy address of an empty database; SQLite in ``home`` if left out.
    :param settings: more environment variables.
    """

    def __init__(
        self,
        home: Path,
        dags: Path,
        connections: Mapping[str, Any],
        *,
        database: str | None = None,
        **settings: str,
    ) -> None:
        self.home = home
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._environment = environment(home, connections) | {
            **components.settings(self._port),
            **SETTINGS,
            "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
            # Airflow starts parts of itself by the name "airflow"
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(Path(__file__).parent)]),
            "PYTHONUNBUFFERED": "1",
            **settings,
        }
        self._own_database = database is not None
        if database is not None:
            self._environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] = database
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._dag_ids: dict[str, str] = {}
        # loopback only: no certificates to load, no proxy to ask
        self._api = httpx.Client(
            base_url=f"{self.url}/api/v2", verify=False, trust_env=False, timeout=START_SECONDS
        )

    # the processes

    def start(self) -> Self:
        """Make the database, start every component, and return once all are healthy."""
        if self._own_database:
            self.home.mkdir(parents=True, exist_ok=True)
            self._start("db-migrate", "db", "migrate")
            if self._running.pop("db-migrate").wait(START_SECONDS):
                raise AssertionError(f"The database could not be made.\n{self.logs()}")
        else:
            make_home(self.home)
        self._start_components()
        self.assert_loopback_only()
        # before Airflow 3.2 also everybody's admin has to show a token
        token = self._api.get(f"{self.url}/auth/token").raise_for_status().json()["access_token"]
        self._api.headers["Authorization"] = f"Bearer {token}"
        return self

    def _start_components(self) -> None:
        """Start every component, and return once all are healthy."""
        for component in get_args(Component):
            self.restart(component)
        self.wait_until(self.is_healthy, START_SECONDS)

    def restart(self, component: Component, name: str | None = None) -> None:
        """Start a component that does not run; returns at once.

        :param name: tells a second process of a component from the first.
        """
        name = name or component
        if self.is_running(name):
            raise RuntimeError(f"{name} is running.")
        self._start(name, component, *components.COMPONENTS[component])

    def is_running(self, name: str) -> bool:
        """Whether a component's process is there."""
        return name in self._running and self._running[name].poll() is None

    def pid(self, name: str) -> int:
        """A component's process, the parent of whatever it started itself."""
        return self._running[name].pid

    def kill(self, name: str) -> None:
        """SIGKILL to a component and to every process it started: it can save nothing."""
        components.kill(self._running.pop(name), STOP_SECONDS)

    def terminate(self, name: str) -> None:
        """SIGTERM to a component, as a restart of a service does, and wait for its end."""
        process = self._running[name]
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
        self.kill(name)

    def suspend(self, name: str) -> None:
        """SIGSTOP to a component's own process, as an overloaded machine does; what it started goes on."""
        self._running[name].send_signal(signal.SIGSTOP)

    def resume(self, name: str) -> None:
        """Let a suspended component go on where it was."""
        self._running[name].send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End everything that was started."""
        for name in tuple(self._running):
            self.kill(name)
        self._api.close()

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _start(self, name: str, *command: str, within: Sequence[str] = ()) -> None:
        log = self._log(name)
        self._running[name] = components.start(self._environment, log, *command, within=within)

    def assert_loopback_only(self) -> None:
        """Fail if anything that was started listens where another machine can reach it."""
        started = [pid for process in self._running.values() for pid in components.session(process.pid)]
        assert beyond_loopback(started) == []

    # what it says of itself

    def _log(self, name: str) -> Path:
        return self.home / f"{name}.log"

    def logs(self) -> str:
        """The ends of all components' logs."""
        tails = [
            f"--- {log.name}\n{log.read_text(errors='replace')[-LOG_TAIL:]}"
            for log in sorted(self.home.glob("*.log"))
        ]
        return "\n".join(tails)

    def task_log(
        self, run_id: str, task_id: str, try_number: int | None = None, *, map_index: int = -1
    ) -> str:
        """All that a task of a run has logged so far, in its own process and in the triggerer.

        :param try_number: only what this try has logged.
        :param map_index: which one of a mapped task.
        """
        tries = "*" if try_number is None else try_number
        place = task_id if map_index < 0 else f"{task_id}/map_index={map_index}"
        files = self.home.glob(f"logs/dag_id=*/run_id={run_id}/task_id={place}/attempt={tries}.log*")
        return "".join(file.read_text(errors="replace") for file in sorted(files))

    def parts_noticed(self, run_id: str, task_id: str) -> int:
        """Of how many parts of a task, each ended or deferred, the scheduler has taken note so far.

        A deferred task that goes on before that is taken for failed: a flaw of Airflow.
        """
        part = re.compile(f"executor event .*task_id='{task_id}', run_id='{re.escape(run_id)}'")
        return len(part.findall(self._log("scheduler").read_text(errors="replace")))

    def is_healthy(self) -> bool:
        """Whether all components say that they are well."""
        with suppress(httpx.TransportError):
            answer = self._api.get("/monitor/health")
            if answer.is_success:
                health = answer.json()
                return all((health.get(part) or {}).get("status") == "healthy" for part in PARTS)
        return False

    def wait_until(self, condition: Callable[[], Any], timeout: float) -> None:
        """Return once the condition holds.

        :param timeout: seconds.
        :raises AssertionError: it did not in time, or a component ended by itself; with the logs' ends.
        """
        deadline = time.monotonic() + timeout
        while not condition():
            if gone := [name for name in self._running if not self.is_running(name)]:
                raise AssertionError(f"Ended by itself: {', '.join(gone)}.\n{self.logs()}")
            if time.monotonic() > deadline:
                raise AssertionError(f"Not so after {timeout:.0f} seconds.\n{self.logs()}")
            time.sleep(LOOK_AGAIN)

    # what a person does

    def trigger(self, dag_id: str, **conf: Any) -> str:
        """Start a run as soon as the DAG is known; returns its id."""
        self.wait_until(lambda: self._knows(dag_id), START_SECONDS)
        run = self._ask("POST", f"/dags/{dag_id}/dagRuns", {"logical_date": None, "conf": conf})
        self._dag_ids[run["dag_run_id"]] = dag_id
        return str(run["dag_run_id"])

    def follow(self, dag_id: str, run_id: str) -> None:
        """Take note of a run that somebody else has triggered, so that it can be asked about."""
        self._dag_ids[run_id] = dag_id

    def run_state(self, run_id: str) -> str:
        """The state of a run."""
        return str(self._ask("GET", self._run(run_id))["state"])

    def tasks(self, run_id: str) -> dict[str, dict[str, Any]]:
        """The task instances of a run as Airflow's API describes them, by task id."""
        listed = self._ask("GET", f"{self._run(run_id)}/taskInstances")["task_instances"]
        return {task["task_id"]: task for task in listed}

    def mapped_tasks(self, run_id: str) -> dict[tuple[str, int], dict[str, Any]]:
        """All task instances of a run, by task id and map index."""
        found: list[dict[str, Any]] = []
        while True:
            query = {"limit": MOST_LISTED, "offset": len(found)}
            listed = self._ask("GET", f"{self._run(run_id)}/taskInstances", params=query)
            found += listed["task_instances"]
            if len(found) >= listed["total_entries"]:
                return {(task["task_id"], task["map_index"]): task for task in found}

    def task_states(self, run_id: str) -> dict[str, str | None]:
        """The state of each task of a run, by task id."""
        return {task_id: task["state"] for task_id, task in self.tasks(run_id).items()}

    def xcom(self, run_id: str, task_id: str, key: str = "return_value", *, map_index: int = -1) -> Any:
        """What a task of a run has pushed.

        :param map_index: which one of a mapped task.
        """
        path = f"{self._run(run_id)}/taskInstances/{task_id}/xcomEntries/{key}"
        return self._ask("GET", path, params={"stringify": False, "map_index": map_index})["value"]

    def links(self, run_id: str, task_id: str) -> dict[str, str | None]:
        """The links on a task's Details tab, by name."""
        found = self._ask("GET", f"{self._run(run_id)}/taskInstances/{task_id}/links")["extra_links"]
        return dict(found)

    def required_actions(self, run_id: str) -> list[dict[str, Any]]:
        """What a person is asked to do for tasks of a run that wait, as the page of a run lists it."""
        asked = {"state": "deferred", "response_received": False}
        found = self._ask("GET", f"{self._run(run_id)}/hitlDetails", params=asked)["hitl_details"]
        return list(found)

    def answer(self, run_id: str, task_id: str, option: str) -> None:
        """Answer the required action of a task."""
        path = f"{self._run(run_id)}/taskInstances/{task_id}/-1/hitlDetails"
        self._ask("PATCH", path, {"chosen_options": [option], "params_input": {}})

    def clear(self, run_id: str, task_id: str) -> None:
        """Clear a task of a run: it is to be done again."""
        dag_id = self._dag_ids[run_id]
        wanted = {"dry_run": False, "only_failed": False, "dag_run_id": run_id, "task_ids": [task_id]}
        self._ask("POST", f"/dags/{dag_id}/clearTaskInstances", wanted)

    def clear_as(self, run_id: str, wanted: Mapping[str, Any]) -> list[tuple[str, int]]:
        """Clear what a request to Airflow's API names; returns the tasks and map indexes, sorted."""
        cleared = self._ask("POST", f"/dags/{self._dag_ids[run_id]}/clearTaskInstances", dict(wanted))
        return sorted((task["task_id"], task["map_index"]) for task in cleared["task_instances"])

    def connect(self, conn_id: str, connection: Mapping[str, Any]) -> None:
        """Make a connection in the database, or change it; one of the environment cannot be changed."""
        wanted = {"connection_id": conn_id, **connection, "extra": json.dumps(connection.get("extra", {}))}
        known = self._api.get(f"/connections/{conn_id}").is_success
        self._ask(*(("PATCH", f"/connections/{conn_id}") if known else ("POST", "/connections")), wanted)

    def run(self, *command: str) -> None:
        """Run an ``airflow`` command to its end."""
        subprocess.run(
            [sys.executable, "-m", "airflow", *command],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=True,
        )

    def mark(self, run_id: str, task_id: str, state: Literal["failed", "success", "skipped"]) -> None:
        """Mark a task of a run as ended in a state."""
        self._ask("PATCH", f"{self._run(run_id)}/taskInstances/{task_id}", {"new_state": state})

    def _knows(self, dag_id: str) -> bool:
        answer = self._api.get(f"/dags/{dag_id}")
        return answer.status_code != httpx.codes.NOT_FOUND and answer.raise_for_status().is_success

    def _run(self, run_id: str) -> str:
        return f"/dags/{self._dag_ids[run_id]}/dagRuns/{run_id}"

    def _ask(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        answer = self._api.request(method, path, json=body, **more)
        if answer.is_error:
            raise AssertionError(f"{method} {path}: {answer.status_code} {answer.text}\n{self.logs()}")
        return answer.json() if answer.content else None
