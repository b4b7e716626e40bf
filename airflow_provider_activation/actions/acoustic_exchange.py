"""What is made at Acoustic Exchange at most once: jobs, the data of a job, and segments."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from airflow_provider_activation.actions import base
from airflow_provider_activation.actions.base import Action, Candidate, Doubt, Finished, Looks, OnUncertain
from airflow_provider_activation.actions.identity import Mark, marked, may_come_of
from airflow_provider_activation.actions.items import ItemsAction, submit_items
from airflow_provider_activation.actions.memory import JSON, Memory
from airflow_provider_activation.actions.proof import Asked, proven
from airflow_provider_activation.api import acoustic_exchange as api
from airflow_provider_activation.api.call import Call, FileBody, FileState
from airflow_provider_activation.audience.manifest import check_file, header_of, prepared_file
from airflow_provider_activation.audience.profiles import check_columns
from airflow_provider_activation.errors import (
    ActivationError,
    AuthenticationFailed,
    Conflict,
    InvalidConnection,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    Refused,
)
from airflow_provider_activation.simulation import simulation
from airflow_provider_activation.storage import place_of
from airflow_provider_activation.storage.private import private_folder
from airflow_provider_activation.wording import duration, enumerated


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
    """A job, found again in the list of the jobs of its category."""

    # it is not documented whether a finished job stays in the list
    proves_absence = False
    verb = "started"

    @property
    def sent(self) -> api.SegmentExport | api.IdentityImport | None:
        """The body of the call that starts the job; None if it has none, and may have started any job."""
        return None

    async def before(self) -> JSON:
        return base.ids_of(await self._jobs(), "job_id")

    async def find(self, doubt: Doubt | None) -> list[Candidate]:
        jobs = await self._jobs()
        found = base.unread(jobs, key=self.own_key, before=doubt and doubt.before)
        for job in jobs:
            found += self.recognised(
                job.job_id,
                f"job {job.job_id} ({job.state})",
                doubt,
                text=job.destination_segment_description,
                is_kin=self.sent is None or self.sent.may_have_made(job),
                failed=job.state in api.FAILED,
            )
        return found

    async def recall(self, made: JSON) -> bool:
        return (await api.get_job(self.job_category, made)).state in api.FAILED

    async def proven(self, made: JSON) -> api.Job:
        asked = Asked(
            f"{self.noun} {made}",
            {"jobCategory": self.job_category, **self._shown_as()},
            "A new task of the same operator",
            texts=("destinationSegmentName", "destinationSegmentDescription"),
            key=self.own_key,
        )
        read = api.get_job(self.job_category, made)
        return await proven(lambda: read, asked, service=api.SERVICE)

    def _shown_as(self) -> dict[str, JSON]:
        """What the job should show, by the names of the fields of a job."""
        return {} if self.sent is None else self.sent.shown_as()

    def recognisable(self) -> dict[str, str]:
        names = ("endpointID", "segmentID", "segmentIDString", "destinationEndpointID")
        body = {} if self.sent is None else self.sent.body()
        ids = {name: str(body[name]) for name in names if body.get(name) is not None}
        return {**super().recognisable(), **ids}

    def described(self, made: JSON) -> str:
        return f"{self.job_category} job {made}"

    async def result(self, made: JSON) -> JSON:
        return (await self.proven(made)).plain()

    async def _jobs(self) -> list[api.Job]:
        # the list is read before the job is started, so it must refuse a key that cannot start the job
        endpoint_id = None if self.sent is None else self.sent.endpoint_id
        listing = api.list_jobs(self.job_category, endpoint_id=endpoint_id)
        return await replace(listing, key_levels=self.create().key_levels)


@dataclass(frozen=True, kw_only=True)
class SegmentExport(_Job):
    """A job that shares an audience. Its description carries the submission key.

    :param export: the export, with the user's own description.
    :param key: the submission key; None leaves the description as it is.
    :param mark: where in the description it stands.
    :param suppression_proven: whether a manifest shows that people were suppressed.
    """

    noun = "segment export"
    identity = "the submission key in the description of the destination segment"
    told_by = "key"

    job_category: api.JobCategory = "SEGMENT_EXPORT"
    export: api.SegmentExport
    key: str | None = None
    mark: Mark = "suffix"
    suppression_proven: bool = False

    @property
    def own_key(self) -> str | None:
        return self.key

    @property
    def title(self) -> str:
        name = self.export.destination_segment_name
        return f"{self.noun} {name!r}" if name else f"{self.noun} of segment {_segment_of(self.export)}"

    def recognisable(self) -> dict[str, str]:
        name = self.export.destination_segment_name
        named = {"destinationSegmentName": repr(name)} if name else {}
        return named | super().recognisable()

    @property
    def sent(self) -> api.SegmentExport:
        if self.key is None:
            return self.export
        description = marked(self.export.destination_segment_description, self.key, mark=self.mark)
        return self.export.model_copy(update={"destination_segment_description": description})

    def create(self) -> Call[int]:
        return api.export_segment(self.sent).proven(self.suppression_proven)


@dataclass(frozen=True, kw_only=True)
class IdentityImport(_Job):
    """A job that imports identities. No field of it can carry the submission key."""

    noun = "identity import"
    identity = "its id alone"
    told_by = "id"

    job_category: api.JobCategory = "IDENTITY_IMPORT"
    identity_import: api.IdentityImport

    @property
    def title(self) -> str:
        return f"{self.noun} of segment {_segment_of(self.identity_import)}"

    @property
    def sent(self) -> api.IdentityImport:
        return self.identity_import

    def create(self) -> Call[int]:
        return api.import_identities(self.identity_import)


@dataclass(frozen=True, kw_only=True)
class SegmentRefresh(_Job):
    """A job that refreshes the list of segments."""

    noun = "refresh of segments"
    identity = "its id alone"
    told_by = "id"

    job_category: api.JobCategory = "SEGMENT_POPULATE_DB"

    def create(self) -> Call[int]:
        return api.refresh_segments()


@dataclass(frozen=True, kw_only=True)
class JobData(_OfJob):
    """The audience of a job that waits for its data, a CSV file.

    :param file: the manifest of a prepared file, or where the file is.
    :param content_type: the media type; None for that of the manifest's format.
    :param registration: what the endpoint was registered with; None to read it from the service, which is
        done for a manifest.
    :param body: the file, once it has been checked.
    :param began: the monotonic time at which it was.
    :param suppression_proven: whether the manifest shows that people were suppressed.
    """

    noun = "job data"
    identity = "the job, which takes data once"
    told_by = "place"
    verb = "uploaded"

    if_exists: base.IfExists = "fail"
    if_it_exists = "A job takes data once. Look at it; for another file start another job."
    job_id: int
    file: Mapping[str, JSON] | str
    content_type: str | None = None
    registration: JSON = None
    body: FileBody | None = None
    began: float = 0.0
    suppression_proven: bool = False

    @property
    def title(self) -> str:
        return f"the data of job {self.job_id}"

    @property
    def place(self) -> str:
        """Where the file is, as it was written."""
        return self.file if isinstance(self.file, str) else str(self.file["path"])

    def recognisable(self) -> dict[str, str]:
        return {"jobId": str(self.job_id), "file": self.place}

    def described(self, made: JSON) -> str:
        return f"the data of job {made}"

    def told(self, made: JSON) -> str:
        size = f"{self.body.size if self.body else 0:,} bytes"
        rows = None if isinstance(self.file, str) else self.file["rows"]["written"]
        what = f"{self.place} ({size})" if rows is None else f"{rows:,} rows, {size}"
        return f"Uploaded {what} in {duration(time.monotonic() - self.began)} to job {made}."

    async def make(self, memory: Memory, on_uncertain: OnUncertain) -> JSON | Finished:
        if memory.first_try:
            # a later try may find that the job has its data, and needs no file then
            with self._saying_that_it_waits(), self._on_worker(copied=False):
                pass
        return await super().make(memory, on_uncertain)

    @asynccontextmanager
    async def ready(self) -> AsyncIterator[Self]:
        with ExitStack() as held:
            with self._saying_that_it_waits():
                body = await self._checked(held)
            yield replace(self, body=body, began=time.monotonic())

    @contextmanager
    def _saying_that_it_waits(self) -> Iterator[None]:
        try:
            yield
        except ActivationError as error:
            error.advice += f" Until then job {self.job_id} waits for its data."
            error.sent = error.sent or self.recognisable()
            raise

    async def _checked(self, held: ExitStack) -> FileBody:
        """The file, checked, with what it was when that began: a later change breaks off the request."""
        try:
            path = held.enter_context(self._on_worker())
            state = FileState.of(path)
            if isinstance(self.file, str):
                body = FileBody(path, self.content_type or api.CSV, state=state)
                if self.registration is not None:
                    delimiter = "\t" if body.content_type.startswith("text/tab-separated-values") else ","
                    check_columns(header_of(path, delimiter), self.registration)
                return body
            check_file(path, self.file)
        except OSError as error:
            raise InvalidRequest(f"file: {self.place} cannot be read ({error.strerror}).") from None
        check_columns(self.file["columns"], self.registration or await self._registered())
        format_ = self.file["format"]
        return FileBody(
            path,
            self.content_type or (api.TSV if format_.get("delimiter") == "\t" else api.CSV),
            encoding="gzip" if format_.get("compression") == "gzip" else None,
            state=state,
        )

    @contextmanager
    def _on_worker(self, *, copied: bool = True) -> Iterator[Path]:
        """The file on this worker; one on object storage is copied whole into a private folder.

        :param copied: False only looks whether one on this worker is there.
        """
        place = place_of(self.place, "file")
        with ExitStack() as held:
            if place.path is None and not copied:
                yield Path()
                return
            if isinstance(self.file, str):
                path = place.path or place.here(held.enter_context(private_folder()))
                if not path.is_file() or path.stat().st_size == 0:
                    raise InvalidRequest(f"file: {self.place} is not there or is empty.")
            else:
                path = held.enter_context(prepared_file(self.file))
            yield path

    async def _registered(self) -> JSON:
        """What the endpoint that the data comes from has registered."""
        job = await api.get_job(self.job_category, self.job_id)
        try:
            return await read_registration(job.producer_endpoint_id)
        except InvalidConnection:
            # an endpoint's key may read its own registration, and names no endpoint
            return await read_registration(None)

    def create(self) -> Call[None]:
        # without its file it is not sent yet
        call = api.upload_job_data(self.job_id, self.body or Path(self.place))
        return call.proven(self.suppression_proven)

    async def find(self, doubt: Doubt | None) -> list[Candidate]:
        # a job that waits has no data yet; a job in any other state has its data
        job = await api.get_job(self.job_category, self.job_id)
        if job.state in api.WAITING_TO_RECEIVE_DATA:
            return []
        return [Candidate(self.job_id, f"job {self.job_id} is {job.state} and waits for no data")]

    def id_of(self, response: None, before: JSON) -> int:
        return self.job_id


def size_of(file: Path) -> str:
    """The size of a file for the log, and how many lines it has if it is text."""
    size = f"{file.stat().st_size:,} bytes"
    if file.suffix.lower() not in (".csv", ".txt"):
        return size
    lines, piece, last = 0, b"", b"\n"
    with file.open("rb") as text:
        while piece := text.read(1024 * 1024):
            lines, last = lines + piece.count(b"\n"), piece[-1:]
    lines += last != b"\n"
    return f"{size}, {lines:,} lines"


def _segment_of(job: api.SegmentExport | api.IdentityImport) -> int | str | None:
    return job.segment_id if job.segment_id is not None else job.segment_id_string


@dataclass(frozen=True, kw_only=True)
class Segments(ItemsAction[int | str, api.SegmentDefinition, api.Segment]):
    """Segments to add to those that an endpoint offers; those that it offers already are left out."""

    noun = "segments"
    identity = "its id at its endpoint"
    told_by = "place"

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
        if made.refused:
            why = enumerated(
                (f"segment {key}: {why}" for key, (why, _) in made.refused.items()), separator="; "
            )
            raise Refused(
                f"{why}.", advice="A retry looks again.", service=api.SERVICE, operation="add_segments"
            )
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
        if found := _differences(wanted, listed):
            raise Conflict(
                f"segment {wanted.path_id} is there with another {' and another '.join(found)}.",
                advice='mode="replace" describes all segments of the endpoint anew.',
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

    def recognisable(self) -> dict[str, str]:
        return {"endpoint": str(self.endpoint_id), "segments": enumerated(self.wanted())}


def _differences(wanted: api.SegmentDefinition, shown: api.Segment) -> list[str]:
    """The fields in which a segment is another one, and not only changed in its texts by the service."""
    return [
        name
        for name in wanted.differences(shown)
        if name == "segment_attributes" or not may_come_of(getattr(shown, name), getattr(wanted, name))
    ]


async def register(registration: api.EndpointRegistration, endpoint_id: int | None) -> JSON:
    """Register an endpoint or replace its description, and return its id.

    :raises Refused: the service accepted the description and shows another.
    """
    query = None if endpoint_id is None else api.EndpointQuery(endpoint_id=endpoint_id)
    if (simulated := simulation()) is not None:
        # a key has its endpoint before that is registered
        known = await api.list_endpoints(query)
        if len(known) == 1:
            simulated.would.append(f"endpoint {known[0].endpoint_id} would be registered")
            return known[0].endpoint_id
    number = await api.register(registration, endpoint_id)

    async def read() -> api.Endpoint:
        endpoints = await api.list_endpoints(query)
        # the documents do not say that an endpoint with all its types switched off is listed
        return next((known for known in endpoints if known.endpoint_id == str(number)), api.Endpoint())

    asked = Asked(
        f"endpoint {number}",
        {name: value for name, value in registration.body().items() if name != "notificationKey"},
        "AcousticExchangeRegisterEndpointOperator",
        texts=("name", "providerName", "description"),
        was_made=False,
    )
    await proven(read, asked, service=api.SERVICE)
    return number


async def set_database(database: api.EndpointDatabase) -> None:
    """Set the database of an endpoint. An application's key cannot read it back.

    :raises Refused: the service accepted the database and shows another.
    """
    await api.set_endpoint_database(database)

    async def read() -> api.Endpoint:
        endpoints = await api.list_endpoints()
        databases = [
            known
            for endpoint in endpoints
            if database.endpoint_id is None or endpoint.endpoint_id == str(database.endpoint_id)
            for known in _databases(endpoint)
            if database.marketing_database_name in (None, known.get("name"))
        ]
        shown = databases[0].get("id") if len(databases) == 1 else None
        return api.Endpoint.model_validate({"databaseId": shown})

    asked = Asked(
        f"endpoint {database.endpoint_id or 'of the key'}",
        {"databaseId": database.database_id},
        "AcousticExchangeSetEndpointDatabaseOperator",
        was_made=False,
    )
    with suppress(InvalidConnection):
        await proven(read, asked, service=api.SERVICE)


_GIVE_REGISTRATION = "Give registration= to the task: what the endpoint was registered with."


async def read_registration(endpoint_id: int | None) -> JSON:
    """An endpoint's registration, as far as columns go, with the vendor's own field names.

    :param endpoint_id: the endpoint, with the account's key; None for the key's own.
    :raises InvalidRequest: the service does not show which identifiers it has.
    :raises ActivationError: the key may not read it; like the other, it names ``registration=``.
    """
    query = None if endpoint_id is None else api.EndpointQuery(endpoint_id=endpoint_id)
    try:
        endpoints = await api.list_endpoints(query)
    except (InvalidConnection, AuthenticationFailed, PermissionDenied, NotFound) as error:
        error.advice += f" Or: {_GIVE_REGISTRATION}"
        raise
    shown = [known for known in endpoints if endpoint_id is None or known.endpoint_id == str(endpoint_id)]
    databases = _databases(shown[0]) if len(shown) == 1 else []
    if not any(database.get("identifiers") for database in databases):
        raise InvalidRequest(
            f"the registration of endpoint {endpoint_id or 'of the key'} cannot be read: the service shows "
            f"{len(shown)} such endpoints and no identifiers.",
            advice=_GIVE_REGISTRATION,
            service=api.SERVICE,
            operation="list_endpoints",
        )
    plain = shown[0].plain()
    return {
        "hashAlgorithm": plain.get("hashAlgorithm"),
        "marketingDatabasesDefinition": {"marketingDatabases": databases},
    }


def _databases(endpoint: api.Endpoint) -> list[dict[str, JSON]]:
    """The databases that an endpoint was registered with, as far as they can be read."""
    definition = endpoint.plain().get("marketingDatabasesDefinition")
    databases = definition.get("marketingDatabases") if isinstance(definition, dict) else None
    return [known for known in databases or [] if isinstance(known, dict)]


async def replace_segments(endpoint_id: int, segments: Sequence[api.SegmentDefinition]) -> JSON:
    """Replace all segments that an endpoint offers, and return the task's result.

    :raises Refused: the service accepted the segments and shows others.
    """
    await api.replace_segments(endpoint_id, segments)
    for segment in segments:
        shown: api.Segment = await Looks().until(
            lambda segment_id=segment.path_id: base.once_found(  # type: ignore[misc]
                lambda: api.get_segment(endpoint_id, segment_id)
            ),
            lambda shown, segment=segment: not _differences(segment, shown),  # type: ignore[misc]
        )
        if found := _differences(segment, shown):
            raise Refused(
                f"segment {segment.path_id} is there with another {' and another '.join(found)}, although "
                "the service had accepted it.",
                advice="A retry sends the segments again.",
                service=api.SERVICE,
                operation="replace_segments",
            )
    ids = [str(segment.path_id) for segment in segments]
    return {"endpointId": endpoint_id, "added": ids, "unchanged": []}
