"""Rounds of polls, told apart by the pauses between them: how many requests one takes must not be assumed."""

from __future__ import annotations

import time
from collections.abc import Callable

from benchmarks.services import Services
from scripts.local import Failure

LOOK_AGAIN = 0.4
"""Seconds; a pause must be twice as long to be seen."""


def let_rounds_pass(
    services: Services, rounds: int, timeout: float, *, is_idle: Callable[[], bool] = lambda: True
) -> tuple[int, int]:
    """Return in the pause after so many rounds; how many there were, and how many requests they took.

    :param services: the sandbox that is polled.
    :param rounds: how many at least.
    :param timeout: seconds.
    :param is_idle: whether whoever polls did nothing since this was asked last.
    :raises Failure: there were no pauses, or too few rounds in time.
    """
    begun = asked = services.asked().total()
    deadline = time.monotonic() + timeout
    passed, in_a_pause = 0, True
    while time.monotonic() < deadline:
        time.sleep(LOOK_AGAIN)
        before, asked = asked, services.asked().total()
        idle = is_idle()
        if asked != before:
            passed += in_a_pause
            in_a_pause = False
        elif idle:
            in_a_pause = True
            if passed >= rounds:
                return passed, asked - begun
    raise Failure(f"Not {rounds} rounds of polls with pauses between them in {timeout:.0f} seconds.")
