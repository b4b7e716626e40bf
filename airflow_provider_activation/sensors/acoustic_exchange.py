"""Sensors for Acoustic Exchange."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_activation.arguments import NUMBER_ID, word, words
from airflow_provider_activation.sensors.base import ActivationSensor
from airflow_provider_activation.tasks import JSON, AcousticExchangeTask
from airflow_provider_activation.words import ENDPOINT_STATUSES, JOB_CATEGORIES, JOB_STATUSES, JobCategory

if TYPE_CHECKING:
    from airflow_provider_activation.waits.acoustic_exchange import (
        EndpointStatusProbe,
        JobProbe,
        OnNeedsAction,
    )

ON_NEEDS_ACTION = word("fail", "return", "wait")


class AcousticExchangeJobSensor(AcousticExchangeTask, ActivationSensor):
    """Wait until a job has a status. Returns the job as the service describes it.

    The task fails if the job failed or was cancelled. Document: "Jobs API".

    .. code-block:: python

        ready = AcousticExchangeJobSensor(
            task_id="ready", job_id="{{ ti.xcom_pull('export')['jobId'] }}", deferrable=True
        )

    :param job_id: the job (templated).
    :param job_category: the category of the job (templated).
    :param target_statuses: the statuses to wait for; RECEIVE may be spelled in either way (templated).
    :param on_needs_action: what to do when the job waits for its data, or for its file to be downloaded, and
        this is not a status to wait for: ``fail``, ``return`` the job, or ``wait`` until somebody acts
        (templated).
    :param acoustic_exchange_conn_id: the connection's id; the account's key, or that of an endpoint of the
        job (templated).
    :raises JobFailed: the job failed, was cancelled, or is complete and never had a status to wait for.
    :raises NeedsAction: with ``on_needs_action="fail"``, the job waits for its data or for its download.
    """

    arguments = {
        "job_id": NUMBER_ID,
        "job_category": word(*JOB_CATEGORIES),
        "target_statuses": words(*JOB_STATUSES),
        "on_needs_action": ON_NEEDS_ACTION,
    }

    shows = "Job"

    def __init__(
        self,
        *,
        job_id: int | str,
        job_category: JobCategory = "SEGMENT_EXPORT",
        target_statuses: Sequence[str] = ("COMPLETE",),
        on_needs_action: OnNeedsAction = "fail",
        acoustic_exchange_conn_id: str = "acoustic_exchange_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.job_id = job_id
        self.job_category: JobCategory = job_category
        self.target_statuses = target_statuses
        self.on_needs_action: OnNeedsAction = on_needs_action
        self.acoustic_exchange_conn_id = acoustic_exchange_conn_id

    def probe(self) -> JobProbe:
        from airflow_provider_activation.waits.acoustic_exchange import JobProbe

        return JobProbe(
            self.job_category, int(self.job_id), tuple(self.target_statuses), self.on_needs_action
        )


class AcousticExchangeEndpointStatusSensor(AcousticExchangeTask, ActivationSensor):
    """Wait until an endpoint has a status. Needs the endpoint's own key.

    Returns ``{"endpointId": ..., "status": ...}``. The task fails if the endpoint failed or was deleted,
    unless this is a status to wait for. Document: "GET /v1/{endpointId}/status".

    .. code-block:: python

        active = AcousticExchangeEndpointStatusSensor(
            task_id="active", acoustic_exchange_conn_id="acoustic_exchange_endpoint", endpoint_id=10001
        )

    :param endpoint_id: the endpoint (templated).
    :param target_statuses: the statuses to wait for (templated).
    :param acoustic_exchange_conn_id: the connection's id (templated).
    :raises JobFailed: the endpoint failed or was deleted.
    """

    arguments = {"endpoint_id": NUMBER_ID, "target_statuses": words(*ENDPOINT_STATUSES)}

    def __init__(
        self,
        *,
        endpoint_id: int | str,
        target_statuses: Sequence[str] = ("ACTIVE",),
        acoustic_exchange_conn_id: str = "acoustic_exchange_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.endpoint_id = endpoint_id
        self.target_statuses = target_statuses
        self.acoustic_exchange_conn_id = acoustic_exchange_conn_id

    def probe(self) -> EndpointStatusProbe:
        from airflow_provider_activation.waits.acoustic_exchange import EndpointStatusProbe

        return EndpointStatusProbe(int(self.endpoint_id), tuple(self.target_statuses))

    def simulated(self, made: JSON) -> JSON:
        return {"endpointId": self.endpoint_id, "status": None}
