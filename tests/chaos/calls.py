"""Every call that must be made at most once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow.sdk import BaseOperator
from example_tasks import define

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
    :param absence: whether the service can show that nothing was made: ``always``, ``never``, or ``by the
        snapshot``, since something that may be it was there before. Habits can change both, see `habits`.
    :param told_by: what shows whose a resource is: see `actions.base.Action`; ``settings`` are no text.
    :param resources: the names of what it makes in the books: lags, and changes of texts, concern these.
    :param has_text: whether one of these has a text of the task's.
    :param has_neighbours: whether the sandbox knows somebody else who makes the same.
    :param shares: whether the task may take an equal one that somebody else made.
    :param is_of_several: whether the task makes other things beside it.
    :param other: the fields, by their names in the request, in which somebody else's differs that the task
        must not take; a value can be a name of the place.
    :param ignored: fields without which what was made is not what was asked for.
    :param identifying: those of them by which it is found: it is never found without.
    :param ignored_texts: fields that are texts only.
    :param mended: fields that the task makes up for.
    :param intends: whether the task notes that it is about to make it.
    :param notes: whether the task notes the id of what it made.
    :param has_receipt: whether the task keeps the ledger of its place.
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
    has_receipt: bool = False
    told_by: str = "id"
    resources: tuple[str, ...] = ()
    has_text: bool = False
    has_neighbours: bool = True
    shares: bool = False
    is_of_several: bool = False
    other: Mapping[str, Any] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    identifying: tuple[str, ...] = ()
    ignored_texts: tuple[str, ...] = ()
    mended: tuple[str, ...] = ()


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
        operator=lambda place, options: tasks.connect(),
        books=tasks.connections,
        fulfilled=tasks.has_its_manager,
        told_by="settings",
        resources=("integrationConnections", "distributionManagers"),
        has_text=True,
        shares=True,
        ignored=("properties", "deviceTypes"),
        identifying=("properties", "deviceTypes"),
        mended=("distributionManagerName",),
    ),
    OnceCall(
        "LiveRamp integration connection, another",
        _CONNECT,
        noun="integration connection",
        prepare=tasks.equal_connection,
        operator=lambda place, options: tasks.connect(if_exists="create"),
        books=tasks.connections,
        fulfilled=tasks.has_its_manager,
        absence="by the snapshot",
        told_by="key",
        resources=("integrationConnections", "distributionManagers"),
        has_text=True,
        ignored=("properties", "deviceTypes"),
        mended=("distributionManagerName",),
    ),
    OnceCall(
        "LiveRamp distribution manager",
        _MANAGE,
        noun="distribution manager",
        prepare=tasks.equal_connection,
        operator=tasks.create_manager(),
        books=tasks.managers,
        fulfilled=tasks.is_its_id,
        told_by="name",
        resources=("distributionManagers",),
        has_text=True,
        shares=True,
        other={"status": "ACTIVE"},
        ignored=("status", "expireAt"),
    ),
    OnceCall(
        "LiveRamp distribution manager, another",
        _MANAGE,
        noun="distribution manager",
        prepare=tasks.equal_manager,
        operator=tasks.create_manager(if_exists="create"),
        books=tasks.managers,
        fulfilled=tasks.is_its_id,
        absence="by the snapshot",
        told_by="key",
        resources=("distributionManagers",),
        has_text=True,
        ignored=("status", "expireAt"),
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
        told_by="none",
        resources=("oAuthConnectionAttempts", "oAuthConnections"),
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
        told_by="place",
        resources=("segmentConfigs", "deliveries"),
        shares=True,
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
        told_by="place",
        resources=("segmentConfigs", "deliveries"),
        shares=True,
    ),
    OnceCall(
        "Acoustic segment export",
        Route("acoustic-exchange", "/v1/jobs/segmentExport"),
        noun="segment export",
        prepare=tasks.equal_export,
        operator=lambda place, options: tasks.export(
            **{"endpoint_id": tasks.PULLED, "timeout": 86400, **options}
        ),
        books=tasks.jobs_of("SEGMENT_EXPORT"),
        fulfilled=tasks.is_complete,
        waits=True,
        absence="never",
        told_by="key",
        resources=("jobs",),
        has_text=True,
        ignored_texts=("destinationSegmentDescription",),
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
        resources=("jobs",),
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
        resources=("jobs",),
    ),
    OnceCall(
        "Acoustic job data",
        Route("acoustic-exchange", "/v1/jobs/*/data"),
        noun="job data",
        prepare=tasks.waiting_job,
        operator=tasks.upload,
        books=tasks.uploads,
        fulfilled=tasks.has_its_data,
        waits=True,
        told_by="place",
        resources=("jobs",),
        has_neighbours=False,
    ),
    OnceCall(
        "Acoustic segments",
        Route("acoustic-exchange", "/v1/endpoint/*/segments"),
        noun="segments",
        prepare=tasks.endpoints,
        operator=lambda place, options: define(segments=[{"id": tasks.NEW_SEGMENT, "name": tasks.TEXT}]),
        books=tasks.segments,
        fulfilled=tasks.is_described,
        reads=False,
        intends=False,
        notes=False,
        told_by="place",
        resources=("segments",),
        has_text=True,
        shares=True,
    ),
    OnceCall(
        "Delta activity",
        _TEMPLATE,
        noun="activity",
        prepare=tasks.same_name,
        operator=lambda place, options: tasks.create_activity(),
        books=tasks.activities,
        fulfilled=tasks.is_switched(False),
        absence="by the snapshot",
        told_by="key",
        resources=("activities",),
        has_text=True,
        ignored=("budget",),
        ignored_texts=("activityName",),
    ),
    OnceCall(
        "Delta activity, enabled",
        _TEMPLATE,
        noun="activity",
        prepare=tasks.same_name,
        operator=lambda place, options: tasks.create_activity(enabled=True),
        books=tasks.activities,
        fulfilled=tasks.is_switched(True),
        absence="by the snapshot",
        told_by="key",
        resources=("activities",),
        has_text=True,
        ignored=("budget", "enabled"),
        ignored_texts=("activityName",),
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
        told_by="credentials",
        resources=("services",),
        has_text=True,
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
        told_by="key",
        resources=("services",),
        has_text=True,
    ),
    OnceCall(
        "Dataddo source",
        Route("dataddo", "/connectors/snapchat/create-source"),
        noun="source",
        prepare=tasks.two_services,
        operator=lambda place, options: tasks.create_source(place),
        books=tasks.held("sources"),
        fulfilled=tasks.is_its_id,
        reads=False,
        told_by="name",
        resources=("sources",),
        has_text=True,
        shares=True,
        other={"oAuthId": "other_service"},
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
        absence="by the snapshot",
        told_by="key",
        resources=("sources",),
        has_text=True,
        ignored_texts=("label",),
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
        told_by="name",
        resources=("flows",),
        has_text=True,
        shares=True,
        ignored=("sources",),
        identifying=("sources",),
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
        absence="by the snapshot",
        told_by="key",
        resources=("flows",),
        has_text=True,
        ignored=("sources",),
        identifying=("sources",),
    ),
    OnceCall(
        "Dataddo build: service",
        Route("dataddo", "/services"),
        noun="service",
        prepare=tasks.nothing,
        operator=lambda place, options: tasks.build_flow(),
        books=tasks.held("services"),
        fulfilled=tasks.is_built("service_id"),
        reads=False,
        told_by="credentials",
        resources=("services",),
        is_of_several=True,
        has_text=True,
    ),
    OnceCall(
        "Dataddo build: source",
        Route("dataddo", "/connectors/snapchat/create-source"),
        noun="source",
        prepare=tasks.nothing,
        operator=lambda place, options: tasks.build_flow(),
        books=tasks.held("sources"),
        fulfilled=tasks.is_built("source_id"),
        reads=False,
        told_by="name",
        resources=("sources",),
        is_of_several=True,
        has_text=True,
        shares=True,
    ),
    OnceCall(
        "Dataddo build: flow",
        Route("dataddo", "/flows"),
        noun="flow",
        prepare=tasks.nothing,
        operator=lambda place, options: tasks.build_flow(),
        books=tasks.held("flows"),
        fulfilled=tasks.is_built("flow_id"),
        reads=False,
        told_by="name",
        resources=("flows",),
        is_of_several=True,
        has_text=True,
        shares=True,
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
        has_neighbours=False,
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
        has_neighbours=False,
    ),
    OnceCall(
        "LiveRamp segment configs, with a receipt",
        _CONFIGS,
        noun="distribution",
        prepare=tasks.manager_and_a_checked_audience,
        operator=tasks.distribute_checked,
        books=tasks.additions,
        fulfilled=tasks.is_delivered,
        waits=True,
        notes=False,
        has_receipt=True,
        told_by="place",
        resources=("segmentConfigs", "deliveries"),
        shares=True,
    ),
    OnceCall(
        "Acoustic job data, with a receipt",
        Route("acoustic-exchange", "/v1/jobs/*/data"),
        noun="job data",
        prepare=tasks.job_and_a_checked_file,
        operator=tasks.upload_checked,
        books=tasks.uploads,
        fulfilled=tasks.has_its_data,
        waits=True,
        has_receipt=True,
        told_by="place",
        resources=("jobs",),
        has_neighbours=False,
    ),
)
