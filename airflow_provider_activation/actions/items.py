"""Make many resources in a few calls, each at most once: the protocol of `actions.base` for items.

What is there is told by listing. A try after the first looks a few times before it sends what is missing, and
a lost answer is settled by listing again.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar

from airflow_provider_activation.actions.base import JSON, Making, Memory, look_until
from airflow_provider_activation.api.call import Call
from airflow_provider_activation.errors import UncertainOutcome

K = TypeVar("K")
"""What tells an item from the others."""
W = TypeVar("W")
"""An item as it is sent."""
L = TypeVar("L")
"""An item as it is listed."""


@dataclass(frozen=True, kw_only=True)
class ItemsAction(Making, Generic[K, W, L]):
    """Items to be made at most once. Subclasses are frozen dataclasses of plain values."""

    noun: ClassVar[str]
    """What is made, for messages and as the name of what is stored."""

    @abstractmethod
    def wanted(self) -> Mapping[K, W]:
        """The items.

        :raises InvalidRequest: one of them cannot be sent.
        """

    @abstractmethod
    async def listed(self) -> Mapping[K, L]:
        """What is there, of these items or of more."""

    @abstractmethod
    def calls(self, missing: Mapping[K, W]) -> Iterator[tuple[Sequence[K], Call[Any]]]:
        """The calls that make the missing items, and which items each of them makes."""

    def refused(self, keys: Sequence[K], response: Any) -> Mapping[K, str]:
        """Why a call that succeeded did not make some of its items."""
        return {}

    def differs(self, wanted: W, listed: L) -> str | None:
        """Why an item that was listed before the first call is not the wanted one; None if it is."""
        return None

    async def before(self, *, first: bool) -> dict[str, JSON]:
        """What to know of the service before the first call, beside what is listed.

        :param first: whether no earlier try can have sent a call.
        """
        return {}

    @abstractmethod
    def name(self, key: K) -> str:
        """An item's id as text: what is stored of it."""

    def is_before(self, stored: JSON) -> bool:
        """Whether a stored value can be what `before` returned, with the names of what was ``sent``."""
        return isinstance(stored, dict) and _are_texts(stored.get("sent"))


@dataclass(frozen=True)
class MadeItems(Generic[K, L]):
    """What came of items.

    :param before: what `ItemsAction.before` returned, and the names of what was ``sent``.
    :param listed: those that are there.
    :param added: those that this task added, as far as its tries know.
    :param unchanged: those that were there before.
    :param refused: those that are not there, and why.
    :param known: False if an earlier try may have added some that this one does not know of.
    :param lost: an answer was lost, and what it would have told of is not listed.
    """

    before: Mapping[str, JSON]
    listed: Mapping[K, L]
    added: Sequence[K]
    unchanged: Sequence[K]
    refused: Mapping[K, str] = field(default_factory=dict)
    known: bool = True
    lost: UncertainOutcome | None = None


async def submit_items(action: ItemsAction[K, W, L], memory: Memory) -> MadeItems[K, L]:
    """Have the items made that are not there, and see by listing what came of it."""
    wanted = action.wanted()
    note = memory.recall(action.noun)
    earlier = note.get("before")
    if "before" in note and not action.is_before(earlier):
        memory.lost(action.noun)
        earlier = None
    # what an earlier try sent may be listed late, and must not be sent again for that
    listed = await (
        look_until(action.listed, lambda listed: wanted.keys() <= listed.keys()) if note else action.listed()
    )
    missing = {key: item for key, item in wanted.items() if key not in listed}
    for key, item in wanted.items():
        if key in listed:
            action.differs(item, listed[key])
    sent = [*dict.fromkeys([*(earlier or {}).get("sent", ()), *map(action.name, missing)])]
    before = {**(earlier or await action.before(first=not note)), "sent": sent}
    if missing:
        memory.note(action.noun, before=before)
    refused, lost = await _make(action, missing)

    def told(listed: Mapping[K, L]) -> bool:
        return all(key in listed or key in refused for key in missing)

    if missing:
        listed = await (look_until(action.listed, told) if lost else action.listed())
    absent = {
        key: refused.get(key, "accepted, but not listed afterwards") for key in missing if key not in listed
    }
    ours = [key for key in wanted if key in listed and action.name(key) in sent]
    return MadeItems(
        before,
        {key: listed[key] for key in wanted if key in listed},
        ours,
        [key for key in wanted if key in listed and key not in ours],
        absent,
        known=earlier is not None or not note,
        lost=lost if absent and not refused.keys() & absent.keys() else None,
    )


async def _make(
    action: ItemsAction[K, W, L], missing: Mapping[K, W]
) -> tuple[dict[K, str], UncertainOutcome | None]:
    refused: dict[K, str] = {}
    for keys, call in action.calls(missing):
        try:
            response = await call
        except UncertainOutcome as error:
            return refused, error
        refused |= action.refused(keys, response)
    return refused, None


def _are_texts(stored: JSON) -> bool:
    return isinstance(stored, list) and all(isinstance(name, str) for name in stored)
