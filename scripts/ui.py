"""Bring up Airflow with its web pages, the example DAGs and the sandbox: ``make ui``."""

from __future__ import annotations

import argparse
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from types import FrameType
from urllib.parse import quote

from scripts import components
from scripts.local import (
    CLIENTS,
    ROOT,
    Failure,
    airflow_environment,
    get_json,
    make_pool,
    migrate,
    running_sandbox,
)
from scripts.machine_speed import scaled

HOME = ROOT / ".airflow-ui"
DAG = "syndicate_audience"
PARTS = ("metadatabase", "scheduler", "triggerer", "dag_processor")
START_SECONDS = 180.0
STOP_SECONDS = 30.0
"""On a quiet machine."""
LOG_TAIL = 2000
"""Characters of each log that a failure shows."""


def free_port(wanted: int = 0) -> int:
    """The wanted port if it is free on loopback, or any that is."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", wanted))
        except OSError:
            return free_port()
        return int(listener.getsockname()[1])


def _ends(home: Path) -> str:
    return "\n".join(
        f"--- {log.name}\n{log.read_text(errors='replace')[-LOG_TAIL:]}" for log in sorted(home.glob("*.log"))
    )


def _ended(running: Mapping[str, subprocess.Popen[bytes]]) -> list[str]:
    return [name for name, process in running.items() if process.poll() is not None]


def wait_until_up(running: Mapping[str, subprocess.Popen[bytes]], address: str, home: Path) -> None:
    """Return once all components are healthy.

    :raises Failure: one ended, or they take too long.
    """
    deadline = time.monotonic() + scaled(START_SECONDS)
    while not _ended(running) and time.monotonic() < deadline:
        with suppress(OSError, ValueError):
            health = get_json(f"{address}/api/v2/monitor/health")
            if all((health.get(part) or {}).get("status") == "healthy" for part in PARTS):
                return
        time.sleep(0.5)
    raise Failure(f"Airflow did not come up:\n{_ends(home)}")


def wait_until_one_ends(running: Mapping[str, subprocess.Popen[bytes]], home: Path) -> None:
    """Wait for ever, unless a component ends by itself.

    :raises Failure: it did.
    """
    while not (ended := _ended(running)):
        time.sleep(0.5)
    raise Failure(f"Ended by itself: {', '.join(ended)}.\n{_ends(home)}")


def begin_one_run(environment: Mapping[str, str], home: Path) -> str:
    """Unpause the example, so that its schedule begins the one run that is due; returns the run's id.

    A run that is triggered besides would make a second activity.

    :raises Failure: Airflow does not know the DAG, or no run begins.
    """
    log, deadline = home / "unpause.log", time.monotonic() + scaled(START_SECONDS)
    unpause = [sys.executable, "-m", "airflow", "dags", "unpause", DAG, "--yes"]
    is_unpaused = False
    while time.monotonic() < deadline:
        if not is_unpaused:
            with log.open("w") as out:
                done = subprocess.run(
                    unpause, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT
                )
            is_unpaused = done.returncode == 0 and "No paused" not in log.read_text()
        with closing(
            sqlite3.connect(f"file:{home / 'airflow.db'}?mode=ro", uri=True, timeout=20)
        ) as database:
            if found := database.execute("select run_id from dag_run where dag_id = ?", [DAG]).fetchone():
                return str(found[0])
        time.sleep(1)
    raise Failure(f"No run of {DAG} began:\n{_ends(home)}")


def serve(home: Path) -> None:
    """Run the sandbox and Airflow until interrupted.

    :param home: Airflow's home, a folder that is made here.
    """
    if home != HOME and home.exists():
        raise Failure(f"{home} is there already.")
    # The sandbox forgets everything when it ends, so Airflow does not remember what was there either.
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    port = free_port(8080)
    address = f"http://127.0.0.1:{port}"
    options = ("--consent", "manual", "--step-seconds", "2", "--tenants", str(CLIENTS))
    with running_sandbox(home, *options) as sandbox:
        shown = home.relative_to(ROOT) if home.is_relative_to(ROOT) else home
        print(f"Airflow starts; its output goes to {shown}/*.log. This takes half a minute ...", flush=True)
        environment = airflow_environment(home, sandbox) | components.settings(port)
        environment["AIRFLOW__CORE__PARALLELISM"] = "4"
        migrate(environment, home / "db-migrate.log")
        make_pool(environment, home / "pools.log")
        running: dict[str, subprocess.Popen[bytes]] = {}
        try:
            for name, more in components.COMPONENTS.items():
                running[name] = components.start(environment, home / f"{name}.log", name, *more)
            wait_until_up(running, address, home)
            run_id = begin_one_run(environment, home)
            print(f"\nAirflow:  {address}/\nSandbox:  {sandbox.url}/\n")
            print(f"A run of {DAG} has begun: {address}/dags/{DAG}/runs/{quote(run_id)}")
            print(
                'Its task liveramp.authorize waits for you: on its Details tab follow the link "Authorize" '
                "and give your consent. Ctrl-C ends everything.",
                flush=True,
            )
            wait_until_one_ends(running, home)
        finally:
            components.stop(running, scaled(STOP_SECONDS))


def _interrupted(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> int:
    """Serve until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m scripts.ui", description=__doc__)
    parser.add_argument("--home", type=Path, default=HOME, help="Airflow's home, a new folder")
    options = parser.parse_args()
    # a shell that starts this in the background has it ignore SIGINT
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupted)
    try:
        serve(options.home.resolve())
    except KeyboardInterrupt:
        print("\nEnded.")
        return 0
    except Failure as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
