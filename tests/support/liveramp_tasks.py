"""Tasks of LiveRamp with arguments the sandbox accepts, and looks into what it then holds."""

from __future__ import annotations

from typing import Any

import httpx
from airflow.sdk import BaseOperator
from example_tasks import connect
from task_running import Task

from airflow_provider_activation.operators.liveramp import (
    LiveRampAuthorizeOAuthConnectionOperator,
    LiveRampCreateDistributionManagerOperator,
    LiveRampDeleteDistributionManagerOperator,
    LiveRampDeleteIntegrationConnectionOperator,
    LiveRampDistributeSegmentsOperator,
    LiveRampUpdateDistributionManagerOperator,
    LiveRampUpdateIntegrationConnectionOperator,
    LiveRampWithdrawSegmentsOperator,
)
from airflow_provider_activation.sandbox import Sandbox
from airflow_provider_activation.sensors.liveramp import LiveRampDeliverySensor, LiveRampSegmentSyncSensor
from scripts.machine_speed import scaled

SOON: dict[str, Any] = {"poll_interval": 0.1, "timeout": scaled(20)}


def held(sandbox: Sandbox, part: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = sandbox.state()["liveramp"][part]
    return rows


def settled(row: dict[str, Any]) -> dict[str, Any]:
    """Without the times, which a result and the sandbox write with different numbers of digits."""
    return {name: value for name, value in row.items() if name not in ("createdAt", "updatedAt")}


def asked(sandbox: Sandbox, method: str, path: str = "") -> list[dict[str, Any]]:
    """The requests of a method whose path ends so, but for those for tokens."""
    return [
        request
        for request in sandbox.requests
        if request["method"] == method
        and request["path"].endswith(path)
        and not request["path"].endswith("/token")
    ]


def authorize(**arguments: Any) -> BaseOperator:
    given = {"destination_id": "1001", "integration_id": "2001", **SOON, **arguments}
    return LiveRampAuthorizeOAuthConnectionOperator(task_id="authorize", **given)


def connect_by_consent(oauth_connection_id: Any, **arguments: Any) -> BaseOperator:
    given: dict[str, Any] = {
        "destination_id": "1001",
        "integration_id": "2001",
        "properties": {"accountId": "A-1"},
        "device_types": ["WEB"],
        "oauth_connection_id": oauth_connection_id,
        **arguments,
    }
    return connect(**given)


def update_connection(connection_id: Any, **arguments: Any) -> BaseOperator:
    return LiveRampUpdateIntegrationConnectionOperator(
        task_id="update_connection", integration_connection_id=connection_id, **arguments
    )


def delete_connection(connection_id: Any, **arguments: Any) -> BaseOperator:
    return LiveRampDeleteIntegrationConnectionOperator(
        task_id="delete_connection", integration_connection_id=connection_id, **arguments
    )


def create_manager(connection_id: Any, **arguments: Any) -> BaseOperator:
    given = {"name": "Lapsed", "integration_connection_id": connection_id, **arguments}
    return LiveRampCreateDistributionManagerOperator(task_id="create_manager", **given)


def update_manager(manager_id: Any, **arguments: Any) -> BaseOperator:
    return LiveRampUpdateDistributionManagerOperator(
        task_id="update_manager", distribution_manager_id=manager_id, **arguments
    )


def delete_manager(manager_id: Any, **arguments: Any) -> BaseOperator:
    return LiveRampDeleteDistributionManagerOperator(
        task_id="delete_manager", distribution_manager_id=manager_id, **arguments
    )


def distribute(manager_id: Any, segments: Any, **arguments: Any) -> BaseOperator:
    return LiveRampDistributeSegmentsOperator(
        task_id="distribute",
        distribution_manager_id=manager_id,
        segments=segments,
        **{**SOON, **arguments},
    )


def withdraw(manager_id: Any, segment_ids: Any, **arguments: Any) -> BaseOperator:
    return LiveRampWithdrawSegmentsOperator(
        task_id="withdraw", distribution_manager_id=manager_id, segment_ids=segment_ids, **arguments
    )


def delivery_sensor(connection_id: Any, segment_ids: Any, **arguments: Any) -> BaseOperator:
    return LiveRampDeliverySensor(
        task_id="wait_for_delivery",
        integration_connection_id=connection_id,
        segment_ids=segment_ids,
        **{**SOON, **arguments},
    )


def sync_sensor(segment_ids: Any, **arguments: Any) -> BaseOperator:
    return LiveRampSegmentSyncSensor(
        task_id="wait_for_sync", segment_ids=segment_ids, **{**SOON, **arguments}
    )


def connected() -> tuple[str, str]:
    """An integration connection and its distribution manager."""
    made = Task(connect).run()
    return made["id"], made["distributionManagerID"]


def upload_segments(sandbox: Sandbox, number: int) -> list[str]:
    """Have so many more segments come into being; their ids follow the last one's."""
    there = len(held(sandbox, "uploadedSegments"))
    names = ",".join(f"segment_{there + more}" for more in range(number))
    answer = httpx.post(
        f"{sandbox.url}/liveramp/upload",
        content=f"email,{names}\na@example.com{',1' * number}\n",
        headers={"Content-Type": "text/csv"},
    )
    assert answer.status_code == 201, answer.text
    return [str(segment["id"]) for segment in answer.json()["segments"]]
