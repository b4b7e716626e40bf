"""The kinds of argument: which values are taken, which are other spellings of them, and which are refused.

This is a second, independent reading of what the documents promise of arguments. Nothing of it is taken
from the package.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any

LEFT_OUT: Any = object()
"""An argument that a case does not give."""


class Need(Enum):
    """What None means for an argument."""

    REQUIRED = "it must be given, and None is refused"
    DEFAULT = "it may be left out, and None is refused"
    OPTIONAL = "None is the same as left out"


def _none(good: Any) -> Iterable[Any]:
    return ()


@dataclass(frozen=True)
class Kind:
    """A kind of argument.

    :param wrong: values that are refused however they come.
    :param wrong_texts: texts that are refused however they come, also where a template renders to one.
    :param wrong_at_parse: values that are refused only in the DAG file: a template may render to them.
    :param alike: other spellings of a good value, taken everywhere.
    :param alike_at_run: other spellings that a template may render to.
    :param items: the kind of the items of a list or of the values of a mapping.
    :param scalar: whether a template that renders to the text of a good value is taken. Where it is not, it
        is either understood or refused.
    :param text_too: whether it is a good value of its own instead.
    :param plain: whether it takes plain values only, neither a template nor a task's output.
    :param digits: whether a text of digits is good, which native rendering makes a number.
    """

    name: str
    wrong: tuple[Any, ...] = ()
    wrong_texts: tuple[str, ...] = ()
    wrong_at_parse: tuple[Any, ...] = ()
    alike: Callable[[Any], Iterable[Any]] = _none
    alike_at_run: Callable[[Any], Iterable[Any]] = _none
    items: Kind | None = None
    scalar: bool = True
    text_too: bool = False
    plain: bool = False
    digits: bool = False


@dataclass(frozen=True)
class Argument:
    """A row of the table.

    :param good: a value that is taken.
    :param other: another one. What the service is asked, or what comes out, differs between the two.
    :param beside: other arguments that its cases need, or `LEFT_OUT` those they must not have.
    :param wrong: wrong values of this argument alone.
    :param digits: False where a text of digits is no good value although it is one of the kind.
    """

    kind: Kind
    need: Need
    good: Any
    other: Any = LEFT_OUT
    beside: Mapping[str, Any] = field(default_factory=dict)
    wrong: tuple[Any, ...] = ()
    digits: bool = True


def need(kind: Kind, good: Any, other: Any = LEFT_OUT, **more: Any) -> Argument:
    """An argument that must be given."""
    return Argument(kind, Need.REQUIRED, good, other, **more)


def has(kind: Kind, good: Any, other: Any = LEFT_OUT, **more: Any) -> Argument:
    """An argument with a default that is not None."""
    return Argument(kind, Need.DEFAULT, good, other, **more)


def may(kind: Kind, good: Any, other: Any = LEFT_OUT, **more: Any) -> Argument:
    """An argument that is left out if it is None."""
    return Argument(kind, Need.OPTIONAL, good, other, **more)


Arguments = dict[str, Argument]


@dataclass(frozen=True)
class Row:
    """A class of the provider info.

    :param always: arguments that every case gives and that a case may replace.
    """

    arguments: Arguments
    always: Mapping[str, Any] = field(default_factory=dict)

    def base(self) -> dict[str, Any]:
        """Arguments of a task that is right."""
        required = {
            name: argument.good for name, argument in self.arguments.items() if argument.need is Need.REQUIRED
        }
        return required | dict(self.always)


# Values that are wrong for many

NAN, INFINITE = math.nan, math.inf
NO_TEXTS = (1.5, True, False, {"a": "b"}, ["a"])
NO_NUMBERS = (True, NAN, INFINITE, [1], {"a": 1})


def _spaced(good: Any) -> Iterable[Any]:
    yield f" {good} "
    if str(good).isdecimal():
        yield int(good)
        yield str(good)


def _as_datetime(good: Any) -> Iterable[Any]:
    return (datetime.fromisoformat(good),)


def _as_date(good: Any) -> Iterable[Any]:
    return (date.fromisoformat(good),)


def _flag_texts(good: Any) -> Iterable[Any]:
    return (str(good), str(good).lower(), str(good).upper())


def _as_tuple(good: Any) -> Iterable[Any]:
    return (tuple(good),)


# The kinds

CONNECTION_ID = Kind("connection id", (*NO_TEXTS, "", " "))
TEXT = Kind("text", NO_TEXTS, digits=True)
NAME = Kind("non-empty text", (*NO_TEXTS, "", "  "), ("", "  "), digits=True)
WORD = Kind("word of a few", (*NO_TEXTS, "nonsense", "", 5), ("nonsense", "", "None"))
ID = Kind(
    "id",
    (*NO_TEXTS, 5000000001.0, NAN),
    ("", "  ", "None", "nan", "a\nb", "a\x00b", "a\r\nb"),
    alike=_spaced,
)
WHOLE_ID = Kind(
    "whole-number id",
    ID.wrong,
    (*ID.wrong_texts, "1,000", "1_000", "abc", "1.0", "1e3"),
    alike=_spaced,
)
FLAG = Kind(
    "flag",
    (1, 0, 1.0, "yes", "no", [], [1], {}, {"a": 1}),
    ("yes", "", "1", "0", "None", "truth"),
    wrong_at_parse=("True", "False", "true"),
    alike_at_run=_flag_texts,
)
TIMESTAMP = Kind(
    "timestamp with zone",
    (20270101, 1798761600, 1.5, True, datetime(2027, 1, 1), date(2027, 1, 1), ["2027-01-01T00:00:00Z"]),
    ("20270101", "1798761600", "2027-01-01T00:00:00", "2027-01-01", "tomorrow", "", "None"),
    alike=_as_datetime,
)
DAY = Kind(
    "day",
    (20270131, 1.5, True, ["2027-01-31"], {"a": 1}),
    ("31/01/2027", "tomorrow", "", "None"),
    alike=_as_date,
)
AMOUNT = Kind("amount", NO_NUMBERS, ("nan", "inf", "1,000", "1_000", "a lot", "", "None"))
WHOLE_NUMBER = Kind("whole number", (*NO_NUMBERS, 0.5), ("0.5", "1,000", "1_000", "many", "", "None"))
LIST_OF_IDS = Kind(
    "list of ids", (5, True, 1.5, "5000000001", {"a": "b"}), items=ID, scalar=False, alike=_as_tuple
)
LIST_OF_TEXTS = Kind(
    "list of texts", (5, True, 1.5, "email", {"a": "b"}), items=NAME, scalar=False, alike=_as_tuple
)
LIST_OF_WORDS = Kind(
    "list of words", (5, True, 1.5, {"a": "b"}, "ACTIVE", []), items=WORD, scalar=False, alike=_as_tuple
)
MAPPING = Kind("mapping of texts", (5, True, 1.5, "a", ["a"]), items=TEXT, scalar=False)
PLACES = Kind(
    "mapping of places",
    (5, True, "login", ["login"], {"a": "host"}, {"a": 5}, {"a": None}, {"a": ""}),
    scalar=False,
)
JSON = Kind("JSON mapping", (5, True, 1.5, "a", ["a"], {"a": NAN}), scalar=False)
JSON_LIST = Kind("list of JSON mappings", (5, True, 1.5, "a", [5], ["a"], [None]), scalar=False)
JSON_OR_TEXT = Kind("JSON mapping or text", (5, 1.5, True, {"a": NAN}), scalar=False, text_too=True)
PATH = Kind("path", (1.5, True, "", [], {"a": "b"}), ("",))
MARK = Kind("mark", (1, 0, 1.5, "middle", "", "yes", [], {}), ("middle", "", "None"))

# Kinds that take plain values only

PLAIN_FLAG = Kind("plain flag", (1, 0, "yes", "False", "true", "", [], 1.5), plain=True)
DURATION = Kind(
    "duration",
    (0, -1, True, "60", "", NAN, INFINITE, timedelta(0), timedelta(seconds=-1), [60], {"a": 1}),
    plain=True,
)
MODE = Kind("Airflow's mode", ("nonsense", "", 5), plain=True)
OBJECTS = Kind("notifiers", (5, "slack", [5], ["slack"]), plain=True)
