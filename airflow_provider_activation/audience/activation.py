"""What a task that sends does with the ledger: its intent before, its receipt after."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from airflow_provider_activation.audience.guard import AudienceGuard
from airflow_provider_activation.audience.ledger import Ledger
from airflow_provider_activation.audience.manifest import check_counts, place_of_manifest
from airflow_provider_activation.audience.receipt import LOOK, Facts, Record, Run
from airflow_provider_activation.audience.warehouse import check_warehouse, insert_receipt
from airflow_provider_activation.errors import ActivationError, Conflict, InvalidArgument, UnfitAudience
from airflow_provider_activation.storage import place_of

_SENT = "It was sent: the next try sends nothing and does what is left, but a cleared task sends again."


class Activation:
    """The sending of one prepared and checked audience by one task.

    It imports no Airflow, unless the ledger is behind a connection or the receipt goes to a warehouse.

    :param manifest: with ``check``, the output of a ``CheckAudienceOperator``.
    :param key: the submission key of the task.
    :param run: the task.
    :param first_try: whether this is the first try under this key. A receipt of the key, which a run of the
        same name has left that was deleted since, does not count then.
    :param began: when the DAG run began: a receipt that was written later is the run's own.
    :raises InvalidArgument: the manifest cannot be used.
    """

    def __init__(
        self,
        manifest: Mapping[str, Any],
        *,
        key: str,
        run: Run,
        first_try: bool,
        began: datetime | None = None,
    ) -> None:
        place_of_manifest(manifest)
        check_counts(manifest)
        check = manifest.get("check")
        if not isinstance(check, Mapping):
            raise _unchecked()
        try:
            self.ledger = Ledger(place_of(check["ledger"], "ledger"), check["audience"], check["destination"])
            self._guard = AudienceGuard.from_mapping(check["guard"])
            self._compared_with: int | None = check["compared_with"]
            self._warehouse = check["warehouse"] and check_warehouse(check["warehouse"])
            self._facts = Facts.of_manifest(manifest, key=key, run=run, approver=check["approver"])
        except (KeyError, TypeError):
            raise _unchecked() from None
        self._first_try, self._began = first_try, began
        self._intent = 0
        # a receipt of the key counts if it stands behind this record
        self._after = sys.maxsize if first_try else 0

    @classmethod
    def of(
        cls,
        manifest: Mapping[str, Any],
        *,
        key: str,
        run: Run,
        first_try: bool,
        began: datetime | None = None,
    ) -> Activation | None:
        """The activation of a manifest; None if it was not checked, and is sent without a receipt."""
        if manifest.get("check") is None:
            return None
        return cls(manifest, key=key, run=run, first_try=first_try, began=began)

    def check_open(self) -> None:
        """Check early that no other task is sending this audience there.

        :raises Conflict: the intent of another task is open.
        """
        self.ledger.check_open(self._facts)

    def check_guard(self) -> None:
        """Check what `intend` checks once more, for a simulation, which writes no intent.

        :raises UnfitAudience: another run has sent since the check, and the guard is breached.
        """
        self._accept(self.ledger.last_receipt(self._facts.run.run_after))

    def intend(self) -> dict[str, Any]:
        """Write the intent, before the call that sends; returns the record.

        The intent of an earlier try, if it is open, is returned, and nothing is written. If the receipt to
        compare with is another than that of the check, the guard decides once more.

        :raises Conflict: the intent of another task is open; or an earlier try has sent it and ended well.
        :raises UnfitAudience: the guard is breached, or the ledger cannot be read.
        """
        if not self._first_try:
            run_after = self._facts.run.run_after
            if sent := self.ledger.receipt_of(self._facts.key, run_after):
                raise Conflict(
                    f"{self.ledger} was sent by an earlier try of this task, see receipt {sent.number}, and "
                    "the service does not show it any more.",
                    advice="Nothing was sent. To send it again, clear the task.",
                )
        record = self.ledger.intend(self._facts, self._accept)
        self._intent = record.number
        if self._first_try:
            self._after = record.number
        return record.as_json()

    def withdraw(self, why: str, service: str | None = None) -> dict[str, Any] | None:
        """Write that nothing arrived: the call was refused, or the service says that the job failed.

        Returns the record; None if no intent of this task is open, and nothing is written.

        :param service: the service, if it had taken what was sent.
        """
        record = self.ledger.withdraw(self._facts.key, why, service)
        return record.as_json() if record else None

    def receipt(self, service: str, ids: Mapping[str, Any]) -> dict[str, Any]:
        """Write that it was sent and ended well, and the row in the warehouse; returns the record.

        Exactly one is written for each success: another try returns the one that is there.

        :param service: the name of the service.
        :param ids: what it has there, by name.
        :raises Conflict: the intent of another task is open.
        """
        texts = {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in ids.items()
            if value is not None
        }
        try:
            record = self.ledger.receipt(
                self._facts, service, texts, after=self._earlier(), least=self._intent
            )
            if self._first_try:
                self._after = record.number - 1
            receipt = record.as_json()
            if self._warehouse:
                insert_receipt(self._warehouse, receipt)
        except ActivationError as error:
            # a task that fails for good would be cleared, and a cleared task sends again
            error.retry_helps = True
            error.advice = f"{error.advice} {_SENT}".strip()
            raise
        return receipt

    def may_have_sent(self) -> bool:
        """Whether an earlier try may have sent it, one of before the task was cleared too."""
        return self.ledger.may_have_sent(self._facts, self._earlier())

    def _earlier(self) -> int:
        """A receipt of the key counts if it has a greater number."""
        if self._first_try and not self._intent and self._began is not None:
            # the task may go on in another process than the one that sent
            found = self.ledger.receipt_of(self._facts.key, self._facts.run.run_after)
            if found is not None and found.at >= self._began:
                return found.number - 1
        return self._after

    def _accept(self, before: Record | None) -> None:
        """Refuse what the guard would have refused, had the check known the ledger as it is now."""
        number = before.number if before else 0
        if number == (self._compared_with or 0):
            return
        if number < (self._compared_with or 0):
            raise UnfitAudience(
                f"{self.ledger}: the receipt {self._compared_with}, which the check compared with, is gone.",
                advice=f"Nothing was sent. {LOOK}",
            )
        if breaches := self._guard.breaches(self._facts.rows, before.facts.rows if before else None):
            raise UnfitAudience(
                f"{self.ledger} was sent by another run since it was checked; now {'; '.join(breaches)}.",
                advice="Nothing was sent. Clear the task that checks it.",
            )


def _unchecked() -> InvalidArgument:
    return InvalidArgument("manifest must be the output of a CheckAudienceOperator.")
