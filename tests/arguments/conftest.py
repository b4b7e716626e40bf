"""The plain server of the walk, and the polls and pauses that it need not wait for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from walk_services import WalkedServices, walked_services


@pytest.fixture(scope="module")
def services() -> Iterator[WalkedServices]:
    with walked_services() as services:
        yield services
