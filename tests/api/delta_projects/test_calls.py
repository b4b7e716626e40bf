"""Delta Projects: what goes out, what comes back, what is refused before it goes out."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from api_testing import answer, naming

from airflow_provider_activation.api import delta_projects as api
from airflow_provider_activation.api.call import NOTHING, Call, Safety
from airflow_provider_activation.errors import InvalidRequest, UnreadableResponse

ACCOUNT = api.Account(media_agency_id="agency-1", client_id="client-1")
ACTIVITIES = "/api/v1/media_agency/agency-1/client/client-1/campaign/default/activity"
STOCKHOLM = timezone(timedelta(hours=2))
BODY = {
    "templateId": "template-1",
    "activityName": "Autumn",
    "flightStart": "2026-09-01T00:00:00Z",
    "flightStop": "2036-10-01T00:00:00Z",
    "orderId": "order-1",
    "budget": 1000.0,
    "enabled": False,
}
FIELDS: dict[str, Any] = {
    "template_id": "template-1",
    "activity_name": "Autumn",
    "flight_start": datetime(2026, 9, 1, tzinfo=UTC),
    "flight_stop": datetime(2036, 10, 1, tzinfo=UTC),
    "order_id": "order-1",
    "budget": 1000,
}
ACTIVITY = api.ActivityFromTemplate(**FIELDS)


@pytest.mark.parametrize(
    ("call", "method", "path", "body", "safety"),
    [
        pytest.param(
            api.list_activity_templates(),
            *("GET", "/api/v1/activity_templates", NOTHING, Safety.READ),
            id="list activity templates",
        ),
        pytest.param(
            api.list_activities(**ACCOUNT), *("GET", ACTIVITIES, NOTHING, Safety.READ), id="list activities"
        ),
        pytest.param(
            api.get_activity("86b3 5325", **ACCOUNT),
            *("GET", f"{ACTIVITIES}/86b3%205325", NOTHING, Safety.READ),
            id="get an activity",
        ),
        pytest.param(
            api.create_activity_from_template(ACTIVITY, **ACCOUNT),
            *("POST", f"{ACTIVITIES}/create_from_template", BODY, Safety.ONCE),
            id="create an activity from a template",
        ),
        pytest.param(
            api.update_activity("activity-1", api.ActivityUpdate(enabled=True), **ACCOUNT),
            *("POST", f"{ACTIVITIES}/activity-1", {"enabled": True}, Safety.REPEATABLE),
            id="update an activity",
        ),
    ],
)
def test_what_goes_out(call: Call[Any], method: str, path: str, body: Any, safety: Safety) -> None:
    assert (call.method, call.path, call.query) == (method, path, ())
    assert call.json == body
    assert call.safety is safety
    assert call.url is None


def test_every_field_of_a_new_activity_has_the_vendors_name() -> None:
    activity = api.ActivityFromTemplate(
        **FIELDS,
        enabled=True,
        target_ecpm=1.5,
        impression_budget=0,
        override_variables={"fontsize": 24, "color": "red"},
        geo_details=(api.GeoDetail(lat=59.3, long=18, radius=0),),
        exclude_geo=False,
    )
    assert activity.body() == {
        **BODY,
        "enabled": True,
        "targetECPM": 1.5,
        "impressionBudget": 0,
        "overrideVariables": '{"fontsize": 24, "color": "red"}',
        "geoDetails": [{"lat": 59.3, "long": 18.0, "radius": 0.0}],
        "excludeGeo": False,
    }


def test_every_field_of_an_update_has_the_vendors_name() -> None:
    update = api.ActivityUpdate(
        activity_name="Winter",
        flight_stop=datetime(2026, 12, 1, tzinfo=UTC),
        order_id="order-2",
        budget=0,
        enabled=False,
        target_ecpm=0,
        impression_budget=10,
        override_variables='{"a": 1}',
        geo_details=(api.GeoDetail(lat=-90, long=180, radius=2.5),),
        exclude_geo=True,
    )
    assert update.body() == {
        "activityName": "Winter",
        "flightStop": "2026-12-01T00:00:00Z",
        "orderId": "order-2",
        "budget": 0.0,
        "enabled": False,
        "targetECPM": 0.0,
        "impressionBudget": 10,
        "overrideVariables": '{"a": 1}',
        "geoDetails": [{"lat": -90.0, "long": 180.0, "radius": 2.5}],
        "excludeGeo": True,
    }


def test_override_variables_go_out_as_text_or_as_an_object() -> None:
    variables = {"fontsize": 24}
    for given, sent in (
        (variables, '{"fontsize": 24}'),
        ('{"fontsize": 24}', '{"fontsize": 24}'),
        (api.SentAsObject(variables), variables),
    ):
        assert api.ActivityUpdate(override_variables=given).body() == {"overrideVariables": sent}
    with pytest.raises(InvalidRequest, match=r"override_?[vV]ariables"):
        api.ActivityUpdate(override_variables=api.SentAsObject(a=float("nan")))


def test_a_flight_that_is_over_is_refused() -> None:
    over = api.ActivityFromTemplate(**{**FIELDS, "flight_stop": datetime.now(UTC)})
    with pytest.raises(
        InvalidRequest, match=r"the flight of the activity is over: flight_stop, 20.*, has passed"
    ):
        api.create_activity_from_template(over, **ACCOUNT)
    ahead = api.ActivityFromTemplate(**{**FIELDS, "flight_stop": datetime.now(UTC) + timedelta(minutes=1)})
    api.create_activity_from_template(ahead, **ACCOUNT)


def test_enabled_is_always_sent_and_off_unless_asked_for() -> None:
    assert api.ActivityFromTemplate(**FIELDS).body()["enabled"] is False


def test_an_update_sends_nothing_that_was_not_given() -> None:
    assert api.ActivityUpdate(budget=5).body() == {"budget": 5.0}


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        (datetime(2026, 9, 1, tzinfo=UTC), "2026-09-01T00:00:00Z"),
        (datetime(2026, 9, 1, 1, 2, 3, 999999, tzinfo=UTC), "2026-09-01T01:02:03Z"),
        (datetime(2026, 9, 1, tzinfo=STOCKHOLM), "2026-08-31T22:00:00Z"),
        ("2026-09-01T00:00:00+02:00", "2026-08-31T22:00:00Z"),
        ("2015-01-01T00:00:01.0Z", "2015-01-01T00:00:01Z"),
    ],
)
def test_moments_go_out_in_utc_to_the_second(moment: Any, written: str) -> None:
    assert api.ActivityFromTemplate(**{**FIELDS, "flight_start": moment}).body()["flightStart"] == written


# What is refused before it goes out


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"flight_start": datetime(2026, 9, 1)}, "flight_start"),
        ({"flight_stop": datetime(2026, 10, 1)}, "flight_stop"),
        ({"flight_start": "2026-09-01T00:00:00"}, "flight_start"),
        ({"flight_start": date(2026, 9, 1)}, "flight_start"),
        ({"flight_start": "tomorrow"}, "flight_start"),
        ({"flight_start": datetime(2036, 10, 1, tzinfo=UTC)}, "flight_start must be before flight_stop"),
        ({"flight_start": datetime(2036, 10, 2, tzinfo=UTC)}, "flight_start must be before flight_stop"),
        ({"template_id": ""}, "template_id"),
        ({"activity_name": ""}, "activity_name"),
        ({"activity_name": None}, "activity_name"),
        ({"order_id": ""}, "order_id"),
        ({"budget": -1}, "budget"),
        ({"budget": float("nan")}, "budget"),
        ({"budget": float("inf")}, "budget"),
        ({"budget": True}, "budget"),
        ({"budget": "much"}, "budget"),
        ({"enabled": None}, "enabled"),
        ({"enabled": "perhaps"}, "enabled"),
        ({"target_ecpm": float("nan")}, "target_ecpm"),
        ({"target_ecpm": -0.1}, "target_ecpm"),
        ({"impression_budget": -1}, "impression_budget"),
        ({"impression_budget": 1.5}, "impression_budget"),
        ({"override_variables": [1]}, "override_variables"),
        ({"override_variables": {"a": float("nan")}}, "override_variables"),
        ({"override_variables": {"a": date(2026, 9, 1)}}, "override_variables"),
        ({"override_variables": "{no json"}, "override_variables"),
        ({"override_variables": "[1]"}, "override_variables"),
        ({"geo_details": (), "exclude_geo": True}, "geo_details"),
        ({"geo_details": [{"lat": 1, "long": 1, "radius": 1}]}, "geo_details and exclude_geo"),
        ({"exclude_geo": True}, "geo_details and exclude_geo"),
        ({"exclude_geo": False}, "geo_details and exclude_geo"),
        ({"campaign": "x"}, "campaign"),
    ],
)
def test_an_activity_that_cannot_be_meant_is_refused_by_the_fields_name(
    change: dict[str, Any], named: str
) -> None:
    with pytest.raises(InvalidRequest, match=naming(named)):
        api.ActivityFromTemplate(**{**FIELDS, **change})


@pytest.mark.parametrize(
    ("circle", "named"),
    [
        ({"lat": 90.1}, "lat"),
        ({"lat": -91}, "lat"),
        ({"long": 180.5}, "long"),
        ({"long": -181}, "long"),
        ({"radius": -0.1}, "radius"),
        ({"radius": None}, "radius"),
        ({"lat": float("nan")}, "lat"),
        ({"long": float("inf")}, "long"),
        ({"radius": float("nan")}, "radius"),
        ({"lat": True}, "lat"),
        ({"lng": 1}, "lng"),
    ],
)
def test_a_circle_that_is_none_is_refused(circle: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidRequest, match=naming(named)):
        api.GeoDetail(**{"lat": 1, "long": 1, "radius": 1, **circle})


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({}, "at least one field must be given"),
        ({"flight_start": datetime(2026, 9, 1, tzinfo=UTC)}, "flight_start"),
        ({"template_id": "template-2"}, "template_id"),
        ({"flight_stop": datetime(2026, 9, 1)}, "flight_stop"),
        ({"budget": float("nan")}, "budget"),
        ({"activity_name": ""}, "activity_name"),
        ({"geo_details": [{"lat": 1, "long": 1, "radius": 1}]}, "geo_details and exclude_geo"),
    ],
)
def test_an_update_that_cannot_be_meant_is_refused(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidRequest, match=naming(named)):
        api.ActivityUpdate(**fields)


def test_a_refusal_does_not_show_the_value() -> None:
    with pytest.raises(InvalidRequest) as caught:
        api.ActivityFromTemplate(**{**FIELDS, "budget": "CANARY"})
    assert "CANARY" not in f"{caught.value} {caught.value!r}"
    assert "given: str" in caught.value.message


# What comes back

ACTIVITY_REPLY = {
    "id": "86b35325-794c-11e4-8425-daf437376f87",
    "name": "Autumn",
    "flightStart": "2014-12-31T22:00:00.000+0000",
    "flightStop": "2015-01-31T21:59:59.000+0000",
    "enabled": True,
    "budget": 1000.0,
    "currentTargetSpend": 12.5,
}


def test_an_activity_as_documented() -> None:
    activity = api.get_activity("a", **ACCOUNT).parse(answer({**ACTIVITY_REPLY, "new": [1]}))
    assert activity.name == "Autumn"
    assert activity.flight_start == datetime(2014, 12, 31, 22, tzinfo=UTC)
    assert (activity.current_target_spend, activity.current_target_impressions) == (12.5, None)
    assert activity.plain()["new"] == [1]
    assert activity.plain()["currentTargetSpend"] == 12.5
    json.dumps(activity.plain())


def test_lists_give_id_and_name() -> None:
    body = [{"id": "1", "name": "a"}, {"id": 2, "name": "b"}]
    assert [a.id for a in api.list_activities(**ACCOUNT).parse(answer(body))] == ["1", "2"]
    assert [t.name for t in api.list_activity_templates().parse(answer(body))] == ["a", "b"]
    with pytest.raises(UnreadableResponse, match="not a list"):
        api.list_activities(**ACCOUNT).parse(answer({"activities": body}))


@pytest.mark.parametrize(
    "location",
    [
        f"{ACTIVITIES}/86b3-5325",
        f"{ACTIVITIES}/86b3-5325/",
        f"{ACTIVITIES}/86b3-5325?apikey=x",
        f"{ACTIVITIES}/86b3-5325#there",
        f"https://cmp.example.com{ACTIVITIES}/86b3-5325",
        f"https://elsewhere.example.com/base{ACTIVITIES}/86b3-5325?x=/activity/5",
        f"{ACTIVITIES}/86b3%2D5325",
    ],
)
def test_the_new_activitys_id_stands_in_the_location(location: str) -> None:
    call = api.create_activity_from_template(ACTIVITY, **ACCOUNT)
    assert call.parse(answer(b"", 201, {"Location": location})) == "86b3-5325"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Location": ""},
        {"Location": ACTIVITIES},
        {"Location": f"{ACTIVITIES}/"},
        {"Location": f"{ACTIVITIES}/86b3/statistics"},
        {"Location": f"{ACTIVITIES}/86b3%2F5325"},
        {"Location": "/api/v1/media_agency/agency-2/client/client-1/campaign/default/activity/86b3"},
        {"Location": "/login?next=/activity/86b3"},
        {"Location": "https://[::1"},
    ],
    ids=str,
)
def test_a_location_that_names_no_activity_of_ours_is_unreadable(headers: dict[str, str]) -> None:
    call = api.create_activity_from_template(ACTIVITY, **ACCOUNT)
    with pytest.raises(UnreadableResponse):
        call.parse(answer(b"", 201, headers))


def test_accepted_but_not_done_is_unreadable_whatever_the_location() -> None:
    call = api.create_activity_from_template(ACTIVITY, **ACCOUNT)
    with pytest.raises(UnreadableResponse, match="does not say what becomes of it"):
        call.parse(answer(b"", 202, {"Location": f"{ACTIVITIES}/86b3"}))


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_an_update_needs_no_body(status: int) -> None:
    update = api.update_activity("a", api.ActivityUpdate(enabled=True), **ACCOUNT)
    assert update.parse(answer(b"", status)) is None
