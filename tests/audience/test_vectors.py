"""Identifiers leave as known digests, and are lower-cased as Python does."""

from __future__ import annotations

import base64
import hashlib
import unicodedata
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

import pytest
from audience_running import Prepared, one, run

Column = Mapping[str, Any]

EMAIL_MD5: Column = {"kind": "email", "hash": "md5"}
EMAIL_SHA1: Column = {"kind": "email", "hash": "sha1"}
EMAIL_SHA256: Column = {"kind": "email", "hash": "sha256"}
AMERICAN: Column = {"kind": "phone", "hash": "sha256", "region": "US"}
BRITISH: Column = {"kind": "phone", "hash": "sha256", "region": "GB"}
PHONE_SHA1: Column = {"kind": "phone", "hash": "sha1"}
PHONE_SHA256: Column = {"kind": "phone", "hash": "sha256"}
IDFA_SHA1: Column = {"kind": "device_id", "hash": "sha1", "platform": "idfa"}
AAID_SHA1: Column = {"kind": "device_id", "hash": "sha1", "platform": "aaid"}
DEVICE_SHA256: Column = {"kind": "device_id", "hash": "sha256"}

CLOUDY = "cloudy.sanfrancisco+shopping@gmail.com"
NYC = "user.name+NYC@Example.com"
JANE = "Jane.Doe@GoogleMail.com"
DEVICE = "aece52e7-03ee-455a-b3c4-e57283966239"

DIGESTS = {
    ("md5", "myname@liveramp.com"): "e496f5db75b278b8583e60cb834cfb11",
    ("sha1", "myname@liveramp.com"): "529a123cb5d93641ffa999c0e9b06aa4c40c3677",
    ("sha1", "5551234567"): "b8e04c986aa87857dfb4d364371d1a4195abf1bb",
    ("sha1", DEVICE.upper()): "a8395aa574e4e7d8c13d58dc7c46e4052b3c7452",
    ("sha1", DEVICE): "1476b38e13cc9cf38969dca54a170a110a6068c1",
} | {
    ("sha256", plain): digest
    for plain, digest in {
        "myname@liveramp.com": "ad474377422023fe13c6421afa7958559ee3ce1c5aa8395e92140cc09912c1be",
        "user@example.com": "b4c9a289323b21a01c3e940f150eb9b8c542587f1abfd8f0e1cc1ffc5e475514",
        "cloudysanfrancisco@gmail.com": "223ebda6f6889b1494551ba902d9d381daf2f642bae055888e96343d53e9f9c4",
        CLOUDY: "8dd4a9bf850242873c14976125edabc35096192b784626a5641a7d2de56e3c1e",
        "user.name+nyc@example.com": "f109a2a632fbcea5fc82049f50beed3d8621bf9034399f437fb622222acccdac",
        "user.name@example.com": "ff11779f1afd0f200631b31b3063afee6070f12eb47da2d9a20e6d82a1816386",
        "janedoe@googlemail.com": "338abf9ef1c8793cadc7bcf51ed595338eb727ed9e06ce3d91d566d60b975937",
        "jos\u00e9@example.com": "b0a53cf19e34d05b57bced7365c6b00ddbe38d62957e863de2a66a56c3b42cea",
        "jos\u00c9@example.com": "80b8d617a2b0188d53f1050edac66871590fd292470d56c389316fd6171d837a",
        "i\u0307zmir@example.com": "39ca099aa0bd44b8ef119d98f06a42635a5ec60c65a97c0e86d694aa7f563737",
        "user@b\u00fccher.example": "d46f5dceeee1d288765f050543e92f7760901d8706512ff5a963fedf8561c24d",
        "+18005550100": "fb4f73a6ec5fdb7077d564cdd22c3554b43ce49168550c3b12c547b78c517b30",
        "+442071838750": "e631c2534428c6c9b48c2167604a8983046085e43a2c00ed748733c544c0bb4d",
        "442071838750": "8d5f937f3a5590634cbe975951a6aa1543170671ce6e73cce4062f4e8c288417",
        DEVICE: "e6a11334660bb4c2d68090399aaf9d80b433a569b993c5e32e6cad9bcf550e11",
    }.items()
}
"""Digests in hex that vendors printed, or that were computed once."""

