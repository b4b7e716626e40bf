"""Delta Projects DSP API v1: activity templates and activities."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from airflow_provider_activation.sandbox.messages import Answer, Incoming, Refused, Route
from airflow_provider_activation.sandbox.reading import (
    Fields,
    Invalid,
    any_object,
    array,
    boolean,
    either,
    filled_text,
    integer,
    number,
    one_of,
    text,
)
from airflow_provider_activation.sandbox.service import Service
from airflow_provider_activation.sandbox.settings import Settings, Vault

MEDIA_AGENCY = {"id": "86b35325-794c-11e4-8425-daf437376f87", "name": "Example Media Agency"}
CLIENT = {"id": "86b35326-794c-11e4-8425-daf437376f87", "name": "Example Client"}
ACTIVITIES = "/api/v1/media_agency/{mediaAgencyId}/client/{clientId}/campaign/{campaignId}/activity"


@dataclass(frozen=True)
class Template:
    """A template with the presets an activity takes from it."""

    id: str
    name: str
    has_geo_rule: bool
    impression_budget: int | None
    # Not stated in the documents. On is the dangerous reading, so a client that relies on off is found out.
    enabled: bool = True


TEMPLATES = {
    template.id: template
    for template in (
        Template("16b35327-794c-11e4-8425-daf437376f87", "Example Activity Template", True, None),
        Template("16b35328-794c-11e4-8425-daf437376f87", "Example Template without geo rule", False, 250_000),
    )
}


@dataclass
class Activity:
    """One activity, with the fields that can be set but never read back."""

    id: str
    template: Template
    name: str
    start: datetime
    stop: datetime
    order_id: str
    budget: float
    enabled: bool
    impression_budget: int | None
    target_ecpm: float | None
    override_variables: Any
    geo_details: list[dict[str, float]] | None = None
    exclude_geo: bool = False

    def public(self, now: datetime) -> dict[str, Any]:
        """Exactly the documented fields of a retrieve."""
        passed = (now - self.start) / (self.stop - self.start) if self.enabled else 0.0
        share = min(1.0, max(0.0, passed))
        shown: dict[str, Any] = {
            "id": self.id,
            "name": self.name,
            "flightStart": _stamp(self.start),
            "flightStop": _stamp(self.stop),
            "enabled": self.enabled,
            "budget": float(self.budget),
        }
        if self.impression_budget is None:
            shown["currentTargetSpend"] = round(self.budget * share, 3)
        else:
            shown["impressionBudget"] = self.impression_budget
            shown["currentTargetImpressions"] = int(self.impression_budget * share)
        return shown


class DeltaProjects(Service):
    """One client of one media agency. Names need not be unique, and nothing can be deleted."""

    name = "delta-projects"
    title = "Delta Projects DSP API v1"
    seeded = frozenset({"activityTemplates"})

    def __init__(self, settings: Settings, vault: Vault) -> None:
        super().__init__(settings, vault)
        self.activities: dict[str, Activity] = {}
        self.routes = [
            Route("GET", "/api/v1/activity_templates", self.list_templates),
            Route("GET", ACTIVITIES, self.list_activities),
            Route("POST", f"{ACTIVITIES}/create_from_template", self.create_activity),
            Route("GET", f"{ACTIVITIES}/{{activityId}}", self.get_activity),
            Route("POST", f"{ACTIVITIES}/{{activityId}}", self.update_activity),
        ]

    def error(self, status: int, message: str) -> Answer:
        """Plain text: the documents describe no error body."""
        return Answer.text(message, status)

    def authenticate(self, incoming: Incoming) -> None:
        """The key is a query parameter on every call."""
        keys = [value for name, value in incoming.query if name == "apikey"]
        if keys != [self.settings.secret("delta_api_key")]:
            raise Refused(401, "wrong or insufficient credentials")
        incoming.query = [(name, value) for name, value in incoming.query if name != "apikey"]

    def list_templates(self, incoming: Incoming) -> Answer:
        """All activity templates."""
        incoming.read_query().end()
        return Answer.json([{"id": template.id, "name": template.name} for template in TEMPLATES.values()])

    def list_activities(self, incoming: Incoming, agency: str, client: str, campaign: str) -> Answer:
        """Id and name of all activities; no activity here ever gets bidding plans."""
        _check_campaign(agency, client, campaign)
        query = incoming.read_query()
        fetch = query.may("fetch", one_of("biddingPlans", "biddingPlans.creatives"))
        query.end()
        attached: dict[str, Any] = {} if fetch is None else {"biddingPlans": []}
        return Answer.json(
            [{"id": item.id, "name": item.name, **attached} for item in self.activities.values()]
        )

    def get_activity(
        self, incoming: Incoming, agency: str, client: str, campaign: str, activity_id: str
    ) -> Answer:
        """One activity."""
        _check_campaign(agency, client, campaign)
        incoming.read_query().end()
        return Answer.json(self._activity(activity_id).public(datetime.fromtimestamp(self.now(), UTC)))

    def _activity(self, activity_id: str) -> Activity:
        if activity_id not in self.activities:
            raise Refused(404, f"no activity {activity_id}")
        return self.activities[activity_id]

    def create_activity(self, incoming: Incoming, agency: str, client: str, campaign: str) -> Answer:
        """A new activity from a template. 201, a relative Location and no body."""
        _check_campaign(agency, client, campaign)
        incoming.read_query().end()
        fields = Fields(incoming.json())
        template_id = fields.need("templateId", filled_text)
        name = fields.need("activityName", filled_text)
        start = fields.need("flightStart", moment)
        stop = fields.need("flightStop", moment)
        order_id = fields.need("orderId", filled_text)
        budget = fields.need("budget", number(0))
        optional = _Optional(fields)
        fields.end()
        template = TEMPLATES.get(template_id)
        if template is None:
            raise Invalid(f"no activity template {template_id}")
        _check_flight(start, stop)
        optional.check_geo(template)
        preset = (
            template.impression_budget if optional.impression_budget is None else optional.impression_budget
        )
        activity = Activity(
            id=str(uuid.uuid4()),
            template=template,
            name=name,
            start=start,
            stop=stop,
            order_id=order_id,
            budget=budget,
            enabled=template.enabled if optional.enabled is None else optional.enabled,
            impression_budget=preset,
            target_ecpm=optional.target_ecpm,
            override_variables=optional.override_variables,
        )
        optional.place(activity)
        self.activities[activity.id] = activity
        return Answer(201, headers={"Location": _location(activity)})

    def update_activity(
        self, incoming: Incoming, agency: str, client: str, campaign: str, activity_id: str
    ) -> Answer:
        """Change what is given, never flightStart or templateId. 200, a relative Location, no body."""
        _check_campaign(agency, client, campaign)
        activity = self._activity(activity_id)
        incoming.read_query().end()
        fields = Fields(incoming.json())
        name = fields.may("activityName", filled_text)
        stop = fields.may("flightStop", moment)
        order_id = fields.may("orderId", filled_text)
        budget = fields.may("budget", number(0))
        optional = _Optional(fields)
        fields.end()
        if stop is not None:
            _check_flight(activity.start, stop)
        optional.check_geo(activity.template)
        activity.name = activity.name if name is None else name
        activity.stop = activity.stop if stop is None else stop
        activity.order_id = activity.order_id if order_id is None else order_id
        activity.budget = activity.budget if budget is None else budget
        optional.place(activity)
        return Answer(200, headers={"Location": _location(activity)})

    def connections(self) -> dict[str, dict[str, Any]]:
        """delta_projects_default."""
        return {
            "delta_projects_default": {
                "conn_type": "delta_projects",
                "host": self.url,
                "password": self.settings.secret("delta_api_key"),
                "extra": {"media_agency_id": MEDIA_AGENCY["id"], "client_id": CLIENT["id"]},
            }
        }

    def state(self) -> dict[str, list[dict[str, Any]]]:
        """The activities with all their fields, and the templates."""
        now = datetime.fromtimestamp(self.now(), UTC)
        return {
            "activities": [
                {
                    **activity.public(now),
                    "templateId": activity.template.id,
                    "orderId": activity.order_id,
                    "targetECPM": activity.target_ecpm,
                    "overrideVariables": activity.override_variables,
                    "geoDetails": activity.geo_details,
                    "excludeGeo": activity.exclude_geo,
                }
                for activity in self.activities.values()
            ],
            "activityTemplates": [
                {"id": template.id, "name": template.name, "hasGeoRule": template.has_geo_rule}
                for template in TEMPLATES.values()
            ],
        }


class _Optional:
    """The fields that create and update share, all of them optional."""

    def __init__(self, fields: Fields) -> None:
        self.target_ecpm = fields.may("targetECPM", number(0))
        self.impression_budget = fields.may("impressionBudget", integer(0))
        # "String (JSON)" by its type, an object by its example: both are allowed.
        self.override_variables = fields.may("overrideVariables", either(_json_text, any_object))
        self.enabled = fields.may("enabled", boolean)
        self.geo_details = fields.may("geoDetails", array(_geo, minimum=1))
        self.exclude_geo = fields.may("excludeGeo", boolean)

    def check_geo(self, template: Template) -> None:
        if self.geo_details is not None and not template.has_geo_rule:
            raise Invalid("geoDetails can only be included when there is a geo targeting rule already")

    def place(self, activity: Activity) -> None:
        if self.target_ecpm is not None:
            activity.target_ecpm = self.target_ecpm
        if self.impression_budget is not None:
            activity.impression_budget = self.impression_budget
        if self.override_variables is not None:
            activity.override_variables = self.override_variables
        if self.enabled is not None:
            activity.enabled = self.enabled
        if self.geo_details is not None:
            activity.geo_details = self.geo_details
            # Left out it becomes false, even when it was true before; alone it is ignored.
            activity.exclude_geo = bool(self.exclude_geo)


def moment(value: object, where: str) -> datetime:
    """An ISO 8601 time with a zone and at most three digits of a second's fraction."""
    written = text(value, where)
    form = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?(Z|[+-]\d\d:?\d\d)"
    if not re.fullmatch(form, written, re.ASCII):
        raise Invalid(f"{where} must be an ISO 8601 timestamp with a time zone, like 2015-01-01T00:00:01.0Z")
    # Python 3.11 reads fractions of three or six digits and offsets with a colon, so give it those.
    base, fraction, zone = (
        written[:19],
        re.search(r"\.(\d+)", written),
        re.search(r"(Z|[+-]\d\d:?\d\d)$", written),
    )
    digits = (fraction[1] if fraction else "").ljust(3, "0")
    offset = zone[1] if zone and zone[1] != "Z" else "+0000"
    try:
        return datetime.strptime(f"{base}.{digits}{offset.replace(':', '')}", "%Y-%m-%dT%H:%M:%S.%f%z")
    except ValueError:
        raise Invalid(f"{where} is no valid time") from None


