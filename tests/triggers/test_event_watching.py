"""Watching a service: restarts, one question for many, and a service that misbehaves."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from typing import Any

import pytest
from event_watching import (
    CANARY,
    HAS_SHARED_STREAMS,
    POLL,
    READY,
    Jobs,
    Store,
    connection_to,
    ids,
    job_trigger,
    run,
    triggerer,
    with_shared_streams,
)
from loop_watching import holds_up_the_event_loop
from scripted_server import HALF, Reply

from airflow_provider_activation.errors import ServiceUnavailable
from airflow_provider_activation.gate import DEEPEST
from airflow_provider_activation.hooks import base as hooks_base
from airflow_provider_activation.transport import Transport
from airflow_provider_activation.triggers import events
from airflow_provider_activation.triggers.acoustic_exchange import AcousticExchangeJobTrigger
from scripts.machine_speed import scaled

# what was there before, and restarts


@pytest.mark.parametrize("report_existing", [False, True])
def test_what_is_there_at_the_first_start_fires_only_if_asked_for(
    service: Jobs, report_existing: bool
) -> None:
    service.jobs = {1: READY, 2: "RUNNING"}

    async def test() -> None:
        async with triggerer() as airflow:
            airflow.start(job_trigger(report_existing=report_existing))
            await airflow.until(service.later())
            service.jobs[2] = READY
            await airflow.until(lambda: 2 in ids(airflow.payloads))
            assert ids(airflow.payloads) == ([1, 2] if report_existing else [2])

    run(test)


@pytest.mark.parametrize("report_existing", [False, True])
def test_without_a_store_each_start_is_the_first(service: Jobs, report_existing: bool) -> None:
    async def test() -> None:
        async with triggerer() as airflow:
            airflow.start(job_trigger(report_existing=report_existing))
            await airflow.until(service.later())
            service.jobs[1] = READY
            await airflow.fired(1)
        service.jobs[2] = READY
        async with triggerer() as airflow:
            airflow.start(job_trigger(report_existing=report_existing))
            await airflow.until(service.later(3))
            assert ids(airflow.payloads) == ([1, 2] if report_existing else [])

    run(test)


@with_shared_streams
def test_a_restart_loses_nothing_and_doubles_nothing(service: Jobs) -> None:
    store = Store()

    async def test() -> None:
        async with triggerer() as airflow:
            airflow.start(job_trigger(), store)
            await airflow.until(service.later())
            service.jobs = {1: READY, 2: "RUNNING"}
            await airflow.fired(1)
            await airflow.until(lambda: store.cursor == {"1": [READY]})
        service.jobs |= {2: READY, 3: READY}
        async with triggerer() as airflow:
            airflow.start(job_trigger(poll_interval=2 * POLL, report_existing=True), store)
            assert ids(await airflow.fired(2)) == [2, 3]
            await airflow.until(service.later(3))
            assert ids(airflow.payloads) == [2, 3]

    run(test)


@with_shared_streams
def test_the_first_start_is_remembered_though_nothing_fired(service: Jobs) -> None:
    store = Store()

    async def test() -> None:
        async with triggerer() as airflow:
            airflow.start(job_trigger(), store)
            await airflow.until(lambda: store.cursor == {})
        service.jobs = {1: READY}
        async with triggerer() as airflow:
            airflow.start(job_trigger(), store)
            assert ids(await airflow.fired(1)) == [1]

    run(test)


@with_shared_streams
def test_an_event_that_airflow_never_stored_fires_again(service: Jobs) -> None:
    """The triggerer dies between the event and its place in the database."""
    store = Store()

    async def test() -> None:
        async with triggerer() as airflow:
            airflow.start(job_trigger(), store)
            await airflow.until(lambda: store.cursor == {})
            service.jobs = {1: READY}
            await airflow.until(lambda: airflow.runner.events, storing=False)
            await airflow.until(service.later(3), storing=False)
            assert store.cursor == {}
        async with triggerer() as airflow:
            airflow.start(job_trigger(), store)
            assert ids(await airflow.fired(1)) == [1]
            await airflow.until(lambda: store.cursor == {"1": [READY]})

    run(test)


@with_shared_streams
def test_nothing_is_written_down_when_a_sharer_lost_its_events(service: Jobs) -> None:
    """Airflow counts who failed and does not name them; the next poll writes down what was stored."""
    from airflow.triggers.shared_stream import AdvanceItem, AdvanceOutcome

    done: list[int] = []

    async def note(failed: int) -> None:
        done.append(failed)

    async def test() -> None:
        producer = AcousticExchangeJobTrigger.create_shared_stream_producer({"target_statuses": [READY]})
        for failed in (1, 0):
            poll: events.Poll[Any] = events.Poll([])
            poll.once_stored(partial(note, failed))
            await producer.advance([AdvanceItem(poll, AdvanceOutcome(acked=1, failed=failed))])
        await producer.aclose()

    run(test)
    assert done == [0]


@with_shared_streams
def test_what_was_reported_belongs_to_what_is_watched_for(service: Jobs) -> None:
    store = Store()
    service.jobs = {1: READY}

    async def test() -> None:
        async with triggerer() as airflow:
            airflow.start(job_trigger(), store)
            airflow.start(job_trigger(target_statuses=["COMPLETE"]), store)
            airflow.start(job_trigger(report_existing=True, poll_interval=2 * POLL), store)
            await airflow.until(lambda: len(store) == 2)

    run(test)
    assert sorted(store.values(), key=len) == [{}, {"1": [READY]}]
    assert all(len(key) < 100 for key in store)


@with_shared_streams
def test_a_store_that_fails_is_asked_again(service: Jobs, caplog: pytest.LogCaptureFixture) -> None:
    store = Store()
    store[job_trigger()._key] = {"1": [READY]}
    service.jobs = {1: READY, 2: READY}

    async def test() -> None:
        store.failures = 2
        async with triggerer() as airflow:
            airflow.start(job_trigger(), store)
            await airflow.until(lambda: airflow.runner.events, storing=False)
            store.failures = 2
            await airflow.until(lambda: store.cursor == {"1": [READY], "2": [READY]})
            assert ids(airflow.payloads) == [2]

    run(test)
    assert caplog.text.count("cannot be read") == 2
    assert caplog.text.count("cannot be written down") == 2


@with_shared_streams
def test_a_trigger_that_serves_several_assets_remembers_for_all(
    service: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Airflow makes one trigger of equal ones; its store then has no single asset to write to."""
    from airflow.sdk import Asset
    from airflow.sdk.execution_time import context

    stores = {"one": Store(), "two": Store()}
    stores["two"][job_trigger()._key] = {"1": [READY]}
    service.jobs = {1: READY, 2: READY}
    monkeypatch.setattr(context, "AssetStateStoreAccessor", lambda name: stores[name])
    accessors: Any = context.AssetStateStoreAccessors([Asset(name) for name in stores])

    async def test() -> None:
        async with triggerer() as airflow:
            airflow.start(job_trigger(), accessors)
            assert ids(await airflow.fired(1)) == [2]
            await airflow.until(lambda: all(len(store.cursor or ()) == 2 for store in stores.values()))

    run(test)


