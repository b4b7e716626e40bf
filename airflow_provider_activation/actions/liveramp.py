"""What is made at LiveRamp at most once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, Self, TypeAlias

from airflow_provider_activation.actions import base
from airflow_provider_activation.actions.base import Action, Candidate, Doubt, Finished, Looks, OnUncertain
from airflow_provider_activation.actions.identity import Mark, alike, carries, marked, may_come_of
from airflow_provider_activation.actions.items import ItemsAction, Refusal, submit_items
from airflow_provider_activation.actions.memory import JSON, Memory, seconds_since
from airflow_provider_activation.actions.proof import Asked, differences, proven
from airflow_provider_activation.api import liveramp as api
from airflow_provider_activation.api.call import Call, every_page
from airflow_provider_activation.api.liveramp.common import chunks
from airflow_provider_activation.api.liveramp.distribution import (
    configured,
    is_final,
    partial_failure,
    withdraw,
)
from airflow_provider_activation.api.models import Input
from airflow_provider_activation.errors import Conflict, InvalidRequest
from airflow_provider_activation.redaction import logger
from airflow_provider_activation.simulation import simulated_id, simulation
from airflow_provider_activation.waits.liveramp import latest_change
from airflow_provider_activation.wording import counted, enumerated

log = logger(__name__)

CONNECTIONS_MENDED_BY = "LiveRampUpdateIntegrationConnectionOperator"
MANAGERS_MENDED_BY = "LiveRampUpdateDistributionManagerOperator"
_DAYS = ("expireAt",)
"""Always shown; null is never."""
LONGEST_NAME = 50
"""Characters of a distribution manager's name."""


@dataclass(frozen=True, kw_only=True)
class OAuthConnectionAttempt(Action):
    """An attempt to authorise LiveRamp at a destination, unless an OAuth connection is to be reused.

    Attempts cannot be listed, and one that nobody completes makes nothing.

    :param oauth_connection_id: an existing OAuth connection to authorise again.
    :param oauth_endpoint_id: what `resolved` reads.
    """

    noun = "OAuth connection attempt"
    identity = "its id; one that nobody completes makes nothing"
    told_by = "none"

    destination_id: str
    integration_id: str
    oauth_connection_id: str | int | None
    oauth_endpoint_id: str = ""

    async def resolved(self) -> Self:
        integration = await api.get_integration(self.destination_id, self.integration_id)
        if integration.oauth_endpoint_id is None:
            raise InvalidRequest(
                f"integration {self.integration_id} ({integration.name}) needs no authorisation."
            )
        return replace(self, oauth_endpoint_id=integration.oauth_endpoint_id)

    async def make(self, memory: Memory, on_uncertain: OnUncertain) -> JSON | Finished:
        attempt = await self.resolved()
        if self.oauth_connection_id is None and self.if_exists != "create":
            note = memory.recall(self.noun)
            # an earlier try may have asked a person, who may just have consented
            asked = note and "id" not in note
            connections = await (
                Looks(seconds_since(note)).until(attempt.connections, bool)
                if asked
                else attempt.connections()
            )
            if connections and self.if_exists == "fail":
                raise Conflict(f"OAuth connection {connections[0].id} exists already.")
            if connections:
                newest = max(connections, key=lambda c: (c.updated_at is not None, c.updated_at))
                log.info("OAuth connection %s exists; nobody is asked.", newest.id)
                base.say_taken(f"OAuth connection {newest.id}")
                return Finished(newest.id)
        return await base.submit(attempt, memory, on_uncertain)

    def recognisable(self) -> dict[str, str]:
        return {"destination": str(self.destination_id), "integration": str(self.integration_id)}

    async def connections(self) -> list[api.OAuthConnection]:
        """The OAuth connections that exist for the integration."""
        listed = await every_page(api.list_oauth_connections(self.oauth_endpoint_id))
        return [known for known in listed if known.oauth_endpoint_id == self.oauth_endpoint_id]

    def create(self) -> Call[api.Created]:
        attempt = api.OAuthConnectionAttemptInput(
            oauth_endpoint_id=self.oauth_endpoint_id, oauth_connection_id=_text(self.oauth_connection_id)
        )
        return api.create_oauth_connection_attempt(attempt)

    async def find(self, doubt: Doubt | None) -> list[Candidate]:
        return []

    async def recall(self, made: JSON) -> bool:
        return (await api.get_oauth_connection_attempt(made)).status == "FAILED"

    async def result(self, made: JSON) -> JSON:
        return made


