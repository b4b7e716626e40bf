"""Which runs there are: every fault that makes sense once in every mode, and chance."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

from .bars import BARS, Bar
from .calls import CALLS, OnceCall
from .faults import DEATHS, KINDS, NO_ROOM, READS, SIGKILL, STORE, Fault, Mode, Point, fits
from .habits import habits_of
from .trial import Run

MODES = tuple(Mode(store, deferrable) for store in (True, False) for deferrable in (False, True))
PAUSES = (0.0, 5.0, 300.0)
"""Seconds between two tries; five minutes are Airflow's own."""
CHANCE = 50
"""Runs for each call in which two or three things go wrong."""
REALLY_KILLED = 0.4
"""The share of faults that kill the process for which a real process is killed as well."""
BESIDE_A_HABIT = (
    *((Point.ACTED, kind) for kind in ("reset", "timeout", "500", SIGKILL)),
    (Point.SENT, "reset"),
    *((Point.ANSWER, kind) for kind in ("no body", "no body, 202")),
    (Point.ANSWERED, SIGKILL),
    (Point.STORED, SIGKILL),
)
"""What goes wrong while a service has a habit ..."""
OF_THESE = 2
"""... and how many of these each habit of each call meets, besides none: which, is chance."""
DOWN_AFTER = (Point.SENT, Point.ACTED, Point.ANSWER, Point.BEFORE)


def plan(seed: int, calls: Sequence[OnceCall] = CALLS) -> Iterator[Run]:
    """All runs, the same for the same seed."""
    chance = random.Random(seed)
    numbers = itertools.count(seed * 100_000)
    for call in calls:
        modes = _modes(call)
        fitting = {mode: list(_fitting(call, mode)) for mode in modes}
        for mode, faults in fitting.items():
            for point, kind in faults:
                yield _single(call, mode, point, kind, chance, next(numbers))
            for point, kind in faults:
                if Fault(point, kind).death and chance.random() < REALLY_KILLED:
                    yield _single(call, mode, point, kind, chance, next(numbers), killed=True)
        for _ in range(CHANCE):
            mode = chance.choice(modes)
            several = [_fault(*chance.choice(fitting[mode]), chance) for _ in range(chance.choice((2, 3)))]
            pause = chance.choice(PAUSES)
            yield Run(next(numbers), call.name, mode, tuple(several), pause, several=True)
        yield from _with_habits(call, chance, numbers)
    for call in calls:
        yield from _simulated(call, chance, numbers)
    for bar in BARS:
        for call in calls:
            if call.name in bar.calls:
                yield from _barred(call, bar, chance, numbers)


def _simulated(call: OnceCall, chance: random.Random, numbers: Iterator[int]) -> Iterator[Run]:
    """Simulated in each mode: alone, with faults of reads, and once with each habit."""
    modes = [Mode(mode.store, mode.deferrable, simulated=True) for mode in _modes(call)]
    for mode in modes:
        for fault in (None, *_without_sending(mode, chance)):
            faults = () if fault is None else (fault,)
            yield Run(next(numbers), call.name, mode, faults, chance.choice(PAUSES))
    for habit in habits_of(call):
        mode, pause = chance.choice(modes), chance.choice(PAUSES)
        yield Run(next(numbers), call.name, mode, (), pause, habit=habit.name)


def _barred(call: OnceCall, bar: Bar, chance: random.Random, numbers: Iterator[int]) -> Iterator[Run]:
    """What must not be sent, in each mode and once simulated: alone, and with faults that it may meet."""
    for mode in (*_modes(call), Mode(store=True, simulated=True)):
        if mode.simulated and not bar.is_told:
            continue
        for fault in (None, *_without_sending(mode, chance)):
            faults = () if fault is None else (fault,)
            yield Run(next(numbers), call.name, mode, faults, chance.choice(PAUSES), bar=bar.name)


def _without_sending(mode: Mode, chance: random.Random) -> Iterator[Fault]:
    """Faults, by chance, that a task meets before it sends."""
    kinds = [*READS, "service down"]
    if not mode.simulated:
        kinds += [STORE] if mode.store else []
        kinds += DEATHS
    for kind in chance.sample(kinds, OF_THESE):
        yield Fault(Point.BEFORE, kind, times=chance.choice((1, 2, 6)), goes_on=chance.random() < 0.5)


def _modes(call: OnceCall) -> list[Mode]:
    return [mode for mode in MODES if call.waits or not mode.deferrable]


def _with_habits(call: OnceCall, chance: random.Random, numbers: Iterator[int]) -> Iterator[Run]:
    """Each habit with and without a store: once alone, and with some faults."""
    for habit in habits_of(call):
        for store in (True,) if habit.needs_answer else (True, False):
            modes = [Mode(store, deferrable) for deferrable in ((False, True) if call.waits else (False,))]
            fitting = [fault for fault in BESIDE_A_HABIT if fits(call, modes[0], *fault)]
            for chosen in (None, *chance.sample(fitting, 0 if habit.needs_answer else OF_THESE)):
                faults = () if chosen is None else (_fault(*chosen, chance),)
                mode, pause = chance.choice(modes), chance.choice(PAUSES)
                yield Run(next(numbers), call.name, mode, faults, pause, habit=habit.name)


def _fitting(call: OnceCall, mode: Mode) -> Iterator[tuple[Point, str]]:
    for point, kinds in KINDS.items():
        yield from ((point, kind) for kind in kinds if fits(call, mode, point, kind))


def some(seed: int) -> Iterator[Run]:
    """A few of them: one for every call and every point, one for every habit and everything that must not be
    sent, and for each call one process really killed."""
    chance = random.Random(seed)
    choices: dict[tuple[str, str], list[Run]] = {}
    for run in plan(seed):
        choices.setdefault((run.call, "killed" if run.killed else run.point), []).append(run)
        for name in filter(None, (run.habit if not run.mode.simulated else "", run.bar)):
            choices.setdefault(("", name), []).append(run)
    yield from dict.fromkeys(chance.choice(runs) for runs in choices.values())


def _single(
    call: OnceCall,
    mode: Mode,
    point: Point,
    kind: str,
    chance: random.Random,
    number: int,
    *,
    killed: bool = False,
) -> Run:
    fault = _fault(point, kind, chance)
    before: tuple[Fault, ...] = ()
    if point is Point.NOTE:
        # something has to be noted before it can be spoilt
        before = (Fault(chance.choice((Point.ACTED, Point.STORED)), DEATHS[0]),)
    if kind in NO_ROOM.values() and chance.random() < 0.5:
        before = (fault,)
    return Run(number, call.name, mode, (*before, fault), chance.choice(PAUSES), killed)


def _fault(point: Point, kind: str, chance: random.Random) -> Fault:
    fault = Fault(
        point,
        kind,
        times=chance.choice((1, 1, 2, 6)) if point is Point.WAIT else 1,
        then_down=point in DOWN_AFTER and not kind.startswith("no body") and chance.random() < 0.3,
        goes_on=chance.random() < 0.5,
    )
    # a task that goes on, or needs no body of the answer, would wait until the service is up again
    waits = point is Point.ANSWER or (point is Point.BEFORE and fault.death)
    return replace(fault, then_down=False) if waits else fault
