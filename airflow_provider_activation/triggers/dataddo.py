"""Event triggers for Dataddo."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from airflow_provider_activation.arguments import filled, some_of
from airflow_provider_activation.triggers.events import JSON, ActivationEventTrigger

if TYPE_CHECKING:
    from airflow_provider_activation.api import dataddo as api
    from airflow_provider_activation.hooks.dataddo import DataddoHook

ENDED = ("live", "broken")


class DataddoFlowTrigger(ActivationEventTrigger["api.RunStatus"]):
    """Fires when a run of a flow has ended, once for each run.

    The payload holds ``service``, ``flow_id``, ``status``, and ``run``, the flow's status with the moments
    of its last run. Dataddo gives runs no id: a run is told from others by the moments at which it
    started and finished, so that of two runs between two polls only the last fires.

    :param dataddo_conn_id: id of a connection of type ``dataddo``.
    :param flow_id: the flow.
    :param statuses: out of ``live``, a run that went well, and ``broken``.
    :param poll_interval: seconds between two questions.
    :param report_existing: whether to fire for the last run that has ended already when nothing is
        remembered: at the first start, and before Airflow 3.3 at every start of the triggerer.
    :raises ValueError: naming the argument that is out of range.
    """

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
        self.dataddo_conn_id = dataddo_conn_id
        self.flow_id = filled("flow_id", flow_id)
        self.statuses = list(some_of("statuses", statuses, ENDED))

    @property
    def subject(self) -> str:
        return f"runs of flow {self.flow_id}"

    def hook(self) -> DataddoHook:
        from airflow_provider_activation.hooks.dataddo import DataddoHook

        return DataddoHook(self.dataddo_conn_id)

    async def question(self) -> list[api.RunStatus]:
        from airflow_provider_activation.api import dataddo as api

        status = await api.get_flow_status(self.flow_id)
        return [status]

    def id_of(self, thing: api.RunStatus) -> str:
        return f"{_text(thing.last_run_started)} to {_text(thing.last_run_finished)}"

    def reached(self, thing: api.RunStatus) -> str | None:
        return thing.state if thing.state in self.statuses and _has_ended(thing) else None

    def payload(self, thing: api.RunStatus, status: str) -> dict[str, JSON]:
        from airflow_provider_activation.api import dataddo as api

        return {
            "service": api.SERVICE,
            "flow_id": self.flow_id,
            "status": status,
            "run": thing.plain(),
        }


def _has_ended(status: api.RunStatus) -> bool:
    """Whether a status tells of a run; a flow that never ran is live too."""
    started, finished = status.last_run_started, status.last_run_finished
    if status.state == "live":
        # a run in the queue shows its start while the status is still that of the run before
        return finished is not None and (started is None or finished >= started)
    return started is not None or finished is not None


def _text(moment: datetime | None) -> str:
    """A moment in one form, whatever zone the service writes it in."""
    return moment.astimezone(UTC).isoformat() if moment else "-"
