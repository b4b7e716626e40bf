"""The folders and files of slow tests that are named are there, and a target runs them."""

from __future__ import annotations

import re
from pathlib import Path

from slow_tests import EACH_ALONE, LONGEST_FIRST, SLOW, is_in

ROOT = Path(__file__).parents[1]
MAKEFILE = (ROOT / "Makefile").read_text()
BY_FOLDER = {"stores", "browser", "fleet"}
"""What is run by the name of its folder."""


def places() -> dict[str, list[str]]:
    """The marks that ``make test-slow`` runs, and the files and folders where it looks for them."""
    found: dict[str, list[str]] = {}
    chosen = re.findall(r"pytest .*-m (?:\"([^\"$]+)\"|(\w+))(?: \$\((\w+)\))?$", MAKEFILE, re.MULTILINE)
    for several, one, variable in chosen:
        value = re.findall(rf"^{variable} := (.*)$", MAKEFILE, re.MULTILINE) if variable else ["tests"]
        for mark in (several or one).split(" or "):
            found[mark] = value[0].split()
    return found


def test_they_are_there() -> None:
    named = {*SLOW, *LONGEST_FIRST, *EACH_ALONE}
    assert {place for place in named if not (ROOT / "tests" / place).exists()} == set()


def test_what_make_test_leaves_out_is_run_by_another_target() -> None:
    [left_out] = re.findall(r"^SLOW := \((.*)\)$", MAKEFILE, re.MULTILINE)
    assert set(left_out.split(" or ")) == {*SLOW.values()} == places().keys() | BY_FOLDER
    assert all(f"pytest tests/{name}" in MAKEFILE for name in BY_FOLDER)


def test_the_targets_look_where_the_marks_are() -> None:
    marked = {(f"tests/{place}", mark) for place, mark in SLOW.items()}
    for file in ROOT.glob("tests/**/test_*.py"):
        path = file.relative_to(ROOT).as_posix()
        marked |= {(path, mark) for mark in re.findall(r"pytest\.mark\.(\w+)", file.read_text())}
    looked_for = {(path, mark) for path, mark in marked if mark in places()}
    assert {mark for _, mark in looked_for} == places().keys()
    missed = {(path, mark) for path, mark in looked_for if not any(is_in(path, at) for at in places()[mark])}
    assert missed == set()
