"""Services as other services are: the habits that a run can have beside its faults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .calls import OnceCall
from .tasks import Place

LAG = 45.0
"""Seconds of the sandbox's time: less than the minute for which a lost answer proves nothing."""
ACKNOWLEDGED_LAG = 300.0
"""Seconds: less than the ten minutes after an answer that says that the call was taken."""
CUT_AT = 12
"""Characters that a service leaves of a text: the submission key is cut off."""
OTHERS_KEY = "0123456789ab"


@dataclass(frozen=True)
class Habit:
    """One habit of the service that a task calls.

    :param name: for the table.
    :param what: the sandbox's name of it.
    :param on: what narrows it: ``resources``, or the ``path`` of the call.
    :param options: the sandbox's options of it.
    :param loses_key: a text does not come back with the submission key.
    :param loses_text: a text does not come back so that a person would recognise it.
    :param is_refused: what is made is not what was asked for, and must not be green.
    :param needs_answer: it can only be borne if the task knows what the service answered.
    """

    name: str
    what: str
    on: str = ""
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)
    loses_key: bool = False
    loses_text: bool = False
    is_refused: bool = False
    needs_answer: bool = False

    @property
    def is_neighbour(self) -> bool:
        """Whether somebody else makes an equal resource."""
        return self.what == "neighbour"

    @property
    def differs(self) -> bool:
        """Whether the neighbour's is another one under the same name."""
        return self.is_neighbour and bool(self.options["fields"])

    def rules(self, call: OnceCall, place: Place) -> Iterator[dict[str, Any]]:
        """What the sandbox is told."""
        options = {**self.options, "service": call.route.service}
        if self.differs:
            options["fields"] = {name: place.get(str(value), value) for name, value in call.other.items()}
        if self.on == "path":
            yield {**options, "path": call.route.path}
        elif self.on == "resources":
            yield from ({**options, "resources": resources} for resources in call.resources)
        else:
            yield options


def _text(change: str, **more: Any) -> Habit:
    return Habit(f"texts: {change}", "texts", "resources", {"change": change}, **more)


_LAGS = (
    Habit("read lag", "read_lag", "resources", {"seconds": LAG}),
    Habit("list lag", "list_lag", "resources", {"seconds": LAG}),
    Habit("late", "late", "resources", {"seconds": LAG}),
)
_ACKNOWLEDGED = Habit(
    "late by minutes", "late", "resources", {"seconds": ACKNOWLEDGED_LAG}, needs_answer=True
)
_TEXTS = (
    *(_text(change) for change in ("upper", "lower", "trim", "fold", "escape", "nfd", "nfkc")),
    _text("suffix", loses_text=True),
    Habit(
        "texts: cut",
        "texts",
        "resources",
        {"change": "cut", "length": CUT_AT},
        loses_key=True,
        loses_text=True,
    ),
)
_ANSWERS = (
    Habit("ids: number", "ids", options={"form": "number"}),
    Habit("ids: text", "ids", options={"form": "text"}),
    Habit("quotes", "quotes"),
)
_ALIENS = Habit("aliens", "aliens")
_NONE = Habit("", "")


def _neighbour(when: str, mark: str | None, **fields: Any) -> Habit:
    who = "another task" if mark else "a person"
    name = f"{who} {when} it{', with other fields' if fields else ''}"
    return Habit(name, "neighbour", "path", {"when": when, "mark": mark, "fields": fields, "times": 1})


def _ignores(name: str, **more: Any) -> Habit:
    return Habit(f"ignores {name}", "ignores", "resources", {"fields": [name]}, **more)


def habits_of(call: OnceCall) -> list[Habit]:
    """Every habit that makes a difference to a call."""
    habits = [*_ANSWERS, _ALIENS]
    if call.resources:
        # what is taken without an answer and cannot be listed is never known
        habits += [lag for lag in _LAGS if lag.what != "late" or call.told_by != "none"]
    if call.told_by in ("key", "name", "settings", "credentials"):
        habits.append(_ACKNOWLEDGED)
    if call.has_text:
        habits += _TEXTS
    if call.has_neighbours:
        marks = (None, OTHERS_KEY) if call.told_by in ("key", "credentials") else (None,)
        habits += [_neighbour(when, mark) for when in ("before", "after") for mark in marks]
    if call.other:
        habits += [_neighbour(when, None, differ=True) for when in ("before", "after")]
    for name in call.ignored:
        habits.append(_ignores(name, is_refused=True, needs_answer=name in call.identifying))
    # the submission key is lost with the text that carries it
    habits += [_ignores(name, loses_key=True) for name in call.mended]
    habits += [_ignores(name, loses_key=True, loses_text=True) for name in call.ignored_texts]
    return habits


def can_tell(call: OnceCall, habit: Habit | None, *, is_made: bool, has_snapshot: bool) -> bool:
    """Whether the service shows what became of a task's call, by the table of ``docs/reliability.md``.

    :param is_made: whether the task has made it.
    :param has_snapshot: whether the task knows what there was before.
    """
    habit = habit or _NONE
    is_keyed = call.told_by in ("key", "credentials")
    may_be_an_alien = habit.what == "aliens" and call.has_text and not has_snapshot
    if may_be_an_alien and (not is_made or call.is_of_several):
        return False  # a row without a text, or one that nobody can read
    if is_made:
        is_lost = habit.loses_key if is_keyed else habit.loses_text
        return call.presence == "always" and not (is_lost and call.told_by not in ("place", "settings"))
    if is_keyed and habit.is_neighbour and habit.options["mark"] is None:
        return False  # somebody else's that is new
    if call.absence == "by the snapshot":
        return has_snapshot
    return call.absence == "always"
