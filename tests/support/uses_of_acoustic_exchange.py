"""Ways to use `AcousticExchangeHook`."""

from __future__ import annotations

import tempfile
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import get_args

from hook_uses import BIG, ODD, Use, use

from airflow_provider_activation.api import acoustic_exchange as api

FOLDER = Path(tempfile.gettempdir())
AUDIENCE = Path(__file__)
"""Any file will do for what is uploaded."""
URL = "https://example.com/exchange?a=b"
HASHED = [
    {"hash_mode": mode, "hash_algorithm": algorithm}
    for mode in (None, *get_args(get_args(api.HashMode)[0]))
    for algorithm in get_args(api.HashAlgorithm)
]
DATABASE = api.MarketingDatabase(
    name="Customers",
    id="db-1",
    identifiers=tuple(
        api.Identifier(name=ODD, type="email", is_required=required, is_event_only=not required, **hashed)
        for required in (True, False)
        for hashed in HASHED
    ),
    attributes=tuple(
        api.Attribute(name="city", type=kind, is_required=True, **hashed)
        for kind in ("String", "Number")
        for hashed in HASHED
    ),
)


def registration(**fields: object) -> api.EndpointRegistration:
    return api.EndpointRegistration.model_validate(
        {"name": "CRM", "provider_name": "Example", "endpoint_types": {}, **fields}
    )


REGISTRATIONS = [
    registration(),
    registration(
        endpoint_types=api.EndpointTypes(
            event=api.EventTypes(
                source=api.EventSource(enabled=True), destination=api.EventDestination(enabled=False)
            ),
            segment=api.SegmentTypes(
                source=api.SegmentSource(enabled=True, producer_type="push"),
                destination=api.SegmentDestination(enabled=False, destination_type="pull"),
            ),
        )
    ),
    *(
        registration(
            description=ODD,
            url=URL,
            hash_algorithm=algorithm,
            notification_key="42",
            endpoint_types=api.EndpointTypes(
                event=api.EventTypes(
                    destination=api.EventDestination(enabled=True, url=URL, destination_type=kind)
                ),
                segment=api.SegmentTypes(
                    destination=api.SegmentDestination(enabled=True, url=URL, destination_type=kind),
                ),
            ),
            marketing_databases_definition=api.MarketingDatabasesDefinition(marketing_databases=(DATABASE,)),
        )
        for algorithm in get_args(api.HashAlgorithm)
        for kind in get_args(api.PushOrPull)
    ),
    registration(
        endpoint_types=api.EndpointTypes(
            segment=api.SegmentTypes(
                source=api.SegmentSource(enabled=True, producer_type="pull", url=URL, data_window=30)
            )
        ),
        marketing_databases_definition=api.MarketingDatabasesDefinition(
            marketing_databases=(api.MarketingDatabase(name="Customers"),)
        ),
    ),
]
SEGMENTS = [
    api.SegmentDefinition(id=7, name="Win back"),
    api.SegmentDefinition(id_string=ODD, name=ODD, description=ODD),
    *(
        api.SegmentDefinition(
            id=BIG,
            name="Win back",
            type=kind,
            segment_attributes=(api.SegmentAttributeInput(name="email", type="string"),),
        )
        for kind in ("Contact Lists", "Databases", "Queries")
    ),
]
SCHEDULES = [
    api.ScheduleDetails.run_now(),
    api.ScheduleDetails.weekly(["SUN", "SAT"], time(0, 0, 0)),
    api.ScheduleDetails.weekly(
        api.WEEKDAYS, time(23, 59, 59), start=date(2026, 9, 1), end=date(2026, 12, 31)
    ),
    api.ScheduleDetails.from_data_interval(
        datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 9, 2, tzinfo=UTC), "Europe/Berlin"
    ),
    # the tables' own examples: one time, daily, weekly, monthly, several days
    api.ScheduleDetails(
        runs_now=False,
        days_of_month="1",
        months_of_year="1",
        year=2026,
        start_hour=1,
        start_date="09/01/2026",
    ),
    api.ScheduleDetails(run_repeat=True, days_of_week=None, days_of_month="*", months_of_year=None),
    api.ScheduleDetails(run_repeat=True, days_of_week="1", days_of_month=None, months_of_year=None),
    api.ScheduleDetails(run_repeat=True, days_of_week=None, days_of_month=1, months_of_year="*"),
    api.ScheduleDetails(
        run_repeat=True,
        days_of_week="1,3,5",
        days_of_month="1,3-5,10",
        months_of_year="1,3,4",
        start_hour="24",
        start_minute=0,
        start_second="5",
        end_date="12/31/2026",
    ),
]
EXPORT = api.SegmentExport(
    endpoint_id=10001,
    segment_id=7,
    destination_endpoint_id=20002,
    source_identifiers=("email",),
    destination_identifier="email",
    update_identities=False,
)
EXPORTS = [
    EXPORT,
    *(EXPORT.model_copy(update={"schedule_details": schedule}) for schedule in SCHEDULES),
    *(
        api.SegmentExport(
            endpoint_id=BIG,
            segment_id_string=ODD,
            segment_name=ODD,
            destination_endpoint_id=BIG,
            destination_segment_name=ODD,
            destination_segment_description=ODD,
            destination_segment_id=ODD,
            export_category="",
            action=action,
            source_identifiers=("email", ODD),
            destination_identifier=ODD,
            attribute_mappings={ODD: "city"},
            update_identities=True,
            min_count=0,
        )
        for action in ("add", "replace", "remove")
    ),
]
IMPORTS = [
    api.IdentityImport(endpoint_id=BIG, segment_id=BIG),
    *(
        api.IdentityImport(
            endpoint_id=10001,
            segment_id_string=ODD,
            database_id="db-1",
            source_identifiers=("email", ODD),
            schedule_details=schedule,
        )
        for schedule in SCHEDULES
    ),
]
PERSON = (
    api.EventIdentifier(name="cookieId", value="455739626"),
    api.EventIdentifier(name="email", value=ODD, is_original=True),
)
MOMENT = datetime(2026, 9, 1, 8, 30, tzinfo=UTC)
EVENT = api.Event(
    code="cartAbandonment",
    timestamp=MOMENT,
    attributes=(
        api.EventAttribute(name="quantity", value="4", type="integer"),
        api.EventAttribute(name=ODD, value=""),
    ),
)
PUBLICATIONS = [
    api.EventPublication(channel="web", identifiers=PERSON, events=(EVENT,)),
    api.EventPublication(channel="web", events=(EVENT, api.Event(code="x", timestamp=MOMENT))),
    api.EventPublication(
        events=(
            api.Event(code="x", timestamp=MOMENT, channel="web", identifiers=PERSON),
            api.Event(code="y", timestamp=MOMENT, channel="mobile", identifiers=PERSON[:1]),
        )
    ),
]
EVENT_TYPES = [
    api.EventTypeDefinition(code="cartAbandonment", name="Cart abandonment"),
    api.EventTypeDefinition(code=ODD, name=ODD, description=ODD),
]
QUERIES = [
    api.EndpointQuery(),
    api.EndpointQuery(source=True, destination=True),
    api.EndpointQuery(source=False, destination=False, event=True, load_events=True),
    api.EndpointQuery(
        segment=True,
        load_segments=True,
        include_segment_id_string=True,
        page_size=20,
        start_record=1,
        search_by_name=ODD,
        search_by_description=ODD,
    ),
    api.EndpointQuery(endpoint_id=BIG, include_billing=True),
]
STATUSES = sorted(
    api.WAITING_TO_RECEIVE_DATA | api.READY_FOR_DOWNLOAD | api.COMPLETE | api.FAILED | api.ON_THE_WAY
)

