"""How lists, durations and sizes are told in logs and errors. Imports nothing of the package."""

from __future__ import annotations

from collections.abc import Collection, Iterable

MOST_TOLD = 20
"""The most ids that one line names."""


def enumerated(ids: Iterable[object], *, separator: str = ", ") -> str:
    """Ids in a line: all of a few, else the first ones and the number of the others."""
    told = [str(one) for one in ids]
    more = f" and {len(told) - MOST_TOLD} more" if len(told) > MOST_TOLD else ""
    return separator.join(told[:MOST_TOLD]) + more


def counted(ids: Collection[object], noun: str) -> str:
    """How many there are, and which: ``2 segments (1, 2)``."""
    count = f"{len(ids)} {noun}" if len(ids) == 1 else f"{len(ids) or 'no'} {noun}s"
    return f"{count} ({enumerated(ids)})" if ids else count


def duration(seconds: float) -> str:
    """Seconds as a person says them: ``0.4 s``, ``90 s``, ``20 min``, ``6 h``, ``7 days``."""
    if seconds < 10:
        return f"{seconds:.1f} s".replace(".0 ", " ")
    for unit, name in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.1f} {name}".replace(".0 ", " ")
    return f"{seconds:.0f} s"


def shortened(text: str, most: int) -> str:
    """A text without its middle if it is too long: start and end say what it is about and what came of it."""
    if len(text) <= most:
        return text
    start = (most - 5) // 2
    return f"{text[:start]} ... {text[start + 5 - most :]}"
