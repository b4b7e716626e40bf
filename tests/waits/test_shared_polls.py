"""Many waits, one poll. The service is a stand-in that counts what it is asked."""

from __future__ import annotations

import asyncio
import math
import time
import weakref
from typing import Any

import pytest

from airflow_provider_activation.api import acoustic_exchange, liveramp
from airflow_provider_activation.api.call import Call, Page
from airflow_provider_activation.api.rows import read_rows
from airflow_provider_activation.errors import (
    JobFailed,
    PermissionDenied,
    RateLimited,
    ServiceUnavailable,
    UnreadableResponse,
    WaitTimeout,
)
from airflow_provider_activation.transport import ConnectionSettings, Transport
from airflow_provider_activation.waits import probe as probe_module
from airflow_provider_activation.waits import shared
from airflow_provider_activation.waits.acoustic_exchange import JobProbe
from airflow_provider_activation.waits.liveramp import DeliveryProbe, OAuthConnectionAttemptProbe
from airflow_provider_activation.waits.pace import FIRST_PAUSE, OVERRUN
from airflow_provider_activation.waits.shared import shared_wait
from scripts.machine_speed import scaled

POLL = 0.05
PATIENCE = scaled(5)
"""Seconds in which everything here ends."""


class CountingTransport(Transport):
    """Answers from a dict of jobs, and counts the calls by their operation."""

    def __init__(self) -> None:
        super().__init__(ConnectionSettings("Example", "example_default", "https://api.example.com"))
        self.jobs: dict[int, str] = {}
        self.unlisted: set[int] = set()
        self.deliveries: list[dict[str, Any]] = []
        self.alien: list[Any] = []
        self.errors: list[Exception] = []
        self.calls: dict[str, int] = {}
        self.last_query: tuple[tuple[str, str], ...] = ()

    async def asend(self, call: Call[Any], **bounds: float) -> Any:
        await asyncio.sleep(0)
        self.calls[call.operation] = self.calls.get(call.operation, 0) + 1
        self.last_query = call.query
        if self.errors:
            raise self.errors.pop(0)
        match call.operation:
            case "list_jobs":
                return [self._job(job_id) for job_id in self.jobs if job_id not in self.unlisted]
            case "get_job":
                return self._job(int(call.path.rpartition("/")[2]))
            case "list_deliveries":
                rows = read_rows(liveramp.Delivery, self.deliveries + self.alien)
                return Page(tuple(rows), None, tuple(rows.unreadable))
            case "get_oauth_connection_attempt":
                fields = {"id": "a", "status": "AUTHORIZED", "oAuthConnectionID": "7"}
                return liveramp.OAuthConnectionAttempt.model_validate(fields)
        raise AssertionError(call.operation)

    async def asked(self, times: int = 1) -> int:
        """Return once the list was asked for so many times, or a few more; how many there were."""
        async with asyncio.timeout(PATIENCE):
            while self.calls.get("list_jobs", 0) < times:
                await asyncio.sleep(POLL / 10)
        return self.calls["list_jobs"]

    def _job(self, job_id: int) -> acoustic_exchange.Job:
        return acoustic_exchange.Job.model_validate({"jobId": job_id, "status": self.jobs[job_id]})


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "FIRST_COMERS_WAIT", 0.01)


@pytest.fixture
def transport() -> CountingTransport:
    return CountingTransport()


async def wait_for_job(transport: Transport, job_id: int, timeout: float = PATIENCE) -> Any:
    probe = JobProbe("SEGMENT_EXPORT", job_id)
    return await shared_wait(transport, probe, poll_interval=POLL, deadline=time.time() + timeout)


async def wait_for_jobs(transport: Transport, jobs: Any) -> list[Any]:
    return await asyncio.gather(*(wait_for_job(transport, job) for job in jobs), return_exceptions=True)


