"""The people of one audience in the engine: who is left out and why, how many, and what is written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from airflow_provider_activation.audience.engine import Engine
from airflow_provider_activation.audience.lists import Lists
from airflow_provider_activation.audience.normalise import name, text
from airflow_provider_activation.audience.profiles import Profile
from airflow_provider_activation.audience.reading import Reading
from airflow_provider_activation.audience.schema import AudienceSchema, Column, Constant
from airflow_provider_activation.audience.sources import Source
from airflow_provider_activation.audience.values import Value, reason, value_of, written_form
from airflow_provider_activation.audience.where import Where
from airflow_provider_activation.errors import UnfitAudience


class People:
    """The rows of a source, read once.

    :param lists: who must not be among them; already opened.
    :raises UnfitAudience: the source lacks a column, or cannot be read.
    """

    def __init__(
        self,
        engine: Engine,
        source: Source,
        schema: AudienceSchema,
        profile: Profile,
        lists: Lists,
        *,
        where: Where | None,
        order_by: str | None,
    ) -> None:
        self._engine, self._source, self._schema, self._profile = engine, source, schema, profile
        self._lists, self._is_ordered = lists, order_by is not None
        self._columns: dict[str, Column | None] = {one: schema.columns.get(one) for one in profile.header}
        self._columns.update(schema.columns)
        self.columns = list(self._columns)
        """The columns of the file in order."""
        self._told: dict[str, Value] = {
            one: value_of(column, profile, registered_as=one)
            for one, column in {**schema.columns, **schema.suppress_by}.items()
            if not isinstance(column, Constant)
        }
        self._values = list(dict.fromkeys([*self._told.values(), *lists.compared]))
        known = source.columns(engine)
        wanted = [value.source for value in self._values] + ([order_by] if order_by else [])
        in_where = _named(where.columns, known, source) if where else []
        self._read = Reading(
            engine,
            "people",
            source,
            self._values,
            columns=dict.fromkeys([*_known(wanted, known, source), *in_where]),
            where=where,
            order_by=order_by,
        )
        self._rows = self._read.rows()
        self._required = sorted(
            {one for one, column in schema.columns.items() if column.required} | profile.required
        )

    def _at(self, column: str) -> int:
        return self._values.index(self._told[column])

    def _progress(self, doing: str) -> dict[str, Any]:
        return {"doing": f"{doing} {self._source.place}", "rows": self._read.total, "size": self._source.size}

    def look(self) -> None:
        """Note the rows of which something cannot be used, and those who are suppressed."""
        needed = " OR ".join(f"v{self._at(one)} IS NOT NULL" for one in self._schema.needed) or "true"
        lacking = " OR ".join(f"v{self._at(one)} IS NULL" for one in self._required) or "false"
        bad = [f"b{at}" for at in sorted({self._at(one) for one in self._told})]
        missing = [
            f"v{self._at(one)} IS NULL AND b{self._at(one)} = 0 AS m{at}"
            for at, one in enumerate(self._required)
        ]
        in_lists = [f"({one}) AS s{at}" for at, one in enumerate(self._lists.conditions(self._values))]
        row = f"NOT ({needed}) AS lost, ({lacking}) AS lacks"
        any_list = [f"s{at}" for at in range(len(in_lists))]
        any_of = " OR ".join([*(f"{one} > 0" for one in bad), "lost", "lacks", *any_list])
        self._engine.rows(
            f"CREATE TABLE noted AS SELECT * FROM (SELECT r, {', '.join([*bad, row, *missing, *in_lists])} "
            f"FROM ({self._rows})) WHERE {any_of}",
            **self._progress("Checking"),
        )
        self._engine.rows(
            "CREATE TABLE gone AS SELECT r, lost OR lacks AS rejected FROM noted "
            f"WHERE {' OR '.join(['lost', 'lacks', *any_list])}"
        )

    def counts(self) -> tuple[dict[str, int], dict[str, dict[str, int]], list[int]]:
        """How many rows were read, left out, rejected and suppressed; rejects by column and reason; and how
        many each list has suppressed.

        :raises UnfitAudience: there are no rows.
        """
        read = self._read
        if read.total == 0:
            raise UnfitAudience(f"{self._source.place} has no rows.")
        by_list = [
            f"count(*) FILTER (s{at} AND NOT (lost OR lacks))" for at in range(len(self._lists.opened))
        ]
        every = ["count(*) FILTER (rejected)", "count(*) FILTER (NOT rejected)", *by_list]
        rejected, suppressed, *in_lists = self._engine.rows(
            f"SELECT {', '.join(every)} FROM noted LEFT JOIN gone USING (r)"
        )[0]
        rejects: dict[str, dict[str, int]] = {}
        for column, why, number in self._engine.rows(
            f"SELECT column_, reason, count(*) FROM ({self._rejects()}) GROUP BY ALL ORDER BY ALL"
        ):
            rejects.setdefault(column, {})[why] = number
        rows = {
            "read": read.total,
            "left_out": read.total - read.broken - read.kept,
            "rejected": rejected + read.broken,
            "suppressed": suppressed,
        }
        return rows, rejects, in_lists

    def _rejects(self) -> str:
        """SQL of all rejects: number of the row, column and reason."""
        parts = [
            f"SELECT r, {text(one)} AS column_, {reason(f'b{self._at(one)}')} AS reason "
            f"FROM noted WHERE b{self._at(one)} > 0"
            for one in self._told
        ]
        parts += [
            f"SELECT r, {text(one)}, 'missing' FROM noted WHERE m{at}"
            for at, one in enumerate(self._required)
        ]
        parts.append("SELECT r, '', 'no_identifier' FROM noted WHERE lost")
        return self._read.numbered(" UNION ALL ".join(parts))

    def write_rejects(self, path: Path) -> None:
        """Write the rejects into an existing file."""
        self._engine.rows(
            f"COPY (SELECT r AS row, column_ AS column, reason FROM ({self._rejects()}) ORDER BY ALL) "
            f"TO {text(str(path))} (FORMAT csv, HEADER, USE_TMP_FILE false)"
        )

    def write(self, path: Path) -> int:
        """Write those who are left into an existing file, sorted, each once; return how many they are."""
        outputs = [self._output(one, column) for one, column in self._columns.items()]
        shorts = [f"o{at}" for at in range(len(outputs))]
        named = ", ".join(f"{short} AS {name(one)}" for short, one in zip(shorts, self._columns, strict=True))
        quote = "FORCE_QUOTE *, " if self._profile.quote_all else ""
        copied = self._engine.rows(
            f"COPY (SELECT {named} FROM ({self._each_once(outputs, shorts)})) TO {text(str(path))} ("
            f"FORMAT csv, HEADER, {quote}DELIMITER {text(self._profile.delimiter)}, QUOTE '\"', ESCAPE '\"', "
            "NULLSTR '', USE_TMP_FILE false)",
            **self._progress("Writing"),
        )
        return int(copied[0][0])

    def _output(self, column_name: str, column: Column | None) -> str:
        """SQL of what is written; nothing where the profile wants a column that the schema lacks."""
        if column is None:
            return "NULL::VARCHAR"
        if isinstance(column, Constant):
            return text(column.value)
        return written_form(column, f"v{self._at(column_name)}", self._profile)

    def _each_once(self, outputs: Sequence[str], shorts: Sequence[str]) -> str:
        """SQL of the rows that are left, sorted, of those with the same identifiers one."""
        read = f"SELECT * FROM ({self._rows}) ANTI JOIN gone USING (r)"
        picked = ", ".join(f"{sql} AS {short}" for sql, short in zip(outputs, shorts, strict=True))
        every, order = ", ".join(shorts), ", ".join(f"{short} NULLS LAST" for short in shorts)
        keys = [
            short for short, one in zip(shorts, self._columns, strict=True) if one in self._schema.identifiers
        ] or list(shorts)
        if not self._is_ordered and shorts[: len(keys)] == keys:
            # those with the same identifiers come one after the other, the smallest first; none is empty
            again = " AND ".join(f"{one} IS NOT DISTINCT FROM lag({one}, 1, '') OVER ()" for one in keys)
            return (
                f"SELECT {every} FROM (SELECT *, {again} AS again FROM (SELECT {picked} FROM ({read}) "
                f"ORDER BY {order})) WHERE NOT again"
            )
        first = f"ordered DESC NULLS LAST, {order}" if self._is_ordered else order
        ordered = ", ordered" if self._is_ordered else ""
        return (
            f"SELECT {every} FROM (SELECT *, row_number() OVER (PARTITION BY {', '.join(keys)} "
            f"ORDER BY {first}) AS place FROM (SELECT {picked}{ordered} FROM ({read}))) WHERE place = 1 "
            f"ORDER BY {order}"
        )


def _known(wanted: Iterable[str], known: Sequence[str] | None, source: Source) -> list[str]:
    wanted = list(dict.fromkeys(wanted))
    missing = [] if known is None else [one for one in wanted if one not in known]
    if missing:
        # what was found is not told: without a header it is a person
        raise UnfitAudience(
            f"{source.place} has no column {', '.join(map(repr, missing))}; its first row has "
            f"{len(known or ())} fields.",
            advice=source.without_column,
        )
    return wanted


def _named(wanted: Iterable[str], known: Sequence[str] | None, source: Source) -> list[str]:
    """The columns that an expression names; SQL does not tell capitals from small letters."""
    spelled = {one.lower(): one for one in known or ()}
    return _known([spelled.get(one.lower(), one) for one in wanted], known, source)
