"""Rows of a statement that a database runs, through a connection of Airflow.

A thread of its own opens the connection, runs the statement, fetches rows and closes the connection: some
drivers want one thread for all of that, and a stopped run need not wait for a database that does not hear.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from contextvars import copy_context
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, TypeVar

from airflow.providers.common.compat.sdk import AirflowOptionalProviderFeatureException

from airflow_provider_activation.audience.databases import hook_of
from airflow_provider_activation.audience.drivers import Driver, driver_of, error_of
from airflow_provider_activation.audience.engine import Engine
from airflow_provider_activation.audience.sources import Source
from airflow_provider_activation.audience.typed import TypedTable
from airflow_provider_activation.errors import ActivationError, InvalidConnection, UnfitAudience
from airflow_provider_activation.storage.place import Stopped

if TYPE_CHECKING:
    from airflow.providers.common.sql.hooks.sql import DbApiHook

T = TypeVar("T")

BATCH = 20_000
"""Rows that are fetched at once."""
LOOKED_EVERY = 0.2
"""Seconds until one thread sees that the other has ended."""
PATIENCE = 2.0
"""Seconds for a statement to end that is not needed any more."""


class SqlRows(Source):
    """The rows of a statement, read into a table of the engine.

    :param given: ``conn_id``, ``sql`` and perhaps ``parameters``; `check_source` has seen them.
    :param what: the argument's name.
    :raises InvalidConnection: Airflow has no such connection, or none to a database.
    """

    without_column = (
        "Name the statement's columns with AS; some databases give names in capitals that are not quoted."
    )

    def __init__(self, given: Mapping[str, Any], what: str) -> None:
        super().__init__(given["conn_id"])
        self._fetching = _Fetching(
            hook_of(given["conn_id"], what), given["sql"], given.get("parameters"), self.place
        )
        self._columns: list[str] = []

    def columns(self, engine: Engine) -> list[str] | None:
        if not self._columns:
            engine.opened.callback(self._fetching.end)
            self._fetching.begin()
            self._columns = self._without_rows(
                lambda: engine.during(
                    lambda: self._fetching.next(engine.check), doing=f"Running the statement of {self.place}"
                )
            )
            _check_names(self._columns, self.place)
        return self._columns

    def relation(self, engine: Engine, columns: Collection[str], *, broken: str) -> str:
        known = self.columns(engine) or []
        places = [known.index(one) for one in columns] or [0]
        table = f"given_{len(engine.tables)}"
        engine.tables.append(table)
        return self._without_rows(
            lambda: engine.during(
                lambda: self._read(engine, table, places),
                doing=f"Reading {self.place}",
                so_far=lambda: self._fetching.rows,
            )
        )

    def _read(self, engine: Engine, table: str, places: Sequence[int]) -> str:
        read = TypedTable(engine.connection, table, [self._columns[at] for at in places], self.place)
        while rows := self._fetching.next(engine.check):
            columns = list(zip(*rows, strict=True))
            read.add([columns[at] for at in places])
        return read.relation

    @staticmethod
    def _without_rows(work: Callable[[], T]) -> T:
        """Do work whose frames hold rows: an error leaves without them."""
        failure: Exception
        try:
            return work()
        except (ActivationError, Stopped) as error:
            failure = error.with_traceback(None)
        raise failure


class _Fetching:
    """A statement that runs in a thread, which alone uses the connection.

    The thread gives the names of the columns, then lists of rows, of which the last is empty, or an error.
    """

    def __init__(self, hook: DbApiHook, sql: str, parameters: Any, conn_id: str) -> None:
        self._hook, self._sql, self._parameters = hook, sql, parameters
        self._where = f"The connection {conn_id!r}"
        self._given: Queue[Any] = Queue(maxsize=1)
        self._unwanted = Event()
        self._driver: Driver | None = None
        self._is_whole = False
        self._thread: Thread | None = None
        self.rows = 0
        """How many rows were fetched."""

    def begin(self) -> None:
        """Run the statement."""
        # a driver may be deaf: the process does not wait for this thread
        self._thread = Thread(target=copy_context().run, args=(self._run,), name="sql", daemon=True)
        self._thread.start()

    def next(self, check: Callable[[], None]) -> Any:
        """What comes next.

        :param check: raises if the run was stopped.
        """
        while True:
            check()
            with suppress(Empty):
                found = self._given.get(timeout=LOOKED_EVERY)
                break
        if isinstance(found, ActivationError):
            raise found
        return found

    def end(self) -> None:
        """End the statement, if it runs, and close the connection. A driver that does not hear is left."""
        if self._thread is None or not self._thread.is_alive():
            return
        self._unwanted.set()
        if not self._is_whole and self._driver is not None:
            Thread(target=self._cancel, args=(self._driver,), name="sql cancel", daemon=True).start()
        self._thread.join(PATIENCE)

    def _cancel(self, driver: Driver) -> None:
        with suppress(Exception):
            driver.cancel()

    def _give(self, found: Any) -> bool:
        while not self._unwanted.is_set():
            with suppress(Full):
                self._given.put(found, timeout=LOOKED_EVERY)
                return True
        return False

    def _run(self) -> None:
        try:
            connection = self._hook.get_conn()
        except BaseException as error:
            self._give(self._not_opened(error))
            return
        try:
            self._driver = driver_of(connection, self._hook.get_conn)
            self._fetch(self._driver)
        except BaseException as error:
            self._give(error_of(error, self._where, self.rows))
        finally:
            with suppress(Exception):
                connection.close()

    def _fetch(self, driver: Driver) -> None:
        cursor = driver.cursor()
        try:
            if self._parameters is None:
                cursor.execute(self._sql)
            else:
                cursor.execute(self._sql, self._parameters)
            rows = _tuples(cursor.fetchmany(BATCH)) if cursor.description or driver.describes_late else []
            if not cursor.description:
                self._give(UnfitAudience(f"{self._where}: the statement gives no rows.", advice=""))
                return
            wanted = self._give([column[0] for column in cursor.description])
            while wanted and rows:
                self.rows += len(rows)
                wanted = self._give(rows)
                rows = _tuples(cursor.fetchmany(BATCH))
            self._is_whole = not rows
            self._give([])
        finally:
            if self._is_whole or not driver.drains:
                with suppress(Exception):
                    cursor.close()

    def _not_opened(self, error: BaseException) -> ActivationError:
        if isinstance(error, ImportError | AirflowOptionalProviderFeatureException):
            return InvalidConnection(
                f"{self._where} cannot be opened: its driver is not installed ({type(error).__name__})."
            )
        return error_of(error, self._where, None)


def _tuples(rows: Any) -> list[Any]:
    """Rows as sequences; a connection may be set up to give mappings."""
    rows = list(rows or ())
    return [tuple(one.values()) for one in rows] if rows and isinstance(rows[0], Mapping) else rows


def _check_names(columns: Sequence[Any], place: str) -> None:
    seen: dict[str, int] = {}
    for at, one in enumerate(columns, 1):
        if not isinstance(one, str) or not one.strip():
            raise UnfitAudience(
                f"{place}: column {at} of the statement has no name.", advice="Give it one with AS."
            )
        if (other := seen.setdefault(one.lower(), at)) != at:
            raise UnfitAudience(
                f"{place}: columns {other} and {at} of the statement have one name.",
                advice="Give them different ones with AS; SQL does not tell capitals from small letters.",
            )
