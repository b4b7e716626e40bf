"""What destinations want of identifiers and of files: values only, each with the document that says so.

The marks of the documents: LR is docs.liveramp.com/connect, LRA developers.liveramp.com/activation-api, GDM
the Data Manager API of Google, META the custom audiences of Meta, TTK "supported IDs and formats" of TikTok,
SNAP the Conversions API of Snap, UID the normalisation of Unified ID 2.0, TTD "tradedesk-emails" of Adobe, AE
the registration of an endpoint at Acoustic Exchange. *Chosen* marks what the documents leave open.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from airflow_provider_activation.audience.schema import AudienceSchema, Column, Constant, DeviceId
from airflow_provider_activation.errors import InvalidArgument, UnfitAudience

Hashes = tuple[str | None, ...]
"""Algorithms with which values may leave; None for plain ones."""
PLAIN: Hashes = (None,)
SHA256: Hashes = ("sha256",)


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What a destination wants.

    :param name: its name.
    :param documents: for each rule the document that says so.
    :param hashes: for each kind of column how its values may leave; a kind that is missing may not.
    :param spaces: whether white space is removed from e-mails ``everywhere`` or at the ``ends``.
    :param case: how e-mails are put in small letters: of all alphabets, or of ``ascii`` alone.
    :param composed: whether texts are brought to Unicode's form NFC.
    :param dots: domains at which dots before the @ mean nothing.
    :param plus: domains at which ``+`` and what follows means nothing; ``*`` for all.
    :param phone: ``e164`` with the plus, its ``digits`` alone, or the ``national`` significant number.
    :param phone_digits: the fewest and most digits of a phone, if not those that a number may have.
    :param device_case: for each platform ``upper`` or ``lower``, under ``*`` for all; else as given.
    :param needs_platform: whether the platform of device ids must be said.
    :param name_case: ``lower`` if names are put in small letters.
    :param one_line: whether line breaks inside names and addresses become a blank.
    :param digest: digests in ``hex`` or in ``base64`` of their bytes.
    :param delimiter: what is between two fields.
    :param quote_all: whether all fields are quoted.
    :param compression: ``gzip`` or ``none``.
    :param min_rows: the fewest rows of a file.
    :param header: names of columns that a file always has, in their order.
    :param segment_column: whether exactly one constant column ends the header.
    :param column_names: a regular expression that other names must match.
    :param unmixed: whether people's own identifiers and device ids must not be in one file, nor hashed ids of
        two platforms.
    :param registered: for each registered column its kind and how it may leave, if only those may.
    :param required: columns that a row must have.
    """

    name: str
    documents: Mapping[str, str]
    hashes: Mapping[str, Hashes]
    spaces: Literal["everywhere", "ends"] = "ends"
    case: Literal["unicode", "ascii"] = "unicode"
    composed: bool = True
    dots: tuple[str, ...] = ()
    plus: tuple[str, ...] = ()
    phone: Literal["e164", "digits", "national"] = "e164"
    phone_digits: tuple[int, int] | None = None
    device_case: Mapping[str, str] = field(default_factory=dict)
    needs_platform: bool = False
    name_case: Literal["lower"] | None = None
    one_line: bool = False
    digest: Literal["hex", "base64"] = "hex"
    delimiter: str = ","
    quote_all: bool = False
    compression: Literal["gzip", "none"] = "none"
    min_rows: int = 1
    header: tuple[str, ...] = ()
    segment_column: bool = False
    column_names: str | None = None
    unmixed: bool = False
    registered: Mapping[str, Registered] | None = None
    required: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Registered:
    """A column that an endpoint has registered."""

    hashes: Hashes
    is_identifier: bool
    type: str
    phone_digits_only: bool = False


_LIVERAMP_HEADER = (
    *("CCID", "FIRSTNAME", "LASTNAME", "ADDRESS1", "ADDRESS2", "CITY", "STATE", "ZIP", "ZIP4"),
    *("EMAIL1", "EMAIL2", "EMAIL3", "PHONE1", "PHONE2"),
)
_LIVERAMP_NAMES = r"[A-Za-z0-9_-]{1,128}"
_ANY = {"attribute": PLAIN, "constant": PLAIN}

