"""Waits on services that take their time, with the usual timeout of a connection: seconds each."""

from __future__ import annotations

import asyncio
import itertools
import time
from functools import partial
from typing import Any

import pytest

from adversary.conftest import Connect, Outcome, Serve, all_at_once, allowed
from adversary.server import Answer, Request, answer
from adversary.test_adversary_time import DRIPS, STOPS
from adversary.waiting import ACOUSTIC, DATADDO, DELTA, WAITS, exporting, first_event, is_login
from airflow_provider_activation.triggers.wait import WaitTrigger

DEADLINE = 1.0
MOST = allowed(DEADLINE + 5)
PATIENCE = MOST + 8
STUCK = DRIPS | STOPS
NAMES = ["header", "body", "chunks", "103", "never answers", "stops in the body"]
LATER = answer({}, 429, {"Retry-After": "3600"})


@pytest.fixture(scope="module")
def stuck(connect_for_all: Connect, serve_for_all: Serve) -> dict[Any, Outcome]:
    """Waits of each service whose second look does not end, on workers and in one event loop."""
    cases: dict[Any, Any] = {}
    triggers: dict[Any, WaitTrigger] = {}
    for name, (kind, wait) in itertools.product(NAMES, WAITS.items()):
        url = serve_for_all(wait.looks(wait.pending, STUCK[name]), patience=PATIENCE).url
        cases["worker", kind, name] = partial(
            wait.run, connect_for_all(wait.service, url), timeout=DEADLINE, poll_interval=0.2
        )
        url = serve_for_all(wait.looks(wait.pending, STUCK[name]), patience=PATIENCE).url
        triggers["trigger", kind, name] = wait.trigger(connect_for_all(wait.service, url), timeout=0)
    outcomes = all_at_once(cases)
    return outcomes | asyncio.run(fire(triggers))


async def fire(triggers: dict[Any, WaitTrigger]) -> dict[Any, Outcome]:
    """All triggers on one event loop, each with its deadline from now on."""
    began = time.monotonic()
    deadline = time.time() + DEADLINE

    async def run(trigger: WaitTrigger) -> Outcome:
        _, stored = trigger.serialize()
        event = await first_event(WaitTrigger(**stored | {"deadline": deadline}))
        return Outcome(event, None, time.monotonic() - began)

    ended = await asyncio.gather(*(run(trigger) for trigger in triggers.values()))
    return dict(zip(triggers, ended, strict=True))


@pytest.mark.parametrize("where", ["worker", "trigger"])
@pytest.mark.parametrize("kind", WAITS)
@pytest.mark.parametrize("name", NAMES)
def test_a_wait_outlives_its_deadline_by_five_seconds_at_most(
    where: str, kind: str, name: str, stuck: dict[Any, Outcome]
) -> None:
    """A body that dripped one byte a second: a wait with ``timeout=3`` still hung after 30 s."""
    outcome = stuck[where, kind, name]
    assert outcome.seconds <= MOST
    if where == "worker":
        assert "time" in str(outcome.error).lower()
    else:
        assert "error" in outcome.value or "timeout" in str(outcome.value).lower()


@pytest.mark.parametrize("name", ["body", "never answers"])
def test_a_stuck_list_stalls_no_other_wait(name: str, connect: Connect, serve: Serve) -> None:
    """One stuck list stalled all waits that shared it, and the log-in of one connection those of another."""
    stuck = serve(ACOUSTIC.looks(*[ACOUSTIC.pending] * 3, STUCK[name]), patience=PATIENCE)
    shared = connect("acoustic_exchange", stuck.url)
    waiting = {f"shared {number}": ACOUSTIC.trigger(shared) for number in range(3)}
    well = serve(ACOUSTIC.looks(ACOUSTIC.pending, ACOUSTIC.pending, ACOUSTIC.done))
    waiting["another"] = ACOUSTIC.trigger(connect("acoustic_exchange", well.url))
    # its log-in answers once, for the look on the worker, and then never
    tokens = itertools.count()

    def mute(request: Request) -> Answer:
        if is_login(request):
            short = answer({"access_token": "short-lived-token", "expires_in": 1})
            return short if next(tokens) == 0 else STUCK[name]
        return answer(dict(DATADDO.pending))

    mute_login = connect("dataddo", serve(mute, patience=PATIENCE).url)
    waiting["log-in"] = DATADDO.trigger(mute_login)
    time.sleep(1)
    ended = asyncio.run(fire(waiting))
    assert ended["another"].seconds < allowed(2)
    assert not ended["another"].value.get("error")
    assert max(outcome.seconds for outcome in ended.values()) <= MOST


def test_a_list_that_is_stuck_once(connect: Connect, serve: Serve) -> None:
    """After the attempt has ended, the shared poll goes on for all."""
    looks = (*[ACOUSTIC.pending] * 3, STUCK["body"], ACOUSTIC.done)
    server = serve(ACOUSTIC.looks(*looks), patience=PATIENCE)
    conn_id = connect("acoustic_exchange", server.url, timeout=0.1)
    triggers = {number: ACOUSTIC.trigger(conn_id) for number in range(3)}

    async def all_of_them() -> list[Any]:
        return await asyncio.gather(*(first_event(trigger) for trigger in triggers.values()))

    began = time.monotonic()
    events = asyncio.run(all_of_them())
    assert time.monotonic() - began <= allowed(5)
    assert not any(event.get("error") for event in events)


@pytest.mark.parametrize("kind", WAITS)
def test_a_long_pause_ends_no_later_in_a_trigger(kind: str, connect: Connect, serve: Serve) -> None:
    """``Retry-After: 3600`` in the triggerer, of the list that waits share."""
    wait = WAITS[kind]
    server = serve(wait.looks(wait.pending, LATER))
    ended = asyncio.run(fire({"one": wait.trigger(connect(wait.service, server.url, max_retries=4))}))
    assert ended["one"].seconds <= MOST


@pytest.mark.parametrize("name", ["header", "body", "103", "never answers"])
def test_an_operator_whose_polls_are_stuck(name: str, connect: Connect, serve: Serve) -> None:
    """The job was made; its polls did not end, and neither did the task."""

    def handle(request: Request) -> Answer:
        if request.method == "POST":
            return answer({"jobId": 700})
        if ACOUSTIC.is_list(request):
            return answer([])
        return STUCK[name] if server.asked_for("GET", "/700")[1:] else answer(dict(ACOUSTIC.pending))

    server = serve(handle, patience=PATIENCE)
    conn_id = connect("acoustic_exchange", server.url)
    task = exporting(conn_id, poll_interval=0.2, timeout=DEADLINE)
    began = time.monotonic()
    with pytest.raises(Exception, match=r"(?i)time"):
        task.run()
    assert time.monotonic() - began <= MOST + 1
    assert len(server.asked_for("POST", "segmentExport")) == 1


def test_the_whole_exchange_is_bounded_in_a_wait(connect: Connect, serve: Serve) -> None:
    """503 for ever with the usual retries: the pauses of the exchange do not outlast the wait."""
    server = serve(DELTA.looks(DELTA.pending, answer({}, 503, {"Retry-After": "4"})))
    conn_id = connect("delta_projects", server.url, max_retries=4)
    began = time.monotonic()
    with pytest.raises(Exception, match=r"(?i)time"):
        DELTA.run(conn_id, timeout=DEADLINE)
    assert time.monotonic() - began <= MOST
