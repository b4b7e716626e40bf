"""``require_suppression`` in a connection's extra: how it is written, and what the "Test" button says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_provider_activation.errors import InvalidConnection
from airflow_provider_activation.get_provider_info import CONNECTION_TYPES
from airflow_provider_activation.hooks.acoustic_exchange import AcousticExchangeHook
from airflow_provider_activation.hooks.dataddo import DataddoHook
from airflow_provider_activation.hooks.delta_projects import DeltaProjectsHook
from airflow_provider_activation.hooks.liveramp import LiveRampHook
from airflow_provider_activation.sandbox import Sandbox

FIELD = "require_suppression"
HOOKS: dict[str, Any] = {
    "liveramp": LiveRampHook,
    "acoustic_exchange": AcousticExchangeHook,
    "delta_projects": DeltaProjectsHook,
    "dataddo": DataddoHook,
}
URIS = {
    "liveramp": "liveramp://account:key@liveramp.example/?org_id=77",
    "acoustic_exchange": "acoustic-exchange://:key@exchange.example/?key_level=account",
    "delta_projects": "delta-projects://:key@delta.example/?client_id=2",
    "dataddo": "dataddo://me%40example.com:pw@dataddo.example/?timeout=30",
}
every_type = pytest.mark.parametrize("conn_type", HOOKS)


def demanded(conn_type: str) -> bool:
    settings = HOOKS[conn_type]("mine").get_conn().settings
    required: bool = settings.require_suppression
    return required


def set_json(monkeypatch: pytest.MonkeyPatch, conn_type: str, **extra: Any) -> None:
    values = {"conn_type": conn_type, "host": "service.example", "login": "me", "password": "pw"}
    needed = {"org_id": "77"} if conn_type == "liveramp" else {}
    monkeypatch.setenv("AIRFLOW_CONN_MINE", json.dumps({**values, "extra": {**needed, **extra}}))


@every_type
@pytest.mark.parametrize("given", [True, "true", "True", "yes", "1", " true "])
def test_true_in_the_form_and_in_json(monkeypatch: pytest.MonkeyPatch, conn_type: str, given: Any) -> None:
    set_json(monkeypatch, conn_type, require_suppression=given)
    assert demanded(conn_type)


@every_type
@pytest.mark.parametrize(
    "extra", [{}, *({FIELD: one} for one in (False, "false", "no", "0", "", None))], ids=str
)
def test_false_in_the_form_and_in_json(
    monkeypatch: pytest.MonkeyPatch, conn_type: str, extra: dict[str, Any]
) -> None:
    set_json(monkeypatch, conn_type, **extra)
    assert not demanded(conn_type)


@every_type
@pytest.mark.parametrize(("given", "read"), [("true", True), ("false", False), ("1", True)])
def test_in_a_uri(monkeypatch: pytest.MonkeyPatch, conn_type: str, given: str, read: bool) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_MINE", f"{URIS[conn_type]}&{FIELD}={given}")
    assert demanded(conn_type) is read


@every_type
@pytest.mark.parametrize("given", ["perhaps", 2, [True], {"a": 1}])
def test_nothing_else(monkeypatch: pytest.MonkeyPatch, conn_type: str, given: Any) -> None:
    set_json(monkeypatch, conn_type, require_suppression=given)
    with pytest.raises(InvalidConnection, match=f"'{FIELD}"):
        demanded(conn_type)


@every_type
def test_it_is_in_the_form(conn_type: str) -> None:
    (form,) = (one for one in CONNECTION_TYPES if one["connection-type"] == conn_type)
    assert form["conn-fields"][FIELD]["schema"]["type"] == ["boolean", "null"]


def test_a_connection_that_changes_gets_another_transport(monkeypatch: pytest.MonkeyPatch) -> None:
    set_json(monkeypatch, "dataddo")
    hook = DataddoHook("mine")
    assert not hook.get_conn().settings.require_suppression
    set_json(monkeypatch, "dataddo", require_suppression=True)
    assert hook.look_up_again()
    assert hook.get_conn().settings.require_suppression


@pytest.mark.parametrize("required", [True, False])
def test_the_test_button_says_so(
    connections: Sandbox, monkeypatch: pytest.MonkeyPatch, required: bool
) -> None:
    known = connections.connections["acoustic_exchange_default"]
    extra = {**known.get("extra", {}), FIELD: required}
    monkeypatch.setenv("AIRFLOW_CONN_MINE", json.dumps({**known, "extra": extra}))
    worked, said = AcousticExchangeHook("mine").test_connection()
    assert worked
    assert (f"shows suppression ({FIELD})" in said) is required
