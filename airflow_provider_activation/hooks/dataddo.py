"""Dataddo: connection type ``dataddo``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_activation.api import dataddo as api
from airflow_provider_activation.api.call import Call
from airflow_provider_activation.hooks.base import ActivationHook, ConnectionExtra, ConnectionValues
from airflow_provider_activation.transport import Service


class DataddoHook(ActivationHook):
    """Calls the Dataddo headless API.

    Logs in with e-mail and password, keeps the token, and logs in again before it expires and once
    after a 401. Users of single sign-on cannot log in this way: make a user with a password.

    :param dataddo_conn_id: id of a connection of type ``dataddo``.
    """

    conn_name_attr = "dataddo_conn_id"
    default_conn_name = "dataddo_default"
    conn_type = "dataddo"
    hook_name = api.SERVICE

    def __init__(self, dataddo_conn_id: str = default_conn_name, **kwargs: Any) -> None:
        super().__init__(dataddo_conn_id, **kwargs)

    def service(self, values: ConnectionValues) -> Service:
        extra = values.extra_as(ConnectionExtra)
        password = values.required("password", "password")
        return Service(
            api.SERVICE,
            values.conn_id,
            values.base_url(api.BASE_URL),
            log_in=api.log_in(values.required("login", "e-mail address"), password),
            secrets=frozenset({password}),
            **extra.common(),
        )

    def test_call(self) -> Call[Any]:
        return api.list_services()

    def list_services(self) -> list[api.AuthorizedService]:
        """All authorised services."""
        return self.send(api.list_services())

    def create_service(self, service: str, data: Mapping[str, str]) -> api.AuthorizedService:
        """Hand over a third party's credentials."""
        return self.send(api.create_service(service, data))

    def list_sources(self) -> list[api.Source]:
        """All sources."""
        return self.send(api.list_sources())

    def create_source(self, connector_id: str, payload: Mapping[str, Any]) -> api.Source:
        """Create a source; `api.dataddo.source_payload` makes the payload."""
        return self.send(api.create_source(connector_id, payload))

    def list_flows_by_source(self, source_id: str) -> list[api.Flow]:
        """The flows a source feeds."""
        return self.send(api.list_flows_by_source(source_id))

    def create_flow(self, flow: api.FlowInput) -> api.Flow:
        """Create a flow."""
        return self.send(api.create_flow(flow))

    def enqueue_extraction(self, source_id: str, extraction: api.Extraction | None = None) -> None:
        """Have a source load."""
        self.send(api.enqueue_extraction(source_id, extraction))

    def get_source_status(self, source_id: str) -> api.RunStatus:
        """How a source's last run stands."""
        return self.send(api.get_source_status(source_id))

    def get_extraction(self, source_id: str) -> api.ExtractionAction:
        """What loads a source's data, and when."""
        return self.send(api.get_extraction(source_id))

    def deactivate_extraction(
        self, source_id: str, action: api.ExtractionAction | None = None
    ) -> api.ExtractionAction:
        """Have a source load nothing more; `action` is what `get_extraction` answered."""
        return self.send(api.deactivate_extraction(source_id, action))

    def get_source_log(self, source_id: str) -> list[dict[str, Any]]:
        """The latest entries of a source's log."""
        return self.send(api.get_source_log(source_id))

    def enqueue_write(self, flow_id: str) -> api.Write:
        """Have a flow write."""
        return self.send(api.enqueue_write(flow_id))

    def get_flow_status(self, flow_id: str) -> api.RunStatus:
        """How a flow's last run stands."""
        return self.send(api.get_flow_status(flow_id))
