"""Tasks of Acoustic Exchange with arguments the sandbox accepts, and looks into what it then holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from airflow.sdk import BaseOperator
from example_tasks import SEGMENT

from airflow_provider_activation.operators.acoustic_exchange import (
    AcousticExchangeDeleteEndpointOperator,
    AcousticExchangeDeleteSegmentsOperator,
    AcousticExchangeDisableEndpointOperator,
    AcousticExchangeDownloadSegmentDataOperator,
    AcousticExchangeEnableEndpointOperator,
    AcousticExchangeImportIdentitiesOperator,
    AcousticExchangeRefreshSegmentsOperator,
    AcousticExchangeReportEndpointFailureOperator,
    AcousticExchangeSetEndpointAttributesOperator,
    AcousticExchangeSetEndpointDatabaseOperator,
    AcousticExchangeUploadJobDataOperator,
)
from airflow_provider_activation.sandbox import Sandbox
from airflow_provider_activation.sensors.acoustic_exchange import (
    AcousticExchangeEndpointStatusSensor,
    AcousticExchangeJobSensor,
)
from scripts.machine_speed import scaled

OWN_KEY = {"acoustic_exchange_conn_id": "acoustic_exchange_endpoint"}
SOON: dict[str, Any] = {"poll_interval": 0.1, "timeout": scaled(20)}


def held(sandbox: Sandbox, part: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = sandbox.state()["acoustic-exchange"][part]
    return rows


def own_endpoint(sandbox: Sandbox) -> dict[str, Any]:
    return held(sandbox, "endpoints")[0]


def asked(sandbox: Sandbox, method: str, path: str = "") -> list[dict[str, Any]]:
    """The requests of a method whose path ends so."""
    return [r for r in sandbox.requests if r["method"] == method and r["path"].endswith(path)]


def enable(**arguments: Any) -> BaseOperator:
    return AcousticExchangeEnableEndpointOperator(task_id="enable", **arguments)


def disable(**arguments: Any) -> BaseOperator:
    return AcousticExchangeDisableEndpointOperator(task_id="disable", **arguments)


def delete(**arguments: Any) -> BaseOperator:
    return AcousticExchangeDeleteEndpointOperator(task_id="delete", **arguments)


def set_database(**arguments: Any) -> BaseOperator:
    return AcousticExchangeSetEndpointDatabaseOperator(
        task_id="set_database", **{"database_id": "db2", **OWN_KEY, **arguments}
    )


def set_attributes(**arguments: Any) -> BaseOperator:
    return AcousticExchangeSetEndpointAttributesOperator(task_id="set_attributes", **{**OWN_KEY, **arguments})


def report_failure(**arguments: Any) -> BaseOperator:
    return AcousticExchangeReportEndpointFailureOperator(
        task_id="report", **{"endpoint_id": "10001", "reason": "no account", **OWN_KEY, **arguments}
    )


def delete_segments(**arguments: Any) -> BaseOperator:
    return AcousticExchangeDeleteSegmentsOperator(
        task_id="delete_segments", **{"endpoint_id": "10001", **OWN_KEY, **arguments}
    )


def refresh(**arguments: Any) -> BaseOperator:
    return AcousticExchangeRefreshSegmentsOperator(task_id="refresh", **SOON, **arguments)


def import_identities(**arguments: Any) -> BaseOperator:
    return AcousticExchangeImportIdentitiesOperator(
        task_id="import", **{"endpoint_id": "10001", "segment_id": SEGMENT, **SOON, **arguments}
    )


def upload(job_id: int, file: Path, **arguments: Any) -> BaseOperator:
    return AcousticExchangeUploadJobDataOperator(
        task_id="upload", job_id=str(job_id), file=str(file), **{**SOON, **arguments}
    )


def download(job_id: int, directory: Path, **arguments: Any) -> BaseOperator:
    return AcousticExchangeDownloadSegmentDataOperator(
        task_id="download", job_id=str(job_id), directory=str(directory), **arguments
    )


def job_sensor(job_id: int | str, **arguments: Any) -> BaseOperator:
    return AcousticExchangeJobSensor(task_id="wait", job_id=str(job_id), **{**SOON, **arguments})


def status_sensor(**arguments: Any) -> BaseOperator:
    return AcousticExchangeEndpointStatusSensor(
        task_id="wait", **{"endpoint_id": "10001", **SOON, **OWN_KEY, **arguments}
    )
