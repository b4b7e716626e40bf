"""The ledger: intents, receipts and withdrawals, and what the next run makes of them."""

from __future__ import annotations

import json
import re
import stat
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from ledger_testing import FIRST_DAY, facts_of, files_of, kinds, ledger_in, send

from airflow_provider_activation.audience.ledger import Ledger, pair_of
from airflow_provider_activation.audience.receipt import Record, Run
from airflow_provider_activation.errors import Conflict, InvalidArgument, UnfitAudience
from airflow_provider_activation.storage.place import OnWorker


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return ledger_in(tmp_path / "ledger")


def test_a_ledger_that_is_not_there_is_empty(ledger: Ledger) -> None:
    assert ledger.newest() is None
    assert ledger.open_intent() is None
    assert ledger.last_receipt() is None
    assert ledger.receipt_of("key") is None
    assert list(ledger.records()) == []
    assert not ledger.root.path.exists()  # type: ignore[union-attr]


def test_a_run_leaves_an_intent_and_a_receipt(ledger: Ledger) -> None:
    facts = facts_of()
    intent = ledger.intend(facts)
    assert ledger.open_intent() == intent
    receipt = ledger.receipt(facts, "Acoustic Exchange", {"job": "7"})
    assert ledger.open_intent() is None
    assert ledger.newest() == ledger.last_receipt() == ledger.receipt_of(facts.key) == receipt
    assert (receipt.number, receipt.service, receipt.ids) == (2, "Acoustic Exchange", {"job": "7"})
    assert [file.name for file in files_of(ledger)] == ["000001.json", "000002.json"]


def test_what_a_record_holds(ledger: Ledger) -> None:
    """The documented form, which other programs read."""
    ledger.intend(facts_of())
    made = ledger.receipt(facts_of(), "Acoustic Exchange", {"job": "7"})
    found = json.loads(files_of(ledger)[1].read_text())
    assert found.pop("at") == made.at.isoformat()
    assert made.at.utcoffset() == timedelta(0)
    assert found == {
        "version": 1,
        "number": 2,
        "kind": "receipt",
        "key": "key000000001",
        "audience": "lapsed",
        "destination": "acoustic",
        "dag_id": "daily",
        "task_id": "send",
        "run_id": "run_1",
        "map_index": -1,
        "run_after": "2026-05-01T04:30:00+00:00",
        "service": "Acoustic Exchange",
        "ids": {"job": "7"},
        "rows": {
            "read": 1000,
            "left_out": 0,
            "rejected": 2,
            "suppressed": 5,
            "duplicates": 3,
            "sent": 990,
        },
        "sha256": "ab" * 32,
        "size": 64_000,
        "profile": "google",
        "suppression": [{"name": "opted out", "rows": 12}],
        "approver": None,
        # made of pair, key and number, for ever the same
        "receipt_id": "2d03c805-a109-5cdf-a779-39f44cec2bb2",
        "why": None,
    }


def test_records_are_for_their_owner_and_nothing_else_is_left(ledger: Ledger) -> None:
    send(ledger, 1)
    folder = ledger.folder.path
    assert folder
    assert {stat.S_IMODE(one.stat().st_mode) for one in (folder, folder.parent)} == {0o700}
    assert {stat.S_IMODE(one.stat().st_mode) for one in folder.iterdir()} == {0o600}
    assert len(list(folder.iterdir())) == 2


def test_an_intent_that_is_open_is_not_written_again(ledger: Ledger) -> None:
    first = ledger.intend(facts_of())
    assert ledger.intend(facts_of()) == first
    assert kinds(ledger) == ["intent"]


