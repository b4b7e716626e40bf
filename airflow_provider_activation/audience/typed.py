"""A table of the engine whose columns have the types of Python's values, however late these show."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import reduce
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pyarrow

from airflow_provider_activation.audience.normalise import name
from airflow_provider_activation.errors import UnfitAudience

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ADVICE = "Cast the column in the statement, for example to text, and run the task again."
_DIGITS = 38
"""The most that a decimal of DuckDB has."""


class _Kind(StrEnum):
    """What the values of a column are, as an error says it."""

    NOTHING = "nothing"
    BOOL = "true or false"
    INT = "whole numbers"
    DECIMAL = "decimals"
    FLOAT = "floats"
    TEXT = "text"
    DATE = "dates"
    TIMESTAMP = "timestamps without time zone"
    ZONED = "timestamps with time zone"
    TIME = "times"
    INTERVAL = "intervals"
    BYTES = "bytes"


_OF: dict[type, _Kind] = {
    bool: _Kind.BOOL,
    int: _Kind.INT,
    Decimal: _Kind.DECIMAL,
    float: _Kind.FLOAT,
    datetime: _Kind.TIMESTAMP,
    date: _Kind.DATE,
    time: _Kind.TIME,
    timedelta: _Kind.INTERVAL,
    **dict.fromkeys((str, UUID, dict, list, tuple), _Kind.TEXT),
    **dict.fromkeys((bytes, bytearray, memoryview), _Kind.BYTES),
}
_TYPES: dict[_Kind, tuple[str, Any]] = {
    _Kind.NOTHING: ("VARCHAR", pyarrow.string()),
    _Kind.BOOL: ("BOOLEAN", pyarrow.bool_()),
    _Kind.INT: ("BIGINT", pyarrow.int64()),
    _Kind.FLOAT: ("DOUBLE", pyarrow.float64()),
    _Kind.TEXT: ("VARCHAR", pyarrow.string()),
    _Kind.DATE: ("DATE", pyarrow.date32()),
    _Kind.TIMESTAMP: ("TIMESTAMP", pyarrow.timestamp("us")),
    _Kind.ZONED: ("TIMESTAMPTZ", pyarrow.timestamp("us", tz="UTC")),
    _Kind.TIME: ("TIME", pyarrow.time64("us")),
    _Kind.INTERVAL: ("INTERVAL", pyarrow.duration("us")),
    _Kind.BYTES: ("BLOB", pyarrow.binary()),
}
"""The types of DuckDB and of Arrow."""
_WIDER = {
    frozenset({_Kind.INT, _Kind.DECIMAL}): _Kind.DECIMAL,
    frozenset({_Kind.INT, _Kind.FLOAT}): _Kind.FLOAT,
    frozenset({_Kind.DECIMAL, _Kind.FLOAT}): _Kind.FLOAT,
    frozenset({_Kind.DATE, _Kind.TIMESTAMP}): _Kind.TIMESTAMP,
}
"""What holds the values of two kinds."""


class _Unfit(Exception):
    """A column cannot have one type. Says why, and no value."""


class _Column:
    """One column of the table, and the type that it has come to."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._kind, self._scale = _Kind.NOTHING, 0

    @property
    def is_empty(self) -> bool:
        return self._kind is _Kind.NOTHING

    @property
    def type(self) -> str:
        """DuckDB's type."""
        is_decimal = self._kind is _Kind.DECIMAL
        return f"DECIMAL({_DIGITS}, {self._scale})" if is_decimal else _TYPES[self._kind][0]

    def array(self, values: Sequence[Any]) -> pyarrow.Array:
        """The values in Arrow; the column's type becomes one that holds them, too.

        :raises _Unfit: there is no such type.
        """
        kinds = _kinds(values)
        self._kind = reduce(_wider, kinds, self._kind)
        try:
            if self._kind is _Kind.INT:
                try:
                    return pyarrow.array(values, pyarrow.int64())
                except OverflowError:
                    self._kind = _Kind.DECIMAL
            if self._kind is _Kind.DECIMAL:
                return self._decimals(values)
            return pyarrow.array(_prepared(values, self._kind, kinds), _TYPES[self._kind][1])
        except (pyarrow.ArrowException, ValueError, TypeError, OverflowError):
            why = f"has {self._kind} that cannot be kept"
        raise _Unfit(why)

    def _decimals(self, values: Sequence[Any]) -> pyarrow.Array:
        numbers = [one for one in values if isinstance(one, Decimal)]
        # most columns have one scale, and to ask each number for its own takes longer
        if not all(map(Decimal(1).scaleb(-self._scale).same_quantum, numbers)):
            # NaN is no number
            values = [None if isinstance(one, Decimal) and one.is_nan() else one for one in values]
            self._scale = min(max([self._scale, *map(_scale, numbers)]), _DIGITS)
        try:
            return pyarrow.array(values, pyarrow.decimal128(_DIGITS, self._scale))
        except (pyarrow.ArrowException, ValueError, TypeError, OverflowError):
            pass
        raise _Unfit(f"has numbers of more than {_DIGITS} digits, or infinite ones")


