"""Connections to adversaries, and how long something took."""

from __future__ import annotations

import gc
import itertools
import json
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from adversary.server import Adversary, Handler
from scripts.machine_speed import slowness

_numbers = itertools.count(1)


OF_SERVICE: dict[str, dict[str, Any]] = {
    "acoustic_exchange": {"extra": {}},
    "dataddo": {"login": "me@shop.example", "extra": {}},
    "delta_projects": {"extra": {"media_agency_id": "1", "client_id": "2"}},
    "liveramp": {"login": "account.v2.serviceaccounts.liveramp.com", "extra": {"org_id": "77"}},
}

Connect = Callable[..., str]
Serve = Callable[..., Adversary]


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Connect:
    """Makes an Airflow connection to an address and returns its id, another one each time."""
    return connecting(monkeypatch)


@pytest.fixture(scope="module")
def connect_for_all() -> Iterator[Connect]:
    """The same for what a module runs at once."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield connecting(monkeypatch)


def connecting(monkeypatch: pytest.MonkeyPatch) -> Connect:
    def connect(service: str, url: str, *, secret: str | None = None, **extra: Any) -> str:
        conn_id = f"adverse_{next(_numbers)}"
        values: dict[str, Any] = {
            "conn_type": service,
            "host": url,
            # one for all of a service: each further secret is looked for in all that is logged and sent
            "password": secret or f"secret-of-{service}",
        }
        values |= OF_SERVICE[service]
        given = dict(OF_SERVICE[service]["extra"])
        if service == "liveramp" and "auth_url" not in extra:
            given["token_url"] = f"{url}/token"
        values["extra"] = given | {"max_retries": 0} | extra
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(values))
        return conn_id

    return connect


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts adversaries, which end with the test."""
    with serving() as serve:
        yield serve


@pytest.fixture(scope="module")
def serve_for_all() -> Iterator[Serve]:
    """The same for what a module runs at once."""
    with serving() as serve:
        yield serve


@contextmanager
def serving() -> Iterator[Serve]:
    started: list[Adversary] = []

    def serve(handler: Handler | bytes = b"", **options: Any) -> Adversary:
        started.append(Adversary(handler, **options))
        return started[-1]

    yield serve
    for adversary in started:
        adversary.close()


@dataclass(frozen=True)
class Outcome:
    """What came of one case among those that ran at once."""

    value: Any
    error: BaseException | None
    seconds: float

    def result(self) -> Any:
        if self.error:
            raise self.error
        return self.value


def all_at_once(cases: Mapping[Any, Callable[[], Any]], threads: int = 32) -> dict[Any, Outcome]:
    """Runs the cases in threads beside each other, so that what waits costs little time."""

    def run(case: Callable[[], Any]) -> Outcome:
        began = time.monotonic()
        try:
            return Outcome(case(), None, time.monotonic() - began)
        except BaseException as error:
            return Outcome(None, error, time.monotonic() - began)

    with ThreadPoolExecutor(threads) as pool:
        return dict(zip(cases, pool.map(run, cases.values()), strict=True))


@contextmanager
def memory_at_most(mib: int) -> Iterator[None]:
    """What is done inside makes this process grow by so many MiB at its highest, where Linux can say so."""
    resettable = Path("/proc/self/clear_refs")
    if not resettable.exists():
        yield
        return
    gc.collect()
    resettable.write_text("5")
    before = _status_mib("VmRSS")
    yield
    assert _status_mib("VmHWM") - before <= mib


def _status_mib(name: str) -> float:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) / 1024


@dataclass
class Clock:
    seconds: float = 0.0


def allowed(seconds: float) -> float:
    """Seconds of a quiet machine, as long as they last on this one."""
    return seconds + (slowness() - 1) * 0.5


def _queued() -> float:
    """Seconds that this thread was ready to run and had no processor, where Linux can say so."""
    told = Path("/proc/thread-self/schedstat")
    return int(told.read_text().split()[1]) / 1e9 if told.exists() else 0.0


@contextmanager
def at_most(seconds: float) -> Iterator[Clock]:
    """What is done inside ends in so many seconds of a quiet machine.

    What other processes took of the processor meanwhile does not count.
    """
    clock, began, queued = Clock(), time.monotonic(), _queued()
    try:
        yield clock
    finally:
        clock.seconds = time.monotonic() - began
    most = allowed(seconds) + _queued() - queued
    assert clock.seconds <= most, f"took {clock.seconds:.1f} s, at most {most:.1f} s are promised"
