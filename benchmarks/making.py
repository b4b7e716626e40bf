"""As many operators in a DAG as a large DAG file makes, ours and others' in turns. A child of
`benchmarks.operators`.

Hears how many and how often; says how many seconds of CPU it took.
"""

from __future__ import annotations

import gc
import time
from itertools import cycle, islice
from typing import Any

from airflow.providers.http.operators.http import HttpOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, BaseOperator

from benchmarks.children import hear, keep_stdout_for_the_parent, say
from benchmarks.public import example_arguments, operators_of

OURS = "airflow_provider_activation"
SLICE = 100

Made = list[tuple[type[BaseOperator], dict[str, Any]]]
"""Operators with their arguments, but for the task's id."""


def seconds(made: Made, dag: DAG) -> float:
    """Seconds of CPU that it takes to add these to a DAG."""
    with dag:
        begun, first = time.process_time(), len(dag.task_dict)
        for place, (kind, arguments) in enumerate(made, first):
            kind(task_id=f"task_{place}", **arguments)
        return time.process_time() - begun


def one_turn(ways: dict[str, Made], number: int) -> dict[str, float]:
    """Seconds of CPU for so many operators in a DAG, of a way's kinds in turn.

    All DAGs grow in slices that take turns, so that whatever disturbs the machine disturbs all of them.
    """
    gc.collect()  # what the turn before has left behind
    taken = dict.fromkeys(ways, 0.0)
    dags = {way: DAG(way) for way in ways}
    left = {way: islice(cycle(made), number) for way, made in ways.items()}
    for _ in range(0, number, SLICE):
        for way in ways:
            taken[way] += seconds(list(islice(left[way], SLICE)), dags[way])
    return taken


def main() -> None:
    """Measure what the parent asks for, and say first what the first of each kind takes."""
    keep_stdout_for_the_parent()
    ways: dict[str, Made] = {
        "http": [(HttpOperator, {"endpoint": "v1/jobs", "method": "GET"})],
        "empty": [(EmptyOperator, {})],
        "ours": [(kind, example_arguments(kind)) for kind in operators_of(OURS)],
    }
    first = {way: seconds(made, DAG(way)) for way, made in ways.items()}
    say({"kinds": len(ways["ours"]), "first": first})
    while (wanted := hear()) is not None:
        say([one_turn(ways, wanted["number"]) for _ in range(wanted["turns"])])


if __name__ == "__main__":
    main()
