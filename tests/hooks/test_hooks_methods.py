"""Every method of every hook once, over real HTTP, and the same call on an event loop."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_activation.api import acoustic_exchange, dataddo, delta_projects, liveramp
from airflow_provider_activation.api.call import Call, Page, every_page
from airflow_provider_activation.api.liveramp import common as liveramp_common
from airflow_provider_activation.hooks import base
from airflow_provider_activation.hooks.acoustic_exchange import AcousticExchangeHook
from airflow_provider_activation.hooks.base import ActivationHook
from airflow_provider_activation.hooks.dataddo import DataddoHook
from airflow_provider_activation.hooks.delta_projects import DeltaProjectsHook
from airflow_provider_activation.hooks.liveramp import LiveRampHook
from airflow_provider_activation.sandbox import Sandbox

REGISTRATION = acoustic_exchange.EndpointRegistration(
    name="CRM",
    provider_name="Example",
    endpoint_types=acoustic_exchange.EndpointTypes(
        segment=acoustic_exchange.SegmentTypes(
            source=acoustic_exchange.SegmentSource(enabled=True, producer_type="push")
        )
    ),
)
SEGMENT = acoustic_exchange.SegmentDefinition(
    id=7,
    name="Win back",
    segment_attributes=(acoustic_exchange.SegmentAttributeInput(name="email", type="string"),),
)
EXPORT = acoustic_exchange.SegmentExport(
    endpoint_id=10001,
    segment_id=7,
    destination_endpoint_id=20002,
    source_identifiers=("email",),
    destination_identifier="email",
    update_identities=False,
)
PUBLISHER = acoustic_exchange.EndpointRegistration(
    name="Shop",
    provider_name="Example",
    endpoint_types=acoustic_exchange.EndpointTypes(
        event=acoustic_exchange.EventTypes(source=acoustic_exchange.EventSource(enabled=True))
    ),
)
EVENT_TYPE = acoustic_exchange.EventTypeDefinition(
    code="cartAbandonment", name="Cart abandonment", description="left with a full cart"
)
EVENTS = acoustic_exchange.EventPublication(
    channel="web",
    identifiers=(acoustic_exchange.EventIdentifier(name="cookieId", value="455739626"),),
    events=(
        acoustic_exchange.Event(
            code="cartAbandonment",
            timestamp=datetime(2026, 9, 1, 8, 30, tzinfo=UTC),
            attributes=(acoustic_exchange.EventAttribute(name="quantity", value="4", type="integer"),),
        ),
    ),
)
ACTIVITY = delta_projects.ActivityFromTemplate(
    template_id="16b35327-794c-11e4-8425-daf437376f87",
    activity_name="Autumn",
    flight_start=datetime(2026, 9, 1, tzinfo=UTC),
    flight_stop=datetime(2026, 10, 1, tzinfo=UTC),
    order_id="order-1",
    budget=1000,
)
SNAPCHAT = dataddo.source_payload(
    "snapchat",
    "Spend",
    "1000",
    {
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
        "request": None,
    },
)
DATA_STORE = liveramp.IntegrationConnectionInput(
    integration_id=("1002", "2002"),
    properties=(
        liveramp.PropertyInput(property_key="bucket", property_value="b"),
        liveramp.PropertyInput(property_key="folder", property_value="f"),
    ),
    device_types=("PII",),
    distribution_manager_name="Autumn",
)
CONFIG = liveramp.SegmentConfigInput(segment_id="5000000001", segment_type="ONBOARDING")
ATTEMPT = liveramp.OAuthConnectionAttemptInput(oauth_endpoint_id="3001")


@dataclass
class Held:
    """What the services hold before the method under test is called."""

    file: Path
    ids: dict[str, Any] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        return self.ids[name]


def own_endpoint(held: Held) -> None:
    AcousticExchangeHook("acoustic_exchange_endpoint").register_endpoint(REGISTRATION)


def disabled_endpoint(held: Held) -> None:
    own_endpoint(held)
    AcousticExchangeHook("acoustic_exchange_endpoint").disable_endpoint()


def publisher(held: Held) -> None:
    AcousticExchangeHook("acoustic_exchange_endpoint").register_endpoint(PUBLISHER)


def event_type(held: Held) -> None:
    publisher(held)
    AcousticExchangeHook("acoustic_exchange_endpoint").create_event_type(EVENT_TYPE)


def segment(held: Held) -> None:
    own_endpoint(held)
    AcousticExchangeHook("acoustic_exchange_endpoint").replace_segments(10001, [SEGMENT])


def job(held: Held) -> None:
    segment(held)
    held.ids["job_id"] = AcousticExchangeHook().export_segment(EXPORT)


def ready_job(held: Held) -> None:
    """A job to a destination that pulls, once its file is ready."""
    segment(held)
    hook = AcousticExchangeHook()
    to_pull = EXPORT.model_copy(update={"destination_endpoint_id": 20003})
    held.ids["job_id"] = hook.export_segment(to_pull)
    hook.upload_job_data(held.job_id, held.file)
    deadline = time.monotonic() + 5
    while (job := hook.get_job("SEGMENT_EXPORT", held.job_id)).state != "READY_FOR_DOWNLOAD":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    held.ids["file_name"] = job.segment_data_files[0]


def activity(held: Held) -> None:
    hook = DeltaProjectsHook()
    held.ids["account"] = hook.account()
    held.ids["activity_id"] = hook.create_activity_from_template(ACTIVITY)


def bidding_plan(held: Held) -> None:
    activity(held)
    held.ids["plan_id"] = DeltaProjectsHook().list_bidding_plans(held.activity_id)[0].id
    creatives = DeltaProjectsHook().list_creatives(held.activity_id, held.plan_id)
    held.ids["creative_id"] = creatives[1].id


def account(held: Held) -> None:
    held.ids["account"] = DeltaProjectsHook().account()


def third_party(held: Held) -> None:
    hook = DataddoHook()
    held.ids["service_id"] = hook.create_service("snapchat_static", STATIC).id


def source(held: Held) -> None:
    third_party(held)
    held.ids["source_id"] = DataddoHook().create_source("snapchat", SNAPCHAT).id


def flow(held: Held) -> None:
    source(held)
    held.ids["flow_id"] = DataddoHook().create_flow(flow_of(held)).id


def destination(held: Held) -> None:
    third_party(held)
    held.ids["destination_id"] = DataddoHook().create_destination("google_big_query", warehouse(held)).id


def warehouse(held: Held) -> dict[str, Any]:
    return {
        "label": "Warehouse",
        "o_auth_id": int(held.service_id),
        "projectId": "project-1",
        "datasetId": "dataset-1",
    }


def flow_of(held: Held) -> dataddo.FlowInput:
    return dataddo.FlowInput(sources=(held.source_id,), app="google_data_studio", label="Spend")


STATIC = {
    "staticKey": "sandbox-snapchat-refresh-token",
    "clientId": "sandbox-snapchat-client-id",
    "clientSecret": "sandbox-snapchat-client-secret",
}


def connection(held: Held) -> None:
    hook = LiveRampHook()
    held.ids["connection_id"] = hook.create_integration_connection(DATA_STORE).id
    held.ids["manager_id"] = hook.list_distribution_managers()[0].id


def bare_connection(held: Held) -> None:
    """One without a distribution manager, which would be in the way of its deletion."""
    alone = DATA_STORE.model_copy(update={"distribution_manager_name": None})
    held.ids["connection_id"] = LiveRampHook().create_integration_connection(alone).id


def distribution(held: Held) -> None:
    connection(held)
    (made,) = LiveRampHook().add_segment_configs(held.manager_id, [CONFIG])
    held.ids["config_id"] = made.id


def attempt(held: Held) -> None:
    held.ids["attempt_id"] = LiveRampHook().create_oauth_connection_attempt(ATTEMPT).id


def authorisation(held: Held) -> None:
    attempt(held)
    deadline = time.monotonic() + 5
    while (found := LiveRampHook().get_oauth_connection_attempt(held.attempt_id)).status != "AUTHORIZED":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    held.ids["oauth_connection_id"] = found.oauth_connection_id


def nothing(held: Held) -> None:
    pass


def is_ok(value: Any) -> bool:
    return value is not None


def is_true(value: Any) -> bool:
    return value is True


def is_done(value: Any) -> bool:
    """For what answers nothing."""
    return value is None


@dataclass(frozen=True)
class Method:
    """A hook's method, its arguments, what must be there before, and how its answer is known."""

    name: str
    arguments: Callable[[Held], tuple[Any, ...]] = lambda held: ()
    before: Callable[[Held], None] = nothing
    known: Callable[[Any], bool] = is_ok
    conn_id: str | None = None
    by_account: bool = False
    by_agency: bool = False
    by_key: bool = False


