"""Acoustic Exchange's endpoints."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any, get_args

from airflow_provider_activation.api import acoustic_exchange as api
from endpoints.answers import has, is_done, is_true, lists
from endpoints.table import BIG, HELD, ODD, Held, Table, each, on, seeds, use

URL = "https://example.com/exchange?a=b"
LEVELS = get_args(api.KeyLevel)
HASHED = [
    {"hash_mode": mode, "hash_algorithm": algorithm}
    for mode in (None, *get_args(api.HashMode))
    for algorithm in get_args(api.HashAlgorithm)
]
FLAGS = [{"is_required": required, "is_event_only": not required} for required in (True, False)]
KINDS = [{"name": "city", "type": kind, "is_required": True} for kind in ("String", "Number")]
DATABASE = {
    **{"name": "Customers", "id": "db-1"},
    "identifiers": [{"name": ODD, "type": "email", **flags, **one} for flags in FLAGS for one in HASHED],
    "attributes": [{**kind, **one} for kind in KINDS for one in HASHED],
}


def registration(event: Any = None, segment: Any = None, **fields: Any) -> api.EndpointRegistration:
    types = {"event": event, "segment": segment}
    named = {"name": "CRM", "provider_name": "Example", "endpoint_types": types}
    if "databases" in fields:
        named["marketing_databases_definition"] = {"marketing_databases": fields.pop("databases")}
    return api.EndpointRegistration.model_validate({**named, **fields})


PUSHED = {"source": {"enabled": True, "producer_type": "push"}}
PULLED = {"source": {"enabled": True, "producer_type": "pull", "url": URL, "data_window": 30}}
OFF = {"destination": {"enabled": False, "destination_type": "pull"}}
FILLED = {"description": ODD, "url": URL, "notification_key": "42", "databases": [DATABASE]}
REGISTRATION = registration(segment=PUSHED)
REGISTRATIONS = [
    registration(),
    registration({"source": {"enabled": True}, **OFF}, {**PUSHED, **OFF}),
    registration(segment=PULLED, databases=[{"name": "Customers"}]),
    *(
        registration(taken, taken, **FILLED, hash_algorithm=algorithm)
        for algorithm in get_args(api.HashAlgorithm)
        for kind in get_args(api.PushOrPull)
        for taken in ({"destination": {"enabled": True, "url": URL, "destination_type": kind}},)
    ),
]
SEGMENT = api.SegmentDefinition(
    id=BIG, name="Win back", segment_attributes=(api.SegmentAttributeInput(name="email", type="string"),)
)
SEGMENTS = [
    api.SegmentDefinition(id=7, name="Win back"),
    api.SegmentDefinition(id_string=ODD, name=ODD, description=ODD),
    *(SEGMENT.model_copy(update={"type": kind}) for kind in ("Contact Lists", "Databases", "Queries")),
]
DAY = datetime(2026, 9, 1, 8, 30, tzinfo=UTC)
DAILY: dict[str, Any] = {"run_repeat": True}
ONCE: dict[str, Any] = {"runs_now": False, "year": 2026, "start_hour": 1, "start_date": "09/01/2026"}
LATE: dict[str, Any] = {"start_hour": "24", "start_minute": 0, "start_second": "5", "end_date": "12/31/2026"}
SCHEDULES = [
    api.ScheduleDetails.run_now(),
    api.ScheduleDetails.weekly(["SUN", "SAT"], time(0, 0, 0)),
    api.ScheduleDetails.weekly(api.WEEKDAYS, time(23, 59, 59), start=DAY, end=DAY + timedelta(days=90)),
    api.ScheduleDetails.from_data_interval(DAY, DAY + timedelta(days=1), "Europe/Berlin"),
    # the tables' own examples: one time, daily, weekly, monthly, several days
    *(
        api.ScheduleDetails(days_of_week=week, days_of_month=month, months_of_year=year, **more)
        for week, month, year, more in (
            *((None, "1", "1", ONCE), (None, "*", None, DAILY), ("1", None, None, DAILY)),
            *((None, "1", "*", DAILY), ("1,3,5", "1,3-5,10", "1,3,4", DAILY | LATE)),
        )
    ),
]
BY_EMAIL = {"destination_identifier": "email", "update_identities": False, "source_identifiers": ["email"]}
EXPORT = api.SegmentExport.model_validate(
    {"endpoint_id": 10001, "segment_id": BIG, "destination_endpoint_id": 20002, **BY_EMAIL}
)
FILLED_EXPORT = {
    **{"endpoint_id": BIG, "segment_id_string": ODD, "segment_name": ODD, "destination_endpoint_id": BIG},
    **{"destination_segment_name": ODD, "destination_segment_description": ODD, "min_count": 0},
    **{"destination_segment_id": ODD, "export_category": "", "source_identifiers": ["email", ODD]},
    **{"destination_identifier": ODD, "attribute_mappings": {ODD: "city"}, "update_identities": True},
}
ACTIONS = get_args(api.SegmentExport.model_fields["action"].annotation)[0]
EXPORTS = [
    *(EXPORT.model_copy(update={"schedule_details": schedule}) for schedule in SCHEDULES),
    *(api.SegmentExport.model_validate({**FILLED_EXPORT, "action": action}) for action in get_args(ACTIONS)),
]
IMPORT = api.IdentityImport(endpoint_id=10001, segment_id=BIG)
FILLED_IMPORT = api.IdentityImport(
    endpoint_id=10001, segment_id_string=ODD, database_id="db-1", source_identifiers=("email", ODD)
)
IMPORTS = [FILLED_IMPORT.model_copy(update={"schedule_details": schedule}) for schedule in SCHEDULES]
EVENT_TYPE = api.EventTypeDefinition(code="cartAbandonment", name="Cart abandonment")
ODD_TYPE = api.EventTypeDefinition(code=ODD, name=ODD, description=ODD)
PERSON = [{"name": "cookieId", "value": "455739626"}, {"name": "email", "value": ODD, "is_original": True}]
EVENT = {"code": "cartAbandonment", "timestamp": DAY}
ITEMS = [{"name": "quantity", "value": "4", "type": "integer"}, {"name": ODD, "value": ""}]
NAMED = {**EVENT, "channel": "web", "identifiers": PERSON}
EVENTS, *PUBLICATIONS = (
    api.EventPublication.model_validate(fields)
    for fields in (
        {"channel": "web", "identifiers": PERSON[:1], "events": [EVENT]},
        {"channel": "web", "identifiers": PERSON, "events": [{**EVENT, "attributes": ITEMS}]},
        {"channel": "web", "events": [{**EVENT, "attributes": ITEMS}, EVENT]},
        {"events": [NAMED, {**NAMED, "channel": "mobile", "identifiers": PERSON[:1]}]},
    )
)
QUERIES = [
    api.EndpointQuery(),
    api.EndpointQuery(source=True, destination=True),
    api.EndpointQuery(source=False, destination=False, event=True, load_events=True),
    api.EndpointQuery(segment=True, load_segments=True, include_segment_id_string=True),
    api.EndpointQuery(segment=True, page_size=20, start_record=1, search_by_name=ODD),
    api.EndpointQuery(endpoint_id=BIG, include_billing=True, search_by_description=ODD),
]
WAITING = "WAITING_TO_RECEIVE_DATA"
STATUSES = sorted(
    api.WAITING_TO_RECEIVE_DATA | api.READY_FOR_DOWNLOAD | api.COMPLETE | api.FAILED | api.ON_THE_WAY
)


def own_endpoint(held: Held) -> None:
    """One whose segments are pushed and which publishes events."""
    held.send(api.register_endpoint(registration({"source": {"enabled": True}}, PUSHED)))


def disabled_endpoint(held: Held) -> None:
    own_endpoint(held)
    held.send(api.disable_endpoint())


def event_type(held: Held) -> None:
    own_endpoint(held)
    held.send(api.create_event_type(EVENT_TYPE))


def segment(held: Held) -> None:
    own_endpoint(held)
    held.send(api.replace_segments(10001, [SEGMENT]))


def job(held: Held) -> None:
    """One that waits for its data."""
    segment(held)
    held.keep(job_id=held.send(api.export_segment(EXPORT)))


def ready_job(held: Held) -> None:
    """One to a destination that pulls, once its file is ready."""
    segment(held)
    to_pull = EXPORT.model_copy(update={"destination_endpoint_id": 20003})
    held.keep(job_id=held.send(api.export_segment(to_pull)))
    held.send(api.upload_job_data(held.job_id, held.file))
    held.let_time_pass()
    held.keep(file_name=held.send(api.get_job("SEGMENT_EXPORT", held.job_id)).segment_data_files[0])


def named(*ids: str) -> Any:
    return lambda found: {one.endpoint_id for one in found} == set(ids)


def listed(found: list[api.Job]) -> bool:
    return [EXPORT.may_have_made(one) for one in found] == [True]


TABLE = Table(
    "acoustic_exchange",
    {"endpoint_id": 10001, "job_id": BIG, "auth_key": "sandbox-acoustic-endpoint-key:US"},
    lambda held: {f"{level}Key": f"sandbox-acoustic-{level}-key:US" for level in LEVELS},
    {
        api.register_endpoint: [
            on(seeds, has(endpoint_id=10001), registration=REGISTRATION),
            *each("registration", REGISTRATIONS),
            on(own_endpoint, has(endpoint_id=10001), registration=REGISTRATION, endpoint_id=10001),
            *each("registration", REGISTRATIONS, endpoint_id=10001),
        ],
        api.list_endpoints: [
            on(seeds, named("20002", "20003", "20004", "20005")),
            *each("query", QUERIES),
            on(seeds, named("20002"), query=api.EndpointQuery(endpoint_id=20002)),
        ],
        api.delete_endpoint: [on(own_endpoint, is_done), on(seeds, is_done, endpoint_id=20002)],
        api.enable_endpoint: [
            on(disabled_endpoint, is_true),
            on(disabled_endpoint, is_true, endpoint_id=10001),
        ],
        api.disable_endpoint: [
            on(own_endpoint, is_true),
            on(disabled_endpoint, lambda changed: changed is False, endpoint_id=10001),
        ],
        api.set_endpoint_database: [
            on(own_endpoint, is_done, database=api.EndpointDatabase(database_id="db-1")),
            use(database=api.EndpointDatabase(database_id=ODD, endpoint_id=BIG, marketing_database_name=ODD)),
        ],
        api.set_endpoint_attributes: [
            on(own_endpoint, is_done, attributes={"user": "someone", "host": "sftp.example.com"}),
            use(attributes={"user": "someone", ODD: ODD, "empty": ""}),
        ],
        api.report_endpoint_failure: [
            on(own_endpoint, is_true, reason="no such account"),
            *each("reason", ["ä" * (api.LARGEST_REASON // 2), "a" * api.LARGEST_REASON]),
        ],
        api.get_endpoint_status: [on(own_endpoint, lambda status: status in ("PENDING", "ACTIVE"))],
        api.add_segments: [on(own_endpoint, is_true, segments=[SEGMENT]), use(segments=SEGMENTS)],
        api.replace_segments: [on(own_endpoint, is_true, segments=[SEGMENT]), use(segments=SEGMENTS)],
        api.delete_segments: [on(segment, is_true)],
        api.delete_segment: [on(segment, is_true, segment_id=BIG)],
        api.get_segment: [on(segment, lambda found: SEGMENT.differences(found) == [], segment_id=BIG)],
        api.export_segment: [on(segment, lambda made: made >= BIG, export=EXPORT), *each("export", EXPORTS)],
        api.import_identities: [
            on(segment, lambda made: made > 0, identity_import=IMPORT),
            *each("identity_import", IMPORTS),
        ],
        api.refresh_segments: [on(segment, lambda made: made > 0)],
        api.list_jobs: [
            on(job, listed, job_category="SEGMENT_EXPORT"),
            *each("job_category", get_args(api.JobCategory), extra_fields=False),
            *each("status", STATUSES, job_category="SEGMENT_EXPORT", endpoint_id=10001, extra_fields=True),
            on(
                job, listed, job_category="SEGMENT_EXPORT", endpoint_id=HELD, status="WAITING_TO_RECEIVE_DATA"
            ),
        ],
        api.get_job: [
            *each("job_category", get_args(api.JobCategory)),
            on(job, has(state="WAITING_TO_RECIEVE_DATA"), job_category="SEGMENT_EXPORT"),
        ],
        api.upload_job_data: [on(job, is_done), use(content_type="text/csv")],
        api.download_segment_data: [on(ready_job, lambda file: "a@example.com" in file.read_text())],
        api.publish_events: [on(event_type, is_done, publication=EVENTS), *each("publication", PUBLICATIONS)],
        api.create_event_type: [on(own_endpoint, is_done, event_type=EVENT_TYPE), use(event_type=ODD_TYPE)],
        api.update_event_type: [on(event_type, is_done, event_type=EVENT_TYPE), use(event_type=ODD_TYPE)],
        api.list_identity_filters: [on(own_endpoint, lists(identifier_name=["cookieId"]))],
    },
)
