"""LiveRamp alone: authorise, connect, distribute, wait for the delivery.

The first run asks a person to consent: open the link "Authorize" on the Details tab of the task
`authorize`. Later runs find the authorisation and the integration connection and go on with them.
"""

from __future__ import annotations

from datetime import timedelta

import pendulum
from airflow.sdk import chain, dag

from airflow_provider_activation.operators.liveramp import (
    LiveRampAuthorizeOAuthConnectionOperator,
    LiveRampCreateIntegrationConnectionOperator,
    LiveRampDistributeSegmentsOperator,
)
from airflow_provider_activation.sensors.liveramp import LiveRampDeliverySensor


@dag(
    schedule="@weekly",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2},
    tags=["activation", "liveramp"],
    doc_md=__doc__,
)
def liveramp_distribution() -> None:
    authorize = LiveRampAuthorizeOAuthConnectionOperator(
        task_id="authorize",
        destination_id="1001",
        integration_id="2001",
        deferrable=True,
        poll_interval=5,
        timeout=timedelta(days=3),
    )
    connect = LiveRampCreateIntegrationConnectionOperator(
        task_id="create_integration_connection",
        destination_id="1001",
        integration_id="2001",
        properties={"accountId": "ads-account-1"},
        device_types=["WEB", "IOS", "ANDROID"],
        oauth_connection_id=authorize.output,
        distribution_manager_name="Weekly audiences",
    )
    distribute = LiveRampDistributeSegmentsOperator(
        task_id="distribute_segments",
        distribution_manager_id=connect.output["distributionManagerID"],
        segments=["5000000001", "5000000002"],
    )
    delivered = LiveRampDeliverySensor(
        task_id="wait_for_delivery",
        integration_connection_id=connect.output["id"],
        segment_ids=["5000000001", "5000000002"],
        deferrable=True,
        poll_interval=5,
    )
    chain(authorize, connect, distribute, delivered)


liveramp_distribution()