def test_a_thousand_waits_cost_one_list_a_round(transport: CountingTransport) -> None:
    transport.jobs = dict.fromkeys(range(1000), "RUNNING")

    async def run() -> tuple[list[Any], int]:
        waits = asyncio.create_task(wait_for_jobs(transport, range(1000)))
        asked = await transport.asked(3)
        transport.jobs = dict.fromkeys(range(1000), "COMPLETE")
        return await waits, transport.calls["list_jobs"] - asked

    results, asked = asyncio.run(run())
    assert [result["jobId"] for result in results] == list(range(1000))
    assert list(transport.calls) == ["list_jobs"]
    # the round that may be under way, and the one that finds them all
    assert 1 <= asked <= 2
    assert shared._polls == {}


def test_a_list_is_not_kept_until_the_next_one_comes(transport: CountingTransport) -> None:
    transport.jobs = {1: "RUNNING"}
    listed: list[weakref.ref[Any]] = []
    ask = transport.asend

    async def note(call: Call[Any], **bounds: float) -> Any:
        answer = await ask(call)
        listed.extend(weakref.ref(job) for job in answer)
        return answer

    transport.asend = note  # type: ignore[method-assign]

    async def run() -> None:
        probe = JobProbe("SEGMENT_EXPORT", 1)
        waiting = asyncio.create_task(
            shared_wait(transport, probe, poll_interval=600, deadline=time.time() + 600)
        )
        async with asyncio.timeout(PATIENCE):
            while [job() for job in listed] != [None]:
                await asyncio.sleep(0.01)
        waiting.cancel()

    asyncio.run(run())


def test_each_wait_gets_its_own_ending(transport: CountingTransport) -> None:
    transport.jobs = {1: "COMPLETE", 2: "FAILED", 3: "READY_FOR_DOWNLOAD"}
    done, failed, needs_action = asyncio.run(wait_for_jobs(transport, (1, 2, 3)))
    assert done["status"] == "COMPLETE"
    assert isinstance(failed, JobFailed)
    assert type(needs_action).__name__ == "NeedsAction"


def test_what_the_list_does_not_carry_is_asked_for_alone(transport: CountingTransport) -> None:
    transport.jobs = {1: "COMPLETE", 2: "COMPLETE"}
    transport.unlisted = {2}
    assert len(asyncio.run(wait_for_jobs(transport, (1, 2)))) == 2
    assert transport.calls == {"list_jobs": 1, "get_job": 1}


def test_a_newcomer_is_told_by_its_own_interval(transport: CountingTransport) -> None:
    transport.jobs = {1: "RUNNING", 2: "COMPLETE"}

    async def run() -> float:
        probe = JobProbe("SEGMENT_EXPORT", 1)
        slow = asyncio.create_task(
            shared_wait(transport, probe, poll_interval=600, deadline=time.time() + 600)
        )
        await transport.asked()
        started = time.monotonic()
        await wait_for_job(transport, 2)
        slow.cancel()
        return time.monotonic() - started

    assert asyncio.run(run()) < scaled(1)


def test_newcomers_do_not_hurry_a_service_that_is_down(transport: CountingTransport) -> None:
    transport.jobs = dict.fromkeys(range(200), "RUNNING")
    transport.errors = [ServiceUnavailable("503")] * 50

    async def run() -> float:
        waits = []
        started = time.monotonic()
        for job in transport.jobs:
            waits.append(asyncio.create_task(wait_for_job(transport, job)))
            await asyncio.sleep(0.002)
        for wait in waits:
            wait.cancel()
        return time.monotonic() - started

    first_pause = POLL * FIRST_PAUSE
    # each pause is twice as long as the one before, or a little less
    most = 2 + math.log2(asyncio.run(run()) / (0.9 * first_pause))
    assert transport.calls["list_jobs"] <= most < 20


def test_what_ended_while_nobody_asked_is_not_a_timeout(transport: CountingTransport) -> None:
    transport.jobs = {1: "COMPLETE", 2: "RUNNING"}
    result = asyncio.run(wait_for_job(transport, 1, timeout=-60))
    assert result["status"] == "COMPLETE"
    with pytest.raises(WaitTimeout, match="job 2 was still 'RUNNING'"):
        asyncio.run(wait_for_job(transport, 2, timeout=-60))


