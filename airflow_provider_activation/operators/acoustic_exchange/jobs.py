"""Operators for Acoustic Exchange: jobs, and the audiences that go in and out of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_activation.arguments import (
    COUNT,
    FILLED,
    FLAG,
    ID,
    MANIFEST,
    MANIFEST_OR_PATH,
    MARK,
    NAMED_TEXTS,
    NUMBER_ID,
    PATH,
    STRUCTURE,
    TEXT,
    TEXTS,
    plain,
    word,
)
from airflow_provider_activation.operators.base import ActionOperator, SubmitAndWaitOperator
from airflow_provider_activation.operators.sending import SendsAudience
from airflow_provider_activation.tasks import JSON, AcousticExchangeTask
from airflow_provider_activation.wording import enumerated
from airflow_provider_activation.words import DATA_JOB_CATEGORIES, EXPORT_ACTIONS

if TYPE_CHECKING:
    from airflow_provider_activation.actions import acoustic_exchange as actions
    from airflow_provider_activation.actions.base import Making, OnUncertain
    from airflow_provider_activation.api import acoustic_exchange as api
    from airflow_provider_activation.storage.place import AnyPath
    from airflow_provider_activation.waits.acoustic_exchange import JobProbe, OnNeedsAction

__all__ = [
    "AcousticExchangeDownloadSegmentDataOperator",
    "AcousticExchangeExportSegmentOperator",
    "AcousticExchangeImportIdentitiesOperator",
    "AcousticExchangeRefreshSegmentsOperator",
    "AcousticExchangeUploadJobDataOperator",
]

_ON_NEEDS_ACTION = word("return", "fail", "wait")


class AcousticExchangeJobTask(AcousticExchangeTask):
    """A task that starts a job and waits for it. The service cannot stop a job."""

    outputs: tuple[str, ...] = ("jobId",)
    shows = "Job"
    rehearsal_id = 0
    ignored_arguments: ClassVar[frozenset[str]] = frozenset({"cancel_on_kill"})
    job_category: api.JobCategory
    on_needs_action: OnNeedsAction

    def probe(self, made: JSON) -> JobProbe:
        from airflow_provider_activation.waits.acoustic_exchange import JobProbe

        return JobProbe(self.job_category, made, on_needs_action=self.on_needs_action)


class AcousticExchangeExportSegmentOperator(AcousticExchangeJobTask, SendsAudience, SubmitAndWaitOperator):
    """Share an audience from a source endpoint to a destination endpoint. Needs the account's key.

    Returns the job as the service describes it. If the source pushes, the job waits for its data, and the
    task ends there by default (``on_needs_action``); upload the data with
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
    :param segment_id: the segment, if its id is a number; give this or ``segment_id_string`` (templated).
    :param segment_id_string: the segment, if its id is a text (templated).
    :param segment_name: the name of the segment (templated).
    :param destination_endpoint_id: the destination endpoint (templated).
    :param destination_segment_name: the name of the segment at the destination; the service invents one if
        left out (templated).
    :param destination_segment_description: the description of the segment at the destination, with the
        submission key at the end (templated).
    :param destination_segment_id: an existing segment at the destination; it needs ``action`` (templated).
    :param export_category: a category that the destination defines (templated).
    :param action: ``add``, ``replace`` or ``remove``: what the job does with the people who are in the
        existing segment already. A new segment needs none (templated).
    :param source_identifiers: the identifiers of the source that are mapped to the one of the destination
        (templated).
    :param destination_identifier: the identifier of the destination (templated).
    :param attribute_mappings: attributes of the source, each with an attribute of the destination
        (templated).
    :param update_identities: True also writes to the Identity Store which identifiers belong together; False
        only reads it (templated).
    :param min_count: the service cancels the job if it has fewer records; 1 if left out (templated).
    :param schedule_details: when the job runs and over which days: a mapping with the vendor's own field
        names, or a ``ScheduleDetails`` of `airflow_provider_activation.api.acoustic_exchange`. At once if it
        is left out. ``{"time_slice": "data_interval", "timezone": "Europe/Berlin"}`` takes the days of the
        run's data interval in that time zone. The task does not wait for a job that runs later, unless
        ``wait_for_completion=True`` is given (templated).
    :param mark_submission: put the submission key at the end of the description (``suffix`` or True), at its
        beginning (``prefix``, for a service that cuts texts) or leave it out (False) (templated).
    :param on_needs_action: what to do when the job waits for its data, or for its file to be downloaded:
        ``return`` the job, ``fail``, or ``wait`` until somebody acts (templated).
    :param manifest: the output of the `PrepareAudienceOperator` or the `CheckAudienceOperator` of this run,
        for a connection with ``require_suppression``, which refuses the task without it (templated).
    :param acoustic_exchange_conn_id: the connection's id (templated).
    :raises UnfitAudience: the connection requires suppression, and the manifest does not show it. Nothing
        was sent.
    :raises InvalidRequest: the service refuses the export, for example since an endpoint is not registered
        as a source or as a destination.
    :raises NotAsAsked: the job is not what was asked for.
    :raises JobFailed: the job failed or was cancelled, for example since it has fewer than ``min_count``
        records.
    :raises NeedsAction: with ``on_needs_action="fail"``, the job waits for its data or for its download.
    """

    arguments = {
        "endpoint_id": NUMBER_ID,
        "segment_id": NUMBER_ID | None,
        "segment_id_string": ID | None,
        "segment_name": FILLED | None,
        "destination_endpoint_id": NUMBER_ID,
        "destination_segment_name": FILLED | None,
        "destination_segment_description": TEXT | None,
        "destination_segment_id": ID | None,
        "export_category": TEXT | None,
        "action": word(*EXPORT_ACTIONS) | None,
        "source_identifiers": TEXTS,
        "destination_identifier": FILLED,
        "attribute_mappings": NAMED_TEXTS | None,
        "update_identities": FLAG,
        "min_count": COUNT | None,
        "schedule_details": STRUCTURE | None,
        "mark_submission": MARK,
        "on_needs_action": _ON_NEEDS_ACTION,
        "manifest": MANIFEST | None,
    }
    nouns = ("segment export",)
    # the upload that follows sends the people
    writes_receipt = False
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
        on_needs_action: OnNeedsAction = "return",
        mark_submission: bool | str = True,
        manifest: Mapping[str, Any] | str | None = None,
        acoustic_exchange_conn_id: str = "acoustic_exchange_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**_waiting(self.without_ignored(kwargs), schedule_details))
        self.endpoint_id = endpoint_id
        self.destination_endpoint_id = destination_endpoint_id
        self.source_identifiers = source_identifiers
        self.destination_identifier = destination_identifier
        self.update_identities = update_identities
        self.segment_id = segment_id
        self.segment_id_string = segment_id_string
        self.segment_name = segment_name
        self.destination_segment_name = destination_segment_name
        self.destination_segment_description = destination_segment_description
        self.destination_segment_id = destination_segment_id
        self.export_category = export_category
        self.action = action
        self.attribute_mappings = attribute_mappings
        self.min_count = min_count
        self.schedule_details = _with_data_interval(schedule_details)
        self.mark_submission: Any = mark_submission
        self.manifest = manifest
        self.on_needs_action = on_needs_action
        self.acoustic_exchange_conn_id = acoustic_exchange_conn_id

    def check(self) -> None:
        _check_segment(self.segment_id, self.segment_id_string)
        self.check_inside("schedule_details", _schedule)
        if self.destination_segment_id is not None and self.action is None:
            raise ValueError("action is required with an existing destination segment.")
        self.check_manifest()

    def submission(self, key: str) -> actions.SegmentExport:
        from airflow_provider_activation.actions import acoustic_exchange as actions
        from airflow_provider_activation.api import acoustic_exchange as api

        given = self.given(api.SegmentExport.model_fields)
        given["schedule_details"] = _schedule(self.schedule_details)
        return actions.SegmentExport(
            export=api.SegmentExport.model_validate(given),
            key=key if self.mark_submission else None,
            mark=self.mark_submission or "suffix",
        )


class AcousticExchangeImportIdentitiesOperator(AcousticExchangeJobTask, SubmitAndWaitOperator):
    """Import the identities of a segment into the Identity Store. Needs the account's key.

    Returns the job as the service describes it. No field of the job can carry the submission key. If a
    response was lost, the task takes the job only if it is the only new one for this segment. Document: "POST
    /v1/jobs/identityImport".

    .. code-block:: python

        identities = AcousticExchangeImportIdentitiesOperator(
            task_id="identities", endpoint_id=10001, segment_id=8000000000000001152, deferrable=True
        )

    :param endpoint_id: the endpoint that offers the segment (templated).
    :param segment_id: the segment, if its id is a number; give this or ``segment_id_string`` (templated).
    :param segment_id_string: the segment, if its id is a text (templated).
    :param database_id: the database that the segment is in (templated).
    :param source_identifiers: the identifiers of the source; all if left out (templated).
    :param schedule_details: see `AcousticExchangeExportSegmentOperator` (templated).
    :param on_needs_action: see `AcousticExchangeExportSegmentOperator` (templated).
    :param acoustic_exchange_conn_id: the connection's id (templated).
    :raises JobFailed: the job failed or was cancelled.
    :raises NeedsAction: with ``on_needs_action="fail"``, the job waits for its data.
    """

    arguments = {
        "endpoint_id": NUMBER_ID,
        "segment_id": NUMBER_ID | None,
        "segment_id_string": ID | None,
        "database_id": ID | None,
        "source_identifiers": TEXTS | None,
        "schedule_details": STRUCTURE | None,
        "on_needs_action": _ON_NEEDS_ACTION,
    }
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
        on_needs_action: OnNeedsAction = "return",
        acoustic_exchange_conn_id: str = "acoustic_exchange_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**_waiting(self.without_ignored(kwargs), schedule_details))
        self.endpoint_id = endpoint_id
        self.segment_id = segment_id
        self.segment_id_string = segment_id_string
        self.database_id = database_id
        self.source_identifiers = source_identifiers
        self.schedule_details = _with_data_interval(schedule_details)
        self.on_needs_action = on_needs_action
        self.acoustic_exchange_conn_id = acoustic_exchange_conn_id

    def check(self) -> None:
        _check_segment(self.segment_id, self.segment_id_string)
        self.check_inside("schedule_details", _schedule)

    def submission(self, key: str) -> actions.IdentityImport:
        from airflow_provider_activation.actions import acoustic_exchange as actions
        from airflow_provider_activation.api import acoustic_exchange as api

        given = self.given(api.IdentityImport.model_fields)
        given["schedule_details"] = _schedule(self.schedule_details)
        return actions.IdentityImport(identity_import=api.IdentityImport.model_validate(given))


class AcousticExchangeRefreshSegmentsOperator(AcousticExchangeJobTask, SubmitAndWaitOperator):
    """Make Acoustic Exchange refresh the list of segments. Needs the account's key.

    Returns the job as the service describes it. Document: "GET /v1/endpoint/refreshSegments".

    .. code-block:: python

        refresh = AcousticExchangeRefreshSegmentsOperator(task_id="refresh", deferrable=True)

    :param on_needs_action: see `AcousticExchangeExportSegmentOperator` (templated).
    :param acoustic_exchange_conn_id: the connection's id (templated).
    :param on_uncertain: see `SubmitOperator`. The default is ``resubmit``: a second refresh does no harm
        (templated).
    :raises JobFailed: the job failed or was cancelled.
    """

    arguments = {"on_needs_action": _ON_NEEDS_ACTION}
    nouns = ("refresh of segments",)
    job_category = "SEGMENT_POPULATE_DB"

    def __init__(
        self,
        *,
        on_needs_action: OnNeedsAction = "return",
        acoustic_exchange_conn_id: str = "acoustic_exchange_default",
        on_uncertain: OnUncertain = "resubmit",
        **kwargs: Any,
    ) -> None:
        super().__init__(on_uncertain=on_uncertain, **self.without_ignored(kwargs))
        self.on_needs_action = on_needs_action
        self.acoustic_exchange_conn_id = acoustic_exchange_conn_id

    def submission(self, key: str) -> actions.SegmentRefresh:
        from airflow_provider_activation.actions import acoustic_exchange as actions

        return actions.SegmentRefresh()


class AcousticExchangeUploadJobDataOperator(AcousticExchangeJobTask, SendsAudience, SubmitAndWaitOperator):
    """Upload the audience for which a job waits, and wait for the job. The file is read in pieces.

    Takes the account's key or that of the source endpoint; the documents do not say which of the two the
    service needs. The task waits until the job is COMPLETE, or READY_FOR_DOWNLOAD if the destination pulls.
    Returns the job as the service describes it. The file of a manifest is sent only if it is the one that was
    prepared and its columns are those that the endpoint registered; if the file changes while it is sent, the
    request is broken off. The documents say "CSV" and nothing more of the format: header row, encoding, media
    type and compression are not confirmed. From a manifest's format follow the media type, ``text/csv`` or
    ``text/tab-separated-values``, and ``Content-Encoding: gzip``. Document: "POST /v1/jobs/{jobId}/data".

    .. code-block:: python

        upload = AcousticExchangeUploadJobDataOperator(
            task_id="upload",
            job_id="{{ ti.xcom_pull('export')['jobId'] }}",
            file="{{ ti.xcom_pull('prepare') }}",
        )

    :param job_id: the job (templated).
    :param file: the manifest that `PrepareAudienceOperator` returns; or the path of a CSV file on the worker,
        ``s3://conn_id@bucket/key``, or an ``ObjectStoragePath`` with a connection (templated).
    :param registration: what `AcousticExchangeRegisterEndpointOperator` takes. If it is left out, it is read
        from the service for a manifest; the columns of another file are not checked then (templated).
    :param job_category: the category of the job (templated).
    :param content_type: the media type of the file; if it is left out, that of the manifest's format, or
        ``text/csv; charset=utf-8`` (templated).
    :param acoustic_exchange_conn_id: the connection's id (templated).
    :raises InvalidRequest: the file is missing or empty, or the registration cannot be read.
    :raises UnfitAudience: the file is not the one that was prepared, or its columns are not registered; or
        the connection requires suppression, and the manifest does not show it. Nothing was sent.
    :raises Conflict: the job does not wait for data: it takes a file once.
    :raises JobFailed: the job failed or was cancelled, for example since the file has fewer rows than
        ``min_count`` of the export.
    """

    arguments = {
        "job_id": NUMBER_ID,
        "file": MANIFEST_OR_PATH,
        "registration": STRUCTURE | None,
        "job_category": word(*DATA_JOB_CATEGORIES),
        "content_type": FILLED | None,
    }
    nouns = ("job data",)
    ignored_arguments = AcousticExchangeJobTask.ignored_arguments | {"on_uncertain"}

    def __init__(
        self,
        *,
        job_id: int | str,
        file: Mapping[str, Any] | AnyPath,
        registration: Mapping[str, Any] | None = None,
        job_category: api.JobCategory = "SEGMENT_EXPORT",
        content_type: str | None = None,
        acoustic_exchange_conn_id: str = "acoustic_exchange_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**self.without_ignored(kwargs))
        self.job_id = job_id
        self.file: Any = file
        self.registration = registration
        self.job_category = job_category
        self.content_type = content_type
        self.acoustic_exchange_conn_id = acoustic_exchange_conn_id

    @property
    def shown(self) -> tuple[str, Any]:
        return "file", self.file

    def sent_as(self, result: JSON) -> dict[str, JSON]:
        return {"jobId": self.job_id}

    def read(self, action: Making, made: JSON) -> JSON:
        from airflow_provider_activation.api import acoustic_exchange as api
        from airflow_provider_activation.errors import JobFailed

        result = super().read(action, made)
        # nobody waits for the job, but one that has failed already has sent nothing
        if result is not None and api.Job.model_validate(result).state in api.FAILED:
            raise JobFailed(
                f"job {made} is {result['status']} after its data was uploaded.", service=api.SERVICE
            )
        return result

    def check(self) -> None:
        if self.registration is not None:
            self.check_inside("registration", _databases)
        if isinstance(self.file, Mapping):
            self.check_inside("file", _place)

    def submission(self, key: str) -> actions.JobData:
        from airflow_provider_activation.actions import acoustic_exchange as actions

        return actions.JobData(
            job_category=self.job_category,
            job_id=int(self.job_id),
            file=self.file,
            registration=self.registration,
            content_type=self.content_type,
        )

    def intent(self) -> str:
        rows = self.file["rows"]["written"] if isinstance(self.file, Mapping) else None
        what = "the file" if rows is None else f"{rows:,} rows"
        return f"{what} would be uploaded to job {self.job_id}"

    def simulated(self, made: JSON) -> JSON:
        return super().simulated(self.job_id)

    def probe(self, made: JSON) -> JobProbe:
        from airflow_provider_activation.waits.acoustic_exchange import JobProbe

        # the job may still be shown as waiting right after its data was uploaded
        return JobProbe(self.job_category, made, ("COMPLETE", "READY_FOR_DOWNLOAD"), on_needs_action="wait")


class AcousticExchangeDownloadSegmentDataOperator(AcousticExchangeTask, ActionOperator):
    """Download the files of a job whose audience is ready: all of them, or none. Each is written in pieces.

    Takes the account's key or that of the destination endpoint; the documents do not say which of the two the
    service needs. May be run any number of times; a file replaces an existing one of its name. Returns
    ``{"jobId": ..., "files": [...]}``, with paths as ``directory`` has them. Files on the worker can be read
    by their user only. The documents do not say how a job learns that its files were downloaded. Document:
    "GET /v1/jobs/{jobId}/segmentDataFiles/{fileName}".

    .. code-block:: python

        download = AcousticExchangeDownloadSegmentDataOperator(
            task_id="download",
            job_id="{{ ti.xcom_pull('ready')['jobId'] }}",
            directory="/data/audiences/{{ ds }}",
        )

    :param job_id: the job (templated).
    :param directory: a folder on the worker, made if it is missing and its parent is there; or
        ``s3://conn_id@bucket/prefix``, ``sftp://conn_id@/folder``, or an ``ObjectStoragePath`` with a
        connection (templated).
    :param file_names: the files of the job to download; all if left out (templated).
    :param job_category: the category of the job (templated).
    :param acoustic_exchange_conn_id: the connection's id (templated).
    :raises InvalidRequest: the folder's parent is missing, a name of a file has a folder in it, two names
        differ in their case alone, or the job has no such file.
    :raises NeedsAction: the job has no files yet.
    :raises AudienceNotWritten: a file could not be written; those that were not there before are gone again.
    """

    arguments = {
        "job_id": NUMBER_ID,
        "directory": PATH,
        "file_names": TEXTS | None,
        "job_category": word(*DATA_JOB_CATEGORIES),
    }
    outputs = ("files",)

    def __init__(
        self,
        *,
        job_id: int | str,
        directory: AnyPath,
        file_names: Sequence[str] | None = None,
        job_category: api.JobCategory = "SEGMENT_EXPORT",
        acoustic_exchange_conn_id: str = "acoustic_exchange_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.job_id = job_id
        self.directory = directory
        self.file_names = file_names
        self.job_category: api.JobCategory = job_category
        self.acoustic_exchange_conn_id = acoustic_exchange_conn_id
        self._told: list[str] = []

    async def steps(self) -> JSON:
        from airflow_provider_activation.actions.acoustic_exchange import size_of
        from airflow_provider_activation.api import acoustic_exchange as api
        from airflow_provider_activation.errors import InvalidRequest
        from airflow_provider_activation.storage import place_of
        from airflow_provider_activation.storage.arrivals import arriving, check_folder, check_names

        job_id, directory = int(self.job_id), place_of(self.directory, "directory")
        names = self.file_names
        check_folder(directory)
        check_names(names or (), "file_names:")
        listed = await api.list_data_files(self.job_category, job_id)
        if unknown := [name for name in names or () if name not in listed]:
            raise InvalidRequest(
                f"file_names: job {job_id} has no file {unknown[0]!r}, but {', '.join(listed)}."
            )
        names = list(dict.fromkeys(listed if names is None else names))
        check_names(names, f"job {job_id} has the file")
        with arriving(directory) as here:
            files = [await api.download_segment_data(job_id, name, here / name) for name in names]
            self._told = [f"{directory / file.name} ({size_of(file)})" for file in files]
        return {"jobId": job_id, "files": [str(directory / name) for name in names]}

    def intent(self) -> str:
        files = "the files" if self.file_names is None else enumerated(self.file_names)
        return f"{files} of job {self.job_id} would be downloaded to {self.directory}"

    def simulated(self, made: JSON) -> JSON:
        return {"jobId": self.job_id, "files": [made]}

    def summary(self, result: JSON) -> str:
        count = "1 file" if len(self._told) == 1 else f"{len(self._told)} files"
        return f"Downloaded {count} of job {result['jobId']}: {enumerated(self._told, separator='; ')}."


def _place(manifest: Any) -> object:
    from airflow_provider_activation.audience.manifest import place_of_manifest

    return place_of_manifest(manifest)


def _databases(registration: Any) -> object:
    from airflow_provider_activation.audience.profiles import described_databases

    return described_databases(registration)


def _check_segment(segment_id: object, segment_id_string: object) -> None:
    if (segment_id is None) == (segment_id_string is None):
        raise ValueError("Give exactly one of segment_id and segment_id_string.")


def _waiting(arguments: dict[str, Any], schedule: Any) -> dict[str, Any]:
    """The arguments, without a wait for a job that runs on other days, unless it is asked for."""
    given = {"wait_for_completion"} & {*arguments, *(arguments.get("default_args") or ())}
    schedule = plain(schedule)
    later = isinstance(schedule, dict) and not schedule.keys() & {"runNow", "run_now", "time_slice"}
    return {**arguments, "wait_for_completion": False} if later and not given else arguments


def _with_data_interval(given: Any) -> Any:
    """A schedule over the data interval, with the templates that render it."""
    if isinstance(given, Mapping) and "time_slice" in given:
        interval = ("data_interval_start", "data_interval_end")
        return {**given, **{name: f"{{{{ {name} }}}}" for name in interval}}
    return given


def _schedule(given: Mapping[str, Any] | None) -> api.ScheduleDetails:
    # this loads the service's models, but few DAGs give a schedule
    from airflow_provider_activation.api import acoustic_exchange as api

    if given is None or "time_slice" not in given:
        return api.schedule_of(given)
    rest = dict(given)
    start, end = (rest.pop(name, None) for name in ("data_interval_start", "data_interval_end"))
    # a run that no schedule began has no data interval
    interval = [None if text in (None, "None") else datetime.fromisoformat(text) for text in (start, end)]
    return api.schedule_of(rest, *interval)
