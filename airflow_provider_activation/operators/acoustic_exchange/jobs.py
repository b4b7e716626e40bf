"""Operators for Acoustic Exchange: jobs, and the audiences that go in and out of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_activation.arguments import filled, one_of, some_of, truth, whole_number
from airflow_provider_activation.tasks import AcousticExchangeTask
from airflow_provider_activation.words import DATA_JOB_CATEGORIES, EXPORT_ACTIONS
from airflow_provider_activation.operators.base import JSON, ActionOperator, SubmittingOperator

if TYPE_CHECKING:
    from airflow_provider_activation.api import acoustic_exchange as api
    from airflow_provider_activation.api.call import Call
    from airflow_provider_activation.api.models import Input
    from airflow_provider_activation.api.steps import Steps
    from airflow_provider_activation.actions.base import OnUncertain, Submission
    from airflow_provider_activation.waits.acoustic_exchange import JobProbe, OnNeedsAction


__all__ = [
    "AcousticExchangeDownloadSegmentDataOperator",
    "AcousticExchangeExportSegmentOperator",
    "AcousticExchangeImportIdentitiesOperator",
    "AcousticExchangeRefreshSegmentsOperator",
    "AcousticExchangeUploadJobDataOperator",
]


class AcousticExchangeJobOperator(AcousticExchangeTask, SubmittingOperator):
    """An action that starts a job, and the wait for it. Nobody can stop a job.

    :param on_needs_action: what to make of a job that waits for its data or for its file to be fetched:
        ``return`` the job, ``fail``, or ``wait`` for somebody to do it.
    """

    job_category: api.JobCategory
    outputs = ("jobId",)
    rehearsal_id = 0

    def __init__(self, *, on_needs_action: OnNeedsAction = "return", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.on_needs_action: OnNeedsAction = one_of(
            "on_needs_action", on_needs_action, ("return", "fail", "wait")
        )

    def given(self, model: type[Input]) -> dict[str, Any]:
        """Those of the model's fields that this task was given, ids as numbers."""
        given = {name: getattr(self, name) for name in model.model_fields}
        for name in ("endpoint_id", "segment_id"):
            if given[name] is not None:
                given[name] = whole_number(name, given[name])
        return {name: value for name, value in given.items() if value is not None}

    def start_of(
        self,
        create: Call[int],
        listing: Call[list[api.Job]],
        may_be_it: Callable[[api.Job], bool],
        *,
        is_marked: bool,
    ) -> Submission:
        """The start of a job.

        :param create: starts it.
        :param listing: lists the jobs it may be among.
        :param may_be_it: whether a job is what this would start.
        :param is_marked: whether that can be nobody else's.
        """
        from airflow_provider_activation.api import acoustic_exchange as api
        from airflow_provider_activation.actions.base import Candidate, Submission

        # it is asked before the start: a key that cannot start the job is refused there already
        listing = replace(listing, key_levels=create.key_levels)

        async def ids_before() -> JSON:
            if is_marked:
                return []
            return [job.job_id for job in (await listing)]

        async def ours(before: JSON) -> list[Candidate]:
            jobs = await listing
            return [
                Candidate(
                    job.job_id,
                    f"job {job.job_id} ({job.state})",
                    failed=job.state in api.FAILED,
                    certain=is_marked or before is not None,
                )
                for job in jobs
                if job.job_id not in (before or []) and may_be_it(job)
            ]

        async def failed(job_id: JSON) -> bool:
            job = await api.get_job(self.job_category, job_id)
            return job.state in api.FAILED

        return Submission(
            noun=self.nouns[0],
            create=create,
            find=ours,
            before=ids_before,
            # whether a finished job stays in the list is not documented
            proves_absence=False,
            recall=failed,
            id_is=_is_job_id,
        )

    def probe(self, made: JSON) -> JobProbe:
        from airflow_provider_activation.waits.acoustic_exchange import JobProbe

        return JobProbe(self.job_category, made, on_needs_action=self.on_needs_action)

    def result(self, made: JSON) -> Steps[JSON]:
        return _job(self.job_category, made)


