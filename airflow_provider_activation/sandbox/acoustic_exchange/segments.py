"""The segments of push sources."""

from __future__ import annotations

from typing import Any

from airflow_provider_activation.sandbox.acoustic_exchange.account import Account
from airflow_provider_activation.sandbox.acoustic_exchange.endpoints import Endpoint, segment_key
from airflow_provider_activation.sandbox.acoustic_exchange.registration import read_segments
from airflow_provider_activation.sandbox.core.errors import Refused
from airflow_provider_activation.sandbox.core.messages import Request, Response
from airflow_provider_activation.sandbox.core.routing import Operations


class SegmentOperations(Operations):
    """The operations of /v1/endpoint/{endpointId}/segments."""

    table = (
        ("POST", "/v1/endpoint/{endpointId}/segments", "append_segments"),
        ("PUT", "/v1/endpoint/{endpointId}/segments", "replace_segments"),
        ("DELETE", "/v1/endpoint/{endpointId}/segments", "delete_segments"),
        ("GET", "/v1/endpoint/{endpointId}/segments/{segmentId}", "get_segment"),
        ("DELETE", "/v1/endpoint/{endpointId}/segments/{segmentId}", "delete_segment"),
    )
    makes = frozenset({"append_segments"})

    def __init__(self, account: Account) -> None:
        self._account = account

    def _producer(self, request: Request, endpoint_id: str) -> Endpoint:
        endpoint = self._account.own_endpoint(request, endpoint_id)
        request.need_no_query()
        if not endpoint.pushes:
            raise Refused(400, f"endpoint {endpoint.id} is not registered as a push audience producer")
        return endpoint

    def append_segments(self, request: Request, endpoint_id: str) -> Response:
        """Add segments. If one of their ids exists, nothing is added and the response is false."""
        endpoint = self._producer(request, endpoint_id)
        segments = read_segments(request.json())
        if endpoint.single_changes != 200:
            return _other_action(endpoint)
        keys = [segment_key(segment) for segment in [*endpoint.segments.values(), *segments]]
        if len(set(keys)) < len(keys):
            return Response.json(False)
        _add(endpoint, segments)
        return Response.json(True)

    def replace_segments(self, request: Request, endpoint_id: str) -> Response:
        """Replace all segments. If an id is repeated, nothing is replaced and the response is false."""
        endpoint = self._producer(request, endpoint_id)
        segments = read_segments(request.json())
        if len({segment_key(segment) for segment in segments}) < len(segments):
            return Response.json(False)
        _remove_all(endpoint)
        _add(endpoint, segments)
        return Response.json(True)

    def delete_segments(self, request: Request, endpoint_id: str) -> Response:
        """Remove all segments. The response is false if there are none."""
        endpoint = self._producer(request, endpoint_id)
        request.need_no_body()
        had_some = bool(endpoint.segments.values())
        _remove_all(endpoint)
        return Response.json(had_some)

    def delete_segment(self, request: Request, endpoint_id: str, segment_id: str) -> Response:
        """Remove one segment. The response is false if it does not exist."""
        endpoint = self._producer(request, endpoint_id)
        request.need_no_body()
        if endpoint.single_changes != 200:
            return _other_action(endpoint)
        if segment_id not in endpoint.segments:
            return Response.json(False)
        endpoint.segments.remove(segment_id)
        return Response.json(True)

    def get_segment(self, request: Request, endpoint_id: str, segment_id: str) -> Response:
        """One segment of an endpoint."""
        endpoint = self._account.endpoint(endpoint_id)
        self._account.need_access(request, endpoint.id)
        query = request.read_query()
        id_strings = query.flag("includeSegmentIDString")
        query.end()
        segment = endpoint.segments.find(segment_id)
        shown: dict[str, Any] = {"segment_attributes": segment.get("segment_attributes", [])}
        if "id_string" in segment and id_strings:
            shown["id_string"] = segment["id_string"]
        else:
            shown |= {"id": segment.get("id"), "idString": None}
        return Response.json({**shown, "name": segment["name"], "description": segment.get("description")})


def _add(endpoint: Endpoint, segments: list[dict[str, Any]]) -> None:
    for segment in segments:
        endpoint.segments.add(segment_key(segment), segment)


def _remove_all(endpoint: Endpoint) -> None:
    for segment in endpoint.segments.values():
        endpoint.segments.remove(segment_key(segment))


def _other_action(endpoint: Endpoint) -> Response:
    if endpoint.single_changes == 308:
        # There is no Location: the response is not a redirect but names another action.
        return Response.json({"shareAction": "REPLACE"}, 308)
    raise Refused(501, f"endpoint {endpoint.id} does not support changes to single segments")
