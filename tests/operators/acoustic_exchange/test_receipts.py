"""What is sent leaves one receipt for each success, whatever dies and however often it is tried."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from activation_tasks import CANARY, Activations, Killed, killed_at
from airflow.providers.common.compat.sdk import TaskDeferred
from golden_logs import Lines
from simulated_tasks import nothing_changes, simulated
from task_running import StateStore, Task

from airflow_provider_activation.actions.acoustic_exchange import JobData
from airflow_provider_activation.audience.ledger import Ledger
from airflow_provider_activation.errors import (
    ActivationError,
    Conflict,
    InvalidArgument,
    InvalidRequest,
    JobFailed,
    UncertainOutcome,
    UnfitAudience,
)
from airflow_provider_activation.operators.sending import SendsAudience
from airflow_provider_activation.sandbox import Sandbox
from airflow_provider_activation.sandbox.acoustic_exchange.jobs import Jobs

ONCE = ["intent", "receipt"]
both_modes = pytest.mark.parametrize("deferrable", [False, True], ids=["on the worker", "deferred"])
with_or_without_store = pytest.mark.parametrize("store", [True, False], ids=["store", "no store"])


@pytest.fixture
def activations(exchange: Sandbox, tmp_path: Path) -> Activations:
    return Activations(exchange, tmp_path)


@pytest.fixture
def seen(activations: Activations, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What the ledger holds when each file arrives at the service."""
    found: list[list[str]] = []
    real = Jobs.take_data

    async def take_data(self: Jobs, *args: Any) -> Any:
        found.append(activations.kinds)
        return await real(self, *args)

    monkeypatch.setattr(Jobs, "take_data", take_data)
    return found


@both_modes
@with_or_without_store
@pytest.mark.parametrize("category", ["SEGMENT_EXPORT", "IDENTITY_IMPORT"])
def test_intent_before_the_file_and_receipt_after_the_end(
    activations: Activations, seen: list[list[str]], deferrable: bool, store: bool, category: str
) -> None:
    manifest = activations.checked()
    assert activations.kinds == []
    task = activations.uploading(manifest, deferrable=deferrable, store=store, job_category=category)
    result = task.run()
    assert seen == [["intent"]]
    assert activations.kinds == ONCE
    intent, receipt = activations.records
    assert receipt["key"] == intent["key"]
    assert (receipt["run_id"], receipt["task_id"]) == ("run_1", "upload")
    assert receipt["rows"]["sent"] == 3
    assert receipt["sha256"] == manifest["sha256"]
    assert (receipt["service"], receipt["ids"]) == ("Acoustic Exchange", {"jobId": result["jobId"]})
    assert CANARY not in json.dumps(activations.records)


def test_without_a_check_there_is_no_ledger(activations: Activations) -> None:
    activations.uploading(activations.prepared()).run()
    assert not activations.ledger.exists()


def test_the_log_names_the_receipt(activations: Activations) -> None:
    task = activations.uploading(activations.checked())
    with Lines().listening() as heard:
        task.run()
    (line,) = (line for line in heard.lines if "Receipt" in line)
    assert activations.records[-1]["receipt_id"] in line
    assert "win-back for acoustic" in line
    assert CANARY not in "\n".join(heard.lines)


# what dies

DEATHS: dict[str, tuple[Any, str, dict[str, Any]]] = {
    "before the intent": (Ledger, "intend", {}),
    "after the intent": (Ledger, "intend", {"after": True}),
    "after the answer": (JobData, "told", {}),
    "after the end": (Ledger, "receipt", {}),
    "after the receipt": (Ledger, "receipt", {"after": True}),
    "after the task": (SendsAudience, "finish", {"after": True}),
}


