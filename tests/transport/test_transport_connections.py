"""The connections of an event loop: one for each request under way, kept for later ones."""

from __future__ import annotations

import asyncio
import threading
import weakref
from typing import Any

import httpx
import pytest
from scripted_server import DROP, Reply, ScriptedServer
from transport_testing import call, service

from airflow_provider_activation.api.call import Answer
from airflow_provider_activation.transport import Transport, connections
from scripts.machine_speed import scaled

MANY = 30


async def many(transport: Transport, number: int) -> list[Any]:
    return await asyncio.gather(*(transport.asend(call(path=f"/v1/things/{n}")) for n in range(number)))


def test_each_call_gets_its_own_answer_and_connections_are_used_again(server: ScriptedServer) -> None:
    server.always = lambda asked: Reply(body=asked.path)
    transport = Transport(service(server.url))

    async def run() -> None:
        for _ in range(3):
            assert await many(transport, 15) == [f"/v1/things/{n}" for n in range(15)]
        await transport.aclose()

    asyncio.run(run())
    assert server.connections == 15


def test_no_more_are_under_way_than_there_are_connections(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 4)
    transport = Transport(service(server.url))

    async def run() -> None:
        assert len(await many(transport, MANY)) == MANY
        await transport.aclose()

    asyncio.run(run())
    assert server.connections == 4


def test_few_connections_stay_open_when_the_rush_is_over(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MOST_IDLE_CONNECTIONS", 2)
    closed: list[httpx.AsyncHTTPTransport] = []
    close = httpx.AsyncHTTPTransport.aclose

    async def note(transport: httpx.AsyncHTTPTransport) -> None:
        closed.append(transport)
        await close(transport)

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "aclose", note)
    transport = Transport(service(server.url))

    async def run() -> None:
        # every request is under way before any is answered
        gate = threading.Barrier(10)

        def together(asked: Any) -> Reply:
            gate.wait(scaled(10))
            return Reply()

        server.always = together
        server.reply_to = lambda asked: server.always(asked)  # type: ignore[method-assign]  # without its lock
        await many(transport, 10)
        assert len(closed) == 8
        await transport.aclose()
        assert len(closed) == 10

    try:
        asyncio.run(run())
    finally:
        del server.reply_to


def test_a_connection_that_broke_serves_later_calls(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 1)
    transport = Transport(service(server.url, max_retries=1))

    async def run() -> None:
        server.script.extend([Reply(), DROP])
        for _ in range(3):
            assert await transport.asend(call()) == {"ok": True}
        await transport.aclose()

    asyncio.run(run())
    assert len(server.asked) == 4


def test_a_call_that_is_given_up_gives_its_connection_back(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 1)
    transport = Transport(service(server.url))

    async def run() -> None:
        server.script.append(Reply(instead="hang"))
        given_up = asyncio.create_task(transport.asend(call()))
        async with asyncio.timeout(scaled(5)):
            while not server.asked:
                await asyncio.sleep(0.01)
        given_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await given_up
        assert await asyncio.wait_for(transport.asend(call()), scaled(5)) == {"ok": True}
        await transport.aclose()

    asyncio.run(run())


@pytest.mark.parametrize(("size", "in_a_thread"), [(10, False), (10_000, True)])
def test_a_large_answer_is_read_beside_the_event_loop(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, size: int, in_a_thread: bool
) -> None:
    monkeypatch.setattr("airflow_provider_activation.transport.transport.LARGE_ANSWER", 1000)
    server.always = lambda asked: Reply(body=["x" * size])
    transport = Transport(service(server.url))

    def read(answer: Answer) -> bool:
        assert answer.json() == ["x" * size]
        return threading.current_thread() is not threading.main_thread()

    async def run() -> bool:
        read_in_a_thread: bool = await transport.asend(call(read=read))
        await transport.aclose()
        return read_in_a_thread

    assert asyncio.run(run()) is in_a_thread


def test_an_answer_is_not_kept_until_garbage_is_collected(server: ScriptedServer) -> None:
    transport = Transport(service(server.url))
    seen: list[weakref.ref[Answer]] = []
    read = transport._exchanges.read

    def note(call: Any, answer: Answer) -> Any:
        seen.append(weakref.ref(answer))
        return read(call, answer)

    transport._exchanges.read = note  # type: ignore[method-assign]

    async def run() -> None:
        await transport.asend(call())
        assert [answer() for answer in seen] == [None]
        await transport.aclose()

    asyncio.run(run())
