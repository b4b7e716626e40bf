"""Runs DAGs on a real Airflow in a process of its own."""

from __future__ import annotations

import json
import os
import select
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import psutil
from airflow_home import make_home

from scripts.machine_speed import scaled

ROOT = Path(__file__).parents[2]
BUNDLES = [
    {
        "name": name,
        "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
        "kwargs": {"path": str(folder)},
    }
    for name, folder in (("examples", ROOT / "example_dags"), ("own", Path(__file__).with_name("dags")))
]
LONGEST = scaled(300.0)
"""Seconds that a run of a DAG may take; before the first one Airflow starts."""


@dataclass
class Run:
    """What came of a run.

    :param home: Airflow's home: its database, its logs.
    :param output: all that the process printed.
    :param states: each task's state.
    """

    home: Path
    output: str
    states: dict[str, str]


def environment(home: Path, connections: Mapping[str, Any], **more: str) -> dict[str, str]:
    """The environment of an Airflow that knows these connections and nothing else."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    return {
        **kept,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "example_dags"),
        "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": f"{scaled(30.0):.0f}",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "PYTHONPATH": str(ROOT),
        **{f"AIRFLOW_CONN_{conn_id.upper()}": json.dumps(value) for conn_id, value in connections.items()},
        **more,
    }


@contextmanager
def opened_database(home: Path) -> Iterator[sqlite3.Connection]:
    """Airflow's database, to read in it until the block ends."""
    with closing(sqlite3.connect(home / "airflow.db")) as database:
        yield database


def assert_not_open(home: Path) -> None:
    """Fail if this process has Airflow's database open.

    A ``with`` over a connection does not close it. The connection is part of a cycle, so it stays open until
    the garbage collector happens to come by. While it is open, whoever opens and closes the file as a plain
    file takes SQLite's locks on it away, for they belong to the process. The next Airflow believes then that
    it is alone, and removes the write-ahead log and its index under this process, where each later connection
    shares them still: "database disk image is malformed".
    """
    held = [file.path for file in psutil.Process().open_files() if Path(file.path).parent == home.resolve()]
    assert held == [], f"Close {', '.join(held)} before an Airflow starts, with opened_database()."


class AirflowProcess:
    """An Airflow in a process of its own, which runs DAGs with `dag.test()` until the block ends.

    :param home: a folder for its database, which is put there if there is none.
    """

    def __init__(self, home: Path, connections: Mapping[str, Any], **more: str) -> None:
        if not (home / "airflow.db").exists():
            make_home(home)
        assert_not_open(home)
        self._home = home
        self._runs = 0
        self._process = subprocess.Popen(
            [sys.executable, "-m", "dag_process"],
            env=environment(
                home,
                connections,
                AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST=json.dumps(BUNDLES),
                PYTHONPATH=f"{ROOT}{os.pathsep}{Path(__file__).parent}",
                **more,
            ),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        self._process.kill()
        self._process.communicate()

    def run(self, dag_id: str, *, deferrable: bool = False) -> Run:
        """Run a DAG once and wait for it.

        :param deferrable: whether an example's waits are deferred.
        """
        self._runs += 1
        log = self._home / f"{self._runs}_{dag_id}.log"
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps([dag_id, str(log), deferrable]), file=self._process.stdin, flush=True)
        answers, _, _ = select.select([self._process.stdout], [], [], LONGEST)
        answer = self._process.stdout.readline() if answers else ""
        assert answer == f"{dag_id}\n", [file.read_text()[-3000:] for file in self._home.glob("*.log")]
        with opened_database(self._home) as database:
            # all of it is in the file itself, as after the end of the process
            database.execute("pragma wal_checkpoint(truncate)")
            rows = database.execute(
                "select task_id, state from task_instance where run_id ="
                " (select run_id from dag_run where dag_id = ? order by id desc limit 1) and dag_id = ?",
                (dag_id, dag_id),
            ).fetchall()
        return Run(self._home, log.read_text(), dict(rows))
