"""Airflow's "Test" button against the sandbox: what it checked, what it did not, and why it failed."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest

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
every_type = pytest.mark.parametrize("conn_type", HOOKS)

Try = Callable[..., tuple[bool, str]]


@pytest.fixture
def trial(connections: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Try:
    """The result of a test of the sandbox's connection with changes."""

    def trial(conn_id: str, **changes: Any) -> tuple[bool, str]:
        fields = {**connections.connections[conn_id], **changes}
        extra = {**connections.connections[conn_id].get("extra", {}), **changes.get("extra", {})}
        fields["extra"] = {name: value for name, value in extra.items() if value is not None}
        monkeypatch.setenv("AIRFLOW_CONN_TRIED", json.dumps(fields))
        return HOOKS[fields["conn_type"]]("tried").test_connection()

    return trial


def asked(sandbox: Sandbox) -> list[str]:
    return [f"{request['method']} {request['path']}" for request in sandbox.requests]


# It works

CHECKED = {
    "liveramp_default": "service account, secret key and org_id",
    "acoustic_exchange_default": "the key; its level account",
    "acoustic_exchange_endpoint": "the key; its level endpoint",
    "delta_projects_default": "the API key; media_agency_id",
    "dataddo_default": "e-mail and password",
}


@pytest.mark.parametrize(("conn_id", "checked"), CHECKED.items())
def test_it_says_what_it_checked_and_what_not(
    connections: Sandbox, trial: Try, conn_id: str, checked: str
) -> None:
    worked, said = trial(conn_id)
    assert worked
    assert f"Checked: {checked}" in said
    assert f"answers at {connections.connections[conn_id]['host']}." in said
    assert "Not checked: whether the service lets these credentials change anything" in said
    assert "http has none" in said


def test_it_logs_in_anew_and_its_token_is_masked(
    connections: Sandbox, trial: Try, monkeypatch: pytest.MonkeyPatch
) -> None:
    masked: list[str] = []
    monkeypatch.setattr("airflow_provider_activation.airflow_compat.mask_secret", masked.append)
    trial("dataddo_default")
    trial("dataddo_default")
    assert [path.split()[1] for path in asked(connections)].count("/auth") == 2
    assert len(set(masked)) >= 2


@pytest.mark.parametrize(
    ("left_out", "path"),
    [
        ([], "/api/v1/media_agency/{media_agency_id}/client/{client_id}/campaign/default/activity"),
        (["client_id"], "/api/v1/media_agency/{media_agency_id}/client"),
        (["media_agency_id"], "/api/v1/client/{client_id}"),
        (["media_agency_id", "client_id"], None),
    ],
)
def test_agency_and_client_of_the_extra_are_used(
    connections: Sandbox, trial: Try, left_out: list[str], path: str | None
) -> None:
    worked, said = trial("delta_projects_default", extra=dict.fromkeys(left_out))
    assert worked
    ids = connections.connections["delta_projects_default"]["extra"]
    called = [] if path is None else [f"GET {path.format(**ids)}"]
    assert asked(connections) == ["GET /api/v1/activity_templates", *called]
    unchecked = said.partition("Not checked:")[2]
    for name in ("media_agency_id", "client_id"):
        assert (name in unchecked) == (name in left_out)


def test_an_applications_key_is_not_checked_and_that_is_said(connections: Sandbox, trial: Try) -> None:
    for key in (connections.secrets["acoustic_application_key"], "a-key-of-nobody"):
        worked, said = trial("acoustic_exchange_default", password=key, extra={"key_level": "application"})
        assert worked
        assert "Checked: the connection." in said
        assert "Not checked: the key" in said
    assert {request["method"] for request in connections.requests} == {"GET"}


@every_type
def test_it_only_reads(connections: Sandbox, trial: Try, conn_type: str) -> None:
    before = connections.state()
    trial(f"{conn_type}_default")
    assert connections.state() == before
    log_ins = ("/auth", "/authn/v1/oauth2/token")
    assert all(r["method"] == "GET" or r["path"] in log_ins for r in connections.requests)


# It does not

