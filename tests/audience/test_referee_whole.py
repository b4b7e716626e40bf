"""The file and the manifest are what a referee in plain Python says: many generated tables a profile."""

from __future__ import annotations

import pytest
from audience_comparing import check
from audience_tables import CHOICES, Case, cases
from hypothesis import HealthCheck, given, settings

EXAMPLES = 40


@pytest.mark.parametrize("profile", CHOICES)
def test_many_generated_tables(profile: str) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(cases(profile))
    def holds(case: Case) -> None:
        check(case)

    holds()
