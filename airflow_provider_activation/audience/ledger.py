"""The ledger: what was sent of an audience to a destination, on the user's own storage.

A ledger's root folder has one folder for each pair of audience and destination. In it are numbered records,
``000001.json`` and so on, without gaps. Each is created exclusively, after the one before it was read; none
is changed or deleted. At most one intent is open, and it is always the newest record: the receipt or the
withdrawal that closes it has its key and the next number.

Where the storage does not keep two writers apart, a name has a random part, and a writer lists the folder
again after it has written. Two records of one number are refused until a person has removed one of them.
"""

from __future__ import annotations

import logging
import re
import secrets
import shlex
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote

from airflow_provider_activation.audience.receipt import (
    LARGEST,
    LONGEST_WHY,
    LOOK,
    Facts,
    Kind,
    Record,
)
from airflow_provider_activation.errors import Conflict, InvalidArgument, NotFound, UnfitAudience
from airflow_provider_activation.storage import Place, place_of
from airflow_provider_activation.storage.place import AlreadyThere

log = logging.getLogger(__name__)

COMMAND = "python -m airflow_provider_activation ledger"
LONGEST_FOLDER = 240
"""Bytes of the name of a pair's folder. File systems take 255."""
TRIES = 100
"""How often a record is tried again whose number another writer has taken."""
LISTINGS = 3
"""How often a folder is listed: one that is written to while it is listed may show a later record alone."""
SKEW = timedelta(days=1)
"""How much the clocks of workers may differ."""
_NAME = re.compile(r"(\d{6}|[1-9]\d{6,})(?:-[0-9a-f]{8})?\.json")
_BETWEEN = "@"
"""Between the names in a folder's name, where it is in neither."""


