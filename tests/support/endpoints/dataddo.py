"""Dataddo's endpoints."""

from __future__ import annotations

from datetime import date
from typing import Any

from airflow_provider_activation.api import dataddo as api
from endpoints.answers import has, has_an_id, is_done, lists
from endpoints.table import BIG, HELD, ODD, Held, Table, Use, each, on, seeds, use

STATIC = {
    **{"staticKey": "sandbox-snapchat-refresh-token", "clientId": "sandbox-snapchat-client-id"},
    "clientSecret": "sandbox-snapchat-client-secret",
}
SCHEDULE = api.Schedule(sync_frequency="day", hour="3", minute="25", timezone="UTC")
CUSTOM: dict[str, Any] = {
    **{"sync_frequency": "custom", "timezone": "Europe/Berlin", "minute": "*/5", "hour": 3},
    **{"day_of_month": 1, "month": "1,6", "day_of_week": "2"},
}
FREQUENCIES = ("day", "week", "month", "custom")
SCHEDULES = [*(api.Schedule(sync_frequency=often) for often in FREQUENCIES), api.Schedule(**CUSTOM)]
WEEKLY: Any = {"sync_frequency": "week", "day_of_week": "2"}
MONTHLY: Any = {"sync_frequency": "month", "day_of_month": "1"}
SNAPCHAT = {
    **{"organizationId": "org-1", "accountId": "acc-1", "breakdown": "campaign", "metrics": ["spend"]},
    **{"labels": ["stats_id"], "action_report_time": "conversion", "swipe_up_attribution_window": "28_DAY"},
    **{"view_attribution_window": "1_DAY", "dateRange": "30d1", "strategy": "incremental", "request": None},
}
WHOLE_SNAPCHAT = {
    **SNAPCHAT,
    **SCHEDULES[-1].parameters(),
    **{"templateId": "index", "dateRange": "1m1|Ymd", "dateRangePreview": "{{7d7}}", "search": ""},
    **{"storageStrategy": "clean", "type": "snapchat"},
}
PAYLOAD = api.source_payload("snapchat", "Spend", "1000", SNAPCHAT)
PAYLOADS = [
    use(connector_id="snapchat", payload=api.source_payload("snapchat", ODD, "1000", WHOLE_SNAPCHAT)),
    use(connector_id="http", payload=api.source_payload("http", ODD, ODD, {"dateRange": "0d0"})),
    use(connector_id="mysql", payload=api.source_payload("mysql", ODD, "1000", {"date_range": "0d0"})),
]
DAYS = api.Extraction(date_from=date(2026, 9, 1), date_to=date(2026, 9, 30), storage_strategy="clean")
FLOW = api.FlowInput(sources=("source-1",), app="google_data_studio", label="Spend")
FLOWS = [
    FLOW.model_copy(update={"sources": ("source-1", ODD), "label": ODD}),
    {"sources": ["source-1"], "label": "Spend", "write_action": {"destination": BIG}},
]
SETTINGS = [
    api.WriteSettings(write_mode=mode, unique_columns=columns)
    for mode in ("insert", "insert_ignore", "truncate_insert", "upsert")
    for columns in (None, ("day", ODD))
    if mode != "upsert" or columns
]
BIG_QUERY_MODES = {"destination_type": "google_big_query", "action": "writeModes", "method": "POST"}
CHANGES = {"label": ODD, "list": [1.5, None, True]}


def service(held: Held) -> None:
    held.keep(service_id=held.send(api.create_service("snapchat_static", STATIC)).id)


def source(held: Held) -> None:
    service(held)
    payload = {**PAYLOAD, "oAuthId": int(held.service_id)}
    held.keep(source_id=held.send(api.create_source("snapchat", payload)).id)


def extraction(held: Held) -> None:
    source(held)
    held.keep(action=held.send(api.get_extraction(held.source_id)))


def flow(held: Held) -> None:
    source(held)
    held.keep(flow_id=held.send(api.create_flow(flow_of(held))).id)


def destination(held: Held) -> None:
    service(held)
    held.keep(destination_id=held.send(api.create_destination("google_big_query", warehouse(held))).id)


def flow_of(held: Held) -> api.FlowInput:
    return FLOW.model_copy(update={"sources": (held.source_id,)})


