"""When to ask again."""

from __future__ import annotations

import random

FIRST_PAUSE = 0.1
"""The first pause, as a share of the poll interval ..."""
LONGEST_FIRST_PAUSE = 10.0
"""... and no longer than so many seconds."""
GROWTH = 1.5
"""Each pause is so many times the one before, up to the poll interval."""
LONGEST_PAUSE_WHILE_BAD = 600.0
"""Seconds. A service that answers no poll is asked less and less often, down to this."""


class Pace:
    """The pauses of one wait: short at first, so that what takes seconds is seen after seconds.

    :param poll_interval: seconds between two questions once the wait has settled.
    """

    __slots__ = ("_pause", "_poll_interval")

    def __init__(self, poll_interval: float) -> None:
        self._poll_interval = poll_interval
        self._pause = min(poll_interval * FIRST_PAUSE, LONGEST_FIRST_PAUSE)

    @property
    def coming(self) -> float:
        """Seconds `next_pause` will return."""
        return self._pause

    def next_pause(self) -> float:
        """Seconds until the next question."""
        pause = self._pause
        self._pause = min(self._poll_interval, pause * GROWTH)
        return pause


def backed_off(pause: float, bad_polls: int) -> float:
    """The pause after some polls in a row that went wrong: twice as long with each.

    :param pause: seconds, had they gone well.
    :param bad_polls: how many went wrong since one went well.
    """
    if bad_polls == 0:
        return pause
    return max(pause, min(LONGEST_PAUSE_WHILE_BAD, pause * 2.0**bad_polls))


def spread(pause: float) -> float:
    """A pause a little shorter or longer, so that waits begun together do not ask together for ever."""
    return pause * random.uniform(0.9, 1.1)
