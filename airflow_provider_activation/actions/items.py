"""Make many resources in a few calls, each at most once: the protocol of `actions.base` for items.

What the service holds is listed. A try after the first lists a few times before it makes what is missing, and
a lost answer is settled by listing again.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

from airflow_provider_activation.actions.base import Looks, Making, ToldBy, refusal
from airflow_provider_activation.actions.memory import JSON, Memory, seconds_since
from airflow_provider_activation.api.call import Call
from airflow_provider_activation.errors import ActivationError, UncertainOutcome
from airflow_provider_activation.simulation import simulation
from airflow_provider_activation.wording import enumerated

K = TypeVar("K")
"""The key of an item."""
W = TypeVar("W")
"""An item as it is sent."""
L = TypeVar("L")
"""An item as it is listed."""


class Refusal(NamedTuple):
    """Why an item was not made.

    :param is_final: whether it would be refused again.
    """

    why: str
    is_final: bool = False


@dataclass(frozen=True, kw_only=True)
class ItemsAction(Making, Generic[K, W, L]):
    """Items to be made at most once. Subclasses are frozen dataclasses of plain values."""

    noun: ClassVar[str]
    """What is made, for messages and as the name of what is stored."""
    identity: ClassVar[str]
    """What shows that an item is the task's own, in words."""
    told_by: ClassVar[ToldBy]
    """See `Action`."""

    @abstractmethod
    def wanted(self) -> Mapping[K, W]:
        """The items by their keys.

        :raises InvalidRequest: one of them cannot be sent.
        """

    @abstractmethod
    async def listed(self) -> Mapping[K, L]:
        """What the service holds: these items, or more."""

    @abstractmethod
    def calls(self, missing: Mapping[K, W]) -> Iterator[tuple[Sequence[K], Call[Any]]]:
        """The calls that make the missing items, each with the keys of its items."""

    @abstractmethod
    def name(self, key: K) -> str:
        """An item's id as text, as it is stored."""

    def recognisable(self) -> dict[str, str]:
        """What a person recognises the items by, name to value; see `Action`."""
        return {}

    def refused(self, keys: Sequence[K], response: Any) -> Mapping[K, Refusal]:
        """The items that a call did not make although it succeeded, and why."""
        return {}

    def differs(self, wanted: W, listed: L) -> str | None:
        """Why an item that was listed before the first call is not the wanted one; None if it is."""
        return None

    async def before(self, *, first: bool) -> Mapping[str, JSON]:
        """What to know of the service before the first call, besides what is listed.

        :param first: False if an earlier try may have made items that this try does not know of.
        """
        return {}

    def is_before(self, stored: JSON) -> bool:
        """Whether a stored value can be what `before` returned, with the names of what was ``sent``."""
        sent = stored.get("sent") if isinstance(stored, dict) else None
        return isinstance(sent, list) and all(isinstance(name, str) for name in sent)

    def is_complete(self, stored: Mapping[str, JSON]) -> bool:
        """Whether what an earlier try stored is all that `before` would return."""
        return True


@dataclass(frozen=True)
class MadeItems(Generic[K, L]):
    """The result for all items.

    :param before: what `ItemsAction.before` returned, and the names of what was ``sent``.
    :param listed: the wanted items that are listed; first those that were listed before the first call.
    :param added: the items of these that this task added, as far as its tries know.
    :param unchanged: the items of these that were there before and are as wanted.
    :param refused: the items that are not there or not as wanted, and why.
    :param known: False if an earlier try may have added items that this try does not know of.
    :param lost: the answer to a call was lost, and no other reason explains why an item is not listed.
    """

    before: Mapping[str, JSON]
    listed: Mapping[K, L]
    added: Sequence[K]
    unchanged: Sequence[K]
    refused: Mapping[K, Refusal] = field(default_factory=dict)
    known: bool = True
    lost: UncertainOutcome | None = None


