"""Dataddo: what goes out, what comes back, what is refused before it goes out."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from api_testing import FLOW, answer, naming

from airflow_provider_activation.api import dataddo as api
from airflow_provider_activation.api.call import NOTHING, Call, Safety
from airflow_provider_activation.errors import InvalidRequest, UnreadableResponse

STATIC = {"staticKey": "a", "clientId": "b", "clientSecret": "c"}


@pytest.mark.parametrize(
    ("call", "method", "path", "body", "safety"),
    [
        pytest.param(
            api.log_in("someone@example.com", "pass"),
            *("POST", "/auth", {"email": "someone@example.com", "password": "pass"}, Safety.READ),
            id="log in",
        ),
        pytest.param(api.list_services(), *("GET", "/services", NOTHING, Safety.READ), id="list services"),
        pytest.param(
            api.create_service("snapchat_static", STATIC),
            *("POST", "/services", {"service": "snapchat_static", "data": STATIC}, Safety.ONCE),
            id="create a service",
        ),
        pytest.param(
            api.create_source("snapchat", {"label": "Spend", "request": None}),
            *("POST", "/connectors/snapchat/create-source"),
            *({"label": "Spend", "request": None}, Safety.ONCE),
            id="create a source",
        ),
        pytest.param(api.list_sources(), *("GET", "/sources", NOTHING, Safety.READ), id="list sources"),
        pytest.param(
            api.create_flow(FLOW),
            *("POST", "/flows"),
            *({"sources": ["source-1"], "app": "google_data_studio", "label": "Spend"}, Safety.ONCE),
            id="create a flow",
        ),
        pytest.param(
            api.list_flows_by_source("a b"),
            *("GET", "/flows/by-source/a%20b", NOTHING, Safety.READ),
            id="list the flows of a source",
        ),
        pytest.param(
            api.enqueue_extraction("source-1"),
            *("POST", "/sources/source-1/extraction/enqueue", {}, Safety.ONCE),
            id="extract what the source is set to load",
        ),
        pytest.param(
            api.enqueue_extraction(
                "source-1", api.Extraction(date_from=date(2026, 9, 1), date_to=date(2026, 9, 30))
            ),
            *("POST", "/sources/source-1/extraction/enqueue"),
            *({"dateFrom": "2026-09-01", "dateTo": "2026-09-30"}, Safety.ONCE),
            id="extract some days",
        ),
        pytest.param(
            api.enqueue_extraction(
                "source-1", api.Extraction(date_range="30d1", storage_strategy="incremental")
            ),
            *("POST", "/sources/source-1/extraction/enqueue"),
            *({"dateRangeExpression": "{{30d1}}", "storageStrategy": "incremental"}, Safety.ONCE),
            id="extract a range",
        ),
        pytest.param(
            api.get_source_status("source-1"),
            *("GET", "/sources/source-1/status", NOTHING, Safety.READ),
            id="get a source's status",
        ),
        pytest.param(
            api.enqueue_write("flow-1"),
            *("POST", "/flows/flow-1/write/enqueue", {}, Safety.ONCE),
            id="write a flow",
        ),
        pytest.param(
            api.get_flow_status("flow-1"),
            *("GET", "/flows/flow-1/status", NOTHING, Safety.READ),
            id="get a flow's status",
        ),
    ],
)
def test_what_goes_out(call: Call[Any], method: str, path: str, body: Any, safety: Safety) -> None:
    assert (call.method, call.path, call.query) == (method, path, ())
    assert call.json == body
    assert call.safety is safety
    assert not call.form
    assert call.url is None


# A source's payload


def test_a_payload_carries_the_connectors_own_parameters_through_nulls_too() -> None:
    parameters = {"accountId": "acc", "metrics": ["spend"], "request": None, "search": "", "hour": "03"}
    assert api.source_payload("snapchat", "Spend", "1000", parameters) == {
        "connectorId": "snapchat",
        "label": "Spend",
        "oAuthId": 1000,
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
    ("given", "sent"), [("1000", 1000), ("0012x", "0012x"), ("64a1f0", "64a1f0"), ("²", "²")]
)
def test_a_services_id_goes_out_as_the_number_it_was_given_as(given: str, sent: int | str) -> None:
    assert api.source_payload("x", "l", given, {})["oAuthId"] == sent


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
        ({"sources": (1,)}, "sources"),
        ({"app": ""}, "app"),
        ({"label": ""}, "label"),
        ({"destination": "x"}, "destination"),
    ],
)
def test_a_flow_that_cannot_be_meant_is_refused(change: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidRequest, match=named):
        api.FlowInput(**{"sources": ("s",), "app": "a", "label": "l", **change})


# What comes back


def test_what_a_log_in_hands_out_is_sent_back_where_it_was_handed_out() -> None:
    reply = {"access_token": "t", "refresh_token": "r", "expires_in": 3600, "realm_id": 7, "provider": "p"}
    token = api.log_in("a", "b").parse(answer(reply))
    assert token.headers == {"Authorization": "Bearer t", "X-Realm-Id": "7", "X-Provider": "p"}
    assert (token.lifetime, set(token.secrets)) == (3600.0, {"t", "r"})


def test_realm_and_provider_are_not_sent_when_they_were_not_handed_out() -> None:
    token = api.log_in("a", "b").parse(answer({"access_token": "t", "realm_id": None}))
    assert token.headers == {"Authorization": "Bearer t"}
    assert token.lifetime == 3600.0


@pytest.mark.parametrize("body", [{}, {"access_token": ""}, {"access_token": None}, {"access_token": 5}, []])
def test_a_log_in_without_a_token_is_unreadable(body: Any) -> None:
    with pytest.raises(UnreadableResponse):
        api.log_in("a", "b").parse(answer(body))


@pytest.mark.parametrize("service_id", [1000, "1000"])
def test_a_services_id_is_kept_as_text(service_id: int | str) -> None:
    call = api.create_service("snapchat_static", STATIC)
    assert call.parse(answer({"id": service_id})).id == "1000"
    assert api.list_services().parse(answer([{"id": service_id, "new": True}]))[0].id == "1000"


@pytest.mark.parametrize("body", [{"id": None}, {"id": True}, {"id": ""}, {"label": "x"}, [{"id": "1"}]])
@pytest.mark.parametrize(
    "call", [api.create_source("x", {}), api.create_flow(FLOW)], ids=lambda call: call.operation
)
def test_what_was_created_without_an_id_is_unreadable(call: Call[Any], body: Any) -> None:
    with pytest.raises(UnreadableResponse):
        call.parse(answer(body))


def test_a_source_keeps_what_it_is_not_known_to_have() -> None:
    body = {"id": "64a", "label": "Spend", "customer_id": 5, "created": None}
    assert api.create_source("x", {}).parse(answer(body)).plain() == body


FLOW_REPLY = {
    "label": "Spend",
    "source": [{"source_id": "source-1"}],
    "api": {"app": "google_data_studio", "id": "other"},
    "id": "flow-1",
}


def test_a_flows_sources_go_out_as_sources_and_come_back_as_source() -> None:
    flow = api.create_flow(FLOW).parse(answer(FLOW_REPLY))
    assert flow.id == "flow-1"
    assert [source.source_id for source in flow.source] == ["source-1"]
    assert flow.plain() == FLOW_REPLY


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, True),
        ({"api": None}, True),
        ({"api": {"app": None}}, True),
        ({"api": {"app": "other"}}, False),
        ({"label": "Other"}, False),
        ({"source": []}, False),
        ({"source": [{"source_id": "source-1"}, {"source_id": "source-2"}]}, False),
    ],
)
def test_which_flow_is_what_an_input_would_make(change: dict[str, Any], expected: bool) -> None:
    assert api.Flow.model_validate({**FLOW_REPLY, **change}).is_as(FLOW) is expected


@pytest.mark.parametrize(
    "body",
    [b"", {}, {"executionId": "64a", "actionId": 500001, "startedAt": "2026-09-01T00:00:00.000Z"}],
    ids=str,
)
def test_a_write_was_taken_whether_or_not_it_says_an_id(body: Any) -> None:
    write = api.enqueue_write("flow-1").parse(answer(body, 202))
    assert write.execution_id == ("64a" if b"64a" in answer(body).body else None)


def test_an_extraction_answers_nothing() -> None:
    assert api.enqueue_extraction("source-1").parse(answer(b"", 202)) is None


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-09-01T02:00:00+02:00", datetime(2026, 9, 1, tzinfo=UTC)),
        ("2026-09-01T00:00:00Z", datetime(2026, 9, 1, tzinfo=UTC)),
        ("2026-09-01T00:00:00.000+0000", datetime(2026, 9, 1, tzinfo=UTC)),
        ("2026-09-01T00:00:00", datetime(2026, 9, 1, tzinfo=UTC)),
        ("2026-09-01 00:00:00", datetime(2026, 9, 1, tzinfo=UTC)),
        (None, None),
    ],
)
def test_a_runs_moments_are_zone_aware_whatever_their_form(written: str | None, moment: Any) -> None:
    body = {"actionId": 5, "status": "live", "lastRunStarted": written, "lastRunFinished": written}
    for call in (api.get_source_status("s"), api.get_flow_status("f")):
        status = call.parse(answer(body))
        assert (status.last_run_started, status.last_run_finished) == (moment, moment)


def test_a_runs_state_is_its_status_in_one_spelling() -> None:
    status = api.get_source_status("s").parse(answer({"status": " Live ", "description": "fine"}))
    assert status.state == api.LIVE
    assert status.plain() == {"status": " Live ", "description": "fine"}


@pytest.mark.parametrize("call", [api.list_services(), api.list_sources(), api.list_flows_by_source("s")])
def test_lists_come_bare(call: Call[Any]) -> None:
    assert call.parse(answer([])) == []
    with pytest.raises(UnreadableResponse, match="not a list"):
        call.parse(answer({"data": []}))
