"""What the tests on a running Airflow share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from real_postgresql import NotInstalled, running_postgresql

OWN_DAGS = Path(__file__).parents[1] / "support" / "dags"


@pytest.fixture(scope="session")
def dags() -> Path:
    """The folder of the DAG files that are made for tests."""
    return OWN_DAGS


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    """The SQLAlchemy address of an empty database in a PostgreSQL of its own.

    Without PostgreSQL the tests that need it are skipped, except where the environment says ``CI``.
    """
    try:
        with running_postgresql() as address:
            yield address
    except NotInstalled as missing:
        if os.environ.get("CI"):
            pytest.fail(f"{missing} Where CI is set, it has to be.")
        pytest.skip(str(missing))
