"""Phone numbers, read by the library phonenumbers; those in E.164 are known by their form."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from typing import Literal, NamedTuple

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberFormat, phonenumberutil

Reason = Literal["not_a_phone", "no_country", "placeholder"]


class Phone(NamedTuple):
    """What a written number is: its two forms, or why it is none."""

    e164: str | None
    national: str | None
    reason: Reason | None


def read(written: str, region: str | None) -> Phone:
    """Read a number that has no white space at its ends.

    :param written: the number as somebody wrote it.
    :param region: the country of a number without one.
    """
    if any(one.isdecimal() and not one.isascii() for one in written):
        return Phone(None, None, "not_a_phone")
    digits = [one for one in written if one.isdecimal()]
    if len(digits) > 1 and len(set(digits)) == 1:
        return Phone(None, None, "placeholder")
    if written.startswith("00"):
        written = "+" + written[2:]
    if region is None and not written.startswith("+"):
        return Phone(None, None, "no_country" if digits else "not_a_phone")
    try:
        number = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return Phone(None, None, "not_a_phone")
    if not phonenumbers.is_possible_number(number):
        return Phone(None, None, "not_a_phone")
    number.extension = None
    national = phonenumbers.national_significant_number(number)
    if len(set(national)) == 1:
        return Phone(None, None, "placeholder")
    return Phone(phonenumbers.format_number(number, PhoneNumberFormat.E164), national, None)


ONE_DIGIT = r"\+[0-9]{1,3}(" + "|".join(f"{digit}{{4,}}" for digit in range(10)) + ")"
"""Numbers that may be one repeated digit behind the country's code; they are read by the library."""


@cache
def e164() -> str:
    """A regular expression of the numbers in E.164 that the library would give back as they are.

    Countries in which a number loses or changes its first digits in complicated ways are left to the library.
    """
    shapes: dict[tuple[str, tuple[int, ...]], list[str]] = defaultdict(list)
    for code, regions in _regions().items():
        if shape := _shape(code, regions[0]):
            shapes[shape].append(str(code))
    alternatives = [
        f"({'|'.join(codes)}){first}({'|'.join(f'[0-9]{{{length - 1}}}' for length in lengths)})"
        for (first, lengths), codes in shapes.items()
    ]
    return rf"\+({'|'.join(alternatives)})"


@cache
def country_code() -> str:
    """A regular expression of what comes before the national number in E.164. No code begins another."""
    return rf"^\+({'|'.join(map(str, sorted(_regions())))})"


def _regions() -> dict[int, tuple[str, ...]]:
    return dict(phonenumberutil.COUNTRY_CODE_TO_REGION_CODE)


def _shape(code: int, region: str) -> tuple[str, tuple[int, ...]] | None:
    """What a country's national numbers begin with, and their lengths; None if that is complicated."""
    metadata = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
    if metadata is None or metadata.national_prefix_transform_rule:
        return None
    prefix = metadata.national_prefix_for_parsing
    if prefix and not (prefix.isdecimal() and len(prefix) == 1):
        return None
    first = f"[{''.join(digit for digit in '0123456789' if digit != prefix)}]"
    possible = metadata.general_desc.possible_length if metadata.general_desc else ()
    lengths = tuple(length for length in possible if length > 3)
    return (first, lengths) if lengths else None
