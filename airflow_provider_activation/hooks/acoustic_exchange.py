"""Acoustic Exchange: connection type ``acoustic_exchange``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from airflow_provider_activation.api import acoustic_exchange as api
from airflow_provider_activation.api.call import Call
from airflow_provider_activation.hooks.base import ActivationHook, ConnectionExtra, ConnectionValues
from airflow_provider_activation.transport import Service


class AcousticExchangeConnectionExtra(ConnectionExtra):
    """Extra fields of a connection of type ``acoustic_exchange``."""

    key_level: api.KeyLevel = "account"


class AcousticExchangeHook(ActivationHook):
    """Calls the Acoustic Exchange API.

    A connection holds one authentication key of one level; a call that needs another level is refused
    before it is sent.

    :param acoustic_exchange_conn_id: id of a connection of type ``acoustic_exchange``.
    """

    conn_name_attr = "acoustic_exchange_conn_id"
    default_conn_name = "acoustic_exchange_default"
    conn_type = "acoustic_exchange"
    hook_name = api.SERVICE

    def __init__(self, acoustic_exchange_conn_id: str = default_conn_name, **kwargs: Any) -> None:
        super().__init__(acoustic_exchange_conn_id, **kwargs)

    def service(self, values: ConnectionValues) -> Service:
        extra = values.extra_as(AcousticExchangeConnectionExtra)
        key = values.required("password", "authentication key")
        return Service(
            api.SERVICE,
            values.conn_id,
            values.base_url(without=["/v1"]),
            headers={"Authorization": f"Bearer {key}"},
            secrets=frozenset({key}),
            key_level=extra.key_level,
            **extra.common(),
        )

    def test_call(self) -> Call[Any]:
        return api.list_endpoints()

    def register_endpoint(
        self, registration: api.EndpointRegistration, endpoint_id: int | None = None
    ) -> api.Registration:
        """Register the key's own endpoint, or with the account's key the one given."""
        return self.send(api.register_endpoint(registration, endpoint_id))

    def list_endpoints(
        self, *, segment: bool | None = None, source: bool | None = None, destination: bool | None = None
    ) -> list[api.Endpoint]:
        """The account's endpoints, or with an endpoint's key its own."""
        return self.send(api.list_endpoints(segment=segment, source=source, destination=destination))

    def add_segments(self, endpoint_id: int, segments: Sequence[api.SegmentDefinition]) -> bool:
        """Add to the segments an endpoint offers."""
        return self.send(api.add_segments(endpoint_id, segments))

    def replace_segments(self, endpoint_id: int, segments: Sequence[api.SegmentDefinition]) -> bool:
        """Have an endpoint offer these segments and no others."""
        return self.send(api.replace_segments(endpoint_id, segments))

    def get_segment(self, endpoint_id: int, segment_id: int | str) -> api.Segment:
        """One segment an endpoint offers."""
        return self.send(api.get_segment(endpoint_id, segment_id))

    def export_segment(self, export: api.SegmentExport) -> int:
        """Start sharing an audience; returns the job's id."""
        return self.send(api.export_segment(export))

    def list_jobs(
        self, job_category: api.JobCategory, *, endpoint_id: int | None = None, status: str | None = None
    ) -> list[api.Job]:
        """Jobs of one category."""
        return self.send(api.list_jobs(job_category, endpoint_id=endpoint_id, status=status))

    def get_job(self, job_category: api.JobCategory, job_id: int) -> api.Job:
        """One job."""
        return self.send(api.get_job(job_category, job_id))

    def upload_job_data(self, job_id: int, file: Path, content_type: str = "text/csv; charset=utf-8") -> None:
        """Hand a waiting job its audience, read from the file in pieces."""
        self.send(api.upload_job_data(job_id, file, content_type))
