"""The rules by which identifiers are brought to one form, as DuckDB SQL, each written once.

Each function takes the SQL of a value and returns the SQL of another. What costs time comes after a test that
most values pass: DuckDB evaluates a branch of CASE for those rows alone that reach it.
"""

from __future__ import annotations

from airflow_provider_activation.audience.profiles import Profile

WHITE = r"[\p{Z}\s\x{200B}\x{FEFF}\x{0B}\x{1C}-\x{1F}\x{85}]"
"""What Python takes for white space, and two characters that nobody sees."""

_CASED = (
    r"\p{Lu}\p{Ll}\p{Lt}\x{AA}\x{BA}\x{2160}-\x{217F}\x{24B6}-\x{24E9}"
    r"\x{1F130}-\x{1F149}\x{1F150}-\x{1F169}\x{1F170}-\x{1F189}"
)
_SKIPPED = (
    r"\p{Mn}\p{Me}\p{Cf}\p{Lm}\p{Sk}'.:\x{B7}\x{387}\x{55F}\x{5F4}\x{2018}\x{2019}\x{2024}\x{2027}"
    r"\x{FE13}\x{FE52}\x{FE55}\x{FF07}\x{FF0E}\x{FF1A}"
)
_FINAL_SIGMA = f"([{_CASED}][{_SKIPPED}]*)Σ([{_SKIPPED}]*)([^{_CASED}{_SKIPPED}]|$)"
"""A sigma that ends a word, which DuckDB puts into the small letter of one inside a word."""

_TIDY_EMAIL = r"[a-z0-9_-][a-z0-9._+-]*@([a-z0-9-]+\.)+[a-z0-9-]+"
"""Most addresses: nothing is to be removed and nothing is wrong."""
_UNFIT = r'\p{Cc}\p{Z}\x{200B}\x{FEFF},;:<>()\[\]"\\'
_EMAIL = f"[^@{_UNFIT}]+@[^@.{_UNFIT}]+(\\.[^@.{_UNFIT}]+)+"

PLACEHOLDER_EMAIL = "test@test.com"
PLACEHOLDER_PHONE = "0000000000"
_DEVICE_ID = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"

BYTES = {"md5": 16, "sha1": 20, "sha256": 32}
_BASE64_LENGTHS = {"md5": "[A-Za-z0-9+/]{22}==", "sha1": "[A-Za-z0-9+/]{27}=", "sha256": "[A-Za-z0-9+/]{43}="}


def text(value: str) -> str:
    """SQL of a text."""
    return "'" + value.replace("'", "''") + "'"


def name(identifier: str) -> str:
    """SQL of a name."""
    return '"' + identifier.replace('"', '""') + '"'


def trimmed(value: str) -> str:
    """Without white space at both ends."""
    return (
        f"CASE WHEN regexp_full_match({value}, '[!-~]+') THEN {value} "
        f"ELSE regexp_replace({value}, '^{WHITE}+|{WHITE}+$', '', 'g') END"
    )


def lower(value: str) -> str:
    """In small letters as Python has it: DuckDB knows no dotted capital I and no final sigma."""
    dotted = f"replace({value}, 'İ', 'i̇')"
    sigma = f"regexp_replace({dotted}, {text(_FINAL_SIGMA)}, '\\1ς\\2\\3', 'g')"
    return f"lower(CASE WHEN contains({value}, 'Σ') THEN {sigma} ELSE {dotted} END)"


def ascii_lower(value: str) -> str:
    """In small letters as far as ASCII goes."""
    return f"translate({value}, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')"


def is_tidy_email(value: str) -> str:
    """Whether an address is in its form already but for its domain's rules."""
    return f"coalesce(regexp_full_match({value}, '{_TIDY_EMAIL}'), false)"


def stripped_email(value: str, clean: str, profile: Profile) -> str:
    """An address without white space; ``clean`` says whether it is tidy."""
    if profile.spaces == "everywhere":
        stripped = f"regexp_replace({value}, '{WHITE}+', '', 'g')"
    else:
        stripped = f"regexp_replace({value}, '^{WHITE}+|{WHITE}+$', '', 'g')"
    composed = f"nfc_normalize({stripped})" if profile.composed else stripped
    is_plain = f"regexp_full_match({value}, '[!-~]+')"
    return f"CASE WHEN {clean} THEN {value} WHEN {is_plain} THEN {value} ELSE {composed} END"


def lowered_email(stripped: str, clean: str, profile: Profile) -> str:
    """A stripped address in small letters; NULL if nothing is left."""
    small = ascii_lower(stripped) if profile.case == "ascii" else lower(stripped)
    return (
        f"CASE WHEN {clean} THEN {stripped} WHEN strlen({stripped}) = length({stripped}) "
        f"THEN nullif(lower({stripped}), '') ELSE {small} END"
    )


