"""Audiences from SQL: types, errors, cursors of each driver, and that nobody is told."""

from __future__ import annotations

import json
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from datetime import time as clock
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import duckdb
import pytest
from airflow.providers.common.sql.hooks.sql import DbApiHook
from audience_attacks import ADDRESS, EMAIL, Room, room, said_by
from older_airflows import let_connection_make

from airflow_provider_activation.audience import databases, engine, sql
from airflow_provider_activation.audience.drivers import driver_of, error_of
from airflow_provider_activation.audience.preparation import Preparation
from airflow_provider_activation.audience.typed import TypedTable
from airflow_provider_activation.errors import (
    ActivationError,
    AudienceNotWritten,
    AuthenticationFailed,
    InvalidArgument,
    InvalidConnection,
    InvalidRequest,
    PermissionDenied,
    ServiceUnavailable,
    UnfitAudience,
)
from scripts.machine_speed import scaled

__all__ = ["room"]

Connect = Callable[[], Any]


class Hook(DbApiHook):
    conn_name_attr = "test_conn_id"
    connect: Connect

    def get_conn(self) -> Any:
        return type(self).connect()


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> type[Hook]:
    """The hook of the connection ``warehouse``; a test says what it connects to."""
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps({"conn_type": "a_database"}))
    made = type("OneHook", (Hook,), {})
    let_connection_make(monkeypatch, "warehouse", made)
    return made


@pytest.fixture
def people(hook: type[Hook], tmp_path: Path) -> Path:
    """A database of two people."""
    file = tmp_path / "people.db"
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE people (email TEXT, spend REAL)")
        database.executemany("INSERT INTO people VALUES (?, ?)", [("a@x.se", 150.5), (ADDRESS, 20)])
    database.close()
    hook.connect = staticmethod(lambda: sqlite3.connect(file))
    return file


def source(statement: str = "SELECT * FROM people", **more: Any) -> dict[str, Any]:
    return {"conn_id": "warehouse", "sql": statement, **more}


def refused(room: Room, error: type[ActivationError], given: Any, **options: Any) -> ActivationError:
    with pytest.raises(error) as caught:
        room.prepare(given, **options)
    room.says_nothing(said_by(caught.value))
    assert not list(room.folder.iterdir())
    return caught.value


def test_rows_of_a_statement_are_prepared(room: Room, people: Path) -> None:
    manifest = room.prepare(source(), where="spend > 100")
    assert (manifest["rows"]["read"], manifest["rows"]["written"]) == (2, 1)


@pytest.mark.parametrize(
    ("statement", "parameters"),
    [
        ("SELECT email FROM people WHERE spend > ?", [100]),
        ("SELECT email FROM people WHERE spend > :s", {"s": 100}),
    ],
)
def test_parameters_are_the_drivers(room: Room, people: Path, statement: str, parameters: Any) -> None:
    assert room.prepare(source(statement, parameters=parameters))["rows"]["read"] == 1


def test_a_list_is_a_statement_too(room: Room, people: Path) -> None:
    suppress = [{"source": source(), "schema": EMAIL_LIST}]
    manifest = room.prepare([{"email": "a@x.se"}, {"email": "b@x.se"}], suppress=suppress)
    assert manifest["suppression"] == [{"name": "warehouse", "rows": 2, "unreadable": 0, "suppressed": 1}]


EMAIL_LIST = {"columns": {"email": {"kind": "email", "source": "email"}}}


def test_another_statement_or_parameter_is_another_file(room: Room, people: Path) -> None:
    given = [
        source(),
        source("SELECT email FROM people"),
        source("SELECT email FROM people WHERE spend > ?", parameters=[1]),
        source("SELECT email FROM people WHERE spend > ?", parameters=[2]),
    ]
    assert len({room.prepare(one)["path"] for one in given}) == len(given)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"sql": "SELECT 1"}, "conn_id"),
        ({"conn_id": "", "sql": "SELECT 1"}, "conn_id"),
        ({"conn_id": "warehouse", "sql": " "}, "sql"),
        ({"conn_id": "warehouse", "sql": "SELECT 1", "parameters": "x"}, "parameters"),
        ({"conn_id": "warehouse", "sql": "SELECT 1", "path": "x.csv"}, "path"),
        ({"conn_id": "warehouse", "sql": "SELECT 1", "chunk": 5}, "chunk"),
    ],
)
def test_what_cannot_be_meant_is_refused(room: Room, given: Any, why: str) -> None:
    assert why in refused(room, InvalidArgument, given).message


