"""Making the operators of a large DAG file: what it costs beside as many of the HTTP provider's."""

from __future__ import annotations

import os
import statistics
from importlib.metadata import version
from pathlib import Path

from benchmarks.children import Child
from benchmarks.report import Budget, Figure, Table, show

NUMBER = 1_000
CHILDREN = 3
TURNS = 7
START_SECONDS = 120.0
MEASURE_SECONDS = 300.0

MAKING = Budget(1.3, of="ratio")

Turn = dict[str, float]
"""By what was made: seconds."""


def bench(home: Path, number: int = NUMBER, *, children: int = CHILDREN, turns: int = TURNS) -> list[Table]:
    """Measure in fresh interpreters, ours beside the peers'.

    :param home: Airflow's home, an existing folder.
    :param number: how many operators a DAG gets.
    :param children: how many interpreters, one after the other.
    :param turns: how often in each.
    """
    show("operators ...")
    environment = {**os.environ, "AIRFLOW_HOME": str(home)}
    firsts: list[Turn] = []
    taken: list[Turn] = []
    for _ in range(children):
        with Child("making", home / "making.log", environment) as child:
            said = child.hear(START_SECONDS)
            firsts.append(said["first"])
            taken += child.ask({"number": number, "turns": turns}, MEASURE_SECONDS)
    peer = f"HttpOperator of apache-airflow-providers-http {version('apache-airflow-providers-http')}"
    table = Table(
        f"Making {number:,} operators in a DAG, {said['kinds']} kinds in turn",
        f"as many {peer}; as many EmptyOperator",
        notes=[
            f"The turn with the median ratio, of {len(taken)} in {children} interpreters. The arguments are "
            "those of the examples in the docstrings.",
            "The first of each kind, made once: whatever is imported only then.",
        ],
    )
    for way, name, budget in (("http", "HttpOperator", MAKING), ("empty", "EmptyOperator", None)):
        ours, its = _middle(taken, way)
        table.figures.append(Figure(f"{number:,} operators beside {name} (ms CPU)", ours, its, budget))
    ours, its = (statistics.median(first[way] for first in firsts) * 1000 for way in ("ours", "http"))
    table.figures.append(Figure("the first of each kind (ms CPU)", ours, its))
    return [table]


def _middle(taken: list[Turn], way: str) -> tuple[float, float]:
    """Ours and the peer's milliseconds in the turn with the median ratio of the two."""
    by_ratio = sorted(taken, key=lambda turn: turn["ours"] / turn[way])
    turn = by_ratio[len(by_ratio) // 2]
    return turn["ours"] * 1000, turn[way] * 1000
