"""Lists, read row by row: a row that cannot be read does not make the others unreadable."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter

from airflow_provider_activation.api.models import Resource

T = TypeVar("T")
R = TypeVar("R", bound=Resource)


@dataclass(frozen=True)
class Unreadable:
    """A row that cannot be read.

    :param id: the value where the id should be, None without one.
    :param text: the row as JSON; it may hold a person's data, so it goes into no message.
    :param reason: why it cannot be read, without its values.
    """

    id: Any
    text: str = field(repr=False)
    reason: str

    def may_be(self, sought: str) -> bool:
        """Whether it holds this id, name or key, in any case, as a whole word."""
        word = re.escape(json.dumps(sought, ensure_ascii=False)[1:-1])
        return not self.text or bool(re.search(rf"(?<![^\W_]){word}(?![^\W_])", self.text, re.IGNORECASE))


class Rows(list[T]):
    """The rows of a list that can be read; ``unreadable`` are the others."""

    def __init__(self, readable: Iterable[T] = (), unreadable: Iterable[Unreadable] = ()) -> None:
        super().__init__(readable)
        self.unreadable = [*unreadable]


def unreadable_of(listed: object) -> Sequence[Unreadable]:
    """The rows that were left out of a list or of a page of one."""
    return getattr(listed, "unreadable", ())


@cache
def _reader(kind: type[R]) -> TypeAdapter[list[R]]:
    return TypeAdapter(list[kind])  # type: ignore[valid-type]


def read_rows(kind: type[R], rows: Sequence[Any]) -> Rows[R]:
    """Each row as a resource, whose first field is its id."""
    try:
        return Rows(_reader(kind).validate_python(rows))
    except (ValueError, RecursionError):
        pass  # read again, one by one
    read: Rows[R] = Rows()
    for row in rows:
        try:
            read.append(kind.model_validate(row))
        except (ValueError, RecursionError) as error:
            name, first = next(iter(kind.model_fields.items()))
            row_id = row.get(first.alias or name) if isinstance(row, dict) else None
            read.unreadable.append(Unreadable(row_id, _text_of(row), reason_of(error)))
    return read


def _text_of(row: Any) -> str:
    try:
        return json.dumps(row, ensure_ascii=False)
    except RecursionError:
        return ""  # it may hold anything


def reason_of(error: Exception) -> str:
    """Why a response cannot be read. It is not quoted here: the error quotes it once, redacted."""
    if isinstance(error, json.JSONDecodeError | UnicodeDecodeError):
        return "it is not JSON"
    if hasattr(error, "errors"):  # pydantic's ValidationError, whose own text quotes the input
        return "; ".join(
            f"{'.'.join(str(part) for part in item['loc']) or 'the body'}: {item['msg']}"
            for item in error.errors(include_url=False, include_input=False)[:5]
        )
    if isinstance(error, KeyError):
        return f"it lacks {error.args[0]!r}"
    return str(error) or type(error).__name__
