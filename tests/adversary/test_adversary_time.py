"""Services that take their time: every attempt, every exchange and every wait ends when it is promised."""

from __future__ import annotations

import asyncio
import itertools
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from typing import Any
from urllib.parse import unquote

import pytest

from adversary.conftest import Connect, Outcome, Serve, all_at_once, allowed, at_most
from adversary.server import Answer, Handler, Request, Wire, answer, dripping, stopping
from adversary.waiting import DELTA, WAITS, creating
from airflow_provider_activation.api import delta_projects as api
from airflow_provider_activation.errors import (
    ActivationError,
    RateLimited,
    ServiceUnavailable,
    UncertainOutcome,
)
from airflow_provider_activation.hooks.dataddo import DataddoHook
from airflow_provider_activation.hooks.delta_projects import DeltaProjectsHook

TIMEOUT = 0.1
BOUND = TIMEOUT * 4
"""An attempt may last four timeouts."""
SLACK = 0.6
MOST = allowed(BOUND + SLACK)
PATIENCE = MOST + 1
"""What is not ended by the client ends then, which is too late for every promise here."""

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
LONG = OK + b"Content-Length: 1000000\r\n\r\n"
HINT = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"

DRIPS: dict[str, Answer] = {
    "status line": dripping(b"HTTP/1.1 200 ", b"O", 0.02),
    "header": dripping(OK + b"X-Pad: ", b"a", 0.02),
    "headers": dripping(OK, b"X-Pad: a\r\n", 0.02),
    "body": dripping(LONG, b" ", 0.02),
    "body without a length": dripping(OK + b"Connection: close\r\n\r\n", b" ", 0.02),
    "chunks": dripping(CHUNKED, b"1\r\n \r\n", 0.02),
    "extension of a chunk": dripping(CHUNKED + b"1;", b"x", 0.02),
    "trailers": dripping(CHUNKED + b"2\r\n{}\r\n0\r\n", b"X-T: a\r\n", 0.02),
    "103": dripping(b"", HINT, 0.02),
    "100": dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.02),
    "102 as fast as it goes": dripping(b"", b"HTTP/1.1 102 Processing\r\n\r\n" * 20, 0.005),
}
STOPS: dict[str, Answer] = {
    "never answers": stopping(),
    "stops in the status line": stopping(b"HTTP/1.1 2"),
    "stops in the headers": stopping(OK + b"X-Pad"),
    "stops in the body": stopping(LONG + b'{"id"'),
    "stops in a chunk": stopping(CHUNKED + b"ff\r\n{"),
    "stops after 103": stopping(HINT),
}


