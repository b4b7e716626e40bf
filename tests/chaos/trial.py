"""One run: a task with faults in some of its tries, until it ends; and what the books say of it."""

from __future__ import annotations

import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from task_running import RETRIES

from airflow_provider_activation.errors import UncertainOutcome
from airflow_provider_activation.sandbox import Sandbox

from .calls import CALLS, OnceCall
from .faults import Fault, Mode, Point
from .tasks import Place
from .tries import Ended, Tries, is_retried
from .world import Hung, World

LONGEST_RUN = 60
"""Seconds, real ones."""

CALLS_BY_NAME = {call.name: call for call in CALLS}


@dataclass(frozen=True)
class Run:
    """What is to go wrong.

    :param number: names the run, and seeds whatever is random in it.
    :param call: name of the call.
    :param mode: how the task runs.
    :param faults: one for each of the first tries.
    :param pause: seconds of the sandbox's time between two tries.
    :param killed: whether each try is a process of its own, which is really killed.
    :param several: whether the faults were put together by chance.
    """

    number: int
    call: str
    mode: Mode
    faults: tuple[Fault, ...]
    pause: float
    killed: bool = False
    several: bool = False

    @property
    def point(self) -> str:
        """The row of the table it belongs to."""
        return "two or three faults" if self.several else self.faults[-1].point.value


@dataclass
class Verdict:
    """What came of a run."""

    run: Run
    duplicates: int = 0
    lost: int = 0
    false_green: int = 0
    hung: int = 0
    avoidable: int = 0
    uncertain: int = 0
    story: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong. An uncertain outcome that could not be avoided is not wrong."""
        return not any((self.duplicates, self.lost, self.false_green, self.hung, self.avoidable))


class Trial:
    """Carries out runs against one sandbox."""

    def __init__(self, sandbox: Sandbox, world: World) -> None:
        self.sandbox = sandbox
        self.world = world

    def carry_out(self, run: Run) -> Verdict:
        """Set the scene, run the task to its end, look into the books."""
        call = CALLS_BY_NAME[run.call]
        random.seed(run.number)
        self.sandbox.reset()
        self.world.begin(self.sandbox.advance)
        place = call.prepare(self.sandbox)
        before = call.books(self.sandbox.state())
        verdict = Verdict(run)
        tries = self._tries(call, run, place)
        try:
            with _not_longer_than(LONGEST_RUN):
                last = self._to_the_end(run, tries, verdict)
        except Hung:
            verdict.story.append("hung")
            verdict.hung = 1
            return verdict
        finally:
            self.sandbox.behave()
        self.world.clock.settle()
        books = self.sandbox.state()
        made = [one for one in call.books(books) if one not in before]
        verdict.story.append(f"made {made}")
        _judge(verdict, call, books, made, last)
        return verdict

    def _tries(self, call: OnceCall, run: Run, place: Place) -> Tries:
        if run.killed:
            from .killing import KilledTries

            return KilledTries(call, run.mode, place, self.world, self.sandbox)
        return Tries(call, run.mode, place, self.world, self.sandbox.advance)

    def _to_the_end(self, run: Run, tries: Tries, verdict: Verdict) -> Ended:
        ended = Ended()
        for number in range(RETRIES + 1):
            fault = run.faults[number] if number < len(run.faults) else None
            self.world.clock.begin()
            spoilt = fault is not None and fault.point is Point.NOTE
            if fault is not None and spoilt:
                spoil(tries, fault.kind)
            ended = tries.attempt(None if spoilt else fault, self._misbehave)
            self.sandbox.behave()
            verdict.story.append(_told(fault, ended))
            if ended.green or (ended.error is not None and not is_retried(ended.error)):
                break
            self.world.clock.sleep(run.pause)
        return ended

    def _misbehave(self, what: str, **rule: Any) -> int:
        return self.sandbox.misbehave(what, **rule)


def spoil(tries: Tries, kind: str) -> None:
    """Leave in the state store what no try of this version wrote."""
    if tries.store is None:
        return
    for key, note in tries.store.items():
        if kind == "not ours":
            tries.store[key] = random.choice(["a text", 7, [1, 2], {"somebody": "else"}])
        elif kind == "older version":
            tries.store[key] = {**note, "version": 0}
        elif kind == "truncated":
            tries.store[key] = {name: note[name] for name in list(note)[: random.randint(1, len(note) - 1)]}


def _judge(verdict: Verdict, call: OnceCall, books: Any, made: list[str], last: Ended) -> None:
    verdict.duplicates = max(0, len(made) - 1)
    if last.green:
        if not made or not any(call.fulfilled(books, one, last.result) for one in made):
            verdict.false_green = 1
        return
    if not isinstance(last.error, UncertainOutcome):
        # the last try met no fault, so the service could have been asked, and the call sent
        verdict.lost = 1
        return
    shown = call.presence if made else call.absence
    could_have_answered = shown == "always"
    verdict.avoidable, verdict.uncertain = int(could_have_answered), int(not could_have_answered)


def _told(fault: Fault | None, ended: Ended) -> str:
    what = f"{fault.point.value}: {fault.kind}" if fault else "all well"
    if ended.green:
        return f"{what} -> green {ended.result!r:.120}"
    if ended.error is None:
        return f"{what} -> died"
    return f"{what} -> {type(ended.error).__name__}: {ended.error!s:.300}"


@contextmanager
def _not_longer_than(seconds: int) -> Iterator[None]:
    def stop(signal_number: int, frame: FrameType | None) -> None:
        raise Hung

    former = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, former)
