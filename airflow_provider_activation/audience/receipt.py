"""One record of a ledger: an intent, a receipt or a withdrawal, as plain JSON without a person in it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
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
_LOOK = "Look at the file: restore it from a copy, if it was changed. No run sends before that."


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
    :param service: the service that took the audience, in a receipt.
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
        raise NotImplementedError

    def as_bytes(self) -> bytes:
        """This record as it is stored.

        :raises InvalidArgument: it is too large.
        """
        raise NotImplementedError

    @classmethod
    def from_bytes(cls, content: bytes, told: str) -> Record:
        """The record that `as_bytes` was called on.

        :param told: the file, in words.
        :raises UnfitAudience: it is none, or one of a later release.
        """
        raise NotImplementedError
