"""Run one of the example DAGs once, in this process: ``python -m scripts.run_dag DAG``."""

from __future__ import annotations

import importlib
import sys

from airflow.sdk import DAG

from scripts.local import EXAMPLE_DAGS


def main(dag_id: str) -> int:
    """Run the DAG that the file of the same name makes in a function of the same name."""
    sys.path.insert(0, str(EXAMPLE_DAGS))
    dag = getattr(importlib.import_module(dag_id), dag_id)()
    if not isinstance(dag, DAG):
        raise TypeError(f"{dag_id}() gave back a {type(dag).__name__}, not a DAG")
    for task in dag.tasks:
        # Who watches wants to see what went wrong, not to wait for a second try.
        task.retries = 0
    run = dag.test()
    return 0 if run is not None and run.state == "success" else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
