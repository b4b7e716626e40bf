"""Time in the sandbox."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime


class Clock:
    """The real time, plus the seconds it was advanced by."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def now(self) -> float:
        """The current Unix time."""
        return time.time() + self._ahead

    def advance(self, seconds: float) -> None:
        """Move forward by some seconds. Moving back is an error."""
        if seconds < 0:
            raise ValueError("time does not go back")
        self._ahead += seconds

    def reset(self) -> None:
        """Return to the real time."""
        self._ahead = 0.0


def iso(timestamp: float) -> str:
    """A Unix time in ISO 8601, in UTC with milliseconds."""
    return datetime.fromtimestamp(timestamp, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def progress(started: float, now: float, step: float, states: Sequence[str]) -> str:
    """The current one of some states. Each lasts one step, and the last one stays."""
    passed = len(states) - 1 if step <= 0 else int((now - started) / step)
    return states[max(0, min(passed, len(states) - 1))]
