"""Runs an example DAG on a real Airflow of its own, in a process of its own."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from scripts.machine_speed import scaled

ROOT = Path(__file__).parents[2]
OWN_DAGS = Path(__file__).with_name("dags")
LONGEST = scaled(300.0)
"""Seconds that a run of a DAG may take, and making a database."""


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
        "ACTIVATION_POLL_INTERVAL": "0.2",
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


def migrate(home: Path) -> None:
    """Make an empty Airflow database."""
    home.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [sys.executable, "-m", "airflow", "db", "migrate"],
        env=environment(home, {}),
        check=True,
        capture_output=True,
        timeout=LONGEST,
    )


def run_dag(dag_id: str, home: Path, connections: Mapping[str, Any], **more: str) -> Run:
    """Run a DAG once with `dag.test()` and wait for it."""
    assert_not_open(home)
    own = OWN_DAGS / f"{dag_id}.py"
    if own.exists():
        script, more = [str(own)], {**more, "AIRFLOW__CORE__DAGS_FOLDER": str(OWN_DAGS)}
    else:
        script = [str(Path(__file__).with_name("talkative_run_dag.py")), dag_id]
    process = subprocess.run(
        [sys.executable, *script],
        env=environment(home, connections, **more),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LONGEST,
    )
    with opened_database(home) as database:
        rows = database.execute(
            "select task_id, state from task_instance where run_id ="
            " (select run_id from dag_run where dag_id = ? order by id desc limit 1) and dag_id = ?",
            (dag_id, dag_id),
        ).fetchall()
    return Run(home, process.stdout, dict(rows))
