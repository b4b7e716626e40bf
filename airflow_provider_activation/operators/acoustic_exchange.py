"""Operators for Acoustic Exchange."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_activation.arguments import one_of, whole_number
from airflow_provider_activation.connected import AcousticExchangeTask
from airflow_provider_activation.operators.base import (
    JSON,
    ActionOperator,
    SubmittingOperator,
)

if TYPE_CHECKING:
    from airflow_provider_activation.api import acoustic_exchange as api
    from airflow_provider_activation.api.steps import Steps
    from airflow_provider_activation.submission import Candidate, Submission
    from airflow_provider_activation.waits.acoustic_exchange import JobProbe, OnNeedsAction


class AcousticExchangeRegisterEndpointOperator(AcousticExchangeTask, ActionOperator):
    """Register an endpoint, or describe a registered one anew.

    May be run any number of times; a description replaces the one before, and an endpoint type left out
    is switched off. Returns ``{"endpointId": ..., "name": ...}``. Documents: "PUT /v1/endpoint" (with the
    endpoint's own key) and "PUT /v1/endpoint/{endpointId}" (with the account's).

    :param name: name of the business application (templated).
    :param provider_name: name of the endpoint's provider (templated).
    :param endpoint_types: what the endpoint is, in the vendor's own field names, for example
        ``{"segment": {"source": {"enabled": True, "producerType": "push"}}}``.
    :param endpoint_id: the endpoint, with an account's key; left out with the endpoint's own (templated).
    :param description: what the endpoint is for (templated).
    :param url: where Acoustic Exchange pushes data to (templated).
    :param hash_algorithm: how identities are hashed, for example ``SHA256``.
    :param marketing_databases_definition: identifiers and attributes, in the vendor's own field names.
    :param notification_key: key for subscription notifications.
    """

    template_fields = (
        *AcousticExchangeTask.template_fields,
        "name",
        "provider_name",
        "endpoint_id",
        "description",
        "url",
    )
    outputs = ("endpointId",)

    def __init__(
        self,
        *,
        name: str,
        provider_name: str,
        endpoint_types: Mapping[str, Any],
        endpoint_id: int | str | None = None,
        description: str | None = None,
        url: str | None = None,
        hash_algorithm: str | None = None,
        marketing_databases_definition: Mapping[str, Any] | None = None,
        notification_key: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.provider_name = provider_name
        self.endpoint_types = endpoint_types
        self.endpoint_id = endpoint_id
        self.description = description
        self.url = url
        self.hash_algorithm = hash_algorithm
        self.marketing_databases_definition = marketing_databases_definition
        self.notification_key = notification_key

    def steps(self) -> Steps[JSON]:
        from airflow_provider_activation.api import acoustic_exchange as api
        from airflow_provider_activation.errors import UnreadableResponse

        registration = api.EndpointRegistration.model_validate(
            {name: getattr(self, name) for name in api.EndpointRegistration.model_fields}
        )
        given_id = None if self.endpoint_id is None else whole_number("endpoint_id", self.endpoint_id)
        answer: api.Registration = yield api.register_endpoint(registration, given_id)
        endpoint_id = given_id or answer.endpoint_id
        if endpoint_id is None:
            # what a registration answers is not documented; the key's own endpoint can be asked for
            endpoints: list[api.Endpoint] = yield api.list_endpoints()
            own = [endpoint for endpoint in endpoints if endpoint.name == self.name and endpoint.endpoint_id]
            if len(own) != 1:
                raise UnreadableResponse(
                    "the endpoint was registered, but no answer says under which id.",
                    service=api.SERVICE,
                    operation="register_endpoint",
                )
            endpoint_id = whole_number("endpointId", own[0].endpoint_id or "")
        return {"endpointId": endpoint_id, "name": self.name}


class AcousticExchangeDefineSegmentsOperator(AcousticExchangeTask, ActionOperator):
    """Describe the segments an endpoint offers. Needs the endpoint's own key.

    May be run any number of times. Returns ``{"endpointId": ..., "added": [...], "unchanged": [...]}``,
    lists of segment ids.

    :param endpoint_id: the endpoint (templated).
    :param segments: the segments in the vendor's own field names; exactly one of ``id`` (a number) and
        ``id_string`` each (templated).
    :param mode: ``append`` adds those that are not there yet; ``replace`` makes these the only ones.
    :raises Conflict: a segment is there and is described otherwise, which only ``replace`` can change.
    :raises Refused: the service answered false.
    """

    template_fields = (*AcousticExchangeTask.template_fields, "endpoint_id", "segments")

    def __init__(
        self,
        *,
        endpoint_id: int | str,
        segments: Sequence[Mapping[str, Any]],
        mode: str = "append",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.endpoint_id = endpoint_id
        self.segments = segments
        self.mode = one_of("mode", mode, ("append", "replace"))

    def steps(self) -> Steps[JSON]:
        from airflow_provider_activation.api import acoustic_exchange as api
        from airflow_provider_activation.errors import UncertainOutcome

        endpoint_id = whole_number("endpoint_id", self.endpoint_id)
        wanted = [api.SegmentDefinition.model_validate(segment) for segment in self.segments]
        if self.mode == "replace":
            yield api.replace_segments(endpoint_id, wanted)
            return _defined(endpoint_id, added=wanted, unchanged=[])
        missing = yield from self._missing(endpoint_id, wanted)
        if missing:
            try:
                yield api.add_segments(endpoint_id, missing)
            except UncertainOutcome:
                if (yield from self._missing(endpoint_id, missing)):
                    raise
        unchanged = [segment for segment in wanted if segment not in missing]
        return _defined(endpoint_id, added=missing, unchanged=unchanged)

    def _missing(
        self, endpoint_id: int, segments: Sequence[api.SegmentDefinition]
    ) -> Steps[list[api.SegmentDefinition]]:
        from airflow_provider_activation.api import acoustic_exchange as api
        from airflow_provider_activation.errors import Conflict, NotFound

        missing = []
        for segment in segments:
            try:
                known: api.Segment = yield api.get_segment(endpoint_id, segment.path_id)
            except NotFound:
                missing.append(segment)
                continue
            if differences := segment.differences(known):
                raise Conflict(
                    f"segment {segment.path_id} is there with another {' and another '.join(differences)}; "
                    'mode="replace" describes all segments of the endpoint anew.',
                    service=api.SERVICE,
                    operation="add_segments",
                )
        return missing


class AcousticExchangeExportSegmentOperator(AcousticExchangeTask, SubmittingOperator):
    """Share an audience from a source endpoint to a destination endpoint. Needs the account's key.

    Returns the job as the service describes it. With a source that pushes, the job comes to wait for its
    data, which is where the task ends by default (``on_needs_action``); upload the data with
    `AcousticExchangeUploadJobDataOperator`. Document: "POST /v1/jobs/segmentExport".

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
    :param schedule_details: when the job runs, in the vendor's own field names; at once if left out.
    :param on_needs_action: what to make of a job that waits for its data or for its file to be fetched:
        ``return`` the job, ``fail``, or ``wait`` for somebody to do it.
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
    outputs = ("jobId",)
    rehearsal_id = 0

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
        schedule_details: Mapping[str, Any] | None = None,
        on_needs_action: OnNeedsAction = "return",
        mark_submission: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
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
        self.schedule_details = schedule_details
        self.on_needs_action: OnNeedsAction = one_of(
            "on_needs_action", on_needs_action, ("return", "fail", "wait")
        )
        self.mark_submission = mark_submission

    def submission(self, key: str) -> Submission:
        from airflow_provider_activation.api import acoustic_exchange as api
        from airflow_provider_activation.submission import Candidate, Submission, marked

        description = marked(self.destination_segment_description, key if self.mark_submission else None)
        given = {name: getattr(self, name) for name in api.SegmentExport.model_fields}
        given |= {
            "endpoint_id": whole_number("endpoint_id", self.endpoint_id),
            "destination_endpoint_id": whole_number("destination_endpoint_id", self.destination_endpoint_id),
            "destination_segment_description": description or None,
        }
        if self.segment_id is not None:
            given["segment_id"] = whole_number("segment_id", self.segment_id)
        export = api.SegmentExport.model_validate(
            {name: value for name, value in given.items() if value is not None}
        )
        listing = api.list_jobs("SEGMENT_EXPORT", endpoint_id=export.endpoint_id)

        def ids_before() -> Steps[JSON]:
            if self.mark_submission:
                return []
            return [job.job_id for job in (yield listing)]

        def ours(before: JSON) -> Steps[list[Candidate]]:
            jobs: list[api.Job] = yield listing
            return [
                Candidate(
                    job.job_id,
                    f"job {job.job_id} ({job.state})",
                    failed=job.state in api.FAILED,
                    certain=self.mark_submission or before is not None,
                )
                for job in jobs
                if job.job_id not in (before or []) and export.may_have_made(job)
            ]

        def failed(job_id: JSON) -> Steps[bool]:
            job: api.Job = yield api.get_job("SEGMENT_EXPORT", job_id)
            return job.state in api.FAILED

        return Submission(
            noun=self.nouns[0],
            create=api.export_segment(export),
            find=ours,
            before=ids_before,
            # whether a finished job stays in the list is not documented
            proves_absence=False,
            recall=failed,
            id_is=_is_job_id,
        )

    def probe(self, made: JSON) -> JobProbe:
        from airflow_provider_activation.waits.acoustic_exchange import JobProbe

        return JobProbe("SEGMENT_EXPORT", made, on_needs_action=self.on_needs_action)

    def result(self, made: JSON) -> Steps[JSON]:
        return _job("SEGMENT_EXPORT", made)