@dataclass(frozen=True, kw_only=True)
class IntegrationConnection(Action):
    """An integration connection, with a distribution manager if a name is given for one.

    :param properties: the integration's required properties, name and value.
    :param distribution_manager_name: the user's own name.
    :param key: the submission key. If another equal connection may be made, it stands in the
        distribution manager's name, which shows whose connection it is.
    :param mark: where in the name it stands; None leaves it out.
    """

    noun = "integration connection"
    identity = "its settings; the submission key in the manager's name if another is wanted"
    told_by = "name"

    destination_id: str
    integration_id: str
    properties: Mapping[str, str]
    device_types: tuple[str, ...]
    oauth_connection_id: str | int | None
    distribution_manager_name: str | None
    key: str
    mark: Mark | None = "suffix"

    async def resolved(self) -> Self:
        integration = await api.get_integration(self.destination_id, self.integration_id)
        required = {prop.name for prop in integration.required_properties}
        faults = [f"properties lacks {name!r}" for name in sorted(required - self.properties.keys())]
        faults += [f"properties has {name!r}" for name in sorted(self.properties.keys() - required)]
        if unknown := sorted(set(self.device_types) - set(integration.device_types)):
            faults.append(f"device_types has {', '.join(unknown)}")
        if integration.oauth_endpoint_id is not None and not self.oauth_connection_id:
            faults.append("oauth_connection_id is missing, and the integration needs an authorisation")
        if faults:
            raise InvalidRequest(
                f"{'; '.join(faults)}. Integration {self.integration_id} ({integration.name}) takes the "
                f"properties {', '.join(sorted(required)) or 'none'} and the device types "
                f"{', '.join(integration.device_types) or 'none'}."
            )
        return self

    @property
    def own_key(self) -> str | None:
        return self.key if self.if_exists == "create" and self.mark else None

    def recognisable(self) -> dict[str, str]:
        sent = {"destination": str(self.destination_id), "integration": str(self.integration_id)}
        if self.distribution_manager_name:
            sent["distribution manager"] = repr(self.wanted.distribution_manager_name)
        return sent | super().recognisable()

    async def make(self, memory: Memory, on_uncertain: OnUncertain) -> Finished:
        made: str = await base.submit_and_prove(await self.resolved(), memory, on_uncertain)
        reused = memory.reused
        if simulated_id(made) is not None:
            # the call that makes the connection makes its manager too
            return Finished({"id": made, "distributionManagerID": self.distribution_manager_name and made})
        manager_id = await self._manager_id(made, memory, on_uncertain, reused=reused)
        return Finished({"id": made, "distributionManagerID": manager_id})

    async def _manager_id(
        self, made: str, memory: Memory, on_uncertain: OnUncertain, *, reused: bool
    ) -> str | None:
        """The connection's distribution manager, which is made if it is missing."""
        managers = await _managers_of(made)
        if self.distribution_manager_name is None:
            if len(managers) == 1:
                return managers[0].id
            has = f"has {len(managers)}" if managers else "has none"
            log.info(
                "No distribution manager was asked for (distribution_manager_name), and integration "
                "connection %s %s: distributionManagerID is null, and no XCom of its own.",
                made,
                has,
            )
            return None
        wanted = self.manager(made)
        look = partial(self._managers_like, wanted, reused=reused)
        if found := await (look() if reused else Looks().until(look, bool)):
            manager_id: str = min((manager.id for manager in found), key=base.age)
            log.info(
                "Integration connection %s has distribution manager %s (%r).",
                made,
                manager_id,
                self.distribution_manager_name,
            )
            return manager_id
        # the call that made the connection should have made it too, or the connection is an older one
        made_too: str = await base.submit_and_prove(wanted, memory, on_uncertain)
        return made_too

    async def _managers_like(
        self, wanted: DistributionManager, *, reused: bool
    ) -> list[api.DistributionManager]:
        """The distribution managers of the wanted name."""
        managers = await _managers_of(wanted.integration_connection_id)
        named = [manager for manager in managers if wanted.is_name(manager.name)]
        # what a new connection has came with it, also if LiveRamp changed its name
        changed = [manager for manager in managers if may_come_of(manager.name, wanted.wanted.name)]
        return named or ([] if reused else changed)

    def manager(self, connection_id: str) -> DistributionManager:
        """The distribution manager that belongs to the connection."""
        return DistributionManager(
            name=self.distribution_manager_name or "",
            integration_connection_id=connection_id,
            status=None,
            expire_at=None,
            key=self.key,
            mark=self.mark,
            if_exists=self.if_exists,
        )

    @cached_property
    def wanted(self) -> api.IntegrationConnectionInput:
        """The connection as it is sent."""
        return api.IntegrationConnectionInput(
            integration_id=(str(self.destination_id), str(self.integration_id)),
            properties=tuple(
                api.PropertyInput(property_key=name, property_value=value)
                for name, value in self.properties.items()
            ),
            device_types=self.device_types,
            oauth_connection_id=_text(self.oauth_connection_id),
            distribution_manager_name=_name(self.distribution_manager_name, self.own_key, self.mark) or None,
        )

    def create(self) -> Call[api.Created]:
        return api.create_integration_connection(self.wanted)

    async def before(self) -> JSON:
        return base.ids_of(await every_page(api.list_integration_connections()))

    async def find(self, doubt: Doubt | None) -> list[Candidate]:
        before = doubt and doubt.before
        managers = await every_page(api.list_distribution_managers()) if doubt else []
        names: dict[str, list[str]] = {}
        for manager in managers:
            names.setdefault(manager.integration_connection_id, []).append(manager.name)
        connections = await every_page(api.list_integration_connections())
        found = base.unread(managers, key=self.key) if self.own_key else []
        found += base.unread(connections, name=self.wanted.integration_id[1], before=before)
        for connection in connections:
            found += self.recognised(
                connection.id,
                f"integration connection {connection.id}",
                doubt,
                text=" ".join(names.get(connection.id, ())),
                is_wanted=connection.is_as(self.wanted),
                is_kin=tuple(connection.integration_id) == self.wanted.integration_id,
                is_equal=connection.is_as(self.wanted),
            )
        return found

    async def proven(self, made: JSON) -> api.IntegrationConnection:
        # the name is that of the distribution manager, which `make` sees to
        fields = {**self.wanted.body(), "distributionManagerName": None}
        read = api.get_integration_connection(made)
        title, is_reused = f"integration connection {made}", self.if_exists == "reuse"
        asked = Asked(title, fields, CONNECTIONS_MENDED_BY, is_reused=is_reused)
        return await proven(lambda: read, asked, service=api.SERVICE)


