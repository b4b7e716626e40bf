"""What can go wrong, and where: the points of a call's life and the kinds of fault that make sense there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from .calls import OnceCall


class Point(Enum):
    """Where in the life of a submission a fault strikes."""

    BEFORE = "before sending"
    SENT = "sent, before the service acts"
    ACTED = "acted, before the answer"
    ANSWER = "in the middle of the answer"
    ANSWERED = "answered, id not stored"
    STORED = "id stored"
    WAIT = "during the wait"
    RESUME = "at resume"
    NOTE = "note spoilt between tries"
    LEDGER = "at the ledger"


SIGKILL, SIGTERM = "SIGKILL", "SIGTERM"
DEATHS = (SIGKILL, SIGTERM)
STATUSES = ("500", "502", "503", "504")
STORE = "state store refuses"
TRIGGERER, TRIGGERER_FOR_GOOD = "death of the triggerer", "death of the triggerer, for good"

SLOW = "slow storage"
ANOTHER_SENDS, ANOTHER_BEGINS = "another run sends first", "another run begins first"
NO_ROOM = {kind: f"no room for the {kind}" for kind in ("intent", "receipt")}
WRITTEN = {kind: f"the {kind} is written, and an error" for kind in ("intent", "receipt")}

HELD = 0.35
"""Seconds for which the sandbox holds back what a timeout is about ..."""
IMPATIENT = 0.15
"""... and seconds after which the task's client gives up then. Real ones, unlike all other times here."""

KINDS: dict[Point, tuple[str, ...]] = {
    # a service that answers errors to every look before the call; a call that finds nobody listening
    Point.BEFORE: ("service down", "refused connection", "timeout", STORE, *DEATHS),
    # "late" gives up as well, and the service acts after that
    Point.SENT: (
        *("reset", "timeout", "late", "429", *STATUSES, "HTML", "HTML with 200"),
        *("half a request", *DEATHS),
    ),
    # not 429: that it answers 429 says that it has not acted
    Point.ACTED: ("reset", "timeout", *STATUSES, "HTML", "HTML with 200", *DEATHS),
    # a death here is one before the answer: the task has read nothing of it
    Point.ANSWER: ("half a body", "no body", "no body, 202"),
    Point.ANSWERED: (STORE, *DEATHS),
    Point.STORED: DEATHS,
    Point.WAIT: (
        *("reset", "timeout", "429", *STATUSES, "HTML", "HTML with 200", "half a body", "service down"),
        *DEATHS,
        *(TRIGGERER, TRIGGERER_FOR_GOOD),
    ),
    # before the resumed task does anything; after its last act, before Airflow knows that it ended well
    Point.RESUME: tuple(f"{death} {when}" for death in DEATHS for when in ("at its start", "at its end")),
    Point.NOTE: ("not ours", "older version", "truncated"),
    # between reading the ledger and writing into it, and right before and after a record is there
    Point.LEDGER: (
        *(SLOW, ANOTHER_SENDS, ANOTHER_BEGINS, *NO_ROOM.values(), *WRITTEN.values()),
        *(f"{death} {when}" for death in DEATHS for when in ("after the intent", "before the receipt")),
        *(f"{death} after the receipt" for death in DEATHS),
    ),
}

READS: dict[str, dict[str, Any]] = {
    "reads: reset": {"what": "drop_before"},
    "reads: 429": {"what": "status", "status": 429, "headers": {"Retry-After": "2"}},
    "reads: 503": {"what": "status", "status": 503},
    "reads: HTML": {"what": "html", "status": 502},
    "reads: half a body": {"what": "half_body"},
}
"""What can go wrong, before sending, while a task reads that will not send."""

