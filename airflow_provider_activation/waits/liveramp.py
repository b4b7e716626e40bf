"""What is waited for at LiveRamp."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from airflow_provider_activation.api import liveramp as api
from airflow_provider_activation.api.call import every_page
from airflow_provider_activation.api.liveramp.common import chunks
from airflow_provider_activation.api.liveramp.distribution import refuse_unreadable, withdraw
from airflow_provider_activation.api.rows import Rows, Unreadable
from airflow_provider_activation.api.steps import Steps
from airflow_provider_activation.hooks.liveramp import LiveRampHook
from airflow_provider_activation.redaction import without_contacts
from airflow_provider_activation.waits.probe import JSON, Done, Failed, Listing, Outcome, Pending, Probe

S = TypeVar("S", api.Delivery, api.SegmentStatus)
W = TypeVar("W", bound=str)

MOST_SEGMENTS_TOLD = 10
"""The most segments that a message names."""
MOST_SEGMENTS_NAMED = 100
"""The most segments that a request names; for more, all deliveries of the connection are read."""


@dataclass(frozen=True)
class OAuthConnectionAttemptProbe(Probe):
    """The wait for a person's consent. The result is the id of the OAuth connection."""

    hook_class = LiveRampHook
    attempt_id: str

    @property
    def subject(self) -> str:
        return f"OAuth connection attempt {self.attempt_id}"

    def reached(self, result: JSON) -> str:
        return "AUTHORIZED"

    def next_step(self, result: JSON) -> str:
        return f"It made OAuth connection {result}."

    @property
    def left_behind(self) -> str:
        return (
            f"The {self.subject} stays as it is at LiveRamp; unless somebody completes it, it makes nothing."
        )

    async def look(self) -> Outcome:
        attempt = await api.get_oauth_connection_attempt(self.attempt_id)
        match attempt.status:
            case "AUTHORIZED" if attempt.oauth_connection_id:
                return Done(attempt.oauth_connection_id)
            case "AUTHORIZED":
                # the id follows the status, and it is the result
                return Pending("AUTHORIZED without oAuthConnectionID")
            case "FAILED":
                return Failed(without_contacts(attempt.status_detail or "the authorisation was not given"))
            case status:
                return Pending(status, known=status in ("PENDING", "PROCESSING"))


@dataclass(frozen=True)
class DeliveryProbe(Probe):
    """The wait for the latest delivery of each segment. The result is the list of these deliveries.

    :param integration_connection_id: the destination of the deliveries.
    :param segment_ids: the segments, which must all be delivered.
    :param updated_after: ISO 8601; deliveries last changed before it do not count.
    """

    hook_class = LiveRampHook
    integration_connection_id: str
    segment_ids: tuple[str, ...]
    updated_after: str | None = None

    @property
    def subject(self) -> str:
        where = f"integration connection {self.integration_connection_id}"
        return f"delivery of {_told(self.segment_ids)} to {where}"

    def reached(self, result: JSON) -> str:
        return api.DELIVERED

    async def look(self) -> Outcome:
        return self.judge_listed(await _deliveries(self.integration_connection_id, self.segment_ids))

    def listing(self) -> Listing:
        return _listing("deliveries", self.integration_connection_id, _deliveries)

    def judge_listed(self, listed: _BySegment[api.Delivery]) -> Outcome:
        found = (filter(self._counts, listed.of(segment_id)) for segment_id in self.segment_ids)
        return self._judge([max(deliveries, key=_updated_at, default=None) for deliveries in found])

    def _counts(self, delivery: api.Delivery) -> bool:
        if delivery.operation_type == "DELETE":
            return False
        after = self.updated_after
        return after is None or _updated_at(delivery) >= datetime.fromisoformat(after)

    def _judge(self, deliveries: list[api.Delivery | None]) -> Outcome:
        if failed := [d for d in deliveries if d and d.status in ("FAILED", "CANCELLED")]:
            return Failed(", ".join(f"segment {d.segment_id}: delivery {d.id} is {d.status}" for d in failed))
        for segment_id, delivery in zip(self.segment_ids, deliveries, strict=True):
            if delivery is None:
                return Pending(f"no delivery of segment {segment_id} yet")
            if delivery.status != api.DELIVERED:
                return Pending(delivery.status, known=delivery.status in ("PENDING", "IN_PROGRESS"))
        return Done([delivery.plain() for delivery in deliveries if delivery])


@dataclass(frozen=True)
class DistributionProbe(DeliveryProbe):
    """The wait for the first delivery of segments that were put into distribution.

    The result names the added segments, those that were in distribution before, and the deliveries. The
    added segments are withdrawn if the wait is cancelled.

    :param distribution_manager_id: the distribution manager that has them.
    :param segment_config_ids: the ids of their segment configs, in the order of the added segments.
    :param unchanged: the segments that were in distribution before.
    :param added: the segments that were added; all of ``segment_ids`` if None. It is not known whether an
        earlier try added the others.
    """

    distribution_manager_id: str = ""
    segment_config_ids: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    added: tuple[str, ...] | None = None

    def _judge(self, deliveries: list[api.Delivery | None]) -> Outcome:
        outcome = super()._judge(deliveries)
        if not isinstance(outcome, Done):
            return outcome
        result = {
            "distributionManagerID": self.distribution_manager_id,
            "added": list(self._added),
            "unchanged": list(self.unchanged),
            "deliveries": outcome.result,
        }
        return Done(result)

    @property
    def _added(self) -> tuple[str, ...]:
        return self.segment_ids if self.added is None else self.added

    @property
    def left_behind(self) -> str:
        where = f"distribution manager {self.distribution_manager_id}"
        return f"The {_told(self.segment_ids)} stay in {where}, and LiveRamp goes on delivering them."

    async def cancel(self) -> str:
        segments = dict(zip(self._added, self.segment_config_ids, strict=True))
        await withdraw(self.distribution_manager_id, segments)
        where = f"distribution manager {self.distribution_manager_id}"
        return f"{_told(tuple(segments))} were withdrawn from {where}."


