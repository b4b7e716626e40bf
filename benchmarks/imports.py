"""Importing all operators and sensors on top of what `airflow.sdk` has loaded: what parsing a DAG costs."""

from __future__ import annotations

import compileall
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.report import Budget, Figure, Table, show
from scripts.local import ROOT

RUNS = 7
OURS = "airflow_provider_activation"
PEERS = {
    "http": "airflow.providers.http",
    "airbyte": "airflow.providers.airbyte",
    "dbt-cloud": "airflow.providers.dbt.cloud",
    "fivetran": "fivetran_provider_async",
}
IMPORTS = Budget(15.0)

MEASURE = """
import importlib, sys, time
from airflow.sdk import DAG, BaseHook, BaseOperator, BaseSensorOperator, dag, task
begun = time.perf_counter()
for name in sys.argv[1:]:
    importlib.import_module(name)
print((time.perf_counter() - begun) * 1000)
"""


def bench(home: Path, runs: int = RUNS) -> list[Table]:
    """Measure in fresh interpreters, whose byte code is there.

    :param home: Airflow's home, an existing folder.
    :param runs: how often; the fastest counts, as whatever disturbs can only slow down.
    """
    show("imports ...")
    compileall.compile_dir(ROOT / OURS, quiet=1)
    modules = {"ours": _modules(OURS)}
    modules |= {peer: _modules(package) for peer, package in PEERS.items() if _is_installed(package)}
    took: dict[str, list[float]] = {name: [] for name in modules}
    for run in range(1 + runs):
        for name, its in modules.items():
            milliseconds = _measure(home, its)
            if run:  # the first one may have had to read from a cold disk
                took[name].append(milliseconds)
    ours = min(took.pop("ours"))
    table = Table(
        f"Importing all operators and sensors ({len(modules['ours'])} modules)",
        "the operators and sensors of other providers, those that are installed",
        notes=[f"The fastest of {runs} fresh interpreters; byte code present, `airflow.sdk` loaded before."],
    )
    for peer, times in took.items():
        table.figures.append(Figure(f"import beside {peer} (ms)", ours, min(times), IMPORTS))
    return [table]


def _modules(package: str) -> list[str]:
    """The modules of a package's operators and sensors, found without importing them."""
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations is not None
    root = Path(spec.submodule_search_locations[0])
    files = sorted(file for part in ("operators", "sensors") for file in root.glob(f"{part}/*.py"))
    return [f"{package}.{file.parent.name}.{file.stem}" for file in files if file.stem != "__init__"]


def _is_installed(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except ModuleNotFoundError:
        return False


def _measure(home: Path, modules: list[str]) -> float:
    environment = {**os.environ, "AIRFLOW_HOME": str(home)}
    command = [sys.executable, "-c", MEASURE, *modules]
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return float(json.loads(done.stdout.splitlines()[-1]))
