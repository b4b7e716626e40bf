"""SQL that reads identifiers and attributes out of rows: each a value, or why there is none."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from airflow_provider_activation.audience import normalise
from airflow_provider_activation.audience.normalise import text, trimmed
from airflow_provider_activation.audience.profiles import Profile
from airflow_provider_activation.audience.schema import Attribute, Column, DeviceId, Phone

_NUMBER = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK = r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?"
_ZONE = r"\s?(Z|[+-][0-9]{2}(:[0-9]{2})?)"


@dataclass(frozen=True)
class Value:
    """What one column of the source holds, read by one profile's rules. Several columns may leave from it.

    :param digits_only: whether a phone loses its plus, as the algorithm ``PHONE_SHA256`` wants it.
    """

    kind: str
    source: str
    profile: Profile
    hashed: str | None = None
    region: str | None = None
    platform: str | None = None
    type: str | None = None
    timezone: str = "UTC"
    digits_only: bool = False

    def __hash__(self) -> int:
        return hash(
            (self.kind, self.source, self.profile.name, self.hashed, self.region, self.platform, self.type)
        )


def value_of(column: Column, profile: Profile, *, registered_as: str | None = None) -> Value:
    """The value that a column is made of."""
    registered = (profile.registered or {}).get(registered_as or "")
    return Value(
        column.kind,
        column.source or "",
        profile,
        hashed=column.hashed,
        region=column.region if isinstance(column, Phone) else None,
        platform=column.platform if isinstance(column, DeviceId) else None,
        type=column.type if isinstance(column, Attribute) else None,
        timezone=(column.timezone or "UTC") if isinstance(column, Attribute) else "UTC",
        digits_only=registered is not None and registered.phone_digits_only,
    )


def is_slow_phone(value: Value) -> bool:
    """Whether the library must read what is not in E.164 yet."""
    return value.kind == "phone" and value.hashed is None


Step = tuple[str, str]
"""A column and its SQL, which may name the columns of the steps before."""


def steps(value: Value, at: int, column: str) -> list[Step]:
    """The steps from a column of the source to ``v`` and the number of the value, and the same with ``b``.

    ``v`` is the value or NULL, and ``b`` is the place in `REASONS` of why there is none. What a step computes
    stands once: DuckDB would compute it as often as it is written.

    :param column: the column, as text.
    """
    written, read = f"t{at}", f"v{at}"
    if value.hashed is not None:
        digest = f"d{at}"
        return [
            (written, f"nullif({trimmed(column)}, '')"),
            (digest, normalise.digest(written, value.hashed)),
            (
                read,
                f"CASE WHEN {digest} NOT IN ({_refused(value.hashed)}) THEN {digest} END",
            ),
            (f"b{at}", _code(read, written, _digest_reason(value.hashed, written, digest))),
        ]
    if value.kind == "email":
        clean, stripped, fit, found = f"c{at}", f"s{at}", f"f{at}", f"p{at}"
        return [
            (clean, normalise.is_tidy_email(column)),
            (stripped, normalise.stripped_email(column, clean, value.profile)),
            (written, normalise.lowered_email(stripped, clean, value.profile)),
            (fit, normalise.is_email(written, clean)),
            (found, normalise.email(written, fit, value.profile)),
            (read, f"nullif({found}, {text(normalise.PLACEHOLDER_EMAIL)})"),
            (
                f"b{at}",
                _code(
                    read,
                    written,
                    f"WHEN {found} IS NOT NULL THEN 'placeholder' WHEN {normalise.looks_hashed(written)} "
                    "THEN 'undeclared_digest' ELSE 'not_an_address'",
                ),
            ),
        ]
    if value.kind == "phone":
        fast = f"f{at}"
        return [
            (fast, fast_phone(column)),
            (written, f"CASE WHEN {fast} THEN {column} ELSE nullif({trimmed(column)}, '') END"),
            (read, written),
            (f"b{at}", f"CASE WHEN {fast} OR {written} IS NULL THEN 0 ELSE {REASONS.index(UNREAD)} END"),
        ]
    if value.kind == "device_id":
        return [
            (written, f"nullif({trimmed(column)}, '')"),
            (f"p{at}", normalise.device_id(written, value.platform, value.profile)),
            (read, f"CASE WHEN NOT regexp_full_match(p{at}, '[0-]+') THEN p{at} END"),
            (
                f"b{at}",
                _code(read, written, f"WHEN p{at} IS NOT NULL THEN 'placeholder' ELSE 'not_a_device_id'"),
            ),
        ]
    cleaned = {
        "name": normalise.name_of_person(column, value.profile),
        "postal": f"nullif({normalise.in_lines(column, value.profile)}, '')",
    }.get(value.kind, f"nullif({trimmed(column)}, '')")
    shown = _attribute(value, written) if value.kind == "attribute" else written
    return [(written, cleaned), (read, shown), (f"b{at}", _code(read, written, "ELSE 'unreadable'"))]


def settled_phone(value: Value, at: int, library: Mapping[str, str]) -> tuple[str, str]:
    """SQL of a phone, and of why there is none.

    :param library: SQL of what the library has read: ``e164``, ``national`` and ``reason``.
    """
    from airflow_provider_activation.audience.phones import country_code

    read, code, unread = f"v{at}", f"b{at}", REASONS.index(UNREAD)
    e164 = f"CASE WHEN {code} = {unread} THEN {library['e164']} ELSE {read} END"
    settled = f"regexp_replace({read}, '{country_code()}', '')"
    national = f"CASE WHEN {code} = {unread} THEN {library['national']} ELSE {settled} END"
    form = normalise.phone_form(f"({e164})", f"({national})", value.profile, digits_only=value.digits_only)
    is_unread = f"{code} = {unread}"
    why = (
        f"WHEN {is_unread} AND {library['e164']} IS NULL AND {normalise.looks_hashed(read)} "
        f"THEN 'undeclared_digest' WHEN {is_unread} AND {library['reason']} = 'no_country' THEN 'no_country' "
        f"WHEN {is_unread} AND {library['reason']} = 'placeholder' THEN 'placeholder' ELSE 'not_a_phone'"
    )
    return form, _code(f"({form})", read, why)


UNREAD = "unread"
"""The reason of a phone that the library has not read yet."""
REASONS = (
    "",
    "digest_of_nothing",
    "no_country",
    "not_a_device_id",
    "not_a_digest",
    "not_a_phone",
    "not_an_address",
    "other_algorithm",
    "placeholder",
    "undeclared_digest",
    "unreadable",
    UNREAD,
)
"""Why a value cannot be used. Tables hold the place in this list, which takes one byte."""


def reason(code: str) -> str:
    """SQL of a reason's name."""
    return f"list_extract([{', '.join(map(text, REASONS))}], {code} + 1)"


