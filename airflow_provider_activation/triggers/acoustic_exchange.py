"""Event triggers for Acoustic Exchange."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from airflow_provider_activation.arguments import FILLED, NUMBER_ID, given, word, words
from airflow_provider_activation.triggers.events import JSON, ActivationEventTrigger
from airflow_provider_activation.words import FAILED, JOB_CATEGORIES, JOB_STATUSES, JobCategory, same_status

if TYPE_CHECKING:
    from airflow_provider_activation.api import acoustic_exchange as api


class AcousticExchangeJobTrigger(ActivationEventTrigger["api.Job"]):
    """Fires when a job has reached a status, once for each job and status.

    The payload has ``service``, ``job_category``, ``job_id``, ``status`` as it is spelled in
    ``target_statuses``, and ``job``, which is the job as the service describes it. If a job passes a status
    between two polls, the trigger does not fire for it. Document: "Account-level API", jobs.

    :param acoustic_exchange_conn_id: id of a connection of type ``acoustic_exchange``.
    :param job_category: the category of the jobs.
    :param target_statuses: the statuses to watch for; RECEIVE may be spelled in either way.
    :param endpoint_id: only jobs of this endpoint; required if the connection has an endpoint's own key.
    :param poll_interval: seconds between two polls.
    :param report_existing: whether to fire for jobs that have a status already; see `ActivationEventTrigger`.
    :raises ValueError: naming the argument that is out of range.
    """

    hook_class = "acoustic_exchange:AcousticExchangeHook"
    service_arguments = ("acoustic_exchange_conn_id", "job_category", "endpoint_id")
    own_arguments = ("target_statuses",)

    def __init__(
        self,
        *,
        acoustic_exchange_conn_id: str = "acoustic_exchange_default",
        job_category: JobCategory = "SEGMENT_EXPORT",
        target_statuses: Sequence[str],
        endpoint_id: int | str | None = None,
        poll_interval: float | timedelta = 60.0,
        report_existing: bool = False,
    ) -> None:
        super().__init__(poll_interval=poll_interval, report_existing=report_existing)
        self.acoustic_exchange_conn_id = given("acoustic_exchange_conn_id", FILLED, acoustic_exchange_conn_id)
        self.job_category: JobCategory = given("job_category", word(*JOB_CATEGORIES), job_category)
        self.target_statuses = given("target_statuses", words(*JOB_STATUSES, *FAILED), target_statuses)
        self._spelling = {
            spelling: status for status in reversed(self.target_statuses) for spelling in same_status(status)
        }
        number = given("endpoint_id", NUMBER_ID | None, endpoint_id)
        self.endpoint_id = None if number is None else int(number)

    @property
    def subject(self) -> str:
        return f"{self.job_category} jobs of the connection {self.acoustic_exchange_conn_id!r}"

    async def question(self) -> list[api.Job]:
        from airflow_provider_activation.api import acoustic_exchange as api

        return await api.list_jobs(self.job_category, endpoint_id=self.endpoint_id)

    def id_of(self, job: api.Job) -> str:
        return str(job.job_id)

    def reached(self, job: api.Job) -> str | None:
        return self._spelling.get(job.state)

    def payload(self, job: api.Job, status: str) -> dict[str, JSON]:
        from airflow_provider_activation.api import acoustic_exchange as api

        return {
            "service": api.SERVICE,
            "job_category": self.job_category,
            "job_id": job.job_id,
            "status": status,
            "job": job.plain(),
        }
