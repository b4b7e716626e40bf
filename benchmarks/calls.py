"""One call of a hook beside the same call of a bare client; a thousand calls from one task beside the fastest
bare client."""

from __future__ import annotations

import statistics
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.children import Child
from benchmarks.report import Budget, Figure, Table, show
from benchmarks.services import running_services

CALLS = 1_000
CONCURRENCY = 50
REMOTE = 0.05
"""Seconds in which a service that is not on this machine may answer."""
MEASURE_SECONDS = 300.0

ONE_CALL = Budget(1.15, of="ratio")
MANY_CALLS = Budget(0.8, "least", of="ratio")


def bench(home: Path, calls: int = CALLS, *, concurrency: int = CONCURRENCY, runs: int = 3) -> list[Table]:
    """Measure calls, one after the other and many at once.

    :param home: where logs go, an existing folder.
    :param calls: how many make a measurement.
    :param concurrency: how many are under way at once.
    :param runs: how often each is measured.
    """
    with running_services(home) as services:
        (job_id,) = services.running_jobs(1)
        with Child("calling", home / "calling.log", services.environment(home)) as child:
            endpoint = f"/v1/jobs/SEGMENT_EXPORT/{job_id}"
            connection = services.connections["acoustic_exchange_default"]
            address = f"{connection['host']}{endpoint}"
            headers = {"Authorization": f"Bearer {connection['password']}"}
            child.tell({"id": job_id, "endpoint": endpoint, "address": address, "headers": headers})
            show("calls: one after the other ...")
            one = child.ask({"calls": max(1, calls // 20), "runs": 7 * runs}, MEASURE_SECONDS)
            many = {"calls": calls, "concurrency": concurrency, "runs": runs}
            show("calls: many at once ...")
            near = child.ask(many, MEASURE_SECONDS)
            services.misbehave("delay", seconds=REMOTE)
            remote = child.ask(many, MEASURE_SECONDS)
    return [_one(one), _many(near, remote, calls, concurrency)]


def _one(measured: dict[str, Any]) -> Table:
    table = Table(
        "One call, on a client that is kept",
        f"bare httpx.Client {version('httpx')}, then HttpHook.run of apache-airflow-providers-http "
        f"{version('apache-airflow-providers-http')}",
        notes=["The medians of many short runs that take turns."],
    )
    for peer, name in (("httpx", "httpx.Client"), ("http provider", "HttpHook.run")):
        for place, unit in enumerate(("ms", "ms CPU")):
            ours, its = (
                statistics.median(run[place] for run in measured[way]) * 1000 for way in ("ours", peer)
            )
            budget = ONE_CALL if peer == "httpx" and unit == "ms" else None
            table.figures.append(Figure(f"one call beside {name} ({unit})", ours, its, budget))
    return table


def _many(near: dict[str, Any], remote: dict[str, Any], calls: int, concurrency: int) -> Table:
    table = Table(
        f"{calls:,} calls from one task, {concurrency} at once",
        f"bare aiohttp {version('aiohttp')} and bare httpx.AsyncClient {version('httpx')}",
    )
    for place, measured in ((f"answers take {REMOTE * 1000:.0f} ms", remote), ("answers at once", near)):
        # whatever disturbs can only slow down
        rates = {way: 1 / min(run[0] for run in runs) for way, runs in measured.items()}
        cpu = {way: min(run[1] for run in runs) * 1000 for way, runs in measured.items()}
        fastest = max((way for way in rates if way != "ours"), key=lambda way: rates[way])
        budget = MANY_CALLS if measured is remote else None
        add = table.figures.append
        add(Figure(f"{place}: calls/s beside the fastest, {fastest}", rates["ours"], rates[fastest], budget))
        add(Figure(f"{place}: calls/s beside httpx", rates["ours"], rates["httpx"]))
        add(Figure(f"{place}: ms CPU a call beside aiohttp", cpu["ours"], cpu["aiohttp"]))
        add(Figure(f"{place}: ms CPU a call beside httpx", cpu["ours"], cpu["httpx"]))
    return table
