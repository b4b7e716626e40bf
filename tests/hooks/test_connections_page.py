"""The connections of docs/connections.md: each is loaded as it stands, and makes a call to the sandbox."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from airflow_provider_activation.get_provider_info import CONNECTION_TYPES
from airflow_provider_activation.hooks.acoustic_exchange import AcousticExchangeHook
from airflow_provider_activation.hooks.base import ActivationHook
from airflow_provider_activation.hooks.dataddo import DataddoHook
from airflow_provider_activation.hooks.delta_projects import DeltaProjectsHook
from airflow_provider_activation.hooks.liveramp import LiveRampHook
from airflow_provider_activation.sandbox import Sandbox

HOOKS: dict[str, Callable[[str], ActivationHook]] = {
    "liveramp": LiveRampHook,
    "acoustic_exchange": AcousticExchangeHook,
    "delta_projects": DeltaProjectsHook,
    "dataddo": DataddoHook,
}
PAGE = Path(__file__).parents[2] / "docs" / "connections.md"
HEAD = "| type | in the form |"


def rows() -> dict[str, tuple[str, str, str]]:
    """Fields of the form, URI and JSON by type, as the table of the page has them."""
    lines = PAGE.read_text().partition(HEAD)[2].splitlines()[2:]
    table = (line.split("|")[1:-1] for line in lines[: lines.index("")])
    return {
        cells[0].strip(" `"): (cells[1].strip(), cells[2].strip(" `"), cells[3].strip(" `"))
        for cells in table
    }


every_type = pytest.mark.parametrize("conn_type", HOOKS)


def test_each_type_has_a_row() -> None:
    assert set(rows()) == set(HOOKS)


@every_type
def test_the_form_has_these_fields(conn_type: str) -> None:
    [form] = [form for form in CONNECTION_TYPES if form["connection-type"] == conn_type]
    labels = {*form["ui-field-behaviour"]["relabeling"].values(), "Password"}
    labels |= {field["label"] for field in form["conn-fields"].values()}
    assert set(rows()[conn_type][0].split(", ")) <= labels


@every_type
def test_uri_and_json_are_the_same_connection(monkeypatch: pytest.MonkeyPatch, conn_type: str) -> None:
    _, uri, as_json = rows()[conn_type]
    prints = set()
    for value in (uri, as_json):
        monkeypatch.setenv("AIRFLOW_CONN_SHOWN", value)
        prints.add(HOOKS[conn_type]("shown").get_conn().settings.fingerprint)
    assert len(prints) == 1


@every_type
@pytest.mark.parametrize("form", ["uri", "json"])
def test_it_makes_a_call(
    connections: Sandbox, monkeypatch: pytest.MonkeyPatch, conn_type: str, form: str
) -> None:
    there = connections.connections[f"{conn_type}_default"]
    own: dict[str, Any] = there.get("extra", {})
    _, uri, as_json = rows()[conn_type]
    if form == "json":
        fields = json.loads(as_json)
        fields |= {name: there[name] for name in ("host", "login", "password") if name in there}
        value = json.dumps({**fields, "extra": {**fields.get("extra", {}), **own}})
    else:
        begin, rest = uri.split("://")
        credentials, _, address = rest.partition("@")
        for name, placeholder in (("login", "my-account"), ("password", "my-secret")):
            credentials = credentials.replace(placeholder, quote(there.get(name, ""), safe=""))
        query = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in own.items())
        given = [part for part in address.partition("?")[2].split("&") if part.partition("=")[0] not in own]
        host = there["host"].removeprefix("http://")
        value = f"{begin}://http://{credentials}@{host}?{'&'.join(filter(None, [*given, query]))}"
    monkeypatch.setenv("AIRFLOW_CONN_SHOWN", value)
    hook = HOOKS[conn_type]("shown")
    hook.send(hook.test_call())
    assert connections.requests