_LIVERAMP = Profile(
    name="liveramp_connect",
    documents={
        "e-mails": (
            "LR hashing-identifiers: small letters, no white space at all, UTF-8; no gmail rule is stated"
        ),
        "phones": "LR hashing-identifiers: no country code; SHA-1 alone",
        "device ids": (
            "LR hashing-identifiers: IDFA in capitals, AAID in small letters; the two apart if hashed"
        ),
        "file": "LR formatting-file-data, formatting-column-based-files; LF and no BOM are chosen",
        "rows": "LR product-limits-and-guidelines: 25 at least",
        "mixing": "LR formatting-identifiers: people's identifiers and device ids never in one file",
    },
    hashes={
        **_ANY,
        "email": (None, "md5", "sha1", "sha256"),
        "phone": (None, "sha1"),
        "device_id": (None, "sha1"),
        "name": PLAIN,
        "postal": PLAIN,
    },
    spaces="everywhere",
    phone="national",
    device_case={"idfa": "upper", "aaid": "lower"},
    needs_platform=True,
    one_line=True,
    quote_all=True,
    min_rows=25,
    column_names=_LIVERAMP_NAMES,
    unmixed=True,
)
_GOOGLE = Profile(
    name="google",
    documents={
        "e-mails": "GDM formatting; chosen: the rule of both dots and plus, at gmail.com and googlemail.com",
        "phones": "GDM formatting: E.164 with the plus",
        "names": "GDM formatting: Unicode small letters, NFC; chosen: inner spaces and punctuation stay",
        "device ids": "UserIdentifier of the Google Ads API: as they are",
        "digest": "GDM formatting: SHA-256 in hex or base64",
    },
    hashes={**_ANY, "email": SHA256, "phone": SHA256, "name": SHA256, "device_id": PLAIN, "postal": PLAIN},
    spaces="everywhere",
    dots=("gmail.com", "googlemail.com"),
    plus=("gmail.com", "googlemail.com"),
    name_case="lower",
)
_UID2 = Profile(
    name="uid2",
    documents={
        "e-mails": "UID: spaces at the ends, ASCII small letters; at gmail.com no dots and no plus",
        "phones": "UID: E.164, 10 to 15 digits",
        "digest": "UID: base64 of the 32 bytes",
    },
    hashes={**_ANY, "email": (None, "sha256"), "phone": (None, "sha256")},
    case="ascii",
    composed=False,
    dots=("gmail.com",),
    plus=("gmail.com",),
    phone_digits=(10, 15),
    digest="base64",
)

