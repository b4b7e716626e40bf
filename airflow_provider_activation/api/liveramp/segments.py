"""LiveRamp: segments, the distribution managers they are put into, and their deliveries.

Document: the vendor's description of the Activation API 2.9.0. Segments come into being by uploaded
files; no call makes one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field

from airflow_provider_activation.api.answers import model
from airflow_provider_activation.api.call import Answer, Call, Page, Safety, get, query_of, request
from airflow_provider_activation.api.liveramp.common import (
    Created,
    at_most,
    delete,
    endpoint,
    listing,
    one_of,
    replace,
    spelled,
    texts,
)
from airflow_provider_activation.api.liveramp.connections import ManagerName
from airflow_provider_activation.api.models import Input, Resource, TextId
from airflow_provider_activation.words import DistributionManagerStatus, SegmentType

__all__ = [
    "DELIVERED",
    "MOST_SEGMENTS_A_CALL",
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

MOST_SEGMENTS_A_CALL = 500

DELIVERED = "DELIVERED"


_MANAGER = "/v2/distribution-managers/{distribution_manager_id}"
_SEGMENT_CONFIGS = _MANAGER + "/segment-configs"
_INTEGRATION_CONNECTION_ID = ("integrationConnectionID", "integrationConnectionId")


# What comes back. Values the enumerations do not name are kept: LiveRamp has added some without notice.


class DistributionManager(Resource):
    """On ``expire_at`` deliveries stop and the status becomes ``INACTIVE``."""

    id: TextId
    name: str
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
        """What tells one segment config from another."""
        return self.segment_id, self.segment_type


class SegmentConfigResult(Resource):
    """One item of a 207: which segment config, and what became of it."""

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
    type: str
    field: SegmentField | None = None
    value: Any = None


class Taxonomy(Resource):
    """How the destination knows a segment."""

    taxonomy_sync_status: str = Field(alias="taxonomySyncStatus")
    destination_segment_id: TextId | None = Field(default=None, alias="destinationSegmentID")


class SegmentStatus(Resource):
    segment_id: TextId = Field(alias="segmentID")
    segment_type: str | None = Field(default=None, alias="segmentType")
    taxonomy: Taxonomy
    integration_connection_id: TextId | None = spelled(*_INTEGRATION_CONNECTION_ID)


class Delivery(Resource):
    id: TextId
    status: str
    device_type: str | None = Field(default=None, alias="deviceType")
    segment_id: TextId | None = Field(default=None, alias="segmentID")
    integration_connection_id: TextId | None = spelled(*_INTEGRATION_CONNECTION_ID)
    operation_type: str | None = Field(default=None, alias="operationType")
    record_count: int | None = Field(default=None, alias="recordCount")
    updated_at: datetime | None = Field(default=None, alias="updatedAt")


# What goes out


def _day(value: Any) -> Any:
    """Only what is a day and nothing else: a moment is another day elsewhere."""
    is_day = isinstance(value, date) and not isinstance(value, datetime)
    is_text = isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII)
    if value is None or is_day or is_text:
        return value
    raise ValueError("must be a date without a time, YYYY-MM-DD")


Day = Annotated[date, BeforeValidator(_day)]


class DistributionManagerInput(Input):
    """What makes a distribution manager; LiveRamp decides on a status that is left out."""

    name: ManagerName
    integration_connection_id: str = Field(alias="integrationConnectionID", min_length=1)
    status: DistributionManagerStatus | None = None
    expire_at: Day | None = Field(default=None, alias="expireAt")


class DistributionManagerUpdate(Input):
    """What a distribution manager is to be, whole. ``expire_at`` must be given: None lets it run on."""

    name: ManagerName
    status: DistributionManagerStatus
    expire_at: Day | None = Field(alias="expireAt")

    @classmethod
    def keeping(cls, manager: DistributionManager, **changes: Any) -> Self:
        """What the manager is, with these fields changed.

        :param changes: ``name``, ``status``, ``expire_at``.
        """
        kept = {"name": manager.name, "status": manager.status, "expire_at": manager.expire_at}
        return cls.model_validate({**kept, **changes})

    def body(self) -> dict[str, Any]:
        # PUT requires the key, null too
        return {"expireAt": None, **super().body()}


class SegmentConfigInput(Input):
    segment_id: str = Field(alias="segmentID", min_length=1)
    segment_type: SegmentType = Field(alias="segmentType")
    destination_segment_id: str | None = Field(default=None, alias="destinationSegmentID", min_length=1)

    @property
    def key(self) -> tuple[str, str]:
        """What tells one segment config from another."""
        return self.segment_id, self.segment_type


# Distribution managers


@endpoint
def create_distribution_manager(manager: DistributionManagerInput) -> Call[Created]:
    """POST /v2/distribution-managers. Whether names are unique is not documented."""
    return request(
        "POST",
        "/v2/distribution-managers",
        Safety.ONCE,
        model(Created),
        json=manager.body(),
    )


@endpoint
def list_distribution_managers(
    integration_connection_id: str | None = None,
) -> Call[Page[DistributionManager]]:
    """GET /v2/distribution-managers."""
    return listing(
        "/v2/distribution-managers",
        "v2/DistributionManagers",
        DistributionManager,
        query_of(integrationConnectionID=integration_connection_id),
    )


@endpoint
def get_distribution_manager(distribution_manager_id: str) -> Call[DistributionManager]:
    """GET /v2/distribution-managers/{distribution_manager_id}."""
    return get(
        _MANAGER,
        model(DistributionManager),
        distribution_manager_id=distribution_manager_id,
    )


@endpoint
def update_distribution_manager(
    distribution_manager_id: str, update: DistributionManagerUpdate
) -> Call[None]:
    """PUT /v2/distribution-managers/{distribution_manager_id}: replaces name, status and expiry, which
    is always sent. The answer has no body."""
    return replace(
        _MANAGER,
        update.body(),
        distribution_manager_id=distribution_manager_id,
    )


@endpoint
def delete_distribution_manager(distribution_manager_id: str) -> Call[None]:
    """DELETE /v2/distribution-managers/{distribution_manager_id}. The answer has no body. What becomes
    of its segments is not documented."""
    return delete(_MANAGER, distribution_manager_id=distribution_manager_id)


# Segments in distribution


@endpoint
def add_segment_configs(
    distribution_manager_id: str, segments: Sequence[SegmentConfigInput]
) -> Call[list[SegmentConfigResult]]:
    """POST /v2/distribution-managers/{distribution_manager_id}/segment-configs: at most 500 at once.

    Answers 207 whatever became of the items. Some pages of the vendor call the id in the path an
    integration connection's; the specification's distribution manager is meant.
    """
    at_most("segments", len(segments), MOST_SEGMENTS_A_CALL)
    return request(
        "POST",
        _SEGMENT_CONFIGS,
        Safety.ONCE,
        _results,
        json=[{**segment.body(), "distributionManagerID": distribution_manager_id} for segment in segments],
        distribution_manager_id=distribution_manager_id,
    )


@endpoint
def remove_segment_configs(
    distribution_manager_id: str, segment_config_ids: Sequence[str]
) -> Call[list[SegmentConfigResult]]:
    """DELETE /v2/distribution-managers/{distribution_manager_id}/segment-configs, with a body: at most
    500 at once.

    Answers 207 whatever became of the items. A 2xx without a body names no item: the list is empty, and
    only `list_segment_configs` tells what is left.
    """
    at_most("segment_config_ids", len(segment_config_ids), MOST_SEGMENTS_A_CALL)
    ids = texts("segment_config_ids", segment_config_ids)
    return request(
        "DELETE",
        _SEGMENT_CONFIGS,
        Safety.REPEATABLE,
        lambda answer: _results(answer) if answer.text.strip() else [],
        json=[{"id": segment_config_id} for segment_config_id in ids],
        distribution_manager_id=distribution_manager_id,
    )


@endpoint
def list_segment_configs(distribution_manager_id: str) -> Call[Page[SegmentConfig]]:
    """GET /v2/distribution-managers/{distribution_manager_id}/segment-configs."""
    return listing(
        _SEGMENT_CONFIGS,
        "segmentConfigs",
        SegmentConfig,
        distribution_manager_id=distribution_manager_id,
    )


@endpoint
def get_segment_config(distribution_manager_id: str, segment_config_id: str) -> Call[SegmentConfig]:
    """GET /v2/distribution-managers/{distribution_manager_id}/segment-configs/{segment_config_id}."""
    return get(
        _SEGMENT_CONFIGS + "/{segment_config_id}",
        model(SegmentConfig),
        distribution_manager_id=distribution_manager_id,
        segment_config_id=segment_config_id,
    )


# Segments


@endpoint
def list_segments(value_name: str | None = None, field_name: str | None = None) -> Call[Page[Segment]]:
    """GET /v2/segments.

    :param value_name: the value of the field; ``1`` in files with a column for each segment.
    :param field_name: the column's heading, exactly.
    """
    query = query_of(valueName=value_name, fieldName=field_name)
    return listing("/v2/segments", "v2/Segments", Segment, query)


@endpoint
def get_segment(segment_id: str) -> Call[Segment]:
    """GET /v2/segments/{segment_id}."""
    return get("/v2/segments/{segment_id}", model(Segment), segment_id=segment_id)


@endpoint
def list_segment_statuses(segment_type: SegmentType, segment_ids: Sequence[str]) -> Call[Page[SegmentStatus]]:
    """GET /v2/segment-statuses, always with type and ids: the site's index demands ids, the
    specification neither."""
    return listing(
        "/v2/segment-statuses",
        "v2/SegmentStatuses",
        SegmentStatus,
        query_of(segmentType=one_of("segment_type", segment_type, SegmentType))
        + _segment_ids(texts("segment_ids", segment_ids)),
    )


@endpoint
def list_deliveries(
    integration_connection_id: str | None = None, segment_ids: Sequence[str] = ()
) -> Call[Page[Delivery]]:
    """GET /v2/deliveries.

    :param segment_ids: of these segments; of all if empty.
    """
    return listing(
        "/v2/deliveries",
        "v2/Deliveries",
        Delivery,
        query_of(integrationConnectionID=integration_connection_id)
        + _segment_ids(texts("segment_ids", segment_ids) if segment_ids else []),
    )


def _segment_ids(segment_ids: list[str]) -> tuple[tuple[str, str], ...]:
    """The specification repeats ``segmentIDs=``; a client in use sends ``segmentIDs[]=``, which is what
    is known to work."""
    return tuple(("segmentIDs[]", segment_id) for segment_id in segment_ids)


def _results(answer: Answer) -> list[SegmentConfigResult]:
    reply = answer.json()
    if not isinstance(reply, list):
        raise ValueError("it is not a list of results")
    return [SegmentConfigResult.model_validate(item) for item in reply]
