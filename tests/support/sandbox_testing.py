"""What the tests of the sandbox share besides fixtures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx

from airflow_provider_activation.sandbox import Sandbox
from scripts.machine_speed import scaled

# Far longer than any test takes: nothing moves on unless a test lets the time pass.
STEP = 60

ANSWERED = scaled(10.0)
"""Seconds in which the sandbox answers."""

# Loopback only, so no TLS: loading certificates for every client would take most of the tests' time.
PLAIN = httpx.Client(verify=False, timeout=ANSWERED)

SECRETS = {
    "liveramp_service_account": "test-account-6f1d",
    "liveramp_secret_key": "test-liveramp-secret-91c2",
    "acoustic_account_key": "test-account-key-55aa:US",
    "acoustic_endpoint_key": "test-endpoint-key-66bb:US",
    "delta_api_key": "test delta+key/77=cc",
    "dataddo_email": "someone@test.example",
    "dataddo_password": "test-dataddo-password-88dd",
    "snapchat_client_id": "test-snapchat-id-99ee",
    "snapchat_client_secret": "test-snapchat-secret-00ff",
    "snapchat_refresh_token": "test-snapchat-refresh-11ab",
    "token_prefix": "test-token-",
}


def liveramp_token(sandbox: Sandbox) -> str:
    form = {
        "grant_type": "password",
        "username": sandbox.secrets["liveramp_service_account"],
        "password": sandbox.secrets["liveramp_secret_key"],
        "client_id": "liveramp-api",
    }
    answer = PLAIN.post(f"{sandbox.url}/liveramp/authn/v1/oauth2/token", data=form)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


def acoustic_client(sandbox: Sandbox, level: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {sandbox.secrets[f'acoustic_{level}_key']}"}
    return httpx.Client(
        base_url=f"{sandbox.url}/acoustic-exchange/v1", headers=headers, verify=False, timeout=ANSWERED
    )


def course(sandbox: Sandbox, look: Callable[[], Any], steps: int = 3) -> list[Any]:
    """What is seen now and after each of some steps of time."""
    seen = [look()]
    for _ in range(steps - 1):
        sandbox.advance(STEP)
        seen.append(look())
    return seen