ENDPOINT_KEY = "acoustic_exchange_endpoint"

METHODS: dict[type[ActivationHook], list[Method]] = {
    LiveRampHook: [
        Method("list_destinations", known=lambda found: [one.id for one in found] == ["1001", "1002"]),
        Method("get_destination", lambda held: ("1001",), known=lambda found: found.name == "Example Ads"),
        Method(
            "list_integrations",
            lambda held: ("1002", None, "STANDARD_WITH_UNAVAILABLE"),
            known=lambda found: [one.unavailable_reason is None for one in found] == [True, False],
        ),
        Method(
            "get_integration",
            lambda held: ("1001", "2001"),
            known=lambda found: found.oauth_endpoint_id == "3001",
        ),
        Method(
            "create_integration_connection", lambda held: (DATA_STORE,), known=lambda made: made.id.isdigit()
        ),
        Method(
            "list_integration_connections",
            before=connection,
            known=lambda found: [one.is_as(DATA_STORE) for one in found] == [True],
        ),
        Method(
            "get_integration_connection",
            lambda held: (held.connection_id,),
            connection,
            lambda found: found.is_as(DATA_STORE),
        ),
        Method(
            "update_integration_connection",
            lambda held: (
                held.connection_id,
                liveramp.IntegrationConnectionUpdate(
                    properties=DATA_STORE.properties, device_types=("RAMP_ID",)
                ),
            ),
            connection,
            is_done,
        ),
        Method("delete_integration_connection", lambda held: (held.connection_id,), bare_connection, is_done),
        Method("create_oauth_connection_attempt", lambda held: (ATTEMPT,), known=lambda made: bool(made.id)),
        Method(
            "get_oauth_connection_attempt",
            lambda held: (held.attempt_id,),
            attempt,
            lambda found: found.authorization_url.startswith("http://127.0.0.1"),
        ),
        Method(
            "list_oauth_connections", lambda held: ("3001",), authorisation, lambda found: len(found) == 1
        ),
        Method(
            "get_oauth_connection",
            lambda held: (held.oauth_connection_id,),
            authorisation,
            lambda found: found.oauth_endpoint_id == "3001",
        ),
        Method(
            "create_distribution_manager",
            lambda held: (
                liveramp.DistributionManagerInput(name="x", integration_connection_id=held.connection_id),
            ),
            connection,
            lambda made: made.id.isdigit(),
        ),
        Method(
            "list_distribution_managers",
            lambda held: (held.connection_id,),
            connection,
            lambda found: [one.name for one in found] == ["Autumn"],
        ),
        Method(
            "get_distribution_manager",
            lambda held: (held.manager_id,),
            connection,
            lambda found: (found.name, found.status) == ("Autumn", "ACTIVE"),
        ),
        Method(
            "update_distribution_manager",
            lambda held: (
                held.manager_id,
                liveramp.DistributionManagerUpdate(name="Winter", status="INACTIVE", expire_at=None),
            ),
            connection,
            is_done,
        ),
        Method("delete_distribution_manager", lambda held: (held.manager_id,), connection, is_done),
        Method(
            "add_segment_configs",
            lambda held: (held.manager_id, [CONFIG]),
            connection,
            lambda results: [one.http_status for one in results] == [201],
        ),
        Method(
            "list_segment_configs",
            lambda held: (held.manager_id,),
            distribution,
            lambda found: [one.key for one in found] == [CONFIG.key],
        ),
        Method(
            "remove_segment_configs",
            lambda held: (held.manager_id, [held.config_id]),
            distribution,
            lambda results: [one.http_status for one in results] == [200],
        ),
        Method(
            "get_segment_config",
            lambda held: (held.manager_id, held.config_id),
            distribution,
            lambda found: found.key == CONFIG.key,
        ),
        Method(
            "list_segments",
            lambda held: ("1", "win_back"),
            known=lambda found: [one.id for one in found] == ["5000000001"],
        ),
        Method(
            "get_segment",
            lambda held: ("5000000001",),
            known=lambda found: found.field.name == "win_back",
        ),
        Method(
            "list_segment_statuses",
            lambda held: ("ONBOARDING", ["5000000001", "5000000002"]),
            distribution,
            lambda found: (
                [one.integration_connection_id is None for one in found] == [False, True]
                and found[1].taxonomy.taxonomy_sync_status == "NOT_CONFIGURED_TO_SYNC"
            ),
        ),
        Method(
            "list_deliveries",
            lambda held: (held.connection_id, ["5000000001", "5000000002"]),
            distribution,
            lambda found: [one.segment_id for one in found] == ["5000000001"],
        ),
    ],
    AcousticExchangeHook: [
        Method(
            "register_endpoint",
            lambda held: (REGISTRATION,),
            known=lambda made: made.endpoint_id == 10001,
            conn_id=ENDPOINT_KEY,
        ),
        Method(
            "register_endpoint",
            lambda held: (REGISTRATION, 10001),
            own_endpoint,
            known=lambda made: made.endpoint_id == 10001,
        ),
        Method(
            "list_endpoints",
            known=lambda found: {one.endpoint_id for one in found} == {"20002", "20003", "20004", "20005"},
        ),
        Method(
            "list_endpoints",
            lambda held: (acoustic_exchange.EndpointQuery(endpoint_id=20002),),
            known=lambda found: {one.endpoint_id for one in found} == {"20002"},
        ),
        Method("delete_endpoint", lambda held: (), own_endpoint, is_done, ENDPOINT_KEY),
        Method("delete_endpoint", lambda held: (20002,), known=is_done),
        Method("enable_endpoint", lambda held: (), disabled_endpoint, is_true, ENDPOINT_KEY),
        Method("enable_endpoint", lambda held: (10001,), disabled_endpoint, is_true),
        Method("disable_endpoint", lambda held: (), own_endpoint, is_true, ENDPOINT_KEY),
        Method(
            "disable_endpoint", lambda held: (10001,), disabled_endpoint, lambda changed: changed is False
        ),
        Method(
            "set_endpoint_database",
            lambda held: (acoustic_exchange.EndpointDatabase(database_id="db-1"),),
            own_endpoint,
            is_done,
            ENDPOINT_KEY,
        ),
        Method(
            "set_endpoint_attributes",
            lambda held: ({"user": "someone", "host": "sftp.example.com"},),
            own_endpoint,
            is_done,
            ENDPOINT_KEY,
            by_key=True,
        ),
        Method(
            "report_endpoint_failure",
            lambda held: (10001, "no such account"),
            own_endpoint,
            is_true,
            ENDPOINT_KEY,
        ),
        Method(
            "get_endpoint_status",
            lambda held: (10001,),
            own_endpoint,
            lambda status: status in ("PENDING", "ACTIVE"),
            ENDPOINT_KEY,
        ),
        Method("add_segments", lambda held: (10001, [SEGMENT]), own_endpoint, is_true, ENDPOINT_KEY),
        Method("replace_segments", lambda held: (10001, [SEGMENT]), own_endpoint, is_true, ENDPOINT_KEY),
        Method("delete_segments", lambda held: (10001,), segment, is_true, ENDPOINT_KEY),
        Method("delete_segment", lambda held: (10001, 7), segment, is_true, ENDPOINT_KEY),
        Method(
            "get_segment", lambda held: (10001, 7), segment, lambda found: SEGMENT.differences(found) == []
        ),
        Method("export_segment", lambda held: (EXPORT,), segment, lambda made: made > 2**53),
        Method(
            "import_identities",
            lambda held: (acoustic_exchange.IdentityImport(endpoint_id=10001, segment_id=7),),
            segment,
            lambda made: made > 0,
        ),
        Method("refresh_segments", before=segment, known=lambda made: made > 0),
        Method(
            "list_jobs",
            lambda held: ("SEGMENT_EXPORT",),
            job,
            lambda found: [EXPORT.may_have_made(one) for one in found] == [True],
        ),
        Method(
            "get_job",
            lambda held: ("SEGMENT_EXPORT", held.job_id),
            job,
            lambda found: found.state == "WAITING_TO_RECIEVE_DATA",
        ),
        Method("upload_job_data", lambda held: (held.job_id, held.file), job, is_done),
        Method(
            "download_segment_data",
            lambda held: (held.job_id, held.file_name, held.file.with_name("downloaded.csv")),
            ready_job,
            lambda file: "a@example.com" in file.read_text(),
        ),
        Method("publish_events", lambda held: (EVENTS,), event_type, is_done, ENDPOINT_KEY),
        Method("create_event_type", lambda held: (EVENT_TYPE,), publisher, is_done, ENDPOINT_KEY),
        Method("update_event_type", lambda held: (EVENT_TYPE,), event_type, is_done, ENDPOINT_KEY),
        Method(
            "list_identity_filters",
            before=own_endpoint,
            known=lambda found: isinstance(found, list),
            conn_id=ENDPOINT_KEY,
        ),
    ],
    DeltaProjectsHook: [
        Method(
            "list_clients",
            known=lambda found: [(one.name, one.currency) for one in found] == [("Example Client", None)],
            by_agency=True,
        ),
        Method(
            "get_client",
            lambda held: (held.account.client_id,),
            account,
            lambda found: (found.country, found.currency) == ("SE", "EUR"),
        ),
        Method(
            "create_client_from_template",
            lambda held: ({"name": "Shop", "country": "DE"},),
            known=lambda made: len(made) == 36,
            by_agency=True,
        ),
        Method("list_activity_templates", known=lambda found: len(found) == 2),
        Method(
            "list_activities",
            before=activity,
            known=lambda found: [one.name for one in found] == ["Autumn"],
            by_account=True,
        ),
        Method(
            "get_activity",
            lambda held: (held.activity_id,),
            activity,
            lambda found: (
                (found.name, found.enabled, found.flight_start) == ("Autumn", False, ACTIVITY.flight_start)
            ),
            by_account=True,
        ),
        Method(
            "create_activity_from_template",
            lambda held: (ACTIVITY,),
            account,
            lambda made: len(made) == 36,
            by_account=True,
        ),
        Method(
            "update_activity",
            lambda held: (held.activity_id, delta_projects.ActivityUpdate(enabled=True)),
            activity,
            is_done,
            by_account=True,
        ),
        Method(
            "get_activity_statistics",
            lambda held: (held.activity_id, delta_projects.StatisticsQuery(group_by="site", limit=1)),
            activity,
            lambda found: (
                {(one.id, len(one.entries), one.entries[0].bids) for one in found} == {(None, 1, 0)}
            ),
            by_account=True,
        ),
        Method(
            "list_bidding_plans",
            lambda held: (held.activity_id,),
            activity,
            lambda found: [one.name for one in found] == ["Example Display Plan", "Example Video Plan"],
            by_account=True,
        ),
        Method(
            "get_bidding_plan",
            lambda held: (held.activity_id, held.plan_id),
            bidding_plan,
            lambda found: found.name == "Example Display Plan",
            by_account=True,
        ),
        Method(
            "list_creatives",
            lambda held: (held.activity_id, held.plan_id),
            bidding_plan,
            lambda found: [one.type for one in found] == ["DISPLAY", "NATIVE"],
            by_account=True,
        ),
        Method(
            "get_creative",
            lambda held: (held.activity_id, held.plan_id, held.creative_id),
            bidding_plan,
            lambda found: found.type == "NATIVE",
            by_account=True,
        ),
    ],
    DataddoHook: [
        Method(
            "list_services", before=third_party, known=lambda found: [one.id for one in found] == ["1000"]
        ),
        Method("get_service", lambda held: (held.service_id,), third_party, lambda found: found.id == "1000"),
        Method(
            "create_service",
            lambda held: ("snapchat_static", STATIC),
            known=lambda made: made.id == "1000",
        ),
        Method(
            "create_typed_service",
            lambda held: ("snapchat_static", STATIC),
            known=lambda made: made.id == "1000",
        ),
        Method("update_service", lambda held: (held.service_id, {"label": "Snapchat"}), third_party),
        Method("delete_service", lambda held: (held.service_id,), third_party, is_done),
        Method("debug_service", lambda held: (held.service_id,), third_party),
        Method("list_connectors", known=lambda found: "snapchat" in {one.id for one in found}),
        Method("list_connector_templates", lambda held: ("snapchat",)),
        Method("get_connector_template", lambda held: ("snapchat", "index")),
        Method(
            "run_connector_action",
            lambda held: ("snapchat", "authorization"),
            third_party,
            lambda found: [one.id for one in found] == ["1000"],
        ),
        Method(
            "run_connector_action",
            lambda held: ("snapchat", "organization", "POST", {"oAuthId": held.service_id}),
            third_party,
            lambda found: bool(found) and all(one.label and one.value for one in found),
        ),
        Method("preview_connector", lambda held: ("snapchat", SNAPCHAT), third_party),
        Method("list_sources", before=source, known=lambda found: [one.label for one in found] == ["Spend"]),
        Method(
            "get_source",
            lambda held: (held.source_id,),
            source,
            lambda found: (found.label, found.connector_id) == ("Spend", "snapchat"),
        ),
        Method(
            "create_source",
            lambda held: ("snapchat", SNAPCHAT),
            third_party,
            lambda made: made.label == "Spend",
        ),
        Method(
            "update_source",
            lambda held: (held.source_id, {"label": "Cost"}),
            source,
            lambda found: found.label == "Cost",
        ),
        Method("delete_source", lambda held: (held.source_id,), source, is_done),
        Method(
            "get_source_metadata",
            lambda held: (held.source_id,),
            source,
            lambda found: found["accountId"] == "acc-1",
        ),
        Method(
            "preview_source",
            lambda held: (held.source_id, 5),
            source,
            lambda found: isinstance(found, list) and len(found) <= 5,
        ),
        Method("get_source_request", lambda held: (held.source_id,), source),
        Method("update_source_request", lambda held: (held.source_id, {"method": "GET"}), source),
        Method("detect_source", lambda held: (held.source_id,), source),
        Method(
            "get_source_status",
            lambda held: (held.source_id,),
            source,
            lambda found: found.last_run_finished is None,
        ),
        Method("get_source_log", lambda held: (held.source_id,), source),
        Method(
            "enqueue_extraction",
            lambda held: (held.source_id, dataddo.Extraction(date_range="7d7")),
            source,
            is_done,
        ),
        Method("get_extraction", lambda held: (held.source_id,), source, lambda found: bool(found.status)),
        Method("update_extraction", lambda held: (held.source_id, {"on_error_retry_timeout": 60}), source),
        Method(
            "deactivate_extraction",
            lambda held: (held.source_id, DataddoHook().get_extraction(held.source_id)),
            source,
            lambda found: found.status == dataddo.INACTIVE,
        ),
        Method("debug_extraction", lambda held: (held.source_id,), source),
        Method("get_extraction_schedule", lambda held: (held.source_id,), source),
        Method(
            "update_extraction_schedule",
            lambda held: (held.source_id, dataddo.Schedule(sync_frequency="week", day_of_week="2")),
            source,
            lambda found: (found.sync_frequency, found.day_of_week) == ("week", "2"),
        ),
        Method("create_flow", lambda held: (flow_of(held),), source, lambda made: made.label == "Spend"),
        Method("list_flows", before=flow, known=lambda found: [one.label for one in found] == ["Spend"]),
        Method(
            "list_flows_by_source",
            lambda held: (held.source_id,),
            flow,
            lambda found: [one.label for one in found] == ["Spend"],
        ),
        Method("get_flow", lambda held: (held.flow_id,), flow, lambda found: found.label == "Spend"),
        Method(
            "update_flow",
            lambda held: (held.flow_id, {"label": "Cost"}),
            flow,
            lambda found: found.label == "Cost",
        ),
        Method("delete_flow", lambda held: (held.flow_id,), flow, is_done),
        Method("clone_flow", lambda held: (held.flow_id,), flow, lambda made: made is None or bool(made.id)),
        Method("preview_flow", lambda held: (flow_of(held), 5), source),
        Method(
            "get_flow_status",
            lambda held: (held.flow_id,),
            flow,
            lambda found: found.last_run_finished is None,
        ),
        Method("get_flow_api", lambda held: (held.flow_id,), flow),
        Method("get_flow_api_log", lambda held: (held.flow_id,), flow),
        Method("debug_flow_api", lambda held: (held.flow_id,), flow),
        Method("enqueue_write", lambda held: (held.flow_id,), flow, lambda made: bool(made.execution_id)),
        Method("get_write", lambda held: (held.flow_id,), flow),
        Method(
            "get_write_status",
            lambda held: (held.flow_id,),
            flow,
            lambda found: found.last_run_finished is None,
        ),
        Method("update_write_status", lambda held: (held.flow_id, {"status": "live"}), flow),
        Method("get_write_schedule", lambda held: (held.flow_id,), flow),
        Method(
            "update_write_schedule",
            lambda held: (held.flow_id, dataddo.Schedule(sync_frequency="month", day_of_month="1")),
            flow,
            lambda found: (found.sync_frequency, found.day_of_month) == ("month", "1"),
        ),
        Method("delete_write_schedule", lambda held: (held.flow_id,), flow, is_done),
        Method(
            "update_write_settings",
            lambda held: (held.flow_id, dataddo.WriteSettings(write_mode="upsert", unique_columns=("day",))),
            flow,
        ),
        Method("get_write_log", lambda held: (held.flow_id,), flow),
        Method("debug_write", lambda held: (held.flow_id,), flow),
        Method(
            "list_destinations",
            before=destination,
            known=lambda found: [one.label for one in found] == ["Warehouse"],
        ),
        Method(
            "get_destination",
            lambda held: (held.destination_id,),
            destination,
            lambda found: found.label == "Warehouse",
        ),
        Method(
            "create_destination",
            lambda held: ("google_big_query", warehouse(held)),
            third_party,
            lambda made: bool(made.id),
        ),
        Method(
            "update_destination",
            lambda held: (held.destination_id, {"label": "Lake"}),
            destination,
            lambda found: found.label == "Lake",
        ),
        Method("delete_destination", lambda held: (held.destination_id,), destination, is_done),
        Method(
            "clone_destination",
            lambda held: (held.destination_id,),
            destination,
            lambda made: made is None or bool(made.id),
        ),
    ],
}
APIS: dict[type[ActivationHook], Any] = {
    LiveRampHook: liveramp,
    AcousticExchangeHook: acoustic_exchange,
    DeltaProjectsHook: delta_projects,
    DataddoHook: dataddo,
}
every_method = pytest.mark.parametrize(
    ("hook_class", "method"),
    [
        pytest.param(hook_class, method, id=f"{hook_class.__name__}.{method.name}")
        for hook_class, methods in METHODS.items()
        for method in methods
    ],
)


