"""Acoustic Exchange: what goes out, what comes back, what is refused before it goes out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from api_testing import BIG, EXPORT, REGISTRATION, answer, naming

from airflow_provider_activation.api import acoustic_exchange as api
from airflow_provider_activation.api.call import NOTHING, Call, Safety
from airflow_provider_activation.errors import InvalidRequest, Refused, UnreadableResponse

ACCOUNT, ENDPOINT, EITHER = {"account"}, {"endpoint"}, {"account", "endpoint"}
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


@pytest.mark.parametrize(
    ("call", "method", "path", "query", "body", "safety", "levels"),
    [
        pytest.param(
            api.register_endpoint(REGISTRATION),
            *("PUT", "/v1/endpoint", (), REGISTRATION_BODY, Safety.REPEATABLE, ENDPOINT),
            id="register the key's own endpoint",
        ),
        pytest.param(
            api.register_endpoint(REGISTRATION, 20002),
            *("PUT", "/v1/endpoint/20002", (), REGISTRATION_BODY, Safety.REPEATABLE, ACCOUNT),
            id="register an endpoint of the account",
        ),
        pytest.param(
            api.list_endpoints(),
            *("GET", "/v1/endpoint", (), NOTHING, Safety.READ, EITHER),
            id="list endpoints",
        ),
        pytest.param(
            api.list_endpoints(segment=True, source=False, destination=True),
            *("GET", "/v1/endpoint"),
            (("segment", "true"), ("source", "false"), ("destination", "true")),
            *(NOTHING, Safety.READ, EITHER),
            id="list some endpoints",
        ),
        pytest.param(
            api.add_segments(10001, SEGMENTS),
            *("POST", "/v1/endpoint/10001/segments", (), SEGMENTS_BODY, Safety.ONCE, ENDPOINT),
            id="add segments",
        ),
        pytest.param(
            api.replace_segments(10001, SEGMENTS),
            *("PUT", "/v1/endpoint/10001/segments", (), SEGMENTS_BODY, Safety.REPEATABLE, ENDPOINT),
            id="replace segments",
        ),
        pytest.param(
            api.get_segment(10001, BIG),
            *("GET", f"/v1/endpoint/10001/segments/{BIG}", (), NOTHING, Safety.READ, EITHER),
            id="get a segment by its number",
        ),
        pytest.param(
            api.get_segment(10001, "list 7"),
            *("GET", "/v1/endpoint/10001/segments/list%207", (("includeSegmentIDString", "true"),)),
            *(NOTHING, Safety.READ, EITHER),
            id="get a segment by its text",
        ),
        pytest.param(
            api.export_segment(EXPORT),
            *("POST", "/v1/jobs/segmentExport", (), EXPORT_BODY, Safety.ONCE, ACCOUNT),
            id="export a segment",
        ),
        pytest.param(
            api.list_jobs("SEGMENT_EXPORT"),
            *("GET", "/v1/jobs/SEGMENT_EXPORT", (), NOTHING, Safety.READ, EITHER),
            id="list jobs",
        ),
        pytest.param(
            api.list_jobs("IDENTITY_IMPORT", endpoint_id=10001, status="WAITING_TO_RECIEVE_DATA"),
            *("GET", "/v1/jobs/IDENTITY_IMPORT"),
            (("endpointId", "10001"), ("status", "WAITING_TO_RECIEVE_DATA")),
            *(NOTHING, Safety.READ, EITHER),
            id="list jobs of an endpoint and a status",
        ),
        pytest.param(
            api.get_job("SEGMENT_EXPORT", BIG),
            *("GET", f"/v1/jobs/SEGMENT_EXPORT/{BIG}", (), NOTHING, Safety.READ, EITHER),
            id="get a job",
        ),
        pytest.param(
            api.upload_job_data(BIG, Path("audience.csv")),
            *("POST", f"/v1/jobs/{BIG}/data", (), NOTHING, Safety.ONCE, set()),
            id="upload a job's data",
        ),
    ],
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


def test_ids_beyond_what_a_float_holds_stay_whole_on_the_wire() -> None:
    assert '"segmentID": 9007199254740993,' in json.dumps(api.export_segment(EXPORT).json)


def test_every_field_of_an_export_has_the_vendors_name() -> None:
    export = api.SegmentExport(
        endpoint_id=1,
        segment_id_string="list-7",
        segment_name="List",
        destination_endpoint_id=2,
        destination_segment_name="There",
        destination_segment_description="for autumn",
        destination_segment_id="700001",
        export_category="x",
        action="replace",
        source_identifiers=("email", "phone"),
        destination_identifier="email",
        attribute_mappings={"a": "b"},
        update_identities=True,
        min_count=0,
        schedule_details=api.ScheduleDetails(
            run_repeat=True,
            days_of_week="1,3",
            days_of_month="1-5",
            months_of_year="*",
            year="2026",
            start_hour="09",
            start_minute="00",
            start_second="00",
            start_date="09/01/2026",
            end_date="10/01/2026",
            time_slice_start_date="08/01/2026",
            time_slice_end_date="08/31/2026",
        ),
    )
    assert export.body() == {
        "endpointID": 1,
        "segmentIDString": "list-7",
        "segmentName": "List",
        "destinationEndpointID": 2,
        "destinationSegmentName": "There",
        "destinationSegmentDescription": "for autumn",
        "destinationSegmentID": "700001",
        "exportCategory": "x",
        "action": "replace",
        "sourceIdentifiers": ["email", "phone"],
        "destinationIdentifier": "email",
        "attributeMappings": {"a": "b"},
        "updateIdentities": True,
        "minCount": 0,
        "scheduleDetails": {
            "runRepeat": True,
            "daysOfWeek": "1,3",
            "daysOfMonth": "1-5",
            "monthsOfYear": "*",
            "year": "2026",
            "startHour": "09",
            "startMinute": "00",
            "startSecond": "00",
            "startDate": "09/01/2026",
            "endDate": "10/01/2026",
            "timeSliceStartDate": "08/01/2026",
            "timeSliceEndDate": "08/31/2026",
        },
    }


def test_every_field_of_a_registration_has_the_vendors_name() -> None:
    registration = api.EndpointRegistration(
        name="CRM",
        provider_name="Example",
        description="d",
        url="https://example.com/ubx",
        hash_algorithm="SHA256",
        endpoint_types=api.EndpointTypes(
            event=api.EventTypes(
                source=api.EventSource(enabled=True),
                destination=api.EventDestination(
                    enabled=True, url="https://example.com/e", destination_type="pull"
                ),
            ),
            segment=api.SegmentTypes(
                source=api.SegmentSource(enabled=True, producer_type="pull", url="https://x", data_window=5),
                destination=api.SegmentDestination(enabled=False, destination_type="push", url="https://y"),
            ),
        ),
        marketing_databases_definition=api.MarketingDatabasesDefinition(
            marketing_databases=(
                api.MarketingDatabase(
                    name="db",
                    id="1",
                    identifiers=(
                        api.Identifier(
                            name="email",
                            type="EMAIL",
                            hash_mode="HASHED",
                            hash_algorithm="EMAIL_SHA256",
                            is_required=True,
                            is_event_only=False,
                        ),
                    ),
                    attributes=(
                        api.Attribute(
                            name="age",
                            type="Number",
                            is_required=False,
                            hash_mode="NONE",
                            hash_algorithm="MD5",
                        ),
                    ),
                ),
            )
        ),
        notification_key="123",
    )
    assert registration.body() == {
        "name": "CRM",
        "providerName": "Example",
        "description": "d",
        "url": "https://example.com/ubx",
        "hashAlgorithm": "SHA256",
        "endpointTypes": {
            "event": {
                "source": {"enabled": True},
                "destination": {"enabled": True, "url": "https://example.com/e", "destinationType": "pull"},
            },
            "segment": {
                "source": {"enabled": True, "producerType": "pull", "url": "https://x", "dataWindow": 5},
                "destination": {"enabled": False, "destinationType": "push", "url": "https://y"},
            },
        },
        "marketingDatabasesDefinition": {
            "marketingDatabases": [
                {
                    "name": "db",
                    "id": "1",
                    "identifiers": [
                        {
                            "name": "email",
                            "type": "EMAIL",
                            "hashMode": "HASHED",
                            "hashAlgorithm": "EMAIL_SHA256",
                            "isRequired": True,
                            "isEventOnly": False,
                        }
                    ],
                    "attributes": [
                        {
                            "name": "age",
                            "type": "Number",
                            "isRequired": False,
                            "hashMode": "NONE",
                            "hashAlgorithm": "MD5",
                        }
                    ],
                }
            ]
        },
        "notificationKey": "123",
    }


def test_an_uploaded_file_goes_out_as_csv_unless_told_otherwise() -> None:
    file = api.upload_job_data(1, Path("a.csv")).file
    assert file is not None
    assert (file.path, file.content_type) == (Path("a.csv"), "text/csv; charset=utf-8")
    other = api.upload_job_data(1, Path("a.csv"), "text/plain").file
    assert other is not None
    assert other.content_type == "text/plain"


# What is refused before it goes out

EXPORT_FIELDS: dict[str, Any] = {
    "endpoint_id": 1,
    "segment_id": 2,
    "destination_endpoint_id": 3,
    "source_identifiers": ("email",),
    "destination_identifier": "email",
    "update_identities": False,
}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"segment_id_string": "x"}, "segment_id"),
        ({"segment_id": None}, "segment_id"),
        ({"segment_id": None, "segment_id_string": ""}, "segment_id_string"),
        ({"segment_id": 2.0}, "segment_id"),
        ({"segment_id": "2"}, "segment_id"),
        ({"endpoint_id": "1"}, "endpoint_id"),
        ({"endpoint_id": True}, "endpoint_id"),
        ({"action": "ADD"}, "action"),
        ({"action": "merge"}, "action"),
        ({"destination_segment_id": "700001"}, "action"),
        ({"destination_segment_id": "", "action": "add"}, "destination_segment_id"),
        ({"source_identifiers": ()}, "source_identifiers"),
        ({"source_identifiers": "email"}, "source_identifiers"),
        ({"destination_identifier": ""}, "destination_identifier"),
        ({"update_identities": None}, "update_identities"),
        ({"min_count": -1}, "min_count"),
        ({"min_count": 1.5}, "min_count"),
        ({"min_count": float("nan")}, "min_count"),
        ({"schedule_details": {"run_now": True, "start_time": "09:00"}}, "start_time"),
        ({"schedule_details": {"start_date": "2026-09-01"}}, "start_date"),
        ({"schedule_details": {"end_date": "13/01/2026"}}, "end_date"),
        ({"schedule_details": {"time_slice_end_date": "9/1/2026"}}, "time_slice_end_date"),
        ({"segmentId": 3}, "segmentId"),
    ],
)
def test_an_export_that_cannot_be_meant_is_refused_by_the_fields_name(
    change: dict[str, Any], named: str
) -> None:
    api.SegmentExport(**EXPORT_FIELDS)
    with pytest.raises(InvalidRequest, match=naming(named)):
        api.SegmentExport(**{**EXPORT_FIELDS, **change})


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"name": "a"}, "exactly one of id and id_string"),
        ({"id": 1, "id_string": "x", "name": "a"}, "exactly one of id and id_string"),
        ({"id": "1", "name": "a"}, "id"),
        ({"id": True, "name": "a"}, "id"),
        ({"id_string": "", "name": "a"}, "id_string"),
        ({"id": 1, "name": ""}, "name"),
        ({"id": 1, "name": "a", "type": "Lists"}, "type"),
        ({"id": 1, "name": "a", "segment_attributes": [{"name": "x"}]}, "type"),
    ],
)
def test_a_segment_that_cannot_be_meant_is_refused(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidRequest, match=naming(named)):
        api.SegmentDefinition(**fields)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"name": ""}, "name"),
        ({"provider_name": ""}, "provider_name"),
        ({"hash_algorithm": "SHA512"}, "hash_algorithm"),
        ({"endpoint_types": None}, "endpoint_types"),
        ({"endpoint_types": {"segment": {"source": {"enabled": True}}}}, "producer_type"),
        ({"endpoint_types": {"event": {"source": {}}}}, "enabled"),
        ({"marketing_databases_definition": {"marketing_databases": []}}, "marketing_databases"),
        (
            {
                "endpoint_types": {
                    "segment": {
                        "source": {"enabled": True, "producer_type": "push"},
                        "destination": {"enabled": True, "destination_type": "push"},
                    }
                }
            },
            "cannot be both a source and a destination",
        ),
    ],
)
def test_a_registration_that_cannot_be_meant_is_refused(fields: dict[str, Any], named: str) -> None:
    good: dict[str, Any] = {"name": "a", "provider_name": "b", "endpoint_types": {}}
    api.EndpointRegistration(**good)
    with pytest.raises(InvalidRequest, match=naming(named)):
        api.EndpointRegistration(**{**good, **fields})


def test_an_endpoint_may_be_described_as_both_as_long_as_one_is_switched_off() -> None:
    api.SegmentTypes(
        source=api.SegmentSource(enabled=True, producer_type="push"),
        destination=api.SegmentDestination(enabled=False, destination_type="push"),
    )


@pytest.mark.parametrize("write", [api.add_segments, api.replace_segments])
def test_no_segments_at_all_are_refused(write: Any) -> None:
    with pytest.raises(InvalidRequest, match="segments"):
        write(10001, [])


def test_a_refusal_does_not_show_the_value() -> None:
    with pytest.raises(InvalidRequest) as caught:
        api.EndpointRegistration(
            name="a",
            provider_name="b",
            endpoint_types=api.EndpointTypes(),
            notification_key=["CANARY"],
        )
    assert caught.match(naming("notification_key"))
    assert "CANARY" not in f"{caught.value} {caught.value!r} {caught.value.args}"


# What comes back


@pytest.mark.parametrize("body", [b"true", b"True", b'"true"', b'"True"', b" true\n"])
@pytest.mark.parametrize("write", [api.add_segments, api.replace_segments])
def test_every_spelling_of_true_is_read(write: Any, body: bytes) -> None:
    assert write(10001, SEGMENTS).parse(answer(body)) is True


@pytest.mark.parametrize("body", [b"false", b"False", b'"false"', b'"False"', b" false\n"])
@pytest.mark.parametrize(
    "call",
    [
        api.add_segments(10001, SEGMENTS),
        api.replace_segments(10001, SEGMENTS),
        api.upload_job_data(1, Path("a.csv")),
        api.register_endpoint(REGISTRATION),
    ],
    ids=lambda call: call.operation,
)
def test_200_and_false_is_refused_and_never_success(call: Call[Any], body: bytes) -> None:
    with pytest.raises(Refused):
        call.parse(answer(body))


@pytest.mark.parametrize("body", [b"null", b"1", b"{}", b"[true]", b'"yes"', b"truefalse"])
def test_neither_true_nor_false_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableResponse, match="neither true nor false"):
        api.add_segments(10001, SEGMENTS).parse(answer(body))


@pytest.mark.parametrize(
    ("body", "endpoint_id"),
    [
        ({"endpointId": BIG}, BIG),
        ({"endpointID": 10001}, 10001),
        ({"id": 10001}, 10001),
        ({"endpointId": "10001"}, 10001),
        (10001, 10001),
        ({"message": "registered"}, None),
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
    for call in (api.export_segment(EXPORT),):
        assert call.parse(answer(body)) == BIG


@pytest.mark.parametrize(
    "body", [b"true", b"null", b"1.5", b'"abc"', b'""', b"{}", b"[1]", b'{"jobId": null}', b'{"jobId": true}']
)
def test_no_job_id_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableResponse):
        api.export_segment(EXPORT).parse(answer(body))


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


# Comparing what is wanted with what is there


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, True),
        ({"producerEndpointID": 5}, False),
        ({"destinationEndpointID": 5}, False),
        ({"producerSegmentID": BIG + 1}, False),
        ({"producerSegmentID": str(BIG)}, True),
        ({"destinationSegmentDescription": "[af:0123456789ab]"}, False),
        ({"destinationSegmentDescription": ""}, True),
    ],
)
def test_which_job_an_export_may_have_made(change: dict[str, Any], expected: bool) -> None:
    fields = {**JOB, "producerSegmentID": BIG, "destinationSegmentDescription": None, **change}
    assert EXPORT.may_have_made(api.Job.model_validate(fields)) is expected


@pytest.mark.parametrize(
    ("known", "differing"),
    [
        ({"name": "Win back", "description": "bought long ago", "attributes": ["email"]}, []),
        ({"name": "Other", "description": "bought long ago", "attributes": ["email", "x"]}, ["name"]),
        ({"name": "Win back", "description": None, "attributes": ["email"]}, ["description"]),
        ({"name": "Win back", "description": "bought long ago", "attributes": []}, ["segment_attributes"]),
    ],
)
def test_how_a_segment_differs_from_what_is_known(known: dict[str, Any], differing: list[str]) -> None:
    attributes = [{"name": name, "type": None} for name in known.pop("attributes")]
    segment = api.Segment.model_validate({**known, "id": BIG, "segment_attributes": attributes})
    assert SEGMENTS[0].differences(segment) == differing