BASE64_DIGESTS = {
    "user@example.com": "tMmiiTI7IaAcPpQPFQ65uMVCWH8av9jw4cwf/F5HVRQ=",
    "jane.doe@googlemail.com": "nCdk4a9jZDWkvPKphzOusOAn1ueIVQQzEBUOmdc9NEA=",
    "janesaoirse@gmail.com": "ku4mBX7Z3qJTXWyLFB1INzkyR2WZGW4ANSJUiW21iI8=",
}
"""SHA-256 as base64, as Unified ID 2.0 prints it."""


class Vector(NamedTuple):
    """A value, and what of it is hashed for a destination."""

    number: int
    value: str
    profile: str
    column: Column
    plain: str


VECTORS = [
    Vector(1, "MyName@liveramp.com ", "liveramp_connect", EMAIL_MD5, "myname@liveramp.com"),
    Vector(1, "MyName@liveramp.com ", "liveramp_connect", EMAIL_SHA1, "myname@liveramp.com"),
    Vector(1, "MyName@liveramp.com ", "liveramp_connect", EMAIL_SHA256, "myname@liveramp.com"),
    Vector(2, "us er@Example.com", "liveramp_connect", EMAIL_SHA256, "user@example.com"),
    Vector(2, "us er@Example.com", "google", EMAIL_SHA256, "user@example.com"),
    Vector(2, " user@Example.com ", "uid2", EMAIL_SHA256, "user@example.com"),
    Vector(2, " user@Example.com ", "the_trade_desk", EMAIL_SHA256, "user@example.com"),
    Vector(3, CLOUDY, "google", EMAIL_SHA256, "cloudysanfrancisco@gmail.com"),
    Vector(4, CLOUDY, "meta", EMAIL_SHA256, CLOUDY),
    Vector(4, CLOUDY, "snap", EMAIL_SHA256, CLOUDY),
    Vector(4, CLOUDY, "liveramp_connect", EMAIL_SHA256, CLOUDY),
    Vector(5, NYC, "google", EMAIL_SHA256, "user.name+nyc@example.com"),
    Vector(5, NYC, "uid2", EMAIL_SHA256, "user.name+nyc@example.com"),
    Vector(6, NYC, "tiktok", EMAIL_SHA256, "user.name@example.com"),
    Vector(7, JANE, "google", EMAIL_SHA256, "janedoe@googlemail.com"),
    Vector(8, JANE, "uid2", EMAIL_SHA256, "jane.doe@googlemail.com"),
    Vector(9, "JaneSaoirse+Work@gmail.com", "uid2", EMAIL_SHA256, "janesaoirse@gmail.com"),
    Vector(10, "Jose\u0301@example.com", "google", EMAIL_SHA256, "jos\u00e9@example.com"),
    Vector(10, "Jose\u0301@example.com", "meta", EMAIL_SHA256, "jos\u00e9@example.com"),
    Vector(11, "JOS\u00c9@EXAMPLE.COM", "google", EMAIL_SHA256, "jos\u00e9@example.com"),
    Vector(11, "JOS\u00c9@EXAMPLE.COM", "uid2", EMAIL_SHA256, "jos\u00c9@example.com"),
    Vector(12, "\u0130zmir@example.com", "meta", EMAIL_SHA256, "i\u0307zmir@example.com"),
    Vector(13, "user@b\u00fccher.example", "google", EMAIL_SHA256, "user@b\u00fccher.example"),
    Vector(14, "+1 (555) 123-4567", "liveramp_connect", PHONE_SHA1, "5551234567"),
    Vector(15, "(800) 555-0100 ext. 5", "google", AMERICAN, "+18005550100"),
    Vector(16, "+44 (0)20 7183 8750", "google", PHONE_SHA256, "+442071838750"),
    Vector(16, "020 7183 8750", "google", BRITISH, "+442071838750"),
    Vector(16, "+44 (0)20 7183 8750", "uid2", PHONE_SHA256, "+442071838750"),
    Vector(16, "020 7183 8750", "uid2", BRITISH, "+442071838750"),
    Vector(17, "+44 (0)20 7183 8750", "meta", PHONE_SHA256, "442071838750"),
    Vector(17, "020 7183 8750", "meta", BRITISH, "442071838750"),
    Vector(17, "0044 20 7183 8750", "snap", PHONE_SHA256, "442071838750"),
    Vector(17, "020 7183 8750", "snap", BRITISH, "442071838750"),
    Vector(18, DEVICE, "liveramp_connect", IDFA_SHA1, DEVICE.upper()),
    Vector(18, DEVICE.upper(), "liveramp_connect", AAID_SHA1, DEVICE),
    Vector(19, DEVICE.upper(), "snap", DEVICE_SHA256, DEVICE),
]


