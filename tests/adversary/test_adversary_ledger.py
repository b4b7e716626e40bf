"""Ledgers that were tampered with: refused by the check and by the upload, and nothing is sent."""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from adversary.conftest import Connect
from adversary.exchange import Exchange
from adversary.sending import Sending, fails


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    started = Exchange()
    yield started
    started.close()


@pytest.fixture
def sending(tmp_path: Path, exchange: Exchange, connect: Connect) -> Sending:
    return Sending(tmp_path, exchange, connect("acoustic_exchange", exchange.url))


@pytest.fixture(scope="module")
def ledger_of_a_run(tmp_path_factory: pytest.TempPathFactory, connect_for_all: Connect) -> Path:
    """The ledger of a run that has ended well."""
    started = Exchange()
    first = Sending(
        tmp_path_factory.mktemp("first"), started, connect_for_all("acoustic_exchange", started.url)
    )
    first.send()
    started.close()
    return first.ledger


@pytest.fixture
def sent(sending: Sending, ledger_of_a_run: Path) -> Sending:
    """A run has sent ten rows."""
    shutil.copytree(ledger_of_a_run, sending.ledger)
    return sending


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def said(sending: Sending, old: str, new: str) -> None:
    text = sending.record(2).read_text()
    assert old in text
    sending.record(2).write_text(text.replace(old, new))


def counted(sending: Sending, **rows: Any) -> None:
    sending.change(2, rows=sending.records[1]["rows"] | rows)


def gap(sending: Sending) -> None:
    sending.record(2).rename(sending.record(3))
    sending.change(3, number=3)


def dangling(sending: Sending) -> None:
    sending.record(3).symlink_to(sending.folder / "nowhere")


Tamper = Callable[[Sending], Any]

REFUSED: dict[str, Tamper] = {
    "of another audience": lambda it: it.change(2, audience="other"),
    "of another destination": lambda it: it.change(2, destination="Exchange"),
    "a later version": lambda it: it.change(2, version=2),
    "of a look-alike": lambda it: it.change(2, audience="w\u0131n-back"),
    "version true": lambda it: it.change(2, version=True),
    "cut off": lambda it: it.record(2).write_text(it.record(2).read_text()[:-5]),
    "empty": lambda it: it.record(2).write_text(""),
    "a list": lambda it: it.record(2).write_text(f"[{it.record(2).read_text()}]"),
    "more behind it": lambda it: it.record(2).write_text(it.record(2).read_text() + "{}"),
    "deep": lambda it: it.record(2).write_text("[" * 100_000),
    "huge": lambda it: it.change(2, why="x" * 300_000),
    "without a field": lambda it: it.record(2).write_text(
        json.dumps({name: value for name, value in it.records[1].items() if name != "sha256"})
    ),
    "an unknown kind": lambda it: it.change(2, kind="done"),
    "another id": lambda it: it.change(2, receipt_id=str(uuid.uuid4())),
    "another key": lambda it: it.change(2, key="ffffffffffff"),
    "rows below zero": lambda it: counted(it, sent=-1),
    "rows true": lambda it: counted(it, sent=True),
    "rows in text": lambda it: counted(it, sent="10"),
    "no number": lambda it: said(it, '"sent": 10', '"sent": NaN'),
    "endless": lambda it: said(it, '"sent": 10', '"sent": 1e400'),
    "more digits than are read": lambda it: said(it, '"sent": 10', '"sent": 1' + "0" * 5000),
    "no time zone": lambda it: it.change(2, run_after="2026-05-01T00:00:00"),
    "nested ids": lambda it: it.change(2, ids={"jobId": {"of": 1}}),
    "one number in two names": lambda it: it.copy(2, "000003.json"),
    "a receipt twice": lambda it: it.copy(2, "000003.json", number=3),
    "a gap": gap,
    "the first one missing": lambda it: it.record(1).unlink(),
    "the receipt missing": lambda it: it.record(2).unlink(),
    "far ahead": lambda it: it.copy(2, "999999.json", number=999_999),
    "a link to nowhere": dangling,
    "a pipe": lambda it: os.mkfifo(it.record(3)),
    "withdrawn after its receipt": lambda it: it.copy(
        2, "000003.json", number=3, kind="withdrawn", receipt_id=None, service=None, ids={}, why="x"
    ),
}


