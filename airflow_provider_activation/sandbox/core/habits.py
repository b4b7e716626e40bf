"""Habits: lasting traits of a service. A misbehaviour concerns single requests, a habit all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Literal

from airflow_provider_activation.sandbox.core import checks
from airflow_provider_activation.sandbox.core.checks import Check
from airflow_provider_activation.sandbox.core.reading import Fields
from airflow_provider_activation.sandbox.core.rules import Rules

TEXT_CHANGES = ("upper", "lower", "trim", "fold", "suffix", "escape", "cut", "nfd", "nfkc")

REQUIRED: Any = object()


@dataclass(frozen=True)
class Option:
    """A field of a habit, with its default."""

    check: Check[Any]
    default: Any = REQUIRED


Narrowing = Literal["resources", "path", "list"]
"""What narrows a habit: a glob for the names of resources in the books, for paths, or for names of lists."""


@dataclass(frozen=True)
class Kind:
    """One kind of habit."""

    says: str
    """What a service with this habit does, for the front page."""
    narrowing: Narrowing
    options: Mapping[str, Option]


_SECONDS = Option(checks.number(0, 86400))
_TIMES = Option(checks.nullable(checks.integer(1)), 1)

KINDS: Mapping[str, Kind] = {
    "read_lag": Kind(
        "A resource is not found by its id until it is `seconds` old.", "resources", {"seconds": _SECONDS}
    ),
    "list_lag": Kind(
        "A resource is in no list until it is `seconds` old.", "resources", {"seconds": _SECONDS}
    ),
    "late": Kind(
        "A creation is answered 202 with `body`, by default empty. The resource exists `seconds` later.",
        "resources",
        {"seconds": _SECONDS, "body": Option(checks.anything, None)},
    ),
    "texts": Kind(
        f"Names, labels and descriptions are changed when they are stored: {', '.join(TEXT_CHANGES)}. "
        "`suffix` is what suffix appends, `length` what cut leaves.",
        "resources",
        {
            "change": Option(checks.one_of(*TEXT_CHANGES)),
            "suffix": Option(checks.text, " (1)"),
            "length": Option(checks.integer(1), 20),
        },
    ),
    "ignores": Kind(
        "These `fields` of creations and updates, as requests name them, are accepted and not stored.",
        "resources",
        {"fields": Option(checks.array(checks.filled_text, minimum=1))},
    ),
    "ids": Kind(
        "All ids in responses that can be written so are of this `form`: number or text.",
        "path",
        {"form": Option(checks.one_of("number", "text"))},
    ),
    "shift": Kind(
        "When a client asks for a further page, the last row that it has not read moves to the first page: "
        "in `times` listings, or with null in each.",
        "list",
        {"times": _TIMES},
    ),
    "aliens": Kind("Each list also has rows that are not as documented.", "path", {}),
    "neighbour": Kind(
        "Somebody else makes an equal resource right `when` (before, after) a creation acts, also when that "
        "is refused. A submission mark in its texts is removed, or gets `mark` as its key. `fields` of its "
        "body have other values. This happens `times` times, or null for always.",
        "path",
        {
            "when": Option(checks.one_of("before", "after")),
            "mark": Option(checks.nullable(checks.filled_text), None),
            "fields": Option(checks.any_object, {}),
            "times": _TIMES,
        },
    ),
    "segment_ids": Kind(
        "LiveRamp reads the segments of a query under the name that it `reads`, segmentIDs or segmentIDs[]; "
        "the `other` one is refused or ignored. Without this habit segmentIDs is read.",
        "path",
        {
            "reads": Option(checks.one_of("segmentIDs", "segmentIDs[]")),
            "other": Option(checks.one_of("refused", "ignored"), "refused"),
        },
    ),
    "quotes": Kind(
        "Responses quote the request's credentials: in errors, descriptions and `self`.", "path", {}
    ),
}


@dataclass
class Habit:
    """One habit. It has the options of its kind."""

    id: int
    what: str
    service: str
    only: str
    """A glob for what the habit concerns, see `Kind.narrowing`."""
    options: dict[str, Any]

    @property
    def due(self) -> bool:
        """Whether it has not happened as often as it may."""
        return self.options.get("times") != 0

    def happened(self) -> None:
        """Count one time. A habit without a number of times is always due."""
        if self.options.get("times") is not None:
            self.options["times"] -= 1

    def as_json(self) -> dict[str, Any]:
        """The habit as `add` takes it, with its id."""
        named = {"id": self.id, "what": self.what, "service": self.service}
        return {**named, KINDS[self.what].narrowing: self.only, **self.options}


class Habits(Rules[Habit]):
    """The habits of all services."""

    def _read(self, rule_id: int, service: str, fields: Fields) -> Habit:
        what = fields.need("what", checks.one_of(*KINDS))
        kind = KINDS[what]
        only = fields.may(kind.narrowing, checks.filled_text) or "*"
        options = {}
        for name, option in kind.options.items():
            if option.default is REQUIRED:
                options[name] = fields.need(name, option.check)
            else:
                options[name] = fields.may(name, option.check) if name in fields else option.default
        return Habit(rule_id, what, service, only, options)

    def of(self, service: str, what: str, concerned: str) -> list[Habit]:
        """The habits of one kind that a service has, with a resource, a path or a list."""
        return [
            habit
            for habit in self._rules
            if habit.what == what and habit.service in ("*", service) and fnmatchcase(concerned, habit.only)
        ]
