"""Delta Projects' endpoints."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any, get_args

from airflow_provider_activation.api import delta_projects as api
from endpoints.answers import has, is_done, lists, of_length
from endpoints.table import BIG, ODD, Held, Table, each, on, seeds, use

is_an_id = of_length(36)
ACCOUNT = api.Account(
    media_agency_id="86b35325-794c-11e4-8425-daf437376f87", client_id="86b35326-794c-11e4-8425-daf437376f87"
)
ELSEWHERE = api.Account(media_agency_id="agency-2", client_id="client-2")
START = datetime(2026, 9, 1, 0, 0, 1, 500_000, tzinfo=timezone(timedelta(hours=-3, minutes=-30)))
ACTIVITY = api.ActivityFromTemplate(
    template_id="16b35327-794c-11e4-8425-daf437376f87",
    activity_name="Autumn",
    flight_start=datetime(2026, 9, 1, tzinfo=UTC),
    flight_stop=datetime(2036, 10, 1, tzinfo=UTC),
    order_id="order-1",
    budget=1000,
)
GEO = [{"lat": 69, "long": 21, "radius": 100}, {"lat": -67.5, "long": -19.25, "radius": 34.5}]
FILLED = {
    **{"activity_name": ODD, "order_id": "GXK-77123", "flight_stop": datetime(2100, 1, 1, tzinfo=UTC)},
    **{"target_ecpm": 2.4, "impression_budget": BIG, "override_variables": {"size": 24, "color": ODD}},
    **{"geo_details": GEO, "exclude_geo": True, "enabled": True},
}
FULL = api.ActivityFromTemplate.model_validate({**ACTIVITY.model_dump(), **FILLED, "flight_start": START})
CHANGES = api.ActivityUpdate.model_validate({**FILLED, "budget": 0, "enabled": False, "exclude_geo": False})
QUERIES = [
    api.StatisticsQuery(interval="2026-09-01/2026-09-30", limit=10),
    *(api.StatisticsQuery(group_by=value) for value in get_args(api.GroupBy)),
    *(api.StatisticsQuery(granularity=value) for value in get_args(api.Granularity)),
    *(api.StatisticsQuery(sort_order=value) for value in get_args(api.SortOrder)),
]
ONE_SITE = api.StatisticsQuery(group_by="site", limit=1, interval="2026-09-01/2026-09-03")


def activity(held: Held) -> None:
    held.keep(activity_id=held.send(api.create_activity_from_template(ACTIVITY, **ACCOUNT)))


def creative(held: Held) -> None:
    activity(held)
    held.keep(bidding_plan_id=held.send(api.list_bidding_plans(held.activity_id, **ACCOUNT))[0].id)
    creatives = held.send(api.list_creatives(held.activity_id, held.bidding_plan_id, **ACCOUNT))
    held.keep(creative_id=creatives[1].id)


def is_without_bids(found: Any) -> bool:
    return {(one.id, len(one.entries), one.entries[0].bids) for one in found} == {(None, 1, 0)}


TABLE = Table(
    "delta_projects",
    dict(ACCOUNT),
    lambda held: {"apikey": "sandbox-delta-api-key"},
    {
        api.list_activity_templates: [on(seeds, of_length(2))],
        api.list_activities: [
            on(activity, lists(name=["Autumn"])),
            use(**ELSEWHERE),
            on(activity, of_length(1), **ACCOUNT, fetch="biddingPlans.creatives"),
        ],
        api.get_activity: [
            on(activity, has(name="Autumn", enabled=False, flight_start=ACTIVITY.flight_start)),
            use(**ELSEWHERE, fetch="biddingPlans"),
        ],
        api.create_activity_from_template: [
            on(seeds, is_an_id, activity=ACTIVITY),
            use(activity=ACTIVITY.model_copy(update={"template_id": ODD, "override_variables": "{}"})),
            use(activity=ACTIVITY, **ELSEWHERE),
            on(seeds, is_an_id, activity=FULL),
        ],
        api.update_activity: [
            on(activity, is_done, update=api.ActivityUpdate(enabled=True)),
            use(update=CHANGES, **ELSEWHERE),
            on(activity, is_done, update=CHANGES),
        ],
        api.list_clients: [
            on(seeds, lists(name=["Example Client"], currency=[None])),
            use(media_agency_id="agency-2", fetch="campaigns"),
            on(seeds, of_length(1), fetch="campaigns.activities"),
        ],
        api.get_client: [
            on(seeds, has(country="SE", currency="EUR")),
            on(seeds, has(country="SE"), **ACCOUNT, fetch="campaigns.activities"),
            use(**ELSEWHERE, fetch="campaigns.activities"),
        ],
        api.create_client_from_template: [
            on(seeds, is_an_id, fields={"name": "Shop", "country": "DE"}),
            use(fields={ODD: [None, {"a": 1.5}]}, media_agency_id="agency-2"),
        ],
        api.list_bidding_plans: [
            on(activity, lists(name=["Example Display Plan", "Example Video Plan"])),
            on(activity, of_length(2), **ACCOUNT, fetch="creatives"),
            use(**ELSEWHERE, fetch="creatives"),
        ],
        api.get_bidding_plan: [
            on(creative, has(name="Example Display Plan")),
            use(**ELSEWHERE, fetch="creatives"),
        ],
        api.list_creatives: [on(creative, lists(type=["DISPLAY", "NATIVE"])), use(**ELSEWHERE)],
        api.get_creative: [on(creative, has(type="NATIVE")), use(**ELSEWHERE)],
        api.get_activity_statistics: [
            use(),
            on(activity, is_without_bids, query=ONE_SITE),
            *each("query", QUERIES, **ELSEWHERE),
        ],
    },
)
