"""Sensors for LiveRamp."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_activation.arguments import moment
from airflow_provider_activation.connected import LiveRampTask
from airflow_provider_activation.sensors.base import ActivationSensor

if TYPE_CHECKING:
    from airflow_provider_activation.waits.liveramp import DeliveryProbe, OAuthConnectionAttemptProbe


class LiveRampOAuthConnectionSensor(LiveRampTask, ActivationSensor):
    """Wait until a person has completed an authorisation that was begun elsewhere.

    Returns the ``oAuthConnectionID``. An authorisation that was declined fails the task with LiveRamp's
    reason. Document: "Configure Distributions", section "Create an OAuth connection".

    :param attempt_id: id of the OAuth connection attempt (templated), for example what
        `LiveRampAuthorizeOAuthConnectionOperator` returns with ``wait_for_completion=False``.
    """

    template_fields = (*LiveRampTask.template_fields, "attempt_id")

    def __init__(self, *, attempt_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.attempt_id = attempt_id

    def probe(self) -> OAuthConnectionAttemptProbe:
        from airflow_provider_activation.waits.liveramp import OAuthConnectionAttemptProbe

        return OAuthConnectionAttemptProbe(self.attempt_id)


class LiveRampDeliverySensor(LiveRampTask, ActivationSensor):
    """Wait until the latest delivery of every segment has been delivered.

    Returns these deliveries as LiveRamp describes them. A delivery that failed or was cancelled fails
    the task.

    :param integration_connection_id: where the segments are delivered to (templated).
    :param segment_ids: the segments (templated).
    :param updated_after: ISO 8601 with its zone; deliveries last changed before it do not count
        (templated).
    :raises InvalidRequest: ``updated_after`` is no moment or says no time zone.
    """

    template_fields = (
        *LiveRampTask.template_fields,
        "integration_connection_id",
        "segment_ids",
        "updated_after",
    )

    def __init__(
        self,
        *,
        integration_connection_id: str,
        segment_ids: Sequence[str],
        updated_after: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.integration_connection_id = integration_connection_id
        self.segment_ids = segment_ids
        self.updated_after = updated_after

    def probe(self) -> DeliveryProbe:
        from airflow_provider_activation.waits.liveramp import DeliveryProbe

        return DeliveryProbe(
            str(self.integration_connection_id),
            tuple(str(segment_id) for segment_id in self.segment_ids),
            moment("updated_after", self.updated_after) if self.updated_after else None,
        )
