"""The four components of an Airflow, each a process of its own that listens on loopback or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from scripts.machine_speed import scaled

# The servers of logs listen on all interfaces, and nothing can bind them to one. Nobody needs them here:
# the API server reads the logs from the same disk, also those of a task that runs.
COMPONENTS: Mapping[str, tuple[str, ...]] = {
    "api-server": (),
    "scheduler": ("--skip-serve-logs",),
    "dag-processor": (),
    "triggerer": ("--skip-serve-logs",),
}
"""Their names as ``airflow`` knows them, with the options each is started with."""

DEADLINES: Mapping[str, float] = {
    "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": 30,
    "AIRFLOW__DAG_PROCESSOR__DAG_FILE_PROCESSOR_TIMEOUT": 50,
    "AIRFLOW__DAG_PROCESSOR__HEALTH_CHECK_THRESHOLD": 30,
    "AIRFLOW__DAG_PROCESSOR__STALE_DAG_THRESHOLD": 50,
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": 30,
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": 300,
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": 600,
    "AIRFLOW__TRIGGERER__ON_KILL_TIMEOUT": 30,
    "AIRFLOW__TRIGGERER__RUNNER_HEALTH_CHECK_THRESHOLD": 30,
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": 30,
    "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": 60,
}
"""Seconds in which a quiet machine does what Airflow takes for broken afterwards."""


def settings(port: int) -> dict[str, str]:
    """The environment variables that bind the API server to loopback, and lead the others to it.

    :param port: a free one.
    """
    address = f"http://127.0.0.1:{port}"
    return {
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": address,
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
        # Airflow's own deadlines, all of which take something that is only slow for broken. The first call of
        # a task takes long, and a task that gives it up has failed.
        **{name: f"{scaled(seconds):.0f}" for name, seconds in DEADLINES.items()},
        # Only this machine can reach it, so that a password would only be in the way.
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
    }


def start(
    environment: Mapping[str, str], log: Path, *command: str, within: Sequence[str] = ()
) -> subprocess.Popen[bytes]:
    """Start an ``airflow`` command in a session of its own.

    :param log: the file that its output is added to.
    :param within: a command that becomes the one behind it, such as ``unshare``.
    """
    with log.open("ab") as out:
        return subprocess.Popen(
            [*within, sys.executable, "-m", "airflow", *command],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def kill(process: subprocess.Popen[bytes], seconds: float) -> None:
    """SIGKILL to a component and to every process it started: it can save nothing.

    :param seconds: how long it may take to be gone.
    """
    for pid in session(process.pid):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait(seconds)


def stop(processes: Mapping[str, subprocess.Popen[bytes]], seconds: float) -> None:
    """Let components end, and kill what has not ended in time.

    :param seconds: how long all of them together may take.
    """
    for process in processes.values():
        process.terminate()
    deadline = time.monotonic() + seconds
    for process in processes.values():
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, deadline - time.monotonic()))
    for process in processes.values():
        kill(process, seconds)


def session(leader: int) -> Iterator[int]:
    """The processes of a session: what a component starts may be in a group of its own, or an orphan."""
    for pid in psutil.pids():
        with suppress(ProcessLookupError):
            if os.getsid(pid) == leader:
                yield pid
