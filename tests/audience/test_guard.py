"""The guard: what is beyond a limit, what is exactly at it, and what cannot be compared."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest

from airflow_provider_activation.audience import AudienceGuard
from airflow_provider_activation.errors import InvalidArgument


def rows(sent: int, read: int = 1_000, rejected: int = 0) -> dict[str, int]:
    return {"read": read, "rejected": rejected, "written": sent}


NO_LIMITS = {"max_shrink": None, "max_growth": None, "max_reject_rate": None}


@pytest.mark.parametrize(
    ("guard", "now", "before", "said"),
    [
        ({"min_rows": 100}, rows(99), None, ["99 rows, fewer than min_rows=100"]),
        ({"min_rows": 100}, rows(100), None, []),
        ({"max_rows": 1_000}, rows(1_001), None, ["1,001 rows, more than max_rows=1,000"]),
        ({"max_rows": 1_000}, rows(1_000), None, []),
        ({"max_rows": 0}, rows(0), None, []),
        (
            {},
            rows(699),
            {"sent": 1_000},
            ["699 rows, 1,000 at the last time (30.1 % fewer), beyond max_shrink=0.3"],
        ),
        ({}, rows(700), {"sent": 1_000}, []),
        (
            {},
            rows(2_001),
            {"sent": 1_000},
            ["2,001 rows, 1,000 at the last time (100.1 % more), beyond max_growth=1"],
        ),
        ({}, rows(2_000), {"sent": 1_000}, []),
        (
            {},
            rows(900, rejected=21),
            None,
            ["21 of 1,000 rows rejected (2.1 %), more than max_reject_rate=0.02"],
        ),
        ({}, rows(900, rejected=20), None, []),
        # all that is wrong is told
        (
            {"min_rows": 50},
            rows(10, rejected=500),
            {"sent": 100},
            [
                "10 rows, fewer than min_rows=50",
                "10 rows, 100 at the last time (90 % fewer), beyond max_shrink=0.3",
                "500 of 1,000 rows rejected (50 %), more than max_reject_rate=0.02",
            ],
        ),
        # nothing to compare with, nothing to compare
        ({}, rows(1), None, []),
        ({}, rows(0, read=0), None, []),
        ({}, rows(0), {"sent": 0}, []),
        ({}, rows(0), {"sent": 10}, ["0 rows, 10 at the last time (100 % fewer), beyond max_shrink=0.3"]),
        ({"max_shrink": 1}, rows(0), {"sent": 10}, []),
        (
            {},
            rows(1),
            {"sent": 0},
            ["1 rows, 0 at the last time (any number is endlessly more), beyond max_growth=1"],
        ),
        ({"max_growth": 1e300}, rows(1), {"sent": 0}, ["endlessly more"]),
        # limits that are off
        (NO_LIMITS, rows(1, rejected=999), {"sent": 1_000_000}, []),
        (NO_LIMITS, rows(1_000_000), {"sent": 0}, []),
        ({"max_shrink": 0, "max_growth": 0}, rows(100), {"sent": 100}, []),
    ],
)
def test_what_is_beyond_a_limit(
    guard: dict[str, Any], now: dict[str, int], before: dict[str, int] | None, said: list[str]
) -> None:
    found = AudienceGuard(**guard).breaches(now, before)
    assert len(found) == len(said)
    assert all(part in whole for part, whole in zip(said, found, strict=True)), found


@pytest.mark.parametrize("limit", ["0.02", "0.1", "0.29", "0.3", "0.58", "0.7", "1.1"])
def test_exactly_at_a_limit_is_within_it(limit: str) -> None:
    """Products of floats miss it: 100 * (1 - 0.9) is less than 10. Fractions know."""
    exact = Fraction(limit)
    growing = AudienceGuard(max_growth=float(limit))
    shrinking = AudienceGuard(max_shrink=float(limit)) if exact < 1 else None
    at_the_limit = 0
    for before in range(1, 2_000):
        for guard, change in ((growing, exact), (shrinking, -exact)):
            nearest = int(before * (1 + change))
            for now in range(nearest - 1, nearest + 3):
                if guard is not None and now >= 0 and (now > before) == (change > 0):
                    found = guard.breaches(rows(now), {"sent": before})
                    assert bool(found) == (Fraction(abs(now - before), before) > exact), (now, before)
                    at_the_limit += Fraction(abs(now - before), before) == exact
    assert at_the_limit > 30


IMPOSSIBLE: dict[str, list[Any]] = {
    "min_rows": [-1, 1.0, True, "10"],
    "max_rows": [-1, float("nan"), False],
    "max_shrink": [-0.1, 1.1, True, "0.3", float("nan")],
    "max_growth": [-0.1, False, float("inf"), "{{ x }}"],
    "max_reject_rate": [-0.1, 2, True, []],
}


@pytest.mark.parametrize(
    ("given", "named"),
    [
        *(({name: value}, name) for name, values in IMPOSSIBLE.items() for value in values),
        ({"min_rows": 10, "max_rows": 9}, "min_rows must not be more than max_rows"),
    ],
)
def test_a_limit_that_cannot_be_is_refused_by_name(given: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidArgument, match=named):
        AudienceGuard(**given)
    with pytest.raises(InvalidArgument, match=named):
        AudienceGuard.from_mapping(given)


def test_a_guard_is_a_mapping_too() -> None:
    for guard in (AudienceGuard(), AudienceGuard(min_rows=5, max_shrink=None, max_growth=2)):
        mapping = json.loads(json.dumps(guard.as_mapping()))
        assert AudienceGuard.from_mapping(mapping) == guard
        assert AudienceGuard.from_mapping(guard) is guard
    assert AudienceGuard.from_mapping({}) == AudienceGuard()
    # one that is off stays off, although it has a default
    assert AudienceGuard.from_mapping({"max_shrink": None}).max_shrink is None


@pytest.mark.parametrize("given", [{"max_shrnk": 0.3}, {1: 2}, {"self": 1}])
def test_a_limit_that_nobody_knows_is_refused(given: Any) -> None:
    with pytest.raises(InvalidArgument, match="does not know"):
        AudienceGuard.from_mapping(given)


@pytest.mark.parametrize("given", [None, [], "0.3", 3])
def test_what_is_no_mapping_is_refused(given: Any) -> None:
    with pytest.raises(InvalidArgument, match="must be a mapping"):
        AudienceGuard.from_mapping(given)


def test_limits_are_named_and_do_not_change() -> None:
    with pytest.raises(TypeError):
        AudienceGuard(1)  # type: ignore[call-arg]
    with pytest.raises(AttributeError):
        AudienceGuard().min_rows = 3  # type: ignore[misc]
