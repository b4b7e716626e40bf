"""What is made and changed at Delta Projects."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from airflow_provider_activation.actions import base
from airflow_provider_activation.actions.base import Action, Candidate, Doubt, OnUncertain
from airflow_provider_activation.actions.identity import Mark, marked
from airflow_provider_activation.actions.memory import JSON, Memory
from airflow_provider_activation.actions.proof import Asked, differences, proven
from airflow_provider_activation.api import delta_projects as api
from airflow_provider_activation.api.call import Call
from airflow_provider_activation.errors import NotFound
from airflow_provider_activation.redaction import logger
from airflow_provider_activation.simulation import simulation

log = logger(__name__)

MENDED_BY = "DeltaProjectsUpdateActivityOperator"


@dataclass(frozen=True, kw_only=True)
class Activity(Action):
    """An activity. It is created disabled, and enabled by a second, repeatable call if it shall be.

    :param activity: what it is made from, with the user's own name.
    :param key: the submission key, to be put into the name; None leaves the name as it is.
    :param mark: where in the name it stands.
    """

    noun = "activity"
    identity = "the submission key in its name"
    told_by = "key"

    account: api.Account
    activity: api.ActivityFromTemplate
    key: str | None
    mark: Mark = "suffix"
    enabled: bool

    @property
    def own_key(self) -> str | None:
        return self.key

    @property
    def title(self) -> str:
        return f"activity {self.name!r}"

    def recognisable(self) -> dict[str, str]:
        sent = {"name": repr(self.name), "order_id": repr(self.activity.order_id)}
        return sent | super().recognisable()

    async def make(self, memory: Memory, on_uncertain: OnUncertain) -> str:
        activity_id: str = await base.submit(self, memory, on_uncertain)
        if (simulated := simulation()) is not None:
            if self.enabled:
                simulated.would.append("it would be enabled afterwards")
        elif self.enabled:
            # an activity that is not what was asked for must not spend money
            await self._proven(activity_id, enabled=None)
            update = api.update_activity(activity_id, api.ActivityUpdate(enabled=True), **self.account)
            await base.once_found(lambda: update)
            log.info("Enabled activity %s.", activity_id)
        return activity_id

    @property
    def name(self) -> str:
        """The name as it is sent."""
        return marked(self.activity.activity_name, self.key, mark=self.mark)

    def create(self) -> Call[str]:
        named = self.activity.model_copy(update={"activity_name": self.name, "enabled": False})
        return api.create_activity_from_template(named, **self.account)

    async def before(self) -> JSON:
        return base.ids_of(await api.list_activities(**self.account))

    async def find(self, doubt: Doubt | None) -> list[Candidate]:
        activities = await api.list_activities(**self.account)
        found = base.unread(activities, key=self.key, before=doubt and doubt.before)
        for activity in activities:
            description = f"activity {activity.id} {activity.name!r}"
            alike = self.recognised(activity.id, description, doubt, text=activity.name)
            if alike and not alike[0].certain and doubt is not None and doubt.before is None:
                # the list gives ids and names only, and any of them may be old
                alike = alike if await self._is_equal(activity) else []
            found += alike
        return found

    async def _is_equal(self, listed: api.Activity) -> bool:
        known = self._compared
        if listed.id not in known:
            try:
                shown = await api.get_activity(listed.id, **self.account)
            except NotFound:
                known[listed.id] = False
            else:
                known[listed.id] = not differences(self._asked(listed.id, enabled=None), shown.plain())
        return known[listed.id]

    @cached_property
    def _compared(self) -> dict[str, bool]:
        """By the ids of activities whether they are equal: they are looked at several times."""
        return {}

    def _asked(self, activity_id: str, *, enabled: bool | None) -> Asked:
        fields = {**self.activity.body(), "name": self.name, "enabled": enabled}
        title = f"activity {activity_id}"
        return Asked(title, fields, MENDED_BY, texts=("name",), key=self.key)

    async def _proven(self, made: JSON, *, enabled: bool | None) -> api.Activity:
        read = api.get_activity(made, **self.account)
        return await proven(lambda: read, self._asked(made, enabled=enabled), service=api.SERVICE)

    async def proven(self, made: JSON) -> api.Activity:
        return await self._proven(made, enabled=self.enabled)

    async def result(self, made: JSON) -> JSON:
        return (await self.proven(made)).plain()


async def update_activity(activity_id: str, update: api.ActivityUpdate, account: api.Account) -> JSON:
    """Change an activity and return it as the service shows it.

    :raises Refused: the service accepted the change and shows something else.
    """
    await api.update_activity(activity_id, update, **account)
    fields = {"name": update.activity_name, **update.body()}
    asked = Asked(f"activity {activity_id}", fields, MENDED_BY, texts=("name",), was_made=False)
    read = api.get_activity(activity_id, **account)
    return (await proven(lambda: read, asked, service=api.SERVICE)).plain()
