"""What all tests share: an Airflow home of their own, and the sandbox with its connections."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import certifi
import pytest

from scripts.machine_speed import slowness

# Airflow reads these when it is imported, so they are set before anything else. If it is imported already, it
# has a home (scripts/sabotage/warm.py).
if "airflow" in sys.modules:
    _HOME = os.environ["AIRFLOW_HOME"]
else:
    _HOME = tempfile.mkdtemp(prefix="airflow-home-")
    atexit.register(shutil.rmtree, _HOME, ignore_errors=True)
    os.environ["AIRFLOW_HOME"] = _HOME
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"

# Loading a hundred certificates takes most of the time of a new client, and nothing here leaves loopback.
_END = "-----END CERTIFICATE-----\n"
_CERTIFICATE = Path(_HOME, "one_certificate.pem")
_CERTIFICATE.write_text(Path(certifi.where()).read_text().partition(_END)[0] + _END)
os.environ["SSL_CERT_FILE"] = str(_CERTIFICATE)
for _name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_DIR"):
    os.environ.pop(_name, None)

if TYPE_CHECKING:
    from airflow_provider_activation.sandbox import Sandbox

SLOW = {
    "live": "live",
    "dags": "live",
    "docs/test_pages_live.py": "live",
    "log/test_good_runs.py": "live",
    "fleet": "fleet",
    "stores": "stores",
    "chaos": "chaos",
    "contracts/test_contract_sandbox.py": "generated",
    "arguments/test_whole_walk.py": "generated",
    "audience/test_referee_whole.py": "generated",
    "benchmarks": "measuring",
    "test_sdist.py": "measuring",
}
"""Folders and files whose tests ``make test`` leaves to ``make test-all``, and their markers."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    folder = Path(__file__).parent
    for item in items:
        path = item.path.relative_to(folder).as_posix()
        for place, marker in SLOW.items():
            if path == place or path.startswith(f"{place}/"):
                item.add_marker(marker)


def pytest_configure() -> None:
    # before anything is started, also the processes that run tests beside each other: they are told
    slowness()


def pytest_report_header() -> str:
    return f"machine: {slowness():.1f} times slower than a quiet one, and deadlines so much longer"


@pytest.fixture(autouse=True)
def _first_look_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Triggers poll at once in this process; only a real Airflow mistakes a task that is resumed at once."""
    monkeypatch.setattr("airflow_provider_activation.waits.pace.FIRST_LOOK_AFTER", 0.0)


@pytest.fixture(autouse=True)
def _short_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """What may have been made late is looked for in a third of a second, not in a minute."""
    base = "airflow_provider_activation.actions.base"
    monkeypatch.setattr(f"{base}.LOOKS_AFTER_DOUBT", (0.05, 0.1, 0.2))
    monkeypatch.setattr(f"{base}.ACKNOWLEDGED_FOR", 0.35)


@pytest.fixture(autouse=True)
def _process_of_its_own() -> Iterator[None]:
    """A test finds no client, token or masked secret of another: each secret makes masking slower."""
    yield
    if hooks := sys.modules.get("airflow_provider_activation.hooks.base"):
        for transport in hooks._transports.values():
            transport.close()
        hooks._transports.clear()
    if masking := sys.modules.get("airflow.sdk._shared.secrets_masker"):
        masking._secrets_masker().reset_masker()


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    from airflow_provider_activation.sandbox import Sandbox

    with Sandbox(port=0, consent="auto", step_seconds=0.05) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox: Sandbox) -> Sandbox:
    """The four services on loopback, back at their seeds."""
    running_sandbox.reset()
    return running_sandbox


@pytest.fixture
def connections(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """The sandbox, with its six connections known to Airflow."""
    for conn_id, connection in sandbox.connections.items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(connection))
    return sandbox
