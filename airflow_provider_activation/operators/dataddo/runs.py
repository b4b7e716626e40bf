"""Operators for Dataddo: runs of sources and flows."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from airflow_provider_activation.arguments import DATE, FILLED, ID
from airflow_provider_activation.operators.base import SubmitAndWaitOperator
from airflow_provider_activation.tasks import JSON, DataddoTask

if TYPE_CHECKING:
    from airflow_provider_activation.actions import dataddo as actions
    from airflow_provider_activation.waits.dataddo import FlowRunProbe, SourceRunProbe

__all__ = ["DataddoExtractSourceOperator", "DataddoWriteFlowOperator"]

NEVER_RAN = {"last_run_started": None, "last_run_finished": None}


class DataddoExtractSourceOperator(DataddoTask, SubmitAndWaitOperator):
    """Start a source, and wait until it has loaded. Returns the source's status afterwards.

    Document: "Backfilling". ``date_range`` counts from the day of the call, so a retry on the next day loads
    other days. ``date_from`` and ``date_to`` stay the same.

    .. code-block:: python

        extract = DataddoExtractSourceOperator(
            task_id="extract",
            source_id="60f1",
            date_from="{{ macros.ds_add(ds, -1) }}",
            date_to="{{ macros.ds_add(ds, -1) }}",
            deferrable=True,
        )

    :param source_id: the source (templated).
    :param date_from: first day to load, with ``date_to``. If ``date_from``, ``date_to`` and ``date_range``
        are left out, the source loads its own range (templated).
    :param date_to: last day to load; it is loaded too (templated).
    :param date_range: instead of two days, a range relative to the day of the call, without braces: ``30d1``
        (templated).
    :param storage_strategy: how rows are stored; the source's own if left out (templated).
    :param cancel_on_kill: deactivate the extraction. This also ends the source's own schedule until somebody
        activates it again, so the default is False (templated).
    :param dataddo_conn_id: the connection's id (templated).
    :raises Conflict: a run of the source is under way, or Dataddo answers 409; nothing was started.
    :raises JobFailed: the source is broken or inactive after the start of the run.
    """

    arguments = {
        "source_id": ID,
        "date_from": DATE | None,
        "date_to": DATE | None,
        "date_range": FILLED | None,
        "storage_strategy": FILLED | None,
    }
    nouns = ("extraction",)
    cancels_on_kill = False
    rehearsal_id = NEVER_RAN
    shows = "RunStatus"

    def __init__(
        self,
        *,
        source_id: str,
        date_from: date | str | None = None,
        date_to: date | str | None = None,
        date_range: str | None = None,
        storage_strategy: str | None = None,
        dataddo_conn_id: str = "dataddo_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.source_id = source_id
        self.date_from = date_from
        self.date_to = date_to
        self.date_range = date_range
        self.storage_strategy = storage_strategy
        self.dataddo_conn_id = dataddo_conn_id

    def intent(self) -> str:
        return f"source {self.source_id} would load"

    def submission(self, key: str) -> actions.Extraction:
        from airflow_provider_activation.actions import dataddo as actions
        from airflow_provider_activation.api import dataddo as api

        extraction = api.Extraction.model_validate(self.given(api.Extraction.model_fields))
        return actions.Extraction(source_id=self.source_id, extraction=extraction)

    def probe(self, made: JSON) -> SourceRunProbe:
        from airflow_provider_activation.waits.dataddo import SourceRunProbe

        return SourceRunProbe(**made, source_id=self.source_id)


class DataddoWriteFlowOperator(DataddoTask, SubmitAndWaitOperator):
    """Start a flow, and wait until it has written. Returns the flow's status afterwards.

    Dataddo cannot stop a write. If the task is killed, its log says that the write goes on.
    Document: "Backfilling".

    .. code-block:: python

        write = DataddoWriteFlowOperator(task_id="write", flow_id="60f2", deferrable=True)

    :param flow_id: the flow, by its own id and not that of its ``api`` (templated).
    :param dataddo_conn_id: the connection's id (templated).
    :raises Conflict: a run of the flow is under way, or Dataddo answers 409; nothing was started.
    :raises JobFailed: the flow is broken or inactive after the start of the run.
    """

    arguments = {"flow_id": ID}
    nouns = ("write",)
    rehearsal_id = NEVER_RAN
    shows = "RunStatus"

    def __init__(self, *, flow_id: str, dataddo_conn_id: str = "dataddo_default", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.flow_id = flow_id
        self.dataddo_conn_id = dataddo_conn_id

    def intent(self) -> str:
        return f"flow {self.flow_id} would write"

    def submission(self, key: str) -> actions.Write:
        from airflow_provider_activation.actions import dataddo as actions

        return actions.Write(flow_id=self.flow_id)

    def probe(self, made: JSON) -> FlowRunProbe:
        from airflow_provider_activation.waits.dataddo import FlowRunProbe

        return FlowRunProbe(**made, flow_id=self.flow_id)
