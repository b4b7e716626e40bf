"""Importing all that a DAG file names on top of what `airflow.sdk` has loaded: what parsing a DAG costs."""

from __future__ import annotations

import compileall
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.public import modules_of
from benchmarks.report import Budget, Figure, Table, show
from scripts.local import ROOT

RUNS = 7
OURS = "airflow_provider_activation"
SCHEMAS = f"{OURS}.audience"
"""What DAG files make schemas of audiences with, beside the operators."""
PEERS = {
    "http": "airflow.providers.http",
    "airbyte": "airflow.providers.airbyte",
    "dbt-cloud": "airflow.providers.dbt.cloud",
    "fivetran": "fivetran_provider_async",
}
IMPORTS = Budget(10.0)

LIST = """
import json, sys
from benchmarks.public import names_in
print(json.dumps({module: names_in(module) for module in sys.argv[1:]}))
"""
MEASURE = """
import importlib, json, sys, time
from airflow.sdk import DAG, BaseHook, BaseOperator, BaseSensorOperator, dag, task
wanted = json.loads(sys.argv[1])
begun = time.perf_counter()
for module, names in wanted.items():
    imported = importlib.import_module(module)
    for name in names:
        getattr(imported, name)
print((time.perf_counter() - begun) * 1000)
"""

Names = dict[str, list[str]]
"""By module: what of it is touched."""


def bench(home: Path, runs: int = RUNS) -> list[Table]:
    """Measure in fresh interpreters, whose byte code is there.

    :param home: Airflow's home, an existing folder.
    :param runs: how often; the fastest counts, as whatever disturbs can only slow down.
    """
    show("imports ...")
    compileall.compile_dir(ROOT / OURS, quiet=1)
    packages = {"ours": OURS} | {peer: package for peer, package in PEERS.items() if _is_installed(package)}
    wanted = {name: _public(home, package) for name, package in packages.items()}
    took: dict[str, list[float]] = {name: [] for name in wanted}
    for run in range(1 + runs):
        for name, its in wanted.items():
            milliseconds = float(_run(home, MEASURE, json.dumps(its)))
            if run:  # the first one may have had to read from a cold disk
                took[name].append(milliseconds)
    ours = min(took.pop("ours"))
    classes = len({name for names in wanted["ours"].values() for name in names})
    table = Table(
        f"Importing all operators, sensors and names of `audience` ({classes} names in "
        f"{len(wanted['ours'])} modules)",
        "the operators and sensors of other providers, those that are installed",
        notes=[
            f"The fastest of {runs} fresh interpreters; byte code present, `airflow.sdk` loaded before, each "
            "public name touched."
        ],
    )
    for peer, times in took.items():
        table.figures.append(Figure(f"import beside {peer} (ms)", ours, min(times), IMPORTS))
    return [table]


def _public(home: Path, package: str) -> Names:
    schemas = [SCHEMAS] if package == OURS else []
    names: Names = json.loads(_run(home, LIST, *modules_of(package), *schemas))
    return names


def _is_installed(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except ModuleNotFoundError:
        return False


def _run(home: Path, code: str, *arguments: str) -> str:
    """The last line that a fresh interpreter prints."""
    environment = {**os.environ, "AIRFLOW_HOME": str(home)}
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.splitlines()[-1]
