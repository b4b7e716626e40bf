"""Delta Projects: connection type ``delta_projects``."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Concatenate, ParamSpec, TypeVar

from airflow_provider_activation.api import delta_projects as api
from airflow_provider_activation.api.call import Call
from airflow_provider_activation.errors import InvalidConnection
from airflow_provider_activation.hooks.base import ActivationHook
from airflow_provider_activation.hooks.binding import bound, sends
from airflow_provider_activation.hooks.connection import ConnectionExtra, ConnectionValues, ExtraText
from airflow_provider_activation.hooks.trial import Check, Plan
from airflow_provider_activation.transport import ConnectionSettings

P = ParamSpec("P")
T = TypeVar("T")


class DeltaProjectsConnectionExtra(ConnectionExtra):
    """Extra fields of a connection of type ``delta_projects``."""

    media_agency_id: ExtraText | None = None
    client_id: ExtraText | None = None


def in_account(function: Callable[P, Call[T]]) -> Callable[Concatenate[DeltaProjectsHook, P], T]:
    """A method that makes the call of an endpoint; ids that are not given are the connection's."""
    ids = [name for name in api.Account.__annotations__ if name in inspect.signature(function).parameters]

    def method(self: DeltaProjectsHook, /, *args: P.args, **kwargs: P.kwargs) -> T:
        given: dict[str, Any] = dict(kwargs)
        found = self.in_scope({name: given.get(name) for name in ids})
        return self.send(function(*args, **{**given, **found}))

    return bound(method, function)


class DeltaProjectsHook(ActivationHook):
    """Calls the Delta Projects DSP API.

    The key travels in the query, which is the only way documented; it appears in no log and no error.
    Media agency and client come from the connection unless a method is given others.

    :param delta_projects_conn_id: id of a connection of type ``delta_projects``.
    """

    conn_name_attr = "delta_projects_conn_id"
    default_conn_name = "delta_projects_default"
    conn_type = "delta_projects"
    hook_name = api.SERVICE

    def __init__(self, delta_projects_conn_id: str = default_conn_name, **kwargs: Any) -> None:
        super().__init__(delta_projects_conn_id, **kwargs)

    def settings(self, values: ConnectionValues) -> ConnectionSettings:
        extra = values.extra_as(DeltaProjectsConnectionExtra)
        key = values.required("password", "API key")
        scope = {"media_agency_id": extra.media_agency_id, "client_id": extra.client_id}
        return ConnectionSettings(
            api.SERVICE,
            values.conn_id,
            values.base_url(without=["/api/v1"]),
            query={"apikey": key},
            secrets=frozenset({key}),
            remark=values.remark,
            scope={name: value for name, value in scope.items() if value},
            **extra.common(),
        )

    def test_call(self) -> Call[Any]:
        return api.list_activity_templates()

    def test_plan(self) -> Plan:
        plan = Plan((Check(self.test_call(), "the API key"),))
        scope = self.get_conn().settings.scope
        if missing := [name for name in api.Account.__annotations__ if name not in scope]:
            plan = Plan(plan.checks, (f"{' and '.join(missing)} (not in the extra)", *plan.unchecked))
        if not scope:
            return plan
        call: Call[Any]
        if missing == ["client_id"]:
            call = api.list_clients(**scope)
        elif missing == ["media_agency_id"]:
            call = api.get_client(**scope)
        else:
            call = api.list_activities(**scope)
        shows = " and ".join(f"{name} {value}" for name, value in scope.items())
        refused = f"The API key is accepted, but not {shows}: check them in the extra."
        return Plan((*plan.checks, Check(call, shows, refused)), plan.unchecked)

    def account(self, media_agency_id: str | None = None, client_id: str | None = None) -> api.Account:
        """Where activities live: what is given, else what the connection's extra says.

        :raises InvalidConnection: neither says it.
        """
        found = self.in_scope({"media_agency_id": media_agency_id, "client_id": client_id})
        return api.Account(media_agency_id=found["media_agency_id"], client_id=found["client_id"])

    def in_scope(self, given: Mapping[str, str | None]) -> dict[str, str]:
        """Ids by name: what is given, else what the connection's extra says.

        :raises InvalidConnection: neither says it.
        """
        scope = self.get_conn().settings.scope
        ids = {name: value or scope.get(name, "") for name, value in given.items()}
        if missing := [name for name, value in ids.items() if not value]:
            stands = "stand" if len(missing) > 1 else "stands"
            raise InvalidConnection(
                f"{' and '.join(missing)} {stands} neither in the task's arguments nor in the extra of the "
                f"connection {self.conn_id!r}.",
                service=api.SERVICE,
            )
        return ids

    list_clients = in_account(api.list_clients)

    def get_client(
        self, client_id: str | None = None, *, media_agency_id: str | None = None, fetch: str | None = None
    ) -> api.Client:
        """One client, by either path the document gives; see `api.delta_projects.find_client`."""
        wanted = self.in_scope({"client_id": client_id})["client_id"]
        agency = media_agency_id or self.get_conn().settings.scope.get("media_agency_id")
        return self.run(api.find_client(wanted, agency, fetch))

    create_client_from_template = in_account(api.create_client_from_template)
    list_activity_templates = sends(api.list_activity_templates)
    list_activities = in_account(api.list_activities)
    get_activity = in_account(api.get_activity)
    create_activity_from_template = in_account(api.create_activity_from_template)
    update_activity = in_account(api.update_activity)
    get_activity_statistics = in_account(api.get_activity_statistics)
    list_bidding_plans = in_account(api.list_bidding_plans)
    get_bidding_plan = in_account(api.get_bidding_plan)
    list_creatives = in_account(api.list_creatives)
    get_creative = in_account(api.get_creative)