@pytest.mark.parametrize(
    "other",
    [
        facts_of(2),
        facts_of(1, key="other", task_id="send_too"),
        facts_of(1, key="other", dag_id="hourly"),
        facts_of(1, key="other", map_index=3),
    ],
)
def test_the_open_intent_of_another_task_is_a_conflict(other: Any, ledger: Ledger) -> None:
    intent = ledger.intend(facts_of(1))
    for attempt in (
        lambda: ledger.intend(other),
        lambda: ledger.check_open(other),
        lambda: ledger.receipt(other, "x", {}),
    ):
        with pytest.raises(Conflict) as caught:
            attempt()
        said = str(caught.value)
        assert "audience 'lapsed' for 'acoustic'" in said
        assert "task send of DAG daily, run run_1" in said
        assert f"{intent.at:%Y-%m-%d %H:%M:%S} UTC" in said
        for advice in ("Wait until", "clear it", f"ledger {ledger.root} --close 1 --audience lapsed"):
            assert advice in said
    assert kinds(ledger) == ["intent"]


def test_a_mapped_task_is_named_with_its_index(ledger: Ledger) -> None:
    ledger.intend(facts_of(1, map_index=4))
    with pytest.raises(Conflict, match=r"task send\[4\] of DAG daily"):
        ledger.intend(facts_of(2))


def test_nothing_keeps_a_task_from_its_own_intent(ledger: Ledger) -> None:
    ledger.check_open(facts_of(1))
    ledger.intend(facts_of(1))
    ledger.check_open(facts_of(1))
    # a person has cleared it
    ledger.check_open(facts_of(1, key="cleared"))


def test_a_task_that_was_cleared_takes_over_from_itself(ledger: Ledger) -> None:
    """Its key is new: the intent it left would keep it from sending for ever."""
    ledger.intend(facts_of(1))
    again = ledger.intend(facts_of(1, key="cleared"))
    assert kinds(ledger) == ["intent", "withdrawn", "intent"]
    withdrawn = list(ledger.records())[1]
    assert withdrawn.key == facts_of(1).key
    assert "cleared" in (withdrawn.why or "")
    assert ledger.open_intent() == again
    # what still runs of the try before has nothing to withdraw any more
    assert ledger.withdraw(facts_of(1).key, "late") is None


def test_a_task_that_was_cleared_finds_that_it_was_sent(ledger: Ledger) -> None:
    ledger.intend(facts_of(1))
    assert ledger.may_have_sent(facts_of(1, key="cleared"))
    receipt = ledger.receipt(facts_of(1, key="cleared"), "x", {})
    assert receipt.key == "cleared"
    assert kinds(ledger) == ["intent", "withdrawn", "receipt"]
    assert not ledger.may_have_sent(facts_of(2))


def test_what_a_withdrawal_says_of_what_was_sent(ledger: Ledger) -> None:
    """What was refused was not sent; what failed at the service may still be there."""
    for day, service in ((1, None), (2, "LiveRamp")):
        ledger.intend(facts_of(day))
        assert ledger.may_have_sent(facts_of(day))
        ledger.withdraw(facts_of(day).key, "x", service)
        assert ledger.may_have_sent(facts_of(day)) is (service is not None)


def test_a_receipt_whose_intent_is_gone_is_refused(ledger: Ledger) -> None:
    intent = ledger.intend(facts_of(1))
    files_of(ledger)[0].unlink()
    with pytest.raises(UnfitAudience, match="the record 1, which this task wrote, is gone"):
        ledger.receipt(facts_of(1), "x", {}, least=intent.number)


def test_a_withdrawal_closes_an_intent_and_is_no_receipt(ledger: Ledger) -> None:
    ledger.intend(facts_of(1))
    withdrawn = ledger.withdraw(facts_of(1).key, "the service refused it")
    assert withdrawn
    assert (withdrawn.number, withdrawn.why, withdrawn.receipt_id) == (2, "the service refused it", None)
    assert ledger.open_intent() is None
    assert ledger.last_receipt() is None
    assert ledger.withdraw(facts_of(1).key, "again") is None
    # the next run sends
    send(ledger, 2)
    assert kinds(ledger) == ["intent", "withdrawn", "intent", "receipt"]


def test_nobody_withdraws_for_another(ledger: Ledger) -> None:
    ledger.intend(facts_of(1))
    assert ledger.withdraw(facts_of(2).key, "x") is None
    assert kinds(ledger) == ["intent"]


def test_a_reason_of_any_length_fits(ledger: Ledger) -> None:
    ledger.intend(facts_of(1))
    withdrawn = ledger.withdraw(facts_of(1).key, "x" * 1_000_000)
    assert withdrawn
    assert len(withdrawn.why or "") == 1_000


