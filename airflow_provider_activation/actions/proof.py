"""Green needs proof: what the service shows afterwards is compared with what was asked for, by meaning."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from airflow_provider_activation.actions.base import ODD_ANSWERS, Looks, once_found
from airflow_provider_activation.actions.identity import alike, carries
from airflow_provider_activation.api.models import Resource
from airflow_provider_activation.errors import NotAsAsked, Refused
from airflow_provider_activation.redaction import logger

log = logger(__name__)

R = TypeVar("R", bound=Resource)


@dataclass(frozen=True)
class Asked:
    """What a resource should be after a create or an update.

    :param title: the resource, as a person would recognise it.
    :param fields: by the names under which the service shows them; None says nothing of a field.
    :param texts: the fields whose text is nobody's business but the user's: a difference is a warning.
    :param always_shown: the fields for which null is a value and does not mean that they are not shown.
    :param key: the submission key, if one of these texts carries it.
    :param mend: the operator that changes such a resource.
    :param is_reused: whether the task takes one that exists.
    :param was_made: whether the task makes one; False if it changes one.
    """

    title: str
    fields: Mapping[str, Any]
    mend: str
    texts: Collection[str] = ()
    always_shown: Collection[str] = ()
    key: str | None = None
    is_reused: bool = False
    was_made: bool = True


async def proven(read: Callable[[], Awaitable[R]], asked: Asked, *, service: str) -> R:
    """Read a resource until it is what was asked for.

    A read that fails, or a field that is not shown, is no difference: some services show late what they did.

    :param read: the steps that read it.
    :raises Refused: it is something else; `NotAsAsked` if the task has made it.
    """
    shown = await Looks().until(
        lambda: once_found(read, ODD_ANSWERS), lambda shown: not differences(asked, shown.plain())
    )
    if found := differences(asked, shown.plain()):
        kind = NotAsAsked if asked.was_made else Refused
        raise kind(
            f"{asked.title} is not what was asked for: {'; '.join(found)}.",
            advice=f"{asked.mend} changes it; {_what_comes_next(asked)}.",
            service=service,
        )
    _look_at_texts(asked, shown.plain())
    return shown


def _what_comes_next(asked: Asked) -> str:
    if not asked.was_made:
        return "the service had accepted the change, and a retry sends it again"
    return "clearing the task takes it again" if asked.is_reused else "clearing the task makes another"


def differences(asked: Asked, shown: Mapping[str, Any]) -> list[str]:
    """The fields that are shown and are not as asked for, in words."""
    return [
        f"{name} should be {_short(wanted)} and is {_short(shown[name])}"
        for name, wanted in asked.fields.items()
        if name not in asked.texts and not _is_met(asked, name, wanted, shown)
    ]


def _look_at_texts(asked: Asked, shown: Mapping[str, Any]) -> None:
    for name in asked.texts:
        wanted, text = asked.fields.get(name), shown.get(name)
        if wanted is None or text is None:
            continue
        key = asked.key
        if key is not None and carries(str(wanted), key) and not carries(str(text), key):
            log.warning(
                "%s: the service has cut the submission key off its %s. If the answer to such a call is "
                'lost, nobody can tell whose it is; mark_submission="prefix" may help.',
                asked.title,
                name,
            )
        elif not alike(str(text), str(wanted)):
            log.warning("%s: its %s was changed by the service to %s.", asked.title, name, _short(text))


def same(asked: Any, shown: Any) -> bool:
    """Whether two values mean the same: instants, numbers, lists in any order, texts in any case."""
    match asked, shown:
        case (bool(), bool()):
            return asked is shown
        case (bool(), str()):
            return str(asked).lower() == shown.strip().lower()
        case (Mapping(), Mapping()):
            return all(_agrees(value, shown.get(name)) for name, value in asked.items())
        case ((list() | tuple() | set()), list()):
            return len(asked) == len(shown) and _pair(list(asked), list(shown))
        case ((date(), _) | (_, date())) | (str(), str()):
            one, other = _instant(asked), _instant(shown)
            if one is not None and other is not None:
                return one[: len(other)] == other[: len(one)]
    if isinstance(asked, int | float | Decimal) or isinstance(shown, int | float | Decimal):
        return _number(asked) == _number(shown)
    return alike(str(asked), str(shown))


def _pair(asked: list[Any], shown: list[Any]) -> bool:
    """Whether each item of one list means the same as one of the other."""
    for value in asked:
        found = next((index for index, other in enumerate(shown) if same(value, other)), None)
        if found is None:
            return False
        del shown[found]
    return True


def _is_met(asked: Asked, name: str, wanted: Any, shown: Mapping[str, Any]) -> bool:
    if name in asked.always_shown and name in shown and None in (wanted, shown[name]):
        return wanted is shown[name]
    return _agrees(wanted, shown.get(name))


def _agrees(asked: Any, shown: Any) -> bool:
    return asked is None or shown is None or same(asked, shown)


def _instant(value: Any) -> str | None:
    """A timestamp in UTC to the second, or a day, as text that begins alike if they mean the same."""
    if isinstance(value, str):
        try:
            kind = datetime if "T" in value else date
            value = kind.fromisoformat(value.strip())
        except ValueError:
            return None
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return aware.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return value.isoformat() if isinstance(value, date) else None


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool):
        return None
    try:
        return Decimal(str(value).strip())
    except InvalidOperation:
        return None


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:97]}..."
