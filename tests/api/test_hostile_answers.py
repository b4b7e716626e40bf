"""Every endpoint, answered with anything at all under every status: a typed error or a sound result."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import httpx
import pytest
from any_text import CHARACTERS
from api_testing import NONSENSE
from endpoints import EVERY_CALL
from hypothesis import given, settings
from hypothesis import strategies as st
from transport_testing import service

from airflow_provider_activation import errors
from airflow_provider_activation.api.call import Call, Safety
from airflow_provider_activation.transport import Transport

SUCCESSES = (200, 201, 202, 204, 207)
NO_SUCCESSES = (
    *(301, 302, 304, 307, 308, 399, 400, 401, 403, 404, 408, 409, 410, 418, 422),
    *(429, 500, 501, 502, 503, 504, 520, 599),
)
HUGE = b'{"id": "' + b"a" * 1_000_000 + b'"}'
CORPUS: dict[str, bytes] = {
    **NONSENSE,
    "nothing": b"",
    "a megabyte": HUGE,
    "half a megabyte": HUGE[:500_000],
    "null": b"null",
    "false": b"false",
    "a small false": b" False\n",
    "true": b"true",
    "a text": b'"ACTIVE"',
    "a number": b"17",
    "a number with a point": b"1e400",
    "no number": b"NaN",
    "an id beyond 64 bits": b'{"id": 1e30, "jobId": 123456789012345678901234567890}',
    "an endless number of seconds": b'{"access_token": "t", "expires_in": 1' + b"0" * 400 + b"}",
    "a key twice": b'{"id": "1", "id": null, "jobId": 1, "jobId": "x", "status": 1, "status": "live"}',
    "a list of lists": b"[[[]]]",
    "an error under another status": b'{"httpStatus": 500, "errorCode": "E", "message": "no"}',
    "half of a character": b'{"id": "\\ud800", "status": "\\ud800", "name": "\\ud800"}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"id": "1"}'.encode("utf-16"),
    "a page in capitals": b"<HTML><BODY>Maintenance</BODY></HTML>",
    "a page for a log-in": b"\n\n<!doctype html><form action=/login>",
    "XML": b"<?xml version='1.0'?><error/>",
}
HEADERS: dict[str, dict[str, str]] = {
    "JSON": {"Content-Type": "application/json"},
    "hostile": {
        "Content-Type": "text/html; charset=none",
        "Location": "http://elsewhere.example.org/../../",
        "Retry-After": "9" * 400,
        "Content-Disposition": "attachment; filename=../../etc/passwd",
    },
}
BODY_OF_A_REFUSAL = ("nothing", "HTML", "half a JSON object", "half a megabyte", "null", "false", "a text")
"""Under no status of success a body is only quoted, whatever it is; two of these would do."""
READS_NO_SUCCESS = {("enable_endpoint", 304), ("disable_endpoint", 304)}
"""The endpoint was so already. An answer 304 has no body."""


class Hostile:
    """A transport whose every request is answered with the same thing, without a network."""

    def __init__(self) -> None:
        # nothing is sent twice, and nobody waits
        self.transport = Transport(
            service("https://api.example.com", max_retries=0), sleep=lambda seconds: None
        )
        answering = httpx.MockTransport(lambda request: self.response())
        self.transport._connections = Mock(to=lambda address: answering)
        self.status, self.body, self.headers = 200, b"", HEADERS["JSON"]

    def response(self) -> httpx.Response:
        return httpx.Response(self.status, headers=self.headers, content=self.body)

    def outcome(self, call: Call[Any]) -> Any:
        """What the call returns, or the error it raises; anything but one of ours comes through."""
        try:
            return self.transport.send(call)
        except errors.ActivationError as error:
            return error


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hostile]:
    made = Hostile()
    yield made
    made.transport.close()


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("audience.csv", "downloaded.csv"):
        (tmp_path / name).write_bytes(b"email\n")
    monkeypatch.chdir(tmp_path)


every_call = pytest.mark.parametrize("call", EVERY_CALL.values(), ids=EVERY_CALL)


def judge(call: Call[Any], status: int, body: bytes, outcome: Any) -> None:
    """What holds of every call and every answer."""
    if isinstance(outcome, errors.ActivationError):
        assert (outcome.service, outcome.operation) == (call.service, call.operation)
        assert outcome.status == status
        assert len(str(outcome)) < 4000, "an error quotes more than a person can read"
        assert errors.ActivationError.from_json(json.loads(json.dumps(outcome.as_json()))).message
        if isinstance(outcome, errors.RateLimited) and outcome.retry_after is not None:
            assert timedelta(seconds=outcome.retry_after) <= timedelta(days=1)
        if call.safety is Safety.ONCE:
            # what may have acted is not called a plain failure, after which it would be sent again
            assert status in NO_SUCCESSES or isinstance(
                outcome, errors.UncertainOutcome | errors.Refused | errors.PartialFailure
            )
        return
    if (call.operation, status) in READS_NO_SUCCESS:
        return
    assert status in SUCCESSES
    if call.into is None:  # a file may hold what it likes
        assert body.strip().lower() != b"false", "it said that it did not do it"
        assert not body.lower().startswith(b"<html"), "a page for people is no success"


def cases() -> Iterator[tuple[int, bytes]]:
    """Every status with the bodies that may matter under it."""
    yield from itertools.product(SUCCESSES, CORPUS.values())
    yield from itertools.product(NO_SUCCESSES, (CORPUS[name] for name in BODY_OF_A_REFUSAL))


@pytest.mark.parametrize(
    "headers", [pytest.param(name, marks=[pytest.mark.generated] * (name != "JSON")) for name in HEADERS]
)
@every_call
def test_the_corpus_under_every_status(hostile: Hostile, call: Call[Any], headers: str) -> None:
    hostile.headers = HEADERS[headers]
    for status, body in cases():
        hostile.status, hostile.body = status, body
        judge(call, status, body, hostile.outcome(call))


words = st.sampled_from(
    [
        *("id", "id_string", "jobId", "status", "name", "_pagination", "after", "total", "access_token"),
        *("expires_in", "v2/Segments", "segmentConfigs", "segment_attributes", "source", "entries", "label"),
        *("lastRunStarted", "taxonomy", "endpointId", "value"),
    ]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(CHARACTERS, max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=4),
    max_leaves=10,
)
bodies = values.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=40)
cut = st.integers(0, 200)


@pytest.mark.generated
@every_call
def test_any_body_under_any_status(hostile: Hostile, call: Call[Any]) -> None:
    @settings(max_examples=60, deadline=None, derandomize=True, database=None)
    @given(st.sampled_from(SUCCESSES + NO_SUCCESSES), bodies, cut)
    def holds(status: int, body: bytes, length: int) -> None:
        for told in {body, body[:length]}:
            hostile.status, hostile.body, hostile.headers = status, told, HEADERS["JSON"]
            judge(call, status, told, hostile.outcome(call))

    holds()


def test_a_download_that_is_a_page_leaves_no_file(hostile: Hostile, tmp_path: Path) -> None:
    """Guards the audience file of the day before, too."""
    call = EVERY_CALL["Acoustic Exchange: download_segment_data"]
    hostile.status, hostile.body, hostile.headers = 200, b"<html>log in", {"Content-Type": "text/html"}
    assert isinstance(hostile.outcome(call), errors.UnreadableResponse)
    assert (tmp_path / "downloaded.csv").read_bytes() == b"email\n"


def test_there_are_ten_thousand_cases_and_more() -> None:
    assert len(EVERY_CALL) * len(HEADERS) * len(list(cases())) > 10_000
