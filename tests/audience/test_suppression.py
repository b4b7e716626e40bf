"""Nobody who is in a suppression list gets through, however it is spelled there."""

from __future__ import annotations

import base64
import hashlib
import json
import unicodedata
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from audience_running import run

from airflow_provider_activation.audience import prepare_audience
from airflow_provider_activation.errors import InvalidArgument, UnfitAudience

PEOPLE = range(100)
OTHERS = range(1000, 1300)

Row = dict[str, str | None]
Column = Mapping[str, Any]


def email(number: int) -> str:
    """An address whose local part has an accent and a capital."""
    return f"Jos\u00e9.{number}@example.com"


def phone(number: int) -> str:
    """A Swedish mobile number with its country."""
    return f"+4670{1234000 + number}"


def device(number: int) -> str:
    return f"aece52e7-03ee-455a-b3c4-{number:012d}"


def normal(number: int) -> str:
    return email(number).lower()


def hexadecimal(algorithm: str, text: str) -> str:
    return hashlib.new(algorithm, text.encode()).hexdigest()


def in_base64(algorithm: str, text: str) -> str:
    return base64.b64encode(hashlib.new(algorithm, text.encode()).digest()).decode()


ROWS: list[Row] = [
    {"email": email(number), "mobile": phone(number), "device": device(number)}
    for number in (*PEOPLE, *OTHERS)
]

E_MAILS: dict[str, tuple[Callable[[int], str], Column]] = {
    "plain": (email, {}),
    "capitals": (lambda number: email(number).upper(), {}),
    "white space": (lambda number: f"\t {email(number)}\u00a0\r\n", {}),
    "decomposed": (lambda number: unicodedata.normalize("NFD", email(number)), {}),
    "zero width": (lambda number: f"\ufeff\u200b{email(number)}\u200b", {}),
    "md5 in hex": (lambda number: hexadecimal("md5", normal(number)), {"hashed": "md5"}),
    "sha1 in hex": (lambda number: hexadecimal("sha1", normal(number)), {"hashed": "sha1"}),
    "sha256 in capitals": (
        lambda number: hexadecimal("sha256", normal(number)).upper(),
        {"hashed": "sha256"},
    ),
    "sha256 with 0x": (lambda number: f"0x{hexadecimal('sha256', normal(number))}", {"hashed": "sha256"}),
    "sha256 in base64": (lambda number: in_base64("sha256", normal(number)), {"hashed": "sha256"}),
    "md5 in base64": (lambda number: f" {in_base64('md5', normal(number))}\n", {"hashed": "md5"}),
}
PHONES: dict[str, tuple[Callable[[int], str], Column]] = {
    "international": (phone, {}),
    "double zero": (lambda number: f"00{phone(number)[1:]}", {}),
    "spaces and brackets": (lambda number: f"+46 (0)70-{phone(number)[5:8]} {phone(number)[8:]}", {}),
    "national": (lambda number: f"0{phone(number)[3:5]}-{phone(number)[5:]}", {"region": "SE"}),
    "white space": (lambda number: f"\u200b {phone(number)}\u00a0", {}),
    "extension": (lambda number: f"{phone(number)} ext. 12", {}),
    "sha256": (lambda number: hexadecimal("sha256", phone(number)), {"hashed": "sha256"}),
    "md5 in capitals": (lambda number: hexadecimal("md5", phone(number)).upper(), {"hashed": "md5"}),
    "sha1 with 0x": (lambda number: f"0x{hexadecimal('sha1', phone(number))}", {"hashed": "sha1"}),
    "sha256 in base64": (lambda number: in_base64("sha256", phone(number)), {"hashed": "sha256"}),
}
DEVICES: dict[str, tuple[Callable[[int], str], Column]] = {
    "plain": (device, {}),
    "capitals": (lambda number: device(number).upper(), {}),
    "white space": (lambda number: f"\ufeff {device(number)}\n", {}),
}
SPELLINGS = {"email": E_MAILS, "phone": PHONES, "device_id": DEVICES}
SENT: dict[str, Column] = {
    "email": {"kind": "email", "source": "email", "hash": "sha256"},
    "phone": {"kind": "phone", "source": "mobile", "hash": "sha256"},
    "device_id": {"kind": "device_id", "source": "device"},
}


def suppression(kind: str, spell: Callable[[int], str], options: Column, **more: Any) -> dict[str, Any]:
    """A list of the hundred people under one kind; digests were made under Google's rules."""
    column = {"kind": kind, "source": "who", **options}
    if "hashed" in options:
        column.setdefault("normalised", "google")
    return {
        "source": [{"who": spell(number)} for number in PEOPLE],
        "schema": {"columns": {"who": column}},
        **more,
    }


@cache
def without_the_listed(columns: str) -> bytes:
    """The file of those who are in no list."""
    return run(ROWS[len(PEOPLE) :], {"columns": json.loads(columns)}, "google").file


