"""What a process does for years, many times over. A child of `benchmarks.resources`.

Hears which job to ask for, then what to do how often; says what the process holds before and after it.
"""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import Callable

import psutil

from airflow_provider_activation.hooks.acoustic_exchange import AcousticExchangeHook
from airflow_provider_activation.triggers.wait import WaitTrigger
from airflow_provider_activation.waits.acoustic_exchange import JobProbe
from airflow_provider_activation.waits.probe import Patience
from benchmarks.children import hear, keep_stdout_for_the_parent, say

CONN_ID = "acoustic_exchange_default"
AT_ONCE = 50
DEADLINE = 3600.0


def hooks(job_id: int, number: int) -> None:
    """Hooks that make one call each."""
    for _ in range(number):
        AcousticExchangeHook(CONN_ID).get_job("SEGMENT_EXPORT", job_id)


def loops(job_id: int, number: int) -> None:
    """Event loops that one hook makes one call each on."""
    from airflow_provider_activation.api import acoustic_exchange as api

    hook = AcousticExchangeHook(CONN_ID)
    for _ in range(number):
        asyncio.run(hook.asend(api.get_job("SEGMENT_EXPORT", job_id)))


def triggers(job_id: int, number: int) -> None:
    """Triggers that are started and cancelled, so many at once."""

    async def wait_for(trigger: WaitTrigger) -> None:
        async for _ in trigger.run():
            pass

    async def run() -> None:
        for begun in range(0, number, AT_ONCE):
            waits = [
                asyncio.create_task(wait_for(_trigger(job_id))) for _ in range(min(AT_ONCE, number - begun))
            ]
            await asyncio.sleep(0.1)
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    asyncio.run(run())


def polls(job_id: int, number: int) -> None:
    """Polls of one wait's kind on one event loop, so many at once."""

    async def run() -> None:
        transport = await AcousticExchangeHook(CONN_ID).aget_conn()
        probe, left = JobProbe("SEGMENT_EXPORT", job_id), iter(range(number))

        async def some() -> None:
            patience = Patience(probe.subject)
            for _ in left:
                await transport.arun(patience.look(probe))

        async with transport, asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(some())

    asyncio.run(run())


def _trigger(job_id: int) -> WaitTrigger:
    probe = JobProbe("SEGMENT_EXPORT", job_id)
    return WaitTrigger.of(probe, conn_id=CONN_ID, poll_interval=1.0, deadline=time.time() + DEADLINE)


WAYS: dict[str, Callable[[int, int], None]] = {
    "hooks": hooks,
    "triggers": triggers,
    "loops": loops,
    "polls": polls,
}


def held() -> dict[str, int]:
    """What the process holds: descriptors, threads, and bytes of resident memory."""
    gc.collect()
    process = psutil.Process()
    return {
        "descriptors": process.num_fds(),
        "threads": threading.active_count(),
        "memory": process.memory_info().rss,
    }


def main() -> None:
    """Do what the parent asks for."""
    keep_stdout_for_the_parent()
    job_id = hear()
    while (wanted := hear()) is not None:
        do, number = WAYS[wanted["what"]], wanted["number"]
        do(job_id, max(1, number // 10))  # what is loaded at the first use is not counted
        before = held()
        do(job_id, number)
        say({"before": before, "after": held()})


if __name__ == "__main__":
    main()
