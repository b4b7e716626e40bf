"""What a task that sends does with the ledger, try by try."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ledger_testing import checked_manifest, facts_of, files_of, kinds, ledger_in, run_of, send

from airflow_provider_activation.audience.activation import Activation
from airflow_provider_activation.errors import Conflict, InvalidArgument, UnfitAudience


def activation(
    root: Path, day: int = 1, /, *, first_try: bool = True, sent: int = 990, **check: Any
) -> Activation:
    """The activation of a day's task."""
    manifest = checked_manifest(root, sent=sent, **check)
    return Activation(manifest, key=facts_of(day).key, run=run_of(day), first_try=first_try)


def test_a_manifest_that_was_not_checked_is_sent_without_a_receipt() -> None:
    plain = {name: value for name, value in checked_manifest("/x").items() if name != "check"}
    assert Activation.of(plain, key="k", run=run_of(), first_try=True) is None
    checked = Activation.of(checked_manifest("/x"), key="k", run=run_of(), first_try=True)
    assert isinstance(checked, Activation)


def test_intent_and_receipt(tmp_path: Path) -> None:
    task = activation(tmp_path, approver="anna")
    task.check_open()
    intent = task.intend()
    assert (intent["number"], intent["kind"], intent["run_id"]) == (1, "intent", "run_1")
    receipt = task.receipt("Acoustic Exchange", {"job": 7, "file": "a.csv", "parts": [1, 2], "gone": None})
    assert (receipt["number"], receipt["kind"], receipt["approver"]) == (2, "receipt", "anna")
    assert receipt["ids"] == {"job": "7", "file": "a.csv", "parts": "[1, 2]"}
    assert receipt["rows"] == dict(facts_of().rows)
    assert receipt["suppression"] == [{"name": "opted out", "rows": 12}]
    assert receipt["profile"] == "google"
    assert receipt["receipt_id"]


def test_another_try_finds_the_intent_of_the_first(tmp_path: Path) -> None:
    first = activation(tmp_path).intend()
    again = activation(tmp_path, first_try=False)
    assert again.intend() == first
    again.receipt("x", {})
    assert kinds(again.ledger) == ["intent", "receipt"]


def test_another_try_finds_the_receipt_of_the_first(tmp_path: Path) -> None:
    """The task was killed between the receipt and its end."""
    activation(tmp_path).intend()
    receipt = activation(tmp_path).receipt("x", {"job": 1})
    again = activation(tmp_path, first_try=False)
    # what has been sent is not sent again, though the service may show nothing of it any more
    with pytest.raises(Conflict, match="see receipt 2"):
        again.intend()
    assert again.receipt("x", {"job": 1}) == receipt
    assert kinds(again.ledger) == ["intent", "receipt"]


def test_another_try_after_a_withdrawal_sends(tmp_path: Path) -> None:
    activation(tmp_path).intend()
    withdrawn = activation(tmp_path).withdraw("the call was refused")
    assert withdrawn
    assert withdrawn["why"] == "the call was refused"
    again = activation(tmp_path, first_try=False)
    assert again.intend()["number"] == 3
    assert again.receipt("x", {})["number"] == 4
    assert again.withdraw("x") is None


def test_a_run_that_was_deleted_and_made_again_has_receipts_of_its_own(tmp_path: Path) -> None:
    """Its task has the same key on its first try."""
    for first in (1, 3):
        task = activation(tmp_path)
        assert task.intend()["number"] == first
        receipt = task.receipt("x", {})
        assert receipt["number"] == first + 1
        assert task.receipt("x", {}) == receipt
        # a try after it finds the last one
        assert activation(tmp_path, first_try=False).receipt("x", {}) == receipt


def test_the_receipt_of_a_deleted_run_does_not_stand_for_that_of_a_new_one(tmp_path: Path) -> None:
    send(ledger_in(tmp_path), 1)
    # somebody has closed the new one's intent, or it never was written
    receipt = (task := activation(tmp_path)).receipt("x", {})
    assert receipt["number"] == 3
    assert task.receipt("x", {}) == receipt


def test_a_task_that_waited_elsewhere_closes_its_intent(tmp_path: Path) -> None:
    """A deferred task goes on in another process, with the same try."""
    activation(tmp_path).intend()
    receipt = activation(tmp_path).receipt("x", {})
    assert receipt["number"] == 2


def test_another_run_is_a_conflict_early_and_late(tmp_path: Path) -> None:
    activation(tmp_path, 1).intend()
    other = activation(tmp_path, 2)
    for attempt in (other.check_open, other.intend, lambda: other.receipt("x", {})):
        with pytest.raises(Conflict, match="run run_1"):
            attempt()


# the guard once more


