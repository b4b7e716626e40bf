"""LiveRamp: segments, the distribution managers they are put into, and their deliveries.

Document: the vendor's description of the Activation API 2.9.0. Values that no enumeration names are kept:
LiveRamp adds some without notice. Segments come into being by uploaded files; no call makes one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Self, TypeVar

from pydantic import Field

from airflow_provider_activation.api.answers import each, model
from airflow_provider_activation.api.call import (
    Answer,
    Call,
    Page,
    Query,
    delete,
    get,
    post,
    put,
    query_of,
)
from airflow_provider_activation.api.liveramp.common import (
    Created,
    at_most,
    done,
    endpoint,
    listing,
    one_of,
    spelled,
    texts,
)
from airflow_provider_activation.api.liveramp.connections import ManagerName
from airflow_provider_activation.api.models import Input, Resource, Text, TextId, Timestamp
from airflow_provider_activation.errors import InvalidRequest
from airflow_provider_activation.words import DistributionManagerStatus, SegmentType

__all__ = [
    "DELIVERED",
    "MOST_SEGMENTS_A_CALL",
    "SEGMENT_IDS",
    "SEGMENT_IDS_FIELD",
    "Delivery",
    "DistributionManager",
    "DistributionManagerInput",
    "DistributionManagerStatus",
    "DistributionManagerUpdate",
    "Segment",
    "SegmentConfig",
    "SegmentConfigInput",
    "SegmentConfigResult",
    "SegmentField",
    "SegmentStatus",
    "SegmentType",
    "Taxonomy",
    "add_segment_configs",
    "create_distribution_manager",
    "delete_distribution_manager",
    "get_distribution_manager",
    "get_segment",
    "get_segment_config",
    "list_deliveries",
    "list_distribution_managers",
    "list_segment_configs",
    "list_segment_statuses",
    "list_segments",
    "remove_segment_configs",
    "update_distribution_manager",
]

S = TypeVar("S", "Delivery", "SegmentStatus")

MOST_SEGMENTS_A_CALL = 500
SEGMENT_IDS = "segmentIDs"
"""The query parameter that names segments, once for each."""
SEGMENT_IDS_FIELD = "segment_ids_parameter"
"""The field of a connection's extra that spells it in another way."""

DELIVERED = "DELIVERED"

_MANAGERS = "/v2/distribution-managers"
_MANAGER = _MANAGERS + "/{distribution_manager_id}"
_SEGMENT_CONFIGS = _MANAGER + "/segment-configs"
_INTEGRATION_CONNECTION_ID = ("integrationConnectionID", "integrationConnectionId")


class DistributionManager(Resource):
    """A distribution manager; on ``expire_at`` deliveries stop and the status becomes ``INACTIVE``."""

    id: TextId
    name: Text = ""
    integration_connection_id: TextId = spelled(*_INTEGRATION_CONNECTION_ID, default=...)
    status: str | None = None
    expire_at: date | None = Field(default=None, alias="expireAt")
    created_at: datetime | None = Field(default=None, alias="createdAt")
    updated_at: datetime | None = Field(default=None, alias="updatedAt")


class SegmentConfig(Resource):
    id: TextId
    segment_id: TextId = Field(alias="segmentID")
    segment_type: str = Field(alias="segmentType")
    distribution_manager_id: TextId | None = Field(default=None, alias="distributionManagerID")
    destination_segment_id: TextId | None = Field(default=None, alias="destinationSegmentID")

    @property
    def key(self) -> tuple[str, str]:
        """Segment id and type, by which a segment config is known."""
        return self.segment_id, self.segment_type


class SegmentConfigResult(Resource):
    """One item of a 207: a segment config, and what became of it."""

    id: TextId | None = None
    status: Any = None

    @property
    def http_status(self) -> int | None:
        """The item's own status; the documents show both a bare number and an error object."""
        value = self.status.get("httpStatus") if isinstance(self.status, dict) else self.status
        return int(value) if isinstance(value, int | str) and str(value).isdecimal() else None

    @property
    def failed(self) -> bool:
        return self.http_status is not None and self.http_status >= 400

    @property
    def message(self) -> str:
        detail = self.status.get("message") if isinstance(self.status, dict) else None
        return str(detail or self.http_status or "no status")


class SegmentField(Resource):
    """The column of the uploaded file from which a segment came."""

    id: TextId | None = None
    name: str | None = None
    audience_id: TextId | None = Field(default=None, alias="audienceId")


class Segment(Resource):
    id: TextId
    type: Text = ""
    field: SegmentField | None = None
    value: Any = None


class Taxonomy(Resource):
    """How the destination knows a segment. The specification requires no field, and none means not yet."""

    taxonomy_sync_status: str | None = Field(default=None, alias="taxonomySyncStatus")
    destination_segment_id: TextId | None = Field(default=None, alias="destinationSegmentID")


