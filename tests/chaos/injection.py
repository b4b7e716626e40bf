"""Makes one fault happen in one try, at the point it is meant for."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from unittest import mock

import httpx
from task_running import StateStore

from airflow_provider_activation.errors import AudienceNotWritten

from .calls import OnceCall
from .faults import (
    ANOTHER_BEGINS,
    ANOTHER_SENDS,
    DOWN,
    HELD,
    IMPATIENT,
    NO_ROOM,
    READS,
    SLOW,
    STORE,
    WRITTEN,
    Fault,
    Point,
)
from .ledgers import begun_by_another, ledger_at, sent_by_another
from .world import Clock

CLOSED_PORT = 9
"""Nobody listens there."""
SLOW_FOR = 90.0
"""Seconds of the sandbox's time that a slow storage takes for a record."""


class Died(BaseException):
    """The task's process is gone. Nothing of ours can catch it."""


class Injector:
    """One try, and what goes wrong in it.

    :param call: the call the fault is about.
    :param fault: what goes wrong; None if all goes well.
    :param clock: the run's time.
    :param misbehave: tells the sandbox to misbehave; None in a process that cannot.
    :param die: ends the task's process in the way the fault says, at the moment it is called.
    :param notes: whether the task notes the id, so that what strikes before that strikes there.
    """

    def __init__(
        self,
        call: OnceCall,
        fault: Fault | None,
        clock: Clock,
        misbehave: Callable[..., Any] | None,
        die: Callable[[], None],
        *,
        notes: bool,
    ) -> None:
        self._call = call
        self._fault = fault
        self._clock = clock
        self._misbehave = misbehave
        self._die = die
        self._notes = notes
        self._answered = False
        self._polls = 0
        self.happened = False
        if fault is not None:
            self._arm(fault)

    def _arm(self, fault: Fault) -> None:
        if self._misbehave is None:
            return
        if fault.point is Point.BEFORE and fault.kind == "service down":
            self._misbehave(service=self._call.route.service, **DOWN)
        elif fault.kind in READS:
            self._rule("GET", "*", times=fault.times, **READS[fault.kind])
        elif fault.point in (Point.SENT, Point.ACTED, Point.ANSWER) and fault.rule:
            self._rule(self._call.route.method, self._call.route.path, **fault.rule)
        elif fault.death and fault.point is Point.SENT:
            self._rule(self._call.route.method, self._call.route.path, what="delay", seconds=HELD)
        elif fault.death and fault.point is Point.ACTED:
            self._rule(self._call.route.method, self._call.route.path, what="drop_after", seconds=HELD)

    def _rule(self, method: str, path: str, *, times: int = 1, **rule: Any) -> None:
        assert self._misbehave is not None
        self._misbehave(service=self._call.route.service, method=method, path=path, times=times, **rule)

    def _is(self, point: Point, *kinds: str) -> bool:
        """Whether the fault is still to come and is of this point, and of one of these kinds or a death."""
        fault = self._fault
        if fault is None or self.happened or fault.point is not point:
            return False
        return fault.kind in kinds if kinds else fault.death is not None

    def _dies(self) -> None:
        self.happened = True
        self._die()

    # on the wire

    def is_it(self, request: httpx.Request) -> bool:
        """Whether a request is the call the fault is about."""
        service, _, path = request.url.path.lstrip("/").partition("/")
        route = self._call.route
        called = (service, request.method) == (route.service, route.method)
        return called and fnmatchcase(f"/{path}", route.path)

    def send(
        self, request: httpx.Request, onward: Callable[[httpx.Request], httpx.Response]
    ) -> httpx.Response:
        if not self.is_it(request):
            self._polled()
            return onward(self.impatient(request))
        try:
            response = onward(self._on_its_way(request))
            if self._is(Point.ANSWERED) and not self._notes:
                response.read()
                self._dies()
        except httpx.ReadTimeout:
            if self._is(Point.SENT) or self._is(Point.ACTED):
                self._dies()
            raise
        finally:
            if self._fault is not None and self._fault.then_down and self._misbehave:
                self._misbehave(service=self._call.route.service, **DOWN)
        if response.is_success:
            self.answered()
        return response

    def _on_its_way(self, request: httpx.Request) -> httpx.Request:
        fault = self._fault
        if self._is(Point.BEFORE, "refused connection"):
            self.happened = True
            return httpx.Request(
                request.method,
                request.url.copy_with(port=CLOSED_PORT),
                headers=request.headers,
                stream=request.stream,
                extensions=request.extensions,
            )
        if self._is(Point.BEFORE, "timeout"):
            self.happened = True
            raise httpx.ConnectTimeout("timed out", request=request)
        if self._is(Point.BEFORE):
            self._dies()
        if self._is(Point.SENT, "half a request"):
            self.happened = True
            request.stream = _Half(request)
        if fault is not None and not self.happened and self._misbehave and fault.needs_impatience:
            self._clock.hold(HELD + 0.1)
            return _impatient(request)
        return request

    def impatient(self, request: httpx.Request) -> httpx.Request:
        """A question, asked with little patience if the fault is that it is not answered in time."""
        fault = self._fault
        unanswered = fault is not None and (fault.point, fault.kind) == (Point.WAIT, "timeout")
        return _impatient(request) if unanswered and self._answered else request

    def _polled(self) -> None:
        if not self._answered or self._fault is None or not self._is(Point.WAIT):
            return
        self._polls += 1
        if self._polls == self._fault.times:
            self._dies()

    def answered(self) -> None:
        """The task knows what it made; from now on it waits."""
        fault = self._fault
        if self._answered:
            return
        self._answered = True
        if fault is None or fault.point is not Point.WAIT or self._misbehave is None:
            return
        if fault.kind == "service down":
            self._misbehave(service=self._call.route.service, **{**DOWN, "times": 8 * fault.times})
        elif fault.rule:
            self._rule("*", "*", times=fault.times, **fault.rule)

    # at the state store

    def noting(self, key: str, value: Any, write: Callable[[], None]) -> None:
        """The task writes into its state store."""
        if key != f"activation_{self._call.noun.replace(' ', '_')}":
            write()
            return
        if "id" not in value:
            if self._is(Point.BEFORE, STORE):
                self._refuses()
            write()
            return
        if self._is(Point.ANSWERED, STORE):
            self._refuses()
        if self._is(Point.ANSWERED):
            self._dies()
        write()
        self.answered()
        if self._is(Point.STORED):
            self._dies()

    def _refuses(self) -> None:
        self.happened = True
        raise RuntimeError("the state store cannot be reached")

    # at the ledger

    def recording(self, path: Path, content: bytes, write: Callable[[], None]) -> None:
        """The task writes a record, the newest as it thinks."""
        kind = json.loads(content)["kind"]
        if self._is(Point.LEDGER, SLOW):
            self._clock.sleep(SLOW_FOR)
        if kind == "intent" and self._is(Point.LEDGER, ANOTHER_SENDS, ANOTHER_BEGINS):
            assert self._fault is not None
            self.happened = True
            (begun_by_another if self._fault.kind == ANOTHER_BEGINS else sent_by_another)(ledger_at(path))
        self._dies_at(f"before the {kind}")
        if self._is(Point.LEDGER, NO_ROOM.get(kind, "")):
            self.happened = True
            with mock.patch.object(os, "fsync", side_effect=OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))):
                write()
        write()
        if self._is(Point.LEDGER, WRITTEN.get(kind, "")):
            self.happened = True
            raise AudienceNotWritten("the storage gave no answer.")
        self._dies_at(f"after the {kind}")

    def _dies_at(self, moment: str) -> None:
        if self._is(Point.LEDGER) and self._fault is not None and self._fault.kind.endswith(moment):
            self._dies()

    # at its beginning and end

    def resumes(self) -> None:
        """A process of the task begins to go on after a wait in the triggerer."""
        if self._is(Point.RESUME) and self._fault is not None and self._fault.kind.endswith("start"):
            self._dies()

    def ends(self) -> None:
        """The task has done all it does, and Airflow does not know it yet."""
        if self._is(Point.RESUME) and self._fault is not None and self._fault.kind.endswith("end"):
            self._dies()


class WatchedStore(StateStore):
    """A task state store whose writes an injector sees."""

    injector: Injector | None = None

    def set(self, key: str, value: Any) -> None:
        if self.injector is None:
            super().set(key, value)
        else:
            self.injector.noting(key, value, lambda: StateStore.set(self, key, value))


def _impatient(request: httpx.Request) -> httpx.Request:
    timeouts = {**request.extensions["timeout"], "read": IMPATIENT}
    request.extensions = {**request.extensions, "timeout": timeouts}
    return request


class _Half(httpx.SyncByteStream):
    """The first half of a request's body; then the process is gone."""

    def __init__(self, request: httpx.Request) -> None:
        self._body = b"".join(request.stream)  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[bytes]:
        yield self._body[: len(self._body) // 2]
        raise Died
