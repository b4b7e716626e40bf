"""Operators for LiveRamp: distribution managers, and segments in and out of distribution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_activation.arguments import one_of, some_ids
from airflow_provider_activation.tasks import LiveRampTask
from airflow_provider_activation.words import DISTRIBUTION_MANAGER_STATUSES, SEGMENT_TYPES
from airflow_provider_activation.operators.base import (
    JSON,
    ActionOperator,
    DeleteOperator,
    Finished,
    SubmittingOperator,
)

if TYPE_CHECKING:
    from airflow_provider_activation.api import liveramp as api
    from airflow_provider_activation.api.call import Call
    from airflow_provider_activation.api.steps import Steps
    from airflow_provider_activation.actions.base import Candidate, IfExists, Memory, Submission
    from airflow_provider_activation.waits.liveramp import DistributionProbe


__all__ = [
    "LiveRampCreateDistributionManagerOperator",
    "LiveRampDeleteDistributionManagerOperator",
    "LiveRampDistributeSegmentsOperator",
    "LiveRampUpdateDistributionManagerOperator",
    "LiveRampWithdrawSegmentsOperator",
]


class LiveRampCreateDistributionManagerOperator(LiveRampTask, SubmittingOperator):
    """Create a distribution manager, or take the one of this name. Returns it as LiveRamp describes it.

    Document: the description of the Activation API 2.9.0, "distribution-managers".

    .. code-block:: python

        manager = LiveRampCreateDistributionManagerOperator(
            task_id="manager", name="Daily", integration_connection_id="7000001", expire_at="2026-12-31"
        )

    :param name: at most 50 characters (templated).
    :param integration_connection_id: where its segments go (templated).
    :param status: ``ACTIVE`` or ``INACTIVE``; LiveRamp's own if left out.
    :param expire_at: the day on which deliveries stop; never if left out (templated).
    :param if_exists: ``reuse`` takes the one of this name at this integration connection; ``fail`` fails on
        it; ``create`` makes another, with the submission key at the end of the name.
    """

    template_fields = (
        *LiveRampTask.template_fields,
        "name",
        "integration_connection_id",
        "expire_at",
    )
    nouns = ("distribution manager",)
    outputs = ("id",)
    waits = False

    def __init__(
        self,
        *,
        name: str,
        integration_connection_id: str,
        status: str | None = None,
        expire_at: date | str | None = None,
        if_exists: IfExists = "reuse",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.integration_connection_id = integration_connection_id
        self.status = None if status is None else one_of("status", status, DISTRIBUTION_MANAGER_STATUSES)
        self.expire_at = expire_at
        self.if_exists: IfExists = one_of("if_exists", if_exists, ("reuse", "fail", "create"))

    def submission(self, key: str) -> Submission:
        from airflow_provider_activation.api import liveramp as api
        from airflow_provider_activation.api.call import every_page
        from airflow_provider_activation.actions.base import Candidate, Submission, marked

        connection_id = str(self.integration_connection_id)
        name = marked(self.name, key, longest=50) if self.if_exists == "create" else self.name
        given = {
            "name": name,
            "integration_connection_id": connection_id,
            "status": self.status,
            "expire_at": self.expire_at,
        }
        manager = api.DistributionManagerInput.model_validate(
            {field: value for field, value in given.items() if value is not None}
        )

        async def of_our_name(before: JSON) -> list[Candidate]:
            managers = await every_page(api.list_distribution_managers(connection_id))
            return [
                Candidate(found.id, f"distribution manager {found.id} {found.name!r}")
                for found in managers
                if found.name == name
            ]

        return Submission(
            noun=self.nouns[0],
            create=api.create_distribution_manager(manager),
            find=of_our_name,
            id_of=lambda created, before: created.id,
            if_exists=self.if_exists,
        )

    async def result(self, made: JSON) -> JSON:
        from airflow_provider_activation.api import liveramp as api

        manager = await api.get_distribution_manager(made)
        return manager.plain()


class LiveRampUpdateDistributionManagerOperator(LiveRampTask, ActionOperator):
    """Change a distribution manager. What is left out stays as it is.

    May be run any number of times. LiveRamp replaces the whole, so that it is read first. Returns it as
    LiveRamp describes it afterwards. Document: the description of the Activation API 2.9.0,
    "distribution-managers".

    .. code-block:: python

        pause = LiveRampUpdateDistributionManagerOperator(
            task_id="pause", distribution_manager_id="8000001", status="INACTIVE"
        )

    :param distribution_manager_id: the distribution manager (templated).
    :param name: at most 50 characters (templated).
    :param status: ``ACTIVE`` or ``INACTIVE``.
    :param expire_at: the day on which deliveries stop (templated).
    :param never_expires: takes away the day on which deliveries stop.
    """

    template_fields = (*LiveRampTask.template_fields, "distribution_manager_id", "name", "expire_at")
    outputs = ("id",)

    def __init__(
        self,
        *,
        distribution_manager_id: str,
        name: str | None = None,
        status: str | None = None,
        expire_at: date | str | None = None,
        never_expires: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.distribution_manager_id = distribution_manager_id
        self.name = name
        self.status = None if status is None else one_of("status", status, DISTRIBUTION_MANAGER_STATUSES)
        self.expire_at = expire_at
        self.never_expires = never_expires
        if never_expires and expire_at is not None:
            raise ValueError("Give expire_at or never_expires=True, and not both.")

    async def steps(self) -> JSON:
        from airflow_provider_activation.api import liveramp as api

        manager_id = str(self.distribution_manager_id)
        given = {"name": self.name, "status": self.status, "expire_at": self.expire_at}
        changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        if self.never_expires:
            changes["expire_at"] = None
        known = await api.get_distribution_manager(manager_id)
        update = api.DistributionManagerUpdate.keeping(known, **changes)
        await api.update_distribution_manager(manager_id, update)
        changed = await api.get_distribution_manager(manager_id)
        return changed.plain()


class LiveRampDeleteDistributionManagerOperator(LiveRampTask, DeleteOperator):
    """Delete a distribution manager. Returns ``{"id": ...}``.

    Document: the description of the Activation API 2.9.0, "distribution-managers".

    .. code-block:: python

        delete = LiveRampDeleteDistributionManagerOperator(
            task_id="delete_manager", distribution_manager_id="8000001", if_missing="ignore"
        )

    :param distribution_manager_id: the distribution manager (templated).
    """

    template_fields = (*LiveRampTask.template_fields, "distribution_manager_id")

    def __init__(self, *, distribution_manager_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.distribution_manager_id = distribution_manager_id

    def look(self) -> Call[Any]:
        from airflow_provider_activation.api import liveramp as api

        return api.get_distribution_manager(str(self.distribution_manager_id))

    def delete(self) -> Call[Any]:
        from airflow_provider_activation.api import liveramp as api

        return api.delete_distribution_manager(str(self.distribution_manager_id))

    @property
    def result(self) -> JSON:
        return {"id": str(self.distribution_manager_id)}


class LiveRampDistributeSegmentsOperator(LiveRampTask, SubmittingOperator):
    """Put segments into distribution: those that are not in it yet, verified afterwards by listing.

    May be run any number of times. Returns ``{"distributionManagerID", "added", "unchanged"}``, the
    last two lists of segment ids; after a wait also ``"deliveries"``, the first delivery of each segment
    that was added. Deliveries take days, which is why the wait has to be asked for.

    Document: the description of the Activation API 2.9.0, "segment-configs".

    .. code-block:: python

        distribute = LiveRampDistributeSegmentsOperator(
            task_id="distribute",
            distribution_manager_id="8000001",
            segments=["5000000001", {"segmentID": "5000000002", "segmentType": "DATA_MARKETPLACE"}],
            wait_for_completion=True,
            deferrable=True,
        )

    :param distribution_manager_id: the distribution manager (templated).
    :param segments: segment ids, or mappings with ``segmentID``, ``segmentType`` and
        ``destinationSegmentID`` (templated).
    :param segment_type: the type of the segments given by id alone.
    :param wait_for_completion: wait until each segment that was added has been delivered.
    :param cancel_on_kill: withdraw the segments that were just added.
    :raises InvalidRequest: no segments are given, or one of them twice under different names.
    :raises PartialFailure: LiveRamp did not take some segments, or has them under another
        ``destinationSegmentID``; names each of them and why.
    :raises UncertainOutcome: an answer was lost and some segments are still not listed.
    :raises JobFailed: a delivery failed or was cancelled.
    """

    template_fields = (*LiveRampTask.template_fields, "distribution_manager_id", "segments")
    nouns = ("distribution",)
    outputs = ("added", "unchanged")
    rehearsal_id = {
        "manager": "0",
        "connection": "0",
        "added": {},
        "unchanged": [],
        "awaited": [],
        "after": None,
    }

    def __init__(
        self,
        *,
        distribution_manager_id: str,
        segments: Sequence[str | Mapping[str, str]],
        segment_type: str = "ONBOARDING",
        wait_for_completion: bool = False,
        timeout: float | timedelta = timedelta(days=7),
        **kwargs: Any,
    ) -> None:
        super().__init__(wait_for_completion=wait_for_completion, timeout=timeout, **kwargs)
        self.distribution_manager_id = distribution_manager_id
        self.segments = segments
        self.segment_type = one_of("segment_type", segment_type, SEGMENT_TYPES)

    async def start(self, key: str, memory: Memory) -> JSON | Finished:
        from airflow_provider_activation.api.liveramp.distribution import configured, distribute
        from airflow_provider_activation.actions.base import LOOKS_AFTER_AN_UNCERTAIN_ANSWER, look_until

        noun, manager = self.nouns[0], str(self.distribution_manager_id)
        wanted = self._wanted()
        remembered = memory.recall(noun)
        known = _readable(remembered.get("before")) if remembered else {}
        if known is None and "lost" not in remembered:
            memory.lost(noun)
        # what an earlier try sent may be listed late, and must not be sent again for that
        listed = await (
            look_until(lambda: configured(manager), lambda listed: wanted.keys() <= listed.keys())
            if remembered
            else configured(manager)
        )
        missing = [segment.segment_id for key, segment in wanted.items() if key not in listed]
        # what an earlier try of this task added is not unchanged, and is to be waited for too
        sent = [*dict.fromkeys([*(known or {}).get("sent", ()), *missing])]
        noted: dict[str, Any] = {"connection": None, "after": None, **(known or {}), "sent": sent}
        if self.wait_for_completion and noted["connection"] is None:
            noted |= await self._before(list(wanted.values()), look_back=known is not None)
        if missing:
            memory.note(noun, before=noted)
        outcome = await distribute(
            manager, list(wanted.values()), listed, looks=LOOKS_AFTER_AN_UNCERTAIN_ANSWER
        )
        configs = {segment.segment_id: listed[key].id for key, segment in wanted.items() if key in listed}
        configs |= outcome.added
        added = {segment_id: config for segment_id, config in configs.items() if segment_id in sent}
        unchanged = [segment_id for segment_id in outcome.unchanged if segment_id not in added]
        # if what an earlier try sent is not known, it may be any of them
        awaited = list(configs) if known is None else list(added)
        made = {**noted, "manager": manager, "added": added, "unchanged": unchanged, "awaited": awaited}
        self.note_made(made)
        result = {"distributionManagerID": manager, "added": list(added), "unchanged": unchanged}
        outcome.raise_for_failures(result)
        return made if self.wait_for_completion and awaited else Finished(result)

    def probe(self, made: JSON) -> DistributionProbe:
        from airflow_provider_activation.waits.liveramp import DistributionProbe

        return DistributionProbe(
            made["connection"],
            tuple(made["awaited"]),
            made["after"],
            made["manager"],
            tuple(made["added"].values()),
            tuple(made["unchanged"]),
            tuple(made["added"]),
        )

    async def _before(self, segments: Sequence[api.SegmentConfigInput], *, look_back: bool) -> JSON:
        """Where the segments go, and the latest delivery of any of them: only later ones count.

        :param look_back: False if an earlier try may have begun deliveries: then all count.
        """
        from airflow_provider_activation.api import liveramp as api
        from airflow_provider_activation.waits.liveramp import latest_change

        manager = await api.get_distribution_manager(self.distribution_manager_id)
        connection = manager.integration_connection_id
        if not look_back:
            return {"connection": connection, "after": None}
        after = await latest_change(connection, [segment.segment_id for segment in segments])
        return {"connection": connection, "after": after}

    def _wanted(self) -> dict[tuple[str, str], api.SegmentConfigInput]:
        """The segments, by what tells them apart."""
        from airflow_provider_activation.errors import InvalidRequest

        if isinstance(self.segments, str) or not isinstance(self.segments, Sequence) or not self.segments:
            raise InvalidRequest(
                f"segments must be a list and not empty, but is of type {type(self.segments).__name__}."
            )
        wanted: dict[tuple[str, str], api.SegmentConfigInput] = {}
        for segment in map(self._segment, self.segments):
            if wanted.setdefault(segment.key, segment) != segment:
                raise InvalidRequest(
                    f"segments: segment {segment.segment_id} is given twice, and not with the same "
                    "destinationSegmentID."
                )
        return wanted

    def _segment(self, given: str | Mapping[str, str]) -> api.SegmentConfigInput:
        from airflow_provider_activation.api import liveramp as api

        if isinstance(given, Mapping):
            return api.SegmentConfigInput.model_validate({"segmentType": self.segment_type, **given})
        return api.SegmentConfigInput.model_validate(
            {"segmentID": str(given), "segmentType": self.segment_type}
        )


class LiveRampWithdrawSegmentsOperator(LiveRampTask, ActionOperator):
    """Take segments out of distribution, verified afterwards by listing.

    May be run any number of times. Returns ``{"distributionManagerID", "withdrawn", "absent"}``, the last
    two lists of segment ids; absent are those that were not in distribution.

    Document: the description of the Activation API 2.9.0, "segment-configs".

    .. code-block:: python

        withdraw = LiveRampWithdrawSegmentsOperator(
            task_id="withdraw", distribution_manager_id="8000001", segment_ids=["5000000001"]
        )

    :param distribution_manager_id: the distribution manager (templated).
    :param segment_ids: any number of segments (templated).
    :param segment_type: the type of all of them.
    :raises PartialFailure: some segments are still in distribution; names each of them and why.
    """

    template_fields = (*LiveRampTask.template_fields, "distribution_manager_id", "segment_ids")
    outputs = ("withdrawn", "absent")

    def __init__(
        self,
        *,
        distribution_manager_id: str,
        segment_ids: Sequence[str],
        segment_type: str = "ONBOARDING",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.distribution_manager_id = distribution_manager_id
        self.segment_ids = segment_ids
        self.segment_type = one_of("segment_type", segment_type, SEGMENT_TYPES)

    async def steps(self) -> JSON:
        from airflow_provider_activation.api.liveramp.distribution import configured, withdraw

        manager_id, wanted = str(self.distribution_manager_id), some_ids("segment_ids", self.segment_ids)
        withdrawn: dict[str, str] = {}
        # again, since a segment may be in it under several names at the destination
        while there := self._among(wanted, (await configured(manager_id))):
            await withdraw(manager_id, there)
            withdrawn |= there
        return {
            "distributionManagerID": manager_id,
            "withdrawn": list(withdrawn),
            "absent": [segment_id for segment_id in dict.fromkeys(wanted) if segment_id not in withdrawn],
        }

    def _among(
        self, wanted: Sequence[str], configs: Mapping[tuple[str, str], api.SegmentConfig]
    ) -> dict[str, str]:
        """Those that are in distribution, and under which ids."""
        return {
            segment_id: configs[segment_id, self.segment_type].id
            for segment_id in wanted
            if (segment_id, self.segment_type) in configs
        }


def _readable(noted: JSON) -> JSON:
    """What an earlier try noted before it sent anything, if it is that."""
    if (
        isinstance(noted, dict)
        and noted.keys() == {"sent", "connection", "after"}
        and isinstance(noted["sent"], list)
        and all(isinstance(segment_id, str) for segment_id in noted["sent"])
        and all(value is None or isinstance(value, str) for value in (noted["connection"], noted["after"]))
    ):
        return noted
    return None