@dataclass(frozen=True, kw_only=True)
class DistributionManager(Action):
    """A distribution manager.

    :param name: the user's own name.
    :param key: the submission key, which the name gets if another of this name may be made.
    :param mark: where in the name it stands; None leaves it out.
    """

    noun = "distribution manager"
    identity = "its name at its connection; the submission key in the name if another is wanted"
    told_by = "name"

    name: str
    integration_connection_id: str
    status: str | None
    expire_at: Any
    key: str
    mark: Mark | None = "suffix"

    @cached_property
    def wanted(self) -> api.DistributionManagerInput:
        """The distribution manager as it is sent."""
        name = _name(self.name, self.own_key, self.mark)
        fields = {"integration_connection_id": self.integration_connection_id, "expire_at": self.expire_at}
        return api.DistributionManagerInput.model_validate({**fields, "name": name, "status": self.status})

    def create(self) -> Call[api.Created]:
        return api.create_distribution_manager(self.wanted)

    @property
    def own_key(self) -> str | None:
        return self.key if self.if_exists == "create" and self.mark else None

    @property
    def title(self) -> str:
        return f"distribution manager {self.wanted.name!r}"

    def recognisable(self) -> dict[str, str]:
        sent = {"name": repr(self.wanted.name), "integration connection": self.integration_connection_id}
        return sent | super().recognisable()

    async def before(self) -> JSON:
        return base.ids_of(await _managers_of(self.integration_connection_id))

    async def find(self, doubt: Doubt | None) -> list[Candidate]:
        managers = await _managers_of(self.integration_connection_id)
        before = doubt and doubt.before
        found = base.unread(managers, key=self.key, name=None if self.own_key else self.name, before=before)
        for manager in managers:
            found += self.recognised(
                manager.id,
                f"distribution manager {manager.id} {manager.name!r}",
                doubt,
                text=manager.name,
                is_wanted=alike(manager.name, self.name),
                is_equal=self._is_equal(manager),
            )
        return found

    def _is_equal(self, manager: api.DistributionManager) -> bool:
        """Whether a distribution manager may be this one under another name."""
        # the other fields say little: a connection's distribution managers are often alike in them
        fields = {**self.wanted.body(), "name": None}
        is_like = not differences(Asked("", fields, MANAGERS_MENDED_BY), manager.plain())
        return is_like and may_come_of(manager.name, self.wanted.name)

    def is_name(self, name: str) -> bool:
        """Whether a name that LiveRamp shows is that of this distribution manager."""
        return carries(name, self.own_key) if self.own_key else alike(name, self.name)

    async def proven(self, made: JSON) -> api.DistributionManager:
        read = api.get_distribution_manager(made)
        title = f"distribution manager {made}"
        fields, days = self.wanted.body(), () if self.expire_at is None else _DAYS
        is_reused = self.if_exists == "reuse"
        asked = Asked(title, fields, MANAGERS_MENDED_BY, ("name",), days, self.own_key, is_reused)
        return await proven(lambda: read, asked, service=api.SERVICE)

    async def result(self, made: JSON) -> JSON:
        return (await self.proven(made)).plain()


