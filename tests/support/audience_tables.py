"""Tables of people as they come, and what may be asked of them: strategies for property tests."""

from __future__ import annotations

import base64
import hashlib
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from audience_referee import IDENTIFIERS, PROFILES, Comparison, Row, trimmed
from hypothesis import strategies as st

Column = dict[str, Any]

WHITE = ("", "", "", " ", "\t", "\u00a0", "\u200b", "\ufeff", "\r\n", "\u2003 ", "\x1f", "\u2028")
LOCALS = (
    "ann",
    "a.n.n",
    "ann+shop",
    "A.nn+x.y+z",
    "jos\u00e9",
    "jose\u0301",
    "\u0130pek",
    "\u039f\u0394\u039f\u03a3",
    "stra\u00dfe",
    "STRA\u1e9eE",
    "o'neil",
    "#1",
    "test",
    "=1",
    "\U0001f600",
    "a\u200bnn",
    "an n",
)
DOMAINS = (
    "gmail.com",
    "GMail.com",
    "googlemail.com",
    "gmail.co",
    "example.com",
    "EXAMPLE.com",
    "b\u00fccher.example",
    "test.com",
    "mail.example",
    "\u03a3\u0391\u03a3.gr",
)
NO_EMAILS = (
    "",
    "  ",
    "\u200b",
    "ann",
    "ann@",
    "@example.com",
    "ann@example",
    "ann@example..com",
    "a@b@example.com",
    "Ann <ann@example.com>",
    "ann\x07@example.com",
    "+x@gmail.com",
    ".@gmail.com",
    "test@test.com",
    "n/a",
    "ann,bob@example.com",
    "a\u037eb@example.com",
    "ann\u2003@example.com",
    "\x00",
    "a\x00@example.com",
)
PHONES = (
    "+46701234567",
    "+46 (0)70-123 45 67",
    "0046 70 123 45 67",
    "070-123 45 67",
    "46701234567",
    "70 123 45 67",
    "+1 (555) 123-4567",
    "(555) 123-4567",
    "555-123-4567 ext. 5",
    "+15551234567",
    "001 555 123 4567",
    "+44 (0)20 7183 8750",
    "020 7183 8750",
    "+39 06 698 12345",
    "+298 211234",
    "1-800-356-9377",
    "+46\u00a070 123\u200b45 67",
    "+46 70\t1234567",
    "tel:+46-70-123-45-67",
)
NO_PHONES = (
    "",
    " ",
    "0000000000",
    "+0000000000",
    "111-111",
    "+46 77777777",
    "call me",
    "+46",
    "+46 1",
    "n/a",
    "12",
    "+999123456789",
    "\u0660\u0667\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667",
    "+467012345678901234",
    "+\uff14\uff16701234567",
    "0046",
    "00",
    "+46701234567\u00b2",
    "ann@example.com",
    "++46701234567",
)
DEVICES = (
    "aece52e7-03ee-455a-b3c4-e57283966239",
    "AECE52E7-03EE-455A-B3C4-E57283966239",
    "Aece52e7-03ee-455a-b3c4-e5728396623A",
    "00000000-0000-0000-0000-000000000000",
    "aece52e703ee455ab3c4e57283966239",
    "n/a",
    "",
    "11111111-2222-3333-4444-555555555555",
)
TEXTS = (
    "x",
    "X",
    "",
    " ",
    "a,b",
    'say "no"',
    "two\nlines",
    "#",
    "\u00e9",
    "e\u0301",
    "\u200bz",
    "1",
    "NULL",
    "'",
    "\\N",
    "\U0001f600",
    "\uff21",
    "=1+1",
    "a\rb",
)
NAMES = (
    "Ann",
    " ann ",
    "ANN-MARIE O\u2019Neil",
    "Jose\u0301",
    "JOS\u00c9",
    "\u039f\u0394\u039f\u03a3",
    "\u0130",
    "",
    "\ufeff",
    "van\nder Berg",
    "van\r\nder Berg",
    'Ann "A" B, C',
)
NUMBERS = (
    "1",
    "-2.50",
    "0",
    "1e3",
    "0.5",
    "007",
    "x",
    "1,5",
    "",
    " 12 ",
    "1 2",
    "12345678901234567890",
    "--1",
    "1.2.3",
)
BOOLEANS = ("true", "FALSE", "1", "0", "Yes", "no", "T", "f", "", "maybe", "2", " true ", "wahr")
DATES = (
    "2026-01-31",
    "2024-02-29",
    "2023-02-29",
    "31.01.2026",
    "",
    "yesterday",
    " 2026-01-31 ",
    "2026-13-01",
)
STAMPS = (
    "2026-01-31T08:00:00Z",
    "2026-01-31 08:00:00",
    "2026-07-01T12:30:00",
    "2026-01-31T08:00:00.5+02:00",
    "noon",
    "2026-01-31T08:00:00.123456Z",
    "2026-01-31T08:00:00.000Z",
    "2026-01-31 08:00:00-05:30",
    "2026-01-31T25:00:00",
    "",
    "2026-02-30T08:00:00Z",
)
ORDERS = (None, "1", "2", "10", "a", "\u00e4")
COUNTRIES = ("SE", "NO", None)


