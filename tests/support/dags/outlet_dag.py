"""A DAG that activates an audience with an outlet, and the same simulated, run by `dag.test()`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pendulum
from airflow.sdk import Asset, TaskGroup, dag

from airflow_provider_activation.operators.acoustic_exchange import (
    AcousticExchangeDefineSegmentsOperator,
    AcousticExchangeExportSegmentOperator,
    AcousticExchangeRegisterEndpointOperator,
    AcousticExchangeUploadJobDataOperator,
)
from airflow_provider_activation.operators.audience import CheckAudienceOperator, PrepareAudienceOperator
from airflow_provider_activation.sensors.acoustic_exchange import AcousticExchangeJobSensor

HOME = Path(os.environ["AIRFLOW_HOME"])
SEGMENT = 8000000000000001152
IDENTIFIERS = [{"name": "email_sha256", "type": "email", "hashMode": "HASHED", "hashAlgorithm": "SHA256"}]


def activate(*, simulate: bool) -> TaskGroup:
    """Prepare, check, export and upload."""
    name = "simulated" if simulate else "real"
    given: dict[str, Any] = {"simulate": simulate, "retries": 0}
    with TaskGroup(name, default_args=given) as group:  # type: ignore[arg-type]
        prepare: Any = PrepareAudienceOperator(
            task_id="prepare",
            source=HOME / "people.csv",
            schema={"columns": {"email_sha256": {"kind": "email", "source": "email", "hash": "sha256"}}},
            profile="google",
            folder=HOME / "out",
        )
        check: Any = CheckAudienceOperator(
            task_id="check",
            manifest=prepare.output,
            audience="win-back",
            destination="acoustic",
            ledger=HOME / "ledger",
        )
        export: Any = AcousticExchangeExportSegmentOperator(
            task_id="export",
            endpoint_id="10001",
            segment_id=SEGMENT,
            destination_endpoint_id=20002,
            source_identifiers=["email_sha256"],
            destination_identifier="email",
            update_identities=False,
            wait_for_completion=False,
            outlets=[Asset(f"{name}_job")],
        )
        upload: Any = AcousticExchangeUploadJobDataOperator(
            task_id="upload",
            job_id=export.output["jobId"],
            file=check.output,
            wait_for_completion=False,
            outlets=[Asset(f"{name}_activation")],
        )
        done: Any = AcousticExchangeJobSensor(
            task_id="done",
            job_id=upload.output["jobId"],
            target_statuses=["COMPLETE", "READY_FOR_DOWNLOAD"],
            poke_interval=0.1,
            timeout=60,
            outlets=[Asset(f"{name}_end")],
        )
        upload >> done
    return group


@dag(schedule=None, start_date=pendulum.datetime(2026, 1, 1, tz="UTC"))
def outlet_dag() -> None:
    own: dict[str, Any] = {"acoustic_exchange_conn_id": "acoustic_exchange_endpoint"}
    databases = {"marketingDatabases": [{"name": "Customers", "identifiers": IDENTIFIERS}]}
    register = AcousticExchangeRegisterEndpointOperator(
        task_id="register",
        name="Customer base",
        provider_name="Marketing data",
        endpoint_types={"segment": {"source": {"enabled": True, "producerType": "push"}}},
        marketing_databases_definition=databases,
        **own,
    )
    define = AcousticExchangeDefineSegmentsOperator(
        task_id="define", endpoint_id=10001, segments=[{"id": SEGMENT, "name": "Win-back"}], **own
    )
    register >> define >> activate(simulate=True) >> activate(simulate=False)


made = outlet_dag()
