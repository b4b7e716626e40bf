"""Sensors for Delta Projects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_activation.arguments import ID, word
from airflow_provider_activation.sensors.base import ActivationSensor
from airflow_provider_activation.tasks import DeltaProjectsTask

if TYPE_CHECKING:
    from airflow_provider_activation.waits.delta_projects import ActivityProbe, Until


class DeltaProjectsActivitySensor(DeltaProjectsTask, ActivationSensor):
    """Wait until an activity is enabled, until its flight has started, or until it is over.

    Returns the activity as the service describes it. The service has no status of an activity. The sensor
    computes it from ``enabled``, ``flightStart`` and ``flightStop``. Document: "Activity", section "Retrieve
    Activity".

    .. code-block:: python

        over = DeltaProjectsActivitySensor(
            task_id="over",
            activity_id="{{ ti.xcom_pull('create_activity')['id'] }}",
            until="flight_stop",
            timeout=timedelta(days=30),
            deferrable=True,
        )

    :param activity_id: the activity (templated).
    :param media_agency_id: instead of the connection's (templated).
    :param client_id: instead of the connection's (templated).
    :param until: ``enabled``; ``flight_start``: enabled, and the flight has started; or ``flight_stop``: the
        flight is over (templated).
    :param delta_projects_conn_id: the connection's id (templated).
    :raises JobFailed: the flight is over and the activity is disabled; not with ``until="flight_stop"``.
    """

    arguments = {"activity_id": ID, "until": word("enabled", "flight_start", "flight_stop")}
    shows = "Activity"

    def __init__(
        self,
        *,
        activity_id: str,
        media_agency_id: str | None = None,
        client_id: str | None = None,
        until: Until = "enabled",
        delta_projects_conn_id: str = "delta_projects_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.activity_id = activity_id
        self.media_agency_id = media_agency_id
        self.client_id = client_id
        self.until: Until = until
        self.delta_projects_conn_id = delta_projects_conn_id

    def probe(self) -> ActivityProbe:
        from airflow_provider_activation.waits.delta_projects import ActivityProbe

        return ActivityProbe(**self.account, activity_id=self.activity_id, until=self.until)