USES: list[Use] = [
    *(use("register_endpoint", one) for one in REGISTRATIONS),
    *(use("register_endpoint", one, 10001) for one in REGISTRATIONS),
    use("list_endpoints"),
    *(use("list_endpoints", query) for query in QUERIES),
    *(
        use(method, *given)
        for method in ("delete_endpoint", "enable_endpoint", "disable_endpoint")
        for given in ((), (10001,))
    ),
    use("set_endpoint_database", api.EndpointDatabase(database_id="db-1")),
    use(
        "set_endpoint_database",
        api.EndpointDatabase(database_id=ODD, endpoint_id=BIG, marketing_database_name=ODD),
    ),
    use("set_endpoint_attributes", {"user": "someone"}),
    use("set_endpoint_attributes", {"user": "someone", ODD: ODD, "empty": ""}),
    use("report_endpoint_failure", 10001, "no such account"),
    use("report_endpoint_failure", 10001, "ä" * (api.LARGEST_REASON // 2)),
    use("report_endpoint_failure", 10001, "a" * api.LARGEST_REASON),
    use("get_endpoint_status", 10001),
    use("add_segments", 10001, SEGMENTS[:1]),
    use("add_segments", 10001, SEGMENTS),
    use("replace_segments", 10001, SEGMENTS[:1]),
    use("replace_segments", 10001, SEGMENTS),
    use("delete_segments", 10001),
    use("delete_segment", 10001, 7),
    use("get_segment", 10001, 7),
    *(use("export_segment", export) for export in EXPORTS),
    *(use("import_identities", one) for one in IMPORTS),
    use("refresh_segments"),
    *(use("list_jobs", category) for category in get_args(api.JobCategory)),
    *(
        use("list_jobs", "SEGMENT_EXPORT", endpoint_id=10001, status=status, extra_fields=True)
        for status in STATUSES
    ),
    use("list_jobs", "SEGMENT_EXPORT", extra_fields=False),
    *(use("get_job", category, 5) for category in get_args(api.JobCategory)),
    use("upload_job_data", 5, AUDIENCE),
    use("upload_job_data", 5, AUDIENCE, "text/csv"),
    use("download_segment_data", 5, "part-1.csv", FOLDER / "downloaded.csv"),
    *(use("publish_events", publication) for publication in PUBLICATIONS),
    *(
        use(method, event_type)
        for method in ("create_event_type", "update_event_type")
        for event_type in EVENT_TYPES
    ),
    use("list_identity_filters"),
]
