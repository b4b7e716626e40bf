"""Acoustic Exchange: keys, endpoints and their audience lists."""

from __future__ import annotations

import re
from typing import Any, Literal

from airflow_provider_activation.sandbox.acoustic_endpoints import (
    Endpoint,
    EndpointQuery,
    listed_segment,
    segment_key,
)
from airflow_provider_activation.sandbox.acoustic_jobs import Jobs
from airflow_provider_activation.sandbox.acoustic_registration import read_registration, read_segments
from airflow_provider_activation.sandbox.messages import Answer, Chunks, Incoming, Refused, Route
from airflow_provider_activation.sandbox.reading import filled_text
from airflow_provider_activation.sandbox.service import Service, bearer
from airflow_provider_activation.sandbox.settings import Settings, Vault

OWN_ENDPOINT = 10001
"""The endpoint that the endpoint-level key belongs to."""


def _destination(endpoint_id: int, name: str, kind: str, received: dict[str, str]) -> Endpoint:
    registration = {
        "name": name,
        "providerName": "Example provider",
        "description": f"{name} of the sandbox",
        "endpointTypes": {"segment": {"destination": {"enabled": True, "destinationType": kind}}},
    }
    return Endpoint(endpoint_id, registration, received=received)


class AcousticExchange(Service):
    """One Exchange account with three endpoints."""

    name = "acoustic-exchange"
    title = "Acoustic Exchange"

    def __init__(self, settings: Settings, vault: Vault) -> None:
        super().__init__(settings, vault)
        self.endpoints = {
            OWN_ENDPOINT: Endpoint(OWN_ENDPOINT),
            20002: _destination(20002, "Email partner", "push", {"700001": "Newsletter readers"}),
            20003: _destination(20003, "Pull partner", "pull", {"700002": "Archive"}),
        }
        self.jobs = Jobs(settings.step_seconds, self.endpoints)
        self.routes = [
            Route("GET", "/v1/endpoint", self.list_endpoints),
            Route("PUT", "/v1/endpoint", self.register_own),
            Route("PUT", "/v1/endpoint/{endpointId}", self.register_any),
            Route("POST", "/v1/endpoint/{endpointId}/segments", self.append_segments),
            Route("PUT", "/v1/endpoint/{endpointId}/segments", self.replace_segments),
            Route("GET", "/v1/endpoint/{endpointId}/segments/{segmentId}", self.get_segment),
            Route("POST", "/v1/jobs/segmentExport", self.export_segment),
            Route("GET", "/v1/jobs/{jobCategory}", self.list_jobs),
            Route("GET", "/v1/jobs/{jobCategory}/{jobId}", self.get_job),
            Route("POST", "/v1/jobs/{jobId}/data", stream=self.upload_data),
        ]

    def error(self, status: int, message: str) -> Answer:
        """A JSON object with a message."""
        return Answer.json({"message": message}, status)

    def authenticate(self, incoming: Incoming) -> None:
        """One of the account's keys, on every call."""
        self._level(incoming)

    def _level(self, incoming: Incoming) -> Literal["account", "endpoint"]:
        key = bearer(incoming)
        if key == self.settings.secret("acoustic_account_key"):
            return "account"
        if key == self.settings.secret("acoustic_endpoint_key"):
            return "endpoint"
        raise Refused(403, "Not authorized: the authentication key is missing or not recognised")

    def _need_level(self, incoming: Incoming, level: Literal["account", "endpoint"]) -> None:
        given = self._level(incoming)
        if given != level:
            raise Refused(
                403, f"Not authorized: this call needs the {level}-level key, not the {given}-level key"
            )

    def _need_access(self, incoming: Incoming, *endpoint_ids: int) -> None:
        """The account key, or the key of one of these endpoints."""
        if self._level(incoming) == "endpoint" and OWN_ENDPOINT not in endpoint_ids:
            raise Refused(403, "Not authorized: the key belongs to another endpoint")

    def _endpoint(self, written: str) -> Endpoint:
        endpoint = (
            self.endpoints.get(int(written)) if re.fullmatch(r"[0-9]{1,19}", written, re.ASCII) else None
        )
        if endpoint is None:
            raise Refused(404, f"no endpoint {written}")
        return endpoint

    def register_own(self, incoming: Incoming) -> Answer:
        """Register the endpoint that the key belongs to."""
        self._need_level(incoming, "endpoint")
        return self._register(incoming, self.endpoints[OWN_ENDPOINT])

    def register_any(self, incoming: Incoming, endpoint_id: str) -> Answer:
        """Register an endpoint on behalf of the account."""
        self._need_level(incoming, "account")
        return self._register(incoming, self._endpoint(endpoint_id))

    def _register(self, incoming: Incoming, endpoint: Endpoint) -> Answer:
        incoming.read_query().end()
        # All of it is replaced: a type that is left out is thereby disabled.
        endpoint.registration = read_registration(incoming.json())
        return Answer.json({"endpointId": endpoint.id})

    def list_endpoints(self, incoming: Incoming) -> Answer:
        """The registered endpoints: all of them for the account, its own for an endpoint."""
        level = self._level(incoming)
        query = incoming.read_query()
        wanted = EndpointQuery(query, level)
        query.end()
        found = [
            endpoint
            for endpoint in self.endpoints.values()
            if endpoint.registration is not None
            and (level == "account" or endpoint.id == OWN_ENDPOINT)
            and wanted.endpoint_id in (None, endpoint.id)
            and any(endpoint.enabled(family, role) for family in wanted.families for role in wanted.roles)
        ]
        if wanted.endpoint_id is not None and wanted.endpoint_id not in self.endpoints:
            raise Refused(404, f"no endpoint {wanted.endpoint_id}")
        return Answer.json(self._describe(found, wanted))

    def _describe(self, endpoints: list[Endpoint], wanted: EndpointQuery) -> list[dict[str, Any]]:
        # The page is one over the segments of all endpoints together.
        described = []
        passed = 0
        for endpoint in endpoints:
            shown: dict[str, Any] = {"endpointId": endpoint.id, **(endpoint.registration or {})}
            if wanted.load_events:
                shown["eventTypes"] = []
            if wanted.billing:
                shown["billingCategory"] = "STANDARD"
            if wanted.load_segments:
                shown["segments"] = []
                for segment in endpoint.segments:
                    if wanted.takes(segment):
                        passed += 1
                        if wanted.on_page(passed):
                            shown["segments"].append(listed_segment(segment, wanted.id_strings))
            described.append(shown)
        return described

    def _producer(self, incoming: Incoming, endpoint_id: str) -> Endpoint:
        self._need_level(incoming, "endpoint")
        endpoint = self._endpoint(endpoint_id)
        self._need_access(incoming, endpoint.id)
        incoming.read_query().end()
        if not endpoint.pushes:
            raise Refused(400, f"endpoint {endpoint.id} is not registered as a push audience producer")
        return endpoint

    def append_segments(self, incoming: Incoming, endpoint_id: str) -> Answer:
        """Add segments to the list; false, and nothing added, when an id is there already."""
        endpoint = self._producer(incoming, endpoint_id)
        segments = read_segments(incoming.json())
        keys = [segment_key(segment) for segment in endpoint.segments + segments]
        if len(set(keys)) < len(keys):
            return Answer.json(False)
        endpoint.segments.extend(segments)
        return Answer.json(True)

    def replace_segments(self, incoming: Incoming, endpoint_id: str) -> Answer:
        """Replace the whole list; false, and nothing replaced, when the new one names an id twice."""
        endpoint = self._producer(incoming, endpoint_id)
        segments = read_segments(incoming.json())
        if len({segment_key(segment) for segment in segments}) < len(segments):
            return Answer.json(False)
        endpoint.segments = segments
        return Answer.json(True)

    def get_segment(self, incoming: Incoming, endpoint_id: str, segment_id: str) -> Answer:
        """One segment of an endpoint."""
        endpoint = self._endpoint(endpoint_id)
        self._need_access(incoming, endpoint.id)
        query = incoming.read_query()
        id_strings = query.flag("includeSegmentIDString")
        query.end()
        segment = endpoint.segment(segment_id)
        if segment is None:
            raise Refused(404, f"endpoint {endpoint.id} has no segment {segment_id}")
        shown: dict[str, Any] = {"segment_attributes": segment.get("segment_attributes", [])}
        if "id_string" in segment and id_strings:
            shown["id_string"] = segment["id_string"]
        else:
            shown |= {"id": segment.get("id"), "idString": None}
        return Answer.json({**shown, "name": segment["name"], "description": segment.get("description")})

    def export_segment(self, incoming: Incoming) -> Answer:
        """Start a job; its id comes back as a bare number."""
        self._need_level(incoming, "account")
        incoming.read_query().end()
        return Answer.json(self.jobs.export(incoming.json(), self.now(), incoming.fail))

    def list_jobs(self, incoming: Incoming, category: str) -> Answer:
        """The jobs of a category, those of one endpoint for an endpoint's key."""
        level = self._level(incoming)
        query = incoming.read_query()
        endpoint_id = query.whole("endpointId", 1)
        status = query.may("status", filled_text)
        query.flag("extraFields")
        query.end()
        if level == "endpoint":
            if endpoint_id is None:
                raise Refused(403, "Not authorized: the jobs of all endpoints need the account-level key")
            self._need_access(incoming, endpoint_id)
        if endpoint_id is not None:
            self._endpoint(str(endpoint_id))
        return self.jobs.list_category(category, endpoint_id, status, self.now())

    def get_job(self, incoming: Incoming, category: str, job_id: str) -> Answer:
        """One job."""
        incoming.read_query().end()
        job = self.jobs.find(job_id, category)
        self._need_access(incoming, *job.endpoint_ids)
        return self.jobs.show(job, self.now())

    async def upload_data(self, incoming: Incoming, chunks: Chunks, job_id: str) -> Answer:
        """Take in the audience data that a push producer's job waits for."""
        incoming.read_query().end()
        job = self.jobs.find(job_id)
        self._need_access(incoming, job.source_id)
        await self.jobs.take_data(job, incoming, chunks, self.now)
        return Answer.json(True)

    def connections(self) -> dict[str, dict[str, Any]]:
        """One connection for each of the two key levels."""
        return {
            f"acoustic_exchange_{name}": {
                "conn_type": "acoustic_exchange",
                "host": self.url,
                "password": self.settings.secret(f"acoustic_{level}_key"),
                "extra": {"key_level": level},
            }
            for name, level in (("default", "account"), ("endpoint", "endpoint"))
        }

    def state(self) -> dict[str, list[dict[str, Any]]]:
        """Endpoints, the segments they offer and hold, and all jobs."""
        return {
            "endpoints": [
                {
                    "endpointId": endpoint.id,
                    "status": "PENDING" if endpoint.registration is None else "ACTIVE",
                    "registration": endpoint.registration,
                }
                for endpoint in self.endpoints.values()
            ],
            "segments": [
                {"endpointId": endpoint.id, **segment}
                for endpoint in self.endpoints.values()
                for segment in endpoint.segments
            ],
            "destinationSegments": [
                {"endpointId": endpoint.id, "id": key, "name": name}
                for endpoint in self.endpoints.values()
                for key, name in endpoint.received.items()
            ],
            "jobs": self.jobs.state(self.now()),
        }
