"""Holds ``prepare_audience`` against the referee."""

from __future__ import annotations

from typing import Any

from audience_referee import Row, Verdict, judge
from audience_running import run
from audience_tables import Case


def verdict(case: Case) -> Verdict:
    """What the referee says of a case."""

    def where(row: Row) -> bool:
        return case.where is None or row["country"] == "SE"

    return judge(
        case.rows,
        case.schema,
        case.profile,
        suppress=case.suppress,
        where=where,
        order_by=case.order_by,
        registration=case.registration or {},
    )


def check(case: Case) -> None:
    """Prepare the audience of a case; its file, its rejects and its manifest's counts are the referee's."""
    said = verdict(case)
    options: dict[str, Any] = {"registration": case.registration} if case.registration else {}
    prepared = run(
        case.rows,
        case.schema,
        case.profile,
        suppress=case.suppress,
        where=case.where,
        order_by=case.order_by,
        **options,
    )
    manifest = prepared.manifest
    assert prepared.text.decode() == said.csv.decode()
    assert manifest["rows"] == said.rows
    assert manifest["rejects"]["counts"] == said.rejects
    assert sorted(prepared.rejects) == sorted(said.reject_lines)
    assert list(manifest["columns"]) == said.columns
    assert list(manifest["suppression"]) == said.suppression
