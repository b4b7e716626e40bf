"""Run example DAGs in this process, one after the other: ``python -m scripts.run_dag DAG ...``."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from typing import Any

from airflow.sdk import DAG

from airflow_provider_activation.waits import pace
from scripts.local import EXAMPLE_DAGS

POLL_INTERVAL = 0.5
"""Seconds. The sandbox is done sooner than a service."""
FIRST_LOOK_AFTER = 1.0
"""Seconds. This process has no executor, which may fail a task that is resumed sooner than in ten."""


def hasten(dag: DAG, *, deferrable: bool | None) -> None:
    """Have a DAG's tasks fail at once and look often.

    :param deferrable: whether the waits are deferred or stay on the worker; None leaves it as the DAG says.
    """
    for task in dag.tasks:
        # Who watches wants to see what went wrong, not to wait for a second try.
        values = task.partial_kwargs if hasattr(task, "partial_kwargs") else vars(task)
        values["retries"] = 0
        if "deferrable" in values and deferrable is not None:
            values["deferrable"] = deferrable
        for name in ("poll_interval", "poke_interval"):
            if name in values:
                values[name] = POLL_INTERVAL


def main(dag_id: str, *, deferrable: bool = False, conf: dict[str, Any] | None = None) -> int:
    """Run the DAG that the file of the same name makes in a function of the same name.

    :param conf: values of the DAG's params.
    """
    sys.path.insert(0, str(EXAMPLE_DAGS))
    dag = getattr(importlib.import_module(dag_id), dag_id)()
    if not isinstance(dag, DAG):
        raise TypeError(f"{dag_id}() gave back a {type(dag).__name__}, not a DAG")
    hasten(dag, deferrable=deferrable)
    pace.FIRST_LOOK_AFTER = FIRST_LOOK_AFTER
    run = dag.test(run_conf=conf)
    return 0 if run is not None and run.state == "success" else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m scripts.run_dag", description=__doc__)
    parser.add_argument("dags", nargs="+", metavar="dag")
    parser.add_argument("--deferrable", action="store_true", help="let the waits be deferred")
    parser.add_argument("--conf", type=json.loads, help="values of the DAGs' params, as JSON")
    options = parser.parse_args()
    # each is run, whatever came of those before it
    sys.exit(max([main(dag, deferrable=options.deferrable, conf=options.conf) for dag in options.dags]))