def test_an_unknown_connection_is_named(room: Room) -> None:
    assert "'nowhere'" in refused(room, InvalidConnection, {"conn_id": "nowhere", "sql": "SELECT 1"}).message


def test_a_type_without_a_hook_is_named(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps({"conn_type": "no_such_database"}))
    assert "'no_such_database'" in refused(room, InvalidConnection, source()).message


def test_a_hook_that_is_no_databases_is_named(room: Room, hook: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    let_connection_make(monkeypatch, "warehouse", lambda _: object())
    assert "'a_database'" in refused(room, InvalidConnection, source()).message


def test_the_package_that_is_missing_is_named(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "airflow.providers.common.sql.hooks.sql", None)
    assert databases.PACKAGE in refused(room, InvalidConnection, source()).message


@pytest.mark.parametrize(
    ("statement", "error", "why"),
    [
        ("SELECT * FROM nothing_here", InvalidRequest, "after 0 rows (OperationalError, number 1)"),
        (f"SELECT '{ADDRESS}' FROM nothing_here", InvalidRequest, "after 0 rows"),
        ("UPDATE people SET spend = 1", UnfitAudience, "gives no rows"),
        ("SELECT email, spend AS Email FROM people", UnfitAudience, "columns 1 and 2"),
        ("SELECT email, spend AS '' FROM people", UnfitAudience, "column 2"),
        ("SELECT email AS mail FROM people", UnfitAudience, "no column 'email'"),
        ("SELECT email FROM people WHERE spend > ?", InvalidRequest, "ProgrammingError"),
        ("SELECT 1 AS email UNION ALL SELECT email FROM people", UnfitAudience, "column 'email' has both"),
    ],
)
def test_a_statement_that_gives_no_audience(
    room: Room, people: Path, statement: str, error: type[ActivationError], why: str
) -> None:
    found = refused(room, error, source(statement))
    assert why in found.message
    assert not found.retry_helps
    with sqlite3.connect(people) as database:
        assert database.execute("SELECT count(*) FROM people WHERE spend = 1").fetchone() == (0,)
    database.close()


STOCKHOLM = timezone(timedelta(hours=1))
TYPES: dict[str, tuple[list[Any], str, list[str]]] = {
    "whole": ([1, None, -5], "BIGINT", ["1", "-5"]),
    "more than 64 bits": ([1, 2**80], "DECIMAL(38,0)", ["1", str(2**80)]),
    "decimals": ([Decimal("1.5"), Decimal("2.125")], "DECIMAL(38,3)", ["1.500", "2.125"]),
    "whole and decimals": ([1, Decimal("2.5")], "DECIMAL(38,1)", ["1.0", "2.5"]),
    "small decimals": ([Decimal("1E-20"), Decimal("0E-7")], "DECIMAL(38,20)", ["0.00000000000000000001"]),
    "not a number": ([Decimal("NaN"), Decimal("1.5")], "DECIMAL(38,1)", ["1.5"]),
    "floats": ([1, 2.5, Decimal("0.5")], "DOUBLE", ["1.0", "2.5", "0.5"]),
    "booleans": ([True, False], "BOOLEAN", ["true", "false"]),
    "text": (["x", "é"], "VARCHAR", ["x", "é"]),
    "dates": ([date(2026, 1, 31)], "DATE", ["2026-01-31"]),
    "timestamps": (
        [date(2026, 1, 31), datetime(2026, 1, 31, 8)],
        "TIMESTAMP",
        ["2026-01-31 00:00:00", "2026-01-31 08:00:00"],
    ),
    "zoned": (
        [datetime(2026, 1, 31, 8, tzinfo=STOCKHOLM), datetime(2026, 1, 31, tzinfo=UTC)],
        "TIMESTAMP WITH TIME ZONE",
        ["2026-01-31 07:00:00+00", "2026-01-31 00:00:00+00"],
    ),
    "times": ([clock(8, 30)], "TIME", ["08:30:00"]),
    "zoned times": ([clock(8, 30, tzinfo=UTC)], "VARCHAR", ["08:30:00+00:00"]),
    "durations": ([timedelta(hours=30)], "INTERVAL", ["30:00:00"]),
    "ids": ([UUID(int=5)], "VARCHAR", [str(UUID(int=5))]),
    "bytes": ([b"ab", bytearray(b"c"), memoryview(b"d")], "BLOB", ["ab", "c", "d"]),
    "structures": (
        [{"a": [1, None]}, ["é", Decimal("1.5")]],
        "VARCHAR",
        ['{"a": [1, null]}', '["é", "1.5"]'],
    ),
}


def table(connection: Any, batches: Sequence[Sequence[Any]]) -> TypedTable:
    made = TypedTable(connection, f"t_{time.monotonic_ns()}", ["x"], "warehouse")
    for batch in batches:
        made.add([batch])
    return made


@pytest.fixture
def database() -> Iterator[Any]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone='UTC'").fetchall()
        yield connection


@pytest.mark.parametrize("name", TYPES)
@pytest.mark.parametrize("nulls_first", [False, True])
@pytest.mark.parametrize("at_once", [False, True])
def test_types_are_kept_in_any_order(database: Any, name: str, nulls_first: bool, at_once: bool) -> None:
    values, type_, texts = TYPES[name]
    for order in (values, values[::-1]):
        batches = [order] if at_once else [[one] for one in order]
        made = table(database, [[None, None]] * nulls_first + batches)
        found = database.execute(f"SELECT typeof(x), CAST(x AS VARCHAR) FROM {made.relation}").fetchall()
        assert {kind for kind, _ in found} == {type_}
        assert sorted(text for _, text in found if text and set(text) - set("0.")) == sorted(texts)


@pytest.mark.parametrize("expression", ["x > 100", "x >= DATE '2026-01-01'", "x + 1 > 2", "x = 'a'"])
def test_a_column_of_nulls_fits_each_expression(database: Any, expression: str) -> None:
    made = table(database, [[None], [None]])
    assert database.execute(f"SELECT {expression} FROM {made.relation}").fetchall() == [(None,)] * 2


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ([datetime(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC)], "with time zone"),
        ([1, ADDRESS], "text"),
        ([date(2026, 1, 1), ADDRESS], "dates"),
        ([3, 1j], "builtins.complex"),
        ([Decimal("1E-30"), Decimal("1E+30")], "more than 38 digits"),
        ([Decimal("Infinity")], "infinite"),
        (["\ud800" + ADDRESS], "cannot be kept"),
        ([{(1, 2): ADDRESS}], "cannot be kept"),
    ],
)
@pytest.mark.parametrize("at_once", [False, True])
def test_values_without_one_type_are_refused(
    room: Room, database: Any, values: list[Any], why: str, at_once: bool
) -> None:
    with pytest.raises(UnfitAudience) as caught:
        table(database, [values] if at_once else [[one] for one in values])
    assert why in caught.value.message
    assert "'x'" in caught.value.message
    room.says_nothing(said_by(caught.value))


