"""DuckDB, closed: it reaches the files that one run names and nothing else."""

from __future__ import annotations

import errno
import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing, suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import duckdb

from airflow_provider_activation.errors import AudienceNotWritten, UnfitAudience
from airflow_provider_activation.storage.place import Stopped

T = TypeVar("T")

log = logging.getLogger(__name__)

THREADS = 2
MEMORY = "600MB"
LOOKED_EVERY = 0.5
"""Seconds until it is seen that a statement was stopped."""
TOLD_EVERY = 30.0
"""Seconds between two lines about work that takes long."""
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class RowsFailed(Exception):
    """The rows that a caller gave ended with an error, which is the caller's.

    :param error: that error.
    """

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


class Engine:
    """A DuckDB in memory that may read and write these files only.

    Each statement runs in a thread, so that a signal is heard while it runs. No message of DuckDB gets out:
    they quote values.

    :param folder: the run's private folder.
    :param files: the files that it may reach.
    """

    def __init__(self, folder: Path, files: Sequence[Path] = ()) -> None:
        self._stopped = threading.Event()
        self.tables: list[str] = []
        self.opened = ExitStack()
        """What is closed with the engine."""
        self.connection = duckdb.connect(":memory:")
        names = ", ".join("'" + str(file).replace("'", "''") + "'" for file in files)
        spill = str(folder / "spill").replace("'", "''")
        self.connection.execute(
            f"SET threads={THREADS}; SET memory_limit='{MEMORY}'; SET temp_directory='{spill}'; "
            "SET autoinstall_known_extensions=false; SET autoload_known_extensions=false; "
            "SET allow_community_extensions=false; SET python_enable_replacements=false; SET TimeZone='UTC'; "
            # lists are kept in memory, not the audience, whose size DuckDB does not know
            "SET disabled_optimizers='build_side_probe_side'; "
            "SET enable_progress_bar=true; SET enable_progress_bar_print=false; SET progress_bar_time=0; "
            f"SET allowed_paths=[{names}]; SET enable_external_access=false; SET lock_configuration=true"
        )

    def close(self) -> None:
        """Close what is open, and the connection."""
        with closing(self.connection):
            self.opened.close()

    def stop(self) -> None:
        """End what runs, and let nothing run any more. May be called from a signal's handler."""
        self._stopped.set()
        with suppress(duckdb.Error):
            self.connection.interrupt()

    def check(self) -> None:
        """Raise `Stopped` if the run was stopped."""
        if self._stopped.is_set():
            raise Stopped

    def rows(self, sql: str, *, doing: str = "", rows: int = 0, size: int = 0) -> list[Any]:
        """Run a statement and return its rows.

        :param doing: what is done, for the log.
        :param rows: how many rows are gone through.
        :param size: how many bytes are gone through.
        """
        read = partial(self._rows, sql)
        return self.during(read, doing=doing, rows=rows, size=size)

    def table_of(self, table: str, reader: Any, *, doing: str) -> None:
        """Make a table of an Arrow reader, which is read once, or of an Arrow table."""

        def make() -> None:
            self.connection.register("given", reader)
            try:
                self.connection.execute(f"CREATE TABLE {table} AS SELECT * FROM given").fetchall()
            finally:
                self.connection.unregister("given")

        self.during(make, doing=doing)

    def _rows(self, sql: str) -> list[Any]:
        return self.connection.execute(sql).fetchall()

    def during(
        self,
        work: Callable[[], T],
        *,
        doing: str = "",
        rows: int = 0,
        size: int = 0,
        so_far: Callable[[], int] | None = None,
    ) -> T:
        """Do work in a thread and tell from time to time how far it is.

        :param so_far: how many rows are done, where DuckDB does not know.
        """
        result: list[T] = []
        failure: list[BaseException] = []
        # a thread whose join a signal's handler has left by raising cannot be joined again before Python 3.13
        ended = threading.Event()

        def run() -> None:
            try:
                result.append(work())
            except BaseException as error:
                failure.append(error)
            finally:
                ended.set()

        self.check()
        thread = threading.Thread(target=run, name="audience", daemon=True)
        thread.start()
        started = told = time.monotonic()
        try:
            while not ended.wait(LOOKED_EVERY):
                if self._stopped.is_set():
                    self.stop()
                if doing and time.monotonic() - told >= TOLD_EVERY:
                    told = time.monotonic()
                    seconds = told - started
                    if so_far is None:
                        log.info("%s", self._told(doing, rows, size, seconds))
                    else:
                        log.info("%s", _told_rows(doing, so_far(), seconds))
        except BaseException:
            self.stop()
            ended.wait()
            raise
        self.check()
        if failure:
            raise _clean(failure[0], doing)
        return result[0]

    def _told(self, doing: str, rows: int, size: int, seconds: float) -> str:
        done = 0.0
        with suppress(Exception):
            done = max(0.0, float(self.connection.query_progress())) / 100
        # while it sorts, DuckDB does not know how far it is
        parts = [f"{done:.0%}"] if done else ["begun"]
        if rows:
            parts.append(
                f"about {done * rows:,.0f} of {rows:,} rows, {done * rows / seconds:,.0f} rows/s"
                if done
                else f"{rows:,} rows"
            )
        if size:
            mb = size / 1e6
            parts.append(
                f"{done * mb:,.0f} of {mb:,.0f} MB, {done * mb / seconds:,.1f} MB/s"
                if done
                else f"{mb:,.0f} MB"
            )
        return f"{doing}: {', '.join(parts)}, after {seconds:,.0f} s."


def _told_rows(doing: str, rows: int, seconds: float) -> str:
    return f"{doing}: {rows:,} rows, {rows / seconds:,.0f} rows/s, after {seconds:,.0f} s."


def _clean(error: BaseException, doing: str) -> BaseException:
    """The error to raise in place of one whose text may quote a value."""
    what = doing or "preparing"
    if (isinstance(error, OSError) and error.errno in _FULL) or "No space left" in str(error):
        return AudienceNotWritten(
            f"{what}: the disk is full.", advice="Make room and clear the task; nothing was left."
        )
    if isinstance(error, duckdb.OutOfMemoryException):
        return AudienceNotWritten(f"{what}: memory, or the disk for temporary files, is not enough.")
    if isinstance(error, duckdb.InvalidInputException) and "CSV Parser" in str(error):
        return UnfitAudience(f"{what}: it is no such CSV: its lines may end in different ways.")
    if isinstance(
        error, duckdb.ConversionException | duckdb.OutOfRangeException | duckdb.InvalidInputException
    ):
        return UnfitAudience(
            f"{what}: a value does not fit an expression ({type(error).__name__}).",
            advice="Where a value may be missing or wrong, where= must say so, for example with TRY_CAST.",
        )
    if isinstance(error, duckdb.BinderException | duckdb.CatalogException):
        return UnfitAudience(
            f"{what}: an expression does not fit the columns' types ({type(error).__name__})."
        )
    if isinstance(error, duckdb.IOException) and "gzip" in str(error).lower():
        return UnfitAudience(f"{what}: its gzip is damaged, cut off, or none.")
    if isinstance(error, OSError | duckdb.IOException):
        return AudienceNotWritten(f"{what}: a file cannot be read or written ({type(error).__name__}).")
    if isinstance(error, duckdb.Error):
        return UnfitAudience(f"{what}: DuckDB stopped with {type(error).__name__}.")
    return error
