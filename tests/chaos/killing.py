"""The tries of one task, each in a process of its own that is killed by a signal.

The process stops at the point of the fault and says so; where the fault is between the request and its
answer, the sandbox holds the answer back and its books show that the request has come. Then the signal is
sent. What Airflow does after SIGTERM is done here as well: `on_kill`, and the task goes on until SIGKILL.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from typing import Any
from unittest import mock

from airflow.providers.common.compat.sdk import AirflowFailException, TaskDeferred
from task_running import StateStore, TaskInstance

from airflow_provider_activation.sandbox import Sandbox
from airflow_provider_activation.triggers.wait import WaitTrigger

from .calls import CALLS, OnceCall
from .faults import SIGTERM, Fault, Mode, Point
from .injection import Injector, WatchedStore
from .tasks import Place
from .tries import Ended, Tries
from .world import Clock, Hung, World, silence

HELD = 0.4
"""Seconds for which the sandbox holds an answer back."""
GRACE, SHORT_GRACE = 0.8, 0.05
"""Seconds between SIGTERM and SIGKILL, instead of Airflow's five: enough to come to an end, or not."""
LONGEST_PROCESS = 30.0
LOOK_AGAIN = 0.003

_context = multiprocessing.get_context("forkserver")


def _ready() -> None:
    """Have a process from which others are forked in no time: all is imported there, and no thread runs."""
    _context.set_forkserver_preload([__name__])
    # it looks for modules where the environment says, and not where this process does
    with mock.patch.dict(os.environ, {"PYTHONPATH": os.pathsep.join(sys.path)}):
        forkserver.ensure_running()


@dataclass(frozen=True)
class _Work:
    """What one process has to do, and what it is given."""

    call: int
    mode: Mode
    place: Place
    fault: Fault | None
    run_id: str
    try_number: int
    kept: dict[str, Any] | None
    xcoms: dict[str, Any]
    resumption: tuple[str, dict[str, Any]] | None = None


class KilledTries(Tries):
    """One task of one run; each try, and each resumption after a wait, is a process."""

    def __init__(self, call: OnceCall, mode: Mode, place: Place, world: World, sandbox: Sandbox) -> None:
        super().__init__(call, mode, place, world, sandbox.advance)
        self._sandbox = sandbox
        self._place = place

    def attempt(self, fault: Fault | None, misbehave: Any) -> Ended:
        self.fault = fault
        self._tries += 1
        if fault is not None and fault.point in (Point.SENT, Point.ACTED):
            what = "delay" if fault.point is Point.SENT else "drop_after"
            misbehave(what=what, **vars(self.call.route), seconds=HELD)
        said = self._process({})
        if "trigger" in said:
            self.triggers.append(WaitTrigger(**said["trigger"]))
            said = self._process(said["xcoms"], (said["method"], {"event": self._event()}))
        if "result" in said:
            return Ended(green=True, result=said["result"])
        return Ended(error=said.get("error"))

    def _process(
        self, xcoms: dict[str, Any], resumption: tuple[str, dict[str, Any]] | None = None
    ) -> dict[str, Any]:
        """Run one process to its end, or to its death; returns the last it said."""
        ours, theirs = _context.Pipe()
        work = _Work(
            CALLS.index(self.call),
            self.mode,
            self._place,
            self.fault,
            self._run_id,
            self._tries,
            None if self.store is None else dict(self.store),
            xcoms,
            resumption,
        )
        environment = {name: value for name, value in os.environ.items() if name.startswith("AIRFLOW")}
        _ready()
        process = _context.Process(target=_work, args=(work, theirs, environment))
        process.start()
        theirs.close()
        try:
            return self._listen(process, ours)
        finally:
            process.kill()
            process.join()
            process.close()
            ours.close()

    def _listen(self, process: Any, ours: Connection) -> dict[str, Any]:
        deadline = time.monotonic() + LONGEST_PROCESS
        dies_at: float | None = None
        while time.monotonic() < deadline:
            if dies_at is None and self._is_held():
                dies_at = self._signal(process)
            if dies_at is not None and time.monotonic() >= dies_at:
                process.kill()
                process.join()
            try:
                if not ours.poll(LOOK_AGAIN):
                    continue
                said, what = ours.recv()
            except (EOFError, ConnectionResetError):
                return {}
            match said:
                case "keeps":
                    assert self.store is not None
                    self.store.clear()
                    self.store.update(what)
                case "sleeps":
                    self._world.clock.sleep(what)
                    with suppress(BrokenPipeError):
                        ours.send("slept")
                case "is here":
                    dies_at = self._signal(process)
                case "ends":
                    return dict(what)
        raise Hung

    def _is_held(self) -> bool:
        """Whether the sandbox has the request and holds its answer back."""
        if self.fault is None or self.fault.point not in (Point.SENT, Point.ACTED):
            return False
        held = any(entry["misbehaviour"] in ("delay", "drop_after") for entry in self._sandbox.requests)
        if held:
            self._world.clock.hold(HELD + 0.1)
        return held

    def _signal(self, process: Any) -> float:
        """Send the fault's signal; returns when to send SIGKILL."""
        assert self.fault is not None
        if self.fault.death != SIGTERM:
            return time.monotonic()
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGTERM)
        return time.monotonic() + (GRACE if self.fault.goes_on else SHORT_GRACE)


