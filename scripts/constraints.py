"""Write ``constraints/airflow-X.Y.txt``: what a fresh environment gets today, as names and versions.

Run by ``make constraints``. Everything the package, its sandbox and the development tools need is resolved
together with the newest patch release of that Airflow, in a virtual environment made for it: first with the
oldest Python, then with each other one, which adds what only it needs.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PINNED = re.compile(r"[A-Za-z0-9._-]+==\S+")
# The project itself is installed from the work tree, and nothing that is installed needs setuptools.
LEFT_OUT = {"airflow-provider-activation", "setuptools"}
# What a release of Airflow allows, but does not work with: newer ones of svcs take the registry away from
# the in-process API of `dag.test()` while it is used, newer ones of FastAPI cannot read its unions.
BOUNDS = {"3.1": ["svcs<26.2"], "3.2": ["svcs<26.2", "fastapi<0.137"]}
# botocore takes no later one, and pip would try every older botocore first.
FOR_ALL = ["python-dateutil<3"]
GROUPS = ("dev", "bench", "docs", "browser", "fleet", "stores")


def resolve(airflow: str, python: str, pins: list[str]) -> list[str]:
    """Install everything into a fresh environment and return its pins together with those given, sorted.

    :param airflow: a minor release of Airflow, such as ``3.3``.
    :param python: the interpreter to make the environment with.
    :param pins: what is settled already.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settled = folder / "settled.txt"
        settled.write_text("\n".join(pins))
        subprocess.run([python, "-m", "venv", folder / "venv"], check=True)
        pip = [str(folder / "venv" / "bin" / "python"), "-m", "pip", "--quiet"]
        install = [*pip, "install", "--constraint", str(settled)]
        # older releases of pip do not know dependency groups
        subprocess.run([*install, "--upgrade", "pip"], check=True)
        framework = [f"apache-airflow~={airflow}.0", *BOUNDS.get(airflow, []), *FOR_ALL]
        groups = [part for name in GROUPS for part in ("--group", name)]
        ours = [*groups, "--editable", ".[sandbox,audience]"]
        subprocess.run([*install, *framework, *ours], check=True, cwd=ROOT)
        subprocess.run([*pip, "check"], check=True)
        freeze = subprocess.run(
            [*pip, "freeze", "--all", "--exclude-editable"], check=True, stdout=subprocess.PIPE, text=True
        )
    found = {line for line in freeze.stdout.splitlines() if PINNED.fullmatch(line)}
    return sorted((pin for pin in found.union(pins) if pin.partition("==")[0] not in LEFT_OUT), key=str.lower)


def main() -> int:
    """Resolve for each Airflow named on the command line."""
    parser = argparse.ArgumentParser(prog="python scripts/constraints.py", description=__doc__)
    parser.add_argument("airflow", nargs="+", metavar="X.Y", help="minor releases of Airflow")
    parser.add_argument("--python", action="append", help="an interpreter, may be repeated; the oldest first")
    options = parser.parse_args()
    for airflow in options.airflow:
        pins: list[str] = []
        for python in options.python or [sys.executable]:
            pins = resolve(airflow, python, pins)
        file = ROOT / "constraints" / f"airflow-{airflow}.txt"
        file.parent.mkdir(exist_ok=True)
        head = f"# Made by `make constraints`: what `make` installs for Airflow {airflow}.\n"
        file.write_text(head + "".join(f"{pin}\n" for pin in pins))
        print(f"{file.relative_to(ROOT)}: {len(pins)} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