def _sort(vector: Vector) -> tuple[str, str | None]:
    return vector.column["kind"], vector.column.get("platform")


@cache
def _prepared(profile: str, kind: str, platform: str | None) -> Prepared:
    """All vectors that one file of a destination may hold, as columns of one row."""
    of_one = {
        f"C{at}": vector
        for at, vector in enumerate(VECTORS)
        if (vector.profile, *_sort(vector)) == (profile, kind, platform)
    }
    columns = {name: {**vector.column, "source": name} for name, vector in of_one.items()}
    return run([{name: vector.value for name, vector in of_one.items()}], {"columns": columns}, profile)


def digest(algorithm: str, plain: str) -> bytes:
    return hashlib.new(algorithm, plain.encode()).digest()


@pytest.mark.parametrize(("algorithm", "plain"), DIGESTS)
def test_the_table_of_digests_is_right(algorithm: str, plain: str) -> None:
    assert digest(algorithm, plain).hex() == DIGESTS[algorithm, plain]


@pytest.mark.parametrize("plain", BASE64_DIGESTS)
def test_the_table_of_digests_in_base64_is_right(plain: str) -> None:
    assert base64.b64encode(digest("sha256", plain)).decode() == BASE64_DIGESTS[plain]


def _known(algorithm: str, plain: str, profile: str) -> str:
    if profile not in ("uid2", "the_trade_desk"):
        return DIGESTS[algorithm, plain]
    return BASE64_DIGESTS.get(plain) or base64.b64encode(digest(algorithm, plain)).decode()


@pytest.mark.parametrize(
    ("index", "vector"),
    list(enumerate(VECTORS)),
    ids=[f"{each.number}-{each.profile}-{index}" for index, each in enumerate(VECTORS)],
)
def test_a_value_leaves_as_the_known_digest(index: int, vector: Vector) -> None:
    prepared = _prepared(vector.profile, *_sort(vector))
    known = _known(vector.column["hash"], vector.plain, vector.profile)
    assert prepared.column(f"C{index}") == [known]
    assert prepared.manifest["rejects"]["counts"] == {}


@pytest.mark.parametrize("profile", ["uid2", "the_trade_desk", "meta", "snap"])
def test_white_space_within_an_address_is_refused_where_it_is_not_removed(profile: str) -> None:
    prepared = one("us er@Example.com", EMAIL_SHA256, profile)
    assert prepared.manifest["rejects"]["counts"]["C"] == {"not_an_address": 1}
    assert prepared.lines == []


DECLARED_SPELLINGS: Mapping[str, Callable[[str], str]] = {
    "small": str,
    "capitals": str.upper,
    "with 0x": "0x{}".format,
    "white space": "\ufeff {}\u200b\u00a0".format,
    "base64": lambda text: base64.b64encode(bytes.fromhex(text)).decode(),
}


