"""LiveRamp alone: authorise, connect, distribute, wait for the delivery.

The first run asks a person to consent: open the link "Authorize" on the Details tab of the task
`authorize`. Later runs find the authorisation and the integration connection and go on with them.
"""

from __future__ import annotations

from datetime import timedelta

import pendulum
from airflow.sdk import Param, chain, dag

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
    default_args={"retries": 2, "retry_delay": timedelta(minutes=1), "deferrable": True},
    params={
        "destination_id": Param(
            "1001", type="string", title="Destination", description="Where segments are delivered."
        ),
        "integration_id": Param(
            "2001", type="string", title="Integration", description="One of the destination's."
        ),
        "account_id": Param(
            "ads-account-1",
            type="string",
            title="Account at the destination",
            description="The integration's property accountId.",
        ),
        "segment_ids": Param(
            ["5000000001", "5000000002"],
            type="array",
            items={"type": "string"},
            title="Segments",
            description="What is distributed.",
        ),
    },
    # a template of a list renders a list
    render_template_as_native_obj=True,
    tags=["activation", "liveramp"],
    doc_md=__doc__,
)
def liveramp_distribution() -> None:
    authorize = LiveRampAuthorizeOAuthConnectionOperator(
        task_id="authorize",
        destination_id="{{ params.destination_id }}",
        integration_id="{{ params.integration_id }}",
        timeout=timedelta(days=3),
    )
    connect = LiveRampCreateIntegrationConnectionOperator(
        task_id="create_integration_connection",
        destination_id="{{ params.destination_id }}",
        integration_id="{{ params.integration_id }}",
        properties={"accountId": "{{ params.account_id }}"},
        device_types=["WEB", "IOS", "ANDROID"],
        oauth_connection_id=authorize.output,
        distribution_manager_name="Weekly audiences",
    )
    distribute = LiveRampDistributeSegmentsOperator(
        task_id="distribute_segments",
        distribution_manager_id=connect.output["distributionManagerID"],
        segments="{{ params.segment_ids }}",
    )
    delivered = LiveRampDeliverySensor(
        task_id="wait_for_delivery",
        integration_connection_id=connect.output["id"],
        segment_ids="{{ params.segment_ids }}",
    )
    chain(authorize, connect, distribute, delivered)


liveramp_distribution()
