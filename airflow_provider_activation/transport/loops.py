"""What belongs to an event loop, and goes with it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class PerLoop(Generic[T]):
    """A value for each event loop. Those of closed loops are dropped as soon as another loop asks."""

    def __init__(self) -> None:
        self._values: dict[asyncio.AbstractEventLoop, T] = {}

    def get(self, make: Callable[[], T]) -> T:
        """The value of the running loop, made if there is none."""
        loop = asyncio.get_running_loop()
        if loop not in self._values:
            # a weak dictionary would keep a loop alive that its value refers to
            for other in [other for other in list(self._values) if other.is_closed()]:
                self._values.pop(other, None)
            self._values[loop] = make()
        return self._values[loop]

    def pop(self) -> T | None:
        """Drop the value of the running loop, and return it."""
        return self._values.pop(asyncio.get_running_loop(), None)

    def clear(self) -> None:
        """Drop all values."""
        self._values.clear()

    def __len__(self) -> int:
        return len(self._values)
