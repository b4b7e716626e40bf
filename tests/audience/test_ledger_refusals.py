"""Records that nobody may build on: every reader refuses them, and nothing is written."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ledger_testing import change, facts_of, files_of, kinds, ledger_in, send

from airflow_provider_activation.audience.ledger import Ledger
from airflow_provider_activation.audience.receipt import LARGEST
from airflow_provider_activation.errors import (
    InvalidArgument,
    PermissionDenied,
    ServiceUnavailable,
    UnfitAudience,
)
from airflow_provider_activation.storage.place import OnWorker

READERS: dict[str, Callable[[Ledger], Any]] = {
    "newest": Ledger.newest,
    "last_receipt": Ledger.last_receipt,
    "open_intent": Ledger.open_intent,
    "receipt_of": lambda ledger: ledger.receipt_of("key000000001"),
    "records": lambda ledger: list(ledger.records()),
    "check_open": lambda ledger: ledger.check_open(facts_of(2)),
    "intend": lambda ledger: ledger.intend(facts_of(2)),
    "receipt": lambda ledger: ledger.receipt(facts_of(2), "x", {}),
    "withdraw": lambda ledger: ledger.withdraw("key000000001", "x"),
    "close_by_hand": lambda ledger: ledger.close_by_hand(2, "x", "anna"),
}


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """One whose newest record, the second, is a receipt."""
    made = ledger_in(tmp_path / "ledger")
    send(made, 1)
    return made


def refused(ledger: Ledger, *, by: str | None = None, matching: str) -> None:
    """See that readers refuse a ledger, and leave it as it is."""
    names = [one.name for one in files_of(ledger)]
    for name, read in READERS.items():
        if by in (None, name):
            with pytest.raises(UnfitAudience, match=matching) as caught:
                read(ledger)
            assert not caught.value.retry_helps
    assert [one.name for one in files_of(ledger)] == names


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0",
        b"{",
        b"\xff\xfe{}",
        b"[" * 100_000,
        b"9" * 10_000,
        b'{"version": 1',
        b"null",
        b"[]",
        b'"receipt"',
        b"{}",
        b'{"version": 1}',
    ],
)
def test_what_cannot_be_read(content: bytes, ledger: Ledger) -> None:
    files_of(ledger)[1].write_bytes(content)
    refused(ledger, matching=r"000002\.json is no record")


def test_a_record_that_was_cut_short(ledger: Ledger) -> None:
    file = files_of(ledger)[1]
    whole = file.read_bytes()
    for size in range(0, len(whole) - 2, 37):
        file.write_bytes(whole[:size])
        refused(ledger, by="newest", matching="is no record")


def test_a_field_that_is_missing_is_named(ledger: Ledger) -> None:
    file = files_of(ledger)[1]
    whole = json.loads(file.read_text())
    for name in whole:
        file.write_text(json.dumps({key: value for key, value in whole.items() if key != name}))
        refused(ledger, by="newest", matching=f"see its {name}")


TEXTS = ("key", "audience", "destination", "dag_id", "task_id", "run_id", "sha256")
WRONG: dict[str, list[Any]] = {
    "number": [0, -1, "2", 2.0, True, None],
    "kind": ["", "receipts", None, 1, ["receipt"]],
    **{name: ["", None, 3, []] for name in TEXTS},
    "map_index": ["-1", None, 1.0, False],
    **{name: [None, "", "yesterday", 1777777777, "2026-05-01T04:30:00"] for name in ("run_after", "at")},
    **{name: [1, True, [], {}] for name in ("service", "profile", "approver", "receipt_id", "why")},
    "ids": [None, [], "7", {"job": 7}, {"job": None}],
    "rows": [None, [], {}, {"read": 1}, "rows"],
    "size": [-1, None, "64000", 1.5, True],
    "suppression": [None, {}, [1], [{"name": "x"}], [{"name": 1, "rows": 1}], [{"name": "x", "rows": -1}]],
}


@pytest.mark.parametrize("field", WRONG)
def test_a_field_of_a_wrong_type_is_named(field: str, ledger: Ledger) -> None:
    for wrong in WRONG[field]:
        change(files_of(ledger)[1], **{field: wrong})
        refused(ledger, by="newest", matching=f"see its {field}")


@pytest.mark.parametrize("name", ["read", "left_out", "rejected", "suppressed", "duplicates", "sent"])
def test_rows_are_counts(name: str, ledger: Ledger) -> None:
    rows = dict(facts_of(1).rows)
    for wrong in (-1, "1", 1.0, True, None):
        change(files_of(ledger)[1], rows={**rows, name: wrong})
        refused(ledger, by="last_receipt", matching="see its rows")


@pytest.mark.parametrize("version", [2, 17])
def test_a_later_release_has_written_it(version: int, ledger: Ledger) -> None:
    change(files_of(ledger)[1], version=version, kind="something new")
    refused(ledger, matching=f"version {version}, and this release reads 1")


@pytest.mark.parametrize("version", [0, -1, "1", 1.0, True, None, [1]])
def test_a_version_that_never_was(version: Any, ledger: Ledger) -> None:
    change(files_of(ledger)[1], version=version)
    refused(ledger, by="newest", matching="see its version")


@pytest.mark.parametrize("changed", [{"audience": "churned"}, {"destination": "google"}])
def test_a_record_of_another_pair(changed: dict[str, str], ledger: Ledger) -> None:
    other = ledger_in(ledger.root, **({"audience": "lapsed", "destination": "acoustic"} | changed))
    send(other, 1)
    shutil.copy(files_of(other)[1], files_of(ledger)[1])
    refused(ledger, matching="from another audience: '(lapsed|churned)' for '(acoustic|google)'")


def test_a_record_that_names_another_pair_alone(ledger: Ledger) -> None:
    change(files_of(ledger)[1], audience="churned")
    refused(ledger, matching="receipt_id")


def test_a_receipt_with_the_id_of_another(ledger: Ledger) -> None:
    for wrong in (None, "", "2d03c805-a109-5cdf-a779-39f44cec2bb3"):
        change(files_of(ledger)[1], receipt_id=wrong)
        refused(ledger, by="last_receipt", matching="receipt_id")


def test_a_number_that_is_not_its_name(ledger: Ledger) -> None:
    shutil.copy(files_of(ledger)[0], files_of(ledger)[1])
    refused(ledger, matching=r"000002\.json holds the record 1")


@pytest.mark.parametrize("second", ["000002-0badcafe.json", "000001-0badcafe.json"])
def test_two_of_one_number(second: str, ledger: Ledger) -> None:
    folder = ledger.folder.path
    assert folder
    shutil.copy(folder / f"{second[:6]}.json", folder / second)
    refused(ledger, matching=f"two records of one number.*{second[:6]}")


def test_two_of_one_number_name_both(ledger: Ledger) -> None:
    folder = ledger.folder.path
    assert folder
    shutil.copy(folder / "000002.json", folder / "000002-0badcafe.json")
    with pytest.raises(UnfitAudience) as caught:
        ledger.newest()
    assert "000002.json" in str(caught.value)
    assert "000002-0badcafe.json" in str(caught.value)
    assert "max_active_runs=1" in str(caught.value)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_gap(number: int, ledger: Ledger) -> None:
    send(ledger, 2)
    files_of(ledger)[number - 1].unlink()
    refused(ledger, matching=f"the record {number} of 4 is missing")


def test_a_listing_that_was_overtaken_is_made_again(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that is written to while it is listed may show a later name without an earlier one."""
    whole, listings = OnWorker.names, 0

    def names(self: OnWorker) -> list[str]:
        nonlocal listings
        listings += 1
        return whole(self)[1:] if listings == 1 else whole(self)

    monkeypatch.setattr(OnWorker, "names", names)
    assert ledger.last_receipt()
    assert listings == 2


