"""Actions: extractions of sources and writes of flows, with their request bodies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from airflow_provider_activation.sandbox.core import checks
from airflow_provider_activation.sandbox.core.errors import Invalid
from airflow_provider_activation.sandbox.core.reading import Fields, Optional, record
from airflow_provider_activation.sandbox.dataddo.runs import Runs
from airflow_provider_activation.sandbox.dataddo.schedule import Schedule, schedule_of_action
from airflow_provider_activation.sandbox.dataddo.source_body import STRATEGIES, date_range

STATUSES = ("live", "running", "retrying", "broken", "inactive")

# Fields about the runs of an action. A request may contain them, and they are ignored.
SAID_OF_RUNS = (
    "status_detail",
    "duration",
    "object_id",
    "object_type",
    "type",
    "customer_id",
    "last_execution",
    "next_execution",
    "error_count",
    "is_being_processed",
)
SAID_BY_STATUS = ("lastRunStarted", "lastRunFinished", "description")


@dataclass
class Action:
    """The extraction of a source, or the write of a flow.

    `on_error_retry_timeout` is in seconds. It is stored and has no effect on retries.
    """

    runs: Runs
    schedule: Schedule
    storage_strategy: str | None = None
    on_error_retry_timeout: int = 0

    def as_json(self, now: float) -> dict[str, Any]:
        """The public fields."""
        return {
            **self.runs.action(now),
            "on_error_retry_timeout": self.on_error_retry_timeout,
            "schedule": self.schedule,
            "storage_strategy": self.storage_strategy,
        }

    def change(self, given: dict[str, Any], now: float) -> None:
        """Apply the result of `read_action`. Missing fields keep their values."""
        if given["status"] is not None:
            self.runs.set_status(given["status"], now)
        self.schedule = given["schedule"] or self.schedule
        self.storage_strategy = given["storage_strategy"] or self.storage_strategy
        if "on_error_retry_timeout" in given:
            self.on_error_retry_timeout = given["on_error_retry_timeout"]


def read_extraction(body: object) -> dict[str, Any]:
    """Read the optional body of an extraction. It has two days or a relative range, not both."""
    fields = Fields(body)
    one_day = checks.nullable(checks.day("%Y-%m-%d", "a day written YYYY-MM-DD"))
    first, last = fields.may("dateFrom", one_day), fields.may("dateTo", one_day)
    expression = fields.may("dateRangeExpression", checks.nullable(date_range(braces=None)))
    fields.may("storageStrategy", checks.nullable(checks.one_of(*STRATEGIES)))
    fields.may("url", checks.nullable(checks.url))
    fields.may("limit", checks.nullable(checks.pattern(r"[1-9][0-9]*", "a number in a string")))
    fields.end()
    if (first is None) != (last is None):
        raise Invalid("dateFrom and dateTo belong together")
    if first is not None and expression is not None:
        raise Invalid("give dateFrom and dateTo, or dateRangeExpression, not both")
    if first and last and checks.parse_day(first, "%Y-%m-%d") > checks.parse_day(last, "%Y-%m-%d"):
        raise Invalid("dateFrom must not be later than dateTo")
    return checks.any_object(body, "the body")


def read_action(body: object, action_id: str) -> dict[str, Any]:
    """Read the fields of an action that a request changes. All are optional. The id must be the right one."""
    fields = Fields(body)
    _same(fields, "id", action_id)
    given: dict[str, Any] = {
        "status": fields.may("status", checks.one_of(*STATUSES)),
        "schedule": fields.may("schedule", schedule_of_action),
        "storage_strategy": fields.may("storage_strategy", checks.nullable(checks.one_of(*STRATEGIES))),
    }
    if "on_error_retry_timeout" in fields:
        given["on_error_retry_timeout"] = fields.may("on_error_retry_timeout", checks.integer(0))
    for name in SAID_OF_RUNS:
        fields.may(name, checks.anything)
    fields.end()
    return given


def read_status(body: object, action_id: str) -> str:
    """Read a new status. By default it is live, which starts the action again."""
    fields = Fields(body)
    _same(fields, "actionId", action_id)
    status = fields.may("status", checks.one_of(*STATUSES))
    for name in SAID_BY_STATUS:
        fields.may(name, checks.anything)
    fields.end()
    return status or "live"


def _same(fields: Fields, name: str, action_id: str) -> None:
    given = fields.may(name, checks.filled_text)
    if given not in (None, action_id):
        raise Invalid(f"{name} is not the action in question: {given}")


def read_write(body: object) -> dict[str, Any]:
    """Read the optional body of a write."""
    return record({"skipRulesValidation": Optional(checks.boolean)})(body, "")
