"""The resources that exist from the start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

ORGANISATION = {"id": "demo-org", "name": "Demo organisation"}

INTEGRATION_TYPES = ("ONBOARDING", "FULFILLMENT", "DATA_STORE")
SEGMENT_TYPES = ("ONBOARDING", "DATA_MARKETPLACE")

DESTINATIONS: list[dict[str, Any]] = [
    {"id": "1001", "name": "Example Ads", "logoUrl": "https://logos.example.com/example-ads.png"},
    {"id": "1002", "name": "Example Data Store", "logoUrl": "https://logos.example.com/data-store.png"},
]

# By destination. Only OAuth integrations have an oAuthEndpointID.
INTEGRATIONS: dict[str, list[dict[str, Any]]] = {
    "1001": [
        {
            "id": "2001",
            "name": "Example Ads audiences",
            "description": "Audiences for Example Ads, after its account owner has consented.",
            "type": "ONBOARDING",
            "deviceTypes": ["WEB", "IOS", "ANDROID"],
            "requiredProperties": [{"name": "accountId", "description": "The account id at Example Ads."}],
            "oAuthEndpointID": "3001",
        }
    ],
    "1002": [
        {
            "id": "2002",
            "name": "Example Data Store files",
            "description": "Files with hashed e-mail addresses or RampIDs.",
            "type": "DATA_STORE",
            "deviceTypes": ["PII", "RAMP_ID"],
            "requiredProperties": [
                {"name": "bucket", "description": "The name of the bucket."},
                {"name": "folder", "description": "The folder in the bucket."},
            ],
        },
        {
            "id": "2003",
            "name": "Example Data Store stream",
            "description": "Not open to this organisation.",
            "type": "FULFILLMENT",
            "deviceTypes": ["WEB"],
            "requiredProperties": [],
            "unavailableReason": "Ask your LiveRamp representative to enable this integration.",
        },
    ],
}


def integration_of(destination_id: str, integration_id: str) -> dict[str, Any] | None:
    """An integration of a destination, or None."""
    for integration in INTEGRATIONS.get(destination_id, []):
        if integration["id"] == integration_id:
            return integration
    return None


def destination_of_endpoint(oauth_endpoint_id: str) -> dict[str, Any] | None:
    """The destination with an OAuth endpoint, or None."""
    for destination in DESTINATIONS:
        for integration in INTEGRATIONS[destination["id"]]:
            if integration.get("oAuthEndpointID") == oauth_endpoint_id:
                return destination
    return None


@dataclass(frozen=True)
class Segment:
    """One segment, with the number of its records."""

    id: str
    field_id: str
    field_name: str
    value: str
    type: str
    record_count: int

    @property
    def public(self) -> dict[str, Any]:
        """The public fields."""
        field = {"id": self.field_id, "name": self.field_name, "audienceId": "900001"}
        return {"id": self.id, "field": field, "value": self.value, "type": self.type}

    @property
    def stored(self) -> dict[str, Any]:
        """The public fields and the number of records."""
        return {**self.public, "recordCount": self.record_count}


_FIELDS = [
    ("win_back", "ONBOARDING", 4210),
    ("loyal", "ONBOARDING", 1875),
    ("new_customers", "ONBOARDING", 960),
    ("big_spenders", "ONBOARDING", 512),
    ("newsletter", "ONBOARDING", 20480),
    ("cart_abandoned", "ONBOARDING", 733),
    ("birthday_month", "ONBOARDING", 1544),
    ("store_visitors", "ONBOARDING", 3021),
    ("app_users", "ONBOARDING", 15002),
    ("gift_buyers", "ONBOARDING", 88),
    ("seasonal", "ONBOARDING", 640),
    ("jazz_buyers", "ONBOARDING", 271),
    ("classical_buyers", "ONBOARDING", 195),
    ("rock_buyers", "ONBOARDING", 5300),
    ("one_time_buyers", "ONBOARDING", 11936),
    ("auto_intenders", "DATA_MARKETPLACE", 250000),
    ("frequent_travellers", "DATA_MARKETPLACE", 410000),
]

SEGMENTS: dict[str, Segment] = {
    str(5000000001 + index): Segment(str(5000000001 + index), str(600001 + index), name, "1", kind, count)
    for index, (name, kind, count) in enumerate(_FIELDS)
}