class AcousticExchangeExportSegmentOperator(AcousticExchangeJobOperator):
    """Share an audience from a source endpoint to a destination endpoint. Needs the account's key.

    Returns the job as the service describes it. With a source that pushes, the job comes to wait for its
    data, which is where the task ends by default (``on_needs_action``); upload the data with
    `AcousticExchangeUploadJobDataOperator`. Document: "POST /v1/jobs/segmentExport".

    .. code-block:: python

        export = AcousticExchangeExportSegmentOperator(
            task_id="export",
            endpoint_id=10001,
            segment_id=8000000000000001152,
            destination_endpoint_id=20002,
            destination_segment_name="Win-back {{ ds }}",
            source_identifiers=["email_sha256"],
            destination_identifier="email",
            update_identities=False,
            deferrable=True,
        )

    :param endpoint_id: the source endpoint (templated).
    :param segment_id: the segment, if its id is a number (templated).
    :param segment_id_string: the segment, if its id is a text (templated).
    :param segment_name: the segment's name (templated).
    :param destination_endpoint_id: the destination endpoint (templated).
    :param destination_segment_name: name of the segment there; one is made up if left out (templated).
    :param destination_segment_description: its description; the submission key is put behind it (templated).
    :param destination_segment_id: an existing segment there; ``action`` is then required (templated).
    :param export_category: as the destination defines it.
    :param action: ``add``, ``replace`` or ``remove``.
    :param source_identifiers: identifiers of the source, mapped to the one of the destination.
    :param destination_identifier: identifier of the destination.
    :param attribute_mappings: attributes of the source and of the destination.
    :param update_identities: True also writes to the identity store, False only reads it.
    :param min_count: fewer records cancel the job; 1 if left out.
    :param schedule_details: when the job runs, for example
        ``ScheduleDetails.from_data_interval(...)`` of `airflow_provider_activation.api.acoustic_exchange`,
        or the vendor's own field names; at once if left out.
    :param mark_submission: put the submission key behind the description.
    """

    template_fields = (
        *AcousticExchangeTask.template_fields,
        "endpoint_id",
        "segment_id",
        "segment_id_string",
        "segment_name",
        "destination_endpoint_id",
        "destination_segment_name",
        "destination_segment_description",
        "destination_segment_id",
    )
    nouns = ("segment export",)
    job_category = "SEGMENT_EXPORT"

    def __init__(
        self,
        *,
        endpoint_id: int | str,
        destination_endpoint_id: int | str,
        source_identifiers: Sequence[str],
        destination_identifier: str,
        update_identities: bool,
        segment_id: int | str | None = None,
        segment_id_string: str | None = None,
        segment_name: str | None = None,
        destination_segment_name: str | None = None,
        destination_segment_description: str | None = None,
        destination_segment_id: str | None = None,
        export_category: str | None = None,
        action: str | None = None,
        attribute_mappings: Mapping[str, str] | None = None,
        min_count: int | None = None,
        schedule_details: api.ScheduleDetails | Mapping[str, Any] | None = None,
        mark_submission: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.endpoint_id = endpoint_id
        self.destination_endpoint_id = destination_endpoint_id
        self.source_identifiers = some_of("source_identifiers", source_identifiers)
        self.destination_identifier = filled("destination_identifier", destination_identifier)
        self.update_identities = truth("update_identities", update_identities)
        self.segment_id = segment_id
        self.segment_id_string = segment_id_string
        _one_segment(segment_id, segment_id_string)
        self.segment_name = segment_name
        self.destination_segment_name = destination_segment_name
        self.destination_segment_description = destination_segment_description
        self.destination_segment_id = destination_segment_id
        self.export_category = export_category
        self.action = action and one_of("action", action, EXPORT_ACTIONS)
        if destination_segment_id is not None and action is None:
            raise ValueError("action is required with an existing destination segment.")
        self.attribute_mappings = attribute_mappings
        self.min_count = min_count and whole_number("min_count", min_count)
        self.schedule_details = _schedule(schedule_details)
        self.mark_submission = mark_submission

    def submission(self, key: str) -> Submission:
        from airflow_provider_activation.api import acoustic_exchange as api
        from airflow_provider_activation.actions.base import marked

        mark = key if self.mark_submission else None
        given = self.given(api.SegmentExport)
        given["destination_endpoint_id"] = whole_number(
            "destination_endpoint_id", self.destination_endpoint_id
        )
        if description := marked(self.destination_segment_description, mark):
            given["destination_segment_description"] = description
        export = api.SegmentExport.model_validate(given)
        listing = api.list_jobs("SEGMENT_EXPORT", endpoint_id=export.endpoint_id)
        return self.start_of(
            api.export_segment(export), listing, export.may_have_made, is_marked=self.mark_submission
        )


class AcousticExchangeImportIdentitiesOperator(AcousticExchangeJobOperator):
    """Import the identities of a segment into the Identity Store. Needs the account's key.

    Returns the job as the service describes it. The service has no free text to mark a job by: one whose
    answer was lost is told by the jobs there were before. Document: "POST /v1/jobs/identityImport".

    .. code-block:: python

        identities = AcousticExchangeImportIdentitiesOperator(
            task_id="identities", endpoint_id=10001, segment_id=8000000000000001152, deferrable=True
        )

    :param endpoint_id: the endpoint that offers the segment (templated).
    :param segment_id: the segment, if its id is a number (templated).
    :param segment_id_string: the segment, if its id is a text (templated).
    :param database_id: the database the identities go to (templated).
    :param source_identifiers: identifiers of the source; all if left out.
    :param schedule_details: when the job runs; see `AcousticExchangeExportSegmentOperator`.
    """

    template_fields = (
        *AcousticExchangeTask.template_fields,
        "endpoint_id",
        "segment_id",
        "segment_id_string",
        "database_id",
    )
    nouns = ("identity import",)
    job_category = "IDENTITY_IMPORT"

    def __init__(
        self,
        *,
        endpoint_id: int | str,
        segment_id: int | str | None = None,
        segment_id_string: str | None = None,
        database_id: str | None = None,
        source_identifiers: Sequence[str] | None = None,
        schedule_details: api.ScheduleDetails | Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.endpoint_id = endpoint_id
        self.segment_id = segment_id
        self.segment_id_string = segment_id_string
        _one_segment(segment_id, segment_id_string)
        self.database_id = database_id
        self.source_identifiers = source_identifiers and some_of("source_identifiers", source_identifiers)
        self.schedule_details = _schedule(schedule_details)

    def submission(self, key: str) -> Submission:
        from airflow_provider_activation.api import acoustic_exchange as api

        wanted = api.IdentityImport.model_validate(self.given(api.IdentityImport))
        listing = api.list_jobs("IDENTITY_IMPORT", endpoint_id=wanted.endpoint_id)
        return self.start_of(api.import_identities(wanted), listing, wanted.may_have_made, is_marked=False)


class AcousticExchangeRefreshSegmentsOperator(AcousticExchangeJobOperator):
    """Have Exchange read anew which segments the endpoints offer. Needs the account's key.

    Returns the job as the service describes it. A second refresh does no harm, so that a lost answer
    that cannot be settled starts another (``on_uncertain``). Document: "GET /v1/endpoint/refreshSegments".

    .. code-block:: python

        refresh = AcousticExchangeRefreshSegmentsOperator(task_id="refresh", deferrable=True)
    """

    nouns = ("refresh of segments",)
    job_category = "SEGMENT_POPULATE_DB"

    def __init__(self, *, on_uncertain: OnUncertain = "resubmit", **kwargs: Any) -> None:
        super().__init__(on_uncertain=on_uncertain, **kwargs)

    def submission(self, key: str) -> Submission:
        from airflow_provider_activation.api import acoustic_exchange as api

        listing = api.list_jobs("SEGMENT_POPULATE_DB")
        return self.start_of(api.refresh_segments(), listing, lambda job: True, is_marked=False)


class AcousticExchangeUploadJobDataOperator(AcousticExchangeTask, SubmittingOperator):
    """Hand a job that waits for data its audience, and wait for the job. Reads the file in pieces.

    Returns the job as the service describes it. The documents say "CSV" and nothing more of the format:
    header row, encoding and media type are unconfirmed. Document: "POST /v1/jobs/{jobId}/data".

    .. code-block:: python

        upload = AcousticExchangeUploadJobDataOperator(
            task_id="upload", job_id="{{ ti.xcom_pull('export')['jobId'] }}", file="/data/audience.csv"
        )

    :param job_id: the job (templated).
    :param file: path of the CSV file on the worker (templated).
    :param job_category: the job's category.
    :param content_type: the file's media type.
    :raises InvalidRequest: the file is missing or empty.
    :raises Conflict: the job does not wait for data.
    """

    template_fields = (*AcousticExchangeTask.template_fields, "job_id", "file")
    nouns = ("job data",)
    outputs = ("jobId",)
    rehearsal_id = 0

    def __init__(
        self,
        *,
        job_id: int | str,
        file: str | Path,
        job_category: api.JobCategory = "SEGMENT_EXPORT",
        content_type: str = "text/csv; charset=utf-8",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.job_id = job_id
        self.file = file
        self.job_category: api.JobCategory = one_of("job_category", job_category, DATA_JOB_CATEGORIES)
        self.content_type = filled("content_type", content_type)

    def submission(self, key: str) -> Submission:
        from airflow_provider_activation.api import acoustic_exchange as api
        from airflow_provider_activation.errors import InvalidRequest
        from airflow_provider_activation.actions.base import Candidate, Submission

        job_id = whole_number("job_id", self.job_id)
        file = Path(self.file)
        if not file.is_file() or file.stat().st_size == 0:
            raise InvalidRequest(f"file: {file} is not there or is empty.")

        async def taken(before: JSON) -> list[Candidate]:
            # a job that waits no more has its data; one that still waits has none
            job = await api.get_job(self.job_category, job_id)
            if job.state in api.WAITING_TO_RECEIVE_DATA:
                return []
            return [Candidate(job_id, f"job {job_id} is {job.state} and waits for no data")]

        return Submission(
            noun=self.nouns[0],
            create=api.upload_job_data(job_id, file, self.content_type),
            find=taken,
            id_of=lambda answer, before: job_id,
            if_exists="fail",
            id_is=_is_job_id,
        )

    def probe(self, made: JSON) -> JobProbe:
        from airflow_provider_activation.waits.acoustic_exchange import JobProbe

        # the job may be seen waiting for a moment after it was given its data
        return JobProbe(
            self.job_category,
            made,
            target_statuses=("COMPLETE", "READY_FOR_DOWNLOAD"),
            on_needs_action="wait",
        )

    def result(self, made: JSON) -> Steps[JSON]:
        return _job(self.job_category, made)


class AcousticExchangeDownloadSegmentDataOperator(AcousticExchangeTask, ActionOperator):
    """Fetch the files of a job whose audience is ready for download, each written while it arrives.

    May be run any number of times; a file replaces one of its name. Returns ``{"jobId": ..., "files":
    [...]}``, the paths on the worker. How a job is told that its files were fetched is not documented.
    Document: "GET /v1/jobs/{jobId}/segmentDataFiles/{fileName}".

    .. code-block:: python

        download = AcousticExchangeDownloadSegmentDataOperator(
            task_id="download", job_id="{{ ti.xcom_pull('ready')['jobId'] }}", directory="/data/audiences"
        )

    :param job_id: the job (templated).
    :param directory: an existing folder on the worker (templated).
    :param file_names: which of the job's files; all if left out (templated).
    :param job_category: the job's category.
    :raises InvalidRequest: the folder is missing, or a file's name cannot be one.
    :raises NeedsAction: the job has no files yet.
    """

    template_fields = (*AcousticExchangeTask.template_fields, "job_id", "directory", "file_names")

    def __init__(
        self,
        *,
        job_id: int | str,
        directory: str | Path,
        file_names: Sequence[str] | None = None,
        job_category: api.JobCategory = "SEGMENT_EXPORT",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.job_id = job_id
        self.directory = directory
        self.file_names = file_names
        self.job_category: api.JobCategory = one_of("job_category", job_category, DATA_JOB_CATEGORIES)

    async def steps(self) -> JSON:
        from airflow_provider_activation.api import acoustic_exchange as api
        from airflow_provider_activation.errors import InvalidRequest, NeedsAction, UnreadableResponse

        job_id, directory = whole_number("job_id", self.job_id), Path(self.directory)
        if not directory.is_dir():
            raise InvalidRequest(f"directory: {directory} is not there or is no folder.")
        names = self.file_names
        if isinstance(names, str):
            raise InvalidRequest(f"file_names must be a list, but is {names!r}.")
        if names is None:
            job = await api.get_job(self.job_category, job_id)
            # what it looks like is not documented: a name or a list of names
            named = job.segment_data_files
            names = [named] if named and isinstance(named, str) else named
            if not names:
                raise NeedsAction(
                    f"job {job_id} is {job.state} and has no files to fetch.", service=api.SERVICE
                )
            if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
                raise UnreadableResponse(
                    f"segmentDataFiles of job {job_id} holds no names of files.",
                    service=api.SERVICE,
                    operation="get_job",
                )
        for name in names:
            if Path(name).name != name:
                raise InvalidRequest(f"file_names: {name!r} is no name of a file.")
        files = []
        for name in names:
            await api.download_segment_data(job_id, name, directory / name)
            files.append(str(directory / name))
        return {"jobId": job_id, "files": files}


def _one_segment(segment_id: object, segment_id_string: object) -> None:
    if (segment_id is None) == (segment_id_string is None):
        raise ValueError("Give exactly one of segment_id and segment_id_string.")


def _schedule(given: api.ScheduleDetails | Mapping[str, Any] | None) -> api.ScheduleDetails | None:
    """The schedule, checked.

    :raises InvalidRequest: naming its field that cannot be sent.
    """
    if given is None:
        return None
    # loads the service's models: only DAGs that give a schedule pay for that
    from airflow_provider_activation.api import acoustic_exchange as api

    return api.ScheduleDetails.model_validate(given)


def _is_job_id(noted: JSON) -> bool:
    return isinstance(noted, int) and not isinstance(noted, bool)


async def _job(job_category: api.JobCategory, job_id: int) -> JSON:
    from airflow_provider_activation.api import acoustic_exchange as api

    job = await api.get_job(job_category, job_id)
    return job.plain()
