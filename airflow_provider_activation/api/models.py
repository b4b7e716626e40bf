"""The two kinds of pydantic model: strict ones for requests, tolerant ones for responses."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from airflow_provider_activation.errors import InvalidRequest

T = TypeVar("T")


class Input(BaseModel):
    """The body of a request. An unknown field or a wrong value is refused here.

    :raises InvalidRequest: naming the field, the rule and the type of the value that broke it.
    """

    model_config = ConfigDict(
        extra="forbid", populate_by_name=True, frozen=True, hide_input_in_errors=True, defer_build=True
    )

    @model_validator(mode="wrap")
    @classmethod
    def _refuse(cls, values: Any, handler: Any) -> Self:
        try:
            made: Self = handler(values)
            made.check()
            return made
        except ValidationError as error:
            faults = "; ".join(
                f"{'.'.join(str(part) for part in fault['loc']) or cls.__name__}: {fault['msg']}"
                f" (given: {type(fault['input']).__name__})"
                for fault in error.errors(include_url=False)
            )
            raise InvalidRequest(f"{cls.__name__} cannot be sent: {faults}.") from None
        except ValueError as error:
            raise InvalidRequest(f"{cls.__name__} cannot be sent: {error}.") from None

    def check(self) -> None:
        """Check rules over several fields; raises ValueError naming them."""

    def body(self) -> dict[str, Any]:
        """The JSON the service wants: its own field names, nothing that was not set."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


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


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("must say its time zone")
    return value


def _text_of(value: Any) -> Any:
    """An id as text: some responses give ids as numbers."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _in_utc(value: datetime) -> datetime:
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def not_bool(value: Any) -> Any:
    """A value that is neither True nor False, which pydantic takes for numbers."""
    if isinstance(value, bool):
        raise ValueError("must be a number")
    return value


Number = Annotated[float, BeforeValidator(not_bool), Field(allow_inf_nan=False)]
"""A finite number; True and False are refused."""

AwareDatetime = Annotated[datetime, AfterValidator(_aware)]
"""A timestamp with a time zone; a naive one is refused."""

Timestamp = Annotated[datetime, AfterValidator(_in_utc)]
"""A timestamp in a response; one without a time zone is read as UTC."""

Text = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]
"""A text in a response; null is the empty text."""

Label = Annotated[Any, BeforeValidator(_text_of)]
"""What the documents give no type: as a rule a text, which may be a number."""

Several = Annotated[list[T], BeforeValidator(lambda value: [] if value is None else value)]
"""A list in a response; null is the empty list."""

TextId = Annotated[str, BeforeValidator(_text_of)]
"""An id, kept as text also where the response has a number."""


def utc_text(timestamp: datetime) -> str:
    """A timestamp as ISO 8601 in UTC to the second, the form that every service documents."""
    return timestamp.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
