"""Acoustic Exchange's arguments: from the docstrings and its documents on both levels."""

from __future__ import annotations

from typing import Any

from argument_table.audience import SHOWN
from argument_table.common import AT_ONCE, DELETES, FOLDER, MAKES, SENSES, SOON, WAITS, WATCHES
from argument_table.kinds import (
    CONNECTION_ID,
    FLAG,
    ID,
    JSON,
    JSON_LIST,
    LEFT_OUT,
    LIST_OF_IDS,
    LIST_OF_TEXTS,
    LIST_OF_WORDS,
    MAPPING,
    MARK,
    NAME,
    NAN,
    PATH,
    PLACES,
    TEXT,
    WHOLE_ID,
    WHOLE_NUMBER,
    WORD,
    Arguments,
    Row,
    has,
    may,
    need,
)

CONNECTED: Arguments = {
    "acoustic_exchange_conn_id": has(
        CONNECTION_ID, "walk_acoustic_exchange", "walk_acoustic_exchange_elsewhere"
    )
}
OWN: Arguments = {"acoustic_exchange_conn_id": has(CONNECTION_ID, "walk_endpoint", "walk_endpoint_elsewhere")}
ACCOUNT_KEY = {"acoustic_exchange_conn_id": "walk_acoustic_exchange"}
OWN_KEY = {"acoustic_exchange_conn_id": "walk_endpoint"}
ENDPOINT = need(WHOLE_ID, 10001, 10002)
ACCOUNTS_ENDPOINT = may(WHOLE_ID, 10001, 10002, beside=ACCOUNT_KEY)
"""Left out with the endpoint's own key."""
SEGMENT, OTHER_SEGMENT = 8000000000000001152, 8000000000000001153
PUSHES: dict[str, Any] = {"segment": {"source": {"enabled": True, "producerType": "push"}}}
PULLED: dict[str, Any] = {"segment": {"source": {"enabled": True, "producerType": "pull"}}}
DATABASES: dict[str, Any] = {
    "marketingDatabases": [{"name": "Customers", "identifiers": [{"name": "email", "type": "String"}]}]
}
OTHER_DATABASES: dict[str, Any] = {
    "marketingDatabases": [{"name": "Others", "identifiers": [{"name": "email", "type": "String"}]}]
}
OFFERED: list[dict[str, Any]] = [{"name": "Win-back", "id": SEGMENT}]
SCHEDULE = {
    "timeSliceStartDate": "01/01/2027",
    "timeSliceEndDate": "01/02/2027",
    "runNow": True,
}
OTHER_SCHEDULE = {**SCHEDULE, "timeSliceEndDate": "01/03/2027"}
SCHEDULED = may(
    JSON, SCHEDULE, OTHER_SCHEDULE, wrong=({"runNow": "soon"}, {"startHour": "25"}, {"startHour": NAN})
)
SOURCED: Arguments = {
    "endpoint_id": ENDPOINT,
    "segment_id": may(WHOLE_ID, SEGMENT, OTHER_SEGMENT, beside={"segment_id_string": LEFT_OUT}),
    "segment_id_string": may(ID, "lapsed", "active", beside={"segment_id": LEFT_OUT}),
    "schedule_details": SCHEDULED,
}
ON_NEEDS_ACTION = has(WORD, "fail")
CATEGORY = has(WORD, "IDENTITY_IMPORT", "SEGMENT_EXPORT")