# In the process that is killed


class _ToldStore(WatchedStore):
    """A task state store that is kept outside the process, as Airflow's is."""

    def __init__(self, kept: dict[str, Any], told: Connection) -> None:
        super().__init__(kept)
        self._told = told

    def set(self, key: str, value: Any) -> None:
        def write() -> None:
            StateStore.set(self, key, value)
            self._told.send(("keeps", dict(self)))

        assert self.injector is not None
        self.injector.noting(key, value, write)

    def delete(self, key: str) -> None:
        super().delete(key)
        self._told.send(("keeps", dict(self)))


class _OneTry(Tries):
    """One try, or its resumption, in this very process."""

    def __init__(self, work: _Work, world: World, clock: Clock, told: Connection) -> None:
        super().__init__(CALLS[work.call], work.mode, work.place, world, lambda seconds: None)
        self._run_id = work.run_id
        self._tries = work.try_number - 1
        self._told = told
        self._terminated = False
        if work.kept is not None:
            self.store = _ToldStore(work.kept, told)
        self.fault = work.fault
        notes = work.mode.store and self.call.notes
        injector = Injector(self.call, work.fault, clock, None, self._die, notes=notes)
        self.injector = world.watch = injector
        self._ends, self._resumes = injector.ends, injector.resumes
        if isinstance(self.store, WatchedStore):
            self.store.injector = injector
        signal.signal(signal.SIGTERM, self._on_term)

    def _on_term(self, signal_number: int, frame: Any) -> None:
        if self.operator is not None:
            self.operator.on_kill()
        self._terminated = True

    def _die(self) -> None:
        """Say that the point is reached, and wait for what comes."""
        assert self.fault is not None
        self._told.send(("is here", None))
        while not (self._terminated and self.fault.goes_on):
            time.sleep(LOOK_AGAIN)

    def do(self, work: _Work) -> dict[str, Any]:
        """The try; returns how it ended."""
        try:
            if work.resumption is None:
                result = self.begin()
            else:
                operator = self._operator()
                self.ti = TaskInstance(operator.task_id, self._run_id, try_number=work.try_number)
                self.ti.xcoms.update(work.xcoms)
                self.context = {"ti": self.ti, "task_state_store": self.store, "dag_run": self._dag_run}
                self._resumes()
                result = operator.resume_execution(*work.resumption, self.context)
            self._ends()
            return {"result": result}
        except TaskDeferred as deferred:
            assert self.ti is not None
            arguments = deferred.trigger.serialize()[1]
            return {"trigger": arguments, "method": deferred.method_name, "xcoms": self.ti.xcoms}
        except AirflowFailException as failure:
            return {"error": failure.__cause__ or failure}
        except Exception as error:
            return {"error": error}


def _work(work: _Work, told: Connection, environment: dict[str, str]) -> None:
    os.environ.update(environment)

    def advance(seconds: float) -> None:
        told.send(("sleeps", seconds))
        told.recv()

    world = World()
    with silence(), world.in_place():
        world.begin(advance)
        told.send(("ends", _OneTry(work, world, world.clock, told).do(work)))
