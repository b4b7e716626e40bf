"""No two tasks share a submission key, on a real Airflow."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from dag_running import migrate, run_dag

from airflow_provider_activation.sandbox import Sandbox


@pytest.fixture
def home(tmp_path: Path) -> Path:
    migrate(tmp_path / "airflow")
    return tmp_path / "airflow"


def test_tasks_that_look_alike_make_each_its_own(home: Path, connections: Sandbox) -> None:
    """Two mapped tasks, the same task in two groups, and in the two instances of a mapped group."""
    run = run_dag("mapped_dag", home, connections.connections)
    assert set(run.states.values()) == {"success"}, run.output[-5000:]
    names = [activity["name"] for activity in connections.state()["delta-projects"]["activities"]]
    assert len(names) == 6
    assert all(re.fullmatch(r"Win-back \[af:[0-9a-f]{12}\]", name) for name in names)
    assert len(set(names)) == 6
