"""What an audience must keep to before it is sent: limits of rows, alone and against what was sent before.

Imports nothing but the errors.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from airflow_provider_activation.errors import InvalidArgument


@dataclass(frozen=True, kw_only=True)
class AudienceGuard:
    """Limits that an audience must keep to. None switches one off; exactly at a limit is within it.

    :param min_rows: the least rows that are sent.
    :param max_rows: the most rows that are sent.
    :param max_shrink: how much smaller than the last one it may be: 0.3 is 30 % fewer rows.
    :param max_growth: how much larger than the last one it may be: 1.0 is twice as many rows.
    :param max_reject_rate: rejected rows of those that were read: 0.02 is one of fifty.
    :raises InvalidArgument: naming the limit.
    """

    min_rows: int | None = None
    max_rows: int | None = None
    max_shrink: float | None = 0.3
    max_growth: float | None = 1.0
    max_reject_rate: float | None = 0.02

    def __post_init__(self) -> None:
        for name in ("min_rows", "max_rows"):
            value = getattr(self, name)
            if value is not None and (type(value) is not int or value < 0):
                raise InvalidArgument(f"guard: {name} must be a whole number of rows, or None.")
        for name, most in (("max_shrink", 1), ("max_growth", math.inf), ("max_reject_rate", 1)):
            value = getattr(self, name)
            is_number = type(value) in (int, float) and math.isfinite(value)
            if value is not None and not (is_number and 0 <= value <= most):
                told = "0 or more" if most == math.inf else "from 0 to 1"
                raise InvalidArgument(f"guard: {name} must be a number, {told}, or None.")
        if self.min_rows is not None and self.max_rows is not None and self.min_rows > self.max_rows:
            raise InvalidArgument("guard: min_rows must not be more than max_rows.")

    def as_mapping(self) -> dict[str, Any]:
        """This guard as a plain mapping, with every limit: one that is off is null."""
        return dict(vars(self))

    @classmethod
    def from_mapping(cls, mapping: AudienceGuard | Mapping[str, Any]) -> AudienceGuard:
        """The guard that `as_mapping` was called on. A limit that is not in the mapping has its default."""
        if isinstance(mapping, AudienceGuard):
            return mapping
        if not isinstance(mapping, Mapping):
            raise InvalidArgument("guard must be a mapping.")
        if unknown := sorted(set(map(str, mapping)) - {one.name for one in fields(cls)}):
            raise InvalidArgument(f"guard has {', '.join(unknown)}, which it does not know.")
        return cls(**mapping)

    def breaches(self, rows: Mapping[str, int], before: Mapping[str, int] | None) -> list[str]:
        """What of an audience is beyond a limit, each with its figures; empty if nothing is.

        :param rows: of the manifest.
        :param before: rows of the last receipt; None if there is none, and then relative limits say nothing.
        """
        sent = sent_of(rows)
        found = []
        if self.min_rows is not None and sent < self.min_rows:
            found.append(f"{sent:,} rows, fewer than min_rows={self.min_rows:,}")
        if self.max_rows is not None and sent > self.max_rows:
            found.append(f"{sent:,} rows, more than max_rows={self.max_rows:,}")
        if before is not None:
            found += self._changes(sent, sent_of(before))
        read, rejected = rows["read"], rows["rejected"]
        # of no rows there is no rate
        if self.max_reject_rate is not None and read and rejected / read > self.max_reject_rate:
            found.append(
                f"{rejected:,} of {read:,} rows rejected ({_percent(rejected / read)}), more than "
                f"max_reject_rate={self.max_reject_rate:g}"
            )
        return found

    def _changes(self, sent: int, before: int) -> list[str]:
        change = f"{sent:,} rows, {before:,} at the last time"
        # a quotient of whole numbers is the same float as the limit that a person writes; a product is not
        if sent < before:
            if self.max_shrink is not None and (shrink := (before - sent) / before) > self.max_shrink:
                return [f"{change} ({_percent(shrink)} fewer), beyond max_shrink={self.max_shrink:g}"]
        elif sent > before and self.max_growth is not None:
            if not before:
                return [f"{change} (any number is endlessly more), beyond max_growth={self.max_growth:g}"]
            if (growth := (sent - before) / before) > self.max_growth:
                return [f"{change} ({_percent(growth)} more), beyond max_growth={self.max_growth:g}"]
        return []


def sent_of(rows: Mapping[str, int]) -> int:
    """The rows that are sent, of a receipt's rows or of a manifest's."""
    return rows["sent"] if "sent" in rows else rows["written"]


def _percent(rate: float) -> str:
    return f"{100 * rate:.4g} %"
