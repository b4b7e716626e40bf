"""A row in a database for each receipt, through a connection of Airflow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def check_warehouse(given: Any) -> dict[str, str]:
    """Read ``{"conn_id": ..., "table": ...}``. Imports no Airflow.

    :raises InvalidArgument: something is missing, or is no name of a table.
    """
    raise NotImplementedError


def insert_receipt(warehouse: Mapping[str, str], receipt: Mapping[str, Any]) -> None:
    """Insert the row of a receipt, if it is not there.

    :param warehouse: ``conn_id`` and ``table``.
    :param receipt: the record.
    """
    raise NotImplementedError
