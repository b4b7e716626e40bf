"""One run: a task with faults in some of its tries, until it ends; and what the books say of it."""

from __future__ import annotations

import math
import random
import shutil
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from types import FrameType
from typing import Any

from task_running import RETRIES

from airflow_provider_activation.errors import Conflict, InvalidArgument, Refused, UncertainOutcome
from airflow_provider_activation.sandbox import Sandbox
from scripts.machine_speed import scaled

from .bars import BARS_BY_NAME, Errors
from .calls import CALLS, OnceCall
from .faults import Fault, Mode, Point
from .habits import Habit, can_tell, habits_of
from .ledgers import files_of, is_begun_by_another, what_is_wrong
from .tasks import Books, Place
from .tries import Ended, Tries, is_retried
from .world import Hung, World

LONGEST_RUN = math.ceil(scaled(60))
"""Seconds, real ones."""

LONG_AGO = 120.0
"""Seconds for which all that is prepared has been there before the task begins."""

LOG_INS = ("/token", "/auth")
"""How the paths of requests end that ask for a token."""

CALLS_BY_NAME = {call.name: call for call in CALLS}


WITH_A_HABIT = "a habit, and a fault or none"
SIMULATED, BARRED = "simulated", "must not be sent"


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
    :param habit: the name of a habit of the service; empty for none.
    :param bar: the name of why it must not be sent; empty if it must.
    """

    number: int
    call: str
    mode: Mode
    faults: tuple[Fault, ...]
    pause: float
    killed: bool = False
    several: bool = False
    habit: str = ""
    bar: str = ""

    @property
    def point(self) -> str:
        """The row of the table it belongs to."""
        if self.mode.simulated or self.bar:
            return BARRED if self.bar else SIMULATED
        if self.habit:
            return WITH_A_HABIT
        return "two or three faults" if self.several else self.faults[-1].point.value


@dataclass
class Verdict:
    """What came of a run."""

    run: Run
    duplicates: int = 0
    lost: int = 0
    false_green: int = 0
    hung: int = 0
    taken: int = 0
    avoidable: int = 0
    uncertain: int = 0
    refused: int = 0
    sent_refused: int = 0
    sent_simulated: int = 0
    receipts: int = 0
    story: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong. An uncertain outcome that could not be avoided is not wrong, nor is
        the refusal of what is not as asked for."""
        wrong = (self.duplicates, self.lost, self.false_green, self.hung, self.taken, self.avoidable)
        return not any((*wrong, self.sent_refused, self.sent_simulated, self.receipts))


class Trial:
    """Carries out runs against one sandbox."""

    def __init__(self, sandbox: Sandbox, world: World) -> None:
        self.sandbox = sandbox
        self.world = world

    def carry_out(self, run: Run) -> Verdict:
        """Set the scene, run the task to its end, look into the books."""
        call, bar = CALLS_BY_NAME[run.call], BARS_BY_NAME.get(run.bar)
        call = call if bar is None else bar.on(call)
        random.seed(run.number)
        self.sandbox.reset()
        self.world.begin(self.sandbox.advance)
        place = call.prepare(self.sandbox)
        self.sandbox.advance(LONG_AGO)
        before = Before.of(call, place, self.sandbox)
        habit = next((habit for habit in habits_of(call) if habit.name == run.habit), None)
        if habit is not None:
            for rule in habit.rules(call, place):
                self.sandbox.habit(habit.what, **rule)
        verdict = Verdict(run)
        tries = self._tries(call, run, place)
        try:
            with _not_longer_than(LONGEST_RUN):
                last = self._to_the_end(run, tries, verdict, None if bar is None else bar.rules(call))
        except Hung:
            verdict.story.append("hung")
            verdict.hung = 1
            return verdict
        finally:
            self.sandbox.behave()
            self.sandbox.forget_habits()
        self.world.clock.settle()
        found = _Found(call, habit, self.sandbox.state(), before.made, tries.store)
        verdict.story.append(f"made {found.made}, others {found.others}")
        if run.mode.simulated:
            after = Before.of(call, place, self.sandbox)
            would = tries.ti.xcoms.get("would", []) if tries.ti else []
            error = None if bar is None else bar.error
            before.judge_simulation(verdict, last, would, after, error)
        elif bar is not None:
            judge_barred(verdict, last, bar.error, found.made, arrives=bar.arrives)
        elif call.has_receipt and is_begun_by_another(place):
            judge_barred(verdict, last, Conflict, found.made)
        else:
            found.judge(verdict, last)
        if call.has_receipt and not run.mode.simulated and isinstance(place["manifest"], dict):
            self._judge_ledger(verdict, call, place, last, found.made)
        if "folder" in place:
            shutil.rmtree(place["folder"])
        return verdict

    def _judge_ledger(
        self, verdict: Verdict, call: OnceCall, place: Place, last: Ended, made: list[str]
    ) -> None:
        # without a note, what was there before may be what an earlier try has sent
        is_blind = call.shares and bool(verdict.run.faults) and not verdict.run.mode.store
        may_be_there = bool(made) or is_blind
        task_id = call.operator(place, {}).task_id
        wrong = what_is_wrong(place, task_id, last.green, last.error, may_be_there=may_be_there)
        verdict.story += wrong
        verdict.receipts = int(bool(wrong))

    def _tries(self, call: OnceCall, run: Run, place: Place) -> Tries:
        if run.killed:
            from .killing import KilledTries

            return KilledTries(call, run.mode, place, self.world, self.sandbox)
        return Tries(call, run.mode, place, self.world, self.sandbox.advance)

    def _to_the_end(self, run: Run, tries: Tries, verdict: Verdict, rule: Mapping[str, Any] | None) -> Ended:
        ended = Ended()
        for number in range(RETRIES + 1):
            fault = run.faults[number] if number < len(run.faults) else None
            self.world.clock.begin()
            spoilt = fault is not None and fault.point is Point.NOTE
            if fault is not None and spoilt:
                spoil(tries, fault.kind)
            if rule is not None:
                self._misbehave(**rule)
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


