"""Where rows come from: files, data frames, Arrow tables, and mappings."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import shutil
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from airflow_provider_activation.audience.engine import Engine, RowsFailed
from airflow_provider_activation.audience.given import COMPRESSIONS, FORMATS, check_format, check_source
from airflow_provider_activation.audience.normalise import name, text
from airflow_provider_activation.errors import InvalidArgument, UnfitAudience
from airflow_provider_activation.storage import Place, is_path, place_of
from airflow_provider_activation.storage.place import Tick

if TYPE_CHECKING:
    import pyarrow

_NATIVE = {"utf-8": "utf-8", "utf-16": "utf-16", "iso8859-1": "latin-1"}
"""Encodings that DuckDB reads, by the names that Python gives them."""
MARK = '"row is broken"'
"""SQL of the column that tells of a broken row."""
_BATCH = 20_000
"""Rows that are made into one Arrow batch."""


Copying = Callable[[str], Tick]


def _not_told(doing: str) -> Tick:
    return lambda copied: None


class Breaks(Enum):
    """What becomes of rows that cannot be read as such."""

    NOT = "there are none"
    LEFT_OUT = "they are missing among the rows that are read"
    MARKED = "they are read as rows of nothing, of which `MARK` is true"


class Source:
    """Rows with named columns, read by `Engine`.

    :param place: what the source is called in the log and in errors.
    """

    files: tuple[Path, ...] = ()
    """The files that the engine must reach."""
    origin: Path | None = None
    """The file that must not change while it is read."""
    size = 0
    """Bytes of the file."""
    breaks = Breaks.NOT
    """What becomes of its broken rows."""
    first_line = 1
    """The number that the engine gives to the first row of data when it reports a broken one."""
    without_column = "Check that the file has a header, and the delimiter and encoding given for it."
    """What to do where it lacks a column."""

    def __init__(self, place: str) -> None:
        self.place = place

    def columns(self, engine: Engine) -> list[str] | None:
        """The names of the columns; None if they are not known before reading."""
        raise NotImplementedError

    def relation(self, engine: Engine, columns: Collection[str], *, broken: str) -> str:
        """SQL of a relation of these columns.

        :param broken: the table in which broken rows are noted, if they are left out.
        """
        raise NotImplementedError

    def check_broken(self, engine: Engine, broken: str) -> None:
        """Look at the broken rows that were noted.

        :raises UnfitAudience: other rows are lost in one of them.
        """


class CsvFile(Source):
    breaks = Breaks.LEFT_OUT

    def __init__(self, path: Path, options: Mapping[str, Any], compression: str, folder: Path) -> None:
        super().__init__(path.name)
        self._delimiter = options.get("delimiter", "\t" if ".tsv" in path.suffixes else ",")
        self._quote = options.get("quote", '"')
        if self._delimiter == self._quote:
            raise InvalidArgument("source: delimiter and quote must be different.")
        self._encoding = codecs.lookup(options.get("encoding", "utf-8")).name
        self._header = options.get("header", True)
        self._path, self._compression, self.size = path, compression, path.stat().st_size
        self.origin = path
        native = _NATIVE.get(self._encoding)
        self._read = path if native and compression != "zstd" else folder / "source.csv"
        self._read_as = native or "utf-8"
        self.files = (self._read,)
        self.first_line = 2 if self._header is True else 1

    def columns(self, engine: Engine) -> list[str] | None:
        if self._header is not True:
            return list(self._header)
        first = ["\ufffd"]
        # what is behind the first row is decoded with it, and may be broken
        with _damage_ignored(), suppress(csv.Error), self._open(errors="replace") as lines:
            first = next(csv.reader(lines, delimiter=self._delimiter, quotechar=self._quote), [])
        if "\ufffd" in "".join(first):
            raise UnfitAudience(f"{self.place}: its first row cannot be read as {self._encoding}.")
        if len({one.lower() for one in first}) != len(first):
            raise UnfitAudience(f"{self.place}: two columns of its header have one name.")
        return first

    def _open(self, errors: str = "strict") -> Any:
        encoding = "utf-8-sig" if self._encoding == "utf-8" else self._encoding
        if self._compression == "gzip":
            return gzip.open(self._path, "rt", encoding=encoding, errors=errors, newline="")
        if self._compression == "zstd":
            return io.TextIOWrapper(_zstd(self._path), encoding=encoding, errors=errors, newline="")
        return self._path.open(encoding=encoding, errors=errors, newline="")

    def relation(self, engine: Engine, columns: Collection[str], *, broken: str) -> str:
        if self._read != self._path and not self._read.exists():
            if self._encoding in _NATIVE:
                _unpack(engine, self._path, self._read)
            else:
                engine.during(self._write_in_utf8, doing=f"Decoding {self.place}", size=self.size)
        every = self.columns(engine) or []
        types = ", ".join(f"{text(one)}: 'VARCHAR'" for one in every)
        compression = "none" if self._read != self._path else self._compression
        # ignore_errors would end, without a word, at a quote with something behind it
        noted = (
            f"store_rejects=true, rejects_limit=0, rejects_table='{broken}', rejects_scan='{broken}_scans'"
        )
        return (
            f"read_csv({text(str(self._read))}, auto_detect=false, "
            f"header={str(self._header is True).lower()}, "
            f"delim={text(self._delimiter)}, quote={text(self._quote)}, escape={text(self._quote)}, "
            f"encoding={text(self._read_as)}, compression={text(compression)}, columns={{{types}}}, {noted})"
        )

    def check_broken(self, engine: Engine, broken: str) -> None:
        # all up to the next quote, or to the end of the file, is read as part of such a row, and not counted
        begin = "regexp_extract(csv_line, '^[\\r\\n]*([^\\r\\n]*)', 1)"
        quotes = f"len({begin}) - len(replace({begin}, {text(self._quote)}, ''))"
        [[line]] = engine.rows(
            f"SELECT min(line) FROM {broken} WHERE error_type = 'UNQUOTED VALUE' AND ({quotes}) % 2 = 1"
        )
        if line is not None:
            row = line - self.first_line + 1
            raise UnfitAudience(
                f"{self.place}: row {row} has a quote that is not closed in its line, so that rows after it "
                "cannot be told from it."
            )

    def _write_in_utf8(self) -> None:
        write = self._read.open("w", encoding="utf-8", newline="")
        with _damage_ignored(), write as out, self._open() as lines:
            shutil.copyfileobj(lines, out)
            return
        # raised here, as the error above holds the bytes
        raise UnfitAudience(f"{self.place} cannot be read as {self._encoding}.")


class JsonLinesFile(Source):
    breaks = Breaks.MARKED

    def __init__(self, path: Path, compression: str, folder: Path) -> None:
        super().__init__(path.name)
        self.origin, self._compression, self.size = path, compression, path.stat().st_size
        self._read = folder / "source.jsonl" if compression == "zstd" else path
        self.files = (self._read,)

    def columns(self, engine: Engine) -> list[str] | None:
        return None

    def relation(self, engine: Engine, columns: Collection[str], *, broken: str) -> str:
        if self._read != self.origin and not self._read.exists():
            assert self.origin is not None
            _unpack(engine, self.origin, self._read)
        packed = "none" if self._compression == "zstd" else self._compression
        types = json.dumps(dict.fromkeys(columns, "VARCHAR"))
        read = ", ".join(f"line.{name(one)} AS {name(one)}" for one in columns)
        # read_json itself does not tell a broken line from one without these columns
        return (
            f"(SELECT {read}, coalesce(json_type(json) <> 'OBJECT', true) AS {MARK} FROM (SELECT json, "
            f"from_json(json, {text(types)}) AS line "
            f"FROM read_ndjson_objects({text(str(self._read))}, ignore_errors=true, "
            f"compression={text(packed)})))"
        )


class ParquetFile(Source):
    def __init__(self, path: Path) -> None:
        super().__init__(path.name)
        self._path, self.files, self.size, self.origin = path, (path,), path.stat().st_size, path

    def columns(self, engine: Engine) -> list[str] | None:
        return [
            str(row[0])
            for row in engine.rows(f"DESCRIBE FROM {self._relation}", doing=f"Reading {self.place}")
        ]

    @property
    def _relation(self) -> str:
        return f"read_parquet({text(str(self._path))})"

    def relation(self, engine: Engine, columns: Collection[str], *, broken: str) -> str:
        return self._relation


class Rows(Source):
    """Rows in memory, or that come one after the other. They are read once, into a table of the engine."""

    def __init__(self, given: Any, place: str, failures: Sequence[Exception] = ()) -> None:
        super().__init__(place)
        self._given, self._table, self._columns = given, "", [str(one) for one in given.schema.names]
        self._failures = failures
        if len({one.lower() for one in self._columns}) != len(self._columns):
            raise UnfitAudience(f"{place}: two columns have one name.")

    def columns(self, engine: Engine) -> list[str] | None:
        return self._columns

    def relation(self, engine: Engine, columns: Collection[str], *, broken: str) -> str:
        if not self._table:
            self._table = f"given_{len(engine.tables)}"
            engine.tables.append(self._table)
            try:
                engine.table_of(self._table, self._given, doing=f"Reading {self.place}")
            except (UnfitAudience, RowsFailed):
                # DuckDB tells of it in words that may quote a value
                if self._failures:
                    raise self._failures[0] from None
                raise
            self._given = None
        return self._table


def source_of(given: Any, folder: Path, *, what: str = "source", copying: Copying = _not_told) -> Source:
    """The source that a path, a mapping, a data frame, an Arrow table or mappings stand for.

    :param folder: a private folder, for what must be copied or decoded first.
    :param what: the argument's name.
    :param copying: gets what is copied to the worker; what it returns gets the bytes that are copied.
    :raises InvalidArgument: it is none of these.
    :raises InvalidConnection: Airflow has no such connection, or none to a database.
    :raises UnfitAudience: the file is missing.
    """
    if isinstance(given, str) or is_path(given):
        given = {"path": given}
    check_source(given, what)
    if isinstance(given, Mapping) and "sql" in given:
        from airflow_provider_activation.audience.sql import SqlRows

        return SqlRows(given, what)
    if isinstance(given, Mapping):
        return _file(given, folder, what, copying)
    if type(given).__module__.startswith(("pandas", "polars", "pyarrow")):
        return Rows(_arrow(given, what), what)
    if isinstance(given, Iterable) and not isinstance(given, bytes):
        failures: list[Exception] = []
        return Rows(_reader(given, what, failures), what, failures)
    raise InvalidArgument(
        f"{what} must be a path, a mapping with one, a data frame, an Arrow table or mappings."
    )


def _file(options: Mapping[str, Any], folder: Path, what: str, copying: Copying) -> Source:
    place = place_of(options["path"], what)
    if any(one in place.told for one in "*?["):
        # DuckDB would take it for a pattern
        raise InvalidArgument(f"{what} must be the path of one file, without any of * ? [.")
    path = place.path or _copy(place, folder, copying)
    if not path.is_file():
        raise UnfitAudience(
            f"{what}: there is no file {path}.", advice="Check the path, and that the worker sees it."
        )
    compression = options.get("compression") or COMPRESSIONS.get(path.suffix.lower(), "none")
    suffixes = [one.lower() for one in path.suffixes if one.lower() not in COMPRESSIONS]
    kind = options.get("format") or FORMATS.get(suffixes[-1] if suffixes else "")
    if kind is not None:
        check_format(options, kind, what)
    if kind == "parquet":
        return ParquetFile(path)
    if kind == "jsonl":
        return JsonLinesFile(path, compression, folder)
    if kind == "csv":
        return CsvFile(path, options, compression, folder)
    raise InvalidArgument(f"{what}: format must be csv, parquet or jsonl; the file's name does not say.")


def _copy(place: Place, folder: Path, copying: Copying) -> Path:
    """A copy on the worker: it is whole, and nobody changes it while it is read."""
    (copies := folder / "copied").mkdir()
    return place.here(copies, copying(f"Copying {place}"))


def _arrow(frame: Any, what: str) -> Any:
    """An Arrow table, or a reader of one."""
    import pyarrow

    module = type(frame).__module__.partition(".")[0]
    try:
        if module == "pandas":
            return pyarrow.Table.from_pandas(frame, preserve_index=False)
        if module == "polars":
            return (frame.collect() if hasattr(frame, "collect") else frame).to_arrow()
    except (pyarrow.ArrowException, TypeError):
        pass
    else:
        return pyarrow.Table.from_batches([frame]) if isinstance(frame, pyarrow.RecordBatch) else frame
    raise UnfitAudience(f"{what}: a column of the data frame has values of several types.")


def _reader(rows: Iterable[Any], what: str, failures: list[Exception]) -> pyarrow.RecordBatchReader:
    """Mappings as Arrow batches of texts; the columns are those of the first one.

    :param failures: gets the error with which the rows end, as DuckDB keeps its text alone.
    """
    import pyarrow

    iterator = _told(rows)
    first = next(iterator, iterator)
    if first is iterator:
        raise UnfitAudience(f"{what} has no rows.")
    if not isinstance(first, Mapping):
        raise InvalidArgument(f"{what} must be rows as mappings of columns.")
    columns = [str(one) for one in first]
    schema = pyarrow.schema([(one, pyarrow.string()) for one in columns])

    def batches() -> Iterator[pyarrow.RecordBatch]:
        batch = [first]
        number = 1
        for row in iterator:
            batch.append(row)
            if len(batch) == _BATCH:
                yield _batch(batch, number)
                number, batch = number + len(batch), []
        if batch:
            yield _batch(batch, number)

    def _batch(batch: list[Any], number: int) -> pyarrow.RecordBatch:
        try:
            arrays = [
                pyarrow.array([_as_text(row.get(one)) for row in batch], pyarrow.string()) for one in columns
            ]
        except (TypeError, AttributeError, UnicodeError):
            last = number + len(batch) - 1
            raise UnfitAudience(
                f"{what}: one of the rows {number} to {last} has a value that is no text."
            ) from None
        return pyarrow.record_batch(arrays, schema=schema)

    def noted() -> Iterator[pyarrow.RecordBatch]:
        try:
            yield from batches()
        except Exception as error:
            failures.append(error)
            raise

    return pyarrow.RecordBatchReader.from_batches(schema, noted())


def _told(rows: Iterable[Any]) -> Iterator[Any]:
    """The rows, whose own error is told from those that are made of them."""
    try:
        yield from rows
    except Exception as error:
        failure = RowsFailed(error)
    else:
        return
    raise failure


def _as_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value != value:
        return None
    if isinstance(value, int | float | Decimal | UUID):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError


def _zstd(path: Path) -> Any:
    """A file's unpacked bytes. DuckDB would take a file that is cut off for a whole one."""
    import pyarrow

    return pyarrow.input_stream(path, compression="zstd")


def _unpack(engine: Engine, packed: Path, plain: Path) -> None:
    def write() -> None:
        with _damage_ignored(), plain.open("wb") as out, _zstd(packed) as read:
            shutil.copyfileobj(read, out, 1 << 20)
            return
        raise UnfitAudience(f"{packed.name} is no whole file of Zstandard.")

    engine.during(write, doing=f"Unpacking {packed.name}", size=packed.stat().st_size)


@contextmanager
def _damage_ignored() -> Iterator[None]:
    """End what is done inside where a file cannot be unpacked or decoded."""
    try:
        yield
    except (UnicodeError, zlib.error, EOFError):
        pass
    except OSError as error:
        # what the file system says has a number; what unpacks has none
        if error.errno is not None:
            raise
