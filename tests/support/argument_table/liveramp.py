"""LiveRamp's arguments: from the docstrings and the description of the Activation API."""

from __future__ import annotations

from argument_table.audience import SHOWN
from argument_table.common import AT_ONCE, CANCELS, DELETES, MAKES, SENSES, SOON, WAITS, WATCHES, Notifier
from argument_table.kinds import (
    CONNECTION_ID,
    DAY,
    FLAG,
    ID,
    LIST_OF_IDS,
    LIST_OF_WORDS,
    MAPPING,
    MARK,
    NAME,
    OBJECTS,
    TIMESTAMP,
    WORD,
    Arguments,
    Kind,
    Row,
    has,
    may,
    need,
)

CONNECTED: Arguments = {"liveramp_conn_id": has(CONNECTION_ID, "walk_liveramp", "walk_liveramp_elsewhere")}
HERE = {"liveramp_conn_id": "walk_liveramp"}
SEGMENTS = Kind(
    "list of ids and mappings",
    (
        5,
        True,
        1.5,
        "5000000001",
        [["5"]],
        [{"segmentID": 1.5}],
        [{"segmentID": None}],
        [{"segmentID": "None"}],
    ),
    items=ID,
    scalar=False,
)
SEGMENT_TYPE = has(WORD, "DATA_MARKETPLACE", "ONBOARDING")
DEVICE_TYPES = ("PII", ["FRIDGE"])

MANAGER = need(ID, "8000001", "8000002")
CONNECTION = need(ID, "7000001", "7000002")

ROWS: dict[str, Row] = {
    "operators.liveramp.LiveRampAuthorizeOAuthConnectionOperator": Row(
        {
            **CONNECTED,
            **WAITS,
            "destination_id": need(ID, "1001", "1003"),
            "integration_id": need(ID, "2001", "2003"),
            "oauth_connection_id": may(ID, "oc-1", "oc-2"),
            "if_exists": has(WORD, "create"),
            "notifiers": has(OBJECTS, [Notifier()]),
        },
        HERE | AT_ONCE,
    ),
    "operators.liveramp.LiveRampCreateIntegrationConnectionOperator": Row(
        {
            **CONNECTED,
            **MAKES,
            "destination_id": need(ID, "1002", "1004"),
            "integration_id": need(ID, "2002", "2004"),
            "properties": need(MAPPING, {"bucket": "audiences"}, {"bucket": "others"}),
            "device_types": need(LIST_OF_WORDS, ["PII"], ["WEB"], wrong=DEVICE_TYPES),
            "oauth_connection_id": may(ID, "oc-1", "oc-2"),
            "distribution_manager_name": may(NAME, "Daily", "Weekly"),
            "if_exists": has(WORD, "fail"),
            "mark_submission": has(MARK, "prefix"),
        },
        HERE,
    ),
    "operators.liveramp.LiveRampUpdateIntegrationConnectionOperator": Row(
        {
            **CONNECTED,
            "integration_connection_id": CONNECTION,
            "properties": may(MAPPING, {"bucket": "audiences"}, {"bucket": "others"}),
            "device_types": may(LIST_OF_WORDS, ["WEB"], ["IOS"], wrong=DEVICE_TYPES),
            "oauth_connection_id": may(ID, "oc-1", "oc-2"),
        },
        HERE,
    ),
    "operators.liveramp.LiveRampDeleteIntegrationConnectionOperator": Row(
        {**CONNECTED, **DELETES, "integration_connection_id": CONNECTION}, HERE
    ),
    "operators.liveramp.LiveRampCreateDistributionManagerOperator": Row(
        {
            **CONNECTED,
            **MAKES,
            "name": need(NAME, "Daily", "Weekly"),
            "integration_connection_id": CONNECTION,
            "status": may(WORD, "ACTIVE", "INACTIVE"),
            "expire_at": may(DAY, "2027-12-31", "2027-12-30"),
            "if_exists": has(WORD, "create"),
            "mark_submission": has(MARK, "prefix", False, beside={"if_exists": "create"}),
        },
        HERE,
    ),
    "operators.liveramp.LiveRampUpdateDistributionManagerOperator": Row(
        {
            **CONNECTED,
            "distribution_manager_id": MANAGER,
            "name": may(NAME, "Daily", "Weekly"),
            "status": may(WORD, "INACTIVE"),
            "expire_at": may(DAY, "2027-12-31", "2027-12-30"),
            "never_expires": has(FLAG, True, False),
        },
        HERE,
    ),
    "operators.liveramp.LiveRampDeleteDistributionManagerOperator": Row(
        {**CONNECTED, **DELETES, "distribution_manager_id": MANAGER}, HERE
    ),
    "operators.liveramp.LiveRampDistributeSegmentsOperator": Row(
        {
            **CONNECTED,
            **WAITS,
            **CANCELS,
            "distribution_manager_id": MANAGER,
            "segments": need(
                SEGMENTS,
                ["5000000003", {"segmentID": "5000000004", "segmentType": "DATA_MARKETPLACE"}],
                ["5000000005"],
            ),
            "segment_type": SEGMENT_TYPE,
            "manifest": SHOWN,
        },
        HERE | AT_ONCE,
    ),
    "operators.liveramp.LiveRampWithdrawSegmentsOperator": Row(
        {
            **CONNECTED,
            "distribution_manager_id": MANAGER,
            "segment_ids": need(LIST_OF_IDS, ["5000000001"], ["5000000002"]),
            "segment_type": SEGMENT_TYPE,
        },
        HERE,
    ),
    "sensors.liveramp.LiveRampOAuthConnectionSensor": Row(
        {
            **CONNECTED,
            **SENSES,
            "attempt_id": need(ID, "attempt-1", "attempt-2"),
            # what is there already is returned, simulated or not
            "simulate": has(FLAG, True),
        },
        HERE | SOON,
    ),
    "sensors.liveramp.LiveRampSegmentSyncSensor": Row(
        {
            **CONNECTED,
            **SENSES,
            "segment_ids": need(LIST_OF_IDS, ["5000000001"], ["5000000002"]),
            "segment_type": SEGMENT_TYPE,
            "integration_connection_id": may(ID, "7000001"),
        },
        HERE | SOON,
    ),
    "sensors.liveramp.LiveRampDeliverySensor": Row(
        {
            **CONNECTED,
            **SENSES,
            "integration_connection_id": CONNECTION,
            "segment_ids": need(LIST_OF_IDS, ["5000000001"], ["5000000002"]),
            "updated_after": may(TIMESTAMP, "2026-01-01T00:00:00+00:00"),
        },
        HERE | SOON,
    ),
    "triggers.liveramp.LiveRampDeliveryTrigger": Row(
        {
            **CONNECTED,
            **WATCHES,
            "integration_connection_id": CONNECTION,
            "segment_ids": may(LIST_OF_IDS, ["5000000001"]),
            "statuses": has(LIST_OF_WORDS, ["FAILED"], wrong=(["PENDING"],)),
        },
        HERE,
    ),
}
