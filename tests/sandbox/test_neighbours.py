"""Somebody else who makes an equal resource at the worst time."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from sandbox_habits import (
    ACTIVITY,
    CLIENT,
    CONFIG,
    CONNECTION,
    FLOW,
    JOB,
    NAMED,
    RESOURCES,
    SERVICE,
    Holder,
    Resource,
)

from airflow_provider_activation.sandbox import Sandbox

every_resource = pytest.mark.parametrize("resource", RESOURCES, ids=str)
every_name = pytest.mark.parametrize("resource", NAMED, ids=str)

OURS = "Spring [af:0123456789ab]"

# Of two equal ones, the service has room for one only.
UNIQUE = ("segmentConfigs", "segments")


def owners(holder: Holder, resource: Resource) -> list[str | None]:
    """Whose each resource is."""
    return [row.get("owner") for row in holder.books(resource)]


@every_resource
@pytest.mark.parametrize("when", ["before", "after"])
def test_an_equal_resource(sandbox: Sandbox, ready: Holder, resource: Resource, when: str) -> None:
    before = owners(ready, resource)
    sandbox.habit("neighbour", service=resource.service, when=when)
    answer = ready.create(resource)
    made: list[str | None] = ["neighbour", None] if when == "before" else [None, "neighbour"]
    if resource.part in UNIQUE:
        made = made[:1]
    else:
        assert answer.is_success
    assert owners(ready, resource) == [*before, *made]
    assert "owner" not in ready.read(resource).text
    assert "owner" not in str(ready.rows(resource))
    # It happens once, and only counts if something was made.
    ready.create(resource)
    assert owners(ready, resource).count("neighbour") == made.count("neighbour")


@every_name
@pytest.mark.parametrize(("mark", "theirs"), [(None, "Spring"), ("feedfeedfeed", "Spring [af:feedfeedfeed]")])
def test_its_mark_is_another(
    sandbox: Sandbox, ready: Holder, resource: Resource, mark: str | None, theirs: str
) -> None:
    sandbox.habit("neighbour", service=resource.service, when="before", mark=mark)
    ready.create(resource, OURS)
    assert resource.text
    names = {row.get("owner"): row[resource.text] for row in ready.books(resource)}
    assert names["neighbour"] == theirs
    assert resource.part in UNIQUE or names[None] == OURS


@every_resource
@pytest.mark.parametrize("what", ["status", "drop_before"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_also_when_the_creation_is_refused(
    sandbox: Sandbox, ready: Holder, resource: Resource, what: str, when: str
) -> None:
    before = owners(ready, resource)
    sandbox.habit("neighbour", service=resource.service, when=when)
    sandbox.misbehave(what, service=resource.service, method="POST")
    try:
        assert ready.create(resource).status_code == 503
    except (httpx.RemoteProtocolError, httpx.ReadError):
        assert what == "drop_before"
    assert owners(ready, resource) == [*before, "neighbour"]


@pytest.mark.parametrize("resource", [CONNECTION, JOB, ACTIVITY, FLOW], ids=str)
@pytest.mark.parametrize("what", ["drop_after", "empty", "html"])
def test_when_its_answer_is_lost(sandbox: Sandbox, ready: Holder, resource: Resource, what: str) -> None:
    sandbox.habit("neighbour", service=resource.service, when="after")
    sandbox.misbehave(what, service=resource.service, method="POST", after_acting=True)
    try:
        ready.create(resource)
    except (httpx.RemoteProtocolError, httpx.ReadError):
        assert what == "drop_after"
    assert owners(ready, resource) == [None, "neighbour"]


def test_every_time(sandbox: Sandbox, holder: Holder) -> None:
    sandbox.habit("neighbour", when="before", times=None)
    for _ in range(3):
        holder.create(ACTIVITY)
    assert owners(holder, ACTIVITY) == ["neighbour", None] * 3


def test_its_own_fields(sandbox: Sandbox, holder: Holder) -> None:
    sandbox.habit("neighbour", when="before", fields={"label": "Theirs", "other": 1})
    holder.create(SERVICE, OURS)
    rows = [(row["label"], row.get("owner")) for row in holder.books(SERVICE)]
    assert rows == [("Theirs", "neighbour"), (OURS, None)]


def test_only_of_some_creations(sandbox: Sandbox, holder: Holder) -> None:
    sandbox.habit("neighbour", when="before", path="*/activity/create_from_template")
    for resource in (CLIENT, ACTIVITY):
        holder.create(resource)
    assert owners(holder, CLIENT) == [None, None]
    assert owners(holder, ACTIVITY) == ["neighbour", None]


def test_the_manager_of_its_connection(sandbox: Sandbox, holder: Holder) -> None:
    sandbox.habit("neighbour", when="before")
    holder.create(CONNECTION, OURS)
    managers = sandbox.state()["liveramp"]["distributionManagers"]
    assert [(item["name"], item.get("owner")) for item in managers] == [("Spring", "neighbour"), (OURS, None)]


def test_deliveries_have_an_owner(sandbox: Sandbox, holder: Holder) -> None:
    holder.prepare(CONFIG)
    sandbox.habit("neighbour", when="before")
    assert holder.create(CONFIG).json()[0]["status"]["httpStatus"] == 409
    assert [row.get("owner") for row in sandbox.state()["liveramp"]["deliveries"]] == ["neighbour"]


def test_the_connection_of_its_attempt() -> None:
    with Sandbox(port=0, consent="auto", step_seconds=0) as quick:
        from sandbox_testing import liveramp_token

        quick.habit("neighbour", when="before")
        headers = {"Authorization": f"Bearer {liveramp_token(quick)}", "LR-Org-ID": "demo-org"}
        attempts = f"{quick.url}/liveramp/v2/oauth-connection-attempts"
        httpx.post(attempts, json={"oAuthEndpointID": "3001"}, headers=headers, verify=False)
        quick.advance(10)
        state = quick.state()["liveramp"]
        theirs, ours = state["oAuthConnectionAttempts"]
        assert (theirs["owner"], "owner" in ours) == ("neighbour", False)
        by_id = {row["id"]: row.get("owner") for row in state["oAuthConnections"]}
        assert by_id == {theirs["oAuthConnectionID"]: "neighbour", ours["oAuthConnectionID"]: None}


@pytest.mark.parametrize("body", [{}, {"activityName": "Spring"}, []])
def test_nothing_where_nothing_can_be_made(
    sandbox: Sandbox, delta: httpx.Client, holder: Holder, body: Any
) -> None:
    sandbox.habit("neighbour", when="before")
    assert delta.post(ACTIVITY.creation(holder), json=body).status_code == 400
    answer = httpx.post(f"{sandbox.url}/delta-projects/api/v1{ACTIVITY.creation(holder)}", verify=False)
    assert answer.status_code == 401
    assert owners(holder, ACTIVITY) == []
    holder.create(ACTIVITY)
    assert owners(holder, ACTIVITY) == ["neighbour", None]


def test_a_clone_of_a_neighbour(sandbox: Sandbox, dataddo: httpx.Client, flow: str) -> None:
    sandbox.habit("neighbour", service="dataddo", when="after")
    assert dataddo.get(f"/flows/{flow}/clone").is_success
    assert [row.get("owner") for row in sandbox.state()["dataddo"]["flows"]] == [None, None, "neighbour"]