def _code(read: str, written: str, why: str) -> str:
    """SQL of the place of a reason; 0 if there is a value, or nothing was written.

    :param why: the branches of a CASE that give the reason's name.
    """
    numbered = re.sub("(THEN|ELSE) '([a-z_]+)'", lambda found: f"{found[1]} {REASONS.index(found[2])}", why)
    return (
        f"CAST(CASE WHEN {read} IS NOT NULL OR {written} IS NULL OR {written} = '' THEN 0 {numbered} END "
        "AS UTINYINT)"
    )


def _refused(algorithm: str) -> str:
    """SQL of the digests of nothing and of placeholders."""
    return ", ".join(map(text, [_nothing(algorithm), *_placeholders(algorithm)]))


def _digest_reason(algorithm: str, written: str, digest: str) -> str:
    others = [one for one in normalise.BYTES if one != algorithm]
    other = " OR ".join(f"{normalise.digest(written, one)} IS NOT NULL" for one in others)
    return (
        f"WHEN {digest} = {text(_nothing(algorithm))} THEN 'digest_of_nothing' "
        f"WHEN {digest} IS NOT NULL THEN 'placeholder' WHEN {other} THEN 'other_algorithm' "
        "ELSE 'not_a_digest'"
    )


def fast_phone(written: str) -> str:
    """SQL of whether a number is in E.164, so that the library need not read it."""
    from airflow_provider_activation.audience.phones import ONE_DIGIT, e164

    # of a CASE a branch is computed for the rows alone that reach it, of AND every part for all
    return (
        f"CASE WHEN regexp_full_match({written}, '{e164()}') THEN CASE "
        f"WHEN suffix({written}, repeat(right({written}, 1), 4)) "
        f"THEN NOT regexp_full_match({written}, '{ONE_DIGIT}') ELSE true END ELSE false END"
    )


def _attribute(value: Value, written: str) -> str:
    if value.type == "number":
        return f"CASE WHEN regexp_full_match({written}, '{_NUMBER}') THEN {written} END"
    if value.type == "boolean":
        true, false = "('true', '1', 'yes', 't')", "('false', '0', 'no', 'f')"
        return (
            f"CASE WHEN lower({written}) IN {true} THEN 'true' WHEN lower({written}) IN {false} THEN "
            f"'false' END"
        )
    if value.type == "date":
        fits = f"regexp_full_match({written}, '{_DAY}([ T]00:00:00(\\.0+)?)?')"
        return f"CASE WHEN {fits} THEN CAST(TRY_CAST(left({written}, 10) AS DATE) AS VARCHAR) END"
    if value.type == "timestamp":
        fits = f"regexp_full_match({written}, '{_DAY}([ T]{_CLOCK}({_ZONE})?)?')"
        zoned = f"regexp_full_match({written}, '{_DAY}[ T]{_CLOCK}{_ZONE}')"
        utc = (
            f"CASE WHEN {zoned} THEN TRY_CAST({written} AS TIMESTAMPTZ) AT TIME ZONE 'UTC' WHEN {fits} THEN "
            f"timezone({text(value.timezone)}, TRY_CAST({written} AS TIMESTAMP)) AT TIME ZONE 'UTC' END"
        )
        whole = f"strftime({utc}, '%Y-%m-%dT%H:%M:%S')"
        fraction = f"CASE WHEN microsecond({utc}) % 1000000 = 0 THEN '' ELSE strftime({utc}, '.%f') END"
        return f"{whole} || {fraction} || 'Z'"
    return written


def written_form(column: Column, value: str, profile: Profile) -> str:
    """SQL of what is written of a value: its digest, or itself."""
    if column.hash is None:
        return value
    digest = value if column.hashed else normalise.hashed(value, column.hash)
    return normalise.in_base64(digest) if profile.digest == "base64" else digest


def _nothing(algorithm: str) -> str:
    return hashlib.new(algorithm, b"").hexdigest()


def _placeholders(algorithm: str) -> list[str]:
    written = (normalise.PLACEHOLDER_EMAIL, normalise.PLACEHOLDER_PHONE)
    return [hashlib.new(algorithm, one.encode()).hexdigest() for one in written]
