"""Sensors for Acoustic Exchange."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_activation.arguments import one_of, some_of, whole_number
from airflow_provider_activation.sensors.base import ActivationSensor
from airflow_provider_activation.tasks import AcousticExchangeTask
from airflow_provider_activation.words import (
    ENDPOINT_STATUSES,
    JOB_CATEGORIES,
    JOB_STATUSES,
    JobCategory,
)

if TYPE_CHECKING:
    from airflow_provider_activation.waits.acoustic_exchange import (
        EndpointStatusProbe,
        JobProbe,
        OnNeedsAction,
    )


class AcousticExchangeJobSensor(AcousticExchangeTask, ActivationSensor):
    """Wait until a job has a status.

    Returns the job as the service describes it. A job that failed or was cancelled fails the task.

    Document: "Jobs API".

    .. code-block:: python

        ready = AcousticExchangeJobSensor(
            task_id="ready",
            job_id="{{ ti.xcom_pull('export')['jobId'] }}",
            target_statuses=["READY_FOR_DOWNLOAD"],
            deferrable=True,
        )

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
        job_category: JobCategory = "SEGMENT_EXPORT",
        target_statuses: Sequence[str] = ("COMPLETE",),
        on_needs_action: OnNeedsAction = "fail",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.job_id = job_id
        self.job_category: JobCategory = one_of("job_category", job_category, JOB_CATEGORIES)
        self.target_statuses = some_of("target_statuses", target_statuses, JOB_STATUSES)
        self.on_needs_action: OnNeedsAction = one_of(
            "on_needs_action", on_needs_action, ("fail", "return", "wait")
        )

    def probe(self) -> JobProbe:
        from airflow_provider_activation.waits.acoustic_exchange import JobProbe

        return JobProbe(
            self.job_category, whole_number("job_id", self.job_id), self.target_statuses, self.on_needs_action
        )


class AcousticExchangeEndpointStatusSensor(AcousticExchangeTask, ActivationSensor):
    """Wait until an endpoint has a status. Needs the endpoint's own key.

    Returns ``{"endpointId": ..., "status": ...}``. An endpoint that failed or was deleted fails the task,
    unless that is waited for. Document: "GET /v1/{endpointId}/status".

    .. code-block:: python

        active = AcousticExchangeEndpointStatusSensor(
            task_id="active", acoustic_exchange_conn_id="acoustic_exchange_endpoint", endpoint_id=10001
        )

    :param endpoint_id: the endpoint (templated).
    :param target_statuses: statuses to wait for.
    """

    template_fields = (*AcousticExchangeTask.template_fields, "endpoint_id")

    def __init__(
        self, *, endpoint_id: int | str, target_statuses: Sequence[str] = ("ACTIVE",), **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.endpoint_id = endpoint_id
        self.target_statuses = some_of("target_statuses", target_statuses, ENDPOINT_STATUSES)

    def probe(self) -> EndpointStatusProbe:
        from airflow_provider_activation.waits.acoustic_exchange import EndpointStatusProbe

        return EndpointStatusProbe(whole_number("endpoint_id", self.endpoint_id), self.target_statuses)
