"""The values of an Airflow connection, checked, and refusals that name the connection."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

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
from airflow_provider_activation.hooks.address import base_address

E = TypeVar("E", bound="ConnectionExtra")


def _as_text(value: Any) -> Any:
    """A whole number as text: people write ids as numbers into JSON."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


ExtraText = Annotated[str, BeforeValidator(_as_text)]
"""A text in the extra; a whole number is taken for one."""

_WORDS = dict.fromkeys(("true", "yes", "on", "1", "t", "y"), True)
_WORDS |= dict.fromkeys(("false", "no", "off", "0", "f", "n"), False)


class ConnectionExtra(BaseModel):
    """The fields every connection type takes in its extra.

    Texts are read as numbers, as true and false where these are wanted, since a form and the query of a URI
    give nothing else. Blanks around them are taken off.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True)

    timeout: Number = Field(default=30.0, ge=0.1, le=3600)
    max_retries: Annotated[int, BeforeValidator(not_bool)] = Field(default=4, ge=0, le=100)
    verify: bool | str = True
    proxy: str | None = None
    allow_http: bool = False
    require_suppression: bool = False

    def common(self) -> dict[str, Any]:
        """The fields every connection type has, named as `ConnectionSettings` names them."""
        return {name: getattr(self, name) for name in ConnectionExtra.model_fields}

    @model_validator(mode="before")
    @classmethod
    def _leave_out_blanks(cls, values: dict[str, Any]) -> dict[str, Any]:
        # Airflow's form stores every field, the empty ones too
        stripped = {
            name: value.strip() if isinstance(value, str) else value for name, value in values.items()
        }
        return {name: value for name, value in stripped.items() if value not in (None, "")}

    @field_validator("verify", mode="before")
    @classmethod
    def _read_verify(cls, value: Any) -> bool | str:
        if isinstance(value, bool):
            return value
        if isinstance(value, str | int) and (word := _WORDS.get(str(value).lower())) is not None:
            return word
        if not isinstance(value, str):
            raise ValueError("must be true, false, or the path of a file or a folder of certificates")
        try:
            return str(Path(value).expanduser())
        except RuntimeError:  # ~somebody who does not exist
            return value


@dataclass(frozen=True)
class ConnectionValues(NotStored):
    """An Airflow connection's values, and refusals that name it.

    The password is kept as it is, blanks included; only line ends at its end are taken off, which come along
    when a key is pasted. Around host, schema and login blanks are taken off: no address, no e-mail and no
    account has any there.
    """

    conn_id: str
    service_name: str
    host: str
    login: str
    password: str = field(repr=False)
    extra: Any = field(repr=False)
    port: int | None = None
    schema: str = field(default="", repr=False)

    @classmethod
    def of(cls, connection: Any, extra: Any, *, conn_id: str, conn_type: str, service_name: str) -> Self:
        """The values of a connection, however Airflow came by it.

        :param extra: its extra, as Airflow has read it.
        :raises InvalidConnection: it is of another type, or a field is not what it should be.
        """
        empty = cls(conn_id, service_name, "", "", "", {})
        given_type = connection.conn_type
        if given_type and given_type != conn_type:
            raise empty.refused(f"is of type {given_type!r}, but {conn_type!r} is needed", colon=False)
        texts = {name: getattr(connection, name) for name in ("host", "login", "password", "schema")}
        texts = {name: "" if value is None else _as_text(value) for name, value in texts.items()}
        if wrong := [name for name, value in texts.items() if not isinstance(value, str)]:
            raise empty.refused(f"{' and '.join(wrong)} must be text")
        if not given_type and not texts["host"] and not texts["password"]:
            begin = f"{conn_type.replace('_', '-')}://"
            raise empty.refused(
                f"it has no type; as a URI it begins with {begin}, since '_' cannot stand there"
            )
        port = connection.port
        if isinstance(port, str) and port.strip().isdigit():
            port = int(port)
        if port is not None and (not isinstance(port, int) or isinstance(port, bool)):
            raise empty.refused("port must be a whole number")
        raw = connection.extra
        if isinstance(raw, str) and (fault := _fault_of_json(raw)):
            raise empty.refused(f"extra is not JSON ({fault}); it must be a JSON object")
        return cls(
            conn_id,
            service_name,
            texts["host"].strip(),
            texts["login"].strip(),
            texts["password"].rstrip("\r\n"),
            {} if extra is None or (isinstance(extra, str) and not extra.strip()) else extra,
            port or None,
            texts["schema"],
        )

    def refused(self, what: str, *, colon: bool = True) -> InvalidConnection:
        said = f"the connection {self.conn_id!r}{':' if colon else ''} {what}."
        return InvalidConnection(said, service=self.service_name)

    def required(self, field: str, meaning: str) -> str:
        """The value of host, login or password.

        :raises InvalidConnection: it is empty.
        """
        value: str = getattr(self, field)
        if not value:
            raise self.refused(f"{field} is empty; it holds the {meaning}")
        return value

    @property
    def remark(self) -> str:
        """What is odd about the password: it is said where the service refuses it."""
        if self.password != self.password.strip():
            return "The password begins or ends with a blank, which is sent too."
        return ""

    def extra_as(self, model: type[E]) -> E:
        """The extra, checked.

        :raises InvalidConnection: naming the field that is missing, unknown or wrong.
        """
        if not isinstance(self.extra, dict):
            raise self.refused("extra must be a JSON object")
        try:
            return model.model_validate(self.extra)
        except ValidationError as error:
            faults = error.errors(include_url=False, include_input=False)
            raise self.refused("; ".join(_said(fault, model) for fault in faults)) from None

    def base_url(self, default: str | None = None, *, without: Iterable[str] = ()) -> str:
        """The address where paths begin.

        :param default: the vendor's public address, where there is one.
        :param without: endings people paste along, which the paths already have.
        :raises InvalidConnection: host, port or schema cannot be used, or contradict each other.
        """
        try:
            address = base_address(self.host, port=self.port, schema=self.schema, default=default)
        except ValueError as error:
            raise self.refused(str(error)) from None
        for ending in without:
            address = address.removesuffix(ending)
        return address


def _said(fault: Any, model: type[ConnectionExtra]) -> str:
    name = ".".join(str(part) for part in fault["loc"])
    if fault["type"] != "extra_forbidden":
        where = f"extra field {name!r}" if name else "extra"
        return f"{where}: {fault['msg'].removeprefix('Value error, ')}"
    there = sorted(model.model_fields)
    close = difflib.get_close_matches(name, there, 1)
    meant = f" (is {close[0]!r} meant?)" if close else ""
    return f"extra field {name!r} is unknown{meant}; there are {', '.join(there)}"


def airflow_reads(extra: Any) -> bool:
    """Whether Airflow can read the text of an extra; it would take another text for an empty extra."""
    return extra is None or (isinstance(extra, str) and bool(extra.strip()) and not _fault_of_json(extra))


def third_party_secret(connection: Any, place: str) -> str:
    """A field of a connection that another service shall get; empty if it is not filled.

    :param place: ``login``, ``password`` or ``extra.<name>``.
    :raises ValueError: it is no text, or the extra is no JSON object.
    """
    if place.startswith("extra."):
        if isinstance(connection.extra, str) and (fault := _fault_of_json(connection.extra)):
            raise ValueError(f"extra is not JSON ({fault}); it must be a JSON object")
        extra = connection.extra_dejson if (connection.extra or "").strip() else None
        if not isinstance(extra, dict | None):
            raise ValueError("extra must be a JSON object")
        value = _as_text((extra or {}).get(place.removeprefix("extra.")))
    else:
        value = _as_text(getattr(connection, place))
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{place} must be text")
    return (value or "").rstrip("\r\n")


def passwords_as_sent(connection: Any) -> set[str]:
    """The password in the forms in which it may be sent, besides the one that Airflow has masked."""
    given = connection.password
    text = _as_text(given)
    return {text, text.rstrip("\r\n"), text.strip()} - {given, ""} if isinstance(text, str) else set()


def _fault_of_json(raw: str) -> str:
    try:
        json.loads(raw.strip() or "{}")
    except json.JSONDecodeError as error:
        return f"line {error.lineno}, column {error.colno}"
    except (ValueError, RecursionError):
        return "nested too deeply, or a number that is too long"
    return ""
