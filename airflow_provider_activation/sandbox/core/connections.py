"""The Airflow connections to the services."""

from __future__ import annotations

import json
import shlex
from typing import Any

from airflow_provider_activation.sandbox.core.credentials import MASK

Connections = dict[str, dict[str, Any]]
"""By connection id, in Airflow's JSON form."""


def parts(connections: Connections) -> list[Connections]:
    """The default ones, those that the example DAGs use besides, and those of tenants."""
    found: list[Connections] = [{}, {}, {}]
    for conn_id, connection in connections.items():
        part = 0 if conn_id.endswith("_default") else 2 if "_tenant_" in conn_id else 1
        found[part][conn_id] = connection
    return found


def connection_lines(connections: Connections) -> list[str]:
    """One line for the shell for each connection."""
    return [
        f"export AIRFLOW_CONN_{conn_id.upper()}={shlex.quote(json.dumps(connection))}"
        for conn_id, connection in connections.items()
    ]


def without_secrets(connections: Connections) -> Connections:
    """A copy with masked credentials."""
    masked = {}
    for conn_id, connection in connections.items():
        shown = {name: MASK if name in ("login", "password") else value for name, value in connection.items()}
        extra = connection.get("extra", {})
        if "refresh_token" in extra:
            shown["extra"] = {**extra, "refresh_token": MASK}
        masked[conn_id] = shown
    return masked
