"""One table for each service with all of its endpoints: what tests of every endpoint read."""

from __future__ import annotations

from typing import Any

from airflow_provider_activation.api.call import Call
from endpoints import acoustic_exchange, dataddo, delta_projects, liveramp
from endpoints.table import Table

TABLES: dict[str, Table] = {
    module.TABLE.name: module.TABLE for module in (acoustic_exchange, delta_projects, dataddo, liveramp)
}
EVERY_CALL: dict[str, Call[Any]] = {}
"""Each endpoint's first use."""
OTHER_PATHS: dict[tuple[str, str], Call[Any]] = {}
"""The same endpoints where the documents give them a second path or method."""

for _table in TABLES.values():
    for _entry, _use, _call in _table.calls():
        _name = f"{_call.service}: {_call.operation}"
        _first = EVERY_CALL.setdefault(_name, _call)
        if (_call.method, _call.template) != (_first.method, _first.template):
            OTHER_PATHS.setdefault((_call.method, _call.template), _call)
