"""What the tests of the chaos suite share."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _short_looks() -> None:
    """The looks are as in the package: time is the sandbox's and passes at once."""