ROWS: dict[str, Row] = {
    "operators.acoustic_exchange.AcousticExchangeRegisterEndpointOperator": Row(
        {
            **OWN,
            "endpoint_id": ACCOUNTS_ENDPOINT,
            "name": need(NAME, "Shop", "Store"),
            "provider_name": need(NAME, "Example", "Sample"),
            "endpoint_types": may(
                JSON,
                PUSHES,
                PULLED,
                wrong=({"audience": PUSHES["segment"]}, {"segment": {"source": "push"}}),
            ),
            "description": may(TEXT, "Sells", "Buys"),
            "url": may(TEXT, "https://shop.example/in", "https://shop.example/out", digits=False),
            "hash_algorithm": may(WORD, "SHA256", "MD5"),
            "marketing_databases_definition": may(
                JSON, DATABASES, OTHER_DATABASES, wrong=({"marketingDatabases": "a"},)
            ),
            "notification_key": may(TEXT, "12", "13"),
        },
        OWN_KEY,
    ),
    **{
        f"operators.acoustic_exchange.AcousticExchange{verb}EndpointOperator": Row(
            {**CONNECTED, "endpoint_id": ACCOUNTS_ENDPOINT}, ACCOUNT_KEY | {"endpoint_id": 10003}
        )
        for verb in ("Enable", "Disable")
    },
    "operators.acoustic_exchange.AcousticExchangeDeleteEndpointOperator": Row(
        {**CONNECTED, **DELETES, "endpoint_id": ACCOUNTS_ENDPOINT}, ACCOUNT_KEY | {"endpoint_id": 10003}
    ),
    "operators.acoustic_exchange.AcousticExchangeSetEndpointDatabaseOperator": Row(
        {
            **OWN,
            "endpoint_id": may(WHOLE_ID, 10001, 10002),
            "database_id": need(ID, "db-1", "db-2"),
            "marketing_database_name": may(NAME, "Customers", "Others"),
        },
        OWN_KEY,
    ),
    "operators.acoustic_exchange.AcousticExchangeSetEndpointAttributesOperator": Row(
        {
            **OWN,
            "attributes": may(MAPPING, {"user": "exchange"}, {"user": "other"}),
            "credentials_conn_id": may(
                CONNECTION_ID,
                "walk_credentials",
                "walk_other_credentials",
                beside={"credentials": {"secret": "password"}},
            ),
            "credentials": may(
                PLACES,
                {"secret": "password"},
                {"secret": "login"},
                beside={"credentials_conn_id": "walk_credentials"},
            ),
        },
        OWN_KEY | {"attributes": {"user": "exchange"}},
    ),
    "operators.acoustic_exchange.AcousticExchangeReportEndpointFailureOperator": Row(
        {**OWN, "endpoint_id": ENDPOINT, "reason": need(NAME, "Not reachable", "Too slow")}, OWN_KEY
    ),
    "operators.acoustic_exchange.AcousticExchangeExportSegmentOperator": Row(
        {
            **CONNECTED,
            **WAITS,
            **MAKES,
            **SOURCED,
            "destination_endpoint_id": need(WHOLE_ID, 20002, 20003),
            "source_identifiers": need(LIST_OF_TEXTS, ["email"], ["phone"]),
            "destination_identifier": need(NAME, "email", "phone"),
            "update_identities": need(FLAG, True, False),
            "segment_name": may(TEXT, "Win-back", "Other"),
            "destination_segment_name": may(NAME, "Win-back", "Other"),
            "destination_segment_description": may(TEXT, "Lapsed", "Active"),
            "destination_segment_id": may(ID, "77", "78", beside={"action": "add"}),
            "export_category": may(TEXT, "daily", "weekly"),
            "action": may(WORD, "replace", "remove", beside={"destination_segment_id": "77"}),
            "attribute_mappings": may(MAPPING, {"city": "town"}, {"city": "place"}),
            "min_count": may(WHOLE_NUMBER, 100, 200),
            "on_needs_action": ON_NEEDS_ACTION,
            "mark_submission": has(MARK, "prefix", False),
            "manifest": SHOWN,
        },
        ACCOUNT_KEY | AT_ONCE | {"segment_id": SEGMENT},
    ),
    "operators.acoustic_exchange.AcousticExchangeImportIdentitiesOperator": Row(
        {
            **CONNECTED,
            **WAITS,
            **MAKES,
            **SOURCED,
            "database_id": may(ID, "db-1", "db-2"),
            "source_identifiers": may(LIST_OF_TEXTS, ["email"], ["phone"]),
            "on_needs_action": ON_NEEDS_ACTION,
        },
        ACCOUNT_KEY | AT_ONCE | {"segment_id": SEGMENT},
    ),
    "operators.acoustic_exchange.AcousticExchangeRefreshSegmentsOperator": Row(
        {**CONNECTED, **WAITS, **MAKES, "on_needs_action": ON_NEEDS_ACTION}, ACCOUNT_KEY | AT_ONCE
    ),
    "operators.acoustic_exchange.AcousticExchangeUploadJobDataOperator": Row(
        {
            **CONNECTED,
            **WAITS,
            "job_id": need(WHOLE_ID, 31, 41),
            "file": need(PATH, str(FOLDER / "audience.csv"), str(FOLDER / "other.csv")),
            "job_category": CATEGORY,
            "content_type": may(NAME, "text/csv", "text/plain", digits=False),
            "registration": may(JSON, {"marketing_databases_definition": DATABASES}, wrong=({"name": "a"},)),
        },
        ACCOUNT_KEY | AT_ONCE,
    ),
    "operators.acoustic_exchange.AcousticExchangeDownloadSegmentDataOperator": Row(
        {
            **CONNECTED,
            "job_id": need(WHOLE_ID, 32, 42),
            "directory": need(PATH, str(FOLDER / "in")),
            "file_names": may(LIST_OF_TEXTS, ["b.csv"], ["c.csv"]),
            "job_category": CATEGORY,
        },
        ACCOUNT_KEY,
    ),
    "operators.acoustic_exchange.AcousticExchangeDefineSegmentsOperator": Row(
        {
            **OWN,
            "endpoint_id": ENDPOINT,
            "segments": need(
                JSON_LIST,
                OFFERED,
                [{**OFFERED[0], "name": "Other"}],
                wrong=(
                    OFFERED[0],
                    [{"name": "Win-back"}],
                    [{"name": "Win-back", "id": 1.5}],
                    [{"name": "Win-back", "id": True}],
                    [{"name": "Win-back", "id": None}],
                    [{"name": 1.5, "id": SEGMENT}],
                ),
            ),
            "mode": has(WORD, "replace", "append"),
        },
        OWN_KEY,
    ),
    "operators.acoustic_exchange.AcousticExchangeDeleteSegmentsOperator": Row(
        {
            **OWN,
            "endpoint_id": ENDPOINT,
            "segment_ids": may(LIST_OF_IDS, ["80001"], ["lapsed"]),
            "all_segments": has(FLAG, True, beside={"segment_ids": LEFT_OUT}),
        },
        OWN_KEY | {"segment_ids": ["80001"]},
    ),
    "sensors.acoustic_exchange.AcousticExchangeJobSensor": Row(
        {
            **CONNECTED,
            **SENSES,
            "job_id": need(WHOLE_ID, 33, 43),
            "job_category": CATEGORY,
            "target_statuses": has(LIST_OF_WORDS, ["COMPLETE"], wrong=(["DONE"],)),
            "on_needs_action": has(WORD, "return"),
        },
        ACCOUNT_KEY | SOON,
    ),
    "sensors.acoustic_exchange.AcousticExchangeEndpointStatusSensor": Row(
        {
            **OWN,
            **SENSES,
            "endpoint_id": ENDPOINT,
            "target_statuses": has(LIST_OF_WORDS, ["ACTIVE"], wrong=(["active"],)),
        },
        OWN_KEY | SOON,
    ),
    "triggers.acoustic_exchange.AcousticExchangeJobTrigger": Row(
        {
            **CONNECTED,
            **WATCHES,
            "job_category": has(WORD, "IDENTITY_IMPORT"),
            "target_statuses": need(LIST_OF_WORDS, ["COMPLETE"], wrong=(["DONE"],)),
            "endpoint_id": may(WHOLE_ID, 10001),
        },
        ACCOUNT_KEY,
    ),
}
