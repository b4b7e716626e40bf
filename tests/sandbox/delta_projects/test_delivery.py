"""Delta Projects: bidding plans, creatives and statistics of an activity."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from sandbox_delta_projects import ACTIVITY, create, without_geo

from airflow_provider_activation.sandbox import Sandbox

DAY = timedelta(days=1)


def plans(delta: httpx.Client, activity: str, **params: str) -> list[dict[str, Any]]:
    return list(delta.get(f"{ACTIVITY}/{activity}/bidding_plan", params=params).json())


def test_an_activity_gets_its_templates_bidding_plans(sandbox: Sandbox, delta: httpx.Client) -> None:
    activity, other = create(delta), create(delta)
    display, video = plans(delta, activity)
    assert set(display) == {"id", "name"}
    assert [display["name"], video["name"]] == ["Example Display Plan", "Example Video Plan"]
    assert delta.get(f"{ACTIVITY}/{activity}/bidding_plan/{video['id']}").json() == video
    path = f"{ACTIVITY}/{activity}/bidding_plan/{display['id']}/creative"
    banner, native = delta.get(path).json()
    assert set(banner) == {"id", "type"}
    assert [banner["type"], native["type"]] == ["DISPLAY", "NATIVE"]
    assert delta.get(f"{path}/{native['id']}").json() == native
    (film,) = delta.get(path.replace(display["id"], video["id"])).json()
    assert film["type"] == "VAST"
    assert not {item["id"] for item in plans(delta, other)} & {display["id"], video["id"]}
    held = sandbox.state()["delta-projects"]
    assert held["biddingPlans"][1] == {**video, "activityId": activity}
    assert held["creatives"][2] == {**film, "biddingPlanId": video["id"]}


def test_a_bidding_plan_may_have_no_creatives(delta: httpx.Client) -> None:
    activity = create(delta, templateId=without_geo(delta))
    (plan,) = plans(delta, activity, fetch="creatives")
    assert plan["creatives"] == []
    assert delta.get(f"{ACTIVITY}/{activity}/bidding_plan/{plan['id']}/creative").json() == []


def test_fetch(delta: httpx.Client) -> None:
    activity = create(delta)
    bare = plans(delta, activity)
    whole = plans(delta, activity, fetch="creatives")
    path = f"{ACTIVITY}/{activity}/bidding_plan/{bare[0]['id']}"
    assert whole[0] == {**bare[0], "creatives": delta.get(f"{path}/creative").json()}
    assert delta.get(path, params={"fetch": "creatives"}).json() == whole[0]
    listed = delta.get(ACTIVITY, params={"fetch": "biddingPlans"}).json()
    assert listed == [{"id": activity, "name": "Spring", "biddingPlans": bare}]
    listed = delta.get(ACTIVITY, params={"fetch": "biddingPlans.creatives"}).json()
    assert listed == [{"id": activity, "name": "Spring", "biddingPlans": whole}]
    one = f"{ACTIVITY}/{activity}"
    shown = delta.get(one).json()
    assert delta.get(one, params={"fetch": "biddingPlans"}).json() == {**shown, "biddingPlans": bare}
    for wrong in ("creatives", "biddingPlans.", "biddingplans", "campaigns"):
        assert delta.get(one, params={"fetch": wrong}).status_code == 400
        assert delta.get(ACTIVITY, params={"fetch": wrong}).status_code == 400
    assert delta.get(f"{path}/creative", params={"fetch": "x"}).status_code == 400


def test_unknown_things(delta: httpx.Client) -> None:
    activity, other = create(delta), create(delta)
    plan, foreign = plans(delta, activity)[0]["id"], plans(delta, other)[0]["id"]
    base = f"{ACTIVITY}/{activity}/bidding_plan"
    unknown = [
        f"{ACTIVITY}/unknown/bidding_plan",
        f"{ACTIVITY}/unknown/statistics",
        f"{base}/{foreign}",
        f"{base}/{foreign}/creative",
        f"{base}/{plan}/creative/unknown",
        f"{base.replace('default', 'other')}",
    ]
    assert {delta.get(path).status_code for path in unknown} == {404}
    for path in (base, f"{base}/{plan}/creative", f"{ACTIVITY}/{activity}/statistics"):
        assert delta.post(path, json={}).status_code == 405


def running(sandbox: Sandbox, delta: httpx.Client, **changed: Any) -> str:
    """An enabled activity whose flight began yesterday; it is now noon of the flight's second day."""
    now = datetime.now(UTC)
    noon = (now + DAY).replace(hour=12, minute=0, second=0, microsecond=0)
    sandbox.advance((noon - now).total_seconds())
    start = noon - timedelta(hours=12) - DAY
    given = {"flightStart": stamp(start), "flightStop": stamp(start + 10 * DAY), "enabled": True, **changed}
    return create(delta, **given)


def stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def statistics(delta: httpx.Client, activity: str, **params: Any) -> list[dict[str, Any]]:
    answer = delta.get(f"{ACTIVITY}/{activity}/statistics", params=params)
    assert answer.status_code == 200, answer.text
    return list(answer.json())


def bids(groups: list[dict[str, Any]]) -> list[list[int]]:
    return [[entry["bids"] for entry in group["entries"]] for group in groups]


def close(seen: list[list[int]], expected: list[list[int]]) -> bool:
    """Equal but for what the seconds of a slow test make."""
    assert [len(row) for row in seen] == [len(row) for row in expected]
    pairs = [pair for rows in zip(seen, expected, strict=True) for pair in zip(*rows, strict=True)]
    return all(abs(wanted - got) <= 3000 for got, wanted in pairs)


