"""A second opinion on audience files: the same rules in plain Python, one row after the other.

It is written from the vendors' documents and the package's promises, and shares no line with the package. It
says the exact text of the file and the counts of the manifest. A schema and the mappings of suppression lists
are the ones that ``prepare_audience`` takes; a schema that a profile forbids is not its business.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers

Row = Mapping[str, str | None]
Column = Mapping[str, Any]
Line = tuple[str | None, ...]

WHITE = "".join(chr(code) for code in range(0x10000) if chr(code).isspace()) + "\u200b\ufeff"
NO_WHITE = str.maketrans(dict.fromkeys(WHITE))
CAPITALS = str.maketrans({chr(code): chr(code + 32) for code in range(ord("A"), ord("Z") + 1)})
NOT_IN_ADDRESSES = set(',;:<>()[]"\\') | set(WHITE)
IDENTIFIERS = ("email", "phone", "device_id")
PLACEHOLDERS = ("test@test.com", "0000000000")
LENGTHS = {"md5": 16, "sha1": 20, "sha256": 32}
HEX = re.compile(r"(?:0[xX])?((?:[0-9a-fA-F]{2})+)")
LOOKS_HASHED = re.compile(
    r"(?:0[xX])?(?:[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64})"
    r"|[A-Za-z0-9+/]{22}==|[A-Za-z0-9+/]{27}=|[A-Za-z0-9+/]{43}=|[A-Za-z0-9+/]{86}=="
)
DEVICE = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
TRUE, FALSE = ("true", "1", "yes", "t"), ("false", "0", "no", "f")
BOOLEANS = dict.fromkeys(TRUE, "true") | dict.fromkeys(FALSE, "false")
_ADDRESS = ("ADDRESS1", "ADDRESS2", "CITY", "STATE", "ZIP", "ZIP4")
TEMPLATE = ("CCID", "FIRSTNAME", "LASTNAME", *_ADDRESS, "EMAIL1", "EMAIL2", "EMAIL3", "PHONE1", "PHONE2")


@dataclass(frozen=True)
class Profile:
    """What a destination wants.

    :param spaceless: white space goes everywhere in an e-mail address, not only at its ends.
    :param unicode: text is composed (NFC), and all of Unicode is lower-cased, not only A to Z.
    :param dotless: domains at which dots before the ``@`` go.
    :param plusless: domains at which a ``+`` and what follows goes; ``*`` is every domain.
    :param phone: ``plus`` (E.164), ``digits`` (E.164 without its plus) or ``national``.
    :param device: the case of device ids by platform.
    :param one_line: names and addresses lose their line breaks.
    """

    spaceless: bool = False
    unicode: bool = True
    dotless: tuple[str, ...] = ()
    plusless: tuple[str, ...] = ()
    phone: str = "plus"
    least_digits: int = 0
    device: Mapping[str | None, Callable[[str], str]] = field(default_factory=dict)
    base64: bool = False
    names_lower: bool = False
    one_line: bool = False
    quoted: bool = False


GMAIL = ("gmail.com",)
GOOGLE = ("gmail.com", "googlemail.com")
LOWER: Mapping[str | None, Callable[[str], str]] = {None: str.lower, "idfa": str.lower, "aaid": str.lower}
CONNECT: Mapping[str | None, Callable[[str], str]] = {"idfa": str.upper, "aaid": str.lower}
_LIVERAMP = Profile(spaceless=True, phone="national", device=CONNECT, one_line=True, quoted=True)
_UID2 = Profile(unicode=False, dotless=GMAIL, plusless=GMAIL, least_digits=10, base64=True)
PROFILES = {
    "liveramp_template": _LIVERAMP,
    "liveramp_connect": _LIVERAMP,
    "liveramp_connect_eu": _LIVERAMP,
    "google": Profile(spaceless=True, dotless=GOOGLE, plusless=GOOGLE, names_lower=True),
    "meta": Profile(phone="digits", device=LOWER),
    "tiktok": Profile(spaceless=True, plusless=("*",), phone="digits", device=LOWER),
    "snap": Profile(phone="digits", device=LOWER),
    "uid2": _UID2,
    "the_trade_desk": _UID2,
    "acoustic": Profile(),
}


class Reject(Exception):
    """A value that does not leave, with its reason."""


def normal_email(text: str, profile: Profile) -> str:
    if LOOKS_HASHED.fullmatch(text):
        raise Reject("undeclared_digest")
    if profile.unicode:
        text = unicodedata.normalize("NFC", text)
    text = text.translate(NO_WHITE) if profile.spaceless else text.strip(WHITE)
    text = text.lower() if profile.unicode else text.translate(CAPITALS)
    local, at, domain = text.partition("@")
    labels = domain.split(".")
    if not local or "@" in domain or len(labels) < 2 or not all(labels):
        raise Reject("not_an_address")
    if any(letter in NOT_IN_ADDRESSES or unicodedata.category(letter) == "Cc" for letter in text):
        raise Reject("not_an_address")
    if domain in profile.plusless or "*" in profile.plusless:
        local = local.partition("+")[0]
    if domain in profile.dotless:
        local = local.replace(".", "")
    if not local:
        raise Reject("not_an_address")
    if (address := local + at + domain) in PLACEHOLDERS:
        raise Reject("placeholder")
    return address


def _possible_phone(text: str, region: str | None) -> phonenumbers.PhoneNumber:
    if any(letter.isdigit() and not letter.isascii() for letter in text):
        raise Reject("not_a_phone")
    digits = re.findall("[0-9]", text)
    if len(digits) > 1 and len(set(digits)) == 1:
        raise Reject("placeholder")
    if text.startswith("00"):
        text = f"+{text[2:]}"
    if region is None and not text.startswith("+"):
        raise Reject("no_country" if digits else "not_a_phone")
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        raise Reject("not_a_phone") from None
    if not phonenumbers.is_possible_number(number):
        raise Reject("not_a_phone")
    if len(set(str(number.national_number))) == 1:
        raise Reject("placeholder")
    return number


def normal_phone(text: str, profile: Profile, region: str | None) -> str:
    try:
        number = _possible_phone(text, region)
    except Reject:
        if LOOKS_HASHED.fullmatch(text):
            raise Reject("undeclared_digest") from None
        raise
    full = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if len(full) - 1 < profile.least_digits:
        raise Reject("not_a_phone")
    if profile.phone == "national":
        return phonenumbers.national_significant_number(number)
    return full.removeprefix("+") if profile.phone == "digits" else full


def normal_device(text: str, profile: Profile, platform: str | None) -> str:
    if not DEVICE.fullmatch(text):
        raise Reject("not_a_device_id")
    if not text.replace("-", "").strip("0"):
        raise Reject("placeholder")
    return profile.device.get(platform, str)(text)


def in_lines(text: str, profile: Profile) -> str:
    return re.sub("[\r\n]+", " ", text) if profile.one_line else text


def normal_name(text: str, profile: Profile) -> str:
    text = in_lines(text, profile)
    return unicodedata.normalize("NFC", text).lower() if profile.names_lower else text


def normal(column: Column, text: str, profile: Profile) -> str:
    """What the destination would have of a plain value; ``text`` is trimmed and not empty."""
    kind = column["kind"]
    if kind == "email":
        return normal_email(text, profile)
    if kind == "phone":
        return normal_phone(text, profile, column.get("region"))
    if kind == "device_id":
        return normal_device(text, profile, column.get("platform"))
    return normal_name(text, profile)


def declared_digest(text: str, algorithm: str) -> str:
    """The digest in small hex."""
    if hexadecimal := HEX.fullmatch(text):
        digest = bytes.fromhex(hexadecimal[1])
    else:
        try:
            digest = base64.b64decode(text, validate=True)
        except ValueError:
            raise Reject("not_a_digest") from None
    if len(digest) != LENGTHS[algorithm]:
        raise Reject("other_algorithm" if len(digest) in LENGTHS.values() else "not_a_digest")
    if digest == hashlib.new(algorithm, b"").digest():
        raise Reject("digest_of_nothing")
    if digest in [hashlib.new(algorithm, placeholder.encode()).digest() for placeholder in PLACEHOLDERS]:
        raise Reject("placeholder")
    return digest.hex()


def attribute(text: str, kind: str, zone: str) -> str:
    """An attribute of a type as it leaves."""
    try:
        if kind == "number":
            return NUMBER.fullmatch(text)[0]  # type: ignore[index]
        if kind == "boolean":
            return BOOLEANS[text.lower()]
        if kind == "date":
            return date.fromisoformat(text).isoformat()
        if kind == "timestamp":
            stamp = datetime.fromisoformat(text)
            local = stamp if stamp.tzinfo else stamp.replace(tzinfo=ZoneInfo(zone))
            return local.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except (KeyError, TypeError, ValueError):
        raise Reject("unreadable") from None
    return text


def registered_algorithms(registration: Mapping[str, Any]) -> dict[str, str]:
    """What an Acoustic Exchange endpoint registered: the algorithm of each identifier, if any."""
    databases = registration.get("marketing_databases_definition", {}).get("marketingDatabases", ())
    entries = [entry for database in databases for entry in database.get("identifiers", ())]
    whole = registration.get("hash_algorithm", "")
    return {entry["name"]: entry.get("hashAlgorithm") or whole for entry in entries}


def trimmed(row: Row, column: Column) -> str | None:
    """The value without white space around it; ``None`` where nothing is left."""
    return (row[column["source"]] or "").strip(WHITE) or None


def leaving(column: Column, row: Row, profile: Profile, registered: str | None) -> str | None:
    """The value of a column as it leaves; ``registered`` is the algorithm in Acoustic Exchange's words."""
    if column["kind"] == "constant":
        return str(column["value"])
    if (text := trimmed(row, column)) is None:
        return None
    if column["kind"] == "attribute":
        return attribute(text, column.get("type", "text"), column.get("timezone", "UTC"))
    if column["kind"] == "postal":
        return in_lines(text, profile)
    if column.get("hashed"):
        digest = declared_digest(text, column["hashed"])
    else:
        plain = normal(column, text, profile)
        if not column.get("hash"):
            return plain
        if registered == "PHONE_SHA256":
            plain = plain.removeprefix("+")
        digest = hashlib.new(column["hash"], plain.encode()).hexdigest()
    return base64.b64encode(bytes.fromhex(digest)).decode() if profile.base64 else digest


