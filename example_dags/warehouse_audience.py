"""Share one audience under two profiles, read from a warehouse, every day.

The customers stay in PostgreSQL: the statement runs there, and only its rows are read. Acoustic Exchange gets
two files: one hashed as the source endpoint has registered it, and one by the rules of Google, which take an
address of Gmail without its dots.

It runs as it stands in `make demo-all`, against the sandbox and a PostgreSQL of its own. For your own, make
the connection `warehouse` and change the statement and the params.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pendulum
from airflow.sdk import Param, TaskGroup, chain, dag
from airflow.timetables.interval import CronDataIntervalTimetable
from winback_audience import END_OF_DATA, REGISTRATION, SCHEMA

from airflow_provider_activation.operators.acoustic_exchange import (
    AcousticExchangeDefineSegmentsOperator,
    AcousticExchangeExportSegmentOperator,
    AcousticExchangeRegisterEndpointOperator,
    AcousticExchangeUploadJobDataOperator,
)
from airflow_provider_activation.operators.audience import DeleteAudienceOperator, PrepareAudienceOperator

# every worker must see this folder; it may be on object storage, such as s3://conn_id@bucket/audiences
FOLDER = Path(os.environ.get("AIRFLOW_HOME", "~/airflow")).expanduser() / "audiences"
SEGMENT = 8000000000000001153
"""The audience's id at the source endpoint."""
CUSTOMERS = (
    "SELECT email, last_purchase FROM customers WHERE last_purchase < %(before)s::date - %(days)s::int"
)
DESTINATION = 20002
PROFILES = ("acoustic", "google")
"""By whose rules addresses are tidied before they are hashed, a file for each."""


@dag(
    schedule=CronDataIntervalTimetable("0 5 * * *", timezone="Europe/Stockholm"),
    start_date=pendulum.datetime(2026, 1, 1, tz="Europe/Stockholm"),
    catchup=False,
    max_active_runs=1,
    tags=["activation"],
    # waits hold no worker slot
    default_args={"retries": 2, "retry_delay": timedelta(minutes=1), "deferrable": True},
    params={
        "inactive_days": Param(
            180,
            type="integer",
            minimum=1,
            title="Inactive days",
            description="A customer is in the audience whose last purchase is older than this.",
        )
    },
    doc_md=__doc__,
)
def warehouse_audience() -> None:
    register = AcousticExchangeRegisterEndpointOperator(
        task_id="register_endpoint",
        acoustic_exchange_conn_id="acoustic_exchange_endpoint",
        **REGISTRATION,
    )
    define = AcousticExchangeDefineSegmentsOperator(
        task_id="define_segment",
        acoustic_exchange_conn_id="acoustic_exchange_endpoint",
        endpoint_id=register.output["endpointId"],
        segments=[
            {
                "id": SEGMENT,
                "name": "From the warehouse",
                "description": "Customers who have not bought for a while",
                "segment_attributes": [{"name": "last_purchase", "type": "string"}],
            }
        ],
    )
    for profile in PROFILES:
        with TaskGroup(profile):
            prepare = PrepareAudienceOperator(
                task_id="prepare",
                source={
                    "conn_id": "warehouse",
                    "sql": CUSTOMERS,
                    "parameters": {"before": END_OF_DATA.isoformat(), "days": "{{ params.inactive_days }}"},
                },
                schema=SCHEMA,
                profile=profile,
                acoustic_exchange_conn_id="acoustic_exchange_endpoint",
                folder=FOLDER,
                name="warehouse",
            )
            export = AcousticExchangeExportSegmentOperator(
                task_id="export",
                endpoint_id=register.output["endpointId"],
                segment_id=SEGMENT,
                destination_endpoint_id=DESTINATION,
                destination_segment_name=f"Warehouse for {profile} "
                "{{ dag_run.run_after.strftime('%Y-%m-%d') }}",
                source_identifiers=["email_sha256"],
                destination_identifier="email",
                update_identities=False,
            )
            # its columns are compared with the registration before anything is sent
            upload = AcousticExchangeUploadJobDataOperator(
                task_id="upload", job_id=export.output["jobId"], file=prepare.output
            )
            delete = DeleteAudienceOperator(task_id="delete", manifest=prepare.output).as_teardown(
                setups=prepare, on_failure_fail_dagrun=True
            )
            chain(register, define, export, upload, delete)
            chain(register, prepare, upload)


warehouse_audience()