PROFILES: Mapping[str, Profile] = {
    profile.name: profile
    for profile in (
        replace(
            _LIVERAMP,
            name="liveramp_template",
            documents={
                **_LIVERAMP.documents,
                "columns": "LRA uploading-files: A to O, all there, none added; O is the segment, with 1",
                "hashes": "LRA v1.1 formatting-the-file: do not hash",
            },
            hashes={**_ANY, "email": PLAIN, "phone": PLAIN, "name": PLAIN, "postal": PLAIN},
            header=_LIVERAMP_HEADER,
            segment_column=True,
        ),
        _LIVERAMP,
        replace(
            _LIVERAMP,
            name="liveramp_connect_eu",
            documents={
                **{key: said for key, said in _LIVERAMP.documents.items() if key != "device ids"},
                "phones": "LR hashing-identifiers: never hashed in files of the EU",
                "file": "LR creating-data-files-for-emea-countries: offline identifiers only, gzip",
            },
            hashes={
                key: PLAIN if key == "phone" else how
                for key, how in _LIVERAMP.hashes.items()
                if key != "device_id"
            },
            compression="gzip",
        ),
        _GOOGLE,
        Profile(
            name="meta",
            documents={
                "e-mails": "META: trimmed, small letters, nothing else",
                "phones": "META: digits with the country's code, no plus, no zeros in front",
                "device ids": "META: plain; chosen: small letters",
            },
            hashes={**_ANY, "email": SHA256, "phone": SHA256, "device_id": PLAIN},
            phone="digits",
            device_case={"*": "lower"},
        ),
        Profile(
            name="tiktok",
            documents={
                "e-mails": (
                    "TTK: no spaces, small letters; chosen: the plus is cut at every domain, as in 2025"
                ),
                "phones": "TTK contradicts itself; chosen: without the plus, as the hash that it prints",
                "device ids": "TTK: one case throughout; chosen: small letters",
            },
            hashes={**_ANY, "email": SHA256, "phone": SHA256, "device_id": ("sha256", "md5")},
            spaces="everywhere",
            plus=("*",),
            phone="digits",
            device_case={"*": "lower"},
        ),
        Profile(
            name="snap",
            documents={
                "e-mails": "SNAP: trimmed, small letters",
                "phones": "SNAP: digits, without 00 and the national 0",
                "device ids": "SNAP: small letters, hashed",
            },
            hashes={**_ANY, "email": SHA256, "phone": SHA256, "device_id": SHA256},
            phone="digits",
            device_case={"*": "lower"},
        ),
        _UID2,
        replace(
            _UID2,
            name="the_trade_desk",
            documents={**_UID2.documents, "rows": "TTD: 1,500 at least", "phones": "as UID; not for the EU"},
            min_rows=1500,
        ),
    )
}
ACOUSTIC = "acoustic"
NAMES = (*PROFILES, ACOUSTIC)

_CHOICES: Mapping[str, tuple[Any, ...]] = {
    "digest": ("hex", "base64"),
    "spaces": ("everywhere", "ends"),
    "case": ("unicode", "ascii"),
    "phone": ("e164", "digits", "national"),
    "compression": ("none", "gzip"),
}
"""What a mapping may say besides the profile's name, where a word is wanted."""


def profile_of(
    given: str | Mapping[str, Any] | Profile, registration: Mapping[str, Any] | None = None
) -> Profile:
    """The profile of a name, or of a mapping with a name and what is to be otherwise.

    :param registration: what `AcousticExchangeRegisterEndpointOperator` takes, for ``acoustic``.
    :raises InvalidArgument: naming what is not known.
    """
    if isinstance(given, Profile):
        return given
    if not isinstance(given, str | Mapping):
        raise InvalidArgument("profile must be a name, or a mapping with one.")
    changes: dict[str, Any] = {"name": given} if isinstance(given, str) else dict(given)
    name = str(changes.pop("name", None))
    registration = changes.pop("registration", registration)
    database = changes.pop("database", None)
    if name == ACOUSTIC:
        profile = _registered(registration, database)
    elif name in PROFILES:
        profile = PROFILES[name]
    else:
        raise InvalidArgument(f"profile must be one of {', '.join(NAMES)}.")
    if registration is not None and not isinstance(registration, Mapping):
        raise InvalidArgument("registration must be a mapping.")
    for key, value in changes.items():
        if key in _CHOICES:
            fits = value in _CHOICES[key]
        elif key == "min_rows":
            fits = isinstance(value, int) and not isinstance(value, bool) and value >= 0
        elif key == "delimiter":
            fits = isinstance(value, str) and len(value) == 1 and value not in '"\r\n'
        elif key == "quote_all":
            fits = isinstance(value, bool)
        else:
            raise InvalidArgument(f"profile: {key} is not known.")
        if not fits:
            raise InvalidArgument(f"profile: {key} cannot be this.")
        if key == "digest" and value != profile.digest and name != "google":
            raise InvalidArgument(f"profile: {name} takes digests in {profile.digest} only.")
    return replace(profile, **changes) if changes else profile


