"""The row of a receipt, in SQLite, through its hook."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.sql.hooks.sql import DbApiHook
from ledger_testing import checked_manifest, facts_of, kinds, ledger_in, run_of
from older_airflows import let_connection_make

from airflow_provider_activation.audience import warehouse
from airflow_provider_activation.audience.activation import Activation
from airflow_provider_activation.audience.warehouse import check_warehouse, insert_receipt, row_of
from airflow_provider_activation.errors import (
    ActivationError,
    InvalidArgument,
    InvalidConnection,
    InvalidRequest,
)

TABLE = re.search(r"CREATE TABLE .*?\n    \)", warehouse.__doc__ or "", re.DOTALL)
GIVEN = {"conn_id": "warehouse", "table": "receipts"}


class Hook(DbApiHook):
    """The hook of a database of SQLite."""

    conn_name_attr = "conn_id"
    default_conn_name = "warehouse"
    placeholder = "?"

    def get_conn(self) -> Any:
        return sqlite3.connect(f"file:{self.get_connection(self.get_conn_id()).host}?mode=rw", uri=True)


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database with the table that the documentation gives."""
    path = tmp_path / "warehouse.db"
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps({"conn_type": "sqlite", "host": str(path)}))
    let_connection_make(monkeypatch, "warehouse", Hook)
    assert TABLE
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(TABLE[0])
    return path


def rows_in(database: Path) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(database)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute("SELECT * FROM receipts")]


def receipt(tmp_path: Path, day: int = 1) -> dict[str, Any]:
    ledger = ledger_in(tmp_path / "ledger")
    ledger.intend(facts_of(day))
    return ledger.receipt(facts_of(day), "Acoustic Exchange", {"job": "7"}).as_json()


def test_a_receipt_has_a_row(database: Path, tmp_path: Path) -> None:
    made = receipt(tmp_path)
    insert_receipt(GIVEN, made)
    (row,) = rows_in(database)
    assert row.pop("sent_at") == made["at"].replace("T", " ").removesuffix("+00:00")
    assert row == {
        "receipt_id": made["receipt_id"],
        "audience": "lapsed",
        "destination": "acoustic",
        "ledger_number": 2,
        "service": "Acoustic Exchange",
        "ids": '{"job": "7"}',
        "dag_id": "daily",
        "task_id": "send",
        "run_id": "run_1",
        "map_index": -1,
        "run_after": "2026-05-01 04:30:00.000000",
        "rows_read": 1000,
        "rows_left_out": 0,
        "rows_rejected": 2,
        "rows_suppressed": 5,
        "rows_duplicates": 3,
        "rows_sent": 990,
        "file_bytes": 64_000,
        "sha256": "ab" * 32,
        "profile": "google",
        "approver": None,
    }


def test_times_are_in_utc(tmp_path: Path) -> None:
    row = row_of(receipt(tmp_path) | {"run_after": "2026-05-01T01:30:00+09:00"})
    assert row["run_after"] == "2026-04-30 16:30:00.000000"


def test_a_receipt_has_one_row_however_often_it_is_told(database: Path, tmp_path: Path) -> None:
    made = receipt(tmp_path)
    for _ in range(3):
        insert_receipt(GIVEN, made)
    insert_receipt(GIVEN, receipt(tmp_path, 2))
    assert len(rows_in(database)) == 2


def test_a_row_that_came_in_between_is_enough(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The unique constraint refuses the second one."""
    made = receipt(tmp_path)
    insert_receipt(GIVEN, made)
    whole, looks = warehouse._is_there, iter([False, True])
    monkeypatch.setattr(warehouse, "_is_there", lambda *given: next(looks) and whole(*given))
    insert_receipt(GIVEN, made)
    assert len(rows_in(database)) == 1
    assert next(looks, None) is None


def test_the_task_that_sends_inserts_the_row_and_its_next_try_too(database: Path, tmp_path: Path) -> None:
    manifest = checked_manifest(tmp_path, warehouse=GIVEN)
    (tables := sqlite3.connect(database)).execute("ALTER TABLE receipts RENAME TO away")
    first = Activation(manifest, key="k", run=run_of(), first_try=True)
    first.intend()
    with pytest.raises(InvalidRequest) as caught:
        first.receipt("x", {})
    assert "receipt is in the ledger" in str(caught.value)
    # who clears the task sends again
    assert "a cleared task sends again" in str(caught.value)
    assert caught.value.retry_helps
    assert kinds(first.ledger) == ["intent", "receipt"]
    with closing(tables):
        tables.execute("ALTER TABLE away RENAME TO receipts")
    again = Activation(manifest, key="k", run=run_of(), first_try=False)
    made = again.receipt("x", {})
    assert kinds(again.ledger) == ["intent", "receipt"]
    assert [row["receipt_id"] for row in rows_in(database)] == [made["receipt_id"]]


@pytest.mark.parametrize("name", ["insert_rows", "get_first"])
def test_no_word_of_the_driver_gets_out(
    name: str, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class OperationalError(Exception):
        sqlstate = "53100"

    def fail(*_: Any, **__: Any) -> None:
        raise OperationalError("password hush-hush of canary@example.com")

    monkeypatch.setattr(DbApiHook, name, fail)
    with pytest.raises(ActivationError) as caught:
        insert_receipt(GIVEN, receipt(tmp_path))
    said = str(caught.value)
    assert "hush-hush" not in said
    assert caught.value.__cause__ is caught.value.__context__ is None
    assert "OperationalError, SQLSTATE 53100" in said
    assert "not inserted into receipts" in said
    assert caught.value.retry_helps


def test_a_database_that_cannot_be_opened(database: Path, tmp_path: Path) -> None:
    database.unlink()
    with pytest.raises(ActivationError, match="cannot be opened"):
        insert_receipt(GIVEN, receipt(tmp_path))


@pytest.mark.parametrize("connection", [None, {"conn_type": "http", "host": "x"}])
def test_a_connection_to_no_database(
    connection: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if connection:
        monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps(connection))
    with pytest.raises(InvalidConnection, match="warehouse"):
        insert_receipt(GIVEN, receipt(tmp_path))


@pytest.mark.parametrize("table", ["receipts", "marketing.receipts", "db.marketing.receipts", "_r$1"])
def test_names_of_tables(table: str) -> None:
    assert check_warehouse({"conn_id": "w", "table": table}) == {"conn_id": "w", "table": table}


@pytest.mark.parametrize(
    "given",
    [
        None,
        "receipts",
        {},
        {"conn_id": "w"},
        {"table": "t"},
        {"conn_id": "", "table": "t"},
        {"conn_id": 3, "table": "t"},
        {"conn_id": "w", "table": "t", "schema": "s"},
        *(
            {"conn_id": "w", "table": table}
            for table in (
                "",
                None,
                "1t",
                "a b",
                'a"b',
                "a;b",
                "a.b.c.d",
                ".a",
                "a.",
                "a--",
                "é",
                "t\n",
                "a%s",
            )
        ),
    ],
)
def test_what_is_no_warehouse(given: Any) -> None:
    with pytest.raises(InvalidArgument, match="warehouse"):
        check_warehouse(given)
