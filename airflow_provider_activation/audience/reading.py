"""The values of a source, read once into a table of the engine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest

from airflow_provider_activation.audience.engine import Engine
from airflow_provider_activation.audience.normalise import name
from airflow_provider_activation.audience.phone_table import READ_BY_LIBRARY, phone_table
from airflow_provider_activation.audience.sources import MARK, Breaks, Source
from airflow_provider_activation.audience.values import (
    REASONS,
    UNREAD,
    Value,
    is_slow_phone,
    settled_phone,
    steps,
)
from airflow_provider_activation.audience.where import Where


class Reading:
    """A table of the values of a source, in the order of its rows.

    :param table: the table's name.
    :param values: what is read: ``v0``, ``v1`` ..., and in ``b0``, ``b1`` ... why there is none.
    :param columns: the columns of the source that are needed.
    :param where: rows for which it is not true are there, without any value.
    :param order_by: a column that is kept as it is, as ``ordered``.
    """

    total: int
    """The rows of the source, broken ones too."""
    kept: int
    """Those that ``where`` has let in."""
    broken: int
    """Those that cannot be read as rows."""

    def __init__(
        self,
        engine: Engine,
        table: str,
        source: Source,
        values: Sequence[Value],
        *,
        columns: Iterable[str],
        where: Where | None = None,
        order_by: str | None = None,
    ) -> None:
        self._engine, self._table, self._source, self._values = engine, table, source, values
        self._where, self._order_by = where, order_by
        relation = source.relation(engine, list(columns), broken=f"{table}_rejected")
        engine.rows(
            f"CREATE TABLE {table} AS {self._steps(relation)}",
            doing=f"Reading {source.place}",
            size=source.size,
        )
        self._note_broken()
        unread = REASONS.index(UNREAD)
        self._phones = {
            at: phone_table(engine, value, f"SELECT v{at} AS written FROM {table} WHERE b{at} = {unread}")
            for at, value in enumerate(values)
            if is_slow_phone(value)
        }

    def _note_broken(self) -> None:
        """Make the table of broken rows: their ``line``, and ``place``, how many there are up to it."""
        in_table = self._source.breaks is Breaks.MARKED
        lines = (
            f"SELECT rowid + 1 AS line FROM {self._table} WHERE is_broken"
            if in_table
            else "SELECT 0 AS line WHERE false"
        )
        if self._source.breaks is Breaks.LEFT_OUT:
            self._source.check_broken(self._engine, f"{self._table}_rejected")
            lines = (
                f"SELECT DISTINCT line - {self._source.first_line - 1} AS line FROM {self._table}_rejected"
            )
        rows = self._engine.rows
        rows(
            f"CREATE TABLE {self._table}_broken AS SELECT line, row_number() OVER (ORDER BY line) AS place "
            f"FROM ({lines})"
        )
        self.broken = int(rows(f"SELECT count(*) FROM {self._table}_broken")[0][0])
        found, self.kept = rows(f"SELECT count(*), count(*) FILTER (let_in) FROM {self._table}")[0]
        self.total = found if in_table else found + self.broken

    def numbered(self, rejects: str) -> str:
        """SQL of rejects with the numbers that the rows have in the source, and of the broken rows.

        :param rejects: SQL of number, column and reason, as ``r``, ``column_`` and ``reason``.
        """
        broken = f"SELECT line, '', 'broken_row' FROM {self._table}_broken"
        if self._source.breaks is not Breaks.LEFT_OUT:
            return f"{rejects} UNION ALL {broken}"
        shifts = f"(SELECT line - place AS before, max(place) AS shift FROM {self._table}_broken GROUP BY 1)"
        return (
            f"SELECT r + coalesce(shift, 0) AS r, column_, reason FROM ({rejects}) AS g "
            f"ASOF LEFT JOIN {shifts} AS b ON g.r > b.before UNION ALL {broken}"
        )

    def _steps(self, relation: str) -> str:
        let_in = f"coalesce(({self._where.expression}), false)" if self._where else "true"
        if self._source.breaks is Breaks.MARKED:
            let_in = f"({let_in}) AND NOT {MARK}"
        kept = ["let_in"]
        first = [f"{let_in} AS let_in"]
        if self._source.breaks is Breaks.MARKED:
            kept.append("is_broken")
            first.append(f"{MARK} AS is_broken")
        if self._order_by:
            kept.append("ordered")
            first.append(f"{name(self._order_by)} AS ordered")
        # no column of the source can be mistaken for one of ours
        columns = {
            one: f"x{at}" for at, one in enumerate(dict.fromkeys(value.source for value in self._values))
        }
        first += [
            f"CASE WHEN {let_in} THEN CAST({name(one)} AS VARCHAR) END AS {short}"
            for one, short in columns.items()
        ]
        sql = f"SELECT {', '.join(first)} FROM {relation}"
        every = [steps(value, at, columns[value.source]) for at, value in enumerate(self._values)]
        for level in zip_longest(*every):
            computed = ", ".join(f"{expression} AS {column}" for column, expression in filter(None, level))
            sql = f"SELECT *, {computed} FROM ({sql})"
        read = [f"v{at}, b{at}" for at in range(len(self._values))]
        return f"SELECT {', '.join([*kept, *read])} FROM ({sql})"

    def rows(self) -> str:
        """SQL of the rows that ``where`` has let in, with their numbers from 1, as ``r``."""
        number = f"{self._table}.rowid + 1 AS r"
        picked, joins = [number, "ordered"] if self._order_by else [number], []
        for at, value in enumerate(self._values):
            if at not in self._phones:
                picked.append(f"v{at}, b{at}")
                continue
            table = self._phones[at]
            if table is not None:
                joins.append(
                    f"LEFT JOIN {table} AS j{at} ON b{at} = {REASONS.index(UNREAD)} AND v{at} = j{at}.written"
                )
            library = {one: f"j{at}.{one}" if table else "NULL::VARCHAR" for one in READ_BY_LIBRARY}
            form, code = settled_phone(value, at, library)
            picked.append(f"{form} AS v{at}, {code} AS b{at}")
        return f"SELECT {', '.join(picked)} FROM {self._table} {' '.join(joins)} WHERE let_in"
