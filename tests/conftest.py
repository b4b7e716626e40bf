"""What all tests share: an Airflow home of their own, and the sandbox with its connections."""

from __future__ import annotations

import atexit
import gc
import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import certifi
import pytest
from slow_tests import EACH_ALONE, SLOW, is_in, place_in_order

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

# What is made once for all processes that run tests beside each other: the first of them is told nothing, and
# tells the others (tests/support/airflow_home.py).
if "ACTIVATION_TESTS_ONCE" not in os.environ:
    _ONCE = tempfile.mkdtemp(prefix="tests-once-")
    atexit.register(shutil.rmtree, _ONCE, ignore_errors=True)
    os.environ["ACTIVATION_TESTS_ONCE"] = _ONCE

# Loading a hundred certificates takes most of the time of a new client, and nothing here leaves loopback.
_END = "-----END CERTIFICATE-----\n"
_CERTIFICATE = Path(_HOME, "one_certificate.pem")
_CERTIFICATE.write_text(Path(certifi.where()).read_text().partition(_END)[0] + _END)
os.environ["SSL_CERT_FILE"] = str(_CERTIFICATE)
for _name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_DIR"):
    os.environ.pop(_name, None)

# Hashing credentials is slow on purpose, and most tests have the same few.
vars(hashlib)["scrypt"] = cache(hashlib.scrypt)

if TYPE_CHECKING:
    from airflow_provider_activation.sandbox import Sandbox


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection() -> Iterator[None]:
    """What is collected stays until the end: the garbage collector need not look at it again and again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    folder = Path(__file__).parent
    paths = {item: item.path.relative_to(folder).as_posix() for item in items}
    for item, path in paths.items():
        if marker := _marker_of(path):
            item.add_marker(marker)
    items.sort(key=lambda item: place_in_order(paths[item]))


@cache
def _marker_of(path: str) -> str | None:
    return next((marker for place, marker in SLOW.items() if is_in(path, place)), None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With ``--dist loadfile`` one process runs all tests of a file, those of `EACH_ALONE` left out."""
    from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

    class Scheduling(LoadFileScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            file: str = super()._split_scope(nodeid)
            return nodeid if file.removeprefix("tests/") in EACH_ALONE else file

    return Scheduling(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_configure() -> None:
    # before anything is started, also the processes that run tests beside each other: they are told
    slowness()


def pytest_report_header() -> str:
    return f"machine: {slowness():.1f} times slower than a quiet one, and deadlines so much longer"


@pytest.fixture(autouse=True, scope="module")
def _first_look_at_once() -> Iterator[None]:
    """Triggers poll at once in this process; only a real Airflow mistakes a task that is resumed at once."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr("airflow_provider_activation.waits.pace.FIRST_LOOK_AFTER", 0.0)
        yield


@pytest.fixture(autouse=True, scope="module")
def _short_looks() -> Iterator[None]:
    """What may have been made late is looked for in a third of a second, not in a minute."""
    base = "airflow_provider_activation.actions.base"
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(f"{base}.LOOKS_AFTER_DOUBT", (0.05, 0.1, 0.2))
        monkeypatch.setattr(f"{base}.ACKNOWLEDGED_FOR", 0.35)
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Iterator[None]:
    """A test finds no client, token or masked secret of another: each secret makes masking slower."""
    try:
        return (yield)
    finally:
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
