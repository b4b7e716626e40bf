"""Dataddo: what goes out and what comes back."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from api_testing import answer
from endpoints import EVERY_CALL
from endpoints.dataddo import FLOW, SCHEDULE, STATIC
from endpoints.table import BIG

from airflow_provider_activation.api import dataddo as api
from airflow_provider_activation.api.call import NOTHING, Call, Safety
from airflow_provider_activation.errors import UnreadableResponse

READ, REPEATABLE, ONCE = Safety.READ, Safety.REPEATABLE, Safety.ONCE
SERVICE_BODY = {"service": "snapchat_static", "data": STATIC}
FLOW_BODY = {"sources": ["source-1"], "app": "google_data_studio", "label": "Spend"}
SCHEDULE_BODY = {"sync_frequency": "day", "timezone": "UTC", "minute": "25", "hour": "3"}
CHANGES = {"label": "Spend", "gone": None}
S1, F1, D1 = "/sources/source-1", "/flows/flow-1", "/destinations/destination-1"
ACTION = {"id": "64a", "status": "live", "schedule": {"hour": "3"}, "on_error_retry_timeout": 0}


def to_read(path: str) -> tuple[Any, ...]:
    """What a call sends that only reads."""
    return "GET", path, (), NOTHING, READ


def to_delete(path: str) -> tuple[Any, ...]:
    """What a call sends that deletes."""
    return "DELETE", path, (), NOTHING, REPEATABLE


def to_put(path: str, body: Any) -> tuple[Any, ...]:
    """What a call sends that writes over what is there."""
    return "PUT", path, (), body, REPEATABLE


def to_make(path: str, body: Any) -> tuple[Any, ...]:
    """What a call sends that makes something."""
    return "POST", path, (), body, ONCE


LOG_IN = api.log_in("someone@example.com", "pass")
SOME_DAYS = api.Extraction(date_from=date(2026, 9, 1), date_to=date(2026, 9, 30))
GOES_OUT: dict[str, tuple[Any, ...]] = {
    "log in": (LOG_IN, "POST", "/auth", (), {"email": "someone@example.com", "password": "pass"}, READ),
    "list services": (api.list_services(), *to_read("/services")),
    "get a service": (api.get_service("1000"), *to_read("/services/1000")),
    "create a service": (
        api.create_service("snapchat_static", STATIC),
        *to_make("/services", SERVICE_BODY),
    ),
    "create a service by the current names": (
        api.create_service("snapchat_static", STATIC, deprecated_names=False),
        *to_make("/services", {"serviceName": "snapchat_static", "config": STATIC}),
    ),
    "create a service of a type": (
        api.create_typed_service("snapchat_static", STATIC),
        *to_make("/services/snapchat_static", SERVICE_BODY),
    ),
    "update a service": (api.update_service("1000", CHANGES), *to_put("/services/1000", CHANGES)),
    "delete a service": (api.delete_service("1000"), *to_delete("/services/1000")),
    "debug a service": (api.debug_service("1000"), *to_read("/services/1000/debug")),
    "list connectors": (api.list_connectors(), *to_read("/connectors")),
    "list templates": (
        api.list_connector_templates("snapchat"),
        *to_read("/connectors/snapchat/templates"),
    ),
    "get a template": (
        api.get_connector_template("snapchat", "a b"),
        *to_read("/connectors/snapchat/templates/a%20b"),
    ),
    "run an action": (
        api.run_connector_action("snapchat", "metric"),
        *to_read("/connectors/snapchat/actions/metric"),
    ),
    "run an action with inputs": (
        api.run_connector_action("snapchat", "account", "POST", {"oAuthId": "1", "organizationId": "2"}),
        *("POST", "/connectors/snapchat/actions/account", ()),
        *({"oAuthId": "1", "organizationId": "2"}, READ),
    ),
    "run an action with no inputs": (
        api.run_connector_action("mailchimp", "dc", "POST"),
        *("POST", "/connectors/mailchimp/actions/dc", (), NOTHING, READ),
    ),
    "preview a connector": (
        api.preview_connector("snapchat", {"label": "Spend", "request": None}),
        *("POST", "/connectors/snapchat/preview", (), {"label": "Spend", "request": None}, READ),
    ),
    "create a source": (
        api.create_source("snapchat", {"label": "Spend", "request": None}),
        *to_make("/connectors/snapchat/create-source", {"label": "Spend", "request": None}),
    ),
    "list sources": (api.list_sources(), *to_read("/sources")),
    "get a source": (api.get_source("source-1"), *to_read(S1)),
    "update a source": (api.update_source("source-1", CHANGES), *to_put(S1, CHANGES)),
    "delete a source": (api.delete_source("source-1"), *to_delete(S1)),
    "get a source's metadata": (api.get_source_metadata("source-1"), *to_read(f"{S1}/metadata")),
    "preview a source": (api.preview_source("source-1"), *to_read(f"{S1}/preview")),
    "preview some rows of a source": (
        api.preview_source("source-1", 5),
        *("GET", f"{S1}/preview", (("limit", "5"),), NOTHING, READ),
    ),
    "get a source's request": (api.get_source_request("source-1"), *to_read(f"{S1}/request")),
    "update a source's request": (
        api.update_source_request("source-1", CHANGES),
        *to_put(f"{S1}/request", CHANGES),
    ),
    "detect a source": (api.detect_source("source-1"), *to_read(f"{S1}/detect")),
    "get a source's status": (api.get_source_status("source-1"), *to_read(f"{S1}/status")),
    "get a source's log": (api.get_source_log("source-1"), *to_read(f"{S1}/action/log")),
    "extract what the source is set to load": (
        api.enqueue_extraction("source-1"),
        *to_make(f"{S1}/extraction/enqueue", {}),
    ),
    "extract some days": (
        api.enqueue_extraction("source-1", SOME_DAYS),
        *to_make(f"{S1}/extraction/enqueue", {"dateFrom": "2026-09-01", "dateTo": "2026-09-30"}),
    ),
    "extract a range": (
        api.enqueue_extraction("source-1", api.Extraction(date_range="30d1", storage_strategy="incremental")),
        *to_make(
            f"{S1}/extraction/enqueue",
            {"dateRangeExpression": "{{30d1}}", "storageStrategy": "incremental"},
        ),
    ),
    "extract an address": (
        api.enqueue_extraction("source-1", url="https://example.com/a.csv", limit="10"),
        *to_make(f"{S1}/extraction/enqueue", {"url": "https://example.com/a.csv", "limit": "10"}),
    ),
    "get an extraction": (api.get_extraction("source-1"), *to_read(f"{S1}/extraction")),
    "update an extraction": (
        api.update_extraction("source-1", CHANGES),
        *to_put(f"{S1}/extraction", CHANGES),
    ),
    "deactivate an extraction": (
        api.deactivate_extraction("source-1"),
        *("POST", f"{S1}/extraction/deactivate", (), {}, REPEATABLE),
    ),
    "deactivate an extraction as it was read": (
        api.deactivate_extraction("source-1", api.ExtractionAction.model_validate(ACTION)),
        *("POST", f"{S1}/extraction/deactivate", (), ACTION, REPEATABLE),
    ),
    "debug an extraction": (api.debug_extraction("source-1"), *to_read(f"{S1}/extraction/debug")),
    "get an extraction's schedule": (
        api.get_extraction_schedule("source-1"),
        *to_read(f"{S1}/extraction/schedule"),
    ),
    "update an extraction's schedule": (
        api.update_extraction_schedule("source-1", SCHEDULE),
        *to_put(f"{S1}/extraction/schedule", SCHEDULE_BODY),
    ),
    "create a flow": (api.create_flow(FLOW), *to_make("/flows", FLOW_BODY)),
    "create a flow of any shape": (
        api.create_flow({"sources": ["source-1"], "label": "Spend", "storage": None}),
        *to_make("/flows", {"sources": ["source-1"], "label": "Spend", "storage": None}),
    ),
    "list flows": (api.list_flows(), *to_read("/flows")),
    "list the flows of a source": (api.list_flows_by_source("a b"), *to_read("/flows/by-source/a%20b")),
    "get a flow": (api.get_flow("flow-1"), *to_read(F1)),
    "update a flow": (api.update_flow("flow-1", CHANGES), *to_put(F1, CHANGES)),
    "delete a flow": (api.delete_flow("flow-1"), *to_delete(F1)),
    "clone a flow": (api.clone_flow("flow-1"), "GET", f"{F1}/clone", (), NOTHING, ONCE),
    "preview a flow": (api.preview_flow(FLOW), "POST", "/flows/preview", (), FLOW_BODY, READ),
    "preview some rows of a flow": (
        api.preview_flow({"sources": []}, 5),
        *("POST", "/flows/preview", (("limit", "5"),), {"sources": []}, READ),
    ),
    "get a flow's status": (api.get_flow_status("flow-1"), *to_read(f"{F1}/status")),
    "get a flow's address": (api.get_flow_api("flow-1"), *to_read(f"{F1}/api")),
    "get an address's log": (api.get_flow_api_log("flow-1"), *to_read(f"{F1}/api/log")),
    "debug an address": (api.debug_flow_api("flow-1"), *to_read(f"{F1}/api/debug")),
    "write a flow": (api.enqueue_write("flow-1"), *to_make(f"{F1}/write/enqueue", {})),
    "write a flow against its rules": (
        api.enqueue_write("flow-1", skip_rules_validation=True),
        *to_make(f"{F1}/write/enqueue", {"skipRulesValidation": True}),
    ),
    "get a write": (api.get_write("flow-1"), *to_read(f"{F1}/write")),
    "get a write's status": (api.get_write_status("flow-1"), *to_read(f"{F1}/write/status")),
    "update a write's status": (
        api.update_write_status("flow-1", CHANGES),
        *to_put(f"{F1}/write/status", CHANGES),
    ),
    "get a write's schedule": (api.get_write_schedule("flow-1"), *to_read(f"{F1}/write/schedule")),
    "update a write's schedule": (
        api.update_write_schedule("flow-1", SCHEDULE),
        *to_put(f"{F1}/write/schedule", SCHEDULE_BODY),
    ),
    "delete a write's schedule": (
        api.delete_write_schedule("flow-1"),
        *to_delete(f"{F1}/write/schedule"),
    ),
    "update a write's settings": (
        api.update_write_settings("flow-1", api.WriteSettings(write_mode="upsert", unique_columns=("day",))),
        *to_put(f"{F1}/write/settings", {"write_mode": "upsert", "unique_columns": ["day"]}),
    ),
    "get a write's log": (api.get_write_log("flow-1"), *to_read(f"{F1}/write/log")),
    "debug a write": (api.debug_write("flow-1"), *to_read(f"{F1}/write/debug")),
    "list destinations": (api.list_destinations(), *to_read("/destinations")),
    "get a destination": (api.get_destination("destination-1"), *to_read(D1)),
    "create a destination": (
        api.create_destination("google_big_query", {"label": "Warehouse", "o_auth_id": 1000}),
        *to_make("/destinations/google_big_query", {"label": "Warehouse", "o_auth_id": 1000}),
    ),
    "update a destination": (api.update_destination("destination-1", CHANGES), *to_put(D1, CHANGES)),
    "delete a destination": (api.delete_destination("destination-1"), *to_delete(D1)),
    "run a destination's action": (
        api.run_destination_action("google_big_query", "project", "POST", {"o_auth_id": 1000}),
        *("POST", "/destinations/google_big_query/actions/project", (), {"o_auth_id": 1000}, READ),
    ),
    "run a destination's action without inputs": (
        api.run_destination_action("google_big_query", "authorization"),
        *to_read("/destinations/google_big_query/actions/authorization"),
    ),
    "run a service's action": (
        api.run_service_action("amazon seller", "region", "POST"),
        *("POST", "/services/amazon%20seller/actions/region", (), NOTHING, READ),
    ),
    "clone a destination": (
        api.clone_destination("destination-1"),
        *("GET", f"{D1}/clone", (), NOTHING, ONCE),
    ),
}


@pytest.mark.parametrize(
    ("call", "method", "path", "query", "body", "safety"), GOES_OUT.values(), ids=GOES_OUT
)
def test_what_goes_out(
    call: Call[Any], method: str, path: str, query: Any, body: Any, safety: Safety
) -> None:
    assert (call.method, call.path, call.query) == (method, path, query)
    assert call.json == body
    assert call.safety is safety
    assert not call.form
    assert not call.key_levels
    assert call.url is None


def test_what_goes_out_is_tested_of_every_endpoint() -> None:
    tested = {call.operation for call, *_ in GOES_OUT.values()}
    assert tested == {call.operation for call in EVERY_CALL.values() if call.service == api.SERVICE}


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


def operation(value: Any) -> str | None:
    """What a test is called for each call."""
    return value.operation if isinstance(value, Call) else None


MADE: list[tuple[Call[Any], str]] = [
    (api.create_service("snapchat_static", STATIC), "services"),
    (api.create_typed_service("snapchat_static", STATIC), "services"),
    (api.create_source("x", {}), "sources"),
    (api.create_flow(FLOW), "flows"),
    (api.create_destination("x", {}), "destinations"),
]
made = pytest.mark.parametrize(("call", "folder"), MADE, ids=operation)


@made
@pytest.mark.parametrize("new_id", [BIG, str(BIG), "64a"])
def test_the_id_of_what_was_made_is_kept_as_text(call: Call[Any], folder: str, new_id: int | str) -> None:
    assert call.parse(answer({"id": new_id, "label": "x"}, 201)).id == str(new_id)


@made
@pytest.mark.parametrize(
    "location", ["/{}/64a", "/customer-api/v1/{}/64a/", "https://x.example.com/v1/{}/64a?y", "//x/{}/64a"]
)
def test_without_a_body_a_location_names_what_was_made(call: Call[Any], folder: str, location: str) -> None:
    assert call.parse(answer(b"", 201, {"Location": location.format(folder)})).id == "64a"


@made
@pytest.mark.parametrize(
    "location", ["", "/", "/{}", "/{}/", "/other/64a", "/{}/64a/preview", "/x{}/64a", "//["]
)
def test_a_location_that_names_nothing_is_unreadable(call: Call[Any], folder: str, location: str) -> None:
    with pytest.raises(UnreadableResponse):
        call.parse(answer(b"", 201, {"Location": location.format(folder)}))


@pytest.mark.parametrize("body", [{"id": None}, {"id": True}, {"id": ""}, {"label": "x"}, [{"id": "1"}]])
@pytest.mark.parametrize("call", [case[0] for case in MADE], ids=lambda call: call.operation)
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
        ({"label": "Other"}, True),
        ({"source": []}, False),
        ({"source": [{"source_id": "source-1"}, {"source_id": "source-2"}]}, False),
    ],
)
def test_which_flow_is_fed_as_an_input_says(change: dict[str, Any], expected: bool) -> None:
    assert api.Flow.model_validate({**FLOW_REPLY, **change}).is_fed_as(FLOW) is expected


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


LISTS: list[Call[Any]] = [
    api.list_services(),
    api.list_connectors(),
    api.run_connector_action("snapchat", "metric"),
    api.run_connector_action("snapchat", "account", "POST"),
    api.run_destination_action("google_big_query", "writeModes", "POST"),
    api.run_service_action("amazon_seller", "region"),
    api.list_sources(),
    api.list_flows(),
    api.list_flows_by_source("s"),
    api.list_destinations(),
]
ROWS: list[Call[Any]] = [
    api.preview_source("s"),
    api.detect_source("s"),
    api.get_source_log("s"),
    api.preview_flow(FLOW),
    api.get_flow_api_log("f"),
    api.get_write_log("f"),
]
OBJECTS: list[Call[Any]] = [
    api.list_connector_templates("snapchat"),
    api.get_connector_template("snapchat", "index"),
    api.get_source_metadata("s"),
    api.get_source_request("s"),
    api.get_flow_api("f"),
    api.get_write("f"),
]
UPDATED_OBJECTS: list[Call[Any]] = [
    api.update_service("1000", CHANGES),
    api.update_source_request("s", CHANGES),
    api.update_write_status("f", CHANGES),
    api.update_write_settings("f", api.WriteSettings(write_mode="insert")),
]
UPDATED: list[tuple[Call[Any], dict[str, Any]]] = [
    (api.update_source("s-1", CHANGES), {"id": "s-1"}),
    (api.update_flow("f-1", CHANGES), {"id": "f-1"}),
    (api.update_destination("d-1", CHANGES), {"id": "d-1"}),
    (api.update_extraction("s-1", CHANGES), {}),
    (api.deactivate_extraction("s-1"), {}),
    (api.update_extraction_schedule("s-1", SCHEDULE), {}),
    (api.update_write_schedule("f-1", SCHEDULE), {}),
]
"""Updates of something typed, and the fields that are known without an answer."""


@pytest.mark.parametrize("call", [*LISTS, *ROWS], ids=operation)
def test_lists_come_bare(call: Call[Any]) -> None:
    assert call.parse(answer([])) == []
    for other in (b'{"data": []}', b'"none"', b"7", b"null", b"true"):
        with pytest.raises(UnreadableResponse, match="not a list"):
            call.parse(answer(other))


@pytest.mark.parametrize("call", ROWS, ids=operation)
def test_rows_are_passed_on_whatever_they_are(call: Call[Any]) -> None:
    rows = [{"spend": 1.5, "id": BIG}, ["a", None], "text", 7]
    assert call.parse(answer(rows)) == rows


@pytest.mark.parametrize("call", [*OBJECTS, *UPDATED_OBJECTS], ids=operation)
def test_an_untyped_object_is_passed_on(call: Call[Any]) -> None:
    body = {"id": BIG, "deep": {"x": [None]}}
    assert call.parse(answer(body)) == body
    for other in (b"[]", b'"none"', b"7", b"null", b"true"):
        with pytest.raises(UnreadableResponse, match="not an object"):
            call.parse(answer(other))


@pytest.mark.parametrize("call", UPDATED_OBJECTS, ids=operation)
def test_an_update_that_answers_nothing_was_done(call: Call[Any]) -> None:
    assert call.parse(answer(b"", 204)) == {}


@pytest.mark.parametrize(("call", "known"), UPDATED, ids=operation)
def test_an_update_of_something_typed_answers_it_or_nothing(call: Call[Any], known: dict[str, Any]) -> None:
    assert call.parse(answer(b"", 204)).plain() == known
    body = {"id": "other", "sync_frequency": "day", "new": 1}
    assert call.parse(answer(body)).plain() == body
    with pytest.raises(UnreadableResponse):
        call.parse(answer([body]))


@pytest.mark.parametrize("clone", [api.clone_flow, api.clone_destination])
def test_a_clone_is_told_or_only_made(clone: Any) -> None:
    assert clone("1").parse(answer({"id": "2", "label": "copy"}, 200)).id == "2"
    assert clone("1").parse(answer(b"", 204)) is None
    with pytest.raises(UnreadableResponse):
        clone("1").parse(answer({"label": "copy"}))


@pytest.mark.parametrize(
    "call",
    [
        api.delete_service("1"),
        api.delete_source("1"),
        api.delete_flow("1"),
        api.delete_write_schedule("1"),
        api.delete_destination("1"),
    ],
    ids=operation,
)
@pytest.mark.parametrize(("status", "body"), [(204, b""), (200, b""), (202, b"{}")])
def test_what_was_deleted_answers_nothing(call: Call[Any], status: int, body: bytes) -> None:
    assert call.parse(answer(body, status)) is None


def test_options_are_labels_and_values_and_authorizers_have_an_id() -> None:
    call = api.run_connector_action("snapchat", "organization", "POST", {"oAuthId": "1000"})
    (option,) = call.parse(answer([{"label": "Example", "value": BIG}]))
    assert (option.label, option.value, option.id) == ("Example", BIG, None)
    (authorizer,) = call.parse(answer([{"id": 1000, "service": "snapchat", "email": "a@example.com"}]))
    assert authorizer.plain() == {"id": "1000", "service": "snapchat", "email": "a@example.com"}


def test_a_preview_is_rows_alone_or_an_object_with_the_rows() -> None:
    call = api.preview_connector("snapchat", {})
    assert call.parse(answer([{"spend": 1}])).data == [{"spend": 1}]
    body = {"status": "ok", "status_code": 200, "log": [], "data": [{"spend": 1}], "row_count": 1}
    preview = call.parse(answer(body))
    assert (preview.data, preview.row_count, preview.plain()) == ([{"spend": 1}], 1, body)


@pytest.mark.parametrize(
    "call",
    [api.debug_service("1"), api.debug_extraction("1"), api.debug_flow_api("1"), api.debug_write("1")],
    ids=operation,
)
def test_a_trial_says_how_it_went(call: Call[Any]) -> None:
    body = {"status": "ok", "message": "fine", "started": 1.5, "memory_mb": 7, "logs": [{"x": 1}]}
    result = call.parse(answer(body))
    assert (result.status, result.message, result.plain()) == ("ok", "fine", body)


def test_an_extraction_is_read_and_sent_back_as_it_is() -> None:
    body = {**ACTION, "next_execution": 1788220800, "storage_strategy": "clean", "object_id": {"$id": "1"}}
    action = api.get_extraction("s").parse(answer(body))
    assert (action.id, action.status) == ("64a", "live")
    assert api.deactivate_extraction("s", action).json == body


def test_a_schedule_is_read_in_one_spelling_and_sent_in_the_other() -> None:
    body = {
        "timezone": "UTC",
        "minute": 25,
        "hour": "3",
        "day_of_month": "1",
        "month": None,
        "day_of_week": 2,
        "sync_frequency": "week",
        "new": "x",
    }
    for read, write in (
        (api.get_extraction_schedule, api.update_extraction_schedule),
        (api.get_write_schedule, api.update_write_schedule),
    ):
        current = read("1").parse(answer(body))
        assert current.plain() == body
        assert write("1", current.schedule()).json == {
            "sync_frequency": "week",
            "timezone": "UTC",
            "minute": "25",
            "hour": "3",
            "dayOfMonth": "1",
            "month": None,
            "dayOfWeek": "2",
        }
