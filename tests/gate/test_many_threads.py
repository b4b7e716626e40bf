"""Threads of one task: some log while others begin to use a connection."""

from __future__ import annotations

import gc
import logging
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from airflow_provider_activation import redaction
from airflow_provider_activation.redaction import Redactor, logger, redact_logs

MANY = 600
log = logger("tests.of_many_threads")


@pytest.fixture
def hasty() -> Iterator[None]:
    """Threads take turns all the time."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_logging_goes_on_while_secrets_are_added(hasty: None, caplog: pytest.LogCaptureFixture) -> None:
    """An error of the log would end a task in the middle of a call, also one that is sent once."""
    over = Event()

    def add() -> None:
        kept: list[Redactor] = []
        while not over.is_set():
            kept.append(Redactor([f"a-secret-{len(kept)}"]))
            redact_logs(kept[-1])
            if len(kept) > 50:
                kept.clear()

    def say() -> None:
        until = time.monotonic() + 0.5
        while time.monotonic() < until:
            log.info("A line.")

    with caplog.at_level(logging.INFO), ThreadPoolExecutor(4) as threads:
        adding = [threads.submit(add) for _ in range(2)]
        saying = [threads.submit(say) for _ in range(2)]
        try:
            for one in saying:
                one.result()
        finally:
            over.set()
        for one in adding:
            one.result()


def test_no_secret_that_was_added_beside_another_is_lost(
    hasty: None, caplog: pytest.LogCaptureFixture
) -> None:
    redactors = [Redactor([f"a-secret-{number}-in-full"]) for number in range(MANY)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(redact_logs, redactors))
    with caplog.at_level(logging.INFO):
        log.info("%s", " ".join(f"a-secret-{number}-in-full" for number in range(MANY)))
    assert "a-secret" not in caplog.text


def test_what_lives_no_more_is_forgotten(caplog: pytest.LogCaptureFixture) -> None:
    redactor = Redactor(["a-secret-for-a-while"])
    redact_logs(redactor)
    with caplog.at_level(logging.INFO):
        log.info("a-secret-for-a-while")
        del redactor
        log.info("a-secret-for-a-while again")
    assert [record.getMessage() for record in caplog.records] == ["***", "a-secret-for-a-while again"]


def test_nothing_grows_for_as_long_as_a_process_lives() -> None:
    gc.collect()
    before = len(redaction._logs._redactors)
    for number in range(5):
        redact_logs(Redactor([f"a-secret-{number}"]))
    assert len(redaction._logs._redactors) <= before + 1
