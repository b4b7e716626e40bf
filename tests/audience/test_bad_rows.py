"""Rows that are no text: data frames, Arrow tables, Parquet, JSON lines and iterators."""

from __future__ import annotations

import datetime
import decimal
import json
import uuid
from collections.abc import Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import pandas
import polars
import pyarrow
import pyarrow.parquet
import pytest
from audience_attacks import ADDRESS, NUMBER, Room, room, said_by

from airflow_provider_activation.errors import InvalidArgument, UnfitAudience

__all__ = ["room"]

NOTED = {
    "columns": {
        "email": {"kind": "email", "source": "email", "hash": "sha256"},
        "note": {"kind": "attribute", "source": "note"},
    }
}
AT = datetime.datetime(2026, 1, 31, 9, 0, tzinfo=ZoneInfo("Europe/Stockholm"))


def noted(room: Room, rows: Any, **kind: str) -> list[str]:
    schema = {"columns": {**NOTED["columns"], "note": {"kind": "attribute", "source": "note", **kind}}}
    manifest = room.prepare(rows, schema)
    return [row[1] for row in room.rows(manifest)]


WRITTEN = [
    (AT, "timestamp", "2026-01-31T08:00:00Z"),
    (AT.replace(tzinfo=None), "timestamp", "2026-01-31T09:00:00Z"),
    (AT.date(), "date", "2026-01-31"),
    (decimal.Decimal("10.50"), "number", "10.50"),
    (7, "number", "7"),
    (0.5, "number", "0.5"),
    (True, "boolean", "true"),
    (uuid.UUID(int=5), "text", "00000000-0000-0000-0000-000000000005"),
    (None, "text", ""),
    (float("nan"), "number", ""),
]
"""Values, the types that are asked of them, and what is written."""


def kinds(table: Sequence[tuple[object, str, str]]) -> dict[str, Any]:
    """A schema with a column for each line of a table."""
    notes = {
        f"n{at}": {"kind": "attribute", "source": f"n{at}", "type": kind}
        for at, (_, kind, _) in enumerate(table)
    }
    return {"columns": {"email": NOTED["columns"]["email"], **notes}}


def test_values_of_rows_have_one_text(room: Room) -> None:
    row = {f"n{at}": value for at, (value, _, _) in enumerate(WRITTEN)}
    manifest = room.prepare([{"email": "a@x.se", **row}], kinds(WRITTEN))
    assert room.rows(manifest)[0][1:] == [written for _, _, written in WRITTEN]


@pytest.mark.parametrize(
    "value", [b"bytes", {"a": ADDRESS}, [ADDRESS], object(), {ADDRESS}, "\ud800" + ADDRESS]
)
def test_a_value_that_is_no_text_names_its_rows_and_nobody(room: Room, value: object) -> None:
    rows = [{"email": "a@x.se", "note": "x"}, {"email": ADDRESS, "note": value}]
    assert "rows 1 to 2" in room.refused(UnfitAudience, iter(rows), NOTED)


def test_rows_that_are_no_mappings_are_refused(room: Room) -> None:
    room.refused(InvalidArgument, [(ADDRESS, NUMBER)])
    room.refused(UnfitAudience, [{"email": "a@x.se"}, (ADDRESS,)])
    room.refused(UnfitAudience, [{"email": "a@x.se"}, None])


def test_no_rows_are_unfit(room: Room) -> None:
    nothings: tuple[Any, ...] = (
        [],
        iter([]),
        pandas.DataFrame({"email": []}),
        polars.DataFrame({"email": []}),
    )
    for nothing in nothings:
        assert "no rows" in room.refused(UnfitAudience, nothing)


@pytest.mark.parametrize(
    ("error", "before"),
    [
        # each error and each place once; the rest of their pairs is left to the slow tests
        pytest.param(error, before, marks=[pytest.mark.generated] * (before != 3 and error is not OSError))
        for error in (ValueError, RuntimeError, OSError, ConnectionResetError, KeyError)
        for before in (0, 3, 30_000)
    ],
)
def test_an_iterator_that_fails_fails_the_run(room: Room, error: type[Exception], before: int) -> None:
    def rows() -> Iterator[dict[str, str]]:
        for number in range(before):
            yield {"email": f"{number}{ADDRESS}"}
        raise error("the cursor is closed")

    with pytest.raises(error, match="the cursor is closed") as caught:
        room.prepare(rows())
    room.says_nothing(said_by(caught.value))
    assert not list(room.folder.iterdir())
    room.holds_nothing_private()


