"""The command ``python -m airflow_provider_activation``: shows a ledger, and closes an intent by hand."""

from __future__ import annotations

import argparse
import getpass
import io
import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import redirect_stdout

from airflow_provider_activation.audience.ledger import Ledger, ledgers_in
from airflow_provider_activation.audience.receipt import Record
from airflow_provider_activation.errors import ActivationError, InvalidArgument
from airflow_provider_activation.redaction import printable
from airflow_provider_activation.storage import place_of

_COLUMNS = ("number", "kind", "at", "run after", "rows", "service", "ids", "task", "told")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m airflow_provider_activation", description="Tools for a person beside Airflow."
    )
    tools = parser.add_subparsers(dest="tool", required=True)
    ledger = tools.add_parser("ledger", help="show what was sent, or close an intent by hand")
    ledger.add_argument(
        "path", help="of a ledger, or of one pair's folder in it: /data/ledger, s3://conn_id@bucket/ledger"
    )
    ledger.add_argument("--json", action="store_true", help="print each record as a line of JSON")
    ledger.add_argument("--audience", help="this audience alone")
    ledger.add_argument("--destination", help="this destination alone")
    ledger.add_argument("--close", type=int, metavar="NUMBER", help="close the open intent of this number")
    ledger.add_argument("--why", metavar="TEXT", help="why it is closed: what you found at the service")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the status to exit with."""
    options = _parser().parse_args(arguments)
    # connections that are kept in Airflow's database are read too, where there is one
    os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")
    out = sys.stdout

    def tell(line: str) -> None:
        out.write(_shown(line))

    try:
        # Airflow's log goes to the output
        with redirect_stdout(io.StringIO()):
            return _show(options, tell) if options.close is None else _close(options, tell)
    except ActivationError as error:
        _complain(f"{error.message} {error.advice}")
    except BrokenPipeError:
        # whoever reads has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, KeyboardInterrupt) as error:
        _complain(getattr(error, "strerror", None) or type(error).__name__)
    return 1


def _close(options: argparse.Namespace, tell: Callable[[str], None]) -> int:
    missing = [
        name for name in ("audience", "destination", "why") if not (getattr(options, name) or "").strip()
    ]
    if missing:
        raise InvalidArgument(f"--close needs {', '.join(f'--{name}' for name in missing)} too.", advice="")
    ledger = Ledger(place_of(options.path, "path"), options.audience, options.destination)
    record = ledger.close_by_hand(options.close, options.why, getpass.getuser())
    tell(f"{ledger}: the intent {options.close} is closed by the record {record.number}.")
    return 0


def _show(options: argparse.Namespace, tell: Callable[[str], None]) -> int:
    given = {"audience": options.audience, "destination": options.destination}
    found = [
        ledger
        for ledger in ledgers_in(place_of(options.path, "path"))
        if all(name in (None, getattr(ledger, which)) for which, name in given.items())
    ]
    if not found:
        raise InvalidArgument(
            f"{options.path}: no such ledger is there.", advice="Check the path and the names."
        )
    status = 0
    for ledger in found:
        try:
            records = list(ledger.records())[::-1]
        except ActivationError as error:
            # the others are shown
            _complain(f"{error.message} {error.advice}")
            status = 1
            continue
        if options.json:
            lines = [json.dumps(record.as_json()) for record in records]
        else:
            table = _table([_COLUMNS, *(_cells(record, record is records[-1]) for record in records)])
            lines = [f"{ledger}:", *table]
        for line in lines:
            tell(line)
    return status


def _cells(record: Record, is_newest: bool) -> tuple[str, ...]:
    facts, run = record.facts, record.run
    mapped = f"[{run.map_index}]" if run.map_index >= 0 else ""
    told = [record.why] if record.why else [f"approved by {facts.approver}"] if facts.approver else []
    return (
        str(record.number),
        "intent, open" if record.kind == "intent" and is_newest else record.kind,
        f"{record.at:%Y-%m-%d %H:%M:%S}",
        f"{run.run_after:%Y-%m-%d %H:%M %Z}",
        f"{facts.rows['sent']:,}",
        record.service or "",
        " ".join(f"{name}={value}" for name, value in record.ids.items()),
        f"{run.dag_id} {run.task_id}{mapped} {run.run_id}",
        *(told or [""]),
    )


def _table(rows: Iterable[Sequence[str]]) -> list[str]:
    cells = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]


def _complain(text: str) -> None:
    sys.stderr.write(_shown(" ".join(printable(text).split())))


def _shown(line: str) -> str:
    return line.encode(errors="backslashreplace").decode() + "\n"


if __name__ == "__main__":
    sys.exit(main())
