"""What was measured, as a table for the terminal and as Markdown."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

COLUMNS = ("what", "ours", "peer", "ratio", "budget", "holds")
NOTHING = "-"


@dataclass(frozen=True)
class Budget:
    """What a figure, or its ratio to the peer's, must keep to.

    :param value: the limit.
    :param at: whether it may be that at most or must be that at least.
    :param of: what is limited.
    """

    value: float
    at: Literal["most", "least"] = "most"
    of: Literal["ours", "ratio"] = "ours"

    def holds(self, figure: Figure) -> bool:
        """Whether it is kept; what could not be measured keeps to nothing."""
        value = figure.ours if self.of == "ours" else figure.ratio
        if value is None or math.isnan(value):
            return False
        return value <= self.value if self.at == "most" else value >= self.value

    def __str__(self) -> str:
        sign = "<=" if self.at == "most" else ">="
        return f"{sign} {number(self.value)}{' x' if self.of == 'ratio' else ''}"


@dataclass(frozen=True)
class Figure:
    """One line of a table.

    :param what: what was measured, and in which unit.
    :param ours: this package's figure.
    :param peer: the peer's, where there is one.
    :param budget: what it must keep to, where there is such.
    """

    what: str
    ours: float
    peer: float | None = None
    budget: Budget | None = None

    @property
    def ratio(self) -> float | None:
        """Ours as a multiple of the peer's, where both are known."""
        ratio = self.ours / self.peer if self.peer else math.nan
        return None if math.isnan(ratio) else ratio

    @property
    def broken(self) -> bool:
        """Whether its budget does not hold."""
        return self.budget is not None and not self.budget.holds(self)

    def cells(self) -> tuple[str, ...]:
        """The columns as text."""
        ratio = f"{number(self.ratio)} x" if self.ratio is not None else NOTHING
        budget, holds = NOTHING, NOTHING
        if self.budget is not None:
            budget, holds = str(self.budget), "NO" if self.broken else "yes"
        return self.what, number(self.ours), number(self.peer), ratio, budget, holds


@dataclass(frozen=True)
class Table:
    """What one bench found.

    :param title: what was measured.
    :param peer: who the peer is.
    :param figures: the lines.
    :param notes: what a reader must know besides.
    :param pictures: what a page shows below: SVG texts by the names of their files.
    """

    title: str
    peer: str
    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    pictures: Mapping[str, str] = field(default_factory=dict)

    @property
    def broken(self) -> list[Figure]:
        """The lines whose budgets do not hold."""
        return [figure for figure in self.figures if figure.broken]

    def text(self) -> str:
        """For the terminal."""
        rows = [COLUMNS, *(figure.cells() for figure in self.figures)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(self._aligned(row, widths)).rstrip() for row in rows]
        lines.insert(1, "-" * len(lines[0]))
        return "\n".join([self.title, f"peer: {self.peer}", "", *lines, *self._listed_notes()])

    @staticmethod
    def _aligned(row: Iterable[str], widths: Iterable[int]) -> Iterator[str]:
        for place, (cell, width) in enumerate(zip(row, widths, strict=True)):
            yield cell.ljust(width) if place == 0 else cell.rjust(width)

    def markdown(self) -> str:
        """For a page."""
        lines = [f"### {self.title}", "", f"Peer: {self.peer}.", ""]
        lines.append(f"| {' | '.join(COLUMNS)} |")
        lines.append("|---|" + "---:|" * (len(COLUMNS) - 1))
        lines += [f"| {' | '.join(figure.cells())} |" for figure in self.figures]
        shown = [line for name in self.pictures for line in ("", f"![{self.title}]({name})")]
        return "\n".join([*lines, *self._listed_notes(), *shown])

    def _listed_notes(self) -> list[str]:
        return ["", *(f"- {note}" for note in self.notes)] if self.notes else []


def number(value: float | None) -> str:
    """Three digits that count."""
    if value is None:
        return NOTHING
    if math.isnan(value):
        return "unknown"
    if value == 0 or abs(value) >= 1000:
        return f"{value:,.0f}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def show(text: str = "") -> None:
    """Print at once, also into a pipe."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