def test_one_receipt_for_each_success(ledger: Ledger) -> None:
    ledger.intend(facts_of(1))
    first = ledger.receipt(facts_of(1), "x", {"job": "1"})
    assert ledger.receipt(facts_of(1), "x", {"job": "2"}) == first
    # although others have sent since, or are sending
    send(ledger, 2)
    assert ledger.receipt(facts_of(1), "x", {}) == first
    ledger.intend(facts_of(3))
    assert ledger.receipt(facts_of(1), "x", {}) == first
    assert kinds(ledger) == ["intent", "receipt"] * 2 + ["intent"]


def test_a_receipt_without_an_intent_is_written_too(ledger: Ledger) -> None:
    """The intent may have been closed by hand while the task was sending."""
    ledger.intend(facts_of(1))
    ledger.close_by_hand(1, "it seems dead", "anna")
    assert ledger.receipt(facts_of(1), "x", {}).number == 3
    assert kinds(ledger) == ["intent", "withdrawn", "receipt"]


def test_clearing_after_success_sends_again_with_a_second_receipt(ledger: Ledger) -> None:
    send(ledger, 1)
    again = facts_of(1, key="cleared")
    ledger.intend(again)
    second = ledger.receipt(again, "x", {})
    assert kinds(ledger) == ["intent", "receipt"] * 2
    assert second.receipt_id != list(ledger.records())[2].receipt_id


def test_a_receipt_before_a_number_does_not_count(ledger: Ledger) -> None:
    """A deleted run left it; the run of the same name that was made later has the same key."""
    send(ledger, 1)
    intent = ledger.intend(facts_of(1))
    assert intent.number == 3
    assert ledger.receipt_of(facts_of(1).key) is None
    assert ledger.receipt(facts_of(1), "x", {}, after=intent.number).number == 4
    assert ledger.receipt(facts_of(1), "x", {}, after=4).number == 5


def test_what_a_run_is_compared_with(ledger: Ledger) -> None:
    for day in (1, 2, 5):
        send(ledger, day, sent=day)
    ledger.intend(facts_of(6))
    ledger.withdraw(facts_of(6).key, "x")

    def compared(day: float) -> int | None:
        found = ledger.last_receipt(FIRST_DAY + timedelta(days=day - 1))
        return found.facts.rows["sent"] if found else None

    # older than the newest record, or of the same time: the last earlier one
    assert [compared(day) for day in (7, 6, 5, 4, 3, 2, 1)] == [5, 5, 2, 2, 2, 1, None]
    assert compared(5.0001) == 5
    newest = ledger.last_receipt()
    assert newest is not None
    assert newest.facts.rows["sent"] == 5


def test_times_are_compared_and_not_texts(ledger: Ledger) -> None:
    send(ledger, 1)
    there = timezone(timedelta(hours=9))
    assert ledger.last_receipt(FIRST_DAY.astimezone(there)) is None
    assert ledger.last_receipt((FIRST_DAY + timedelta(seconds=1)).astimezone(timezone(-timedelta(hours=9))))
    with pytest.raises(InvalidArgument, match="zone"):
        Run(dag_id="d", task_id="t", run_id="r", run_after=datetime(2026, 5, 1))


def test_what_speaks_against_sending_is_heard_before_anything_is_written(ledger: Ledger) -> None:
    seen: list[Record | None] = []

    def accept(before: Record | None) -> None:
        seen.append(before)
        if before is not None:
            raise InvalidArgument("no")

    ledger.intend(facts_of(1), accept)
    ledger.receipt(facts_of(1), "x", {})
    with pytest.raises(InvalidArgument):
        ledger.intend(facts_of(2), accept)
    assert seen == [None, ledger.last_receipt()]
    assert kinds(ledger) == ["intent", "receipt"]


