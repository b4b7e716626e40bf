"""The Acoustic Exchange API, v1: endpoints and what goes in and out.

Documents: "Account-level API" and "Endpoint-level API" of the vendor. They contradict themselves in
places; the docstrings say what is sent and why.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import AliasChoices, Field, StrictInt, field_validator

from airflow_provider_activation.api.call import Answer, Call, FileBody, Safety, path_of, query_of
from airflow_provider_activation.api.models import Input, Resource, TextId
from airflow_provider_activation.errors import InvalidRequest, Refused

SERVICE = "Acoustic Exchange"
ACCOUNT, ENDPOINT, APPLICATION = "account", "endpoint", "application"

KeyLevel = Literal["account", "endpoint", "application"]
JobCategory = Literal["SEGMENT_EXPORT", "IDENTITY_IMPORT", "SEGMENT_POPULATE_DB"]
HashAlgorithm = Literal["MD5", "SHA1", "SHA256", "EMAIL_SHA256", "PHONE_SHA256"]
HashMode = Literal["NONE", "HASHED", "REQUIRED"]
Delivery = Literal["push", "pull"]

# The vendor misspells RECEIVE on the wire and spells it right in prose: both are read.
WAITING_TO_RECEIVE_DATA = frozenset({"WAITING_TO_RECIEVE_DATA", "WAITING_TO_RECEIVE_DATA"})
READY_FOR_DOWNLOAD = frozenset({"READY_FOR_DOWNLOAD"})
COMPLETE = frozenset({"COMPLETE", "COMPLETED"})
FAILED = frozenset({"FAILED", "CANCELED", "CANCELLED"})
ON_THE_WAY = frozenset({"PENDING", "RUNNING"})


def same_status(status: str) -> frozenset[str]:
    """All spellings of a job status."""
    for spellings in (WAITING_TO_RECEIVE_DATA, COMPLETE, frozenset({"CANCELED", "CANCELLED"})):
        if status in spellings:
            return spellings
    return frozenset({status})


# What comes back


class Registration(Resource):
    """The answer to a registration. The documents do not show it; an id is read where there is one."""

    endpoint_id: int | None = Field(
        default=None,
        validation_alias=AliasChoices("endpointId", "endpointID", "id"),
        serialization_alias="endpointId",
    )


class Endpoint(Resource):
    endpoint_id: TextId | None = Field(
        default=None,
        validation_alias=AliasChoices("endpointId", "endpointID", "id"),
        serialization_alias="endpointId",
    )
    name: str | None = None


class SegmentAttribute(Resource):
    name: str
    type: str | None = None


class Segment(Resource):
    """A segment as an endpoint lists it. The documents spell the text id in three ways."""

    id: int | None = None
    id_string: str | None = Field(
        default=None, validation_alias=AliasChoices("id_string", "id_String", "idString")
    )
    name: str | None = None
    description: str | None = None
    segment_attributes: list[SegmentAttribute] = Field(default_factory=list)


class Job(Resource):
    """A job. Its ids exceed 2^53 and stay whole numbers."""

    job_id: int = Field(alias="jobId")
    status: str
    job_category: str | None = Field(default=None, alias="jobCategory")
    producer_endpoint_id: int | None = Field(default=None, alias="producerEndpointID")
    producer_segment_id: int | str | None = Field(default=None, alias="producerSegmentID")
    destination_endpoint_id: int | None = Field(default=None, alias="destinationEndpointID")
    destination_segment_description: str | None = Field(default=None, alias="destinationSegmentDescription")
    error_details: Any = Field(default=None, alias="errorDetails")

    @property
    def state(self) -> str:
        """The status in one spelling."""
        return self.status.strip().upper()


# What goes out


class EventSource(Input):
    enabled: bool


class EventDestination(Input):
    enabled: bool
    url: str | None = None
    destination_type: Delivery | None = Field(default=None, alias="destinationType")


class SegmentSource(Input):
    enabled: bool
    producer_type: Delivery = Field(alias="producerType")
    url: str | None = None
    data_window: StrictInt | None = Field(default=None, alias="dataWindow", ge=0)


class SegmentDestination(Input):
    enabled: bool
    destination_type: Delivery = Field(alias="destinationType")
    url: str | None = None


class EventTypes(Input):
    source: EventSource | None = None
    destination: EventDestination | None = None


class SegmentTypes(Input):
    source: SegmentSource | None = None
    destination: SegmentDestination | None = None

    def check(self) -> None:
        if self.source and self.source.enabled and self.destination and self.destination.enabled:
            raise ValueError("one endpoint cannot be both a source and a destination of audiences")


class EndpointTypes(Input):
    event: EventTypes | None = None
    segment: SegmentTypes | None = None


class Identifier(Input):
    name: str = Field(min_length=1)
    type: str = Field(min_length=1)
    hash_mode: HashMode | None = Field(default=None, alias="hashMode")
    hash_algorithm: HashAlgorithm | None = Field(default=None, alias="hashAlgorithm")
    is_required: bool | None = Field(default=None, alias="isRequired")
    is_event_only: bool | None = Field(default=None, alias="isEventOnly")


class Attribute(Input):
    name: str = Field(min_length=1)
    type: str = Field(min_length=1)
    is_required: bool = Field(alias="isRequired")
    hash_mode: HashMode | None = Field(default=None, alias="hashMode")
    hash_algorithm: HashAlgorithm | None = Field(default=None, alias="hashAlgorithm")


class MarketingDatabase(Input):
    name: str = Field(min_length=1)
    id: str | None = None
    identifiers: tuple[Identifier, ...] | None = None
    attributes: tuple[Attribute, ...] | None = None


class MarketingDatabasesDefinition(Input):
    marketing_databases: tuple[MarketingDatabase, ...] = Field(alias="marketingDatabases", min_length=1)


class EndpointRegistration(Input):
    """What describes an endpoint. An endpoint type left out is switched off by the next registration."""

    name: str = Field(min_length=1)
    provider_name: str = Field(alias="providerName", min_length=1)
    description: str | None = None
    url: str | None = None
    hash_algorithm: HashAlgorithm | None = Field(default=None, alias="hashAlgorithm")
    endpoint_types: EndpointTypes = Field(alias="endpointTypes")
    marketing_databases_definition: MarketingDatabasesDefinition | None = Field(
        default=None, alias="marketingDatabasesDefinition"
    )
    notification_key: str | None = Field(default=None, alias="notificationKey")


class SegmentAttributeInput(Input):
    name: str = Field(min_length=1)
    type: str = Field(min_length=1)


class SegmentDefinition(Input):
    """One segment an endpoint offers. Exactly one of ``id`` (a number) and ``id_string`` is given."""

    id: StrictInt | None = None
    id_string: str | None = Field(default=None, min_length=1)
    name: str = Field(min_length=1)
    description: str | None = None
    type: Literal["Contact Lists", "Databases", "Queries"] | None = None
    segment_attributes: tuple[SegmentAttributeInput, ...] | None = None

    def check(self) -> None:
        if (self.id is None) == (self.id_string is None):
            raise ValueError("exactly one of id and id_string must be given")

    @property
    def path_id(self) -> int | str:
        """The id, whichever kind it is."""
        return self.id if self.id is not None else self.id_string or ""

    def differences(self, known: Segment) -> list[str]:
        """What of this description the known segment does not have."""
        differing = []
        if known.name is not None and known.name != self.name:
            differing.append("name")
        if self.description is not None and (known.description or "") != self.description:
            differing.append("description")
        # answers give attribute types as null or "0": only the names can be compared
        names = {attribute.name for attribute in self.segment_attributes or ()}
        if not names <= {attribute.name for attribute in known.segment_attributes}:
            differing.append("segment_attributes")
        return differing


_DATE = re.compile(r"(0[1-9]|1[0-2])/(0[1-9]|[12]\d|3[01])/\d{4}")


class ScheduleDetails(Input):
    """When a job runs. The time zone is documented nowhere: prefer ``run_now`` and let Airflow schedule."""

    run_now: bool | None = Field(default=None, alias="runNow")
    run_repeat: bool | None = Field(default=None, alias="runRepeat")
    days_of_week: str | None = Field(default=None, alias="daysOfWeek")
    days_of_month: str | None = Field(default=None, alias="daysOfMonth")
    months_of_year: str | None = Field(default=None, alias="monthsOfYear")
    year: str | None = None
    start_hour: str | None = Field(default=None, alias="startHour")
    start_minute: str | None = Field(default=None, alias="startMinute")
    start_second: str | None = Field(default=None, alias="startSecond")
    start_date: str | None = Field(default=None, alias="startDate")
    end_date: str | None = Field(default=None, alias="endDate")
    time_slice_start_date: str | None = Field(default=None, alias="timeSliceStartDate")
    time_slice_end_date: str | None = Field(default=None, alias="timeSliceEndDate")

    @field_validator("start_date", "end_date", "time_slice_start_date", "time_slice_end_date")
    @classmethod
    def _is_a_date(cls, value: str | None) -> str | None:
        if value is not None and not _DATE.fullmatch(value):
            raise ValueError("must be a date in the form MM/dd/yyyy")
        return value


class SegmentExport(Input):
    """What is shared, with whom, and how. Exactly one of ``segment_id`` and ``segment_id_string``."""

    endpoint_id: StrictInt = Field(alias="endpointID")
    segment_id: StrictInt | None = Field(default=None, alias="segmentID")
    segment_id_string: str | None = Field(default=None, alias="segmentIDString", min_length=1)
    segment_name: str | None = Field(default=None, alias="segmentName")
    destination_endpoint_id: StrictInt = Field(alias="destinationEndpointID")
    destination_segment_name: str | None = Field(default=None, alias="destinationSegmentName")
    destination_segment_description: str | None = Field(default=None, alias="destinationSegmentDescription")
    destination_segment_id: str | None = Field(default=None, alias="destinationSegmentID", min_length=1)
    export_category: str | None = Field(default=None, alias="exportCategory")
    action: Literal["add", "replace", "remove"] | None = None
    source_identifiers: tuple[str, ...] = Field(alias="sourceIdentifiers", min_length=1)
    destination_identifier: str = Field(alias="destinationIdentifier", min_length=1)
    attribute_mappings: dict[str, str] | None = Field(default=None, alias="attributeMappings")
    update_identities: bool = Field(alias="updateIdentities")
    min_count: StrictInt | None = Field(default=None, alias="minCount", ge=0)
    schedule_details: ScheduleDetails = Field(
        default_factory=lambda: ScheduleDetails(run_now=True), alias="scheduleDetails"
    )

    def check(self) -> None:
        if (self.segment_id is None) == (self.segment_id_string is None):
            raise ValueError("exactly one of segment_id and segment_id_string must be given")
        if self.destination_segment_id is not None and self.action is None:
            raise ValueError("action is required with an existing destination segment")

    def may_have_made(self, job: Job) -> bool:
        """Whether a job is what this export would make. Answers name the fields otherwise."""
        return (
            job.producer_endpoint_id == self.endpoint_id
            # where a text id comes back is not documented
            and (self.segment_id is None or str(job.producer_segment_id) == str(self.segment_id))
            and job.destination_endpoint_id == self.destination_endpoint_id
            and (job.destination_segment_description or "") == (self.destination_segment_description or "")
        )


# Endpoints


def register_endpoint(
    registration: EndpointRegistration, endpoint_id: int | None = None
) -> Call[Registration]:
    """PUT /v1/endpoint with an endpoint's own key, or PUT /v1/endpoint/{endpoint_id} with the account's."""
    if endpoint_id is None:
        template = path = "/v1/endpoint"
        level = ENDPOINT
    else:
        template, path = _endpoint_path("/v1/endpoint/{endpoint_id}", endpoint_id)
        level = ACCOUNT
    return Call(
        SERVICE,
        "register_endpoint",
        "PUT",
        template,
        path,
        Safety.REPEATABLE,
        _registration,
        json=registration.body(),
        key_levels=frozenset({level}),
    )


def list_endpoints(
    *, segment: bool | None = None, source: bool | None = None, destination: bool | None = None
) -> Call[list[Endpoint]]:
    """GET /v1/endpoint: all of the account with its key, the endpoint's own with an endpoint's key."""
    return Call(
        SERVICE,
        "list_endpoints",
        "GET",
        "/v1/endpoint",
        "/v1/endpoint",
        Safety.READ,
        _endpoints,
        query=query_of(segment=segment, source=source, destination=destination),
        key_levels=frozenset({ACCOUNT, ENDPOINT}),
    )


def add_segments(endpoint_id: int, segments: Sequence[SegmentDefinition]) -> Call[bool]:
    """POST /v1/endpoint/{endpoint_id}/segments: add to the segments the endpoint offers.

    What a second call with the same segments does is not documented, so it is not repeated.
    """
    return _write_segments("add_segments", "POST", Safety.ONCE, endpoint_id, segments)


def replace_segments(endpoint_id: int, segments: Sequence[SegmentDefinition]) -> Call[bool]:
    """PUT /v1/endpoint/{endpoint_id}/segments: the endpoint offers these and no others."""
    return _write_segments("replace_segments", "PUT", Safety.REPEATABLE, endpoint_id, segments)


def get_segment(endpoint_id: int, segment_id: int | str) -> Call[Segment]:
    """GET /v1/endpoint/{endpoint_id}/segments/{segment_id}."""
    template = "/v1/endpoint/{endpoint_id}/segments/{segment_id}"
    _, path = _endpoint_path(template, endpoint_id, segment_id=segment_id)
    return Call(
        SERVICE,
        "get_segment",
        "GET",
        template,
        path,
        Safety.READ,
        lambda answer: Segment.model_validate(answer.json()),
        query=query_of(includeSegmentIDString=True if isinstance(segment_id, str) else None),
        key_levels=frozenset({ACCOUNT, ENDPOINT}),
    )


def export_segment(export: SegmentExport) -> Call[int]:
    """POST /v1/jobs/segmentExport: start sharing an audience; answers the job's id.

    The document's title and text say POST, its sample command PUT. The answer's shape is not shown: a
    number, a numeric text and an object with the id are read.
    """
    return Call(
        SERVICE,
        "export_segment",
        "POST",
        "/v1/jobs/segmentExport",
        "/v1/jobs/segmentExport",
        Safety.ONCE,
        _job_id,
        json=export.body(),
        key_levels=frozenset({ACCOUNT}),
    )


def list_jobs(
    job_category: JobCategory, *, endpoint_id: int | None = None, status: str | None = None
) -> Call[list[Job]]:
    """GET /v1/jobs/{job_category}: whether finished jobs stay listed is not documented."""
    template = "/v1/jobs/{job_category}"
    return Call(
        SERVICE,
        "list_jobs",
        "GET",
        template,
        path_of(template, job_category=job_category),
        Safety.READ,
        _jobs,
        query=query_of(endpointId=endpoint_id, status=status),
        key_levels=frozenset({ACCOUNT, ENDPOINT}),
    )


def get_job(job_category: JobCategory, job_id: int) -> Call[Job]:
    """GET /v1/jobs/{job_category}/{job_id}."""
    template = "/v1/jobs/{job_category}/{job_id}"
    return Call(
        SERVICE,
        "get_job",
        "GET",
        template,
        path_of(template, job_category=job_category, job_id=_whole("job_id", job_id)),
        Safety.READ,
        lambda answer: Job.model_validate(answer.json()),
        key_levels=frozenset({ACCOUNT, ENDPOINT}),
    )


def upload_job_data(job_id: int, file: Path, content_type: str = "text/csv; charset=utf-8") -> Call[None]:
    """POST /v1/jobs/{job_id}/data: hand over the audience a job waits for, as CSV.

    The documents say CSV and nothing more: header, encoding and media type are not confirmed.
    """
    template = "/v1/jobs/{job_id}/data"
    return Call(
        SERVICE,
        "upload_job_data",
        "POST",
        template,
        path_of(template, job_id=_whole("job_id", job_id)),
        Safety.ONCE,
        _not_false,
        file=FileBody(file, content_type),
    )


def _write_segments(
    operation: str, method: str, safety: Safety, endpoint_id: int, segments: Sequence[SegmentDefinition]
) -> Call[bool]:
    if not segments:
        raise InvalidRequest("segments: at least one must be given.")
    template, path = _endpoint_path("/v1/endpoint/{endpoint_id}/segments", endpoint_id)
    return Call(
        SERVICE,
        operation,
        method,
        template,
        path,
        safety,
        _true,
        json=[segment.body() for segment in segments],
        key_levels=frozenset({ENDPOINT}),
    )


def _whole(name: str, value: int) -> int:
    # fixed words such as "enable" share the place of a numeric id in the vendor's paths
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidRequest(f"{name} must be a whole number, but is a {type(value).__name__}.")
    return value


def _endpoint_path(template: str, endpoint_id: int, **arguments: str | int) -> tuple[str, str]:
    return template, path_of(template, endpoint_id=_whole("endpoint_id", endpoint_id), **arguments)


def _word(answer: Answer) -> str:
    """A bare word or quoted text. The documents write both ``true`` and ``True``."""
    return answer.text.strip().strip('"').strip().lower()


def _not_false(answer: Answer) -> None:
    if _word(answer) == "false":
        raise Refused("it answered false: it was not done.", service=SERVICE, status=answer.status)


def _true(answer: Answer) -> bool:
    _not_false(answer)
    if _word(answer) != "true":
        raise ValueError("neither true nor false")
    return True


def _registration(answer: Answer) -> Registration:
    _not_false(answer)
    word = _word(answer)
    if word in ("", "true"):
        return Registration()
    reply = answer.json()
    if isinstance(reply, int | str):
        reply = {"endpointId": reply}
    return Registration.model_validate(reply)


def _endpoints(answer: Answer) -> list[Endpoint]:
    reply = answer.json()
    # with an endpoint's own key the answer may be the one endpoint, not a list of it
    return [Endpoint.model_validate(item) for item in ([reply] if isinstance(reply, dict) else reply)]


def _jobs(answer: Answer) -> list[Job]:
    reply = answer.json()
    if not isinstance(reply, list):
        raise ValueError("it is not a list of jobs")
    return [Job.model_validate(item) for item in reply]


def _job_id(answer: Answer) -> int:
    reply = answer.json()
    if isinstance(reply, dict):
        reply = next((reply[name] for name in ("jobId", "jobID", "id") if name in reply), None)
    if isinstance(reply, str) and reply.strip().isdigit():
        reply = int(reply)
    if isinstance(reply, bool) or not isinstance(reply, int):
        raise ValueError("it holds no job id")
    return reply
