"""The values of a source, read once into a table of the engine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest

from airflow_provider_activation.audience.engine import Engine
from airflow_provider_activation.audience.normalise import name
from airflow_provider_activation.audience.phone_table import READ_BY_LIBRARY, phone_table
from airflow_provider_activation.audience.sources import Source
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
    :param broken: the table in which broken rows are noted; see `Source.relation`.
    """

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
        broken: str = "skipped",
    ) -> None:
        self._table, self._values, self._where, self._order_by = table, values, where, order_by
        relation = source.relation(engine, list(columns), broken=broken)
        engine.rows(
            f"CREATE TABLE {table} AS {self._steps(relation)}",
            doing=f"Reading {source.place}",
            size=source.size,
        )
        self.total, self.kept = engine.rows(f"SELECT count(*), count(*) FILTER (let_in) FROM {table}")[0]
        unread = REASONS.index(UNREAD)
        self._phones = {
            at: phone_table(engine, value, f"SELECT v{at} AS written FROM {table} WHERE b{at} = {unread}")
            for at, value in enumerate(values)
            if is_slow_phone(value)
        }

    def _steps(self, relation: str) -> str:
        let_in = f"coalesce(({self._where.expression}), false)" if self._where else "true"
        kept = ["let_in"]
        first = [f"{let_in} AS let_in"]
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
