"""Delta Projects: connection type ``delta_projects``."""

from __future__ import annotations

from collections.abc import Mapping
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
        return api.Account(**self._ids(media_agency_id=media_agency_id, client_id=client_id))

    def _ids(self, **given: str | None) -> dict[str, str]:
        self.get_conn()
        ids = {name: value or getattr(self._extra, name) for name, value in given.items()}
        if missing := [name for name, value in ids.items() if not value]:
            raise InvalidConnection(
                f"{' and '.join(missing)} stands neither in the task's arguments nor in the extra of the "
                f"connection {self.conn_id!r}.",
                service=api.SERVICE,
            )
        return ids

    def list_clients(
        self, *, media_agency_id: str | None = None, fetch: str | None = None
    ) -> list[api.Client]:
        """Id and name of every client of the media agency."""
        return self.send(api.list_clients(**self._ids(media_agency_id=media_agency_id), fetch=fetch))

    def get_client(
        self, client_id: str | None = None, *, media_agency_id: str | None = None, fetch: str | None = None
    ) -> api.Client:
        """One client, by either path the document gives; see `api.delta_projects.find_client`."""
        wanted = self._ids(client_id=client_id)["client_id"]
        agency = media_agency_id or self._extra.media_agency_id
        return self.run(api.find_client(wanted, agency, fetch))

    def create_client_from_template(
        self, fields: Mapping[str, Any], *, media_agency_id: str | None = None
    ) -> str:
        """Create a client; returns its id. See `api.delta_projects.create_client_from_template`."""
        agency = self._ids(media_agency_id=media_agency_id)["media_agency_id"]
        return self.send(api.create_client_from_template(agency, fields))

    def list_activity_templates(self) -> list[api.ActivityTemplate]:
        """All activity templates."""
        return self.send(api.list_activity_templates())

    def list_activities(
        self,
        *,
        media_agency_id: str | None = None,
        client_id: str | None = None,
        fetch: str | None = None,
    ) -> list[api.Activity]:
        """Id and name of every activity of the client."""
        return self.send(api.list_activities(self.account(media_agency_id, client_id), fetch))

    def get_activity(
        self,
        activity_id: str,
        *,
        media_agency_id: str | None = None,
        client_id: str | None = None,
        fetch: str | None = None,
    ) -> api.Activity:
        """One activity."""
        return self.send(api.get_activity(self.account(media_agency_id, client_id), activity_id, fetch))

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

    def get_activity_statistics(
        self,
        activity_id: str,
        query: api.StatisticsQuery | None = None,
        *,
        media_agency_id: str | None = None,
        client_id: str | None = None,
    ) -> list[api.StatisticsGroup]:
        """Figures of an activity, in groups."""
        account = self.account(media_agency_id, client_id)
        return self.send(api.get_activity_statistics(account, activity_id, query))

    def list_bidding_plans(
        self,
        activity_id: str,
        *,
        media_agency_id: str | None = None,
        client_id: str | None = None,
        fetch: str | None = None,
    ) -> list[api.BiddingPlan]:
        """All bidding plans of an activity."""
        account = self.account(media_agency_id, client_id)
        return self.send(api.list_bidding_plans(account, activity_id, fetch))

    def get_bidding_plan(
        self,
        activity_id: str,
        bidding_plan_id: str,
        *,
        media_agency_id: str | None = None,
        client_id: str | None = None,
        fetch: str | None = None,
    ) -> api.BiddingPlan:
        """One bidding plan."""
        account = self.account(media_agency_id, client_id)
        return self.send(api.get_bidding_plan(account, activity_id, bidding_plan_id, fetch))

    def list_creatives(
        self,
        activity_id: str,
        bidding_plan_id: str,
        *,
        media_agency_id: str | None = None,
        client_id: str | None = None,
    ) -> list[api.Creative]:
        """All creatives of a bidding plan."""
        account = self.account(media_agency_id, client_id)
        return self.send(api.list_creatives(account, activity_id, bidding_plan_id))

    def get_creative(
        self,
        activity_id: str,
        bidding_plan_id: str,
        creative_id: str,
        *,
        media_agency_id: str | None = None,
        client_id: str | None = None,
    ) -> api.Creative:
        """One creative."""
        account = self.account(media_agency_id, client_id)
        return self.send(api.get_creative(account, activity_id, bidding_plan_id, creative_id))
