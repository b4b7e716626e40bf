"""Acoustic Exchange: the segments (audiences) that an endpoint offers.

Document, where an endpoint names no other: "Endpoint-level API". The tables of POST and DELETE name the
statuses 308 (another action is needed) and 501 (not supported), in words for providers that implement these
calls. The transport raises `AlternateActionRequired` and `NotSupported`, and never follows or retries.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import AliasChoices, Field

from airflow_provider_activation.api.acoustic_exchange.common import (
    ACCOUNT,
    ENDPOINT,
    endpoint,
    exactly_one,
    true,
    whole,
)
from airflow_provider_activation.api.acoustic_exchange.endpoints import EndpointQuery, list_endpoints
from airflow_provider_activation.api.answers import model
from airflow_provider_activation.api.call import Call, Safety, fits_a_path, get, query_of, request
from airflow_provider_activation.api.models import Input, Resource, Several, Text
from airflow_provider_activation.errors import InvalidRequest, NotFound, Refused

__all__ = [
    "Segment",
    "SegmentAttribute",
    "SegmentAttributeInput",
    "SegmentDefinition",
    "add_segments",
    "delete_all_segments",
    "delete_segment",
    "delete_segment_if_offered",
    "delete_segments",
    "get_segment",
    "replace_segments",
]

_SEGMENTS = "/v1/endpoint/{endpoint_id}/segments"
_SEGMENT = _SEGMENTS + "/{segment_id}"


class SegmentAttribute(Resource):
    name: Text = ""
    type: str | None = None


class Segment(Resource):
    """A segment of an endpoint. The documents spell the text id in three ways."""

    id: int | None = None
    id_string: str | None = Field(None, validation_alias=AliasChoices("id_string", "id_String", "idString"))
    name: str | None = None
    description: str | None = None
    type: str | None = None
    segment_attributes: Several[SegmentAttribute] = Field(default_factory=list)


class SegmentAttributeInput(Input):
    name: str = Field(min_length=1)
    type: str = Field(min_length=1)


class SegmentDefinition(Input):
    """A segment to offer. Exactly one of ``id`` (a number) and ``id_string`` is given."""

    id: int | None = None
    id_string: str | None = Field(default=None, min_length=1)
    name: str = Field(min_length=1)
    description: str | None = None
    type: Literal["Contact Lists", "Databases", "Queries"] | None = None
    segment_attributes: tuple[SegmentAttributeInput, ...] | None = None

    def check(self) -> None:
        exactly_one(id=self.id, id_string=self.id_string)
        if self.id_string is not None and not fits_a_path(self.id_string):
            raise ValueError(
                "id_string must not be . or .. and not hold a slash or a control character: such a segment "
                "could neither be read nor deleted"
            )

    @property
    def path_id(self) -> int | str:
        """The id, a number or a text."""
        return self.id if self.id is not None else self.id_string or ""

    def differences(self, known: Segment) -> list[str]:
        """The fields of this definition in which the known segment differs."""
        differing = []
        if known.name is not None and known.name != self.name:
            differing.append("name")
        if self.description is not None and (known.description or "") != self.description:
            differing.append("description")
        if self.type is not None and known.type not in (None, self.type):
            differing.append("type")
        shown = {attribute.name: attribute.type for attribute in known.segment_attributes}
        # some responses give the types of attributes as null or "0"
        if any(
            attribute.name not in shown or shown[attribute.name] not in (None, "0", attribute.type)
            for attribute in self.segment_attributes or ()
        ):
            differing.append("segment_attributes")
        return differing


@endpoint
def add_segments(endpoint_id: int, segments: Sequence[SegmentDefinition]) -> Call[bool]:
    """Add segments to those that the endpoint offers: POST /v1/endpoint/{endpoint_id}/segments.

    It is not documented what a second call with the same segments does, so the call is not repeated. The
    document quotes the numeric ids here and not for PUT; they are sent as numbers.
    """
    return _with_segments("POST", Safety.ONCE, endpoint_id, segments)


@endpoint
def replace_segments(endpoint_id: int, segments: Sequence[SegmentDefinition]) -> Call[bool]:
    """Replace all segments that the endpoint offers: PUT /v1/endpoint/{endpoint_id}/segments.

    The table calls both ``id`` and ``id_string`` required; the text says that one replaces the other.
    """
    return _with_segments("PUT", Safety.REPEATABLE, endpoint_id, segments)


@endpoint
def delete_segments(endpoint_id: int) -> Call[bool]:
    """Delete all segments that the endpoint offers: DELETE /v1/endpoint/{endpoint_id}/segments."""
    return _of_endpoint("DELETE", _SEGMENTS, Safety.REPEATABLE, endpoint_id)


@endpoint
def delete_segment(endpoint_id: int, segment_id: int | str) -> Call[bool]:
    """Delete one segment: DELETE /v1/endpoint/{endpoint_id}/segments/{segment_id}.

    :param segment_id: the number or the text with which it was defined.
    """
    return _of_endpoint("DELETE", _SEGMENT, Safety.REPEATABLE, endpoint_id, segment_id=segment_id)


@endpoint
def get_segment(endpoint_id: int, segment_id: int | str) -> Call[Segment]:
    """Get one segment: GET /v1/endpoint/{endpoint_id}/segments/{segment_id}. Document: "Account-level API".

    :param segment_id: the number or the text with which it was defined.
    """
    return get(
        _SEGMENT,
        model(Segment),
        query=query_of(includeSegmentIDString=True if isinstance(segment_id, str) else None),
        key_levels=(ACCOUNT, ENDPOINT),
        endpoint_id=whole("endpoint_id", endpoint_id),
        segment_id=segment_id,
    )


def _with_segments(
    method: str, safety: Safety, endpoint_id: int, segments: Sequence[SegmentDefinition]
) -> Call[bool]:
    if not segments:
        raise InvalidRequest("segments: at least one must be given.")
    return _of_endpoint(method, _SEGMENTS, safety, endpoint_id, json=[segment.body() for segment in segments])


def _of_endpoint(method: str, path: str, safety: Safety, endpoint_id: int, **options: Any) -> Call[bool]:
    number = whole("endpoint_id", endpoint_id)
    return request(method, path, safety, true, key_levels=(ENDPOINT,), endpoint_id=number, **options)


async def delete_segment_if_offered(endpoint_id: int, segment_id: int | str) -> bool:
    """Delete one segment, and say whether the endpoint offered it.

    :raises Refused: the service answered false, and the segment is still offered.
    """
    if not await _is_offered(endpoint_id, segment_id):
        return False
    try:
        await delete_segment(endpoint_id, segment_id)
    except (NotFound, Refused):
        # if it is gone, an earlier attempt of this call deleted it
        if await _is_offered(endpoint_id, segment_id):
            raise
    return True


async def delete_all_segments(endpoint_id: int) -> None:
    """Delete all segments that the endpoint offers, if it offers any.

    :raises Refused: the service answered false and does not show that there are none.
    """
    try:
        await delete_segments(endpoint_id)
    except Refused:
        # false may also mean that there were none, perhaps since an earlier attempt of this call
        if not await _offers_none(endpoint_id):
            raise


async def _is_offered(endpoint_id: int, segment_id: int | str) -> bool:
    try:
        await get_segment(endpoint_id, segment_id)
    except NotFound:
        return False
    return True


async def _offers_none(endpoint_id: int) -> bool:
    """Whether the endpoint is listed with an empty list of segments; one without a list proves nothing."""
    query = EndpointQuery(source=True, segment=True, load_segments=True, page_size=1)
    return any(
        endpoint.endpoint_id == str(endpoint_id) and getattr(endpoint, "segments", None) == []
        for endpoint in await list_endpoints(query)
    )
