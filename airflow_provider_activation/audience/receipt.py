"""One record of a ledger: an intent, a receipt or a withdrawal, as plain JSON without a person in it."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from airflow_provider_activation.audience.guard import sent_of
from airflow_provider_activation.errors import InvalidArgument, UnfitAudience

VERSION = 1
LARGEST = 256 * 1024
"""Bytes of a record."""
LONGEST_WHY = 1_000
"""Characters of the reason of a withdrawal."""
ROWS = ("read", "left_out", "rejected", "suppressed", "duplicates", "sent")

Kind = Literal["intent", "receipt", "withdrawn"]
_RECEIPTS = uuid.UUID("8a3c1f0e-5f0c-4c0e-9d53-0a6f5b5d9a11")
"""The name space of ids of receipts."""
LOOK = "Look at the file: restore it from a copy, if it was changed. No run sends before that."


@dataclass(frozen=True, kw_only=True)
class Run:
    """Which task instance sends.

    :param run_after: of its DAG run, with a zone.
    """

    dag_id: str
    task_id: str
    run_id: str
    map_index: int = -1
    run_after: datetime

    def __post_init__(self) -> None:
        if self.run_after.tzinfo is None:
            raise InvalidArgument("run_after must have a time zone.")

    @property
    def task(self) -> str:
        """The task of the run, in words."""
        mapped = f"[{self.map_index}]" if self.map_index >= 0 else ""
        return f"task {self.task_id}{mapped} of DAG {self.dag_id}, run {self.run_id}"

    def is_same_task(self, other: Run) -> bool:
        """Whether both are one task instance, however often it was cleared."""
        names = ("dag_id", "task_id", "run_id", "map_index")
        return all(getattr(self, name) == getattr(other, name) for name in names)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a task that sends knows of itself and of its file.

    :param key: the submission key of the task.
    :param rows: ``read``, ``left_out``, ``rejected``, ``suppressed``, ``duplicates`` and ``sent``.
    :param suppression: name and rows of each list.
    :param approver: who approved a breach of the guard, if somebody was asked.
    """

    key: str
    run: Run
    rows: Mapping[str, int]
    sha256: str
    size: int
    profile: str | None = None
    suppression: Sequence[Mapping[str, Any]] = ()
    approver: str | None = None

    @classmethod
    def of_manifest(cls, manifest: Mapping[str, Any], *, key: str, run: Run, approver: str | None) -> Facts:
        """The facts of a file that was prepared."""
        rows = manifest["rows"]
        lists = [{"name": one["name"], "rows": one["rows"]} for one in manifest.get("suppression") or ()]
        return cls(
            key=key,
            run=run,
            rows={name: rows[name] for name in ROWS[:-1]} | {"sent": sent_of(rows)},
            sha256=manifest["sha256"],
            size=manifest["size"],
            profile=manifest.get("profile"),
            suppression=lists,
            approver=approver,
        )


