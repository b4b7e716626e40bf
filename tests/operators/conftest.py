"""A second sandbox, for what must not end by itself, and what the tests of one service share."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from dataddo_tasks import create_flow, create_service, create_source
from example_tasks import define, register
from scripted_server import ScriptedServer
from task_running import Task

from airflow_provider_activation.sandbox import Sandbox


@pytest.fixture(autouse=True)
def _found_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sandbox finds at once what it has made: what it does not find is not there."""
    monkeypatch.setattr("airflow_provider_activation.waits.pace.NOT_FOUND_FOR", 0.0)


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses are as much shorter as the sandbox is faster: between the looks for what may have been made, and
    before a request is repeated."""
    module = "airflow_provider_activation"
    monkeypatch.setattr(f"{module}.actions.base.LOOKS_AFTER_DOUBT", (0.05, 0.1, 0.2))
    monkeypatch.setattr(f"{module}.transport.exchange.random", SimpleNamespace(uniform=lambda *bounds: 0.05))


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


@pytest.fixture
def exchange(connections: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """The sandbox, with a connection for each of its keys."""
    known = connections.connections["acoustic_exchange_default"]
    for name in ("application", "replacing_source", "fixed_source"):
        extra = {"key_level": "application" if name == "application" else "endpoint"}
        key = connections.secrets[f"acoustic_{name}_key"]
        monkeypatch.setenv(
            f"AIRFLOW_CONN_{name.upper()}", json.dumps({**known, "password": key, "extra": extra})
        )
    return connections


@pytest.fixture
def push_source(exchange: Sandbox) -> Sandbox:
    """The key's own endpoint is a push source that offers one segment."""
    Task(register).run()
    Task(define).run()
    return exchange


@pytest.fixture
def pull_source(exchange: Sandbox) -> Sandbox:
    """The key's own endpoint is a source that Exchange pulls from."""
    pulled = {"segment": {"source": {"enabled": True, "producerType": "pull"}}}
    Task(lambda: register(endpoint_types=pulled)).run()
    return exchange


@pytest.fixture
def scripted_exchange(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedServer]:
    """A server that answers as it is told, with connections of both levels."""
    server = ScriptedServer()
    for conn_id, level in (("scripted", "account"), ("scripted_endpoint", "endpoint")):
        connection = {
            "conn_type": "acoustic_exchange",
            "host": server.url,
            "password": "a-key",
            "extra": {"key_level": level},
        }
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(connection))
    yield server
    server.stop()


@pytest.fixture
def snapchat_service(connections: Sandbox) -> str:
    """A service at Dataddo."""
    return str(Task(create_service).run()["id"])


@pytest.fixture
def snapchat_source(snapchat_service: str) -> str:
    """A source at Dataddo that uses it."""
    return str(Task(create_source).run()["id"])


@pytest.fixture
def snapchat_flow(snapchat_source: str) -> str:
    """A flow at Dataddo that takes the source in."""
    return str(Task(lambda: create_flow(source_ids=[snapchat_source])).run()["id"])


@pytest.fixture
def one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lost answer is looked for once, at once."""
    monkeypatch.setattr("airflow_provider_activation.actions.base.LOOKS_AFTER_DOUBT", (0,))