def nobody_gets_through(columns: Mapping[str, Column], lists: list[dict[str, Any]], **schema: Any) -> None:
    prepared = run(ROWS, {"columns": columns, **schema}, "google", suppress=lists)
    rows = prepared.manifest["rows"]
    assert (rows["suppressed"], rows["written"]) == (len(PEOPLE), len(OTHERS))
    assert prepared.file == without_the_listed(json.dumps(columns))
    for one, told in zip(lists, prepared.manifest["suppression"], strict=True):
        listed = len(one["source"])
        assert (told["rows"], told["unreadable"], told["suppressed"]) == (listed, 0, listed), told["name"]


@pytest.mark.parametrize("kind", SPELLINGS)
def test_nobody_gets_through_in_any_spelling(kind: str) -> None:
    # each list has people of its own, so that no other list makes up for it
    spellings = SPELLINGS[kind]
    lists = []
    for place, (name, spelling) in enumerate(spellings.items()):
        whole = suppression(kind, *spelling, name=name)
        lists.append({**whole, "source": whole["source"][place :: len(spellings)]})
    nobody_gets_through({kind: SENT[kind]}, lists)


@pytest.mark.generated
@pytest.mark.parametrize(
    ("kind", "spelling"),
    [(kind, spelling) for kind, spellings in SPELLINGS.items() for spelling in spellings],
)
def test_nobody_gets_through_with_one_spelling_alone(kind: str, spelling: str) -> None:
    nobody_gets_through({kind: SENT[kind]}, [suppression(kind, *SPELLINGS[kind][spelling])])


def test_a_tenth_of_the_people_in_each_of_ten_lists() -> None:
    lists = []
    for place, (kind, spellings) in enumerate([("email", E_MAILS), ("phone", PHONES)] * 5):
        whole = suppression(kind, *list(spellings.values())[place], name=f"list {place}")
        lists.append({**whole, "source": whole["source"][place::10]})
    prepared = run(ROWS, {"columns": {"E": SENT["email"], "P": SENT["phone"]}}, "google", suppress=lists)
    assert prepared.manifest["rows"]["suppressed"] == len(PEOPLE)
    assert [told["name"] for told in prepared.manifest["suppression"]] == [one["name"] for one in lists]
    assert [told["suppressed"] for told in prepared.manifest["suppression"]] == [10] * 10


def test_a_row_goes_if_any_of_its_identifiers_is_listed() -> None:
    columns = {"E": SENT["email"], "P": SENT["phone"], "D": SENT["device_id"]}
    halves = [suppression("email", *E_MAILS["plain"]), suppression("phone", *PHONES["national"])]
    halves[0]["source"] = halves[0]["source"][:60]
    halves[1]["source"] = halves[1]["source"][40:]
    prepared = run(ROWS, {"columns": columns}, "google", suppress=halves)
    assert prepared.manifest["rows"]["suppressed"] == len(PEOPLE)
    assert [told["suppressed"] for told in prepared.manifest["suppression"]] == [60, 60]


def test_one_list_may_have_several_columns() -> None:
    rows = [
        {"mail": email(number) if number % 2 else None, "tel": None if number % 2 else phone(number)}
        for number in PEOPLE
    ]
    columns = {"mail": {"kind": "email", "source": "mail"}, "tel": {"kind": "phone", "source": "tel"}}
    listed = {"source": rows, "schema": {"columns": columns}}
    nobody_gets_through({"E": SENT["email"], "P": SENT["phone"]}, [listed])


@pytest.mark.parametrize("spelling", ["capitals", "sha256 with 0x"])
def test_an_identifier_that_never_leaves_is_compared(spelling: str) -> None:
    by = {"mail": {"kind": "email", "source": "email"}}
    nobody_gets_through({"P": SENT["phone"]}, [suppression("email", *E_MAILS[spelling])], suppress_by=by)


@pytest.mark.parametrize("spelling", ["capitals", "decomposed", "sha256 in base64", "sha256 in capitals"])
def test_an_audience_that_is_hashed_already_is_compared(spelling: str) -> None:
    rows = [{"digest": hexadecimal("sha256", normal(number)).upper()} for number in (*PEOPLE, *OTHERS)]
    column = {"kind": "email", "source": "digest", "hashed": "sha256", "normalised": "google"}
    lists = [suppression("email", *E_MAILS[spelling])]
    prepared = run(rows, {"columns": {"E": column}}, "google", suppress=lists)
    assert prepared.column("E") == sorted(hexadecimal("sha256", normal(number)) for number in OTHERS)


def test_a_hashed_list_is_compared_under_its_own_rules() -> None:
    rows = [{"email": "J.Doe+shop@gmail.com"}, {"email": "other@gmail.com"}]
    for normalised, listed in {"google": "jdoe@gmail.com", "meta": "j.doe+shop@gmail.com"}.items():
        column = {"kind": "email", "source": "who", "hashed": "sha256", "normalised": normalised}
        lists = [{"source": [{"who": hexadecimal("sha256", listed)}], "schema": {"columns": {"who": column}}}]
        prepared = run(rows, {"columns": {"E": SENT["email"]}}, "google", suppress=lists)
        assert prepared.column("E") == [hexadecimal("sha256", "other@gmail.com")]


