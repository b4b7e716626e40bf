"""The values of an Airflow connection, checked, and refusals that name the connection."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from airflow_provider_activation.api.call import NotStored
from airflow_provider_activation.api.models import Number, not_bool
from airflow_provider_activation.errors import InvalidConnection

E = TypeVar("E", bound="ConnectionExtra")


class ConnectionExtra(BaseModel):
    """The fields every connection type takes in its extra."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True)

    timeout: Number = Field(default=30.0, ge=0.1, le=3600)
    max_retries: Annotated[int, BeforeValidator(not_bool)] = Field(default=4, ge=0, le=100)
    verify: bool | str = True
    proxy: str | None = None

    def common(self) -> dict[str, Any]:
        """The fields every connection type has, named as `ConnectionSettings` names them."""
        return {name: getattr(self, name) for name in ConnectionExtra.model_fields}

    @model_validator(mode="before")
    @classmethod
    def _leave_out_blanks(cls, values: dict[str, Any]) -> dict[str, Any]:
        # Airflow's form stores every field, the empty ones too
        return {name: value for name, value in values.items() if value not in (None, "")}

    @field_validator("verify", mode="before")
    @classmethod
    def _read_verify(cls, value: Any) -> Any:
        return {"true": True, "false": False}.get(value.lower(), value) if isinstance(value, str) else value


@dataclass(frozen=True)
class ConnectionValues(NotStored):
    """An Airflow connection's values, and refusals that name it."""

    conn_id: str
    service_name: str
    host: str
    login: str
    password: str = field(repr=False)
    extra: dict[str, Any] = field(repr=False)

    def refused(self, what: str) -> InvalidConnection:
        return InvalidConnection(f"the connection {self.conn_id!r}: {what}.", service=self.service_name)

    def required(self, field: str, meaning: str) -> str:
        """The value of host, login or password.

        :raises InvalidConnection: it is empty.
        """
        value: str = getattr(self, field)
        if not value:
            raise self.refused(f"{field} is empty; it holds the {meaning}")
        return value

    def extra_as(self, model: type[E]) -> E:
        """The extra, checked.

        :raises InvalidConnection: naming the field that is missing, unknown or wrong.
        """
        if not isinstance(self.extra, dict):
            raise self.refused("extra must be a JSON object")
        try:
            return model.model_validate(self.extra)
        except ValidationError as error:
            faults = "; ".join(
                f"extra field {'.'.join(str(part) for part in fault['loc'])!r}: {fault['msg']}"
                for fault in error.errors(include_url=False, include_input=False)
            )
            raise self.refused(faults) from None

    def base_url(self, default: str | None = None, *, without: Iterable[str] = ()) -> str:
        """The address where paths begin.

        :param default: the vendor's public address, where there is one.
        :param without: endings people paste along, which the paths already have.
        """
        address = (self.host or default or "").rstrip("/")
        if not address:
            raise self.refused("host is empty; it holds the base URL, and this service has no public one")
        if "://" not in address:
            address = f"https://{address}"
        for ending in without:
            address = address.removesuffix(ending)
        return address
