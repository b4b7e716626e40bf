"""What a process still holds after long work of triggerers and workers: descriptors, threads, memory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.children import Child
from benchmarks.report import Budget, Figure, Table, show
from benchmarks.services import running_services

TIMES: Mapping[str, int] = {"hooks": 1_000, "triggers": 1_000, "loops": 200, "polls": 100_000}
TITLES: Mapping[str, str] = {
    "hooks": "hooks with a call each",
    "triggers": "triggers, started and cancelled",
    "loops": "event loops with a call each",
    "polls": "polls",
}
SECONDS = 900.0
MORE = Budget(3)
"""Descriptors or threads more than before."""
MORE_MEMORY = Budget(4.0)
"""MB more than before: an interpreter keeps some of what it once had."""


def bench(home: Path, times: Mapping[str, int] = TIMES) -> list[Table]:
    """Measure what remains.

    :param home: where logs go, an existing folder.
    :param times: how often each is done.
    """
    table = Table(
        "What remains", "nobody", notes=["Counted after a tenth as many, which load what is needed."]
    )
    with running_services(home) as services:
        (job_id,) = services.running_jobs(1)
        for what, number in times.items():
            show(f"resources: {number:,} {TITLES[what]} ...")
            with Child("lasting", home / f"{what}.log", services.environment(home)) as child:
                child.tell(job_id)
                held = child.ask({"what": what, "number": number}, SECONDS)
            table.figures.extend(_figures(f"{number:,} {TITLES[what]}", held))
    return [table]


def _figures(what: str, held: Mapping[str, Any]) -> list[Figure]:
    more = {name: held["after"][name] - before for name, before in held["before"].items()}
    return [
        Figure(f"{what}: descriptors more", max(0, more["descriptors"]), budget=MORE),
        Figure(f"{what}: threads more", max(0, more["threads"]), budget=MORE),
        Figure(f"{what}: MB more", max(0.0, more["memory"] / 1e6), budget=MORE_MEMORY),
    ]
