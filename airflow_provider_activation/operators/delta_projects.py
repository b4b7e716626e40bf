"""Operators for Delta Projects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_activation.connected import DeltaProjectsTask
from airflow_provider_activation.operators.base import (
    JSON,
    ActionOperator,
    Finished,
    SubmittingOperator,
)

if TYPE_CHECKING:
    from airflow_provider_activation.api import delta_projects as api
    from airflow_provider_activation.api.steps import Steps
    from airflow_provider_activation.submission import Candidate, Memory, Submission
    from airflow_provider_activation.waits.delta_projects import ActivityProbe


class DeltaProjectsCreateActivityFromTemplateOperator(DeltaProjectsTask, SubmittingOperator):
    """Create an advertising activity from a template.

    The activity is always created disabled, and enabled by a second call if it shall be: whatever
    happens in between, no activity spends money unseen. Returns the activity as the service describes
    it. Document: "Activity", section "Create Activity From Template".

    .. code-block:: python

        activity = DeltaProjectsCreateActivityFromTemplateOperator(
            task_id="create_activity",
            template_id="16b35327-794c-11e4-8425-daf437376f87",
            activity_name="Win-back {{ ds }}",
            flight_start="{{ data_interval_end }}",
            flight_stop="{{ data_interval_end.add(days=7) }}",
            order_id="GXK-77123",
            budget=1000,
        )

    :param template_id: the activity template (templated).
    :param activity_name: the name; the submission key is put behind it (templated).
    :param flight_start: when the activity starts, with its time zone (templated).
    :param flight_stop: when it stops, with its time zone (templated).
    :param order_id: appears on the invoice (templated).
    :param budget: in the account's currency (templated).
    :param enabled: enable the activity after it was created.
    :param target_ecpm: in the account's currency; the template's if left out.
    :param impression_budget: total impressions; the template's if left out.
    :param override_variables: ad server tag variables.
    :param geo_details: circles of ``lat``, ``long``, ``radius``; only where the template has a geo rule.
    :param exclude_geo: whether the circles are excluded; must be given with ``geo_details``.
    :param cancel_on_kill: disable the activity if the task is killed between enabling it and its own end.
    :param mark_submission: put the submission key behind the name. Without it an activity whose answer
        was lost can be told apart only while the task's state is known.
    :raises InvalidRequest: naming the field, before anything is sent.
    """

    template_fields = (
        *DeltaProjectsTask.template_fields,
        "template_id",
        "activity_name",
        "flight_start",
        "flight_stop",
        "order_id",
        "budget",
    )
    nouns = ("activity",)
    outputs = ("id",)
    waits = False

    def __init__(
        self,
        *,
        template_id: str,
        activity_name: str,
        flight_start: datetime | str,
        flight_stop: datetime | str,
        order_id: str,
        budget: float | str,
        enabled: bool = False,
        target_ecpm: float | None = None,
        impression_budget: int | None = None,
        override_variables: Mapping[str, Any] | str | None = None,
        geo_details: Sequence[Mapping[str, float]] | None = None,
        exclude_geo: bool | None = None,
        mark_submission: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.template_id = template_id
        self.activity_name = activity_name
        self.flight_start = flight_start
        self.flight_stop = flight_stop
        self.order_id = order_id
        self.budget = budget
        self.enabled = enabled
        self.target_ecpm = target_ecpm
        self.impression_budget = impression_budget
        self.override_variables = override_variables
        self.geo_details = geo_details
        self.exclude_geo = exclude_geo
        _refuse_unfit_fields(self)
        self.mark_submission = mark_submission

    def submission(self, key: str) -> Submission:
        from airflow_provider_activation.api import delta_projects as api
        from airflow_provider_activation.submission import Candidate, Submission, marked

        account = self.account
        name = marked(self.activity_name, key if self.mark_submission else None)
        activity = api.ActivityFromTemplate.model_validate(
            {
                "template_id": self.template_id,
                "activity_name": name,
                "flight_start": self.flight_start,
                "flight_stop": self.flight_stop,
                "order_id": self.order_id,
                "budget": self.budget,
                "enabled": False,
                "target_ecpm": self.target_ecpm,
                "impression_budget": self.impression_budget,
                "override_variables": self.override_variables,
                "geo_details": self.geo_details,
                "exclude_geo": self.exclude_geo,
            }
        )

        def ids_before() -> Steps[JSON]:
            if self.mark_submission:
                return []
            return [known.id for known in (yield api.list_activities(account))]

        def of_our_name(before: JSON) -> Steps[list[Candidate]]:
            return [
                Candidate(
                    found.id,
                    f"activity {found.id} {found.name!r}",
                    certain=self.mark_submission or before is not None,
                )
                for found in (yield api.list_activities(account))
                if found.name == name and found.id not in (before or [])
            ]

        return Submission(
            noun=self.nouns[0],
            create=api.create_activity_from_template(account, activity),
            find=of_our_name,
            before=ids_before,
        )

    def start(self, key: str, memory: Memory) -> Steps[JSON | Finished]:
        from airflow_provider_activation.api import delta_projects as api
        from airflow_provider_activation.submission import submit

        activity_id = yield from submit(self.submission(key), memory, on_uncertain=self.on_uncertain)
        if self.enabled:
            self.note_made(activity_id)
            yield api.update_activity(self.account, activity_id, api.ActivityUpdate(enabled=True))
        return activity_id

    def result(self, made: JSON) -> Steps[JSON]:
        from airflow_provider_activation.api import delta_projects as api

        activity: api.Activity = yield api.get_activity(self.account, made)
        return activity.plain()

    def unfinished(self, made: JSON) -> ActivityProbe | None:
        if not self.enabled:
            return None
        from airflow_provider_activation.waits.delta_projects import ActivityProbe

        return ActivityProbe(self.account.media_agency_id, self.account.client_id, made)


class DeltaProjectsUpdateActivityOperator(DeltaProjectsTask, ActionOperator):
    """Change an activity, for example enable it. What is left out stays as it is.

    May be run any number of times. Returns the activity as the service describes it afterwards.
    Document: "Activity", section "Update Activity".

    .. code-block:: python

        enable = DeltaProjectsUpdateActivityOperator(
            task_id="enable", activity_id="{{ ti.xcom_pull('create_activity')['id'] }}", enabled=True
        )

    :param activity_id: the activity (templated).
    :param enabled: enable or disable it.
    :param activity_name: a new name (templated).
    :param flight_stop: when it stops, with its time zone (templated).
    :param order_id: a new order id (templated).
    :param budget: in the account's currency (templated).
    :param target_ecpm: in the account's currency.
    :param impression_budget: total impressions.
    :param override_variables: ad server tag variables.
    :param geo_details: circles of ``lat``, ``long``, ``radius``; only where the activity has a geo rule.
    :param exclude_geo: whether the circles are excluded; must be given with ``geo_details``.
    :raises Refused: the service accepted the change and the activity is not as it should be.
    """

    template_fields = (
        *DeltaProjectsTask.template_fields,
        "activity_id",
        "activity_name",
        "flight_stop",
        "order_id",
        "budget",
    )

    def __init__(
        self,
        *,
        activity_id: str,
        enabled: bool | None = None,
        activity_name: str | None = None,
        flight_stop: datetime | str | None = None,
        order_id: str | None = None,
        budget: float | str | None = None,
        target_ecpm: float | None = None,
        impression_budget: int | None = None,
        override_variables: Mapping[str, Any] | str | None = None,
        geo_details: Sequence[Mapping[str, float]] | None = None,
        exclude_geo: bool | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.activity_id = activity_id
        self.enabled = enabled
        self.activity_name = activity_name
        self.flight_stop = flight_stop
        self.order_id = order_id
        self.budget = budget
        self.target_ecpm = target_ecpm
        self.impression_budget = impression_budget
        self.override_variables = override_variables
        self.geo_details = geo_details
        self.exclude_geo = exclude_geo
        _refuse_unfit_fields(self)

    def steps(self) -> Steps[JSON]:
        from airflow_provider_activation.api import delta_projects as api
        from airflow_provider_activation.errors import Refused

        given = {name: getattr(self, name) for name in api.ActivityUpdate.model_fields}
        update = api.ActivityUpdate.model_validate(
            {name: value for name, value in given.items() if value is not None}
        )
        yield api.update_activity(self.account, self.activity_id, update)
        activity: api.Activity = yield api.get_activity(self.account, self.activity_id)
        if update.enabled is not None and activity.enabled is not update.enabled:
            raise Refused(
                f"activity {activity.id} should be {'enabled' if update.enabled else 'disabled'} "
                "and the service says it is not.",
                service=api.SERVICE,
                operation="update_activity",
            )
        return activity.plain()


def _refuse_unfit_fields(
    task: DeltaProjectsCreateActivityFromTemplateOperator | DeltaProjectsUpdateActivityOperator,
) -> None:
    """Check when the DAG is parsed what no template can change."""
    names = ("target_ecpm", "impression_budget", "override_variables", "geo_details", "exclude_geo")
    given = {name: value for name in names if (value := getattr(task, name)) is not None}
    if given:
        # loads the service's models: only DAGs that give such a field pay for that
        from airflow_provider_activation.api import delta_projects as api

        api.ActivityFields.model_validate(given)
