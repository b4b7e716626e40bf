"""Sensors for Dataddo."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_activation.arguments import moment
from airflow_provider_activation.sensors.base import ActivationSensor
from airflow_provider_activation.tasks import DataddoTask

if TYPE_CHECKING:
    from airflow_provider_activation.waits.dataddo import FlowRunProbe, SourceRunProbe


class DataddoRunSensor(DataddoTask, ActivationSensor):
    """Wait until a run has finished that somebody else started: a schedule, a person, another task.

    :param finished_after: a moment with its time zone; runs that finished before it do not count. Left
        out, any run that ever finished does (templated).
    """

    template_fields = (*DataddoTask.template_fields, "finished_after")

    def __init__(self, *, finished_after: datetime | str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.finished_after = finished_after

    @property
    def after(self) -> str | None:
        """`finished_after` in ISO 8601.

        :raises InvalidRequest: it is no moment or says no time zone.
        """
        return moment("finished_after", self.finished_after) if self.finished_after else None


class DataddoSourceSensor(DataddoRunSensor):
    """Wait until a source has loaded. Returns the source's status.

    A source that is broken or inactive fails the task. Document: "Backfilling"; a run has no id there,
    which is why ``finished_after`` tells which one is meant.

    .. code-block:: python

        loaded = DataddoSourceSensor(
            task_id="loaded", source_id="60f1", finished_after="{{ data_interval_end }}", deferrable=True
        )

    :param source_id: the source (templated).
    """

    template_fields = (*DataddoRunSensor.template_fields, "source_id")

    def __init__(self, *, source_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.source_id = source_id

    def probe(self) -> SourceRunProbe:
        from airflow_provider_activation.waits.dataddo import SourceRunProbe

        return SourceRunProbe(self.after, self.after, str(self.source_id))


class DataddoFlowSensor(DataddoRunSensor):
    """Wait until a flow has written. Returns the flow's status.

    A flow that is broken or inactive fails the task. Document: "Backfilling"; see `DataddoSourceSensor`.

    .. code-block:: python

        written = DataddoFlowSensor(
            task_id="written", flow_id="60f2", finished_after="{{ data_interval_end }}", deferrable=True
        )

    :param flow_id: the flow (templated).
    """

    template_fields = (*DataddoRunSensor.template_fields, "flow_id")

    def __init__(self, *, flow_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.flow_id = flow_id

    def probe(self) -> FlowRunProbe:
        from airflow_provider_activation.waits.dataddo import FlowRunProbe

        return FlowRunProbe(self.after, self.after, str(self.flow_id))
