"""What is waited for at Delta Projects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from airflow_provider_activation.api import delta_projects as api
from airflow_provider_activation.hooks.delta_projects import DeltaProjectsHook
from airflow_provider_activation.waits.probe import JSON, Done, Failed, Outcome, Pending, Probe

Until: TypeAlias = Literal["enabled", "flight_start", "flight_stop"]


@dataclass(frozen=True)
class ActivityProbe(Probe):
    """An activity and its flight; cancelled by disabling it. The result is the activity.

    :param media_agency_id: where it lives.
    :param client_id: where it lives.
    :param activity_id: the activity.
    :param until: that it is enabled, that it is and its flight has started, or that its flight is over.
    """

    hook_class = DeltaProjectsHook
    media_agency_id: str
    client_id: str
    activity_id: str
    until: Until = "enabled"
    campaign_id: str = "default"

    @property
    def subject(self) -> str:
        return f"activity {self.activity_id}"

    def reached(self, result: JSON) -> str:
        return {"enabled": "enabled", "flight_start": "in flight", "flight_stop": "over"}[self.until]

    @property
    def left_behind(self) -> str:
        return f"The {self.subject} stays as it is at Delta Projects; while it is enabled it spends money."

    @property
    def account(self) -> api.Account:
        return api.Account(media_agency_id=self.media_agency_id, client_id=self.client_id)

    async def look(self) -> Outcome:
        activity = await api.get_activity(self.activity_id, **self.account)
        return self.judge(activity, datetime.now(UTC))

    def judge(self, activity: api.Activity, now: datetime) -> Outcome:
        """What an activity is at a moment; the service names no states."""
        over = activity.flight_stop is not None and activity.flight_stop <= now
        if self.until == "flight_stop":
            return Done(activity.plain()) if over else Pending(f"in flight until {activity.flight_stop}")
        if not activity.enabled:
            return Failed("its flight is over and it is disabled") if over else Pending("disabled")
        if self.until == "flight_start" and (activity.flight_start is None or activity.flight_start > now):
            return Pending(f"enabled, its flight starts {activity.flight_start}")
        return Done(activity.plain())

    async def cancel(self) -> str:
        await api.update_activity(self.activity_id, api.ActivityUpdate(enabled=False), **self.account)
        return f"activity {self.activity_id} was disabled."
