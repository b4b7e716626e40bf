"""A scripted server for the whole run, and both ways to send."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from scripted_server import ScriptedServer
from transport_testing import Wire

from airflow_provider_activation.transport import transport as transport_module


@pytest.fixture(scope="session")
def running_server() -> Iterator[ScriptedServer]:
    server = ScriptedServer()
    yield server
    server.stop()


@pytest.fixture
def server(running_server: ScriptedServer) -> ScriptedServer:
    running_server.clear()
    return running_server


@pytest.fixture(params=["sync", "async"])
def wire(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    """Every test with this runs twice: in a thread and on an event loop."""
    wire = Wire(request.param)
    monkeypatch.setattr(transport_module, "asyncio", _WithoutPauses(wire))
    yield wire
    wire.close()


class _WithoutPauses:
    """asyncio as the transport sees it; other event loops in this process sleep as ever."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    async def sleep(self, seconds: float) -> None:
        self._wire.paused(seconds)
