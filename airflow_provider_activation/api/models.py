"""The two kinds of pydantic model: strict ones for requests, tolerant ones for responses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, ClassVar, Self, TypeAlias, TypeVar, Union, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from airflow_provider_activation.errors import InvalidRequest

T = TypeVar("T")

Reader: TypeAlias = Callable[[Any], Any]

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


# How a value is read: as Python has it, or as a template or a form writes it. What could mean something else
# is refused; the rest is pydantic's to judge.


def text_of(value: Any) -> Any:
    """A text; also a whole number, which native rendering makes of digits."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _whole_number(value: Any) -> Any:
    """A whole number, or a text of its digits."""
    if isinstance(value, str):
        digits = value.strip()
        value = int(digits) if digits.isascii() and digits.isdigit() else None
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("must be a whole number")
    return value


def _number(value: Any) -> Any:
    """A number, or a text in the usual form; no blanks, commas or underscores within it."""
    if isinstance(value, bool) or (isinstance(value, str) and not _NUMBER.fullmatch(value.strip())):
        raise ValueError("must be a number")
    return value


def _flag(value: Any) -> Any:
    """True, False, or their words."""
    if isinstance(value, str):
        value = {"true": True, "false": False}.get(value.strip().lower())
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _timestamp(value: Any) -> Any:
    """A datetime, or a text in ISO 8601. pydantic takes numbers and digits for seconds since 1970."""
    try:
        return value if isinstance(value, date) else datetime.fromisoformat(value.strip())
    except (AttributeError, ValueError):
        raise ValueError("must be a timestamp in ISO 8601 with its time zone") from None


def _day(value: Any) -> Any:
    """A day without a time, since a timestamp is another day in another time zone."""
    is_day = isinstance(value, date) and not isinstance(value, datetime)
    if is_day or (isinstance(value, str) and _DAY.fullmatch(value)):
        return value
    raise ValueError("must be a date without a time, YYYY-MM-DD")


def _unread(value: Any) -> Any:
    return value


_READERS: Mapping[Any, Reader] = {
    str: text_of,
    int: _whole_number,
    float: _number,
    bool: _flag,
    datetime: _timestamp,
    date: _day,
}


def _reader_of(annotation: Any) -> Reader:
    """How values of a field are read, within lists and mappings too. None is left to pydantic."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _reader_of(inner[0])
    if origin in (Union, UnionType):
        kinds = [kind for kind in inner if kind is not NoneType]
        return _reader_of(kinds[0]) if len(kinds) == 1 else _unread
    if origin in (tuple, list):
        read_items = _or_none(_reader_of(inner[0]))
        return lambda values: (
            (tuple if isinstance(values, tuple) else list)(map(read_items, values))
            if isinstance(values, Sequence) and not isinstance(values, str | bytes)
            else values
        )
    if origin is dict:
        read_key, read_value = map(_reader_of, inner)
        return lambda values: (
            {read_key(key): _or_none(read_value)(value) for key, value in values.items()}
            if isinstance(values, Mapping)
            else values
        )
    return _READERS.get(annotation, _unread)


def _or_none(read: Reader) -> Reader:
    return lambda value: None if value is None else read(value)


@cache
def _readers(kind: type[Input]) -> dict[str, Reader]:
    return {name: _or_none(_reader_of(field.annotation)) for name, field in kind.model_fields.items()}


class Input(BaseModel):
    """The body of a request. An unknown field or a wrong value is refused here.

    Each field is read by its kind, wherever it stands: a text takes a whole number, a whole number a text of
    digits, a timestamp no number.

    :raises InvalidRequest: naming the field, the rule and the type of the value that broke it.
    """

    model_config = ConfigDict(
        extra="forbid", populate_by_name=True, frozen=True, hide_input_in_errors=True, defer_build=True
    )
    stand_ins: ClassVar[Mapping[str, Any]] = {}
    """Values of the fields that must be given, for `of_read`."""

    @model_validator(mode="wrap")
    @classmethod
    def _refuse(cls, values: Any, handler: Any) -> Self:
        try:
            made: Self = handler(values)
            made.check()
            return made
        except ValidationError as error:
            faults = "; ".join(
                f"{'.'.join(str(part) for part in fault['loc']) or cls.__name__}: "
                f"{fault['msg'].removeprefix('Value error, ')} (given: {type(fault['input']).__name__})"
                for fault in error.errors(include_url=False)
            )
            raise InvalidRequest(f"{cls.__name__} cannot be sent: {faults}.") from None
        except ValueError as error:
            raise InvalidRequest(f"{cls.__name__} cannot be sent: {error}.") from None

    @field_validator("*", mode="before")
    @classmethod
    def _read(cls, value: Any, info: ValidationInfo) -> Any:
        return _readers(cls)[info.field_name or ""](value)

    def check(self) -> None:
        """Check rules over several fields; raises ValueError naming them."""

    @classmethod
    def of_read(cls, read: Mapping[str, Any], changes: Mapping[str, Any]) -> Self:
        """What was read, as it is, with changes: these alone are checked.

        :param read: every field, as the service has shown it; it goes back also where no document names it.
        """
        checked = cls.model_validate({**cls.stand_ins, **changes})
        return checked.model_copy(update={name: value for name, value in read.items() if name not in changes})

    def body(self) -> dict[str, Any]:
        """The JSON the service wants: its own field names, nothing that was not set."""
        # what was read goes back although it may not be as the field says
        return self.model_dump(mode="json", by_alias=True, exclude_none=True, warnings=False)


class Resource(BaseModel):
    """A part of a response. Fields that the service adds over time are kept."""

    model_config = ConfigDict(
        extra="allow",
        populate_by_name=True,
        frozen=True,
        defer_build=True,
        coerce_numbers_to_str=True,
        hide_input_in_errors=True,
    )

    def plain(self) -> dict[str, Any]:
        """Plain JSON under the service's own field names, as it goes into an XCom."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)

    @classmethod
    def unknown(cls) -> dict[str, None]:
        """Its documented fields under the service's own names, each null."""
        fields = cls.model_fields.items()
        return dict.fromkeys(field.serialization_alias or field.alias or name for name, field in fields)


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("must say its time zone")
    return value


def _in_utc(value: datetime) -> datetime:
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def not_bool(value: Any) -> Any:
    """A value that is neither True nor False, which pydantic takes for numbers."""
    if isinstance(value, bool):
        raise ValueError("must be a number")
    return value


Number = Annotated[float, BeforeValidator(_number), Field(allow_inf_nan=False)]
"""A finite number; True and False are refused, and texts in an unusual form."""

AwareDatetime = Annotated[datetime, AfterValidator(_aware)]
"""A timestamp with a time zone; a naive one is refused."""

Timestamp = Annotated[datetime, AfterValidator(_in_utc)]
"""A timestamp in a response; one without a time zone is read as UTC."""

Text = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]
"""A text in a response; null is the empty text."""

Label = Annotated[Any, BeforeValidator(text_of)]
"""What the documents give no type: as a rule a text, which may be a number."""

Several = Annotated[list[T], BeforeValidator(lambda value: [] if value is None else value)]
"""A list in a response; null is the empty list."""

TextId = Annotated[str, BeforeValidator(text_of)]
"""An id, kept as text also where the response has a number."""


def utc_text(timestamp: datetime) -> str:
    """A timestamp as ISO 8601 in UTC to the second, the form that every service documents."""
    return timestamp.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