class Fake:
    """A connection of a driver that notes what it is asked; it gives so many rows, then fails or ends."""

    def __init__(self, package: str, rows: int = 3, failure: BaseException | None = None) -> None:
        self.asked: list[str] = []
        self.left, self.failure, self.adapters = rows, failure, self
        self.description: Any = [("email",)]
        self.connection_id = 7
        type(self).__module__ = package

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)

        def ask(*given: Any, **named: Any) -> Any:
            self.asked.append(" ".join([name, *map(str, given), *(f"{k}={v}" for k, v in named.items())]))
            return 7 if name == "thread_id" else self

        return ask

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name in ("autocommit", "read_only"):
            self.asked.append(f"{name}={value}")

    def fetchmany(self, size: int) -> list[Any]:
        if self.left:
            self.left -= 1
            return [(f"{self.left}@x.se",)]
        if self.failure:
            raise self.failure
        return []


DRIVERS = {
    "psycopg": ["read_only=True", "cursor audience row_factory=plain"],
    "psycopg2": ["set_session readonly=True autocommit=False", "cursor audience cursor_factory=plain"],
    "pymysql": ["execute SET SESSION TRANSACTION READ ONLY", "cursor unbuffered"],
    "MySQLdb": ["execute SET SESSION TRANSACTION READ ONLY", "cursor unbuffered"],
    "mysql": ["execute SET SESSION TRANSACTION READ ONLY", "cursor buffered=False dictionary=False"],
    "others": ["cursor"],
}


