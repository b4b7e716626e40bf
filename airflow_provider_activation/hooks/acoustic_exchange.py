"""Acoustic Exchange: connection type ``acoustic_exchange``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from airflow_provider_activation.api import acoustic_exchange as api
from airflow_provider_activation.api.call import Call
from airflow_provider_activation.hooks.base import ActivationHook, ConnectionExtra, ConnectionValues
from airflow_provider_activation.transport import Service
from airflow_provider_activation.versions import mask_secret


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
            # the documents name the type also where a PUT or a DELETE has no body
            headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
            secrets=frozenset({key}),
            key_level=extra.key_level,
            **extra.common(),
        )

    def test_call(self) -> Call[Any]:
        return api.list_endpoints()

    @property
    def authentication_key(self) -> str:
        """The connection's key, for `api.set_endpoint_attributes`, which takes it in its path too."""
        (key,) = self.get_conn().service.secrets
        return key

    # endpoints

    def register_endpoint(
        self, registration: api.EndpointRegistration, endpoint_id: int | None = None
    ) -> api.Registration:
        """Register the key's own endpoint, or with the account's key the one given."""
        return self.send(api.register_endpoint(registration, endpoint_id))

    def list_endpoints(self, query: api.EndpointQuery | None = None) -> list[api.Endpoint]:
        """The account's endpoints, or with an endpoint's key its own."""
        return self.send(api.list_endpoints(query))

    def delete_endpoint(self, endpoint_id: int | None = None) -> None:
        """Delete the key's own endpoint, or with the account's key the one given."""
        self.send(api.delete_endpoint(endpoint_id))

    def enable_endpoint(self, endpoint_id: int | None = None) -> bool:
        """Enable the key's own endpoint, or with the account's key the one given; False if it was."""
        return self.send(api.enable_endpoint(endpoint_id))

    def disable_endpoint(self, endpoint_id: int | None = None) -> bool:
        """Disable the key's own endpoint, or with the account's key the one given; False if it was."""
        return self.send(api.disable_endpoint(endpoint_id))

    def set_endpoint_database(self, database: api.EndpointDatabase) -> None:
        """Say which database belongs to an endpoint."""
        self.send(api.set_endpoint_database(database))

    def set_endpoint_attributes(self, attributes: Mapping[str, str]) -> None:
        """Say how Exchange logs in at the key's own endpoint. The values are kept out of logs and errors."""
        call = api.set_endpoint_attributes(self.authentication_key, attributes)
        for value in attributes.values():
            mask_secret(value)
            self.get_conn().redact.add(value)
        self.send(call)

    def report_endpoint_failure(self, endpoint_id: int, reason: str) -> bool:
        """Say that an endpoint could not be provisioned, and why in at most 512 bytes."""
        return self.send(api.report_endpoint_failure(endpoint_id, reason))

    def get_endpoint_status(self, endpoint_id: int) -> str:
        """PENDING, ACTIVE, FAILED or DELETED."""
        return self.send(api.get_endpoint_status(endpoint_id))

    # segments

    def add_segments(self, endpoint_id: int, segments: Sequence[api.SegmentDefinition]) -> bool:
        """Add to the segments an endpoint offers."""
        return self.send(api.add_segments(endpoint_id, segments))

    def replace_segments(self, endpoint_id: int, segments: Sequence[api.SegmentDefinition]) -> bool:
        """Have an endpoint offer these segments and no others."""
        return self.send(api.replace_segments(endpoint_id, segments))

    def delete_segments(self, endpoint_id: int) -> bool:
        """Have an endpoint offer no segments any more."""
        return self.send(api.delete_segments(endpoint_id))

    def delete_segment(self, endpoint_id: int, segment_id: int | str) -> bool:
        """Have an endpoint no longer offer a segment."""
        return self.send(api.delete_segment(endpoint_id, segment_id))

    def get_segment(self, endpoint_id: int, segment_id: int | str) -> api.Segment:
        """One segment an endpoint offers."""
        return self.send(api.get_segment(endpoint_id, segment_id))

    # jobs

    def export_segment(self, export: api.SegmentExport) -> int:
        """Start sharing an audience; returns the job's id."""
        return self.send(api.export_segment(export))

    def import_identities(self, identity_import: api.IdentityImport) -> int:
        """Start importing identities; returns the job's id."""
        return self.send(api.import_identities(identity_import))

    def refresh_segments(self) -> int:
        """Start refreshing the list of audiences; returns the job's id."""
        return self.send(api.refresh_segments())

    def list_jobs(
        self,
        job_category: api.JobCategory,
        *,
        endpoint_id: int | None = None,
        status: str | None = None,
        extra_fields: bool | None = None,
    ) -> list[api.Job]:
        """Jobs of one category."""
        return self.send(
            api.list_jobs(job_category, endpoint_id=endpoint_id, status=status, extra_fields=extra_fields)
        )

    def get_job(self, job_category: api.JobCategory, job_id: int) -> api.Job:
        """One job."""
        return self.send(api.get_job(job_category, job_id))

    def upload_job_data(self, job_id: int, file: Path, content_type: str = "text/csv; charset=utf-8") -> None:
        """Hand a waiting job its audience, read from the file in pieces."""
        self.send(api.upload_job_data(job_id, file, content_type))

    def download_segment_data(self, job_id: int, file_name: str, into: Path) -> Path:
        """Fetch the audience a job has ready into a file, which is written while it arrives."""
        return self.send(api.download_segment_data(job_id, file_name, into))

    # events and identities

    def publish_events(self, publication: api.EventPublication) -> None:
        """Publish events."""
        self.send(api.publish_events(publication))

    def create_event_type(self, event_type: api.EventTypeDefinition) -> None:
        """Register a type of event."""
        self.send(api.create_event_type(event_type))

    def update_event_type(self, event_type: api.EventTypeDefinition) -> None:
        """Describe a type of event anew."""
        self.send(api.update_event_type(event_type))

    def list_identity_filters(self) -> list[api.IdentityFilter]:
        """Which identifiers are kept from destinations."""
        return self.send(api.list_identity_filters())
