"""Acoustic Exchange's hook: the key that goes into a path, and the attributes that are credentials."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from scripted_server import Reply, ScriptedServer

from airflow_provider_activation.errors import InvalidRequest
from airflow_provider_activation.hooks import acoustic_exchange as hook_module
from airflow_provider_activation.hooks import base
from airflow_provider_activation.hooks.acoustic_exchange import AcousticExchangeHook

KEY = "canary-key=:US"
ATTRIBUTES = {"user": "canary-user", "clientSecret": "canary-secret"}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedServer]:
    """What the connection ``exchange`` leads to."""
    monkeypatch.setattr(base, "_transports", {})
    server = ScriptedServer()
    connection = {
        "conn_type": "acoustic_exchange",
        "host": server.url,
        "password": KEY,
        "extra": {"key_level": "endpoint", "max_retries": 0},
    }
    monkeypatch.setenv("AIRFLOW_CONN_EXCHANGE", json.dumps(connection))
    yield server
    for transport in base._transports.values():
        transport.close()
    server.stop()


def test_attributes_go_out_with_the_connections_key_in_the_path_and_as_the_bearer(
    server: ScriptedServer,
) -> None:
    server.script.append(Reply(200, b""))
    hook = AcousticExchangeHook("exchange")
    hook.set_endpoint_attributes(ATTRIBUTES)
    assert hook.authentication_key == KEY
    (asked,) = server.asked
    assert asked.method == "PUT"
    assert asked.target == "/v1/endpointattributes/authkey/canary-key%3D%3AUS"
    assert asked.headers["Authorization"] == f"Bearer {KEY}"
    assert asked.json == {"attributes": ATTRIBUTES}


def test_attributes_are_masked_and_stand_in_no_error(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    masked: list[str] = []
    monkeypatch.setattr(hook_module, "mask_secret", masked.append)
    server.script.append(Reply(400, f"wrong: {ATTRIBUTES}, {KEY}".encode()))
    with pytest.raises(InvalidRequest) as caught:
        AcousticExchangeHook("exchange").set_endpoint_attributes(ATTRIBUTES)
    assert "wrong: {'user': '***'" in str(caught.value)
    assert "canary" not in f"{caught.value} {caught.value!r} {caught.value.body}"
    assert masked == list(ATTRIBUTES.values())


def test_attributes_that_are_no_texts_are_refused_before_anything_is_sent(server: ScriptedServer) -> None:
    with pytest.raises(InvalidRequest, match="port must be text, but is a int"):
        AcousticExchangeHook("exchange").set_endpoint_attributes({"port": 22})  # type: ignore[dict-item]
    assert server.asked == []
