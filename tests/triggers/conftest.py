"""A service whose jobs a test moves as it likes, known to Airflow."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from event_watching import Jobs, connection_to


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Jobs]:
    server = Jobs()
    monkeypatch.setenv("AIRFLOW_CONN_ACOUSTIC_EXCHANGE_DEFAULT", connection_to(server))
    yield server
    server.stop()
