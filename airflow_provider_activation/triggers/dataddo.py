"""Event triggers for Dataddo."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from airflow_provider_activation.arguments import FILLED, ID, given, words
from airflow_provider_activation.triggers.events import JSON, ActivationEventTrigger

if TYPE_CHECKING:
    from airflow_provider_activation.api import dataddo as api

ENDED = ("live", "broken")


class DataddoFlowTrigger(ActivationEventTrigger["api.RunStatus"]):
    """Fires when a run of a flow has ended, once for each run.

    The payload holds ``service``, ``flow_id``, ``status``, and ``run``, the flow's status with the
    timestamps of its last run. A run has no id: it is recognised by its start and its finish. If two runs
    end between two polls, the trigger fires for the second only.

    :param dataddo_conn_id: id of a connection of type ``dataddo``.
    :param flow_id: the flow.
    :param statuses: which runs fire: ``live`` for those that succeeded, ``broken`` for those that failed.
    :param poll_interval: seconds between two polls.
    :param report_existing: whether to fire for a run that ended already; see `ActivationEventTrigger`.
    :raises ValueError: naming the argument that is out of range.
    """

    hook_class = "dataddo:DataddoHook"
    service_arguments = ("dataddo_conn_id", "flow_id")
    own_arguments = ("statuses",)

    def __init__(
        self,
        *,
        dataddo_conn_id: str = "dataddo_default",
        flow_id: str,
        statuses: Sequence[str] = ("live",),
        poll_interval: float | timedelta = 60.0,
        report_existing: bool = False,
    ) -> None:
        super().__init__(poll_interval=poll_interval, report_existing=report_existing)
        self.dataddo_conn_id = given("dataddo_conn_id", FILLED, dataddo_conn_id)
        self.flow_id = given("flow_id", ID, flow_id)
        self.statuses = given("statuses", words(*ENDED), statuses)

    @property
    def subject(self) -> str:
        return f"runs of flow {self.flow_id}"

    async def question(self) -> list[api.RunStatus]:
        from airflow_provider_activation.api import dataddo as api

        return [await api.get_flow_status(self.flow_id)]

    def id_of(self, run: api.RunStatus) -> str:
        return f"{_text(run.last_run_started)} to {_text(run.last_run_finished)}"

    def reached(self, run: api.RunStatus) -> str | None:
        return run.state if run.state in self.statuses and _has_ended(run) else None

    def payload(self, run: api.RunStatus, status: str) -> dict[str, JSON]:
        from airflow_provider_activation.api import dataddo as api

        return {"service": api.SERVICE, "flow_id": self.flow_id, "status": status, "run": run.plain()}


def _has_ended(run: api.RunStatus) -> bool:
    """Whether a status is that of a run that has ended. A flow that never ran is ``live`` too."""
    started, finished = run.last_run_started, run.last_run_finished
    if run.state == "live":
        # while a run waits in the queue, its start is shown with the status of the run before
        return finished is not None and (started is None or finished >= started)
    return started is not None or finished is not None


def _text(timestamp: datetime | None) -> str:
    """A timestamp in UTC, whatever time zone the service writes it in."""
    return timestamp.astimezone(UTC).isoformat() if timestamp else "-"
