"""A real Airflow with CeleryExecutor: workers, each a main process with a pool, and a broker of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from subprocess import Popen
from typing import Any

import psutil
from real_airflow import START_SECONDS, STOP_SECONDS, RealAirflow

from scripts import components

WORKER = ("celery", "worker", "--skip-serve-logs", "--without-gossip", "--without-mingle")
"""The command of a worker, which listens nowhere."""


class RealFleet(RealAirflow):
    """Airflow with CeleryExecutor.

    :param database: SQLAlchemy address of an empty database, not of SQLite.
    :param broker: address of an empty Redis.
    :param slots: how many tasks a worker runs at a time.
    :param workers: the names of the workers to start with.
    """

    def __init__(
        self,
        home: Path,
        dags: Path,
        connections: Mapping[str, Any],
        *,
        database: str,
        broker: str,
        slots: int,
        workers: Sequence[str],
        **settings: str,
    ) -> None:
        self._slots = slots
        self._workers = workers
        self._leaders: list[int] = []
        self._headless: list[Popen[bytes]] = []
        celery = {
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
            "AIRFLOW__CELERY__BROKER_URL": broker,
            "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{database}",
            # Celery does not run as root otherwise
            "C_FORCE_ROOT": "true",
        }
        super().__init__(home, dags, connections, database=database, **(celery | settings))

    def _start_components(self) -> None:
        for name in self._workers:
            self.start_worker(name)
        super()._start_components()
        for name in self._workers:
            self.wait_until(lambda: self.is_ready(name), START_SECONDS)  # noqa: B023

    def start_worker(self, name: str) -> None:
        """Start a worker; returns at once."""
        pid_file = str(self.home / f"{name}.pid")
        self._start(name, *WORKER, "-c", str(self._slots), "-H", f"{name}@localhost", "--pid", pid_file)

    def is_ready(self, name: str) -> bool:
        """Whether a worker takes tasks."""
        return f"{name}@localhost ready" in self._log(name).read_text(errors="replace")

    def worker_of(self, supervisor: int) -> str | None:
        """The worker whose pool a process is in; None if it is in none that runs."""
        with suppress(psutil.NoSuchProcess):
            parent = psutil.Process(supervisor).ppid()
            return next((name for name in self._running if self.pid(name) == parent), None)
        return None

    def behead(self, worker: str) -> None:
        """SIGKILL to the main process of a worker alone; what it started is left to itself."""
        process = self._running.pop(worker)
        self._headless.append(process)
        process.kill()
        process.wait(STOP_SECONDS)

    def stop(self) -> None:
        super().stop()
        for process in self._headless:
            components.kill(process, STOP_SECONDS)

    def processes(self) -> list[int]:
        """All processes that run of those that were ever started, whoever their parent is."""
        return [pid for leader in self._leaders for pid in components.session(leader) if is_alive(pid)]

    def _start(self, name: str, *command: str) -> None:
        super()._start(name, *command)
        self._leaders.append(self.pid(name))


def is_alive(pid: int) -> bool:
    """Whether a process runs. One that ended without a parent is listed until somebody takes note."""
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False
