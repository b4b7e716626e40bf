"""Acoustic Exchange: jobs, which share audiences, import identities and refresh the list of segments.

Document, where an endpoint names no other: "Account-level API".
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, tzinfo
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import AfterValidator, AliasChoices, Field, field_validator

from airflow_provider_activation.api.acoustic_exchange.common import (
    ACCOUNT,
    ENDPOINT,
    SERVICE,
    endpoint,
    exactly_one,
    job_id_of,
    whole,
)
from airflow_provider_activation.api.answers import each, model, nothing
from airflow_provider_activation.api.call import Call, FileBody, Safety, get, query_of, request
from airflow_provider_activation.api.models import Input, Resource, Text
from airflow_provider_activation.errors import InvalidRequest, NeedsAction, UnreadableResponse
from airflow_provider_activation.words import (
    COMPLETE,
    FAILED,
    ON_THE_WAY,
    READY_FOR_DOWNLOAD,
    WAITING_TO_RECEIVE_DATA,
    ExportAction,
    JobCategory,
    same_status,
)

__all__ = [
    "COMPLETE",
    "CSV",
    "FAILED",
    "ON_THE_WAY",
    "READY_FOR_DOWNLOAD",
    "TSV",
    "WAITING_TO_RECEIVE_DATA",
    "WEEKDAYS",
    "IdentityImport",
    "Job",
    "JobCategory",
    "ScheduleDetails",
    "SegmentExport",
    "Weekday",
    "download_segment_data",
    "export_segment",
    "get_job",
    "import_identities",
    "list_data_files",
    "list_jobs",
    "refresh_segments",
    "same_status",
    "schedule_of",
    "upload_job_data",
]

CSV = "text/csv; charset=utf-8"
"""The media type of an audience. ``header=present`` of RFC 4180 is left out: a service may not know it."""
TSV = "text/tab-separated-values; charset=utf-8"
"""The media type of an audience whose fields have tabs between them."""
Weekday = Literal["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
WEEKDAYS: tuple[Weekday, ...] = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
"""The days in the vendor's order: Sunday is 1."""


class Job(Resource):
    """A job. Its ids exceed 2^53 and stay whole numbers.

    If a field comes twice, the last one counts. The vendor has two spellings of RECEIVE; both are read.
    """

    job_id: int = Field(alias="jobId")
    status: Text = ""
    job_category: str | None = Field(default=None, alias="jobCategory")
    producer_endpoint_id: int | None = Field(default=None, alias="producerEndpointID")
    producer_segment_id: int | str | None = Field(default=None, alias="producerSegmentID")
    destination_endpoint_id: int | None = Field(default=None, alias="destinationEndpointID")
    destination_segment_description: str | None = Field(default=None, alias="destinationSegmentDescription")
    share_action: str | None = Field(default=None, alias="shareAction")
    segment_data_files: Any = Field(default=None, alias="segmentDataFiles")
    error_details: Any = Field(default=None, alias="errorDetails")

    @property
    def state(self) -> str:
        """The status in capital letters, without blanks."""
        return self.status.strip().upper()


_DATE = "%m/%d/%Y"


def _numbers(largest: int, *, star: str = "* or ") -> AfterValidator:
    """Numbers and ranges, such as ``1,3-5``, or ``*`` for all."""

    def check(value: str) -> str:
        is_list = re.fullmatch(r"\d+(-\d+)?(,\d+(-\d+)?)*", value, re.ASCII)
        fits = is_list and all(1 <= int(number) <= largest for number in re.split("[,-]", value))
        if not fits and not (star and value == "*"):
            raise ValueError(f"must be {star}numbers from 1 to {largest} in the form 1,3-5")
        return value

    return AfterValidator(check)


def _time(largest: int) -> AfterValidator:
    def check(value: str) -> str:
        # the document starts at 1 and 01, but a job must be able to run at midnight
        if not (value.isascii() and value.isdigit() and int(value) <= largest):
            raise ValueError(f"must be a number from 0 to {largest}")
        return value

    return AfterValidator(check)


def _is_a_date(value: str) -> str:
    if _day(value) is None:
        raise ValueError("must be a date in the form MM/dd/yyyy")
    return value