def test_plain_lists_are_compared_under_the_audiences_rules() -> None:
    rows = [{"email": "J.Doe+shop@gmail.com"}, {"email": "other@gmail.com"}]
    lists = [
        {
            "source": [{"who": "jdoe@gmail.com"}],
            "schema": {"columns": {"who": {"kind": "email", "source": "who"}}},
        }
    ]
    left = {"google": 1, "meta": 2}
    for profile, count in left.items():
        assert len(run(rows, {"columns": {"E": SENT["email"]}}, profile, suppress=lists).lines) == count


def test_what_is_in_no_way_readable_suppresses_nobody() -> None:
    rows: list[Row] = [{"email": email(1)}, {"email": None}, {"email": "n/a"}, {"email": email(2)}]
    whole = suppression("email", email, {}, allow_empty=True)
    whole["source"] = [{"who": None}, {"who": ""}, {"who": "n/a"}, {"who": email(1)}]
    prepared = run(rows, {"columns": {"E": SENT["email"]}}, "google", suppress=[whole])
    assert prepared.manifest["rows"]["suppressed"] == 1
    assert prepared.manifest["suppression"][0]["unreadable"] == 3


# --- what is refused ---


def refused(
    error: type[Exception], columns: Mapping[str, Column], lists: list[dict[str, Any]], folder: Path
) -> str:
    """Say what the error says, after nothing was written and no person is named."""
    (out := folder / "out").mkdir()
    with pytest.raises(error) as found:
        prepare_audience(ROWS, {"columns": columns}, profile="google", folder=str(out), suppress=lists)
    assert list(out.iterdir()) == []
    assert "jos" not in str(found.value).lower()
    return str(found.value)


HASHED = {"E": {"kind": "email", "source": "email", "hashed": "sha256", "normalised": "google"}}


@pytest.mark.parametrize(
    "options",
    [
        {"hashed": "md5", "normalised": "google"},
        {"hashed": "sha1", "normalised": "google"},
        {"hashed": "sha256", "normalised": "meta"},
    ],
)
def test_two_sides_that_are_hashed_differently_are_refused(options: Column, tmp_path: Path) -> None:
    refused(
        InvalidArgument, HASHED, [suppression("email", E_MAILS["sha256 in capitals"][0], options)], tmp_path
    )


@pytest.mark.parametrize("damage", ["no rows", "no column", "unreadable", "missing values"])
def test_a_list_that_lists_nobody_is_refused(damage: str, tmp_path: Path) -> None:
    whole = suppression("email", email, {}, name="do not mail")
    if damage == "no rows":
        (file := tmp_path / "empty.csv").write_text("who\n")
        whole["source"] = {"path": str(file)}
    elif damage == "no column":
        whole["source"] = [{"somebody": row["who"]} for row in whole["source"]]
    elif damage == "unreadable":
        whole["source"] = [*whole["source"][:40], *({"who": f"jos\u00e9 {number}"} for number in range(60))]
    else:
        whole["source"] = [{"who": None}, {"who": " "}]
    said = refused(UnfitAudience, {"E": SENT["email"]}, [whole], tmp_path)
    assert "do not mail" in said
    prepared = run(
        ROWS, {"columns": {"E": SENT["email"]}}, "google", suppress=[{**whole, "allow_empty": True}]
    )
    suppressed = 40 if damage == "unreadable" else 0
    assert prepared.manifest["rows"]["suppressed"] == suppressed


def test_a_list_of_which_half_can_be_read_is_taken() -> None:
    whole = suppression("email", email, {})
    whole["source"] = [*whole["source"], *({"who": "n/a"} for _ in PEOPLE)]
    prepared = run(ROWS, {"columns": {"E": SENT["email"]}}, "google", suppress=[whole])
    assert prepared.manifest["suppression"][0]["unreadable"] == len(PEOPLE)
    assert prepared.manifest["rows"]["suppressed"] == len(PEOPLE)


def test_a_list_of_digests_that_nobody_declared_is_refused(tmp_path: Path) -> None:
    spell, _ = E_MAILS["sha256 in capitals"]
    refused(UnfitAudience, {"E": SENT["email"]}, [suppression("email", spell, {})], tmp_path)


def test_a_list_whose_digests_are_of_another_algorithm_is_refused(tmp_path: Path) -> None:
    spell, _ = E_MAILS["md5 in hex"]
    refused(
        UnfitAudience, {"E": SENT["email"]}, [suppression("email", spell, {"hashed": "sha256"})], tmp_path
    )


def test_a_list_of_a_kind_that_the_audience_has_not_is_refused(tmp_path: Path) -> None:
    # it could suppress nobody
    refused(InvalidArgument, {"E": SENT["email"]}, [suppression("phone", *PHONES["international"])], tmp_path)
