"""Every argument is rendered or refused with its name, never sent as it stands: every case."""

from __future__ import annotations

import pytest
from argument_table import TABLE
from argument_walk import walk, walked_classes
from walk_services import WalkedServices


@pytest.mark.parametrize("path", TABLE)
def test_the_whole_walk(path: str, services: WalkedServices) -> None:
    walked = walk(path, walked_classes()[path], TABLE[path], services)
    print(f"{path}: {len(walked.cases)} arguments, {walked.count} cases")
    assert walked.failures == []
