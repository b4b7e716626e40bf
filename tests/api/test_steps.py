"""Steps and their drivers: the same coroutine on a worker and on an event loop, to its end and to no end."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable, Generator, Iterator
from typing import Any

import pytest
from scripted_server import HANG, Reply, ScriptedServer
from transport_testing import call, service

from airflow_provider_activation import errors
from airflow_provider_activation.api.call import Call
from airflow_provider_activation.api.steps import Pause, Steps, adrive, drive
from airflow_provider_activation.hooks.liveramp import LiveRampHook
from airflow_provider_activation.transport import Transport

THING = call()
Run = Callable[[Steps[Any]], Any]


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    server = ScriptedServer()
    yield server
    server.stop()


@pytest.fixture
def transport(server: ScriptedServer) -> Iterator[Transport]:
    transport = Transport(service(server.url, max_retries=0))
    yield transport
    transport.close()


async def arun(transport: Transport, steps: Steps[Any]) -> Any:
    async with transport:
        return await transport.arun(steps)


@pytest.fixture(params=["worker", "event loop"])
def run(request: pytest.FixtureRequest, transport: Transport) -> Run:
    """Every test with this runs on a worker and on an event loop."""
    if request.param == "worker":
        return transport.run
    return lambda steps: asyncio.run(arun(transport, steps))


class Yields:
    """What is awaited and is no step."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __await__(self) -> Generator[Any, Any, Any]:
        return (yield self.value)


async def look_twice() -> list[Any]:
    first = await THING
    await Pause(0.02)
    return [first, await look_once()]


async def look_once() -> Any:
    return await THING


# To the end


def test_calls_and_pauses_run_in_their_order(server: ScriptedServer, run: Run) -> None:
    server.script.extend([Reply(body={"look": 1}), Reply(body={"look": 2})])
    begun = time.monotonic()
    assert run(look_twice()) == [{"look": 1}, {"look": 2}]
    assert time.monotonic() - begun >= 0.02
    assert [asked.path for asked in server.asked] == [THING.path] * 2


def test_steps_that_await_nothing_return_what_they_return(server: ScriptedServer, run: Run) -> None:
    async def steps() -> int:
        return 7

    assert run(steps()) == 7
    assert server.asked == []


def test_an_error_is_raised_where_the_call_is_awaited(server: ScriptedServer, run: Run) -> None:
    async def steps() -> Any:
        try:
            await THING
        except errors.NotFound:
            return await THING

    server.script.extend([Reply(404), Reply(body={"found": True})])
    assert run(steps()) == {"found": True}


def test_an_error_that_nobody_takes_ends_the_steps(server: ScriptedServer, run: Run) -> None:
    server.always = lambda asked: Reply(404)
    with pytest.raises(errors.NotFound):
        run(look_twice())
    assert len(server.asked) == 1


def test_an_error_of_the_steps_own_comes_through(run: Run) -> None:
    async def steps() -> None:
        await Pause(0)
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        run(steps())


# What cannot be awaited


@pytest.mark.parametrize("step", [THING, Pause(0)], ids=["call", "pause"])
def test_a_step_awaited_on_an_event_loop_names_what_runs_it(step: Awaitable[Any]) -> None:
    async def main() -> Any:
        return await step

    with pytest.raises(TypeError, match=r"await hook\.asend\(call\), or hook\.arun\(steps\)"):
        asyncio.run(main())


def test_a_task_that_awaits_a_call_can_take_the_error_and_go_on() -> None:
    async def main() -> str:
        try:
            await THING
        except TypeError:
            await asyncio.sleep(0)
        return "went on"

    assert asyncio.run(main()) == "went on"


@pytest.mark.parametrize("seconds", [0, 0.01])
def test_sleep_on_a_worker_names_what_to_use(transport: Transport, seconds: float) -> None:
    async def steps() -> None:
        await asyncio.sleep(seconds)

    with pytest.raises(TypeError, match=r"Pause\(seconds\) in place of asyncio\.sleep"):
        transport.run(steps())


def test_a_future_on_a_worker_names_what_to_use(transport: Transport) -> None:
    async def steps(future: asyncio.Future[None]) -> None:
        await future

    loop = asyncio.new_event_loop()
    with pytest.raises(TypeError, match=r"Future cannot be awaited in steps.*await a Call"):
        transport.run(steps(loop.create_future()))
    loop.close()


