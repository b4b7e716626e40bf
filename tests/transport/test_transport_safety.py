"""What is sent again, what is not, and what is raised in the end."""

from __future__ import annotations

import email.utils
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from scripted_server import DROP, HALF, HANG, Reply, ScriptedServer
from transport_testing import Wire, call, service

from airflow_provider_activation import errors
from airflow_provider_activation.api.call import FileBody, Safety
from airflow_provider_activation.transport.exchange import LONGEST_BACKOFF
from scripts.machine_speed import scaled

REPEATED = [Safety.READ, Safety.REPEATABLE]
repeated = pytest.mark.parametrize("safety", REPEATED, ids=lambda safety: safety.name)
every_safety = pytest.mark.parametrize("safety", list(Safety), ids=lambda safety: safety.name)

FAULTS = [DROP, HALF, *(Reply(status) for status in (429, 500, 502, 503, 504))]


def name(value: Any) -> str:
    return (value.instead or str(value.status)) if isinstance(value, Reply) else str(value)


@pytest.fixture
def silent() -> Iterator[ScriptedServer]:
    """A place where nobody listens yet."""
    server = ScriptedServer(listening=False)
    yield server
    server.stop()


# What reads, and what may be written twice


@repeated
@pytest.mark.parametrize("fault", FAULTS, ids=name)
def test_a_repeatable_call_is_sent_again_after_a_fault(
    server: ScriptedServer, wire: Wire, safety: Safety, fault: Reply
) -> None:
    server.script.append(fault)
    assert wire.send(wire.transport(service(server.url)), call(safety)) == {"ok": True}
    assert len(server.asked) == 2
    assert len(wire.pauses) == 1


@repeated
def test_a_repeatable_call_is_sent_again_after_a_silence(
    server: ScriptedServer, wire: Wire, safety: Safety
) -> None:
    server.script.append(HANG)
    assert wire.send(wire.transport(service(server.url, timeout=scaled(0.1))), call(safety)) == {"ok": True}
    assert len(server.asked) == 2


@pytest.mark.parametrize("max_retries", [0, 1, 3])
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (DROP, errors.ServiceUnavailable),
        (Reply(429), errors.RateLimited),
        (Reply(500), errors.ServiceUnavailable),
        (Reply(503), errors.ServiceUnavailable),
    ],
    ids=name,
)
def test_the_number_of_tries_is_bounded(
    server: ScriptedServer,
    wire: Wire,
    max_retries: int,
    fault: Reply,
    error: type[errors.ActivationError],
) -> None:
    server.always = lambda asked: fault
    with pytest.raises(error) as caught:
        wire.send(wire.transport(service(server.url, max_retries=max_retries)), call())
    assert type(caught.value) is error
    assert len(server.asked) == max_retries + 1
    assert len(wire.pauses) == max_retries


def test_pauses_grow_and_are_spread(server: ScriptedServer, wire: Wire) -> None:
    server.always = lambda asked: Reply(503)
    with pytest.raises(errors.ServiceUnavailable):
        wire.send(wire.transport(service(server.url, max_retries=6)), call())
    for pause, longest in zip(wire.pauses, [0.5, 1, 2, 4, 8, 16], strict=True):
        assert longest / 2 <= pause <= longest


# What must not be written twice


@pytest.mark.parametrize(
    "answer",
    [
        DROP,
        HALF,
        *(Reply(status) for status in (408, 500, 502, 503, 504, 599)),
        *(Reply(status, headers={"Location": "/elsewhere"}) for status in (301, 302, 303, 307)),
        Reply(304),
        Reply(200, b"<html>Bad gateway</html>"),
        Reply(201, b""),
        Reply(200, b'{"id": "7'),
    ],
    ids=lambda reply: f"{reply.instead or reply.status} {reply.body!r:.12}",
)
def test_a_once_call_whose_effect_is_unknown_is_sent_once_and_is_uncertain(
    server: ScriptedServer, wire: Wire, answer: Reply
) -> None:
    server.script.append(answer)
    with pytest.raises(errors.UncertainOutcome) as caught:
        wire.send(wire.transport(service(server.url)), call(Safety.ONCE))
    assert len(server.asked) == 1
    assert wire.pauses == []
    assert "may or may not have taken effect" in str(caught.value)
    assert ".." not in caught.value.message
    assert caught.value.operation == "make_thing"
    assert caught.value.status == (None if answer.instead else answer.status)


