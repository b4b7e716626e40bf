"""Acoustic Exchange: what the inputs send, and what they refuse before anything goes out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from api_testing import naming
from endpoints.acoustic_exchange import EXPORT, IMPORT
from endpoints.table import BIG

from airflow_provider_activation.api import acoustic_exchange as api
from airflow_provider_activation.errors import InvalidRequest


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
            runs_now=False,
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
            "runNow": False,
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


def test_every_field_of_an_import_has_the_vendors_name() -> None:
    identity_import = api.IdentityImport(
        endpoint_id=1,
        segment_id_string="list-7",
        database_id="db-1",
        source_identifiers=("a", "b"),
        schedule_details=api.ScheduleDetails.run_now(),
    )
    assert identity_import.body() == {
        "endpointID": 1,
        "segmentIDString": "list-7",
        "databaseID": "db-1",
        "sourceIdentifiers": ["a", "b"],
        "scheduleDetails": {"runNow": True},
    }


def test_every_field_of_events_has_the_vendors_name() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    batch = api.EventPublication(
        events=(
            api.Event(
                code="ibmcartAbandonment",
                timestamp=datetime(2026, 9, 1, 2, 15, 12, tzinfo=berlin),
                channel="web",
                identifiers=(api.EventIdentifier(name="cookieId", value="455739626", is_original=True),),
                attributes=(api.EventAttribute(name="quantity", value="4", type="integer"),),
            ),
        )
    )
    assert batch.body() == {
        "events": [
            {
                "code": "ibmcartAbandonment",
                "timestamp": "2026-09-01T00:15:12Z",
                "channel": "web",
                "identifiers": [{"name": "cookieId", "value": "455739626", "isOriginal": True}],
                "attributes": [{"name": "quantity", "value": "4", "type": "integer"}],
            }
        ]
    }


def test_every_field_of_an_event_type_has_the_vendors_name() -> None:
    body = {"code": "c", "name": "n", "description": "d"}
    assert api.EventTypeDefinition(**body).body() == body


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
        ({"segment_id": "2a"}, "segment_id"),
        ({"endpoint_id": "1.0"}, "endpoint_id"),
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
        ({"id": "1a", "name": "a"}, "id"),
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


HASHED = {"name": "email", "type": "EMAIL", "hash_mode": "HASHED"}


def registered(identifier: dict[str, Any], **fields: Any) -> api.EndpointRegistration:
    databases = ({"name": "db", "identifiers": (identifier,)},)
    return api.EndpointRegistration.model_validate(
        {
            "name": "a",
            "provider_name": "b",
            "endpoint_types": {},
            "marketing_databases_definition": {"marketing_databases": databases},
            **fields,
        }
    )


@pytest.mark.parametrize("mode", ["HASHED", "REQUIRED", "Required"])
def test_what_is_hashed_says_how(mode: str) -> None:
    with pytest.raises(
        InvalidRequest, match=f"'email' of 'db' has the hash_mode {mode.upper()}.*hash_algorithm"
    ):
        registered({**HASHED, "hash_mode": mode})
    registered({**HASHED, "hash_mode": mode, "hash_algorithm": "EMAIL_SHA256"})
    registered({**HASHED, "hash_mode": mode}, hash_algorithm="SHA256")


def test_what_is_not_hashed_needs_no_algorithm() -> None:
    registered({**HASHED, "hash_mode": "None"})
    registered({**HASHED, "hash_mode": None})


@pytest.mark.parametrize(
    ("mode", "sent"), [("None", "NONE"), ("Hashed", "HASHED"), ("required", "REQUIRED"), ("NONE", "NONE")]
)
def test_a_hash_mode_goes_out_in_capitals(mode: str, sent: str) -> None:
    identifier = api.Identifier.model_validate({**HASHED, "hash_mode": mode})
    assert identifier.body()["hashMode"] == sent


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"hash_mode": "REQURED"}, "hash_?mode: .*given: str"),
        ({"hash_mode": 1}, "hash_?mode: .*given: int"),
        ({"hash_algorithm": "SHA512"}, "hash_?algorithm: .*given: str"),
        ({"hash_algorithm": "sha256"}, "hash_?algorithm: .*given: str"),
    ],
)
def test_hashing_in_other_ways_is_refused(fields: dict[str, Any], rule: str) -> None:
    with pytest.raises(InvalidRequest, match=f"(?i){rule}"):
        api.Identifier.model_validate({**HASHED, **fields})


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({}, "databaseId: .*required"),
        ({"database_id": ""}, "database_id: .*given: str"),
        ({"database_id": 5.0}, "database_id: .*given: float"),
        ({"database_id": "d", "endpoint_id": "10001a"}, "endpoint_?id: .*given: str"),
        ({"database_id": "d", "name": "x"}, "name: "),
    ],
)
def test_a_database_that_cannot_be_meant_is_refused(fields: dict[str, Any], rule: str) -> None:
    with pytest.raises(InvalidRequest, match=f"EndpointDatabase cannot be sent: {rule}"):
        api.EndpointDatabase(**fields)


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"load_events": True}, "load_events is of use with event only"),
        ({"load_segments": True}, "load_segments is of use with segment only"),
        ({"segment": True, "include_segment_id_string": True}, "include_segment_id_string .*load_segments"),
        ({"page_size": 10}, "page_size .*segment"),
        ({"segment": True, "start_record": 2}, "start_record .*page_size"),
        ({"segment": True, "page_size": 0}, "page_size: .*given: int"),
        ({"segment": True, "page_size": "1e1"}, "page_size: .*given: str"),
        ({"endpoint_id": "20002.0"}, "endpoint_id: .*given: str"),
        ({"search_by_name": ""}, "search_by_name: .*given: str"),
        ({"sources": True}, "sources: "),
    ],
)
def test_a_query_that_cannot_be_meant_is_refused(fields: dict[str, Any], rule: str) -> None:
    with pytest.raises(InvalidRequest, match=f"EndpointQuery cannot be sent: {rule}"):
        api.EndpointQuery(**fields)


@pytest.mark.parametrize("reason", ["x" * 512, "ü" * 256, "€" * 170])
def test_a_reason_is_counted_in_bytes_not_in_signs(reason: str) -> None:
    assert api.report_endpoint_failure(10001, reason).json == {"reason": reason}


@pytest.mark.parametrize(
    ("reason", "rule"),
    [
        ("x" * 513, "at most 512 bytes of UTF-8, but has 513 .given: str"),
        ("ü" * 257, "at most 512 bytes of UTF-8, but has 514 .given: str"),
        ("€" * 171, "at most 512 bytes of UTF-8, but has 513 .given: str"),
        ("", "at least 1 character .given: str"),
        (None, "valid string .given: NoneType"),
    ],
)
def test_a_reason_that_is_too_long_or_none_is_refused(reason: Any, rule: str) -> None:
    with pytest.raises(InvalidRequest, match=f"FailureReport cannot be sent: reason: .*{rule}"):
        api.report_endpoint_failure(10001, reason)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"segment_id": None}, "exactly one of segment_id and segment_id_string .*neither"),
        ({"segment_id_string": "x"}, "exactly one of segment_id and segment_id_string .*both"),
        ({"segment_id": "2 000"}, "segment_id: .*given: str"),
        ({"database_id": 5.0}, "database_id: .*given: float"),
        ({"source_identifiers": ()}, "source_identifiers: .*given: tuple"),
        ({"source_identifiers": "a, b"}, "source_identifiers: .*given: str"),
        ({"min_count": 1}, "min_count: "),
    ],
)
def test_an_import_that_cannot_be_meant_is_refused(change: dict[str, Any], rule: str) -> None:
    good: dict[str, Any] = {"endpoint_id": 1, "segment_id": 2}
    api.IdentityImport(**good)
    with pytest.raises(InvalidRequest, match=f"IdentityImport cannot be sent: {rule}"):
        api.IdentityImport(**{**good, **change})


EVENT: dict[str, Any] = {"code": "c", "timestamp": datetime(2026, 9, 1, tzinfo=UTC)}
PERSON = {"name": "Email", "value": "a@example.com"}


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"events": ()}, "^EventPublication .*events: .*given: tuple"),
        ({"events": ({**EVENT, "code": ""},)}, "^Event .*code: .*given: str"),
        (
            {"events": ({**EVENT, "timestamp": datetime(2026, 9, 1)},)},
            "^Event .*timestamp: .*time zone .given: datetime",
        ),
        ({"events": (EVENT,), "identifiers": ()}, "^EventPublication .*identifiers: .*given: tuple"),
        ({"events": (EVENT,), "identifiers": ({"name": "Email"},)}, "^EventIdentifier .*value: .*required"),
        (
            {"events": ({**EVENT, "identifiers": (PERSON,)},), "identifiers": (PERSON,)},
            "identifiers are given once for all events or with each event, but both are",
        ),
        (
            {"events": ({**EVENT, "channel": "web"}, EVENT), "channel": None},
            "channel must be given, once for all events or with each event",
        ),
        (
            {"events": ({**EVENT, "attributes": ({"name": "n", "value": 4.5},)},)},
            "^EventAttribute .*value: .*given: float",
        ),
    ],
)
def test_events_that_cannot_be_meant_are_refused(fields: dict[str, Any], rule: str) -> None:
    good: dict[str, Any] = {"channel": "web", "events": (EVENT,)}
    api.EventPublication.model_validate(good)
    with pytest.raises(InvalidRequest, match=rule):
        api.EventPublication.model_validate({**good, **fields})


def test_an_endpoint_may_be_described_as_both_as_long_as_one_is_switched_off() -> None:
    api.SegmentTypes(
        source=api.SegmentSource(enabled=True, producer_type="push"),
        destination=api.SegmentDestination(enabled=False, destination_type="push"),
    )


@pytest.mark.parametrize("key", ["", "key", "4 2", "-1"])
def test_a_notification_key_has_digits_only(key: str) -> None:
    with pytest.raises(InvalidRequest, match=naming("notification_key")):
        api.EndpointRegistration(
            name="a", provider_name="b", endpoint_types=api.EndpointTypes(), notification_key=key
        )


@pytest.mark.parametrize("ask", [api.list_jobs, lambda category: api.get_job(category, 1)])
@pytest.mark.parametrize("category", ["segmentExport", "", 5, None])
def test_a_category_that_is_none_is_refused(ask: Any, category: Any) -> None:
    with pytest.raises(InvalidRequest, match="job_category must be one of SEGMENT_EXPORT, "):
        ask(category)


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


# Comparing what is wanted with what is there

JOB = {
    "jobId": BIG,
    "status": "RUNNING",
    "producerEndpointID": 10001,
    "producerSegmentID": BIG,
    "destinationEndpointID": 20002,
}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, True),
        ({"producerEndpointID": 5}, False),
        ({"destinationEndpointID": 5}, False),
        ({"producerSegmentID": BIG + 1}, False),
        ({"producerSegmentID": str(BIG)}, True),
        ({"producerEndpointID": None, "destinationEndpointID": None, "producerSegmentID": None}, True),
        # the text is the service's to change
        ({"destinationSegmentDescription": "[af:0123456789ab]"}, True),
        ({"destinationSegmentDescription": ""}, True),
    ],
)
def test_which_job_an_export_may_have_made(change: dict[str, Any], expected: bool) -> None:
    fields = {**JOB, "producerSegmentID": BIG, "destinationSegmentDescription": None, **change}
    assert EXPORT.may_have_made(api.Job.model_validate(fields)) is expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [({}, True), ({"producerEndpointID": 5}, False), ({"producerSegmentID": BIG + 1}, False)],
)
def test_which_job_an_import_may_have_made(change: dict[str, Any], expected: bool) -> None:
    job = api.Job.model_validate({**JOB, "producerSegmentID": BIG, "destinationEndpointID": 5, **change})
    assert IMPORT.may_have_made(job) is expected


DEFINITION = api.SegmentDefinition(
    id=BIG,
    name="Win back",
    description="bought long ago",
    segment_attributes=(api.SegmentAttributeInput(name="email", type="string"),),
)


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
    assert DEFINITION.differences(segment) == differing
