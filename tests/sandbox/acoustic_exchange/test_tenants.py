"""Accounts besides the first one: each has keys, endpoints, segments and jobs that no other account sees."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from typing import Any

import httpx
import pytest
from acoustic_testing import CSV_TYPE, export, is_error
from sandbox_testing import ANSWERED, PLAIN, STEP

from airflow_provider_activation.sandbox import Sandbox

SEGMENT = 800000
TENANTS = ("tenant_01", "tenant_02", "tenant_03")


def _client(sandbox: Sandbox, name: str) -> httpx.Client:
    connection = sandbox.connections[f"acoustic_exchange_{name}"]
    headers = {"Authorization": f"Bearer {connection['password']}"}
    return httpx.Client(base_url=f"{connection['host']}/v1", headers=headers, verify=False, timeout=ANSWERED)


@pytest.fixture(scope="module")
def several() -> Iterator[Sandbox]:
    with Sandbox(port=0, step_seconds=STEP, tenants=len(TENANTS)) as sandbox:
        yield sandbox


@pytest.fixture
def clients(several: Sandbox) -> Iterator[dict[str, httpx.Client]]:
    """A client for each account, the first one's included."""
    several.reset()
    found = {name: _client(several, name) for name in ("default", *TENANTS)}
    yield found
    for client in found.values():
        client.close()


def _endpoints(client: httpx.Client) -> set[int]:
    return {row["endpointId"] for row in client.get("/endpoint").json()}


def _job(client: httpx.Client) -> int:
    """The export of an account's own segment to its own partner."""
    own = min(_endpoints(client))
    order = export(endpointID=own, segmentID=SEGMENT, destinationEndpointID=own + 10001)
    answer = client.post("/jobs/segmentExport", json=order)
    assert answer.status_code == 200, answer.text
    return int(answer.text)


def test_each_account_has_endpoints_of_its_own(clients: dict[str, httpx.Client]) -> None:
    found = {name: _endpoints(client) for name, client in clients.items()}
    assert all(found.values())
    assert all(not found[one] & found[other] for one, other in permutations(found, 2))
    assert min(found["tenant_02"]) == 210001


def test_an_endpoint_of_another_is_not_there(clients: dict[str, httpx.Client]) -> None:
    for one, other in permutations(TENANTS, 2):
        theirs = min(_endpoints(clients[other]))
        client = clients[one]
        assert is_error(client.get(f"/endpoint/{theirs}/segments/{SEGMENT}"), 404)
        assert is_error(client.put(f"/endpoint/disable/{theirs}"), 404)
        order = export(endpointID=theirs, segmentID=SEGMENT, destinationEndpointID=theirs + 10001)
        assert is_error(client.post("/jobs/segmentExport", json=order), 400)


def test_a_job_of_another_is_not_there(several: Sandbox, clients: dict[str, httpx.Client]) -> None:
    jobs = {name: _job(clients[name]) for name in TENANTS}
    assert len(set(jobs.values())) == len(TENANTS)
    for one, other in permutations(TENANTS, 2):
        assert is_error(clients[one].get(f"/jobs/SEGMENT_EXPORT/{jobs[other]}"), 404)
        upload = clients[one].post(f"/jobs/{jobs[other]}/data", content=b"email\nx\n", headers=CSV_TYPE)
        assert is_error(upload, 404)
    for name, job in jobs.items():
        (listed,) = clients[name].get("/jobs/SEGMENT_EXPORT").json()
        assert listed["jobId"] == job
    assert clients["default"].get("/jobs/SEGMENT_EXPORT").json() == []
    kept = several.state()["acoustic-exchange"]["jobs"]
    assert {(row["tenant"], row["jobId"], row["upload"]) for row in kept} == {
        (name, job, None) for name, job in jobs.items()
    }


def test_a_key_of_an_endpoint_belongs_to_its_tenant(several: Sandbox) -> None:
    with _client(several, "tenant_02_endpoint") as endpoint:
        assert _endpoints(endpoint) == {210001}
        assert is_error(endpoint.get("/jobs/SEGMENT_EXPORT?endpointId=110001"), 403)


def test_a_key_of_nobody_is_refused(several: Sandbox) -> None:
    wrong = {"Authorization": "Bearer tenant_04-sandbox-acoustic-account-key:US"}
    answer = PLAIN.get(f"{several.url}/acoustic-exchange/v1/endpoint", headers=wrong)
    assert is_error(answer, 403)


def test_the_first_account_is_as_it_is_alone(several: Sandbox) -> None:
    several.reset()
    with Sandbox(port=0) as alone:
        rows: dict[str, Any] = several.state()["acoustic-exchange"]
        assert {
            part: [row for row in found if "tenant" not in row]
            for part, found in rows.items()
            if part != "tenants"
        } == alone.state()["acoustic-exchange"]
        assert [*several.connections][: len(alone.connections)] == [*alone.connections]


def test_the_front_page_names_the_tenants_and_shows_no_key(several: Sandbox) -> None:
    page = PLAIN.get(several.url).text
    for name in TENANTS:
        assert f"<td><div>{name}</div></td>" in page
        assert f"AIRFLOW_CONN_ACOUSTIC_EXCHANGE_{name.upper()}=" in page
    keys = [one["password"] for conn_id, one in several.connections.items() if "_tenant_" in conn_id]
    assert len(set(keys)) == 2 * len(TENANTS)
    assert [key for key in keys if key in page] == []


def test_fewer_than_none_is_refused() -> None:
    with pytest.raises(ValueError, match="tenants"):
        Sandbox(tenants=-1)