def test_a_once_call_that_is_not_answered_in_time_is_uncertain(server: ScriptedServer, wire: Wire) -> None:
    server.script.append(HANG)
    with pytest.raises(errors.UncertainOutcome, match="ReadTimeout"):
        wire.send(wire.transport(service(server.url, timeout=scaled(0.1))), call(Safety.ONCE))
    assert len(server.asked) == 1


def test_a_body_that_cannot_be_unpacked_is_uncertain(server: ScriptedServer, wire: Wire) -> None:
    server.script.append(Reply(200, b"no gzip at all", {"Content-Encoding": "gzip"}))
    with pytest.raises(errors.UncertainOutcome, match="cannot be read"):
        wire.send(wire.transport(service(server.url)), call(Safety.ONCE))
    assert len(server.asked) == 1


@every_safety
def test_a_connection_that_was_refused_is_tried_again_by_every_call(
    silent: ScriptedServer, wire: Wire, safety: Safety
) -> None:
    wire.on_pause = silent.listen
    assert wire.send(wire.transport(service(silent.url)), call(safety)) == {"ok": True}
    assert len(wire.pauses) == 1
    assert len(silent.asked) == 1


@every_safety
def test_a_service_that_cannot_be_reached_is_unavailable_and_never_uncertain(
    silent: ScriptedServer, wire: Wire, safety: Safety
) -> None:
    with pytest.raises(errors.ServiceUnavailable, match=r"could not be sent to 127\.0\.0\.1"):
        wire.send(wire.transport(service(silent.url, max_retries=2)), call(safety))
    assert len(wire.pauses) == 2


def test_a_once_call_that_was_asked_to_wait_is_sent_again(server: ScriptedServer, wire: Wire) -> None:
    server.script.extend([Reply(429), Reply(429, headers={"Retry-After": "7"})])
    assert wire.send(wire.transport(service(server.url)), call(Safety.ONCE)) == {"ok": True}
    assert len(server.asked) == 3
    assert wire.pauses[1] == 7


# Answers that no second try makes better

STATUSES: list[tuple[int, type[errors.ActivationError]]] = [
    (400, errors.InvalidRequest),
    (401, errors.AuthenticationFailed),
    (403, errors.PermissionDenied),
    (404, errors.NotFound),
    (405, errors.InvalidRequest),
    (409, errors.Conflict),
    (410, errors.NotFound),
    (413, errors.InvalidRequest),
    (422, errors.InvalidRequest),
    (425, errors.ServiceUnavailable),
    (501, errors.NotSupported),
]


@every_safety
@pytest.mark.parametrize(("status", "error"), STATUSES)
def test_a_status_has_its_error_and_is_not_retried(
    server: ScriptedServer, wire: Wire, safety: Safety, status: int, error: type[errors.ActivationError]
) -> None:
    server.script.append(Reply(status, {"message": "no  such\nthing"}))
    sent = call(safety)
    with pytest.raises(error) as caught:
        wire.send(wire.transport(service(server.url)), sent)
    raised = caught.value
    assert type(raised) is error
    assert len(server.asked) == 1
    assert (raised.service, raised.operation, raised.status) == ("Example", "make_thing", status)
    assert raised.body == '{"message": "no such\\nthing"}'
    assert raised.request == f"{sent.method} /v1/things/7"
    assert raised.headline.startswith(f"Example make_thing: {raised.request} answered {status}")
    assert str(raised).count("/v1/things/7") == 1


@every_safety
@pytest.mark.parametrize("location", [{}, {"Location": "/v1/things/8"}])
def test_308_is_an_answer_and_never_followed(
    server: ScriptedServer, wire: Wire, safety: Safety, location: dict[str, str]
) -> None:
    server.script.append(Reply(308, {"shareAction": "REPLACE"}, location))
    with pytest.raises(errors.AlternateActionRequired) as caught:
        wire.send(wire.transport(service(server.url)), call(safety))
    assert caught.value.share_action == "REPLACE"
    assert len(server.asked) == 1


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b"null", b'"x"', b"[" * 100_000])
def test_308_that_names_no_action(server: ScriptedServer, wire: Wire, body: bytes) -> None:
    server.script.append(Reply(308, body))
    with pytest.raises(errors.AlternateActionRequired) as caught:
        wire.send(wire.transport(service(server.url)), call(Safety.ONCE))
    assert caught.value.share_action is None


