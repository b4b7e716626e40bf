"""Segment configs, segment statuses and deliveries."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any, Literal

from airflow_provider_activation.sandbox.core import checks
from airflow_provider_activation.sandbox.core.checks import Check
from airflow_provider_activation.sandbox.core.clock import iso, progress
from airflow_provider_activation.sandbox.core.errors import Invalid, Refused
from airflow_provider_activation.sandbox.core.messages import Request, Response
from airflow_provider_activation.sandbox.core.reading import Optional, Query, record
from airflow_provider_activation.sandbox.core.routing import Operations
from airflow_provider_activation.sandbox.core.settings import Settings
from airflow_provider_activation.sandbox.core.shelf import Shelf, Stored, free_text
from airflow_provider_activation.sandbox.core.traits import Traits
from airflow_provider_activation.sandbox.liveramp.paging import page
from airflow_provider_activation.sandbox.liveramp.seeds import SEGMENT_TYPES
from airflow_provider_activation.sandbox.liveramp.segments import Segments

MAX_CONFIGS = 500

SYNC_COURSE = ("NEVER_SYNCED", "OUT_OF_SYNC", "SYNCED")
GOING = ("PENDING", "IN_PROGRESS")
"""The statuses of a delivery before its end."""

MANAGER_FIELDS = {
    "name": free_text("name"),
    "status": Stored("status", unset="ACTIVE"),
    "expireAt": Stored("expireAt", unset=None),
}
"""The fields of a distribution manager that can change."""


@dataclass
class Config:
    """One segment in distribution."""

    id: str
    segment_id: str
    segment_type: str
    manager_id: str
    destination_segment_id: str | None
    connection_id: str
    device_type: str
    started: float | None = None
    """The start of the delivery, or None while the distribution manager is inactive."""

    @property
    def key(self) -> tuple[str, str, str, str | None]:
        """Unique among all segment configs."""
        return self.manager_id, self.segment_id, self.segment_type, self.destination_segment_id

    @property
    def public(self) -> dict[str, Any]:
        """The public fields."""
        shown = {
            "id": self.id,
            "segmentID": self.segment_id,
            "segmentType": self.segment_type,
            "distributionManagerID": self.manager_id,
        }
        if self.destination_segment_id is not None:
            shown["destinationSegmentID"] = self.destination_segment_id
        return shown


@dataclass
class Delivery:
    """One delivery of a segment to the destination, or its removal there."""

    id: str
    operation: Literal["ADD", "DELETE"]
    config: Config
    started: float
    fail: bool
    cancelled: float | None = None


class Distribution(Operations):
    """The operations on segments in distribution.

    The documents say that deliveries stop when their distribution manager becomes inactive. Here they are
    CANCELLED, and new deliveries start when it becomes active again.
    """

    table = (
        ("POST", "/v2/distribution-managers/{dmId}/segment-configs", "add_configs"),
        ("DELETE", "/v2/distribution-managers/{dmId}/segment-configs", "remove_configs"),
        ("GET", "/v2/distribution-managers/{dmId}/segment-configs", "list_configs"),
        ("GET", "/v2/distribution-managers/{dmId}/segment-configs/{id}", "get_config"),
        ("GET", "/v2/segment-statuses", "list_segment_statuses"),
        ("GET", "/v2/deliveries", "list_deliveries"),
    )
    makes = frozenset({"add_configs"})

    def __init__(
        self,
        settings: Settings,
        traits: Traits,
        connections: Shelf[str, dict[str, Any]],
        segments: Segments,
    ) -> None:
        self._traits = traits
        self._step = settings.step_seconds
        self._now = settings.clock.now
        self._connections = connections
        self._segments = segments
        self.managers: Shelf[str, dict[str, Any]] = Shelf(
            traits, "distributionManagers", "distribution manager", MANAGER_FIELDS
        )
        self._configs: Shelf[str, Config] = Shelf(traits, "segmentConfigs", "segment config")
        self._keys: set[tuple[str, str, str, str | None]] = set()
        self._deliveries: Shelf[str, Delivery] = Shelf(traits, "deliveries", "delivery")
        self._ids = itertools.count(8200001)

    def holds(self, manager_id: str) -> bool:
        """Whether a distribution manager has segments in distribution."""
        return any(config.manager_id == manager_id for config in self._configs.values())

    def follow(self, manager: dict[str, Any]) -> None:
        """Start or cancel the deliveries of a distribution manager, by its status."""
        if manager["status"] == "ACTIVE":
            self._resume(manager["id"])
        else:
            self._cancel(manager["id"])

    def _cancel(self, manager_id: str) -> None:
        now = self._now()
        for delivery in self._deliveries.values():
            if delivery.config.manager_id == manager_id and self._status(delivery, now) in GOING:
                delivery.cancelled = now
                if delivery.operation == "ADD":
                    delivery.config.started = None

    def _resume(self, manager_id: str) -> None:
        for config in self._configs.values():
            if config.manager_id == manager_id and config.started is None:
                self._deliver("ADD", config, fail=False)

    def add_configs(self, request: Request, manager_id: str) -> Response:
        """Put segments into distribution. The response is 207, with a status for each item."""
        request.need_no_query()
        manager = self.managers.find(manager_id)
        # A malformed item makes the whole body invalid. Only well-formed items have their own status.
        items = _items(request, _config_item)
        return Response.json([self._add(manager, item, request.fail) for item in items], 207)

    def _add(self, manager: dict[str, Any], item: dict[str, Any], fail: bool) -> dict[str, Any]:
        segment = self._segments.get(item["segmentID"])
        if segment is None:
            return _outcome(None, 404, "NOT_FOUND", f"no segment {item['segmentID']}")
        if segment.type != item["segmentType"]:
            return _outcome(None, 422, "VALIDATION_ERROR", f"the segment's type is {segment.type}")
        if item["distributionManagerID"] != manager["id"]:
            return _outcome(None, 422, "VALIDATION_ERROR", "distributionManagerID differs from the path")
        devices = (self._connections.get(manager["integrationConnectionID"]) or {}).get("deviceTypes", [])
        config = Config(
            id=str(next(self._ids)),
            segment_id=segment.id,
            segment_type=segment.type,
            manager_id=manager["id"],
            destination_segment_id=item.get("destinationSegmentID"),
            connection_id=manager["integrationConnectionID"],
            device_type=devices[0] if len(devices) == 1 else "MIXED",
        )
        if config.key in self._keys:
            return _outcome(None, 409, "CONFLICT", f"the segment {segment.id} is in distribution already")
        self._keys.add(config.key)
        self._configs.add(config.id, config)
        if manager["status"] == "ACTIVE":
            self._deliver("ADD", config, fail)
        return _outcome(config.id, 201, "CREATED", "Created")

    def remove_configs(self, request: Request, manager_id: str) -> Response:
        """Remove segments from distribution, by the ids of their configs. The response is 207.

        The config is removed at once. The destination has the segment until the delivery ends. Earlier
        deliveries continue.
        """
        request.need_no_query()
        manager = self.managers.find(manager_id)
        items = _items(request, _config_id)
        return Response.json([self._remove(manager, item["id"], request.fail) for item in items], 207)

    def _remove(self, manager: dict[str, Any], config_id: str, fail: bool) -> dict[str, Any]:
        config = self._configs.get(config_id)
        if config is None or config.manager_id != manager["id"]:
            return _outcome(config_id, 404, "NOT_FOUND", f"no segment config {config_id}")
        self._configs.remove(config_id)
        self._keys.remove(config.key)
        if manager["status"] == "ACTIVE":
            self._deliver("DELETE", config, fail)
        # The documents do not show a success. Other DELETEs respond 200.
        return _outcome(config_id, 200, "OK", "Removed")

    def _deliver(self, operation: Literal["ADD", "DELETE"], config: Config, fail: bool) -> None:
        now = self._now()
        if operation == "ADD":
            config.started = now
        delivery = Delivery(str(next(self._ids)), operation, config, now, fail)
        self._deliveries.add(delivery.id, delivery)

    def list_configs(self, request: Request, manager_id: str) -> Response:
        """The segment configs of a distribution manager."""
        self.managers.find(manager_id)
        found = [config for config in self._configs.listed() if config.manager_id == manager_id]
        return page(self._traits, request.read_query(), "segmentConfigs", found, lambda config: config.public)

    def get_config(self, request: Request, manager_id: str, config_id: str) -> Response:
        """One segment config."""
        request.need_no_query()
        self.managers.find(manager_id)
        config = self._configs.find(config_id)
        if config.manager_id != manager_id:
            raise Refused(404, f"distribution manager {manager_id} has no segment config {config_id}")
        return Response.json(config.public)

    def list_segment_statuses(self, request: Request) -> Response:
        """The statuses of segment names at the destinations. Both filters are optional."""
        query = request.read_query()
        kind = query.may("segmentType", checks.one_of(*SEGMENT_TYPES))
        ids = self._segment_ids(request, query)
        statuses = [
            (number, status)
            for number, status in self._segment_statuses(self._now())
            if kind in (None, status["segmentType"]) and (ids is None or status["segmentID"] in ids)
        ]
        return page(
            self._traits, query, "v2/SegmentStatuses", statuses, lambda pair: pair[1], lambda pair: pair[0]
        )

    def _segment_statuses(self, now: float) -> list[tuple[int, dict[str, Any]]]:
        # The number of a status is the id of its config, or of its segment. Ids of segments are greater.
        statuses: list[tuple[int, dict[str, Any]]] = []
        distributed = set()
        for config in self._configs.listed():
            distributed.add(config.segment_id)
            sync = (
                SYNC_COURSE[0]
                if config.started is None
                else progress(config.started, now, self._step, SYNC_COURSE)
            )
            taxonomy = {"taxonomySyncStatus": sync}
            name_there = config.destination_segment_id or (
                f"dest-{config.segment_id}" if sync == "SYNCED" else None
            )
            if name_there is not None:
                taxonomy["destinationSegmentID"] = name_there
            status = {
                "segmentID": config.segment_id,
                "segmentType": config.segment_type,
                "taxonomy": taxonomy,
                "integrationConnectionID": config.connection_id,
            }
            statuses.append((int(config.id), status))
        for segment in self._segments.listed():
            if segment.id not in distributed:
                taxonomy = {"taxonomySyncStatus": "NOT_CONFIGURED_TO_SYNC"}
                status = {"segmentID": segment.id, "segmentType": segment.type, "taxonomy": taxonomy}
                statuses.append((int(segment.id), status))
        return statuses

    def list_deliveries(self, request: Request) -> Response:
        """All deliveries, or those of a connection or of segments."""
        query = request.read_query()
        connection_id = query.may("integrationConnectionID", checks.filled_text)
        segment_ids = self._segment_ids(request, query)
        wanted = None if segment_ids is None else set(segment_ids)
        found = [
            delivery
            for delivery in self._deliveries.listed()
            if connection_id in (None, delivery.config.connection_id)
            and (wanted is None or delivery.config.segment_id in wanted)
        ]
        now = self._now()
        return page(
            self._traits, query, "v2/Deliveries", found, lambda delivery: self._delivery(delivery, now)
        )

    def _segment_ids(self, request: Request, query: Query) -> list[str] | None:
        """The segments that a query names. The description has segmentIDs, a client in use segmentIDs[]."""
        habit = self._traits.first("segment_ids", request.path)
        read = habit.options["reads"] if habit else "segmentIDs"
        if habit and habit.options["other"] == "ignored":
            query.ignore("segmentIDs[]" if read == "segmentIDs" else "segmentIDs")
        return query.many(read)

    def _status(self, delivery: Delivery, now: float) -> str:
        if delivery.cancelled is not None:
            return "CANCELLED"
        end = "FAILED" if delivery.fail else "DELIVERED"
        return progress(delivery.started, now, self._step, (*GOING, end))

    def _delivery(self, delivery: Delivery, now: float) -> dict[str, Any]:
        config = delivery.config
        status = self._status(delivery, now)
        steps = GOING.index(status) if status in GOING else len(GOING)
        updated = delivery.started + self._step * steps if delivery.cancelled is None else delivery.cancelled
        shown: dict[str, Any] = {
            "id": delivery.id,
            "status": status,
            "deviceType": config.device_type,
            "updatedAt": iso(updated),
            "integrationConnectionID": config.connection_id,
            "operationType": delivery.operation,
            "segmentID": config.segment_id,
        }
        segment = self._segments.get(config.segment_id)
        if status == "DELIVERED" and segment is not None:
            shown["recordCount"] = segment.record_count
        return shown

    def state(self) -> dict[str, list[dict[str, Any]]]:
        """The distribution managers, segment configs and deliveries."""
        now = self._now()
        return {
            "distributionManagers": self.managers.books(dict),
            "segmentConfigs": self._configs.books(lambda config: config.public),
            "deliveries": self._deliveries.books(lambda delivery: self._delivery(delivery, now)),
        }


_config_id = record({"id": checks.filled_text})
_config_item = record(
    {
        "segmentID": checks.filled_text,
        "segmentType": checks.one_of(*SEGMENT_TYPES),
        "distributionManagerID": checks.filled_text,
        "destinationSegmentID": Optional(checks.filled_text),
    }
)


def _items(request: Request, item: Check[dict[str, Any]]) -> list[dict[str, Any]]:
    items = checks.array(item, minimum=1)(request.json(), "the body")
    if len(items) > MAX_CONFIGS:
        raise Invalid(f"at most {MAX_CONFIGS} segment configs in one call, not {len(items)}")
    return items


def _outcome(config_id: str | None, status: int, code: str, message: str) -> dict[str, Any]:
    return {"id": config_id, "status": {"httpStatus": status, "errorCode": code, "message": message}}
