"""Tokens: fetched when needed, kept, renewed, and never by two at once."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from scripted_server import Asked, Reply, ScriptedServer
from transport_testing import Wire, call, log_in, service

from airflow_provider_activation import errors
from airflow_provider_activation.api.call import Safety
from airflow_provider_activation.transport import Transport, attempt, exchange
from airflow_provider_activation.transport import transport as transport_module
from scripts.machine_speed import scaled

every_safety = pytest.mark.parametrize("safety", list(Safety), ids=lambda safety: safety.name)
expired_statuses = pytest.mark.parametrize("status", [401, 403])


@dataclass
class Guarded:
    """A service behind tokens: hands them out at /token, and takes those it has not ended."""

    server: ScriptedServer
    lifetime: Any = 600
    says: int = 401
    log_in_reply: Reply | None = None
    ended: set[str] = field(default_factory=set)
    issued: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)
        self.server.always = self.answer

    def answer(self, asked: Asked) -> Reply:
        if asked.path == "/token":
            if self.log_in_reply is not None:
                return self.log_in_reply
            self.issued.append(f"token-{next(self._numbers)}")
            return Reply(200, {"access_token": self.issued[-1], "expires_in": self.lifetime})
        given = asked.headers.get("Authorization", "").removeprefix("Bearer ")
        good = given in self.issued and given not in self.ended
        return Reply(200, {"token": given}) if good else Reply(self.says, {"message": "expired"})

    def end_all(self) -> None:
        self.ended.update(self.issued)

    @property
    def paths(self) -> list[str]:
        return [asked.path for asked in self.server.asked]


@pytest.fixture
def guarded(server: ScriptedServer) -> Guarded:
    return Guarded(server)


def transport_of(wire: Wire, guarded: Guarded, **options: Any) -> Transport:
    url = guarded.server.url
    return wire.transport(service(url, log_in=log_in(f"{url}/token")), **options)


def test_a_token_is_requested_with_the_first_call_and_not_before(wire: Wire, guarded: Guarded) -> None:
    transport = transport_of(wire, guarded)
    assert guarded.paths == []
    assert wire.send(transport, call()) == {"token": "token-1"}
    assert guarded.paths == ["/token", "/v1/things/7"]
    assert b"grant" not in guarded.server.asked[1].body


def test_a_token_is_kept(wire: Wire, guarded: Guarded) -> None:
    transport = transport_of(wire, guarded)
    for _ in range(5):
        wire.send(transport, call())
    assert guarded.paths.count("/token") == 1


def test_the_log_in_itself_carries_neither_the_services_headers_nor_a_token(
    wire: Wire, guarded: Guarded
) -> None:
    url = guarded.server.url
    transport = wire.transport(service(url, headers={"LR-Org-ID": "org"}, log_in=log_in(f"{url}/token")))
    wire.send(transport, call())
    request, then = guarded.server.asked
    assert request.headers.get("Authorization") is None
    assert request.headers.get("LR-Org-ID") is None
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert then.headers["LR-Org-ID"] == "org"


@pytest.mark.parametrize(
    ("lifetime", "good_for"), [(3600, 3540), (600, 540), (100, 50), (60, 30), (10, 5), (0, 0), (-5, 0)]
)
def test_a_token_is_renewed_a_minute_before_it_ends_or_after_half_its_life(
    wire: Wire, guarded: Guarded, monkeypatch: pytest.MonkeyPatch, lifetime: float, good_for: float
) -> None:
    guarded.lifetime = lifetime
    now = [1000.0]
    # the transport's own clock: one for the whole process would stop every event loop in it
    clock = SimpleNamespace(monotonic=lambda: now[0], time=time.time)
    for module in (attempt, exchange, transport_module):
        monkeypatch.setattr(module, "time", clock)
    transport = transport_of(wire, guarded)
    wire.send(transport, call())
    if good_for:
        now[0] += good_for - 0.1
        assert wire.send(transport, call()) == {"token": "token-1"}
        now[0] += 0.2
    assert wire.send(transport, call()) == {"token": "token-2"}
    assert guarded.paths.count("/token") == 2


@every_safety
@expired_statuses
def test_an_expired_token_is_renewed_once_and_the_call_sent_again(
    wire: Wire, guarded: Guarded, safety: Safety, status: int
) -> None:
    guarded.says = status
    transport = transport_of(wire, guarded)
    wire.send(transport, call())
    guarded.end_all()
    assert wire.send(transport, call(safety)) == {"token": "token-2"}
    assert guarded.paths == ["/token", "/v1/things/7", "/v1/things/7", "/token", "/v1/things/7"]
    assert wire.pauses == []


@pytest.mark.parametrize("max_retries", [0, 3])
@pytest.mark.parametrize(
    ("status", "error"), [(401, errors.AuthenticationFailed), (403, errors.PermissionDenied)]
)
def test_a_second_refusal_is_not_about_the_token(
    wire: Wire, guarded: Guarded, status: int, error: type[errors.ActivationError], max_retries: int
) -> None:
    url = guarded.server.url
    transport = wire.transport(service(url, log_in=log_in(f"{url}/token"), max_retries=max_retries))
    refuse = Reply(status, {"message": "not you"})
    guarded.server.always = lambda asked: guarded.answer(asked) if asked.path == "/token" else refuse
    with pytest.raises(error) as caught:
        wire.send(transport, call(Safety.ONCE))
    assert caught.value.body == '{"message": "not you"}'
    assert guarded.paths == ["/token", "/v1/things/7", "/token", "/v1/things/7"]


def test_without_a_log_in_a_refusal_is_final(wire: Wire, server: ScriptedServer) -> None:
    server.always = lambda asked: Reply(401)
    with pytest.raises(errors.AuthenticationFailed):
        wire.send(wire.transport(service(server.url)), call())
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [400, 401, 422])
def test_a_refused_log_in_is_about_the_credentials(wire: Wire, guarded: Guarded, status: int) -> None:
    guarded.log_in_reply = Reply(status, {"error": "invalid_grant"})
    transport = transport_of(wire, guarded)
    with pytest.raises(errors.AuthenticationFailed) as caught:
        wire.send(transport, call(Safety.ONCE))
    assert (caught.value.operation, caught.value.status) == ("log_in", status)
    assert guarded.paths == ["/token"]


@pytest.mark.parametrize("body", [b"<html>", {}, {"access_token": "x", "expires_in": "soon"}])
def test_a_log_in_that_cannot_be_read_says_so_and_sends_nothing_more(
    wire: Wire, guarded: Guarded, body: Any
) -> None:
    guarded.log_in_reply = Reply(200, body)
    with pytest.raises(errors.UnreadableResponse) as caught:
        wire.send(transport_of(wire, guarded), call(Safety.ONCE))
    assert caught.value.operation == "log_in"
    assert guarded.paths == ["/token"]


def test_a_log_in_is_sent_again_after_a_fault(wire: Wire, guarded: Guarded) -> None:
    guarded.server.script.extend([Reply(503), Reply(429)])
    assert wire.send(transport_of(wire, guarded), call(Safety.ONCE)) == {"token": "token-1"}
    assert guarded.paths == ["/token", "/token", "/token", "/v1/things/7"]


def test_a_failed_log_in_leaves_nothing_behind(wire: Wire, guarded: Guarded) -> None:
    guarded.log_in_reply = Reply(401)
    transport = transport_of(wire, guarded)
    with pytest.raises(errors.AuthenticationFailed):
        wire.send(transport, call())
    guarded.log_in_reply = None
    assert wire.send(transport, call()) == {"token": "token-1"}


def test_every_secret_that_was_handed_out_is_reported(wire: Wire, guarded: Guarded) -> None:
    reported: list[str] = []
    transport = transport_of(wire, guarded, on_secret=reported.append)
    wire.send(transport, call())
    wire.send(transport, call())
    assert reported == ["token-1"]
    guarded.end_all()
    wire.send(transport, call())
    assert reported == ["token-1", "token-2"]


def test_on_an_event_loop_a_secret_is_reported_there(guarded: Guarded) -> None:
    """In a thread, Airflow 3.1 would mix up what its triggerer is told."""
    reported: list[tuple[str, int]] = []

    async def report(secret: str) -> None:
        reported.append((secret, threading.get_ident()))

    async def main() -> None:
        url = guarded.server.url
        async with Transport(service(url, log_in=log_in(f"{url}/token")), aon_secret=report) as transport:
            await transport.asend(call())

    asyncio.run(main())
    assert reported == [("token-1", threading.get_ident())]


# One at a time


def slow_token(guarded: Guarded, enough: Callable[[], bool] = lambda: True) -> None:
    """Have every log-in take so long that all who want a token ask while it runs.

    :param enough: what is waited for too, though not for ever.
    """

    def slowly(asked: Asked) -> Reply:
        if asked.path == "/token":
            guarded.server.lock.release()
            time.sleep(0.05)
            deadline = time.monotonic() + scaled(2)
            while not enough() and time.monotonic() < deadline:
                time.sleep(0.005)
            guarded.server.lock.acquire()
        return guarded.answer(asked)

    guarded.server.always = slowly


@pytest.fixture
def shared(guarded: Guarded) -> Transport:
    slow_token(guarded)
    url = guarded.server.url
    return Transport(service(url, log_in=log_in(f"{url}/token")))


@pytest.mark.parametrize("expired", [False, True])
def test_twenty_threads_request_one_token(guarded: Guarded, shared: Transport, expired: bool) -> None:
    if expired:
        shared.send(call())
        guarded.end_all()
    together = threading.Barrier(20)

    def send(_: int) -> Any:
        together.wait()
        return shared.send(call(Safety.ONCE))

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(send, range(20)))
    assert {answer["token"] for answer in answers} == {guarded.issued[-1]}
    assert guarded.paths.count("/token") == (2 if expired else 1)
    shared.close()


@pytest.mark.parametrize("expired", [False, True])
def test_fifty_coroutines_request_one_token(guarded: Guarded, shared: Transport, expired: bool) -> None:
    async def main() -> list[Any]:
        if expired:
            await shared.asend(call())
            guarded.end_all()
        try:
            return await asyncio.gather(*(shared.asend(call(Safety.ONCE)) for _ in range(50)))
        finally:
            await shared.aclose()

    answers = asyncio.run(main())
    assert {answer["token"] for answer in answers} == {guarded.issued[-1]}
    assert guarded.paths.count("/token") == (2 if expired else 1)


@pytest.mark.parametrize("runs", ["in threads", "on an event loop"])
def test_a_wrong_password_is_sent_once_for_all_who_wait(
    guarded: Guarded, shared: Transport, runs: str
) -> None:
    """Each of 32 threads sent it in its turn: a service may lock the account after a few."""
    guarded.log_in_reply = Reply(401, {"error": "invalid_grant"})
    refused: list[str] = []

    def send(_: int) -> None:
        with pytest.raises(errors.AuthenticationFailed) as caught:
            shared.send(call(Safety.ONCE))
        refused.append(str(caught.value))

    async def main() -> None:
        sent = (shared.asend(call(Safety.ONCE)) for _ in range(20))
        for outcome in await asyncio.gather(*sent, return_exceptions=True):
            assert isinstance(outcome, errors.AuthenticationFailed)
            refused.append(str(outcome))
        await shared.aclose()

    if runs == "in threads":
        with ThreadPoolExecutor(20) as pool:
            list(pool.map(send, range(20)))
    else:
        asyncio.run(main())
    assert guarded.paths == ["/token"]
    assert len(refused) == 20
    assert len(set(refused)) == 1
    guarded.log_in_reply = None
    assert shared.send(call()) == {"token": "token-1"}
    shared.close()


def test_threads_and_the_event_loop_share_a_token(guarded: Guarded, shared: Transport) -> None:
    shared.send(call())

    async def main() -> Any:
        try:
            return await shared.asend(call())
        finally:
            await shared.aclose()

    assert asyncio.run(main()) == {"token": "token-1"}
    assert guarded.paths.count("/token") == 1
    shared.close()


def test_fifty_coroutines_make_one_client(guarded: Guarded, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    really_make = Transport._new_side

    def make(self: Transport) -> Any:
        made.append(really_make(self))
        return made[-1]

    monkeypatch.setattr(Transport, "_new_side", make)
    url = guarded.server.url
    transport = Transport(service(url, log_in=log_in(f"{url}/token")))

    async def main() -> None:
        await asyncio.gather(*(transport.asend(call()) for _ in range(50)))
        await transport.aclose()

    asyncio.run(main())
    assert len(made) == 1


def test_an_event_loop_is_not_held_up_by_a_log_in(guarded: Guarded, shared: Transport) -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.001)
            ticks += 1

    async def main() -> None:
        ticking = asyncio.create_task(tick())
        await shared.asend(call())
        ticking.cancel()
        await shared.aclose()

    slow_token(guarded, lambda: ticks >= 10)
    asyncio.run(main())
    assert ticks >= 10


def test_each_event_loop_has_its_own_client_and_the_same_token(guarded: Guarded, shared: Transport) -> None:
    async def main() -> Any:
        return await shared.asend(call())

    for _ in range(3):
        assert asyncio.run(main()) == {"token": "token-1"}
    assert guarded.paths.count("/token") == 1


def test_a_coroutine_that_is_cancelled_while_it_logs_in_holds_up_nobody(
    guarded: Guarded, shared: Transport
) -> None:
    async def main() -> Any:
        first = asyncio.create_task(shared.asend(call()))
        second = asyncio.create_task(shared.asend(call()))
        async with asyncio.timeout(scaled(5)):
            while "/token" not in guarded.paths:
                await asyncio.sleep(0.001)
        first.cancel()
        try:
            return await asyncio.wait_for(second, scaled(5))
        finally:
            await shared.aclose()

    # the service may answer the log-in that was given up after that of the second
    assert asyncio.run(main())["token"] in guarded.issued
