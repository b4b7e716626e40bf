"""What is waited for at LiveRamp."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from airflow_provider_activation.api import liveramp as api
from airflow_provider_activation.api.call import every_page
from airflow_provider_activation.api.steps import Steps
from airflow_provider_activation.hooks.liveramp import LiveRampHook
from airflow_provider_activation.waits.probe import Done, Failed, Listing, Outcome, Pending, Probe

MOST_SEGMENTS_NAMED = 100
"""Up to so many segments are named in the question; for more, all deliveries of the connection are read."""


@dataclass(frozen=True)
class OAuthConnectionAttemptProbe(Probe):
    """A person's consent. The result is the id of the OAuth connection."""

    hook_class = LiveRampHook

    attempt_id: str

    @property
    def subject(self) -> str:
        return f"OAuth connection attempt {self.attempt_id}"

    def look(self) -> Steps[Outcome]:
        attempt: api.OAuthConnectionAttempt = yield api.get_oauth_connection_attempt(self.attempt_id)
        match attempt.status:
            case "AUTHORIZED" if attempt.oauth_connection_id:
                return Done(attempt.oauth_connection_id)
            case "AUTHORIZED":
                # the id follows the status; without it there is nothing to hand on
                return Pending("AUTHORIZED without oAuthConnectionID")
            case "FAILED":
                return Failed(attempt.status_detail or "the authorisation was not given")
            case status:
                return Pending(status, known=status in ("PENDING", "PROCESSING"))


@dataclass(frozen=True)
class DeliveryProbe(Probe):
    """The latest delivery of each segment. The result is the list of these deliveries.

    :param integration_connection_id: where to.
    :param segment_ids: the segments that all must have been delivered.
    :param updated_after: ISO 8601; deliveries last changed before it do not count.
    """

    hook_class = LiveRampHook

    integration_connection_id: str
    segment_ids: tuple[str, ...]
    updated_after: str | None = None

    @property
    def subject(self) -> str:
        return (
            f"delivery of segments {', '.join(self.segment_ids)} "
            f"to integration connection {self.integration_connection_id}"
        )

    def look(self) -> Steps[Outcome]:
        deliveries = yield from every_page(
            api.list_deliveries(self.integration_connection_id, self.segment_ids)
        )
        return self.judge_listed(_by_segment(deliveries))

    def listing(self) -> Listing:
        connection_id = self.integration_connection_id

        def by_segment(probes: Collection[DeliveryProbe]) -> Steps[dict[str, list[api.Delivery]]]:
            segment_ids = sorted({segment_id for probe in probes for segment_id in probe.segment_ids})
            if len(segment_ids) > MOST_SEGMENTS_NAMED:
                segment_ids = []
            return _by_segment((yield from every_page(api.list_deliveries(connection_id, segment_ids))))

        return Listing(("deliveries", connection_id), by_segment)

    def judge_listed(self, listed: dict[str, list[api.Delivery]]) -> Outcome:
        return self._judge(
            [
                max(filter(self._counts, listed.get(segment_id, ())), key=_moment, default=None)
                for segment_id in self.segment_ids
            ]
        )

    def _counts(self, delivery: api.Delivery) -> bool:
        if delivery.operation_type == "DELETE":
            return False
        return self.updated_after is None or _moment(delivery) >= datetime.fromisoformat(self.updated_after)

    def _judge(self, deliveries: list[api.Delivery | None]) -> Outcome:
        failed = [d for d in deliveries if d and d.status in ("FAILED", "CANCELLED")]
        if failed:
            return Failed(", ".join(f"segment {d.segment_id}: delivery {d.id} is {d.status}" for d in failed))
        for segment_id, delivery in zip(self.segment_ids, deliveries, strict=True):
            if delivery is None:
                return Pending(f"no delivery of segment {segment_id} yet")
            if delivery.status != api.DELIVERED:
                return Pending(delivery.status, known=delivery.status in ("PENDING", "IN_PROGRESS"))
        return Done([delivery.plain() for delivery in deliveries if delivery])


def _by_segment(deliveries: list[api.Delivery]) -> dict[str, list[api.Delivery]]:
    sorted_out: dict[str, list[api.Delivery]] = {}
    for delivery in deliveries:
        if delivery.segment_id is not None:
            sorted_out.setdefault(delivery.segment_id, []).append(delivery)
    return sorted_out


def _moment(delivery: api.Delivery) -> datetime:
    moment = delivery.updated_at or datetime.fromtimestamp(0, UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
