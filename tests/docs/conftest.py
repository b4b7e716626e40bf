"""What the tests of pages share."""

from __future__ import annotations

from pathlib import Path

import pytest
from page_process import migrated_home


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of an Airflow that has a database and nothing in it."""
    return migrated_home(tmp_path_factory.mktemp("migrated"))
