"""Ledgers in small: facts of runs, manifests that were checked, and what stands in a folder of records."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow_provider_activation.audience.ledger import Ledger
from airflow_provider_activation.audience.receipt import Facts, Run
from airflow_provider_activation.storage import Place, place_of

FIRST_DAY = datetime(2026, 5, 1, 4, 30, tzinfo=UTC)
ROWS = {"read": 1_000, "left_out": 0, "rejected": 2, "suppressed": 5, "duplicates": 3}


def run_of(day: int = 1, **changed: Any) -> Run:
    """The run of a day of May 2026."""
    after = FIRST_DAY + timedelta(days=day - 1)
    given: dict[str, Any] = {"dag_id": "daily", "task_id": "send", "run_id": f"run_{day}", "run_after": after}
    return Run(**(given | changed))


def facts_of(day: int = 1, key: str | None = None, sent: int = 990, **changed: Any) -> Facts:
    """What the task of a day knows."""
    return Facts(
        key=key or f"key{day:09d}",
        run=run_of(day, **changed),
        rows=ROWS | {"read": sent + 10, "sent": sent},
        sha256="ab" * 32,
        size=64_000,
        profile="google",
        suppression=[{"name": "opted out", "rows": 12}],
    )


def ledger_in(folder: Path | Place, audience: str = "lapsed", destination: str = "acoustic") -> Ledger:
    """The ledger of a pair."""
    return Ledger(place_of(folder, "ledger") if isinstance(folder, Path) else folder, audience, destination)


def send(ledger: Ledger, day: int, sent: int = 990) -> None:
    """Write what a run of a day leaves that ended well."""
    ledger.intend(facts_of(day, sent=sent))
    ledger.receipt(facts_of(day, sent=sent), "Acoustic Exchange", {"job": str(day)})


def kinds(ledger: Ledger) -> list[str]:
    """The kinds of all records, the oldest first."""
    return [str(record.kind) for record in ledger.records()][::-1]


def files_of(ledger: Ledger) -> list[Path]:
    """The records of a ledger on the worker."""
    assert ledger.folder.path
    return sorted(ledger.folder.path.glob("*.json"))


def change(file: Path, **changed: Any) -> None:
    """Change fields of a record."""
    file.write_text(json.dumps(json.loads(file.read_text()) | changed))


def checked_manifest(ledger: str | Path, /, sent: int = 990, **changed: Any) -> dict[str, Any]:
    """The output of a ``CheckAudienceOperator``.

    :param changed: of its ``check``.
    """
    check: Mapping[str, Any] = {
        "audience": "lapsed",
        "destination": "acoustic",
        "ledger": str(ledger),
        "warehouse": None,
        "guard": {},
        "compared_with": None,
        "approver": None,
    }
    return {
        "version": 1,
        "path": "/data/audience.csv",
        "host": "worker",
        "size": 64_000,
        "sha256": "ab" * 32,
        "profile": "google",
        "columns": ["email"],
        "format": {"delimiter": ","},
        "rows": ROWS | {"read": sent + 10, "written": sent},
        "rejects": {"path": None, "counts": {}},
        "suppression": [{"name": "opted out", "rows": 12, "unreadable": 0, "suppressed": 5}],
        "run": {"dag_id": "daily", "run_id": "run_1"},
        "check": {**check, **changed},
    }
