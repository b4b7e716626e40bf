"""What an argument of an operator, sensor or trigger may be: one `Kind` for each.

A kind reads a value, as a user gives it or as a template renders it, and returns it in one form. It refuses
everything else with a ValueError that names the argument. Reading twice equals reading once. `tasks` says
when arguments are read. This module is loaded when a DAG is parsed, so it imports little.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from airflow.providers.common.compat.sdk import conf

from airflow_provider_activation.errors import InvalidArgument
from airflow_provider_activation.storage import check_place, is_path, written

DEFERRABLE: bool = conf.getboolean("operators", "default_deferrable", fallback=False)
"""Airflow's own default for waiting in the triggerer."""

DAY = 86_400.0
LONGEST_WAIT = 5 * 365 * DAY
"""Seconds. Airflow cannot store a deadline that is much later."""
SHORTEST_INTERVAL = 0.1
"""Seconds. Polls that come faster than answers help nobody."""

LARGEST_AMOUNT = 1e300
"""Larger numbers, and what is no number, cannot be sent."""

Read = Callable[[str, Any], Any]


class Kind:
    """What an argument may be.

    :param read: takes the argument's name and a value; returns the value in one form, or raises ValueError.
    :param rendered: takes a value that a template rendered; `read` if left out.
    :param templated: whether the argument is a template field. If not, it also takes no task's output.
    :param optional: whether the argument may be left out.
    """

    __slots__ = ("optional", "read", "rendered", "templated")

    def __init__(
        self,
        read: Read,
        *,
        rendered: Read | None = None,
        templated: bool = True,
        optional: bool = False,
    ) -> None:
        self.read, self.rendered = read, rendered or read
        self.templated, self.optional = templated, optional

    def __or__(self, left_out: None) -> Kind:
        """The same kind, for an argument that may be left out."""
        return Kind(self.read, rendered=self.rendered, templated=self.templated, optional=True)


# values alone


def text(name: str, value: Any) -> str:
    """A text. A whole number is taken for its digits: native rendering makes a number of such a text."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{name} must be text, but is {type(value).__name__}.")
    return str(value)


def filled(name: str, value: Any) -> str:
    """A text that is not empty, without white space around it."""
    stripped = text(name, value).strip()
    if not stripped:
        raise ValueError(f"{name} must not be empty.")
    return stripped


_NO_ID = frozenset({"", "none", "null", "nan", "nat", "undefined", "true", "false"})
_SEPARATED = r"\d{1,3}([ ,.'_\u00a0\u2009\u202f]\d{3})+|\d+\.\d+|\d+(\.\d+)?[eE][+-]\d+"
"""Numbers that were formatted for people, or that went through a float."""


def an_id(name: str, value: Any) -> str:
    """An id: a text or a whole number; returned as text."""
    if not isinstance(value, str):
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError(f"{name} must be an id, a text or a whole number, but is {_given(value)}.")
        return str(int(value))
    stripped = value.strip()
    if stripped.isdecimal():
        return stripped
    if stripped.lower() in _NO_ID or not stripped.isprintable() or re.fullmatch(_SEPARATED, stripped):
        raise ValueError(f"{name} must be an id, but is {_given(value)}.")
    return stripped


def number_id(name: str, value: Any) -> str:
    """An id that is a whole number; returned as text, since Airflow's pages round large numbers."""
    return str(whole_number(name, value))


def whole_number(name: str, value: Any) -> int:
    """A whole number that is not negative, also as the text of its digits."""
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{name} must be a whole number, but is {_given(value)}.")
    return int(value)


def count(name: str, value: Any) -> int:
    """A whole number from 1."""
    if not (number := whole_number(name, value)):
        raise ValueError(f"{name} must be at least 1, but is {_given(value)}.")
    return number


