"""Reads the expression of ``where``, with DuckDB's own parser, and refuses all but one plain expression."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from airflow_provider_activation.errors import InvalidArgument

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_PLAIN = frozenset(
    {
        "BETWEEN",
        "CASE",
        "CAST",
        "COLUMN_REF",
        "COMPARISON",
        "CONJUNCTION",
        "CONSTANT",
        "FUNCTION",
        "OPERATOR",
        "TYPE",
    }
)
"""Classes of expressions that read nothing but a row: no subquery, parameter, star, window or lambda."""
_REFUSED = frozenset(
    {"age", "error", "getvariable", "current_setting", "getenv", "json_serialize_plan", "version"}
)
"""Functions that DuckDB calls consistent, though they look at the clock, the process or a plan."""
_MACROS = frozenset({"date_add", "if", "nullif", "split_part"})
"""Functions that are macros in DuckDB, made of others that are allowed."""
_SELECT = "SELECT * FROM rows WHERE "


class Where:
    """An expression that was read.

    :param expression: the expression as DuckDB writes it.
    :param columns: the columns that it names.
    """

    def __init__(self, expression: str, columns: Collection[str]) -> None:
        self.expression, self.columns = expression, tuple(columns)


def read_where(connection: DuckDBPyConnection, given: str) -> Where:
    """Read an expression without running it.

    :param connection: any connection; nothing is read but the expression.
    :raises InvalidArgument: it is no expression, or more than one.
    """
    written = _SELECT + given
    read = json.loads(_one(connection, "SELECT json_serialize_sql(?::VARCHAR)", written))
    if read["error"] or len(read["statements"]) != 1:
        raise InvalidArgument("where must be one expression of SQL, for example country = 'SE'.")
    node = read["statements"][0]["node"]
    condition = node.get("where_clause")
    bare = json.loads(_one(connection, "SELECT json_serialize_sql(?::VARCHAR)", _SELECT + "true"))
    if condition is None or _without_places({**node, "where_clause": None}) != _without_places(
        {**bare["statements"][0]["node"], "where_clause": None}
    ):
        raise InvalidArgument("where must be one expression of SQL and nothing after it.")
    columns: dict[str, None] = {}
    allowed = _functions(connection)
    for expression in _expressions(condition):
        kind = expression["class"]
        if kind not in _PLAIN or expression["type"] == "GROUPING_FUNCTION":
            raise InvalidArgument(
                f"where must not have a {kind.lower().replace('_', ' ')}: columns and values only."
            )
        if kind == "COLUMN_REF":
            if len(expression["column_names"]) != 1:
                raise InvalidArgument("where must name columns of the source, without a table.")
            columns[expression["column_names"][0]] = None
        elif kind == "FUNCTION" and (
            expression["function_name"].lower() not in allowed
            or expression.get("schema")
            or expression["catalog"]
        ):
            raise InvalidArgument(f"where must not call {expression['function_name']}.")
    text = _one(connection, "SELECT json_deserialize_sql(?::JSON)", json.dumps(read))
    return Where(text[text.index(" WHERE ") + len(" WHERE ") :].removesuffix(";"), columns)


def _one(connection: DuckDBPyConnection, sql: str, value: str) -> str:
    rows = connection.execute(sql, [value]).fetchall()
    return str(rows[0][0])


def _functions(connection: DuckDBPyConnection) -> set[str]:
    """Functions of a row alone, whose result depends on nothing else: no clock, chance, setting or variable.

    Some depend on the time zone for some types; it is UTC and locked.
    """
    rows = connection.execute(
        "SELECT lower(function_name) FROM duckdb_functions() WHERE function_type = 'scalar' GROUP BY 1 "
        "HAVING bool_or(stability = 'CONSISTENT') AND NOT bool_or(coalesce(has_side_effects, false))"
    ).fetchall()
    return {name for (name,) in rows if not name.startswith("__")} - _REFUSED | _MACROS


def _expressions(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "class" in value:
            yield value
        elif "statements" in value or "from_table" in value:
            raise InvalidArgument("where must not have a subquery.")
        for one in value.values():
            yield from _expressions(one)
    elif isinstance(value, list):
        for one in value:
            yield from _expressions(one)


def _without_places(value: Any) -> Any:
    """The same without where in the text each part stands."""
    if isinstance(value, dict):
        return {
            key: _without_places(one) for key, one in value.items() if not key.startswith("query_location")
        }
    return [_without_places(one) for one in value] if isinstance(value, list) else value