SPELLINGS: Mapping[str, Callable[[bytes], str]] = {
    "hex": lambda digest: digest.hex(),
    "capitals": lambda digest: digest.hex().upper(),
    "0x": lambda digest: f"0x{digest.hex()}",
    "base64": lambda digest: base64.b64encode(digest).decode(),
    "white": lambda digest: f" {digest.hex()}\u200b",
}


def spelled(digest: bytes, spelling: str) -> str:
    return SPELLINGS[spelling](digest)


ANY_DIGESTS = st.builds(
    lambda plain, algorithm, spelling: spelled(hashlib.new(algorithm, plain.encode()).digest(), spelling),
    st.sampled_from(("ann@example.com", "ann@gmail.com", "", "test@test.com", "0000000000", "+46701234567")),
    st.sampled_from(("md5", "sha1", "sha256", "sha256", "sha256")),
    st.sampled_from(list(SPELLINGS)),
)


def _email(local: str, domain: str, before: str, after: str, case: int) -> str:
    whole = f"{before}{local}@{domain}{after}"
    return (whole, whole.upper(), whole.lower(), unicodedata.normalize("NFD", whole))[case]


EMAILS = st.one_of(
    st.builds(
        _email,
        st.sampled_from(LOCALS),
        st.sampled_from(DOMAINS),
        st.sampled_from(WHITE),
        st.sampled_from(WHITE),
        st.integers(0, 3),
    ),
    st.sampled_from(NO_EMAILS) | st.none() | ANY_DIGESTS,
)
PHONE_NUMBERS = st.one_of(
    st.builds("{}{}{}".format, st.sampled_from(WHITE), st.sampled_from(PHONES), st.sampled_from(WHITE)),
    st.builds(
        "+{}{}".format, st.sampled_from((1, 46, 44, 39, 298, 7, 86)), st.integers(10_000, 99_999_999_999)
    ),
    st.sampled_from(NO_PHONES) | st.none() | ANY_DIGESTS,
)
DEVICE_IDS = st.builds("{}{}".format, st.sampled_from(WHITE), st.sampled_from(DEVICES)) | st.none()
MISTAKEN_DIGESTS = ("", "n/a", "abc", "d41d8cd98f00b204e9800998ecf8427", "====", "ann@example.com", "0x")
DIGESTS = st.one_of(ANY_DIGESTS, st.sampled_from(MISTAKEN_DIGESTS), st.none())

SOURCES: Mapping[str, st.SearchStrategy[str | None]] = {
    "email": EMAILS,
    "email_2": EMAILS,
    "mobile": PHONE_NUMBERS,
    "device": DEVICE_IDS,
    "digest": DIGESTS,
    "first_name": st.sampled_from((*NAMES, None)),
    "city": st.sampled_from((*NAMES, *TEXTS, None)),
    "text": st.sampled_from((*TEXTS, None)),
    "number": st.sampled_from((*NUMBERS, None)),
    "flag": st.sampled_from((*BOOLEANS, None)),
    "day": st.sampled_from((*DATES, None)),
    "stamp": st.sampled_from((*STAMPS, None)),
    "version": st.sampled_from(ORDERS),
    "country": st.sampled_from(COUNTRIES),
}
TABLES = st.lists(st.fixed_dictionaries(dict(SOURCES)), min_size=1, max_size=14)

