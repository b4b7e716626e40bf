"""LiveRamp: any number of segments into and out of distribution, in the several calls that takes.

Document: the description of the Activation API 2.9.0, "segment-configs". Both calls take 500 segments
and answer 207 whatever became of each; what holds is what is listed afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_activation.api import liveramp as api
from airflow_provider_activation.api.call import every_page
from airflow_provider_activation.api.steps import Pause
from airflow_provider_activation.errors import PartialFailure, UncertainOutcome

GONE = 404


@dataclass(frozen=True)
class Distributed:
    """What became of segments that were put into distribution.

    :param added: segment id to segment config id, of those that were not in distribution before.
    :param unchanged: ids of segments that were in distribution before.
    :param failed: segment id to the reason, of those that are not in distribution, or under another name.
    :param lost: an answer was lost, and what it would have told of is not listed.
    """

    distribution_manager_id: str
    added: dict[str, str] = field(default_factory=dict)
    unchanged: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    lost: UncertainOutcome | None = None

    def raise_for_failures(self, result: Any) -> None:
        """Raise what went wrong, if anything did.

        :param result: what was achieved, for the error.
        :raises PartialFailure: naming each segment and why.
        :raises UncertainOutcome: an answer was lost and some segments are still not listed.
        """
        if self.lost is not None:
            self.lost.candidates = [f"segment {segment_id} is not listed" for segment_id in self.failed]
            raise self.lost
        if self.failed:
            total = len(self.added) + len(self.unchanged) + len(self.failed)
            raise _partial_failure(
                "add_segment_configs", f"of {total} segments are not in distribution", self.failed, result
            )


async def distribute(
    distribution_manager_id: str,
    segments: Sequence[api.SegmentConfigInput],
    listed: Mapping[tuple[str, str], api.SegmentConfig],
    *,
    looks: Sequence[float] = (),
) -> Distributed:
    """Put those segments into distribution that are not in it yet, and see by listing what came of it.

    :param listed: what is in distribution, as `configured` says.
    :param looks: seconds before each further look while an answer is lost and a segment not listed.
    """
    wanted = {segment.key: segment for segment in segments}
    missing = [segment for key, segment in wanted.items() if key not in listed]
    unfit = {
        segment.segment_id: f"in distribution as {known!r}, not as {segment.destination_segment_id!r}"
        for key, segment in wanted.items()
        if segment.destination_segment_id is not None
        and key in listed
        and (known := listed[key].destination_segment_id) not in (None, segment.destination_segment_id)
    }
    unchanged = [
        segment.segment_id
        for key, segment in wanted.items()
        if key in listed and segment.segment_id not in unfit
    ]
    if not missing:
        return Distributed(distribution_manager_id, unchanged=unchanged, failed=unfit)
    reasons: dict[str, str] = {}
    lost: UncertainOutcome | None = None
    for chunk in _chunks(missing):
        try:
            results = await api.add_segment_configs(distribution_manager_id, chunk)
        except UncertainOutcome as error:
            lost = error
            break
        if len(results) == len(chunk):
            # the items carry no segment id; their order is that of what was sent
            reasons |= {
                segment.segment_id: result.message
                for segment, result in zip(chunk, results, strict=True)
                if result.failed
            }
    listed = await configured(distribution_manager_id)
    for seconds in looks if lost else ():
        if all(segment.key in listed or segment.segment_id in reasons for segment in missing):
            break
        await Pause(seconds)
        listed = await configured(distribution_manager_id)
    absent = [segment.segment_id for segment in missing if segment.key not in listed]
    return Distributed(
        distribution_manager_id,
        added={segment.segment_id: listed[segment.key].id for segment in missing if segment.key in listed},
        unchanged=unchanged,
        failed=unfit
        | {
            segment_id: reasons.get(segment_id, "accepted, but not listed afterwards")
            for segment_id in absent
        },
        lost=None if unfit or reasons.keys() & set(absent) or not absent else lost,
    )


async def withdraw(distribution_manager_id: str, segment_configs: Mapping[str, str]) -> None:
    """Take segments out of distribution, and see by listing that they are.

    :param segment_configs: segment id to segment config id. One that is gone already is no failure.
    :raises PartialFailure: naming each segment that is still in distribution, and why.
    """
    reasons: dict[str, str] = {}
    for chunk in _chunks(list(segment_configs.items())):
        results = await api.remove_segment_configs(distribution_manager_id, [config for _, config in chunk])
        if len(results) == len(chunk):
            reasons |= {
                segment_id: result.message
                for (segment_id, _), result in zip(chunk, results, strict=True)
                if result.failed and result.http_status != GONE
            }
    still = {config.id for config in (await configured(distribution_manager_id)).values()}
    failed = {
        segment_id: reasons.get(segment_id, "accepted, but still listed afterwards")
        for segment_id, config_id in segment_configs.items()
        if config_id in still
    }
    if failed:
        withdrawn = [segment_id for segment_id in segment_configs if segment_id not in failed]
        result = {"distributionManagerID": distribution_manager_id, "withdrawn": withdrawn}
        raise _partial_failure(
            "remove_segment_configs",
            f"of {len(segment_configs)} segments are still in distribution",
            failed,
            result,
        )


async def configured(distribution_manager_id: str) -> dict[tuple[str, str], api.SegmentConfig]:
    """All segments in distribution, by segment id and type."""
    configs = await every_page(api.list_segment_configs(distribution_manager_id))
    return {config.key: config for config in configs}


def _chunks(items: list[Any]) -> Iterator[list[Any]]:
    for first in range(0, len(items), api.MOST_SEGMENTS_A_CALL):
        yield items[first : first + api.MOST_SEGMENTS_A_CALL]


def _partial_failure(operation: str, what: str, failed: dict[str, str], result: Any) -> PartialFailure:
    reasons = "; ".join(f"{segment_id}: {why}" for segment_id, why in failed.items())
    return PartialFailure(
        f"{len(failed)} {what}: {reasons}.",
        failed=failed,
        result=result,
        service=api.SERVICE,
        operation=operation,
    )
