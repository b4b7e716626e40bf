"""Audiences from a real PostgreSQL, through `PostgresHook`: types, failures half way, memory."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from ledger_testing import FIRST_DAY, checked_manifest, run_of
from real_servers import needed

from airflow_provider_activation.audience import prepare_audience, warehouse
from airflow_provider_activation.audience.activation import Activation
from airflow_provider_activation.audience.typed import TypedTable
from airflow_provider_activation.errors import InvalidRequest, ServiceUnavailable
from scripts.postgresql import running_postgresql

psycopg = pytest.importorskip("psycopg")
pytest.importorskip("airflow.providers.postgres")

EMAIL = {"columns": {"email": {"kind": "email", "source": "email", "hash": "sha256"}}}
MOST_GROWTH = 50
"""MiB that reading a million rows of six columns may take; all at once they take more."""
MEASURED = """
import os, sys
from airflow.providers.postgres.hooks.postgres import PostgresHook
from airflow_provider_activation.audience import drivers, typed
from airflow_provider_activation.audience.sql import SqlRows
if sys.argv[2] == "plain":
    drivers._DRIVERS.clear()
class Counted:
    def __init__(self, *_): self.relation = ""
    def add(self, columns): pass
import airflow_provider_activation.audience.sql as sql
sql.TypedTable = Counted
from airflow_provider_activation.audience.engine import Engine
from pathlib import Path
engine = Engine(Path(sys.argv[1]))
rows = SqlRows({"conn_id": "warehouse", "sql": "SELECT * FROM wide"}, "source")
def highest():
    # getrusage counts what the process was forked from, too
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
before = highest()
rows.relation(engine, rows.columns(engine), broken="")
assert rows._fetching.rows == 1_000_000
print((highest() - before) // 1024)
"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with needed(running_postgresql()) as running:
        yield running


@pytest.fixture
def server(address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A connection to the database that the connection ``warehouse`` is to."""
    port = urlsplit(address).port
    given = {"conn_type": "postgres", "host": "127.0.0.1", "port": port, "login": "airflow"}
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps({**given, "schema": "postgres"}))
    to = f"host=127.0.0.1 port={port} user=airflow dbname=postgres"
    with psycopg.connect(to, autocommit=True) as connection:
        yield connection


def prepared(statement: str, folder: Path, **options: Any) -> dict[str, Any]:
    given = {"conn_id": "warehouse", "sql": statement}
    return prepare_audience(given, EMAIL, profile="google", folder=folder, **options)


TYPED = """
SELECT 'a' || i || '@x.se' AS email, (i * 1.005)::numeric AS spend, gen_random_uuid() AS id,
  timestamptz '2026-01-01 00:00+01' + i * interval '1 second' AS seen, '{"a": [1.50]}'::jsonb AS doc,
  ARRAY[1, i] AS list, '\\xab'::bytea AS raw, CASE WHEN i > 50000 THEN date '2026-02-01' END AS late
FROM generate_series(1, 60000) i
"""


@pytest.mark.parametrize(
    ("where", "written"),
    [
        ("spend > 60000.5", 299),
        ("late >= DATE '2026-01-01'", 10_000),
        ("seen < TIMESTAMPTZ '2026-01-01 00:00:00+00'", 3_599),
        ("doc LIKE '%[1.50]%' AND id LIKE '________-%' AND list LIKE '[1, %'", 60_000),
        ("CAST(doc->>'$.a[0]' AS DOUBLE) = 1.5", 60_000),
        ("octet_length(raw) = 1", 60_000),
    ],
)
def test_types_of_real_columns(server: Any, tmp_path: Path, where: str, written: int) -> None:
    assert prepared(TYPED, tmp_path, where=where)["rows"]["written"] == written


def test_a_statement_changes_nothing(server: Any, tmp_path: Path) -> None:
    server.execute("CREATE TABLE IF NOT EXISTS kept AS SELECT 'a@x.se' AS email")
    server.execute(
        "CREATE OR REPLACE FUNCTION emptied() RETURNS text AS 'DELETE FROM kept RETURNING email' LANGUAGE sql"
    )
    for statement in ("DELETE FROM kept", "SELECT emptied() AS email", "SELECT 1; DELETE FROM kept"):
        with pytest.raises(InvalidRequest):
            prepared(statement, tmp_path)
    assert server.execute("SELECT count(*) FROM kept").fetchone() == (1,)


def test_a_session_that_is_ended_half_way(
    server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, ended = TypedTable.add, threading.Event()

    def add(*given: Any) -> None:
        if not ended.is_set():
            server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
                "AND backend_type = 'client backend'"
            )
            ended.set()
        read(*given)

    monkeypatch.setattr(TypedTable, "add", add)
    with pytest.raises(ServiceUnavailable) as caught:
        prepared("SELECT i || '@x.se' AS email FROM generate_series(1, 500000) i", tmp_path)
    assert "'warehouse': the statement failed after " in caught.value.message
    assert not list(tmp_path.iterdir())


def test_a_statement_that_takes_too_long(server: Any, tmp_path: Path) -> None:
    server.execute("ALTER ROLE airflow SET statement_timeout = '200ms'")
    try:
        with pytest.raises(ServiceUnavailable, match="SQLSTATE 57014"):
            prepared("SELECT pg_sleep(20)::text AS email", tmp_path)
    finally:
        server.execute("ALTER ROLE airflow RESET statement_timeout")


def grown(folder: Path, how: str) -> int:
    command = [sys.executable, "-c", MEASURED, str(folder), how]
    said = subprocess.run(command, env=dict(os.environ), capture_output=True, text=True, timeout=300)
    assert said.returncode == 0, said.stderr[-2000:]
    return int(said.stdout.split()[-1])


def test_the_result_is_never_in_memory(server: Any) -> None:
    server.execute(
        "CREATE UNLOGGED TABLE IF NOT EXISTS wide AS SELECT 'someone.' || i || '@example.com' AS email, "
        "i::numeric(12, 2) AS spend, now() AS seen, i AS id, current_date AS day, 'SE' AS country "
        "FROM generate_series(1, 1000000) i"
    )
    with tempfile.TemporaryDirectory() as folder:
        assert grown(Path(folder), "named") < MOST_GROWTH
        assert grown(Path(folder), "plain") > MOST_GROWTH


# receipts


def test_a_receipt_has_one_row(server: Any, tmp_path: Path) -> None:
    """In the table that the documentation gives, whatever the session's zone."""
    server.execute("DROP TABLE IF EXISTS receipts")
    statement = re.search(r"CREATE TABLE .*?\n    \)", warehouse.__doc__ or "", re.DOTALL)
    assert statement
    server.execute(statement[0])
    manifest = checked_manifest(tmp_path, warehouse={"conn_id": "warehouse", "table": "public.receipts"})
    first = Activation(manifest, key="k", run=run_of(), first_try=True)
    first.intend()
    made = first.receipt("x", {"job": 7})
    assert Activation(manifest, key="k", run=run_of(), first_try=False).receipt("x", {}) == made
    chosen = "SELECT receipt_id, ids, rows_sent, run_after, approver FROM receipts"
    (row,) = server.execute(chosen).fetchall()
    assert row == (made["receipt_id"], '{"job": "7"}', 990, FIRST_DAY.replace(tzinfo=None), None)
    server.execute("DROP TABLE receipts")
    with pytest.raises(InvalidRequest, match="SQLSTATE 42P01") as caught:
        first.receipt("x", {})
    assert caught.value.retry_helps
