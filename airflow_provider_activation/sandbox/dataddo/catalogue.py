"""The Snapchat connector, its options, and its data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

SNAPCHAT = "snapchat"
# The type of the service with credentials for Snapchat.
SNAPCHAT_SERVICE = "snapchat_static"

ORGANISATIONS = {"org-1": "Example organization"}
ACCOUNTS = {"org-1": {"acc-1": "Example account"}}
CAMPAIGNS = {"acc-1": {"campaign-1": "Example campaign", "campaign-2": "Another campaign"}}

# Names in the API with their labels. Requests have the names.
BREAKDOWNS = {"ad": "Ad", "adsquad": "Ad squad", "campaign": "Campaign"}
METRICS = {"spend": "Spend", "impressions": "Impressions", "swipes": "Swipes"}
LABELS = {
    "stats_id": "Stats ID",
    "stats_type": "Stats Type",
    "stats_start_time": "Stats Start Time",
    "stats_end_time": "Stats End Time",
}
DATE_RANGES = {
    "{{0d0}}": "Today",
    "{{1d1}}": "Yesterday",
    "{{30d1}}": "Last 30 days",
    "{{1w1}}": "Last week",
    "{{1m1}}": "Last month",
}

CONNECTORS: tuple[dict[str, Any], ...] = (
    {
        "id": SNAPCHAT,
        "label": "Snapchat",
        "tags": ["marketing"],
        "categories": ["advertising"],
        "group": "social",
        "iconUrl": None,
        "services": [SNAPCHAT_SERVICE],
        "priority": 1,
    },
)

# The fields of a request to a third party.
REQUEST = ("url", "header", "body", "method", "transformation", "emitter")

TEMPLATES: Mapping[str, dict[str, Any]] = {
    "index": {
        "name": "Snapchat Insights",
        "description": "What was spent and what was seen",
        "url": "https://snapchat.example/v1/adaccounts/{{accountId}}/stats",
        "header": {"Accept": "application/json"},
        "body": None,
        "method": "GET",
        "transformation": None,
        "emitter": "json",
    }
}

# The number of available rows, and the default number in a preview.
ROWS = 25
PREVIEW_ROWS = 10

TYPES = {
    **dict.fromkeys(LABELS, "string"),
    "stats_start_time": "datetime",
    "stats_end_time": "datetime",
    "spend": "float",
    "impressions": "integer",
    "swipes": "integer",
}


def options(found: Mapping[str, str]) -> list[dict[str, str]]:
    """Options in the form of a response."""
    return [{"label": label, "value": value} for value, label in found.items()]


def columns(parameters: Mapping[str, Any]) -> list[str]:
    """The columns of a source, in order."""
    return [*parameters["labels"], *parameters["metrics"]]


def rows(names: Sequence[str], count: int) -> list[dict[str, Any]]:
    """The first rows of a source. They are the same in each response."""
    return [{name: _value(name, index) for name in names} for index in range(min(count, ROWS))]


def _value(name: str, index: int) -> object:
    match name:
        case "spend":
            return 10.25 + index
        case "impressions":
            return 1000 + 10 * index
        case "swipes":
            return 5 + index
        case "stats_type":
            return "CAMPAIGN"
        case "stats_start_time":
            return f"2026-01-{index + 1:02}T00:00:00Z"
        case "stats_end_time":
            return f"2026-01-{index + 2:02}T00:00:00Z"
    return f"campaign-{index % 2 + 1}"
