"""What the tests of the log share: short pauses, and a reader of what a task logs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from golden_logs import GoldenLogs

from airflow_provider_activation.sandbox import Sandbox


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses are as much shorter as the sandbox is faster."""
    module = "airflow_provider_activation"
    monkeypatch.setattr(f"{module}.waits.pace.NOT_FOUND_FOR", 0.0)
    monkeypatch.setattr(f"{module}.transport.exchange.random", SimpleNamespace(uniform=lambda *bounds: 0.05))


@pytest.fixture
def logs(connections: Sandbox, tmp_path: Path) -> Iterator[GoldenLogs]:
    with GoldenLogs(connections, tmp_path).listening() as logs:
        yield logs