class TypedTable:
    """A table of the engine, made of rows that come batch by batch.

    A column gets its type when its first value comes, and a wider one when a value needs it.

    :param table: the table's name.
    :param columns: the columns' names.
    :param place: where the rows come from, for errors.
    """

    def __init__(
        self, connection: DuckDBPyConnection, table: str, columns: Iterable[str], place: str
    ) -> None:
        self._connection, self._table, self._place = connection, table, place
        self._columns = [_Column(one) for one in columns]
        types = ", ".join(f"{name(one.name)} {one.type}" for one in self._columns)
        self._run(f"CREATE TABLE {table} ({types})")
        self._rows = 0

    @property
    def relation(self) -> str:
        """SQL of the rows. What is nothing but NULL has no type there, and fits each expression."""
        read = ", ".join(
            f"NULL AS {name(one.name)}" if one.is_empty else name(one.name) for one in self._columns
        )
        return f"(SELECT {read} FROM {self._table})"

    def add(self, values: Sequence[Sequence[Any]]) -> None:
        """Add rows.

        :param values: for each column its values.
        :raises UnfitAudience: a column's values have no type, or several.
        """
        arrays = []
        for column, its in zip(self._columns, values, strict=True):
            before, why = column.type, ""
            try:
                arrays.append(column.array(its))
                if column.type != before:
                    self._widen(column)
            except _Unfit as unfit:
                why = str(unfit)
            if why:
                first, last = self._rows + 1, self._rows + len(its)
                raise UnfitAudience(
                    f"{self._place}: the column {column.name!r} {why} (rows {first:,} to {last:,}).",
                    advice=ADVICE,
                )
        batch = pyarrow.Table.from_arrays(arrays, names=[one.name for one in self._columns])
        self._connection.register("given", batch)
        try:
            self._run(f"INSERT INTO {self._table} SELECT * FROM given")
        finally:
            self._connection.unregister("given")
        self._rows += batch.num_rows

    def _widen(self, column: _Column) -> None:
        from duckdb import ConversionException, OutOfRangeException

        try:
            self._run(f"ALTER TABLE {self._table} ALTER {name(column.name)} TYPE {column.type}")
            return
        except (ConversionException, OutOfRangeException):
            pass
        raise _Unfit(f"has numbers of more than {_DIGITS} digits")

    def _run(self, sql: str) -> None:
        self._connection.execute(sql).fetchall()


def _kinds(values: Sequence[Any]) -> set[_Kind]:
    """The kinds of the values, without that of nothing."""
    kinds: set[_Kind] = set()
    types: set[Any] = set(map(type, values)) - {type(None)}
    for one in types:
        kind = next((_OF[base] for base in one.__mro__ if base in _OF), None)
        if kind is None:
            raise _Unfit(f"has values of the type {one.__module__}.{one.__qualname__}, which is not known")
        if kind in (_Kind.TIMESTAMP, _Kind.TIME):
            zones = {value.tzinfo is not None for value in values if type(value) is one}
            with_zone = _Kind.ZONED if kind is _Kind.TIMESTAMP else _Kind.TEXT
            kinds |= {with_zone if zoned else kind for zoned in zones}
        else:
            kinds.add(kind)
    return kinds


def _wider(one: _Kind, other: _Kind) -> _Kind:
    if one is other or one is _Kind.NOTHING:
        return other
    if (found := _WIDER.get(frozenset({one, other}))) is None:
        raise _Unfit(f"has both {min(one, other)} and {max(one, other)}")
    return found


def _prepared(values: Sequence[Any], kind: _Kind, kinds: Collection[_Kind]) -> Sequence[Any]:
    """The values as Arrow takes them for a kind.

    :param kinds: the kinds that they have.
    """
    if kind is _Kind.TEXT:
        texts = set(map(type, values)) <= {str, type(None)}
        return values if texts else [None if one is None else _as_text(one) for one in values]
    if kind is _Kind.FLOAT and kinds != {kind}:
        return [None if one is None else float(one) for one in values]
    if kind is _Kind.TIMESTAMP and _Kind.DATE in kinds:
        return [_as_timestamp(one) if isinstance(one, date) else one for one in values]
    return values


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, time):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False, default=str)


def _as_timestamp(day: date) -> datetime:
    return day if isinstance(day, datetime) else datetime(day.year, day.month, day.day)


def _scale(number: Decimal) -> int:
    """The digits behind the point. To ask the number itself is slow: it makes a tuple of all its digits."""
    written = str(number)
    if "E" not in written:
        return len(written.partition(".")[2])
    exponent = number.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
