"""Makes at the sandbox what tasks then work with, as a person would with their own tools."""

from __future__ import annotations

from typing import Any

import httpx
from example_tasks import SEGMENT, SOURCE_PARAMETERS
from sandbox_testing import ANSWERED, acoustic_client, liveramp_token

from airflow_provider_activation.sandbox import Sandbox

PUSHING, PULLED = 10001, 20003
"""Endpoints that audiences come from: one that uploads them, one that is asked for them."""


class Services:
    """A person with the keys of all four services."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._account = acoustic_client(sandbox, "account")
        endpoint = acoustic_client(sandbox, "endpoint")
        endpoint.put("/endpoint", json=_audience_source("push")).raise_for_status()
        segments = [{"id": SEGMENT, "name": "Win-back"}]
        endpoint.post(f"/endpoint/{PUSHING}/segments", json=segments).raise_for_status()
        self._account.put(f"/endpoint/{PULLED}", json=_audience_source("pull")).raise_for_status()

    # Acoustic Exchange

    def job(self, endpoint_id: int = PULLED) -> str:
        """An export job. It runs, or waits for its data if the endpoint is one that uploads it."""
        wanted = {
            "endpointID": endpoint_id,
            "segmentID": SEGMENT,
            "destinationEndpointID": 20002,
            "sourceIdentifiers": ["email_sha256"],
            "destinationIdentifier": "email",
            "updateIdentities": False,
            "scheduleDetails": {"runNow": True},
        }
        return self._account.post("/jobs/segmentExport", json=wanted).raise_for_status().text

    # LiveRamp

    def integration_connection(self, manager_name: str) -> dict[str, str]:
        """An integration connection with a distribution manager; the ids of both."""
        wanted = {
            "integrationID": ["1002", "2002"],
            "properties": [
                {"propertyKey": "bucket", "propertyValue": "audiences"},
                {"propertyKey": "folder", "propertyValue": "daily"},
            ],
            "deviceTypes": ["PII"],
            "distributionManagerName": manager_name,
        }
        made = self._liveramp.post("/integration-connections", json=wanted).raise_for_status().json()
        managers = self._liveramp.get("/distribution-managers").raise_for_status().json()
        (manager,) = managers["v2/DistributionManagers"]
        return {"integration_connection": made["id"], "manager": manager["id"]}

    def distribute(self, manager_id: str, segment_id: str) -> None:
        """Have a segment delivered."""
        segment = {
            "segmentID": segment_id,
            "segmentType": "ONBOARDING",
            "distributionManagerID": manager_id,
        }
        path = f"/distribution-managers/{manager_id}/segment-configs"
        self._liveramp.post(path, json=[segment]).raise_for_status()

    def attempt(self) -> str:
        """An authorisation to which a person will consent."""
        answer = self._liveramp.post("/oauth-connection-attempts", json={"oAuthEndpointID": "3001"})
        return str(answer.raise_for_status().json()["id"])

    # Dataddo

    def service(self) -> str:
        """An authorised service."""
        secrets = self._sandbox.secrets
        credentials = {
            "staticKey": secrets["snapchat_refresh_token"],
            "clientId": secrets["snapchat_client_id"],
            "clientSecret": secrets["snapchat_client_secret"],
        }
        service = {"service": "snapchat_static", "data": credentials}
        return str(self._dataddo.post("/services", json=service).raise_for_status().json()["id"])

    def source(self, service_id: str, label: str = "Snapchat") -> str:
        """A source that has not loaded yet."""
        source = {
            **SOURCE_PARAMETERS,
            "connectorId": "snapchat",
            "oAuthId": service_id,
            "label": label,
            "dateRange": "{{30d1}}",
            "storageStrategy": "incremental",
        }
        made = self._dataddo.post("/connectors/snapchat/create-source", json=source).raise_for_status()
        return str(made.json()["id"])

    def flow(self, source_id: str, label: str) -> str:
        """A flow that has not written yet."""
        flow = {"sources": [source_id], "app": "google_data_studio", "label": label}
        return str(self._dataddo.post("/flows", json=flow).raise_for_status().json()["id"])

    @property
    def _liveramp(self) -> httpx.Client:
        # anew each time: its token may have ended, since tests let the time pass
        headers = {"Authorization": f"Bearer {liveramp_token(self._sandbox)}", "LR-Org-ID": "demo-org"}
        return httpx.Client(
            base_url=f"{self._sandbox.url}/liveramp/v2", headers=headers, verify=False, timeout=ANSWERED
        )

    @property
    def _dataddo(self) -> httpx.Client:
        secrets = self._sandbox.secrets
        client = httpx.Client(base_url=f"{self._sandbox.url}/dataddo", verify=False, timeout=ANSWERED)
        login = {"email": secrets["dataddo_email"], "password": secrets["dataddo_password"]}
        token = client.post("/auth", json=login).raise_for_status().json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        return client


def _audience_source(producer_type: str) -> dict[str, Any]:
    source = {"segment": {"source": {"enabled": True, "producerType": producer_type}}}
    return {"name": "Shop", "providerName": "Example", "endpointTypes": source}