REFUSED: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    "wrong key, acoustic": (
        "acoustic_exchange_default",
        {"password": "CANARY-key"},
        ["does not know the key"],
    ),
    "wrong key, delta": ("delta_projects_default", {"password": "CANARY-key"}, ["does not know the key"]),
    "wrong password, dataddo": (
        "dataddo_default",
        {"password": "CANARY-password"},
        ["does not know the key or the log-in"],
    ),
    "a blank after the password": ("dataddo_default", {"password": "CANARY-pw "}, ["ends with a blank"]),
    "wrong secret key, liveramp": ("liveramp_default", {"password": "CANARY-key"}, ["login and password"]),
    "organisation": ("liveramp_default", {"extra": {"org_id": "7x"}}, ["refuses this call", "7x"]),
    "key of an account": (
        "acoustic_exchange_default",
        {"extra": {"key_level": "endpoint"}},
        ["knows the key, but not as one of level endpoint", "key_level", "Checked before: the key"],
    ),
    "key of an endpoint": (
        "acoustic_exchange_endpoint",
        {"extra": {"key_level": "account"}},
        ["knows the key, but not as one of level account", "key_level", "Checked before: the key"],
    ),
    "agency": (
        "delta_projects_default",
        {"extra": {"media_agency_id": "99"}},
        ["The API key is accepted", "media_agency_id 99", "check them in the extra"],
    ),
    "client": (
        "delta_projects_default",
        {"extra": {"client_id": "99"}},
        ["The API key is accepted", "client_id 99", "check them in the extra"],
    ),
}


@pytest.mark.parametrize(("conn_id", "changes", "parts"), REFUSED.values(), ids=REFUSED)
def test_a_refusal_names_its_cause(
    trial: Try, conn_id: str, changes: dict[str, Any], parts: list[str]
) -> None:
    worked, said = trial(conn_id, **changes)
    assert not worked
    assert all(part in said for part in parts)
    assert "CANARY" not in said


@every_type
def test_a_path_that_was_pasted_into_the_host(connections: Sandbox, trial: Try, conn_type: str) -> None:
    host = connections.connections[f"{conn_type}_default"]["host"]
    worked, said = trial(f"{conn_type}_default", host=f"{host}/v9/things")
    assert not worked
    assert "a path may have been pasted along: check host of this connection" in said
    assert f"{host}/v9/things" in said


def test_a_path_of_the_log_in_that_is_wrong(connections: Sandbox, trial: Try) -> None:
    there = f"{connections.connections['liveramp_default']['host']}/nothing"
    worked, said = trial("liveramp_default", extra={"token_url": None, "auth_url": there})
    assert not worked
    assert "check auth_url in the extra" in said


@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 429, "headers": {"Retry-After": "60"}}])
def test_nothing_is_retried(connections: Sandbox, trial: Try, fault: dict[str, Any]) -> None:
    connections.misbehave("status", service="delta-projects", times=None, **fault)
    worked, said = trial("delta_projects_default")
    assert not worked
    assert str(fault["status"]) in said
    assert len(connections.requests) == 1


@every_type
def test_what_the_service_echoes_is_not_shown(
    connections: Sandbox, trial: Try, conn_type: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = connections.connections[f"{conn_type}_default"]["password"]
    for path in ("/auth", "/authn/v1/oauth2/token", "/api/v1/activity_templates", "/v1/endpoint"):
        connections.misbehave("status", path=path, status=400, body=f"echo: {secret}", times=None)
    worked, said = trial(f"{conn_type}_default")
    assert not worked
    assert secret not in said
    ours = [r.getMessage() for r in caplog.records if not r.name.startswith("uvicorn")]
    assert secret not in "\n".join(ours)


@every_type
def test_a_connection_that_cannot_be_read_is_told_once_on_one_line(
    connections: Sandbox, trial: Try, conn_type: str
) -> None:
    worked, said = trial(f"{conn_type}_default", host="http://gateway.example.com")
    assert not worked
    assert said.count("only https is used") == 1
    assert said.endswith("Nothing was sent. Correct the Airflow connection.")
    assert not any(sign in said for sign in ("\n", r"\n", " ... "))
