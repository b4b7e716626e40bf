"""The times of a wait: pauses between polls, and what they count from."""

from __future__ import annotations

import random

FIRST_PAUSE = 0.1
"""The first pause, as a share of the poll interval."""
LONGEST_FIRST_PAUSE = 10.0
"""Seconds. The first pause is not longer."""
GROWTH = 1.5
"""The ratio of a pause to the one before it, up to the poll interval."""
FIRST_LOOK_AFTER = 10.0
"""Seconds from a deferral to the first poll of the trigger: Airflow may fail a task that is resumed within a
few seconds of being deferred. A wait of less than twice this is not deferred."""
NOT_FOUND_FOR = 60.0
"""Seconds from the start of a wait, or from when an id is known, for which "not found" means "not yet"."""
OVERRUN = 4.5
"""Seconds for which an answer may still come after the deadline of a wait. What Airflow does then takes some
time too; together they are less than five seconds."""
LAST_LOOK_WITHIN = 4.0
"""Seconds for the poll after the deadline."""
LONGEST_PAUSE_WHILE_BAD = 600.0
"""Seconds. A service that answers no poll is polled less and less often, with pauses up to this."""


class Pace:
    """The pauses of one wait: short ones at first, to see a quick end early, then the poll interval."""

    __slots__ = ("_pause", "poll_interval")

    def __init__(self, poll_interval: float) -> None:
        self.poll_interval = poll_interval
        self._pause = min(poll_interval * FIRST_PAUSE, LONGEST_FIRST_PAUSE)

    @property
    def coming(self) -> float:
        """Seconds `next_pause` will return."""
        return self._pause

    def next_pause(self) -> float:
        """Seconds until the next poll."""
        pause = self._pause
        self._pause = min(self.poll_interval, pause * GROWTH)
        return pause


def backed_off(pause: float, bad_polls: int) -> float:
    """The pause in seconds after bad polls in a row: each doubles the pause after a good poll."""
    return max(pause, min(LONGEST_PAUSE_WHILE_BAD, pause * 2.0 ** min(bad_polls, 100)))


def spread(pause: float) -> float:
    """A pause a little shorter or longer, so that waits that start together do not always poll together."""
    return pause * random.uniform(0.9, 1.1)
