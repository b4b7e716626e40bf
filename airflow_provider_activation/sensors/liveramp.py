"""Sensors for LiveRamp."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_activation.arguments import ID, IDS, TIMESTAMP, word
from airflow_provider_activation.sensors.base import ActivationSensor
from airflow_provider_activation.tasks import JSON, LiveRampTask
from airflow_provider_activation.words import SEGMENT_TYPES, SegmentType

if TYPE_CHECKING:
    from airflow_provider_activation.waits import liveramp as waits


class LiveRampOAuthConnectionSensor(LiveRampTask, ActivationSensor):
    """Wait until a person has completed an authorisation that another task began.

    Returns the ``oAuthConnectionID``. Document: "Configure Distributions", section "Create an OAuth
    connection".

    .. code-block:: python

        authorized = LiveRampOAuthConnectionSensor(
            task_id="authorized", attempt_id="{{ ti.xcom_pull('ask') }}", deferrable=True
        )

    :param attempt_id: id of the OAuth connection attempt (templated), for example what
        `LiveRampAuthorizeOAuthConnectionOperator` returns with ``wait_for_completion=False``.
    :param liveramp_conn_id: the connection's id (templated).
    :raises JobFailed: the person declined, with LiveRamp's reason.
    """

    arguments = {"attempt_id": ID}

    def __init__(self, *, attempt_id: str, liveramp_conn_id: str = "liveramp_default", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.attempt_id = attempt_id
        self.liveramp_conn_id = liveramp_conn_id

    def probe(self) -> waits.OAuthConnectionAttemptProbe:
        from airflow_provider_activation.waits import liveramp as waits

        return waits.OAuthConnectionAttemptProbe(self.attempt_id)

    def simulated(self, made: JSON) -> JSON:
        return made


class LiveRampSegmentSyncSensor(LiveRampTask, ActivationSensor):
    """Wait until the destination knows every segment: ``taxonomySyncStatus`` SYNCED.

    Returns the statuses as LiveRamp describes them. Document: the Activation API 2.9.0, "segment-statuses".

    .. code-block:: python

        known = LiveRampSegmentSyncSensor(
            task_id="known", segment_ids=["5000000001"], integration_connection_id="7000001", deferrable=True
        )

    :param segment_ids: the segments (templated).
    :param segment_type: the type of all of the segments (templated).
    :param integration_connection_id: the integration connection whose destination must know them; if left
        out, every destination of the segments must (templated).
    :param liveramp_conn_id: the connection's id (templated).
    :raises JobFailed: a segment is ``NOT_CONFIGURED_TO_SYNC``, for example since it is not in distribution.
    """

    arguments = {
        "segment_ids": IDS,
        "segment_type": word(*SEGMENT_TYPES),
        "integration_connection_id": ID | None,
    }

    def __init__(
        self,
        *,
        segment_ids: Sequence[str],
        segment_type: SegmentType = "ONBOARDING",
        integration_connection_id: str | None = None,
        liveramp_conn_id: str = "liveramp_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.segment_ids = segment_ids
        self.segment_type: SegmentType = segment_type
        self.integration_connection_id = integration_connection_id
        self.liveramp_conn_id = liveramp_conn_id

    def probe(self) -> waits.SegmentSyncProbe:
        from airflow_provider_activation.waits import liveramp as waits

        return waits.SegmentSyncProbe(
            self.segment_type,
            tuple(self.segment_ids),
            self.integration_connection_id,
        )

    def simulated(self, made: JSON) -> JSON:
        return []


class LiveRampDeliverySensor(LiveRampTask, ActivationSensor):
    """Wait until the latest delivery of every segment has been delivered.

    Returns a list of these deliveries as LiveRamp describes them. A withdrawal is not counted as a delivery.
    Document: the Activation API 2.9.0, "deliveries".

    .. code-block:: python

        delivered = LiveRampDeliverySensor(
            task_id="delivered",
            integration_connection_id="7000001",
            segment_ids=["5000000001"],
            updated_after="{{ data_interval_end }}",
            deferrable=True,
        )

    :param integration_connection_id: the integration connection of the deliveries (templated).
    :param segment_ids: the segments; all of them must be delivered (templated).
    :param updated_after: ISO 8601 with its zone; deliveries that last changed before it do not count. If left
        out, a delivery counts however old it is (templated).
    :param liveramp_conn_id: the connection's id (templated).
    :raises JobFailed: the latest delivery of a segment failed or was cancelled.
    :raises InvalidRequest: ``updated_after`` is not a timestamp, or has no time zone.
    """

    arguments = {"integration_connection_id": ID, "segment_ids": IDS, "updated_after": TIMESTAMP | None}

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

    def probe(self) -> waits.DeliveryProbe:
        from airflow_provider_activation.waits import liveramp as waits

        return waits.DeliveryProbe(
            self.integration_connection_id,
            tuple(self.segment_ids),
            self.updated_after,
        )

    def simulated(self, made: JSON) -> JSON:
        return []
