"""Activities, and their templates."""

from __future__ import annotations

import json
import re
import uuid
from datetime import UTC, datetime
from typing import Any

from airflow_provider_activation.sandbox.core import checks
from airflow_provider_activation.sandbox.core.clock import Clock
from airflow_provider_activation.sandbox.core.errors import Invalid, Refused
from airflow_provider_activation.sandbox.core.messages import Request, Response
from airflow_provider_activation.sandbox.core.reading import Fields, record
from airflow_provider_activation.sandbox.core.routing import Operations
from airflow_provider_activation.sandbox.core.shelf import Shelf
from airflow_provider_activation.sandbox.delta_projects.clients import Clients
from airflow_provider_activation.sandbox.delta_projects.fetch import BELOW_AN_ACTIVITY, read_fetch
from airflow_provider_activation.sandbox.delta_projects.models import Activity, make_plans
from airflow_provider_activation.sandbox.delta_projects.seeds import TEMPLATES, Template

ACTIVITIES = "/api/v1/media_agency/{mediaAgencyId}/client/{clientId}/campaign/{campaignId}/activity"


class Activities(Operations):
    """The operations on activities. Names can be repeated. There is no deletion."""

    table = (
        ("GET", "/api/v1/activity_templates", "list_templates"),
        ("GET", ACTIVITIES, "list_activities"),
        ("POST", f"{ACTIVITIES}/create_from_template", "create"),
        ("GET", f"{ACTIVITIES}/{{activityId}}", "get"),
        ("POST", f"{ACTIVITIES}/{{activityId}}", "update"),
    )
    makes = frozenset({"create"})

    def __init__(self, clock: Clock, clients: Clients, stored: Shelf[str, Activity]) -> None:
        self._clock = clock
        self._clients = clients
        self._stored = stored

    def now(self) -> datetime:
        """The current time."""
        return datetime.fromtimestamp(self._clock.now(), UTC)

    def find(self, agency: str, client: str, campaign: str, activity_id: str) -> Activity:
        """The activity of a path."""
        self._clients.check(agency, client, campaign)
        activity = self._stored.find(activity_id)
        if activity.client_id != client:
            raise Refused(404, f"no activity {activity_id}")
        return activity

    def list_templates(self, request: Request) -> Response:
        """All activity templates."""
        request.need_no_query()
        return Response.json([{"id": template.id, "name": template.name} for template in TEMPLATES.values()])

    def list_activities(self, request: Request, agency: str, client: str, campaign: str) -> Response:
        """Ids and names of a client's activities."""
        self._clients.check(agency, client, campaign)
        levels = read_fetch(request, BELOW_AN_ACTIVITY)
        return Response.json(
            [item.brief(levels) for item in self._stored.listed() if item.client_id == client]
        )

    def get(self, request: Request, agency: str, client: str, campaign: str, activity_id: str) -> Response:
        """One activity."""
        activity = self.find(agency, client, campaign, activity_id)
        levels = read_fetch(request, BELOW_AN_ACTIVITY)
        return Response.json({**activity.public(self.now()), **activity.children(levels)})

    def create(self, request: Request, agency: str, client: str, campaign: str) -> Response:
        """Create an activity with bidding plans. The response is 201 with a relative Location and no body."""
        self._clients.check(agency, client, campaign)
        request.need_no_query()
        fields = Fields(request.json())
        template_id = fields.need("templateId", checks.filled_text)
        name = fields.need("activityName", checks.filled_text)
        start = fields.need("flightStart", timestamp)
        stop = fields.need("flightStop", timestamp)
        order_id = fields.need("orderId", checks.filled_text)
        budget = fields.need("budget", checks.number(0))
        optional = _Optional(fields)
        fields.end()
        template = TEMPLATES.get(template_id)
        if template is None:
            raise Invalid(f"no activity template {template_id}")
        _check_flight(start, stop)
        optional.check_geo(template)
        activity = Activity(
            id=str(uuid.uuid4()),
            client_id=client,
            template=template,
            name=name,
            start=start,
            stop=stop,
            order_id=order_id,
            budget=budget,
            impression_budget=template.impression_budget,
            plans=make_plans(template),
        )
        activity.enable(template.enabled if optional.enabled is None else optional.enabled, self.now())
        optional.place(activity)
        self._stored.add(activity.id, activity)
        return Response(201, headers={"Location": self._location(activity)})

    def update(self, request: Request, agency: str, client: str, campaign: str, activity_id: str) -> Response:
        """Change the given fields. The response is 200 with a relative Location and no body."""
        activity = self.find(agency, client, campaign, activity_id)
        request.need_no_query()
        fields = Fields(request.json())
        name = fields.may("activityName", checks.filled_text)
        stop = fields.may("flightStop", timestamp)
        order_id = fields.may("orderId", checks.filled_text)
        budget = fields.may("budget", checks.number(0))
        optional = _Optional(fields)
        fields.end()
        if stop is not None:
            _check_flight(activity.start, stop)
        optional.check_geo(activity.template)
        with self._stored.changing(activity):
            activity.name = activity.name if name is None else name
            activity.stop = activity.stop if stop is None else stop
            activity.order_id = activity.order_id if order_id is None else order_id
            activity.budget = activity.budget if budget is None else budget
            if optional.enabled is not None:
                activity.enable(optional.enabled, self.now())
            optional.place(activity)
        return Response(200, headers={"Location": self._location(activity)})

    def _location(self, activity: Activity) -> str:
        return f"{self._clients.location(activity.client_id)}/campaign/default/activity/{activity.id}"

    def state(self) -> dict[str, list[dict[str, Any]]]:
        """The activities, bidding plans and creatives."""
        now = self.now()
        activities = self._stored.books(
            lambda activity: {
                **activity.public(now),
                "clientId": activity.client_id,
                "templateId": activity.template.id,
                "orderId": activity.order_id,
                "targetECPM": activity.target_ecpm,
                "overrideVariables": activity.override_variables,
                "geoDetails": activity.geo_details,
                "excludeGeo": activity.exclude_geo,
            }
        )
        plans, creatives = [], []
        for activity in self._stored.values():
            for plan in activity.plans.values():
                plans.append({**plan.public(0), "activityId": activity.id})
                creatives += [{**item.public, "biddingPlanId": plan.id} for item in plan.creatives.values()]
        return {"activities": activities, "biddingPlans": plans, "creatives": creatives}


