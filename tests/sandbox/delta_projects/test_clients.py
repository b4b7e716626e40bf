"""Delta Projects: clients."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from sandbox_delta_projects import ACTIVITY, body, create

from airflow_provider_activation.sandbox import Sandbox

AGENCY = "/media_agency/86b35325-794c-11e4-8425-daf437376f87"
CLIENTS = f"{AGENCY}/client"
CREATE_CLIENT = f"{CLIENTS}/create_from_template"
FIRST = "86b35326-794c-11e4-8425-daf437376f87"


def make_client(delta: httpx.Client, **given: Any) -> str:
    answer = delta.post(CREATE_CLIENT, json={"name": "New Client", **given})
    assert answer.status_code == 201, answer.text
    assert answer.content == b""
    location = answer.headers["Location"]
    assert location.startswith(f"/api/v1{CLIENTS}/")
    return str(location.rsplit("/", 1)[1])


def test_list(delta: httpx.Client) -> None:
    assert delta.get(CLIENTS).json() == [{"id": FIRST, "name": "Example Client"}]


@pytest.mark.parametrize("path", [f"{CLIENTS}/{FIRST}", f"/client/{FIRST}"])
def test_get_by_both_paths(delta: httpx.Client, path: str) -> None:
    shown = {"id": FIRST, "name": "Example Client", "country": "SE", "currency": "EUR"}
    assert delta.get(path).json() == shown
    fetched = delta.get(path, params={"fetch": "campaigns"}).json()
    assert fetched == {**shown, "campaigns": [{"id": "default", "name": "default"}]}


def test_fetch_goes_as_deep_as_asked(delta: httpx.Client) -> None:
    activity = create(delta)

    def activities(fetch: str) -> list[dict[str, Any]]:
        for path in (CLIENTS, f"/client/{FIRST}"):
            found = delta.get(path, params={"fetch": fetch}).json()
            client = found[0] if isinstance(found, list) else found
            assert [item["id"] for item in client["campaigns"]] == ["default"]
        return list(client["campaigns"][0]["activities"])

    assert activities("campaigns.activities") == [{"id": activity, "name": "Spring"}]
    (with_plans,) = activities("campaigns.activities.biddingPlans")
    assert "creatives" not in with_plans["biddingPlans"][0]
    (whole,) = activities("campaigns.activities.biddingPlans.creatives")
    assert whole == delta.get(ACTIVITY, params={"fetch": "biddingPlans.creatives"}).json()[0]


@pytest.mark.parametrize("query", ["fetch=activities", "fetch=", "fetch=campaigns&fetch=campaigns", "page=1"])
def test_wrong_queries(delta: httpx.Client, query: str) -> None:
    params = parse_qs(query, keep_blank_values=True)
    assert delta.get(CLIENTS, params=params).status_code == 400
    assert delta.get(f"/client/{FIRST}", params=params).status_code == 400


def test_create(sandbox: Sandbox, delta: httpx.Client) -> None:
    made = make_client(delta, country="DE", currency="USD", templateId="t", somethingElse=1)
    shown = {"id": made, "name": "New Client", "country": "DE", "currency": "USD"}
    assert delta.get(f"/client/{made}").json() == delta.get(f"{CLIENTS}/{made}").json() == shown
    assert delta.get(CLIENTS).json()[1] == {"id": made, "name": "New Client"}
    assert sandbox.state()["delta-projects"]["clients"][1] == shown


def test_names_need_not_be_unique(delta: httpx.Client) -> None:
    assert make_client(delta) != make_client(delta)
    assert [item["name"] for item in delta.get(CLIENTS).json()][1:] == ["New Client"] * 2


def test_the_name_may_be_called_as_an_activitys_is(delta: httpx.Client) -> None:
    answer = delta.post(CREATE_CLIENT, json={"clientName": "Other"})
    assert answer.status_code == 201
    assert delta.get(CLIENTS).json()[1]["name"] == "Other"


@pytest.mark.parametrize(
    "given",
    [
        {},
        [],
        {"name": ""},
        {"name": 5},
        {"name": "a", "clientName": "b"},
        {"name": "a", "country": "Sweden"},
        {"name": "a", "currency": "euro"},
        {"name": "a", "templateId": 5},
    ],
)
def test_refusals(delta: httpx.Client, given: Any) -> None:
    assert delta.post(CREATE_CLIENT, json=given).status_code == 400
    assert len(delta.get(CLIENTS).json()) == 1


def test_each_client_has_activities_of_its_own(sandbox: Sandbox, delta: httpx.Client) -> None:
    first, second = create(delta), make_client(delta)
    elsewhere = ACTIVITY.replace(FIRST, second)
    assert delta.get(elsewhere).json() == []
    location = delta.post(f"{elsewhere}/create_from_template", json=body()).headers["Location"]
    assert location.startswith(f"/api/v1{elsewhere}/")
    there = location.rsplit("/", 1)[1]
    assert [item["id"] for item in delta.get(elsewhere).json()] == [there]
    assert [item["id"] for item in delta.get(ACTIVITY).json()] == [first]
    assert delta.get(f"{ACTIVITY}/{there}").status_code == 404
    assert delta.post(f"{ACTIVITY}/{there}", json={}).status_code == 404
    fetched = delta.get(f"/client/{second}", params={"fetch": "campaigns.activities"}).json()
    assert [item["id"] for item in fetched["campaigns"][0]["activities"]] == [there]
    held = sandbox.state()["delta-projects"]["activities"]
    assert [item["clientId"] for item in held] == [FIRST, second]


def test_unknown_things(delta: httpx.Client) -> None:
    assert delta.get(f"{CLIENTS}/unknown").status_code == 404
    assert delta.get("/client/unknown").status_code == 404
    for path in (CLIENTS, f"{CLIENTS}/{FIRST}"):
        assert delta.get(path.replace("86b35325", "86b35329")).status_code == 404
    elsewhere = CREATE_CLIENT.replace("86b35325", "86b35329")
    assert delta.post(elsewhere, json={"name": "a"}).status_code == 404
    assert delta.delete(f"/client/{FIRST}").status_code == 405
