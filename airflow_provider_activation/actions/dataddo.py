"""What is made at Dataddo at most once."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from airflow_provider_activation.actions import base
from airflow_provider_activation.actions.base import JSON, Action, Candidate, Finished, Memory, OnUncertain
from airflow_provider_activation.api import dataddo as api
from airflow_provider_activation.api.call import Call, NotStored
from airflow_provider_activation.api.rows import unreadable_of
from airflow_provider_activation.errors import Conflict
from airflow_provider_activation.waits.dataddo import FlowRunProbe, RunProbe, SourceRunProbe, is_timestamp
from airflow_provider_activation.waits.probe import Failed

NOT_MADE_YET = "0"
"""Stands for the id of a resource that an earlier step of `BuildFlow` makes."""
LAST_RUN = ("last_run_started", "last_run_finished")
"""What is stored of the last run before an enqueue: these fields of its status, as text."""


@dataclass(frozen=True, kw_only=True)
class AuthorizedService(NotStored, Action):
    """An authorised service. Only its name can be read back, not the credentials it holds.

    :param service: its name, for example ``snapchat_static``.
    :param secrets: the third party's credentials.
    """

    noun = "service"

    service: str
    secrets: Mapping[str, str] = field(repr=False)

    def create(self) -> Call[api.AuthorizedService]:
        return api.create_service(self.service, self.secrets)

    async def before(self) -> JSON:
        services = await api.list_services()
        return [*(service.id for service in services), *(row.id for row in unreadable_of(services))]

    async def find(self, before: JSON) -> list[Candidate]:
        certain = before is not None or self.if_exists != "create"
        services = await api.list_services()
        return [
            Candidate(found.id, f"service {found.id} ({found.service})", certain=certain)
            for found in services
            if found.service in (None, self.service) and found.id not in (before or [])
        ] + base.unread(services, name=None if self.if_exists == "create" else self.service, before=before)


@dataclass(frozen=True, kw_only=True)
class Labelled(Action):
    """A resource that is found by its label.

    :param label: the user's own label.
    :param key: the submission key; it is put behind the label if another resource shall be made.
    """

    label: str
    key: str

    @property
    def sent_label(self) -> str:
        """The label as it is sent."""
        return base.marked(self.label, self.key if self.if_exists == "create" else None)

    def is_label(self, label: str | None) -> bool:
        """Whether a label that Dataddo shows is the one that is looked for."""
        if self.if_exists == "create":
            return base.carries(label, self.key)
        return base.alike(label, self.label)

    @property
    def sought(self) -> str | None:
        """The label that a row must hold, where the key is not in it."""
        return None if self.if_exists == "create" else self.label


@dataclass(frozen=True, kw_only=True)
class Source(Labelled):
    """A source.

    :param connector_id: the connector, for example ``snapchat``.
    :param parameters: the connector's own parameters, see `api.dataddo.source_payload`.
    :param service_id: the authorised service it loads with.
    """

    noun = "source"

    connector_id: str
    parameters: Mapping[str, Any]
    service_id: str = NOT_MADE_YET

    def create(self) -> Call[api.Source]:
        payload = api.source_payload(self.connector_id, self.sent_label, self.service_id, self.parameters)
        return api.create_source(self.connector_id, payload)

    async def find(self, before: JSON) -> list[Candidate]:
        sources = await api.list_sources()
        return [
            Candidate(source.id, f"source {source.id} {source.label!r}")
            for source in sources
            if self.is_label(source.label)
        ] + base.unread(sources, key=self.key, name=self.sought)


@dataclass(frozen=True, kw_only=True)
class Flow(Labelled):
    """A flow. It is found by its sources, its app and its label.

    :param app: where it hands its data to, for example ``google_data_studio``.
    """

    noun = "flow"

    app: str
    source_ids: tuple[str, ...] = (NOT_MADE_YET,)

    @cached_property
    def wanted(self) -> api.FlowInput:
        """The flow as it is sent."""
        return api.FlowInput(sources=self.source_ids, app=self.app, label=self.sent_label)

    def create(self) -> Call[api.Flow]:
        return api.create_flow(self.wanted)

    async def find(self, before: JSON) -> list[Candidate]:
        flows = await api.list_flows_by_source(self.source_ids[0])
        return [
            Candidate(flow.id, f"flow {flow.id} {flow.label!r}")
            for flow in flows
            if self.is_label(flow.label) and flow.is_fed_as(self.wanted)
        ] + base.unread(flows, key=self.key, name=self.sought)


@dataclass(frozen=True, kw_only=True)
class BuildFlow(base.Making):
    """An authorised service, a source that loads with it, and a flow fed by the source.

    :param service: the service; it is authorised only if the source has to be made.
    :param source: the source, without the service's id.
    :param flow: the flow, without the source's id.
    """

    service: AuthorizedService
    source: Source
    flow: Flow

    async def make(self, memory: Memory, on_uncertain: OnUncertain) -> Finished:
        for action in (self.service, self.source, self.flow):
            action.create()  # refuses what cannot be sent, of all three before any call
        source_id, _ = await base.existing(self.source, memory, on_uncertain)
        if source_id is None:
            service_id = await base.submit(self.service, memory, on_uncertain)
            source = replace(self.source, service_id=service_id)
            source_id = await base.submit(source, memory, on_uncertain)
        flow_id = await base.submit(replace(self.flow, source_ids=(source_id,)), memory, on_uncertain)
        return Finished({"source_id": source_id, "flow_id": flow_id})


@dataclass(frozen=True, kw_only=True)
class Run(Action):
    """A run of a source or a flow. It has no id: the timestamps of the run before it stand in for one."""

    # a run may wait in the queue for a long time before its status shows
    proves_absence = False

    @abstractmethod
    def probe(self, before: JSON) -> RunProbe:
        """The wait for the run, by what `before` returned."""

    async def before(self) -> JSON:
        probe = self.probe(dict.fromkeys(LAST_RUN))
        status = await probe.status_call()
        if status.state in (api.RUNNING, api.RETRYING):
            raise Conflict(
                f"{probe.subject} is {status.state} already, and two runs at once cannot be told apart. "
                "Run the task again when it has ended.",
                service=api.SERVICE,
            )
        timestamps = {name: getattr(status, name) for name in LAST_RUN}
        return {name: value and value.isoformat() for name, value in timestamps.items()}

    async def find(self, before: JSON) -> list[Candidate]:
        if before is None:
            return []
        probe = self.probe(before)
        status = await probe.status_call()
        has_begun = probe.has_begun(status)
        return [Candidate(before, f"{probe.subject}, which is {status.state}")] if has_begun else []

    def id_of(self, response: Any, before: JSON) -> JSON:
        return before

    async def recall(self, made: JSON) -> bool:
        return isinstance(await self.probe(made).look(), Failed)

    def is_id(self, stored: JSON) -> bool:
        return (
            isinstance(stored, dict)
            and stored.keys() == set(LAST_RUN)
            and all(timestamp is None or is_timestamp(timestamp) for timestamp in stored.values())
        )

    def is_before(self, stored: JSON) -> bool:
        return self.is_id(stored)

    async def result(self, made: JSON) -> JSON:
        return (await self.probe(made).status_call()).plain()


@dataclass(frozen=True, kw_only=True)
class Extraction(Run):
    """An extraction by a source."""

    noun = "extraction"

    source_id: str
    extraction: api.Extraction

    def create(self) -> Call[None]:
        return api.enqueue_extraction(self.source_id, self.extraction)

    def probe(self, before: JSON) -> SourceRunProbe:
        return SourceRunProbe(**before, source_id=self.source_id)


@dataclass(frozen=True, kw_only=True)
class Write(Run):
    """A write of a flow."""

    noun = "write"

    flow_id: str

    def create(self) -> Call[api.Write]:
        return api.enqueue_write(self.flow_id)

    def probe(self, before: JSON) -> FlowRunProbe:
        return FlowRunProbe(**before, flow_id=self.flow_id)
