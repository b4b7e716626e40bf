"""Runs of extractions and writes, their log, and their status."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from airflow_provider_activation.sandbox.core.clock import iso
from airflow_provider_activation.sandbox.core.errors import Invalid, Refused

ATTEMPTS = 3
LOG_ENTRIES = 20

REASON = "Snapchat answered 500 Internal Server Error"

DESCRIPTIONS = {
    "broken": "The run failed three times.",
    "inactive": "The action was deactivated.",
}


@dataclass(frozen=True)
class Run:
    """One run. Its course is fixed when it is enqueued."""

    started: float
    finished: float
    fails: bool
    body: dict[str, Any]
    """The body of the request: days, storage strategy and so on."""
    stopped: bool = False
    """Whether a deactivation stopped the run."""


class Runs:
    """The runs of one source or flow. They follow one another."""

    def __init__(self, action_id: str, step: float) -> None:
        self.action_id = action_id
        self._step = step
        self._runs: list[Run] = []
        self._off = False
        self._restarted = 0.0
        self._switched: list[tuple[float, str, str]] = []

    def enqueue(self, now: float, fail: bool, body: dict[str, Any]) -> None:
        """Enqueue a run. It is refused during a run and while the action is inactive.

        A run is not visible until it starts. Until then a second request is accepted, so a careless retry
        loads all data twice.
        """
        if self._off:
            raise Refused(409, "the action is inactive")
        if any(run.started <= now < run.finished for run in self._runs):
            raise Refused(409, "a run is in progress")
        free = self._runs[-1].finished if self._runs else now
        started = max(now, free) + self._step / 2
        # Dataddo retries a failed run ("retrying") before its status is "broken".
        length = self._step * (2 if fail else 1)
        self._runs.append(Run(started, started + length, fail, body))

    def deactivate(self, now: float) -> None:
        """Deactivate. A current run stops, and a queued run does not start."""
        if self._off:
            return
        self._off = True
        self._switched.append((now, "info", DESCRIPTIONS["inactive"]))
        self._runs = [
            run if run.finished <= now else replace(run, finished=now, stopped=True)
            for run in self._runs
            if run.started <= now
        ]

    def restart(self, now: float) -> None:
        """Become live again after being broken or inactive."""
        if self.status(now)["status"] in ("broken", "inactive"):
            self._off = False
            self._restarted = now
            self._switched.append((now, "info", "The action was started again."))

    def set_status(self, wanted: str, now: float) -> None:
        """Set the status to live or inactive. Others cannot be set."""
        if wanted == "inactive":
            self.deactivate(now)
        elif wanted == "live":
            self.restart(now)
        elif wanted != self.status(now)["status"]:
            raise Invalid(f"status can be set to live or inactive, not to {wanted}")

    def has_data(self, now: float) -> bool:
        """Whether a run has succeeded."""
        return any(run.finished <= now and not run.fails and not run.stopped for run in self._runs)

    def status(self, now: float) -> dict[str, Any]:
        """The status. It is the old one until a new run starts."""
        begun = [run for run in self._runs if run.started <= now]
        ended = [run for run in begun if run.finished <= now]
        status = "live"
        if len(ended) < len(begun):
            retrying = begun[-1].fails and now >= begun[-1].started + self._step
            status = "retrying" if retrying else "running"
        elif ended and ended[-1].fails and ended[-1].finished > self._restarted:
            status = "broken"
        if self._off:
            status = "inactive"
        return {
            "actionId": self.action_id,
            "status": status,
            "lastRunStarted": iso(begun[-1].started) if begun else None,
            "lastRunFinished": iso(ended[-1].finished) if ended else None,
            "description": DESCRIPTIONS.get(status, ""),
        }

    def action(self, now: float) -> dict[str, Any]:
        """The fields of an action about its runs."""
        status = self.status(now)
        ended = [run for run in self._runs if run.finished <= now]
        begun = [run for run in self._runs if run.started <= now]
        last = self._course(begun[-1]) if begun else []
        return {
            "id": self.action_id,
            "status": status["status"],
            "status_detail": status["description"],
            "duration": f"{ended[-1].finished - ended[-1].started:.3f} s" if ended else None,
            "last_execution": int(begun[-1].started) if begun else None,
            # Schedules have no effect.
            "next_execution": None,
            "error_count": sum(level == "error" and timestamp <= now for timestamp, level, _ in last),
            "is_being_processed": any(run.started <= now < run.finished for run in self._runs),
        }

    def log(self, now: float) -> list[dict[str, Any]]:
        """The last log entries, newest first."""
        entries = [entry for run in self._runs for entry in self._course(run) if entry[0] <= now]
        entries = sorted([*entries, *self._switched], key=lambda entry: entry[0])
        return [
            {"actionId": self.action_id, "time": iso(timestamp), "level": level, "message": message}
            for timestamp, level, message in reversed(entries[-LOG_ENTRIES:])
        ]

    def _course(self, run: Run) -> list[tuple[float, str, str]]:
        course = [(run.started, "info", "The run has started.")]
        if run.fails:
            # The attempts end after 1, 1.5 and 2 steps.
            for number in range(1, ATTEMPTS + 1):
                timestamp = run.started + self._step * (1 + number) / 2
                if not run.stopped or timestamp < run.finished:
                    message = f"Attempt {number} of {ATTEMPTS} failed: {REASON}."
                    course.append((timestamp, "error", message))
        if run.stopped:
            course.append((run.finished, "warning", "The run was stopped."))
        elif not run.fails:
            course.append((run.finished, "info", "The run has finished."))
        return course

    def state(self, now: float) -> dict[str, Any]:
        """The status, the number of runs, and the request of the last run."""
        status = self.status(now)
        # A source has its own description.
        del status["description"]
        return {**status, "runs": len(self._runs), "lastRunAsked": self._runs[-1].body if self._runs else {}}
