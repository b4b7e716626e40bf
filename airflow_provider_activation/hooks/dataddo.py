"""Dataddo: connection type ``dataddo``."""

from __future__ import annotations

from typing import Any

from airflow_provider_activation.api import dataddo as api
from airflow_provider_activation.api.call import Call
from airflow_provider_activation.hooks.base import ActivationHook
from airflow_provider_activation.hooks.binding import sends
from airflow_provider_activation.hooks.connection import ConnectionExtra, ConnectionValues
from airflow_provider_activation.hooks.trial import Check, Plan
from airflow_provider_activation.transport import ConnectionSettings


class DataddoHook(ActivationHook):
    """Calls the Dataddo headless API.

    Logs in with e-mail and password, keeps the token, and logs in again before it expires and once
    after a 401. Users of single sign-on cannot log in this way: create a user with a password. Where a
    method names no document, it is the vendor's description of the headless beta API.

    :param dataddo_conn_id: id of a connection of type ``dataddo``.
    """

    conn_name_attr = "dataddo_conn_id"
    default_conn_name = "dataddo_default"
    conn_type = "dataddo"
    hook_name = api.SERVICE

    def __init__(self, dataddo_conn_id: str = default_conn_name, **kwargs: Any) -> None:
        super().__init__(dataddo_conn_id, **kwargs)

    def settings(self, values: ConnectionValues) -> ConnectionSettings:
        extra = values.extra_as(ConnectionExtra)
        password = values.required("password", "password")
        return ConnectionSettings(
            api.SERVICE,
            values.conn_id,
            values.base_url(api.BASE_URL),
            log_in=api.log_in(values.required("login", "e-mail address"), password),
            secrets=frozenset({password}),
            remark=values.remark,
            **extra.common(),
        )

    def test_call(self) -> Call[Any]:
        return api.list_services()

    def test_plan(self) -> Plan:
        return Plan((Check(self.test_call(), "e-mail and password"),))

    # services
    list_services = sends(api.list_services)
    get_service = sends(api.get_service)
    create_service = sends(api.create_service)
    create_typed_service = sends(api.create_typed_service)
    update_service = sends(api.update_service)
    delete_service = sends(api.delete_service)
    debug_service = sends(api.debug_service)
    run_service_action = sends(api.run_service_action)

    # connectors
    list_connectors = sends(api.list_connectors)
    list_connector_templates = sends(api.list_connector_templates)
    get_connector_template = sends(api.get_connector_template)
    run_connector_action = sends(api.run_connector_action)
    preview_connector = sends(api.preview_connector)

    # sources
    list_sources = sends(api.list_sources)
    get_source = sends(api.get_source)
    create_source = sends(api.create_source)
    update_source = sends(api.update_source)
    delete_source = sends(api.delete_source)
    get_source_metadata = sends(api.get_source_metadata)
    preview_source = sends(api.preview_source)
    get_source_request = sends(api.get_source_request)
    update_source_request = sends(api.update_source_request)
    detect_source = sends(api.detect_source)
    get_source_status = sends(api.get_source_status)
    get_source_log = sends(api.get_source_log)

    # extraction
    enqueue_extraction = sends(api.enqueue_extraction)
    get_extraction = sends(api.get_extraction)
    update_extraction = sends(api.update_extraction)
    deactivate_extraction = sends(api.deactivate_extraction)
    debug_extraction = sends(api.debug_extraction)
    get_extraction_schedule = sends(api.get_extraction_schedule)
    update_extraction_schedule = sends(api.update_extraction_schedule)

    # flows
    create_flow = sends(api.create_flow)
    list_flows = sends(api.list_flows)
    list_flows_by_source = sends(api.list_flows_by_source)
    get_flow = sends(api.get_flow)
    update_flow = sends(api.update_flow)
    delete_flow = sends(api.delete_flow)
    clone_flow = sends(api.clone_flow)
    preview_flow = sends(api.preview_flow)
    get_flow_status = sends(api.get_flow_status)
    get_flow_api = sends(api.get_flow_api)
    get_flow_api_log = sends(api.get_flow_api_log)
    debug_flow_api = sends(api.debug_flow_api)

    # writing
    enqueue_write = sends(api.enqueue_write)
    get_write = sends(api.get_write)
    get_write_status = sends(api.get_write_status)
    update_write_status = sends(api.update_write_status)
    get_write_schedule = sends(api.get_write_schedule)
    update_write_schedule = sends(api.update_write_schedule)
    delete_write_schedule = sends(api.delete_write_schedule)
    update_write_settings = sends(api.update_write_settings)
    get_write_log = sends(api.get_write_log)
    debug_write = sends(api.debug_write)

    # destinations
    list_destinations = sends(api.list_destinations)
    get_destination = sends(api.get_destination)
    create_destination = sends(api.create_destination)
    update_destination = sends(api.update_destination)
    delete_destination = sends(api.delete_destination)
    clone_destination = sends(api.clone_destination)
    run_destination_action = sends(api.run_destination_action)
