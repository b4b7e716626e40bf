"""One Airflow with its pages, one sandbox and one browser for all tests of the folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_3_PLUS
from dag_running import ROOT
from planted_secrets import planted
from real_airflow import RealAirflow
from real_browser import Visitor, running_chromium
from real_servers import needed

from airflow_provider_activation.sandbox import Sandbox

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

CANARY = "canary-4c1e"
SECRETS = planted(CANARY)
EXAMPLE = "liveramp_distribution"


@dataclass
class Office:
    """Airflow, the services, and a person before the pages.

    :param folder: for files of the tests.
    :param canaries: what no page may show or be told.
    """

    airflow: RealAirflow
    sandbox: Sandbox
    visitor: Visitor
    folder: Path
    canaries: set[str] = field(default_factory=lambda: {CANARY})

    def assert_nothing_secret_seen(self) -> None:
        """Fail if a page of this test was told a secret or a person's address, or held it."""
        seen = self.visitor.seen()
        assert {canary for canary in self.canaries if canary in seen} == set()


@pytest.fixture(scope="session")
def chromium() -> Iterator[BrowserContext]:
    with needed(running_chromium()) as context:
        yield context


@pytest.fixture(scope="session")
def pages_dags(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the DAG files that the pages show."""
    folder = tmp_path_factory.mktemp("dags")
    for file in (
        *Path(__file__).with_name("dags").glob("*.py"),
        ROOT / "tests" / "support" / "dags" / "checked_dag.py",
    ):
        shutil.copy(file, folder)
    example = (ROOT / "example_dags" / f"{EXAMPLE}.py").read_text()
    # on its schedule it would begin a run by itself, and the one that is triggered would wait for that
    assert 'schedule="@weekly"' in example
    (folder / f"{EXAMPLE}.py").write_text(example.replace('schedule="@weekly"', "schedule=None"))
    return folder


@pytest.fixture(scope="session")
def office(
    tmp_path_factory: pytest.TempPathFactory, pages_dags: Path, chromium: BrowserContext
) -> Iterator[Office]:
    if not AIRFLOW_V_3_3_PLUS:
        pytest.skip("The pages of an earlier Airflow are others.")
    folder = tmp_path_factory.mktemp("office")
    with (
        Sandbox(port=0, consent="manual", step_seconds=0.1, secrets=SECRETS) as sandbox,
        RealAirflow(
            folder / "home", pages_dags, sandbox.connections, AIRFLOW__CORE__TEST_CONNECTION="Enabled"
        ) as airflow,
    ):
        yield Office(airflow, sandbox, Visitor(chromium, airflow.url), folder)


@pytest.fixture
def visitor(office: Office) -> Iterator[Visitor]:
    """A person, who leaves the page when the test ends, and has seen no secret then."""
    yield office.visitor
    office.visitor.leave()
    try:
        office.assert_nothing_secret_seen()
    finally:
        office.visitor.told.clear()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    values = getattr(item, "funcargs", {})
    if "visitor" not in values:
        return (yield)
    with values["visitor"].pictured(values["tmp_path"]):
        return (yield)


@pytest.fixture(autouse=True)
def _place_of_pictures(tmp_path: Path) -> None:
    """Every test has a folder, for what the pages looked like when it failed."""
