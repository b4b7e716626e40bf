"""One wait of each service: its sensor, its trigger, and what the service says of it."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from airflow.providers.common.compat.sdk import TaskDeferred
from airflow.sdk import BaseOperator
from task_running import Task

from adversary.server import Answer, Handler, Request, answer
from airflow_provider_activation.operators.acoustic_exchange import AcousticExchangeExportSegmentOperator
from airflow_provider_activation.operators.delta_projects import (
    DeltaProjectsCreateActivityFromTemplateOperator,
)
from airflow_provider_activation.sensors.acoustic_exchange import AcousticExchangeJobSensor
from airflow_provider_activation.sensors.dataddo import DataddoFlowSensor
from airflow_provider_activation.sensors.delta_projects import DeltaProjectsActivitySensor
from airflow_provider_activation.sensors.liveramp import LiveRampDeliverySensor, LiveRampSegmentSyncSensor
from airflow_provider_activation.triggers.wait import WaitTrigger

TOKEN = "token-that-was-fetched"
TOKENS = answer(
    {"access_token": TOKEN, "refresh_token": "r-" + TOKEN, "token_type": "Bearer", "expires_in": 3600}
)


def is_login(request: Request) -> bool:
    return request.method == "POST" and request.path.endswith(("/auth", "/token"))


@dataclass(frozen=True)
class Wait:
    """A wait that looks until its row says so.

    :param row: what the service says of what is waited for, pending or done.
    :param listed: the rows as the service lists them.
    :param is_list: whether a request asks for the list.
    """

    service: str
    sensor: Callable[..., BaseOperator]
    pending: Mapping[str, Any]
    done: Mapping[str, Any]
    listed: Callable[[list[Any]], Any] = lambda rows: rows
    is_list: Callable[[Request], bool] = lambda request: False

    def says(self, row: Mapping[str, Any], request: Request) -> bytes:
        return answer(self.listed([row]) if self.is_list(request) else row)

    def looks(self, *said: Answer | Mapping[str, Any]) -> Handler:
        """Answers each look with the next of these, and all later ones with the last. Log-ins succeed."""
        numbers = itertools.count()

        def handle(request: Request) -> Answer:
            if is_login(request):
                return TOKENS
            now = said[min(next(numbers), len(said) - 1)]
            return self.says(now, request) if isinstance(now, Mapping) else now

        return handle

    def run(self, conn_id: str, *, timeout: float = 20.0, **arguments: Any) -> Any:
        """The sensor on a worker, to its end."""
        given = {"task_id": "wait", "poll_interval": 0.1, "timeout": timeout, "deferrable": False} | arguments
        return Task(lambda: self.sensor(conn_id, **given)).run()

    def trigger(self, conn_id: str, *, timeout: float = 20.0, **arguments: Any) -> WaitTrigger:
        """The trigger of the deferred sensor, made of what Airflow has stored, with a deadline near by.

        The sensor looks once on the worker before it is deferred.
        """
        task = Task(lambda: self.sensor(conn_id, task_id="wait", deferrable=True, timeout=3600, **arguments))
        try:
            ended = task.begin()
        except TaskDeferred:
            _, stored = task.triggers[-1].serialize()
            changed = {"poll_interval": 0.1, "deadline": time.time() + timeout}
            return WaitTrigger(**json.loads(json.dumps(stored | changed)))
        raise AssertionError(f"not deferred, but ended with {ended!r}")


def delta(conn_id: str, **arguments: Any) -> BaseOperator:
    return DeltaProjectsActivitySensor(activity_id="a1", delta_projects_conn_id=conn_id, **arguments)


def acoustic(conn_id: str, **arguments: Any) -> BaseOperator:
    return AcousticExchangeJobSensor(job_id=700, acoustic_exchange_conn_id=conn_id, **arguments)


def dataddo(conn_id: str, **arguments: Any) -> BaseOperator:
    return DataddoFlowSensor(
        flow_id="f1", finished_after="2026-11-01T00:00:00Z", dataddo_conn_id=conn_id, **arguments
    )


def delivery(conn_id: str, **arguments: Any) -> BaseOperator:
    return LiveRampDeliverySensor(
        integration_connection_id="55", segment_ids=["9001"], liveramp_conn_id=conn_id, **arguments
    )


def synced(conn_id: str, **arguments: Any) -> BaseOperator:
    return LiveRampSegmentSyncSensor(segment_ids=["9001"], liveramp_conn_id=conn_id, **arguments)


JOB = {"jobCategory": "SEGMENT_EXPORT", "jobId": 700, "jobName": "EXPORT_SEGMENT", "accountId": 1}
RUN = {"actionId": "x", "lastRunStarted": "2026-11-20T10:00:00Z", "description": ""}
DELIVERY = {
    "id": "d1",
    "segmentID": "9001",
    "deviceType": "PII",
    "integrationConnectionID": "55",
    "operationType": "ADD",
    "recordCount": 5,
    "updatedAt": "2026-11-20T10:00:00Z",
}
STATUS = {"segmentID": "9001", "segmentType": "ONBOARDING", "integrationConnectionID": "55"}


def paged(key: str) -> Callable[[list[Any]], Any]:
    return lambda rows: {key: rows, "_pagination": {"after": None, "total": len(rows)}}


DELTA = Wait(
    "delta_projects",
    delta,
    {"id": "a1", "name": "Win-back", "enabled": False},
    {"id": "a1", "name": "Win-back", "enabled": True},
    is_list=lambda request: request.path.endswith("/activity"),
)
ACOUSTIC = Wait(
    "acoustic_exchange",
    acoustic,
    JOB | {"status": "RUNNING"},
    JOB | {"status": "COMPLETE"},
    is_list=lambda request: request.path.endswith("/SEGMENT_EXPORT"),
)
DATADDO = Wait(
    "dataddo",
    dataddo,
    RUN | {"status": "running", "lastRunFinished": None},
    RUN | {"status": "live", "lastRunFinished": "2026-11-20T10:05:00Z"},
)
LIVERAMP = Wait(
    "liveramp",
    delivery,
    DELIVERY | {"status": "PENDING"},
    DELIVERY | {"status": "DELIVERED"},
    paged("v2/Deliveries"),
    lambda request: True,
)
LIVERAMP_SYNC = Wait(
    "liveramp",
    synced,
    STATUS | {"taxonomy": {"taxonomySyncStatus": "NEVER_SYNCED", "destinationSegmentID": "1"}},
    STATUS | {"taxonomy": {"taxonomySyncStatus": "SYNCED", "destinationSegmentID": "1"}},
    paged("v2/SegmentStatuses"),
    lambda request: True,
)
WAITS = {"delta": DELTA, "acoustic": ACOUSTIC, "dataddo": DATADDO, "liveramp": LIVERAMP}


def payload_of(trigger: WaitTrigger) -> Any:
    """What the trigger fires with, in an event loop of its own."""
    return asyncio.run(first_event(trigger))


async def first_event(trigger: WaitTrigger) -> Any:
    async for event in trigger.run():
        return event.payload
    raise AssertionError("the trigger ended without an event")


def creating(conn_id: str) -> Task:
    """A task that creates an activity, which must not be made twice."""
    return Task(
        lambda: DeltaProjectsCreateActivityFromTemplateOperator(
            task_id="create",
            template_id="t1",
            activity_name="Win-back",
            order_id="o1",
            budget=10,
            flight_start="2030-01-01T00:00:00Z",
            flight_stop="2030-02-01T00:00:00Z",
            delta_projects_conn_id=conn_id,
        )
    )


def exporting(conn_id: str, **arguments: Any) -> Task:
    """A task that starts an export job and waits for it on its worker."""
    return Task(
        lambda: AcousticExchangeExportSegmentOperator(
            task_id="export",
            endpoint_id=1,
            segment_id=2,
            destination_endpoint_id=3,
            source_identifiers=["email"],
            destination_identifier="email",
            update_identities=False,
            deferrable=False,
            acoustic_exchange_conn_id=conn_id,
            **arguments,
        )
    )
