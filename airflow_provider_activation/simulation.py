"""Simulation: what a task would do, without doing it.

A simulated task runs as any other, and reads. Two gates keep it from changing anything: the transport refuses
every call that is not a READ, and `storage` every file outside the worker's private folder. What is not there
because of that has a simulated id, which no service knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_SIMULATED = "simulated:"
_ID = _SIMULATED + "[0-9a-f]{12}"


class WouldChange(Exception):
    """A simulated task came to what would change something.

    It is no `ActivationError`: nothing went wrong, and nothing may treat it as a refusal.

    :param what: what would be done.
    """

    def __init__(self, what: str) -> None:
        super().__init__(f"a simulated task does not {what}")


class Simulation:
    """A task that is simulated.

    :param key: its submission key.
    """

    def __init__(self, key: str) -> None:
        self.id = f"{_SIMULATED}{key}"
        """Stands for the id of what would be made."""
        self.would: list[str] = []
        """What the task would do, a sentence each."""


_simulation: ContextVar[Simulation | None] = ContextVar("simulation", default=None)


def simulation() -> Simulation | None:
    """The simulation of the running task; None if it is not simulated."""
    return _simulation.get()


@contextmanager
def simulating(key: str) -> Iterator[Simulation]:
    """Simulate what happens inside the block.

    :param key: the task's submission key.
    """
    token = _simulation.set(Simulation(key))
    try:
        yield _simulation.get()  # type: ignore[misc]
    finally:
        _simulation.reset(token)


def refuse_change(what: str) -> None:
    """The gate: called by whatever is about to change something.

    :param what: what would be done, as words that follow "does not".
    :raises WouldChange: the running task is simulated.
    """
    if _simulation.get() is not None:
        raise WouldChange(what)


def simulated_id(value: Any) -> str | None:
    """The first simulated id in a value, in mappings and in lists; None if there is none."""
    if isinstance(value, str):
        found = re.search(_ID, value) if _SIMULATED in value else None
        return found[0] if found else None
    if isinstance(value, Mapping):
        value = [*value.keys(), *value.values()]
    elif not isinstance(value, list | tuple):
        return None
    return next((one for one in map(simulated_id, value) if one is not None), None)
