"""How slow this machine is now, and how long to wait for something because of that.

What the tests on a running Airflow wait for is above all that processes start: Airflow's components, tasks,
the sandbox. So that is measured: every core at once starts `STARTS` Pythons one after the other that import
some of the standard library. On a quiet machine one start takes `REFERENCE` seconds. How many times longer it
takes now, because of a slow processor or of others that use it, is the factor by which all
deadlines are longer. A wait that ends when something is so costs nothing by that.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache

REFERENCE = 0.2
"""Seconds that one start takes on a quiet machine: the processor time of one on a virtual server of 2026."""
STARTS = 2
"""How often each core starts it."""
MOST_CORES = 8
"""More are not used by a test either."""
MOST = 10.0
"""A machine slower than that is not waited for: what hangs has to be told at last."""
KNOWN = "ACTIVATION_MACHINE_SLOWNESS"
"""The environment variable that tells the figure to the processes that are started, once it is known."""

START = [sys.executable, "-I", "-c", "import asyncio, email.message, http.client, json"]


def cores() -> int:
    """How many this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@cache
def slowness() -> float:
    """How many times slower than the reference this machine is, at least 1; measured once."""
    if KNOWN not in os.environ:
        os.environ[KNOWN] = f"{measured():.1f}"
    return float(os.environ[KNOWN])


def measured() -> float:
    """Measure it now, which takes half a second on a quiet machine."""

    def start(_: int) -> None:
        for _ in range(STARTS):
            subprocess.run(START, stdin=subprocess.DEVNULL, check=True)

    used = min(cores(), MOST_CORES)
    began = time.monotonic()
    with ThreadPoolExecutor(used) as pool:
        list(pool.map(start, range(used)))
    return min(MOST, max(1.0, (time.monotonic() - began) / (STARTS * REFERENCE)))


def scaled(seconds: float) -> float:
    """So many seconds of a quiet machine, on this one now."""
    return seconds * slowness()
