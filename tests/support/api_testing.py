"""What the tests of the API layer share: answers without a network, and one call of every endpoint."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from airflow_provider_activation.api import acoustic_exchange, dataddo, delta_projects, liveramp
from airflow_provider_activation.api.call import NOTHING, Answer, Call

BIG = 2**53 + 1
"""The first whole number that a float cannot hold."""


def answer(body: Any = NOTHING, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer; bytes and texts as they are, anything else as JSON."""
    if body is NOTHING:
        body = b""
    if isinstance(body, str):
        body = body.encode()
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    return Answer(status, dict(headers or {}), body)


def naming(field: str) -> str:
    """A pattern for a message that names a field, in our spelling or in the service's."""
    return "(?i)" + field.replace("_", "_?")


HTML = "<!DOCTYPE html><html><body><h1>Bad gateway</h1></body></html>"

NONSENSE: dict[str, bytes] = {
    "HTML": HTML.encode(),
    "half a JSON object": b'{"id": "4", "na',
    "not UTF-8": b"\xff\xfe\x00{",
    "brackets without end": b"[" * 100_000,
    "a number of 5000 digits": b"9" * 5000,
    "an object without what is needed": b'{"other": 1}',
    "an array of numbers": b"[1, 2]",
    "an array of null": b"[null]",
    "wrong types throughout": b'{"id": {"a": 1}, "status": [], "jobId": [], "name": {}, "access_token": 5}',
}

REGISTRATION = acoustic_exchange.EndpointRegistration(
    name="CRM",
    provider_name="Example",
    endpoint_types=acoustic_exchange.EndpointTypes(
        segment=acoustic_exchange.SegmentTypes(
            source=acoustic_exchange.SegmentSource(enabled=True, producer_type="push")
        )
    ),
)
SEGMENT = acoustic_exchange.SegmentDefinition(id=7, name="Win back")
EXPORT = acoustic_exchange.SegmentExport(
    endpoint_id=10001,
    segment_id=BIG,
    destination_endpoint_id=20002,
    source_identifiers=("email",),
    destination_identifier="email",
    update_identities=False,
)
IMPORT = acoustic_exchange.IdentityImport(endpoint_id=10001, segment_id=BIG)
DATABASE = acoustic_exchange.EndpointDatabase(database_id="db-1", endpoint_id=10001)
EVENT_TYPE = acoustic_exchange.EventTypeDefinition(code="cartAbandonment", name="Cart abandonment")
EVENTS = acoustic_exchange.EventPublication(
    channel="web",
    identifiers=(acoustic_exchange.EventIdentifier(name="cookieId", value="455739626"),),
    events=(
        acoustic_exchange.Event(code="cartAbandonment", timestamp=datetime(2026, 9, 1, 8, 30, tzinfo=UTC)),
    ),
)
ACCOUNT = delta_projects.Account("agency-1", "client-1")
ACTIVITY = delta_projects.ActivityFromTemplate(
    template_id="template-1",
    activity_name="Autumn",
    flight_start=datetime(2026, 9, 1, tzinfo=UTC),
    flight_stop=datetime(2026, 10, 1, tzinfo=UTC),
    order_id="order-1",
    budget=1000,
)
CONNECTION = liveramp.IntegrationConnectionInput(integration_id=("1002", "2002"), device_types=("PII",))
CONNECTION_UPDATE = liveramp.IntegrationConnectionUpdate(properties=(), device_types=("PII",))
MANAGER = liveramp.DistributionManagerInput(name="Autumn", integration_connection_id="7000001")
MANAGER_UPDATE = liveramp.DistributionManagerUpdate(name="Autumn", status="ACTIVE", expire_at=None)
ATTEMPT = liveramp.OAuthConnectionAttemptInput(oauth_endpoint_id="3001")
CONFIG = liveramp.SegmentConfigInput(segment_id="5000000001", segment_type="ONBOARDING")
FLOW = dataddo.FlowInput(sources=("source-1",), app="google_data_studio", label="Spend")
STATIC = {"staticKey": "a", "clientId": "b", "clientSecret": "c"}
SCHEDULE = dataddo.Schedule(sync_frequency="day", hour="3", minute="25", timezone="UTC")