class SegmentStatus(Resource):
    segment_id: TextId | None = Field(default=None, alias="segmentID")
    segment_type: str | None = Field(default=None, alias="segmentType")
    taxonomy: Taxonomy | None = None
    integration_connection_id: TextId | None = spelled(*_INTEGRATION_CONNECTION_ID)

    @property
    def sync_status(self) -> str | None:
        """The status of its taxonomy, None without one."""
        return None if self.taxonomy is None else self.taxonomy.taxonomy_sync_status


class Delivery(Resource):
    id: TextId
    status: Text = ""
    device_type: str | None = Field(default=None, alias="deviceType")
    segment_id: TextId | None = Field(default=None, alias="segmentID")
    integration_connection_id: TextId | None = spelled(*_INTEGRATION_CONNECTION_ID)
    operation_type: str | None = Field(default=None, alias="operationType")
    record_count: int | None = Field(default=None, alias="recordCount")
    updated_at: Timestamp | None = Field(default=None, alias="updatedAt")


class DistributionManagerInput(Input):
    """A distribution manager to be created; if the status is left out, LiveRamp decides on it."""

    name: ManagerName
    integration_connection_id: str = Field(alias="integrationConnectionID", min_length=1)
    status: DistributionManagerStatus | None = None
    expire_at: date | None = Field(default=None, alias="expireAt")


class DistributionManagerUpdate(Input):
    """All that a distribution manager is replaced by. ``expire_at`` must be given; None means never."""

    stand_ins = {"name": "-", "status": "ACTIVE", "expire_at": None}

    name: ManagerName
    status: DistributionManagerStatus
    expire_at: date | None = Field(alias="expireAt")

    @classmethod
    def keeping(cls, manager: DistributionManager, **changes: Any) -> Self:
        """The distribution manager as it is, with changes to ``name``, ``status``, ``expire_at``."""
        kept = {"name": manager.name, "status": manager.status, "expire_at": manager.expire_at}
        return cls.of_read(kept, changes)

    def body(self) -> dict[str, Any]:
        # PUT requires the key, even if it is null
        return {"expireAt": None, **super().body()}


class SegmentConfigInput(Input):
    """A segment to be put into distribution."""

    segment_id: str = Field(alias="segmentID", min_length=1)
    segment_type: SegmentType = Field(alias="segmentType")
    destination_segment_id: str | None = Field(default=None, alias="destinationSegmentID", min_length=1)

    @property
    def key(self) -> tuple[str, str]:
        """Segment id and type, by which a segment config is known."""
        return self.segment_id, self.segment_type


# Distribution managers


@endpoint
def create_distribution_manager(manager: DistributionManagerInput) -> Call[Created]:
    """Create a distribution manager: POST /v2/distribution-managers.

    The document does not say whether names are unique.
    """
    return post(_MANAGERS, model(Created), manager.body())


@endpoint
def list_distribution_managers(
    integration_connection_id: str | None = None,
) -> Call[Page[DistributionManager]]:
    """List the distribution managers: GET /v2/distribution-managers.

    :param integration_connection_id: only those of this integration connection; all if None.
    """
    query = query_of(integrationConnectionID=integration_connection_id)
    return listing(_MANAGERS, "v2/DistributionManagers", DistributionManager, query)


@endpoint
def get_distribution_manager(distribution_manager_id: str) -> Call[DistributionManager]:
    """Get one distribution manager: GET /v2/distribution-managers/{distribution_manager_id}."""
    return get(_MANAGER, model(DistributionManager), distribution_manager_id=distribution_manager_id)


@endpoint
def update_distribution_manager(
    distribution_manager_id: str, update: DistributionManagerUpdate
) -> Call[None]:
    """Replace name, status and expiry: PUT /v2/distribution-managers/{distribution_manager_id}.

    The expiry is always sent. The response has no body.
    """
    return put(_MANAGER, done, update.body(), distribution_manager_id=distribution_manager_id)


@endpoint
def delete_distribution_manager(distribution_manager_id: str) -> Call[None]:
    """Delete a distribution manager: DELETE /v2/distribution-managers/{distribution_manager_id}.

    The document does not say what becomes of the segments. The response has no body.
    """
    return delete(_MANAGER, done, distribution_manager_id=distribution_manager_id)


# Segments in distribution: ``...`` is /v2/distribution-managers/{distribution_manager_id}


@endpoint
def add_segment_configs(
    distribution_manager_id: str, segments: Sequence[SegmentConfigInput]
) -> Call[list[SegmentConfigResult]]:
    """Put at most 500 segments into distribution: POST .../segment-configs.

    The status is 207 whatever became of the segments. Some pages of the vendor call the id in the path that
    of an integration connection; it is the distribution manager's, as in the specification.

    :returns: a result for each segment.
    :raises InvalidRequest: there are no segments, or more than 500.
    """
    at_most("segments", len(segments), MOST_SEGMENTS_A_CALL)
    body = [{**segment.body(), "distributionManagerID": distribution_manager_id} for segment in segments]
    results = each(SegmentConfigResult)
    manager = {"distribution_manager_id": distribution_manager_id}
    return post(_SEGMENT_CONFIGS, results, body, sends_audience=True, **manager)


