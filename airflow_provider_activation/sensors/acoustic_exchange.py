"""Sensors for Acoustic Exchange."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_activation.arguments import one_of, whole_number
from airflow_provider_activation.connected import AcousticExchangeTask
from airflow_provider_activation.sensors.base import ActivationSensor

if TYPE_CHECKING:
    from airflow_provider_activation.api import acoustic_exchange as api
    from airflow_provider_activation.waits.acoustic_exchange import JobProbe, OnNeedsAction

JOB_CATEGORIES = ("SEGMENT_EXPORT", "IDENTITY_IMPORT", "SEGMENT_POPULATE_DB")
JOB_STATUSES = (
    "WAITING_TO_RECIEVE_DATA",
    "WAITING_TO_RECEIVE_DATA",
    "PENDING",
    "RUNNING",
    "READY_FOR_DOWNLOAD",
    "COMPLETE",
    "COMPLETED",
)


class AcousticExchangeJobSensor(AcousticExchangeTask, ActivationSensor):
    """Wait until a job has a status.

    Returns the job as the service describes it. A job that failed or was cancelled fails the task.

    :param job_id: the job (templated).
    :param job_category: the job's category.
    :param target_statuses: statuses to wait for; either spelling of RECEIVE serves.
    :param on_needs_action: what to make of a job that waits for its data or for its file to be fetched,
        if that is not waited for: ``fail``, ``return`` the job, or ``wait`` for somebody to do it.
    """

    template_fields = (*AcousticExchangeTask.template_fields, "job_id")

    def __init__(
        self,
        *,
        job_id: int | str,
        job_category: api.JobCategory = "SEGMENT_EXPORT",
        target_statuses: Sequence[str] = ("COMPLETE",),
        on_needs_action: OnNeedsAction = "fail",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.job_id = job_id
        self.job_category: api.JobCategory = one_of("job_category", job_category, JOB_CATEGORIES)
        if isinstance(target_statuses, str) or not target_statuses:
            raise ValueError("target_statuses must be a list of statuses and not empty.")
        self.target_statuses = tuple(
            one_of("target_statuses", status, JOB_STATUSES) for status in target_statuses
        )
        self.on_needs_action: OnNeedsAction = one_of(
            "on_needs_action", on_needs_action, ("fail", "return", "wait")
        )

    def probe(self) -> JobProbe:
        from airflow_provider_activation.waits.acoustic_exchange import JobProbe

        return JobProbe(
            self.job_category, whole_number("job_id", self.job_id), self.target_statuses, self.on_needs_action
        )