@pytest.fixture(params=DRIVERS)
def package(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A driver, whose modules hold words."""
    modules: dict[str, dict[str, Any]] = {
        "psycopg.rows": {"tuple_row": "plain"},
        "psycopg.types.string": {"TextLoader": "as_text"},
        "psycopg2.extras": dict.fromkeys(
            ("register_default_json", "register_default_jsonb"), lambda *_, **__: None
        ),
        "psycopg2.extensions": {"cursor": "plain"},
        "pymysql.cursors": {"SSCursor": "unbuffered"},
        "MySQLdb.cursors": {"SSCursor": "unbuffered"},
    }
    for name, content in modules.items():
        module = ModuleType(name)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)
    return str(request.param)


def test_each_driver_reads_without_holding_all(room: Room, hook: type[Hook], package: str) -> None:
    fake = type("Connection", (Fake,), {})(package)
    hook.connect = staticmethod(lambda: fake)
    assert room.prepare(source(parameters=[5]))["rows"]["read"] == 3
    assert [one for one in fake.asked if one in DRIVERS[package]] == DRIVERS[package]
    assert "execute SELECT * FROM people [5]" in fake.asked
    assert fake.asked[-2:] == ["close", "close"]


def test_a_connection_is_closed_when_it_breaks(room: Room, hook: type[Hook], package: str) -> None:
    broken = type("OperationalError", (Exception,), {})(f"lost at {ADDRESS}")
    fake = type("Connection", (Fake,), {})(package, failure=broken)
    hook.connect = staticmethod(lambda: fake)
    error = refused(room, ServiceUnavailable, source())
    assert error.retry_helps
    assert "'warehouse': the statement failed after 3 rows (OperationalError)" in error.message
    assert fake.asked[-1] == "close"


def test_a_connection_is_closed_when_its_rows_are_not_wanted(room: Room, hook: type[Hook]) -> None:
    fake = type("Connection", (Fake,), {})("others", rows=10**9)
    fake.description = [("mail",)]
    hook.connect = staticmethod(lambda: fake)
    refused(room, UnfitAudience, source())
    # one thread cancels the statement, and another one closes the connection
    deadline = time.monotonic() + scaled(5.0)
    while not {"close", "cancel"} <= set(fake.asked) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert {"close", "cancel"} <= set(fake.asked)


def test_a_stopped_run_does_not_wait_for_a_database_that_does_not_hear(room: Room, hook: type[Hook]) -> None:
    began, release = threading.Event(), threading.Event()

    class Deaf(Fake):
        def fetchmany(self, size: int) -> list[Any]:
            began.set()
            release.wait(60)
            return []

    hook.connect = staticmethod(lambda: Deaf("others"))
    run = Preparation(source(), EMAIL, profile="google", folder=room.folder)
    failures: list[BaseException] = []

    def prepare() -> None:
        try:
            run.run()
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=prepare)
    thread.start()
    try:
        assert began.wait(scaled(10))
        run.stop()
        thread.join(scaled(sql.PATIENCE + 2))
        assert not thread.is_alive()
    finally:
        release.set()
        thread.join()
    assert isinstance(failures[0], AudienceNotWritten)


def failure(package: str, name: str, *args: Any, base: str = "Error", **fields: Any) -> Exception:
    parent = type(base, (Exception,), {"__module__": package})
    error: Exception = type(name, (parent,), {"__module__": package})(*args)
    vars(error).update(fields)
    return error


@pytest.mark.parametrize(
    ("error", "kind", "told"),
    [
        (failure("psycopg.errors", "UndefinedTable", sqlstate="42P01"), InvalidRequest, "SQLSTATE 42P01"),
        (failure("psycopg.errors", "QueryCanceled", sqlstate="57014"), ServiceUnavailable, "SQLSTATE 57014"),
        (failure("psycopg.errors", "DeadlockDetected", sqlstate="40P01"), ServiceUnavailable, "40P01"),
        (failure("psycopg2.errors", "AdminShutdown", pgcode="57P01"), ServiceUnavailable, "57P01"),
        (failure("psycopg2.errors", "Insufficient", pgcode="42501"), PermissionDenied, "42501"),
        (failure("pymysql.err", "ProgrammingError", 1146, "x"), InvalidRequest, "number 1146"),
        (failure("pymysql.err", "OperationalError", 1213, "x"), ServiceUnavailable, "number 1213"),
        (failure("MySQLdb", "OperationalError", 2013, "x"), ServiceUnavailable, "number 2013"),
        (failure("mysql.connector", "Error", errno=1142), PermissionDenied, "number 1142"),
        (failure("pyodbc", "Error", "08S01", "x"), ServiceUnavailable, "SQLSTATE 08S01"),
        (failure("pyodbc", "ProgrammingError", "42S02", "x"), InvalidRequest, "SQLSTATE 42S02"),
        (failure("other", "Missing", ADDRESS, base="ProgrammingError"), InvalidRequest, "Missing"),
        (failure("other", "Lost", ADDRESS, base="OperationalError"), ServiceUnavailable, "Lost"),
        (failure("other", "Odd", "DATA1"), ServiceUnavailable, "(Odd)"),
    ],
)
def test_what_an_error_means(error: Exception, kind: type[ActivationError], told: str) -> None:
    found = error_of(error, "The connection 'warehouse'", 40_000)
    assert type(found) is kind
    assert "after 40,000 rows" in found.message
    assert told in found.message
    assert ADDRESS not in said_by(found)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (
            failure("psycopg", "OperationalError", "FATAL:  password authentication failed"),
            AuthenticationFailed,
        ),
        (failure("psycopg", "OperationalError", 'FATAL:  database "x" does not exist'), InvalidConnection),
        (failure("psycopg", "OperationalError", "FATAL:  too many clients"), ServiceUnavailable),
        (failure("pymysql.err", "OperationalError", 1045, "x"), AuthenticationFailed),
        (ConnectionRefusedError(111, "x"), ServiceUnavailable),
        (KeyError("host"), InvalidConnection),
    ],
)
def test_why_a_connection_cannot_be_opened(
    room: Room, hook: type[Hook], error: Exception, kind: type[ActivationError]
) -> None:
    def fail() -> Any:
        raise error

    hook.connect = staticmethod(fail)
    assert "cannot be opened" in refused(room, kind, source()).message


def test_mysql_is_stopped_through_another_connection(package: str) -> None:
    one, other = (type("Connection", (Fake,), {})(package) for _ in range(2))
    driver = driver_of(one, lambda: other)
    driver.cursor()
    driver.cancel()
    if package in ("pymysql", "MySQLdb", "mysql"):
        assert "execute KILL QUERY 7" in other.asked
    else:
        assert one.asked[-1] == "cancel"


def test_progress_is_told(
    room: Room, people: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(engine, "TOLD_EVERY", 0.0)
    monkeypatch.setattr(engine, "LOOKED_EVERY", 0.001)
    monkeypatch.setattr(TypedTable, "add", lambda *_: time.sleep(0.1))
    with caplog.at_level("INFO"), pytest.raises(UnfitAudience):
        room.prepare(source())
    assert any(line.startswith("Reading warehouse: 2 rows, ") for line in caplog.messages)
