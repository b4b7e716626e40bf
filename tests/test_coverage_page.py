"""docs/coverage.md says what the code says, of every endpoint."""

from __future__ import annotations

import re

import pytest
from coverage_page import LOG_INS, PAGE, page
from endpoints import EVERY_CALL, OTHER_PATHS

ROWS = [line.split(" | ") for line in page().splitlines() if re.match(r"\| `[A-Z]+ /", line)]


def test_the_page_is_what_make_coverage_writes() -> None:
    assert PAGE.read_text() == page(), "stale: run `make coverage`"


def test_every_endpoint_has_a_row() -> None:
    written = {row[0].removeprefix("| ").strip("`") for row in ROWS}
    assert written == {
        f"{call.method} {call.template}" for call in (*EVERY_CALL.values(), *OTHER_PATHS.values())
    }
    assert len(ROWS) == len(written), "an endpoint has two rows"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_no_cell_is_empty(row: list[str]) -> None:
    assert len(row) == 5
    assert all(cell.strip(" |") for cell in row)


def test_every_write_that_is_sent_once_is_an_operators_or_named_here() -> None:
    """What no operator submits at most once is the user's own to guard, so it is a decision each time."""
    without = {row[1].strip("`") for row in ROWS if row[3] == "ONCE" and row[2] == "hook"}
    assert without == {
        *("clone_destination", "clone_flow", "create_client_from_template", "create_destination"),
        *("create_event_type", "create_typed_service", "publish_events"),
    }
    assert not without & LOG_INS
