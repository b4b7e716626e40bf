"""Run a command beside processes that do nothing but keep the machine busy: ``make test-live-busy``."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

PROCESSES = 6
LONGEST = 4 * 3600.0
"""Seconds after which a busy process ends whatever happens."""
STOPPED_WITHIN = 300.0
"""Seconds that an interrupted command has to end what it started itself."""

# It ends by itself too: when its time is over, and when nobody is left who would end it.
LOOP = """
import os, sys, time
parent, end = int(sys.argv[1]), time.monotonic() + float(sys.argv[2])
while os.getppid() == parent and time.monotonic() < end:
    for _ in range(1_000_000):
        pass
"""


class Interrupted(Exception):
    """This program was asked to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def busy(processes: int, seconds: float = LONGEST) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Keep so many processes busy until the block ends.

    :param seconds: how long each goes on at most.
    """
    running: list[subprocess.Popen[bytes]] = []
    loop = [sys.executable, "-I", "-S", "-c", LOOP, str(os.getpid()), str(seconds)]
    try:
        for _ in range(processes):
            running.append(subprocess.Popen(loop, stdin=subprocess.DEVNULL))
        yield running
    finally:
        for process in running:
            process.kill()
        for process in running:
            process.wait()


def run(command: Sequence[str]) -> int:
    """Run a command to its end; returns its status. Is it interrupted, the command may clean up."""
    # in a group of its own: a Ctrl-C reaches it once, from here
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, process_group=0)
    try:
        status = process.wait()
    except Interrupted as interrupted:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOPPED_WITHIN)
        finally:
            process.kill()
            process.wait()
        return 128 + interrupted.number
    return status if status >= 0 else 128 - status


def _interrupted(number: int, frame: FrameType | None) -> NoReturn:
    for again in (signal.SIGINT, signal.SIGTERM):
        signal.signal(again, signal.SIG_IGN)  # it ends already
    raise Interrupted(number)


def main() -> int:
    """Run the command that the arguments hold."""
    parser = argparse.ArgumentParser(prog="python -m scripts.busy", description=__doc__)
    parser.add_argument("--processes", type=int, default=PROCESSES, help="how many (default: %(default)s)")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="what to run beside them")
    options = parser.parse_args()
    if not options.command:
        parser.error("what is to be run?")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupted)
    try:
        with busy(options.processes):
            return run(options.command)
    except Interrupted as interrupted:
        return 128 + interrupted.number


if __name__ == "__main__":
    sys.exit(main())