ATTRIBUTES: dict[str, Sequence[Column]] = {
    "text": [{"kind": "attribute", "source": "text"}],
    "number": [{"kind": "attribute", "source": "number", "type": "number"}],
    "flag": [{"kind": "attribute", "source": "flag", "type": "boolean"}],
    "day": [{"kind": "attribute", "source": "day", "type": "date"}],
    "stamp": [
        {"kind": "attribute", "source": "stamp", "type": "timestamp"},
        {"kind": "attribute", "source": "stamp", "type": "timestamp", "timezone": "Europe/Stockholm"},
    ],
}


def _hashed(kind: str, source: str, hashes: Sequence[str | None]) -> list[Column]:
    one = {"kind": kind, "source": source}
    return [{**one, "hash": algorithm} if algorithm else one for algorithm in hashes]


def _phones(hashes: Sequence[str | None]) -> list[Column]:
    plain = _hashed("phone", "mobile", hashes)
    return [*plain, *({**column, "region": region} for column in plain for region in ("SE", "US"))]


def _identifiers(profile: str, hashes: Mapping[str, Sequence[str | None]]) -> dict[str, Sequence[Column]]:
    columns: dict[str, Sequence[Column]] = {
        "email": _hashed("email", "email", hashes["email"]),
        "email_2": _hashed("email", "email_2", hashes["email"]),
        "phone": _phones(hashes["phone"]),
    }
    if devices := hashes.get("device_id"):
        columns["device"] = _hashed("device_id", "device", devices)
    columns["digest"] = [
        {"kind": "email", "source": "digest", "hashed": algorithm, "normalised": profile}
        for algorithm in hashes["email"]
        if algorithm is not None
    ]
    return columns


NAME: Column = {"kind": "name", "source": "first_name"}
POSTAL: Column = {"kind": "postal", "source": "city"}
SHA256, MAY_SHA256 = ("sha256",), (None, "sha256")
CONNECT = (None, "md5", "sha1", "sha256")
CHOICES: Mapping[str, Mapping[str, Sequence[Column]]] = {
    "google": _identifiers("google", {"email": SHA256, "phone": SHA256, "device_id": (None,)})
    | {"name": [{**NAME, "hash": "sha256"}], "city": [POSTAL], **ATTRIBUTES},
    "meta": _identifiers("meta", {"email": SHA256, "phone": SHA256, "device_id": (None,)}) | ATTRIBUTES,
    "tiktok": _identifiers("tiktok", {"email": SHA256, "phone": SHA256, "device_id": ("sha256", "md5")})
    | ATTRIBUTES,
    "snap": _identifiers("snap", {"email": SHA256, "phone": SHA256, "device_id": SHA256}) | ATTRIBUTES,
    "uid2": _identifiers("uid2", {"email": MAY_SHA256, "phone": MAY_SHA256}) | ATTRIBUTES,
    "the_trade_desk": _identifiers("the_trade_desk", {"email": MAY_SHA256, "phone": MAY_SHA256}) | ATTRIBUTES,
    "liveramp_connect": _identifiers("liveramp_connect", {"email": CONNECT, "phone": (None, "sha1")})
    | {"name": [NAME], "city": [POSTAL], **ATTRIBUTES},
    "liveramp_connect_eu": _identifiers("liveramp_connect_eu", {"email": CONNECT, "phone": (None,)})
    | {"name": [NAME], "city": [POSTAL], **ATTRIBUTES},
    "liveramp_template": {
        "EMAIL2": _hashed("email", "email_2", (None,)),
        "EMAIL1": _hashed("email", "email", (None,)),
        "PHONE1": _phones((None,)),
        "FIRSTNAME": [NAME],
        "CITY": [POSTAL],
        "ZIP4": [{"kind": "postal", "source": "text"}],
        "CCID": ATTRIBUTES["text"],
    },
    "acoustic": _identifiers("acoustic", {"email": CONNECT, "phone": CONNECT, "device_id": (None,)})
    | ATTRIBUTES,
}
"""What the tests ask of each profile: columns, each with its kinds."""
LISTED = {"email": "email", "phone": "mobile", "device_id": "device"}
"""The source columns of suppression lists."""
DEVICES_ALONE: Mapping[str, Sequence[Column]] = {
    "device": [
        {**column, "platform": platform}
        for column in _hashed("device_id", "device", (None, "sha1"))
        for platform in ("idfa", "aaid")
    ],
    **ATTRIBUTES,
}
"""LiveRamp wants device ids in a file of their own."""


