"""The Delta Projects DSP API, v1: endpoints and what goes in and out.

Document: the vendor's page "Activity" of 2019. Version 1 is frozen.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic import Field, field_serializer, field_validator

from airflow_provider_activation.api.call import Answer, Call, Safety, path_of
from airflow_provider_activation.api.models import AwareDatetime, Input, Number, Resource, TextId, utc_text
from airflow_provider_activation.errors import UnreadableResponse

SERVICE = "Delta Projects"
_ACTIVITIES = "/api/v1/media_agency/{media_agency_id}/client/{client_id}/campaign/{campaign_id}/activity"


@dataclass(frozen=True)
class Account:
    """Where activities live. The only campaign version 1 knows is ``default``."""

    media_agency_id: str
    client_id: str
    campaign_id: str = "default"


# What comes back


class ActivityTemplate(Resource):
    id: TextId
    name: str


class Activity(Resource):
    """An activity. A list gives id and name only; which of the targets is given depends on the budgets."""

    id: TextId
    name: str
    flight_start: datetime | None = Field(default=None, alias="flightStart")
    flight_stop: datetime | None = Field(default=None, alias="flightStop")
    enabled: bool | None = None
    budget: float | None = None
    impression_budget: int | None = Field(default=None, alias="impressionBudget")
    current_target_spend: float | None = Field(default=None, alias="currentTargetSpend")
    current_target_impressions: int | None = Field(default=None, alias="currentTargetImpressions")


# What goes out


class GeoDetail(Input):
    """A circle on the map. The radius' unit is not documented."""

    lat: Number = Field(ge=-90, le=90)
    long: Number = Field(ge=-180, le=180)
    radius: Number = Field(ge=0)


class _ActivityFields(Input):
    target_ecpm: Number | None = Field(default=None, alias="targetECPM", ge=0)
    impression_budget: int | None = Field(default=None, alias="impressionBudget", ge=0)
    override_variables: dict[str, Any] | str | None = Field(default=None, alias="overrideVariables")
    geo_details: tuple[GeoDetail, ...] | None = Field(default=None, alias="geoDetails", min_length=1)
    exclude_geo: bool | None = Field(default=None, alias="excludeGeo")

    @field_validator("override_variables")
    @classmethod
    def _as_text(cls, value: dict[str, Any] | str | None) -> str | None:
        # the table types it "String (JSON)" though its sample is an object
        try:
            return json.dumps(value, allow_nan=False) if isinstance(value, dict) else value
        except TypeError as error:
            raise ValueError(str(error)) from None

    @field_serializer("flight_start", "flight_stop", check_fields=False)
    def _in_utc(self, moment: datetime | None) -> str | None:
        return None if moment is None else utc_text(moment)

    def check(self) -> None:
        # leaving excludeGeo out sets it to false, which would turn an exclusion into its opposite
        if (self.geo_details is None) != (self.exclude_geo is None):
            raise ValueError("geo_details and exclude_geo must be given together")


class ActivityFromTemplate(_ActivityFields):
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
        if self.flight_start >= self.flight_stop:
            raise ValueError("flight_start must be before flight_stop")


class ActivityUpdate(_ActivityFields):
    """What changes in an activity. What is left out stays; flight start and template cannot change."""

    activity_name: str | None = Field(default=None, alias="activityName", min_length=1)
    flight_stop: AwareDatetime | None = Field(default=None, alias="flightStop")
    order_id: str | None = Field(default=None, alias="orderId", min_length=1)
    budget: Number | None = Field(default=None, ge=0)
    enabled: bool | None = None

    def check(self) -> None:
        super().check()
        if not self.model_fields_set:
            raise ValueError("at least one field must be given")


# Endpoints


def list_activity_templates() -> Call[list[ActivityTemplate]]:
    """GET /api/v1/activity_templates."""
    return Call(
        SERVICE,
        "list_activity_templates",
        "GET",
        "/api/v1/activity_templates",
        "/api/v1/activity_templates",
        Safety.READ,
        lambda answer: [ActivityTemplate.model_validate(item) for item in _array(answer)],
    )


def list_activities(account: Account) -> Call[list[Activity]]:
    """GET .../activity: id and name of every activity of the client."""
    return Call(
        SERVICE,
        "list_activities",
        "GET",
        _ACTIVITIES,
        path_of(_ACTIVITIES, **asdict(account)),
        Safety.READ,
        lambda answer: [Activity.model_validate(item) for item in _array(answer)],
    )


def get_activity(account: Account, activity_id: str) -> Call[Activity]:
    """GET .../activity/{activity_id}."""
    template = _ACTIVITIES + "/{activity_id}"
    return Call(
        SERVICE,
        "get_activity",
        "GET",
        template,
        path_of(template, **asdict(account), activity_id=activity_id),
        Safety.READ,
        lambda answer: Activity.model_validate(answer.json()),
    )


def create_activity_from_template(account: Account, activity: ActivityFromTemplate) -> Call[str]:
    """POST .../activity/create_from_template: answers the new activity's id.

    The id comes in the Location header, a path or an absolute address, which is never followed. The
    name goes out as ``activityName`` and comes back as ``name``.
    """
    template = _ACTIVITIES + "/create_from_template"
    path = path_of(template, **asdict(account))
    return Call(
        SERVICE,
        "create_activity_from_template",
        "POST",
        template,
        path,
        Safety.ONCE,
        lambda answer: _created_id(answer, beside=path),
        json=activity.body(),
    )


def update_activity(account: Account, activity_id: str, update: ActivityUpdate) -> Call[None]:
    """POST .../activity/{activity_id}: values are absolute, so a second sending changes nothing more."""
    template = _ACTIVITIES + "/{activity_id}"
    return Call(
        SERVICE,
        "update_activity",
        "POST",
        template,
        path_of(template, **asdict(account), activity_id=activity_id),
        Safety.REPEATABLE,
        lambda answer: None,
        json=update.body(),
    )


def _array(answer: Answer) -> list[Mapping[str, Any]]:
    reply = answer.json()
    if not isinstance(reply, list):
        raise ValueError("it is not a list")
    return reply


def _created_id(answer: Answer, *, beside: str) -> str:
    if answer.status == 202:
        raise UnreadableResponse(
            "the service took the request and does not say what becomes of it.", status=answer.status
        )
    location = answer.headers.get("Location", "")
    folder = beside.removesuffix("/create_from_template") + "/"
    _, found, rest = urlsplit(location).path.partition(folder)
    activity_id = unquote(rest.strip("/"))
    if not found or not activity_id or "/" in activity_id:
        raise ValueError("the Location header names no activity")
    return activity_id
