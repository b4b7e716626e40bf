"""What quotes an answer takes time in proportion to its length."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from airflow_provider_activation.redaction import without_contacts
from airflow_provider_activation.transport.quoting import without_marks
from scripts.machine_speed import scaled


@pytest.mark.parametrize("without", [without_marks, without_contacts])
@pytest.mark.parametrize("word", ["a", "1", "f", "x1", "@", "\\u0040", "1 ", "+1", "%2b", "+1234567"])
def test_a_long_answer_does_not_hold_a_task_up(word: str, without: Callable[[str], str]) -> None:
    """A pattern tried each place of a long word and read on to its end: minutes for 64 KiB."""
    began = time.monotonic()
    without(word * 65_536)
    assert time.monotonic() - began < scaled(1.0)
