"""Operators for Delta Projects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from airflow_provider_activation.arguments import (
    AMOUNT,
    COUNT,
    FILLED,
    FLAG,
    ID,
    JSON_OR_TEXT,
    MARK,
    RESOURCES,
    TIMESTAMP,
    is_template,
    word,
)
from airflow_provider_activation.operators.base import ActionOperator, ActivationOperator, SubmitOperator
from airflow_provider_activation.tasks import JSON, DeltaProjectsTask

if TYPE_CHECKING:
    from airflow_provider_activation.actions import delta_projects as actions
    from airflow_provider_activation.waits.delta_projects import ActivityProbe

__all__ = ["DeltaProjectsCreateActivityFromTemplateOperator", "DeltaProjectsUpdateActivityOperator"]

_OPTIONAL_FIELDS = {
    "target_ecpm": AMOUNT | None,
    "impression_budget": COUNT | None,
    "override_variables": JSON_OR_TEXT | None,
    "geo_details": RESOURCES | None,
    "exclude_geo": FLAG | None,
}
_GEO = ("geo_details", "exclude_geo")
_SENT_AS = {"override_variables_as": word("text", "object")}


class DeltaProjectsCreateActivityFromTemplateOperator(DeltaProjectsTask, SubmitOperator):
    """Create an advertising activity from a template.

    The activity is always created disabled. If ``enabled`` is True, a second call enables it after it was
    read back and compared. So an activity that is lost spends no money. Returns the activity as the service
    describes it. Document: "Activity", section "Create Activity From Template".

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
    :param activity_name: the name; the submission key is put at its end (templated).
    :param flight_start: when the activity starts: a ``datetime`` or ISO 8601, with its time zone; sent in
        UTC, to the second. No later call changes it (templated).
    :param flight_stop: when the activity stops, in the same form; it must be in the future (templated).
    :param order_id: appears on the invoice; not empty (templated).
    :param budget: a number, in the account's currency (templated).
    :param enabled: enable the activity after it was created and compared (templated).
    :param target_ecpm: in the account's currency; the template's if left out (templated).
    :param impression_budget: total impressions; the template's if left out (templated).
    :param override_variables: ad server tag variables, a mapping or text that holds a JSON object
        (templated).
    :param override_variables_as: ``text`` sends them as text that holds the JSON, ``object`` as JSON; the
        document has both (templated).
    :param geo_details: circles of ``lat``, ``long``, ``radius``, whose unit is not documented; only where the
        template has a geo rule (templated).
    :param exclude_geo: whether the circles are excluded; must be given with ``geo_details`` (templated).
    :param cancel_on_kill: disable the activity if the task is killed between enabling it and its own end
        (templated).
    :param delta_projects_conn_id: the connection's id (templated).
    :param media_agency_id: instead of the connection's (templated).
    :param client_id: instead of the connection's (templated).
    :param mark_submission: put the submission key at the end of the name (``suffix`` or True), before it
        (``prefix``, for a service that cuts names) or leave it out (False). Without the key nobody can tell
        whose an activity is if the answer to the call was lost (templated).
    :raises InvalidRequest: a field cannot be sent, or the flight is over: nothing was sent. Or the service
        refuses the call, for example since it does not know the template.
    :raises NotAsAsked: the service made an activity that is not what was asked for; it is not enabled.
    :raises UncertainOutcome: the response to the call was lost, and the service cannot show what became of
        it.
    :raises InvalidConnection: neither the task nor the connection names the media agency and the client.
    """

    arguments = {
        "template_id": ID,
        "activity_name": FILLED,
        "flight_start": TIMESTAMP,
        "flight_stop": TIMESTAMP,
        "order_id": FILLED,
        "budget": AMOUNT,
        "enabled": FLAG,
        **_OPTIONAL_FIELDS,
        **_SENT_AS,
        "cancel_on_kill": FLAG,
        "mark_submission": MARK,
    }
    nouns = ("activity",)
    outputs = ("id",)
    shows = "Activity"

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
        override_variables_as: str = "text",
        geo_details: Sequence[Mapping[str, float]] | None = None,
        exclude_geo: bool | None = None,
        cancel_on_kill: bool = True,
        mark_submission: bool | str = True,
        delta_projects_conn_id: str = "delta_projects_default",
        media_agency_id: str | None = None,
        client_id: str | None = None,
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
        self.override_variables_as = override_variables_as
        self.geo_details = geo_details
        self.exclude_geo = exclude_geo
        self.cancel_on_kill = cancel_on_kill
        self.mark_submission: Any = mark_submission
        self.delta_projects_conn_id = delta_projects_conn_id
        self.media_agency_id = media_agency_id
        self.client_id = client_id

    def check(self) -> None:
        _check_fields(self)

    def submission(self, key: str) -> actions.Activity:
        from airflow_provider_activation.actions import delta_projects as actions
        from airflow_provider_activation.api import delta_projects as api

        fields = {name: getattr(self, name) for name in api.ActivityFromTemplate.model_fields}
        fields["override_variables"] = _override_variables(self)
        return actions.Activity(
            account=self.account,
            activity=api.ActivityFromTemplate.model_validate({**fields, "enabled": False}),
            key=key if self.mark_submission else None,
            mark=self.mark_submission or "suffix",
            enabled=self.enabled,
        )

    def unfinished(self, made: JSON) -> ActivityProbe | None:
        if not self.enabled:
            return None
        from airflow_provider_activation.waits.delta_projects import ActivityProbe

        return ActivityProbe(**self.account, activity_id=made)


class DeltaProjectsUpdateActivityOperator(DeltaProjectsTask, ActionOperator):
    """Change an activity, for example enable it. Arguments that are left out change nothing.

    May be run any number of times. Returns the activity as the service describes it afterwards.
    Document: "Activity", section "Update Activity".

    .. code-block:: python

        enable = DeltaProjectsUpdateActivityOperator(
            task_id="enable", activity_id="{{ ti.xcom_pull('create_activity')['id'] }}", enabled=True
        )

    :param activity_id: the activity (templated).
    :param enabled: enable or disable it (templated).
    :param activity_name: a new name (templated).
    :param flight_stop: when it stops: a ``datetime`` or ISO 8601, with its time zone (templated).
    :param order_id: a new order id (templated).
    :param budget: the new budget, in the account's currency; it replaces the old one (templated).
    :param target_ecpm: in the account's currency (templated).
    :param impression_budget: total impressions (templated).
    :param override_variables: ad server tag variables, a mapping or text that holds a JSON object
        (templated).
    :param override_variables_as: see `DeltaProjectsCreateActivityFromTemplateOperator` (templated).
    :param geo_details: circles of ``lat``, ``long``, ``radius``; only where the activity has a geo rule
        (templated).
    :param exclude_geo: whether the circles are excluded; must be given with ``geo_details`` (templated).
    :param media_agency_id: instead of the connection's (templated).
    :param client_id: instead of the connection's (templated).
    :param delta_projects_conn_id: the connection's id (templated).
    :raises InvalidRequest: nothing to change is given, or the service refuses the change.
    :raises NotFound: this client has no such activity.
    :raises Refused: the service accepted the change, and the activity is not what was asked for.
    """

    arguments = {
        "activity_id": ID,
        "enabled": FLAG | None,
        "activity_name": FILLED | None,
        "flight_stop": TIMESTAMP | None,
        "order_id": FILLED | None,
        "budget": AMOUNT | None,
        **_OPTIONAL_FIELDS,
        **_SENT_AS,
    }
    shows = "Activity"

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
        override_variables_as: str = "text",
        geo_details: Sequence[Mapping[str, float]] | None = None,
        exclude_geo: bool | None = None,
        media_agency_id: str | None = None,
        client_id: str | None = None,
        delta_projects_conn_id: str = "delta_projects_default",
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
        self.override_variables_as = override_variables_as
        self.geo_details = geo_details
        self.exclude_geo = exclude_geo
        self.media_agency_id = media_agency_id
        self.client_id = client_id
        self.delta_projects_conn_id = delta_projects_conn_id

    def check(self) -> None:
        _check_fields(self)

    async def steps(self) -> JSON:
        from airflow_provider_activation.actions import delta_projects as actions
        from airflow_provider_activation.api import delta_projects as api

        given = self.given(api.ActivityUpdate.model_fields)
        if "override_variables" in given:
            given["override_variables"] = _override_variables(self)
        update = api.ActivityUpdate.model_validate(given)
        return await actions.update_activity(self.activity_id, update, self.account)

    def intent(self) -> str:
        return f"activity {self.activity_id} would be changed: {self._changed}"

    def simulated(self, made: JSON) -> JSON:
        return self.unknown() | {"id": self.activity_id}

    @property
    def _changed(self) -> str:
        from airflow_provider_activation.api import delta_projects as api

        return self.changed(api.ActivityUpdate.model_fields)

    def summary(self, result: JSON) -> str:
        return f"Changed activity {self.activity_id}: {self._changed}."


def _override_variables(task: Any) -> Any:
    from airflow_provider_activation.api import delta_projects as api

    given = task.override_variables
    as_object = task.override_variables_as == "object" and isinstance(given, Mapping)
    return api.SentAsObject(given) if as_object else given


def _fit(fields: Mapping[str, Any], value: object) -> None:
    from airflow_provider_activation.api import delta_projects as api

    api.ActivityFields.model_validate(fields)


def _check_fields(task: ActivationOperator) -> None:
    """Check the fields that few DAGs give, as far as they are no templates."""
    given = task.given(_OPTIONAL_FIELDS)
    if given and not is_template(given):
        # loads the service's models: only DAGs that give such a field pay for that
        for name, value in given.items():
            fields = {geo: given.get(geo) for geo in _GEO} if name in _GEO else {name: value}
            task.check_inside(name, partial(_fit, fields))