def test_a_frame_of_pandas_is_read(room: Room) -> None:
    frame = pandas.DataFrame(
        {
            "email": pandas.Categorical(["a@x.se", "b@x.se", None, "a@x.se"]),
            "note": pandas.DatetimeIndex([AT, pandas.NaT, AT, AT]),
            "phone": [float("nan"), NUMBER, None, "070"],
        },
        index=[5, 5, 7, 8],
    )
    schema = {
        "columns": {
            **NOTED["columns"],
            "note": {"kind": "attribute", "source": "note", "type": "timestamp"},
            "phone": {"kind": "phone", "source": "phone", "hash": "sha256"},
        }
    }
    manifest = room.prepare(frame, schema)
    assert sorted(row[1] for row in room.rows(manifest)) == ["", "2026-01-31T08:00:00Z"]
    assert manifest["rejects"]["counts"] == {"": {"no_identifier": 1}, "phone": {"no_country": 1}}
    assert manifest["rows"]["duplicates"] == 1


def test_a_frame_of_pandas_with_several_types_in_a_column_quotes_nobody(room: Room) -> None:
    frame = pandas.DataFrame({"email": ["a@x.se", ADDRESS], "note": [1, ADDRESS]})
    assert "source" in room.refused(UnfitAudience, frame, NOTED)


def test_frames_of_polars_are_read(room: Room) -> None:
    frame = polars.DataFrame({"email": ["a@x.se", "b@x.se", ADDRESS], "note": [1, None, 3]})
    assert sorted(noted(room, frame)) == ["", "1", "3"]
    assert sorted(noted(room, frame.lazy())) == ["", "1", "3"]
    sorts = frame.with_columns(polars.col("email").cast(polars.Categorical))
    assert sorted(noted(room, sorts)) == ["", "1", "3"]


ADDRESSES = pyarrow.array(["a@x.se", "b@x.se", None])
OF_ARROW = [
    ADDRESSES,
    ADDRESSES.cast(pyarrow.large_string()),
    ADDRESSES.cast(pyarrow.string_view()),
    ADDRESSES.dictionary_encode(),
    pyarrow.chunked_array([["a@x.se"], ["b@x.se", None]]),
]
"""The same addresses in each type that Arrow has for texts, and in two pieces."""


def test_arrow_tables_are_read(room: Room) -> None:
    emails = {f"e{at}": array for at, array in enumerate(OF_ARROW)}
    schema = {
        "columns": {
            **{name: {"kind": "email", "source": name, "hash": "sha256"} for name in emails},
            "note": NOTED["columns"]["note"],
        }
    }
    table = pyarrow.table({**emails, "note": pyarrow.nulls(3)})
    path = room.sources / "people.parquet"
    pyarrow.parquet.write_table(
        pyarrow.table({name: table[name].cast(pyarrow.string()) for name in table.column_names}), path
    )
    for given, people in ((table, 2), (table.to_reader(), 2), (table.to_batches()[0], 1), (path, 2)):
        manifest = room.prepare(given, schema)
        rows = room.rows(manifest)
        assert len(rows) == people
        assert [len({*row[: len(emails)]}) for row in rows] == [1] * people
        assert manifest["rows"]["rejected"] == people - 1


def test_two_columns_of_one_name_in_arrow_are_refused(room: Room) -> None:
    table = pyarrow.table([["a@x.se"], [ADDRESS]], names=["email", "email"])
    assert "one name" in room.refused(UnfitAudience, table)


def test_columns_of_nulls_only_are_rejects(room: Room) -> None:
    table = pyarrow.table({"email": pyarrow.nulls(3)})
    assert "rejected 3" in room.refused(UnfitAudience, table)


