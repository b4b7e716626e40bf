"""What is made at Dataddo at most once."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from airflow_provider_activation.actions import base
from airflow_provider_activation.actions.base import Action, Candidate, Doubt, Finished, OnUncertain
from airflow_provider_activation.actions.identity import Mark, alike, carries, credentials_key, marked
from airflow_provider_activation.actions.memory import JSON, Memory
from airflow_provider_activation.actions.proof import Asked, differences, proven
from airflow_provider_activation.api import dataddo as api
from airflow_provider_activation.api.call import Call, NotStored
from airflow_provider_activation.errors import Conflict, InvalidRequest, NotAsAsked, NotFound
from airflow_provider_activation.redaction import logger
from airflow_provider_activation.waits.dataddo import FlowRunProbe, RunProbe, SourceRunProbe, is_timestamp
from airflow_provider_activation.waits.probe import Failed
from airflow_provider_activation.words import KeyStyle, OAuthIdType

log = logger(__name__)

NOT_MADE_YET = "0"
"""Stands for the id of a resource that an earlier step of `BuildFlow` makes."""
LAST_RUN = ("last_run_started", "last_run_finished")
"""What is stored of the last run before an enqueue: these fields of its status, as text."""


@dataclass(frozen=True, kw_only=True)
class Labelled(Action):
    """A resource with a label of the user's, which may carry a key.

    :param label: the user's own label.
    :param key: the submission key; it is put into the label if another resource shall be made.
    :param mark: where in the label a key stands; None puts none there.
    """

    label: str
    key: str
    mark: Mark | None = "suffix"

    @property
    def own_key(self) -> str | None:
        return self.key if self.if_exists == "create" and self.mark else None

    @property
    def sent_label(self) -> str:
        """The label as it is sent."""
        return marked(self.label, self.own_key, mark=self.mark or "suffix")

    @property
    def title(self) -> str:
        return f"{self.noun} {self.sent_label!r}"

    def recognisable(self) -> dict[str, str]:
        return {"label": repr(self.sent_label)} | super().recognisable()

    @property
    def sought(self) -> str | None:
        """The label that a row must hold, where the key is not in it."""
        return None if self.own_key else self.label

    def asked(self, made: JSON, fields: Mapping[str, JSON]) -> Asked:
        """What the service should show of what was made, its label included."""
        return Asked(
            f"{self.noun} {made}",
            {**fields, "label": self.sent_label},
            f"Dataddo's own pages, or DataddoDelete{self.noun.capitalize()}Operator and this one,",
            texts=("label",),
            key=self.own_key,
            is_reused=self.if_exists == "reuse",
        )


@dataclass(frozen=True, kw_only=True)
class AuthorizedService(NotStored, Labelled):
    """An authorised service. Its credentials cannot be read back, so its label shows whose they are.

    It is reused only if its label carries the key of these credentials: a service of the same name may hold
    another customer's.

    :param service: its name, for example ``snapchat_static``.
    :param secrets: the third party's credentials.
    """

    noun = "service"
    identity = "in its label the key of its credentials; the submission key if another is wanted"
    told_by = "credentials"

    service: str
    secrets: Mapping[str, Any] = field(repr=False)

    @property
    def own_key(self) -> str | None:
        if self.mark is None:
            return None
        return self.key if self.if_exists == "create" else self.credentials_key

    @cached_property
    def credentials_key(self) -> str:
        """The key that shows for which credentials a service is."""
        return credentials_key(self.service, dict(self.secrets))

    def create(self) -> Call[api.AuthorizedService]:
        return api.create_service(self.service, {**self.secrets, "label": self.sent_label})

    async def before(self) -> JSON:
        return base.ids_of(await api.list_services())

    async def find(self, doubt: Doubt | None) -> list[Candidate]:
        services = await api.list_services()
        key = self.own_key
        if doubt is None:
            found = base.unread(services, name=key or self.service)
        else:
            found = base.unread(services, key=key, before=doubt.before)
        for known in services:
            if known.service in (None, self.service):
                description = f"service {known.id} ({known.service}, {known.label!r})"
                if key is not None and self.if_exists == "reuse" and carries(str(known.label or ""), key):
                    description += ", whose label has the key of these credentials"
                label, forbids = str(known.label or ""), self.if_exists == "fail"
                found += self.recognised(known.id, description, doubt, text=label, is_wanted=forbids)
        return found

    async def proven(self, made: JSON) -> api.AuthorizedService:
        read = api.get_service(made)
        return await proven(lambda: read, self.asked(made, {"service": self.service}), service=api.SERVICE)

    async def result(self, made: JSON) -> JSON:
        await self.proven(made)
        return {"id": made}


@dataclass(frozen=True, kw_only=True)
class Source(Labelled):
    """A source. One of the same label is reused only if it loads with the same service.

    :param connector_id: the connector, for example ``snapchat``.
    :param parameters: the connector's own parameters, see `api.dataddo.source_payload`.
    :param service_id: the authorised service it loads with; None for none.
    :param key_style: see `api.dataddo.source_payload`, as for ``oauth_id_type``.
    """

    noun = "source"
    identity = "its label and its service; the submission key in its label if another is wanted"
    told_by = "name"

    connector_id: str
    parameters: Mapping[str, Any]
    service_id: str | None = NOT_MADE_YET
    key_style: KeyStyle | None = None
    oauth_id_type: OAuthIdType | None = None

    @property
    def payload(self) -> dict[str, Any]:
        """The source as it is sent."""
        return api.source_payload(
            self.connector_id,
            self.sent_label,
            self.service_id,
            self.parameters,
            key_style=self.key_style,
            oauth_id_type=self.oauth_id_type,
        )

    @property
    def loads_with(self) -> str | None:
        """The authorised service that a source of this connector loads with."""
        return None if self.connector_id in api.WITHOUT_AUTHORIZER else self.service_id

    def create(self) -> Call[api.Source]:
        return api.create_source(self.connector_id, self.payload)

    async def before(self) -> JSON:
        return base.ids_of(await api.list_sources())

    async def find(self, doubt: Doubt | None) -> list[Candidate]:
        sources = await api.list_sources()
        found = base.unread(sources, key=self.own_key, name=self.sought, before=doubt and doubt.before)
        for source in sources:
            label = str(source.label or "")
            is_kin = source.connector_id in (None, self.connector_id)
            is_named = self.if_exists != "create" and alike(label, self.label)
            is_ours = self.own_key is not None and carries(label, self.own_key)
            # what a source loads with is not in the list
            is_read = is_kin and not is_ours and (is_named or (doubt is not None and doubt.before is None))
            service_id = await self._service_of(source.id) if is_read else None
            description = f"source {source.id} {source.label!r}"
            if is_named and is_kin and service_id is None and self.loads_with is not None:
                found.append(
                    Candidate(source.id, f"{description}, which does not show its service", certain=False)
                )
                continue
            found += self.recognised(
                source.id,
                description,
                doubt,
                text=label,
                is_wanted=is_named and is_kin and service_id == self.loads_with,
                is_kin=is_kin and service_id in (None, self.loads_with),
            )
        return found

    async def _service_of(self, source_id: str) -> str | None:
        """The id of the service with which a source loads, if Dataddo shows it."""
        try:
            parameters = await api.get_source_metadata(source_id)
        except NotFound:
            return None
        shown = next((parameters[name] for name in ("oAuthId", "o_auth_id") if parameters.get(name)), None)
        return None if shown is None else str(shown)

    async def proven(self, made: JSON) -> api.Source:
        read = api.get_source(made)
        asked = self.asked(made, {"connector_id": self.connector_id})
        shown = await proven(lambda: read, asked, service=api.SERVICE)
        try:
            parameters = await api.get_source_metadata(made)
        except NotFound:
            return shown
        # its label is told by the source itself
        asked = Asked(f"source {made}", self.payload, "DataddoCreateSourceOperator", texts=("label",))
        if found := differences(asked, parameters):
            raise NotAsAsked(
                f"source {made} with the label {self.label!r} is not what was asked for: {'; '.join(found)}. "
                "Take another label, or delete the source.",
                service=api.SERVICE,
            )
        return shown

    async def result(self, made: JSON) -> JSON:
        await self.proven(made)
        return {"id": made}


@dataclass(frozen=True, kw_only=True)
class Flow(Labelled):
    """A flow. It is found by its sources, its app and its label.

    :param app: where it hands its data to, for example ``google_data_studio``.
    """

    noun = "flow"
    identity = "its sources, app and label; the submission key in its label if another is wanted"
    told_by = "name"

    app: str
    source_ids: tuple[str, ...] = (NOT_MADE_YET,)

    @cached_property
    def wanted(self) -> api.FlowInput:
        """The flow as it is sent."""
        return api.FlowInput(sources=self.source_ids, app=self.app, label=self.sent_label)

    def create(self) -> Call[api.Flow]:
        return api.create_flow(self.wanted)

    async def before(self) -> JSON:
        return base.ids_of(await api.list_flows_by_source(self.source_ids[0]))

    async def find(self, doubt: Doubt | None) -> list[Candidate]:
        flows = await api.list_flows_by_source(self.source_ids[0])
        found = base.unread(flows, key=self.own_key, name=self.sought, before=doubt and doubt.before)
        for flow in flows:
            if flow.is_fed_as(self.wanted):
                label = str(flow.label or "")
                found += self.recognised(
                    flow.id,
                    f"flow {flow.id} {flow.label!r}",
                    doubt,
                    text=label,
                    is_wanted=alike(label, self.label),
                )
        return found

    async def proven(self, made: JSON) -> api.Flow:
        sources = [{"source_id": source_id} for source_id in self.source_ids]
        read = api.get_flow(made)
        asked = self.asked(made, {"source": sources, "api": {"app": self.app}})
        return await proven(lambda: read, asked, service=api.SERVICE)

    async def result(self, made: JSON) -> JSON:
        await self.proven(made)
        return {"id": made}


@dataclass(frozen=True, kw_only=True)
class BuildFlow(base.Making):
    """An authorised service, a source that loads with it, and a flow fed by the source.

    :param service: the service, or the id of one that exists; None for a source that loads without one.
    :param source: the source, without the service's id.
    :param flow: the flow, without the source's id.
    """

    service: AuthorizedService | str | None
    source: Source
    flow: Flow

    async def make(self, memory: Memory, on_uncertain: OnUncertain) -> Finished:
        for action in (self.service, self.source, self.flow):
            if isinstance(action, Action):
                action.create()  # refuses what cannot be sent, of all three before any call
        service_id: str | None = None
        if isinstance(self.service, str):
            service_id = await taken_service(self.service)
        elif self.service is not None:
            service_id = await base.submit_and_prove(self.service, memory, on_uncertain)
        source = replace(self.source, service_id=service_id)
        source_id = await base.submit_and_prove(source, memory, on_uncertain)
        flow = replace(self.flow, source_ids=(source_id,))
        flow_id = await base.submit_and_prove(flow, memory, on_uncertain)
        return Finished({"source_id": source_id, "flow_id": flow_id})


async def taken_service(service_id: str, service: str | None = None) -> str:
    """A service that the user has named by its id, if it is there and is what it should be.

    :param service: its name.
    :raises NotFound: there is none.
    :raises InvalidRequest: it is another service.
    """
    shown = await api.get_service(service_id)
    if service is not None and shown.service not in (None, service):
        raise InvalidRequest(f"service_id: service {service_id} is {shown.service!r}, not {service!r}.")
    log.info("Service %s (%s, %r) is taken, as service_id says.", service_id, shown.service, shown.label)
    return service_id


@dataclass(frozen=True, kw_only=True)
class NamedService(base.Making):
    """An authorised service that exists and that the user has named by its id.

    :param service: its name, for example ``snapchat_static``.
    """

    service_id: str
    service: str

    async def make(self, memory: Memory, on_uncertain: OnUncertain) -> Finished:
        return Finished({"id": await taken_service(self.service_id, self.service)})


@dataclass(frozen=True, kw_only=True)
class Run(Action):
    """A run of a source or a flow. It has no id: the timestamps of the run before it stand in for one."""

    # a run may wait in the queue for a long time before its status shows
    proves_absence = False
    verb = "started"

    @abstractmethod
    def probe(self, before: JSON) -> RunProbe:
        """The wait for the run, by what `before` returned."""

    @property
    def title(self) -> str:
        return f"the {self.probe(dict.fromkeys(LAST_RUN)).subject}"

    def described(self, made: JSON) -> str:
        return self.title

    def told(self, made: JSON) -> str:
        return f"Started {self.title}."

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

    async def find(self, doubt: Doubt | None) -> list[Candidate]:
        if doubt is None or doubt.before is None:
            return []
        probe = self.probe(doubt.before)
        status = await probe.status_call()
        # a schedule, a person or another task may have started it
        description = f"{probe.subject}, which is {status.state}"
        return [Candidate(doubt.before, description, certain=False)] if probe.has_begun(status) else []

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
    identity = "nothing: a run has no id"
    told_by = "id"

    source_id: str
    extraction: api.Extraction

    def recognisable(self) -> dict[str, str]:
        return {"source_id": self.source_id}

    def create(self) -> Call[None]:
        return api.enqueue_extraction(self.source_id, self.extraction)

    def probe(self, before: JSON) -> SourceRunProbe:
        return SourceRunProbe(**before, source_id=self.source_id)


@dataclass(frozen=True, kw_only=True)
class Write(Run):
    """A write of a flow."""

    noun = "write"
    identity = "nothing: a run has no id"
    told_by = "id"

    flow_id: str

    def recognisable(self) -> dict[str, str]:
        return {"flow_id": self.flow_id}

    def create(self) -> Call[api.Write]:
        return api.enqueue_write(self.flow_id)

    def probe(self, before: JSON) -> FlowRunProbe:
        return FlowRunProbe(**before, flow_id=self.flow_id)