def leading_arguments(held: Held, method: Method) -> tuple[Any, ...]:
    """What a hook takes from its connection and an endpoint as an argument."""
    if method.by_account:
        return (held.account,)
    if method.by_agency:
        return (DeltaProjectsHook().account().media_agency_id,)
    if method.by_key:
        return (AcousticExchangeHook(method.conn_id or "").authentication_key,)
    return ()


@pytest.fixture
def held(connections: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    monkeypatch.setattr(base, "_transports", {})
    file = tmp_path / "audience.csv"
    file.write_text("email\na@example.com\n")
    yield Held(file)
    for transport in base._transports.values():
        transport.close()


@pytest.mark.parametrize("hook_class", METHODS, ids=lambda hook_class: hook_class.__name__)
def test_every_endpoint_is_a_method_and_every_method_is_tested_here(hook_class: type[ActivationHook]) -> None:
    endpoints = {
        name
        for name, function in inspect.getmembers(APIS[hook_class], inspect.isfunction)
        if not name.startswith("_") and str(function.__annotations__.get("return")).startswith("Call[")
    } - {"log_in", "request_token"}
    methods = {name for name in vars(hook_class) if not name.startswith("_")} - {
        *("service", "test_call", "account", "authentication_key"),
        *("conn_name_attr", "default_conn_name", "conn_type", "hook_name"),
    }
    assert methods == endpoints
    assert {method.name for method in METHODS[hook_class]} == methods


@every_method
def test_a_method_does_what_its_endpoint_does(
    held: Held, hook_class: type[ActivationHook], method: Method
) -> None:
    method.before(held)
    hook = hook_class(method.conn_id or hook_class.default_conn_name)
    assert method.known(getattr(hook, method.name)(*method.arguments(held)))


@every_method
def test_the_same_call_goes_out_from_an_event_loop(
    held: Held, hook_class: type[ActivationHook], method: Method
) -> None:
    method.before(held)
    leading = leading_arguments(held, method)
    call: Call[Any] = getattr(APIS[hook_class], method.name)(*leading, *method.arguments(held))

    async def main() -> Any:
        hook = hook_class(method.conn_id or hook_class.default_conn_name)
        try:
            if "Page[" in str(getattr(APIS[hook_class], method.name).__annotations__["return"]):
                return await hook.arun(every_page(call))
            return await hook.asend(call)
        finally:
            await (await hook.aget_conn()).aclose()

    assert method.known(asyncio.run(main()))


def test_lists_read_every_page(held: Held, connections: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(liveramp_common, "LARGEST_PAGE", 5)
    found = LiveRampHook().list_segments()
    assert [one.id for one in found] == [str(5000000001 + number) for number in range(17)]
    asked = [request for request in connections.requests if request["path"] == "/v2/segments"]
    assert len(asked) == 4
    assert [request["query"].get("limit") for request in asked] == ["5"] * 4

    async def main() -> list[Any]:
        call: Call[Page[liveramp.Segment]] = liveramp.list_segments()
        return await LiveRampHook().arun(every_page(call))

    assert asyncio.run(main()) == found


def test_what_arrived_is_what_was_written(held: Held, connections: Sandbox) -> None:
    hook = DeltaProjectsHook()
    activity_id = hook.create_activity_from_template(ACTIVITY)
    update = delta_projects.ActivityUpdate(enabled=True, override_variables={"fontsize": 24})
    hook.update_activity(activity_id, update)
    (kept,) = connections.state()["delta-projects"]["activities"]
    assert (kept["id"], kept["enabled"], kept["orderId"]) == (activity_id, True, "order-1")
    assert kept["flightStart"] == "2026-09-01T00:00:00.000+0000"
    assert kept["overrideVariables"] == '{"fontsize": 24}'


def test_an_uploaded_file_arrives_whole(held: Held, connections: Sandbox) -> None:
    job(held)
    AcousticExchangeHook().upload_job_data(held.job_id, held.file)
    (request,) = [one for one in connections.requests if one["path"].endswith("/data")]
    assert request["body"] == f"{held.file.stat().st_size} bytes of text/csv"
    deadline = time.monotonic() + 5
    while AcousticExchangeHook().get_job("SEGMENT_EXPORT", held.job_id).state != "COMPLETE":
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_another_media_agency_and_client_can_be_given(held: Held) -> None:
    hook = DeltaProjectsHook()
    assert hook.account("a", "c") == delta_projects.Account("a", "c")
    assert hook.account(client_id="c").media_agency_id == hook.account().media_agency_id
