"""Acoustic Exchange's segment export jobs, from their making to COMPLETE."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from airflow_provider_activation.sandbox.acoustic_endpoints import Endpoint
from airflow_provider_activation.sandbox.acoustic_export import Export, read_export
from airflow_provider_activation.sandbox.audience_file import AudienceFile
from airflow_provider_activation.sandbox.messages import CSV, JSON, Answer, Chunks, Incoming, Refused
from airflow_provider_activation.sandbox.reading import Invalid
from airflow_provider_activation.sandbox.service import progress

CATEGORIES = ("SEGMENT_EXPORT", "IDENTITY_IMPORT", "SEGMENT_POPULATE_DB")

# This spelling is the vendor's own.
WAITING = "WAITING_TO_RECIEVE_DATA"
STATUSES = (WAITING, "PENDING", "RUNNING", "READY_FOR_DOWNLOAD", "COMPLETE", "FAILED", "CANCELED")

FIRST_JOB_ID = 2**53 + 1
"""Odd and beyond what a float can hold: a client that goes through one asks for another job."""

PULLED_RECORDS = 1000
"""What an audience source that is pulled from is taken to hold."""


@dataclass
class Job:
    """One export. Its status follows from when it began and from what it got."""

    id: int
    export: Export
    begins: float | None
    """When it leaves the waiting; None while it waits for data."""
    records: int
    pulled_from: bool
    fail: bool
    upload: AudienceFile | None = None

    @property
    def source_id(self) -> int:
        """The endpoint that the audience comes from."""
        return self.export.source_id

    @property
    def endpoint_ids(self) -> tuple[int, int]:
        """Both ends."""
        return self.export.source_id, self.export.destination_id


class Jobs:
    """All jobs of the account, the finished ones too."""

    def __init__(self, step: float, endpoints: dict[int, Endpoint]) -> None:
        self._step = step
        self._endpoints = endpoints
        self._jobs: dict[int, Job] = {}
        self._ids = itertools.count(FIRST_JOB_ID)

    def export(self, body: object, now: float, fail: bool) -> int:
        """Check a request for an export and make its job."""
        export = read_export(body, now)
        source = self._endpoints.get(export.source_id)
        destination = self._endpoints.get(export.destination_id)
        if source is None or not source.enabled("segment", "source"):
            raise Invalid(f"endpointID {export.source_id} is not registered as an audience source")
        if destination is None or not destination.enabled("segment", "destination"):
            raise Invalid(
                f"destinationEndpointID {export.destination_id} is not registered as an audience destination"
            )
        # A source that is pulled from is asked for its segments; only one that pushes has a list here.
        if source.pushes and source.segment(export.segment_key) is None:
            raise Invalid(f"endpoint {source.id} has no segment {export.segment_key}")
        if export.destination_segment_id is None:
            export.destination_segment_id = str(700100 + len(self._jobs))
            export.destination_segment_name = (
                export.destination_segment_name or f"Segment {export.segment_key}"
            )
            destination.received[export.destination_segment_id] = export.destination_segment_name
        elif export.destination_segment_id not in destination.received:
            raise Invalid(f"endpoint {destination.id} has no segment {export.destination_segment_id}")
        job = Job(
            id=next(self._ids),
            export=export,
            begins=None if source.pushes else export.starts,
            records=0 if source.pushes else PULLED_RECORDS,
            pulled_from=destination.option("destination", "destinationType") == "pull",
            fail=fail,
        )
        self._jobs[job.id] = job
        return job.id

    def find(self, job_id: str, category: str | None = None) -> Job:
        """One job by the id in a path, and its category if that is given."""
        if category is not None:
            _check_category(category)
        job = self._jobs.get(int(job_id)) if re.fullmatch(r"[0-9]{1,19}", job_id, re.ASCII) else None
        if job is None or category not in (None, "SEGMENT_EXPORT"):
            raise Refused(404, f"no job {job_id}")
        return job

    def status(self, job: Job, now: float) -> str:
        """Where a job stands."""
        if job.begins is None:
            return WAITING
        end = "READY_FOR_DOWNLOAD" if job.pulled_from else "COMPLETE"
        if job.records < job.export.min_count:
            end = "CANCELED"
        if job.fail:
            end = "FAILED"
        return progress(job.begins, now, self._step, ("PENDING", "RUNNING", end))

    def list_category(self, category: str, endpoint_id: int | None, status: str | None, now: float) -> Answer:
        """The jobs of a category as a JSON array."""
        _check_category(category)
        if status is not None and status not in STATUSES:
            raise Invalid(f"status must be one of {', '.join(STATUSES)}")
        found = [
            _raw(self._public(job, now))
            for job in self._jobs.values()
            if category == "SEGMENT_EXPORT"
            and (endpoint_id is None or endpoint_id in job.endpoint_ids)
            and status in (None, self.status(job, now))
        ]
        return Answer(200, f"[{','.join(found)}]".encode(), JSON)

    def show(self, job: Job, now: float) -> Answer:
        """One job; only here updateIdentities is part of it."""
        raw = _raw({**self._public(job, now), "updateIdentities": job.export.update_identities})
        return Answer(200, raw.encode(), JSON)

    def _public(self, job: Job, now: float) -> dict[str, Any]:
        export, status = job.export, self.status(job, now)
        errors = {
            "CANCELED": f"{job.records} records are fewer than minCount {export.min_count}",
            "FAILED": "The destination endpoint did not accept the data.",
        }
        return {
            "jobCategory": "SEGMENT_EXPORT",
            "jobId": job.id,
            "scheduledJobId": None,
            "status": status,
            "subStatus": None,
            "jobName": "EXPORT_SEGMENT",
            "accountId": 5001,
            "errorDetails": errors.get(status),
            "segmentDataFiles": [f"segment_{job.id}.csv"] if status == "READY_FOR_DOWNLOAD" else None,
            "segmentDataFormat": "CSV" if status == "READY_FOR_DOWNLOAD" else None,
            "destinationSegmentID": export.destination_segment_id,
            "destinationSegmentName": export.destination_segment_name,
            "destinationSegmentDescription": export.destination_segment_description,
            "destinationEndpointID": export.destination_id,
            "exportCategory": export.category,
            "producerEndpointID": export.source_id,
            "producerSegmentID": export.segment,
            "attributeMappings": export.attribute_mappings,
            "identityMappings": None,
            "shareAction": export.action.upper(),
            "sourceIdentifiers": export.source_identifiers,
            "destinationIdentifier": export.destination_identifier,
        }

    async def take_data(
        self, job: Job, incoming: Incoming, chunks: Chunks, clock: Callable[[], float]
    ) -> None:
        """Read the audience file of a waiting job; of one that breaks off or is refused, nothing is kept."""
        self._check_waiting(job)
        if incoming.media_type() != CSV:
            raise Invalid(f"Content-Type must be {CSV}")
        upload = AudienceFile(job.export.source_identifiers)
        async for chunk in chunks:
            upload.feed(chunk)
        upload.end()
        # Another upload may have been quicker.
        self._check_waiting(job)
        job.upload, job.records, job.fail = upload, upload.records, job.fail or incoming.fail
        job.begins = max(job.export.starts, clock())

    def _check_waiting(self, job: Job) -> None:
        if job.begins is not None:
            raise Invalid(f"job {job.id} is not in {WAITING}")

    def state(self, now: float) -> list[dict[str, Any]]:
        """All jobs, with what was uploaded to them."""
        return [
            {
                **self._public(job, now),
                "minCount": job.export.min_count,
                "updateIdentities": job.export.update_identities,
                "records": job.records,
                "upload": None if job.upload is None else job.upload.as_json(),
            }
            for job in self._jobs.values()
        ]


def _check_category(category: str) -> None:
    if category not in CATEGORIES:
        raise Refused(404, f"no job category {category}")


def _raw(public: dict[str, Any]) -> str:
    # jobCategory stands in every object twice: a real reply looks like that.
    return f'{{"jobCategory":{json.dumps(public["jobCategory"])},{json.dumps(public)[1:]}'