EVERY_CALL: dict[str, Call[Any]] = {
    f"{call.service}: {call.operation}": call
    for call in (
        acoustic_exchange.register_endpoint(REGISTRATION),
        acoustic_exchange.list_endpoints(),
        acoustic_exchange.delete_endpoint(10001),
        acoustic_exchange.enable_endpoint(10001),
        acoustic_exchange.disable_endpoint(10001),
        acoustic_exchange.set_endpoint_database(DATABASE),
        acoustic_exchange.set_endpoint_attributes("key:US", {"user": "someone"}),
        acoustic_exchange.report_endpoint_failure(10001, "no such account"),
        acoustic_exchange.get_endpoint_status(10001),
        acoustic_exchange.add_segments(10001, [SEGMENT]),
        acoustic_exchange.replace_segments(10001, [SEGMENT]),
        acoustic_exchange.delete_segments(10001),
        acoustic_exchange.delete_segment(10001, 7),
        acoustic_exchange.get_segment(10001, 7),
        acoustic_exchange.export_segment(EXPORT),
        acoustic_exchange.import_identities(IMPORT),
        acoustic_exchange.refresh_segments(),
        acoustic_exchange.list_jobs("SEGMENT_EXPORT"),
        acoustic_exchange.get_job("SEGMENT_EXPORT", BIG),
        acoustic_exchange.upload_job_data(BIG, Path("audience.csv")),
        acoustic_exchange.download_segment_data(BIG, "part-1.csv", Path("audience.csv")),
        acoustic_exchange.publish_events(EVENTS),
        acoustic_exchange.create_event_type(EVENT_TYPE),
        acoustic_exchange.update_event_type(EVENT_TYPE),
        acoustic_exchange.list_identity_filters(),
        delta_projects.list_activity_templates(),
        delta_projects.list_activities(ACCOUNT),
        delta_projects.get_activity(ACCOUNT, "activity-1"),
        delta_projects.create_activity_from_template(ACCOUNT, ACTIVITY),
        delta_projects.update_activity(ACCOUNT, "activity-1", delta_projects.ActivityUpdate(enabled=True)),
        delta_projects.list_clients("agency-1"),
        delta_projects.get_client("client-1"),
        delta_projects.create_client_from_template("agency-1", {"name": "Shop"}),
        delta_projects.list_bidding_plans(ACCOUNT, "activity-1"),
        delta_projects.get_bidding_plan(ACCOUNT, "activity-1", "plan-1"),
        delta_projects.list_creatives(ACCOUNT, "activity-1", "plan-1"),
        delta_projects.get_creative(ACCOUNT, "activity-1", "plan-1", "creative-1"),
        delta_projects.get_activity_statistics(ACCOUNT, "activity-1"),
        dataddo.log_in("someone@example.com", "pass"),
        dataddo.list_services(),
        dataddo.get_service("1000"),
        dataddo.create_service("snapchat_static", STATIC),
        dataddo.create_typed_service("snapchat_static", STATIC),
        dataddo.update_service("1000", {"label": "Snapchat"}),
        dataddo.delete_service("1000"),
        dataddo.debug_service("1000"),
        dataddo.list_connectors(),
        dataddo.list_connector_templates("snapchat"),
        dataddo.get_connector_template("snapchat", "index"),
        dataddo.run_connector_action("snapchat", "metric"),
        dataddo.preview_connector("snapchat", {"label": "Spend"}),
        dataddo.list_sources(),
        dataddo.get_source("source-1"),
        dataddo.create_source("snapchat", {"label": "Spend"}),
        dataddo.update_source("source-1", {"label": "Spend"}),
        dataddo.delete_source("source-1"),
        dataddo.get_source_metadata("source-1"),
        dataddo.preview_source("source-1"),
        dataddo.get_source_request("source-1"),
        dataddo.update_source_request("source-1", {"url": "https://example.com"}),
        dataddo.detect_source("source-1"),
        dataddo.get_source_status("source-1"),
        dataddo.get_source_log("source-1"),
        dataddo.enqueue_extraction("source-1"),
        dataddo.get_extraction("source-1"),
        dataddo.update_extraction("source-1", {"on_error_retry_timeout": 60}),
        dataddo.deactivate_extraction("source-1"),
        dataddo.debug_extraction("source-1"),
        dataddo.get_extraction_schedule("source-1"),
        dataddo.update_extraction_schedule("source-1", SCHEDULE),
        dataddo.create_flow(FLOW),
        dataddo.list_flows(),
        dataddo.list_flows_by_source("source-1"),
        dataddo.get_flow("flow-1"),
        dataddo.update_flow("flow-1", {"label": "Spend"}),
        dataddo.delete_flow("flow-1"),
        dataddo.clone_flow("flow-1"),
        dataddo.preview_flow(FLOW),
        dataddo.get_flow_status("flow-1"),
        dataddo.get_flow_api("flow-1"),
        dataddo.get_flow_api_log("flow-1"),
        dataddo.debug_flow_api("flow-1"),
        dataddo.enqueue_write("flow-1"),
        dataddo.get_write("flow-1"),
        dataddo.get_write_status("flow-1"),
        dataddo.update_write_status("flow-1", {"status": "live"}),
        dataddo.get_write_schedule("flow-1"),
        dataddo.update_write_schedule("flow-1", SCHEDULE),
        dataddo.delete_write_schedule("flow-1"),
        dataddo.update_write_settings("flow-1", dataddo.WriteSettings(write_mode="insert")),
        dataddo.get_write_log("flow-1"),
        dataddo.debug_write("flow-1"),
        dataddo.list_destinations(),
        dataddo.get_destination("destination-1"),
        dataddo.create_destination("google_big_query", {"label": "Warehouse"}),
        dataddo.update_destination("destination-1", {"label": "Warehouse"}),
        dataddo.delete_destination("destination-1"),
        dataddo.clone_destination("destination-1"),
        liveramp.request_token("account-1", "secret-1"),
        liveramp.list_destinations(),
        liveramp.get_destination("1002"),
        liveramp.list_integrations("1002"),
        liveramp.get_integration("1002", "2002"),
        liveramp.create_integration_connection(CONNECTION),
        liveramp.list_integration_connections(),
        liveramp.get_integration_connection("7000001"),
        liveramp.update_integration_connection("7000001", CONNECTION_UPDATE),
        liveramp.delete_integration_connection("7000001"),
        liveramp.create_oauth_connection_attempt(ATTEMPT),
        liveramp.get_oauth_connection_attempt("attempt-1"),
        liveramp.list_oauth_connections(),
        liveramp.get_oauth_connection("4001"),
        liveramp.create_distribution_manager(MANAGER),
        liveramp.list_distribution_managers(),
        liveramp.get_distribution_manager("8100001"),
        liveramp.update_distribution_manager("8100001", MANAGER_UPDATE),
        liveramp.delete_distribution_manager("8100001"),
        liveramp.add_segment_configs("8100001", [CONFIG]),
        liveramp.remove_segment_configs("8100001", ["9000001"]),
        liveramp.list_segment_configs("8100001"),
        liveramp.get_segment_config("8100001", "9000001"),
        liveramp.list_segments(),
        liveramp.get_segment("5000000001"),
        liveramp.list_segment_statuses("ONBOARDING", ["5000000001"]),
        liveramp.list_deliveries(),
    )
}

OTHER_PATHS: tuple[Call[Any], ...] = (
    acoustic_exchange.register_endpoint(REGISTRATION, 10001),
    acoustic_exchange.delete_endpoint(),
    acoustic_exchange.enable_endpoint(),
    acoustic_exchange.disable_endpoint(),
    delta_projects.get_client("client-1", "agency-1"),
    dataddo.run_connector_action("snapchat", "organization", "POST", {"oAuthId": "1000"}),
)
"""The same endpoints where the documents give them a second path or method."""
