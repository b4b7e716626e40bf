"""Operators for LiveRamp: distribution managers, and segments in and out of distribution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_activation.arguments import (
    DATE,
    FILLED,
    FLAG,
    ID,
    IDS,
    IDS_OR_RESOURCES,
    MANIFEST,
    MARK,
    is_template,
    word,
)
from airflow_provider_activation.operators.base import (
    ActionOperator,
    DeleteOperator,
    SubmitAndWaitOperator,
    SubmitOperator,
)
from airflow_provider_activation.operators.sending import SendsAudience
from airflow_provider_activation.tasks import JSON, LiveRampTask
from airflow_provider_activation.wording import counted
from airflow_provider_activation.words import DISTRIBUTION_MANAGER_STATUSES, SEGMENT_TYPES

if TYPE_CHECKING:
    from airflow_provider_activation.actions import liveramp as actions
    from airflow_provider_activation.actions.base import IfExists
    from airflow_provider_activation.waits.liveramp import DistributionProbe

__all__ = [
    "LiveRampCreateDistributionManagerOperator",
    "LiveRampDeleteDistributionManagerOperator",
    "LiveRampDistributeSegmentsOperator",
    "LiveRampUpdateDistributionManagerOperator",
    "LiveRampWithdrawSegmentsOperator",
]


class LiveRampCreateDistributionManagerOperator(LiveRampTask, SubmitOperator):
    """Create a distribution manager, or take the one of this name.

    Returns the distribution manager as LiveRamp describes it. Document: the Activation API 2.9.0,
    "distribution-managers".

    .. code-block:: python

        manager = LiveRampCreateDistributionManagerOperator(
            task_id="manager", name="Daily", integration_connection_id="7000001", expire_at="2026-12-31"
        )

    :param name: at most 50 characters (templated).
    :param integration_connection_id: the integration connection of its segments (templated).
    :param status: ``ACTIVE`` or ``INACTIVE``; LiveRamp's own default if left out (templated).
    :param expire_at: the day on which deliveries stop and the status becomes ``INACTIVE``, a ``date`` or
        ``YYYY-MM-DD``; never if left out (templated).
    :param if_exists: ``reuse`` takes the one of this name at this integration connection; ``fail`` fails on
        it; ``create`` makes another, with the submission key at the end of the name (templated).
    :param mark_submission: with ``if_exists="create"``, where in the name the submission key stands: at the
        end (``suffix`` or True), at the beginning (``prefix``, for a service that cuts texts) or nowhere
        (False) (templated).
    :param liveramp_conn_id: the connection's id (templated).
    :raises Conflict: a distribution manager of this name exists, and ``if_exists`` is ``fail``.
    :raises NotAsAsked: the one that was made, or that exists under this name, has another ``status`` or
        ``expire_at`` than those given here.
    """

    arguments = {
        "name": FILLED,
        "integration_connection_id": ID,
        "status": word(*DISTRIBUTION_MANAGER_STATUSES) | None,
        "expire_at": DATE | None,
        "if_exists": word("reuse", "fail", "create"),
        "mark_submission": MARK,
    }
    nouns = ("distribution manager",)
    outputs = ("id",)
    shows = "DistributionManager"

    def __init__(
        self,
        *,
        name: str,
        integration_connection_id: str,
        status: str | None = None,
        expire_at: date | str | None = None,
        if_exists: IfExists = "reuse",
        mark_submission: bool | str = True,
        liveramp_conn_id: str = "liveramp_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.integration_connection_id = integration_connection_id
        self.status = status
        self.expire_at = expire_at
        self.if_exists: IfExists = if_exists
        self.mark_submission: Any = mark_submission
        self.liveramp_conn_id = liveramp_conn_id

    def submission(self, key: str) -> actions.DistributionManager:
        from airflow_provider_activation.actions import liveramp as actions

        return actions.DistributionManager(
            name=self.name,
            integration_connection_id=self.integration_connection_id,
            status=self.status,
            expire_at=self.expire_at,
            key=key,
            mark=self.mark_submission or None,
            if_exists=self.if_exists,
        )


class LiveRampUpdateDistributionManagerOperator(LiveRampTask, ActionOperator):
    """Change a distribution manager. Arguments that are left out change nothing.

    May be run any number of times. LiveRamp replaces the whole distribution manager, so it is read first.
    Returns the distribution manager as LiveRamp describes it afterwards. Document: the Activation API 2.9.0,
    "distribution-managers".

    .. code-block:: python

        pause = LiveRampUpdateDistributionManagerOperator(
            task_id="pause", distribution_manager_id="8000001", status="INACTIVE"
        )

    :param distribution_manager_id: the distribution manager (templated).
    :param name: at most 50 characters (templated).
    :param status: ``ACTIVE`` or ``INACTIVE`` (templated).
    :param expire_at: the day on which deliveries stop, a ``date`` or ``YYYY-MM-DD`` (templated).
    :param never_expires: removes the day on which deliveries stop; not together with ``expire_at``
        (templated).
    :param liveramp_conn_id: the connection's id (templated).
    :raises Refused: LiveRamp accepted the change and shows something else.
    """

    arguments = {
        "distribution_manager_id": ID,
        "name": FILLED | None,
        "status": word(*DISTRIBUTION_MANAGER_STATUSES) | None,
        "expire_at": DATE | None,
        "never_expires": FLAG,
    }
    outputs = ("id",)
    shows = "DistributionManager"

    def __init__(
        self,
        *,
        distribution_manager_id: str,
        name: str | None = None,
        status: str | None = None,
        expire_at: date | str | None = None,
        never_expires: bool = False,
        liveramp_conn_id: str = "liveramp_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.distribution_manager_id = distribution_manager_id
        self.name = name
        self.status = status
        self.expire_at = expire_at
        self.never_expires = never_expires
        self.liveramp_conn_id = liveramp_conn_id

    def check(self) -> None:
        if self.never_expires is True and self.expire_at is not None:
            raise ValueError("Give expire_at or never_expires=True, and not both.")

    async def steps(self) -> JSON:
        from airflow_provider_activation.actions import liveramp as actions

        changes = self.given(("name", "status", "expire_at"))
        if self.never_expires:
            changes["expire_at"] = None
        return await actions.update_distribution_manager(self.distribution_manager_id, changes)

    def intent(self) -> str:
        return f"distribution manager {self.distribution_manager_id} would be changed: {self._changed}"

    def simulated(self, made: JSON) -> JSON:
        return self.unknown() | {"id": self.distribution_manager_id}

    @property
    def _changed(self) -> str:
        never = ("never_expires",) if self.never_expires else ()
        return self.changed(("name", "status", "expire_at", *never))

    def summary(self, result: JSON) -> str:
        return f"Changed distribution manager {self.distribution_manager_id}: {self._changed}."


class LiveRampDeleteDistributionManagerOperator(LiveRampTask, DeleteOperator):
    """Delete a distribution manager. Returns ``{"id": ...}``.

    Document: the Activation API 2.9.0, "distribution-managers".

    .. code-block:: python

        delete = LiveRampDeleteDistributionManagerOperator(
            task_id="delete_manager", distribution_manager_id="8000001", if_missing="ignore"
        )

    :param distribution_manager_id: the distribution manager (templated).
    :param liveramp_conn_id: the connection's id (templated).
    :raises NotFound: it is missing on the first try, and ``if_missing`` is ``fail``.
    """

    arguments = {"distribution_manager_id": ID}
    id_argument = "distribution_manager_id"
    reads = "get_distribution_manager"
    deletes = "delete_distribution_manager"

    def __init__(
        self, *, distribution_manager_id: str, liveramp_conn_id: str = "liveramp_default", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.distribution_manager_id = distribution_manager_id
        self.liveramp_conn_id = liveramp_conn_id


class LiveRampDistributeSegmentsOperator(LiveRampTask, SendsAudience, SubmitAndWaitOperator):
    """Put segments into distribution, if they are not there yet, and check by listing that they are.

    May be run any number of times. Returns ``{"distributionManagerID", "added", "unchanged"}``, the last two
    lists of segment ids; after a wait also ``"deliveries"``, the first delivery of each segment that was
    added. Deliveries take days, so the task waits only with ``wait_for_completion=True``. Document: the
    Activation API 2.9.0, "segment-configs".

    .. code-block:: python

        distribute = LiveRampDistributeSegmentsOperator(
            task_id="distribute",
            distribution_manager_id="8000001",
            segments=["5000000001", {"segmentID": "5000000002", "segmentType": "DATA_MARKETPLACE"}],
            wait_for_completion=True,
            deferrable=True,
        )

    :param distribution_manager_id: the distribution manager (templated).
    :param segments: any number of ids, or mappings of ``segmentID``, ``segmentType``,
        ``destinationSegmentID``. Segments in distribution that are not named here stay there (templated).
    :param segment_type: the type of the segments given by id alone (templated).
    :param wait_for_completion: wait until each segment that was added has been delivered. If none was added,
        the task ends at once.
    :param timeout: how long to wait for the deliveries at most, in seconds or as a timedelta.
    :param cancel_on_kill: withdraw the segments that were added when the wait ends before all are delivered:
        at ``timeout``, or if the task is killed, cleared or marked. True if left out; with False they stay in
        distribution (templated).
    :param manifest: the output of the `PrepareAudienceOperator` or the `CheckAudienceOperator` of this run,
        for a connection with ``require_suppression``, which refuses the task without it (templated).
    :param liveramp_conn_id: the connection's id (templated).
    :raises InvalidRequest: no segments are given, or one twice with different ``destinationSegmentID``.
    :raises PartialFailure: LiveRamp did not take some segments, or has them under another
        ``destinationSegmentID``; names each of these segments and why.
    :raises UncertainOutcome: an answer was lost and some segments are still not listed.
    :raises JobFailed: a delivery failed or was cancelled.
    :raises WaitTimeout: not all were delivered within ``timeout``.
    :raises UnfitAudience: the connection requires suppression, and the manifest does not show it. Nothing
        was sent.
    """

    arguments = {
        "distribution_manager_id": ID,
        "segments": IDS_OR_RESOURCES,
        "segment_type": word(*SEGMENT_TYPES),
        "manifest": MANIFEST | None,
    }
    nouns = ("distribution",)
    ignored_arguments = frozenset({"on_uncertain"})
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
        manifest: Mapping[str, Any] | str | None = None,
        liveramp_conn_id: str = "liveramp_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(
            wait_for_completion=wait_for_completion, timeout=timeout, **self.without_ignored(kwargs)
        )
        self.distribution_manager_id = distribution_manager_id
        self.segments = segments
        self.segment_type = segment_type
        self.manifest = manifest
        self.liveramp_conn_id = liveramp_conn_id

    def check(self) -> None:
        self.check_manifest()
        if is_template(self.segments):
            return
        if described := [one for one in self.segments if isinstance(one, Mapping)]:
            # loads the service's models: only DAGs that describe segments pay for that
            from airflow_provider_activation.api import liveramp as api

            read = api.SegmentConfigInput.model_validate
            typed = [{"segmentType": self.segment_type, **one} for one in described]
            self.check_inside("segments", lambda _: [*map(read, typed)])

    def submission(self, key: str) -> actions.Distribution:
        from airflow_provider_activation.actions import liveramp as actions

        return actions.Distribution(
            distribution_manager_id=self.distribution_manager_id,
            segments=self.segments,
            segment_type=self.segment_type,
            wait=self.wait_for_completion,
        )

    def intent(self) -> str:
        return f"{counted(self.segments, 'segment')} would be added to the distribution manager"

    def simulated(self, made: JSON) -> JSON:
        return {"distributionManagerID": self.distribution_manager_id, "added": [], "unchanged": []}

    def sent_as(self, result: JSON) -> dict[str, JSON]:
        ids = (one if isinstance(one, str) else one["segmentID"] for one in self.segments)
        return {"distributionManagerID": self.distribution_manager_id, "segmentIDs": ", ".join(ids)}

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


class LiveRampWithdrawSegmentsOperator(LiveRampTask, ActionOperator):
    """Take segments out of distribution, and check by listing that they are.

    May be run any number of times. Returns ``{"distributionManagerID", "withdrawn", "absent"}``, the last two
    lists of segment ids; ``absent`` has those that were not in distribution. Document: the Activation API
    2.9.0, "segment-configs".

    .. code-block:: python

        withdraw = LiveRampWithdrawSegmentsOperator(
            task_id="withdraw", distribution_manager_id="8000001", segment_ids=["5000000001"]
        )

    :param distribution_manager_id: the distribution manager (templated).
    :param segment_ids: any number of segments (templated).
    :param segment_type: the type of all of the segments (templated).
    :param liveramp_conn_id: the connection's id (templated).
    :raises PartialFailure: some segments are still in distribution; names each of these and why.
    """

    arguments = {
        "distribution_manager_id": ID,
        "segment_ids": IDS,
        "segment_type": word(*SEGMENT_TYPES),
    }
    outputs = ("withdrawn", "absent")

    def __init__(
        self,
        *,
        distribution_manager_id: str,
        segment_ids: Sequence[str],
        segment_type: str = "ONBOARDING",
        liveramp_conn_id: str = "liveramp_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.distribution_manager_id = distribution_manager_id
        self.segment_ids = segment_ids
        self.segment_type = segment_type
        self.liveramp_conn_id = liveramp_conn_id

    async def steps(self) -> JSON:
        from airflow_provider_activation.actions import liveramp as actions

        return await actions.withdraw_everywhere(
            self.distribution_manager_id, self.segment_ids, self.segment_type
        )

    def intent(self) -> str:
        manager = self.distribution_manager_id
        return f"{counted(self.segment_ids, 'segment')} would be taken out of distribution manager {manager}"

    def simulated(self, made: JSON) -> JSON:
        lists = {"withdrawn": list(self.segment_ids), "absent": []}
        return {"distributionManagerID": self.distribution_manager_id, **lists}

    def summary(self, result: JSON) -> str:
        withdrawn, absent = (counted(result[name], "segment") for name in ("withdrawn", "absent"))
        manager = self.distribution_manager_id
        return f"Distribution manager {manager}: withdrew {withdrawn}; not there: {absent}."
