"""What `make ui` starts: one run, and nothing that listens beyond loopback; the logs of tasks are shown."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import psutil
import pytest
from dag_running import ROOT
from listening import beyond_loopback, listening

from scripts import components
from scripts.machine_speed import scaled

SOON = scaled(300.0)
"""Seconds in which everything here happens."""
DAG = "syndicate_audience"
RUNS = f"/dags/{DAG}/dagRuns"
DONE, WAITS = "acoustic_exchange.prepare_audience", "liveramp.authorize"
"""Tasks of the DAG: one that is soon done, and one that waits for a person."""


@dataclass
class UserInterface:
    """The program behind `make ui`, and Airflow's API as its pages use it."""

    process: subprocess.Popen[bytes]
    log: Path
    api: httpx.Client
    run: str = ""

    def pids(self) -> list[int]:
        """All processes that were started, with the program itself."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        started = {pid for child in children for pid in components.session(child.pid)}
        return sorted(started | {child.pid for child in children} | {self.process.pid})

    def get(self, path: str) -> Any:
        return self.api.get(path, headers={"Accept": "application/json"}).raise_for_status().json()

    def state(self, task_id: str) -> Any:
        return self.get(f"{self.run}/taskInstances/{task_id}")["state"]

    def task_log(self, task_id: str) -> str:
        """What the page of the first try of a task shows."""
        return str(self.get(f"{self.run}/taskInstances/{task_id}/logs/1")["content"])

    def wait_until(self, condition: Callable[[], Any]) -> None:
        deadline = time.monotonic() + SOON
        while not condition():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.2)


@pytest.fixture(scope="module")
def ui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UserInterface]:
    """Up, with a run of the main DAG that waits for a person's consent."""
    folder = tmp_path_factory.mktemp("ui")
    log = folder / "ui.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "scripts.ui", "--home", str(folder / "home")],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    with httpx.Client(trust_env=False, timeout=SOON) as api:
        ui = UserInterface(process, log, api)
        try:
            ui.wait_until(lambda: "Ctrl-C" in log.read_text())
            (address,) = re.findall(r"Airflow: +(\S+)/", log.read_text())
            token = api.get(f"{address}/auth/token").raise_for_status().json()["access_token"]
            api.base_url, api.headers["Authorization"] = f"{address}/api/v2", f"Bearer {token}"
            ui.run = f"{RUNS}/{ui.get(RUNS)['dag_runs'][0]['dag_run_id']}"
            ui.wait_until(lambda: ui.state(WAITS) in ("deferred", "awaiting_input"))
            ui.wait_until(lambda: ui.state(DONE) == "success")
            yield ui
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(SOON)


def test_it_listens_on_loopback_alone(ui: UserInterface) -> None:
    pids = ui.pids()
    running = psutil.Process(ui.process.pid).children()
    assert len(running) == len(components.COMPONENTS) + 1, "the components and the sandbox"
    assert len(listening(pids)) >= 2, "the API server and the sandbox"
    assert beyond_loopback(pids) == []


def test_it_begins_one_run_and_points_at_it(ui: UserInterface) -> None:
    """Two runs of one day would make two activities."""
    (run,) = ui.get(RUNS)["dag_runs"]
    (shown,) = re.findall(rf"/dags/{DAG}/runs/(\S+)", ui.log.read_text())
    assert unquote(shown) == run["dag_run_id"]
    assert "rigger" not in ui.log.read_text()


def test_the_log_of_a_task_that_is_done_is_shown(ui: UserInterface) -> None:
    assert "rows of" in ui.task_log(DONE)


def test_the_log_of_a_task_that_waits_is_shown(ui: UserInterface) -> None:
    ui.wait_until(lambda: "A person has to authorise LiveRamp" in ui.task_log(WAITS))


def test_what_listens_beyond_loopback_is_found() -> None:
    me = [psutil.Process().pid]
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(type=kind) as everywhere:
            everywhere.bind(("0.0.0.0", 0))
            if kind == socket.SOCK_STREAM:
                everywhere.listen()
            assert beyond_loopback(me) == [f"0.0.0.0 {everywhere.getsockname()[1]}"]
        assert beyond_loopback(me) == []


def test_nothing_is_left_when_it_ends(ui: UserInterface) -> None:
    others = [psutil.Process(pid) for pid in ui.pids() if pid != ui.process.pid and psutil.pid_exists(pid)]
    ui.process.send_signal(signal.SIGINT)
    assert ui.process.wait(SOON) == 0
    # who ends without a parent is there until somebody takes note
    _, left = psutil.wait_procs(others, timeout=SOON)
    assert left == []