_Date = Annotated[str, AfterValidator(_is_a_date)]


class ScheduleDetails(Input):
    """When a job runs, and from which days it takes the records.

    The time zone is not documented: prefer ``run_now()`` and let Airflow schedule. A field that is given as
    None is sent as null, as the document shows; a field that is not given is left out.
    """

    runs_now: bool | None = Field(
        default=None, validation_alias=AliasChoices("runNow", "run_now"), serialization_alias="runNow"
    )
    run_repeat: bool | None = Field(default=None, alias="runRepeat")
    # the table has no * for days of the week; null means every day
    days_of_week: Annotated[str, _numbers(7, star="")] | None = Field(default=None, alias="daysOfWeek")
    days_of_month: Annotated[str, _numbers(31)] | None = Field(default=None, alias="daysOfMonth")
    months_of_year: Annotated[str, _numbers(12)] | None = Field(default=None, alias="monthsOfYear")
    year: str | None = None
    start_hour: Annotated[str, _time(24)] | None = Field(default=None, alias="startHour")
    start_minute: Annotated[str, _time(59)] | None = Field(default=None, alias="startMinute")
    start_second: Annotated[str, _time(59)] | None = Field(default=None, alias="startSecond")
    start_date: _Date | None = Field(default=None, alias="startDate")
    end_date: _Date | None = Field(default=None, alias="endDate")
    time_slice_start_date: _Date | None = Field(default=None, alias="timeSliceStartDate")
    time_slice_end_date: _Date | None = Field(default=None, alias="timeSliceEndDate")

    @field_validator("start_hour", "start_minute", "start_second", mode="before")
    @classmethod
    def _two_digits(cls, value: Any) -> Any:
        return f"{value:02}" if isinstance(value, int) and not isinstance(value, bool) else value

    @classmethod
    def run_now(cls) -> Self:
        """Run the job at once, over all records."""
        return cls(runs_now=True)

    @classmethod
    def weekly(
        cls, days: Sequence[Weekday], at: time, *, start: date | None = None, end: date | None = None
    ) -> Self:
        """Run the job on some days of every week.

        :param days: for example ``["MON", "THU"]``.
        :param at: the time of day; the service does not say in which time zone.
        :param start: the first day.
        :param end: the last day.
        :raises InvalidRequest: naming the argument that does not fit.
        """
        listed = isinstance(days, Sequence) and not isinstance(days, str) and len(days) > 0
        if not listed or not all(day in WEEKDAYS for day in days):
            kind = f"a {type(days).__name__} that is not"
            raise InvalidRequest(f"days must be some of {', '.join(WEEKDAYS)}, but is {kind}.")
        if not isinstance(at, time):
            raise InvalidRequest(f"at must be a time of day, but is a {type(at).__name__}.")
        dates = {"start_date": start, "end_date": end}
        for name, day in dates.items():
            if day is not None and not isinstance(day, date):
                raise InvalidRequest(f"{name} must be a date, but is a {type(day).__name__}.")
        return cls(
            run_repeat=True,
            days_of_week=",".join(str(number) for number, day in enumerate(WEEKDAYS, 1) if day in days),
            days_of_month=None,
            months_of_year=None,
            start_hour=f"{at.hour:02}",
            start_minute=f"{at.minute:02}",
            start_second=f"{at.second:02}",
            **{name: day.strftime(_DATE) for name, day in dates.items() if day is not None},
        )

    @classmethod
    def from_data_interval(cls, start: datetime, end: datetime, timezone: str | tzinfo) -> Self:
        """Run the job at once, over the records of every day that overlaps a data interval.

        The service takes whole days, the first and the last included.

        :param start: the start of the data interval, with its time zone.
        :param end: the end of the data interval, with its time zone; it is not part of the interval.
        :param timezone: the time zone of the days, for example ``Europe/Berlin``.
        :raises InvalidRequest: naming the argument that does not fit.
        """
        for name, timestamp in (("start", start), ("end", end)):
            if not isinstance(timestamp, datetime) or timestamp.tzinfo is None:
                kind = f"a {type(timestamp).__name__} that does not"
                raise InvalidRequest(f"{name} must be a datetime that says its time zone, but is {kind}.")
        if end < start:
            raise InvalidRequest("end must not be before start.")
        zone = _zone(timezone)
        last = max(start.astimezone(UTC), end.astimezone(UTC) - datetime.resolution)
        return cls(
            runs_now=True,
            time_slice_start_date=start.astimezone(zone).strftime(_DATE),
            time_slice_end_date=last.astimezone(zone).strftime(_DATE),
        )

    def check(self) -> None:
        for first, last in (("start_date", "end_date"), ("time_slice_start_date", "time_slice_end_date")):
            begins, ends = _day(getattr(self, first) or ""), _day(getattr(self, last) or "")
            if begins is not None and ends is not None and begins > ends:
                raise ValueError(f"{first} must not be after {last}")

    def body(self) -> dict[str, Any]:
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)


