"""Delta Projects: what an activity consists of, and what came of it.

Documents: the vendor's pages "Bidding Plan", "Creative" and "Statistics". Bidding plans and creatives are
read only; the pages do not show all of their fields, and those beyond the ones named here are kept.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import Field, field_serializer, field_validator

from airflow_provider_activation.api.answers import each, model
from airflow_provider_activation.api.call import Call, get, query_of
from airflow_provider_activation.api.delta_projects.common import ACTIVITIES, endpoint, in_campaign
from airflow_provider_activation.api.models import Input, Resource, Several, TextId

__all__ = [
    "BiddingPlan",
    "Creative",
    "Granularity",
    "GroupBy",
    "SortOrder",
    "StatisticsEntry",
    "StatisticsGroup",
    "StatisticsQuery",
    "get_activity_statistics",
    "get_bidding_plan",
    "get_creative",
    "list_bidding_plans",
    "list_creatives",
]

GroupBy = Literal["bidding_plan", "bidding_platform", "format", "site"]
Granularity = Literal["none", "day"]
SortOrder = Literal["ASC", "DESC"]

_BIDDING_PLANS = ACTIVITIES + "/{activity_id}/bidding_plan"
_BIDDING_PLAN = _BIDDING_PLANS + "/{bidding_plan_id}"
_CREATIVES = _BIDDING_PLAN + "/creative"


class BiddingPlan(Resource):
    id: TextId
    name: str | None = None


class Creative(Resource):
    """``type`` is ``DISPLAY``, ``NATIVE`` or ``VAST``."""

    id: TextId
    type: str | None = None


class StatisticsEntry(Resource):
    """Figures of one group, in all or of one day. The page names more, which are kept."""

    bids: int | float | None = None
    impressions: int | float | None = None
    viewable_impressions: float | None = None  # a factor from 0 to 1, not a number of impressions
    clicks: int | float | None = None


class StatisticsGroup(Resource):
    """What the figures are grouped by; only bidding plans have an id."""

    id: TextId | None = None
    name: str | None = None
    entries: Several[StatisticsEntry] = Field(default_factory=list)


class StatisticsQuery(Input):
    """Which figures. What is left out is as the page says: the whole flight, by bidding plan, in total.

    :param interval: first and last day, or ``YYYY-MM-DD/YYYY-MM-DD``.
    :param group_by: ``bidding_platform`` is the inventory channel, ``format`` the creative's size.
    :param limit: the most entries.
    """

    interval: tuple[date, date] | None = None
    group_by: GroupBy | None = None
    granularity: Granularity | None = None
    sort_order: SortOrder | None = None
    limit: int | None = Field(default=None, ge=1)

    @field_validator("interval", mode="before")
    @classmethod
    def _two_days(cls, value: Any) -> Any:
        # the text that the page shows
        return value.split("/") if isinstance(value, str) else value

    @field_serializer("interval")
    def _as_text(self, interval: tuple[date, date] | None) -> str | None:
        return None if interval is None else "/".join(day.isoformat() for day in interval)

    def check(self) -> None:
        if self.interval is not None and self.interval[0] > self.interval[1]:
            raise ValueError("interval must not end before it begins")


@endpoint
def list_bidding_plans(
    activity_id: str,
    *,
    media_agency_id: str | None = None,
    client_id: str | None = None,
    fetch: str | None = None,
) -> Call[list[BiddingPlan]]:
    """GET .../activity/{activity_id}/bidding_plan. Document: "Bidding Plan".

    :param fetch: children to attach, for example ``creatives``; they are kept as they come.
    """
    ids = in_campaign(media_agency_id, client_id, activity_id=activity_id)
    return get(_BIDDING_PLANS, each(BiddingPlan), query=query_of(fetch=fetch), **ids)


@endpoint
def get_bidding_plan(
    activity_id: str,
    bidding_plan_id: str,
    *,
    media_agency_id: str | None = None,
    client_id: str | None = None,
    fetch: str | None = None,
) -> Call[BiddingPlan]:
    """GET .../activity/{activity_id}/bidding_plan/{bidding_plan_id}. Document: "Bidding Plan".

    :param fetch: children to attach; the page names it for the list alone.
    """
    ids = in_campaign(media_agency_id, client_id, activity_id=activity_id, bidding_plan_id=bidding_plan_id)
    return get(_BIDDING_PLAN, model(BiddingPlan, id=bidding_plan_id), query=query_of(fetch=fetch), **ids)


@endpoint
def list_creatives(
    activity_id: str,
    bidding_plan_id: str,
    *,
    media_agency_id: str | None = None,
    client_id: str | None = None,
) -> Call[list[Creative]]:
    """GET .../activity/{activity_id}/bidding_plan/{bidding_plan_id}/creative. Document: "Creative"."""
    ids = in_campaign(media_agency_id, client_id, activity_id=activity_id, bidding_plan_id=bidding_plan_id)
    return get(_CREATIVES, each(Creative), **ids)


@endpoint
def get_creative(
    activity_id: str,
    bidding_plan_id: str,
    creative_id: str,
    *,
    media_agency_id: str | None = None,
    client_id: str | None = None,
) -> Call[Creative]:
    """GET .../activity/{activity_id}/bidding_plan/{bidding_plan_id}/creative/{creative_id}.

    Document: "Creative".
    """
    ids = in_campaign(media_agency_id, client_id, activity_id=activity_id, bidding_plan_id=bidding_plan_id)
    return get(_CREATIVES + "/{creative_id}", model(Creative, id=creative_id), **ids, creative_id=creative_id)


@endpoint
def get_activity_statistics(
    activity_id: str,
    query: StatisticsQuery | None = None,
    *,
    media_agency_id: str | None = None,
    client_id: str | None = None,
) -> Call[list[StatisticsGroup]]:
    """GET .../activity/{activity_id}/statistics: figures in groups. Document: "Statistics".

    Keys are written with underscores here and with capitals everywhere else.
    """
    ids = in_campaign(media_agency_id, client_id, activity_id=activity_id)
    wanted = query_of(**(query or StatisticsQuery()).body())
    return get(ACTIVITIES + "/{activity_id}/statistics", each(StatisticsGroup), query=wanted, **ids)
