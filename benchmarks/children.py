"""Interpreters of their own, so that nothing but what is measured counts, and how one talks with them.

Both sides write JSON, one value a line: `Child` is the parent's side, `hear` and `say` are the child's.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from scripts.local import ROOT, Failure

STOP_SECONDS = 10.0
LOG_TAIL = 3000


class TooSlow(Failure):
    """A child said nothing in time."""


class Child:
    """A module of this package in an interpreter of its own, until the block ends.

    :param module: its name in this package.
    :param log: a file that takes whatever it logs.
    :param environment: its environment variables.
    """

    def __init__(self, module: str, log: Path, environment: Mapping[str, str]) -> None:
        self._module, self._log = module, log
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", f"{__package__}.{module}"],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,  # Ctrl-C is for the parent, which ends its children
            )
        self._heard: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._heard.put(line)
        self._heard.put(b"")

    @property
    def cpu(self) -> float:
        """Seconds of CPU it has used, to the hundredth; it need not be asked for this."""
        times = psutil.Process(self._process.pid).cpu_times()
        return float(times.user + times.system)

    @property
    def rss(self) -> int:
        """Bytes of memory that are resident."""
        return int(psutil.Process(self._process.pid).memory_info().rss)

    def tell(self, message: Any) -> None:
        """Send it something."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._failure("ended too early") from None

    def hear(self, timeout: float) -> Any:
        """What it says next.

        :param timeout: seconds.
        :raises TooSlow: it says nothing in time.
        :raises Failure: it ended; with the end of its log.
        """
        try:
            line = self._heard.get(timeout=timeout)
        except queue.Empty:
            raise TooSlow(f"benchmarks.{self._module} said nothing for {timeout:.0f} seconds.") from None
        if not line:
            raise self._failure("ended too early")
        return json.loads(line)

    def ask(self, message: Any, timeout: float = 60.0) -> Any:
        """Send it something and return what it says."""
        self.tell(message)
        return self.hear(timeout)

    def _failure(self, what: str) -> Failure:
        return Failure(
            f"benchmarks.{self._module} {what}:\n{self._log.read_text(errors='replace')[-LOG_TAIL:]}"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def hear() -> Any:
    """What the parent says next; None once it has gone."""
    line = sys.stdin.readline()
    return json.loads(line) if line else None


# whatever else is printed in a child goes where its log goes
_to_parent = os.dup(1)


def say(message: Any) -> None:
    """Tell the parent something."""
    os.write(_to_parent, json.dumps(message).encode() + b"\n")


def keep_stdout_for_the_parent() -> None:
    """To be called by a child before anything else: what libraries print goes into its log."""
    os.dup2(2, 1)