def _geo(value: object, where: str) -> dict[str, float]:
    fields = Fields(value, where)
    read = {
        "lat": fields.need("lat", number(-90, 90)),
        "long": fields.need("long", number(-180, 180)),
        "radius": fields.need("radius", number(0)),
    }
    fields.end()
    return read


def _json_text(value: object, where: str) -> str:
    written = text(value, where)
    try:
        ok = isinstance(json.loads(written), dict)
    except (ValueError, RecursionError):
        ok = False
    if not ok:
        raise Invalid(f"{where} must be a string that holds a JSON object")
    return written


def _stamp(value: datetime) -> str:
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03d}+0000"


def _check_flight(start: datetime, stop: datetime) -> None:
    if start >= stop:
        raise Invalid("flightStop must be later than flightStart")


def _check_campaign(agency: str, client: str, campaign: str) -> None:
    if agency != MEDIA_AGENCY["id"]:
        raise Refused(404, f"no media agency {agency}")
    if client != CLIENT["id"]:
        raise Refused(404, f"no client {client}")
    if campaign != "default":
        raise Refused(404, f"no campaign {campaign}: it must be default")


def _location(activity: Activity) -> str:
    place = ACTIVITIES.format(mediaAgencyId=MEDIA_AGENCY["id"], clientId=CLIENT["id"], campaignId="default")
    return f"{place}/{activity.id}"
