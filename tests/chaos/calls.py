"""Every call that must be made at most once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from airflow.sdk import BaseOperator
from example_tasks import build_flow, connect, create_activity, define, export

from airflow_provider_activation.operators.acoustic_exchange import AcousticExchangeUploadJobDataOperator
from airflow_provider_activation.operators.dataddo import (
    DataddoExtractSourceOperator,
    DataddoWriteFlowOperator,
)
from airflow_provider_activation.sandbox import Sandbox

from . import tasks
from .tasks import Books, Options, Place


@dataclass(frozen=True)
class Route:
    """The request of a call.

    :param service: the sandbox's prefix.
    :param path: a glob over the path after the prefix.
    """

    service: str
    path: str
    method: str = "POST"


@dataclass(frozen=True)
class OnceCall:
    """One call that must be made at most once.

    :param name: for the table.
    :param route: its request.
    :param noun: under which the task remembers it.
    :param prepare: makes what the task needs at the sandbox, and some that are nearly what it makes.
    :param operator: the task.
    :param books: everything of the kind in the books, by an id of its own.
    :param fulfilled: whether a green task's result is true, given the books and what was made.
    :param waits: whether the task waits for an end; only then it can be deferred.
    :param reads: whether it asks the service anything after the call.
    :param presence: whether the service can show that what was made is this task's: ``always``, ``never``.
    :param absence: whether the service can show that nothing was made: ``always``, ``never``.
    :param intends: whether the task notes that it is about to make it.
    :param notes: whether the task notes the id of what it made.
    """

    name: str
    route: Route
    noun: str
    prepare: Callable[[Sandbox], Place]
    operator: Callable[[Place, Options], BaseOperator]
    books: Callable[[Books], list[str]]
    fulfilled: Callable[[Books, str, Any], bool]
    waits: bool = False
    reads: bool = True
    presence: str = "always"
    absence: str = "always"
    intends: bool = True
    notes: bool = True


_CONNECT = Route("liveramp", "/v2/integration-connections")
_MANAGE = Route("liveramp", "/v2/distribution-managers")
_ATTEMPT = Route("liveramp", "/v2/oauth-connection-attempts")
_CONFIGS = Route("liveramp", "/v2/distribution-managers/*/segment-configs")
_TEMPLATE = Route("delta-projects", "*/create_from_template")

CALLS: tuple[OnceCall, ...] = (
    OnceCall(
        "LiveRamp integration connection",
        _CONNECT,
        noun="integration connection",
        prepare=tasks.other_connection,
        operator=lambda place, options: connect(),
        books=tasks.connections,
        fulfilled=tasks.is_its_id,
    ),
    OnceCall(
        "LiveRamp integration connection, another",
        _CONNECT,
        noun="integration connection",
        prepare=tasks.equal_connection,
        operator=lambda place, options: connect(if_exists="create"),
        books=tasks.connections,
        fulfilled=tasks.is_its_id,
    ),
    OnceCall(
        "LiveRamp distribution manager",
        _MANAGE,
        noun="distribution manager",
        prepare=tasks.equal_connection,
        operator=tasks.create_manager(),
        books=tasks.managers,
        fulfilled=tasks.is_its_id,
    ),
    OnceCall(
        "LiveRamp distribution manager, another",
        _MANAGE,
        noun="distribution manager",
        prepare=tasks.equal_manager,
        operator=tasks.create_manager(if_exists="create"),
        books=tasks.managers,
        fulfilled=tasks.is_its_id,
    ),
    OnceCall(
        "LiveRamp OAuth connection attempt",
        _ATTEMPT,
        noun="OAuth connection attempt",
        prepare=tasks.attempt_nobody_completes,
        operator=tasks.authorize(),
        books=tasks.authorizations,
        fulfilled=lambda books, made, result: bool(result == made),
        waits=True,
    ),
    OnceCall(
        "LiveRamp segment configs",
        _CONFIGS,
        noun="distribution",
        prepare=tasks.manager_with_a_segment,
        operator=lambda place, options: tasks.distribute(place, {}),
        books=tasks.additions,
        fulfilled=tasks.is_in_distribution,
        notes=False,
    ),
    OnceCall(
        "LiveRamp segment configs, and delivery",
        _CONFIGS,
        noun="distribution",
        prepare=tasks.manager_with_a_segment,
        operator=lambda place, options: tasks.distribute(place, options, wait_for_completion=True),
        books=tasks.additions,
        fulfilled=tasks.is_delivered,
        waits=True,
        notes=False,
    ),
    OnceCall(
        "Acoustic segment export",
        Route("acoustic-exchange", "/v1/jobs/segmentExport"),
        noun="segment export",
        prepare=tasks.equal_export,
        operator=lambda place, options: export(**{"endpoint_id": tasks.PULLED, "timeout": 86400, **options}),
        books=tasks.jobs_of("SEGMENT_EXPORT"),
        fulfilled=tasks.is_complete,
        waits=True,
        absence="never",
    ),
    OnceCall(
        "Acoustic identity import",
        Route("acoustic-exchange", "/v1/jobs/identityImport"),
        noun="identity import",
        prepare=tasks.equal_import,
        operator=lambda place, options: tasks.import_identities(options),
        books=tasks.jobs_of("IDENTITY_IMPORT"),
        fulfilled=tasks.is_complete,
        waits=True,
        presence="never",
        absence="never",
    ),
    OnceCall(
        "Acoustic refresh of segments",
        Route("acoustic-exchange", "/v1/endpoint/refreshSegments", "GET"),
        noun="refresh of segments",
        prepare=tasks.earlier_refresh,
        operator=lambda place, options: tasks.refresh_segments(options),
        books=tasks.jobs_of("SEGMENT_POPULATE_DB"),
        fulfilled=tasks.is_complete,
        waits=True,
        presence="never",
        absence="never",
    ),
    OnceCall(
        "Acoustic job data",
        Route("acoustic-exchange", "/v1/jobs/*/data"),
        noun="job data",
        prepare=tasks.waiting_job,
        operator=lambda place, options: AcousticExchangeUploadJobDataOperator(
            task_id="upload", job_id=place["job"], file=place["file"], **options
        ),
        books=tasks.uploads,
        fulfilled=tasks.has_its_data,
        waits=True,
    ),
    OnceCall(
        "Acoustic segments",
        Route("acoustic-exchange", "/v1/endpoint/*/segments"),
        noun="segments",
        prepare=tasks.endpoints,
        operator=lambda place, options: define(segments=[{"id": tasks.NEW_SEGMENT, "name": "Autumn"}]),
        books=tasks.segments,
        fulfilled=tasks.is_described,
        reads=False,
        intends=False,
        notes=False,
    ),
    OnceCall(
        "Delta activity",
        _TEMPLATE,
        noun="activity",
        prepare=tasks.same_name,
        operator=lambda place, options: create_activity(),
        books=tasks.activities,
        fulfilled=tasks.is_switched(False),
    ),
    OnceCall(
        "Delta activity, enabled",
        _TEMPLATE,
        noun="activity",
        prepare=tasks.same_name,
        operator=lambda place, options: create_activity(enabled=True),
        books=tasks.activities,
        fulfilled=tasks.is_switched(True),
    ),
    OnceCall(
        "Dataddo service",
        Route("dataddo", "/services"),
        noun="service",
        prepare=tasks.nothing,
        operator=lambda place, options: tasks.create_service(),
        books=tasks.held("services"),
        fulfilled=tasks.is_its_id,
        reads=False,
    ),
    OnceCall(
        "Dataddo service, another",
        Route("dataddo", "/services"),
        noun="service",
        prepare=tasks.a_service,
        operator=lambda place, options: tasks.create_service(if_exists="create"),
        books=tasks.held("services"),
        fulfilled=tasks.is_its_id,
        reads=False,
    ),
    OnceCall(
        "Dataddo source",
        Route("dataddo", "/connectors/snapchat/create-source"),
        noun="source",
        prepare=tasks.a_service,
        operator=lambda place, options: tasks.create_source(place),
        books=tasks.held("sources"),
        fulfilled=tasks.is_its_id,
        reads=False,
    ),
    OnceCall(
        "Dataddo source, another",
        Route("dataddo", "/connectors/snapchat/create-source"),
        noun="source",
        prepare=tasks.a_source,
        operator=lambda place, options: tasks.create_source(place, if_exists="create"),
        books=tasks.held("sources"),
        fulfilled=tasks.is_its_id,
        reads=False,
    ),
    OnceCall(
        "Dataddo flow",
        Route("dataddo", "/flows"),
        noun="flow",
        prepare=tasks.a_source,
        operator=lambda place, options: tasks.create_flow(place),
        books=tasks.held("flows"),
        fulfilled=tasks.is_its_id,
        reads=False,
    ),
    OnceCall(
        "Dataddo flow, another",
        Route("dataddo", "/flows"),
        noun="flow",
        prepare=tasks.a_flow,
        operator=lambda place, options: tasks.create_flow(place, if_exists="create"),
        books=tasks.held("flows"),
        fulfilled=tasks.is_its_id,
        reads=False,
    ),
    OnceCall(
        "Dataddo build: service",
        Route("dataddo", "/services"),
        noun="service",
        prepare=tasks.nothing,
        operator=lambda place, options: build_flow(),
        books=tasks.held("services"),
        fulfilled=tasks.is_built("service_id"),
        reads=False,
    ),
    OnceCall(
        "Dataddo build: source",
        Route("dataddo", "/connectors/snapchat/create-source"),
        noun="source",
        prepare=tasks.nothing,
        operator=lambda place, options: build_flow(),
        books=tasks.held("sources"),
        fulfilled=tasks.is_built("source_id"),
        reads=False,
    ),
    OnceCall(
        "Dataddo build: flow",
        Route("dataddo", "/flows"),
        noun="flow",
        prepare=tasks.nothing,
        operator=lambda place, options: build_flow(),
        books=tasks.held("flows"),
        fulfilled=tasks.is_built("flow_id"),
        reads=False,
    ),
    OnceCall(
        "Dataddo extraction",
        Route("dataddo", "/sources/*/extraction/enqueue"),
        noun="extraction",
        prepare=tasks.earlier_runs,
        operator=lambda place, options: DataddoExtractSourceOperator(
            task_id="extract", source_id=place["source"], date_range="7d1", **options
        ),
        books=tasks.runs("sources"),
        fulfilled=tasks.has_run_again("sources"),
        waits=True,
        presence="never",
        absence="never",
    ),
    OnceCall(
        "Dataddo write",
        Route("dataddo", "/flows/*/write/enqueue"),
        noun="write",
        prepare=tasks.earlier_runs,
        operator=lambda place, options: DataddoWriteFlowOperator(
            task_id="write", flow_id=place["flow"], **options
        ),
        books=tasks.runs("flows"),
        fulfilled=tasks.has_run_again("flows"),
        waits=True,
        presence="never",
        absence="never",
    ),
)
