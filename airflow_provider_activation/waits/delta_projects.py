"""What is waited for at Delta Projects."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_provider_activation.api import delta_projects as api
from airflow_provider_activation.api.steps import Steps
from airflow_provider_activation.hooks.delta_projects import DeltaProjectsHook
from airflow_provider_activation.waits.probe import Done, Outcome, Pending, Probe


@dataclass(frozen=True)
class ActivityProbe(Probe):
    """An activity being enabled; cancelled by disabling it. The result is the activity.

    :param media_agency_id: where it lives.
    :param client_id: where it lives.
    :param activity_id: the activity.
    """

    hook_class = DeltaProjectsHook

    media_agency_id: str
    client_id: str
    activity_id: str

    @property
    def subject(self) -> str:
        return f"activity {self.activity_id}"

    @property
    def left_behind(self) -> str:
        return f"The {self.subject} stays as it is at Delta Projects; while it is enabled it spends money."

    @property
    def account(self) -> api.Account:
        return api.Account(self.media_agency_id, self.client_id)

    def look(self) -> Steps[Outcome]:
        activity: api.Activity = yield api.get_activity(self.account, self.activity_id)
        return Done(activity.plain()) if activity.enabled else Pending("disabled")

    def cancel(self) -> Steps[str]:
        yield api.update_activity(self.account, self.activity_id, api.ActivityUpdate(enabled=False))
        return f"activity {self.activity_id} was disabled."