@with_or_without_store
@pytest.mark.parametrize("death", DEATHS)
def test_one_receipt_whenever_a_worker_is_killed(
    activations: Activations, death: str, store: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = activations.uploading(activations.checked(), store=store)
    place, name, when = DEATHS[death]
    with killed_at(monkeypatch, place, name, **when), pytest.raises(Killed):
        task.run()
    task.run()
    assert activations.kinds == ONCE
    assert activations.sent == 1
    # one more try, as if Airflow had not heard of the end
    task.run()
    assert activations.kinds == ONCE
    assert activations.sent == 1


def test_killed_right_before_the_call(activations: Activations, monkeypatch: pytest.MonkeyPatch) -> None:
    """The intent is in the ledger, and the note of it is not in the state store."""
    task = activations.uploading(activations.checked())
    with killed_at(monkeypatch, StateStore, "set"), pytest.raises(Killed):
        task.run()
    assert (activations.kinds, activations.sent) == (["intent"], 0)
    task.run()
    assert (activations.kinds, activations.sent) == (ONCE, 1)


@pytest.mark.parametrize("death", ["after the end", "after the receipt"])
def test_killed_when_a_deferred_task_went_on(
    activations: Activations, death: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = activations.uploading(activations.checked(), deferrable=True)
    place, name, when = DEATHS[death]
    with killed_at(monkeypatch, place, name, **when), pytest.raises(Killed):
        task.run()
    task.run()
    assert (activations.kinds, activations.sent) == (ONCE, 1)


@both_modes
@with_or_without_store
def test_where_the_receipt_cannot_be_written_the_next_try_writes_only_that(
    activations: Activations, deferrable: bool, store: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = activations.uploading(activations.checked(), deferrable=deferrable, store=store)
    aside = activations.folder / "aside"

    def full(self: Any, result: Any) -> Any:
        activations.ledger.rename(aside)
        activations.ledger.write_text("no folder")
        return {"jobId": result["jobId"]}

    with monkeypatch.context() as patched:
        patched.setattr(type(task._make()), "sent_as", full)
        with pytest.raises(ActivationError):
            task.run()
    activations.ledger.unlink()
    aside.rename(activations.ledger)
    assert (activations.kinds, activations.sent) == (["intent"], 1)
    task.run()
    assert (activations.kinds, activations.sent) == (ONCE, 1)


# what goes wrong at the service


@both_modes
def test_a_refused_call_is_withdrawn(activations: Activations, deferrable: bool) -> None:
    activations.sandbox.misbehave("refuse", method="POST", path="*/data", status=400)
    task = activations.uploading(activations.checked(), deferrable=deferrable)
    with pytest.raises(InvalidRequest):
        task.run()
    assert activations.kinds == ["intent", "withdrawn"]
    assert "(InvalidRequest, 400)" in activations.records[-1]["why"]
    # nothing keeps another run from sending
    activations.uploading(activations.checked(day=2), day=2).run()
    assert activations.kinds == ["intent", "withdrawn", *ONCE]


@both_modes
@with_or_without_store
def test_a_failed_job_is_withdrawn_and_sent_again(
    activations: Activations, deferrable: bool, store: bool
) -> None:
    activations.sandbox.misbehave("fail", method="POST", path="/v1/jobs/segmentExport")
    manifest = activations.checked()
    failing = activations.job()
    task = activations.uploading(manifest, job_id=failing, deferrable=deferrable, store=store)
    with pytest.raises(JobFailed):
        task.run()
    assert activations.kinds == ["intent", "withdrawn"]
    assert "the service says that it failed" in activations.records[-1]["why"]
    activations.uploading(activations.checked(day=2), day=2).run()
    assert activations.kinds == ["intent", "withdrawn", *ONCE]


def lost(activations: Activations) -> Task:
    """A task that does not know whether its file has arrived."""
    task = activations.uploading(activations.checked())
    activations.sandbox.misbehave("drop_before", method="POST", path="*/data")
    with pytest.raises(UncertainOutcome):
        task.run()
    return task


def test_an_uncertain_one_stays_open_and_is_a_conflict(
    activations: Activations, seen: list[list[str]]
) -> None:
    manifest = activations.checked(day=2)
    task = lost(activations)
    assert activations.kinds == ["intent"]
    with pytest.raises(Conflict, match="run run_1"):
        activations.checked(day=2, manifest=manifest)
    with pytest.raises(Conflict, match="run run_1"):
        activations.uploading(manifest, day=2).run()
    assert activations.kinds == ["intent"]
    task.run()
    assert activations.kinds == ONCE
    # one has arrived, and the ledger had its intent
    assert seen == [["intent"]]


def test_concurrency_one_of_two_runs_is_a_conflict(activations: Activations) -> None:
    first, second = activations.checked(day=1), activations.checked(day=2)
    waiting = activations.uploading(first, day=1, deferrable=True)
    with pytest.raises(TaskDeferred):
        waiting.begin()
    other = activations.uploading(second, day=2)
    with pytest.raises(Conflict, match="run run_1"):
        other.run()
    assert (activations.kinds, activations.sent) == (["intent"], 1)
    waiting.run()
    other.run()
    assert (activations.kinds, activations.sent) == (ONCE * 2, 2)


# what people do


def test_clearing_after_success_sends_again_with_a_second_receipt(activations: Activations) -> None:
    jobs = [activations.job(), activations.job()]
    task = activations.uploading(activations.checked(), job_id=jobs[0])
    task.run()
    task.clear()
    again = activations.uploading(activations.checked(), job_id=jobs[1])
    task._make = again._make
    task.run()
    assert (activations.kinds, activations.sent) == (ONCE * 2, 2)
    first, second = activations.records[1], activations.records[3]
    assert first["receipt_id"] != second["receipt_id"]
    assert first["key"] != second["key"]
    # one more try of the second writes nothing
    task.run()
    assert (activations.kinds, activations.sent) == (ONCE * 2, 2)


def test_deletion_of_a_run_leaves_its_receipt_and_the_same_run_writes_another(
    activations: Activations,
) -> None:
    activations.uploading(activations.checked()).run()
    kept = activations.records
    activations.uploading(activations.checked()).run()
    assert activations.kinds == ONCE * 2
    assert activations.records[:2] == kept
    assert activations.records[1]["key"] == activations.records[3]["key"]
    assert activations.records[1]["receipt_id"] != activations.records[3]["receipt_id"]


def test_backfill_compares_with_the_last_earlier_run(activations: Activations) -> None:
    for day, people in ((1, 10), (5, 3)):
        guard = {"max_shrink": None}
        manifest = activations.checked(day=day, manifest=activations.prepared(people), guard=guard)
        activations.uploading(manifest, day=day).run()
    # ten people are three times as many as on the fifth day, and as many as on the first
    late = activations.checked(day=3, manifest=activations.prepared(10))
    assert late["check"]["compared_with"] == 2
    activations.uploading(late, day=3).run()
    assert activations.kinds == ONCE * 3
    # what was sent last is what the destination has, whichever day it was for
    again = activations.checked(day=6, manifest=activations.prepared(10))
    assert again["check"]["compared_with"] == 6


def test_the_guard_decides_once_more_when_it_is_sent(activations: Activations) -> None:
    early = activations.checked(day=2, manifest=activations.prepared(10))
    activations.uploading(activations.checked(day=1), day=1).run()
    with pytest.raises(UnfitAudience, match="sent by another run since"):
        activations.uploading(early, day=2).run()
    assert (activations.kinds, activations.sent) == (ONCE, 1)


def test_a_simulated_run_says_that_the_guard_would_refuse_it(activations: Activations) -> None:
    early = activations.checked(day=2, manifest=activations.prepared(10))
    activations.uploading(activations.checked(day=1), day=1).run()
    task = activations.task(simulated(activations.uploading(early, day=2)._make), 2)
    task.run()
    assert task.ti is not None
    (would,) = task.ti.xcoms["would"]
    assert would.startswith("refused: ")
    assert "sent by another run since" in would
    assert (activations.kinds, activations.sent) == (ONCE, 1)


@pytest.mark.parametrize("is_first", [True, False])
def test_a_simulated_run_writes_nothing(activations: Activations, is_first: bool, tmp_path: Path) -> None:
    if not is_first:
        activations.uploading(activations.checked()).run()
    manifest = activations.checked(day=2)
    factory: Callable[[], Any] = activations.uploading(manifest, day=2)._make
    task = activations.task(simulated(factory), 2)
    with nothing_changes(activations.sandbox, tmp_path):
        task.run()
    assert task.ti is not None
    assert task.ti.xcoms["would"] == [
        "a receipt of the audience 'win-back' for 'acoustic' would be written",
        f"the data of job {task.ti.xcoms['jobId']} would be uploaded",
    ]
    assert activations.kinds == ([] if is_first else ONCE)


@pytest.mark.parametrize("guard", [{"min_rows": 100}, {"min_rows": 1}], ids=["beyond", "within"])
def test_what_a_simulated_check_let_pass_is_not_sent(activations: Activations, guard: dict[str, int]) -> None:
    """It ends well beyond its limits too, and asks nobody."""
    manifest = activations.checked(simulate=True, guard=guard)
    with pytest.raises(InvalidArgument, match="file was checked by a task that was simulated"):
        activations.uploading(manifest).run()
    assert (activations.kinds, activations.sent) == ([], 0)
