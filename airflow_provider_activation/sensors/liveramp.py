"""Sensors for LiveRamp."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow_provider_activation.sensors.base import ActivationSensor

if TYPE_CHECKING:
    from airflow_provider_activation.hooks.liveramp import LiveRampHook
    from airflow_provider_activation.waits.liveramp import DeliveryProbe


class LiveRampDeliverySensor(ActivationSensor):
    """Wait until the latest delivery of every segment has been delivered.

    Returns these deliveries as LiveRamp describes them. A delivery that failed or was cancelled fails
    the task.

    :param integration_connection_id: where the segments are delivered to (templated).
    :param segment_ids: the segments (templated).
    :param updated_after: ISO 8601 with its zone; deliveries last changed before it do not count
        (templated).
    :param liveramp_conn_id: id of a connection of type ``liveramp``.
    """

    template_fields: Sequence[str] = (
        "liveramp_conn_id",
        "integration_connection_id",
        "segment_ids",
        "updated_after",
    )
    ui_color = "#d9f2e6"

    def __init__(
        self,
        *,
        integration_connection_id: str,
        segment_ids: Sequence[str],
        updated_after: str | None = None,
        liveramp_conn_id: str = "liveramp_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.integration_connection_id = integration_connection_id
        self.segment_ids = segment_ids
        self.updated_after = updated_after
        self.liveramp_conn_id = liveramp_conn_id

    @cached_property
    def hook(self) -> LiveRampHook:
        from airflow_provider_activation.hooks.liveramp import LiveRampHook

        return LiveRampHook(self.liveramp_conn_id)

    def probe(self) -> DeliveryProbe:
        from airflow_provider_activation.waits.liveramp import DeliveryProbe

        return DeliveryProbe(
            str(self.integration_connection_id),
            tuple(str(segment_id) for segment_id in self.segment_ids),
            self.updated_after,
        )