async def update_integration_connection(connection_id: str, changes: Mapping[str, Any]) -> JSON:
    """Change an integration connection and return it as LiveRamp shows it.

    :param changes: see `api.liveramp.IntegrationConnectionUpdate.keeping`.
    :raises Refused: LiveRamp accepted the change and shows something else.
    """
    read = api.get_integration_connection(connection_id)
    update = api.IntegrationConnectionUpdate.keeping(await read, **changes)
    await api.update_integration_connection(connection_id, update)
    title = f"integration connection {connection_id}"
    asked = Asked(title, _changed(update, changes), CONNECTIONS_MENDED_BY, was_made=False)
    return (await proven(lambda: read, asked, service=api.SERVICE)).plain()


async def update_distribution_manager(manager_id: str, changes: Mapping[str, Any]) -> JSON:
    """Change a distribution manager and return it as LiveRamp shows it.

    :param changes: see `api.liveramp.DistributionManagerUpdate.keeping`.
    :raises Refused: LiveRamp accepted the change and shows something else.
    """
    read = api.get_distribution_manager(manager_id)
    update = api.DistributionManagerUpdate.keeping(await read, **changes)
    await api.update_distribution_manager(manager_id, update)
    title = f"distribution manager {manager_id}"
    fields, days = _changed(update, changes), _DAYS if "expire_at" in changes else ()
    asked = Asked(
        title, {**dict.fromkeys(days), **fields}, MANAGERS_MENDED_BY, ("name",), days, was_made=False
    )
    return (await proven(lambda: read, asked, service=api.SERVICE)).plain()


