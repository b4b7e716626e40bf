"""What is waited for at Acoustic Exchange."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from airflow_provider_activation.api import acoustic_exchange as api
from airflow_provider_activation.errors import InvalidConnection
from airflow_provider_activation.hooks.acoustic_exchange import AcousticExchangeHook
from airflow_provider_activation.transport.quoting import without_marks
from airflow_provider_activation.waits.probe import (
    JSON,
    Blocked,
    Done,
    Failed,
    Listing,
    Outcome,
    Pending,
    Probe,
)

OnNeedsAction = Literal["fail", "return", "wait"]


@dataclass(frozen=True)
class JobProbe(Probe):
    """Waits for a status of a job. The result is the job as the service describes it.

    :param job_category: the category of the job.
    :param job_id: the job.
    :param target_statuses: the statuses to wait for; RECEIVE may be spelled in either way.
    :param on_needs_action: what to do when the job waits for its data, or for its file to be downloaded, and
        this is not a status to wait for: fail, return the job, or wait until somebody acts.
    """

    hook_class = AcousticExchangeHook
    job_category: api.JobCategory
    job_id: int
    target_statuses: tuple[str, ...] = ("COMPLETE",)
    on_needs_action: OnNeedsAction = "fail"

    @property
    def subject(self) -> str:
        return f"{self.job_category} job {self.job_id}"

    @property
    def left_behind(self) -> str:
        return (
            f"{self.job_category} job {self.job_id} goes on at Acoustic Exchange, which stops no job. "
            f"Look at it there, or ask for it: GET /v1/jobs/{self.job_category}/{self.job_id}."
        )

    def reached(self, result: JSON) -> str:
        return str(result.get("status")).strip().upper()

    def next_step(self, result: JSON) -> str | None:
        state = self.reached(result)
        if state in api.WAITING_TO_RECEIVE_DATA:
            return "It goes on when AcousticExchangeUploadJobDataOperator uploads its audience."
        if state in api.READY_FOR_DOWNLOAD:
            return "AcousticExchangeDownloadSegmentDataOperator downloads its audience."
        return None

    @property
    def action_needed(self) -> str:
        return (
            "AcousticExchangeUploadJobDataOperator uploads an audience, and "
            "AcousticExchangeDownloadSegmentDataOperator downloads one. To wait until another system does, "
            'set on_needs_action="wait".'
        )

    async def look(self) -> Outcome:
        return self.judge(await api.get_job(self.job_category, self.job_id))

    def listing(self) -> Listing:
        category = self.job_category

        async def by_id(probes: Collection[JobProbe]) -> dict[int, api.Job]:
            try:
                return {job.job_id: job for job in await api.list_jobs(category)}
            except InvalidConnection:
                # an endpoint's key cannot list the jobs of all endpoints: each job is read alone
                return {}

        return Listing(("jobs", category), by_id)

    def judge_listed(self, listed: dict[int, api.Job]) -> Outcome | None:
        # it is not documented whether a finished job stays in the list
        job = listed.get(self.job_id)
        return None if job is None else self.judge(job)

    def judge(self, job: api.Job) -> Outcome:
        """The outcome of this wait for a job with its status."""
        state = job.state
        if any(state in api.same_status(target) for target in self.target_statuses):
            return Done(job.plain())
        if state in api.FAILED:
            # it may quote what was uploaded
            detail = f": {without_marks(str(job.error_details))}" if job.error_details else ""
            return Failed(f"it is {state}{detail}")
        if state in api.COMPLETE:
            return Failed(f"it is {state} and never became {' or '.join(self.target_statuses)}")
        if state in api.WAITING_TO_RECEIVE_DATA:
            return self._needs(job, "it waits for its audience to be uploaded")
        if state in api.READY_FOR_DOWNLOAD:
            return self._needs(job, "its audience waits to be downloaded")
        return Pending(state, known=state in api.ON_THE_WAY)

    def _needs(self, job: api.Job, what: str) -> Outcome:
        match self.on_needs_action:
            case "return":
                return Done(job.plain())
            case "wait":
                return Pending(job.state)
            case "fail":
                return Blocked(what)


@dataclass(frozen=True)
class EndpointStatusProbe(Probe):
    """Waits for a status of an endpoint. The result is ``{"endpointId", "status"}``.

    :param endpoint_id: the endpoint.
    :param target_statuses: the statuses to wait for.
    """

    hook_class = AcousticExchangeHook
    endpoint_id: int
    target_statuses: tuple[str, ...] = ("ACTIVE",)

    @property
    def subject(self) -> str:
        return f"status of endpoint {self.endpoint_id}"

    def reached(self, result: JSON) -> str:
        return str(result["status"])

    async def look(self) -> Outcome:
        return self.judge(await api.get_endpoint_status(self.endpoint_id))

    def judge(self, status: str) -> Outcome:
        """The outcome of this wait for a status."""
        if status in self.target_statuses:
            return Done({"endpointId": self.endpoint_id, "status": status})
        if status in ("FAILED", "DELETED"):
            return Failed(f"it is {status}")
        return Pending(status, known=status in ("PENDING", "ACTIVE"))
