"""LiveRamp: connection type ``liveramp``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from airflow_provider_activation.api import liveramp as api
from airflow_provider_activation.api.call import Call
from airflow_provider_activation.hooks.base import ActivationHook, ConnectionExtra, ConnectionValues
from airflow_provider_activation.transport import Service


class LiveRampConnectionExtra(ConnectionExtra):
    """Extra fields of a connection of type ``liveramp``."""

    org_id: str = Field(min_length=1)
    token_url: str = api.TOKEN_URL


class LiveRampHook(ActivationHook):
    """Calls the LiveRamp Activation API.

    Tokens are requested by the password grant, kept, and renewed before they expire and once after a
    401 or 403. One token serves the whole process.

    :param liveramp_conn_id: id of a connection of type ``liveramp``.
    """

    conn_name_attr = "liveramp_conn_id"
    default_conn_name = "liveramp_default"
    conn_type = "liveramp"
    hook_name = api.SERVICE

    def __init__(self, liveramp_conn_id: str = default_conn_name, **kwargs: Any) -> None:
        super().__init__(liveramp_conn_id, **kwargs)

    def service(self, values: ConnectionValues) -> Service:
        extra = values.extra_as(LiveRampConnectionExtra)
        secret_key = values.required("password", "secret key")
        log_in = api.request_token(
            values.required("login", "service account"), secret_key, token_url=extra.token_url
        )
        return Service(
            api.SERVICE,
            values.conn_id,
            values.base_url(api.BASE_URL, without=["/v2"]),
            headers={"LR-Org-ID": extra.org_id},
            log_in=log_in,
            secrets=frozenset({secret_key}),
            **extra.common(),
        )

    def test_call(self) -> Call[Any]:
        return api.list_destinations()

    def list_destinations(self) -> list[api.Destination]:
        """All destinations; see `api.liveramp.list_destinations`."""
        return self.send_every_page(api.list_destinations())

    def get_destination(self, destination_id: str) -> api.Destination:
        """One destination."""
        return self.send(api.get_destination(destination_id))

    def list_integrations(
        self,
        destination_id: str,
        integration_type: api.IntegrationType | None = None,
        view: api.IntegrationView | None = None,
    ) -> list[api.Integration]:
        """All integrations of a destination, of one type if given; see `api.liveramp.list_integrations`."""
        return self.send_every_page(api.list_integrations(destination_id, integration_type, view))

    def get_integration(self, destination_id: str, integration_id: str) -> api.Integration:
        """What an integration connection to this integration needs."""
        return self.send(api.get_integration(destination_id, integration_id))

    def create_integration_connection(self, connection: api.IntegrationConnectionInput) -> api.Created:
        """Create an integration connection."""
        return self.send(api.create_integration_connection(connection))

    def list_integration_connections(self) -> list[api.IntegrationConnection]:
        """All integration connections of the organisation."""
        return self.send_every_page(api.list_integration_connections())

    def get_integration_connection(self, integration_connection_id: str) -> api.IntegrationConnection:
        """One integration connection."""
        return self.send(api.get_integration_connection(integration_connection_id))

    def update_integration_connection(
        self, integration_connection_id: str, update: api.IntegrationConnectionUpdate
    ) -> None:
        """Replace all that can be changed of an integration connection."""
        self.send(api.update_integration_connection(integration_connection_id, update))

    def delete_integration_connection(self, integration_connection_id: str) -> None:
        """Delete an integration connection."""
        self.send(api.delete_integration_connection(integration_connection_id))

    def create_oauth_connection_attempt(self, attempt: api.OAuthConnectionAttemptInput) -> api.Created:
        """Begin an authorisation, which a person completes."""
        return self.send(api.create_oauth_connection_attempt(attempt))

    def get_oauth_connection_attempt(self, attempt_id: str) -> api.OAuthConnectionAttempt:
        """How an authorisation stands, and the address for the person."""
        return self.send(api.get_oauth_connection_attempt(attempt_id))

    def list_oauth_connections(self, oauth_endpoint_id: str | None = None) -> list[api.OAuthConnection]:
        """All authorisations, of one OAuth endpoint if given."""
        return self.send_every_page(api.list_oauth_connections(oauth_endpoint_id))

    def get_oauth_connection(self, oauth_connection_id: str) -> api.OAuthConnection:
        """One authorisation."""
        return self.send(api.get_oauth_connection(oauth_connection_id))

    def create_distribution_manager(self, manager: api.DistributionManagerInput) -> api.Created:
        """Create a distribution manager."""
        return self.send(api.create_distribution_manager(manager))

    def list_distribution_managers(
        self, integration_connection_id: str | None = None
    ) -> list[api.DistributionManager]:
        """All distribution managers, of one integration connection if given."""
        return self.send_every_page(api.list_distribution_managers(integration_connection_id))

    def get_distribution_manager(self, distribution_manager_id: str) -> api.DistributionManager:
        """One distribution manager."""
        return self.send(api.get_distribution_manager(distribution_manager_id))

    def update_distribution_manager(
        self, distribution_manager_id: str, update: api.DistributionManagerUpdate
    ) -> None:
        """Replace name, status and expiry of a distribution manager."""
        self.send(api.update_distribution_manager(distribution_manager_id, update))

    def delete_distribution_manager(self, distribution_manager_id: str) -> None:
        """Delete a distribution manager."""
        self.send(api.delete_distribution_manager(distribution_manager_id))

    def add_segment_configs(
        self, distribution_manager_id: str, segments: Sequence[api.SegmentConfigInput]
    ) -> list[api.SegmentConfigResult]:
        """Put at most 500 segments into distribution; judge every item of the result."""
        return self.send(api.add_segment_configs(distribution_manager_id, segments))

    def remove_segment_configs(
        self, distribution_manager_id: str, segment_config_ids: Sequence[str]
    ) -> list[api.SegmentConfigResult]:
        """Take at most 500 segments out of distribution; judge every item of the result."""
        return self.send(api.remove_segment_configs(distribution_manager_id, segment_config_ids))

    def list_segment_configs(self, distribution_manager_id: str) -> list[api.SegmentConfig]:
        """All segments in distribution."""
        return self.send_every_page(api.list_segment_configs(distribution_manager_id))

    def get_segment_config(self, distribution_manager_id: str, segment_config_id: str) -> api.SegmentConfig:
        """One segment in distribution."""
        return self.send(api.get_segment_config(distribution_manager_id, segment_config_id))

    def list_segments(
        self, value_name: str | None = None, field_name: str | None = None
    ) -> list[api.Segment]:
        """All segments, or those with this value and field."""
        return self.send_every_page(api.list_segments(value_name, field_name))

    def get_segment(self, segment_id: str) -> api.Segment:
        """One segment."""
        return self.send(api.get_segment(segment_id))

    def list_segment_statuses(
        self, segment_type: api.SegmentType, segment_ids: Sequence[str]
    ) -> list[api.SegmentStatus]:
        """How the destinations know some segments of one type."""
        return self.send_every_page(api.list_segment_statuses(segment_type, segment_ids))

    def list_deliveries(
        self, integration_connection_id: str | None = None, segment_ids: Sequence[str] = ()
    ) -> list[api.Delivery]:
        """All deliveries, of one integration connection or of some segments if given."""
        return self.send_every_page(api.list_deliveries(integration_connection_id, segment_ids))
