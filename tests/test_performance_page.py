"""The ratios in front of docs/performance.md are those of its tables."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
SUMMARY, _, REST = PAGE.read_text().partition("`make bench`")
RATIOS = re.findall(r"^\| (\S.*?) \| (\S+ x) \|", SUMMARY, re.MULTILINE)


def test_there_are_ten() -> None:
    assert len(RATIOS) == 10


@pytest.mark.parametrize(("what", "ratio"), RATIOS)
def test_a_ratio_is_in_a_table(what: str, ratio: str) -> None:
    rows = [line.split(" | ") for line in REST.splitlines() if line.startswith(f"| {what} | ")]
    assert ratio in [row[3] for row in rows]