@dataclass(frozen=True)
class Before:
    """All that a simulated task must leave as it was.

    :param made: what was there before the task, as the call's books name it.
    :param ids: what there is of every kind at every service.
    :param files: in the folder of the run.
    :param requests: those that changed something, or were to.
    """

    made: list[str]
    ids: list[str]
    files: Mapping[str, bytes]
    requests: list[str]

    @classmethod
    def of(cls, call: OnceCall, place: Place, sandbox: Sandbox) -> Before:
        books = sandbox.state()
        ids = [
            f"{service} {kind} {row.get('id') or row.get('jobId')}"
            for service, kinds in books.items()
            for kind, rows in kinds.items()
            for row in rows
        ]
        asked = sandbox.requests
        changing = [f"{one['method']} {one['path']}" for one in asked if _changes(call, one)]
        return cls(call.books(books), ids, files_of(place), changing)

    def judge_simulation(
        self, verdict: Verdict, last: Ended, would: list[str], after: Before, error: Errors | None
    ) -> None:
        """Count what is wrong with a simulated task: it changed something, or does not say what it would.

        :param would: what it says that it would do.
        :param error: what it would be refused with, if it would be.
        """
        if self != after:
            changed = [name for name, value in vars(self).items() if value != getattr(after, name)]
            verdict.story.append(f"it has changed: {', '.join(changed)}; {[*after.requests]}")
            verdict.sent_simulated = 1
        elif error is not None and isinstance(last.error, error) and isinstance(last.error, InvalidArgument):
            # arguments that cannot be used fail a simulation too
            verdict.refused = 1
        elif not last.green or not would:
            verdict.lost = 1
        elif any(one.startswith("refused") for one in would) is not bool(error):
            verdict.false_green = 1
        else:
            verdict.refused = int(bool(error))


def _changes(call: OnceCall, request: Mapping[str, Any]) -> bool:
    route = call.route
    is_it = (request["service"], request["method"]) == (route.service, route.method)
    is_login = request["method"] == "POST" and request["path"].endswith(LOG_INS)
    return not is_login and (
        request["method"] != "GET" or (is_it and fnmatchcase(request["path"], route.path))
    )


def judge_barred(
    verdict: Verdict,
    last: Ended,
    error: Errors,
    made: list[str],
    *,
    arrives: bool = False,
) -> None:
    """Count what is wrong with a task that must not send."""
    verdict.duplicates = max(0, len(made) - 1)
    if made and not arrives:
        verdict.sent_refused = 1
    elif last.green:
        verdict.false_green = 1
    elif isinstance(last.error, error):
        verdict.refused = 1
    else:
        verdict.lost = 1


class _Found:
    """What the books say after a run.

    :param before: what was there before the task, as the call's books name it.
    :param store: the task's state store, if it has one.
    """

    def __init__(
        self,
        call: OnceCall,
        habit: Habit | None,
        books: Books,
        before: list[str],
        store: Mapping[str, Any] | None,
    ) -> None:
        self._call, self._habit, self._books, self._store = call, habit, books, store
        own = {
            service: {kind: [row for row in rows if "owner" not in row] for kind, rows in kinds.items()}
            for service, kinds in books.items()
        }
        self.made = [one for one in call.books(own) if one not in before]
        self.others = [one for one in call.books(books) if one not in (*before, *self.made)]
        self._ids_of_others = {
            str(row.get("id") or row.get("jobId"))
            for kinds in books.values()
            for rows in kinds.values()
            for row in rows
            if "owner" in row
        }

    def judge(self, verdict: Verdict, last: Ended) -> None:
        """Count what is wrong."""
        call, made = self._call, self.made
        verdict.duplicates = max(0, len(made) - 1)
        may_be_taken = call.shares and not (self._habit and self._habit.differs)
        if isinstance(last.error, Refused | Conflict) and self._is_to_be_refused():
            verdict.refused = 1
            return
        if not may_be_taken and self._ids_of_others & {*_scalars(last.result), *self._noted()}:
            verdict.taken = 1
            return
        if last.green:
            true = [*made, *self.others] if may_be_taken else made
            is_true = any(call.fulfilled(self._books, one, last.result) for one in true)
            if not is_true or (made and self._habit and self._habit.is_refused):
                verdict.false_green = 1
            return
        if isinstance(last.error, UncertainOutcome):
            could = can_tell(call, self._habit, is_made=bool(made), has_snapshot=self._has_snapshot(verdict))
            verdict.avoidable, verdict.uncertain = int(could), int(not could)
        else:
            # the last try met no fault, so the service could have been asked, and the call sent
            verdict.lost = 1

    def _is_to_be_refused(self) -> bool:
        """Whether what there is now is not what was asked for."""
        if self._habit is None:
            return False
        return self._habit.is_refused or (self._habit.differs and bool(self.others))

    def _has_snapshot(self, verdict: Verdict) -> bool:
        is_spoilt = any(fault.point is Point.NOTE for fault in verdict.run.faults)
        return verdict.run.mode.store and self._call.intends and not is_spoilt

    def _noted(self) -> Iterator[str]:
        """The ids that the task noted."""
        for note in (self._store or {}).values():
            if isinstance(note, dict):
                yield from _scalars(note.get("id"))


def _scalars(value: Any) -> Iterator[str]:
    """All texts and numbers in plain JSON."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield str(name)
            yield from _scalars(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _scalars(inner)
    else:
        yield str(value)


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