# Fifty bids a second, two bidding plans.
HOUR = 50 * 3600 // 2


class TestStatistics:
    def test_by_bidding_plan(self, sandbox: Sandbox, delta: httpx.Client) -> None:
        activity = running(sandbox, delta)
        assert close(bids(statistics(delta, activity)), [[0], [0]])
        sandbox.advance(3600)
        groups = statistics(delta, activity)
        listed = plans(delta, activity)
        assert [{"id": group["id"], "name": group["name"]} for group in groups] == listed
        assert {frozenset(group) for group in groups} == {frozenset({"name", "id", "entries"})}
        assert close(bids(groups), [[HOUR], [HOUR]])
        (entry,) = groups[0]["entries"]
        assert set(entry) == {"bids", "impressions", "viewable_impressions", "clicks"}
        assert entry["bids"] > entry["impressions"] > entry["clicks"] > 0
        assert 0 < entry["viewable_impressions"] < 1

    @pytest.mark.parametrize(
        ("group_by", "first", "number"),
        [("bidding_platform", 0.7, 2), ("format", 0.5, 3), ("site", 0.6, 3)],
    )
    def test_other_groups(
        self, sandbox: Sandbox, delta: httpx.Client, group_by: str, first: float, number: int
    ) -> None:
        activity = running(sandbox, delta)
        sandbox.advance(3600)
        groups = statistics(delta, activity, group_by=group_by)
        assert {frozenset(group) for group in groups} == {frozenset({"name", "entries"})}
        assert len({group["name"] for group in groups}) == number
        assert close(bids(groups)[:1], [[int(2 * HOUR * first)]])
        assert close([[sum(row[0] for row in bids(groups))]], [[2 * HOUR - number]])

    def test_days(self, sandbox: Sandbox, delta: httpx.Client) -> None:
        activity = running(sandbox, delta)
        # The twelve hours that are left of the second day, the third, and six of the fourth.
        sandbox.advance(42 * 3600)
        seen = bids(statistics(delta, activity, granularity="day"))
        assert close(seen[:1], [[0, 12 * HOUR, 24 * HOUR, 6 * HOUR]])
        assert seen[0] == seen[1]
        last = statistics(delta, activity, granularity="day", sort_order="DESC", limit=2)
        assert close(bids(last), [[6 * HOUR, 24 * HOUR]] * 2)
        first = statistics(delta, activity, granularity="day", sort_order="ASC", limit=2)
        assert close(bids(first), [[0, 12 * HOUR]] * 2)
        assert close(bids(statistics(delta, activity, granularity="none")), [[42 * HOUR]] * 2)

    def test_interval(self, sandbox: Sandbox, delta: httpx.Client) -> None:
        activity = running(sandbox, delta)
        sandbox.advance(42 * 3600)
        start = datetime.fromisoformat(delta.get(f"{ACTIVITY}/{activity}").json()["flightStart"])
        day = [f"{start + number * DAY:%Y-%m-%d}" for number in range(-5, 20)]

        def seen(first: str, last: str, **params: str) -> list[int]:
            return bids(statistics(delta, activity, interval=f"{first}/{last}", **params))[0]

        assert close([seen(day[7], day[7])], [[24 * HOUR]])
        assert close([seen(day[6], day[7], granularity="day")], [[12 * HOUR, 24 * HOUR]])
        # Neither days outside the flight nor those to come have entries.
        assert close([seen(day[0], day[-1], granularity="day")], [[0, 12 * HOUR, 24 * HOUR, 6 * HOUR]])
        assert seen(day[0], day[4], granularity="day") == []
        assert seen(day[0], day[4]) == [0]

    def test_only_while_enabled(self, sandbox: Sandbox, delta: httpx.Client) -> None:
        activity = running(sandbox, delta, enabled=False)
        path = f"{ACTIVITY}/{activity}"

        def after_an_hour(**change: Any) -> int:
            delta.post(path, json=change)
            sandbox.advance(3600)
            return bids(statistics(delta, activity))[0][0]

        seen = [after_an_hour(), after_an_hour(enabled=True), after_an_hour(enabled=False)]
        seen += [after_an_hour(enabled=True), after_an_hour(enabled=True)]
        assert close([seen], [[0, HOUR, HOUR, 2 * HOUR, 3 * HOUR]])

    def test_only_in_the_flight(self, sandbox: Sandbox, delta: httpx.Client) -> None:
        activity = running(sandbox, delta)
        sandbox.advance(100 * 86400)
        # Eight days and a half of the flight's ten.
        assert close(bids(statistics(delta, activity)), [[204 * HOUR]] * 2)

    @pytest.mark.parametrize(
        "query",
        [
            "interval=2015-01-01",
            "interval=2015-01-31/2015-01-01",
            "interval=2015-02-29/2015-03-01",
            "interval=2015-1-1/2015-1-2",
            "group_by=day",
            "granularity=hour",
            "sort_order=asc",
            "limit=0",
            "limit=-1",
            "limit=x",
            "fetch=biddingPlans",
            "group_by=site&group_by=format",
        ],
    )
    def test_wrong_queries(self, delta: httpx.Client, query: str) -> None:
        path = f"{ACTIVITY}/{create(delta)}/statistics"
        assert delta.get(path, params=parse_qs(query)).status_code == 400