@dataclass(frozen=True)
class SegmentSyncProbe(Probe):
    """The wait until the destination knows the segments. The result is the list of their statuses.

    :param segment_type: the type of all of the segments.
    :param segment_ids: the segments, which must all be known.
    :param integration_connection_id: the destination; all destinations of the segments if None.
    """

    hook_class = LiveRampHook
    segment_type: api.SegmentType
    segment_ids: tuple[str, ...]
    integration_connection_id: str | None = None

    @property
    def subject(self) -> str:
        return f"synchronisation of {_told(self.segment_ids)}"

    def reached(self, result: JSON) -> str:
        return "SYNCED"

    async def look(self) -> Outcome:
        return self.judge_listed(await _statuses(self.segment_type, self.segment_ids))

    def listing(self) -> Listing:
        return _listing("segment statuses", self.segment_type, _statuses)

    def judge_listed(self, listed: _BySegment[api.SegmentStatus]) -> Outcome:
        statuses = []
        for segment_id in self.segment_ids:
            here = [status for status in listed.of(segment_id) if self._counts(status)]
            if not here:
                return Pending(f"no status of segment {segment_id} yet")
            statuses += here
        synced = [(str(status.segment_id), status.sync_status) for status in statuses]
        if unfit := [segment_id for segment_id, word in synced if word == "NOT_CONFIGURED_TO_SYNC"]:
            return Failed(f"segments {', '.join(unfit)} are NOT_CONFIGURED_TO_SYNC")
        for segment_id, word in synced:
            if word != "SYNCED":
                known = word in (None, "NEVER_SYNCED", "OUT_OF_SYNC")
                return Pending(f"segment {segment_id}: {word or 'no status yet'}", known=known)
        return Done([status.plain() for status in statuses])

    def _counts(self, status: api.SegmentStatus) -> bool:
        wanted = self.integration_connection_id
        return wanted is None or status.integration_connection_id in (None, wanted)


async def latest_change(integration_connection_id: str, segment_ids: Sequence[str]) -> str | None:
    """ISO 8601, just after the last change of any delivery of these segments; None without deliveries.

    It comes from LiveRamp's own timestamps, so that its clock and ours need not agree.
    """
    listed = await _deliveries(integration_connection_id, segment_ids)
    changes = [_updated_at(delivery) for segment_id in segment_ids for delivery in listed.get(segment_id, ())]
    return (max(changes) + timedelta(microseconds=1)).isoformat() if changes else None


def _told(segment_ids: Sequence[str]) -> str:
    """Segments in a message: each of a few, else their number."""
    if len(segment_ids) <= MOST_SEGMENTS_TOLD:
        return f"segment{'s' if len(segment_ids) > 1 else ''} {', '.join(segment_ids)}"
    return f"{len(segment_ids)} segments ({', '.join(segment_ids[:3])} and more)"


def _listing(noun: str, of: W, ask: Callable[[W, Sequence[str]], Steps[_BySegment[S]]]) -> Listing:
    """One poll for the segments of all waiting probes."""

    def by_segment(probes: Collection[Any]) -> Steps[_BySegment[S]]:
        return ask(of, sorted({segment_id for probe in probes for segment_id in probe.segment_ids}))

    return Listing((noun, of), by_segment)


async def _deliveries(connection_id: str, segment_ids: Sequence[str]) -> _BySegment[api.Delivery]:
    named = segment_ids if len(segment_ids) <= MOST_SEGMENTS_NAMED else ()
    by_segment: _BySegment[api.Delivery] = _BySegment()
    by_segment.add(await every_page(api.list_deliveries(connection_id, named)))
    return by_segment


async def _statuses(
    segment_type: api.SegmentType, segment_ids: Sequence[str]
) -> _BySegment[api.SegmentStatus]:
    # the documents demand that the segments are named
    by_segment: _BySegment[api.SegmentStatus] = _BySegment()
    for named in chunks(segment_ids, MOST_SEGMENTS_NAMED):
        by_segment.add(await every_page(api.list_segment_statuses(segment_type, named)))
    return by_segment


class _BySegment(dict[str, list[S]]):
    """What is listed, by segment; and the rows that cannot be read."""

    def __init__(self) -> None:
        super().__init__()
        self._unreadable: list[Unreadable] = []

    def add(self, listed: Rows[S]) -> None:
        self._unreadable += listed.unreadable
        for one in listed:
            if one.segment_id is not None:
                self.setdefault(one.segment_id, []).append(one)

    def of(self, segment_id: str) -> Sequence[S]:
        """What is listed of a segment.

        :raises UnreadableResponse: a row that may be of the segment cannot be read.
        """
        refuse_unreadable(self._unreadable, segment_id)
        return self.get(segment_id, ())


def _updated_at(delivery: api.Delivery) -> datetime:
    return delivery.updated_at or datetime.fromtimestamp(0, UTC)