_ACOUSTIC_HASHES = {
    "MD5": "md5",
    "SHA1": "sha1",
    "SHA256": "sha256",
    "EMAIL_SHA256": "sha256",
    "PHONE_SHA256": "sha256",
}


def _registered(registration: Mapping[str, Any] | None, database: str | None) -> Profile:
    """The profile of an endpoint, from its registration, with the vendor's field names or ours."""
    databases = _list(_field(registration, "marketingDatabasesDefinition"), "marketingDatabases")
    named = [one for one in databases if database is None or _field(one, "name") == database]
    if len(named) != 1 or not _field(named[0], "identifiers"):
        why = "no database" if not named else "no identifiers" if len(named) == 1 else "several databases"
        raise InvalidArgument(
            f"profile acoustic: the registration has {why}; give registration= with "
            "marketing_databases_definition, and in profile the name of the database if there are several."
        )
    default = _field(registration, "hashAlgorithm")
    columns: dict[str, Registered] = {}
    for is_identifier, key in ((True, "identifiers"), (False, "attributes")):
        for one in _list(named[0], key):
            if not _field(one, "isEventOnly"):
                algorithm = str(_field(one, "hashAlgorithm") or default or "").upper()
                columns[str(_field(one, "name"))] = Registered(
                    _hashes(str(_field(one, "hashMode") or "NONE").upper(), algorithm),
                    is_identifier,
                    str(_field(one, "type") or "").lower(),
                    algorithm == "PHONE_SHA256",
                )
    required = {
        str(_field(one, "name"))
        for key in ("identifiers", "attributes")
        for one in _list(named[0], key)
        if _field(one, "isRequired")
    }
    every = tuple(dict.fromkeys(how for one in columns.values() for how in one.hashes))
    return Profile(
        name=ACOUSTIC,
        documents={
            "columns": "AE: names, types, hash modes and algorithms of the registration",
            "e-mails": "chosen: trimmed, small letters; Acoustic Exchange says nothing",
            "phones": "chosen: E.164 with the plus; digits alone for PHONE_SHA256",
            "file": "chosen: the registered names as header, commas, UTF-8; Acoustic Exchange says nothing",
        },
        hashes={**_ANY, "email": every, "phone": every, "device_id": every, "name": every, "postal": PLAIN},
        registered=columns,
        required=frozenset(required & columns.keys()),
    )


def _hashes(mode: str, algorithm: str) -> Hashes:
    if mode == "NONE":
        return PLAIN
    hashed = _ACOUSTIC_HASHES.get(algorithm)
    if hashed is None:
        raise InvalidArgument(
            f"profile acoustic: {algorithm or 'no algorithm'} is registered for a hashed column."
        )
    return (hashed,) if mode == "HASHED" else (None, hashed)


def _list(mapping: Any, name: str) -> Sequence[Any]:
    found = _field(mapping, name) or ()
    if isinstance(found, str) or not isinstance(found, Sequence):
        raise InvalidArgument(f"profile acoustic: the registration's {name} is no list.")
    return found


def _field(mapping: Any, name: str) -> Any:
    """A field by the vendor's name, or by the same in our spelling."""
    if not isinstance(mapping, Mapping):
        return None
    ours = re.sub("([A-Z])", r"_\1", name).lower()
    return mapping.get(name, mapping.get(ours))


def check_columns(columns: Sequence[str], registration: Mapping[str, Any]) -> None:
    """Compare the columns of a file with those that an endpoint has registered, in one of its databases.

    :param registration: what `AcousticExchangeRegisterEndpointOperator` takes, or what the service shows.
    :raises InvalidArgument: the registration has no identifiers.
    :raises UnfitAudience: naming the columns that differ.
    """
    differences = [_differing(columns, database) for database in described_databases(registration)]
    if all(differences):
        raise UnfitAudience(
            f"the columns are not those of the endpoint: {min(differences, key=len)}.",
            advice="Prepare the audience with the registered columns, or register the endpoint with these.",
        )