def schedule_of(
    given: ScheduleDetails | Mapping[str, Any] | None,
    data_interval_start: datetime | None = None,
    data_interval_end: datetime | None = None,
) -> ScheduleDetails:
    """A schedule from plain JSON, in which a template may stand for any text.

    :param given: the fields of a schedule; None runs the job at once. With ``time_slice``, which must be
        ``data_interval``, and ``timezone`` the time slice is that of `ScheduleDetails.from_data_interval`.
    :param data_interval_start: the start of the run's data interval, None without one.
    :param data_interval_end: its end.
    :raises InvalidRequest: naming the field that does not fit.
    """
    if given is None:
        return ScheduleDetails.run_now()
    if not isinstance(given, Mapping) or "time_slice" not in given:
        return ScheduleDetails.model_validate(given)
    rest = dict(given)
    slice_, timezone = rest.pop("time_slice"), rest.pop("timezone", None)
    if slice_ != "data_interval":
        kind = f"a {type(slice_).__name__} that is not"
        raise InvalidRequest(f"time_slice must be data_interval, but is {kind}.")
    if data_interval_start is None or data_interval_end is None:
        raise InvalidRequest("time_slice cannot be data_interval: the run has no data interval.")
    sliced = ScheduleDetails.from_data_interval(data_interval_start, data_interval_end, timezone or "")
    more = ScheduleDetails.model_validate(rest)
    return sliced.model_copy(update={name: getattr(more, name) for name in more.model_fields_set})


class _SegmentJob(Input):
    """The fields that exports and imports share: the segment, by its number or its text, and the schedule."""

    endpoint_id: int = Field(alias="endpointID")
    segment_id: int | None = Field(default=None, alias="segmentID")
    segment_id_string: str | None = Field(default=None, alias="segmentIDString", min_length=1)
    schedule_details: ScheduleDetails = Field(
        default_factory=ScheduleDetails.run_now, alias="scheduleDetails"
    )

    def check(self) -> None:
        exactly_one(segment_id=self.segment_id, segment_id_string=self.segment_id_string)

    def body(self) -> dict[str, Any]:
        return super().body() | {"scheduleDetails": self.schedule_details.body()}

    def may_have_made(self, job: Job) -> bool:
        """Whether a job may be the one that this would start: it shows nothing else."""
        # the documents do not show a job of a segment with a text id
        segments = None if self.segment_id is None else (None, self.segment_id, str(self.segment_id))
        return job.producer_endpoint_id in (None, self.endpoint_id) and (
            segments is None or job.producer_segment_id in segments
        )

    def shown_as(self) -> dict[str, Any]:
        """What the job that this starts should show, by the names of the fields of a job."""
        return {"producerEndpointID": self.endpoint_id, "producerSegmentID": self.segment_id}


