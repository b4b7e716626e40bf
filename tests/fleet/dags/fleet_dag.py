"""Many tasks, each of which makes one resource under a name of its own. Each try notes its process and the
process that supervises it."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pendulum
from airflow.sdk import dag
from example_tasks import SEGMENT, SOURCE_PARAMETERS, TEMPLATE

from airflow_provider_activation.operators.acoustic_exchange import AcousticExchangeExportSegmentOperator
from airflow_provider_activation.operators.dataddo import (
    DataddoCreateFlowOperator,
    DataddoCreateServiceOperator,
    DataddoCreateSourceOperator,
    DataddoExtractSourceOperator,
    DataddoWriteFlowOperator,
)
from airflow_provider_activation.operators.delta_projects import (
    DeltaProjectsCreateActivityFromTemplateOperator,
)
from airflow_provider_activation.operators.liveramp import (
    LiveRampCreateDistributionManagerOperator,
    LiveRampCreateIntegrationConnectionOperator,
)

NOTES = Path(os.environ["AIRFLOW_HOME"], "notes.txt")
EACH = int(os.environ["FLEET_EACH"])
"""How many tasks there are of each kind; one service besides, and one write less."""


def note_process(context: Any) -> None:
    """Add a line: the task, its map index, the try, its process, and the process that supervises it."""
    ti = context["ti"]
    with NOTES.open("a") as notes:
        notes.write(f"{ti.task_id} {ti.map_index} {ti.try_number} {os.getpid()} {os.getppid()}\n")


COMMON: dict[str, Any] = {
    "retries": 3,
    "retry_delay": timedelta(seconds=1),
    "pre_execute": note_process,
}
WAITING: dict[str, Any] = {"poll_interval": 1.0, "deferrable": False}


def names(kind: str) -> list[str]:
    """A name for each task of a kind."""
    return [f"{kind}-{number:02}" for number in range(EACH)]


def given(name: str) -> str:
    """What the run's configuration holds."""
    return f"{{{{ dag_run.conf['{name}'] }}}}"


@dag(schedule=None, start_date=pendulum.datetime(2026, 1, 1, tz="UTC"), default_args=COMMON)
def fleet_dag() -> None:
    DataddoCreateServiceOperator(
        task_id="service", service="snapchat_static", credentials_conn_id="snapchat_app", if_exists="create"
    )
    DeltaProjectsCreateActivityFromTemplateOperator.partial(
        task_id="activity",
        template_id=TEMPLATE,
        flight_start="2036-11-24T00:00:00+01:00",
        flight_stop="2036-11-30T23:59:59+01:00",
        order_id="GXK-77123",
        budget=1000,
        enabled=True,
    ).expand(activity_name=names("activity"))
    AcousticExchangeExportSegmentOperator.partial(
        task_id="export",
        endpoint_id=20003,
        segment_id=SEGMENT,
        destination_endpoint_id=20002,
        source_identifiers=["email_sha256"],
        destination_identifier="email",
        update_identities=False,
        **WAITING,
    ).expand(destination_segment_name=names("export"))
    LiveRampCreateDistributionManagerOperator.partial(
        task_id="manager", integration_connection_id=given("integration_connection"), if_exists="create"
    ).expand(name=names("manager"))
    LiveRampCreateIntegrationConnectionOperator.partial(
        task_id="connection", destination_id="1002", integration_id="2002", device_types=["PII"]
    ).expand(properties=[{"bucket": "audiences", "folder": name} for name in names("connection")])
    DataddoCreateSourceOperator.partial(
        task_id="source",
        connector_id="snapchat",
        service_id=given("service"),
        parameters=SOURCE_PARAMETERS,
        if_exists="create",
    ).expand(source_label=names("source"))
    # each has a source of its own: what it reads before it is made is told apart by that
    DataddoCreateFlowOperator.partial(task_id="flow", app="google_data_studio").expand_kwargs(
        [{"source_ids": [given(name)], "flow_label": name} for name in names("flow")]
    )
    # a run has no id, and nobody else starts one here
    DataddoExtractSourceOperator.partial(task_id="extraction", on_uncertain="adopt", **WAITING).expand(
        source_id=[given(name) for name in names("extraction")]
    )
    DataddoWriteFlowOperator.partial(task_id="write", on_uncertain="adopt", **WAITING).expand(
        flow_id=[given(name) for name in names("write")[:-1]]
    )


fleet_dag()