@endpoint
def remove_segment_configs(
    distribution_manager_id: str, segment_config_ids: Sequence[str]
) -> Call[list[SegmentConfigResult]]:
    """Take at most 500 segments out of distribution: DELETE .../segment-configs, with a body.

    The status is 207 whatever became of the segments. A success without a body returns an empty list, and
    only `list_segment_configs` shows what is left.

    :returns: a result for each segment.
    :raises InvalidRequest: there are no ids, or more than 500, or one of them is empty or no text.
    """
    at_most("segment_config_ids", len(segment_config_ids), MOST_SEGMENTS_A_CALL)
    ids = texts("segment_config_ids", segment_config_ids)
    return delete(
        _SEGMENT_CONFIGS,
        lambda answer: each(SegmentConfigResult)(answer) if answer.text.strip() else [],
        json=[{"id": segment_config_id} for segment_config_id in ids],
        distribution_manager_id=distribution_manager_id,
    )


@endpoint
def list_segment_configs(distribution_manager_id: str) -> Call[Page[SegmentConfig]]:
    """List the segments that a distribution manager distributes: GET .../segment-configs."""
    return listing(
        _SEGMENT_CONFIGS, "segmentConfigs", SegmentConfig, distribution_manager_id=distribution_manager_id
    )


@endpoint
def get_segment_config(distribution_manager_id: str, segment_config_id: str) -> Call[SegmentConfig]:
    """Get one segment in distribution: GET .../segment-configs/{segment_config_id}."""
    ids = {"distribution_manager_id": distribution_manager_id, "segment_config_id": segment_config_id}
    return get(_SEGMENT_CONFIGS + "/{segment_config_id}", model(SegmentConfig), **ids)


# Segments


@endpoint
def list_segments(value_name: str | None = None, field_name: str | None = None) -> Call[Page[Segment]]:
    """List the segments of the uploaded files: GET /v2/segments. The two filters go together.

    :param value_name: the value of the field; ``1`` in files with a column for each segment.
    :param field_name: the column's heading, exactly.
    :raises InvalidRequest: only one of them is given.
    """
    if (value_name is None) != (field_name is None):
        missing = "field_name" if field_name is None else "value_name"
        raise InvalidRequest(f"value_name and field_name must be given together, but {missing} is None.")
    query = query_of(valueName=value_name, fieldName=field_name)
    return listing("/v2/segments", "v2/Segments", Segment, query)


@endpoint
def get_segment(segment_id: str) -> Call[Segment]:
    """Get one segment: GET /v2/segments/{segment_id}."""
    return get("/v2/segments/{segment_id}", model(Segment), segment_id=segment_id)


@endpoint
def list_segment_statuses(segment_type: SegmentType, segment_ids: Sequence[str]) -> Call[Page[SegmentStatus]]:
    """List how each destination knows some segments: GET /v2/segment-statuses.

    The site's index demands ids, the specification neither ids nor type; both are always sent.

    :param segment_type: the type of all of the segments.
    :raises InvalidRequest: there are no ids, one of them is empty or no text, or the type is unknown.
    """
    query = query_of(segmentType=one_of("segment_type", segment_type, SegmentType))
    ids = texts("segment_ids", segment_ids)
    listed = listing("/v2/segment-statuses", "v2/SegmentStatuses", SegmentStatus, query + _named(ids))
    return _of_segments(ids, listed)


@endpoint
def list_deliveries(
    integration_connection_id: str | None = None, segment_ids: Sequence[str] = ()
) -> Call[Page[Delivery]]:
    """List the deliveries of segments to integration connections: GET /v2/deliveries.

    :param integration_connection_id: only those to this integration connection; all if None.
    :param segment_ids: only those of these segments; all if empty.
    :raises InvalidRequest: an id is empty or no text.
    """
    query = query_of(integrationConnectionID=integration_connection_id)
    ids = texts("segment_ids", segment_ids) if segment_ids else []
    listed = listing("/v2/deliveries", "v2/Deliveries", Delivery, query + _named(ids))
    return _of_segments(ids, listed) if ids else listed


def _named(segment_ids: Sequence[str]) -> Query:
    # as the specification repeats it; a connection may spell it in another way
    return tuple((SEGMENT_IDS, segment_id) for segment_id in segment_ids)


def _of_segments(segment_ids: Sequence[str], call: Call[Page[S]]) -> Call[Page[S]]:
    """The call without the rows of other segments, which a service lists that does not know the parameter."""

    def read(answer: Answer) -> Page[S]:
        page = call.read(answer)
        wanted = {None, *segment_ids}
        rows = tuple(row for row in page.items if row.segment_id in wanted)
        if len(rows) == len(page.items):
            return page
        return replace(
            page,
            items=rows,
            remark=f"{len(page.items) - len(rows)} of {len(page.items)} rows are about segments that were "
            "not asked for, and are left out. The service may know the parameter by its other name: see the "
            f"extra field {SEGMENT_IDS_FIELD!r} of the connection.",
        )

    return replace(call, read=read)
