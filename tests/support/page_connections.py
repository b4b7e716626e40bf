"""Connections as pages show them: read by Airflow and the hook, and made usable with the sandbox."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import Any
from unittest import mock
from urllib.parse import unquote

from airflow.models.connection import Connection

Connections = Mapping[str, Mapping[str, Any]]
"""The sandbox's, by connection id, in Airflow's JSON form."""

PLACEHOLDERS = {
    "login": {"my-account", "me@example.com"},
    "password": {"my-secret"},
    "org_id": {"my-organisation", "12345"},
    "media_agency_id": {"my-agency"},
    "client_id": {"my-client"},
    "refresh_token": {"my-token"},
}
"""What pages write in place of credentials and of ids of an account, by field."""
OF_OTHERS = {"generic", "aws", "sftp", "postgres", "mysql", "http"}
"""Types of connections that pages may show and that are not ours: Airflow reads them, that is all."""


def shown(value: str) -> dict[str, Any]:
    """A connection as Airflow reads it from the environment, in its JSON form."""
    with mock.patch.dict(os.environ, {"AIRFLOW_CONN_SHOWN": value}):
        found: Connection = Connection.get_connection_from_secrets("shown")
    names = ("conn_type", "host", "login", "password", "port", "schema")
    fields = {name: getattr(found, name) for name in names} | {"extra": found.extra_dejson}
    return {name: given for name, given in fields.items() if given}


def usable(value: str, sandbox: Connections) -> str:
    """The same connection with the sandbox's host and, for placeholders, its credentials.

    :raises ValueError: a credential is no placeholder and not the sandbox's.
    """
    page = shown(value)
    own = _like(page, sandbox)
    if own is None:
        return json.dumps(page)
    extra, theirs = dict(page.get("extra", {})), own.get("extra", {})
    for field, names in PLACEHOLDERS.items():
        place, given, known = (page, page, own) if field in ("login", "password") else (extra, extra, theirs)
        if field not in given or str(given[field]) == str(known.get(field)):
            continue
        if unquote(str(given[field])) not in names:
            raise ValueError(f"the {field} {given[field]!r} is not one of {sorted(names)}, nor the sandbox's")
        place[field] = known.get(field)
    if "auth_url" in theirs:
        extra["auth_url"] = theirs["auth_url"]
    for field in ("port", "schema"):
        page.pop(field, None)
    host = {"host": own["host"]} if "host" in own else {}
    return json.dumps({**page, **host, "extra": extra})


def _like(page: Mapping[str, Any], sandbox: Connections) -> Mapping[str, Any] | None:
    """The sandbox's connection of the same type and level of key."""
    for own in sandbox.values():
        if _type_and_level(own) == _type_and_level(page):
            return own
    if page["conn_type"] in OF_OTHERS:
        return None
    raise ValueError(f"the sandbox has no connection of type {page['conn_type']!r} with this level of key")


def _type_and_level(connection: Mapping[str, Any]) -> tuple[str, str]:
    return connection["conn_type"], connection.get("extra", {}).get("key_level", "account")


def use(value: str, sandbox: Connections) -> None:
    """Have the hook read a connection as it is shown, and make one call with the usable one."""
    hooks = _hooks()
    conn_type = shown(value)["conn_type"]
    if conn_type not in hooks:
        usable(value, sandbox)
        return
    known = {"AIRFLOW_CONN_SHOWN": value, "AIRFLOW_CONN_USED": usable(value, sandbox)}
    with mock.patch.dict(os.environ, known):
        hooks[conn_type]("shown").get_conn().settings
        hook = hooks[conn_type]("used")
        hook.send(hook.test_call())


def _hooks() -> dict[str, Callable[[str], Any]]:
    from airflow_provider_activation.hooks.acoustic_exchange import AcousticExchangeHook
    from airflow_provider_activation.hooks.dataddo import DataddoHook
    from airflow_provider_activation.hooks.delta_projects import DeltaProjectsHook
    from airflow_provider_activation.hooks.liveramp import LiveRampHook

    return {
        "liveramp": LiveRampHook,
        "acoustic_exchange": AcousticExchangeHook,
        "delta_projects": DeltaProjectsHook,
        "dataddo": DataddoHook,
    }
