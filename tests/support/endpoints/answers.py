"""What an answer may be expected to be."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import partial
from typing import Any

Check = Callable[[Any], Any]

is_ok: Check = partial(operator.is_not, None)
is_done: Check = partial(operator.is_, None)
is_true: Check = partial(operator.is_, True)
has_an_id: Check = operator.attrgetter("id")


def of_length(length: int) -> Check:
    return lambda answer: len(answer) == length


def has(**fields: Any) -> Check:
    """Whether one thing has these values; ``field__name`` is the name of its field."""
    return lambda answer: all(of(answer, name) == value for name, value in fields.items())


def lists(**fields: list[Any]) -> Check:
    """Whether several things have these values, one after the other."""
    return lambda answer: all([of(one, name) for one in answer] == value for name, value in fields.items())


def of(thing: Any, name: str) -> Any:
    return operator.attrgetter(name.replace("__", "."))(thing)