def big_table(chance: Random, count: int) -> list[Row]:
    """A table by chance, with many duplicates."""
    pools: dict[str, Sequence[str | None]] = {
        "mobile": (*PHONES, *NO_PHONES),
        "device": DEVICES,
        "digest": [
            spelled(hashlib.sha256(letter).digest(), each)
            for letter in (b"a", b"b", b"")
            for each in SPELLINGS
        ],
        "first_name": NAMES,
        "city": (*NAMES, *TEXTS),
        "text": TEXTS,
        "number": NUMBERS,
        "flag": BOOLEANS,
        "day": DATES,
        "stamp": STAMPS,
        "version": ORDERS,
        "country": COUNTRIES,
    }

    def email() -> str:
        before, after = chance.choices(WHITE, k=2)
        if chance.random() < 0.1:
            return chance.choice(NO_EMAILS)
        return _email(chance.choice(LOCALS), chance.choice(DOMAINS), before, after, chance.randrange(4))

    return [
        {"email": email(), "email_2": chance.choice((email(), None))}
        | {source: chance.choice((*pool, None)) for source, pool in pools.items()}
        for _ in range(count)
    ]


def widest(profile: str) -> dict[str, Any]:
    """A schema of all that the tests ask of a profile."""
    columns = {name: kinds[-1] for name, kinds in CHOICES[profile].items()}
    if profile == "liveramp_template":
        columns["LAPSED"] = {"kind": "constant", "value": "1"}
    return {"columns": columns}


@dataclass
class Case:
    """One call of ``prepare_audience``: all of its arguments but the folder."""

    rows: list[Row]
    schema: dict[str, Any]
    profile: str
    suppress: list[dict[str, Any]] = field(default_factory=list)
    where: str | None = None
    order_by: str | None = None
    registration: dict[str, Any] | None = None


def registration_of(columns: Mapping[str, Column], choose: Callable[[Sequence[str]], str]) -> dict[str, Any]:
    """A registration under which these columns may be uploaded."""
    identifiers: list[dict[str, Any]] = []
    attributes: list[dict[str, Any]] = []
    types = {
        "text": "string",
        "date": "string",
        "number": "number",
        "boolean": "boolean",
        "timestamp": "timestamp",
    }
    for name, column in columns.items():
        if column["kind"] == "attribute":
            kind = types[column.get("type", "text")]
            attributes.append({"name": name, "type": kind, "isRequired": False})
            continue
        entry = {"name": name, "type": column["kind"]}
        if algorithm := column.get("hash", column.get("hashed")):
            named = [algorithm.upper()]
            if algorithm == "sha256" and not column.get("hashed") and column["kind"] != "device_id":
                named.append(f"{column['kind'].upper()}_SHA256")
            entry |= {"hashMode": choose(("HASHED", "REQUIRED"))}
            entry |= {"hashAlgorithm": choose(named)}
        identifiers.append(entry)
    database = {"name": "Customers", "identifiers": identifiers, "attributes": attributes}
    return {
        "name": "Customer base",
        "provider_name": "Marketing data",
        "endpoint_types": {"segment": {"source": {"enabled": True, "producerType": "push"}}},
        "marketing_databases_definition": {"marketingDatabases": [database]},
    }


def _as_digests(draw: Any, column: Column, algorithm: str, normalised: str, rows: list[Row]) -> list[Row]:
    """The rows with the plain values of a column as digests; what cannot be read is left as it is."""
    how = Comparison(PROFILES[normalised], algorithm)
    made: list[Row] = []
    for row in rows:
        value = trimmed(row, column)
        if digest := how.try_to_read(column, row):
            value = spelled(bytes.fromhex(digest), draw(st.sampled_from(list(SPELLINGS))))
        made.append({**row, column["source"]: value})
    return made


