"""What a hook has read from its connection, without credentials: to compare between processes."""

from __future__ import annotations

from typing import Any

from airflow_provider_activation.hooks.base import ActivationHook

NAMES = (
    "base_url",
    "key_level",
    "scope",
    "query_names",
    "timeout",
    "max_retries",
    "verify",
    "proxy",
    "allow_http",
    "require_suppression",
    "remark",
)


def read_settings(hook: ActivationHook) -> dict[str, Any]:
    """The settings of a hook's connection as plain JSON."""
    settings = hook.get_conn().settings
    found = {name: getattr(settings, name) for name in NAMES}
    return {
        **{name: dict(value) if name in ("scope", "query_names") else value for name, value in found.items()},
        "addresses": sorted(settings.addresses.values()),
    }
