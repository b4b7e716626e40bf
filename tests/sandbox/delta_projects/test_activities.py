"""Delta Projects: templates and activities."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from sandbox_delta_projects import ACTIVITY, CREATE, GEO, WITH_GEO, body, create, without_geo
from sandbox_testing import PLAIN

from airflow_provider_activation.sandbox import Sandbox


def test_templates(delta: httpx.Client) -> None:
    templates = delta.get("/activity_templates").json()
    assert templates[0] == {"id": WITH_GEO, "name": "Example Activity Template"}


@pytest.mark.parametrize("keys", [{}, {"apikey": "wrong"}])
def test_the_key_is_needed(sandbox: Sandbox, keys: dict[str, str]) -> None:
    answer = PLAIN.get(f"{sandbox.url}/delta-projects/api/v1/activity_templates", params=keys)
    assert answer.status_code == 401
    assert answer.headers["Content-Type"].startswith("text/plain")


def test_create_and_read_back(delta: httpx.Client) -> None:
    activity = create(
        delta, flightStart="2014-12-31T23:00:00+01:00", targetECPM=2.4, geoDetails=[GEO], excludeGeo=True
    )
    assert delta.get(f"{ACTIVITY}/{activity}").json() == {
        "id": activity,
        "name": "Spring",
        "flightStart": "2014-12-31T22:00:00.000+0000",
        "flightStop": "2015-02-01T00:00:01.000+0000",
        "enabled": False,
        "budget": 100000.0,
        "currentTargetSpend": 0.0,
    }
    assert delta.get(ACTIVITY).json() == [{"id": activity, "name": "Spring"}]


def test_impression_budget_shows_impressions(delta: httpx.Client) -> None:
    shown = delta.get(f"{ACTIVITY}/{create(delta, impressionBudget=500, enabled=True)}").json()
    assert (shown["impressionBudget"], shown["currentTargetImpressions"]) == (500, 500)
    assert "currentTargetSpend" not in shown
    preset = delta.get(f"{ACTIVITY}/{create(delta, templateId=without_geo(delta))}").json()
    assert preset["impressionBudget"] == 250000


def test_an_enabled_activity_spends(delta: httpx.Client) -> None:
    assert delta.get(f"{ACTIVITY}/{create(delta, enabled=True)}").json()["currentTargetSpend"] == 100000.0


def test_enabled_left_out_is_on(delta: httpx.Client) -> None:
    assert delta.get(f"{ACTIVITY}/{create(delta, enabled=...)}").json()["enabled"] is True


def test_names_need_not_be_unique(delta: httpx.Client) -> None:
    assert create(delta) != create(delta)
    assert [item["name"] for item in delta.get(ACTIVITY).json()] == ["Spring", "Spring"]


@pytest.mark.parametrize(
    "changed",
    [
        {"templateId": "unknown"},
        {"templateId": ...},
        {"activityName": ""},
        {"activityName": ...},
        {"orderId": ...},
        {"orderId": 5},
        {"budget": ...},
        {"budget": "100"},
        {"budget": True},
        {"budget": -1},
        {"impressionBudget": 1.5},
        {"targetECPM": "2.4"},
        {"enabled": "false"},
        {"overrideVariables": "not json"},
        {"overrideVariables": 5},
        {"flightStart": "2015-01-01T00:00:01"},
        {"flightStart": "2015-01-01 00:00:01Z"},
        {"flightStart": "2015-01-01T00:00:01.123456Z"},
        {"flightStart": 1420070401},
        {"flightStart": "2015-02-01T00:00:01Z"},
        {"flightStop": "2015-13-01T00:00:01Z"},
        {"geoDetails": GEO},
        {"geoDetails": []},
        {"geoDetails": [{"lat": 69, "lon": 21, "radius": 1}]},
        {"geoDetails": [{"lat": 69, "long": 21}]},
        {"geoDetails": [{**GEO, "lat": 91}]},
        {"geoDetails": [{**GEO, "long": -181}]},
        {"geoDetails": [{**GEO, "radius": -1}]},
        {"geoDetails": [{**GEO, "lat": True}]},
        {"name": "Spring"},
        {"flightstart": "2015-01-01T00:00:01Z"},
    ],
)
def test_refusals(delta: httpx.Client, changed: dict[str, Any]) -> None:
    assert delta.post(CREATE, json=body(**changed)).status_code == 400
    assert delta.get(ACTIVITY).json() == []


@pytest.mark.parametrize("variables", ['{"fontsize": 24}', {"fontsize": 24}])
def test_override_variables_in_both_forms(delta: httpx.Client, variables: Any) -> None:
    create(delta, overrideVariables=variables)


def test_geo_needs_a_rule_in_the_template(delta: httpx.Client) -> None:
    template = without_geo(delta)
    assert delta.post(CREATE, json=body(templateId=template, geoDetails=[GEO])).status_code == 400
    activity = create(delta, templateId=template)
    assert delta.post(f"{ACTIVITY}/{activity}", json={"geoDetails": [GEO]}).status_code == 400


def test_update(sandbox: Sandbox, delta: httpx.Client) -> None:
    activity = create(delta, geoDetails=[GEO], excludeGeo=True)
    change = {"activityName": "Renamed", "enabled": True, "budget": 5, "flightStop": "2016-11-01T00:00:00Z"}
    answer = delta.post(f"{ACTIVITY}/{activity}", json=change)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["Location"] == f"/api/v1{ACTIVITY}/{activity}"
    shown = delta.get(f"{ACTIVITY}/{activity}").json()
    assert (shown["name"], shown["enabled"], shown["budget"]) == ("Renamed", True, 5.0)
    assert shown["flightStop"] == "2016-11-01T00:00:00.000+0000"
    # New geoDetails without excludeGeo turn exclusion into inclusion: the documents say so.
    assert sandbox.state()["delta-projects"]["activities"][0]["excludeGeo"] is True
    delta.post(f"{ACTIVITY}/{activity}", json={"geoDetails": [GEO]})
    assert sandbox.state()["delta-projects"]["activities"][0]["excludeGeo"] is False


@pytest.mark.parametrize(
    "change",
    [
        {"flightStart": "2015-01-01T00:00:01Z"},
        {"templateId": WITH_GEO},
        {"flightStop": "2014-01-01T00:00:00Z"},
    ],
)
def test_update_refusals(delta: httpx.Client, change: dict[str, Any]) -> None:
    assert delta.post(f"{ACTIVITY}/{create(delta)}", json=change).status_code == 400


def test_unknown_things(delta: httpx.Client) -> None:
    assert delta.get(f"{ACTIVITY}/unknown").status_code == 404
    assert delta.post(f"{ACTIVITY}/unknown", json={}).status_code == 404
    assert delta.get(ACTIVITY.replace("default", "other")).status_code == 404
    assert delta.get(ACTIVITY.replace("86b35326", "86b35329")).status_code == 404
    assert delta.get(ACTIVITY.replace("86b35325", "86b35329")).status_code == 404
    assert delta.get(ACTIVITY, params={"page": "1"}).status_code == 400
    assert delta.delete(f"{ACTIVITY}/unknown").status_code == 405
