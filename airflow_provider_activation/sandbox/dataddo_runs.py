"""Dataddo's runs: extractions of a source, writes of a flow, and the status that lags behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from airflow_provider_activation.sandbox.dataddo_source import STRATEGIES, date_range
from airflow_provider_activation.sandbox.reading import (
    Fields,
    Invalid,
    boolean,
    day,
    integer,
    one_of,
    parse_day,
    url,
)
from airflow_provider_activation.sandbox.service import iso


@dataclass(frozen=True)
class Run:
    """One run, whose whole course is known when it is enqueued."""

    started: float
    finished: float
    fails: bool


class Runs:
    """The runs of one source or flow, one after another."""

    def __init__(self, action_id: int, step: float) -> None:
        self.action_id = action_id
        self._step = step
        self._runs: list[Run] = []

    def enqueue(self, now: float, fail: bool) -> bool:
        """Queue a run; False while one is in progress.

        Between the 202 and its start a run is invisible, and a second request is taken too: that is how
        a careless retry loads everything twice.
        """
        if any(run.started <= now < run.finished for run in self._runs):
            return False
        free = self._runs[-1].finished if self._runs else now
        started = max(now, free) + self._step / 2
        # A run that fails is tried again by Dataddo itself, "retrying", before it is given up as "broken".
        length = self._step * (2 if fail else 1)
        self._runs.append(Run(started, started + length, fail))
        return True

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
        return {
            "actionId": self.action_id,
            "status": status,
            "lastRunStarted": iso(begun[-1].started) if begun else None,
            "lastRunFinished": iso(ended[-1].finished) if ended else None,
            "description": "The run failed three times." if status == "broken" else "",
        }

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


def read_write(body: object) -> None:
    """Check the optional body of a write."""
    fields = Fields(body)
    fields.may("skipRulesValidation", boolean)
    fields.end()
