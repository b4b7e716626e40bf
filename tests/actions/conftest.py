"""What the tests of submissions share."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _short_looks() -> None:
    """The looks are as in the package: pauses are counted here, and nobody waits for them."""
