"""Ways to use `DeltaProjectsHook`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import get_args

from hook_uses import BIG, ODD, Use, use

from airflow_provider_activation.api import delta_projects as api

ELSEWHERE = {"media_agency_id": "agency-2", "client_id": "client-2"}
"""Where activities live, other than the connection says."""
START = datetime(2026, 9, 1, 0, 0, 1, 500_000, tzinfo=timezone(timedelta(hours=-3, minutes=-30)))
STOP = datetime(2026, 10, 1, tzinfo=UTC)
GEO = (api.GeoDetail(lat=69, long=21, radius=100), api.GeoDetail(lat=-67.5, long=-19.25, radius=34.5))
MORE = {
    "target_ecpm": 2.4,
    "impression_budget": BIG,
    "override_variables": {"fontsize": 24, "color": ODD},
    "geo_details": GEO,
    "exclude_geo": True,
}
CREATED = {
    "template_id": ODD,
    "activity_name": ODD,
    "flight_start": START,
    "flight_stop": STOP,
    "order_id": "GXK-77123",
    "budget": 100000.0,
}
ACTIVITIES = [
    api.ActivityFromTemplate.model_validate(fields)
    for fields in (CREATED, {**CREATED, **MORE, "enabled": True}, {**CREATED, "override_variables": "{}"})
]
CHANGED = {
    "activity_name": ODD,
    "flight_stop": START,
    "order_id": "GXK-88123",
    "budget": 0,
    "enabled": False,
    **MORE,
    "exclude_geo": False,
}
UPDATES = [api.ActivityUpdate.model_validate(fields) for fields in ({"enabled": True}, CHANGED)]
QUERIES = [
    api.StatisticsQuery(interval="2026-09-01/2026-09-30", limit=10),
    *(api.StatisticsQuery(group_by=value) for value in get_args(api.GroupBy)),
    *(api.StatisticsQuery(granularity=value) for value in get_args(api.Granularity)),
    *(api.StatisticsQuery(sort_order=value) for value in get_args(api.SortOrder)),
]

USES: list[Use] = [
    use("list_clients"),
    use("list_clients", media_agency_id="agency-2", fetch="campaigns"),
    use("get_client"),
    use("get_client", "client-2", media_agency_id="agency-2", fetch="campaigns.activities"),
    use("create_client_from_template", {"name": "Shop", "templateId": "template-1"}),
    use("create_client_from_template", {ODD: [None, {"a": 1.5}]}, media_agency_id="agency-2"),
    use("list_activity_templates"),
    use("list_activities"),
    use("list_activities", **ELSEWHERE, fetch="biddingPlans.creatives"),
    use("get_activity", "activity-1"),
    use("get_activity", "activity-1", **ELSEWHERE, fetch="biddingPlans"),
    *(use("create_activity_from_template", activity) for activity in ACTIVITIES),
    use("create_activity_from_template", ACTIVITIES[0], **ELSEWHERE),
    *(use("update_activity", "activity-1", update) for update in UPDATES),
    use("update_activity", "activity-1", UPDATES[0], **ELSEWHERE),
    use("get_activity_statistics", "activity-1"),
    *(use("get_activity_statistics", "activity-1", query, **ELSEWHERE) for query in QUERIES),
    use("list_bidding_plans", "activity-1"),
    use("list_bidding_plans", "activity-1", **ELSEWHERE, fetch="creatives"),
    use("get_bidding_plan", "activity-1", "plan-1"),
    use("get_bidding_plan", "activity-1", "plan-1", **ELSEWHERE, fetch="creatives"),
    use("list_creatives", "activity-1", "plan-1"),
    use("list_creatives", "activity-1", "plan-1", **ELSEWHERE),
    use("get_creative", "activity-1", "plan-1", "creative-1"),
    use("get_creative", "activity-1", "plan-1", "creative-1", **ELSEWHERE),
]