class AcousticExchangeUploadJobDataOperator(AcousticExchangeTask, SubmittingOperator):
    """Hand a job that waits for data its audience, and wait for the job. Reads the file in pieces.

    Returns the job as the service describes it. The documents say "CSV" and nothing more of the format:
    header row, encoding and media type are unconfirmed. Document: "POST /v1/jobs/{jobId}/data".

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
        self.job_category: api.JobCategory = one_of(
            "job_category", job_category, ("SEGMENT_EXPORT", "IDENTITY_IMPORT")
        )
        self.content_type = content_type

    def submission(self, key: str) -> Submission:
        from airflow_provider_activation.api import acoustic_exchange as api
        from airflow_provider_activation.errors import InvalidRequest
        from airflow_provider_activation.submission import Candidate, Submission

        job_id = whole_number("job_id", self.job_id)
        file = Path(self.file)
        if not file.is_file() or file.stat().st_size == 0:
            raise InvalidRequest(f"file: {file} is not there or is empty.")

        def taken(before: JSON) -> Steps[list[Candidate]]:
            # a job that waits no more has its data; one that still waits has none
            job: api.Job = yield api.get_job(self.job_category, job_id)
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


def _is_job_id(noted: JSON) -> bool:
    return isinstance(noted, int) and not isinstance(noted, bool)


def _job(job_category: api.JobCategory, job_id: int) -> Steps[JSON]:
    from airflow_provider_activation.api import acoustic_exchange as api

    job: api.Job = yield api.get_job(job_category, job_id)
    return job.plain()


def _defined(
    endpoint_id: int, *, added: Sequence[api.SegmentDefinition], unchanged: Sequence[api.SegmentDefinition]
) -> JSON:
    return {
        "endpointId": endpoint_id,
        "added": [segment.path_id for segment in added],
        "unchanged": [segment.path_id for segment in unchanged],
    }
