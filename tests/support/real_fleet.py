"""A real Airflow with CeleryExecutor: workers, each a main process with a pool, and a broker of their own."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import Popen
from typing import Any

import psutil
from real_airflow import START_SECONDS, STOP_SECONDS, RealAirflow

from scripts import components
from scripts.postgresql import NotInstalled

WORKER = ("celery", "worker", "--skip-serve-logs", "--without-gossip", "--without-mingle")
"""The command of a worker, which listens nowhere."""


class RealFleet(RealAirflow):
    """Airflow with CeleryExecutor.

    :param database: SQLAlchemy address of an empty database, not of SQLite.
    :param broker: address of an empty Redis.
    :param slots: how many tasks a worker runs at a time.
    :param workers: the names of the workers to start with.
    :param own_folder: a folder that each worker has for itself, empty at first. Each is then a host with the
        worker's name, and takes the tasks of the queue of this name alone (`hosts_apart`).
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
        own_folder: Path | None = None,
        **settings: str,
    ) -> None:
        self._slots = slots
        self._workers = workers
        self._own_folder = own_folder
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
        command = (*WORKER, "-c", str(self._slots), "-H", f"{name}@localhost", "--pid", pid_file)
        if self._own_folder is None:
            self._start(name, *command)
        else:
            self._start(name, *command, "--queues", name, within=_host(name, self._own_folder))

    def seen_by(self, name: str, folder: Path) -> list[str]:
        """The names of what a worker's host has in a folder."""
        return sorted(path.name for path in Path(f"/proc/{self.pid(name)}/root", *folder.parts[1:]).iterdir())

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

    def _start(self, name: str, *command: str, within: Sequence[str] = ()) -> None:
        super()._start(name, *command, within=within)
        self._leaders.append(self.pid(name))


def _host(name: str, folder: Path) -> tuple[str, ...]:
    """What makes of the command behind it a host with this name, whose folder nobody else sees."""
    script = 'hostname "$1" && mount -t tmpfs -o mode=0700 tmpfs "$2" && shift 2 && exec "$@"'
    return ("unshare", "--mount", "--uts", "sh", "-c", script, "sh", name, str(folder))


@contextmanager
def hosts_apart() -> Iterator[str]:
    """A folder that each worker may have for itself (`RealFleet`).

    :raises NotInstalled: this user cannot part hosts.
    """
    with tempfile.TemporaryDirectory(prefix="apart-") as folder:
        try:
            subprocess.run([*_host("apart", Path(folder)), "true"], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as refused:
            raise NotInstalled(f"Hosts are not parted: unshare is not permitted here ({refused}).") from None
        yield folder


def is_alive(pid: int) -> bool:
    """Whether a process runs. One that ended without a parent is listed until somebody takes note."""
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False