class Ledger:
    """The records of one audience at one destination.

    Every method reads what the storage has now, the newest record first and no more than it needs.

    :param root: the folder of the ledger.
    :param audience: the name of the audience, the same wherever it is sent to this destination.
    :param destination: the name of the destination.
    :raises InvalidArgument: a name is empty, too long or cannot be shown.

    All methods raise

    :raises UnfitAudience: a record cannot be read, is of another pair or of a later release, is too large, is
        there twice or is missing.
    """

    def __init__(self, root: Place, audience: str, destination: str) -> None:
        self.root = root
        self.audience, self.destination = _checked("audience", audience), _checked("destination", destination)
        name = _BETWEEN.join(quote(one, safe="") for one in (self.audience, self.destination))
        if len(name) > LONGEST_FOLDER:
            raise InvalidArgument("audience and destination: their names are too long for a folder's.")
        self.folder = root / name

    def newest(self) -> Record | None:
        """The newest record; None if there is none."""
        return self._look().newest

    def last_receipt(self, earlier_than: datetime | None = None) -> Record | None:
        """The last receipt, the one that an audience is compared with.

        :param earlier_than: the ``run_after`` of the run that asks: only receipts of earlier runs count. A
            receipt of the same ``run_after`` is none.
        """
        return self._look().last_receipt(earlier_than)

    def open_intent(self) -> Record | None:
        """The intent that nothing has closed; None if there is none."""
        return self._look().open_intent

    def receipt_of(self, key: str, run_after: datetime | None = None) -> Record | None:
        """The receipt of a submission key, if that is the newest record of it.

        :param run_after: of the key's run, before which nothing needs to be looked for.
        """
        return self._look().receipt_of(key, run_after)

    def records(self) -> Iterator[Record]:
        """All records, the newest first."""
        return self._look().backwards()

    def check_open(self, facts: Facts) -> None:
        """Check that nothing keeps this task from sending.

        :raises Conflict: the intent of another task is open.
        """
        self._check_own(self.open_intent(), facts)

    def intend(self, facts: Facts, accept: Callable[[Record | None], None] | None = None) -> Record:
        """Write that a task is about to send, or return its intent that is open already.

        An intent that the same task left before a person cleared it is withdrawn.

        :param accept: gets the last receipt of an earlier run, and raises what speaks against sending.
        :raises Conflict: the intent of another task is open.
        """
        for look in self._tries():
            if (left := look.open_intent) is not None:
                if left.key == facts.key:
                    return left
                self._check_own(left, facts)
                self._take_over(look, left, facts)
                continue
            if accept is not None:
                accept(look.last_receipt(facts.run.run_after))
            if record := self._append(look, "intent", facts):
                self._warn_if_shared(record)
                return record
        raise self._too_busy()

    def receipt(
        self, facts: Facts, service: str, ids: Mapping[str, str], *, after: int = 0, least: int = 0
    ) -> Record:
        """Write that a task has sent and that it ended well. It closes the task's intent, if one is open.

        :param after: a receipt of this key with a greater number is returned, and nothing is written.
        :param least: the number of a record that must be there, the task's own intent.
        :raises Conflict: the intent of another task is open.
        """
        for look in self._tries():
            left = look.open_intent
            if left is None or left.key != facts.key:
                if (found := look.receipt_of(facts.key, facts.run.run_after)) and found.number > after:
                    return found
                if left is not None:
                    self._check_own(left, facts)
                    self._take_over(look, left, facts)
                    continue
            if look.last < least:
                raise UnfitAudience(
                    f"{self.folder}: the record {least}, which this task wrote, is gone.", advice=LOOK
                )
            if record := self._append(look, "receipt", facts, service=service, ids=ids):
                return record
        raise self._too_busy()

    def may_have_sent(self, facts: Facts, after: int = 0) -> bool:
        """Whether the task may have sent: its intent is open, also from before it was cleared; or there is
        its receipt, or a withdrawal of what the service had taken.

        :param after: a receipt counts with a greater number.
        """
        look = self._look()
        left = look.open_intent
        if left is not None and (left.key == facts.key or left.run.is_same_task(facts.run)):
            return True
        found = look.newest_of(facts.key, facts.run.run_after)
        if found is None or found.kind == "intent":
            return found is not None
        return found.service is not None and (found.kind == "withdrawn" or found.number > after)

    def _take_over(self, look: _Look, left: Record, facts: Facts) -> None:
        """Close the intent that the same task left before a person cleared it."""
        why = f"its task was cleared, and goes on under the key {facts.key}"
        self._append(look, "withdrawn", left.facts, why=why)

    def withdraw(self, key: str, why: str, service: str | None = None) -> Record | None:
        """Close the intent of this key: nothing of it has arrived. None if it is not open.

        :param service: the service, if it had taken what was sent, and says that it failed.
        """
        for look in self._tries():
            left = look.open_intent
            if left is None or left.key != key:
                return None
            if record := self._append(look, "withdrawn", left.facts, why=why, service=service):
                return record
        raise self._too_busy()

    def close_by_hand(self, number: int, why: str, who: str) -> Record:
        """Close an open intent for a person, who has looked at the service.

        :raises Conflict: no intent of this number is open.
        """
        look = self._look()
        left = look.open_intent
        if left is not None and left.number == number:
            if record := self._append(look, "withdrawn", left.facts, why=f"closed by hand by {who}: {why}"):
                return record
            left = None
        is_open = f"; {left.number} is" if left else ", or not any more"
        raise Conflict(
            f"{self}: no intent of number {number} is open{is_open}.", advice="Nothing was written."
        )

    def __str__(self) -> str:
        return f"audience {self.audience!r} for {self.destination!r}"

    def _look(self) -> _Look:
        return _Look(self.folder, self.audience, self.destination)

    def _tries(self) -> Iterator[_Look]:
        """Looks at the ledger, one for each try to write the next record."""
        for _ in range(TRIES):
            yield self._look()

    def _check_own(self, left: Record | None, facts: Facts) -> None:
        """Refuse an open intent of another task."""
        if left is not None and left.key != facts.key and not left.run.is_same_task(facts.run):
            raise self._taken(left)

    def _taken(self, left: Record) -> Conflict:
        command = shlex.join(
            [
                *COMMAND.split(),
                *(self.root.told, "--close", str(left.number)),
                *("--audience", self.audience, "--destination", self.destination, "--why"),
            ]
        )
        return Conflict(
            f"{self} is being sent since {left.at:%Y-%m-%d %H:%M:%S} UTC by {left.run.task}.",
            advice="Wait until that task has ended. If it failed, clear it. If it will not run again, look "
            "at the service whether the audience arrived, and close the intent by hand with what you found: "
            f"{command} TEXT",
        )

    def _append(self, look: _Look, kind: Kind, facts: Facts, **more: Any) -> Record | None:
        """Create the record after those that were looked at; None if another writer has taken its number."""
        if "why" in more:
            more["why"] = more["why"][:LONGEST_WHY]
        record = Record(
            number=look.last + 1,
            kind=kind,
            audience=self.audience,
            destination=self.destination,
            facts=facts,
            **more,
        )
        content = record.as_bytes()
        if self.folder.is_exclusive:
            try:
                self._place(record).create(content)
            except AlreadyThere:
                return None
            return record
        (self.folder / f"{record.number:06d}-{secrets.token_hex(4)}.json").create(content)
        # refuses two of one number
        self._look()
        return record

    def _place(self, record: Record) -> Place:
        return self.folder / f"{record.number:06d}.json"

    def _warn_if_shared(self, record: Record) -> None:
        if not (self.folder.is_exclusive and self._place(record).refuses(record.as_bytes())):
            log.warning(
                "The storage of %s does not keep two writers apart. Set max_active_runs=1 for each DAG that "
                "sends %s, and let no other DAG send it.",
                self.root,
                self,
            )

    def _too_busy(self) -> Conflict:
        return Conflict(
            f"{self}: other tasks write to its ledger all the time.", advice="Run the task again."
        )