@pytest.mark.parametrize("tamper", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused(sent: Sending, exchange: Exchange, tamper: Tamper) -> None:
    manifest = sent.manifest(run="run_2")
    checked = sent.check(manifest, 2).run()
    tamper(sent)
    before = names_in(sent.pair)
    assert fails(sent.check(manifest, 2))
    assert fails(sent.upload(checked, 2))
    assert exchange.uploads == []
    assert names_in(sent.pair) == before


OLD: dict[str, Tamper] = {
    "cut off": lambda it: it.record(1).write_text("{"),
    "of a later version": lambda it: it.change(1, version=2),
    "of another audience": lambda it: it.change(1, audience="other"),
    "of another number": lambda it: it.change(1, number=9),
    "of another kind": lambda it: it.change(1, kind="receipt"),
}


@pytest.mark.parametrize("tamper", OLD.values(), ids=OLD.keys())
def test_old_records(sent: Sending, exchange: Exchange, tamper: Tamper) -> None:
    """A record that cannot be read, of another audience, of a later version: nothing is sent."""
    checked = sent.check(sent.manifest(run="run_2"), 2).run()
    tamper(sent)
    fails(sent.check(sent.manifest(run="run_2"), 2))
    fails(sent.upload(checked, 2))
    assert exchange.uploads == []


def record_twice(sending: Sending) -> None:
    said(sending, '"sent": 10', '"sent": 10, "sent": 7')


def all_gone(sending: Sending) -> None:
    shutil.rmtree(sending.pair)


IGNORED: dict[str, Tamper] = {
    "a field twice": record_twice,
    "other rows than its intent": lambda it: counted(it, sent=7, read=7),
    "rows that do not add up": lambda it: counted(it, sent=10, read=1),
    "another file than its intent": lambda it: it.change(2, sha256="0" * 64),
    "no digest": lambda it: it.change(2, sha256="customer1@example.com"),
    "another run than its intent": lambda it: it.change(2, run_id="run_0"),
    "a run of the far future": lambda it: it.change(2, run_after="9999-12-31T00:00:00+00:00"),
    "an intent with an id": lambda it: it.change(1, receipt_id=str(uuid.uuid4())),
    "a field that is unknown": lambda it: it.change(2, approved=True),
    "a withdrawal without why": lambda it: it.change(
        2, kind="withdrawn", receipt_id=None, service=None, ids={}
    ),
}


@pytest.mark.parametrize("tamper", IGNORED.values(), ids=IGNORED.keys())
def test_what_is_ignored(sent: Sending, tamper: Tamper) -> None:
    manifest = sent.manifest(run="run_2")
    tamper(sent)
    assert fails(sent.check(manifest, 2))


@pytest.mark.parametrize("left", [0, 2])
def test_records_that_the_check_has_seen_are_gone(sending: Sending, exchange: Exchange, left: int) -> None:
    sending.send()
    sending.send(day=2)
    checked = sending.check(sending.manifest(run="run_3"), 3).run()
    assert checked["check"]["compared_with"] == 4
    for number in range(left + 1, 5):
        sending.record(number).unlink()
    assert fails(sending.upload(checked, 3))
    assert exchange.uploads == []


@pytest.mark.parametrize("gone", ["the ledger", "the intent"])
def test_the_intent_is_gone_when_the_receipt_is_due(sending: Sending, exchange: Exchange, gone: str) -> None:
    checked = sending.check(sending.manifest()).run()

    def take(it: Exchange, body: bytes) -> tuple[int, Any]:
        it.status = "COMPLETE"
        if gone == "the ledger":
            shutil.rmtree(sending.ledger)
        else:
            sending.record(1).unlink()
        return 200, True

    exchange.take = take
    assert fails(sending.upload(checked))
    assert len(exchange.uploads) == 1


def test_what_is_said_of_a_folder_in_a_records_place(sent: Sending) -> None:
    checked = sent.check(sent.manifest(run="run_2"), 2).run()
    sent.record(3).mkdir()
    assert "other tasks write" not in fails(sent.upload(checked, 2))


def test_a_receipt_that_has_no_place(sending: Sending, exchange: Exchange) -> None:
    """The task fails; its next try writes the receipt and sends nothing."""
    checked = sending.check(sending.manifest()).run()

    def take(it: Exchange, body: bytes) -> tuple[int, Any]:
        it.status = "COMPLETE"
        sending.record(2).mkdir()
        return 200, True

    exchange.take = take
    task = sending.upload(checked)
    assert fails(task)
    sending.record(2).rmdir()
    task.run()
    task.run()
    assert len(exchange.uploads) == 1
    assert sending.kinds == ["intent of run_1", "receipt of run_1"]


def test_another_run_writes_between_intent_and_receipt(sending: Sending, exchange: Exchange) -> None:
    checked = sending.check(sending.manifest()).run()

    def take(it: Exchange, body: bytes) -> tuple[int, Any]:
        it.status = "COMPLETE"
        sending.copy(1, "000002.json", number=2, key="0123456789ab", run_id="run_9")
        return 200, True

    exchange.take = take
    task = sending.upload(checked)
    assert fails(task)
    sending.record(2).unlink()
    task.run()
    assert len(exchange.uploads) == 1
    assert sending.kinds == ["intent of run_1", "receipt of run_1"]


NAMES = ["a/b", "../x", "..", ".", "a@b", "a%40b", "*", "~", "con", "\U0001f600", ".hidden"]


@pytest.mark.chaos
@pytest.mark.parametrize("name", NAMES)
def test_names_stay_in_their_folder(sending: Sending, name: str) -> None:
    checked = sending.check(sending.manifest(), audience=name).run()
    sending.upload(checked, wait_for_completion=False).run()
    (folder,) = sending.ledger.iterdir()
    assert names_in(folder) == ["000001.json", "000002.json"]
    assert json.loads((folder / "000001.json").read_text())["audience"] == name
    assert names_in(sending.folder) == ["audiences", "ledger"]


@pytest.mark.chaos
def test_pairs_that_read_alike(sending: Sending, exchange: Exchange) -> None:
    pairs = [
        ("a@b", "c"),
        ("a", "b@c"),
        ("a%40b", "c"),
        ("A", "c"),
        ("a", "c"),
        ("\u00e5", "c"),
        ("a\u030a", "c"),
    ]
    for audience, destination in pairs:
        check = sending.check(sending.manifest(), audience=audience, destination=destination)
        sending.upload(check.run(), wait_for_completion=False).run()
        exchange.status = "WAITING_TO_RECIEVE_DATA"
    # the two spellings of one letter are one name
    assert len(list(sending.ledger.iterdir())) == len(pairs) - 1


@pytest.mark.parametrize(
    "name", ["", " ", "a\nb", "a\0b", "a\u200bb", "a\ud800b", "x" * 300, None, ["a"], True]
)
def test_names_that_are_none(sending: Sending, name: Any) -> None:
    try:
        said = fails(sending.check(sending.manifest(), audience=name))
    except ValueError as error:
        said = str(error)
    assert "audience" in said
    assert not sending.ledger.exists()
