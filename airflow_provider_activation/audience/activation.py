"""What a task that sends does with the ledger: its intent before, its receipt after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_activation.audience.receipt import Run


class Activation:
    """The sending of one prepared and checked audience by one task. Imports no Airflow before the receipt
    goes to a warehouse.

    :param manifest: with ``check``, the output of a ``CheckAudienceOperator``.
    :param key: the submission key of the task.
    :param run: the task.
    :param first_try: whether this is the first try under this key: what an earlier run of the same name, which
        was deleted, has left does not count then.
    :raises InvalidArgument: the manifest cannot be used.
    """

    def __init__(self, manifest: Mapping[str, Any], *, key: str, run: Run, first_try: bool) -> None:
        raise NotImplementedError

    @classmethod
    def of(cls, manifest: Mapping[str, Any], *, key: str, run: Run, first_try: bool) -> Activation | None:
        """The activation of a manifest; None if it was not checked, and is sent without a receipt."""
        raise NotImplementedError

    def check_open(self) -> None:
        """Check early that no other task is sending this audience there.

        :raises Conflict: the intent of another task is open.
        """
        raise NotImplementedError

    def intend(self) -> dict[str, Any]:
        """Write the intent, before the call that sends; returns the record.

        An earlier try's intent, which is open, or its receipt is returned, and nothing is written. If the
        receipt to compare with is another than the one of the check, the guard decides once more.

        :raises Conflict: the intent of another task is open.
        :raises UnfitAudience: the guard is breached, or the ledger cannot be read.
        """
        raise NotImplementedError

    def withdraw(self, why: str) -> dict[str, Any] | None:
        """Write that nothing arrived: the call was refused, or the service says that the job failed.

        Returns the record; None if no intent of this task is open, and nothing is written.
        """
        raise NotImplementedError

    def receipt(self, service: str, ids: Mapping[str, Any]) -> dict[str, Any]:
        """Write that it was sent and ended well, and the row in the warehouse; returns the record.

        Exactly one is written for each success: another try returns the one that is there.

        :param service: the name of the service.
        :param ids: what it has there, by name.
        :raises Conflict: the intent of another task is open.
        """
        raise NotImplementedError