# one question for many


@with_shared_streams
def test_watches_that_ask_the_same_share_one_question(service: Jobs) -> None:
    service.jobs = {1: READY, 2: "COMPLETE", 3: "FAILED", 4: "RUNNING"}
    watched = [[READY], ["COMPLETE"], ["COMPLETED"], ["FAILED"], ["RUNNING", "PENDING"]]

    async def test() -> None:
        stores = [Store() for _ in watched]
        # nothing is asked again before all of this has happened
        given: dict[str, Any] = {"report_existing": True, "poll_interval": scaled(POLL)}
        async with triggerer() as airflow:
            for statuses, store in zip(watched, stores, strict=True):
                airflow.start(job_trigger(target_statuses=statuses, **given), store)
            payloads = await airflow.fired(5)
            assert len(service.asked) == 1
            assert sorted(ids(payloads)) == [1, 2, 2, 3, 4]
            await airflow.until(lambda: all(store.cursor for store in stores))
            await airflow.until(service.later(4))
            assert service.connections == 1
        assert [store.cursor for store in stores] == [
            {"1": [READY]},
            {"2": ["COMPLETE"]},
            {"2": ["COMPLETED"]},
            {"3": ["FAILED"]},
            {"4": ["RUNNING"]},
        ]

    run(test)


