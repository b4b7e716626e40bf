"""Delta Projects' arguments: from the docstrings, the page "Activity" and the design of names."""

from __future__ import annotations

from argument_table.common import MAKES, SENSES, SOON
from argument_table.kinds import (
    AMOUNT,
    CONNECTION_ID,
    FLAG,
    ID,
    JSON_LIST,
    JSON_OR_TEXT,
    MARK,
    NAME,
    TIMESTAMP,
    WHOLE_NUMBER,
    WORD,
    Arguments,
    Row,
    has,
    may,
    need,
)

CONNECTED: Arguments = {
    "delta_projects_conn_id": has(CONNECTION_ID, "walk_delta_projects", "walk_delta_projects_elsewhere"),
    "media_agency_id": may(ID, "agency-7", "agency-8"),
    "client_id": may(ID, "client-7", "client-8"),
}
HERE = {"delta_projects_conn_id": "walk_delta_projects"}
CIRCLE = {"lat": 59.25, "long": 18.0, "radius": 5}
GEO: Arguments = {
    "geo_details": may(
        JSON_LIST,
        [CIRCLE],
        [{**CIRCLE, "radius": 6}],
        beside={"exclude_geo": False},
        wrong=(
            [{**CIRCLE, "lat": "north"}],
            [{**CIRCLE, "lat": 91}],
            [{**CIRCLE, "radius": -1}],
            [{**CIRCLE, "radius": float("nan")}],
            [{"lat": 59.25, "long": 18.0}],
            CIRCLE,
        ),
    ),
    "exclude_geo": may(FLAG, True, False, beside={"geo_details": [CIRCLE]}),
}
FIGURES: Arguments = {
    "target_ecpm": may(AMOUNT, 2.5, 3, wrong=(-1,)),
    "impression_budget": may(WHOLE_NUMBER, 5000, 6000, wrong=(-1,)),
    "override_variables": may(
        JSON_OR_TEXT, {"landing": "https://shop.example/"}, {"landing": "https://shop.example/other"}
    ),
    "override_variables_as": has(
        WORD, "object", "text", beside={"override_variables": {"landing": "https://shop.example/"}}
    ),
}
ACTIVITY = need(ID, "17b35327-794c-11e4", "18b35327-794c-11e4")

ROWS: dict[str, Row] = {
    "operators.delta_projects.DeltaProjectsCreateActivityFromTemplateOperator": Row(
        {
            **CONNECTED,
            **MAKES,
            **FIGURES,
            **GEO,
            "template_id": need(ID, "16b35327-794c-11e4", "15b35327-794c-11e4"),
            "activity_name": need(NAME, "Win-back", "Other"),
            "flight_start": need(TIMESTAMP, "2027-11-01T00:00:00+00:00", "2027-11-02T00:00:00+00:00"),
            "flight_stop": need(TIMESTAMP, "2027-12-01T00:00:00+01:00", "2027-12-02T00:00:00+01:00"),
            "order_id": need(NAME, "GXK-77123", "GXK-77124"),
            "budget": need(AMOUNT, 1000, 1000.5, wrong=(-1,)),
            "enabled": has(FLAG, True, False),
            "mark_submission": has(MARK, "prefix", False),
        },
        HERE,
    ),
    "operators.delta_projects.DeltaProjectsUpdateActivityOperator": Row(
        {
            **CONNECTED,
            **FIGURES,
            **GEO,
            "activity_id": ACTIVITY,
            "enabled": may(FLAG, True, False),
            "activity_name": may(NAME, "Win-back", "Other"),
            "flight_stop": may(TIMESTAMP, "2027-12-01T00:00:00+01:00", "2027-12-02T00:00:00+01:00"),
            "order_id": may(NAME, "GXK-77123", "GXK-77124"),
            "budget": may(AMOUNT, 1000, 1000.5, wrong=(-1,)),
        },
        HERE | {"impression_budget": 7},
    ),
    "sensors.delta_projects.DeltaProjectsActivitySensor": Row(
        {**CONNECTED, **SENSES, "activity_id": ACTIVITY, "until": has(WORD, "flight_stop")}, HERE | SOON
    ),
}
