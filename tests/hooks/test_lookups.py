"""How often a connection is looked up on an event loop, and what a signal handler may use."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import pytest

from airflow_provider_activation import airflow_compat
from airflow_provider_activation.api import liveramp as api
from airflow_provider_activation.errors import InvalidConnection, ServiceUnavailable
from airflow_provider_activation.hooks import base
from airflow_provider_activation.hooks.delta_projects import DeltaProjectsHook
from airflow_provider_activation.hooks.liveramp import LiveRampHook
from airflow_provider_activation.sandbox import Sandbox
from scripts.machine_speed import scaled

ANSWERED = scaled(2.0)
"""Seconds in which the sandbox answers."""


@pytest.fixture
def lookups(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the connections that were looked up."""
    lookups: list[str] = []
    look_up = airflow_compat.aget_connection

    async def counted(hook: Any, conn_id: str) -> Any:
        lookups.append(conn_id)
        await asyncio.sleep(0.01)
        return await look_up(hook, conn_id)

    monkeypatch.setattr(airflow_compat, "aget_connection", counted)
    return lookups


def test_many_waits_look_a_connection_up_once(connections: Sandbox, lookups: list[str]) -> None:
    async def run() -> set[int]:
        hooks = [LiveRampHook() for _ in range(500)]
        return {id(transport) for transport in await asyncio.gather(*(hook.aget_conn() for hook in hooks))}

    assert len(asyncio.run(run())) == 1
    assert lookups == ["liveramp_default"]


def test_each_connection_and_each_type_is_looked_up(connections: Sandbox, lookups: list[str]) -> None:
    async def run() -> None:
        await LiveRampHook().aget_conn()
        await DeltaProjectsHook().aget_conn()
        with pytest.raises(InvalidConnection, match="is of type 'liveramp'"):
            await DeltaProjectsHook("liveramp_default").aget_conn()

    asyncio.run(run())
    assert lookups == ["liveramp_default", "delta_projects_default", "liveramp_default"]


def test_a_connection_is_looked_up_anew_after_a_while(
    connections: Sandbox, lookups: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        first = await LiveRampHook().aget_conn()
        changed = connections.connections["liveramp_default"] | {"password": "new"}
        monkeypatch.setenv("AIRFLOW_CONN_LIVERAMP_DEFAULT", json.dumps(changed))
        assert await LiveRampHook().aget_conn() is first
        monkeypatch.setattr(base, "LOOKED_UP_FOR", -1.0)
        assert await LiveRampHook().aget_conn() is not first

    asyncio.run(run())
    assert len(lookups) == 2


def test_a_look_up_that_failed_is_made_again(
    connections: Sandbox, lookups: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        monkeypatch.setenv("AIRFLOW_CONN_LIVERAMP_DEFAULT", "{}")
        with pytest.raises(InvalidConnection):
            await LiveRampHook().aget_conn()
        good = json.dumps(connections.connections["liveramp_default"])
        monkeypatch.setenv("AIRFLOW_CONN_LIVERAMP_DEFAULT", good)
        await LiveRampHook().aget_conn(max_age=0.0)

    asyncio.run(run())


class TestSignalHandler:
    """It interrupts whatever the main thread does, also where that holds the transport's locks."""

    def test_it_waits_for_no_lock(self, connections: Sandbox) -> None:
        hook = LiveRampHook()
        assert hook.list_destinations()
        transport = hook.get_conn()
        done = threading.Event()

        def handle() -> None:
            assert hook.run_apart(one_call(api.list_destinations()), timeout=ANSWERED).items
            done.set()

        with transport._token_lock, transport._connections_lock:
            threading.Thread(target=handle, daemon=True).start()
            assert done.wait(scaled(5)), "it waits for a lock of the code it interrupted"

    def test_it_uses_the_token_there_is(self, connections: Sandbox) -> None:
        hook = LiveRampHook()
        hook.list_destinations()
        before = len(connections.requests)
        hook.run_apart(one_call(api.list_destinations()), timeout=ANSWERED)
        assert len(connections.requests) == before + 1

    def test_it_sends_nothing_twice(self, connections: Sandbox) -> None:
        hook = LiveRampHook()
        hook.list_destinations()
        connections.misbehave("status", service="liveramp", path="/v2/destinations", status=503, times=5)
        before = len(connections.requests)
        with pytest.raises(ServiceUnavailable):
            hook.run_apart(one_call(api.list_destinations()), timeout=ANSWERED)
        assert len(connections.requests) == before + 1
        connections.behave()


async def one_call(call: Any) -> Any:
    return await call