def is_email(lowered: str, clean: str) -> str:
    """Whether a lowered text is an address; ``clean`` says of some that they are."""
    return (
        f"CASE WHEN {clean} THEN true WHEN regexp_full_match({lowered}, '{_TIDY_EMAIL}') THEN true "
        f"ELSE regexp_full_match({lowered}, {text(_EMAIL)}) END"
    )


def email(lowered: str, fit: str, profile: Profile) -> str:
    """An address by the rules of its domain; NULL if it is none, as ``fit`` says."""
    return f"CASE WHEN {fit} THEN {_by_domain(lowered, profile)} END"


def _by_domain(lowered: str, profile: Profile) -> str:
    if not profile.plus:
        return lowered
    if profile.plus == ("*",):
        local, domain = f"split_part({lowered}, '@', 1)", f"split_part({lowered}, '@', 2)"
        short = f"nullif(split_part({local}, '+', 1), '') || '@' || {domain}"
        return f"CASE WHEN contains({lowered}, '+') THEN {short} ELSE {lowered} END"
    branches = []
    for domain in profile.plus:
        local = f"split_part({lowered}[:-{len(domain) + 2}], '+', 1)"
        short = f"replace({local}, '.', '')" if domain in profile.dots else local
        branches.append(f"WHEN suffix({lowered}, '@{domain}') THEN nullif({short}, '') || '@{domain}'")
    return f"CASE {' '.join(branches)} ELSE {lowered} END"


def looks_hashed(trimmed_value: str) -> str:
    """Whether a text has the form of a digest."""
    forms = ["(0[xX])?[0-9a-fA-F]{32}", "(0[xX])?[0-9a-fA-F]{40}", "(0[xX])?[0-9a-fA-F]{64}"]
    forms += [*_BASE64_LENGTHS.values(), "[A-Za-z0-9+/]{86}==", "[A-Za-z0-9+/]{87}=", "[A-Za-z0-9+/]{88}"]
    return f"regexp_full_match({trimmed_value}, '{'|'.join(forms)}')"


def digest(trimmed_value: str, algorithm: str) -> str:
    """A digest of the algorithm in hex and small letters, from hex or base64; NULL if it is none."""
    length = BYTES[algorithm] * 2
    hexed = f"regexp_full_match({trimmed_value}, '(0[xX])?[0-9a-fA-F]{{{length}}}')"
    based = f"regexp_full_match({trimmed_value}, '{_BASE64_LENGTHS[algorithm]}')"
    return (
        f"CASE WHEN {hexed} THEN lower(right({trimmed_value}, {length})) "
        f"WHEN {based} THEN lower(hex(from_base64({trimmed_value}))) END"
    )


def hashed(value: str, algorithm: str) -> str:
    """The digest of a text in hex and small letters."""
    return f"{algorithm}({value})"


def in_base64(digest_in_hex: str) -> str:
    """The digest's bytes in base64."""
    return f"to_base64(unhex({digest_in_hex}))"


def device_id(trimmed_value: str, platform: str | None, profile: Profile) -> str:
    """A device id in the profile's case; NULL if it is none."""
    case = profile.device_case.get(platform or "*", profile.device_case.get("*"))
    cased = f"{case}({trimmed_value})" if case else trimmed_value
    return f"CASE WHEN regexp_full_match({trimmed_value}, '{_DEVICE_ID}') THEN {cased} END"


def in_lines(value: str, profile: Profile) -> str:
    """Without white space at both ends, and in one line where the profile wants it."""
    if not profile.one_line:
        return trimmed(value)
    return f"regexp_replace({trimmed(value)}, '[\\r\\n]+', ' ', 'g')"


def name_of_person(value: str, profile: Profile) -> str:
    """A name as it is hashed or written."""
    line = in_lines(value, profile)
    return f"nullif({lower(f'nfc_normalize({line})') if profile.name_case == 'lower' else line}, '')"


def phone_form(e164: str, national: str, profile: Profile, *, digits_only: bool) -> str:
    """A phone as the profile wants it, from its E.164 form and its national significant number."""
    if profile.phone == "national":
        form = national
    else:
        form = f"ltrim({e164}, '+')" if profile.phone == "digits" or digits_only else e164
    if profile.phone_digits is None:
        return form
    least, most = profile.phone_digits
    return f"CASE WHEN length({e164}) BETWEEN {least + 1} AND {most + 1} THEN {form} END"
