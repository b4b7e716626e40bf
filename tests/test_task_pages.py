"""What pages and the registry are told of operators, sensors and triggers is what their docstrings say."""

from __future__ import annotations

from pathlib import Path

import pytest
from registry_file import FILE, content
from task_pages import pages


@pytest.mark.parametrize(("page", "made"), pages().items(), ids=lambda given: getattr(given, "stem", ""))
def test_the_page_is_up_to_date(page: Path, made: str) -> None:
    assert page.read_text() == made, "make coverage"


def test_the_registry_file_is_up_to_date() -> None:
    assert FILE.read_text() == content(), "make coverage"
