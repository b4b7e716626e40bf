"""What belongs to an event loop goes with it."""

from __future__ import annotations

import asyncio
import gc
import time
import warnings
from pathlib import Path

from scripted_server import Reply, ScriptedServer
from transport_testing import call, service

from airflow_provider_activation.transport import Transport
from scripts.machine_speed import scaled


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_loops_that_come_and_go_leave_nothing_behind(server: ScriptedServer) -> None:
    transport = Transport(service(server.url))
    asyncio.run(transport.asend(call()))
    before = descriptors()
    for _ in range(50):
        asyncio.run(transport.asend(call()))
        assert len(transport._loops) == 0
    assert descriptors() <= before + 1


def test_a_loop_that_is_closed_roughly_is_forgotten_by_the_next(server: ScriptedServer) -> None:
    """Only `loop.close()`: nothing tells its generators that it ends."""
    transport = Transport(service(server.url))
    before = descriptors()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        for _ in range(20):
            loop = asyncio.new_event_loop()
            loop.run_until_complete(transport.asend(call()))
            loop.close()
            assert len(transport._loops) == 1
        del loop
        asyncio.run(transport.asend(call()))
        gc.collect()
    assert len(transport._loops) == 0
    # the server is in this process, and closes its ends a little later
    ends = time.monotonic() + scaled(10)
    while descriptors() > before + 1 and time.monotonic() < ends:
        time.sleep(0.01)
    assert descriptors() <= before + 1


def test_a_loop_whose_call_is_cancelled_leaves_nothing_behind(server: ScriptedServer) -> None:
    transport = Transport(service(server.url))

    async def give_up() -> None:
        sending = asyncio.create_task(transport.asend(call()))
        await asyncio.sleep(0)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)

    before = descriptors()
    for _ in range(20):
        asyncio.run(give_up())
    gc.collect()
    assert len(transport._loops) <= 1
    assert descriptors() <= before + 1


def test_no_cookie_is_kept(server: ScriptedServer) -> None:
    transport = Transport(service(server.url))
    server.always = lambda asked: Reply(headers={"Set-Cookie": f"c{len(server.asked)}=1; Path=/"})
    for _ in range(3):
        transport.send(call())
    transport.close()
    assert [asked.headers.get("Cookie") for asked in server.asked] == [None, None, None]