@dataclass(frozen=True, kw_only=True)
class Record:
    """One record of a ledger.

    :param number: counted from 1 for each pair of audience and destination.
    :param facts: of the task that sends.
    :param at: when it was written, in UTC.
    :param service: the service that took the audience, in a receipt; in a withdrawal, the one that took it
        and says that it failed.
    :param ids: what it has there, by name; texts, in a receipt.
    :param why: why nothing arrived, in a withdrawal.
    """

    number: int
    kind: Kind
    audience: str
    destination: str
    facts: Facts
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    service: str | None = None
    ids: Mapping[str, str] = field(default_factory=dict)
    why: str | None = None

    @property
    def key(self) -> str:
        """The submission key of the task that wrote it."""
        return self.facts.key

    @property
    def run(self) -> Run:
        """The task that wrote it."""
        return self.facts.run

    @property
    def receipt_id(self) -> str | None:
        """What a receipt is known by elsewhere: the same for the same record, and for no other."""
        if self.kind != "receipt":
            return None
        named = json.dumps([self.audience, self.destination, self.key, self.number])
        return str(uuid.uuid5(_RECEIPTS, named))

    def as_json(self) -> dict[str, Any]:
        """This record as plain JSON, as it is stored."""
        facts, run = self.facts, self.facts.run
        return {
            "version": VERSION,
            "number": self.number,
            "kind": self.kind,
            "key": facts.key,
            "audience": self.audience,
            "destination": self.destination,
            "dag_id": run.dag_id,
            "task_id": run.task_id,
            "run_id": run.run_id,
            "map_index": run.map_index,
            "run_after": run.run_after.isoformat(),
            "at": self.at.isoformat(),
            "service": self.service,
            "ids": dict(self.ids),
            "rows": dict(facts.rows),
            "sha256": facts.sha256,
            "size": facts.size,
            "profile": facts.profile,
            "suppression": [dict(one) for one in facts.suppression],
            "approver": facts.approver,
            "receipt_id": self.receipt_id,
            "why": self.why,
        }

    def as_bytes(self) -> bytes:
        """This record as it is stored.

        :raises InvalidArgument: it is too large, or nobody could read it.
        """
        fields = self.as_json()
        if wrong := _wrong_in(fields):
            raise InvalidArgument(f"a record cannot have this {', '.join(wrong)}.")
        content = json.dumps(fields, indent=1).encode() + b"\n"
        if len(content) > LARGEST:
            raise InvalidArgument(
                f"a record of {len(content):,} bytes is too large; {LARGEST:,} are the most."
            )
        return content

    @classmethod
    def from_bytes(cls, content: bytes, told: str) -> Record:
        """The record that `as_bytes` was called on.

        :param told: the file, in words.
        :raises UnfitAudience: it is none, or one of a later release.
        """
        try:
            found = json.loads(content, object_pairs_hook=_once)
        except (ValueError, RecursionError):
            raise UnfitAudience(f"{told} is no record: it cannot be read as JSON.", advice=LOOK) from None
        if not isinstance(found, dict):
            raise UnfitAudience(f"{told} is no record: it is no object of JSON.", advice=LOOK)
        version = found.get("version")
        if type(version) is int and version > VERSION:
            raise UnfitAudience(
                f"{told} is of version {version}, and this release reads {VERSION}.",
                advice="Install the release that has written it, wherever this ledger is used.",
            )
        if wrong := _wrong_in(found):
            raise UnfitAudience(f"{told} is no record: see its {', '.join(wrong)}.", advice=LOOK)
        record = cls(
            number=found["number"],
            kind=found["kind"],
            audience=found["audience"],
            destination=found["destination"],
            at=datetime.fromisoformat(found["at"]),
            service=found["service"],
            ids=found["ids"],
            why=found["why"],
            facts=Facts(
                run=Run(
                    run_after=datetime.fromisoformat(found["run_after"]),
                    **{name: found[name] for name in ("dag_id", "task_id", "run_id", "map_index")},
                ),
                suppression=found["suppression"],
                **{name: found[name] for name in ("key", "rows", "sha256", "size", "profile", "approver")},
            ),
        )
        if found["receipt_id"] != record.receipt_id:
            raise UnfitAudience(f"{told} is no record: its receipt_id is of another.", advice=LOOK)
        return record


def _wrong_in(fields: Mapping[str, Any]) -> list[str]:
    """The fields of a record that are missing, or are not what they must be."""
    wrong = [name for name, fits in _FIELDS.items() if name not in fields or not fits(fields[name])]
    if "why" not in wrong and (fields.get("kind") == "withdrawn") != bool(fields["why"]):
        wrong.append("why")
    return wrong + sorted(fields.keys() - _FIELDS.keys())


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON in which no name is twice."""
    read = dict(pairs)
    if len(read) < len(pairs):
        raise ValueError
    return read


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_text_or_null(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_time(value: Any) -> bool:
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except (TypeError, ValueError):
        return False


def _are_ids(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(one, str) for one in value.values())


def _are_rows(value: Any) -> bool:
    return isinstance(value, dict) and all(_is_count(value.get(name)) for name in ROWS)


def _are_lists(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, dict) and isinstance(one.get("name"), str) and _is_count(one.get("rows"))
        for one in value
    )


_FIELDS: Mapping[str, Callable[[Any], bool]] = {
    "version": lambda value: type(value) is int and value == VERSION,
    "number": lambda value: _is_count(value) and value > 0,
    "kind": lambda value: value in ("intent", "receipt", "withdrawn"),
    **dict.fromkeys(("key", "audience", "destination", "dag_id", "task_id", "run_id"), _is_text),
    "sha256": lambda value: isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) is not None,
    "map_index": lambda value: type(value) is int,
    **dict.fromkeys(("run_after", "at"), _is_time),
    **dict.fromkeys(("service", "profile", "approver", "receipt_id", "why"), _is_text_or_null),
    "ids": _are_ids,
    "rows": _are_rows,
    "size": _is_count,
    "suppression": _are_lists,
}
"""What each field of a record must be."""
