"""Dataddo: what the inputs send, and what they refuse before anything goes out."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from api_testing import naming
from endpoints.dataddo import STATIC

from airflow_provider_activation.api import dataddo as api
from airflow_provider_activation.errors import InvalidRequest

# A source's payload


def test_a_payload_carries_the_connectors_own_parameters_through_nulls_too() -> None:
    parameters = {"accountId": "acc", "metrics": ["spend"], "request": None, "search": "", "hour": "03"}
    assert api.source_payload("snapchat", "Spend", "1000", parameters) == {
        "connectorId": "snapchat",
        "label": "Spend",
        "oAuthId": "1000",
        "templateId": "index",
        **parameters,
    }
    assert parameters.keys() == {"accountId", "metrics", "request", "search", "hour"}, "it was changed"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), date(2026, 9, 1)])
def test_a_parameter_that_json_cannot_say_is_refused(value: Any) -> None:
    with pytest.raises(InvalidRequest, match="hour"):
        api.source_payload("x", "l", "1", {"hour": value})


def test_a_template_that_was_given_is_kept() -> None:
    assert api.source_payload("x", "l", "1", {"templateId": "mine"})["templateId"] == "mine"


@pytest.mark.parametrize(
    ("given", "as_number"),
    [("1000", 1000), (1000, 1000), ("0012x", "0012x"), ("64a1f0", "64a1f0"), ("²", "²")],
)
def test_a_services_id_goes_out_as_text_or_as_the_number_it_is(given: Any, as_number: int | str) -> None:
    assert api.source_payload("x", "l", given, {})["oAuthId"] == str(given)
    for name, payload in (
        ("oAuthId", api.source_payload("x", "l", given, {}, oauth_id_type="number")),
        ("o_auth_id", api.source_payload("mysql", "l", given, {})),
    ):
        assert repr(payload[name]) == repr(as_number)
    assert api.source_payload("mysql", "l", given, {}, oauth_id_type="text")["o_auth_id"] == str(given)


SNAKE = {"connector_id", "label", "o_auth_id", "template_id", "storage_strategy", "strategy"}
CAMEL = {"connectorId", "label", "oAuthId", "templateId", "storageStrategy", "strategy"}
OF_SNAKES = [
    *(
        "alloy_db",
        "coreWebVitals",
        "databricks",
        "google_big_query",
        "intercom",
        "klaviyo_v3",
        "mssql",
        "mysql",
    ),
    *(
        "mysql",
        "mysql_binlog",
        "netsuite",
        "nmbrs",
        "pgsql",
        "pgsql_wal",
        "redshift",
        "sage_intacct",
        "shopify",
    ),
    *("snowflake", "trino"),
]


@pytest.mark.parametrize("connector", [*OF_SNAKES, "snapchat", "facebook"])
def test_the_fields_of_every_source_are_spelled_as_the_connector_has_them(connector: str) -> None:
    snake = connector in OF_SNAKES
    payload = api.source_payload(connector, "l", "1", {"strategy": "clean"})
    assert payload.keys() == (SNAKE if snake else CAMEL)
    assert payload["connector_id" if snake else "connectorId"] == connector
    for style, names in (("camelCase", CAMEL), ("snake_case", SNAKE)):
        given = api.source_payload(connector, "l", "1", {"strategy": "clean"}, key_style=style)  # type: ignore[arg-type]
        assert given.keys() == names


@pytest.mark.parametrize("connector", ["amazon_ads_data_extractor", "black_diamond_extractor"])
def test_a_connector_that_takes_no_service_gets_none(connector: str) -> None:
    assert api.source_payload(connector, "l", "1", {}).keys() == {"connectorId", "label", "templateId"}


def test_a_source_without_a_service_may_name_one_among_its_parameters() -> None:
    assert "oAuthId" not in api.source_payload("x", "l", None, {})
    assert api.source_payload("x", "l", None, {"oAuthId": None})["oAuthId"] is None


@pytest.mark.parametrize("name", ["dateRange", "date_range"])
def test_a_range_has_no_braces_in_the_style_of_the_databases(name: str) -> None:
    assert api.source_payload("mysql", "l", "1", {name: "{{1d1}}"})[name] == "1d1"
    assert api.source_payload("mysql", "l", "1", {name: "1d1"}, key_style="camelCase")[name] == "{{1d1}}"


@pytest.mark.parametrize("written", ["30d1", "{{30d1}}", "{{ 30d1 }}", " 30d1 "])
@pytest.mark.parametrize("name", ["dateRange", "dateRangePreview"])
def test_ranges_get_their_braces_once(name: str, written: str) -> None:
    assert api.source_payload("x", "l", "1", {name: written})[name] == "{{30d1}}"


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"strategy": "incremental"}, {"strategy": "incremental", "storageStrategy": "incremental"}),
        (
            {"strategy": "incremental", "storageStrategy": "clean"},
            {"strategy": "incremental", "storageStrategy": "clean"},
        ),
        ({"storageStrategy": "clean"}, {"storageStrategy": "clean"}),
        ({}, {}),
    ],
)
def test_storage_strategy_stands_beside_the_deprecated_strategy(
    given: dict[str, str], sent: dict[str, str]
) -> None:
    payload = api.source_payload("x", "l", "1", given)
    assert {name: payload[name] for name in payload if "trategy" in name} == sent


@pytest.mark.parametrize("name", ["connectorId", "label", "oAuthId"])
def test_a_parameter_that_comes_from_another_argument_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequest, match=name):
        api.source_payload("x", "l", "1", {name: "CANARY"})


# Ranges


def range_in_a_payload(expression: str) -> Any:
    return api.source_payload("x", "l", "1", {"dateRange": expression})["dateRange"]


def range_of_an_extraction(expression: str) -> Any:
    return api.Extraction(date_range=expression).body()["dateRangeExpression"]


both_places = pytest.mark.parametrize("place", [range_in_a_payload, range_of_an_extraction])


@both_places
@pytest.mark.parametrize(
    "expression", ["0d0", "1d1", "1d0", "30d1", "90d1", "1w1", "0w0", "0m0", "1m1", "0y0", "1y1", "7d7"]
)
def test_the_documented_ranges(place: Any, expression: str) -> None:
    assert place(expression) == "{{" + expression + "}}"


@both_places
@pytest.mark.parametrize("expression", ["0d0|Ymd", "1d1|U"])
def test_a_range_may_say_the_form_of_its_days(place: Any, expression: str) -> None:
    assert place(expression) == "{{" + expression + "}}"


@both_places
@pytest.mark.parametrize(
    "expression",
    ["", "30", "d1", "30d", "30h1", "30D1", "-1d0", "1.5d1", "30d1d0", "{{{30d1}}}", "1d2", "ds"],
)
def test_other_ranges_are_refused(place: Any, expression: str) -> None:
    with pytest.raises(InvalidRequest, match=naming("date_range")):
        place(expression)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"date_from": date(2026, 9, 1)}, "date_from and date_to must be given together"),
        ({"date_to": date(2026, 9, 1)}, "date_from and date_to must be given together"),
        (
            {"date_from": date(2026, 9, 2), "date_to": date(2026, 9, 1)},
            "date_from must not be after date_to",
        ),
        ({"date_from": "2026-09-01", "date_to": "2026-09-01", "date_range": "1d1"}, "either"),
        ({"date_from": "01/09/2026", "date_to": "2026-09-01"}, "date_from"),
        ({"date_range": "last week"}, "date_range"),
        ({"day": "2026-09-01"}, "day"),
    ],
)
def test_an_extraction_that_cannot_be_meant_is_refused(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidRequest, match=naming(named)):
        api.Extraction(**fields)


def test_one_day_may_be_extracted() -> None:
    day = date(2026, 9, 1)
    assert api.Extraction(date_from=day, date_to=day).body() == {
        "dateFrom": "2026-09-01",
        "dateTo": "2026-09-01",
    }


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"sources": ()}, "sources"),
        ({"sources": "source-1"}, "sources"),
        ({"sources": (1.5,)}, "sources"),
        ({"app": ""}, "app"),
        ({"label": ""}, "label"),
        ({"destination": "x"}, "destination"),
    ],
)
def test_a_flow_that_cannot_be_meant_is_refused(change: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidRequest, match=named):
        api.FlowInput(**{"sources": ("s",), "app": "a", "label": "l", **change})


@pytest.mark.parametrize(
    ("made", "expression"),
    [
        (api.DateRange.last_days(30), "30d1"),
        (api.DateRange.last_days(1), "1d1"),
        (api.DateRange.last_weeks(2), "2w1"),
        (api.DateRange.last_months(3), "3m1"),
        (api.DateRange.last_years(1), "1y1"),
        (api.DateRange("7d7"), "7d7"),
        (api.DateRange("{{ 0d0|Ymd }}"), "0d0|Ymd"),
    ],
)
def test_a_date_range_is_text_without_braces_and_is_sent_with_them(
    made: api.DateRange, expression: str
) -> None:
    assert made == expression
    assert json.dumps({"range": made}) == json.dumps({"range": expression})
    assert range_in_a_payload(made) == range_of_an_extraction(made) == "{{" + expression + "}}"


@pytest.mark.parametrize("count", [0, -1, 1.5, True, "30", None])
@pytest.mark.parametrize("unit", ["days", "weeks", "months", "years"])
def test_a_date_range_counts_in_whole_numbers(unit: str, count: Any) -> None:
    with pytest.raises(InvalidRequest, match=f"count must be .* above 0.* {type(count).__name__} "):
        getattr(api.DateRange, f"last_{unit}")(count)


@pytest.mark.parametrize(
    ("expression", "rule"),
    [
        ("30", "must look like 30d1.* is a str"),
        ("1d2", "must start before it ends.* is a str"),
        (30, "must be text.* is a int"),
        (None, "must be text.* is a NoneType"),
    ],
)
def test_what_is_no_date_range_is_refused(expression: Any, rule: str) -> None:
    with pytest.raises(InvalidRequest, match=f"date range {rule}"):
        api.DateRange(expression)


# Schedules


@pytest.mark.parametrize(
    "given",
    [
        {"day_of_month": "1", "day_of_week": "2"},
        {"dayOfMonth": 1, "dayOfWeek": 2},
        {"day_of_month": 1, "dayOfWeek": "2"},
    ],
)
def test_a_schedule_is_understood_in_both_spellings(given: dict[str, Any]) -> None:
    schedule = api.Schedule.model_validate({"sync_frequency": "custom", "minute": "*/5", **given})
    assert schedule.body() == {
        "sync_frequency": "custom",
        "minute": "*/5",
        "dayOfMonth": "1",
        "dayOfWeek": "2",
    }
    assert schedule.parameters() == {
        "sync_frequency": "custom",
        "minute": "*/5",
        "day_of_month": "1",
        "day_of_week": "2",
    }


def test_a_part_given_as_none_goes_out_as_null_and_is_no_parameter() -> None:
    schedule = api.Schedule(sync_frequency="week", day_of_month=None)
    assert schedule.body() == {"sync_frequency": "week", "dayOfMonth": None}
    assert schedule.parameters() == {"sync_frequency": "week"}


def test_a_schedule_that_was_read_goes_back_whole() -> None:
    read = api.CurrentSchedule.model_validate({"hour": "3", "day_of_week": None, "timezone": None})
    assert read.schedule().body() == {"hour": "3", "dayOfWeek": None}


@pytest.mark.parametrize("name", ["sync_frequency", "timezone"])
def test_null_is_not_sent_where_the_service_does_not_take_it(name: str) -> None:
    shown = dict.fromkeys(("hour", "minute", "day_of_month", "month", "day_of_week", name))
    given = api.Schedule.model_validate(shown)
    read = api.CurrentSchedule.model_validate(shown).schedule()
    assert (
        given.body() == read.body() == dict.fromkeys(("hour", "minute", "dayOfMonth", "month", "dayOfWeek"))
    )


def test_a_new_source_takes_a_schedule_among_its_parameters() -> None:
    schedule = api.Schedule(sync_frequency="day", hour=3, minute=25, timezone="UTC")
    payload = api.source_payload("x", "l", "1", {"accountId": "a", **schedule.parameters()})
    assert payload["hour"] == "3"
    assert payload["sync_frequency"] == "day"


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({}, "at least one field must be given"),
        ({"sync_frequency": "hour"}, "sync_frequency: .*given: str"),
        ({"hour": 3.5}, "hour: .*given: float"),
        ({"minute": True}, "minute: .*given: bool"),
        ({"timezone": ""}, "timezone: .*given: str"),
        ({"day_of_moth": "1"}, "day_of_moth: .*given: str"),
    ],
)
def test_a_schedule_that_cannot_be_meant_is_refused(fields: dict[str, Any], rule: str) -> None:
    with pytest.raises(InvalidRequest, match=f"Schedule cannot be sent: {rule}"):
        api.Schedule(**fields)


def test_a_schedule_in_words_that_no_document_names_goes_back_as_it_is() -> None:
    shown = {"sync_frequency": "fortnight", "hour": 3, "new": 1}
    assert api.CurrentSchedule.model_validate(shown).schedule().body() == {
        "sync_frequency": "fortnight",
        "hour": "3",
    }
    with pytest.raises(InvalidRequest, match="no schedule"):
        api.CurrentSchedule.model_validate({"new": 1}).schedule()


# Free bodies, and writing

UNFIT = {"ok": 1, "unfit": date(2026, 9, 1)}


@pytest.mark.parametrize(
    ("build", "name"),
    [
        (lambda body: api.update_service("1", body), "changes"),
        (lambda body: api.run_connector_action("x", "y", "POST", body), "inputs"),
        (lambda body: api.run_destination_action("x", "y", "POST", body), "inputs"),
        (lambda body: api.run_service_action("x", "y", "POST", body), "inputs"),
        (lambda body: api.preview_connector("x", body), "payload"),
        (lambda body: api.create_source("x", body), "payload"),
        (lambda body: api.update_source("1", body), "changes"),
        (lambda body: api.update_source_request("1", body), "changes"),
        (lambda body: api.update_extraction("1", body), "changes"),
        (lambda body: api.create_flow(body), "flow"),
        (lambda body: api.preview_flow(body), "flow"),
        (lambda body: api.update_flow("1", body), "changes"),
        (lambda body: api.update_write_status("1", body), "changes"),
        (lambda body: api.create_destination("x", body), "parameters"),
        (lambda body: api.update_destination("1", body), "changes"),
    ],
)
def test_a_free_body_is_plain_json(build: Any, name: str) -> None:
    assert build({"ok": 1, "null": None}).json == {"ok": 1, "null": None}
    with pytest.raises(InvalidRequest, match=f"{name}: unfit must be plain JSON, but is a date"):
        build(UNFIT)
    with pytest.raises(InvalidRequest, match=f"{name}: nan must be plain JSON, but is a float"):
        build({"nan": float("nan")})
    with pytest.raises(InvalidRequest, match=f"{name} must be a mapping, but is a list"):
        build(["x"])


def test_a_body_that_was_given_is_not_changed() -> None:
    body = {"label": "Spend"}
    sent = api.create_source("x", body).json
    assert sent == body
    assert sent is not body


@pytest.mark.parametrize(
    ("method", "inputs", "rule"),
    [
        ("GET", {"oAuthId": "1"}, "inputs can be given with the method POST only"),
        ("PUT", None, "method must be GET or POST, but is the str 'PUT'"),
        (None, None, "method must be GET or POST, but is the NoneType None"),
    ],
)
@pytest.mark.parametrize(
    "action", [api.run_connector_action, api.run_destination_action, api.run_service_action]
)
def test_an_action_is_asked_for_in_one_of_two_ways(action: Any, method: Any, inputs: Any, rule: str) -> None:
    with pytest.raises(InvalidRequest, match=rule):
        action("snapchat", "metric", method, inputs)


def test_credentials_are_plain_json() -> None:
    data = {"ssl": True, "port": 5432, "tunnel": {"host": "a"}, "none": None}
    assert api.create_service("pgsql", data).json["data"] == data
    assert api.create_typed_service("pgsql", data).json["data"] == data
    for make in (api.create_service, api.create_typed_service):
        with pytest.raises(InvalidRequest, match="data: at must be plain JSON"):
            make("pgsql", {"at": date(2026, 9, 1)})


def test_credentials_go_out_under_one_pair_of_names() -> None:
    for deprecated_names in (True, False):
        sent = api.create_service("x", STATIC, deprecated_names=deprecated_names).json
        assert len(sent) == 2


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"write_mode": "upsert"}, "unique_columns must be given with the write_mode upsert"),
        ({"write_mode": "upsert", "unique_columns": ()}, "unique_columns must be given"),
        ({"write_mode": "append"}, "write_mode: .*given: str"),
        ({}, "write_mode: .*required"),
        ({"write_mode": "insert", "unique_columns": "day"}, "unique_columns: .*given: str"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(fields: dict[str, Any], rule: str) -> None:
    with pytest.raises(InvalidRequest, match=f"WriteSettings cannot be sent: {rule}"):
        api.WriteSettings(**fields)