@pytest.mark.parametrize("over", [1, 10_000_000])
def test_a_record_that_is_too_large(over: int, ledger: Ledger) -> None:
    file = files_of(ledger)[1]
    whole = file.read_bytes()
    file.write_bytes(whole + b" " * (LARGEST - len(whole)))
    assert ledger.last_receipt()
    file.write_bytes(whole + b" " * (LARGEST + over - len(whole)))
    refused(ledger, matching="more than 262,144 bytes")


def test_no_record_is_written_that_nobody_would_read(ledger: Ledger) -> None:
    ledger.intend(facts_of(2))
    with pytest.raises(InvalidArgument, match="too large"):
        ledger.receipt(facts_of(2), "x", {"ids": "x" * LARGEST})
    assert kinds(ledger) == ["intent", "receipt", "intent"]


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"approver": {"id": 1}}, "approver"),
        ({"rows": {**facts_of().rows, "sent": 990.0}}, "rows"),
        ({"size": "64000"}, "size"),
        ({"key": ""}, "key"),
        ({"suppression": [{"name": None, "rows": 1}]}, "suppression"),
    ],
)
def test_no_record_is_written_that_nobody_could_read(
    changed: dict[str, Any], named: str, ledger: Ledger
) -> None:
    with pytest.raises(InvalidArgument, match=f"cannot have this {named}"):
        ledger.intend(replace(facts_of(2), **changed))
    assert kinds(ledger) == ["intent", "receipt"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"number": 3, "kind": "intent", "receipt_id": None}, "the intent 4 does not fit the intent before"),
        (
            {"kind": "intent", "receipt_id": None, "key": "other"},
            "the receipt 4 does not fit the intent before",
        ),
    ],
)
def test_records_out_of_order(changed: dict[str, Any], said: str, ledger: Ledger) -> None:
    """An intent that nothing closes, and one that a record of another key follows."""
    send(ledger, 2)
    if changed.get("number"):
        change(files_of(ledger)[3], kind="intent", receipt_id=None, service=None)
    else:
        change(files_of(ledger)[2], **changed)
    with pytest.raises(UnfitAudience, match=said):
        list(ledger.records())


