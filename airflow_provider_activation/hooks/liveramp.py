"""LiveRamp: connection type ``liveramp``."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from airflow_provider_activation.api import liveramp as api
from airflow_provider_activation.api.call import Call
from airflow_provider_activation.hooks.address import other_address
from airflow_provider_activation.hooks.base import ActivationHook
from airflow_provider_activation.hooks.binding import lists, sends
from airflow_provider_activation.hooks.connection import ConnectionExtra, ConnectionValues, ExtraText
from airflow_provider_activation.hooks.trial import Check, Plan
from airflow_provider_activation.transport import ConnectionSettings


class LiveRampConnectionExtra(ConnectionExtra):
    """Extra fields of a connection of type ``liveramp``.

    ``token_url`` is the earlier name of ``auth_url``. Airflow's form masks it for its name.
    """

    org_id: ExtraText = Field(min_length=1)
    auth_url: str | None = None
    token_url: str | None = None
    segment_ids_parameter: Literal["segmentIDs", "segmentIDs[]"] = "segmentIDs"

    @field_validator("auth_url", "token_url")
    @classmethod
    def _read_address(cls, value: str | None) -> str | None:
        return value and other_address(value)

    @model_validator(mode="after")
    def _is_one_address(self) -> Self:
        if self.auth_url and self.token_url and self.auth_url != self.token_url:
            raise ValueError("auth_url and token_url are two names of one field, and differ")
        return self


class LiveRampHook(ActivationHook):
    """Calls the LiveRamp Activation API.

    A token is requested by the password grant, and renewed before it expires and once after a 401 or 403. One
    token serves the whole process.

    :param liveramp_conn_id: id of a connection of type ``liveramp``.
    """

    conn_name_attr = "liveramp_conn_id"
    default_conn_name = "liveramp_default"
    conn_type = "liveramp"
    hook_name = api.SERVICE

    def __init__(self, liveramp_conn_id: str = default_conn_name, **kwargs: Any) -> None:
        super().__init__(liveramp_conn_id, **kwargs)

    def settings(self, values: ConnectionValues) -> ConnectionSettings:
        extra = values.extra_as(LiveRampConnectionExtra)
        secret_key = values.required("password", "secret key")
        account = values.required("login", "service account")
        auth_url = extra.auth_url or extra.token_url or api.TOKEN_URL
        return ConnectionSettings(
            api.SERVICE,
            values.conn_id,
            values.base_url(api.BASE_URL, without=["/v2"]),
            headers={"LR-Org-ID": extra.org_id},
            log_in=api.request_token(account, secret_key, token_url=auth_url),
            secrets=frozenset({secret_key}),
            remark=values.remark,
            query_names={api.SEGMENT_IDS: extra.segment_ids_parameter},
            **extra.common(),
        )

    def test_call(self) -> Call[Any]:
        return api.list_destinations()

    def test_plan(self) -> Plan:
        return Plan((Check(self.test_call(), "service account, secret key and org_id"),))

    list_destinations = lists(api.list_destinations)
    get_destination = sends(api.get_destination)
    list_integrations = lists(api.list_integrations)
    get_integration = sends(api.get_integration)
    create_integration_connection = sends(api.create_integration_connection)
    list_integration_connections = lists(api.list_integration_connections)
    get_integration_connection = sends(api.get_integration_connection)
    update_integration_connection = sends(api.update_integration_connection)
    delete_integration_connection = sends(api.delete_integration_connection)
    create_oauth_connection_attempt = sends(api.create_oauth_connection_attempt)
    get_oauth_connection_attempt = sends(api.get_oauth_connection_attempt)
    list_oauth_connections = lists(api.list_oauth_connections)
    get_oauth_connection = sends(api.get_oauth_connection)
    create_distribution_manager = sends(api.create_distribution_manager)
    list_distribution_managers = lists(api.list_distribution_managers)
    get_distribution_manager = sends(api.get_distribution_manager)
    update_distribution_manager = sends(api.update_distribution_manager)
    delete_distribution_manager = sends(api.delete_distribution_manager)
    add_segment_configs = sends(api.add_segment_configs)
    remove_segment_configs = sends(api.remove_segment_configs)
    list_segment_configs = lists(api.list_segment_configs)
    get_segment_config = sends(api.get_segment_config)
    list_segments = lists(api.list_segments)
    get_segment = sends(api.get_segment)
    list_segment_statuses = lists(api.list_segment_statuses)
    list_deliveries = lists(api.list_deliveries)