def test_bad_polls_are_lived_through(transport: CountingTransport) -> None:
    transport.jobs = {1: "COMPLETE"}
    transport.errors = [ServiceUnavailable("503")] * 3
    (result,) = asyncio.run(wait_for_jobs(transport, [1]))
    assert result["status"] == "COMPLETE"


def test_a_failing_poll_tells_every_wait(transport: CountingTransport) -> None:
    error = PermissionDenied("no")
    transport.errors = [error]
    assert asyncio.run(wait_for_jobs(transport, range(50))) == [error] * 50
    assert transport.calls == {"list_jobs": 1}
    assert shared._polls == {}


@pytest.mark.parametrize("odd", [UnreadableResponse("half a body"), RuntimeError("nobody expected this")])
def test_too_many_odd_answers_tell_every_wait(
    transport: CountingTransport, monkeypatch: pytest.MonkeyPatch, odd: Exception
) -> None:
    monkeypatch.setattr(probe_module, "MOST_ODD_ANSWERS", 2)
    transport.errors = [odd] * 3
    results = asyncio.run(wait_for_jobs(transport, range(3)))
    assert [type(result) for result in results] == [UnreadableResponse] * 3
    assert transport.calls == {"list_jobs": 3}
    assert shared._polls == {}


def test_a_probe_that_cannot_be_judged_ends_its_own_wait_alone(
    transport: CountingTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    class BrokenProbe(JobProbe):
        def judge_listed(self, listed: Any) -> Any:
            raise TypeError("can't compare offset-naive and offset-aware datetimes")

    monkeypatch.setattr(probe_module, "MOST_ODD_ANSWERS", 0)
    transport.jobs = {1: "RUNNING", 2: "RUNNING"}

    async def run() -> tuple[Any, Any]:
        whole = asyncio.create_task(wait_for_job(transport, 2))
        broken = shared_wait(
            transport, BrokenProbe("SEGMENT_EXPORT", 1), poll_interval=POLL, deadline=time.time() + PATIENCE
        )
        with pytest.raises(UnreadableResponse, match="TypeError"):
            await broken
        transport.jobs[2] = "COMPLETE"
        return await whole, transport.calls

    result, calls = asyncio.run(run())
    assert result["status"] == "COMPLETE"
    assert list(calls) == ["list_jobs"]


def test_a_row_that_cannot_be_read_matters_to_its_own_wait_alone(
    transport: CountingTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe_module, "MOST_ODD_ANSWERS", 1)
    transport.deliveries = [{"id": "d", "status": "DELIVERED", "segmentID": "2"}]
    transport.alien = [{"id": "e", "status": [], "segmentID": "1"}]

    async def run() -> list[Any]:
        waits = [
            shared_wait(
                transport, DeliveryProbe("c", (segment,)), poll_interval=0.1, deadline=time.time() + PATIENCE
            )
            for segment in ("1", "2")
        ]
        return await asyncio.gather(*waits, return_exceptions=True)

    first, second = asyncio.run(run())
    assert isinstance(first, UnreadableResponse)
    assert "may be of segment 1" in first.message
    assert second[0]["segmentID"] == "2"


def test_an_outage_is_lived_through_however_long(
    transport: CountingTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "backed_off", lambda pause, bad_polls: 0.0)
    transport.jobs = {1: "COMPLETE"}
    transport.errors = [ServiceUnavailable("503"), RateLimited("429")] * 20
    (result,) = asyncio.run(wait_for_jobs(transport, [1]))
    assert result["status"] == "COMPLETE"


def test_the_last_look_is_bounded(transport: CountingTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    bounds: list[float | None] = []
    arun = transport.arun

    async def noted(steps: Any, *, within: float | None = None) -> Any:
        bounds.append(within)
        return await arun(steps, within=within)

    monkeypatch.setattr(transport, "arun", noted)
    transport.jobs = {1: "RUNNING"}
    with pytest.raises(WaitTimeout):
        asyncio.run(wait_for_job(transport, 1, timeout=-1))
    (last,) = [bound for bound in bounds if bound is not None]
    assert 0 < last < OVERRUN
    alone = OAuthConnectionAttemptProbe("a")
    asyncio.run(shared_wait(transport, alone, poll_interval=1, deadline=time.time() + 7))
    assert bounds[-1] == pytest.approx(7 + OVERRUN, abs=1)


def test_a_wait_ends_at_its_own_deadline(transport: CountingTransport) -> None:
    transport.jobs = {1: "RUNNING", 2: "RUNNING"}

    async def run() -> None:
        other = asyncio.create_task(wait_for_job(transport, 2))
        with pytest.raises(WaitTimeout, match="SEGMENT_EXPORT job 1 was still 'RUNNING'"):
            await wait_for_job(transport, 1, timeout=0.2)
        assert not other.done()
        transport.jobs[2] = "COMPLETE"
        assert (await other)["status"] == "COMPLETE"

    asyncio.run(run())


def test_who_leaves_costs_nothing_more(transport: CountingTransport) -> None:
    transport.jobs = {1: "RUNNING"}

    async def run() -> int:
        # in the middle of the first pause, which is a tenth of this
        probe, poll_interval = JobProbe("SEGMENT_EXPORT", 1), scaled(10 * POLL)
        deadline = time.time() + 600
        waiting = asyncio.create_task(
            shared_wait(transport, probe, poll_interval=poll_interval, deadline=deadline)
        )
        await transport.asked()
        await asyncio.sleep(POLL / 10)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        asked = transport.calls["list_jobs"]
        await asyncio.sleep(scaled(4 * POLL))
        return transport.calls["list_jobs"] - asked

    assert asyncio.run(run()) == 0
    assert shared._polls == {}


def test_an_unknown_status_is_said_once(
    transport: CountingTransport, caplog: pytest.LogCaptureFixture
) -> None:
    transport.jobs = {1: "ODD"}

    async def run() -> None:
        with pytest.raises(WaitTimeout):
            await wait_for_job(transport, 1, timeout=scaled(0.3))

    asyncio.run(run())
    assert transport.calls["list_jobs"] > 2
    assert caplog.text.count("which no document names") == 1


@pytest.mark.parametrize(("waits", "named"), [(100, 100), (101, 0)])
def test_deliveries_of_one_integration_connection_share_a_list(
    transport: CountingTransport, waits: int, named: int
) -> None:
    """As long as they are few, the question names the segments; a long history is not read for them."""
    transport.deliveries = [
        {"id": str(number), "status": "DELIVERED", "segmentID": str(number)} for number in range(waits)
    ]

    async def run() -> list[Any]:
        probes = [DeliveryProbe("c", (str(number),)) for number in range(waits)]
        return await asyncio.gather(
            *(shared_wait(transport, p, poll_interval=1, deadline=time.time() + PATIENCE) for p in probes)
        )

    assert [result[0]["id"] for result in asyncio.run(run())] == [str(number) for number in range(waits)]
    assert transport.calls == {"list_deliveries": 1}
    assert len([name for name, _ in transport.last_query if name == "segmentIDs"]) == named


def test_where_nothing_lists_each_wait_asks_for_itself(transport: CountingTransport) -> None:
    async def run() -> Any:
        probe = OAuthConnectionAttemptProbe("a")
        return await shared_wait(transport, probe, poll_interval=1, deadline=time.time() + PATIENCE)

    assert asyncio.run(run()) == "7"


def test_the_last_to_leave_closes_the_client() -> None:
    transport = Transport(ConnectionSettings("Example", "example_default", "https://api.example.com"))

    async def run() -> None:
        async with transport:
            side = await transport._on_this_loop()
            async with transport:
                assert await transport._on_this_loop() is side
            assert transport._loops
        assert not transport._loops
        async with transport:
            assert await transport._on_this_loop() is not side

    asyncio.run(run())
