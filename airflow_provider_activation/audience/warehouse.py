"""A row in a database for each receipt, through a connection of Airflow.

The table is the user's own. It has these columns; another may have any name and a default::

    CREATE TABLE receipts (
        receipt_id VARCHAR(36) NOT NULL UNIQUE,
        audience VARCHAR(250), destination VARCHAR(250), ledger_number INTEGER,
        service VARCHAR(250), ids TEXT,
        dag_id VARCHAR(250), task_id VARCHAR(250), run_id VARCHAR(250), map_index INTEGER,
        run_after TIMESTAMP, sent_at TIMESTAMP,
        rows_read BIGINT, rows_left_out BIGINT, rows_rejected BIGINT, rows_suppressed BIGINT,
        rows_duplicates BIGINT, rows_sent BIGINT,
        file_bytes BIGINT, sha256 VARCHAR(64), profile VARCHAR(250), approver VARCHAR(250)
    )

``ids`` is JSON. Both timestamps are in UTC and have no zone. A row is inserted at least once: a task that
runs again looks for the row first, and a database that keeps ``UNIQUE`` refuses a second one. Where it does
not, as some warehouses, count ``DISTINCT receipt_id``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import closing, suppress
from datetime import UTC, datetime
from typing import Any

from airflow_provider_activation.audience.drivers import error_of
from airflow_provider_activation.audience.receipt import ROWS
from airflow_provider_activation.errors import ActivationError, InvalidArgument
from airflow_provider_activation.simulation import refuse_change

_TABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*(\.[A-Za-z_][A-Za-z0-9_$]*){0,2}")
_LATER = "The receipt is in the ledger, its row is not in the table. Look at the connection and the table."


def check_warehouse(given: Any) -> dict[str, str]:
    """Read ``{"conn_id": ..., "table": ...}``.

    :raises InvalidArgument: something is missing, or is no name of a table.
    """
    if not isinstance(given, Mapping) or set(given) != {"conn_id", "table"}:
        raise InvalidArgument("warehouse must be a mapping of conn_id and table.")
    conn_id, table = given["conn_id"], given["table"]
    if not isinstance(conn_id, str) or not conn_id.strip():
        raise InvalidArgument("warehouse: conn_id must be the id of a connection.")
    if not isinstance(table, str) or not _TABLE.fullmatch(table):
        raise InvalidArgument(
            "warehouse: table must be a name of letters, digits and _, perhaps with its schema and database: "
            "receipts, or marketing.receipts."
        )
    return {"conn_id": conn_id, "table": table}


def insert_receipt(warehouse: Mapping[str, str], receipt: Mapping[str, Any]) -> None:
    """Insert the row of a receipt, if it is not there.

    :param warehouse: ``conn_id`` and ``table``.
    :param receipt: the record.
    :raises ActivationError: in the words of this package; the driver's own are left out.
    """
    # loads Airflow
    from airflow_provider_activation.audience.databases import hook_of

    given = check_warehouse(warehouse)
    hook = hook_of(given["conn_id"], "warehouse")
    where = f"The connection {given['conn_id']!r}"
    if failure := _inserted(hook, given["table"], row_of(receipt), where):
        failure.advice = _LATER
        raise failure


def row_of(receipt: Mapping[str, Any]) -> dict[str, Any]:
    """The row of a receipt, by column."""
    same = ("service", "dag_id", "task_id", "run_id", "map_index", "sha256", "profile", "approver")
    return {
        **{name: receipt[name] for name in ("receipt_id", "audience", "destination", *same)},
        "ledger_number": receipt["number"],
        "ids": json.dumps(receipt["ids"]),
        "run_after": _in_utc(receipt["run_after"]),
        "sent_at": _in_utc(receipt["at"]),
        "file_bytes": receipt["size"],
        **{f"rows_{name}": receipt["rows"][name] for name in ROWS},
    }


def _inserted(hook: Any, table: str, row: Mapping[str, Any], where: str) -> ActivationError | None:
    """Look for the row and insert it; returns what went wrong."""
    refuse_change(f"insert a row into {where}")
    try:
        with closing(hook.get_conn()):
            pass
    except Exception as error:
        return error_of(error, where, None)
    try:
        if not _is_there(hook, table, row["receipt_id"]):
            hook.insert_rows(table, [tuple(row.values())], target_fields=list(row))
    except Exception as error:
        failure = error_of(error, where, 0, failed=f"the row of the receipt is not inserted into {table}")
    else:
        return None
    # another try of the task may have been quicker
    with suppress(Exception):
        if _is_there(hook, table, row["receipt_id"]):
            return None
    return failure


def _is_there(hook: Any, table: str, receipt_id: str) -> bool:
    statement = f"SELECT receipt_id FROM {table} WHERE receipt_id = {hook.placeholder}"
    return hook.get_first(statement, parameters=(receipt_id,)) is not None


def _in_utc(told: str) -> str:
    """A timestamp as every database reads it."""
    return f"{datetime.fromisoformat(told).astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"
