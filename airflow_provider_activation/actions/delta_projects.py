"""What is made at Delta Projects at most once."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_provider_activation.actions import base
from airflow_provider_activation.actions.base import JSON, Action, Candidate, Memory, OnUncertain
from airflow_provider_activation.api import delta_projects as api
from airflow_provider_activation.api.call import Call
from airflow_provider_activation.api.rows import unreadable_of


@dataclass(frozen=True, kw_only=True)
class Activity(Action):
    """An activity. It is created disabled, and enabled by a second, repeatable call if it shall be.

    :param activity: what it is made from, with the user's own name.
    :param key: the submission key, to be put behind the name; None leaves the name as it is.
    """

    noun = "activity"

    account: api.Account
    activity: api.ActivityFromTemplate
    key: str | None
    enabled: bool

    async def make(self, memory: Memory, on_uncertain: OnUncertain) -> str:
        activity_id: str = await base.submit(self, memory, on_uncertain)
        if self.enabled:
            update = api.update_activity(activity_id, api.ActivityUpdate(enabled=True), **self.account)
            await base.once_found(lambda: update)
        return activity_id

    @property
    def name(self) -> str:
        """The name as it is sent."""
        return base.marked(self.activity.activity_name, self.key)

    def create(self) -> Call[str]:
        named = self.activity.model_copy(update={"activity_name": self.name, "enabled": False})
        return api.create_activity_from_template(named, **self.account)

    async def before(self) -> JSON:
        listed = await api.list_activities(**self.account) if self.key is None else []
        return [*(activity.id for activity in listed), *(row.id for row in unreadable_of(listed))]

    async def find(self, before: JSON) -> list[Candidate]:
        certain = self.key is not None or before is not None
        activities = await api.list_activities(**self.account)
        return [
            Candidate(
                activity.id,
                f"activity {activity.id} {activity.name!r}",
                certain=certain and bool(activity.name),
            )
            for activity in activities
            if self._may_be(activity) and activity.id not in (before or [])
        ] + base.unread(activities, key=self.key, before=before)

    def _may_be(self, activity: api.Activity) -> bool:
        if not activity.name:
            return True  # it shows no name
        if self.key is None:
            return base.alike(activity.name, self.name)
        return base.carries(activity.name, self.key)

    async def result(self, made: JSON) -> JSON:
        return (await api.get_activity(made, **self.account)).plain()
