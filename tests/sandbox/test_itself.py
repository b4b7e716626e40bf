"""The sandbox as a program and as a Python object: start, pages, reset, secrets, end."""

from __future__ import annotations

import json
import shlex
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import httpx
import pytest
from sandbox_testing import ANSWERED, PLAIN, SECRETS, liveramp_token

from airflow_provider_activation.sandbox import Sandbox
from scripts.machine_speed import scaled


def hidden() -> list[str]:
    """Every secret in every form it could take on a page."""
    values = [value for name, value in SECRETS.items() if name != "token_prefix"]
    forms = [form for value in values for form in (value, quote(value, safe=""), quote_plus(value))]
    return [*forms, SECRETS["token_prefix"]]


def use_everything(sandbox: Sandbox, web: httpx.Client) -> None:
    """Send every secret, in the right places and in wrong ones."""
    token = liveramp_token(sandbox)
    web.get("/liveramp/v2/segments", headers={"Authorization": f"Bearer {token}", "LR-Org-ID": "demo-org"})
    web.get("/delta-projects/api/v1/activity_templates", params={"apikey": SECRETS["delta_api_key"]})
    web.get("/delta-projects/api/v1/activity_templates", params={"apikey": "a-real-key-by-mistake"})
    key = quote(SECRETS["acoustic_endpoint_key"], safe="")
    web.put(f"/acoustic-exchange/v1/endpointattributes/authkey/{key}", json={"attributes": {"a": "b"}})
    given = {"email": SECRETS["dataddo_email"], "password": SECRETS["dataddo_password"]}
    dataddo = {"Authorization": f"Bearer {web.post('/dataddo/auth', json=given).json()['access_token']}"}
    service = {
        "service": "snapchat_static",
        "data": {
            "staticKey": SECRETS["snapchat_refresh_token"],
            "clientId": SECRETS["snapchat_client_id"],
            "clientSecret": SECRETS["snapchat_client_secret"],
        },
    }
    assert web.post("/dataddo/services", json=service, headers=dataddo).status_code == 200
    assert web.post("/dataddo/services", json={"note": token}, headers=dataddo).status_code == 400


def test_no_secret_is_shown(sandbox: Sandbox, web: httpx.Client) -> None:
    use_everything(sandbox, web)
    seen = [
        web.get(path).text for path in ("/", "/sandbox/requests", "/sandbox/state", "/sandbox/misbehaviours")
    ]
    seen += [json.dumps(sandbox.requests), json.dumps(sandbox.state())]
    for secret in [*hidden(), "a-real-key-by-mistake"]:
        assert not any(secret in text for text in seen), secret


def test_recorded_requests(sandbox: Sandbox, liveramp: httpx.Client) -> None:
    liveramp.get("/segments", params={"limit": 1})
    liveramp.post("/oauth-connection-attempts", json={"oAuthEndpointID": "3001"})
    token, listing, attempt = sandbox.requests
    assert token["body"]["password"] == "***"
    assert (listing["service"], listing["method"], listing["path"]) == ("liveramp", "GET", "/v2/segments")
    assert (listing["query"], listing["status"], listing["body"]) == ({"limit": "1"}, 200, None)
    assert (attempt["status"], attempt["body"]) == (201, {"oAuthEndpointID": "3001"})
    assert attempt["at"] >= listing["at"] >= token["at"]
    assert "Authorization" not in json.dumps(sandbox.requests)


def test_front_page(sandbox: Sandbox, web: httpx.Client, liveramp: httpx.Client) -> None:
    liveramp.post("/oauth-connection-attempts", json={"oAuthEndpointID": "3001", "state": "<script>"})
    sandbox.misbehave("status", path="/never")
    page = web.get("/")
    assert page.headers["Content-Type"].startswith("text/html")
    for word in ("LiveRamp", "Acoustic Exchange", "Delta Projects", "Dataddo", "PENDING", "/never"):
        assert word in page.text
    assert "AIRFLOW_CONN_LIVERAMP_DEFAULT" in page.text
    assert "/v2/oauth-connection-attempts" in page.text
    assert "<script>" not in page.text
    assert web.get("/?refresh").status_code == 200
    assert web.get("/nothing").status_code == 404


def test_reset(sandbox: Sandbox, web: httpx.Client, liveramp: httpx.Client, delta: httpx.Client) -> None:
    before = web.get("/sandbox/state").json()
    liveramp.post("/oauth-connection-attempts", json={"oAuthEndpointID": "3001"})
    sandbox.misbehave("status", times=None)
    assert web.get("/sandbox/state").json() != before
    assert web.post("/sandbox/reset").status_code == 204
    assert web.get("/sandbox/state").json() == before == sandbox.state()
    assert web.get("/sandbox/requests").json() == []
    assert delta.get("/activity_templates").status_code == 200
    # Tokens are gone too.
    assert liveramp.get("/segments").status_code == 401


