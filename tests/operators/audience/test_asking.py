"""`CheckAudienceOperator` asks a person: the question, the answers, and what changed in between."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException
from airflow.sdk import BaseNotifier
from audience_attacks import Room, room, said_by
from audience_tasks import logged
from check_tasks import ANN, Airflow, Checking, airflow, check, manifest_in
from ledger_testing import facts_of, ledger_in, send
from task_running import TaskDeferralError, TaskDeferralTimeout

from airflow_provider_activation.errors import (
    ActivationError,
    Conflict,
    Declined,
    JobFailed,
    UnfitAudience,
    WaitTimeout,
)
from airflow_provider_activation.operators.audience.check import DO_NOT_SEND, SEND

__all__ = ["airflow", "logged", "room"]

ASKS: dict[str, Any] = {"guard": {"min_rows": 1000}, "on_breach": "ask"}


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ledger"


@pytest.fixture
def manifest(room: Room) -> dict[str, Any]:
    return manifest_in(room.folder)


@pytest.fixture
def checking(airflow: Airflow, manifest: dict[str, Any], ledger: Path) -> Checking:
    """A check that is beyond a limit and asks; an earlier run has sent twice as many."""
    send(ledger_in(ledger), 1, sent=1_980)
    return Checking(lambda: check(manifest, ledger, **ASKS))


class TestTheQuestion:
    def test_it_has_the_figures_and_no_person(
        self, room: Room, airflow: Airflow, checking: Checking, manifest: dict[str, Any]
    ) -> None:
        checking.ask()
        (asked,) = airflow.asked
        assert asked["subject"] == "Send the audience lapsed to acoustic?"
        assert asked["options"] == [SEND, DO_NOT_SEND]
        assert (asked["multiple"], asked["params"], asked["defaults"]) == (False, {}, None)
        assert asked["assigned_users"] == []
        lines = asked["body"].split("\n")
        assert "Is the audience **lapsed** to be sent to **acoustic**?" in lines
        assert "- 990 rows, fewer than min_rows=1,000" in lines
        assert "| sent | 990 | 1,980 | at least 1,000, at most 30 % fewer, at most 100 % more |" in lines
        assert f"`{manifest['sha256']}`" in lines[-1]
        assert "receipt 2" in lines[-2]
        room.says_nothing(asked["body"])

    def test_it_is_the_same_at_every_try(self, airflow: Airflow, checking: Checking) -> None:
        for _ in range(2):
            checking.ask()
        assert airflow.asked[0] == airflow.asked[1]

    def test_names_mean_nothing_to_markdown(
        self, airflow: Airflow, manifest: dict[str, Any], ledger: Path
    ) -> None:
        names = {"audience": "a|b **all**", "destination": "[here](https://evil.example) <img src=x>"}
        Checking(lambda: check(manifest, ledger, **ASKS, **names)).ask()
        first = airflow.question.split("\n")[0]
        assert r"**a\|b \*\*all\*\***" in first
        assert r"\[here\]\(https\:\/\/evil\.example\) \<img src\=x\>" in first

    def test_who_may_answer(self, airflow: Airflow, manifest: dict[str, Any], ledger: Path) -> None:
        Checking(lambda: check(manifest, ledger, **ASKS, assigned_users=ANN)).ask()
        assert airflow.asked[0]["assigned_users"] == [ANN]

    def test_the_first_run_asks_without_a_breach(
        self, airflow: Airflow, manifest: dict[str, Any], ledger: Path
    ) -> None:
        checking = Checking(lambda: check(manifest, ledger, first_run="ask"))
        checking.ask()
        assert "Beyond the limits" not in airflow.question
        assert r"No earlier run has sent it there\." in airflow.question
        assert checking.answer(SEND)["check"]["approver"] == "Ann"

    def test_nobody_is_asked_about_a_first_run_that_fails(
        self, airflow: Airflow, manifest: dict[str, Any], ledger: Path
    ) -> None:
        with pytest.raises(UnfitAudience, match="first_run is fail"):
            Checking(lambda: check(manifest, ledger, **ASKS, first_run="fail")).run()
        assert airflow.asked == []

    def test_it_waits_for_the_answer_in_the_triggerer(self, checking: Checking) -> None:
        before = datetime.now(UTC)
        deferral = checking.ask()
        path, arguments = deferral.trigger.serialize()
        assert path == "airflow.providers.standard.triggers.hitl.HITLTrigger"
        assert arguments["ti_id"] == checking.context["ti"].id
        assert arguments["options"] == [SEND, DO_NOT_SEND]
        assert not arguments["defaults"]
        day = timedelta(days=1)
        assert before + day <= arguments["timeout_datetime"] <= datetime.now(UTC) + day
        assert deferral.timeout > day
        json.dumps(deferral.kwargs)

    def test_it_is_logged_what_is_asked(
        self, manifest: dict[str, Any], checking: Checking, logged: list[str]
    ) -> None:
        checking.ask()
        assert any(line.startswith("WARNING") and "fewer than min_rows=1,000" in line for line in logged)
        assert "within 24 h" in logged[-1]

    def test_without_a_question_there_is_no_wait(self, airflow: Airflow, checking: Checking) -> None:
        airflow.is_out_of_reach = True
        with pytest.raises(RuntimeError, match="no supervisor"):
            checking.run()

    def test_notifiers_are_told_the_question(
        self, airflow: Airflow, manifest: dict[str, Any], ledger: Path
    ) -> None:
        told: list[str] = []

        class Tell(BaseNotifier):
            template_fields = ("text",)

            def __init__(self, text: str) -> None:
                super().__init__()
                self.text = text

            def notify(self, context: Any) -> None:
                told.append(self.text)
                raise RuntimeError("the mail server is down")

        Checking(lambda: check(manifest, ledger, **ASKS, notifiers=Tell("Ask: {{ question }}"))).ask()
        assert told == [f"Ask: {airflow.question}"]


class TestAnswers:
    def test_who_approves_goes_with_the_manifest(
        self, checking: Checking, manifest: dict[str, Any], logged: list[str]
    ) -> None:
        checking.ask()
        found = checking.answer(SEND)
        check = found.pop("check")
        assert (check["approver"], check["compared_with"]) == ("Ann", 2)
        assert found == manifest
        assert "approved by Ann" in logged[-1]

    def test_a_user_without_a_name(self, checking: Checking) -> None:
        checking.ask()
        assert checking.answer(SEND, by={"id": "7", "name": ""})["check"]["approver"] == "7"

    @pytest.mark.parametrize(
        "options", [[DO_NOT_SEND], [], [SEND, DO_NOT_SEND], [SEND, SEND], ["send"], ["Sende"]], ids=str
    )
    def test_anything_else_is_no_approval(self, room: Room, checking: Checking, options: list[str]) -> None:
        checking.ask()
        with pytest.raises(Declined, match="Ann was asked") as caught:
            checking.answer(*options)
        assert not caught.value.retry_helps
        room.says_nothing(said_by(caught.value))

    @pytest.mark.parametrize("by", [None, {}, {"id": "", "name": ""}], ids=str)
    def test_an_answer_of_nobody_is_none(self, checking: Checking, by: Any) -> None:
        checking.ask()
        with pytest.raises(JobFailed, match="names nobody"):
            checking.answer(SEND, by=by)

    def test_nobody_answers(self, checking: Checking) -> None:
        checking.ask()
        with pytest.raises(WaitTimeout, match="nobody answered within 24 h"):
            checking.resume({"error": "The timeout has passed", "error_type": "timeout"})

    @pytest.mark.parametrize("event", [None, {}, {"error": "odd", "error_type": "unknown"}], ids=str)
    def test_an_event_that_is_no_answer(self, checking: Checking, event: Any) -> None:
        checking.ask()
        with pytest.raises(JobFailed, match="cannot be used"):
            checking.resume(event)

    def test_no_triggerer_runs(self, checking: Checking) -> None:
        checking.ask()
        with pytest.raises(WaitTimeout, match="nobody answered"):
            checking.resumed("__fail__", {"error": "Trigger timeout"})

    def test_a_trigger_that_fails_is_no_answer(self, checking: Checking) -> None:
        checking.ask()
        with pytest.raises(TaskDeferralError) as caught:
            checking.resumed("__fail__", {"error": "Trigger failure"})
        assert not isinstance(caught.value, TaskDeferralTimeout)


class TestAgain:
    def test_a_later_try_asks_again(self, airflow: Airflow, checking: Checking) -> None:
        checking.ask()
        with pytest.raises(Declined):
            checking.answer(DO_NOT_SEND)
        checking.ask()
        assert len(airflow.asked) == 2
        assert checking.answer(SEND)["check"]["approver"] == "Ann"

    @pytest.mark.parametrize("change", ["figures", "file", "limits", "receipt", "people"])
    def test_the_question_that_airflow_keeps_must_be_the_same(
        self, airflow: Airflow, manifest: dict[str, Any], ledger: Path, room: Room, change: str
    ) -> None:
        given = dict(ASKS)
        checking = Checking(lambda: check(manifest, ledger, **given), day=3)
        send(ledger_in(ledger), 1, sent=1_980)
        checking.ask()
        if change == "figures":
            manifest["rows"] |= {"read": 999, "written": 989}
        elif change == "file":
            Path(manifest["path"]).write_text("email\n")
            manifest |= described(Path(manifest["path"]))
        elif change == "limits":
            given["guard"] = {"min_rows": 1001}
        elif change == "receipt":
            send(ledger_in(ledger), 2, sent=1_979)
        else:
            given["assigned_users"] = [ANN]
        with pytest.raises(Conflict, match="keeps the question of an earlier try"):
            checking.run()


def described(file: Path) -> dict[str, Any]:
    from airflow_provider_activation.audience.manifest import sha256_of

    return {"size": file.stat().st_size, "sha256": sha256_of(file)}


class TestChangedMeanwhile:
    """What was approved is not what stands now: nothing is sent."""

    def refused(
        self, room: Room, checking: Checking, error: type[ActivationError], said: str
    ) -> ActivationError:
        with pytest.raises(error, match=said) as caught:
            checking.answer(SEND)
        room.says_nothing(said_by(caught.value))
        return caught.value

    def test_the_file(self, room: Room, checking: Checking, manifest: dict[str, Any]) -> None:
        checking.ask()
        file = Path(manifest["path"])
        file.write_text(file.read_text().swapcase())
        self.refused(room, checking, UnfitAudience, "is not the file that was prepared")

    def test_the_file_and_its_manifest(
        self, room: Room, checking: Checking, manifest: dict[str, Any]
    ) -> None:
        checking.ask()
        file = Path(manifest["path"])
        file.write_text(file.read_text().swapcase())
        manifest |= described(file)
        self.refused(room, checking, UnfitAudience, "is not what was approved")

    def test_the_figures(self, room: Room, checking: Checking, manifest: dict[str, Any]) -> None:
        checking.ask()
        manifest["rows"] |= {"read": 999, "written": 989}
        self.refused(room, checking, UnfitAudience, "is not what was approved")

    def test_another_run_has_begun(self, room: Room, checking: Checking, ledger: Path) -> None:
        checking.ask()
        ledger_in(ledger).intend(facts_of(3))
        error = self.refused(room, checking, Conflict, "run run_3")
        assert "--close 3" in error.advice

    @pytest.mark.parametrize("day", [1, 2, 3])
    def test_another_run_has_sent(self, room: Room, checking: Checking, ledger: Path, day: int) -> None:
        checking.ask()
        ledger_in(ledger).intend(facts_of(day, key="another"))
        ledger_in(ledger).receipt(facts_of(day, key="another"), "Acoustic Exchange", {})
        self.refused(room, checking, Conflict, "sent by another run after the question was asked")

    def test_another_run_that_sent_nothing(self, checking: Checking, ledger: Path) -> None:
        checking.ask()
        ledger_in(ledger).intend(facts_of(3))
        ledger_in(ledger).withdraw(facts_of(3).key, "the call was refused")
        assert checking.answer(SEND)["check"]["compared_with"] == 2


def test_before_airflow_3_3_a_decline_is_not_retried(checking: Checking) -> None:
    from airflow_provider_activation.airflow_compat import RETRY_POLICIES

    deferral = checking.ask()
    operator = check({}, "/ledger", **ASKS)
    event = {"chosen_options": [DO_NOT_SEND], "responded_by_user": ANN}
    resumed = {**(deferral.kwargs or {}), "event": event}
    expected = Declined if RETRY_POLICIES else AirflowFailException
    with pytest.raises(expected):
        operator.resume_execution(deferral.method_name, resumed, checking.context)
