"""What is made at Acoustic Exchange at most once: jobs, the data of a job, and segments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from airflow_provider_activation.actions import base
from airflow_provider_activation.actions.base import JSON, Action, Candidate, Finished, Memory, OnUncertain
from airflow_provider_activation.actions.items import ItemsAction, submit_items
from airflow_provider_activation.api import acoustic_exchange as api
from airflow_provider_activation.api.call import Call
from airflow_provider_activation.api.rows import unreadable_of
from airflow_provider_activation.errors import Conflict, InvalidRequest, NotFound


@dataclass(frozen=True, kw_only=True)
class _OfJob(Action):
    """An action whose id is the id of a job, and whose result is that job."""

    job_category: api.JobCategory

    def is_id(self, stored: JSON) -> bool:
        return isinstance(stored, int) and not isinstance(stored, bool)

    async def result(self, made: JSON) -> JSON:
        return (await api.get_job(self.job_category, made)).plain()


@dataclass(frozen=True, kw_only=True)
class _Job(_OfJob):
    """A job, found again in the list of the jobs of its category.

    :param key: the submission key, if a field of the job carries it: then no other task can have started it.
    """

    # it is not documented whether a finished job stays in the list
    proves_absence = False

    key: str | None = None

    @property
    def sent(self) -> api.SegmentExport | api.IdentityImport | None:
        """The body of the call that starts the job; None if it has none, and may have started any job."""
        return None

    async def before(self) -> JSON:
        jobs = await self._jobs() if self.key is None else []
        return [*(job.job_id for job in jobs), *(row.id for row in unreadable_of(jobs))]

    async def find(self, before: JSON) -> list[Candidate]:
        jobs = await self._jobs()
        return [
            Candidate(
                job.job_id,
                f"job {job.job_id} ({job.state})",
                failed=job.state in api.FAILED,
                certain=self.key is not None or before is not None,
            )
            for job in jobs
            if job.job_id not in (before or []) and self._may_be(job)
        ] + base.unread(jobs, key=self.key, before=before)

    def _may_be(self, job: api.Job) -> bool:
        if self.key is not None:
            return base.carries(job.destination_segment_description, self.key)
        return self.sent is None or self.sent.may_have_made(job)

    async def recall(self, made: JSON) -> bool:
        return (await api.get_job(self.job_category, made)).state in api.FAILED

    async def _jobs(self) -> list[api.Job]:
        # the list is read before the job is started, so it must refuse a key that cannot start the job
        endpoint_id = None if self.sent is None else self.sent.endpoint_id
        listing = api.list_jobs(self.job_category, endpoint_id=endpoint_id)
        return await replace(listing, key_levels=self.create().key_levels)


@dataclass(frozen=True, kw_only=True)
class SegmentExport(_Job):
    """A job that shares an audience. The submission key is added at the end of its description.

    :param export: the export, with the user's own description.
    """

    noun = "segment export"

    job_category: api.JobCategory = "SEGMENT_EXPORT"
    export: api.SegmentExport

    @property
    def sent(self) -> api.SegmentExport:
        if self.key is None:
            return self.export
        description = base.marked(self.export.destination_segment_description, self.key)
        return self.export.model_copy(update={"destination_segment_description": description})

    def create(self) -> Call[int]:
        return api.export_segment(self.sent)


@dataclass(frozen=True, kw_only=True)
class IdentityImport(_Job):
    """A job that imports identities. No field of it can carry the submission key."""

    noun = "identity import"

    job_category: api.JobCategory = "IDENTITY_IMPORT"
    identity_import: api.IdentityImport

    @property
    def sent(self) -> api.IdentityImport:
        return self.identity_import

    def create(self) -> Call[int]:
        return api.import_identities(self.identity_import)


@dataclass(frozen=True, kw_only=True)
class SegmentRefresh(_Job):
    """A job that refreshes the list of segments."""

    noun = "refresh of segments"

    job_category: api.JobCategory = "SEGMENT_POPULATE_DB"

    def create(self) -> Call[int]:
        return api.refresh_segments()


@dataclass(frozen=True, kw_only=True)
class JobData(_OfJob):
    """The audience of a job that waits for its data, a CSV file."""

    noun = "job data"

    if_exists: base.IfExists = "fail"
    job_id: int
    file: Path
    content_type: str

    async def resolved(self) -> Self:
        if not self.file.is_file() or self.file.stat().st_size == 0:
            raise InvalidRequest(f"file: {self.file} is not there or is empty.")
        return self

    def create(self) -> Call[None]:
        return api.upload_job_data(self.job_id, self.file, self.content_type)

    async def find(self, before: JSON) -> list[Candidate]:
        # a job that waits has no data yet; a job in any other state has its data
        job = await api.get_job(self.job_category, self.job_id)
        if job.state in api.WAITING_TO_RECEIVE_DATA:
            return []
        return [Candidate(self.job_id, f"job {self.job_id} is {job.state} and waits for no data")]

    def id_of(self, response: None, before: JSON) -> int:
        return self.job_id


@dataclass(frozen=True, kw_only=True)
class Segments(ItemsAction[int | str, api.SegmentDefinition, api.Segment]):
    """Segments to add to those that an endpoint offers; those that it offers already are left out."""

    noun = "segments"

    endpoint_id: int
    segments: Sequence[api.SegmentDefinition]

    async def add(self, *, tried_before: bool) -> JSON:
        """Add the segments and return the task's result. Nothing is stored between the tries of a task.

        :param tried_before: whether an earlier try may have added them.
        """
        memory = Memory(None, generation=1, first_try=not tried_before)
        return (await self.make(memory, "fail")).result

    async def make(self, memory: Memory, on_uncertain: OnUncertain) -> Finished:
        made = await submit_items(self, memory)
        if made.lost is not None:
            raise made.lost
        ids: dict[str, list[str]] = {"added": [], "unchanged": []}
        for segment in self.segments:
            ids["unchanged" if segment.path_id in made.unchanged else "added"].append(str(segment.path_id))
        return Finished({"endpointId": self.endpoint_id, **ids})

    def wanted(self) -> dict[int | str, api.SegmentDefinition]:
        return {segment.path_id: segment for segment in self.segments}

    async def listed(self) -> dict[int | str, api.Segment]:
        listed = {}
        for segment_id in self.wanted():
            with suppress(NotFound):
                listed[segment_id] = await api.get_segment(self.endpoint_id, segment_id)
        return listed

    def differs(self, wanted: api.SegmentDefinition, listed: api.Segment) -> str | None:
        if differences := wanted.differences(listed):
            raise Conflict(
                f"segment {wanted.path_id} is there with another {' and another '.join(differences)}; "
                'mode="replace" describes all segments of the endpoint anew.',
                service=api.SERVICE,
                operation="add_segments",
            )
        return None

    def calls(
        self, missing: Mapping[int | str, api.SegmentDefinition]
    ) -> Iterator[tuple[Sequence[int | str], Call[bool]]]:
        if missing:
            segments = [segment for segment in self.segments if segment.path_id in missing]
            yield [*missing], api.add_segments(self.endpoint_id, segments)

    def name(self, key: int | str) -> str:
        return repr(key)
