"""Traps of identifiers, and faults that others' code has: each once, so that they do not come in here."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from audience_running import Prepared, one, run

from airflow_provider_activation.errors import InvalidArgument, UnfitAudience

Column = Mapping[str, Any]

EMAIL_SHA256: Column = {"kind": "email", "hash": "sha256"}
PHONE_SHA256: Column = {"kind": "phone", "hash": "sha256"}
PHONE_SHA1: Column = {"kind": "phone", "hash": "sha1"}
DEVICE: Column = {"kind": "device_id"}


def sha256(plain: str) -> str:
    return hashlib.sha256(plain.encode()).hexdigest()


def declared(algorithm: str, profile: str) -> Column:
    return {"kind": "email", "hashed": algorithm, "normalised": profile}


def prepare(values: Sequence[str | None], column: Column, profile: Any, **options: Any) -> Prepared:
    """Prepare an audience of one column, named ``C``, with these values in its rows."""
    rows = [{"value": value} for value in values]
    return run(rows, {"columns": {"C": {"source": "value", **column}}}, profile, **options)


def reasons(prepared: Prepared) -> list[str]:
    """The reason of each row, in the order of the source."""
    return [why for _, column, why in sorted(prepared.rejects) if column == "C"]


def leave(values: Sequence[str], column: Column, profile: Any, expected: Sequence[str]) -> None:
    prepared = prepare(values, column, profile)
    assert prepared.column("C") == sorted(set(expected))
    assert prepared.manifest["rejects"]["counts"] == {}


# --- e-mail addresses ---


def test_every_dot_and_what_follows_a_plus_go_at_gmail_alone() -> None:
    kept = [
        "a.b.c@gmail.co",
        "a.b@gmail.com.example",
        "a.b@gmailx.com",
        "a.b@gmail.company.com",
        "a.b@my.gmail.com",
    ]
    values = ["A.b.c.d+x+y@Gmail.com", ".a..b.@googlemail.com", *kept, "a.b+c@example.com"]
    expected = ["abcd@gmail.com", "ab@googlemail.com", *kept, "a.b+c@example.com"]
    leave(values, EMAIL_SHA256, "google", list(map(sha256, expected)))


def test_only_gmail_com_is_special_at_unified_id() -> None:
    values = ["A.b.c+x@GMAIL.com", "a.b+x@googlemail.com", "a.b@gmail.co"]
    expected = ["abc@gmail.com", "a.b+x@googlemail.com", "a.b@gmail.co"]
    column = {"kind": "email"}
    leave(values, column, "uid2", expected)
    leave(values, column, "the_trade_desk", expected)


def test_what_follows_a_plus_goes_at_every_domain_at_tiktok_and_dots_stay() -> None:
    values = ["a.b+x@gmail.com", "a.b+x+y@example.com"]
    leave(values, EMAIL_SHA256, "tiktok", [sha256("a.b@gmail.com"), sha256("a.b@example.com")])


@pytest.mark.parametrize("profile", ["google", "uid2"])
def test_an_address_of_which_nothing_is_left_is_refused(profile: str) -> None:
    prepared = prepare(["+x@gmail.com", ".@gmail.com", "..+.@gmail.com"], EMAIL_SHA256, profile)
    assert reasons(prepared) == ["not_an_address"] * 3


def test_capitals_do_not_make_another_person() -> None:
    leave(
        ["USER@EXAMPLE.COM", "user@example.com", "User@Example.Com"],
        EMAIL_SHA256,
        "google",
        [sha256("user@example.com")],
    )


def test_white_space_that_cannot_be_seen_goes_from_both_ends() -> None:
    around = ["\u200b", "\ufeff", "\u00a0", "\u2003", "\u3000", "\t", "\r\n", "\u2028", "\x1f", "\x85"]
    values = [f"{white}user@example.com{white} " for white in around]
    for profile in ("google", "meta", "uid2"):
        digest = sha256("user@example.com")
        if profile == "uid2":
            digest = base64.b64encode(bytes.fromhex(digest)).decode()
        leave(values, EMAIL_SHA256, profile, [digest])


NO_ADDRESSES = (
    "user",
    "@example.com",
    "user@",
    "user@example",
    "user@.com",
    "user@example.",
    "user@example..com",
    "a@b@example.com",
    "a,b@example.com",
    "a;b@example.com",
    "mailto:a@example.com",
    "A <a@example.com>",
    "a(b)@example.com",
    "a[b]@example.com",
    '"a"@example.com',
    "a\\b@example.com",
    "a\x07b@example.com",
    "a\x7fb@example.com",
    "a\u0092b@example.com",
    "\u037ea@example.com",
    "n/a",
    "-",
    "null",
)


@pytest.mark.parametrize("profile", ["google", "meta"])
def test_what_is_no_address_is_refused_and_the_others_leave(profile: str) -> None:
    prepared = prepare([*NO_ADDRESSES, "user@example.com"], EMAIL_SHA256, profile)
    assert prepared.column("C") == [sha256("user@example.com")]
    assert reasons(prepared) == ["not_an_address"] * len(NO_ADDRESSES)
    assert prepared.manifest["rejects"]["counts"][""] == {"no_identifier": len(NO_ADDRESSES)}


def test_nothing_is_no_value() -> None:
    prepared = prepare([None, "", " ", "\u200b\ufeff", "\t\n"], EMAIL_SHA256, "google")
    assert prepared.manifest["rejects"]["counts"] == {"": {"no_identifier": 5}}
    assert prepared.manifest["rows"]["rejected"] == 5
    assert prepared.lines == []


@pytest.mark.parametrize("profile", ["google", "meta", "snap", "tiktok", "uid2", "liveramp_connect"])
def test_placeholders_are_refused(profile: str) -> None:
    column = PHONE_SHA1 if profile == "liveramp_connect" else PHONE_SHA256
    columns = {
        "E": {**EMAIL_SHA256, "source": "email"},
        "P": {**column, "source": "phone", "region": "US"},
    }
    phones = ["0000000000", "+0000000000", "1111111111", "+46 77777777", "(999) 999-9999"]
    rows = [{"email": " TEST@test.com", "phone": phone} for phone in phones]
    counts = run(rows, {"columns": columns}, profile).manifest["rejects"]["counts"]
    assert (counts["E"], counts["P"]) == ({"placeholder": len(rows)}, {"placeholder": len(rows)})


# --- phone numbers ---


def test_liveramp_gets_national_numbers_whole_and_as_sha1() -> None:
    national = {
        "+44 20 7183 8750": "2071838750",
        "+1-555-123-4567": "5551234567",
        "+1 (555) 123-4568": "5551234568",
        "0046 (0)70-123 45 67": "701234567",
    }
    leave(list(national), {"kind": "phone"}, "liveramp_connect", list(national.values()))
    digests = [hashlib.sha1(number.encode()).hexdigest() for number in national.values()]
    leave(list(national), PHONE_SHA1, "liveramp_connect", digests)


@pytest.mark.parametrize("profile", ["google", "meta", "liveramp_connect"])
def test_a_number_without_country_needs_a_region(profile: str) -> None:
    column = PHONE_SHA1 if profile == "liveramp_connect" else PHONE_SHA256
    values = ["070-123 45 67", "46701234567", "(0)70 1234567"]
    assert reasons(prepare(values, column, profile)) == ["no_country"] * 3
    assert reasons(prepare(values[:1], {**column, "region": "SE"}, profile)) == []


def test_digits_are_zero_to_nine_alone() -> None:
    values = [
        "+\u0664\u0666\u0667\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667",
        "+4670123456\u0667",
        "+\uff14\uff16\uff17\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17",
        "+4670123456\u00b2",
    ]
    assert reasons(prepare(values, PHONE_SHA256, "google")) == ["not_a_phone"] * len(values)


def test_what_is_no_phone_is_refused_and_the_others_leave() -> None:
    values = [
        "+46",
        "+46 1",
        "call me",
        "+1 555 123 4567 890 1234 567",
        "user@example.com",
        "+46 70 123 45 67",
    ]
    prepared = prepare(values, {**PHONE_SHA256, "region": "SE"}, "google")
    assert reasons(prepared) == ["not_a_phone"] * 5
    assert prepared.column("C") == [sha256("+46701234567")]


def test_one_number_in_all_spellings_is_one_row() -> None:
    values = [
        "+46701234567",
        "+46 (0)70-123 45 67",
        "0046701234567",
        "00 46 70 123 45 67",
        "070.123.45.67",
        "070-1234567 ext. 8",
        "\u200b+46\u00a070 123 45 67\ufeff",
        "0701234567;ext=8",
        "tel:0701234567",
    ]
    leave(values, {**PHONE_SHA256, "region": "SE"}, "google", [sha256("+46701234567")])
    leave(values, {**PHONE_SHA256, "region": "SE"}, "meta", [sha256("46701234567")])


def test_a_zero_that_belongs_to_the_number_stays() -> None:
    leave(["+39 06 698 12345"], PHONE_SHA256, "snap", [sha256("390669812345")])
    leave(["+39 06 698 12345"], {"kind": "phone"}, "liveramp_connect", ["0669812345"])


def test_a_short_number_is_refused_where_ten_digits_are_wanted() -> None:
    # a number of the Faroe Islands has nine digits with its country
    assert reasons(prepare(["+298 211234"], {"kind": "phone"}, "uid2")) == ["not_a_phone"]
    assert reasons(prepare(["+298 211234"], PHONE_SHA256, "google")) == []


# --- device ids ---


def test_what_is_no_device_id_is_refused() -> None:
    values = [
        "00000000-0000-0000-0000-000000000000",
        "aece52e703ee455ab3c4e57283966239",
        "n/a",
        "aece52e7-03ee-455a-b3c4-e5728396623g",
        "{aece52e7-03ee-455a-b3c4-e57283966239}",
    ]
    prepared = prepare(values, DEVICE, "meta")
    assert reasons(prepared) == ["placeholder", *["not_a_device_id"] * 4]


def test_device_ids_leave_in_the_destinations_case() -> None:
    value = "AECE52e7-03ee-455a-b3c4-e57283966239"
    assert one(value, DEVICE, "meta").column("C") == [value.lower()]
    assert one(value, DEVICE, "google").column("C") == [value]
    assert one(value, {**DEVICE, "platform": "idfa"}, "liveramp_connect").column("C") == [value.upper()]
    assert one(value, {**DEVICE, "platform": "aaid"}, "liveramp_connect").column("C") == [value.lower()]


# --- digests ---


def _spellings(algorithm: str, plain: str) -> list[str]:
    digest = hashlib.new(algorithm, plain.encode())
    hexadecimal = digest.hexdigest()
    return [hexadecimal, hexadecimal.upper(), f"0x{hexadecimal}", base64.b64encode(digest.digest()).decode()]


def test_digests_that_nobody_declared_are_refused() -> None:
    values = [
        text for algorithm in ("md5", "sha1", "sha256") for text in _spellings(algorithm, "user@example.com")
    ]
    values.append(base64.b64encode(sha256("user@example.com").encode()).decode())
    assert reasons(prepare(values, EMAIL_SHA256, "google")) == ["undeclared_digest"] * len(values)
    assert reasons(prepare(values, PHONE_SHA256, "google")) == ["undeclared_digest"] * len(values)


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256"])
def test_declared_digests_are_checked(algorithm: str) -> None:
    others = [other for other in ("md5", "sha1", "sha256") if other != algorithm]
    whole = hashlib.new(algorithm, b"x").hexdigest()
    table = {
        "digest_of_nothing": _spellings(algorithm, ""),
        "placeholder": _spellings(algorithm, "test@test.com") + _spellings(algorithm, "0000000000"),
        "other_algorithm": [text for other in others for text in _spellings(other, "user@example.com")],
        "not_a_digest": [
            whole[:-1],
            f"{whole}0",
            f"{whole[:-1]}g",
            "user@example.com",
            f"x{whole}",
            f"{whole} {whole}",
            base64.b64encode(f"0x{whole}".encode()).decode(),
            base64.b64encode(b"x").decode(),
        ],
    }
    told = [(value, reason) for reason, values in table.items() for value in values]
    prepared = prepare(
        [value for value, _ in told], declared(algorithm, "liveramp_connect"), "liveramp_connect"
    )
    assert list(zip((value for value, _ in told), reasons(prepared), strict=True)) == told


def test_a_digest_is_never_hashed_again() -> None:
    known = sha256("user@example.com")
    leave([known.upper()], {**declared("sha256", "google"), "hash": "sha256"}, "google", [known])


def test_base64_is_of_the_bytes_not_of_the_text() -> None:
    raw = base64.b64encode(hashlib.sha256(b"user@example.com").digest()).decode()
    leave(["user@example.com"], EMAIL_SHA256, "uid2", [raw])
    leave(["user@example.com"], EMAIL_SHA256, {"name": "google", "digest": "base64"}, [raw])


# --- what a schema may not ask ---


@pytest.mark.parametrize(
    ("column", "profile"),
    [
        (EMAIL_SHA256, "liveramp_template"),
        (PHONE_SHA256, "liveramp_connect"),
        ({"kind": "phone", "hash": "md5"}, "liveramp_connect"),
        (PHONE_SHA1, "liveramp_connect_eu"),
        (DEVICE, "liveramp_connect_eu"),
        ({**DEVICE, "platform": "idfa", "hash": "sha256"}, "liveramp_connect"),
        ({"kind": "name", "hash": "sha256"}, "liveramp_connect"),
        ({"kind": "email"}, "google"),
        ({"kind": "email", "hash": "md5"}, "google"),
        ({**DEVICE, "hash": "sha256"}, "google"),
        ({"kind": "phone"}, "meta"),
        ({"kind": "phone", "hash": "sha1"}, "tiktok"),
        (DEVICE, "snap"),
        ({"kind": "email", "hash": "md5"}, "uid2"),
        (DEVICE, "the_trade_desk"),
        ({"kind": "postal"}, "meta"),
        (declared("sha1", "google"), "google"),
        (declared("sha256", "meta"), "google"),
        ({**declared("sha256", "liveramp_connect"), "hash": "md5"}, "liveramp_connect"),
    ],
)
def test_what_a_destination_does_not_take_is_refused(column: Column, profile: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        prepare(["user@example.com"], column, profile)
    assert "user@example.com" not in str(refused.value)


# --- counts ---


@pytest.mark.parametrize(
    ("profile", "least"), [("google", 1), ("liveramp_connect", 25), ("the_trade_desk", 1500)]
)
def test_rows_are_counted_after_rejects_and_duplicates(profile: str, least: int) -> None:
    people = [f"user{number}@example.com" for number in range(least)]
    too_few = [*people[1:], *people[1:], *people[1:2], "test@test.com", None]
    with pytest.raises(UnfitAudience) as refused:
        prepare(too_few, {"kind": "email", "hash": "sha256"}, profile, min_rows=None)
    assert "@" not in str(refused.value)
    prepared = prepare([*too_few, people[0]], {"kind": "email", "hash": "sha256"}, profile, min_rows=None)
    assert prepared.manifest["rows"]["written"] == least


def test_duplicates_are_found_after_normalisation() -> None:
    values = ["A.B+x@gmail.com", "ab@GMAIL.com", "a b@gmail.com", "ab@googlemail.com"]
    prepared = prepare(values, EMAIL_SHA256, "google")
    assert prepared.manifest["rows"] == {
        "read": 4,
        "left_out": 0,
        "rejected": 0,
        "suppressed": 0,
        "duplicates": 2,
        "written": 2,
    }