WIRE: dict[tuple[Point, str], dict[str, Any]] = {
    (Point.SENT, "reset"): {"what": "drop_before"},
    (Point.SENT, "timeout"): {"what": "drop_before", "seconds": HELD},
    (Point.SENT, "late"): {"what": "delay", "seconds": HELD},
    (Point.SENT, "429"): {"what": "status", "status": 429, "headers": {"Retry-After": "2"}},
    (Point.SENT, "HTML"): {"what": "html", "status": 502},
    (Point.SENT, "HTML with 200"): {"what": "html", "status": 200},
    (Point.ACTED, "reset"): {"what": "drop_after"},
    (Point.ACTED, "timeout"): {"what": "drop_after", "seconds": HELD},
    (Point.ACTED, "HTML"): {"what": "html", "status": 502, "after_acting": True},
    (Point.ACTED, "HTML with 200"): {"what": "html", "status": 200, "after_acting": True},
    (Point.ANSWER, "half a body"): {"what": "half_body"},
    (Point.ANSWER, "no body"): {"what": "empty"},
    (Point.ANSWER, "no body, 202"): {"what": "empty", "status": 202},
    (Point.WAIT, "reset"): {"what": "drop_before"},
    (Point.WAIT, "timeout"): {"what": "drop_before", "seconds": HELD},
    (Point.WAIT, "429"): {"what": "status", "status": 429, "headers": {"Retry-After": "2"}},
    (Point.WAIT, "HTML"): {"what": "html", "status": 502},
    (Point.WAIT, "HTML with 200"): {"what": "html", "status": 200},
    (Point.WAIT, "half a body"): {"what": "half_body"},
    **{(Point.SENT, status): {"what": "status", "status": int(status)} for status in STATUSES},
    **{
        (Point.ACTED, status): {"what": "status", "status": int(status), "after_acting": True}
        for status in STATUSES
    },
    **{(Point.WAIT, status): {"what": "status", "status": int(status)} for status in STATUSES},
}
"""The sandbox's misbehaviour for each fault on the wire."""

DOWN: dict[str, Any] = {"what": "status", "status": 503, "times": None}


@dataclass(frozen=True)
class Mode:
    """How a task runs.

    :param store: whether there is a task state store (Airflow 3.3) or none (3.1, 3.2).
    :param deferrable: whether it waits in the triggerer.
    :param simulated: whether it only says what it would do.
    """

    store: bool
    deferrable: bool = False
    simulated: bool = False


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong in one try.

    :param point: where.
    :param kind: what.
    :param times: how many requests in a row it meets, where that can be more than one.
    :param then_down: whether the service is down afterwards for the rest of the try.
    :param goes_on: whether a task that got SIGTERM comes to its own end before it is killed.
    """

    point: Point
    kind: str
    times: int = 1
    then_down: bool = False
    goes_on: bool = False

    @property
    def rule(self) -> dict[str, Any] | None:
        """The sandbox's misbehaviour, if the fault is on the wire."""
        return WIRE.get((self.point, self.kind))

    @property
    def death(self) -> str | None:
        """The signal the task's process gets, if any."""
        return next((death for death in DEATHS if self.kind.startswith(death)), None)

    @property
    def needs_impatience(self) -> bool:
        """Whether the client has to give up before the sandbox answers."""
        return self.kind in ("timeout", "late") or (
            self.death is not None and self.point in (Point.SENT, Point.ACTED)
        )


def fits(call: OnceCall, mode: Mode, point: Point, kind: str) -> bool:
    """Whether a fault makes sense; where not, there is no such moment in the life of the call."""
    if mode.deferrable and not call.waits:
        return False
    if point is Point.LEDGER:
        return call.has_receipt
    # without a store nothing is stored, and some tasks note nothing of this call
    if point is Point.NOTE or (point is Point.BEFORE and kind == STORE):
        return mode.store and call.intends
    if point is Point.STORED or (point is Point.ANSWERED and kind == STORE):
        return mode.store and call.notes
    if kind in (TRIGGERER, TRIGGERER_FOR_GOOD):
        return mode.deferrable
    if point is Point.WAIT:
        # a task that waits in the triggerer has no process
        return call.reads and not (mode.deferrable and kind in DEATHS)
    if point is Point.RESUME and kind.endswith("start"):
        return mode.deferrable
    return True