class _Look:
    """What a ledger has at one time. Records are read when they are asked for, and once."""

    def __init__(self, folder: Place, audience: str, destination: str) -> None:
        self._folder, self._pair = folder, (audience, destination)
        self._read: dict[int, Record] = {}
        for left in reversed(range(LISTINGS)):
            found = [(number, name) for name in folder.names() if (number := _number(name)) is not None]
            self._names = dict(found)
            self.last = max(self._names, default=0)
            if len(self._names) == self.last:
                break
            if not left:
                missing = next(one for one in range(1, self.last + 1) if one not in self._names)
                raise UnfitAudience(f"{folder}: the record {missing} of {self.last} is missing.", advice=LOOK)
        if len(found) > len(self._names):
            name = next(name for number, name in found if self._names[number] != name)
            other = self._names[_number(name) or 0]
            raise UnfitAudience(
                f"{folder} has two records of one number: {name} and {other}.",
                advice="Two runs wrote at once, on a storage that does not keep them apart. Look at the "
                "service which of them has sent, remove the other file, and set max_active_runs=1.",
            )

    @property
    def newest(self) -> Record | None:
        return self._record(self.last) if self.last else None

    @property
    def open_intent(self) -> Record | None:
        newest = self.newest
        return newest if newest is not None and newest.kind == "intent" else None

    def last_receipt(self, earlier_than: datetime | None) -> Record | None:
        records = self.backwards()
        for one in records:
            if one.kind == "receipt" and (earlier_than is None or one.run.run_after < earlier_than):
                # the record before it is looked at too: a receipt is of the same task and file as its intent
                next(records, None)
                return one
        return None

    def receipt_of(self, key: str, run_after: datetime | None) -> Record | None:
        newest = self.newest_of(key, run_after)
        return newest if newest is not None and newest.kind == "receipt" else None

    def newest_of(self, key: str, run_after: datetime | None) -> Record | None:
        for one in self.backwards():
            if one.key == key:
                return one
            # no task runs before its run may begin
            if run_after is not None and one.at < run_after - SKEW:
                return None
        return None

    def backwards(self) -> Iterator[Record]:
        after: Record | None = None
        for number in range(self.last, 0, -1):
            record = self._record(number)
            if after is not None and not _may_follow(after, record):
                raise UnfitAudience(
                    f"{self._folder}: the {after.kind} {after.number} does not fit the {record.kind} before.",
                    advice=LOOK,
                )
            yield record
            after = record

    def _record(self, number: int) -> Record:
        if number in self._read:
            return self._read[number]
        place = self._folder / self._names[number]
        try:
            content = place.read(LARGEST)
        except NotFound:
            raise UnfitAudience(f"{place} was removed while the ledger was read.", advice=LOOK) from None
        record = Record.from_bytes(content, place.told)
        if (record.audience, record.destination) != self._pair:
            raise UnfitAudience(
                f"{place} is from another audience: {record.audience!r} for {record.destination!r}.",
                advice="Give each pair of audience and destination names of its own, and copy no records. "
                "Names that differ in capitals alone are one folder on some disks.",
            )
        if record.number != number:
            raise UnfitAudience(f"{place} holds the record {record.number}.", advice=LOOK)
        self._read[number] = record
        return record


def _may_follow(record: Record, before: Record) -> bool:
    """Whether a record can stand after another: each intent is closed, and nothing else is withdrawn."""
    if before.kind == "intent":
        return record.kind != "intent" and _is_of(record, before)
    return record.kind != "withdrawn"


def _is_of(record: Record, intent: Record) -> bool:
    """Whether a record closes an intent: it is of the same task, file and rows."""
    facts, intended = record.facts, intent.facts
    return (facts.key, facts.run, facts.sha256, facts.size, dict(facts.rows)) == (
        *(intended.key, intended.run, intended.sha256, intended.size),
        dict(intended.rows),
    )


def ledgers_in(folder: Place) -> list[Ledger]:
    """The ledgers of a root folder, or the one of a pair's own folder."""
    if any(_number(name) for name in folder.names()):
        root = place_of(folder.told.rstrip("/").rpartition("/")[0], "ledger")
        pairs = [pair_of(folder.name)]
    else:
        root, pairs = folder, [pair_of(name) for name in folder.folders()]
    return [Ledger(root, *pair) for pair in pairs if pair]


def pair_of(folder: str) -> tuple[str, str] | None:
    """Audience and destination of a folder of this name; None if it is not a ledger's."""
    audience, between, destination = folder.partition(_BETWEEN)
    pair = unquote(audience), unquote(destination)
    is_pair = all(pair) and _BETWEEN.join(quote(one, safe="") for one in pair) == folder
    return pair if between and is_pair else None


def _number(name: str) -> int | None:
    """The number of a record of this name; None if it is not a record's."""
    found = _NAME.fullmatch(name)
    return int(found[1]) or None if found else None


def _checked(what: str, name: Any) -> str:
    if not isinstance(name, str) or not name or name != name.strip() or not name.isprintable():
        raise InvalidArgument(f"{what} must be a name: text that is printable, without blanks around it.")
    return unicodedata.normalize("NFC", name)
