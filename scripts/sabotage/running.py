"""Break one line after the other, in copies of the project, and run the tests that must turn red."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from scripts.machine_speed import cores, scaled, slowness
from scripts.sabotage.entry import Sabotage
from scripts.sabotage.warm import HEAVY, PACKAGE, Answer, Warm

ROOT = Path(__file__).parents[2]

AT_A_TIME = cores() + 1
"""More than there are cores: many tests wait."""
LONGEST = 180.0
"""Seconds on a quiet machine for the tests of one sabotage."""
NO_TEST_FAILED, SOME_TESTS_FAILED = 0, 1
"""Pytest's exit status; another one means that the tests could not run."""


@dataclass(frozen=True)
class Outcome:
    """What came of a sabotage.

    :param said: what the tests said, or why they were not run.
    """

    sabotage: Sabotage
    noticed: bool
    said: str
    seconds: float


class Copy:
    """A copy of the files that belong to the project, and the process that runs its tests.

    :param whole: the project, or a copy of it that nobody breaks.
    :param folder: where the copy and what the tests leave behind are put.
    :param heavy: the modules that the process loads.
    """

    def __init__(self, whole: Path, folder: Path, heavy: Sequence[str]) -> None:
        self._root = folder / "copy"
        shutil.copytree(whole, self._root)
        self._warm = Warm(self._root, folder, heavy)

    def tried(self, sabotage: Sabotage) -> Outcome:
        """Break a line, run the tests, and mend the line."""
        started = time.monotonic()
        noticed, said = self._is_noticed(sabotage)
        return Outcome(sabotage, noticed, said, time.monotonic() - started)

    def end(self) -> None:
        """Let the process end."""
        self._warm.end()

    def _is_noticed(self, sabotage: Sabotage) -> tuple[bool, str]:
        file = self._root / PACKAGE / sabotage.file
        whole = file.read_text()
        if (count := whole.count(sabotage.guarded)) != 1:
            return False, f"{sabotage.guarded!r} is in the file {count} times, not once."
        if os.path.relpath(file, self._root) in self._warm.loaded:
            return (
                False,
                "Airflow asks every provider for this file before the tests: they would not see it broken.",
            )
        file.write_text(whole.replace(sabotage.guarded, sabotage.broken))
        try:
            answer = self._warm.run(sabotage.tests.split(), scaled(LONGEST))
        finally:
            file.write_text(whole)
        return answer.status == SOME_TESTS_FAILED, f"{_verdict(answer)}\n{answer.said}"


def outcomes(
    sabotages: Sequence[Sabotage], root: Path = ROOT, heavy: Sequence[str] = HEAVY
) -> Iterator[Outcome]:
    """Carry out sabotages, some at a time; yields what came of them, in their order.

    :param root: the project.
    :param heavy: the modules that are loaded once for all tests.
    """
    # measured once; the environment tells it to all that are started
    slowness()
    at_a_time = min(AT_A_TIME, len(sabotages))
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        _copy_to(whole := Path(folder, "whole"), root)
        copies: SimpleQueue[Copy] = SimpleQueue()
        for number in range(at_a_time):
            copies.put(copy := Copy(whole, Path(folder, str(number)), heavy))
            stack.callback(copy.end)

        def tried(sabotage: Sabotage) -> Outcome:
            copy = copies.get()
            try:
                return copy.tried(sabotage)
            finally:
                copies.put(copy)

        workers = stack.enter_context(ThreadPoolExecutor(at_a_time))
        yield from workers.map(tried, sabotages)


def _verdict(answer: Answer) -> str:
    if answer.status is None:
        return f"The tests did not end within {scaled(LONGEST):.0f} s."
    if answer.status == NO_TEST_FAILED:
        return "No test failed."
    return f"The tests could not run: pytest ended with status {answer.status}."


def _copy_to(copy: Path, root: Path) -> None:
    """Copy the files that belong to the project, with byte code that stands for the content of its file.

    The usual byte code stands for size and time of its file, and those of a broken file may be the same.
    """
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True).stdout
    for name in listed.decode().split("\0"):
        if name and (root / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, copy / name)
    command = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "checked-hash", "."]
    subprocess.run(command, cwd=copy, check=True)
