"""A task of each operator and sensor that ends well, with what it needs at the services and in files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import acoustic_tasks as acoustic
import liveramp_tasks as liveramp
from airflow.sdk import BaseOperator
from dataddo_tasks import create_flow, create_service, create_source
from example_tasks import SEGMENT, build_flow, connect, create_activity, define, export, register
from task_running import Task

from airflow_provider_activation.operators.audience import (
    CheckAudienceOperator,
    DeleteAudienceOperator,
    PrepareAudienceOperator,
)
from airflow_provider_activation.operators.dataddo import (
    DataddoDeleteFlowOperator,
    DataddoDeleteServiceOperator,
    DataddoDeleteSourceOperator,
    DataddoExtractSourceOperator,
    DataddoWriteFlowOperator,
)
from airflow_provider_activation.operators.delta_projects import DeltaProjectsUpdateActivityOperator
from airflow_provider_activation.sensors.dataddo import DataddoFlowSensor, DataddoSourceSensor
from airflow_provider_activation.sensors.delta_projects import DeltaProjectsActivitySensor
from airflow_provider_activation.sensors.liveramp import LiveRampOAuthConnectionSensor

SOON = liveramp.SOON
PUSHING, PARTNER, PULLING = 10001, 20002, 20003
SEGMENTS = ["5000000001", "5000000002"]

Factory = Callable[[], BaseOperator]
Prepare = Callable[[Path], Factory]
"""Makes what a task needs, in a folder if that is files, and returns what makes its operator."""


def audience(folder: Path) -> Path:
    file = folder / "audience.csv"
    file.write_text("email_sha256,city\nh1,Ulm\nh2,Bonn\n")
    return file


def prepares(folder: Path, **more: Any) -> Factory:
    """People of whom one is left out, one has no address, one is on a list and one is there twice."""
    people, gone = folder / "people.csv", folder / "gone.csv"
    rows = ["a@example.com,SE", "A@example.com,SE", "b@example.com,SE", "c@example.com,NO", "nobody,SE"]
    people.write_text("\n".join(["email,country", *rows, ""]))
    gone.write_text("email\nb@example.com\n")
    plain = {"columns": {"email": {"kind": "email", "source": "email"}}}
    return lambda: PrepareAudienceOperator(
        task_id="prepare",
        source=people,
        schema={"columns": {"mail": {"kind": "email", "source": "email", "hash": "sha256"}}},
        profile="google",
        folder=folder,
        where="country = 'SE'",
        suppress=[{"source": str(gone), "schema": plain}],
        **more,
    )


def deletes_audience(folder: Path) -> Factory:
    manifest = Task(prepares(folder)).run()
    return lambda: DeleteAudienceOperator(task_id="delete", manifest=manifest)


def checks(folder: Path, **more: Any) -> Factory:
    manifest = Task(prepares(folder)).run()
    given: dict[str, Any] = {
        "audience": "win-back",
        "destination": "acoustic",
        "ledger": folder / "ledger",
        "guard": {"min_rows": 1, "max_reject_rate": 0.5},
    }
    return lambda: CheckAudienceOperator(task_id="check", manifest=manifest, **{**given, **more})


def offered() -> None:
    Task(register).run()
    Task(define).run()


def waiting_job() -> int:
    offered()
    return int(Task(lambda: export(destination_endpoint_id=PULLING)).run()["jobId"])


def ready_job(folder: Path) -> int:
    job_id, file = waiting_job(), audience(folder)
    Task(lambda: acoustic.upload(job_id, file)).run()
    return job_id


def exports(**arguments: Any) -> Factory:
    offered()
    return lambda: export(**arguments)


def uploads(folder: Path) -> Factory:
    job_id, file = waiting_job(), audience(folder)
    return lambda: acoustic.upload(job_id, file)


def downloads(folder: Path) -> Factory:
    job_id = ready_job(folder)
    return lambda: acoustic.download(job_id, folder)


def job_waits(folder: Path) -> Factory:
    job_id = Task(lambda: acoustic.refresh(wait_for_completion=False)).run()["jobId"]
    return lambda: acoustic.job_sensor(job_id, job_category="SEGMENT_POPULATE_DB")


def with_segments(factory: Factory) -> Factory:
    offered()
    return factory


def status_waits(folder: Path) -> Factory:
    Task(register).run()
    return lambda: acoustic.status_sensor()


def with_connection(make: Callable[[str], BaseOperator], **arguments: Any) -> Factory:
    connection_id = Task(lambda: connect(**arguments)).run()["id"]
    return lambda: make(connection_id)


def with_manager(make: Callable[[str], BaseOperator]) -> Factory:
    manager_id = Task(connect).run()["distributionManagerID"]
    return lambda: make(manager_id)


def withdraws(folder: Path) -> Factory:
    manager_id = Task(connect).run()["distributionManagerID"]
    Task(lambda: liveramp.distribute(manager_id, SEGMENTS)).run()
    return lambda: liveramp.withdraw(manager_id, [*SEGMENTS, "5000000003"])


def delivery_waits(folder: Path) -> Factory:
    connection_id, manager_id = liveramp.connected()
    Task(lambda: liveramp.distribute(manager_id, SEGMENTS)).run()
    return lambda: liveramp.delivery_sensor(connection_id, SEGMENTS)


def sync_waits(folder: Path) -> Factory:
    manager_id = liveramp.connected()[1]
    Task(lambda: liveramp.distribute(manager_id, SEGMENTS)).run()
    return lambda: liveramp.sync_sensor(SEGMENTS)


def consent_waits(folder: Path) -> Factory:
    attempt_id = Task(lambda: liveramp.authorize(wait_for_completion=False)).run()
    return lambda: LiveRampOAuthConnectionSensor(task_id="wait", attempt_id=attempt_id, **SOON)


def with_activity(make: Callable[[str], BaseOperator], **arguments: Any) -> Factory:
    activity_id = Task(lambda: create_activity(**arguments)).run()["id"]
    return lambda: make(activity_id)


def with_flow(make: Callable[[dict[str, str]], BaseOperator]) -> Factory:
    built = Task(build_flow).run()
    return lambda: make(built)


def deletes_source(folder: Path) -> Factory:
    built = Task(build_flow).run()
    Task(lambda: DataddoDeleteFlowOperator(task_id="delete", flow_id=built["flow_id"])).run()
    return lambda: DataddoDeleteSourceOperator(task_id="delete", source_id=built["source_id"])


def deletes_service(folder: Path) -> Factory:
    service_id = Task(create_service).run()["id"]
    return lambda: DataddoDeleteServiceOperator(task_id="delete", service_id=service_id)


def creates_source(folder: Path) -> Factory:
    service_id = Task(create_service).run()["id"]
    return lambda: create_source(service_id=service_id)


def creates_flow(folder: Path) -> Factory:
    service_id = Task(create_service).run()["id"]
    source_id = Task(lambda: create_source(service_id=service_id)).run()["id"]
    return lambda: create_flow(source_ids=[source_id])


def run_waits(starts: type[BaseOperator], waits: type[BaseOperator], name: str) -> Callable[[Path], Factory]:
    def prepare(folder: Path) -> Factory:
        thing = {name: Task(build_flow).run()[name]}
        Task(lambda: starts(task_id="run", **thing, **SOON)).run()
        return lambda: waits(task_id="wait", **thing, **SOON)

    return prepare


def changes(activity_id: str) -> BaseOperator:
    return DeltaProjectsUpdateActivityOperator(
        task_id="change", activity_id=activity_id, enabled=False, budget=1200
    )


def activity_waits(activity_id: str) -> BaseOperator:
    return DeltaProjectsActivitySensor(task_id="wait", activity_id=activity_id, **SOON)


def flown(make: Callable[[str], BaseOperator]) -> Factory:
    now = datetime.now(UTC)
    times = {
        "flight_start": (now - timedelta(hours=1)).isoformat(),
        "flight_stop": (now + timedelta(hours=1)).isoformat(),
    }
    return with_activity(make, enabled=True, **times)


GOOD: Mapping[str, Prepare] = {
    "AcousticExchangeDefineSegmentsOperator": lambda _: (Task(register).run(), define)[1],
    "AcousticExchangeDeleteEndpointOperator": lambda _: lambda: acoustic.delete(endpoint_id=PARTNER),
    "AcousticExchangeDeleteSegmentsOperator": lambda _: with_segments(
        lambda: acoustic.delete_segments(segment_ids=[SEGMENT, 7])
    ),
    "AcousticExchangeDisableEndpointOperator": lambda _: lambda: acoustic.disable(endpoint_id=PARTNER),
    "AcousticExchangeDownloadSegmentDataOperator": downloads,
    "AcousticExchangeEnableEndpointOperator": lambda _: lambda: acoustic.enable(endpoint_id=PARTNER),
    "AcousticExchangeEndpointStatusSensor": status_waits,
    "AcousticExchangeExportSegmentOperator": lambda _: exports(),
    "AcousticExchangeExportSegmentOperator-waiting_for_data": lambda _: exports(
        destination_endpoint_id=PULLING
    ),
    "AcousticExchangeImportIdentitiesOperator": lambda _: with_segments(acoustic.import_identities),
    "AcousticExchangeJobSensor": job_waits,
    "AcousticExchangeRefreshSegmentsOperator": lambda _: acoustic.refresh,
    "AcousticExchangeRefreshSegmentsOperator-deferred": lambda _: lambda: acoustic.refresh(deferrable=True),
    "AcousticExchangeRegisterEndpointOperator": lambda _: register,
    "AcousticExchangeReportEndpointFailureOperator": lambda _: with_segments(acoustic.report_failure),
    "AcousticExchangeSetEndpointAttributesOperator": lambda _: with_segments(
        lambda: acoustic.set_attributes(attributes={"account": "A-1"})
    ),
    "AcousticExchangeSetEndpointDatabaseOperator": lambda _: with_segments(acoustic.set_database),
    "AcousticExchangeUploadJobDataOperator": uploads,
    "CheckAudienceOperator": checks,
    "DataddoBuildFlowOperator": lambda _: build_flow,
    "DataddoCreateFlowOperator": creates_flow,
    "DataddoCreateServiceOperator": lambda _: create_service,
    "DataddoCreateSourceOperator": creates_source,
    "DataddoDeleteFlowOperator": lambda _: with_flow(
        lambda built: DataddoDeleteFlowOperator(task_id="delete", flow_id=built["flow_id"])
    ),
    "DataddoDeleteServiceOperator": deletes_service,
    "DataddoDeleteSourceOperator": deletes_source,
    "DataddoExtractSourceOperator": lambda _: with_flow(
        lambda built: DataddoExtractSourceOperator(task_id="run", source_id=built["source_id"], **SOON)
    ),
    "DataddoFlowSensor": run_waits(DataddoWriteFlowOperator, DataddoFlowSensor, "flow_id"),
    "DataddoSourceSensor": run_waits(DataddoExtractSourceOperator, DataddoSourceSensor, "source_id"),
    "DataddoWriteFlowOperator": lambda _: with_flow(
        lambda built: DataddoWriteFlowOperator(task_id="run", flow_id=built["flow_id"], **SOON)
    ),
    "DeleteAudienceOperator": deletes_audience,
    "DeltaProjectsActivitySensor": lambda _: flown(activity_waits),
    "DeltaProjectsCreateActivityFromTemplateOperator": lambda _: create_activity,
    "DeltaProjectsUpdateActivityOperator": lambda _: with_activity(changes),
    "LiveRampAuthorizeOAuthConnectionOperator": lambda _: liveramp.authorize,
    "LiveRampCreateDistributionManagerOperator": lambda _: with_connection(liveramp.create_manager),
    "LiveRampCreateIntegrationConnectionOperator": lambda _: connect,
    "LiveRampCreateIntegrationConnectionOperator-no_manager": lambda _: (
        lambda: connect(distribution_manager_name=None)
    ),
    "LiveRampDeleteDistributionManagerOperator": lambda _: with_manager(liveramp.delete_manager),
    "LiveRampDeleteIntegrationConnectionOperator": lambda _: with_connection(
        liveramp.delete_connection, distribution_manager_name=None
    ),
    "LiveRampDeliverySensor": delivery_waits,
    "LiveRampDistributeSegmentsOperator": lambda _: with_manager(
        lambda manager_id: liveramp.distribute(manager_id, SEGMENTS)
    ),
    "LiveRampOAuthConnectionSensor": consent_waits,
    "LiveRampSegmentSyncSensor": sync_waits,
    "LiveRampUpdateDistributionManagerOperator": lambda _: with_manager(
        lambda manager_id: liveramp.update_manager(manager_id, name="Lapsed, again", never_expires=True)
    ),
    "LiveRampUpdateIntegrationConnectionOperator": lambda _: with_connection(
        lambda connection_id: liveramp.update_connection(
            connection_id, properties={"bucket": "audiences", "folder": "weekly"}
        )
    ),
    "LiveRampWithdrawSegmentsOperator": withdraws,
    "PrepareAudienceOperator": prepares,
}
