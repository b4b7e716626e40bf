"""Preparing an audience: beside one SQL text in bare DuckDB, and beside Python's own `csv` and `hashlib`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.chart import chart
from benchmarks.children import Child
from benchmarks.report import Budget, Figure, Table, show
from scripts.local import Failure

SIZES = (100_000, 1_000_000, 10_000_000)
TURNS = 3
NATIONAL = 30
"""Of a hundred phones, how many are written without their country in the second measurement."""
MOST_NATIONAL_ROWS = 1_000_000
SECONDS = 3600.0
WAYS = {"ours": "prepare_audience", "duckdb": "bare DuckDB", "python": "csv and hashlib"}
PICTURE = "performance-audience.svg"

SPEED = Budget(0.8, "least", of="ratio")
SPEED_BESIDE_PYTHON = Budget(5, "least", of="ratio")
MEMORY = Budget(1000)
"""MB of the whole process."""
NATIONAL_SPEED = Budget(25_000, "least")

Measured = dict[str, Any]
"""Of one way: seconds, bytes of memory, and the rows and the digest of what was written."""


def bench(home: Path, sizes: Sequence[int] = SIZES, *, turns: int = TURNS) -> list[Table]:
    """Measure each way in processes of its own, which take turns.

    :param home: where files and logs go, an existing folder; each row of the greatest size takes 500 bytes.
    :param sizes: how many customers, ascending.
    :param turns: how often each way but Python's is measured; the fastest counts.
    """
    found = {size: _one_size(home, size, turns) for size in sizes}
    table = Table(
        "Preparing an audience",
        f"one SQL text in bare DuckDB {version('duckdb')}, then csv and hashlib of Python",
        notes=[
            f"The fastest of {turns} processes that take turns; of Python's, the only one. The peers give "
            "neither row numbers nor rejects nor counts; Python's does not sort.",
            "Memory: the most that was resident of the whole process, ours with `airflow.sdk`.",
        ],
        pictures={PICTURE: _picture(found)},
    )
    for size, ways in found.items():
        for peer, speed in (("duckdb", SPEED), ("python", SPEED_BESIDE_PYTHON)):
            ours, its = ways["ours"], ways[peer]
            what, budget = f"{size:,} rows beside {WAYS[peer]}", speed if size == sizes[-1] else None
            rates = size / ours["seconds"], size / its["seconds"]
            memory = ours["memory"] / 1e6, its["memory"] / 1e6
            table.figures.append(Figure(f"{what}: s", ours["seconds"], its["seconds"]))
            table.figures.append(Figure(f"{what}: rows/s", *rates, budget))
            table.figures.append(Figure(f"{what}: memory (MB)", *memory, MEMORY))
    size = min(sizes[-1], MOST_NATIONAL_ROWS)
    ours = _one_size(home, size, 1, NATIONAL, ways=["ours"])["ours"]
    what = f"{size:,} rows, {NATIONAL} % of the phones without country: rows/s"
    table.figures.append(Figure(what, size / ours["seconds"], budget=NATIONAL_SPEED))
    return [table]


def _one_size(
    home: Path, size: int, turns: int, national: int = 0, ways: Sequence[str] = tuple(WAYS)
) -> dict[str, Measured]:
    """The fastest turn of each way, after all of them have come to the same audience."""
    ask = {"folder": str(home), "rows": size, "national": national}
    show(f"audience: {size:,} rows ...")
    _child(home, ask)
    taken: dict[str, list[Measured]] = {way: [] for way in ways}
    for turn in range(turns):
        for way in ways:
            if turn == 0 or way != "python":
                taken[way].append(_child(home, {"folder": str(home), "way": way}))
    # Python's is not sorted
    for same in ("rows", "sha256"):
        if len({run[same] for way in ways for run in taken[way] if (same, way) != ("sha256", "python")}) > 1:
            raise Failure(f"Of {size:,} rows the ways made different audiences: {taken}")
    return {way: min(runs, key=lambda run: run["seconds"]) for way, runs in taken.items()}


def _child(home: Path, ask: dict[str, Any]) -> Any:
    with Child("preparing", home / "preparing.log", {**os.environ, "AIRFLOW_HOME": str(home)}) as child:
        return child.ask(ask, SECONDS)


def _picture(found: dict[int, dict[str, Measured]]) -> str:
    """Time and memory against rows."""
    panels = {
        panel: {
            name: [(size, ways[way][measure] / unit) for size, ways in found.items()]
            for way, name in WAYS.items()
        }
        for panel, measure, unit in (("seconds", "seconds", 1), ("most memory (MB)", "memory", 1e6))
    }
    return chart("Preparing an audience: time and memory against rows", "rows", panels)
