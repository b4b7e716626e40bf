"""What the tests of Dataddo's sandbox share besides fixtures."""

from __future__ import annotations

from typing import Any

import httpx

from airflow_provider_activation.sandbox import Sandbox


def is_error(answer: httpx.Response, status: int) -> bool:
    assert set(answer.json()) == {"message"}
    return answer.status_code == status


def snapchat(sandbox: Sandbox) -> dict[str, Any]:
    return {
        "staticKey": sandbox.secrets["snapchat_refresh_token"],
        "clientId": sandbox.secrets["snapchat_client_id"],
        "clientSecret": sandbox.secrets["snapchat_client_secret"],
    }


def source_body(service: int | str, **changed: Any) -> dict[str, Any]:
    given = {
        "connectorId": "snapchat",
        "templateId": "index",
        "oAuthId": service,
        "organizationId": "org-1",
        "accountId": "acc-1",
        "label": "Snapchat Insights",
        "breakdown": "campaign",
        "metrics": ["spend", "impressions"],
        "labels": ["stats_id", "stats_type"],
        "action_report_time": "conversion",
        "swipe_up_attribution_window": "28_DAY",
        "view_attribution_window": "1_DAY",
        "sync_frequency": "day",
        "day_of_week": "2",
        "day_of_month": "1",
        "hour": "3",
        "minute": "25",
        "timezone": "UTC",
        "dateRange": "{{30d1}}",
        "dateRangePreview": "{{30d1}}",
        "search": "",
        "request": None,
        "type": "snapchat",
        "strategy": "incremental",
        "storageStrategy": "incremental",
        **changed,
    }
    return {name: value for name, value in given.items() if value is not ...}
