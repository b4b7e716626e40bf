"""The file and the manifest are what a referee in plain Python says: a few generated tables a profile."""

from __future__ import annotations

import random

import pytest
from audience_comparing import check
from audience_running import run
from audience_tables import CHOICES, Case, big_table, cases, registration_of, widest
from hypothesis import HealthCheck, given, settings

EXAMPLES = 5
"""For each profile; ``test_referee_whole.py`` tries many more."""

every_profile = pytest.mark.parametrize("profile", CHOICES)


@every_profile
def test_a_few_generated_tables(profile: str) -> None:
    # always the same tables, so that these tests never fail by chance
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(cases(profile))
    def holds(case: Case) -> None:
        check(case)

    holds()


def _large_case(profile: str, order_by: str | None) -> Case:
    schema = widest(profile)
    registration = (
        registration_of(schema["columns"], lambda words: words[0]) if profile == "acoustic" else None
    )
    return Case(
        big_table(random.Random(profile), 400), schema, profile, order_by=order_by, registration=registration
    )


@every_profile
def test_rows_in_any_order_give_the_same_bytes(profile: str) -> None:
    case = _large_case(profile, "version")
    check(case)
    options = {"registration": case.registration} if case.registration else {}

    def prepared(order_by: str | None) -> tuple[bytes, object, object]:
        found = run(case.rows, case.schema, profile, order_by=order_by, **options)
        return found.file, found.manifest["rows"], found.manifest["rejects"]["counts"]

    whole = {order_by: prepared(order_by) for order_by in ("version", None)}
    assert whole["version"][0] != whole[None][0]
    for seed in range(2):
        random.Random(seed).shuffle(case.rows)
        for order_by, expected in whole.items():
            assert prepared(order_by) == expected
