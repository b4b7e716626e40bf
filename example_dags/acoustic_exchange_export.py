"""Acoustic Exchange alone: share a file of customers from a push source to a partner."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pendulum
from airflow.sdk import Param, chain, dag, task
from winback_audience import END_OF_DATA, SCHEMA, export_customers

from airflow_provider_activation.operators.acoustic_exchange import (
    AcousticExchangeDefineSegmentsOperator,
    AcousticExchangeExportSegmentOperator,
    AcousticExchangeRegisterEndpointOperator,
    AcousticExchangeUploadJobDataOperator,
)
from airflow_provider_activation.operators.audience import DeleteAudienceOperator, PrepareAudienceOperator


@dag(
    schedule="@daily",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=1), "deferrable": True},
    params={
        "destination_endpoint_id": Param(
            20002,
            type="integer",
            title="Destination endpoint",
            description="The partner's endpoint. 20003 of the sandbox fetches its file itself.",
        ),
        "inactive_days": Param(
            365,
            type="integer",
            minimum=1,
            title="Inactive days",
            description="A customer is in the audience whose last purchase is older than this.",
        ),
    },
    tags=["activation", "acoustic exchange"],
    doc_md=__doc__,
)
def acoustic_exchange_export() -> None:
    folder = Path(os.environ.get("AIRFLOW_HOME", "~/airflow")).expanduser() / "audiences"

    @task
    def export_customers_of_the_shop(run_id: str) -> str:
        file = folder / f"export-{run_id.replace(':', '-')}.csv"
        export_customers(file)
        return str(file)

    @task
    def delete_customers(file: str) -> None:
        Path(file).unlink(missing_ok=True)

    customers = export_customers_of_the_shop()

    # what an endpoint says of itself needs the endpoint's own key, sharing needs the account's
    register = AcousticExchangeRegisterEndpointOperator(
        task_id="register_endpoint",
        acoustic_exchange_conn_id="acoustic_exchange_endpoint",
        name="Customer base",
        provider_name="Marketing data",
        endpoint_types={"segment": {"source": {"enabled": True, "producerType": "push"}}},
        # the columns of the file
        marketing_databases_definition={
            "marketingDatabases": [
                {
                    "name": "Customers",
                    "identifiers": [
                        {
                            "name": "email_sha256",
                            "type": "email",
                            "hashMode": "HASHED",
                            "hashAlgorithm": "SHA256",
                        }
                    ],
                    "attributes": [{"name": "last_purchase", "type": "String", "isRequired": False}],
                }
            ]
        },
    )
    prepare = PrepareAudienceOperator(
        task_id="prepare_audience",
        source=customers,
        schema=SCHEMA,
        profile="acoustic",
        acoustic_exchange_conn_id="acoustic_exchange_endpoint",
        folder=folder,
        name="lapsed",
        where="CAST(last_purchase AS DATE) < "
        f"DATE '{END_OF_DATA}' - INTERVAL ({{{{ params.inactive_days }}}}) DAY",
    )
    define = AcousticExchangeDefineSegmentsOperator(
        task_id="define_segment",
        acoustic_exchange_conn_id="acoustic_exchange_endpoint",
        endpoint_id=register.output["endpointId"],
        segments=[{"id_string": "lapsed", "name": "Lapsed customers"}],
    )
    export = AcousticExchangeExportSegmentOperator(
        task_id="export_segment",
        endpoint_id=register.output["endpointId"],
        segment_id_string="lapsed",
        destination_endpoint_id="{{ params.destination_endpoint_id }}",
        source_identifiers=["email_sha256"],
        destination_identifier="email",
        update_identities=False,
        min_count=100,
    )
    upload = AcousticExchangeUploadJobDataOperator(
        task_id="upload_audience",
        job_id=export.output["jobId"],
        file=prepare.output["path"],
    )
    delete = DeleteAudienceOperator(task_id="delete_audience", manifest=prepare.output).as_teardown(
        setups=prepare, on_failure_fail_dagrun=True
    )
    gone = delete_customers(customers).as_teardown(setups=customers, on_failure_fail_dagrun=True)
    chain(register, define, export, upload)
    chain(register, prepare, upload, delete)
    chain(prepare, gone)


acoustic_exchange_export()
