"""Dataddo's runs: extractions of a source, writes of a flow, their log, and the status that lags behind."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from airflow_provider_activation.sandbox.dataddo_source import STRATEGIES, date_range
from airflow_provider_activation.sandbox.messages import Refused
from airflow_provider_activation.sandbox.reading import (
    Fields,
    Invalid,
    boolean,
    day,
    either,
    filled_text,
    integer,
    one_of,
    parse_day,
    url,
)
from airflow_provider_activation.sandbox.service import iso

ATTEMPTS = 3
LOG_ENTRIES = 20

REASON = "Snapchat answered 500 Internal Server Error"

DESCRIPTIONS = {
    "broken": "The run failed three times.",
    "inactive": "The action was deactivated.",
}

# Only the names are documented, and none as required.
ACTION_FIELDS = (
    "status_detail",
    "duration",
    "last_execution",
    "next_execution",
    "error_count",
    "is_being_processed",
    "on_error_retry_timeout",
    "schedule",
    "storage_strategy",
)


@dataclass(frozen=True)
class Run:
    """One run, whose whole course is known when it is enqueued."""

    started: float
    finished: float
    fails: bool
    stopped: bool = False
    """Ended by a deactivation before it was through."""


class Runs:
    """The runs of one source or flow, one after another."""

    def __init__(self, action_id: int, step: float) -> None:
        self.action_id = action_id
        self._step = step
        self._runs: list[Run] = []
        self._deactivated: float | None = None

    def enqueue(self, now: float, fail: bool) -> None:
        """Queue a run; refused while one is in progress, and once they are switched off.

        Between the 202 and its start a run is invisible, and a second request is taken too: that is how
        a careless retry loads everything twice.
        """
        if self._deactivated is not None:
            raise Refused(409, "the action is inactive")
        if any(run.started <= now < run.finished for run in self._runs):
            raise Refused(409, "a run is in progress")
        free = self._runs[-1].finished if self._runs else now
        started = max(now, free) + self._step / 2
        # A run that fails is tried again by Dataddo itself, "retrying", before it is given up as "broken".
        length = self._step * (2 if fail else 1)
        self._runs.append(Run(started, started + length, fail))

    def deactivate(self, now: float) -> None:
        """Switch off: what runs ends now, what is queued never starts."""
        if self._deactivated is not None:
            return
        self._deactivated = now
        self._runs = [
            run if run.finished <= now else replace(run, finished=now, stopped=True)
            for run in self._runs
            if run.started <= now
        ]

    def status(self, now: float) -> dict[str, Any]:
        """What GET status says: the old state until the new run has started."""
        begun = [run for run in self._runs if run.started <= now]
        ended = [run for run in begun if run.finished <= now]
        status = "live"
        if len(ended) < len(begun):
            retrying = begun[-1].fails and now >= begun[-1].started + self._step
            status = "retrying" if retrying else "running"
        elif ended and ended[-1].fails:
            status = "broken"
        if self._deactivated is not None:
            status = "inactive"
        return {
            "actionId": self.action_id,
            "status": status,
            "lastRunStarted": iso(begun[-1].started) if begun else None,
            "lastRunFinished": iso(ended[-1].finished) if ended else None,
            "description": DESCRIPTIONS.get(status, ""),
        }

    def action(self, now: float) -> dict[str, Any]:
        """The Action behind the runs, without what its owner knows: schedule and storage strategy."""
        status = self.status(now)
        ended = [run for run in self._runs if run.finished <= now]
        begun = [run for run in self._runs if run.started <= now]
        last = self._course(begun[-1]) if begun else []
        return {
            "id": self.action_id,
            "status": status["status"],
            "status_detail": status["description"],
            "duration": round(ended[-1].finished - ended[-1].started, 3) if ended else None,
            "last_execution": status["lastRunStarted"],
            # Schedules are kept but not followed here.
            "next_execution": None,
            "error_count": sum(level == "error" and moment <= now for moment, level, _ in last),
            "is_being_processed": any(run.started <= now < run.finished for run in self._runs),
            "on_error_retry_timeout": None,
        }

    def log(self, now: float) -> list[dict[str, Any]]:
        """The latest entries up to now, the newest first."""
        entries = [entry for run in self._runs for entry in self._course(run) if entry[0] <= now]
        if self._deactivated is not None:
            entries.append((self._deactivated, "info", DESCRIPTIONS["inactive"]))
        return [
            {"actionId": self.action_id, "time": iso(moment), "level": level, "message": message}
            for moment, level, message in reversed(entries[-LOG_ENTRIES:])
        ]

    def _course(self, run: Run) -> list[tuple[float, str, str]]:
        course = [(run.started, "info", "The run has started.")]
        if run.fails:
            # The attempts are over after one step, one and a half and two.
            for number in range(1, ATTEMPTS + 1):
                moment = run.started + self._step * (1 + number) / 2
                if not run.stopped or moment < run.finished:
                    message = f"Attempt {number} of {ATTEMPTS} failed: {REASON}."
                    course.append((moment, "error", message))
        if run.stopped:
            course.append((run.finished, "warning", "The run was stopped."))
        elif not run.fails:
            course.append((run.finished, "info", "The run has finished."))
        return course

    def state(self, now: float) -> dict[str, Any]:
        """The status, and how many runs there were and will be."""
        return {**self.status(now), "runs": len(self._runs)}


def read_extraction(body: object) -> None:
    """Check the optional body of an extraction: explicit days or a relative range, not both."""
    fields = Fields(body)
    one_day = day("%Y-%m-%d", "a day written YYYY-MM-DD")
    first, last = fields.may("dateFrom", one_day), fields.may("dateTo", one_day)
    expression = fields.may("dateRangeExpression", date_range(braces=None))
    fields.may("storageStrategy", one_of(*STRATEGIES))
    fields.may("url", url)
    fields.may("limit", integer(1))
    fields.end()
    if (first is None) != (last is None):
        raise Invalid("dateFrom and dateTo belong together")
    if first is not None and expression is not None:
        raise Invalid("give dateFrom and dateTo, or dateRangeExpression, not both")
    if first and last and parse_day(first, "%Y-%m-%d") > parse_day(last, "%Y-%m-%d"):
        raise Invalid("dateFrom must not be later than dateTo")


def read_action(body: object, action_id: int) -> None:
    """Check the Action that goes with a deactivation; what it says of itself must not be of another."""
    fields = Fields(body)
    given = fields.may("id", either(integer(1), filled_text))
    fields.may("status", one_of("live", "running", "retrying", "broken", "inactive"))
    for name in ACTION_FIELDS:
        fields.may(name, lambda value, where: value)
    fields.end()
    if given is not None and str(given) != str(action_id):
        raise Invalid(f"id is not the action of this source: {given}")


def read_write(body: object) -> None:
    """Check the optional body of a write."""
    fields = Fields(body)
    fields.may("skipRulesValidation", boolean)
    fields.end()