def amount(name: str, value: Any) -> int | float:
    """A finite number that is not negative, also as its text."""
    number: Any = value
    if isinstance(value, str) and re.fullmatch(r"\s*\d+(\.\d+)?([eE][+-]?\d+)?\s*", value, re.ASCII):
        number = float(value)
    is_number = isinstance(number, int | float | Decimal) and not isinstance(number, bool)
    if not is_number or not 0 <= number < LARGEST_AMOUNT:
        raise ValueError(f"{name} must be a number, for example 1000.50, but is {_given(value)}.")
    whole = int(number)
    return whole if whole == number else float(number)


def flag(name: str, value: Any) -> bool:
    """True or False; other values are refused, also those that Python takes for true."""
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be True or False, or a template of it, but is {_given(value)}.")
    return value


def rendered_flag(name: str, value: Any) -> bool:
    """True or False as a template renders it."""
    return flag(name, _from_word(value))


def timestamp(name: str, value: Any) -> str:
    """A timestamp with its time zone, in ISO 8601."""
    try:
        given = value if isinstance(value, datetime) else _from_iso(datetime, value)
    except (ValueError, TypeError):
        example = "2026-12-31T08:00:00+01:00"
        raise ValueError(
            f"{name} must be a timestamp in ISO 8601, for example {example}, but is {_given(value)}."
        ) from None
    if given.tzinfo is None:
        raise ValueError(f"{name} must say its time zone, but is {_given(value)}.")
    return given.isoformat()


def day(name: str, value: Any) -> str:
    """A day in ISO 8601."""
    try:
        if isinstance(value, datetime):
            raise TypeError
        given = value if isinstance(value, date) else _from_iso(date, value)
    except (ValueError, TypeError):
        raise ValueError(f"{name} must be a day, for example 2026-12-31, but is {_given(value)}.") from None
    return given.isoformat()


def _from_iso(kind: Any, value: Any) -> Any:
    stripped = value.strip() if isinstance(value, str) else ""
    # digits alone are a day without separators, or seconds since 1970: nobody can tell
    if "-" not in stripped.partition("T")[0]:
        raise ValueError
    return kind.fromisoformat(stripped)


def seconds(name: str, value: Any, *, most: float = LONGEST_WAIT, least: float = 0.0) -> float:
    """A positive duration in seconds."""
    duration = value.total_seconds() if isinstance(value, timedelta) else value
    is_number = isinstance(duration, int | float) and not isinstance(duration, bool)
    if not is_number or not 0 < duration <= most or duration < least:
        bounds = f"from {least:g}" if least else "above 0"
        range_ = f"a positive number of seconds, {bounds} to {most:.0f}"
        raise ValueError(f"{name} must be {range_}, but is {_given(value)}.")
    return float(duration)


def interval(name: str, value: Any) -> float:
    """Seconds between two polls."""
    return seconds(name, value, most=DAY, least=SHORTEST_INTERVAL)


def one_of(name: str, value: Any, choices: Sequence[str]) -> Any:
    """One of a few words."""
    word = value.strip() if isinstance(value, str) else None
    if word not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, but is {_given(value)}.")
    return word


def mark(name: str, value: Any) -> str | bool:
    """Where the submission key stands in a text: ``suffix``, also for True, ``prefix``, or False."""
    word = value.strip() if isinstance(value, str) else value
    if word is True or word is False or word in ("suffix", "prefix"):
        return "suffix" if word is True else word
    raise ValueError(f"{name} must be suffix, prefix, True or False, but is {_given(value)}.")


def rendered_mark(name: str, value: Any) -> str | bool:
    """The same, as a template renders it."""
    return mark(name, _from_word(value))


def _from_word(value: Any) -> Any:
    """True or False for the word of it."""
    return (
        {"true": True, "false": False}.get(value.strip().lower(), value) if isinstance(value, str) else value
    )


def path(name: str, value: Any) -> str:
    """The path of a file or folder, on the worker or behind a connection; returned as text."""
    given = filled(name, written(value) if is_path(value) else _no_number(name, value))
    try:
        check_place(name, given)
    except InvalidArgument as error:
        raise ValueError(error.message) from None
    return given