@dataclass(frozen=True)
class Comparison:
    """Under which profile, and hashed with which algorithm (``None``: plain), two columns are compared."""

    profile: Profile
    algorithm: str | None

    @classmethod
    def of(cls, one: Column, other: Column, profile: str) -> Comparison:
        for column in (one, other):
            if column.get("hashed"):
                return cls(PROFILES[column["normalised"]], column["hashed"])
        return cls(PROFILES[profile], None)

    def read(self, column: Column, row: Row) -> str | None:
        if (text := trimmed(row, column)) is None:
            return None
        if column.get("hashed"):
            return declared_digest(text, column["hashed"])
        plain = normal(column, text, self.profile)
        if column["kind"] == "device_id" and self.algorithm is None:
            plain = plain.lower()
        return hashlib.new(self.algorithm, plain.encode()).hexdigest() if self.algorithm else plain

    def try_to_read(self, column: Column, row: Row) -> str | None:
        try:
            return self.read(column, row)
        except Reject:
            return None


class SuppressionList:
    """One list, and which rows it meets. Only what can be read meets, and nothing meets nothing."""

    def __init__(self, given: Mapping[str, Any], compared: Iterable[Column], profile: str) -> None:
        rows, columns = given["source"], given["schema"]["columns"].values()
        self.count: dict[str, Any] = {"name": given.get("name"), "rows": len(rows)}
        self.count |= {"unreadable": 0, "suppressed": 0}
        for row in rows:
            read = (Comparison.of(column, column, profile).try_to_read(column, row) for column in columns)
            self.count["unreadable"] += not any(read)
        self.pairs = []
        for one, other in itertools.product(compared, columns):
            if one["kind"] == other["kind"]:
                how = Comparison.of(one, other, profile)
                self.pairs.append((one, how, {how.try_to_read(other, row) for row in rows} - {None}))

    def has(self, row: Row) -> bool:
        return any(how.try_to_read(column, row) in values for column, how, values in self.pairs)


