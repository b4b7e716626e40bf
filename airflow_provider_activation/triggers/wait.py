"""The one trigger: it asks a probe until there is something to say."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_provider_activation.errors import ActivationError
from airflow_provider_activation.waits.probe import Probe, event_of_error, event_of_result
from airflow_provider_activation.waits.shared import shared_wait

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator

FRAMEWORK_GRACE = 300.0
"""Seconds after a wait's own deadline at which Airflow ends a deferred task whose triggerer is gone."""


class WaitTrigger(BaseTrigger):
    """Waits for what a probe asks about. Only asks; holds no secret; starts anew after a restart.

    :param conn_id: the Airflow connection's id.
    :param probe: the probe's name.
    :param fields: the probe's fields as JSON.
    :param poll_interval: seconds between two questions.
    :param deadline: seconds since the epoch at which the wait gives up.
    """

    def __init__(self, conn_id: str, probe: str, fields: str, poll_interval: float, deadline: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow's own lacks types
        self.conn_id = conn_id
        self.probe = probe
        self.fields = fields
        self.poll_interval = poll_interval
        self.deadline = deadline

    @classmethod
    def of(cls, probe: Probe, *, conn_id: str, poll_interval: float, deadline: float) -> WaitTrigger:
        """A trigger for this probe."""
        name, fields = probe.dump()
        return cls(conn_id, name, fields, poll_interval, deadline)

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return (
            "airflow_provider_activation.triggers.wait.WaitTrigger",
            {
                "conn_id": self.conn_id,
                "probe": self.probe,
                "fields": self.fields,
                "poll_interval": self.poll_interval,
                "deadline": self.deadline,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait, and yield one event: the result, or the error the waiting task raises."""
        probe = Probe.load(self.probe, self.fields)
        hook = probe.hook_class(self.conn_id)
        try:
            async with await hook.aget_conn() as transport:
                result = await shared_wait(
                    transport, probe, poll_interval=self.poll_interval, deadline=self.deadline
                )
        except ActivationError as error:
            event = event_of_error(error)
        else:
            event = event_of_result(result)
        yield TriggerEvent(event)  # type: ignore[no-untyped-call]


def defer(
    task: BaseOperator, probe: Probe, *, conn_id: str, poll_interval: float, timeout: float
) -> NoReturn:
    """Have a task wait in the triggerer; it goes on in its ``execute_complete``.

    :param task: the task, which gives its worker slot back.
    :param probe: what to wait for.
    :param conn_id: the Airflow connection's id.
    :param poll_interval: seconds between two questions.
    :param timeout: seconds from now after which the wait gives up.
    """
    trigger = WaitTrigger.of(
        probe, conn_id=conn_id, poll_interval=poll_interval, deadline=time.time() + timeout
    )
    task.defer(
        trigger=trigger,
        method_name="execute_complete",
        timeout=timedelta(seconds=timeout + FRAMEWORK_GRACE),
    )