def described_databases(registration: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The databases of a registration that say which identifiers they have.

    :raises InvalidArgument: there are none.
    """
    listed = _list(_field(registration, "marketingDatabasesDefinition"), "marketingDatabases")
    if not (databases := [database for database in listed if _field(database, "identifiers")]):
        raise InvalidArgument("registration must have marketing_databases_definition with identifiers.")
    return databases


def _differing(columns: Sequence[str], database: Mapping[str, Any]) -> str:
    """In what columns differ from those of a database, in words."""
    registered = {
        str(_field(one, "name")): bool(_field(one, "isRequired"))
        for key in ("identifiers", "attributes")
        for one in _list(database, key)
        if not _field(one, "isEventOnly")
    }
    strange = [name for name in columns if name not in registered]
    missing = [name for name, is_required in registered.items() if is_required and name not in columns]
    told = []
    if strange:
        told.append(f"{', '.join(map(repr, strange))} not registered, only {', '.join(registered)}")
    if missing:
        told.append(f"{', '.join(map(repr, missing))} required and missing")
    return "; ".join(told)


def check_schema(schema: AudienceSchema, profile: Profile) -> None:
    """Refuse a schema that asks what the profile forbids.

    :raises InvalidArgument: naming the column.
    """
    for name, column in schema.columns.items():
        _check_column(name, column, profile)
    for name in profile.required:
        if name not in schema.columns:
            raise InvalidArgument(f"schema: {profile.name} requires the column {name!r}.")
    kinds = {column.kind for column in schema.columns.values()}
    if profile.unmixed and "device_id" in kinds:
        if kinds & {"email", "phone", "name", "postal"}:
            raise InvalidArgument(
                f"schema: {profile.name} takes no device ids beside other identifiers in one file."
            )
        hashed = [one.platform for one in schema.columns.values() if isinstance(one, DeviceId) and one.hash]
        if len(set(hashed)) > 1:
            raise InvalidArgument(f"schema: {profile.name} takes hashed IDFA and AAID in two files.")
    if profile.segment_column:
        added = [name for name in schema.columns if name not in profile.header]
        segment = schema.columns[added[0]] if len(added) == 1 else None
        if not isinstance(segment, Constant) or segment.value != "1":
            raise InvalidArgument(
                f"schema: {profile.name} takes the columns {', '.join(profile.header)}, and one more: "
                f"the segment, "
                'as Constant("1").'
            )


def _check_column(name: str, column: Column, profile: Profile) -> None:
    place = f"schema: {name!r}"
    if column.kind not in profile.hashes:
        raise InvalidArgument(f"{place}: {profile.name} takes no {column.kind}.")
    allowed = profile.hashes[column.kind]
    if profile.registered is not None and column.kind != "constant":
        registered = profile.registered.get(name)
        if registered is None:
            known = ", ".join(profile.registered)
            raise InvalidArgument(f"{place} is not registered at the endpoint, which has {known}.")
        if column.identifies and not registered.is_identifier:
            raise InvalidArgument(f"{place} is registered as an attribute.")
        allowed = registered.hashes
    if column.hash not in allowed:
        ways = " or ".join(how or "plain" for how in allowed)
        raise InvalidArgument(
            f"{place}: {profile.name} takes {column.kind} {ways}, not {column.hash or 'plain'}."
        )
    if column.normalised not in (None, profile.name):
        raise InvalidArgument(
            f"{place}: its digests were normalised for {column.normalised}, and {profile.name} has "
            f"other rules."
        )
    if column.hashed and column.normalised is None:
        raise InvalidArgument(
            f"{place}: say with normalised= by whose rules it was normalised before hashing."
        )
    if isinstance(column, DeviceId) and profile.needs_platform and column.platform is None:
        raise InvalidArgument(f"{place}: {profile.name} needs the platform, idfa or aaid.")
    if profile.column_names and name not in profile.header and not re.fullmatch(profile.column_names, name):
        raise InvalidArgument(
            f"{place}: {profile.name} takes letters, digits, _ and - in the names of columns."
        )
