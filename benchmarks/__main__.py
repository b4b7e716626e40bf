"""``python -m benchmarks``: measure, print the tables, and fail where a budget does not hold."""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from benchmarks.report import Table, show
from scripts.local import Failure

PLACE = "<!-- figures: python -m benchmarks --markdown docs/performance.md -->"
"""What follows this line on a page is written anew."""
BENCHES = ("imports", "operators", "calls", "waits", "triggerer", "resources", "audience")


def machine() -> str:
    """Where it was measured, in a line."""
    return (
        f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores ({platform.machine()}), "
        f"Python {platform.python_version()}, Airflow {version('apache-airflow')}, "
        f"load {os.getloadavg()[0]:.1f} before the first bench"
    )


def write(page: Path, where: str, command: str, tables: list[Table]) -> None:
    """Write all tables as Markdown, into a page that has a place for them or a page of their own, and the
    pictures beside it."""
    before = ""
    if page.exists() and PLACE in (text := page.read_text()):
        before = f"{text.partition(PLACE)[0]}{PLACE}\n\n"
    figures = "\n\n".join([f"`{command}`, {where}.", *(table.markdown() for table in tables)])
    page.write_text(f"{before}{figures}\n")
    for table in tables:
        for name, picture in table.pictures.items():
            (page.parent / name).write_text(picture)


def run(benches: list[str], rows: Sequence[int]) -> list[Table]:
    """Run benches one after the other and print what each finds.

    :param rows: the sizes of the audiences, where they are not to be the usual ones.
    """
    tables: list[Table] = []
    for name in benches:
        with tempfile.TemporaryDirectory(prefix=f"benchmark-{name}-", ignore_cleanup_errors=True) as home:
            sizes = {"sizes": rows} if rows and name == "audience" else {}
            found: list[Table] = importlib.import_module(f"{__package__}.{name}").bench(Path(home), **sizes)
        for table in found:
            show(f"\n{table.text()}\n")
        tables += found
    return tables


def main() -> int:
    """Run what the command line names; 1 where a budget does not hold or a bench fails."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("benches", nargs="*", metavar="BENCH", help=f"{', '.join(BENCHES)}; all if left out")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="also write the tables into this page")
    parser.add_argument("--rows", type=int, nargs="+", default=[], help="sizes of the audiences, ascending")
    options = parser.parse_args()
    if unknown := set(options.benches) - set(BENCHES):
        parser.error(f"there is no bench {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")
    benches = options.benches or list(BENCHES)
    # so that all children are ended also then
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    where, begun = machine(), time.monotonic()
    try:
        tables = run(benches, options.rows)
    except (Failure, AssertionError) as failure:
        show(str(failure))
        return 1
    except KeyboardInterrupt:
        return 130
    if options.markdown is not None:
        command = " ".join(["python -m benchmarks", *options.benches])
        write(options.markdown, where, command, tables)
    broken = [f"{table.title}: {figure.what}" for table in tables for figure in table.broken]
    show(f"{where}; {time.monotonic() - begun:.0f} s.")
    show("\n".join(["Budgets that do not hold:", *broken]) if broken else "All budgets hold.")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