@repeated
@pytest.mark.parametrize("status", [301, 302, 303, 307])
def test_a_redirect_of_a_repeatable_call_is_unreadable_and_not_followed(
    server: ScriptedServer, wire: Wire, safety: Safety, status: int
) -> None:
    server.script.append(Reply(status, headers={"Location": "/elsewhere"}))
    with pytest.raises(errors.UnreadableResponse, match="redirects are not followed"):
        wire.send(wire.transport(service(server.url)), call(safety))
    assert len(server.asked) == 1


@repeated
def test_304_is_an_answer_only_to_a_call_that_accepts_it(
    server: ScriptedServer, wire: Wire, safety: Safety
) -> None:
    transport = wire.transport(service(server.url))
    server.script.extend([Reply(304), Reply(304)])
    accepting = call(safety, read=lambda answer: answer.status, accepts=frozenset({304}))
    assert wire.send(transport, accepting) == 304
    with pytest.raises(errors.UnreadableResponse):
        wire.send(transport, call(safety))


@repeated
@pytest.mark.parametrize("body", [b"", b"<html>Bad gateway</html>", b'{"id": "7'])
def test_an_unreadable_answer_to_a_repeatable_call(
    server: ScriptedServer, wire: Wire, safety: Safety, body: bytes
) -> None:
    server.script.append(Reply(200, body))
    with pytest.raises(errors.UnreadableResponse) as caught:
        wire.send(wire.transport(service(server.url)), call(safety))
    assert (caught.value.status, caught.value.operation) == (200, "make_thing")
    assert len(server.asked) == 1


def test_only_the_first_part_of_a_long_body_is_quoted(server: ScriptedServer, wire: Wire) -> None:
    server.script.append(Reply(400, b"x" * 100_000))
    with pytest.raises(errors.InvalidRequest) as caught:
        wire.send(wire.transport(service(server.url)), call())
    assert caught.value.body == "x" * 1000


def test_what_the_reader_refuses_keeps_its_own_error(server: ScriptedServer, wire: Wire) -> None:
    def refuse(answer: Any) -> None:
        raise errors.Refused("it answered false.")

    server.script.append(Reply(200, False))
    with pytest.raises(errors.Refused) as caught:
        wire.send(wire.transport(service(server.url)), call(Safety.ONCE, read=refuse))
    assert (caught.value.service, caught.value.operation, caught.value.status) == (
        "Example",
        "make_thing",
        200,
    )
    assert caught.value.body == "false"


# Retry-After


def test_retry_after_in_seconds_is_kept_to(server: ScriptedServer, wire: Wire) -> None:
    server.script.extend(
        [Reply(429, headers={"Retry-After": "12"}), Reply(503, headers={"Retry-After": "0"})]
    )
    wire.send(wire.transport(service(server.url)), call())
    assert len(server.asked) == 3
    assert wire.pauses == [12, 0]


def test_a_rate_limit_slows_everything_on_the_connection(server: ScriptedServer, wire: Wire) -> None:
    server.script.append(Reply(429, headers={"Retry-After": "3600"}))
    transport = wire.transport(service(server.url))
    began = time.time()
    with pytest.raises(errors.RateLimited):
        wire.send(transport, call())
    assert wire.pauses == []
    wire.send(transport, call())
    (pause,) = wire.pauses
    assert LONGEST_BACKOFF - (time.time() - began) <= pause <= LONGEST_BACKOFF


def test_retry_after_as_a_date_is_kept_to(server: ScriptedServer, wire: Wire) -> None:
    began = time.time()
    when = email.utils.formatdate(began + 30, usegmt=True)  # in whole seconds
    server.script.append(Reply(429, headers={"Retry-After": when}))
    wire.send(wire.transport(service(server.url)), call())
    (pause,) = wire.pauses
    assert 29 - (time.time() - began) <= pause <= 30


