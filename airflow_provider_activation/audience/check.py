"""What a check finds of a prepared audience: its figures, now and before, and what is beyond a limit.

Counts and names of runs alone are told, no row and no value of one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from airflow_provider_activation.audience.guard import AudienceGuard, sent_of
from airflow_provider_activation.audience.ledger import Ledger
from airflow_provider_activation.audience.manifest import (
    COUNTS,
    check_counts,
    check_file,
    place_of_manifest,
    prepared_file,
)
from airflow_provider_activation.audience.receipt import Facts, Record, Run
from airflow_provider_activation.errors import UnfitAudience
from airflow_provider_activation.simulation import simulated_id, simulation
from airflow_provider_activation.storage import Place

_HEAD = ("rows", "now", "before", "limit")


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What a check has found.

    :param before: the receipt that it is compared with, the last one of an earlier run, if there is one.
    :param latest: the number of the last receipt of any run; 0 if there is none.
    """

    audience: str
    destination: str
    manifest: Mapping[str, Any]
    guard: AudienceGuard
    before: Record | None
    latest: int

    @property
    def what(self) -> str:
        """Which audience goes where, in words."""
        return f"the audience {self.audience} for {self.destination}"

    @property
    def breaches(self) -> list[str]:
        """What is beyond a limit, each with its figures."""
        rows = self.manifest["rows"]
        return self.guard.breaches(rows, None if self.before is None else self.before.facts.rows)

    @property
    def told(self) -> str:
        """The breaches in one line."""
        return f"{self.what} is beyond its limits: {'; '.join(self.breaches)}."

    @property
    def lines(self) -> list[str]:
        """The figures as a table for the log."""
        table = [_HEAD, *self._table()]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        return [
            f"{name:{widths[0]}}  {now:>{widths[1]}}  {before:>{widths[2]}}  {limit}".rstrip()
            for name, now, before, limit in table
        ]

    @property
    def compared(self) -> str:
        """What it is compared with, in a sentence."""
        if self.before is None:
            return "No earlier run has sent it there."
        run, at = self.before.run, self.before.at.isoformat(timespec="seconds")
        return f"Compared with receipt {self.before.number}: run {run.run_id} of {run.dag_id}, {at}."

    @property
    def question(self) -> str:
        """What a person is asked, as Markdown. The same findings give the same text."""
        audience, destination = _escaped(self.audience), _escaped(self.destination)
        manifest, breaches = self.manifest, self.breaches
        table = [_HEAD, ("---", "---:", "---:", "---"), *self._table()]
        return "\n".join(
            [
                f"Is the audience **{audience}** to be sent to **{destination}**?",
                "",
                *(["Beyond the limits:", "", *(f"- {one}" for one in breaches), ""] if breaches else []),
                *(f"| {' | '.join(row)} |" for row in table),
                "",
                _escaped(self.compared),
                f"The file has {manifest['size']:,} bytes and the SHA-256 `{manifest['sha256']}`.",
            ]
        )

    @property
    def digest(self) -> str:
        """Tells the question from another: other figures, another file or another receipt."""
        return hashlib.sha256(self.question.encode()).hexdigest()

    def _table(self) -> list[tuple[str, str, str, str]]:
        now = self.manifest["rows"]
        before = {} if self.before is None else self.before.facts.rows
        rate = self.guard.max_reject_rate
        limits = {"rejected": "" if rate is None else f"at most {100 * rate:g} % of the read"}
        table = [
            (name.replace("_", " "), f"{now[name]:,}", _told(before.get(name)), limits.get(name, ""))
            for name in COUNTS[:-1]
        ]
        sent_before = _told(sent_of(before)) if before else _told(None)
        return [*table, ("sent", f"{sent_of(now):,}", sent_before, self._limits())]

    def _limits(self) -> str:
        guard = self.guard
        limits: dict[str, float | None]
        limits = {"at least {:,}": guard.min_rows, "at most {:,}": guard.max_rows}
        if self.before is not None:
            limits |= {
                "at most {:g} % fewer": guard.max_shrink and 100 * guard.max_shrink,
                "at most {:g} % more": guard.max_growth and 100 * guard.max_growth,
            }
        return ", ".join(told.format(limit) for told, limit in limits.items() if limit is not None)


def look(
    manifest: Mapping[str, Any],
    *,
    root: Place,
    audience: str,
    destination: str,
    guard: Mapping[str, Any],
    run: Run,
) -> Findings:
    """Look at a prepared file and at what was sent before.

    :param root: the folder of the ledger.
    :param run: the task that checks.
    :raises InvalidArgument: the manifest is none.
    :raises UnfitAudience: the file is not the one that was prepared, or the ledger cannot be read.
    :raises Conflict: another run is sending this audience there, and it is not known what came of it.
    """
    if not _is_simulated(manifest):
        place_of_manifest(manifest)
    check_counts(manifest)
    ledger = Ledger(root, audience, destination)
    intent = ledger.open_intent()
    # what a task of this run has begun, that task goes on with
    if intent is not None and (intent.run.dag_id, intent.run.run_id) != (run.dag_id, run.run_id):
        ledger.check_open(Facts(key="", run=run, rows={}, sha256=manifest["sha256"], size=manifest["size"]))
    try:
        if not _is_simulated(manifest):
            with prepared_file(manifest) as path:
                check_file(path, manifest)
    except OSError as error:
        place = place_of_manifest(manifest)
        raise UnfitAudience(f"{place} cannot be read ({error.strerror}).") from None
    latest = ledger.last_receipt()
    return Findings(
        audience=audience,
        destination=destination,
        manifest=manifest,
        guard=AudienceGuard.from_mapping(guard),
        before=ledger.last_receipt(earlier_than=run.run_after),
        latest=0 if latest is None else latest.number,
    )


def _is_simulated(manifest: Mapping[str, Any]) -> bool:
    """Whether its file is nowhere: the figures of a simulation alone are known."""
    return simulation() is not None and simulated_id(manifest["path"]) is not None


def _told(count: int | None) -> str:
    return "-" if count is None else f"{count:,}"


def _escaped(text: str) -> str:
    """A text that means nothing to Markdown."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)
