"""Tells whether a coroutine holds up the event loop: what it does itself comes every time, noise does not."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from scripts.machine_speed import scaled

LONGEST_CALLBACK = scaled(0.25)
"""Seconds the event loop may be held up at once."""
RUNS = 3
"""How often it is run at most: another process may take the core once in the middle of a callback."""


def holds_up_the_event_loop(
    run: Callable[[], Coroutine[Any, Any, Any]], log: pytest.LogCaptureFixture
) -> str:
    """What asyncio says held up the event loop, in every one of `RUNS` runs; empty if one run was free of it.

    :param run: makes the coroutine, anew for each run.
    :param log: the log of this test.
    """

    async def watched() -> None:
        asyncio.get_running_loop().slow_callback_duration = LONGEST_CALLBACK
        await run()

    log.set_level(logging.WARNING, logger="asyncio")
    # the collector would search what other tests of this process have left in the middle of a callback
    gc.disable()
    try:
        for _ in range(RUNS):
            log.clear()
            asyncio.run(watched(), debug=True)
            if "Executing" not in log.text:
                return ""
    finally:
        gc.enable()
    return log.text
