"""A real Airflow that asks a person whether an audience is sent, and a person who answers, or does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from real_airflow import RealAirflow

from airflow_provider_activation.audience.ledger import Ledger
from airflow_provider_activation.audience.receipt import Facts, Run
from airflow_provider_activation.operators.audience.check import DO_NOT_SEND, SEND
from airflow_provider_activation.storage import place_of
from scripts.machine_speed import scaled

SOON = scaled(90.0)
"""Seconds in which everything here happens."""
PERSON = "kanarek@example.com"


@dataclass
class Desk:
    """Airflow, and what a person does in it.

    :param folder: holds the source, the prepared files and the ledger.
    """

    airflow: RealAirflow
    folder: Path

    def begin(self, audience: str, dag_id: str = "attended_check") -> str:
        """A run whose audience is too small, and asks."""
        run_id = self.begin_unasked(audience, dag_id)
        self.wait_until_asked(run_id)
        return run_id

    def begin_unasked(self, audience: str, dag_id: str = "attended_check") -> str:
        self.write(audience, 1)
        return self.airflow.trigger(
            dag_id,
            source=str(self.source(audience)),
            folder=str(self.folder / "prepared"),
            ledger=str(self.folder / "ledger"),
            audience=audience,
        )

    def source(self, audience: str) -> Path:
        return self.folder / f"{audience}.csv"

    def write(self, audience: str, people: int) -> None:
        more = [f"p{number}@example.com" for number in range(people - 1)]
        self.source(audience).write_text("\n".join(["email", PERSON, *more, ""]))

    def wait_until_asked(self, run_id: str, times: int = 1) -> None:
        """Return once the question has been put so many times, as far as the scheduler knows."""
        self.airflow.wait_until(lambda: self.state(run_id) == "deferred", SOON)
        self.airflow.wait_until(lambda: self.airflow.parts_noticed(run_id, "check") >= times, SOON)

    def wait_for(self, state: str, run_id: str, task_id: str = "check") -> None:
        self.airflow.wait_until(lambda: self.airflow.task_states(run_id)[task_id] == state, SOON)

    def state(self, run_id: str) -> str | None:
        return self.airflow.task_states(run_id)["check"]

    def failure(self, run_id: str, try_number: int = 1) -> str:
        """What the log says once the check has failed and nothing was sent."""
        self.wait_for("failed", run_id)
        # who clears tasks of a run that has not ended meets the scheduler, which ends it
        self.airflow.wait_until(lambda: self.airflow.run_state(run_id) == "failed", SOON)
        assert self.airflow.task_states(run_id)["send"] == "upstream_failed"
        return self.airflow.task_log(run_id, "check", try_number)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, dags: Path, postgresql: str) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    with RealAirflow(folder / "home", dags, {}, database=postgresql) as airflow:
        yield Desk(airflow, folder)


def test_who_approves_is_told_to_the_task_that_sends_and_the_second_answer_is_refused(desk: Desk) -> None:
    run_id = desk.begin("approved")
    (action,) = desk.airflow.required_actions(run_id)
    assert action["subject"] == "Send the audience approved to acoustic?"
    assert action["options"] == [SEND, DO_NOT_SEND]
    assert "1 rows, fewer than min_rows=100" in action["body"]
    assert "| sent | 1 | - | at least 100 |" in action["body"]
    assert PERSON not in action["body"]
    desk.airflow.answer(run_id, "check", SEND)
    with pytest.raises(AssertionError, match="409"):
        desk.airflow.answer(run_id, "check", DO_NOT_SEND)
    desk.wait_for("success", run_id, "send")
    check = desk.airflow.xcom(run_id, "send")
    assert check["approver"]
    assert f"{check['approver']} answered: Send" in desk.airflow.task_log(run_id, "check")

    # who clears a task of a run that has not ended meets the scheduler, which ends it
    desk.airflow.wait_until(lambda: desk.airflow.run_state(run_id) == "success", SOON)
    desk.airflow.clear(run_id, "check")
    # the answer of then approves nothing now
    desk.wait_until_asked(run_id, times=3)
    assert len(desk.airflow.required_actions(run_id)) == 1
    desk.airflow.answer(run_id, "check", DO_NOT_SEND)
    desk.wait_for("failed", run_id)


def test_who_declines_fails_it_and_is_asked_again_by_the_next_try(desk: Desk) -> None:
    run_id = desk.begin("declined")
    desk.airflow.answer(run_id, "check", DO_NOT_SEND)
    log = desk.failure(run_id)
    assert "answered: Do not send" in log
    desk.airflow.clear_as(run_id, cleared(run_id, "check", "send"))
    desk.wait_until_asked(run_id, times=3)
    desk.airflow.answer(run_id, "check", SEND)
    desk.wait_for("success", run_id, "send")


def test_a_question_that_airflow_keeps_is_not_asked_with_other_figures(desk: Desk) -> None:
    run_id = desk.begin("other figures")
    desk.airflow.answer(run_id, "check", DO_NOT_SEND)
    desk.failure(run_id)
    desk.write("other figures", 2)
    desk.airflow.clear_as(run_id, cleared(run_id, "prepare", "check", "send"))
    assert "Airflow keeps the question of an earlier try" in desk.failure(run_id, 2)
    desk.write("other figures", 100)
    desk.airflow.clear_as(run_id, cleared(run_id, "prepare", "check", "send"))
    desk.wait_for("success", run_id, "send")
    assert desk.airflow.xcom(run_id, "send")["approver"] is None


def test_what_changed_after_the_question_is_not_sent(desk: Desk) -> None:
    changed, sent = desk.begin("changed"), desk.begin("sent meanwhile")
    file = Path(desk.airflow.xcom(changed, "prepare", "path"))
    file.write_text(file.read_text().swapcase())
    ledger = Ledger(place_of(desk.folder / "ledger", "ledger"), "sent meanwhile", "acoustic")
    ledger.receipt(of_another_run(), "Acoustic Exchange", {"jobId": "1"})
    for run_id in (changed, sent):
        desk.airflow.answer(run_id, "check", SEND)
    assert "is not the file that was prepared" in desk.failure(changed)
    assert "was sent by another run after the question was asked: see receipt 1" in desk.failure(sent)


def test_nobody_answers(desk: Desk) -> None:
    run_id = desk.begin_unasked("unattended", "unattended_check")
    assert "nobody answered within 8 s" in desk.failure(run_id)
    # who comes too late finds it failed, and a later try asks again
    desk.airflow.answer(run_id, "check", SEND)
    desk.airflow.clear_as(run_id, cleared(run_id, "check", "send"))
    assert "nobody answered within 8 s" in desk.failure(run_id, 2)


def test_no_log_names_a_person(desk: Desk) -> None:
    logs = [log for log in desk.airflow.home.rglob("*.log*") if log.is_file()]
    assert any("is beyond its limits: 1 rows" in log.read_text(errors="replace") for log in logs)
    assert [log.name for log in logs if PERSON in log.read_text(errors="replace")] == []


def cleared(run_id: str, *task_ids: str) -> dict[str, Any]:
    return {"dry_run": False, "only_failed": False, "dag_run_id": run_id, "task_ids": [*task_ids]}


def of_another_run() -> Facts:
    return Facts(
        key="0" * 12,
        run=Run(dag_id="attended_check", task_id="send", run_id="another", run_after=datetime.now(UTC)),
        rows=dict.fromkeys(("read", "left_out", "rejected", "suppressed", "duplicates", "sent"), 1),
        sha256="ab" * 32,
        size=1,
    )
