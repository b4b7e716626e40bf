"""The list of audiences that a pushing Acoustic Exchange endpoint offers."""

from __future__ import annotations

from typing import Any

from airflow_provider_activation.sandbox.acoustic_exchange.account import Account, need_no_body
from airflow_provider_activation.sandbox.acoustic_exchange.endpoints import Endpoint, segment_key
from airflow_provider_activation.sandbox.acoustic_exchange.registration import read_segments
from airflow_provider_activation.sandbox.core.messages import Answer, Incoming, Refused, Route


class SegmentCalls:
    """The calls of /v1/endpoint/{endpointId}/segments."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self.routes = [
            Route("POST", "/v1/endpoint/{endpointId}/segments", self.append_segments),
            Route("PUT", "/v1/endpoint/{endpointId}/segments", self.replace_segments),
            Route("DELETE", "/v1/endpoint/{endpointId}/segments", self.delete_segments),
            Route("GET", "/v1/endpoint/{endpointId}/segments/{segmentId}", self.get_segment),
            Route("DELETE", "/v1/endpoint/{endpointId}/segments/{segmentId}", self.delete_segment),
        ]

    def _producer(self, incoming: Incoming, endpoint_id: str) -> Endpoint:
        endpoint = self._account.own_endpoint(incoming, endpoint_id)
        incoming.read_query().end()
        if not endpoint.pushes:
            raise Refused(400, f"endpoint {endpoint.id} is not registered as a push audience producer")
        return endpoint

    def append_segments(self, incoming: Incoming, endpoint_id: str) -> Answer:
        """Add segments to the list; false, and nothing added, when an id is there already."""
        endpoint = self._producer(incoming, endpoint_id)
        segments = read_segments(incoming.json())
        if endpoint.single_changes != 200:
            return _other_action(endpoint)
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

    def delete_segments(self, incoming: Incoming, endpoint_id: str) -> Answer:
        """Clear the list; false when it is empty already."""
        endpoint = self._producer(incoming, endpoint_id)
        need_no_body(incoming)
        had_some = bool(endpoint.segments)
        endpoint.segments = []
        return Answer.json(had_some)

    def delete_segment(self, incoming: Incoming, endpoint_id: str, segment_id: str) -> Answer:
        """Take one segment off the list; false when it is not there."""
        endpoint = self._producer(incoming, endpoint_id)
        need_no_body(incoming)
        if endpoint.single_changes != 200:
            return _other_action(endpoint)
        segment = endpoint.segment(segment_id)
        if segment is None:
            return Answer.json(False)
        endpoint.segments.remove(segment)
        return Answer.json(True)

    def get_segment(self, incoming: Incoming, endpoint_id: str, segment_id: str) -> Answer:
        """One segment of an endpoint."""
        endpoint = self._account.endpoint(endpoint_id)
        self._account.need_access(incoming, endpoint.id)
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


def _other_action(endpoint: Endpoint) -> Answer:
    if endpoint.single_changes == 308:
        # No Location: this is no redirect but the name of another action.
        return Answer.json({"shareAction": "REPLACE"}, 308)
    raise Refused(501, f"endpoint {endpoint.id} does not support changes to single segments")
