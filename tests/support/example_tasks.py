"""The tasks most tests run: one of each kind, with arguments the sandbox accepts."""

from __future__ import annotations

from typing import Any

from airflow_provider_activation.operators.acoustic_exchange import (
    AcousticExchangeDefineSegmentsOperator,
    AcousticExchangeExportSegmentOperator,
    AcousticExchangeRegisterEndpointOperator,
)
from airflow_provider_activation.operators.dataddo import DataddoBuildFlowOperator
from airflow_provider_activation.operators.delta_projects import (
    DeltaProjectsCreateActivityFromTemplateOperator,
)
from airflow_provider_activation.operators.liveramp import LiveRampCreateIntegrationConnectionOperator
from scripts.machine_speed import scaled

SEGMENT = 8000000000000001152
TEMPLATE = "16b35327-794c-11e4-8425-daf437376f87"
SOURCE_PARAMETERS: dict[str, Any] = {
    "templateId": "index",
    "organizationId": "org-1",
    "accountId": "acc-1",
    "breakdown": "campaign",
    "metrics": ["spend"],
    "labels": ["stats_id"],
    "action_report_time": "conversion",
    "swipe_up_attribution_window": "28_DAY",
    "view_attribution_window": "1_DAY",
    "dateRange": "30d1",
    "strategy": "incremental",
}


def register(**arguments: Any) -> AcousticExchangeRegisterEndpointOperator:
    return AcousticExchangeRegisterEndpointOperator(
        task_id="register",
        **{
            "acoustic_exchange_conn_id": "acoustic_exchange_endpoint",
            "name": "Customer base",
            "provider_name": "Marketing data",
            "endpoint_types": {"segment": {"source": {"enabled": True, "producerType": "push"}}},
            **arguments,
        },
    )


def define(**arguments: Any) -> AcousticExchangeDefineSegmentsOperator:
    return AcousticExchangeDefineSegmentsOperator(
        task_id="define",
        **{
            "acoustic_exchange_conn_id": "acoustic_exchange_endpoint",
            "endpoint_id": 10001,
            "segments": [{"id": SEGMENT, "name": "Win-back"}],
            **arguments,
        },
    )


def export(**arguments: Any) -> AcousticExchangeExportSegmentOperator:
    return AcousticExchangeExportSegmentOperator(
        task_id="export",
        **{
            "endpoint_id": "10001",
            "segment_id": SEGMENT,
            "destination_endpoint_id": 20002,
            "source_identifiers": ["email_sha256"],
            "destination_identifier": "email",
            "update_identities": False,
            "poll_interval": 0.1,
            "timeout": scaled(20),
            **arguments,
        },
    )


def create_activity(**arguments: Any) -> DeltaProjectsCreateActivityFromTemplateOperator:
    return DeltaProjectsCreateActivityFromTemplateOperator(
        task_id="create_activity",
        **{
            "template_id": TEMPLATE,
            "activity_name": "Win-back",
            "flight_start": "2036-11-24T00:00:00+01:00",
            "flight_stop": "2036-11-30T23:59:59+01:00",
            "order_id": "GXK-77123",
            "budget": 1000,
            **arguments,
        },
    )


def connect(**arguments: Any) -> LiveRampCreateIntegrationConnectionOperator:
    return LiveRampCreateIntegrationConnectionOperator(
        task_id="connect",
        **{
            "destination_id": "1002",
            "integration_id": "2002",
            "properties": {"bucket": "audiences", "folder": "daily"},
            "device_types": ["PII"],
            "distribution_manager_name": "Win-back",
            **arguments,
        },
    )


def build_flow(**arguments: Any) -> DataddoBuildFlowOperator:
    return DataddoBuildFlowOperator(
        task_id="build_flow",
        **{
            "service": "snapchat_static",
            "credentials_conn_id": "snapchat_app",
            "connector_id": "snapchat",
            "source_label": "Snapchat Insights",
            "source_parameters": SOURCE_PARAMETERS,
            "flow_label": "GDS Flow",
            "app": "google_data_studio",
            **arguments,
        },
    )
