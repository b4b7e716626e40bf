"""The request body that describes a Snapchat source."""

from __future__ import annotations

import re
from typing import Any

from airflow_provider_activation.sandbox.core import checks
from airflow_provider_activation.sandbox.core.checks import Check
from airflow_provider_activation.sandbox.core.errors import Invalid
from airflow_provider_activation.sandbox.core.reading import Fields
from airflow_provider_activation.sandbox.dataddo.catalogue import (
    ACCOUNTS,
    BREAKDOWNS,
    LABELS,
    METRICS,
    ORGANISATIONS,
    SNAPCHAT,
    TEMPLATES,
)
from airflow_provider_activation.sandbox.dataddo.schedule import FREQUENCIES, part, timezone

# The two strategies in the documents. There is no complete list.
STRATEGIES = ("incremental", "clean")


def date_range(braces: bool | None) -> Check[str]:
    """A date range like {{30d1}}: with braces, without them, or (None) either."""

    def check(value: object, where: str) -> str:
        written = checks.text(value, where)
        found = re.fullmatch(r"(\{\{)?(\d+)[dwmy](\d+)(\|[^{}|]+)?(\}\})?", written, re.ASCII)
        if found is None or bool(found[1]) != bool(found[5]) or braces not in (None, bool(found[1])):
            raise Invalid(f"{where} must be a date range such as {'30d1' if braces is False else '{{30d1}}'}")
        if int(found[2]) < int(found[3]):
            raise Invalid(f"{where} ends before it begins")
        return written

    return check


# One document has a number, the other a string.
oauth_id: Check[int | str] = checks.either(checks.integer(1), checks.filled_text)


def _null(value: object, where: str) -> None:
    if value is not None:
        raise Invalid(f"{where} must be null")


def read_snapchat_source(body: object) -> tuple[dict[str, Any], int | str]:
    """Read the body; return it unchanged, with its oAuthId."""
    fields = Fields(body)
    service = fields.need("oAuthId", oauth_id)
    frequency = fields.may("sync_frequency", checks.one_of(*FREQUENCIES))
    required: dict[str, Check[Any]] = {
        "connectorId": checks.one_of(SNAPCHAT),
        "templateId": checks.one_of(*TEMPLATES),
        "storageStrategy": checks.one_of(*STRATEGIES),
        "organizationId": checks.one_of(*ORGANISATIONS),
        "accountId": checks.filled_text,
        "label": checks.filled_text,
        "breakdown": checks.one_of(*BREAKDOWNS),
        "metrics": checks.array(checks.one_of(*METRICS), minimum=1, unique=True),
        "labels": checks.array(checks.one_of(*LABELS), minimum=1, unique=True),
        "action_report_time": checks.filled_text,
        "swipe_up_attribution_window": checks.filled_text,
        "view_attribution_window": checks.filled_text,
        "dateRange": date_range(braces=True),
    }
    optional: dict[str, Check[Any]] = {
        "dateRangePreview": date_range(braces=True),
        "strategy": checks.one_of(*STRATEGIES),
        **{name: part(name, frequency) for name in ("day_of_week", "day_of_month", "hour", "minute")},
        "timezone": timezone,
        "search": checks.text,
        "request": _null,
        "type": checks.one_of(SNAPCHAT),
        "ensureDataTypes": checks.any_object,
        "allowEmpty": checks.boolean,
        "nullableFields": checks.boolean,
    }
    for name, check in required.items():
        fields.need(name, check)
    for name, check in optional.items():
        fields.may(name, check)
    fields.end()
    given = checks.any_object(body, "the body")
    if given["accountId"] not in ACCOUNTS[str(given["organizationId"])]:
        raise Invalid(f"accountId names no account of {given['organizationId']}")
    return given, service