def warehouse(held: Held) -> dict[str, Any]:
    account = int(held.service_id)
    return {"label": "Warehouse", "o_auth_id": account, "projectId": "project-1", "datasetId": "dataset-1"}


def keys(held: Held) -> dict[str, str]:
    headers = held.send(api.log_in(held.email, held.password)).headers
    bearer = headers["Authorization"].removeprefix("Bearer ")
    return {"bearer": bearer, "realm": headers["X-Realm-Id"], "provider": headers["X-Provider"]}


def may_name_it(made: Any) -> bool:
    return made is None or bool(made.id)


def may_be_chosen(found: Any) -> bool:
    return bool(found) and all(one.label and one.value for one in found)


def acts(action: str) -> Use:
    return on(seeds, may_be_chosen, connector_id="snapchat", action=action)


def asks(action: str, **inputs: str) -> Use:
    """An action that needs a service and what was chosen so far."""
    given = {"connector_id": "snapchat", "action": action, "method": "POST"}
    return on(service, may_be_chosen, inputs=lambda held: {"oAuthId": held.service_id, **inputs}, **given)


def chooses(action: str, **inputs: str) -> Use:
    """An action of a destination that needs a service and what was chosen so far."""
    given = {"destination_type": "google_big_query", "action": action, "method": "POST"}
    chosen = lambda held: {"o_auth_id": int(held.service_id), **inputs}  # noqa: E731
    return on(service, may_be_chosen, inputs=chosen, **given)