class _Optional:
    """The optional fields of a creation or update."""

    def __init__(self, fields: Fields) -> None:
        self.target_ecpm = fields.may("targetECPM", checks.number(0))
        self.impression_budget = fields.may("impressionBudget", checks.integer(0))
        # The table of fields has a string with JSON, the example an object. Both are valid.
        self.override_variables = fields.may(
            "overrideVariables", checks.either(_json_text, checks.any_object)
        )
        self.enabled = fields.may("enabled", checks.boolean)
        self.geo_details = fields.may("geoDetails", checks.array(_geo, minimum=1))
        self.exclude_geo = fields.may("excludeGeo", checks.boolean)

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
        if self.geo_details is not None:
            activity.geo_details = self.geo_details
            # Without excludeGeo, geoDetails set it to false. Without geoDetails, excludeGeo has no effect.
            activity.exclude_geo = bool(self.exclude_geo)


def timestamp(value: object, where: str) -> datetime:
    """An ISO 8601 timestamp with a time zone, and three decimals of a second at most."""
    written = checks.text(value, where)
    form = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?(Z|[+-]\d\d:?\d\d)"
    if not re.fullmatch(form, written, re.ASCII):
        raise Invalid(f"{where} must be an ISO 8601 timestamp with a time zone, like 2015-01-01T00:00:01.0Z")
    # strptime needs decimals, and an offset without a colon.
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


def _json_text(value: object, where: str) -> str:
    written = checks.text(value, where)
    try:
        ok = isinstance(json.loads(written), dict)
    except (ValueError, RecursionError):
        ok = False
    if not ok:
        raise Invalid(f"{where} must be a string that holds a JSON object")
    return written


_geo = record({"lat": checks.number(-90, 90), "long": checks.number(-180, 180), "radius": checks.number(0)})


def _check_flight(start: datetime, stop: datetime) -> None:
    if start >= stop:
        raise Invalid("flightStop must be later than flightStart")
