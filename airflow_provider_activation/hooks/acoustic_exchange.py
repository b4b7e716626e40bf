"""Acoustic Exchange: connection type ``acoustic_exchange``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from airflow_provider_activation.airflow_compat import mask_secret
from airflow_provider_activation.api import acoustic_exchange as api
from airflow_provider_activation.api.call import Answer, Call
from airflow_provider_activation.gate import at_the_gate
from airflow_provider_activation.hooks.base import ActivationHook
from airflow_provider_activation.hooks.binding import sends
from airflow_provider_activation.hooks.connection import ConnectionExtra, ConnectionValues
from airflow_provider_activation.hooks.trial import Check, Plan
from airflow_provider_activation.transport import ConnectionSettings

_REFUSALS = frozenset({400, 401, 403})


class AcousticExchangeConnectionExtra(ConnectionExtra):
    """Extra fields of a connection of type ``acoustic_exchange``."""

    key_level: api.KeyLevel = "account"


class AcousticExchangeHook(ActivationHook):
    """Calls the Acoustic Exchange API.

    A connection has one authentication key of one level. A call that needs another level is refused before
    it is sent.

    :param acoustic_exchange_conn_id: id of a connection of type ``acoustic_exchange``.
    """

    conn_name_attr = "acoustic_exchange_conn_id"
    default_conn_name = "acoustic_exchange_default"
    conn_type = "acoustic_exchange"
    hook_name = api.SERVICE

    def __init__(self, acoustic_exchange_conn_id: str = default_conn_name, **kwargs: Any) -> None:
        super().__init__(acoustic_exchange_conn_id, **kwargs)

    def settings(self, values: ConnectionValues) -> ConnectionSettings:
        extra = values.extra_as(AcousticExchangeConnectionExtra)
        # it travels in a header, which can carry no blanks around it
        key = values.required("password", "authentication key").strip()
        return ConnectionSettings(
            api.SERVICE,
            values.conn_id,
            values.base_url(without=["/v1"]),
            # the documents show the media type also for a PUT or a DELETE without a body
            headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
            secrets=frozenset({key}),
            key_level=extra.key_level,
            remark=values.remark,
            **extra.common(),
        )

    def test_call(self) -> Call[Any]:
        return api.list_endpoints()

    def test_plan(self) -> Plan:
        level = self.get_conn().settings.key_level
        if level == "application":
            # no call of an application's key only reads: whatever answers this one, the service was reached
            reach = replace(self.test_call(), key_levels=frozenset(), accepts=_REFUSALS, read=_reached)
            unchecked = "the key (an application's key has no call that only reads)"
            return Plan((Check(reach, "the connection"),), (unchecked,))
        of_level: Call[Any] = api.list_identity_filters()
        if level == "account":
            of_level = api.list_endpoints(api.EndpointQuery(include_billing=True))
        wrong = f"The service knows the key, but not as one of level {level}: check key_level in the extra."
        return Plan((Check(self.test_call(), "the key"), Check(of_level, f"its level {level}", wrong)))

    @property
    def authentication_key(self) -> str:
        """The connection's key, which `api.set_endpoint_attributes` also has in its path."""
        (key,) = self.get_conn().settings.secrets
        return key

    # endpoints
    register_endpoint = sends(api.register_endpoint)
    list_endpoints = sends(api.list_endpoints)
    delete_endpoint = sends(api.delete_endpoint)
    enable_endpoint = sends(api.enable_endpoint)
    disable_endpoint = sends(api.disable_endpoint)
    set_endpoint_database = sends(api.set_endpoint_database)

    @at_the_gate
    def set_endpoint_attributes(self, attributes: Mapping[str, str]) -> None:
        """Set the attributes with which Acoustic Exchange logs in at the endpoint of the key.

        See `api.set_endpoint_attributes`. The values are kept out of logs and errors.
        """
        call = api.set_endpoint_attributes(self.authentication_key, attributes)
        for value in attributes.values():
            mask_secret(value)
            self.get_conn().redact.add(value)
        self.send(call)

    report_endpoint_failure = sends(api.report_endpoint_failure)
    get_endpoint_status = sends(api.get_endpoint_status)

    # segments
    add_segments = sends(api.add_segments)
    replace_segments = sends(api.replace_segments)
    delete_segments = sends(api.delete_segments)
    delete_segment = sends(api.delete_segment)
    get_segment = sends(api.get_segment)

    # jobs
    export_segment = sends(api.export_segment)
    import_identities = sends(api.import_identities)
    refresh_segments = sends(api.refresh_segments)
    list_jobs = sends(api.list_jobs)
    get_job = sends(api.get_job)
    upload_job_data = sends(api.upload_job_data)
    download_segment_data = sends(api.download_segment_data)

    # events and identities
    publish_events = sends(api.publish_events)
    create_event_type = sends(api.create_event_type)
    update_event_type = sends(api.update_event_type)
    list_identity_filters = sends(api.list_identity_filters)


def _reached(answer: Answer) -> None:
    """Any answer of the service will do."""
