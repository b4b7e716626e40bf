"""What the tests of the sandbox's LiveRamp share."""

from __future__ import annotations

import re
from typing import Any

import httpx
from sandbox_testing import PLAIN, STEP

from airflow_provider_activation.sandbox import Sandbox


def is_error(answer: httpx.Response, status: int) -> bool:
    body = answer.json()
    assert set(body) == {"httpStatus", "errorCode", "message"}, body
    return answer.status_code == int(body["httpStatus"]) == status


def start_attempt(liveramp: httpx.Client, **more: str) -> str:
    answer = liveramp.post("/oauth-connection-attempts", json={"oAuthEndpointID": "3001", **more})
    assert answer.status_code == 201
    assert set(answer.json()) == {"id"}
    return str(answer.json()["id"])


def attempt(liveramp: httpx.Client, attempt_id: str) -> dict[str, Any]:
    return dict(liveramp.get(f"/oauth-connection-attempts/{attempt_id}").json())


def decide(address: str, decision: str) -> httpx.Response:
    page = PLAIN.get(address)
    assert page.status_code == 200
    ticket = re.search(r'name="ticket" value="([^"]+)"', page.text)
    assert ticket
    return PLAIN.post(address, data={"ticket": ticket[1], "decision": decision})


def authorise(sandbox: Sandbox, liveramp: httpx.Client, **more: str) -> str:
    attempt_id = start_attempt(liveramp, **more)
    decide(attempt(liveramp, attempt_id)["authorizationUrl"], "authorize")
    sandbox.advance(STEP)
    return str(attempt(liveramp, attempt_id)["oAuthConnectionID"])


def connection_body(**changed: Any) -> dict[str, Any]:
    body = {
        "integrationID": ["1002", "2002"],
        "properties": [
            {"propertyKey": "bucket", "propertyValue": "b"},
            {"propertyKey": "folder", "propertyValue": "f"},
        ],
        "deviceTypes": ["PII"],
        "distributionManagerName": "my manager",
        **changed,
    }
    return {name: value for name, value in body.items() if value is not ...}


def make_manager(liveramp: httpx.Client) -> str:
    assert liveramp.post("/integration-connections", json=connection_body()).status_code == 201
    return str(liveramp.get("/distribution-managers").json()["v2/DistributionManagers"][-1]["id"])


def config(manager: str, segment: str = "5000000001", **changed: Any) -> dict[str, Any]:
    return {"segmentID": segment, "segmentType": "ONBOARDING", "distributionManagerID": manager, **changed}


def configs_path(manager: str) -> str:
    return f"/distribution-managers/{manager}/segment-configs"


def add(liveramp: httpx.Client, manager: str, *numbers: int) -> list[str]:
    """Put seeded segments into distribution, by their last digits; the ids of their configs."""
    items = [config(manager, str(5000000000 + number)) for number in numbers]
    outcomes = liveramp.post(configs_path(manager), json=items).json()
    assert [item["status"]["httpStatus"] for item in outcomes] == [201] * len(items)
    return [str(item["id"]) for item in outcomes]


def remove(liveramp: httpx.Client, manager: str, body: Any) -> httpx.Response:
    return liveramp.request("DELETE", configs_path(manager), json=body)


def outcomes(answer: httpx.Response) -> list[tuple[str, int]]:
    assert answer.status_code == 207, answer.text
    assert all(set(item) == {"id", "status"} for item in answer.json())
    return [(item["id"], item["status"]["httpStatus"]) for item in answer.json()]
