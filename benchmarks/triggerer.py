"""A thousand deferred tasks in a real Airflow: how long until all wait, what its triggerer needs meanwhile,
and how soon all are green once what they wait for is over."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import psutil

from benchmarks.report import Budget, Figure, Table, show
from benchmarks.rounds import let_rounds_pass
from benchmarks.services import Services, running_services
from benchmarks.waits import REQUESTS
from scripts.local import ROOT

# the running Airflow and PostgreSQL that the tests use
sys.path.append(str(ROOT / "tests" / "support"))
from real_airflow import RealAirflow

from scripts.postgresql import NotInstalled, running_postgresql

TASKS = 1_000
POLL_INTERVAL = 5.0
ROUNDS = 6
DAGS = Path(__file__).with_name("dags")
STAGE_SECONDS = 900.0
"""So long the tasks may take to be deferred, and so long to be green."""
IDLE_SECONDS = 20.0
LOOK_AGAIN = 1.0


class _Airflow(RealAirflow):
    """Counts task instances, of which there are too many to list."""

    def count(self, run_id: str, state: str) -> int:
        """How many tasks of a run are in a state."""
        query = {"state": state, "limit": 1}
        listed = self._ask("GET", f"{self._run(run_id)}/taskInstances", params=query)
        return int(listed["total_entries"])

    def until(self, condition: Callable[[], bool]) -> float:
        """Wait until the condition holds; returns the seconds it took."""

        def look() -> bool:
            time.sleep(LOOK_AGAIN)  # each look takes CPU from what is measured
            return condition()

        begun = time.monotonic()
        self.wait_until(look, STAGE_SECONDS)
        return time.monotonic() - begun

    def triggerer(self) -> tuple[float, float]:
        """CPU seconds so far and resident megabytes of the triggerer's processes."""
        first = psutil.Process(self.pid("triggerer"))
        processes = [first, *first.children(recursive=True)]
        times = [process.cpu_times() for process in processes]
        resident = sum(process.memory_info().rss for process in processes)
        return sum(part.user + part.system for part in times), resident / 1e6


def bench(home: Path, tasks: int = TASKS, *, poll_interval: float = POLL_INTERVAL) -> list[Table]:
    """Run the tasks in an Airflow of their own, on PostgreSQL where there is one.

    :param home: where everything goes, an existing folder.
    :param tasks: how many, 1,024 at most.
    :param poll_interval: seconds between two polls.
    """
    with _database() as (address, database), running_services(home) as services:
        jobs = services.running_jobs(tasks)
        settings = {
            "AIRFLOW__CORE__PARALLELISM": "8",
            "AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG": "32",
            "AIRFLOW__TRIGGERER__CAPACITY": "2000",
            "POLL_INTERVAL": str(poll_interval),
        }
        show("triggerer: Airflow starts ...")
        with _Airflow(home / "airflow", DAGS, services.connections, database=address, **settings) as airflow:
            table = _measure(airflow, services, jobs, poll_interval)
    table.notes.append(
        f"Airflow {version('apache-airflow')} on {database}: api-server, scheduler with LocalExecutor, "
        "dag-processor and triggerer on this machine; starting and resuming tasks takes nearly all the time."
    )
    return [table]


@contextmanager
def _database() -> Iterator[tuple[str | None, str]]:
    """An address for Airflow, and what to call it."""
    try:
        server = running_postgresql()
        address = server.__enter__()
    except NotInstalled:
        yield None, "SQLite"
        return
    try:
        yield address, "PostgreSQL"
    finally:
        server.__exit__(None, None, None)


def _measure(airflow: _Airflow, services: Services, jobs: list[int], poll_interval: float) -> Table:
    cpu, resident = airflow.triggerer()
    time.sleep(IDLE_SECONDS)
    idle = (airflow.triggerer()[0] - cpu) / IDLE_SECONDS

    show(f"triggerer: {len(jobs):,} tasks are to be deferred ...")
    run_id = airflow.trigger("many_waits", jobs=jobs)
    until_deferred = airflow.until(lambda: airflow.count(run_id, "deferred") == len(jobs))

    show("triggerer: all wait ...")
    # those that came last still ask soon
    let_rounds_pass(services, ROUNDS, STAGE_SECONDS)
    (cpu, _), began = airflow.triggerer(), time.monotonic()
    rounds, requests = let_rounds_pass(services, ROUNDS, STAGE_SECONDS)
    more_cpu, full = airflow.triggerer()
    busy = (more_cpu - cpu) / (time.monotonic() - began)

    show("triggerer: what they wait for is over ...")
    services.advance(1)
    until_fired = airflow.until(lambda: airflow.count(run_id, "deferred") == 0)
    until_green = until_fired + airflow.until(lambda: airflow.run_state(run_id) in ("success", "failed"))
    lost = 1 + len(jobs) - airflow.count(run_id, "success")
    return Table(
        f"{len(jobs):,} deferred tasks in a real triggerer, on one connection",
        "none",
        [
            Figure("tasks lost", lost, None, Budget(0)),
            Figure("requests a round", requests / rounds, None, Budget(REQUESTS + 1)),
            Figure("triggerer without waits: CPU (% of a core)", idle * 100),
            Figure("triggerer with all waits: CPU (% of a core)", busy * 100),
            Figure("triggerer without waits: resident memory (MB)", resident),
            Figure("triggerer with all waits: resident memory (MB)", full),
            Figure("start until all are deferred (s)", until_deferred),
            Figure("change until all triggers have fired (s)", until_fired),
            Figure("change until all tasks are green (s)", until_green),
        ],
        [f"Poll interval {poll_interval:g} s."],
    )
