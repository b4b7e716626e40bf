"""Homes of Airflows: the database is made once for all tests of a run, and copied."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

from scripts.machine_speed import scaled

ONCE = "ACTIVATION_TESTS_ONCE"
"""The environment variable that names the folder of what is made once, also for processes that run tests
beside each other. ``tests/conftest.py`` makes the folder and removes it."""
LONGEST = scaled(240.0)
"""Seconds in which a database is made."""
PARTS = ("airflow.cfg", "airflow.db")
"""What makes a home. The settings are among them: several components that start at once in a home without
them write each its own, with other keys."""


def make_home(home: Path) -> None:
    """Put the database of an Airflow that has not run anything into a folder, which is made if need be."""
    made = _made_once()
    home.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        shutil.copy(made / part, home)
    settings = home / "airflow.cfg"
    settings.write_text(settings.read_text().replace(str(made), str(home)))


def _made_once() -> Path:
    once = Path(os.environ[ONCE])
    made = once / "airflow"
    with (once / "airflow.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (made / "is complete").exists():
            shutil.rmtree(made, ignore_errors=True)
            _migrate(made)
            (made / "is complete").touch()
    return made


def _migrate(home: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    done = subprocess.run(
        [sys.executable, "-m", "airflow", "db", "migrate"],
        env={**kept, "AIRFLOW_HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LONGEST,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    # all of it is in the one file that is copied
    assert {file.name for file in home.glob("airflow.*")} == set(PARTS)