TABLE = Table(
    "dataddo",
    {
        **{"service_id": "1000", "action": api.ExtractionAction(id="5", status="live")},
        **{"email": "sandbox@example.com", "password": "sandbox-dataddo-password"},
    },
    keys,
    {
        api.log_in: [on(seeds, lambda token: token.lifetime > 0)],
        api.list_services: [on(service, lists(id=["1000"]))],
        api.get_service: [on(service, has(id="1000"))],
        api.create_service: [
            on(seeds, has(id="1000"), service="snapchat_static", data=STATIC),
            use(service=ODD, data=STATIC),
            use(service="snapchat_static", data=STATIC, deprecated_names=False),
        ],
        api.create_typed_service: [
            on(seeds, has(id="1000"), service="snapchat_static", data=STATIC),
            use(service=ODD, data=STATIC),
        ],
        api.update_service: [on(service, changes={"label": "Snapchat"}), use(changes=CHANGES)],
        api.delete_service: [on(service, is_done)],
        api.debug_service: [on(service)],
        api.run_service_action: [
            on(seeds, may_be_chosen, service="snapchat_static", action="region"),
            use(service=ODD, action=ODD, method="GET"),
            use(service="amazon_seller", action="region", method="POST"),
            on(
                seeds,
                lists(value=["eu.read"]),
                **{"service": "snapchat_static", "action": "scope", "method": "POST"},
                inputs={"region": "eu"},
            ),
        ],
        api.list_connectors: [on(seeds, lambda found: "snapchat" in {one.id for one in found})],
        api.list_connector_templates: [on(seeds, connector_id="snapchat")],
        api.get_connector_template: [on(seeds, connector_id="snapchat", template_name="index")],
        api.run_connector_action: [
            acts("metric"),
            on(service, lists(id=["1000"]), connector_id="snapchat", action="authorization"),
            *map(acts, ("breakdown", "labels", "dateRange")),
            asks("organization"),
            asks("account", organizationId="org-1"),
            asks("campaign", accountId="acc-1"),
            use(connector_id="facebook", action="account", method="POST", inputs={}),
            use(connector_id="mailchimp", action="dc", method="POST"),
            use(connector_id="facebook", action=ODD, method="GET"),
        ],
        api.preview_connector: [on(service, connector_id="snapchat", payload=PAYLOAD), *PAYLOADS],
        api.list_sources: [on(source, lists(label=["Spend"]))],
        api.get_source: [on(source, has(label="Spend", connector_id="snapchat"))],
        api.create_source: [
            on(service, has(label="Spend"), connector_id="snapchat", payload=PAYLOAD),
            *PAYLOADS,
        ],
        api.update_source: [on(source, has(label="Cost"), changes={"label": "Cost"}), use(changes=CHANGES)],
        api.delete_source: [on(source, is_done)],
        api.get_source_metadata: [on(source, lambda found: found["accountId"] == "acc-1")],
        api.preview_source: [
            on(source, lambda found: isinstance(found, list)),
            on(source, lambda found: len(found) <= 5, limit=5),
        ],
        api.get_source_request: [on(source)],
        api.update_source_request: [on(source, changes={"method": "GET"}), use(changes=CHANGES)],
        api.detect_source: [on(source)],
        api.get_source_status: [on(source, has(last_run_finished=None))],
        api.get_source_log: [on(source)],
        api.enqueue_extraction: [
            on(source, is_done, extraction=api.Extraction(date_range="7d7")),
            use(),
            use(extraction=api.Extraction()),
            on(source, is_done, extraction=DAYS),
            use(extraction=api.Extraction(date_range="7d7"), url="https://example.com/a?b=c", limit="10"),
        ],
        api.get_extraction: [on(source, lambda found: bool(found.status))],
        api.update_extraction: [on(source, changes={"on_error_retry_timeout": 60}), use(changes=CHANGES)],
        api.deactivate_extraction: [use(), on(extraction, has(status=api.INACTIVE), action=HELD)],
        api.debug_extraction: [on(source)],
        api.get_extraction_schedule: [on(source)],
        api.update_extraction_schedule: [
            on(
                source,
                has(sync_frequency="week", day_of_week="2"),
                schedule=api.Schedule(sync_frequency="week", day_of_week="2"),
            ),
            *each("schedule", SCHEDULES),
        ],
        api.create_flow: [on(source, has(label="Spend"), flow=flow_of), *each("flow", FLOWS)],
        api.list_flows: [on(flow, lists(label=["Spend"]))],
        api.list_flows_by_source: [on(flow, lists(label=["Spend"]))],
        api.get_flow: [on(flow, has(label="Spend"))],
        api.update_flow: [on(flow, has(label="Cost"), changes={"label": "Cost"}), use(changes=CHANGES)],
        api.delete_flow: [on(flow, is_done)],
        api.clone_flow: [on(flow, may_name_it)],
        api.preview_flow: [on(source, flow=flow_of), *each("flow", FLOWS), on(source, flow=flow_of, limit=5)],
        api.get_flow_status: [on(flow, has(last_run_finished=None))],
        api.get_flow_api: [on(flow)],
        api.get_flow_api_log: [on(flow)],
        api.debug_flow_api: [on(flow)],
        api.enqueue_write: [
            on(flow, lambda made: bool(made.execution_id)),
            *each("skip_rules_validation", (True, False)),
        ],
        api.get_write: [on(flow)],
        api.get_write_status: [on(flow, has(last_run_finished=None))],
        api.update_write_status: [on(flow, changes={"status": "live"})],
        api.get_write_schedule: [on(flow)],
        api.update_write_schedule: [
            on(
                flow,
                has(sync_frequency="month", day_of_month="1"),
                schedule=api.Schedule(sync_frequency="month", day_of_month="1"),
            ),
            *each("schedule", SCHEDULES),
        ],
        api.delete_write_schedule: [on(flow, is_done)],
        api.update_write_settings: [
            on(flow, settings=api.WriteSettings(write_mode="upsert", unique_columns=("day",))),
            *each("settings", SETTINGS),
        ],
        api.get_write_log: [on(flow)],
        api.debug_write: [on(flow)],
        api.list_destinations: [on(destination, lists(label=["Warehouse"]))],
        api.get_destination: [on(destination, has(label="Warehouse"))],
        api.create_destination: [
            on(service, has_an_id, destination_type="google_big_query", parameters=warehouse),
            use(destination_type=ODD, parameters={}),
        ],
        api.update_destination: [
            on(destination, has(label="Lake"), changes={"label": "Lake"}),
            use(changes=CHANGES),
        ],
        api.delete_destination: [on(destination, is_done)],
        api.clone_destination: [on(destination, may_name_it)],
        api.run_destination_action: [
            on(service, lists(id=["1000"]), destination_type="google_big_query", action="authorization"),
            use(destination_type=ODD, action=ODD, method="GET"),
            on(seeds, may_be_chosen, **BIG_QUERY_MODES),
            chooses("project"),
            chooses("dataset", projectId="project-1"),
        ],
    },
)
