"""The same call of Acoustic Exchange made in several ways. A child of `benchmarks.calls`.

Hears which job to ask for, then what to measure; says how long it took.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp
import httpx
from airflow.providers.http.hooks.http import HttpHook

from airflow_provider_activation.api import acoustic_exchange as api
from airflow_provider_activation.hooks.acoustic_exchange import AcousticExchangeHook
from benchmarks.children import hear, keep_stdout_for_the_parent, say

WARM_UP = 20

Measured = dict[str, list[tuple[float, float]]]
"""By the way the call is made: of each run, seconds a call and seconds of CPU a call."""


def one_after_the_other(job: Mapping[str, Any], calls: int, runs: int) -> Measured:
    """One call at a time, each on a client that is kept."""
    job_id, address, headers = job["id"], job["address"], job["headers"]
    hook = AcousticExchangeHook()
    http_hook = HttpHook(method="GET", http_conn_id="http_default")
    with httpx.Client(headers=headers) as client:
        ways: dict[str, Callable[[], Any]] = {
            "ours": lambda: hook.get_job("SEGMENT_EXPORT", job_id),
            "httpx": lambda: client.get(address).raise_for_status().json(),
            "http provider": lambda: http_hook.run(job["endpoint"]).json(),
        }

        def seconds(call: Callable[[], Any], number: int) -> tuple[float, float]:
            begun, cpu = time.perf_counter(), time.process_time()
            for _ in range(number):
                call()
            return (time.perf_counter() - begun) / number, (time.process_time() - cpu) / number

        for call in ways.values():
            seconds(call, WARM_UP)
        # in turns, so that whatever disturbs the machine disturbs all of them
        turns = [{way: seconds(call, calls) for way, call in ways.items()} for _ in range(runs)]
    return {way: [turn[way] for turn in turns] for way in ways}


async def many_at_once(job: Mapping[str, Any], calls: int, concurrency: int, runs: int) -> Measured:
    """Many calls, so many of them under way at once."""
    address, headers = job["address"], job["headers"]
    hook = AcousticExchangeHook()
    async with (
        httpx.AsyncClient(headers=headers) as client,
        aiohttp.ClientSession(headers=headers) as session,
    ):

        async def ours() -> None:
            await hook.asend(api.get_job("SEGMENT_EXPORT", job["id"]))

        async def bare_httpx() -> None:
            (await client.get(address)).raise_for_status().json()

        async def bare_aiohttp() -> None:
            async with session.get(address) as answer:
                answer.raise_for_status()
                await answer.json()

        ways = {"ours": ours, "httpx": bare_httpx, "aiohttp": bare_aiohttp}

        async def seconds(call: Callable[[], Awaitable[None]], number: int) -> tuple[float, float]:
            left = iter(range(number))

            async def some() -> None:
                for _ in left:
                    await call()

            begun, cpu = time.perf_counter(), time.process_time()
            async with asyncio.TaskGroup() as group:
                for _ in range(concurrency):
                    group.create_task(some())
            return (time.perf_counter() - begun) / number, (time.process_time() - cpu) / number

        for call in ways.values():
            await seconds(call, 2 * concurrency)
        turns = [{way: await seconds(call, calls) for way, call in ways.items()} for _ in range(runs)]
        await (await hook.aget_conn()).aclose()
    return {way: [turn[way] for turn in turns] for way in ways}


def main() -> None:
    """Measure what the parent asks for."""
    keep_stdout_for_the_parent()
    job = hear()
    while (wanted := hear()) is not None:
        if "concurrency" in wanted:
            say(asyncio.run(many_at_once(job, **wanted)))
        else:
            say(one_after_the_other(job, **wanted))


if __name__ == "__main__":
    main()
