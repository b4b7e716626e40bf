"""What all tests share: an Airflow home of their own, and the sandbox with its connections."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scripts.machine_speed import slowness

# Airflow reads these when it is imported, so they are set before anything else.
_HOME = tempfile.mkdtemp(prefix="airflow-home-")
atexit.register(shutil.rmtree, _HOME, ignore_errors=True)
os.environ["AIRFLOW_HOME"] = _HOME
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"

if TYPE_CHECKING:
    from airflow_provider_activation.sandbox import Sandbox

SLOW = {
    "live": "live",
    "chaos": "chaos",
    "contracts/test_contract_sandbox.py": "generated",
    "benchmarks": "measuring",
    "test_sdist.py": "measuring",
}
"""Folders and files whose tests ``make test`` leaves to ``make test-all``, and their markers."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    folder = Path(__file__).parent
    for item in items:
        path = item.path.relative_to(folder).as_posix()
        for place, marker in SLOW.items():
            if path == place or path.startswith(f"{place}/"):
                item.add_marker(marker)


def pytest_configure() -> None:
    # before anything is started, also the processes that run tests beside each other: they are told
    slowness()


def pytest_report_header() -> str:
    return f"machine: {slowness():.1f} times slower than a quiet one, and deadlines so much longer"


@pytest.fixture(autouse=True)
def _first_look_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Triggers poll at once in this process; only a real Airflow mistakes a task that is resumed at once."""
    monkeypatch.setattr("airflow_provider_activation.waits.pace.FIRST_LOOK_AFTER", 0.0)


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    from airflow_provider_activation.sandbox import Sandbox

    with Sandbox(port=0, consent="auto", step_seconds=0.05) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox: Sandbox) -> Sandbox:
    """The four services on loopback, back at their seeds."""
    running_sandbox.reset()
    return running_sandbox


@pytest.fixture
def connections(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """The sandbox, with its six connections known to Airflow."""
    for conn_id, connection in sandbox.connections.items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(connection))
    return sandbox