def test_a_date_that_has_passed_means_now(server: ScriptedServer, wire: Wire) -> None:
    server.script.append(Reply(429, headers={"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}))
    wire.send(wire.transport(service(server.url)), call())
    assert sum(wire.pauses) == 0
    assert len(server.asked) == 2


@pytest.mark.parametrize("value", ["", "soon", "-5", "1.5", "²", "Wed, 99 Oct 2015 07:28:00 GMT"])
def test_a_retry_after_that_says_nothing_counts_as_none(
    server: ScriptedServer, wire: Wire, value: str
) -> None:
    server.script.append(Reply(429, headers={"Retry-After": value}))
    wire.send(wire.transport(service(server.url)), call())
    assert 0.25 <= wire.pauses[0] <= 0.5


@every_safety
@pytest.mark.parametrize("value", ["3600", "date"])
def test_a_pause_longer_than_a_call_may_make_is_for_the_tasks_own_retry(
    server: ScriptedServer, wire: Wire, safety: Safety, value: str
) -> None:
    began = time.time()
    told = email.utils.formatdate(began + 3600, usegmt=True) if value == "date" else value
    server.script.append(Reply(429, headers={"Retry-After": told}))
    with pytest.raises(errors.RateLimited) as caught:
        wire.send(wire.transport(service(server.url)), call(safety))
    assert caught.value.retry_after is not None
    assert 3599 - (time.time() - began) <= caught.value.retry_after <= 3600
    assert len(server.asked) == 1
    assert wire.pauses == []


def test_429_until_the_end_says_how_long_to_wait_where_it_was_said(
    server: ScriptedServer, wire: Wire
) -> None:
    server.always = lambda asked: Reply(429, headers={"Retry-After": "5"} if len(server.asked) > 1 else {})
    with pytest.raises(errors.RateLimited) as caught:
        wire.send(wire.transport(service(server.url, max_retries=1)), call(Safety.ONCE))
    assert caught.value.retry_after == 5


# Files


@pytest.fixture
def audience(tmp_path: Path) -> FileBody:
    path = tmp_path / "audience.csv"
    path.write_bytes(b"email\n" + b"0123456789abcdef" * 5000)
    return FileBody(path, "text/csv; charset=utf-8", piece=1024)


@pytest.mark.parametrize(
    ("safety", "fault"),
    [(Safety.ONCE, Reply(429)), (Safety.REPEATABLE, DROP), (Safety.REPEATABLE, Reply(503))],
    ids=name,
)
def test_a_file_is_streamed_and_again_from_its_beginning(
    server: ScriptedServer, wire: Wire, audience: FileBody, safety: Safety, fault: Reply
) -> None:
    server.script.append(fault)
    wire.send(wire.transport(service(server.url)), call(safety, file=audience))
    assert len(server.asked) == 2
    for asked in server.asked:
        assert asked.headers["Content-Length"] == str(audience.size) == "80006"
        assert asked.headers.get("Transfer-Encoding") is None
        assert asked.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert asked.body == audience.path.read_bytes()


def test_an_empty_file_is_sent_as_one(server: ScriptedServer, wire: Wire, tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.touch()
    wire.send(wire.transport(service(server.url)), call(Safety.ONCE, file=FileBody(path, "text/csv")))
    assert server.asked[0].headers["Content-Length"] == "0"


# One client


def test_many_calls_use_one_connection(server: ScriptedServer, wire: Wire) -> None:
    transport = wire.transport(service(server.url))
    for _ in range(20):
        wire.send(transport, call(Safety.ONCE, json={"a": 1}))
    assert len(server.asked) == 20
    assert server.connections == 1


# What arrives


def test_what_arrives_is_what_the_call_says(server: ScriptedServer, wire: Wire) -> None:
    sent = call(
        Safety.ONCE,
        path="/v1/things/a%2Fb%20c%25",
        query=(("segmentIDs[]", "a b&c"), ("segmentIDs[]", "2"), ("empty", "")),
        json={"number": 9007199254740993, "text": "größe"},
    )
    wire.send(wire.transport(service(f"{server.url}/base/", headers={"LR-Org-ID": "org-1"})), sent)
    (asked,) = server.asked
    assert asked.method == "POST"
    assert asked.path == "/base/v1/things/a%2Fb%20c%25"
    assert asked.query == [("segmentIDs[]", "a b&c"), ("segmentIDs[]", "2"), ("empty", "")]
    assert asked.json == {"number": 9007199254740993, "text": "größe"}
    assert asked.headers["LR-Org-ID"] == "org-1"
    assert asked.headers["Content-Type"] == "application/json"
    assert asked.headers["Accept"] == "application/json"
    assert asked.headers["User-Agent"] == "airflow-provider-activation"


def test_a_call_without_a_body_has_none(server: ScriptedServer, wire: Wire) -> None:
    wire.send(wire.transport(service(server.url)), call())
    assert server.asked[0].body == b""
    assert server.asked[0].headers.get("Content-Type") is None


@pytest.mark.parametrize("body", [{}, [], False, 0])
def test_a_body_that_is_empty_is_a_body_all_the_same(server: ScriptedServer, wire: Wire, body: Any) -> None:
    wire.send(wire.transport(service(server.url)), call(Safety.ONCE, json=body))
    assert server.asked[0].json == body
