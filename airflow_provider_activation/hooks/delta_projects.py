"""Delta Projects: connection type ``delta_projects``."""

from __future__ import annotations

from typing import Any

from airflow_provider_activation.api import delta_projects as api
from airflow_provider_activation.api.call import Call
from airflow_provider_activation.errors import InvalidConnection
from airflow_provider_activation.hooks.base import ActivationHook, ConnectionExtra, ConnectionValues
from airflow_provider_activation.transport import Service


class DeltaProjectsConnectionExtra(ConnectionExtra):
    """Extra fields of a connection of type ``delta_projects``."""

    media_agency_id: str | None = None
    client_id: str | None = None


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
        self._extra = DeltaProjectsConnectionExtra()

    def service(self, values: ConnectionValues) -> Service:
        self._extra = values.extra_as(DeltaProjectsConnectionExtra)
        key = values.required("password", "API key")
        return Service(
            api.SERVICE,
            values.conn_id,
            values.base_url(without=["/api/v1"]),
            query={"apikey": key},
            secrets=frozenset({key}),
            **self._extra.common(),
        )

    def test_call(self) -> Call[Any]:
        return api.list_activity_templates()

    def account(self, media_agency_id: str | None = None, client_id: str | None = None) -> api.Account:
        """Where activities live: what is given, else what the connection's extra says.

        :raises InvalidConnection: neither says it.
        """
        self.get_conn()
        agency = media_agency_id or self._extra.media_agency_id
        client = client_id or self._extra.client_id
        missing = [name for name, value in (("media_agency_id", agency), ("client_id", client)) if not value]
        if agency is None or client is None or missing:
            raise InvalidConnection(
                f"{' and '.join(missing)} stands neither in the task's arguments nor in the extra of the "
                f"connection {self.conn_id!r}.",
                service=api.SERVICE,
            )
        return api.Account(agency, client)

    def list_activity_templates(self) -> list[api.ActivityTemplate]:
        """All activity templates."""
        return self.send(api.list_activity_templates())

    def list_activities(
        self, *, media_agency_id: str | None = None, client_id: str | None = None
    ) -> list[api.Activity]:
        """Id and name of every activity of the client."""
        return self.send(api.list_activities(self.account(media_agency_id, client_id)))

    def get_activity(
        self, activity_id: str, *, media_agency_id: str | None = None, client_id: str | None = None
    ) -> api.Activity:
        """One activity."""
        return self.send(api.get_activity(self.account(media_agency_id, client_id), activity_id))

    def create_activity_from_template(
        self,
        activity: api.ActivityFromTemplate,
        *,
        media_agency_id: str | None = None,
        client_id: str | None = None,
    ) -> str:
        """Create an activity; returns its id."""
        account = self.account(media_agency_id, client_id)
        return self.send(api.create_activity_from_template(account, activity))

    def update_activity(
        self,
        activity_id: str,
        update: api.ActivityUpdate,
        *,
        media_agency_id: str | None = None,
        client_id: str | None = None,
    ) -> None:
        """Change an activity."""
        self.send(api.update_activity(self.account(media_agency_id, client_id), activity_id, update))
