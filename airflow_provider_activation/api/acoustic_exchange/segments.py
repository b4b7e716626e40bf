"""Acoustic Exchange: the segments (audiences) an endpoint offers.

Documents: "Endpoint-level API", and "Account-level API" for one segment. 308 (something else must be nothing
instead) and 501 (not supported) stand in the tables of POST and DELETE in words meant for providers that
implement these calls; whoever answers so, the transport raises `AlternateActionRequired` and
`NotSupported`, follows nothing and tries nothing again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import AliasChoices, Field, StrictInt

from airflow_provider_activation.api.acoustic_exchange.common import ACCOUNT, ENDPOINT, endpoint, true, whole
from airflow_provider_activation.api.answers import model
from airflow_provider_activation.api.call import Call, Safety, query_of, request
from airflow_provider_activation.api.models import Input, Resource
from airflow_provider_activation.errors import InvalidRequest

__all__ = [
    "Segment",
    "SegmentAttribute",
    "SegmentAttributeInput",
    "SegmentDefinition",
    "add_segments",
    "delete_segment",
    "delete_segments",
    "get_segment",
    "replace_segments",
]

_SEGMENTS = "/v1/endpoint/{endpoint_id}/segments"


class SegmentAttribute(Resource):
    name: str
    type: str | None = None


class Segment(Resource):
    """A segment as an endpoint lists it. The documents spell the text id in three ways."""

    id: int | None = None
    id_string: str | None = Field(
        default=None, validation_alias=AliasChoices("id_string", "id_String", "idString")
    )
    name: str | None = None
    description: str | None = None
    segment_attributes: list[SegmentAttribute] = Field(default_factory=list)


class SegmentAttributeInput(Input):
    name: str = Field(min_length=1)
    type: str = Field(min_length=1)


class SegmentDefinition(Input):
    """One segment an endpoint offers. Exactly one of ``id`` (a number) and ``id_string`` is given."""

    id: StrictInt | None = None
    id_string: str | None = Field(default=None, min_length=1)
    name: str = Field(min_length=1)
    description: str | None = None
    type: Literal["Contact Lists", "Databases", "Queries"] | None = None
    segment_attributes: tuple[SegmentAttributeInput, ...] | None = None

    def check(self) -> None:
        if (self.id is None) == (self.id_string is None):
            given = "neither is" if self.id is None else "both are"
            raise ValueError(f"exactly one of id and id_string must be given, but {given}")

    @property
    def path_id(self) -> int | str:
        """The id, whichever kind it is."""
        return self.id if self.id is not None else self.id_string or ""

    def differences(self, known: Segment) -> list[str]:
        """What of this description the known segment does not have."""
        differing = []
        if known.name is not None and known.name != self.name:
            differing.append("name")
        if self.description is not None and (known.description or "") != self.description:
            differing.append("description")
        # answers give attribute types as null or "0": only the names can be compared
        names = {attribute.name for attribute in self.segment_attributes or ()}
        if not names <= {attribute.name for attribute in known.segment_attributes}:
            differing.append("segment_attributes")
        return differing


@endpoint
def add_segments(endpoint_id: int, segments: Sequence[SegmentDefinition]) -> Call[bool]:
    """POST /v1/endpoint/{endpoint_id}/segments: add to the segments the endpoint offers.

    What a second call with the same segments does is not documented, so it is not repeated. The document
    quotes the numeric ids here and leaves them bare for PUT; they go out as numbers.

    Document: "Endpoint-level API".
    """
    return _write("POST", Safety.ONCE, endpoint_id, segments)


@endpoint
def replace_segments(endpoint_id: int, segments: Sequence[SegmentDefinition]) -> Call[bool]:
    """PUT /v1/endpoint/{endpoint_id}/segments: the endpoint offers these and no others.

    The table calls both ``id`` and ``id_string`` required; the text says one in place of the other.

    Document: "Endpoint-level API".
    """
    return _write("PUT", Safety.REPEATABLE, endpoint_id, segments)


@endpoint
def delete_segments(endpoint_id: int) -> Call[bool]:
    """DELETE /v1/endpoint/{endpoint_id}/segments: the endpoint offers none any more.

    Document: "Endpoint-level API".
    """
    return request(
        "DELETE",
        _SEGMENTS,
        Safety.REPEATABLE,
        true,
        key_levels=(ENDPOINT,),
        endpoint_id=whole("endpoint_id", endpoint_id),
    )


@endpoint
def delete_segment(endpoint_id: int, segment_id: int | str) -> Call[bool]:
    """DELETE /v1/endpoint/{endpoint_id}/segments/{segment_id}: the endpoint no longer offers this one.

    Document: "Endpoint-level API".
    """
    return request(
        "DELETE",
        _SEGMENTS + "/{segment_id}",
        Safety.REPEATABLE,
        true,
        key_levels=(ENDPOINT,),
        endpoint_id=whole("endpoint_id", endpoint_id),
        segment_id=segment_id,
    )


@endpoint
def get_segment(endpoint_id: int, segment_id: int | str) -> Call[Segment]:
    """GET /v1/endpoint/{endpoint_id}/segments/{segment_id}. Document: "Account-level API"."""
    return request(
        "GET",
        _SEGMENTS + "/{segment_id}",
        Safety.READ,
        model(Segment),
        query=query_of(includeSegmentIDString=True if isinstance(segment_id, str) else None),
        key_levels=(ACCOUNT, ENDPOINT),
        endpoint_id=whole("endpoint_id", endpoint_id),
        segment_id=segment_id,
    )


def _write(
    method: str, safety: Safety, endpoint_id: int, segments: Sequence[SegmentDefinition]
) -> Call[bool]:
    if not segments:
        raise InvalidRequest("segments: at least one must be given.")
    return request(
        method,
        _SEGMENTS,
        safety,
        true,
        json=[segment.body() for segment in segments],
        key_levels=(ENDPOINT,),
        endpoint_id=whole("endpoint_id", endpoint_id),
    )
