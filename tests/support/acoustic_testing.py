"""What the tests of the sandbox's Acoustic Exchange share."""

from __future__ import annotations

from typing import Any

import httpx

# Beyond 2**53: a client or a fake that goes through a float would ask for another segment.
BIG = 8000000000000001153
CSV_TYPE = {"Content-Type": "text/csv; charset=utf-8"}
JSON_TYPE = {"Content-Type": "application/json"}
SEGMENT = {
    "id": BIG,
    "name": "Win back",
    "description": "Bought long ago",
    "type": "Contact Lists",
    "segment_attributes": [{"name": "email", "type": "string"}],
}


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not ...}


def registration(kind: str = "push", **changed: Any) -> dict[str, Any]:
    """A body that registers an audience source; what is set to ``...`` is left out."""
    return _given(
        {
            "name": "Shop",
            "providerName": "Example",
            "endpointTypes": {"segment": {"source": {"enabled": True, "producerType": kind}}},
            **changed,
        }
    )


def export(**changed: Any) -> dict[str, Any]:
    """A body that exports the segment above; what is set to ``...`` is left out."""
    return _given(
        {
            "endpointID": 10001,
            "segmentID": BIG,
            "destinationEndpointID": 20002,
            "sourceIdentifiers": ["email"],
            "destinationIdentifier": "email_hash",
            "updateIdentities": False,
            "scheduleDetails": {"runNow": True},
            **changed,
        }
    )


def is_error(answer: httpx.Response, status: int) -> bool:
    """Whether a call was refused in the vendor's form."""
    assert set(answer.json()) == {"message"}
    return answer.status_code == status


def offer_segment(endpoint: httpx.Client) -> httpx.Client:
    """Register the endpoint of this client's key as a push source that offers one segment."""
    assert endpoint.put("/endpoint", json=registration()).json() == {"endpointId": 10001}
    assert endpoint.post("/endpoint/10001/segments", json=[SEGMENT]).json() is True
    return endpoint