@dataclass(frozen=True)
class Verdict:
    """What must come out: the text of the file in UTF-8, the manifest's counts, and the rejects file."""

    csv: bytes
    columns: list[str]
    rows: dict[str, int]
    rejects: dict[str, dict[str, int]]
    suppression: list[dict[str, Any]]
    reject_lines: list[tuple[int, str, str]]


def nulls_last(line: Line) -> list[tuple[bool, str]]:
    return [(value is None, value or "") for value in line]


def written(value: str | None, profile: Profile) -> str:
    # nobody needs the number sign quoted, but a reader may take it for a comment
    if value is not None and (profile.quoted or any(letter in ',"\r\n#' for letter in value)):
        return '"' + value.replace('"', '""') + '"'
    return value or ""


def judge(
    rows: Sequence[Row],
    schema: Mapping[str, Any],
    profile: str,
    *,
    suppress: Sequence[Mapping[str, Any]] = (),
    where: Callable[[Row], bool] = lambda row: True,
    order_by: str | None = None,
    registration: Mapping[str, Any] = MappingProxyType({}),
) -> Verdict:
    """Say what ``prepare_audience`` must write and count, for the same arguments."""
    rules, registered, columns = PROFILES[profile], registered_algorithms(registration), schema["columns"]
    compared = [*columns.values(), *schema.get("suppress_by", {}).values()]
    compared = [column for column in compared if column["kind"] in IDENTIFIERS]
    named = [name for name, column in columns.items() if column["kind"] in IDENTIFIERS]
    any_of = schema.get("require_any") or named
    fixed = TEMPLATE if profile == "liveramp_template" else ()
    names = [*fixed, *(name for name in columns if name not in fixed)]
    lists = [SuppressionList(given, compared, profile) for given in suppress]
    counts = dict.fromkeys(("read", "left_out", "rejected", "suppressed", "duplicates", "written"), 0)
    reject_lines: list[tuple[int, str, str]] = []
    kept: list[tuple[Line, str | None]] = []
    for number, row in enumerate(rows, 1):
        counts["read"] += 1
        if not where(row):
            counts["left_out"] += 1
            continue
        line: dict[str, str | None] = dict.fromkeys(names)
        unfit = False
        for name, column in columns.items():
            try:
                line[name] = leaving(column, row, rules, registered.get(name))
            except Reject as reject:
                reject_lines.append((number, name, str(reject)))
            unfit |= bool(column.get("required")) and line[name] is None
        for name, column in schema.get("suppress_by", {}).items():
            try:
                leaving(column, row, rules, None)
            except Reject as reject:
                reject_lines.append((number, name, str(reject)))
        if any_of and not any(line[name] for name in any_of):
            reject_lines.append((number, "", "no_identifier"))
            unfit = True
        if unfit:
            counts["rejected"] += 1
            continue
        met = [listed for listed in lists if listed.has(row)]
        for listed in met:
            listed.count["suppressed"] += 1
        if met:
            counts["suppressed"] += 1
            continue
        kept.append((tuple(line.values()), row[order_by] if order_by else None))
    keys = [names.index(name) for name in named] or list(range(len(names)))
    kept.sort(key=lambda one: nulls_last(one[0]))
    # a stable sort from behind: the greatest comes first, nothing last, and equal ones as they were
    kept.sort(key=lambda one: (one[1] is not None, one[1] or ""), reverse=True)
    best: dict[Line, Line] = {}
    for leaving_line, _ in kept:
        best.setdefault(tuple(leaving_line[key] for key in keys), leaving_line)
    counts["duplicates"] = len(kept) - len(best)
    counts["written"] = len(best)
    lines = sorted(best.values(), key=nulls_last)
    text = "".join(",".join(written(value, rules) for value in one) + "\n" for one in [tuple(names), *lines])
    rejects: dict[str, Counter[str]] = {}
    for _, name, reason in reject_lines:
        rejects.setdefault(name, Counter())[reason] += 1
    found = {name: dict(reasons) for name, reasons in rejects.items()}
    met_by = [listed.count for listed in lists]
    return Verdict(text.encode(), names, counts, found, met_by, reject_lines)
