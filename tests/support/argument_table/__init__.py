"""Every argument of every operator, sensor and trigger: its kind, and values that are good.

Written by hand from docstrings, signatures and the services' documents. A class or an argument without a row
makes the walk fail.
"""

from __future__ import annotations

from dataclasses import replace

from argument_table import acoustic_exchange, audience, dataddo, delta_projects, liveramp
from argument_table.common import SIMULATES
from argument_table.kinds import LEFT_OUT, Argument, Kind, Need, Row

__all__ = ["LEFT_OUT", "TABLE", "Argument", "Kind", "Need", "Row"]

_ROWS: dict[str, Row] = {
    **liveramp.ROWS,
    **acoustic_exchange.ROWS,
    **delta_projects.ROWS,
    **dataddo.ROWS,
    **audience.ROWS,
}
TABLE: dict[str, Row] = {
    path: row if path.startswith("triggers.") else replace(row, arguments={**SIMULATES, **row.arguments})
    for path, row in _ROWS.items()
}
"""Rows by the class's place below the package."""
