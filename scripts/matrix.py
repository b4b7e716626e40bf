"""Run ``make test`` with each release of Airflow on each Python: ``make test-matrix``.

Each combination has an environment of its own in ``.venv-matrix``, with a log beside it. A Python that is not
on this machine is named in the table; alone it is no failure, unless ``--all`` is given.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".venv-matrix"
PYTHONS = ("3.11", "3.12", "3.13")
AIRFLOWS = ("3.1", "3.2", "3.3")
TAIL = 30
"""Lines of a failed combination's log that are shown at once."""

COLUMNS = ("Python", "Airflow", "outcome", "passed", "failed", "errors", "skipped", "minutes")
COUNT = re.compile(r"(\d+) (passed|failed|skipped|errors?)\b")
# pytest's closing line, with or without its frame
CLOSING = re.compile(r"^=* ?(\d+ (?:passed|failed|skipped|errors?)\b.*) in \d[\d.]*s")


@dataclass
class Combination:
    """One Python with one Airflow, and what came of it.

    :param python: as in ``3.12``.
    :param interpreter: the program, or none if there is none here.
    :param outcome: ``passed``, ``FAILED``, ``interrupted``, ``absent`` or ``not run``.
    """

    python: str
    airflow: str
    interpreter: str | None
    outcome: str = "not run"
    counts: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def name(self) -> str:
        """What its environment and its log are called."""
        return f"python{self.python}-airflow{self.airflow}"

    def row(self) -> tuple[str, ...]:
        """Its line in the table."""
        counts = [str(self.counts.get(kind, "")) for kind in COLUMNS[3:7]]
        return (self.python, self.airflow, self.outcome, *counts, f"{self.seconds / 60:.1f}")


def _candidates(python: str) -> Iterator[str]:
    yield sys.executable
    for folder in os.get_exec_path():
        for name in (f"python{python}", "python3"):
            if found := shutil.which(name, path=folder):
                yield found
    # pyenv puts on the path only what a project has chosen
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    for program in sorted(pyenv.glob(f"versions/{python}.*/bin/python{python}"), reverse=True):
        yield str(program)


def interpreter(python: str) -> str | None:
    """A program that is this Python, or none.

    :param python: as in ``3.12``.
    """
    ask = "import sys, venv, sqlite3, ssl; print('%d.%d' % sys.version_info[:2])"
    for program in dict.fromkeys(_candidates(python)):
        try:
            answer = subprocess.run([program, "-I", "-c", ask], capture_output=True, text=True, timeout=60)
        except (OSError, subprocess.TimeoutExpired):
            continue
        if answer.returncode == 0 and answer.stdout.strip() == python:
            return program
    return None


def counts(log: str) -> dict[str, int]:
    """What pytest's last closing line says, by ``passed``, ``failed``, ``errors`` and ``skipped``."""
    for line in reversed(log.splitlines()):
        if closing := CLOSING.match(line):
            found = COUNT.findall(closing[1])
            return {"errors" if kind == "error" else kind: int(number) for number, kind in found}
    return {}


class Interruption:
    """Remembers that this program is to end.

    A handler that raises could do so just after a process was started, which nobody would end then.
    """

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True


def run(combination: Combination, target: str, interruption: Interruption) -> None:
    """Run the tests of a combination, and note what came of it.

    :param target: the target of ``make``.
    :param interruption: ends the run as soon as it is asked for.
    """
    FOLDER.mkdir(exist_ok=True)
    file = FOLDER / f"{combination.name}.log"
    command = ["make", target, f"PYTHON={combination.interpreter}", f"AIRFLOW={combination.airflow}"]
    began = time.monotonic()
    with (
        file.open("w") as out,
        subprocess.Popen(
            [*command, f"VENV={(FOLDER / combination.name).relative_to(ROOT)}"],
            cwd=ROOT,
            # what this program was given is not for those it starts
            env={name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS")},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process,
    ):
        while process.poll() is None:
            if interruption.asked:
                # make alone would leave what it started
                os.killpg(process.pid, signal.SIGKILL)
                combination.outcome = "interrupted"
                return
            time.sleep(0.1)
    log = file.read_text(errors="replace")
    combination.seconds = time.monotonic() - began
    combination.counts = counts(log)
    # a run without a test has shown nothing
    passed = process.returncode == 0 and combination.counts.get("passed", 0) > 0
    combination.outcome = "passed" if passed else "FAILED"
    if not passed:
        print("\n".join(log.splitlines()[-TAIL:]))
        print(f"The whole of it: {file.relative_to(ROOT)}")


def table(combinations: list[Combination]) -> str:
    """All combinations with their outcomes."""
    rows = [COLUMNS, *(combination.row() for combination in combinations)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def main() -> int:
    """Run the combinations named on the command line, or all; the exit status tells whether one failed."""
    parser = argparse.ArgumentParser(prog="python scripts/matrix.py", description=__doc__)
    parser.add_argument("--python", action="append", metavar="X.Y", help="only this one, may be repeated")
    parser.add_argument(
        "--airflow", action="append", metavar="X.Y", help="only this Airflow; may be repeated"
    )
    parser.add_argument("--target", default="test", help="the target of make; test if left out")
    parser.add_argument("--all", action="store_true", help="fail also if a Python is absent")
    options = parser.parse_args()
    combinations = [
        Combination(python, airflow, program, "not run" if program else "absent")
        for python in options.python or PYTHONS
        for program in [interpreter(python)]
        for airflow in options.airflow or AIRFLOWS
    ]
    for python in dict.fromkeys(one.python for one in combinations if one.interpreter is None):
        print(f"Python {python} is not on this machine.")
    # whatever ends it, the table is printed
    interruption = Interruption()
    for one in combinations:
        if one.interpreter is not None and not interruption.asked:
            print(f"Python {one.python}, Airflow {one.airflow} ...", flush=True)
            run(one, options.target, interruption)
    if interruption.asked:
        print("Interrupted.")
    print(f"\n{table(combinations)}")
    wanted = {"passed"} if options.all else {"passed", "absent"}
    outcomes = {one.outcome for one in combinations}
    return 0 if outcomes <= wanted and "passed" in outcomes else 1


if __name__ == "__main__":
    sys.exit(main())
