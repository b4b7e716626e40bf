"""The delivery of activities: bidding plans, creatives and statistics. They are read-only."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from airflow_provider_activation.sandbox.core import checks
from airflow_provider_activation.sandbox.core.errors import Invalid
from airflow_provider_activation.sandbox.core.messages import Request, Response
from airflow_provider_activation.sandbox.core.routing import Operations, find
from airflow_provider_activation.sandbox.delta_projects.activities import ACTIVITIES, Activities
from airflow_provider_activation.sandbox.delta_projects.fetch import BELOW_A_BIDDING_PLAN, read_fetch
from airflow_provider_activation.sandbox.delta_projects.models import Activity, BiddingPlan
from airflow_provider_activation.sandbox.delta_projects.seeds import SHARES

ACTIVITY = f"{ACTIVITIES}/{{activityId}}"
PLANS = f"{ACTIVITY}/bidding_plan"
CREATIVES = f"{PLANS}/{{biddingPlanId}}/creative"

BIDS_PER_SECOND = 50
BIDS_PER_IMPRESSION = 5
IMPRESSIONS_PER_CLICK = 400
VIEWABLE = 0.64

_interval = checks.pattern(r"\d{4}-\d\d-\d\d/\d{4}-\d\d-\d\d", "YYYY-MM-DD/YYYY-MM-DD")


class Delivery(Operations):
    """The operations on the delivery of activities."""

    table = (
        ("GET", PLANS, "list_plans"),
        ("GET", f"{PLANS}/{{biddingPlanId}}", "get_plan"),
        ("GET", CREATIVES, "list_creatives"),
        ("GET", f"{CREATIVES}/{{creativeId}}", "get_creative"),
        ("GET", f"{ACTIVITY}/statistics", "statistics"),
    )

    def __init__(self, activities: Activities) -> None:
        self._activities = activities

    def list_plans(self, request: Request, *path: str) -> Response:
        """Ids and names of an activity's bidding plans."""
        activity = self._activities.find(*path)
        levels = read_fetch(request, BELOW_A_BIDDING_PLAN)
        return Response.json([plan.public(levels) for plan in activity.plans.values()])

    def get_plan(self, request: Request, *path: str) -> Response:
        """One bidding plan."""
        plan = self._plan(*path)
        return Response.json(plan.public(read_fetch(request, BELOW_A_BIDDING_PLAN)))

    def list_creatives(self, request: Request, *path: str) -> Response:
        """The creatives of a bidding plan."""
        plan = self._plan(*path)
        request.need_no_query()
        return Response.json([creative.public for creative in plan.creatives.values()])

    def get_creative(self, request: Request, *path: str) -> Response:
        """One creative."""
        *plan_path, creative_id = path
        plan = self._plan(*plan_path)
        request.need_no_query()
        return Response.json(find(plan.creatives, creative_id, "creative").public)

    def _plan(self, *path: str) -> BiddingPlan:
        *activity_path, plan_id = path
        activity = self._activities.find(*activity_path)
        return find(activity.plans, plan_id, "bidding plan")

    def statistics(self, request: Request, *path: str) -> Response:
        """The statistics of an activity, by groups.

        An entry has the four documented figures. Its other fields are undocumented. Here `sort_order` and
        `limit` apply to the entries of each group, and days are in UTC.
        """
        activity = self._activities.find(*path)
        query = request.read_query()
        interval = query.may("interval", _interval)
        group_by = query.may("group_by", checks.one_of("bidding_plan", *SHARES)) or "bidding_plan"
        granularity = query.may("granularity", checks.one_of("none", "day")) or "none"
        sort_order = query.may("sort_order", checks.one_of("ASC", "DESC")) or "ASC"
        limit = query.whole("limit", 1)
        query.end()
        first, last = _days(activity, interval)
        now = self._activities.now()
        if granularity == "none":
            spans = [(_midnight(first), _midnight(last + timedelta(days=1)))]
        else:
            # There are no entries for days outside the flight and for future days.
            first = max(first, activity.start.astimezone(UTC).date())
            last = min(last, activity.stop.astimezone(UTC).date(), now.date())
            days = [first + timedelta(days=after) for after in range((last - first).days + 1)]
            spans = [(_midnight(day), _midnight(day + timedelta(days=1))) for day in days]
        spans = (spans if sort_order == "ASC" else spans[::-1])[:limit]
        seconds = [activity.seconds_bidding(begin, end, now) for begin, end in spans]
        return Response.json(
            [
                {**group, "entries": [_entry(passed * share) for passed in seconds]}
                for group, share in _groups(activity, group_by)
            ]
        )


def _groups(activity: Activity, group_by: str) -> list[tuple[dict[str, str], float]]:
    """The groups with their shares of all bids. Only bidding plans have ids."""
    if group_by == "bidding_plan":
        share = 1 / max(1, len(activity.plans))
        return [({"name": plan.name, "id": plan.id}, share) for plan in activity.plans.values()]
    return [({"name": name}, share) for name, share in SHARES[group_by].items()]


def _entry(seconds: float) -> dict[str, Any]:
    bids = int(BIDS_PER_SECOND * seconds)
    impressions = bids // BIDS_PER_IMPRESSION
    return {
        "bids": bids,
        "impressions": impressions,
        # This is a ratio, not a number of impressions.
        "viewable_impressions": VIEWABLE if impressions else 0.0,
        "clicks": impressions // IMPRESSIONS_PER_CLICK,
    }


def _days(activity: Activity, interval: str | None) -> tuple[date, date]:
    """The first and last day of the interval. By default it is the flight."""
    if interval is None:
        return activity.start.astimezone(UTC).date(), activity.stop.astimezone(UTC).date()
    try:
        first, last = (date.fromisoformat(written) for written in interval.split("/"))
    except ValueError:
        raise Invalid("interval names a day that there is not") from None
    if first > last:
        raise Invalid("interval must not end before it begins")
    return first, last


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
