"""Dataddo alone: build a flow once, then load and write it every day."""

from __future__ import annotations

from datetime import timedelta

import pendulum
from airflow.sdk import Param, chain, dag

from airflow_provider_activation.operators.dataddo import (
    DataddoBuildFlowOperator,
    DataddoExtractSourceOperator,
    DataddoWriteFlowOperator,
)


@dag(
    schedule="@daily",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=1), "deferrable": True},
    params={
        "organization_id": Param(
            "org-1", type="string", title="Organisation", description="Whose ads Dataddo reads."
        ),
        "account_id": Param(
            "acc-1", type="string", title="Ad account", description="Which of its ads Dataddo reads."
        ),
    },
    tags=["activation", "dataddo"],
    doc_md=__doc__,
)
def dataddo_flow() -> None:
    build = DataddoBuildFlowOperator(
        task_id="build_flow",
        service="snapchat_static",
        credentials_conn_id="snapchat_app",
        connector_id="snapchat",
        source_label="Snapchat daily",
        source_parameters={
            "templateId": "index",
            "organizationId": "{{ params.organization_id }}",
            "accountId": "{{ params.account_id }}",
            "breakdown": "campaign",
            "metrics": ["spend", "impressions"],
            "labels": ["stats_id", "stats_start_time"],
            "action_report_time": "conversion",
            "swipe_up_attribution_window": "28_DAY",
            "view_attribution_window": "1_DAY",
            "sync_frequency": "day",
            "day_of_week": "2",
            "day_of_month": "1",
            "hour": "3",
            "minute": "25",
            "timezone": "UTC",
            # without Dataddo's braces, which Jinja would take for its own
            "dateRange": "30d1",
            "dateRangePreview": "30d1",
            "search": "",
            "request": None,
            "type": "snapchat",
            "strategy": "incremental",
        },
        flow_label="Snapchat daily to Data Studio",
        app="google_data_studio",
    )
    extract = DataddoExtractSourceOperator(
        task_id="extract_source",
        source_id=build.output["source_id"],
        date_range="1d1",
    )
    write = DataddoWriteFlowOperator(task_id="write_flow", flow_id=build.output["flow_id"])
    chain(build, extract, write)


dataddo_flow()
