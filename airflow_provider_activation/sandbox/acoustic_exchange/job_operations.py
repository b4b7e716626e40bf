"""The calls that start Acoustic Exchange's jobs, look at them, and carry their data."""

from __future__ import annotations

from collections.abc import Callable

from airflow_provider_activation.sandbox.acoustic_exchange.account import Account
from airflow_provider_activation.sandbox.acoustic_exchange.jobs import Jobs
from airflow_provider_activation.sandbox.acoustic_exchange.orders import Export
from airflow_provider_activation.sandbox.core.messages import CSV, Answer, Chunks, Incoming, Refused, Route
from airflow_provider_activation.sandbox.core.reading import filled_text


class JobCalls:
    """The calls of /v1/jobs, and the refresh, which is a job too."""

    def __init__(self, account: Account, jobs: Jobs, now: Callable[[], float]) -> None:
        self._account = account
        self._jobs = jobs
        self._now = now
        self.routes = [
            Route("GET", "/v1/endpoint/refreshSegments", self.refresh_segments),
            Route("POST", "/v1/jobs/segmentExport", self.export_segment),
            Route("POST", "/v1/jobs/identityImport", self.import_identities),
            Route("GET", "/v1/jobs/{jobCategory}", self.list_jobs),
            Route("GET", "/v1/jobs/{jobCategory}/{jobId}", self.get_job),
            Route("POST", "/v1/jobs/{jobId}/data", stream=self.upload_data),
            Route("GET", "/v1/jobs/{jobId}/segmentDataFiles/{fileName}", self.download_data),
        ]

    def export_segment(self, incoming: Incoming) -> Answer:
        """Start a job; its id comes back as a bare number."""
        self._account.need_level(incoming, "account")
        incoming.read_query().end()
        return Answer.json(self._jobs.export(incoming.json(), self._now(), incoming.fail))

    def import_identities(self, incoming: Incoming) -> Answer:
        """Start a job; its id comes back as a bare number."""
        self._account.need_level(incoming, "account")
        incoming.read_query().end()
        return Answer.json(self._jobs.identity_import(incoming.json(), self._now(), incoming.fail))

    def refresh_segments(self, incoming: Incoming) -> Answer:
        """Start a job, although it is a GET. The documents say that the body contains the id."""
        self._account.need_level(incoming, "account")
        incoming.read_query().end()
        return Answer.json({"jobId": self._jobs.refresh(self._now(), incoming.fail)})

    def list_jobs(self, incoming: Incoming, category: str) -> Answer:
        """The jobs of a category, those of one endpoint for an endpoint's key."""
        level = self._account.need_level(incoming, "account", "endpoint")
        query = incoming.read_query()
        endpoint_id = query.whole("endpointId", 1)
        status = query.may("status", filled_text)
        query.flag("extraFields")
        query.end()
        if endpoint_id is not None:
            self._account.need_access(incoming, endpoint_id)
            self._account.endpoint(str(endpoint_id))
        elif level == "endpoint":
            raise Refused(403, "Not authorized: the jobs of all endpoints need the account-level key")
        return self._jobs.list_category(category, endpoint_id, status, self._now())

    def get_job(self, incoming: Incoming, category: str, job_id: str) -> Answer:
        """One job, for the account and for the endpoints that have a part in it."""
        incoming.read_query().end()
        job = self._jobs.find(job_id, category)
        self._account.need_access(incoming, *job.endpoint_ids)
        return self._jobs.show(job, self._now())

    async def upload_data(self, incoming: Incoming, chunks: Chunks, job_id: str) -> Answer:
        """Take in the audience data that a push producer's job waits for."""
        incoming.read_query().end()
        job = self._jobs.find(job_id)
        self._account.need_access(incoming, *job.endpoint_ids[:1])
        await self._jobs.take_data(job, incoming, chunks, self._now)
        return Answer.json(True)

    def download_data(self, incoming: Incoming, job_id: str, file_name: str) -> Answer:
        """The audience file, for the account and for the destination that it is meant for."""
        incoming.read_query().end()
        job = self._jobs.find(job_id)
        destination = (job.order.destination_id,) if isinstance(job.order, Export) else ()
        self._account.need_access(incoming, *destination)
        return Answer(200, self._jobs.fetch(job, file_name, self._now()), f"{CSV}; charset=utf-8")
