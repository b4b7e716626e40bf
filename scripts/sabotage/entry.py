"""What is broken, and which tests must notice."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sabotage:
    """One broken line.

    :param file: the file, seen from the package.
    :param guarded: a text that is in the file once.
    :param broken: what replaces it.
    :param tests: tests that must fail, as arguments of pytest.
    """

    file: str
    guarded: str
    broken: str
    tests: str
