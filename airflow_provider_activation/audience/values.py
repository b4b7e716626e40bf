"""SQL that reads identifiers and attributes out of rows: each a value, or why there is none."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from airflow_provider_activation.audience import normalise
from airflow_provider_activation.audience.normalise import name, text, trimmed
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


def fast_phone(written: str) -> str:
    """SQL of whether a number is in E.164, so that the library need not read it."""
    from airflow_provider_activation.audience.phones import ONE_DIGIT, e164

    return f"(regexp_full_match({written}, '{e164()}') AND NOT regexp_full_match({written}, '{ONE_DIGIT}'))"


def reading(
    relation: str,
    values: Sequence[Value],
    phones: Mapping[Value, str],
    keep: Iterable[str] = (),
    reasons: bool = True,
) -> str:
    """SQL of a relation with ``v0``, ``v1`` ... for the values, and ``b0``, ``b1`` ... why there is none.

    :param relation: SQL of a relation of the source's columns as text.
    :param phones: for values that are phones, the table of those that the library has read.
    :param keep: other columns to keep.
    :param reasons: whether the reasons are wanted.
    """
    kept = list(keep)
    joins = []
    first, second, third, last = list(kept), list(kept), list(kept), list(kept)
    for at, value in enumerate(values):
        written, found, read = f"t{at}", f"p{at}", f"v{at}"
        first.append(f"{_cleaned(value)} AS {written}")
        second.append(written)
        if is_slow_phone(value):
            second.append(f"{fast_phone(written)} AS f{at}")
            table = phones.get(value)
            e164, national, why = (
                f"NULL::VARCHAR AS e{at}",
                f"NULL::VARCHAR AS n{at}",
                f"NULL::VARCHAR AS y{at}",
            )
            if table is not None:
                joins.append(f"LEFT JOIN {table} AS j{at} ON j{at}.written = {written}")
                e164, national, why = (f"j{at}.{one} AS {short}{at}" for one, short in _JOINED)
            third += [written, f"f{at}", e164, national, why]
        else:
            third.append(written)
            if value.hashed is None and value.kind in ("email", "device_id"):
                second.append(f"{_found(value, written)} AS {found}")
                third.append(found)
        last.append(f"{_value(value, at)} AS {read}")
        if reasons:
            last.append(written)
            last += [f"e{at}", f"y{at}"] if is_slow_phone(value) else []
            last += [found] if value.hashed is None and value.kind == "email" else []
    sql = f"SELECT {', '.join(first)} FROM {relation}"
    sql = f"SELECT {', '.join(second)} FROM ({sql})"
    sql = f"SELECT {', '.join(third)} FROM ({sql}) {' '.join(joins)}"
    sql = f"SELECT {', '.join(last)} FROM ({sql})"
    if not reasons:
        return sql
    told = [f"v{at}, {_reason(value, at)} AS b{at}" for at, value in enumerate(values)]
    return f"SELECT {', '.join([*kept, *told])} FROM ({sql})"


_JOINED = (("e164", "e"), ("national", "n"), ("reason", "y"))


def _cleaned(value: Value) -> str:
    column = name(value.source)
    if value.hashed is None and value.kind == "email":
        return normalise.cleaned_email(column, value.profile)
    if value.hashed is None and value.kind == "name":
        return normalise.name_of_person(column, value.profile)
    if value.kind == "postal":
        return f"nullif(regexp_replace({trimmed(column)}, '[\\r\\n]+', ' ', 'g'), '')"
    return f"nullif({trimmed(column)}, '')"


def _found(value: Value, written: str) -> str:
    if value.kind == "email":
        return normalise.email(written, value.profile)
    return normalise.device_id(written, value.platform, value.profile)


def _value(value: Value, at: int) -> str:
    written, found = f"t{at}", f"p{at}"
    if value.hashed is not None:
        digest = normalise.digest(written, value.hashed)
        refused = ", ".join(text(one) for one in (_nothing(value.hashed), *_placeholders(value.hashed)))
        return f"CASE WHEN {digest} NOT IN ({refused}) THEN {digest} END"
    if value.kind == "email":
        return f"nullif({found}, {text(normalise.PLACEHOLDER_EMAIL)})"
    if value.kind == "phone":
        from airflow_provider_activation.audience.phones import country_code

        e164 = f"CASE WHEN f{at} THEN {written} ELSE e{at} END"
        national = f"CASE WHEN f{at} THEN regexp_replace({written}, '{country_code()}', '') ELSE n{at} END"
        return normalise.phone_form(
            f"({e164})", f"({national})", value.profile, digits_only=value.digits_only
        )
    if value.kind == "device_id":
        return f"CASE WHEN NOT regexp_full_match({written}, '[0-]+') THEN {found} END"
    return _attribute(value, written) if value.kind == "attribute" else written


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


def _reason(value: Value, at: int) -> str:
    written, read = f"t{at}", f"v{at}"
    if value.hashed is not None:
        others = [one for one in normalise.BYTES if one != value.hashed]
        other = " OR ".join(f"{normalise.digest(written, one)} IS NOT NULL" for one in others)
        digest = normalise.digest(written, value.hashed)
        why = (
            f"WHEN {digest} = {text(_nothing(value.hashed))} THEN 'digest_of_nothing' "
            f"WHEN {digest} IS NOT NULL THEN 'placeholder' WHEN {other} THEN 'other_algorithm' ELSE "
            f"'not_a_digest'"
        )
    elif value.kind == "email":
        why = (
            f"WHEN p{at} IS NOT NULL THEN 'placeholder' WHEN {normalise.looks_hashed(written)} "
            "THEN 'undeclared_digest' ELSE 'not_an_address'"
        )
    elif value.kind == "phone":
        why = (
            f"WHEN e{at} IS NULL AND {normalise.looks_hashed(written)} THEN 'undeclared_digest' "
            f"ELSE coalesce(y{at}, 'not_a_phone')"
        )
    elif value.kind == "device_id":
        why = (
            f"WHEN regexp_full_match({written}, '0{{8}}(-0{{4}}){{3}}-0{{12}}') THEN 'placeholder' "
            f"ELSE 'not_a_device_id'"
        )
    else:
        why = "ELSE 'unreadable'"
    return f"CASE WHEN {read} IS NOT NULL OR {written} IS NULL OR {written} = '' THEN NULL {why} END"


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
