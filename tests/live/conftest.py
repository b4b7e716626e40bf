"""What the tests on a running Airflow share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from real_servers import needed

from scripts.postgresql import running_postgresql

OWN_DAGS = Path(__file__).parents[1] / "support" / "dags"


@pytest.fixture(scope="session")
def dags() -> Path:
    """The folder of the DAG files that are made for tests."""
    return OWN_DAGS


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    """The SQLAlchemy address of an empty database in a PostgreSQL of its own."""
    with needed(running_postgresql()) as address:
        yield address
