"""Acoustic Exchange: what goes out and what comes back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from api_testing import answer
from endpoints import EVERY_CALL
from endpoints.acoustic_exchange import EVENT_TYPE, EVENTS, EXPORT, IMPORT, REGISTRATION
from endpoints.table import BIG

from airflow_provider_activation.api import acoustic_exchange as api
from airflow_provider_activation.api.call import NOTHING, Call, Safety
from airflow_provider_activation.errors import InvalidRequest, Refused, UnreadableResponse

DATABASE = api.EndpointDatabase(database_id="db-1", endpoint_id=10001)
ACCOUNT, ENDPOINT, EITHER, ANY = {"account"}, {"endpoint"}, {"account", "endpoint"}, set[str]()
READ, REPEATABLE, ONCE = Safety.READ, Safety.REPEATABLE, Safety.ONCE
SEGMENTS = [
    api.SegmentDefinition(
        id=BIG,
        name="Win back",
        description="bought long ago",
        type="Queries",
        segment_attributes=(api.SegmentAttributeInput(name="email", type="string"),),
    ),
    api.SegmentDefinition(id_string="list-7", name="List"),
]
SEGMENTS_BODY = [
    {
        "id": BIG,
        "name": "Win back",
        "description": "bought long ago",
        "type": "Queries",
        "segment_attributes": [{"name": "email", "type": "string"}],
    },
    {"id_string": "list-7", "name": "List"},
]
REGISTRATION_BODY = {
    "name": "CRM",
    "providerName": "Example",
    "endpointTypes": {"segment": {"source": {"enabled": True, "producerType": "push"}}},
}
EXPORT_BODY = {
    "endpointID": 10001,
    "segmentID": BIG,
    "destinationEndpointID": 20002,
    "sourceIdentifiers": ["email"],
    "destinationIdentifier": "email",
    "updateIdentities": False,
    "scheduleDetails": {"runNow": True},
}
IMPORT_BODY = {"endpointID": 10001, "segmentID": BIG, "scheduleDetails": {"runNow": True}}
EVENTS_BODY = {
    "channel": "web",
    "identifiers": [{"name": "cookieId", "value": "455739626"}],
    "events": [{"code": "cartAbandonment", "timestamp": "2026-09-01T08:30:00Z", "attributes": []}],
}
EVENT_TYPE_BODY = {"code": "cartAbandonment", "name": "Cart abandonment"}
EVERYTHING_ASKED = api.EndpointQuery(
    source=True,
    destination=False,
    event=True,
    segment=True,
    load_events=True,
    load_segments=True,
    include_segment_id_string=True,
    page_size=20,
    start_record=1,
    search_by_name="Recent opt-ins",
    search_by_description="opt-in",
)
SEGMENTS_OF = "/v1/endpoint/10001/segments"

GOES_OUT: dict[str, tuple[Call[Any], str, str, tuple[tuple[str, str], ...], Any, Safety, set[str]]] = {
    "register the key's own endpoint": (
        api.register_endpoint(REGISTRATION),
        *("PUT", "/v1/endpoint", (), REGISTRATION_BODY, REPEATABLE, ENDPOINT),
    ),
    "register an endpoint of the account": (
        api.register_endpoint(REGISTRATION, 20002),
        *("PUT", "/v1/endpoint/20002", (), REGISTRATION_BODY, REPEATABLE, ACCOUNT),
    ),
    "list endpoints": (api.list_endpoints(), *("GET", "/v1/endpoint", (), NOTHING, READ, EITHER)),
    "list endpoints and what they hold": (
        api.list_endpoints(EVERYTHING_ASKED),
        *("GET", "/v1/endpoint"),
        (
            *(("source", "true"), ("destination", "false"), ("event", "true"), ("segment", "true")),
            *(("loadEvents", "true"), ("loadSegments", "true"), ("includeSegmentIDString", "true")),
            *(("pageSize", "20"), ("startRecord", "1"), ("searchByName", "Recent opt-ins")),
            ("searchByDescription", "opt-in"),
        ),
        *(NOTHING, READ, EITHER),
    ),
    "list one endpoint": (
        api.list_endpoints(api.EndpointQuery(endpoint_id=20002)),
        *("GET", "/v1/endpoint", (("endpointId", "20002"),), NOTHING, READ, ACCOUNT),
    ),
    "list endpoints and what they cost": (
        api.list_endpoints(api.EndpointQuery(include_billing=True)),
        *("GET", "/v1/endpoint", (("includeBilling", "true"),), NOTHING, READ, ACCOUNT),
    ),
    "delete the key's own endpoint": (
        api.delete_endpoint(),
        *("DELETE", "/v1/endpoint", (), NOTHING, REPEATABLE, ENDPOINT),
    ),
    "delete an endpoint of the account": (
        api.delete_endpoint(20002),
        *("DELETE", "/v1/endpoint/20002", (), NOTHING, REPEATABLE, ACCOUNT),
    ),
    "enable the key's own endpoint": (
        api.enable_endpoint(),
        *("PUT", "/v1/endpoint/enable", (), NOTHING, REPEATABLE, ENDPOINT),
    ),
    "enable an endpoint of the account": (
        api.enable_endpoint(20002),
        *("PUT", "/v1/endpoint/enable/20002", (), NOTHING, REPEATABLE, ACCOUNT),
    ),
    "disable the key's own endpoint": (
        api.disable_endpoint(),
        *("PUT", "/v1/endpoint/disable", (), NOTHING, REPEATABLE, ENDPOINT),
    ),
    "disable an endpoint of the account": (
        api.disable_endpoint(20002),
        *("PUT", "/v1/endpoint/disable/20002", (), NOTHING, REPEATABLE, ACCOUNT),
    ),
    "set the database of the key's own endpoint": (
        api.set_endpoint_database(api.EndpointDatabase(database_id="db-1", marketing_database_name="EU")),
        *("PUT", "/v1/endpoint/database", ()),
        *({"databaseId": "db-1", "marketingDatabaseName": "EU"}, REPEATABLE, ENDPOINT),
    ),
    "set the database of an application's endpoint": (
        api.set_endpoint_database(DATABASE),
        *("PUT", "/v1/endpoint/database", ()),
        *({"databaseId": "db-1", "endpointId": 10001}, REPEATABLE, {"endpoint", "application"}),
    ),
    "set attributes": (
        api.set_endpoint_attributes("a+b=:US", {"user": "someone", "host": "sftp.example.com"}),
        *("PUT", "/v1/endpointattributes/authkey/a%2Bb%3D%3AUS", ()),
        *({"attributes": {"user": "someone", "host": "sftp.example.com"}}, REPEATABLE, ENDPOINT),
    ),
    "report a failure": (
        api.report_endpoint_failure(10001, "no such account"),
        *("PUT", "/v1/endpoint/10001/reportfailure", (), {"reason": "no such account"}),
        *(REPEATABLE, ENDPOINT),
    ),
    "get an endpoint's status": (
        api.get_endpoint_status(10001),
        *("GET", "/v1/10001/status", (), NOTHING, READ, ENDPOINT),
    ),
    "add segments": (
        api.add_segments(10001, SEGMENTS),
        *("POST", SEGMENTS_OF, (), SEGMENTS_BODY, ONCE, ENDPOINT),
    ),
    "replace segments": (
        api.replace_segments(10001, SEGMENTS),
        *("PUT", SEGMENTS_OF, (), SEGMENTS_BODY, REPEATABLE, ENDPOINT),
    ),
    "delete all segments": (
        api.delete_segments(10001),
        *("DELETE", SEGMENTS_OF, (), NOTHING, REPEATABLE, ENDPOINT),
    ),
    "delete a segment by its number": (
        api.delete_segment(10001, BIG),
        *("DELETE", f"{SEGMENTS_OF}/{BIG}", (), NOTHING, REPEATABLE, ENDPOINT),
    ),
    "delete a segment by its text": (
        api.delete_segment(10001, "list 7"),
        *("DELETE", f"{SEGMENTS_OF}/list%207", (), NOTHING, REPEATABLE, ENDPOINT),
    ),
    "get a segment by its number": (
        api.get_segment(10001, BIG),
        *("GET", f"{SEGMENTS_OF}/{BIG}", (), NOTHING, READ, EITHER),
    ),
    "get a segment by its text": (
        api.get_segment(10001, "list 7"),
        *("GET", f"{SEGMENTS_OF}/list%207", (("includeSegmentIDString", "true"),), NOTHING, READ, EITHER),
    ),
    "export a segment": (
        api.export_segment(EXPORT),
        *("POST", "/v1/jobs/segmentExport", (), EXPORT_BODY, ONCE, ACCOUNT),
    ),
    "import identities": (
        api.import_identities(IMPORT),
        *("POST", "/v1/jobs/identityImport", (), IMPORT_BODY, ONCE, ACCOUNT),
    ),
    "refresh segments": (
        api.refresh_segments(),
        *("GET", "/v1/endpoint/refreshSegments", (), NOTHING, ONCE, ACCOUNT),
    ),
    "list jobs": (
        api.list_jobs("SEGMENT_EXPORT"),
        *("GET", "/v1/jobs/SEGMENT_EXPORT", (), NOTHING, READ, ACCOUNT),
    ),
    "list jobs of an endpoint and a status": (
        api.list_jobs("IDENTITY_IMPORT", endpoint_id=85, status="WAITING_TO_RECIEVE_DATA", extra_fields=True),
        *("GET", "/v1/jobs/IDENTITY_IMPORT"),
        (("endpointId", "85"), ("status", "WAITING_TO_RECIEVE_DATA"), ("extraFields", "true")),
        *(NOTHING, READ, EITHER),
    ),
    "a status goes out as the service misspells it": (
        api.list_jobs("SEGMENT_POPULATE_DB", status="WAITING_TO_RECEIVE_DATA"),
        *("GET", "/v1/jobs/SEGMENT_POPULATE_DB", (("status", "WAITING_TO_RECIEVE_DATA"),)),
        *(NOTHING, READ, ACCOUNT),
    ),
    "get a job": (
        api.get_job("SEGMENT_EXPORT", BIG),
        *("GET", f"/v1/jobs/SEGMENT_EXPORT/{BIG}", (), NOTHING, READ, EITHER),
    ),
    "upload a job's data": (
        api.upload_job_data(BIG, Path("audience.csv")),
        *("POST", f"/v1/jobs/{BIG}/data", (), NOTHING, ONCE, ANY),
    ),
    "download segment data": (
        api.download_segment_data(BIG, "part 1.csv", Path("audience.csv")),
        *("GET", f"/v1/jobs/{BIG}/segmentDataFiles/part%201.csv", (), NOTHING, READ, ANY),
    ),
    "publish events": (api.publish_events(EVENTS), *("POST", "/v1/event", (), EVENTS_BODY, ONCE, ENDPOINT)),
    "create an event type": (
        api.create_event_type(EVENT_TYPE),
        *("POST", "/v1/eventtype", (), EVENT_TYPE_BODY, ONCE, ENDPOINT),
    ),
    "update an event type": (
        api.update_event_type(EVENT_TYPE),
        *("PUT", "/v1/eventtype", (), EVENT_TYPE_BODY, REPEATABLE, ENDPOINT),
    ),
    "list identity filters": (
        api.list_identity_filters(),
        *("GET", "/v1/identityfilters", (), NOTHING, READ, ENDPOINT),
    ),
}


@pytest.mark.parametrize(
    ("call", "method", "path", "query", "body", "safety", "levels"), GOES_OUT.values(), ids=GOES_OUT
)
def test_what_goes_out(
    call: Call[Any],
    method: str,
    path: str,
    query: tuple[tuple[str, str], ...],
    body: Any,
    safety: Safety,
    levels: set[str],
) -> None:
    assert (call.method, call.path, call.query) == (method, path, query)
    assert call.json == body
    assert call.safety is safety
    assert call.key_levels == levels
    assert call.url is None


def test_what_goes_out_is_tested_of_every_endpoint() -> None:
    tested = {call.operation for call, *_ in GOES_OUT.values()}
    assert tested == {call.operation for call in EVERY_CALL.values() if call.service == api.SERVICE}


def test_ids_beyond_what_a_float_holds_stay_whole_on_the_wire() -> None:
    assert '"segmentID": 9007199254740993,' in json.dumps(api.export_segment(EXPORT).json)


def test_a_file_of_job_data_goes_out_as_csv_unless_told_otherwise() -> None:
    file = api.upload_job_data(1, Path("a.csv")).file
    assert file is not None
    assert (file.path, file.content_type) == (Path("a.csv"), "text/csv; charset=utf-8")
    other = api.upload_job_data(1, Path("a.csv"), "text/plain").file
    assert other is not None
    assert other.content_type == "text/plain"


def test_segment_data_goes_into_the_file_and_never_through_memory() -> None:
    call = api.download_segment_data(1, "part-1.csv", Path("audience.csv"))
    assert call.into == Path("audience.csv")
    assert call.parse(answer(b"")) == Path("audience.csv")


@pytest.mark.parametrize("key", ["CANARY/x", "CANARY\n", "", " ", "..", None, 7.5])
def test_a_key_that_fits_into_no_path_is_refused_and_not_shown(key: Any) -> None:
    with pytest.raises(InvalidRequest, match=f"auth_key .* is a {type(key).__name__}") as caught:
        api.set_endpoint_attributes(key, {"user": "someone"})
    assert "CANARY" not in f"{caught.value} {caught.value!r}"
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("attributes", "rule"),
    [
        ({}, "attributes: at least one"),
        ({"port": 22}, "attributes: port must be text, but is a int"),
        ({"password": None}, "attributes: password must be text, but is a NoneType"),
        ({5: "x"}, "attributes: 5 must be text"),
    ],
)
def test_attributes_are_pairs_of_texts(attributes: Any, rule: str) -> None:
    with pytest.raises(InvalidRequest, match=rule):
        api.set_endpoint_attributes("key", attributes)


# What comes back

TRUE_ALONE = [
    api.add_segments(10001, SEGMENTS),
    api.replace_segments(10001, SEGMENTS),
    api.delete_segments(10001),
    api.delete_segment(10001, 7),
    api.report_endpoint_failure(10001, "no such account"),
    api.enable_endpoint(),
    api.enable_endpoint(20002),
    api.disable_endpoint(),
    api.disable_endpoint(20002),
]
ANY_SUCCESS = [
    api.delete_endpoint(),
    api.delete_endpoint(20002),
    api.set_endpoint_database(DATABASE),
    api.set_endpoint_attributes("key", {"user": "someone"}),
    api.upload_job_data(1, Path("a.csv")),
    api.publish_events(EVENTS),
    api.create_event_type(EVENT_TYPE),
    api.update_event_type(EVENT_TYPE),
]
STARTS_A_JOB = [api.export_segment(EXPORT), api.import_identities(IMPORT), api.refresh_segments()]


def named(call: Any) -> str | None:
    return f"{call.method} {call.template}" if isinstance(call, Call) else None


@pytest.mark.parametrize("body", [b"true", b"True", b'"true"', b'"True"', b" true\n"])
@pytest.mark.parametrize("call", TRUE_ALONE, ids=named)
def test_every_spelling_of_true_is_read(call: Call[Any], body: bytes) -> None:
    assert call.parse(answer(body)) is True


@pytest.mark.parametrize("call", TRUE_ALONE, ids=named)
def test_an_answer_that_can_have_no_body_is_true(call: Call[Any]) -> None:
    assert call.parse(answer(b"", 204)) is True


@pytest.mark.parametrize("body", [b"", b"null", b"1", b"{}", b"[true]", b'"yes"', b"truefalse", b"<true>"])
@pytest.mark.parametrize("call", TRUE_ALONE, ids=named)
def test_neither_true_nor_false_is_unreadable(call: Call[Any], body: bytes) -> None:
    with pytest.raises(UnreadableResponse, match="neither true nor false"):
        call.parse(answer(body))


@pytest.mark.parametrize("body", [b"", b"true", b'{"anything": 1}', b"<ok>"])
@pytest.mark.parametrize("status", [200, 201, 202, 204])
@pytest.mark.parametrize("call", ANY_SUCCESS, ids=named)
def test_where_no_answer_is_documented_any_2xx_is_success(call: Call[Any], status: int, body: bytes) -> None:
    assert call.parse(answer(body, status)) is None


@pytest.mark.parametrize("body", [b"false", b"False", b'"false"', b'"False"', b" false\n"])
@pytest.mark.parametrize(
    "call",
    [*TRUE_ALONE, *ANY_SUCCESS, api.register_endpoint(REGISTRATION), api.get_endpoint_status(10001)],
    ids=named,
)
def test_200_and_false_is_refused_and_never_success(call: Call[Any], body: bytes) -> None:
    with pytest.raises(Refused):
        call.parse(answer(body))


@pytest.mark.parametrize("change", [api.enable_endpoint, api.disable_endpoint])
@pytest.mark.parametrize("endpoint_id", [None, 20002])
def test_304_says_that_nothing_changed(change: Any, endpoint_id: int | None) -> None:
    call = change(endpoint_id)
    assert call.accepts == {304}
    assert call.parse(answer(b"", 304)) is False


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'"PENDING"', "PENDING"),
        (b'"ACTIVE"\n', "ACTIVE"),
        (b"FAILED", "FAILED"),
        (b'"Deleted"', "DELETED"),
        (b'"IN_REVIEW"', "IN_REVIEW"),
    ],
)
def test_an_endpoints_status_is_a_bare_text(body: bytes, status: str) -> None:
    assert api.get_endpoint_status(10001).parse(answer(body)) == status


@pytest.mark.parametrize("body", [b"", b"null", b"true", b"12", b"{}", b'{"status": "ACTIVE"}', b"<ok>"])
def test_what_is_no_word_is_no_status(body: bytes) -> None:
    with pytest.raises(UnreadableResponse, match="not the name of a status"):
        api.get_endpoint_status(10001).parse(answer(body))


@pytest.mark.parametrize(
    ("body", "endpoint_id"),
    [
        ({"endpointId": BIG}, BIG),
        ({"endpointID": 10001}, 10001),
        ({"id": 10001}, 10001),
        ({"endpointId": "10001"}, 10001),
        (10001, 10001),
        ({"message": "registered"}, None),
        (b"OK", None),
        (b'"OK"', None),
        (b"null", None),
        ([], None),
        (b"", None),
        (b"true", None),
        (b"True", None),
        (b'"true"', None),
        (b'"10001"', 10001),
    ],
)
def test_a_registration_is_read_whatever_its_shape(body: Any, endpoint_id: int | None) -> None:
    assert api.register_endpoint(REGISTRATION).parse(answer(body)).endpoint_id == endpoint_id


def test_plain_json_carries_the_services_own_field_names() -> None:
    registration = api.register_endpoint(REGISTRATION).parse(answer({"endpointId": 10001, "new": 1}))
    assert registration.plain() == {"endpointId": 10001, "new": 1}
    (endpoint,) = api.list_endpoints().parse(answer([{"endpointID": 1, "name": "CRM", "new": [1]}]))
    assert endpoint.plain() == {"endpointId": "1", "name": "CRM", "new": [1]}


def test_endpoints_come_as_a_list_or_with_an_endpoints_key_as_one() -> None:
    one = {"endpointId": 10001, "name": "CRM", "providerName": "Example"}
    for body in (one, [one]):
        (endpoint,) = api.list_endpoints().parse(answer(body))
        assert (endpoint.endpoint_id, endpoint.name) == ("10001", "CRM")
    assert api.list_endpoints().parse(answer([])) == []


@pytest.mark.parametrize("spelling", ["id_string", "id_String", "idString"])
def test_a_segments_text_id_is_read_in_its_three_spellings(spelling: str) -> None:
    body: dict[str, Any] = {"segment_attributes": [], spelling: "list-7", "name": "List", "description": None}
    assert api.get_segment(10001, "list-7").parse(answer(body)).id_string == "list-7"


@pytest.mark.parametrize("kind", ["string", None, "0"])
def test_a_segment_as_documented(kind: str | None) -> None:
    body = {"segment_attributes": [{"name": "email", "type": kind}], "id": BIG, "idString": None}
    segment = api.get_segment(10001, BIG).parse(answer({**body, "name": "Win back", "description": "d"}))
    assert (segment.id, segment.id_string, segment.name) == (BIG, None, "Win back")
    assert [(attribute.name, attribute.type) for attribute in segment.segment_attributes] == [("email", kind)]


@pytest.mark.parametrize(
    "body",
    [BIG, str(BIG), f'"{BIG}"', f'" {BIG} "', {"jobId": BIG}, {"jobID": BIG}, {"id": BIG}, {"id": str(BIG)}],
    ids=str,
)
def test_a_job_id_is_read_in_every_shape_and_stays_whole(body: Any) -> None:
    for call in STARTS_A_JOB:
        assert call.parse(answer(body)) == BIG


@pytest.mark.parametrize(
    "location",
    [
        f"/v1/jobs/SEGMENT_EXPORT/{BIG}",
        f"/v1/jobs/{BIG}/",
        f"https://api.example.com/v1/jobs/SEGMENT_EXPORT/{BIG}",
        f"https://elsewhere.example.org/v1/jobs/{BIG}?x=1#y",
    ],
)
@pytest.mark.parametrize("call", STARTS_A_JOB, ids=named)
def test_without_a_body_a_location_names_the_job(call: Call[int], location: str) -> None:
    assert call.parse(answer(b"", 201, {"Location": location})) == BIG


@pytest.mark.parametrize("location", ["", "/", "/v1/jobs/", "/v1/jobs/new", "https://example.com", "//["])
@pytest.mark.parametrize("call", STARTS_A_JOB, ids=named)
def test_a_location_that_names_no_job_is_unreadable(call: Call[int], location: str) -> None:
    with pytest.raises(UnreadableResponse):
        call.parse(answer(b"", 201, {"Location": location}))


@pytest.mark.parametrize(
    "body", [b"true", b"null", b"1.5", b'"abc"', b'""', b"{}", b"[1]", b'{"jobId": null}', b'{"jobId": true}']
)
def test_no_job_id_is_unreadable(body: bytes) -> None:
    for call in STARTS_A_JOB:
        with pytest.raises(UnreadableResponse):
            call.parse(answer(body))


JOB = {
    "jobCategory": "SEGMENT_EXPORT",
    "jobId": BIG,
    "scheduledJobId": None,
    "status": "WAITING_TO_RECIEVE_DATA",
    "producerEndpointID": 10001,
    "producerSegmentID": 8000000000000001152,
    "destinationEndpointID": 20002,
    "destinationSegmentDescription": "for autumn",
    "shareAction": "ADD",
    "errorDetails": None,
}


def test_a_job_as_seen_keeps_its_whole_numbers_and_every_field() -> None:
    # a real reply names jobCategory twice
    raw = json.dumps(JOB).replace("{", '{"jobCategory": "SEGMENT_EXPORT", ', 1)
    job = api.get_job("SEGMENT_EXPORT", BIG).parse(answer(raw))
    assert (job.job_id, job.producer_segment_id) == (BIG, 8000000000000001152)
    assert (job.status, job.state) == ("WAITING_TO_RECIEVE_DATA", "WAITING_TO_RECIEVE_DATA")
    assert job.plain() == JOB
    assert json.loads(json.dumps(job.plain())) == JOB


@pytest.mark.parametrize("raw", [b'{"status": "RUNNING", "jobId": 1, "status": "COMPLETE"}'])
def test_the_last_of_two_fields_of_one_name_holds(raw: bytes) -> None:
    assert api.get_job("SEGMENT_EXPORT", 1).parse(answer(raw)).state == "COMPLETE"


def test_identity_filters_come_as_a_list() -> None:
    call = api.list_identity_filters()
    body = {
        "endpointFilterId": 7,
        "endpointId": "10001",
        "identifierName": "Email",
        "publishFilter": True,
        "subscribeFilter": False,
    }
    (found,) = call.parse(answer([{**body, "new": 1}]))
    assert (found.endpoint_filter_id, found.endpoint_id) == ("7", "10001")
    assert (found.identifier_name, found.publish_filter, found.subscribe_filter) == ("Email", True, False)
    assert call.parse(answer([])) == []
    for other in (b"{}", b'{"filters": []}', b'"none"'):
        with pytest.raises(UnreadableResponse):
            call.parse(answer(other))


def test_a_jobs_state_is_its_status_in_one_spelling() -> None:
    job = api.get_job("SEGMENT_EXPORT", 1).parse(answer({"jobId": "1", "status": " Complete\n"}))
    assert job.state == "COMPLETE"
    assert job.state in api.COMPLETE


def test_jobs_come_as_a_list() -> None:
    call = api.list_jobs("SEGMENT_EXPORT")
    assert [job.job_id for job in call.parse(answer([JOB, {**JOB, "jobId": 5}]))] == [BIG, 5]
    assert call.parse(answer([])) == []
    with pytest.raises(UnreadableResponse, match="not a list"):
        call.parse(answer({"jobs": [JOB]}))


@pytest.mark.parametrize(
    ("status", "spellings"),
    [
        ("WAITING_TO_RECEIVE_DATA", {"WAITING_TO_RECEIVE_DATA", "WAITING_TO_RECIEVE_DATA"}),
        ("WAITING_TO_RECIEVE_DATA", {"WAITING_TO_RECEIVE_DATA", "WAITING_TO_RECIEVE_DATA"}),
        ("COMPLETE", {"COMPLETE", "COMPLETED"}),
        ("CANCELLED", {"CANCELED", "CANCELLED"}),
        ("RUNNING", {"RUNNING"}),
    ],
)
def test_statuses_with_more_than_one_spelling(status: str, spellings: set[str]) -> None:
    assert api.same_status(status) == spellings
