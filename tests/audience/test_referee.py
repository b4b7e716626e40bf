"""The file and the manifest are what a referee in plain Python says: a few generated tables a profile."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas
import polars
import pyarrow
import pytest
from audience_comparing import check
from audience_referee import Row
from audience_running import run
from audience_tables import CHOICES, Case, big_table, cases, registration_of, widest
from hypothesis import HealthCheck, given, settings
from pyarrow import parquet

EXAMPLES = 2
"""For each profile; ``test_referee_whole.py`` tries many more."""

every_profile = pytest.mark.parametrize("profile", CHOICES)


@every_profile
def test_a_few_generated_tables(profile: str) -> None:
    # always the same tables, so that these tests never fail by chance
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(cases(profile))
    def holds(case: Case) -> None:
        check(case)

    holds()


def _large_case(profile: str, order_by: str | None, rows: int = 400) -> Case:
    schema = widest(profile)
    registration = (
        registration_of(schema["columns"], lambda words: words[0]) if profile == "acoustic" else None
    )
    return Case(
        big_table(random.Random(profile), rows), schema, profile, order_by=order_by, registration=registration
    )


@every_profile
def test_a_large_table_with_all_that_a_profile_takes(profile: str) -> None:
    check(_large_case(profile, "version"))


@pytest.mark.parametrize(
    "profile",
    # the order is no matter of the profile, so that one of them is enough for the fast tests
    [pytest.param(profile, marks=[pytest.mark.generated] * (profile != "google")) for profile in CHOICES],
)
def test_rows_in_any_order_give_the_same_bytes(profile: str) -> None:
    case = _large_case(profile, "version")
    options: dict[str, Any] = {"registration": case.registration} if case.registration else {}

    def prepared(order_by: str | None) -> tuple[bytes, object, object]:
        found = run(case.rows, case.schema, profile, order_by=order_by, **options)
        return found.file, found.manifest["rows"], found.manifest["rejects"]["counts"]

    whole = {order_by: prepared(order_by) for order_by in ("version", None)}
    assert whole["version"][0] != whole[None][0]
    for seed in range(2):
        random.Random(seed).shuffle(case.rows)
        for order_by, expected in whole.items():
            assert prepared(order_by) == expected


def _sources(rows: Sequence[Row], folder: Path) -> Iterator[tuple[str, Any]]:
    """The same rows as every kind of source."""
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    table = pyarrow.table({name: pyarrow.array(values, pyarrow.string()) for name, values in columns.items()})
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(columns), lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writeheader()
    writer.writerows({name: value or "" for name, value in row.items()} for row in rows)
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    for suffix, content in (("csv", text.getvalue()), ("jsonl", lines)):
        (plain := folder / f"rows.{suffix}").write_bytes(content.encode())
        (packed := folder / f"rows.{suffix}.gz").write_bytes(gzip.compress(content.encode()))
        yield from [(suffix, plain), (f"{suffix}.gz", str(packed))]
        renamed = folder / f"{suffix}.data"
        renamed.write_bytes(content.encode())
        yield f"{suffix} by its mapping", {"path": str(renamed), "format": suffix}
    parquet.write_table(table, folder / "rows.parquet")
    yield "parquet", folder / "rows.parquet"
    yield "Arrow", table
    yield (
        "Arrow batches",
        pyarrow.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=7)),
    )
    yield "pandas", pandas.DataFrame(columns, dtype=object)
    yield "Polars", polars.DataFrame(columns, schema=dict.fromkeys(columns, polars.String))
    yield "a generator", (dict(row) for row in rows)


def test_every_kind_of_source_gives_the_same_bytes(tmp_path: Path) -> None:
    case = _large_case("google", None, rows=100)
    expected = run(case.rows, case.schema, "google", where=case.where)
    for kind, source in _sources(case.rows, tmp_path):
        prepared = run(source, case.schema, "google")
        assert (kind, prepared.file) == (kind, expected.file)
        assert (kind, prepared.rejects) == (kind, expected.rejects)
        assert (kind, prepared.manifest["rows"]) == (kind, expected.manifest["rows"])
