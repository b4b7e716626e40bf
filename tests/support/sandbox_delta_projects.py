"""What the tests of the sandbox's Delta Projects share."""

from __future__ import annotations

from typing import Any

import httpx

ACTIVITY = (
    "/media_agency/86b35325-794c-11e4-8425-daf437376f87"
    "/client/86b35326-794c-11e4-8425-daf437376f87/campaign/default/activity"
)
CREATE = f"{ACTIVITY}/create_from_template"
WITH_GEO = "16b35327-794c-11e4-8425-daf437376f87"
GEO = {"lat": 69, "long": 21.5, "radius": 100}


def body(**changed: Any) -> dict[str, Any]:
    given = {
        "templateId": WITH_GEO,
        "activityName": "Spring",
        "flightStart": "2015-01-01T00:00:01.0Z",
        "flightStop": "2015-02-01T00:00:01.0Z",
        "orderId": "GXK-77123",
        "budget": 100000.0,
        "enabled": False,
        **changed,
    }
    return {name: value for name, value in given.items() if value is not ...}


def create(delta: httpx.Client, **changed: Any) -> str:
    answer = delta.post(CREATE, json=body(**changed))
    assert answer.status_code == 201, answer.text
    assert answer.content == b""
    location = answer.headers["Location"]
    assert location.startswith(f"/api/v1{ACTIVITY}/")
    return str(location.rsplit("/", 1)[1])


def without_geo(delta: httpx.Client) -> str:
    return str(delta.get("/activity_templates").json()[1]["id"])