def test_a_long_list_does_not_hold_up_the_event_loop(service: Jobs, caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        service.jobs = dict.fromkeys(range(2000), "COMPLETE") | {2000: "RUNNING"}
        async with triggerer() as airflow:
            for status in (READY, "COMPLETE", "FAILED"):
                airflow.start(job_trigger(target_statuses=[status]), Store())
            await airflow.until(service.later(3))
            service.jobs[2000] = READY
            assert ids(await airflow.fired(1)) == [2000]

    # the first use of anything is slower, and happens once in a process
    asyncio.run(test())
    assert not holds_up_the_event_loop(test, caplog)


# a service that misbehaves


def test_bad_polls_end_no_watch(service: Jobs, caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        async with triggerer() as airflow:
            airflow.start(job_trigger())
            await airflow.until(service.later())
            for bad in (Reply(503), HALF, Reply(429), Reply(403), Reply(401), Reply(404), Reply(body=b"<")):
                service.script.extend([bad, Reply(body=[])])
            service.jobs = {1: READY}
            assert ids(await airflow.fired(1)) == [1]

    run(test)
    assert caplog.text.count("bad poll") == 5
    assert caplog.text.count("The watch goes on and asks again") == 2
    assert CANARY not in caplog.text


def test_a_service_that_is_down_is_asked_less_often_and_loudly(
    service: Jobs, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when it is down for weeks: the pauses grow no more, and nothing overflows."""
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        await asyncio.sleep(0)

    async def asend(transport: Transport, call: Any, **bounds: float) -> Any:
        raise ServiceUnavailable("it answered 503")

    monkeypatch.setattr(events, "asyncio", _WithSleep(sleep))
    monkeypatch.setattr(Transport, "asend", asend)

    async def test() -> None:
        async with triggerer() as airflow:
            airflow.start(job_trigger(poll_interval=60))
            await airflow.until(lambda: len(pauses) > 1200)
            assert not airflow.payloads

    run(test)
    _, first, *_, tenth = pauses[:11]
    assert 100 < first < 140
    assert all(540 <= pause <= 660 for pause in [tenth, *pauses[11:]])
    warnings = [record for record in caplog.records if record.levelname == "WARNING"]
    errors = [record for record in caplog.records if record.levelname == "ERROR"]
    assert len(warnings) == events.MOST_OUTAGES
    assert len(errors) > 1100
    assert "it answered 503" in errors[-1].getMessage()


class _WithSleep:
    """asyncio with another sleep."""

    def __init__(self, sleep: Any) -> None:
        self.sleep = sleep

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)


def test_a_corrected_connection_is_used(service: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks_base, "LOOKED_UP_FOR", 0.0, raising=False)
    variable, old = "AIRFLOW_CONN_ACOUSTIC_EXCHANGE_DEFAULT", f"{CANARY}-old"
    monkeypatch.setenv(variable, connection_to(service, old))
    answer = service.always
    service.always = lambda asked: (
        Reply(401) if asked.headers["Authorization"] == f"Bearer {old}" else answer(asked)
    )
    service.jobs = {1: READY}

    async def test() -> None:
        async with triggerer() as airflow:
            airflow.start(job_trigger(report_existing=True))
            await airflow.until(service.later())
            monkeypatch.setenv(variable, connection_to(service))
            assert ids(await airflow.fired(1)) == [1]

    run(test)


def test_a_connection_that_is_not_there_is_waited_for(
    service: Jobs, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    service.jobs = {1: READY}

    async def test() -> None:
        async with triggerer() as airflow:
            airflow.start(job_trigger(acoustic_exchange_conn_id="missing", report_existing=True))
            await airflow.until(lambda: "The watch goes on" in caplog.text)
            monkeypatch.setenv("AIRFLOW_CONN_MISSING", connection_to(service))
            assert ids(await airflow.fired(1)) == [1]

    run(test)


def test_a_short_list_makes_nothing_fire_again(service: Jobs) -> None:
    jobs = {1: READY, 2: READY}

    async def test() -> None:
        async with triggerer() as airflow:
            airflow.start(job_trigger(report_existing=True))
            service.jobs = jobs
            await airflow.fired(2)
            for listed in ({}, jobs, {1: READY}, jobs, {1: READY, 2: "RUNNING"}, jobs):
                service.jobs = listed
                await airflow.until(service.later())
            service.jobs = {**jobs, 3: READY}
            assert ids(await airflow.fired(3)) == [1, 2, 3]

    run(test)


@with_shared_streams
def test_what_is_listed_no_more_is_forgotten(service: Jobs) -> None:
    store = Store()
    service.jobs = {1: READY}

    async def test() -> None:
        async with triggerer() as airflow:
            airflow.start(job_trigger(), store)
            await airflow.until(lambda: store.cursor == {"1": [READY]})
            service.jobs = {}
            asked = service.later(events.FORGOTTEN_AFTER)
            await airflow.until(lambda: store.cursor == {})
            assert asked()

    run(test)


HOSTILE: dict[str, Any] = {
    "twice the same": [{"jobId": 1, "status": READY}] * 3,
    "a number beyond 64 bits": [{"jobId": 10**30, "status": READY, "accountId": -(10**30)}],
    "half of a character": b'[{"jobId": 1, "status": "READY_FOR_DOWNLOAD", "name": "\\ud800b"}]',
    "not a number": b'[{"jobId": 1, "status": "READY_FOR_DOWNLOAD", "count": NaN, "other": 1e999}]',
    "nothing": b'[{"jobId": 1, "status": "READY_FOR_DOWNLOAD", "name": "a\\u0000b", "other": null}]',
    "deep": b'[{"jobId": 1, "status": "READY_FOR_DOWNLOAD", "n": ' + b"[" * 240 + b"]" * 240 + b"}]",
}


@pytest.mark.parametrize("answer", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_list_makes_one_event_that_airflow_can_store(service: Jobs, answer: Any) -> None:
    service.always = lambda asked: Reply(body=answer)
    store = Store()

    async def test() -> None:
        async with triggerer() as airflow:
            airflow.start(job_trigger(report_existing=True), store)
            await airflow.fired(1)
            await airflow.until(service.later(3))
            assert len(airflow.payloads) == 1
            depth = json.dumps(airflow.payloads).count("[")
            assert depth <= DEEPEST + 1
            if HAS_SHARED_STREAMS:
                assert list(store.cursor.values()) == [[READY]]

    run(test)


@pytest.mark.parametrize("answer", [{"jobs": []}, 7, b"[" * 100_000])
def test_a_list_that_cannot_be_read_is_a_bad_poll(
    service: Jobs, answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    service.script.extend([Reply(body=answer)] * 2)
    service.jobs = {1: READY}

    async def test() -> None:
        async with triggerer() as airflow:
            airflow.start(job_trigger(report_existing=True))
            assert ids(await airflow.fired(1)) == [1]

    run(test)
    assert "bad poll 2 of at most" in caplog.text


def _same(reply: Reply, asked: Any) -> Reply:
    return reply


@pytest.mark.parametrize("alien", [{"status": READY}, None, {"jobId": 2, "status": {}}, [[]]])
def test_a_row_that_cannot_be_read_keeps_no_other_from_firing(
    service: Jobs, alien: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def test() -> None:
        async with triggerer() as airflow:
            airflow.start(job_trigger(report_existing=True))
            for number, job in enumerate((1, 3), 1):
                body = [alien, {"jobId": job, "status": READY}]
                service.always = partial(_same, Reply(body=body))
                assert ids(await airflow.fired(number))[-1] == job

    run(test)
    assert caplog.text.count("rows are left out") == 1


def test_a_thing_without_an_event_keeps_no_other_from_firing(
    service: Jobs, caplog: pytest.LogCaptureFixture
) -> None:
    too_deep = b'{"jobId": 1, "status": "READY_FOR_DOWNLOAD", "n": ' + b"[" * 300 + b"]" * 300 + b"}"
    service.always = lambda asked: Reply(
        body=b"[" + too_deep + b', {"jobId": 2, "status": "READY_FOR_DOWNLOAD"}]'
    )

    async def test() -> None:
        async with triggerer() as airflow:
            airflow.start(job_trigger(report_existing=True))
            assert ids(await airflow.fired(1)) == [2]

    run(test)
    assert "no event can be made of 1" in caplog.text
