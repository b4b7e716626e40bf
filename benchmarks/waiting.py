"""Waits in one event loop, as a triggerer runs them. A child of `benchmarks.waits`.

Hears what to wait for, and says what it has cost to begin. After that, whatever it hears asks what the waits
have cost so far; once all are over it says when they were.
"""

from __future__ import annotations

import asyncio
import gc
import json
import resource
import sys
import time
import tracemalloc
from collections.abc import Iterator
from typing import Any

import psutil
from airflow.sdk.log import configure_logging
from airflow.triggers.base import BaseTrigger

from benchmarks.children import hear, keep_stdout_for_the_parent, say

WARM_UP = 1.0
"""Seconds in which one wait loads whatever is loaded at the first use."""
DEADLINE = 3600.0
BEAT = 0.02


def wanted(spec: dict[str, Any]) -> Iterator[BaseTrigger]:
    """The triggers, each as it comes out of Airflow's database."""
    for trigger in _made(spec):
        _, arguments = trigger.serialize()
        yield type(trigger)(**json.loads(json.dumps(arguments)))


def _made(spec: dict[str, Any]) -> Iterator[BaseTrigger]:
    if spec["kind"] == "http sensors":
        from airflow.providers.http.triggers.http import HttpSensorTrigger

        for job_id in spec["ids"]:
            yield HttpSensorTrigger(
                endpoint=f"/v1/jobs/SEGMENT_EXPORT/{job_id}",
                http_conn_id="http_default",
                poke_interval=spec["poll_interval"],
            )
        return
    from airflow_provider_activation.triggers.wait import WaitTrigger
    from airflow_provider_activation.waits import pace
    from airflow_provider_activation.waits.acoustic_exchange import JobProbe
    from airflow_provider_activation.waits.liveramp import DeliveryProbe
    from airflow_provider_activation.waits.probe import Probe

    pace.FIRST_LOOK_AFTER = 0.0  # no task is resumed here
    for thing_id in spec["ids"]:
        probe: Probe
        if spec["kind"] == "jobs":
            probe, conn_id = JobProbe("SEGMENT_EXPORT", thing_id), "acoustic_exchange_default"
        else:
            probe, conn_id = DeliveryProbe(spec["integration_connection"], (thing_id,)), "liveramp_default"
        yield WaitTrigger.of(
            probe, conn_id=conn_id, poll_interval=spec["poll_interval"], deadline=time.time() + DEADLINE
        )


async def first_event(trigger: BaseTrigger) -> Any:
    """What a trigger has to say."""
    async for event in trigger.run():
        return event.payload


class Waits:
    """All waits, and what they have cost so far."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self._spec = spec
        self._ends: list[float] = []
        self._longest_hold = 0.0
        self._beats: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Wait until all are over, and answer the parent's questions meanwhile."""
        await self._warm_up()
        gc.collect()
        if self._spec["trace"]:
            tracemalloc.start()
        self._memory = psutil.Process().memory_info().rss
        self._cpu = time.process_time()
        questions = asyncio.create_task(self._answer())
        waits = [asyncio.create_task(self._wait(trigger)) for trigger in wanted(self._spec)]
        say(self._cost())
        payloads = await asyncio.gather(*waits)
        say({**self._cost(), "ends": self._ends, "right": sum(map(self._is_right, payloads))})
        await questions

    async def _warm_up(self) -> None:
        first = asyncio.create_task(first_event(next(wanted(self._spec))))
        await asyncio.sleep(WARM_UP)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)

    async def _wait(self, trigger: BaseTrigger) -> Any:
        payload = await first_event(trigger)
        self._ends.append(time.time())
        return payload

    def _is_right(self, payload: Any) -> bool:
        return payload is True if self._spec["kind"] == "http sensors" else "result" in payload

    async def _answer(self) -> None:
        while (question := await asyncio.to_thread(hear)) is not None:
            if question == "watch the loop":
                self._beats = asyncio.create_task(self._watch_the_loop())
            say(self._cost())

    async def _watch_the_loop(self) -> None:
        """How much is computed at most until the event loop gets its turn: counted in CPU, so that
        whoever else is busy on this machine does not count."""
        while True:
            before = time.process_time()
            await asyncio.sleep(BEAT)
            self._longest_hold = max(self._longest_hold, time.process_time() - before)

    def _cost(self) -> dict[str, Any]:
        held, most = tracemalloc.get_traced_memory() if tracemalloc.is_tracing() else (0, 0)
        return {
            "cpu": time.process_time() - self._cpu,
            "rss": psutil.Process().memory_info().rss - self._memory,
            "held": held,
            "most": most,
            "longest_hold": self._longest_hold,
            "ended": len(self._ends),
        }


def main() -> None:
    """Wait for what the parent names."""
    keep_stdout_for_the_parent()
    # as in Airflow's triggerer: what a trigger logs has its price
    configure_logging(json_output=True, output=sys.stderr.buffer, sending_to_supervisor=True)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    asyncio.run(Waits(hear()).run())


if __name__ == "__main__":
    main()