def named(cases: dict[str, Any]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("said", cases.values(), ids=cases.keys())


def activity(**changes: Any) -> api.ActivityFromTemplate:
    fields: dict[str, Any] = {
        "template_id": "t1",
        "activity_name": "Win-back",
        "flight_start": "2030-01-01T00:00:00Z",
        "flight_stop": "2030-02-01T00:00:00Z",
        "order_id": "o1",
        "budget": 10,
    }
    return api.ActivityFromTemplate(**fields | changes)


def drip_of_tls(wire: Wire) -> None:
    # a handshake record that is announced long and comes byte by byte
    wire.send(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc")
    wire.drip(itertools.repeat(b"\x03"), 0.02)


def silence(wire: Wire) -> None:
    wire.silence()


GREETINGS = {"drips its handshake": drip_of_tls, "withholds its handshake": silence}
PROXIES: dict[str, Answer] = {
    "drips its line": dripping(b"HTTP/1.1 200 Connection", b" ", 0.02),
    "drips its headers": dripping(b"HTTP/1.1 200 OK\r\n", b"Via: p\r\n", 0.02),
    "repeats 103 to CONNECT": dripping(b"", HINT, 0.02),
    "takes CONNECT and is silent": stopping(),
    "stops after the tunnel": stopping(b"HTTP/1.1 200 Connection established\r\n\r\n"),
}
WHERE = ("worker", "loop")


@pytest.fixture(scope="module")
def ended(connect_for_all: Connect, serve_for_all: Serve) -> dict[Any, Outcome]:
    """All slow services, each called once on a worker and once on an event loop."""
    slow = DRIPS | STOPS

    def handle(request: Request) -> Answer:
        return slow[unquote(request.path.split("/")[6])]

    url = serve_for_all(handle, patience=PATIENCE).url
    once = DeltaProjectsHook(connect_for_all("delta_projects", url, timeout=TIMEOUT))
    often = DeltaProjectsHook(connect_for_all("delta_projects", url, timeout=TIMEOUT, max_retries=4))
    calls: dict[tuple[str, str], tuple[DeltaProjectsHook, Any]] = {}
    for name in slow:
        calls["read", name] = (once, reading(name))
        calls["creation", name] = (often, creation(name))
    for name, greeting in GREETINGS.items():
        server = serve_for_all(greeting=greeting, patience=PATIENCE)
        url = f"https://127.0.0.1:{server.port}"
        hook = DeltaProjectsHook(connect_for_all("delta_projects", url, timeout=TIMEOUT, verify=False))
        calls["read", name] = (hook, reading(name))
        calls["creation", name] = (hook, creation(name))
    for name, answered in PROXIES.items():
        proxy = serve_for_all(constant(answered), patience=PATIENCE).url
        conn_id = connect_for_all("delta_projects", "https://shop.example", timeout=TIMEOUT, proxy=proxy)
        calls["read", name] = (DeltaProjectsHook(conn_id), reading(name))
    on_workers = all_at_once({call: partial(hook.send, sent) for call, (hook, sent) in calls.items()})
    on_a_loop = asyncio.run(all_on_a_loop(calls))
    # what another process may have held up is done again alone: what the call itself holds up is late again
    on_workers |= all_at_once(
        {call: partial(calls[call][0].send, calls[call][1]) for call in late(on_workers)}, 1
    )
    for call in late(on_a_loop):
        on_a_loop |= asyncio.run(all_on_a_loop({call: calls[call]}))
    return {("worker", *call): outcome for call, outcome in on_workers.items()} | {
        ("loop", *call): outcome for call, outcome in on_a_loop.items()
    }


def late(outcomes: dict[Any, Outcome]) -> list[Any]:
    """Those that took too long, if they are a few: a fault that all have needs no second run to be seen."""
    slow = [call for call, outcome in outcomes.items() if outcome.seconds > MOST]
    return slow if len(slow) < 10 else []


async def all_on_a_loop(calls: dict[tuple[str, str], tuple[DeltaProjectsHook, Any]]) -> dict[Any, Outcome]:
    async def run(hook: DeltaProjectsHook, call: Any) -> Outcome:
        began = time.monotonic()
        try:
            return Outcome(await hook.asend(call), None, time.monotonic() - began)
        except Exception as error:
            return Outcome(None, error, time.monotonic() - began)

    # the first call of a loop makes its client
    hooks = {id(hook): hook for hook, _ in calls.values()}.values()
    await asyncio.gather(*(run(hook, reading("never answers")) for hook in hooks))
    return dict(zip(calls, await asyncio.gather(*(run(*call) for call in calls.values())), strict=True))


def constant(said: Answer) -> Handler:
    return lambda request: said


def reading(name: str) -> Any:
    return api.get_activity("a1", media_agency_id="1", client_id=name)


def creation(name: str) -> Any:
    return api.create_activity_from_template(activity(), media_agency_id="1", client_id=name)


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("name", DRIPS | STOPS)
def test_a_call_ends_in_four_timeouts(where: str, name: str, ended: dict[Any, Outcome]) -> None:
    """A service dripped one byte a second, and a call with a timeout of 3 s still hung after 30 s."""
    outcome = ended[where, "read", name]
    assert isinstance(outcome.error, ActivationError)
    assert outcome.seconds <= MOST


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("name", GREETINGS)
def test_a_handshake_that_does_not_end(where: str, name: str, ended: dict[Any, Outcome]) -> None:
    """A gateway accepted connections and dripped, or withheld, its part of the TLS handshake."""
    outcome = ended[where, "read", name]
    assert isinstance(outcome.error, ServiceUnavailable)
    assert outcome.seconds <= MOST


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("name", PROXIES)
def test_a_proxy_that_takes_its_time(where: str, name: str, ended: dict[Any, Outcome]) -> None:
    """A proxy took CONNECT and dripped its answer."""
    outcome = ended[where, "read", name]
    assert isinstance(outcome.error, ActivationError)
    assert outcome.seconds <= MOST


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("name", [*(name for name in DRIPS if "102" not in name), *STOPS])
def test_a_call_that_must_not_be_repeated_is_uncertain(
    where: str, name: str, ended: dict[Any, Outcome]
) -> None:
    """The answer to a creation dripped; whether the activity was made is not known."""
    outcome = ended[where, "creation", name]
    assert isinstance(outcome.error, UncertainOutcome)
    assert outcome.seconds <= MOST


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("name", GREETINGS)
def test_a_creation_that_never_left_is_not_uncertain(
    where: str, name: str, ended: dict[Any, Outcome]
) -> None:
    """The handshake dripped, so that not one byte of the creation went out."""
    outcome = ended[where, "creation", name]
    assert isinstance(outcome.error, ServiceUnavailable)
    assert outcome.seconds <= MOST


def test_a_service_that_does_not_read_what_it_is_sent(connect: Connect, serve: Serve) -> None:
    """A gateway accepted a connection and never read; the write of a big body stood for ever."""
    deaf = serve(greeting=silence, patience=PATIENCE)
    hook = DeltaProjectsHook(connect("delta_projects", deaf.url, timeout=TIMEOUT))
    with at_most(BOUND + SLACK), pytest.raises(UncertainOutcome):
        hook.create_client_from_template({"name": "n" * 12_000_000})


def test_an_operator_finds_what_a_dripping_service_made(connect: Connect, serve: Serve) -> None:
    """The service made the activity and dripped its answer. It is found by its key, and made once."""
    made: list[dict[str, Any]] = []

    def handle(request: Request) -> Answer:
        if request.method == "POST" and request.path.endswith("/create_from_template"):
            sent = request.json
            fields = {key: sent[key] for key in ("flightStart", "flightStop", "budget", "enabled")}
            made.append({"id": "new1", "name": sent["activityName"]} | fields)
            return dripping(b"HTTP/1.1 201 Created\r\nContent-Length: 9999\r\n\r\n", b" ", 0.02)
        return answer(made if request.path.endswith("/activity") else made[0])

    server = serve(handle, patience=PATIENCE)
    conn_id = connect("delta_projects", server.url, timeout=TIMEOUT)
    task = creating(conn_id)
    with at_most(BOUND + 1.5):
        assert task.run()["id"] == "new1"
    assert len(made) == 1


@pytest.mark.parametrize("pause", ["3600", "a date", "99999999999999999999", " 3600 "])
@pytest.mark.parametrize("where", ["worker", "loop"])
def test_a_long_pause_that_a_service_asks_for(where: str, pause: str, connect: Connect, serve: Serve) -> None:
    """A service answered 429 with ``Retry-After: 3600``, and the exchange slept."""
    if pause == "a date":
        pause = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    server = serve(answer({}, 429, {"Retry-After": pause}))
    hook = DeltaProjectsHook(connect("delta_projects", server.url, max_retries=4))
    call = reading("2")
    with at_most(1), pytest.raises(RateLimited) as caught:
        hook.send(call) if where == "worker" else asyncio.run(hook.asend(call))
    assert len(server.asked) == 1
    assert caught.value.retry_after is not None
    assert caught.value.retry_after > 3500


@pytest.mark.parametrize("status", [429, 503])
def test_a_long_pause_at_the_log_in(status: int, connect: Connect, serve: Serve) -> None:
    """The log-in, not the call, answered with ``Retry-After: 3600``."""
    server = serve(answer({}, status, {"Retry-After": "3600"}))
    hook = DataddoHook(connect("dataddo", server.url, max_retries=4))
    with at_most(1), pytest.raises((RateLimited, ServiceUnavailable)):
        hook.list_flows()
    assert len(server.asked) == 1


@pytest.mark.parametrize("pause", ["-5", "soon", "nan", "inf", "1e400", "", "0x10", "²"])
def test_a_pause_that_is_no_number(pause: str, connect: Connect, serve: Serve) -> None:
    """``Retry-After`` held what is neither a number nor a date, and a raw ``ValueError`` came out."""
    asked = itertools.count()
    pending = b"HTTP/1.1 429 Slow down\r\nContent-Length: 0\r\nRetry-After: " + pause.encode(
        "latin-1", "replace"
    )
    hook = DeltaProjectsHook(
        connect(
            "delta_projects",
            serve(lambda _: pending + b"\r\n\r\n" if next(asked) == 0 else answer(dict(DELTA.done))).url,
            max_retries=1,
        )
    )
    with at_most(5):
        try:
            assert hook.get_activity("a1").id == "a1"
        except RateLimited:
            assert pause in ("inf", "1e400")


@pytest.mark.parametrize(
    ("name", "status", "pause"),
    [("delta", 429, "12"), ("acoustic", 503, "12"), ("dataddo", 429, "3600"), ("liveramp", 503, "3600")],
)
def test_a_wait_on_a_worker_outlives_no_long_pause(
    name: str, status: int, pause: str, connect: Connect, serve: Serve
) -> None:
    """``Retry-After`` overran a wait of 5 s by 15 s."""
    wait = WAITS[name]
    later = answer({}, status, {"Retry-After": pause})
    server = serve(wait.looks(wait.pending, later))
    conn_id = connect(wait.service, server.url, max_retries=4)
    with at_most(0.4 + 5), pytest.raises(Exception, match=r"(?i)time"):
        wait.run(conn_id, timeout=0.4)


@named({name: DRIPS[name] for name in ("header", "body", "103")})
def test_a_wait_on_a_worker_goes_on_after_a_drip(said: Answer, connect: Connect, serve: Serve) -> None:
    """One look dripped. It is one bad poll, and the next look ends the wait."""
    server = serve(DELTA.looks(said, said, DELTA.pending, DELTA.done), patience=PATIENCE)
    conn_id = connect("delta_projects", server.url, timeout=TIMEOUT)
    with at_most(2 * BOUND + 3 * SLACK):
        assert DELTA.run(conn_id)["enabled"] is True
