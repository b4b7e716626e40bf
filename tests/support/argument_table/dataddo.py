"""Dataddo's arguments: from the docstrings, the description of the headless API and the design of names."""

from __future__ import annotations

from typing import Any

from argument_table.common import AT_ONCE, CANCELS, DELETES, MAKES, SENSES, SOON, WAITS, WATCHES
from argument_table.kinds import (
    CONNECTION_ID,
    DAY,
    ID,
    JSON,
    LEFT_OUT,
    LIST_OF_IDS,
    LIST_OF_WORDS,
    MARK,
    NAME,
    PLACES,
    TIMESTAMP,
    WORD,
    Arguments,
    Row,
    has,
    may,
    need,
)

CONNECTED: Arguments = {"dataddo_conn_id": has(CONNECTION_ID, "walk_dataddo", "walk_dataddo_elsewhere")}
HERE = {"dataddo_conn_id": "walk_dataddo"}
PARAMETERS: dict[str, Any] = {
    "organizationId": "org-1",
    "accountId": "acc-1",
    "metrics": ["spend"],
    "dateRange": "30d1",
    "strategy": "incremental",
}
OTHER_PARAMETERS = {**PARAMETERS, "metrics": ["clicks"]}
KNOWN: dict[str, Any] = {"service": LEFT_OUT, "credentials_conn_id": LEFT_OUT, "service_id": "1000"}
"""An authorised service that exists, so that the steps after it are reached."""
AUTHORISES: Arguments = {
    "service": need(NAME, "snapchat_static", "facebook_static"),
    "credentials_conn_id": may(CONNECTION_ID, "walk_credentials", "walk_other_credentials"),
    "credentials": may(PLACES, {"staticKey": "password"}, {"staticKey": "login"}),
    "service_id": may(ID, "1000", "1001", beside={"credentials_conn_id": LEFT_OUT}),
    "service_label": may(NAME, "Authorised", "Other"),
}
BY_CREDENTIALS = {"credentials_conn_id": "walk_credentials"}
EXISTING: Arguments = {"if_exists": has(WORD, "create"), "mark_submission": has(MARK, "prefix")}
CONNECTOR = need(NAME, "snapchat", "mailchimp")
MARKED = {"mark_submission": has(MARK, "prefix", "suffix", beside={"if_exists": "create"})}
RUN: Arguments = {"finished_after": may(TIMESTAMP, "2026-01-01T00:00:00+00:00")}

SPELLING: Arguments = {
    "key_style": may(WORD, "snake_case", "camelCase"),
    "oauth_id_type": may(WORD, "number", "text"),
}
SPELLING_HERE: Arguments = {
    "key_style": may(WORD, "snake_case", "camelCase", beside=KNOWN),
    "oauth_id_type": may(WORD, "number", "text", beside=KNOWN),
}

ROWS: dict[str, Row] = {
    "operators.dataddo.DataddoCreateServiceOperator": Row(
        {**CONNECTED, **MAKES, **AUTHORISES, **EXISTING}, HERE | BY_CREDENTIALS
    ),
    "operators.dataddo.DataddoCreateSourceOperator": Row(
        {
            **CONNECTED,
            **MAKES,
            **EXISTING,
            **MARKED,
            "connector_id": CONNECTOR,
            "source_label": need(NAME, "Insights", "Others"),
            "service_id": may(ID, "1000", "1001"),
            "parameters": need(JSON, PARAMETERS, OTHER_PARAMETERS),
            **SPELLING,
        },
        HERE | {"service_id": "1000"},
    ),
    "operators.dataddo.DataddoCreateFlowOperator": Row(
        {
            **CONNECTED,
            **MAKES,
            **EXISTING,
            **MARKED,
            "source_ids": need(LIST_OF_IDS, ["60f1"], ["60f2"]),
            "app": need(NAME, "google_data_studio", "power_bi"),
            "flow_label": need(NAME, "Spend", "Others"),
        },
        HERE,
    ),
    "operators.dataddo.DataddoBuildFlowOperator": Row(
        {
            **CONNECTED,
            **MAKES,
            **EXISTING,
            **AUTHORISES,
            "service": may(NAME, "snapchat_static", "facebook_static"),
            "service_id": may(ID, "1000", "1001", beside=KNOWN),
            "connector_id": need(NAME, "snapchat", "mailchimp", beside=KNOWN),
            "source_label": need(NAME, "Insights", "Others", beside=KNOWN),
            "source_parameters": need(JSON, PARAMETERS, OTHER_PARAMETERS, beside=KNOWN),
            **SPELLING_HERE,
            "flow_label": need(NAME, "Spend", "Others", beside=KNOWN),
            "app": need(NAME, "google_data_studio", "power_bi", beside=KNOWN),
        },
        HERE | BY_CREDENTIALS | {"service": "snapchat_static"},
    ),
    "operators.dataddo.DataddoExtractSourceOperator": Row(
        {
            **CONNECTED,
            **WAITS,
            **MAKES,
            **CANCELS,
            "source_id": need(ID, "60f1", "60f2"),
            "date_from": may(DAY, "2027-01-01", "2027-01-02", beside={"date_to": "2027-01-31"}),
            "date_to": may(DAY, "2027-01-31", "2027-01-30", beside={"date_from": "2027-01-01"}),
            "date_range": may(NAME, "30d1", "1d1", digits=False),
            "storage_strategy": may(NAME, "clean", "incremental", digits=False),
        },
        HERE | AT_ONCE,
    ),
    "operators.dataddo.DataddoWriteFlowOperator": Row(
        {**CONNECTED, **WAITS, **MAKES, **CANCELS, "flow_id": need(ID, "60f1", "60f2")}, HERE | AT_ONCE
    ),
    "operators.dataddo.DataddoDeleteServiceOperator": Row(
        {**CONNECTED, **DELETES, "service_id": need(ID, "1000", "1001")}, HERE
    ),
    "operators.dataddo.DataddoDeleteSourceOperator": Row(
        {**CONNECTED, **DELETES, "source_id": need(ID, "60f1", "60f2")}, HERE
    ),
    "operators.dataddo.DataddoDeleteFlowOperator": Row(
        {**CONNECTED, **DELETES, "flow_id": need(ID, "60f1", "60f2")}, HERE
    ),
    "sensors.dataddo.DataddoSourceSensor": Row(
        {**CONNECTED, **SENSES, **RUN, "source_id": need(ID, "60f1", "60f2")}, HERE | SOON
    ),
    "sensors.dataddo.DataddoFlowSensor": Row(
        {**CONNECTED, **SENSES, **RUN, "flow_id": need(ID, "60f1", "60f2")}, HERE | SOON
    ),
    "triggers.dataddo.DataddoFlowTrigger": Row(
        {
            **CONNECTED,
            **WATCHES,
            "flow_id": need(ID, "60f1"),
            "statuses": has(LIST_OF_WORDS, ["broken"], wrong=(["running"],)),
        },
        HERE,
    ),
}