OF_PARQUET: list[tuple[pyarrow.Array, str, str]] = [
    (pyarrow.array([AT], pyarrow.timestamp("us", str(AT.tzinfo))), "timestamp", "2026-01-31T08:00:00Z"),
    (
        pyarrow.array([AT.replace(tzinfo=None)], pyarrow.timestamp("ns")),
        "timestamp",
        "2026-01-31T09:00:00Z",
    ),
    (pyarrow.array([AT.date()], pyarrow.date32()), "date", "2026-01-31"),
    (pyarrow.array([decimal.Decimal("1.50")]), "number", "1.50"),
    (pyarrow.array([2**63 - 1]), "number", "9223372036854775807"),
    (pyarrow.array([True]), "boolean", "true"),
    (pyarrow.array(["x"]), "text", "x"),
    (pyarrow.array([None], pyarrow.null()), "text", ""),
]
"""Arrays of one value, the types that are asked of them, and what is written."""


def test_each_type_of_parquet_has_one_text(room: Room) -> None:
    path = room.sources / "people.parquet"
    arrays = {f"n{at}": array for at, (array, _, _) in enumerate(OF_PARQUET)}
    pyarrow.parquet.write_table(pyarrow.table({"email": ["a@x.se"], **arrays}), path)
    manifest = room.prepare(path, kinds(OF_PARQUET))
    assert room.rows(manifest)[0][1:] == [written for _, _, written in OF_PARQUET]


@pytest.mark.parametrize(
    "array",
    [
        pyarrow.array([ADDRESS.encode()]),
        pyarrow.array([[ADDRESS]]),
        pyarrow.array([{"a": ADDRESS}]),
        pyarrow.array([1]),
        pyarrow.array([1.5]),
        pyarrow.array([AT.replace(tzinfo=None)]),
    ],
)
def test_a_type_that_is_no_address_is_a_reject(room: Room, array: pyarrow.Array) -> None:
    path = room.sources / "people.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"email": array}), path)
    manifest = room.prepare(path, min_rows=0)
    assert manifest["rows"]["rejected"] + manifest["rows"]["written"] == 1


def test_json_lines_are_read(room: Room) -> None:
    lines = [
        {"email": "a@x.se", "note": "x"},
        {"email": "b@x.se"},
        {"note": "y", "email": "c@x.se", "other": {"deep": [1]}},
        {"email": None, "note": "z"},
        {"email": {"address": ADDRESS}, "note": "z"},
    ]
    source = room.file("".join(json.dumps(line) + "\n" for line in lines), "people.jsonl")
    manifest = room.prepare(source, NOTED)
    assert sorted(row[1] for row in room.rows(manifest)) == ["", "x", "y"]
    assert manifest["rows"]["rejected"] == 2


@pytest.mark.parametrize("line", [f'{{"email": "{ADDRESS}"', ADDRESS, f'["{ADDRESS}"]', f'"{ADDRESS}"', "{]"])
def test_a_broken_line_of_json_is_counted(room: Room, line: str) -> None:
    source = room.file(
        f'{{"email": "a@x.se"}}\n{line}\n{{"email": "nobody"}}\n{{"email": "b@x.se"}}\n', "p.jsonl"
    )
    manifest = room.prepare(source)
    assert manifest["rows"]["read"] == 4
    assert manifest["rows"]["written"] == 2
    assert (2, "", "broken_row") in room.rejects(manifest)
    assert [row for row, column, _ in room.rejects(manifest) if not column] == [2, 3]


def test_a_broken_line_of_json_is_no_row_of_nothing(room: Room) -> None:
    """Where no identifier is wanted it would leave as an empty row."""
    schema = {"columns": {"note": {"kind": "attribute", "source": "note"}}}
    source = room.file('{"note": "x"}\n{"note": "y"\n{"other": "z"}\n', "people.jsonl")
    manifest = room.prepare(source, schema, where="note IS NULL OR note <> 'x'")
    assert manifest["rows"] == {
        "read": 3,
        "left_out": 1,
        "rejected": 1,
        "suppressed": 0,
        "duplicates": 0,
        "written": 1,
    }
    assert room.rejects(manifest) == [(2, "", "broken_row")]


def test_json_lines_without_the_column_are_told(room: Room) -> None:
    source = room.file(f'{{"mail": "{ADDRESS}"}}\n', "people.jsonl")
    assert "people.jsonl" in room.refused(UnfitAudience, source)