def test_connections(sandbox: Sandbox) -> None:
    connections = sandbox.connections
    assert list(connections)[4:] == ["acoustic_exchange_endpoint", "snapchat_app"]
    liveramp = connections["liveramp_default"]
    assert liveramp["host"] == f"{sandbox.url}/liveramp"
    assert liveramp["extra"] == {
        "org_id": "demo-org",
        "auth_url": f"{liveramp['host']}/authn/v1/oauth2/token",
    }
    assert connections["acoustic_exchange_default"]["extra"] == {"key_level": "account"}
    assert connections["acoustic_exchange_endpoint"]["extra"] == {"key_level": "endpoint"}
    assert connections["snapchat_app"]["extra"] == {"refresh_token": SECRETS["snapchat_refresh_token"]}


def test_time_moves_on_by_itself_too() -> None:
    with Sandbox(port=0, consent="auto", step_seconds=0.05) as quick:
        headers = {"Authorization": f"Bearer {liveramp_token(quick)}", "LR-Org-ID": "demo-org"}
        attempts = f"{quick.url}/liveramp/v2/oauth-connection-attempts"
        made = PLAIN.post(attempts, json={"oAuthEndpointID": "3001"}, headers=headers).json()["id"]
        deadline = time.monotonic() + ANSWERED
        while PLAIN.get(f"{attempts}/{made}", headers=headers).json()["status"] != "AUTHORIZED":
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_wrong_arguments() -> None:
    with pytest.raises(ValueError, match="unknown secret"):
        Sandbox(secrets={"password": "x"})
    with pytest.raises(ValueError, match="consent"):
        Sandbox(consent="maybe")  # type: ignore[arg-type]
    with Sandbox(port=0) as first, pytest.raises(OSError, match="cannot listen"):
        Sandbox(port=int(first.url.rsplit(":", 1)[1])).start()


def test_state_outlives_the_server() -> None:
    with Sandbox(port=0) as short:
        PLAIN.get(f"{short.url}/delta-projects/x")
    assert len(short.requests) == 1
    with pytest.raises(httpx.ConnectError):
        PLAIN.get(short.url)


def test_importing_the_package_is_cheap() -> None:
    code = "import sys, airflow_provider_activation.sandbox as s; print('uvicorn' in sys.modules); s.Sandbox"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.fixture
def program(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    file = tmp_path / "connections.json"
    command = [
        sys.executable,
        "-m",
        "airflow_provider_activation.sandbox",
        "--port",
        "0",
        "--step-seconds",
        "0.1",
    ]
    command += ["--connections", str(file), "--token-seconds", "77", "--tenants", "2"]
    # Quotes in a secret must come through the shell line unharmed.
    command += ["--secret", "delta_api_key=it's $HOME=1", "--secret", "token_prefix=mark-"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process, file
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_program(program: tuple[subprocess.Popen[str], Path], number: int) -> None:
    process, file = program
    deadline = time.monotonic() + scaled(15)
    while not file.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    written: dict[str, dict[str, Any]] = json.loads(file.read_text())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    base = written["liveramp_default"]["host"].removesuffix("/liveramp")
    assert base.startswith("http://127.0.0.1:")
    assert PLAIN.get(base).status_code == 200
    login = {"email": written["dataddo_default"]["login"], "password": written["dataddo_default"]["password"]}
    tokens = PLAIN.post(f"{base}/dataddo/auth", json=login).json()
    assert tokens["expires_in"] == 77
    assert tokens["access_token"].startswith("mark-")
    process.send_signal(number)
    out, err = process.communicate(timeout=ANSWERED)
    assert (process.returncode, err) == (0, "")
    printed = {}
    for line in out.splitlines():
        if line.startswith("export AIRFLOW_CONN_"):
            words = shlex.split(line)
            assert len(words) == 2
            name, _, value = words[1].partition("=")
            printed[name.removeprefix("AIRFLOW_CONN_").lower()] = json.loads(value)
    assert printed == written
    assert [*printed][-4:] == [
        f"acoustic_exchange_tenant_{tenant}" for tenant in ("01", "01_endpoint", "02", "02_endpoint")
    ]
    assert printed["delta_projects_default"]["password"] == "it's $HOME=1"
    assert f"{base}/" in out


def test_the_program_refuses_bad_options() -> None:
    command = [sys.executable, "-m", "airflow_provider_activation.sandbox", "--secret", "hunter2"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "hunter2" not in done.stderr