def _list_column(draw: Any, kind: str, mine: Sequence[Column]) -> Column:
    """A plain column of a list, as the audience's columns of this kind are."""
    column = {"kind": kind, "source": LISTED[kind]}
    if platform := next((one["platform"] for one in mine if "platform" in one), None):
        column["platform"] = platform
    if kind == "phone" and draw(st.booleans()):
        column["region"] = draw(st.sampled_from(("SE", "US")))
    return column


def _rules_of_list(draw: Any, column: Column, mine: Sequence[Column], profile: str) -> tuple[str, str]:
    """The algorithm and the profile of a hashed list: the audience's own, where that is hashed already."""
    for one in mine:
        if "hashed" in one:
            return one["hashed"], one["normalised"]
    profiles: Sequence[str] = ("google", "meta", "uid2", "tiktok", "liveramp_connect")
    if column["kind"] == "device_id":
        profiles = (profile,) if "platform" in column else ("meta", "snap")
    return draw(st.sampled_from(("md5", "sha1", "sha256"))), draw(st.sampled_from(profiles))


@st.composite
def _suppression(draw: Any, schema: Mapping[str, Any], profile: str, name: str) -> dict[str, Any]:
    """A list that can be compared with the audience."""
    compared: dict[str, list[Column]] = {}
    for column in (*schema["columns"].values(), *schema.get("suppress_by", {}).values()):
        if column["kind"] in IDENTIFIERS:
            compared.setdefault(column["kind"], []).append(column)
    kinds = draw(st.lists(st.sampled_from(sorted(compared)), min_size=1, unique=True))
    values = {LISTED[kind]: SOURCES[LISTED[kind]] for kind in kinds}
    rows: list[Row] = draw(st.lists(st.fixed_dictionaries(values), min_size=1, max_size=6))
    columns = {}
    for kind in kinds:
        column = _list_column(draw, kind, compared[kind])
        if draw(st.booleans()):
            algorithm, normalised = _rules_of_list(draw, column, compared[kind], profile)
            rows = _as_digests(draw, column, algorithm, normalised, rows)
            column = {"kind": kind, "source": column["source"], "hashed": algorithm, "normalised": normalised}
        columns[f"listed {kind}"] = column
    return {"source": rows, "schema": {"columns": columns}, "name": name, "allow_empty": True}


@st.composite
def cases(draw: Any, profile: str) -> Case:
    """A table, a schema over it that the profile allows, and what else may be asked."""

    def choose(words: Sequence[str]) -> str:
        return str(draw(st.sampled_from(words)))

    choices = CHOICES[profile]
    if profile == "liveramp_connect" and draw(st.integers(0, 3)) == 0:
        choices = DEVICES_ALONE
    identifiers = [name for name, kinds in choices.items() if kinds[0]["kind"] in IDENTIFIERS]
    chosen = draw(st.lists(st.sampled_from(identifiers), min_size=1, max_size=3, unique=True))
    others = [name for name in choices if name not in identifiers]
    chosen += draw(st.lists(st.sampled_from(others), max_size=3, unique=True))
    columns = {name: dict(draw(st.sampled_from(choices[name]))) for name in draw(st.permutations(chosen))}
    schema: dict[str, Any] = {"columns": columns}
    if profile == "liveramp_template":
        columns["LAPSED"] = {"kind": "constant", "value": "1"}
    named = [name for name in columns if name in identifiers]
    if draw(st.booleans()):
        schema["require_any"] = draw(st.lists(st.sampled_from(named), min_size=1, unique=True))
    if choices is not DEVICES_ALONE and draw(st.integers(0, 2)) == 0:
        schema["suppress_by"] = {"mail": {"kind": "email", "source": "email_2"}}
    suppress = [
        draw(_suppression(schema, profile, f"list {number}")) for number in range(draw(st.integers(0, 2)))
    ]
    return Case(
        rows=draw(TABLES),
        schema=schema,
        profile=profile,
        suppress=suppress,
        where=draw(st.sampled_from((None, None, "country = 'SE'"))),
        order_by=draw(st.sampled_from((None, "version"))),
        registration=registration_of(columns, choose) if profile == "acoustic" else None,
    )