@pytest.mark.parametrize("value", [7, "text", None], ids=repr)
def test_what_is_no_step_is_refused_where_it_is_awaited(run: Run, value: Any) -> None:
    kind = type(value).__name__

    async def steps() -> None:
        with pytest.raises(TypeError, match=f"{kind} cannot be awaited in steps"):
            await Yields(value)
        await Yields(value)

    with pytest.raises(TypeError, match=f"{kind} cannot be awaited in steps"):
        run(steps())


# To no end


class Cleaned:
    """Steps that clean up, and how often they did.

    :param calls: whether a call is made for that.
    """

    def __init__(self, first: Awaitable[Any], *, calls: bool) -> None:
        self.first, self.calls = first, calls
        self.begun, self.times = False, 0
        self.raised: list[type[BaseException]] = []

    async def steps(self) -> None:
        self.begun = True
        try:
            await self.first
        except BaseException as error:
            self.raised.append(type(error))
            raise
        finally:
            self.times += 1
            if self.calls:
                await THING


@pytest.mark.parametrize("calls", [False, True], ids=["plain", "calls"])
@pytest.mark.parametrize("kill", [KeyboardInterrupt, SystemExit])
def test_a_kill_on_a_worker_cleans_up_once(
    server: ScriptedServer, kill: type[BaseException], calls: bool
) -> None:
    def killed(seconds: float) -> None:
        raise kill

    cleaned = Cleaned(Pause(1), calls=calls)
    with pytest.raises(kill):
        Transport(service(server.url), sleep=killed).run(cleaned.steps())
    assert (cleaned.times, cleaned.raised, len(server.asked)) == (1, [kill], int(calls))


@pytest.mark.parametrize("calls", [False, True], ids=["plain", "calls"])
@pytest.mark.parametrize("first", [Pause(30), THING], ids=["pause", "call"])
def test_a_cancelled_task_cleans_up_once(
    server: ScriptedServer, transport: Transport, first: Pause | Call[Any], calls: bool
) -> None:
    asks = int(first is THING)
    cleaned = Cleaned(first, calls=calls)
    if asks:
        server.script.append(HANG)

    async def main() -> None:
        task = asyncio.create_task(arun(transport, cleaned.steps()))
        while not cleaned.begun or len(server.asked) < asks:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert task.cancelled()

    asyncio.run(main())
    assert (cleaned.times, cleaned.raised) == (1, [asyncio.CancelledError])
    assert len(server.asked) == asks + int(calls)


def test_a_task_that_is_cancelled_again_ends_its_cleaning(
    server: ScriptedServer, transport: Transport
) -> None:
    server.always = lambda asked: HANG
    cleaned = Cleaned(THING, calls=True)

    async def main() -> None:
        task = asyncio.create_task(arun(transport, cleaned.steps()))
        async with asyncio.timeout(30):
            for number in (1, 2):
                while len(server.asked) < number:
                    await asyncio.sleep(0.01)
                task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert (cleaned.times, len(server.asked)) == (1, 2)


def test_a_driver_that_is_closed_closes_its_steps() -> None:
    cleaned = Cleaned(Pause(1), calls=False)

    async def waits(step: Any) -> None:
        await Yields(step)

    driver = adrive(cleaned.steps(), waits)
    assert driver.send(None) == Pause(1)
    driver.close()
    assert (cleaned.times, cleaned.raised) == (1, [GeneratorExit])


def test_steps_that_are_closed_midway_clean_up_once() -> None:
    cleaned = Cleaned(Pause(1), calls=False)
    steps = cleaned.steps()
    assert steps.send(None) == Pause(1)
    steps.close()
    assert (cleaned.times, cleaned.raised) == (1, [GeneratorExit])


def test_a_driver_leaves_no_steps_open() -> None:
    def perform(step: Any) -> Any:
        raise KeyError("found")

    async def steps() -> None:
        with pytest.raises(KeyError, match="found"):
            await THING

    made = steps()
    drive(made, perform)
    with pytest.raises(RuntimeError, match="already awaited"):
        made.send(None)


def test_steps_that_never_began_are_closed(recwarn: pytest.WarningsRecorder) -> None:
    hook = LiveRampHook("no_such_connection")
    with pytest.raises(Exception, match="no_such_connection"):
        hook.run(look_once())
    with pytest.raises(Exception, match="no_such_connection"):
        hook.run_apart(look_once(), timeout=1.0)
    with pytest.raises(Exception, match="no_such_connection"):
        asyncio.run(hook.arun(look_once()))
    gc.collect()
    assert [str(one.message) for one in recwarn if "never awaited" in str(one.message)] == []
