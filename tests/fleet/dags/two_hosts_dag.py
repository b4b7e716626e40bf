"""An audience that one host prepares and another one reads."""

from __future__ import annotations

import pendulum
from airflow.sdk import chain, dag

from airflow_provider_activation.audience import AudienceSchema, Email
from airflow_provider_activation.operators.acoustic_exchange import (
    AcousticExchangeExportSegmentOperator,
    AcousticExchangeUploadJobDataOperator,
)
from airflow_provider_activation.operators.audience import DeleteAudienceOperator, PrepareAudienceOperator

ONE, TWO = "host-one", "host-two"
"""The queues, each of a worker on a host of this name."""
CONN_ID = "acoustic_exchange_tenant_01"


@dag(schedule=None, start_date=pendulum.datetime(2026, 1, 1, tz="UTC"))
def two_hosts_dag() -> None:
    prepare = PrepareAudienceOperator(
        task_id="prepare",
        source="{{ dag_run.conf['source'] }}",
        schema=AudienceSchema({"email_sha256": Email("email").sha256()}),
        profile="acoustic",
        folder="{{ dag_run.conf['folder'] }}",
        endpoint_id=110001,
        acoustic_exchange_conn_id=CONN_ID,
        queue=ONE,
    )
    export = AcousticExchangeExportSegmentOperator(
        task_id="export",
        endpoint_id=110001,
        segment_id=800000,
        destination_endpoint_id=120002,
        source_identifiers=["email_sha256"],
        destination_identifier="email",
        update_identities=False,
        acoustic_exchange_conn_id=CONN_ID,
        queue=ONE,
    )
    manifest = "{{ ti.xcom_pull('prepare') }}"
    # one after the other, whatever becomes of those before
    readers = [
        AcousticExchangeUploadJobDataOperator(
            task_id="upload",
            job_id="{{ ti.xcom_pull('export')['jobId'] }}",
            file=manifest,
            acoustic_exchange_conn_id=CONN_ID,
            queue=TWO,
            trigger_rule="all_done",
        ),
        DeleteAudienceOperator(task_id="delete", manifest=manifest, queue=TWO, trigger_rule="all_done"),
    ]
    chain(prepare, export, *readers)


two_hosts_dag()