def place(name: str, value: Any) -> str:
    """A field of an Airflow connection: ``login``, ``password`` or ``extra.<name>``."""
    if isinstance(value, str) and (value in ("login", "password") or re.fullmatch(r"extra\.\S+", value)):
        return value
    # the value is not shown: it may be the secret itself
    raise ValueError(f"{name} must be login, password or extra.<name>, the field that holds the value.")


def json_text(name: str, value: Any) -> Any:
    """A mapping, or the JSON text of one."""
    return filled(name, value) if isinstance(value, str) else structure(name, value)


# values in values


def several(read: Read, *, what: str = "a list") -> Read:
    """A list that is not empty, each item read by ``read``."""

    def read_all(name: str, value: Any) -> list[Any]:
        if isinstance(value, str):
            advice = "give a task's output, or set render_template_as_native_obj=True on the DAG"
            raise ValueError(f"{name} must be {what}, but is text; where a template makes it, {advice}.")
        if not isinstance(value, Sequence) or isinstance(value, bytes) or not len(value):
            raise ValueError(f"{name} must be {what} and not empty, but is {_given(value)}.")
        return [item for _, item in _each(name, read, enumerate(value))]

    return read_all


def mapping(read: Read) -> Read:
    """A mapping of names, each value read by ``read``."""

    def read_all(name: str, value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise ValueError(f"{name} must be a mapping, but is {type(value).__name__}.")
        if not all(key and isinstance(key, str) and not is_template(key) for key in value):
            raise ValueError(
                f"{name} has a key that is no text, is empty or holds a template; only values do."
            )
        return dict(_each(name, read, value.items()))

    return read_all


def _each(name: str, read: Read, items: Iterable[tuple[Any, Any]]) -> Iterator[tuple[Any, Any]]:
    """The items with their places, each read. Only the one that is refused is named with its place."""
    for at, item in items:
        try:
            yield at, read(name, item)
        except ValueError as error:
            raise ValueError(f"{name}[{at!r}]{str(error).removeprefix(name)}") from None


def structure(name: str, value: Any) -> dict[str, Any]:
    """A mapping of names that can be sent as JSON, nested as it comes."""
    return _structure(name, value)


def resource(name: str, value: Any) -> dict[str, Any]:
    """A mapping that describes a resource; what its ids must be is checked."""
    described = structure(name, value)
    for key, item in described.items():
        if item is not None and key.lower().endswith(("id", "id_string")):
            an_id(f"{name}[{key!r}]", item)
    return described


def mapping_or(read: Read) -> Read:
    """A mapping, or what ``read`` takes."""
    return lambda name, value: (structure if isinstance(value, Mapping) else read)(name, value)


def manifest(name: str, value: Any) -> dict[str, Any]:
    """A manifest; its counts of rejects name the whole row with an empty text, which no structure has."""
    rejects = value.get("rejects") if isinstance(value, Mapping) else None
    if not isinstance(rejects, Mapping):
        return structure(name, value)
    counts = rejects.get("counts")
    told = {key: one for key, one in rejects.items() if key != "counts"}
    read = structure(name, {**value, "rejects": told})
    if isinstance(counts, Mapping) and all(isinstance(one, Mapping) for one in counts.values()):
        read["rejects"]["counts"] = {column: dict(reasons) for column, reasons in counts.items()}
    return read


def rendered_manifest(name: str, value: Any) -> dict[str, Any]:
    """The same; a template renders it as the text of a dict, unless the DAG renders natively."""
    return manifest(name, _from_text(value))


def manifest_or_path(name: str, value: Any) -> Any:
    """The manifest of a file, or where the file is."""
    return manifest(name, value) if isinstance(value, Mapping) else path(name, value)


def rendered_manifest_or_path(name: str, value: Any) -> Any:
    """The same, as a template renders it."""
    return manifest_or_path(name, _from_text(value))


def _from_text(value: Any) -> Any:
    """The mapping whose text this is; what is none stays as it is."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        with suppress(ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            return ast.literal_eval(value.strip())
    return value


def id_or_resource(name: str, value: Any) -> Any:
    """An id, or a mapping that has one."""
    return resource(name, value) if isinstance(value, Mapping) else an_id(name, value)


def _json(name: str, value: Any) -> Any:
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return structure(name, value)
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [item for _, item in _each(name, _json, enumerate(value))]
    raise ValueError(f"{name} must be plain JSON, but is {type(value).__name__}.")


_structure: Callable[[str, Any], dict[str, Any]] = mapping(_json)


def _no_number(name: str, value: Any) -> Any:
    if isinstance(value, int):
        raise ValueError(f"{name} must be text, but is {type(value).__name__}.")
    return value


def _objects(name: str, value: Any) -> Any:
    for item in value if isinstance(value, list | tuple) else [value]:
        if isinstance(item, str) or hasattr(item, "resolve"):
            raise ValueError(f"{name} takes objects, no text, no template and no output of a task.")
        if not callable(item):
            raise ValueError(f"{name} must be objects that can be called, but is {type(item).__name__}.")
    return value


# what tasks do with arguments

_SCALARS = (str, bool, int, float, date, timedelta)


def is_template(value: Any) -> bool:
    """Whether Airflow has yet to render a value, or something in it."""
    if isinstance(value, str):
        return "{" in value and ("{{" in value or "{%" in value or "{#" in value)
    if value is None or isinstance(value, _SCALARS):
        return False
    if isinstance(value, Mapping):
        return any(map(is_template, value.values()))
    if isinstance(value, list | tuple | set):
        return any(map(is_template, value))
    if is_path(value):
        return is_template(str(value))
    # the output of a task has `resolve`, and Airflow calls a function with the context
    return hasattr(value, "resolve") or callable(value)


def plain(value: Any) -> Any:
    """Objects as mappings and paths as text, so that Airflow renders the templates in them."""
    if value is None or isinstance(value, _SCALARS):
        return value
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if is_path(value):
        return written(value)
    # an input model of the API
    return plain(value.body()) if hasattr(value, "body") and not isinstance(value, type) else value


def given(name: str, kind: Kind, value: Any) -> Any:
    """The value of an argument that is needed at once, of its kind."""
    if value is None and kind.optional:
        return None
    # objects may be functions, which elsewhere Airflow calls for their value
    if kind is not OBJECTS and is_template(value):
        raise ValueError(f"{name} takes no template and no output of a task.")
    return kind.read(name, value)


def _given(value: object) -> str:
    shown = repr(value)
    return f"{shown if len(shown) <= 60 else shown[:57] + '...'} ({type(value).__name__})"


TEXT = Kind(text)
FILLED = Kind(filled)
ID = Kind(an_id)
NUMBER_ID = Kind(number_id)
IDS = Kind(several(an_id, what="a list of ids"))
TEXTS = Kind(several(filled))
COUNT = Kind(count)
AMOUNT = Kind(amount)
FLAG = Kind(flag, rendered=rendered_flag)
MARK = Kind(mark, rendered=rendered_mark)
TIMESTAMP = Kind(timestamp)
DATE = Kind(day)
PATH = Kind(path)
MANIFEST = Kind(manifest, rendered=rendered_manifest)
MANIFEST_OR_PATH = Kind(manifest_or_path, rendered=rendered_manifest_or_path)
JSON_OR_TEXT = Kind(json_text)
IDS_OR_RESOURCES = Kind(several(id_or_resource, what="a list of ids or mappings"))
PLACES = Kind(mapping(place))
STRUCTURE = Kind(structure)
RESOURCES = Kind(several(resource, what="a list of mappings"))
NAMED_TEXTS = Kind(mapping(text))

# no template fields: Airflow or the wait needs them when the DAG is parsed
PLAIN_FLAG = Kind(flag, templated=False)
DURATION = Kind(seconds, templated=False)
INTERVAL = Kind(interval, templated=False)
OBJECTS = Kind(_objects, templated=False)


def word(*choices: str) -> Kind:
    """One of a few words."""
    return Kind(lambda name, value: one_of(name, value, choices))


def words(*choices: str) -> Kind:
    """Some of a few words."""
    return Kind(several(lambda name, value: one_of(name, value, choices)))
