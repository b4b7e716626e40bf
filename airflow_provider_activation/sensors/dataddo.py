"""Sensors for Dataddo."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_activation.arguments import ID, TIMESTAMP
from airflow_provider_activation.sensors.base import ActivationSensor
from airflow_provider_activation.tasks import DataddoTask

if TYPE_CHECKING:
    from airflow_provider_activation.waits.dataddo import FlowRunProbe, SourceRunProbe


class DataddoRunSensor(ActivationSensor, DataddoTask):
    """Wait for the end of a run that a schedule, a person or another task started."""

    arguments = {"finished_after": TIMESTAMP | None}
    finished_after: Any
    shows = "RunStatus"


class DataddoSourceSensor(DataddoRunSensor):
    """Wait until a source has loaded. Returns the source's status.

    The task fails if the source is broken or inactive. A run has no id: ``finished_after`` says which run
    to wait for. Document: "Backfilling".

    .. code-block:: python

        loaded = DataddoSourceSensor(
            task_id="loaded", source_id="60f1", finished_after="{{ data_interval_end }}", deferrable=True
        )

    :param source_id: the source (templated).
    :param finished_after: a timestamp with its time zone: only a run that finished after it counts. If left
        out, the last run counts, whenever it was (templated).
    :param dataddo_conn_id: the connection's id (templated).
    :raises JobFailed: the run failed and the source is broken, or the source is inactive.
    """

    arguments = {"source_id": ID}

    def __init__(
        self,
        *,
        source_id: str,
        finished_after: datetime | str | None = None,
        dataddo_conn_id: str = "dataddo_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.source_id = source_id
        self.finished_after = finished_after
        self.dataddo_conn_id = dataddo_conn_id

    def probe(self) -> SourceRunProbe:
        from airflow_provider_activation.waits.dataddo import SourceRunProbe

        return SourceRunProbe(self.finished_after, self.finished_after, self.source_id)


class DataddoFlowSensor(DataddoRunSensor):
    """Wait until a flow has written. Returns the flow's status.

    The task fails if the flow is broken or inactive. Document: "Backfilling".

    .. code-block:: python

        written = DataddoFlowSensor(
            task_id="written", flow_id="60f2", finished_after="{{ data_interval_end }}", deferrable=True
        )

    :param flow_id: the flow (templated).
    :param finished_after: see `DataddoSourceSensor` (templated).
    :param dataddo_conn_id: the connection's id (templated).
    :raises JobFailed: the run failed and the flow is broken, or the flow is inactive.
    """

    arguments = {"flow_id": ID}

    def __init__(
        self,
        *,
        flow_id: str,
        finished_after: datetime | str | None = None,
        dataddo_conn_id: str = "dataddo_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.flow_id = flow_id
        self.finished_after = finished_after
        self.dataddo_conn_id = dataddo_conn_id

    def probe(self) -> FlowRunProbe:
        from airflow_provider_activation.waits.dataddo import FlowRunProbe

        return FlowRunProbe(self.finished_after, self.finished_after, self.flow_id)
