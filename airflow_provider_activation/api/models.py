"""The two kinds of pydantic model: what we send, strictly, and what comes back, tolerantly."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Self

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


class Input(BaseModel):
    """Something we send. A field the service does not know, or a wrong value, is refused here.

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
        """Rules that concern several fields; raises ValueError naming them."""

    def body(self) -> dict[str, Any]:
        """The JSON the service wants: its own field names, nothing that was not set."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class Resource(BaseModel):
    """Something a service answers. Fields it adds over time are kept."""

    model_config = ConfigDict(extra="allow", populate_by_name=True, frozen=True, defer_build=True)

    def plain(self) -> dict[str, Any]:
        """Plain JSON under the service's own field names, as it goes into an XCom."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("must say its time zone")
    return value


def _text_of(value: Any) -> Any:
    """Ids that some answers give as numbers and others as strings."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _not_bool(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("must be a number")
    return value


Number = Annotated[float, BeforeValidator(_not_bool), Field(allow_inf_nan=False)]
"""A finite number; True is none."""

AwareDatetime = Annotated[datetime, AfterValidator(_aware)]
"""A moment that says its time zone; a naive one is refused."""

TextId = Annotated[str, BeforeValidator(_text_of)]
"""An id, kept as text whatever the answer's type."""


def utc_text(moment: datetime) -> str:
    """A moment as ISO 8601 in UTC to the second, the one form every service documents."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
