"""The columns of an audience: which leave, what each is, where it comes from, and how it is hashed.

Every object here has the form of a plain mapping too, for YAML, params and template fields. Imports nothing
but the errors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any, ClassVar, Self

from airflow_provider_activation.errors import InvalidArgument

HASHES = ("md5", "sha1", "sha256")
ATTRIBUTE_TYPES = ("text", "number", "boolean", "date", "timestamp")
PLATFORMS = ("idfa", "aaid")


class Column:
    """A column of an audience. What it takes is what its mapping may have, besides ``kind``."""

    kind: ClassVar[str]
    identifies: ClassVar[bool] = False
    """Whether it says who a person is, so that lists are compared with it and duplicates are found by it."""
    source: str | None = None
    hash: str | None = None
    hashed: str | None = None
    normalised: str | None = None
    required: bool = False

    def as_mapping(self) -> dict[str, Any]:
        """This column as a plain mapping, without what was left out."""
        given = {
            name: value for name, value in vars(self).items() if value is not None and value is not False
        }
        return {"kind": self.kind, **given}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Column) and self.as_mapping() == other.as_mapping()

    def __hash__(self) -> int:
        return hash(tuple(sorted(self.as_mapping().items())))

    def __repr__(self) -> str:
        given = ", ".join(
            f"{name}={value!r}" for name, value in vars(self).items() if value not in (None, False)
        )
        return f"{type(self).__name__}({given})"


class _Hashable(Column):
    """A column whose values may be hashed, here or before.

    :param source: the column of the source.
    :param hash: ``md5``, ``sha1`` or ``sha256``: how the values are hashed; plain if left out.
    :param hashed: how the source has hashed them already. They are not hashed again.
    :param normalised: the profile whose rules were applied before that.
    :param required: whether a row without it is left out.
    """

    def __init__(
        self,
        source: str,
        hash: str | None = None,
        *,
        hashed: str | None = None,
        normalised: str | None = None,
        required: bool = False,
    ) -> None:
        self.source, self.hash, self.required = _text("source", source), hash or hashed, _flag(required)
        self.hashed, self.normalised = hashed, normalised
        for name, value in (("hash", self.hash), ("hashed", hashed)):
            _one_of(name, value, (None, *HASHES))
        if hashed and self.hash != hashed:
            raise InvalidArgument(f"the source is hashed with {hashed}, so it cannot be {self.hash}.")
        if normalised and not hashed:
            raise InvalidArgument("normalised is of use with hashed only.")

    def md5(self) -> Self:
        """The same column, hashed with MD5."""
        return self._hashed_with("md5")

    def sha1(self) -> Self:
        """The same column, hashed with SHA-1."""
        return self._hashed_with("sha1")

    def sha256(self) -> Self:
        """The same column, hashed with SHA-256."""
        return self._hashed_with("sha256")

    def _hashed_with(self, algorithm: str) -> Self:
        if self.hashed not in (None, algorithm):
            raise InvalidArgument(f"the source is hashed with {self.hashed}, so it cannot be {algorithm}.")
        column = copy(self)
        column.hash = algorithm
        return column


class Email(_Hashable):
    """E-mail addresses."""

    kind = "email"
    identifies = True


class Phone(_Hashable):
    """Phone numbers.

    :param region: the country of numbers that are written without one, as two letters, for example ``SE``.
    """

    kind = "phone"
    identifies = True

    def __init__(
        self, source: str, hash: str | None = None, *, region: str | None = None, **given: Any
    ) -> None:
        super().__init__(source, hash, **given)
        if region is not None and not (len(region) == 2 and region.isascii() and region.isupper()):
            raise InvalidArgument("region must be a country as two capital letters, for example SE.")
        self.region = region


class DeviceId(_Hashable):
    """Advertising ids of mobile devices.

    :param platform: ``idfa`` (Apple) or ``aaid`` (Android), where the destination tells them apart.
    """

    kind = "device_id"
    identifies = True

    def __init__(
        self, source: str, hash: str | None = None, *, platform: str | None = None, **given: Any
    ) -> None:
        super().__init__(source, hash, **given)
        self.platform = _one_of("platform", platform, (None, *PLATFORMS))


class Name(_Hashable):
    """First or last names. They identify nobody by themselves."""

    kind = "name"


class Postal(Column):
    """A part of an address: street, city, postal code, country. Always plain."""

    kind = "postal"

    def __init__(self, source: str, *, required: bool = False) -> None:
        self.source, self.required = _text("source", source), _flag(required)


class Attribute(Column):
    """Anything else that is known of a person.

    :param type: ``text``, ``number``, ``boolean``, ``date`` or ``timestamp``.
    :param timezone: of timestamps that say none. They leave in UTC.
    """

    kind = "attribute"

    def __init__(
        self, source: str, type: str = "text", *, required: bool = False, timezone: str | None = None
    ) -> None:
        self.source, self.required = _text("source", source), _flag(required)
        self.type = _one_of("type", type, ATTRIBUTE_TYPES)
        if timezone is not None and type != "timestamp":
            raise InvalidArgument("timezone is of use with timestamps only.")
        self.timezone = timezone


class Constant(Column):
    """The same text in every row, for example the ``1`` of a segment."""

    kind = "constant"

    def __init__(self, value: str) -> None:
        self.value = _text("value", value)


KINDS: Mapping[str, type[Any]] = {
    column.kind: column for column in (Email, Phone, DeviceId, Name, Postal, Attribute, Constant)
}


class AudienceSchema:
    """The columns that leave, in their order. A column that is not named here does not leave.

    :param columns: for each name in the file a column, or the mapping of one.
    :param require_any: names of identifiers of which each row needs one; all of them if left out.
    :param suppress_by: identifiers that do not leave, and are only compared with lists of suppressed people.
    :raises InvalidArgument: naming the column.
    """

    def __init__(
        self,
        columns: Mapping[str, Column | Mapping[str, Any]],
        require_any: Sequence[str] = (),
        suppress_by: Mapping[str, Column | Mapping[str, Any]] | None = None,
    ) -> None:
        self.columns = _columns("columns", columns)
        self.suppress_by = _columns("suppress_by", suppress_by or {})
        if not self.columns:
            raise InvalidArgument("schema: columns must name at least one.")
        for name, column in self.suppress_by.items():
            if not column.identifies:
                raise InvalidArgument(
                    f"schema: suppress_by {name!r} must be an e-mail, a phone or a device id."
                )
            if name in self.columns:
                raise InvalidArgument(f"schema: {name!r} is in columns and in suppress_by.")
        if isinstance(require_any, str) or not isinstance(require_any, Sequence):
            raise InvalidArgument("schema: require_any must be a list of columns.")
        for name in require_any:
            if name not in self.identifiers:
                raise InvalidArgument(f"schema: require_any {name!r} is no identifier among the columns.")
        self.require_any = tuple(require_any)

    @property
    def identifiers(self) -> dict[str, Column]:
        """The columns that leave and say who a person is."""
        return {name: column for name, column in self.columns.items() if column.identifies}

    @property
    def needed(self) -> tuple[str, ...]:
        """The identifiers of which each row needs one."""
        return self.require_any or tuple(self.identifiers)

    def as_mapping(self) -> dict[str, Any]:
        """This schema as a plain mapping."""
        mapping: dict[str, Any] = {"columns": {name: one.as_mapping() for name, one in self.columns.items()}}
        if self.require_any:
            mapping["require_any"] = list(self.require_any)
        if self.suppress_by:
            mapping["suppress_by"] = {name: one.as_mapping() for name, one in self.suppress_by.items()}
        return mapping

    @classmethod
    def from_mapping(cls, mapping: AudienceSchema | Mapping[str, Any]) -> AudienceSchema:
        """The schema that `as_mapping` was called on."""
        return mapping if isinstance(mapping, AudienceSchema) else _made(cls, "schema", mapping)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AudienceSchema) and self.as_mapping() == other.as_mapping()

    def __hash__(self) -> int:
        return hash((*self.columns.items(), self.require_any, *self.suppress_by.items()))

    def __repr__(self) -> str:
        return (
            f"AudienceSchema({self.columns!r}, require_any={self.require_any!r}, "
            f"suppress_by={self.suppress_by!r})"
        )


class Suppression:
    """A list of people who must not be in the audience.

    :param source: where the list is, like the source of an audience.
    :param schema: the identifiers of the list.
    :param profile: the profile by whose rules a hashed list was normalised.
    :param name: what the list is called in the log and the manifest; else its file's name.
    :param allow_empty: whether a list may have no rows, lack a column or be unreadable for the most part.
    """

    def __init__(
        self,
        source: Any,
        schema: AudienceSchema | Mapping[str, Any],
        profile: str | None = None,
        *,
        name: str | None = None,
        allow_empty: bool = False,
    ) -> None:
        self.source, self.schema = source, AudienceSchema.from_mapping(schema)
        self.profile, self.name, self.allow_empty = profile, name, _flag(allow_empty)
        if not self.schema.identifiers:
            raise InvalidArgument("suppress: the schema of a list must have an identifier.")

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self.as_mapping().items())
        return f"{type(self).__name__}({given})"

    def as_mapping(self) -> dict[str, Any]:
        """This list as a plain mapping."""
        given = {
            name: value for name, value in vars(self).items() if value is not None and value is not False
        }
        return {**given, "schema": self.schema.as_mapping()}

    @classmethod
    def from_mapping(cls, mapping: Suppression | Mapping[str, Any]) -> Suppression:
        """The list that `as_mapping` was called on."""
        return mapping if isinstance(mapping, Suppression) else _made(cls, "suppress", mapping)


def _columns(what: str, columns: Any) -> dict[str, Column]:
    if not isinstance(columns, Mapping):
        raise InvalidArgument(f"schema: {what} must be a mapping of columns.")
    read: dict[str, Column] = {}
    for name, column in columns.items():
        if not isinstance(name, str) or not name.strip() or not name.isprintable():
            raise InvalidArgument(f"schema: {what} has a name that is no text, or empty.")
        if not isinstance(column, Column):
            place = f"schema: {name!r}"
            if not isinstance(column, Mapping):
                raise InvalidArgument(f"{place} must be a column or the mapping of one.")
            kind = KINDS.get(str(column.get("kind")))
            if kind is None:
                raise InvalidArgument(f"{place}: kind must be one of {', '.join(KINDS)}.")
            column = _made(kind, place, {key: value for key, value in column.items() if key != "kind"})
        read[name] = column
    return read


def _made(cls: type[Any], place: str, mapping: Any) -> Any:
    """The object that a mapping of its arguments describes."""
    if not isinstance(mapping, Mapping):
        raise InvalidArgument(f"{place} must be a mapping.")
    if unknown := sorted(set(map(str, mapping)) - _taken_by(cls)):
        raise InvalidArgument(f"{place} has {', '.join(unknown)}, which it does not know.")
    try:
        return cls(**mapping)
    except InvalidArgument as error:
        raise InvalidArgument(
            f"{place}: {error.message}" if place not in error.message else error.message
        ) from None
    except TypeError:
        raise InvalidArgument(f"{place} lacks what it needs: {', '.join(_needed(cls))}.") from None


_TAKEN: dict[type[Any], frozenset[str]] = {}


def _taken_by(cls: type[Any]) -> frozenset[str]:
    """The names of a class's arguments, and of those that it hands on."""
    if cls not in _TAKEN:
        # to ask for them takes longer than to make a task, and each task asks
        from inspect import signature

        made = [one for one in cls.__mro__ if "__init__" in vars(one)]
        _TAKEN[cls] = frozenset(name for one in made for name in signature(one).parameters) - {"given"}
    return _TAKEN[cls]


def _needed(cls: type[Any]) -> list[str]:
    from inspect import signature

    return [
        name
        for name, one in signature(cls).parameters.items()
        if one.default is one.empty and name != "given"
    ]


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InvalidArgument(f"{name} must be text that is not empty.")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise InvalidArgument("required and allow_empty are True or False.")
    return value


def _one_of(name: str, value: Any, choices: Sequence[str | None]) -> Any:
    if value not in choices:
        raise InvalidArgument(f"{name} must be one of {', '.join(str(one) for one in choices if one)}.")
    return value
