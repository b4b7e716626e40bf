"""One task for each call that must not be sent twice, deferred and on the worker where the operator waits.
Each task notes its own process and its parent whenever a part of it begins."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pendulum
from airflow.sdk import dag
from example_tasks import SEGMENT, SOURCE_PARAMETERS, TEMPLATE

from airflow_provider_activation.operators.acoustic_exchange import (
    AcousticExchangeDefineSegmentsOperator,
    AcousticExchangeExportSegmentOperator,
    AcousticExchangeImportIdentitiesOperator,
    AcousticExchangeUploadJobDataOperator,
)
from airflow_provider_activation.operators.dataddo import (
    DataddoBuildFlowOperator,
    DataddoCreateFlowOperator,
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
    LiveRampDistributeSegmentsOperator,
)

NOTES = Path(os.environ["AIRFLOW_HOME"], "notes.txt")
NEW_SEGMENT = SEGMENT + 1


def note_process(context: Any) -> None:
    """Add a line: the task, its process, and the process that supervises it."""
    with NOTES.open("a") as notes:
        notes.write(f"{context['ti'].task_id} {os.getpid()} {os.getppid()}\n")


KILLED: dict[str, Any] = {"retries": 3, "retry_delay": timedelta(seconds=1), "pre_execute": note_process}


def given(name: str) -> str:
    """What the run's configuration holds."""
    return f"{{{{ dag_run.conf['{name}'] }}}}"


@dag(schedule=None, start_date=pendulum.datetime(2026, 1, 1, tz="UTC"), default_args=KILLED)
def killed_dag() -> None:
    LiveRampCreateIntegrationConnectionOperator(
        task_id="connection",
        destination_id="1002",
        integration_id="2002",
        properties={"bucket": "audiences", "folder": "weekly"},
        device_types=["PII"],
        distribution_manager_name="Weekly",
    )
    LiveRampCreateDistributionManagerOperator(
        task_id="manager", name="Monthly", integration_connection_id=given("integration_connection")
    )
    AcousticExchangeDefineSegmentsOperator(
        task_id="segments",
        acoustic_exchange_conn_id="acoustic_exchange_endpoint",
        endpoint_id=10001,
        segments=[{"id": NEW_SEGMENT, "name": "Lapsed"}],
    )
    DeltaProjectsCreateActivityFromTemplateOperator(
        task_id="activity",
        template_id=TEMPLATE,
        activity_name="Win-back",
        flight_start="2036-11-24T00:00:00+01:00",
        flight_stop="2036-11-30T23:59:59+01:00",
        order_id="GXK-77123",
        budget=1000,
        enabled=True,
    )
    DataddoCreateSourceOperator(
        task_id="source",
        connector_id="snapchat",
        source_label="Alone",
        service_id=given("service"),
        parameters=SOURCE_PARAMETERS,
    )
    DataddoCreateFlowOperator(
        task_id="flow", source_ids=[given("source")], app="google_data_studio", flow_label="Alone"
    )
    DataddoBuildFlowOperator(
        task_id="build_flow",
        service="snapchat_static",
        credentials_conn_id="snapchat_app",
        connector_id="snapchat",
        source_label="Together",
        source_parameters=SOURCE_PARAMETERS,
        flow_label="Together",
        app="google_data_studio",
    )
    for number, mode in enumerate(("on_worker", "deferred")):
        waiting: dict[str, Any] = {"deferrable": mode == "deferred", "poll_interval": 0.5}
        LiveRampDistributeSegmentsOperator(
            task_id=f"distribution_{mode}",
            distribution_manager_id=given("manager"),
            segments=[given(f"segment_{mode}")],
            wait_for_completion=True,
            **waiting,
        )
        AcousticExchangeExportSegmentOperator(
            task_id=f"export_{mode}",
            endpoint_id=20003,
            segment_id=SEGMENT,
            destination_endpoint_id=20002,
            destination_segment_name=f"export_{mode}",
            source_identifiers=["email_sha256"],
            destination_identifier="email",
            update_identities=False,
            **waiting,
        )
        AcousticExchangeImportIdentitiesOperator(
            # equal imports at the same time cannot be told apart
            task_id=f"import_{mode}",
            endpoint_id=20003,
            segment_id=SEGMENT + number,
            **waiting,
        )
        AcousticExchangeUploadJobDataOperator(
            task_id=f"upload_{mode}", job_id=given(f"job_{mode}"), file=given("file"), **waiting
        )
        DataddoExtractSourceOperator(
            task_id=f"extraction_{mode}", source_id=given(f"source_{mode}"), **waiting
        )
        DataddoWriteFlowOperator(task_id=f"write_{mode}", flow_id=given(f"flow_{mode}"), **waiting)


killed_dag()
