"""Send a win-back audience out through four services, every day.

The audience is prepared without those who have unsubscribed, checked against what was sent before, shared
on Acoustic Exchange and put into distribution on LiveRamp. When both have delivered it, an advertising
activity is created and enabled at Delta Projects, and Dataddo collects what the advertising channels report.

It runs as it stands against the sandbox (`make demo`). With the param "Simulate" it changes nothing, and each
task says what it would do (`make demo SIMULATE=1`). For your own accounts, change the values of the DAG's
params to what your vendors gave you.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pendulum
from airflow.sdk import Asset, Param, TaskGroup, chain, dag, task
from airflow.timetables.interval import CronDataIntervalTimetable
from winback_audience import (
    END_OF_DATA,
    REGISTRATION,
    SCHEMA,
    UNSUBSCRIBED,
    export_customers,
    export_unsubscribed,
)

from airflow_provider_activation.audience import AudienceGuard, Suppression
from airflow_provider_activation.operators.acoustic_exchange import (
    AcousticExchangeDefineSegmentsOperator,
    AcousticExchangeExportSegmentOperator,
    AcousticExchangeRegisterEndpointOperator,
    AcousticExchangeUploadJobDataOperator,
)
from airflow_provider_activation.operators.audience import (
    CheckAudienceOperator,
    DeleteAudienceOperator,
    PrepareAudienceOperator,
)
from airflow_provider_activation.operators.dataddo import (
    DataddoBuildFlowOperator,
    DataddoExtractSourceOperator,
    DataddoWriteFlowOperator,
)
from airflow_provider_activation.operators.delta_projects import (
    DeltaProjectsCreateActivityFromTemplateOperator,
    DeltaProjectsUpdateActivityOperator,
)
from airflow_provider_activation.operators.liveramp import (
    LiveRampAuthorizeOAuthConnectionOperator,
    LiveRampCreateIntegrationConnectionOperator,
    LiveRampDistributeSegmentsOperator,
)
from airflow_provider_activation.sensors.liveramp import LiveRampDeliverySensor

# every worker must see these folders; with several machines, put them on shared storage
HOME = Path(os.environ.get("AIRFLOW_HOME", "~/airflow")).expanduser()
FOLDER = HOME / "audiences"
LEDGER = HOME / "ledger"
"""The receipts of what was sent. They name no person, and are kept."""
TIME_ZONE = "Europe/Stockholm"
SEGMENT = 8000000000000001152
"""The audience's id at the source endpoint; Acoustic Exchange's ids may be larger than 2^53."""


@dag(
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone=TIME_ZONE),
    start_date=pendulum.datetime(2026, 1, 1, tz=TIME_ZONE),
    catchup=False,
    max_active_runs=1,
    tags=["activation"],
    # waits hold no worker slot
    default_args={
        "retries": 2,
        "retry_delay": timedelta(minutes=1),
        "deferrable": True,
        "simulate": "{{ params.simulate }}",
    },
    # timestamps as people in the agency's time zone write them
    user_defined_macros={"local": lambda timestamp: timestamp.in_timezone(TIME_ZONE)},
    params={
        "simulate": Param(
            False,
            type="boolean",
            title="Simulate",
            description="Read and check all, change nothing, and say what would be done.",
        ),
        "inactive_days": Param(
            180,
            type="integer",
            minimum=1,
            title="Inactive days",
            description="A customer is in the audience whose last purchase is older than this.",
        ),
        "acoustic_destination_endpoint_id": Param(
            20002,
            type="integer",
            title="Acoustic Exchange: destination endpoint",
            description="The endpoint with which the audience is shared.",
        ),
        "liveramp_destination_id": Param(
            "1001", type="string", title="LiveRamp: destination", description="Where segments are delivered."
        ),
        "liveramp_integration_id": Param(
            "2001", type="string", title="LiveRamp: integration", description="One of the destination's."
        ),
        "liveramp_account_id": Param(
            "ads-account-1",
            type="string",
            title="LiveRamp: account at the destination",
            description="The integration's property accountId.",
        ),
        "liveramp_segment_id": Param(
            "5000000001", type="string", title="LiveRamp: segment", description="What is distributed."
        ),
        "delta_projects_template_id": Param(
            "16b35327-794c-11e4-8425-daf437376f87",
            type="string",
            title="Delta Projects: template",
            description="The template of the activity.",
        ),
        "snapchat_organization_id": Param(
            "org-1", type="string", title="Snapchat: organisation", description="Whose ads Dataddo reads."
        ),
        "snapchat_account_id": Param(
            "acc-1", type="string", title="Snapchat: ad account", description="Which ads Dataddo reads."
        ),
    },
    doc_md=__doc__,
)
def syndicate_audience() -> None:
    @task(multiple_outputs=True)
    def export_customers_of_the_shop(run_id: str) -> dict[str, str]:
        names = ("customers", "unsubscribed")
        files = {name: FOLDER / f"{name}-{run_id.replace(':', '-')}.csv" for name in names}
        export_customers(files["customers"])
        export_unsubscribed(files["unsubscribed"])
        return {name: str(file) for name, file in files.items()}

    @task
    def delete_customers(files: dict[str, str]) -> None:
        for file in files.values():
            Path(file).unlink(missing_ok=True)

    customers = export_customers_of_the_shop()

    with TaskGroup("acoustic_exchange") as acoustic_exchange:
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
                    "name": "Win-back",
                    "description": "Customers who have not bought for a while",
                    "segment_attributes": [{"name": "last_purchase", "type": "string"}],
                }
            ],
        )
        # what the endpoint registers says which columns may leave, and how they are hashed
        prepare = PrepareAudienceOperator(
            task_id="prepare_audience",
            source=customers["customers"],
            schema=SCHEMA,
            suppress=[Suppression(customers["unsubscribed"], UNSUBSCRIBED)],
            profile="acoustic",
            registration=REGISTRATION,
            folder=FOLDER,
            name="win-back",
            where="CAST(last_purchase AS DATE) < "
            f"DATE '{END_OF_DATA}' - INTERVAL ({{{{ params.inactive_days }}}}) DAY",
        )
        # a broken export of the shop, half of it or twice of it, goes nowhere
        check = CheckAudienceOperator(
            task_id="check_audience",
            manifest=prepare.output,
            audience="win-back",
            destination="Acoustic Exchange",
            ledger=LEDGER,
            guard=AudienceGuard(min_rows=100, max_shrink=0.3, max_growth=0.5),
            on_breach="ask",
        )
        export = AcousticExchangeExportSegmentOperator(
            task_id="export_segment",
            endpoint_id=register.output["endpointId"],
            segment_id=SEGMENT,
            destination_endpoint_id="{{ params.acoustic_destination_endpoint_id }}",
            destination_segment_name="Win-back {{ local(data_interval_end).to_date_string() }}",
            source_identifiers=["email_sha256"],
            destination_identifier="email",
            update_identities=False,
            manifest=check.output,
        )
        upload = AcousticExchangeUploadJobDataOperator(
            task_id="upload_audience",
            job_id=export.output["jobId"],
            file=check.output,
            outlets=[Asset("win_back_sent")],
        )
        # addresses and digests stay no longer than they are needed; clearing the upload makes them once more
        delete = DeleteAudienceOperator(task_id="delete_audience", manifest=prepare.output).as_teardown(
            setups=prepare, on_failure_fail_dagrun=True
        )
        gone = delete_customers(customers).as_teardown(setups=customers, on_failure_fail_dagrun=True)
        chain(register, define, export, upload)
        chain(prepare, check, export)
        chain(upload, delete)
        chain(prepare, gone)

    with TaskGroup("liveramp") as liveramp:
        authorize = LiveRampAuthorizeOAuthConnectionOperator(
            task_id="authorize",
            destination_id="{{ params.liveramp_destination_id }}",
            integration_id="{{ params.liveramp_integration_id }}",
        )
        connect = LiveRampCreateIntegrationConnectionOperator(
            task_id="create_integration_connection",
            destination_id="{{ params.liveramp_destination_id }}",
            integration_id="{{ params.liveramp_integration_id }}",
            properties={"accountId": "{{ params.liveramp_account_id }}"},
            device_types=["WEB", "IOS", "ANDROID"],
            oauth_connection_id=authorize.output,
            distribution_manager_name="Win-back",
        )
        distribute = LiveRampDistributeSegmentsOperator(
            task_id="distribute_segments",
            distribution_manager_id=connect.output["distributionManagerID"],
            segments=["{{ params.liveramp_segment_id }}"],
        )
        delivered = LiveRampDeliverySensor(
            task_id="wait_for_delivery",
            integration_connection_id=connect.output["id"],
            segment_ids=["{{ params.liveramp_segment_id }}"],
        )
        chain(authorize, connect, distribute, delivered)

    with TaskGroup("delta_projects") as delta_projects:
        # created disabled, so that nothing spends money before it is known to exist once
        create = DeltaProjectsCreateActivityFromTemplateOperator(
            task_id="create_activity",
            template_id="{{ params.delta_projects_template_id }}",
            activity_name="Win-back {{ local(data_interval_end).to_date_string() }}",
            flight_start="{{ local(data_interval_end).isoformat() }}",
            flight_stop="{{ local(data_interval_end).add(days=7).subtract(seconds=1).isoformat() }}",
            order_id="WIN-BACK-{{ local(data_interval_end).format('YYYYMMDD') }}",
            budget=1000,
        )
        enable = DeltaProjectsUpdateActivityOperator(
            task_id="enable_activity", activity_id=create.output["id"], enabled=True
        )
        chain(create, enable)

    with TaskGroup("dataddo") as dataddo:
        build = DataddoBuildFlowOperator(
            task_id="build_flow",
            service="snapchat_static",
            credentials_conn_id="snapchat_app",
            connector_id="snapchat",
            source_label="Snapchat Insights",
            source_parameters={
                "templateId": "index",
                "organizationId": "{{ params.snapchat_organization_id }}",
                "accountId": "{{ params.snapchat_account_id }}",
                "breakdown": "campaign",
                "metrics": ["spend", "impressions"],
                "labels": ["stats_id", "stats_type", "stats_start_time", "stats_end_time"],
                "action_report_time": "conversion",
                "swipe_up_attribution_window": "28_DAY",
                "view_attribution_window": "1_DAY",
                "sync_frequency": "day",
                "day_of_week": "2",
                "day_of_month": "1",
                "hour": "3",
                "minute": "25",
                "timezone": "UTC",
                "dateRange": "30d1",
                "dateRangePreview": "30d1",
                "search": "",
                "request": None,
                "type": "snapchat",
                "strategy": "incremental",
            },
            flow_label="GDS Flow",
            app="google_data_studio",
        )
        extract = DataddoExtractSourceOperator(
            task_id="extract_source",
            source_id=build.output["source_id"],
            date_from="{{ local(data_interval_start).to_date_string() }}",
            date_to="{{ local(data_interval_start).to_date_string() }}",
        )
        write = DataddoWriteFlowOperator(task_id="write_flow", flow_id=build.output["flow_id"])
        chain(build, extract, write)

    chain([acoustic_exchange, liveramp], delta_projects, dataddo)


syndicate_audience()
