"""Several calls in a row, written once for threads and for the event loop.

A generator that yields a `Call` receives what the call answers; one that yields a `Pause` goes on
after it. Paging, submitting and waiting are such generators. `drive` runs one on a worker,
`adrive` runs the same one on an event loop.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")

Steps: TypeAlias = Generator[Any, Any, T]


@dataclass(frozen=True, slots=True)
class Pause:
    """Go on after this many seconds."""

    seconds: float


def drive(steps: Steps[T], perform: Callable[[Any], Any]) -> T:
    """Run the steps in this thread and return what they return.

    :param steps: the generator.
    :param perform: does one step; what it raises is raised inside the generator.
    """
    answer: Any = None
    error: Exception | None = None
    while True:
        try:
            step = steps.send(answer) if error is None else steps.throw(error)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
        try:
            answer, error = perform(step), None
        except Exception as raised:
            answer, error = None, raised


async def adrive(steps: Steps[T], perform: Callable[[Any], Awaitable[Any]]) -> T:
    """Run the steps on the event loop and return what they return; see `drive`."""
    answer: Any = None
    error: Exception | None = None
    while True:
        try:
            step = steps.send(answer) if error is None else steps.throw(error)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
        try:
            answer, error = await perform(step), None
        except Exception as raised:
            answer, error = None, raised
