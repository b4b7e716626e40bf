"""The gate: what leaves the process goes through it, in every mode alike.

Results, outputs, events, notes, links and errors contain no secret, and Airflow can store them. It imports
nothing that `airflow.sdk` has not loaded already: operators name it when they are parsed.
"""

from __future__ import annotations

import logging
import math
import re
import traceback
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeAlias, TypeVar
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from typing import Protocol

    from airflow_provider_activation.redaction import Redactor

    class _HasGate(Protocol):
        @property
        def gate(self) -> Gate: ...


log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

JSON: TypeAlias = Any

LONG = 8
"""Characters. In results only secrets with as many are replaced: shorter ones are found in other words."""
DEEPEST = 100
"""Levels of lists and objects. Airflow's triggerer ends if it cannot serialise an event."""
LARGEST_SHOWN = 2**53
"""Airflow's pages round larger numbers."""
LARGEST_STORED = 2**63 - 1
OPENED_BY_A_PERSON = frozenset({"authorizationUrl", "authorization_url"})
"""Fields with an address that must stay as it is; only the connection's own secrets are taken out."""

# compiled at the first use, not when a DAG is parsed
_ID = r"(?s:ids?|.*(?:I[dD]s?|_ids?))"
_UNFIT = "[\0\ud800-\udfff]"


class Gate:
    """Takes plain values and gives what may leave.

    :param redact: removes all secrets that are known.
    :param own: removes the connection's own secrets, without tokens and without those of third parties.
    """

    def __init__(self, redact: Redactor, own: Redactor) -> None:
        self._redact, self._own = redact, own

    def __call__(self, value: JSON) -> JSON:
        """A result, an output or an event. Ids and numbers that Airflow's pages would round become text."""
        return self._through(value, ids_as_text=True)

    def inside(self, value: JSON) -> JSON:
        """What a task stores for its own tries: ids stay as they are."""
        return self._through(value, ids_as_text=False)

    def message(self, text: str) -> str:
        """A text for a person."""
        from airflow_provider_activation.redaction import printable

        return printable(self._redact(text))

    def link(self, address: str | None) -> str | None:
        """An address that a page of Airflow may link to; None if it must not."""
        if address and self._own(address, shortest=LONG) == address and is_safe(address):
            return address
        return None

    def error(self, error: BaseException) -> BaseException:
        """The error to raise in place of this one: itself, with clean texts, where these can be changed."""
        from airflow_provider_activation.errors import ActivationError

        ours: dict[str, ActivationError] = {}
        for each in _chain(error):
            if isinstance(each, ActivationError):
                ours[str(each)] = each
                for name, value in vars(each).items():
                    setattr(each, name, self(value) if name == "result" else self._messages(value))
                each.args = (each.message,)
        for each in _chain(error):
            if not isinstance(each, ActivationError) and any(isinstance(one, str) for one in each.args):
                # Airflow's own error with the text of one of ours keeps its lines, which are clean now
                each.args = tuple(
                    str(ours[one]) if isinstance(one, str) and one in ours else self._messages(one)
                    for one in each.args
                )
        if isinstance(error, Exception) and self._redact(text := str(error)) != text:
            return ActivationError(self.message(f"{type(error).__name__}: {text}"))
        return error

    def _messages(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.message(value)
        if isinstance(value, dict):
            return {self._messages(name): self._messages(item) for name, item in value.items()}
        return [self._messages(item) for item in value] if isinstance(value, list) else value

    def _through(self, value: JSON, *, ids_as_text: bool) -> JSON:
        hidden: set[str] = set()

        def text(value: str, path: tuple[str, ...]) -> str:
            if not value.isascii() or "\0" in value:
                value = re.sub(_UNFIT, "\ufffd", value)
            if len(value) < LONG:
                return value
            redact = self._own if path and path[-1] in OPENED_BY_A_PERSON else self._redact
            redacted = redact(value, shortest=LONG)
            if redacted is not value and redacted != value:
                hidden.add(".".join(path) or "the result")
            return redacted

        def fit(value: Any, path: tuple[str, ...], depth: int, named_id: bool) -> JSON:
            kind = type(value)
            if kind is str:
                return text(value, path)
            if value is None or kind is bool:
                return value
            if isinstance(value, int):
                largest = LARGEST_SHOWN if ids_as_text else LARGEST_STORED
                return str(int(value)) if named_id or abs(value) > largest else int(value)
            if isinstance(value, float):
                if named_id or not math.isfinite(value):
                    return str(int(value)) if value.is_integer() else str(float(value))
                return float(value)
            if isinstance(value, (dict, list, tuple, Mapping)) and depth == DEEPEST:
                return "nested too deeply"
            if isinstance(value, (dict, Mapping)):
                named = {}
                for key, item in value.items():
                    name = key if type(key) is str else str(key)
                    clean = names.get(name)
                    if clean is None:
                        clean = names[name] = text(name, path), ids_as_text and is_id(name)
                    named[clean[0]] = fit(item, (*path, clean[0]), depth + 1, clean[1])
                return named
            if isinstance(value, (list, tuple)):
                return [fit(item, path, depth + 1, named_id) for item in value]
            if isinstance(value, bytes):
                return text(value.decode(errors="replace"), path)
            return text(str.__str__(value) if isinstance(value, str) else str(value), path)

        names: dict[str, tuple[str, bool]] = {}
        fitting = fit(value, (), 0, False)
        if hidden:
            fields = ", ".join(sorted(hidden))
            log.warning("The service's answer contained a secret, which was taken out of: %s.", fields)
        return fitting


H = TypeVar("H", bound="_HasGate")


def at_the_gate(method: Callable[Concatenate[H, P], T]) -> Callable[Concatenate[H, P], T]:
    """Errors of this method go through the gate of its object, and show no values of what it called."""

    @wraps(method)
    def gated(self: H, /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(self, *args, **kwargs)
        except BaseException as error:
            # they may be secrets, and a traceback may show them
            del args, kwargs
            for each in _chain(error):
                _forget_locals(each)
            clean = self.gate.error(error)
            if clean is error:
                raise
            raise clean from None

    return gated


def is_id(field: str) -> bool:
    """Whether a field holds an id or ids, by its name."""
    return re.fullmatch(_ID, field) is not None


def numbers_as_text(ids: Any) -> Any:
    """An id, or a list of ids, with whole numbers as text."""
    if isinstance(ids, list | tuple):
        return [numbers_as_text(one) for one in ids]
    return str(ids) if isinstance(ids, int) and not isinstance(ids, bool) else ids


def is_safe(address: str) -> bool:
    """Whether a page of Airflow may link to this address."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and address.isprintable()


def _chain(error: BaseException) -> Iterable[BaseException]:
    """An error, and those behind it that a traceback may show."""
    seen: dict[int, BaseException] = {}
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop()
        if each is not None and id(each) not in seen:
            seen[id(each)] = each
            waiting += each.__cause__, each.__context__
    return seen.values()


def _forget_locals(error: BaseException) -> None:
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_globals.get("__name__", "").partition(".")[0] in _OURS:
            with suppress(RuntimeError):  # it still runs
                frame.clear()


_OURS = ("airflow_provider_activation", "httpx", "httpcore")
"""Packages whose variables may hold secrets."""
