"""One sandbox for all tests here, back at its seeds before each of them."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from dataddo_testing import snapchat, source_body
from sandbox_habits import Holder, Resource
from sandbox_testing import ANSWERED, SECRETS, STEP, acoustic_client, liveramp_token

from airflow_provider_activation.sandbox import Sandbox


@pytest.fixture(scope="session")
def running() -> Iterator[Sandbox]:
    with Sandbox(port=0, consent="manual", step_seconds=STEP, secrets=SECRETS) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    running.reset()
    return running


@pytest.fixture
def web(sandbox: Sandbox) -> Iterator[httpx.Client]:
    """The sandbox's own pages."""
    with httpx.Client(base_url=sandbox.url, verify=False, timeout=ANSWERED) as client:
        yield client


@pytest.fixture
def liveramp(sandbox: Sandbox) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {liveramp_token(sandbox)}", "LR-Org-ID": "demo-org"}
    with httpx.Client(
        base_url=f"{sandbox.url}/liveramp/v2", headers=headers, verify=False, timeout=ANSWERED
    ) as client:
        yield client


@pytest.fixture
def account(sandbox: Sandbox) -> Iterator[httpx.Client]:
    """Acoustic Exchange with the account-level key."""
    with acoustic_client(sandbox, "account") as client:
        yield client


@pytest.fixture
def endpoint(sandbox: Sandbox) -> Iterator[httpx.Client]:
    """Acoustic Exchange with the endpoint-level key."""
    with acoustic_client(sandbox, "endpoint") as client:
        yield client


@pytest.fixture
def delta(sandbox: Sandbox) -> Iterator[httpx.Client]:
    params = {"apikey": sandbox.secrets["delta_api_key"]}
    with httpx.Client(
        base_url=f"{sandbox.url}/delta-projects/api/v1", params=params, verify=False, timeout=ANSWERED
    ) as client:
        yield client


@pytest.fixture
def dataddo(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{sandbox.url}/dataddo", verify=False, timeout=ANSWERED) as client:
        given = {"email": sandbox.secrets["dataddo_email"], "password": sandbox.secrets["dataddo_password"]}
        tokens = client.post("/auth", json=given).json()
        client.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        yield client


@pytest.fixture
def service(sandbox: Sandbox, dataddo: httpx.Client) -> int:
    """A service of Dataddo, as the sources below use it."""
    answer = dataddo.post("/services", json={"service": "snapchat_static", "data": snapchat(sandbox)})
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"id"}
    return int(answer.json()["id"])


@pytest.fixture
def source(dataddo: httpx.Client, service: int) -> str:
    """A source of Dataddo."""
    answer = dataddo.post("/connectors/snapchat/create-source", json=source_body(service))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


@pytest.fixture
def flow(dataddo: httpx.Client, source: str) -> str:
    """A flow of Dataddo."""
    body = {"sources": [source], "app": "google_data_studio", "label": "GDS Flow"}
    answer = dataddo.post("/flows", json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


@pytest.fixture
def holder(
    sandbox: Sandbox,
    liveramp: httpx.Client,
    account: httpx.Client,
    endpoint: httpx.Client,
    delta: httpx.Client,
    dataddo: httpx.Client,
) -> Holder:
    """A client of all services."""
    services = {
        "liveramp": liveramp,
        "acoustic-exchange": account,
        "delta-projects": delta,
        "dataddo": dataddo,
    }
    return Holder(sandbox, services, endpoint)


@pytest.fixture
def ready(holder: Holder, resource: Resource) -> Holder:
    """A client of all services, with what the resource needs."""
    holder.prepare(resource)
    return holder
