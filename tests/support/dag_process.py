"""Runs DAGs one after another, as it is told on standard input.

To start Airflow takes ten times as long as a short DAG. Each line names a DAG and a file for all that is
printed meanwhile, and is answered by a line.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OWN_DAGS = Path(__file__).with_name("dags")


@contextmanager
def _printed_to(path: str) -> Iterator[None]:
    """Lead what this process prints into a file; errors too, which do not end the process."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(file, stream)
    os.close(file)
    try:
        yield
    except (Exception, SystemExit):
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()


def _begin() -> None:
    importlib.import_module("scripts.run_dag")
    # the logs of the HTTP libraries, which Airflow silences and its users may not
    for name in ("httpx", "httpcore", "airflow_provider_activation"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.DEBUG)
        logger.addHandler(logging.StreamHandler(sys.stdout))


def _run(dag_id: str, deferrable: bool) -> None:
    if (OWN_DAGS / f"{dag_id}.py").exists():
        importlib.import_module(dag_id).made.test()
    else:
        sys.modules["scripts.run_dag"].main(dag_id, deferrable=deferrable)


def main() -> None:
    """Serve until standard input ends."""
    answers = os.fdopen(os.dup(1), "w")
    home = Path(os.environ["AIRFLOW_HOME"])
    sys.path.insert(0, str(OWN_DAGS))
    with _printed_to(str(home / "begin.log")):
        _begin()
    for line in sys.stdin:
        dag_id, path, deferrable = json.loads(line)
        with _printed_to(path):
            _run(dag_id, deferrable)
        print(dag_id, file=answers, flush=True)


if __name__ == "__main__":
    main()
