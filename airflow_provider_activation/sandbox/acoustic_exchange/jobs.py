"""Jobs, from their creation to their end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from airflow_provider_activation.sandbox.acoustic_exchange.account import Account
from airflow_provider_activation.sandbox.acoustic_exchange.audience_file import AudienceFile, Columns
from airflow_provider_activation.sandbox.acoustic_exchange.download import ConvertedAudience, pulled_audience
from airflow_provider_activation.sandbox.acoustic_exchange.endpoints import Endpoint
from airflow_provider_activation.sandbox.acoustic_exchange.orders import (
    Export,
    Import,
    read_export,
    read_import,
)
from airflow_provider_activation.sandbox.core.clock import progress
from airflow_provider_activation.sandbox.core.decoding import decoded
from airflow_provider_activation.sandbox.core.errors import Invalid, Refused
from airflow_provider_activation.sandbox.core.messages import CSV, JSON, TSV, Chunks, Request, Response
from airflow_provider_activation.sandbox.core.routing import number_in
from airflow_provider_activation.sandbox.core.shelf import Shelf, Stored, free_text
from airflow_provider_activation.sandbox.core.traits import Traits

JOB_NAMES = {
    "SEGMENT_EXPORT": "EXPORT_SEGMENT",
    # Only the name above is documented. These two follow its pattern.
    "IDENTITY_IMPORT": "IMPORT_IDENTITY",
    "SEGMENT_POPULATE_DB": "POPULATE_DB_SEGMENT",
}

# This is the vendor's spelling.
WAITING = "WAITING_TO_RECIEVE_DATA"
STATUSES = (WAITING, "PENDING", "RUNNING", "READY_FOR_DOWNLOAD", "COMPLETE", "FAILED", "CANCELED")

# Each job has these fields. They are null in a category that does not use them.
DETAILS = (
    "producerEndpointID",
    "producerSegmentID",
    "destinationSegmentID",
    "destinationSegmentName",
    "destinationSegmentDescription",
    "destinationEndpointID",
    "exportCategory",
    "attributeMappings",
    "shareAction",
    "sourceIdentifiers",
    "destinationIdentifier",
)

FIRST_JOB_ID = 2**53 + 1
"""No float represents this number. A client that converts ids to floats requests another job."""

PULLED_RECORDS = 1000
"""The size of the audience of a pull source."""


@dataclass
class Job:
    """One job. Its status follows from its timestamps and its data."""

    id: int
    category: str
    order: Export | Import | None
    """The request, or None for a refresh."""
    begins: float | None
    """The start of the job, or None while it waits for data."""
    fail: bool
    records: int = 0
    scheduled_id: int | None = None
    upload: AudienceFile | None = None
    refused_upload: AudienceFile | None = None
    """The last one that was received and refused."""
    file: ConvertedAudience | None = None
    """The file to download, for a pull destination."""
    fetched: float | None = None

    @property
    def endpoint_ids(self) -> tuple[int, ...]:
        """The endpoints of the job."""
        return () if self.order is None else self.order.endpoint_ids

    @property
    def file_name(self) -> str:
        """The name of the file in the path of the download."""
        return f"segment_{self.id}.csv"


FIELDS = {
    "destinationSegmentName": free_text("order.destination_segment_name"),
    "destinationSegmentDescription": free_text("order.destination_segment_description"),
    "exportCategory": Stored("order.category", unset=None),
    "attributeMappings": Stored("order.attribute_mappings"),
    "minCount": Stored("order.min_count"),
    "updateIdentities": Stored("order.update_identities"),
    "databaseID": Stored("order.database_id", unset=None),
}
"""The fields of a job as requests name them. Each category has some of them."""


class Jobs:
    """All jobs of the account."""

    def __init__(self, step: float, traits: Traits, account: Account, ids: Iterator[int]) -> None:
        self._step = step
        self._account = account
        self._endpoints = account.endpoints
        self._jobs: Shelf[int, Job] = Shelf(traits, "jobs", "job", FIELDS)
        self._ids = ids

    def export(self, body: object, now: float, fail: bool) -> int:
        """Create the job of an export; return its id."""
        export = read_export(body, now)
        source = self._source(export)
        destination = self._usable(export.destination_id, "destination")
        if export.destination_segment_id is None:
            export.destination_segment_id = str(700100 + len(self._jobs))
            export.destination_segment_name = export.destination_segment_name or f"Segment {export.segment}"
            destination.received[export.destination_segment_id] = export.destination_segment_name
        elif export.destination_segment_id not in destination.received:
            raise Invalid(f"endpoint {destination.id} has no segment {export.destination_segment_id}")
        job = self._add("SEGMENT_EXPORT", export, source, fail)
        if destination.option("destination", "destinationType") == "pull":
            job.file = ConvertedAudience(export) if source.pushes else pulled_audience(export, job.records)
        return job.id

    def identity_import(self, body: object, now: float, fail: bool) -> int:
        """Create the job of an identity import; return its id."""
        wanted = read_import(body, now)
        source = self._source(wanted)
        known = [database["id"] for database in source.databases if "id" in database]
        if wanted.database_id is not None and known and wanted.database_id not in known:
            raise Invalid(f"endpoint {source.id} has no database {wanted.database_id}")
        job = self._add("IDENTITY_IMPORT", wanted, source, fail)
        if not source.pushes:
            # A second job checks whether the source has exported its data.
            job.scheduled_id = next(self._ids)
        return job.id

    def refresh(self, now: float, fail: bool) -> int:
        """Create the job of a refresh; return its id. No endpoint here has segments to refresh."""
        job = Job(next(self._ids), "SEGMENT_POPULATE_DB", None, now, fail)
        self._jobs.add(job.id, job)
        return job.id

    def _usable(self, endpoint_id: int, role: str) -> Endpoint:
        endpoint = self._endpoints.get(endpoint_id)
        if endpoint is None or not (endpoint.usable and endpoint.enabled("segment", role)):
            raise Invalid(f"endpoint {endpoint_id} is not registered and enabled as an audience {role}")
        return endpoint

    def _source(self, order: Export | Import) -> Endpoint:
        source = self._usable(order.source_id, "source")
        # Only a push source stores its segments in Exchange.
        if source.pushes and str(order.segment) not in source.segments:
            raise Invalid(f"endpoint {source.id} has no segment {order.segment}")
        return source

    def _add(self, category: str, order: Export | Import, source: Endpoint, fail: bool) -> Job:
        waits = source.pushes
        job = Job(
            next(self._ids),
            category,
            order,
            begins=None if waits else order.starts,
            fail=fail,
            records=0 if waits else PULLED_RECORDS,
        )
        self._jobs.add(job.id, job)
        return job

    def find(self, job_id: str, category: str | None = None) -> Job:
        """The job with the id in a path, in a category if one is given."""
        if category is not None:
            _check_category(category)
        number = number_in(job_id)
        job = None if number is None else self._jobs.find(number)
        if job is None or category not in (None, job.category):
            raise Refused(404, f"no job {job_id}")
        return job

    def status(self, job: Job, now: float) -> str:
        """The status of a job."""
        if job.begins is None:
            return WAITING
        if job.fetched is not None:
            return progress(job.fetched, now, self._step, ("READY_FOR_DOWNLOAD", "COMPLETE"))
        end = "COMPLETE" if job.file is None else "READY_FOR_DOWNLOAD"
        if isinstance(job.order, Export) and job.records < job.order.min_count:
            end = "CANCELED"
        if job.fail:
            end = "FAILED"
        return progress(job.begins, now, self._step, ("PENDING", "RUNNING", end))

    def list_category(
        self, category: str, endpoint_id: int | None, status: str | None, now: float
    ) -> Response:
        """The response with the jobs in a category."""
        _check_category(category)
        if status is not None and status not in STATUSES:
            raise Invalid(f"status must be one of {', '.join(STATUSES)}")
        found = [
            _raw(self._public(job, now))
            for job in self._jobs.listed()
            if job.category == category
            and (endpoint_id is None or endpoint_id in job.endpoint_ids)
            and status in (None, self.status(job, now))
        ]
        return Response(200, f"[{','.join(found)}]".encode(), JSON)

    def show(self, job: Job, now: float) -> Response:
        """The response with one job. It has updateIdentities, the list does not."""
        shown = self._public(job, now)
        if isinstance(job.order, Export):
            shown["updateIdentities"] = job.order.update_identities
        return Response(200, _raw(shown).encode(), JSON)

    def _public(self, job: Job, now: float) -> dict[str, Any]:
        status = self.status(job, now)
        errors = {
            "CANCELED": f"{job.records} records are fewer than minCount",
            "FAILED": "The destination endpoint did not accept the data.",
        }
        has_file = job.file is not None and status in ("READY_FOR_DOWNLOAD", "COMPLETE")
        return {
            "jobCategory": job.category,
            "jobId": job.id,
            "scheduledJobId": job.scheduled_id,
            "status": status,
            "subStatus": None,
            "jobName": JOB_NAMES[job.category],
            "accountId": self._account.id,
            "errorDetails": errors.get(status),
            "segmentDataFiles": [job.file_name] if has_file else None,
            "segmentDataFormat": "CSV" if has_file else None,
            **dict.fromkeys(DETAILS),
            **({} if job.order is None else job.order.shown),
            "identityMappings": None,
        }

    async def take_data(self, job: Job, request: Request, chunks: Chunks, clock: Callable[[], float]) -> None:
        """Read the audience file of a waiting job. Nothing is stored when it is incomplete or refused."""
        order = _waiting_order(job)
        request.need_media_type(CSV, TSV)
        file = ConvertedAudience(order) if isinstance(order, Export) and job.file is not None else None
        source = self._endpoints.get(order.source_id)
        upload = AudienceFile(
            order.source_identifiers,
            None if file is None else file.take,
            delimiter="\t" if request.media_type() == TSV else ",",
            columns=_columns_of(source),
        )
        try:
            async for chunk in decoded(chunks, request.headers.get("content-encoding")):
                upload.feed(chunk)
            upload.end()
        except Invalid:
            job.refused_upload = upload
            raise
        # Another upload may have ended first.
        _waiting_order(job)
        job.upload, job.file, job.records = upload, file, upload.records
        job.fail = job.fail or request.fail
        job.begins = max(order.starts, clock())

    def fetch(self, job: Job, file_name: str, now: float) -> bytes:
        """The audience file of a job. The job completes after the first download."""
        ready = self.status(job, now) in ("READY_FOR_DOWNLOAD", "COMPLETE")
        if job.file is None or file_name != job.file_name or not ready:
            raise Refused(404, f"job {job.id} has no file {file_name}")
        job.fetched = job.fetched or now
        return job.file.content()

    def state(self, now: float) -> list[dict[str, Any]]:
        """All jobs with their requests, uploads and downloads."""
        return self._jobs.books(
            lambda job: {
                **self._public(job, now),
                "minCount": getattr(job.order, "min_count", None),
                "updateIdentities": getattr(job.order, "update_identities", None),
                "databaseID": getattr(job.order, "database_id", None),
                "records": job.records,
                "upload": None if job.upload is None else job.upload.as_json(),
                "refusedUpload": None if job.refused_upload is None else job.refused_upload.as_json(),
                "fetched": job.fetched is not None,
            }
        )


def _columns_of(endpoint: Endpoint | None) -> Columns | None:
    registration = None if endpoint is None else endpoint.registration
    if endpoint is None or registration is None:
        return None
    return Columns(endpoint.databases, registration.get("hashAlgorithm"))


def _waiting_order(job: Job) -> Export | Import:
    if job.begins is not None or job.order is None:
        raise Invalid(f"job {job.id} is not in {WAITING}")
    return job.order


def _check_category(category: str) -> None:
    if category not in JOB_NAMES:
        raise Refused(404, f"no job category {category}")


def _raw(public: dict[str, Any]) -> str:
    # Real responses have jobCategory twice in each object.
    return f'{{"jobCategory":{json.dumps(public["jobCategory"])},{json.dumps(public)[1:]}'