def test_the_newest_is_read_first_and_few_files_are(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    for day in range(1, 21):
        send(ledger, day)
    read: list[str] = []
    whole = OnWorker.read

    def seen(self: OnWorker, limit: int) -> bytes:
        read.append(self.name)
        return whole(self, limit)

    monkeypatch.setattr(OnWorker, "read", seen)
    for ask, files in (
        (ledger.newest, ["000040.json"]),
        (ledger.open_intent, ["000040.json"]),
        (lambda: ledger.last_receipt(FIRST_DAY + timedelta(days=30)), ["000040.json", "000039.json"]),
        (lambda: ledger.receipt_of(facts_of(20).key), ["000040.json"]),
        (lambda: ledger.intend(facts_of(21)), ["000040.json"]),
        (lambda: ledger.receipt(facts_of(21), "x", {}), ["000041.json"]),
    ):
        read.clear()
        ask()
        assert read == files


def test_a_receipt_is_not_looked_for_before_the_run(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ledger of years has a record for each day: no task has written one before its run could begin."""
    for day in range(1, 21):
        send(ledger, day)
    # all that stands there was written today
    today = datetime.now(UTC)
    read: list[str] = []
    whole = OnWorker.read

    def seen(self: OnWorker, limit: int) -> bytes:
        read.append(self.name)
        return whole(self, limit)

    monkeypatch.setattr(OnWorker, "read", seen)
    for days, files in ((0.9, 40), (1.1, 1)):
        read.clear()
        assert ledger.receipt_of("key", today + timedelta(days=days)) is None
        assert len(read) == files


# by hand


def test_a_person_closes_an_intent(ledger: Ledger) -> None:
    ledger.intend(facts_of(1))
    record = ledger.close_by_hand(1, "nothing has arrived", "anna")
    assert (record.kind, record.why) == ("withdrawn", "closed by hand by anna: nothing has arrived")
    ledger.intend(facts_of(2))


def test_a_person_closes_the_open_intent_and_no_other_record(ledger: Ledger) -> None:
    with pytest.raises(Conflict, match="no intent of number 1 is open"):
        ledger.close_by_hand(1, "x", "anna")
    send(ledger, 1)
    for number in (0, 1, 2, 3):
        with pytest.raises(Conflict, match=f"no intent of number {number} is open"):
            ledger.close_by_hand(number, "x", "anna")
    ledger.intend(facts_of(2))
    with pytest.raises(Conflict, match="; 3 is"):
        ledger.close_by_hand(1, "x", "anna")
    assert kinds(ledger) == ["intent", "receipt", "intent"]


# names


def test_pairs_are_apart(tmp_path: Path) -> None:
    pairs = [("a", "b@c"), ("a@b", "c"), ("a/b", "c"), ("a", "b/c"), ("a%2Fb", "c"), ("..", "."), ("é", "ü")]
    for pair in pairs:
        ledger_in(tmp_path, *pair).intend(facts_of())
    names = [one.name for one in tmp_path.iterdir()]
    assert len(names) == len(pairs)
    assert {pair_of(name) for name in names} == set(pairs)
    assert all(re.fullmatch(r"[A-Za-z0-9_.~%-]+@[A-Za-z0-9_.~%-]+", name) for name in names)


def test_a_name_is_the_same_however_its_letters_are_composed(tmp_path: Path) -> None:
    ledger_in(tmp_path, "caf\u00e9").intend(facts_of())
    assert ledger_in(tmp_path, "cafe\u0301").open_intent()


@pytest.mark.parametrize("name", ["", " ", " a", "a ", "a\n", "\0", "\ud800", "x" * 300, "é" * 50, None, 3])
@pytest.mark.parametrize("which", ["audience", "destination"])
def test_a_name_that_cannot_be_is_refused(name: Any, which: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match=which):
        ledger_in(tmp_path, **{which: name})


@pytest.mark.parametrize("name", ["a", "@", "a@", "@a", "a b@c", "a@b@c", "%61@b", "a%2@b", ".git@", ""])
def test_other_folders_are_no_pairs(name: str) -> None:
    assert pair_of(name) is None


def test_the_time_of_a_record_is_now(ledger: Ledger) -> None:
    before = datetime.now(UTC)
    assert before <= ledger.intend(facts_of()).at <= datetime.now(UTC)