class SegmentExport(_SegmentJob):
    """An audience to share, and its destination. Exactly one of ``segment_id`` and ``segment_id_string``."""

    segment_name: str | None = Field(default=None, alias="segmentName")
    destination_endpoint_id: int = Field(alias="destinationEndpointID")
    destination_segment_name: str | None = Field(default=None, alias="destinationSegmentName")
    destination_segment_description: str | None = Field(default=None, alias="destinationSegmentDescription")
    destination_segment_id: str | None = Field(default=None, alias="destinationSegmentID", min_length=1)
    export_category: str | None = Field(default=None, alias="exportCategory")
    action: ExportAction | None = None
    source_identifiers: tuple[str, ...] = Field(alias="sourceIdentifiers", min_length=1)
    destination_identifier: str = Field(alias="destinationIdentifier", min_length=1)
    attribute_mappings: dict[str, str] | None = Field(default=None, alias="attributeMappings")
    update_identities: bool = Field(alias="updateIdentities")
    min_count: int | None = Field(default=None, alias="minCount", ge=0)

    def check(self) -> None:
        super().check()
        if self.destination_segment_id is not None and self.action is None:
            raise ValueError("action is required with an existing destination segment")

    def may_have_made(self, job: Job) -> bool:
        destinations = (None, self.destination_endpoint_id)
        return super().may_have_made(job) and job.destination_endpoint_id in destinations

    def shown_as(self) -> dict[str, Any]:
        return {
            **super().shown_as(),
            "destinationEndpointID": self.destination_endpoint_id,
            "destinationSegmentID": self.destination_segment_id,
            "destinationSegmentName": self.destination_segment_name,
            "destinationSegmentDescription": self.destination_segment_description,
            "shareAction": self.action,
            "sourceIdentifiers": self.source_identifiers,
            "destinationIdentifier": self.destination_identifier,
            "attributeMappings": self.attribute_mappings,
        }


class IdentityImport(_SegmentJob):
    """A segment whose identities go to the Identity Store. It has one id, as in `SegmentExport`.

    ``database_id`` is the database in which the segment is, not one where identities go.
    """

    database_id: str | None = Field(default=None, alias="databaseID", min_length=1)
    source_identifiers: tuple[str, ...] | None = Field(default=None, alias="sourceIdentifiers", min_length=1)


@endpoint
def export_segment(export: SegmentExport) -> Call[int]:
    """Start a job that shares an audience: POST /v1/jobs/segmentExport.

    The document's title and text say POST, its sample command says PUT. Misprints of its tables are not
    followed: blanks inside field names, ``segmentName`` as a Long, identifiers as JSON objects, and
    ``segmentIDString`` required where the id is *not* a string.

    :returns: the job's id.
    """
    return _start("POST", "/v1/jobs/segmentExport", json=export.body(), sends_audience=True)


@endpoint
def import_identities(identity_import: IdentityImport) -> Call[int]:
    """Start a job that imports identities into the Identity Store: POST /v1/jobs/identityImport.

    The document's title and text say POST, its sample command says PUT. It says that the import "has" been
    uploaded, although it has only been started. The sample has several identifiers in one text; they are
    sent one by one.

    :returns: the job's id.
    """
    return _start("POST", "/v1/jobs/identityImport", json=identity_import.body())


@endpoint
def refresh_segments() -> Call[int]:
    """Start a job that refreshes the list of segments: GET /v1/endpoint/refreshSegments.

    Document: "Endpoint-level API". This GET starts a job, so it is not repeated. It needs the account's key.
    The documents imply that the job's category is ``SEGMENT_POPULATE_DB``.

    :returns: the job's id.
    """
    return _start("GET", "/v1/endpoint/refreshSegments")


@endpoint
def list_jobs(
    job_category: JobCategory,
    *,
    endpoint_id: int | None = None,
    status: str | None = None,
    extra_fields: bool | None = None,
) -> Call[list[Job]]:
    """List the jobs of a category: GET /v1/jobs/{job_category}. Document: "Jobs API".

    It is not documented whether finished jobs stay in the list.

    :param endpoint_id: only jobs of this endpoint. An endpoint's key must name its own; without an id the
        account's key is needed.
    :param status: only jobs with this status. RECEIVE is sent as the service misspells it.
    :param extra_fields: more fields of each job; the document does not say which.
    """
    if status in WAITING_TO_RECEIVE_DATA:
        status = "WAITING_TO_RECIEVE_DATA"
    return get(
        "/v1/jobs/{job_category}",
        each(Job),
        query=query_of(endpointId=endpoint_id, status=status, extraFields=extra_fields),
        key_levels=(ACCOUNT,) if endpoint_id is None else (ACCOUNT, ENDPOINT),
        job_category=_known(job_category),
    )


