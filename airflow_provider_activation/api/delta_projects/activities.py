"""Delta Projects: activities and the templates they are made from.

Document: the vendor's page "Activity" of 2019.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import Field, field_serializer, field_validator

from airflow_provider_activation.api.answers import each, model, nothing
from airflow_provider_activation.api.call import Call, Safety, get, path_of, post, query_of, request
from airflow_provider_activation.api.delta_projects.common import (
    ACTIVITIES,
    CREATE,
    created_id,
    endpoint,
    in_campaign,
    json_text,
    text_of_object,
)
from airflow_provider_activation.api.models import (
    AwareDatetime,
    Input,
    Number,
    Resource,
    Text,
    TextId,
    Timestamp,
    utc_text,
)
from airflow_provider_activation.errors import InvalidRequest

__all__ = [
    "Activity",
    "ActivityFields",
    "ActivityFromTemplate",
    "ActivityTemplate",
    "ActivityUpdate",
    "GeoDetail",
    "SentAsObject",
    "create_activity_from_template",
    "get_activity",
    "list_activities",
    "list_activity_templates",
    "update_activity",
]

_ACTIVITY = ACTIVITIES + "/{activity_id}"


class ActivityTemplate(Resource):
    id: TextId
    name: Text = ""


class Activity(Resource):
    """An activity. A list gives id and name only; which of the targets is given depends on the budgets.

    Template, order id, target eCPM, variables and geo details are sent and never come back.
    """

    id: TextId
    name: Text = ""
    flight_start: Timestamp | None = Field(default=None, alias="flightStart")
    flight_stop: Timestamp | None = Field(default=None, alias="flightStop")
    enabled: bool | None = None
    budget: float | None = None
    impression_budget: int | None = Field(default=None, alias="impressionBudget")
    current_target_spend: float | None = Field(default=None, alias="currentTargetSpend")
    current_target_impressions: int | None = Field(default=None, alias="currentTargetImpressions")


class GeoDetail(Input):
    """A circle on the map. The radius' unit is not documented."""

    lat: Number = Field(ge=-90, le=90)
    long: Number = Field(ge=-180, le=180)
    radius: Number = Field(ge=0)


class SentAsObject(dict[str, Any]):
    """Override variables that go out as a JSON object. Other mappings go out as text that holds the JSON."""


class ActivityFields(Input):
    """What an activity can be given both when it is made and later, besides its name, dates and budget.

    ``override_variables`` are sent as text, the type in the document's table. Its sample shows an object:
    `SentAsObject` sends one.
    """

    target_ecpm: Number | None = Field(default=None, alias="targetECPM", ge=0)
    impression_budget: int | None = Field(default=None, alias="impressionBudget", ge=0)
    override_variables: Mapping[str, Any] | str | None = Field(default=None, alias="overrideVariables")
    geo_details: tuple[GeoDetail, ...] | None = Field(default=None, alias="geoDetails", min_length=1)
    exclude_geo: bool | None = Field(default=None, alias="excludeGeo")

    @field_validator("override_variables", mode="before")
    @classmethod
    def _as_text(cls, value: Any) -> Any:
        # the table types it "String (JSON)" though its sample is an object
        if isinstance(value, str):
            return text_of_object(value)
        if not isinstance(value, Mapping):
            return value
        text = json_text(dict(value))
        return dict(value) if isinstance(value, SentAsObject) else text

    @field_serializer("flight_start", "flight_stop", check_fields=False)
    def _in_utc(self, timestamp: datetime | None) -> str | None:
        return None if timestamp is None else utc_text(timestamp)

    def check(self) -> None:
        # leaving excludeGeo out sets it to false, which would turn an exclusion into its opposite
        if (self.geo_details is None) != (self.exclude_geo is None):
            missing = "exclude_geo" if self.exclude_geo is None else "geo_details"
            raise ValueError(f"geo_details and exclude_geo must be given together, but {missing} is None")


class ActivityFromTemplate(ActivityFields):
    """What makes an activity. ``enabled`` is always sent: its default is not documented."""

    template_id: str = Field(alias="templateId", min_length=1)
    activity_name: str = Field(alias="activityName", min_length=1)
    flight_start: AwareDatetime = Field(alias="flightStart")
    flight_stop: AwareDatetime = Field(alias="flightStop")
    order_id: str = Field(alias="orderId", min_length=1)
    budget: Number = Field(ge=0)
    enabled: bool = False

    def check(self) -> None:
        super().check()
        # as they are sent: to the second
        if self.flight_start.replace(microsecond=0) >= self.flight_stop.replace(microsecond=0):
            raise ValueError("flight_start must be before flight_stop")


class ActivityUpdate(ActivityFields):
    """What changes in an activity. What is left out stays; flight start and template cannot change."""

    activity_name: str | None = Field(default=None, alias="activityName", min_length=1)
    flight_stop: AwareDatetime | None = Field(default=None, alias="flightStop")
    order_id: str | None = Field(default=None, alias="orderId", min_length=1)
    budget: Number | None = Field(default=None, ge=0)
    enabled: bool | None = None

    def check(self) -> None:
        super().check()
        if all(value is None for _, value in self):
            raise ValueError("at least one field must be given")


@endpoint
def list_activity_templates() -> Call[list[ActivityTemplate]]:
    """GET /api/v1/activity_templates: those of every agency the key's user sees."""
    return get("/api/v1/activity_templates", each(ActivityTemplate))


@endpoint
def list_activities(
    *, media_agency_id: str | None = None, client_id: str | None = None, fetch: str | None = None
) -> Call[list[Activity]]:
    """GET .../activity: id and name of every activity of the client.

    :param fetch: children to attach, for example ``biddingPlans.creatives``; they are kept as they come.
    """
    ids = in_campaign(media_agency_id, client_id)
    return get(ACTIVITIES, each(Activity), query=query_of(fetch=fetch), **ids)


@endpoint
def get_activity(
    activity_id: str,
    *,
    media_agency_id: str | None = None,
    client_id: str | None = None,
    fetch: str | None = None,
) -> Call[Activity]:
    """GET .../activity/{activity_id}.

    :param fetch: children to attach; the page names it for the list alone.
    """
    ids = in_campaign(media_agency_id, client_id, activity_id=activity_id)
    return get(_ACTIVITY, model(Activity), query=query_of(fetch=fetch), **ids)


@endpoint
def create_activity_from_template(
    activity: ActivityFromTemplate, *, media_agency_id: str | None = None, client_id: str | None = None
) -> Call[str]:
    """POST .../activity/create_from_template: answers the new activity's id, from the Location header.

    The name goes out as ``activityName`` and comes back as ``name``.

    :raises InvalidRequest: the flight is over.
    """
    if activity.flight_stop <= datetime.now(UTC):
        over = f"flight_stop, {utc_text(activity.flight_stop)}, has passed"
        raise InvalidRequest(f"the flight of the activity is over: {over}. It would never deliver.")
    ids = in_campaign(media_agency_id, client_id)
    return post(ACTIVITIES + CREATE, created_id(path_of(ACTIVITIES, **ids)), activity.body(), **ids)


@endpoint
def update_activity(
    activity_id: str,
    update: ActivityUpdate,
    *,
    media_agency_id: str | None = None,
    client_id: str | None = None,
) -> Call[None]:
    """POST .../activity/{activity_id}: values are absolute, so a second sending changes nothing more."""
    ids = in_campaign(media_agency_id, client_id, activity_id=activity_id)
    return request("POST", _ACTIVITY, Safety.REPEATABLE, nothing, json=update.body(), **ids)