def test_a_name_that_is_there_twice(ledger: Ledger) -> None:
    """Which of both counts would be a guess."""
    file = files_of(ledger)[-1]
    text = file.read_text()
    assert '"approver": null' in text
    file.write_text(text.replace('"approver": null', '"approver": "Ann",\n "approver": null'))
    with pytest.raises(UnfitAudience, match="cannot be read as JSON"):
        ledger.newest()


def test_a_withdrawal_of_nothing(ledger: Ledger) -> None:
    ledger.intend(facts_of(2))
    change(files_of(ledger)[2], kind="withdrawn", why="x")
    with pytest.raises(UnfitAudience, match="the withdrawn 3 does not fit the receipt before"):
        list(ledger.records())


def test_other_files_are_nobodys_business(ledger: Ledger) -> None:
    folder = ledger.folder.path
    assert folder
    for name in (".000003.json.part", "notes.txt", "000003.json.bak", "3.json", "000000.json", "000003.JSON"):
        (folder / name).write_text("x")
    (folder / "000003.json").mkdir()
    newest = ledger.newest()
    assert newest
    assert newest.number == 2


def test_a_folder_that_may_not_be_read_is_not_empty(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever took it for empty would send a first time."""

    def refuse(path: Path) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(PermissionDenied, match="Permission denied"):
        ledger.newest()


def test_a_file_in_the_place_of_a_folder_is_not_empty(tmp_path: Path) -> None:
    (tmp_path / "lapsed@acoustic").write_text("x")
    for read in (Ledger.newest, READERS["intend"]):
        with pytest.raises(ServiceUnavailable, match="Not a directory"):
            read(ledger_in(tmp_path))
