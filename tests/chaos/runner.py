"""Carries out many runs in a few processes, and prints the table."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from unittest import mock

from airflow_provider_activation.sandbox import Sandbox

from .plan import plan, some
from .tasks import STRICT_EXCHANGE, STRICT_LIVERAMP
from .trial import CALLS_BY_NAME, Run, Trial, Verdict
from .world import World, silence

STEP = 2.0
"""Seconds of the sandbox's time that each state of what it makes lasts."""
COLUMNS = (
    *("duplicates", "lost", "false green", "hung", "others' taken"),
    *("sent although refused", "sent while simulated", "receipts wrong"),
    *("avoidable uncertainty", "uncertain", "refused"),
)

RUNS_OF_A_SANDBOX = 50
"""A sandbox remembers every token it ever issued, to hide it, and takes the longer for it."""


@contextmanager
def scene() -> Iterator[Trial]:
    """A sandbox of its own, known to Airflow by its connections, and a time that passes at once."""
    world = World()
    with ExitStack() as stack:
        stack.enter_context(silence())
        stack.enter_context(world.in_place())
        sandbox = stack.enter_context(Sandbox(port=0, consent="manual", step_seconds=STEP))
        stack.enter_context(mock.patch.dict(os.environ, _known(sandbox)))
        yield Trial(sandbox, world)


def _known(sandbox: Sandbox) -> dict[str, str]:
    """The connections as Airflow finds them; loopback only, where loading certificates takes most of the
    time and is of no use."""
    known = {name: (it, {"verify": False}) for name, it in sandbox.connections.items()}
    for strict in (STRICT_EXCHANGE, STRICT_LIVERAMP):
        it, more = known[strict.replace("_strict", "_default")]
        known[strict] = it, {**more, "require_suppression": True}
    return {
        f"AIRFLOW_CONN_{name.upper()}": json.dumps({**it, "extra": {**it.get("extra", {}), **more}})
        for name, (it, more) in known.items()
    }


def carry_out(runs: Sequence[Run]) -> Iterator[Verdict]:
    """Carry out runs in this process, one after another."""
    for first in range(0, len(runs), RUNS_OF_A_SANDBOX):
        with scene() as trial:
            for run in runs[first : first + RUNS_OF_A_SANDBOX]:
                yield trial.carry_out(run)


def _share(runs: Sequence[Run], results: multiprocessing.SimpleQueue[Verdict | None]) -> None:
    for verdict in carry_out(runs):
        results.put(verdict)
    results.put(None)


def carry_out_in(processes: int, runs: Sequence[Run]) -> Iterator[Verdict]:
    """Carry out runs in several processes, each with a sandbox of its own."""
    spawning = multiprocessing.get_context("spawn")
    results = spawning.SimpleQueue()
    workers = [
        spawning.Process(target=_share, args=(runs[first::processes], results)) for first in range(processes)
    ]
    for worker in workers:
        worker.start()
    left = processes
    while left:
        verdict = results.get()
        if verdict is None:
            left -= 1
        else:
            yield verdict
    for worker in workers:
        worker.join()


def table(verdicts: Iterable[Verdict]) -> str:
    """One row for each call and fault point, one for each habit, and the sum."""
    rows: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0] * (1 + len(COLUMNS)))
    for verdict in verdicts:
        counts = (
            *(1, verdict.duplicates, verdict.lost, verdict.false_green, verdict.hung),
            *(verdict.taken, verdict.sent_refused, verdict.sent_simulated, verdict.receipts),
            *(verdict.avoidable, verdict.uncertain, verdict.refused),
        )
        run = verdict.run
        habit = [("all calls", run.habit)] if run.habit else []
        barred = [("all calls", f"barred: {run.bar}")] if run.bar else []
        for row in ((run.call, run.point), *habit, *barred, ("all", "")):
            rows[row] = [sum(pair) for pair in zip(rows[row], counts, strict=True)]
    total = rows.pop(("all", ""))
    lines = [["call", "fault point", "runs", *COLUMNS]]
    in_order = sorted(rows.items(), key=lambda item: item[0][0] == "all calls")
    lines += [[*row, *map(str, counts)] for row, counts in in_order]
    lines.append(["all", "", *map(str, total)])
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(
            text.ljust(width) if column < 2 else text.rjust(width)
            for column, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns 0 if nothing is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="another seed is another choice of runs")
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--call", choices=sorted(CALLS_BY_NAME), help="only the runs of this call")
    parser.add_argument("--number", type=int, help="only this run")
    parser.add_argument("--point", help="only the runs of this fault point, as the table names it")
    parser.add_argument("--habits", action="store_true", help="only the runs with a habit")
    parser.add_argument("--some", action="store_true", help="a few runs of every call and point")
    given = parser.parse_args(arguments)
    runs = list(some(given.seed) if given.some else plan(given.seed))
    runs = [run for run in runs if given.call in (None, run.call) and given.number in (None, run.number)]
    runs = [run for run in runs if given.point in (None, run.point) and (run.habit or not given.habits)]
    started = time.monotonic()
    verdicts = []
    for verdict in carry_out_in(min(given.processes, len(runs)), runs):
        verdicts.append(verdict)
        if not verdict.is_good or given.number is not None:
            print(verdict.run, *verdict.story, sep="\n  ", file=sys.stderr)
    verdicts.sort(key=lambda verdict: verdict.run.number)
    print(table(verdicts))
    killed = sum(verdict.run.killed for verdict in verdicts)
    print(
        f"\n{len(verdicts)} runs with seed {given.seed}, {killed} of them with real processes that were "
        f"killed, in {time.monotonic() - started:.0f} seconds."
    )
    return 0 if all(verdict.is_good for verdict in verdicts) else 1