async def submit_items(action: ItemsAction[K, W, L], memory: Memory) -> MadeItems[K, L]:
    """Make the items that are not listed yet, and list what came of it."""
    wanted = action.wanted()
    note = memory.recall(action.noun)
    earlier = note.get("before")
    known = not note or action.is_before(earlier)
    if not known:
        earlier = None
        if "lost" not in note:
            memory.lost(action.noun)
    # what an earlier try sent may be listed late, and must not be sent again for that
    listed = await (
        Looks(seconds_since(note)).until(action.listed, lambda listed: wanted.keys() <= listed.keys())
        if note
        else action.listed()
    )
    if not note and not wanted.keys() <= listed.keys():
        # what moves from one page to another while the list is read is missed by one look
        listed = {**listed, **await action.listed()}
    there = {key: listed[key] for key in wanted if key in listed}
    missing = {key: item for key, item in wanted.items() if key not in there}
    # what an earlier try of this task added is not unchanged
    sent = dict.fromkeys([*(earlier or {}).get("sent", ()), *map(action.name, missing)])
    before = {**(earlier or {})}
    if not earlier or not action.is_complete(earlier):
        before |= await action.before(first=known)
    before["sent"] = list(sent)
    if missing:
        memory.intend(action.noun, before=before)
    differing = {key: why for key in there if (why := action.differs(wanted[key], there[key]))}
    if (simulated := simulation()) is not None:
        if missing:
            simulated.would.append(f"{action.noun}: {enumerated(map(action.name, missing))} would be added")
        same = [key for key in there if key not in differing]
        if same:
            simulated.would.append(f"{action.noun}: {enumerated(map(action.name, same))} is there already")
        refused = {key: Refusal(why, is_final=True) for key, why in differing.items()}
        return MadeItems(before, there, list(missing), same, refused)
    # without a note of what earlier tries sent, whatever is there may be theirs
    arrived = [key for key in there if not known or action.name(key) in sent]
    refusals, lost = await _make(action, missing, None if arrived else memory)
    looks = Looks()

    def unlike(listed: Mapping[K, L]) -> dict[K, str]:
        """What was just made and is not as wanted."""
        made = {key: item for key, item in missing.items() if key in listed}
        return {key: why for key, item in made.items() if (why := action.differs(item, listed[key]))}

    def is_all(listed: Mapping[K, L]) -> bool:
        return missing.keys() <= listed.keys() | refusals.keys() and not unlike(listed)

    if missing:
        # what was just made may be listed late
        listed = await looks.until(action.listed, is_all)
        differing |= unlike(listed)
    unlisted = Refusal("accepted, but not listed afterwards")
    absent = {key: refusals.get(key, unlisted) for key in missing if key not in listed}
    if missing and not arrived and refusals.keys() == absent.keys() == missing.keys():
        memory.withdraw(f"{action.noun}: the service refused all {len(absent)}")
    there |= {key: listed[key] for key in missing if key in listed}
    ours = {key for key in there if action.name(key) in sent}
    explained = differing or refusals.keys() & absent.keys() or not absent
    if lost is not None:
        lost.sent = action.recognisable()
        lost.looked_for = f"{action.noun}, told by {action.identity}"
        lost.looks, lost.looked_seconds = looks.number, looks.seconds
    return MadeItems(
        before,
        there,
        [key for key in there if key in ours and key not in differing],
        [key for key in there if key not in ours and key not in differing],
        {key: Refusal(why, is_final=True) for key, why in differing.items()} | absent,
        known=known,
        lost=None if explained else lost,
    )


async def _make(
    action: ItemsAction[K, W, L], missing: Mapping[K, W], memory: Memory | None
) -> tuple[dict[K, Refusal], UncertainOutcome | None]:
    """Make the calls up to the first whose answer is lost.

    :param memory: where it is written that nothing was sent, if the first call is refused; None if an earlier
        try has sent something.
    """
    refusals: dict[K, Refusal] = {}
    for number, (keys, call) in enumerate(action.calls(missing)):
        try:
            response = await call
        except UncertainOutcome as error:
            return refusals, error
        except ActivationError as error:
            # the service refused or was never reached
            if memory is not None and number == 0:
                memory.withdraw(refusal(error))
            raise
        refusals |= action.refused(keys, response)
    return refusals, None
