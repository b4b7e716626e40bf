"""Sends that must not be, simulations that must change nothing, receipts that must be one."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, TaskDeferred
from task_running import StateStore, Task

from adversary.conftest import Connect
from adversary.exchange import WAITING, Exchange, Take, accept
from adversary.sending import SIMULATED, Output, Sending, everything_in, fails, person, rendered
from airflow_provider_activation.audience import AudienceSchema, Email
from airflow_provider_activation.errors import ActivationError
from airflow_provider_activation.operators.acoustic_exchange import (
    AcousticExchangeExportSegmentOperator,
)
from airflow_provider_activation.operators.audience import DeleteAudienceOperator, PrepareAudienceOperator

KEY = "Zq9x+w=K7-a-key-of-the-account"


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    started = Exchange()
    yield started
    started.close()


@pytest.fixture(params=[True, False], ids=["with a state store", "without a state store"])
def sending(request: pytest.FixtureRequest, tmp_path: Path, exchange: Exchange, connect: Connect) -> Sending:
    conn_id = connect("acoustic_exchange", exchange.url, secret=KEY)
    return Sending(tmp_path, exchange, conn_id, store=request.param)


@pytest.fixture
def one(tmp_path: Path, exchange: Exchange, connect: Connect) -> Sending:
    """The same, with a state store alone."""
    return Sending(tmp_path, exchange, connect("acoustic_exchange", exchange.url, secret=KEY))


def takes(status: int, job: str = WAITING, body: Any = True) -> Take:
    def take(exchange: Exchange, sent: bytes) -> tuple[int, Any]:
        exchange.status = job
        return status, body

    return take


# simulated, and real


@pytest.mark.parametrize("guard", [{}, {"min_rows": 1000}], ids=["within its limits", "beyond its limits"])
def test_a_real_upload_of_a_simulated_check(one: Sending, exchange: Exchange, guard: Any) -> None:
    """The table of what is refused: a simulated manifest, in a real task."""
    simulated = one.check(one.manifest(), simulate=True, guard=guard).run()
    assert bool(guard) == simulated["would"][0].startswith("refused")
    assert fails(one.upload(simulated))
    assert fails(export(one, manifest=simulated))
    assert exchange.changing == []


def test_a_check_beyond_its_limits_is_not_sent(one: Sending, exchange: Exchange) -> None:
    assert "min_rows" in fails(one.check(one.manifest(), guard={"min_rows": 1000}))
    assert exchange.asked == []


EXPORT: dict[str, Any] = {
    **{"endpoint_id": 10001, "segment_id": 1, "destination_endpoint_id": 2, "update_identities": False},
    **{"source_identifiers": ["email_sha256"], "destination_identifier": "email"},
    "destination_segment_name": "x",
}
NESTED: dict[str, Any] = {
    "source_identifiers": ["email_sha256", SIMULATED],
    "attribute_mappings": {"a": SIMULATED},
    "schedule_details": {"days": [{"of": SIMULATED}]},
    "destination_segment_name": f"of {SIMULATED}, renamed",
    "endpoint_id": f" {SIMULATED}\n",
}


def export(sending: Sending, **arguments: Any) -> Task:
    given = {name: Output(value) for name, value in {**EXPORT, **arguments}.items()}
    return Task(
        rendered(
            AcousticExchangeExportSegmentOperator,
            task_id="export",
            acoustic_exchange_conn_id=sending.conn_id,
            timeout=0.3,
            **given,
        )
    )


@pytest.mark.parametrize("simulate", [True, False])
@pytest.mark.parametrize("name", NESTED)
def test_simulated_ids_anywhere(one: Sending, exchange: Exchange, name: str, simulate: bool) -> None:
    said = fails(export(one, **{name: NESTED[name]}, simulate=simulate))
    assert exchange.asked == []
    assert not simulate or said == ""
    assert simulate or (name in said and SIMULATED in said)


def test_a_simulated_id_as_a_name_in_a_mapping(one: Sending, exchange: Exchange) -> None:
    exchange.get = lambda path: (200, [])  # type: ignore[method-assign]
    fails(export(one, attribute_mappings={SIMULATED: "a"}, on_needs_action="return"))
    assert exchange.changing == []


WORDS = ["true", "True", " TRUE\n", True]
NO_WORDS: list[Any] = [
    "yes",
    "1",
    1,
    0,
    "",
    "None",
    None,
    "{{ x }}",
    [True],
    {"simulate": True},
    "False.",
    1.0,
]


@pytest.mark.parametrize("word", [*WORDS, *NO_WORDS], ids=repr)
def test_words_of_simulate(one: Sending, exchange: Exchange, word: Any) -> None:
    """What is not plainly False never sends."""
    said = fails(one.upload(one.manifest(), simulate=Output(word)))
    assert exchange.changing == []
    assert (said == "") == ((word in WORDS and word != 1) or word is True)


SIMULATIONS: dict[str, Callable[[Sending, Path], Task]] = {
    "prepares": lambda it, folder: Task(lambda: PrepareAudienceOperator(**preparing(folder), simulate=True)),
    "prepares what is too little": lambda it, folder: Task(
        lambda: PrepareAudienceOperator(**preparing(folder), min_rows=1000, simulate=True)
    ),
    "prepares where it cannot": lambda it, folder: Task(
        lambda: PrepareAudienceOperator(
            **preparing(folder), where="CAST(email AS INTEGER) = 1", simulate=True
        )
    ),
    "checks": lambda it, folder: it.check(it.manifest(), 2, simulate=True),
    "asks": lambda it, folder: it.check(it.manifest(1), 2, simulate=True, on_breach="ask"),
    "skips": lambda it, folder: it.check(it.manifest(1), 2, simulate=True, on_breach="skip"),
    "uploads": lambda it, folder: it.upload(it.check(it.manifest(), 2).run(), 2, simulate=True),
    "exports": lambda it, folder: export(it, simulate=True),
    "deletes": lambda it, folder: Task(
        lambda: DeleteAudienceOperator(task_id="delete", manifest=it.manifest(), simulate=True)
    ),
}


def preparing(folder: Path) -> dict[str, Any]:
    schema = AudienceSchema({"email_sha256": Email("email").sha256()})
    source = folder / "customers.csv"
    return {
        **{"task_id": "prepare", "source": str(source), "schema": schema, "profile": "google"},
        "folder": str(folder / "of_the_simulation"),
    }


@pytest.mark.parametrize("what", SIMULATIONS)
def test_a_simulation_changes_nothing(one: Sending, exchange: Exchange, tmp_path: Path, what: str) -> None:
    one.send()
    one.manifest(1)
    source = tmp_path / "customers.csv"
    source.write_text("".join(["email\n", *(f"customer{number}@example.com\n" for number in range(10))]))
    exchange.get = lambda path: (200, []) if path.endswith("EXPORT") else Exchange.get(exchange, path)  # type: ignore[method-assign]
    task = SIMULATIONS[what](one, tmp_path)
    before = everything_in(tmp_path)
    result = json.dumps(task.run())
    assert task.ti
    after = [file for file in everything_in(tmp_path) if not file[0].endswith("-run_1.csv")]
    assert after == [file for file in before if not file[0].endswith("-run_1.csv")]
    assert exchange.changing == []
    assert "would" in task.ti.xcoms
    told = result + json.dumps(task.ti.xcoms)
    assert not [number for number in range(10) if person(number) in told or f"customer{number}@" in told]


# one receipt for each success, none for a failure


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413])
def test_a_call_that_is_refused(sending: Sending, exchange: Exchange, status: int) -> None:
    exchange.take = takes(status)
    assert fails(sending.upload(sending.check(sending.manifest()).run()))
    assert sending.kinds == ["intent of run_1", "withdrawn of run_1"]


def test_a_refusal_is_no_success_of_the_next_try(sending: Sending, exchange: Exchange) -> None:
    """Somebody else has given the job its data: the service says so, and the next try sends nothing."""
    exchange.take = takes(409, "COMPLETE")
    task = sending.upload(sending.check(sending.manifest()).run())
    assert fails(task)
    assert fails(task)
    assert sending.receipts == 0


@pytest.mark.parametrize("why", ["the file has changed", "another run is sending"])
def test_a_try_that_sent_nothing_is_no_success_of_the_next(
    sending: Sending, exchange: Exchange, why: str
) -> None:
    """The first try is refused before it sends; the job gets its data from somebody else."""
    checked = sending.check(sending.manifest()).run()
    task = sending.upload(checked)
    if why == "the file has changed":
        file = Path(checked["path"])
        content = file.read_bytes()
        file.write_bytes(b"x")
        assert fails(task)
        file.write_bytes(content)
        exchange.status = "COMPLETE"
        most = 0
    else:
        other = sending.check(sending.manifest(run="run_2"), 2).run()
        exchange.take = takes(500)
        first = sending.upload(other, 2)
        assert fails(first)
        assert "run_2" in fails(task)
        exchange.status = "COMPLETE"
        fails(first)
        most = 1
    fails(task)
    assert len(exchange.uploads) == most
    assert sending.receipts <= most


def test_clearing_closes_an_intent_that_was_left_open(one: Sending, exchange: Exchange) -> None:
    """An intent that stays open is closed by clearing the task: the service shows what came of it."""
    exchange.take = takes(200, "IN_PROGRESS")
    task = one.upload(one.check(one.manifest()).run())
    assert fails(task)
    assert one.kinds == ["intent of run_1"]
    task.clear()
    # still nobody knows
    assert fails(task)
    assert one.kinds == ["intent of run_1"]
    exchange.status = "COMPLETE"
    task.run()
    assert (one.receipts, one.kinds[-1]) == (1, "receipt of run_1")
    assert len(exchange.uploads) == 1


@pytest.mark.parametrize("job", ["FAILED", "CANCELLED"])
def test_a_failed_job_that_is_not_waited_for(one: Sending, exchange: Exchange, job: str) -> None:
    """The service says that the job failed: no receipt. The task itself returns that status."""
    exchange.take = takes(200, job)
    fails(one.upload(one.check(one.manifest()).run(), wait_for_completion=False))
    assert one.receipts == 0


@pytest.mark.parametrize("job", ["COMPLETE", "FAILED"])
def test_resumed_twice(one: Sending, exchange: Exchange, job: str) -> None:
    """A deferred task that goes on twice, and with events that nobody sent."""
    exchange.take = takes(200, "IN_PROGRESS")
    task = one.upload(one.check(one.manifest()).run(), deferrable=True, timeout=100)
    with pytest.raises(TaskDeferred) as deferred:
        task.begin()
    given = deferred.value.kwargs or {}
    for event in (None, {}, {"status": "success"}):
        with pytest.raises(ActivationError):
            resumed(task, deferred.value.method_name, {**given, "event": event})
        assert one.kinds == ["intent of run_1"]
    exchange.status = job
    event = task._event()
    for _ in range(2):
        with contextlib.suppress(ActivationError, AirflowFailException):
            resumed(task, deferred.value.method_name, {**given, "event": event})
    last = "receipt" if job == "COMPLETE" else "withdrawn"
    assert one.kinds == ["intent of run_1", f"{last} of run_1"]
    assert len(exchange.uploads) == 1


def resumed(task: Task, method: str, given: dict[str, Any]) -> None:
    task._operator().resume_execution(method, given, task.context)


def test_an_uncertain_end(sending: Sending, exchange: Exchange) -> None:
    checked = sending.check(sending.manifest()).run()
    other = sending.check(sending.manifest(run="run_2"), 2).run()
    exchange.take = takes(200, "IN_PROGRESS")
    task = sending.upload(checked)
    assert fails(task)
    assert sending.kinds == ["intent of run_1"]
    assert "run_1" in fails(sending.check(other, 2))
    assert "run_1" in fails(sending.upload(other, 2))
    exchange.status = "COMPLETE"
    task.run()
    task.run()
    assert len(exchange.uploads) == 1
    assert sending.kinds == ["intent of run_1", "receipt of run_1"]


@pytest.mark.parametrize("answered", [500, None], ids=["500", "hung up"])
def test_the_answer_is_lost(sending: Sending, exchange: Exchange, answered: int | None) -> None:
    def take(it: Exchange, body: bytes) -> tuple[int, Any] | None:
        it.status = "COMPLETE"
        return (answered, {}) if answered else None

    exchange.take = take
    task = sending.upload(sending.check(sending.manifest()).run())
    fails(task)
    task.run()
    assert len(exchange.uploads) == 1
    assert sending.kinds == ["intent of run_1", "receipt of run_1"]


def test_cleared_after_its_success(sending: Sending, exchange: Exchange) -> None:
    task = sending.upload(sending.check(sending.manifest()).run())
    task.run()
    task.run()
    assert len(exchange.uploads) == 1
    exchange.status = WAITING
    task.clear()
    task.run()
    assert len(exchange.uploads) == sending.receipts == 2
    assert len({record["receipt_id"] for record in sending.records}) == 3


def test_another_run_has_sent_since_the_check(one: Sending, exchange: Exchange) -> None:
    checked = one.check(one.manifest(10, "run_2"), 2).run()
    one.send(100)
    assert "max_shrink" in fails(one.upload(checked, 2))
    assert exchange.uploads == []


def test_an_earlier_run_has_sent_since_the_check(one: Sending, exchange: Exchange) -> None:
    """An earlier run has sent since the check: the guard decides once more, with its receipt."""
    checked = one.check(one.manifest(run="run_3"), 3).run()
    one.send(100, day=2)
    sent = len(exchange.uploads)
    assert "max_shrink" in fails(one.upload(checked, 3))
    assert len(exchange.uploads) == sent


@pytest.mark.parametrize("after", ["preparing", "the check"])
def test_rows_that_somebody_has_changed(one: Sending, exchange: Exchange, after: str) -> None:
    """``read`` is always the sum of the others; the file has ten rows."""
    one.send()
    manifest = one.manifest(run="run_2")
    if after == "preparing":
        manifest["rows"]["written"] = 9
        assert fails(one.check(manifest, 2))
    else:
        checked = one.check(manifest, 2).run()
        checked["rows"] |= {"written": 1}
        assert fails(one.upload(checked, 2))
    assert exchange.uploads == []


# nobody's data, no key

QUOTES = {
    "400": takes(400),
    "500": takes(500),
    "409": takes(409),
    "false": takes(200, WAITING, body=False),
    "a job that failed": takes(200, "FAILED"),
    "a job that was cancelled": takes(200, "CANCELLED"),
}


def quoting(exchange: Exchange, name: str) -> None:
    """The service quotes each row that it was sent, and the key."""

    def words() -> str:
        return "row " + " ".join(exchange.uploads[-1].decode().split()[1:4]) + f", key {KEY}"

    def take(it: Exchange, body: bytes) -> tuple[int, Any] | None:
        said = QUOTES[name](it, body)
        assert said
        return said if said[0] == 200 else (said[0], {"message": words()})

    def get(path: str) -> tuple[int, Any]:
        status, body = Exchange.get(exchange, path)
        if exchange.uploads and isinstance(body, dict):
            body["errorDetails"] = {"code": 7, "description": words()}
        return status, body

    exchange.take = take
    exchange.get = get  # type: ignore[method-assign]


@pytest.mark.parametrize("name", QUOTES)
@pytest.mark.parametrize("where", ["errors", "ledger"])
def test_services_that_quote(one: Sending, exchange: Exchange, name: str, where: str) -> None:
    """No record has a person of the audience in it, nor a digest of one; and no error has."""
    quoting(exchange, name)
    told = fails(one.upload(one.check(one.manifest()).run()))
    assert told
    if where == "ledger":
        told = json.dumps(one.records)
    assert KEY not in told
    digests = [person(number) for number in range(10)]
    # the last third of a digest is enough to find a person by
    assert not [digest for digest in digests if digest in told or digest[-22:] in told]


# processes that die or meet


class Kept(StateStore):
    """A task state store that outlives a process."""

    def __init__(self, file: Path) -> None:
        self._file = file
        super().__init__(json.loads(file.read_text()) if file.exists() else {})

    def set(self, key: str, value: Any) -> None:
        super().set(key, value)
        self._file.write_text(json.dumps(self))


def apart(run: Callable[[], Any]) -> int:
    """Starts a process, which ends with 0 if ``run`` returned."""
    if process := os.fork():
        return process
    try:
        run()
        os._exit(0)
    except BaseException:
        os._exit(3)


@pytest.mark.chaos
@pytest.mark.parametrize("has_arrived", [True, False])
def test_a_process_that_is_killed_while_it_sends(
    sending: Sending, exchange: Exchange, tmp_path: Path, has_arrived: bool
) -> None:
    checked = sending.check(sending.manifest()).run()
    started: list[int] = []

    def run() -> None:
        task = sending.upload(checked)
        task.store = Kept(tmp_path / "state") if sending.store else None
        task._tries = len(started)
        task.run()

    def take(it: Exchange, body: bytes) -> None:
        os.kill(started[0], signal.SIGKILL)
        it.status = "COMPLETE" if has_arrived else WAITING

    exchange.take = take
    started.append(apart(run))
    os.waitpid(started[0], 0)
    assert sending.kinds == ["intent of run_1"]
    assert "run_1" in fails(sending.check(sending.manifest(run="run_2"), 2))
    exchange.take = accept
    time.sleep(0.1)
    assert os.waitpid(apart(run), 0)[1] == 0
    assert sending.kinds == ["intent of run_1", "receipt of run_1"]
    assert len(exchange.uploads) == (1 if has_arrived else 2)


@pytest.mark.chaos
def test_three_runs_at_once(one: Sending, exchange: Exchange) -> None:
    checked = {day: one.check(one.manifest(run=f"run_{day}"), day).run() for day in (1, 2, 3)}
    jobs = {4 + day: WAITING for day in checked}

    def get(path: str) -> tuple[int, Any]:
        status, body = Exchange.get(exchange, path)
        if isinstance(body, dict):
            body |= {"jobId": (job := int(path.rsplit("/", 1)[1])), "status": jobs[job]}
        return status, body

    exchange.get = get  # type: ignore[method-assign]

    def run(day: int) -> Callable[[], Any]:
        return lambda: one.upload(checked[day], day, job_id=4 + day, wait_for_completion=False).run()

    for _ in range(5):
        ended = [os.waitpid(process, 0)[1] for process in [apart(run(day)) for day in checked]]
        assert len(exchange.uploads) == one.receipts == ended.count(0) >= 1
        kinds = [record["kind"] for record in one.records]
        assert kinds == ["intent", "receipt"] * one.receipts
        for file in one.pair.iterdir():
            file.unlink()
        exchange.uploads.clear()
        jobs = dict.fromkeys(jobs, WAITING)
