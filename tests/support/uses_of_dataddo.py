"""Ways to use `DataddoHook`."""

from __future__ import annotations

from datetime import date

from hook_uses import BIG, ODD, Use, literals, use

from airflow_provider_activation.api import dataddo as api

STATIC = {"staticKey": "a", "clientId": "b", "clientSecret": ODD}
SCHEDULES = [
    *(
        api.Schedule(sync_frequency=frequency)
        for frequency in sorted(literals(api.Schedule.model_fields["sync_frequency"].annotation))
    ),
    api.Schedule(
        sync_frequency="custom",
        timezone="Europe/Berlin",
        minute="*/5",
        hour=3,
        day_of_month=1,
        month="1,6",
        day_of_week="2",
    ),
]
SNAPCHAT = {
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
WHOLE_SNAPCHAT = {
    **SNAPCHAT,
    **SCHEDULES[-1].parameters(),
    "templateId": "index",
    "dateRange": "1m1|Ymd",
    "dateRangePreview": "{{7d7}}",
    "storageStrategy": "clean",
    "search": "",
    "request": None,
    "type": "snapchat",
}
PAYLOADS = [
    ("snapchat", api.source_payload("snapchat", "Spend", "1000", SNAPCHAT)),
    ("snapchat", api.source_payload("snapchat", ODD, "1000", WHOLE_SNAPCHAT)),
    ("http", api.source_payload("http", ODD, ODD, {"allow_empty": True, "dateRange": "0d0"})),
]
EXTRACTIONS = [
    api.Extraction(),
    api.Extraction(date_from=date(2026, 9, 1), date_to=date(2026, 9, 30), storage_strategy="clean"),
    api.Extraction(date_range="7d7"),
]
FLOWS = [
    api.FlowInput(sources=("source-1", ODD), app="google_data_studio", label=ODD),
    {"sources": ["source-1"], "label": "Spend", "write_action": {"destination": BIG}},
]
SETTINGS = [
    api.WriteSettings(write_mode=mode, unique_columns=columns)
    for mode in ("insert", "insert_ignore", "truncate_insert", "upsert")
    for columns in (None, ("day", ODD))
    if mode != "upsert" or columns
]
WAREHOUSE = {"label": ODD, "o_auth_id": 1000, "projectId": "project-1", "datasetId": "dataset-1"}
CHANGES = {"label": ODD, "list": [1.5, None, True]}
INPUTS = {
    "organization": {"oAuthId": "1000"},
    "account": {"oAuthId": 1000, "organizationId": "org-1"},
    "campaign": {"oAuthId": "1000", "accountId": "acc-1"},
}

USES: list[Use] = [
    use("list_services"),
    use("get_service", "1000"),
    *(use("create_service", name, STATIC) for name in ("snapchat_static", ODD)),
    use("create_service", "snapchat_static", STATIC, deprecated_names=False),
    *(use("create_typed_service", name, STATIC) for name in ("snapchat_static", ODD)),
    use("update_service", "1000", CHANGES),
    use("delete_service", "1000"),
    use("debug_service", "1000"),
    use("list_connectors"),
    use("list_connector_templates", "snapchat"),
    use("get_connector_template", "snapchat", "index"),
    *(
        use("run_connector_action", "snapchat", action)
        for action in ("authorization", "breakdown", "metric", "labels", "dateRange")
    ),
    *(use("run_connector_action", "snapchat", action, "POST", inputs) for action, inputs in INPUTS.items()),
    use("run_connector_action", "facebook", "account", "POST", {}),
    use("run_connector_action", "facebook", ODD, "GET"),
    *(use("preview_connector", *payload) for payload in PAYLOADS),
    use("list_sources"),
    use("get_source", "source-1"),
    *(use("create_source", *payload) for payload in PAYLOADS),
    use("update_source", "source-1", CHANGES),
    use("delete_source", "source-1"),
    use("get_source_metadata", "source-1"),
    use("preview_source", "source-1"),
    use("preview_source", "source-1", 5),
    use("get_source_request", "source-1"),
    use("update_source_request", "source-1", CHANGES),
    use("detect_source", "source-1"),
    use("get_source_status", "source-1"),
    use("get_source_log", "source-1"),
    use("enqueue_extraction", "source-1"),
    *(use("enqueue_extraction", "source-1", extraction) for extraction in EXTRACTIONS),
    use("enqueue_extraction", "source-1", EXTRACTIONS[-1], url="https://example.com/a?b=c", limit="10"),
    use("get_extraction", "source-1"),
    use("update_extraction", "source-1", CHANGES),
    use("deactivate_extraction", "source-1"),
    use("deactivate_extraction", "source-1", api.ExtractionAction(id="5", status="live")),
    use("debug_extraction", "source-1"),
    use("get_extraction_schedule", "source-1"),
    *(use("update_extraction_schedule", "source-1", schedule) for schedule in SCHEDULES),
    *(use("create_flow", flow) for flow in FLOWS),
    use("list_flows"),
    use("list_flows_by_source", "source-1"),
    use("get_flow", "flow-1"),
    use("update_flow", "flow-1", CHANGES),
    use("delete_flow", "flow-1"),
    use("clone_flow", "flow-1"),
    *(use("preview_flow", flow) for flow in FLOWS),
    use("preview_flow", FLOWS[0], 5),
    use("get_flow_status", "flow-1"),
    use("get_flow_api", "flow-1"),
    use("get_flow_api_log", "flow-1"),
    use("debug_flow_api", "flow-1"),
    use("enqueue_write", "flow-1"),
    *(use("enqueue_write", "flow-1", skip_rules_validation=skip) for skip in (True, False)),
    use("get_write", "flow-1"),
    use("get_write_status", "flow-1"),
    use("update_write_status", "flow-1", {"status": "live"}),
    use("get_write_schedule", "flow-1"),
    *(use("update_write_schedule", "flow-1", schedule) for schedule in SCHEDULES),
    use("delete_write_schedule", "flow-1"),
    *(use("update_write_settings", "flow-1", settings) for settings in SETTINGS),
    use("get_write_log", "flow-1"),
    use("debug_write", "flow-1"),
    use("list_destinations"),
    use("get_destination", "destination-1"),
    use("create_destination", "google_big_query", WAREHOUSE),
    use("create_destination", ODD, {}),
    use("update_destination", "destination-1", CHANGES),
    use("delete_destination", "destination-1"),
    use("clone_destination", "destination-1"),
]
