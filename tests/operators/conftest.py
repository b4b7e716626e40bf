"""A second sandbox, for what must not end by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from airflow_provider_activation.sandbox import Sandbox


@pytest.fixture(scope="session")
def slow_sandbox() -> Iterator[Sandbox]:
    with Sandbox(port=0, consent="manual", step_seconds=3600) as sandbox:
        yield sandbox


@pytest.fixture
def slow(slow_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """The four services, where whatever is started goes on for hours."""
    slow_sandbox.reset()
    for conn_id, connection in slow_sandbox.connections.items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(connection))
    return slow_sandbox
