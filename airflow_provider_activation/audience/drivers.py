"""The drivers of databases: how each reads rows without holding all of them, and what its errors mean."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing
from importlib import import_module
from typing import Any

from airflow_provider_activation.errors import (
    ActivationError,
    AuthenticationFailed,
    InvalidConnection,
    InvalidRequest,
    PermissionDenied,
    ServiceUnavailable,
)


class Driver:
    """A connection of a driver of which nothing else is known: it may hold the whole result.

    :param connection: what the hook's ``get_conn`` gave.
    :param connect: gives another such.
    """

    describes_late = False
    """Whether a cursor knows its columns only when the first rows were fetched."""
    drains = False
    """Whether closing a cursor reads all that is left."""

    def __init__(self, connection: Any, connect: Callable[[], Any]) -> None:
        self.connection, self._connect = connection, connect

    def cursor(self) -> Any:
        """A cursor that reads as little ahead as the driver can, and changes nothing where that is simple."""
        return self.connection.cursor()

    def cancel(self) -> None:
        """End what runs. Called in another thread than the one that reads."""
        for name in ("cancel", "interrupt"):
            if callable(end := getattr(self.connection, name, None)):
                end()
                return


class Psycopg(Driver):
    """PostgreSQL with psycopg 3."""

    def cursor(self) -> Any:
        # what the hook has set up may have begun a transaction
        self.connection.commit()
        self.connection.autocommit = False
        self.connection.read_only = True
        cursor = self.connection.cursor("audience", row_factory=import_module("psycopg.rows").tuple_row)
        for kind in ("json", "jsonb"):
            cursor.adapters.register_loader(kind, import_module("psycopg.types.string").TextLoader)
        return cursor


class Psycopg2(Driver):
    """PostgreSQL with psycopg2."""

    describes_late = True

    def cursor(self) -> Any:
        self.connection.commit()
        self.connection.set_session(readonly=True, autocommit=False)
        extras = import_module("psycopg2.extras")
        for register in (extras.register_default_json, extras.register_default_jsonb):
            register(self.connection, loads=str)
        plain = import_module("psycopg2.extensions").cursor
        return self.connection.cursor("audience", cursor_factory=plain)


class MySql(Driver):
    """MySQL and MariaDB with mysql.connector, whose cursors are unbuffered if they are asked to be."""

    drains = True
    _id = 0

    def cursor(self) -> Any:
        with closing(self.connection.cursor()) as cursor:
            cursor.execute("SET SESSION TRANSACTION READ ONLY")
        self._id = self.connection_id()
        return self.unbuffered()

    def connection_id(self) -> int:
        return int(self.connection.connection_id)

    def unbuffered(self) -> Any:
        return self.connection.cursor(buffered=False, dictionary=False)

    def cancel(self) -> None:
        # these drivers are not made for two threads
        with closing(self._connect()) as other, closing(other.cursor()) as cursor:
            cursor.execute(f"KILL QUERY {self._id}")


class PyMySql(MySql):
    """MySQL and MariaDB with PyMySQL."""

    cursors = "pymysql.cursors"

    def connection_id(self) -> int:
        return int(self.connection.thread_id())

    def unbuffered(self) -> Any:
        return self.connection.cursor(import_module(self.cursors).SSCursor)


class MySqlDb(PyMySql):
    """MySQL and MariaDB with mysqlclient."""

    cursors = "MySQLdb.cursors"


_DRIVERS: dict[str, type[Driver]] = {
    "psycopg": Psycopg,
    "psycopg2": Psycopg2,
    "mysql": MySql,
    "pymysql": PyMySql,
    "MySQLdb": MySqlDb,
}
"""By the package of the connection's class."""


def driver_of(connection: Any, connect: Callable[[], Any]) -> Driver:
    """The driver that a connection is of."""
    packages = (_package(one) for one in type(connection).__mro__)
    return next((_DRIVERS[one] for one in packages if one in _DRIVERS), Driver)(connection, connect)


def _package(of: type) -> str:
    return of.__module__.partition(".")[0]


_PASSING = re.compile(r"08...|40...|53...|55006|55P03|57...|58...|72...|25P0[34]|HY000|HYT0[01]|XX...")
"""SQLSTATEs of what passes: connections, deadlocks, resources, locks, operators, timeouts, faults."""
_PASSING_NUMBERS = frozenset(
    {1040, 1053, 1152, 1158, 1159, 1160, 1161, 1203, 1205, 1213, 1317, 1927, 1969, 3024, 4031}
)
"""The same of MySQL and MariaDB, besides those of 2000 to 2999, which are the client's."""
_PASSING_IN_SQLITE = frozenset({5, 6, 10})
_UNKNOWN_LOGIN = frozenset({1045, 1698, 3118, 4151})
_FORBIDDEN = frozenset({1044, 1142, 1143, 1227, 1370})
_MISTAKES = frozenset(
    {
        "DataError",
        "IntegrityError",
        "LookupError",
        "NotSupportedError",
        "ProgrammingError",
        "TypeError",
        "ValueError",
    }
)
"""Classes of errors that another try does not mend, where nothing else says what they are."""


def error_of(
    error: BaseException,
    where: str,
    rows: int | None,
    *,
    failed: str = "the statement failed after {rows:,} rows",
) -> ActivationError:
    """What an error of a driver means, without its text: that may quote values, hosts and passwords.

    :param where: the connection, in words.
    :param rows: how many rows had been read; None if the connection could not be opened.
    :param failed: what failed, in words.
    """
    state, number = _state(error), _number(error)
    codes = [type(error).__name__]
    codes += [f"SQLSTATE {state}"] if state else []
    codes += [f"number {number}"] if number is not None else []
    came = "cannot be opened" if rows is None else failed.format(rows=rows)
    message = f"{where}{' ' if rows is None else ': '}{came} ({', '.join(codes)})."
    said = str(error).lower() if rows is None else ""
    if (state or "").startswith("28") or number in _UNKNOWN_LOGIN or "authentication failed" in said:
        return AuthenticationFailed(message)
    if state == "42501" or number in _FORBIDDEN:
        return PermissionDenied(message, advice="Ask the database's administrator for the permission.")
    if _passes(error, state, number) and not ("fatal:" in said and "does not exist" in said):
        return ServiceUnavailable(
            message, advice="Nothing was written. Run the task again when the database is well."
        )
    if rows is None:
        return InvalidConnection(message)
    return InvalidRequest(message, advice="Nothing was written. Correct the statement or its parameters.")


def _passes(error: BaseException, state: str | None, number: int | None) -> bool:
    if number is not None:
        if _package(type(error)) == "sqlite3":
            return number & 0xFF in _PASSING_IN_SQLITE
        return number in _PASSING_NUMBERS or 2000 <= number < 3000
    if state:
        return _PASSING.fullmatch(state) is not None
    return not _MISTAKES & {one.__name__ for one in type(error).__mro__}


def _state(error: BaseException) -> str | None:
    """The SQLSTATE, where the driver tells it."""
    found = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
    if _package(type(error)) == "pyodbc" and error.args:
        found = error.args[0]
    return found if isinstance(found, str) and re.fullmatch("[0-9A-Z]{5}", found) else None


def _number(error: BaseException) -> int | None:
    """The number of MySQL, MariaDB or SQLite."""
    package = _package(type(error))
    found: Any = None
    if package in ("pymysql", "MySQLdb") and error.args:
        found = error.args[0]
    elif package == "mysql":
        found = getattr(error, "errno", None)
    elif package == "sqlite3":
        found = getattr(error, "sqlite_errorcode", None)
    return found if type(found) is int and found > 0 else None
