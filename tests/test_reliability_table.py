"""The table of docs/reliability.md says what the actions say."""

from __future__ import annotations

from reliability_table import PAGE, page, table


def test_the_table_is_that_of_the_actions() -> None:
    text = PAGE.read_text()
    assert table() in text, "run make coverage"
    assert page(text) == text


def test_every_action_is_in_it() -> None:
    for noun in ("segment export", "activity", "service", "source", "distribution manager", "write"):
        assert f" {noun} |" in table()
