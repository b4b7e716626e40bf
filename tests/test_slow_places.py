"""The folders and files of slow tests that are named are there, and a target runs them."""

from __future__ import annotations

import re
from pathlib import Path

from slow_tests import EACH_ALONE, LONGEST_FIRST, SLOW

TESTS = Path(__file__).parent
MAKEFILE = (TESTS.parent / "Makefile").read_text()
BY_FOLDER = {"stores", "fleet"}
"""What is run by the name of its folder."""


def test_they_are_there() -> None:
    named = {*SLOW, *LONGEST_FIRST, *EACH_ALONE}
    assert {place for place in named if not (TESTS / place).exists()} == set()


def test_what_make_test_leaves_out_is_run_by_another_target() -> None:
    [left_out] = re.findall(r"^SLOW := \((.*)\)$", MAKEFILE, re.MULTILINE)
    chosen = re.findall(r"pytest .*-m (?:\"([^\"$]+)\"|(\w+))$", MAKEFILE, re.MULTILINE)
    run = {name for one in chosen for name in "".join(one).split(" or ")}
    assert set(left_out.split(" or ")) == {*SLOW.values()} == run | BY_FOLDER
    assert all(f"pytest tests/{name}" in MAKEFILE for name in BY_FOLDER)
