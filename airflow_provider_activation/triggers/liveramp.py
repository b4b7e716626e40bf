"""Event triggers for LiveRamp."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from airflow_provider_activation.arguments import FILLED, ID, IDS, given, words
from airflow_provider_activation.triggers.events import JSON, ActivationEventTrigger

if TYPE_CHECKING:
    from airflow_provider_activation.api import liveramp as api

FINISHED = ("DELIVERED", "FAILED", "CANCELLED")


class LiveRampDeliveryTrigger(ActivationEventTrigger["api.Delivery"]):
    """Fires when a delivery to an integration connection has finished, once for each delivery.

    The payload holds ``service``, ``integration_connection_id``, ``segment_id``, ``delivery_id``,
    ``status``, and ``delivery``, the delivery as LiveRamp describes it. Withdrawals of a segment do not
    fire. Document: "Configure Distributions", deliveries.

    All triggers of an integration connection share one list of its deliveries, also if they watch different
    segments.

    :param liveramp_conn_id: id of a connection of type ``liveramp``.
    :param integration_connection_id: the destination of the deliveries.
    :param segment_ids: the segments to watch; all if None.
    :param statuses: the statuses that fire, out of ``DELIVERED``, ``FAILED`` and ``CANCELLED``.
    :param poll_interval: seconds between two polls.
    :param report_existing: whether to fire for deliveries that ended already; see `ActivationEventTrigger`.
    :raises ValueError: naming the argument that is out of range.
    """

    hook_class = "liveramp:LiveRampHook"
    service_arguments = ("liveramp_conn_id", "integration_connection_id")
    own_arguments = ("segment_ids", "statuses")

    def __init__(
        self,
        *,
        liveramp_conn_id: str = "liveramp_default",
        integration_connection_id: str,
        segment_ids: Sequence[str] | None = None,
        statuses: Sequence[str] = ("DELIVERED",),
        poll_interval: float | timedelta = 60.0,
        report_existing: bool = False,
    ) -> None:
        super().__init__(poll_interval=poll_interval, report_existing=report_existing)
        self.liveramp_conn_id = given("liveramp_conn_id", FILLED, liveramp_conn_id)
        self.integration_connection_id = given("integration_connection_id", ID, integration_connection_id)
        self.segment_ids = given("segment_ids", IDS | None, segment_ids)
        self.statuses = given("statuses", words(*FINISHED), statuses)

    @property
    def subject(self) -> str:
        return f"deliveries to integration connection {self.integration_connection_id}"

    async def question(self) -> list[api.Delivery]:
        from airflow_provider_activation.api import liveramp as api
        from airflow_provider_activation.api.call import every_page

        return await every_page(api.list_deliveries(self.integration_connection_id))

    def id_of(self, delivery: api.Delivery) -> str:
        return delivery.id

    def reached(self, delivery: api.Delivery) -> str | None:
        if delivery.operation_type == "DELETE" or delivery.status not in self.statuses:
            return None
        watched = self.segment_ids is None or delivery.segment_id in self.segment_ids
        return delivery.status if watched else None

    def payload(self, delivery: api.Delivery, status: str) -> dict[str, JSON]:
        from airflow_provider_activation.api import liveramp as api

        return {
            "service": api.SERVICE,
            "integration_connection_id": self.integration_connection_id,
            "segment_id": delivery.segment_id,
            "delivery_id": delivery.id,
            "status": status,
            "delivery": delivery.plain(),
        }