def test_the_guard_decides_once_more_if_another_run_has_sent_since(tmp_path: Path) -> None:
    send(ledger_in(tmp_path), 1, sent=1_000)
    send(ledger_in(tmp_path), 2, sent=10_000)
    with pytest.raises(UnfitAudience) as caught:
        activation(tmp_path, 3, sent=900, compared_with=2).intend()
    assert "900 rows, 10,000 at the last time (91 % fewer), beyond max_shrink=0.3" in str(caught.value)
    assert "Clear the task that checks it" in str(caught.value)
    assert kinds(ledger_in(tmp_path)) == ["intent", "receipt"] * 2


@pytest.mark.parametrize("compared_with", [None, 2])
def test_within_the_limits_it_is_sent_all_the_same(compared_with: int | None, tmp_path: Path) -> None:
    send(ledger_in(tmp_path), 1, sent=1_000)
    send(ledger_in(tmp_path), 2, sent=1_000)
    assert activation(tmp_path, 3, sent=900, compared_with=compared_with).intend()["number"] == 5


def test_a_breach_that_the_check_has_let_pass_stays_so(tmp_path: Path) -> None:
    """A person approved it, compared with the same receipt."""
    send(ledger_in(tmp_path), 1, sent=1_000)
    assert activation(tmp_path, 2, sent=1, compared_with=2, approver="anna").intend()["kind"] == "intent"


def test_a_first_receipt_that_came_since_counts(tmp_path: Path) -> None:
    send(ledger_in(tmp_path), 1, sent=1_000)
    with pytest.raises(UnfitAudience, match="fewer"):
        activation(tmp_path, 2, sent=1, compared_with=None).intend()


def test_a_receipt_of_a_later_run_is_not_compared_with(tmp_path: Path) -> None:
    send(ledger_in(tmp_path), 1, sent=1_000)
    send(ledger_in(tmp_path), 5, sent=10)
    assert activation(tmp_path, 3, sent=900, compared_with=2).intend()["number"] == 5


def test_the_guards_own_limits_are_kept(tmp_path: Path) -> None:
    send(ledger_in(tmp_path), 1, sent=1_000)
    off = {"max_shrink": None, "max_reject_rate": None, "min_rows": 5}
    assert activation(tmp_path, 2, sent=5, guard=off).intend()["kind"] == "intent"
    ledger_in(tmp_path).withdraw(facts_of(2).key, "x")
    with pytest.raises(UnfitAudience, match="fewer than min_rows=5"):
        activation(tmp_path, 3, sent=4, guard=off).intend()


# what cannot be used


@pytest.mark.parametrize(
    "changed",
    [
        {"check": None},
        {"check": []},
        {"check": {}},
        {"check": {"audience": "a"}},
        {"rows": {}},
        {"rows": {"read": 1}},
        {"rows": None},
        {"suppression": [{}]},
        {"suppression": 3},
        {"version": 2},
        {"path": "audience.csv"},
    ],
)
def test_a_manifest_that_cannot_be_used(changed: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="manifest"):
        Activation(checked_manifest(tmp_path) | changed, key="k", run=run_of(), first_try=True)


@pytest.mark.parametrize(
    "check",
    [
        {"audience": ""},
        {"audience": None},
        {"destination": 3},
        {"ledger": ""},
        {"ledger": 3},
        {"ledger": "s3://bucket/x"},
        {"guard": None},
        {"guard": {"max_shrnk": 1}},
        {"warehouse": {"conn_id": "x"}},
        {"warehouse": {"conn_id": "x", "table": "x; DROP TABLE y"}},
    ],
)
def test_a_check_that_cannot_be_used(check: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument):
        activation(tmp_path, **check)


def test_no_airflow_is_loaded_for_a_ledger_on_the_worker(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from ledger_testing import *\n"
        "from airflow_provider_activation.audience.activation import Activation\n"
        f"task = Activation(checked_manifest({str(tmp_path)!r}), key='k', run=run_of(), first_try=True)\n"
        "task.intend(); task.receipt('x', {})\n"
        "print([name for name in ('airflow', 'duckdb', 'pyarrow', 'fsspec') if name in sys.modules])"
    )
    path = os.pathsep.join([str(Path(__file__).parent.parent / "support"), *sys.path])
    told = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert told.stdout.strip() == "[]"


def test_what_was_sent_is_not_given_up_for_want_of_a_receipt(tmp_path: Path) -> None:
    """A task that fails for good is cleared by somebody, and would send again."""
    (task := activation(tmp_path)).intend()
    (file,) = files_of(task.ledger)
    whole = file.read_bytes()
    file.write_text("{")
    with pytest.raises(UnfitAudience, match="is no record") as caught:
        task.receipt("x", {})
    assert caught.value.retry_helps
    assert "a cleared task sends again" in str(caught.value)
    file.write_bytes(whole)
    assert activation(tmp_path, first_try=False).receipt("x", {})["number"] == 2
