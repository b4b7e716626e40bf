"""The operations on jobs."""

from __future__ import annotations

from collections.abc import Callable

from airflow_provider_activation.sandbox.acoustic_exchange.account import Account
from airflow_provider_activation.sandbox.acoustic_exchange.jobs import Jobs
from airflow_provider_activation.sandbox.acoustic_exchange.orders import Export
from airflow_provider_activation.sandbox.core import checks
from airflow_provider_activation.sandbox.core.errors import Refused
from airflow_provider_activation.sandbox.core.messages import CSV, Chunks, Request, Response
from airflow_provider_activation.sandbox.core.routing import Operations


class JobOperations(Operations):
    """The operations of /v1/jobs, and the refresh of segments, which is a job."""

    table = (
        ("GET", "/v1/endpoint/refreshSegments", "refresh_segments"),
        ("POST", "/v1/jobs/segmentExport", "export_segment"),
        ("POST", "/v1/jobs/identityImport", "import_identities"),
        ("GET", "/v1/jobs/{jobCategory}", "list_jobs"),
        ("GET", "/v1/jobs/{jobCategory}/{jobId}", "get_job"),
        ("POST", "/v1/jobs/{jobId}/data", "upload_data"),
        ("GET", "/v1/jobs/{jobId}/segmentDataFiles/{fileName}", "download_data"),
    )
    makes = frozenset({"refresh_segments", "export_segment", "import_identities"})

    def __init__(self, account: Account, jobs: Jobs, now: Callable[[], float]) -> None:
        self._account = account
        self._jobs = jobs
        self._now = now

    def export_segment(self, request: Request) -> Response:
        """Create an export. The response is the job id, a number."""
        self._account.need_level(request, "account")
        request.need_no_query()
        return Response.json(self._jobs.export(request.json(), self._now(), request.fail))

    def import_identities(self, request: Request) -> Response:
        """Create an identity import. The response is the job id, a number."""
        self._account.need_level(request, "account")
        request.need_no_query()
        return Response.json(self._jobs.identity_import(request.json(), self._now(), request.fail))

    def refresh_segments(self, request: Request) -> Response:
        """Create a refresh, although this is a GET. The response contains the job id."""
        self._account.need_level(request, "account")
        request.need_no_query()
        return Response.json({"jobId": self._jobs.refresh(self._now(), request.fail)})

    def list_jobs(self, request: Request, category: str) -> Response:
        """The jobs in a category. The key of an endpoint gets the jobs of that endpoint."""
        level = self._account.need_level(request, "account", "endpoint")
        query = request.read_query()
        endpoint_id = query.whole("endpointId", 1)
        status = query.may("status", checks.filled_text)
        query.flag("extraFields")
        query.end()
        if endpoint_id is not None:
            self._account.need_access(request, endpoint_id)
            self._account.endpoint(str(endpoint_id))
        elif level == "endpoint":
            raise Refused(403, "Not authorized: the jobs of all endpoints need the account-level key")
        return self._jobs.list_category(category, endpoint_id, status, self._now())

    def get_job(self, request: Request, category: str, job_id: str) -> Response:
        """One job, for the account and the endpoints of the job."""
        request.need_no_query()
        job = self._jobs.find(job_id, category)
        self._account.need_access(request, *job.endpoint_ids)
        return self._jobs.show(job, self._now())

    async def upload_data(self, request: Request, chunks: Chunks, job_id: str) -> Response:
        """Upload the audience data of a job of a push source."""
        request.need_no_query()
        job = self._jobs.find(job_id)
        self._account.need_access(request, *job.endpoint_ids[:1])
        await self._jobs.take_data(job, request, chunks, self._now)
        return Response.json(True)

    def download_data(self, request: Request, job_id: str, file_name: str) -> Response:
        """The audience file, for the account and the destination of the job."""
        request.need_no_query()
        job = self._jobs.find(job_id)
        destination = (job.order.destination_id,) if isinstance(job.order, Export) else ()
        self._account.need_access(request, *destination)
        return Response(200, self._jobs.fetch(job, file_name, self._now()), f"{CSV}; charset=utf-8")
