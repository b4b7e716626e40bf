"""Dataddo: connection type ``dataddo``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

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

    # services

    def list_services(self) -> list[api.AuthorizedService]:
        """All authorised services."""
        return self.send(api.list_services())

    def get_service(self, service_id: str) -> api.AuthorizedService:
        """One authorised service."""
        return self.send(api.get_service(service_id))

    def create_service(
        self, service: str, data: Mapping[str, str], *, deprecated_names: bool = True
    ) -> api.AuthorizedService:
        """Hand over a third party's credentials."""
        return self.send(api.create_service(service, data, deprecated_names=deprecated_names))

    def create_typed_service(self, service: str, data: Mapping[str, str]) -> api.AuthorizedService:
        """Hand over a third party's credentials in the specification's other way."""
        return self.send(api.create_typed_service(service, data))

    def update_service(self, service_id: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Change an authorised service."""
        return self.send(api.update_service(service_id, changes))

    def delete_service(self, service_id: str) -> None:
        """Delete an authorised service that nothing uses."""
        self.send(api.delete_service(service_id))

    def debug_service(self, service_id: str) -> api.DebugResult:
        """Try an authorised service's credentials."""
        return self.send(api.debug_service(service_id))

    # connectors

    def list_connectors(self) -> list[api.Connector]:
        """All connectors."""
        return self.send(api.list_connectors())

    def list_connector_templates(self, connector_id: str) -> dict[str, Any]:
        """A connector's templates, under ``templates``."""
        return self.send(api.list_connector_templates(connector_id))

    def get_connector_template(self, connector_id: str, template_name: str) -> dict[str, Any]:
        """One of a connector's templates."""
        return self.send(api.get_connector_template(connector_id, template_name))

    def run_connector_action(
        self,
        connector_id: str,
        action: str,
        method: Literal["GET", "POST"] = "GET",
        inputs: Mapping[str, Any] | None = None,
    ) -> list[api.ConnectorOption]:
        """The values a connector's parameter may have, given those chosen so far."""
        return self.send(api.run_connector_action(connector_id, action, method, inputs))

    def preview_connector(self, connector_id: str, payload: Mapping[str, Any]) -> api.Preview:
        """Load on trial what a source with this payload would."""
        return self.send(api.preview_connector(connector_id, payload))

    # sources

    def list_sources(self) -> list[api.Source]:
        """All sources."""
        return self.send(api.list_sources())

    def get_source(self, source_id: str) -> api.Source:
        """One source."""
        return self.send(api.get_source(source_id))

    def create_source(self, connector_id: str, payload: Mapping[str, Any]) -> api.Source:
        """Create a source; `api.dataddo.source_payload` makes the payload."""
        return self.send(api.create_source(connector_id, payload))

    def update_source(self, source_id: str, changes: Mapping[str, Any]) -> api.Source:
        """Change a source's basic information."""
        return self.send(api.update_source(source_id, changes))

    def delete_source(self, source_id: str) -> None:
        """Delete a source and all that belongs to it."""
        self.send(api.delete_source(source_id))

    def get_source_metadata(self, source_id: str) -> dict[str, Any]:
        """The parameters a source was made with."""
        return self.send(api.get_source_metadata(source_id))

    def preview_source(self, source_id: str, limit: int | None = None) -> list[Any]:
        """Some of a source's rows."""
        return self.send(api.preview_source(source_id, limit))

    def get_source_request(self, source_id: str) -> dict[str, Any]:
        """What a source's extraction asks the third party."""
        return self.send(api.get_source_request(source_id))

    def update_source_request(self, source_id: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Change what a source's extraction asks the third party."""
        return self.send(api.update_source_request(source_id, changes))

    def detect_source(self, source_id: str) -> list[Any]:
        """What Dataddo's detector finds in a source."""
        return self.send(api.detect_source(source_id))

    def get_source_status(self, source_id: str) -> api.RunStatus:
        """How a source's last run stands."""
        return self.send(api.get_source_status(source_id))

    def get_source_log(self, source_id: str) -> list[Any]:
        """The latest entries of a source's log."""
        return self.send(api.get_source_log(source_id))

    # extraction

    def enqueue_extraction(
        self,
        source_id: str,
        extraction: api.Extraction | None = None,
        *,
        url: str | None = None,
        limit: str | None = None,
    ) -> None:
        """Have a source load."""
        self.send(api.enqueue_extraction(source_id, extraction, url=url, limit=limit))

    def get_extraction(self, source_id: str) -> api.ExtractionAction:
        """What loads a source's data, and when."""
        return self.send(api.get_extraction(source_id))

    def update_extraction(self, source_id: str, changes: Mapping[str, Any]) -> api.ExtractionAction:
        """Change what loads a source's data."""
        return self.send(api.update_extraction(source_id, changes))

    def deactivate_extraction(
        self, source_id: str, action: api.ExtractionAction | None = None
    ) -> api.ExtractionAction:
        """Have a source load nothing more; `action` is what `get_extraction` answered."""
        return self.send(api.deactivate_extraction(source_id, action))

    def debug_extraction(self, source_id: str) -> api.DebugResult:
        """Try a source's extraction, which really runs."""
        return self.send(api.debug_extraction(source_id))

    def get_extraction_schedule(self, source_id: str) -> api.CurrentSchedule:
        """When a source loads."""
        return self.send(api.get_extraction_schedule(source_id))

    def update_extraction_schedule(self, source_id: str, schedule: api.Schedule) -> api.CurrentSchedule:
        """Say when a source loads."""
        return self.send(api.update_extraction_schedule(source_id, schedule))

    # flows

    def create_flow(self, flow: api.FlowInput | Mapping[str, Any]) -> api.Flow:
        """Create a flow."""
        return self.send(api.create_flow(flow))

    def list_flows(self) -> list[api.Flow]:
        """All flows."""
        return self.send(api.list_flows())

    def list_flows_by_source(self, source_id: str) -> list[api.Flow]:
        """The flows a source feeds."""
        return self.send(api.list_flows_by_source(source_id))

    def get_flow(self, flow_id: str) -> api.Flow:
        """One flow."""
        return self.send(api.get_flow(flow_id))

    def update_flow(self, flow_id: str, changes: Mapping[str, Any]) -> api.Flow:
        """Change a flow."""
        return self.send(api.update_flow(flow_id, changes))

    def delete_flow(self, flow_id: str) -> None:
        """Delete a flow and all that belongs to it."""
        self.send(api.delete_flow(flow_id))

    def clone_flow(self, flow_id: str) -> api.Flow | None:
        """Make a flow like this one; None where the service does not say which it is."""
        return self.send(api.clone_flow(flow_id))

    def preview_flow(self, flow: api.FlowInput | Mapping[str, Any], limit: int | None = None) -> list[Any]:
        """Some of the rows such a flow would write."""
        return self.send(api.preview_flow(flow, limit))

    def get_flow_status(self, flow_id: str) -> api.RunStatus:
        """How a flow's last run stands."""
        return self.send(api.get_flow_status(flow_id))

    def get_flow_api(self, flow_id: str) -> dict[str, Any]:
        """The address a flow's data can be fetched from."""
        return self.send(api.get_flow_api(flow_id))

    def get_flow_api_log(self, flow_id: str) -> list[Any]:
        """The latest entries of the log of a flow's address."""
        return self.send(api.get_flow_api_log(flow_id))

    def debug_flow_api(self, flow_id: str) -> api.DebugResult:
        """Try a flow's address."""
        return self.send(api.debug_flow_api(flow_id))

    # writing

    def enqueue_write(self, flow_id: str, *, skip_rules_validation: bool | None = None) -> api.Write:
        """Have a flow write."""
        return self.send(api.enqueue_write(flow_id, skip_rules_validation=skip_rules_validation))

    def get_write(self, flow_id: str) -> dict[str, Any]:
        """What writes a flow's data."""
        return self.send(api.get_write(flow_id))

    def get_write_status(self, flow_id: str) -> api.RunStatus:
        """How a flow's last write stands."""
        return self.send(api.get_write_status(flow_id))

    def update_write_status(self, flow_id: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Change the status of what writes a flow's data; Dataddo does not say how."""
        return self.send(api.update_write_status(flow_id, changes))

    def get_write_schedule(self, flow_id: str) -> api.CurrentSchedule:
        """When a flow writes."""
        return self.send(api.get_write_schedule(flow_id))

    def update_write_schedule(self, flow_id: str, schedule: api.Schedule) -> api.CurrentSchedule:
        """Say when a flow writes."""
        return self.send(api.update_write_schedule(flow_id, schedule))

    def delete_write_schedule(self, flow_id: str) -> None:
        """Have a flow write only when it is told to."""
        self.send(api.delete_write_schedule(flow_id))

    def update_write_settings(self, flow_id: str, settings: api.WriteSettings) -> dict[str, Any]:
        """Say how a flow writes."""
        return self.send(api.update_write_settings(flow_id, settings))

    def get_write_log(self, flow_id: str) -> list[Any]:
        """The latest entries of the log of a flow's writes."""
        return self.send(api.get_write_log(flow_id))

    def debug_write(self, flow_id: str) -> api.DebugResult:
        """Try a flow's destination."""
        return self.send(api.debug_write(flow_id))

    # destinations

    def list_destinations(self) -> list[api.Destination]:
        """All destinations."""
        return self.send(api.list_destinations())

    def get_destination(self, destination_id: str) -> api.Destination:
        """One destination."""
        return self.send(api.get_destination(destination_id))

    def create_destination(self, destination_type: str, parameters: Mapping[str, Any]) -> api.Destination:
        """Create a destination."""
        return self.send(api.create_destination(destination_type, parameters))

    def update_destination(self, destination_id: str, changes: Mapping[str, Any]) -> api.Destination:
        """Change a destination."""
        return self.send(api.update_destination(destination_id, changes))

    def delete_destination(self, destination_id: str) -> None:
        """Delete a destination and all that belongs to it."""
        self.send(api.delete_destination(destination_id))

    def clone_destination(self, destination_id: str) -> api.Destination | None:
        """Make a destination like this one; None where the service does not say which it is."""
        return self.send(api.clone_destination(destination_id))