@endpoint
def get_job(job_category: JobCategory, job_id: int | str) -> Call[Job]:
    """Get one job: GET /v1/jobs/{job_category}/{job_id}.

    Document: "Endpoint-level API" and "Jobs API". They name the call and do not describe it.
    """
    ids = {"job_category": _known(job_category), "job_id": whole("job_id", job_id)}
    return get("/v1/jobs/{job_category}/{job_id}", model(Job), key_levels=(ACCOUNT, ENDPOINT), **ids)


@endpoint
def upload_job_data(job_id: int, file: Path | FileBody, content_type: str = CSV) -> Call[None]:
    """Upload the audience for which a job waits, as CSV: POST /v1/jobs/{job_id}/data.

    Document: "Account-level API" and the page on push producers. They say CSV and nothing more: header row,
    encoding, media type and compression are not confirmed.

    :param file: is read in pieces while it is sent; a `FileBody` says its media type itself.
    :param content_type: the media type of the file.
    """
    body = file if isinstance(file, FileBody) else FileBody(file, content_type)
    path, number = "/v1/jobs/{job_id}/data", whole("job_id", job_id)
    return request("POST", path, Safety.ONCE, nothing, file=body, sends_audience=True, job_id=number)


@endpoint
def download_segment_data(job_id: int, file_name: str, into: Path) -> Call[Path]:
    """Download an audience as CSV: GET /v1/jobs/{job_id}/segmentDataFiles/{file_name}.

    Document: "Account-level API" and the page on downloads. They name the call, and do not describe it or how
    the job is closed afterwards; another page of the vendor calls the name of the file a path.

    :param file_name: a name from ``segment_data_files`` of the job.
    :param into: the file to write. It appears when the download is complete, and replaces a file of its name.
    :returns: ``into``.
    """
    ids = {"job_id": whole("job_id", job_id), "file_name": file_name}
    return get("/v1/jobs/{job_id}/segmentDataFiles/{file_name}", lambda answer: into, into=into, **ids)


async def list_data_files(job_category: JobCategory, job_id: int) -> list[str]:
    """List the names of the files that a job has ready for download.

    :raises NeedsAction: the job has no files.
    :raises UnreadableResponse: the job does not name its files in a known form.
    """
    job = await get_job(job_category, job_id)
    # the form is not documented: a name or a list of names
    named = job.segment_data_files
    names = [named] if named and isinstance(named, str) else named
    if not names:
        raise NeedsAction(
            f"job {job_id} is {job.state} and has no files to fetch.",
            advice="Wait until it is READY_FOR_DOWNLOAD: AcousticExchangeJobSensor does.",
            service=SERVICE,
        )
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise UnreadableResponse(
            f"segmentDataFiles of job {job_id} holds no names of files.", service=SERVICE, operation="get_job"
        )
    return names


def _start(method: str, path: str, **body: Any) -> Call[int]:
    return request(method, path, Safety.ONCE, job_id_of, key_levels=(ACCOUNT,), **body)


def _known(job_category: str) -> str:
    if job_category not in get_args(JobCategory):
        known, kind = ", ".join(get_args(JobCategory)), type(job_category).__name__
        raise InvalidRequest(f"job_category must be one of {known}, but is a {kind} that is none of them.")
    return job_category


def _day(text: str) -> date | None:
    """The date of a text in the form MM/dd/yyyy; None if it has another form."""
    if not re.fullmatch(r"\d\d/\d\d/\d{4}", text, re.ASCII):
        return None
    try:
        return datetime.strptime(text, _DATE).date()
    except ValueError:
        return None


def _zone(timezone: str | tzinfo) -> tzinfo:
    if isinstance(timezone, tzinfo):
        return timezone
    try:
        return zoneinfo.ZoneInfo(timezone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        kind = f"a {type(timezone).__name__} that does not"
        raise InvalidRequest(
            f"timezone must name a time zone, such as Europe/Berlin, but is {kind}."
        ) from None