async def _managers_of(connection_id: str) -> list[api.DistributionManager]:
    """The distribution managers of an integration connection."""
    managers: list[api.DistributionManager] = await every_page(api.list_distribution_managers(connection_id))
    return managers


def _changed(update: Input, changes: Mapping[str, Any]) -> dict[str, JSON]:
    """Of all that is sent what the user changes: the rest may follow from it."""
    names = {field.alias or name for name, field in type(update).model_fields.items() if name in changes}
    return {name: value for name, value in update.body().items() if name in names}


def _name(name: str | None, key: str | None, mark: Mark | None) -> str | None:
    """A distribution manager's name, with the submission key if there is one."""
    return name if key is None else marked(name, key, mark=mark or "suffix", longest=LONGEST_NAME)


def _text(given: str | int | None) -> str | None:
    """An id that may be left out, as text; a template may render it as a number."""
    return None if given is None else str(given)


SegmentKey: TypeAlias = tuple[str, str]
"""Segment id and type."""


@dataclass(frozen=True, kw_only=True)
class Distribution(ItemsAction[SegmentKey, api.SegmentConfigInput, api.SegmentConfig]):
    """Segments in distribution.

    The id of what was made is a mapping: what `before` returned, the ``manager``, the ``added`` segments with
    their segment configs, the ``unchanged`` segments, and the ``awaited`` ones, whose deliveries count.

    :param segments: segment ids, or mappings as they are sent.
    :param segment_type: the type of the segments that do not say it themselves.
    :param wait: whether the deliveries will be waited for.
    :param suppression_proven: whether a manifest shows that people were suppressed.
    """

    noun = "distribution"
    identity = "the segment at its distribution manager"
    told_by = "place"

    distribution_manager_id: str
    segments: Sequence[str | Mapping[str, str]]
    segment_type: str
    wait: bool
    suppression_proven: bool = False

    async def make(self, memory: Memory, on_uncertain: OnUncertain) -> JSON | Finished:
        made = await submit_items(self, memory)
        configs = {self.name(key): config.id for key, config in made.listed.items()}
        added = {segment_id: configs.get(segment_id) for segment_id in map(self.name, made.added)}
        unchanged = [*map(self.name, made.unchanged)]
        # if what an earlier try added is not known, it may be any of them
        awaited = list(added if made.known else configs)
        distributed = {"added": added, "unchanged": unchanged, "awaited": awaited}
        memory.made = {**made.before, "manager": self.distribution_manager_id, **distributed}
        lists = {"added": list(added), "unchanged": unchanged}
        result = {"distributionManagerID": self.distribution_manager_id, **lists}
        failed = {self.name(key): refusal.why for key, refusal in made.refused.items()}
        if (added or unchanged) and simulation() is None:
            log.info(
                "Distribution manager %s: added %s; there before: %s.",
                self.distribution_manager_id,
                counted([*added], "segment"),
                counted(unchanged, "segment"),
            )
        if made.lost is not None:
            made.lost.candidates = [f"segment {segment_id} is not listed" for segment_id in failed]
            raise made.lost
        if failed:
            total = f"of {len(self.wanted())} segments are not in distribution"
            final = [self.name(key) for key, refusal in made.refused.items() if refusal.is_final]
            raise partial_failure("add_segment_configs", total, failed, result, final=final)
        awaits = self.wait and awaited and simulation() is None
        return memory.made if awaits else Finished(result)

    def wanted(self) -> dict[SegmentKey, api.SegmentConfigInput]:
        if isinstance(self.segments, str) or not isinstance(self.segments, Sequence) or not self.segments:
            kind = type(self.segments).__name__
            raise InvalidRequest(f"segments must be a list and not empty, but is of type {kind}.")
        wanted: dict[SegmentKey, api.SegmentConfigInput] = {}
        for given in self.segments:
            fields = given if isinstance(given, Mapping) else {"segmentID": str(given)}
            segment = api.SegmentConfigInput.model_validate({"segmentType": self.segment_type, **fields})
            if wanted.setdefault(segment.key, segment) != segment:
                twice = f"segment {segment.segment_id} is given twice"
                raise InvalidRequest(f"segments: {twice}, and not with the same destinationSegmentID.")
        return wanted

    async def listed(self) -> dict[SegmentKey, api.SegmentConfig]:
        return await configured(self.distribution_manager_id, [*map(self.name, self.wanted())])

    def calls(
        self, missing: Mapping[SegmentKey, api.SegmentConfigInput]
    ) -> Iterator[tuple[Sequence[SegmentKey], Call[list[api.SegmentConfigResult]]]]:
        for keys in chunks(list(missing), api.MOST_SEGMENTS_A_CALL):
            segments = [missing[key] for key in keys]
            call = api.add_segment_configs(self.distribution_manager_id, segments)
            yield keys, call.proven(self.suppression_proven)

    def name(self, key: SegmentKey) -> str:
        return key[0]

    def refused(
        self, keys: Sequence[SegmentKey], response: list[api.SegmentConfigResult]
    ) -> dict[SegmentKey, Refusal]:
        if len(response) != len(keys):
            return {}
        # the results carry no segment id; they have the order of the request
        return {
            key: Refusal(result.message, is_final(result.http_status))
            for key, result in zip(keys, response, strict=True)
            if result.failed
        }

    def recognisable(self) -> dict[str, str]:
        segments = enumerated(map(self.name, self.wanted()))
        return {"distribution manager": self.distribution_manager_id, "segments": segments}

    def differs(self, wanted: api.SegmentConfigInput, listed: api.SegmentConfig) -> str | None:
        name, known = wanted.destination_segment_id, listed.destination_segment_id
        if name is None or known in (None, name):
            return None
        return f"in distribution as {known!r}, not as {name!r}"

    async def before(self, *, first: bool) -> dict[str, JSON]:
        """The integration connection, and the latest delivery of any segment: only later ones count.

        Nothing if nobody will wait. All deliveries count if an earlier try may have begun some.
        """
        if not self.wait:
            return {"connection": None, "after": None}
        manager = await api.get_distribution_manager(self.distribution_manager_id)
        connection, segment_ids = manager.integration_connection_id, [*map(self.name, self.wanted())]
        after = await latest_change(connection, segment_ids) if first else None
        return {"connection": connection, "after": after}

    def is_before(self, stored: JSON) -> bool:
        return (
            super().is_before(stored)
            and stored.keys() == {"sent", "connection", "after"}
            and all(isinstance(stored[name], str | None) for name in ("connection", "after"))
        )

    def is_complete(self, stored: Mapping[str, JSON]) -> bool:
        return not self.wait or stored["connection"] is not None


async def withdraw_everywhere(
    distribution_manager_id: str, segment_ids: Sequence[str], segment_type: str
) -> JSON:
    """Take segments out of distribution, under whatever names the destination has them.

    :raises PartialFailure: some segments are still in distribution.
    """
    withdrawn: dict[str, str] = {}
    while True:
        configs = await configured(distribution_manager_id, segment_ids, to_be_gone=True)
        keys = [(segment_id, segment_type) for segment_id in segment_ids]
        there = {key[0]: configs[key].id for key in keys if key in configs}
        if not there:
            absent = [segment_id for segment_id in dict.fromkeys(segment_ids) if segment_id not in withdrawn]
            result = {"withdrawn": list(withdrawn), "absent": absent}
            return {"distributionManagerID": distribution_manager_id, **result}
        # a segment under several names takes one round for each
        await withdraw(distribution_manager_id, there)
        withdrawn |= there
