"""The four services of the sandbox in a process of their own, and what is made there to be waited for."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from benchmarks.children import Child
from benchmarks.sandbox_process import STEP
from scripts.local import RunningSandbox, airflow_environment

AT_ONCE = 500
"""Segments that one call may put into distribution."""


class Services:
    """The sandbox's process.

    :param child: the process.
    :param told: what it said of itself.
    """

    def __init__(self, child: Child, told: Mapping[str, Any]) -> None:
        self._child = child
        self.url: str = told["url"]
        self.connections: dict[str, Any] = told["connections"]
        self._segments: list[str] = told["segments"]

    def asked(self) -> Counter[str]:
        """How often it was asked what so far."""
        return Counter(dict(self._child.ask(("asked", {}))))

    def advance(self, steps: int) -> None:
        """Let all jobs and deliveries move on at once."""
        self._child.ask(("advance", {"seconds": steps * STEP}))

    def misbehave(self, what: str, **rule: Any) -> None:
        """Have it misbehave, for ever unless told otherwise."""
        self._child.ask(("misbehave", {"what": what, "times": None, **rule}))

    def behave(self) -> None:
        """End all misbehaviour."""
        self._child.ask(("behave", {}))

    def environment(self, home: Path) -> dict[str, str]:
        """The environment of an Airflow that knows all connections, ``http_default`` among them."""
        acoustic_exchange = self.connections["acoustic_exchange_default"]
        # the HTTP provider sends what it does not know of an extra as headers
        headers = {"Authorization": f"Bearer {acoustic_exchange['password']}"}
        http = {"conn_type": "http", "host": acoustic_exchange["host"], "extra": headers}
        known = {**self.connections, "http_default": http}
        return airflow_environment(home, RunningSandbox(self.url, known))

    # as a person would with their own tools

    def running_jobs(self, number: int) -> list[int]:
        """Export jobs of Acoustic Exchange that run, by their ids."""
        source = {"segment": {"source": {"enabled": True, "producerType": "pull"}}}
        registration = {"name": "Shop", "providerName": "Example", "endpointTypes": source}
        with self._acoustic_exchange("endpoint") as endpoint:
            endpoint.put("/endpoint", json=registration).raise_for_status()
        wanted = {
            "endpointID": 10001,
            "segmentID": 8000000000000001152,
            "destinationEndpointID": 20002,
            "sourceIdentifiers": ["email_sha256"],
            "destinationIdentifier": "email",
            "updateIdentities": False,
            "scheduleDetails": {"runNow": True},
        }
        with self._acoustic_exchange("default") as account:
            ids = [
                int(account.post("/jobs/segmentExport", json=wanted).raise_for_status().text)
                for _ in range(number)
            ]
        self.advance(1)
        return ids

    def _acoustic_exchange(self, level: str) -> httpx.Client:
        connection = self.connections[f"acoustic_exchange_{level}"]
        headers = {"Authorization": f"Bearer {connection['password']}"}
        return httpx.Client(
            base_url=f"{connection['host']}/v1", headers=headers, verify=False, trust_env=False
        )

    def deliveries(self, number: int) -> dict[str, Any]:
        """Deliveries of LiveRamp that are under way, of a segment each.

        :returns: ``integration_connection``, and the ``ids`` of the segments.
        """
        segments = self._segments[:number]
        with self._liveramp() as liveramp:
            wanted = {
                "integrationID": ["1002", "2002"],
                "properties": [
                    {"propertyKey": "bucket", "propertyValue": "audiences"},
                    {"propertyKey": "folder", "propertyValue": "daily"},
                ],
                "deviceTypes": ["PII"],
                "distributionManagerName": "Daily",
            }
            made = liveramp.post("/integration-connections", json=wanted).raise_for_status().json()
            (manager,) = liveramp.get("/distribution-managers").json()["v2/DistributionManagers"]
            configs = [
                {"segmentID": id, "segmentType": "ONBOARDING", "distributionManagerID": manager["id"]}
                for id in segments
            ]
            path = f"/distribution-managers/{manager['id']}/segment-configs"
            for first in range(0, number, AT_ONCE):
                liveramp.post(path, json=configs[first : first + AT_ONCE]).raise_for_status()
        self.advance(1)
        return {"integration_connection": made["id"], "ids": segments}

    def _liveramp(self) -> httpx.Client:
        connection = self.connections["liveramp_default"]
        form = {
            "grant_type": "password",
            "username": connection["login"],
            "password": connection["password"],
            "client_id": "liveramp-api",
        }
        client = httpx.Client(verify=False, trust_env=False, timeout=60)
        address = connection["extra"]["auth_url"]
        token = httpx.post(address, data=form, verify=False, trust_env=False).raise_for_status().json()
        client.headers["Authorization"] = f"Bearer {token['access_token']}"
        client.headers["LR-Org-ID"] = connection["extra"]["org_id"]
        client.base_url = httpx.URL(f"{connection['host']}/v2")
        return client


@contextmanager
def running_services(home: Path, *, segments: int = 0) -> Iterator[Services]:
    """Run the sandbox until the block ends.

    :param home: where its log goes, an existing folder.
    :param segments: LiveRamp segments it holds besides its own.
    """
    with Child("sandbox_process", home / "sandbox.log", os.environ) as child:
        yield Services(child, child.ask({"segments": segments}))
