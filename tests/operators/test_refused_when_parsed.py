"""What no template can change is refused when a DAG is parsed, with the argument, its type and the rule."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_activation.errors import InvalidRequest
from airflow_provider_activation.operators import acoustic_exchange, dataddo, delta_projects, liveramp
from airflow_provider_activation.sensors import acoustic_exchange as acoustic_exchange_sensors
from airflow_provider_activation.sensors import dataddo as dataddo_sensors
from airflow_provider_activation.sensors import delta_projects as delta_projects_sensors
from airflow_provider_activation.sensors import liveramp as liveramp_sensors

GOOD: dict[Callable[..., Any], dict[str, Any]] = {
    liveramp.LiveRampAuthorizeOAuthConnectionOperator: {"destination_id": "1", "integration_id": "2"},
    liveramp.LiveRampCreateIntegrationConnectionOperator: {
        "destination_id": "1",
        "integration_id": "2",
        "properties": {},
        "device_types": ["PII"],
    },
    liveramp.LiveRampUpdateIntegrationConnectionOperator: {"integration_connection_id": "1"},
    liveramp.LiveRampCreateDistributionManagerOperator: {"name": "a", "integration_connection_id": "1"},
    liveramp.LiveRampUpdateDistributionManagerOperator: {"distribution_manager_id": "1"},
    liveramp.LiveRampDeleteDistributionManagerOperator: {"distribution_manager_id": "1"},
    liveramp.LiveRampDistributeSegmentsOperator: {"distribution_manager_id": "1", "segments": ["1"]},
    liveramp.LiveRampWithdrawSegmentsOperator: {"distribution_manager_id": "1", "segment_ids": ["1"]},
    acoustic_exchange.AcousticExchangeRegisterEndpointOperator: {
        "name": "a",
        "provider_name": "b",
        "endpoint_types": {},
    },
    acoustic_exchange.AcousticExchangeSetEndpointAttributesOperator: {
        "acoustic_exchange_conn_id": "a",
        "attributes": {"user": "someone"},
    },
    acoustic_exchange.AcousticExchangeDefineSegmentsOperator: {
        "endpoint_id": 1,
        "segments": [{"id": 1, "name": "a"}],
    },
    acoustic_exchange.AcousticExchangeDeleteSegmentsOperator: {"endpoint_id": 1, "segment_ids": [1]},
    acoustic_exchange.AcousticExchangeExportSegmentOperator: {
        "endpoint_id": 1,
        "segment_id": 2,
        "destination_endpoint_id": 3,
        "source_identifiers": ["email"],
        "destination_identifier": "email",
        "update_identities": False,
    },
    acoustic_exchange.AcousticExchangeImportIdentitiesOperator: {"endpoint_id": 1, "segment_id": 2},
    acoustic_exchange.AcousticExchangeUploadJobDataOperator: {"job_id": 1, "file": "a.csv"},
    acoustic_exchange.AcousticExchangeDownloadSegmentDataOperator: {"job_id": 1, "directory": "."},
    delta_projects.DeltaProjectsCreateActivityFromTemplateOperator: {
        "template_id": "a",
        "activity_name": "b",
        "flight_start": "{{ ds }}",
        "flight_stop": "{{ ds }}",
        "order_id": "c",
        "budget": 1,
    },
    delta_projects.DeltaProjectsUpdateActivityOperator: {"activity_id": "a"},
    dataddo.DataddoCreateServiceOperator: {"service": "a", "credentials_conn_id": "b"},
    dataddo.DataddoCreateSourceOperator: {
        "connector_id": "a",
        "source_label": "b",
        "service_id": "1",
        "parameters": {},
    },
    dataddo.DataddoCreateFlowOperator: {"source_ids": ["a"], "app": "b", "flow_label": "c"},
    dataddo.DataddoBuildFlowOperator: {
        "service": "a",
        "credentials_conn_id": "b",
        "connector_id": "c",
        "source_label": "d",
        "source_parameters": {},
        "flow_label": "e",
        "app": "f",
    },
    dataddo.DataddoExtractSourceOperator: {"source_id": "a"},
    dataddo.DataddoDeleteFlowOperator: {"flow_id": "a"},
    acoustic_exchange_sensors.AcousticExchangeJobSensor: {"job_id": 1},
    acoustic_exchange_sensors.AcousticExchangeEndpointStatusSensor: {"endpoint_id": 1},
    dataddo_sensors.DataddoFlowSensor: {"flow_id": "a"},
    delta_projects_sensors.DeltaProjectsActivitySensor: {"activity_id": "a"},
    liveramp_sensors.LiveRampSegmentSyncSensor: {"segment_ids": ["1"]},
}
SOURCE = {"source": {"enabled": True, "producerType": "push"}}
BOTH = SOURCE | {"destination": {"enabled": True, "destinationType": "pull"}}
CIRCLE = {"lat": 59.3, "long": 18.1, "radius": 5}

ENDLESS = (float("inf"), float("nan"), 1e15, 10**400, timedelta.max)
NO_SECONDS: list[dict[str, Any]] = [
    *(
        {"poll_interval": value}
        for value in (0, -1, True, "60", timedelta(0), 1e-9, 0.09, 86_401, timedelta(days=2), *ENDLESS)
    ),
    *({"timeout": value} for value in (0, -1, True, timedelta(seconds=-1), 5 * 365 * 86_400 + 1, *ENDLESS)),
]
LONGEST_AND_SHORTEST: list[dict[str, Any]] = [
    {"poll_interval": 0.1, "timeout": timedelta(days=5 * 365)},
    {"poll_interval": timedelta(days=1), "timeout": 0.1},
]
WAITS: list[Callable[..., Any]] = [
    liveramp.LiveRampDistributeSegmentsOperator,
    acoustic_exchange.AcousticExchangeExportSegmentOperator,
    dataddo.DataddoExtractSourceOperator,
    acoustic_exchange_sensors.AcousticExchangeJobSensor,
    dataddo_sensors.DataddoFlowSensor,
    liveramp_sensors.LiveRampSegmentSyncSensor,
]
REFUSED: list[tuple[Callable[..., Any], dict[str, Any]]] = [
    *itertools.product(WAITS, NO_SECONDS),
    (liveramp.LiveRampAuthorizeOAuthConnectionOperator, {"if_exists": "take"}),
    (liveramp.LiveRampCreateIntegrationConnectionOperator, {"device_types": ["FRIDGE"]}),
    (liveramp.LiveRampCreateIntegrationConnectionOperator, {"device_types": "PII"}),
    (liveramp.LiveRampCreateIntegrationConnectionOperator, {"device_types": []}),
    (liveramp.LiveRampCreateIntegrationConnectionOperator, {"on_uncertain": "guess"}),
    (liveramp.LiveRampUpdateIntegrationConnectionOperator, {"device_types": ["pii"]}),
    (liveramp.LiveRampCreateDistributionManagerOperator, {"status": "active"}),
    (liveramp.LiveRampUpdateDistributionManagerOperator, {"status": "PAUSED"}),
    (liveramp.LiveRampDeleteDistributionManagerOperator, {"if_missing": "shrug"}),
    (liveramp.LiveRampDistributeSegmentsOperator, {"segment_type": "AUDIENCE"}),
    (liveramp.LiveRampWithdrawSegmentsOperator, {"segment_type": None}),
    (acoustic_exchange.AcousticExchangeRegisterEndpointOperator, {"endpoint_types": {"segment": BOTH}}),
    (acoustic_exchange.AcousticExchangeRegisterEndpointOperator, {"endpoint_types": {"audience": SOURCE}}),
    (acoustic_exchange.AcousticExchangeRegisterEndpointOperator, {"hash_algorithm": "SHA512"}),
    (
        acoustic_exchange.AcousticExchangeRegisterEndpointOperator,
        {"marketing_databases_definition": {"marketingDatabases": [{"name": ""}]}},
    ),
    (acoustic_exchange.AcousticExchangeSetEndpointAttributesOperator, {"credentials": {"a": "host"}}),
    (acoustic_exchange.AcousticExchangeDefineSegmentsOperator, {"mode": "merge"}),
    (acoustic_exchange.AcousticExchangeDeleteSegmentsOperator, {"all_segments": True}),
    (acoustic_exchange.AcousticExchangeExportSegmentOperator, {"segment_id_string": "a"}),
    (acoustic_exchange.AcousticExchangeExportSegmentOperator, {"segment_id": None}),
    (acoustic_exchange.AcousticExchangeExportSegmentOperator, {"action": "merge"}),
    (acoustic_exchange.AcousticExchangeExportSegmentOperator, {"destination_segment_id": "7"}),
    (acoustic_exchange.AcousticExchangeExportSegmentOperator, {"source_identifiers": "email"}),
    (acoustic_exchange.AcousticExchangeExportSegmentOperator, {"source_identifiers": [""]}),
    (acoustic_exchange.AcousticExchangeExportSegmentOperator, {"destination_identifier": ""}),
    (acoustic_exchange.AcousticExchangeExportSegmentOperator, {"update_identities": "no"}),
    (acoustic_exchange.AcousticExchangeExportSegmentOperator, {"min_count": 0.5}),
    (acoustic_exchange.AcousticExchangeExportSegmentOperator, {"schedule_details": {"startHour": "25"}}),
    (acoustic_exchange.AcousticExchangeExportSegmentOperator, {"on_needs_action": "sleep"}),
    (acoustic_exchange.AcousticExchangeImportIdentitiesOperator, {"segment_id": None}),
    (acoustic_exchange.AcousticExchangeImportIdentitiesOperator, {"schedule_details": {"runNow": "soon"}}),
    (acoustic_exchange.AcousticExchangeUploadJobDataOperator, {"job_category": "SEGMENT_POPULATE_DB"}),
    (acoustic_exchange.AcousticExchangeUploadJobDataOperator, {"content_type": ""}),
    (acoustic_exchange.AcousticExchangeDownloadSegmentDataOperator, {"job_category": "EXPORT"}),
    (delta_projects.DeltaProjectsCreateActivityFromTemplateOperator, {"geo_details": [CIRCLE]}),
    (delta_projects.DeltaProjectsCreateActivityFromTemplateOperator, {"exclude_geo": False}),
    (delta_projects.DeltaProjectsCreateActivityFromTemplateOperator, {"target_ecpm": -1}),
    (delta_projects.DeltaProjectsCreateActivityFromTemplateOperator, {"impression_budget": True}),
    (
        delta_projects.DeltaProjectsUpdateActivityOperator,
        {"geo_details": [CIRCLE | {"lat": 91}], "exclude_geo": True},
    ),
    (
        delta_projects.DeltaProjectsUpdateActivityOperator,
        {"geo_details": [CIRCLE | {"radius": -1}], "exclude_geo": True},
    ),
    (delta_projects.DeltaProjectsUpdateActivityOperator, {"exclude_geo": True}),
    (dataddo.DataddoCreateServiceOperator, {"credentials": {"staticKey": "token"}}),
    (dataddo.DataddoCreateSourceOperator, {"connector_id": " "}),
    (dataddo.DataddoCreateFlowOperator, {"app": ""}),
    (dataddo.DataddoBuildFlowOperator, {"service": None}),
    (dataddo.DataddoBuildFlowOperator, {"if_exists": "merge"}),
    (dataddo.DataddoDeleteFlowOperator, {"if_missing": ""}),
    (acoustic_exchange_sensors.AcousticExchangeJobSensor, {"target_statuses": ["DONE"]}),
    (acoustic_exchange_sensors.AcousticExchangeJobSensor, {"target_statuses": []}),
    (acoustic_exchange_sensors.AcousticExchangeJobSensor, {"job_category": "EXPORT"}),
    (acoustic_exchange_sensors.AcousticExchangeJobSensor, {"on_needs_action": "ask"}),
    (acoustic_exchange_sensors.AcousticExchangeEndpointStatusSensor, {"target_statuses": ["active"]}),
    (delta_projects_sensors.DeltaProjectsActivitySensor, {"until": "spent"}),
    (liveramp_sensors.LiveRampSegmentSyncSensor, {"segment_type": "ALL"}),
]


FAULTS_INSIDE = {
    str({"segment": BOTH}): "both a source and a destination of audiences",
    str({"audience": SOURCE}): "audience: Extra inputs are not permitted",
    str({"marketingDatabases": [{"name": ""}]}): "name: .*at least 1 character",
    str({"startHour": "25"}): "startHour.*must be a number from 0 to 24",
    str({"runNow": "soon"}): "runNow.*must be true or false",
    str([CIRCLE | {"lat": 91}]): "lat.*less than or equal to 90",
    str([CIRCLE | {"radius": -1}]): "radius.*greater than or equal to 0",
    "7": "action is required",
}
"""What is said where the fault is a field inside the argument, or what must stand beside it."""


@pytest.mark.parametrize("kind", GOOD, ids=lambda kind: kind.__name__)
def test_what_is_good_is_taken(kind: Callable[..., Any]) -> None:
    assert kind(task_id="a", **GOOD[kind])


@pytest.mark.parametrize("given", LONGEST_AND_SHORTEST, ids=str)
@pytest.mark.parametrize("kind", WAITS, ids=lambda kind: kind.__name__)
def test_the_bounds_of_a_wait_are_taken(kind: Callable[..., Any], given: dict[str, Any]) -> None:
    assert kind(task_id="a", **{**GOOD[kind], **given})


@pytest.mark.parametrize(("kind", "bad"), REFUSED)
def test_what_cannot_be_sent_is_refused_when_the_dag_is_parsed(
    kind: Callable[..., Any], bad: dict[str, Any]
) -> None:
    argument, value = next(iter(bad.items()))
    with pytest.raises((ValueError, InvalidRequest), match=FAULTS_INSIDE.get(str(value), argument)):
        kind(task_id="a", **{**GOOD[kind], **bad})
