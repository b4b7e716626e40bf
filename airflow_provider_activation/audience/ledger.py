"""The ledger: what was sent of an audience to a destination, on the user's own storage.

A ledger's root folder has one folder for each pair of audience and destination. In it are numbered records,
``000001.json`` and so on, without gaps. Each is created exclusively, after the one before it was read; none is
changed or deleted. At most one intent is open, and it is always the newest record: the receipt or the
withdrawal that closes it has its key and the next number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from airflow_provider_activation.audience.receipt import Facts, Record
from airflow_provider_activation.storage import Place


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
        raise NotImplementedError

    def newest(self) -> Record | None:
        """The newest record; None if there is none."""
        raise NotImplementedError

    def last_receipt(self, earlier_than: datetime | None = None) -> Record | None:
        """The last receipt, the one that an audience is compared with.

        :param earlier_than: the ``run_after`` of the run that asks: only receipts of earlier runs count. A
            receipt of the same ``run_after`` is none.
        """
        raise NotImplementedError

    def open_intent(self) -> Record | None:
        """The intent that nothing has closed; None if there is none."""
        raise NotImplementedError

    def receipt_of(self, key: str) -> Record | None:
        """The receipt of a submission key, if that is the newest record of it."""
        raise NotImplementedError

    def check_open(self, facts: Facts) -> None:
        """Check that nothing keeps this task from sending.

        :raises Conflict: the intent of another task is open.
        """
        raise NotImplementedError

    def intend(self, facts: Facts, accept: Callable[[Ledger], None] | None = None) -> Record:
        """Write that a task is about to send, or return its intent that is open already.

        An intent that the same task left before a person cleared it is withdrawn.

        :param accept: looks at the ledger as it is before the record, and raises what speaks against it.
        :raises Conflict: the intent of another task is open.
        """
        raise NotImplementedError

    def receipt(self, facts: Facts, service: str, ids: Mapping[str, str], *, after: int = 0) -> Record:
        """Write that a task has sent and that it ended well. It closes the task's intent, if one is open.

        :param after: a receipt of this key with a greater number is returned, and nothing is written.
        :raises Conflict: the intent of another task is open.
        """
        raise NotImplementedError

    def withdraw(self, key: str, why: str) -> Record | None:
        """Close the intent of this key: nothing of it has arrived. None if it is not open."""
        raise NotImplementedError

    def close_by_hand(self, number: int, why: str, who: str) -> Record:
        """Close an open intent for a person, who has looked at the service.

        :raises Conflict: no intent of this number is open.
        """
        raise NotImplementedError