@pytest.mark.parametrize("profile", ["google", "meta", "tiktok", "snap", "liveramp_connect", "uid2"])
def test_a_declared_digest_leaves_as_it_came_in_every_spelling(profile: str) -> None:
    known = DIGESTS["sha256", "user@example.com"]
    rows = [{"digest": spell(known)} for spell in DECLARED_SPELLINGS.values()]
    column = {"kind": "email", "source": "digest", "hashed": "sha256", "normalised": profile}
    prepared = run(rows, {"columns": {"C": column}}, profile)
    assert prepared.column("C") == [_known("sha256", "user@example.com", profile)]
    assert prepared.manifest["rows"]["duplicates"] == len(rows) - 1
    assert prepared.manifest["rejects"]["counts"] == {}


def test_a_digest_in_base64_may_begin_with_0x() -> None:
    found = (
        sha256
        for number in range(100_000)
        if base64.b64encode(sha256 := digest("sha256", f"user{number}@example.com")).startswith(b"0x")
    )
    sha256 = next(found)
    prepared = one(
        base64.b64encode(sha256).decode(),
        {"kind": "email", "hashed": "sha256", "normalised": "google"},
        "google",
    )
    assert prepared.column("C") == [sha256.hex()]


LOWER_CASED = [
    # the dotted capital I becomes two characters
    "\u0130ZM\u0130R@EXAMPLE.COM",
    # a sigma at the end of a word is another letter, and a full stop does not end a word
    "\u039f\u0394\u039f\u03a3@EXAMPLE.COM",
    "\u039f\u0394\u039f\u03a3.\u0391@EXAMPLE.COM",
    "\u039f\u0394\u039f\u03a3.@EXAMPLE.COM",
    "\u03a3@EXAMPLE.COM",
    "A@\u039f\u0394\u039f\u03a3.\u03a3\u03a3",
    "\u03a3\u03a3-\u03a3\u03a3\u00b7\u03a3@EXAMPLE.COM",
    "A\u03a3\u0301@EXAMPLE.COM",
    "a\u03a3'\u03a3@example.com",
    # the sharp s has a capital since 2017
    "STRA\u1e9eE@EXAMPLE.COM",
    "stra\u00dfe@example.com",
    # letters that are composed, beyond the first plane, or without a small form in older tables
    "\u01c4\u01c5@EXAMPLE.COM",
    "\U00010400@EXAMPLE.COM",
    "\u212a\u2126\u212b@EXAMPLE.COM",
    "\u1c89\ua7cb\u10a0\u13a0@EXAMPLE.COM",
]


@pytest.mark.parametrize("profile", ["meta", "google", "liveramp_connect", "tiktok"])
def test_addresses_are_lower_cased_as_python_does(profile: str) -> None:
    column = {"kind": "email", "source": "email", "hash": "sha256"}
    rows = [{"email": value} for value in LOWER_CASED]
    expected = {digest("sha256", unicodedata.normalize("NFC", value).lower()).hex() for value in LOWER_CASED}
    prepared = run(rows, {"columns": {"C": column}}, profile)
    assert prepared.column("C") == sorted(expected)


def test_white_space_that_is_removed_ends_no_word() -> None:
    prepared = one("\u039f\u0394\u039f\u03a3 \u0391@example.com", EMAIL_SHA256, "google")
    assert prepared.column("C") == [digest("sha256", "\u03bf\u03b4\u03bf\u03c3\u03b1@example.com").hex()]


def test_names_are_lower_cased_as_python_does() -> None:
    columns = {
        "E": {**EMAIL_SHA256, "source": "email"},
        "N": {"kind": "name", "source": "name", "hash": "sha256"},
    }
    row = {
        "email": "user@example.com",
        "name": " \u039f\u0394\u039f\u03a3 \u0130s, O\u2019NEIL\u2003E\u0301 ",
    }
    prepared = run([row], {"columns": columns}, "google")
    expected = "\u03bf\u03b4\u03bf\u03c2 i\u0307s, o\u2019neil\u2003\u00e9"
    assert prepared.column("N") == [digest("sha256", expected).hex()]
