"""LiveRamp: segments in distribution, in the several calls that many of them take.

Document: the description of the Activation API 2.9.0, "segment-configs". A call takes 500 segments and
answers 207 whatever became of each, so the list that is read afterwards decides.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from airflow_provider_activation.api import liveramp as api
from airflow_provider_activation.api.call import every_page
from airflow_provider_activation.api.liveramp.common import chunks
from airflow_provider_activation.api.rows import Unreadable
from airflow_provider_activation.errors import PartialFailure, UnreadableResponse

GONE = 404
MAY_PASS = frozenset({423, 429})
"""An item that is locked, or one too many for now."""
_SEGMENT = re.compile(r'"segmentID": ("[^"]|\d)')
"""In a row that names its segment."""


async def configured(
    distribution_manager_id: str, sought: Iterable[str], *, to_be_gone: bool = False
) -> dict[tuple[str, str], api.SegmentConfig]:
    """All segments in distribution, by segment id and type.

    :param sought: ids of the segments that matter.
    :param to_be_gone: whether they must not be there: a row that names no segment may be one of them.
    :raises UnreadableResponse: a row that may be of one of them cannot be read.
    """
    configs = await every_page(api.list_segment_configs(distribution_manager_id))
    for segment_id in sought if configs.unreadable else ():
        refuse_unreadable(configs.unreadable, segment_id)
        if unnamed := [row for row in configs.unreadable if to_be_gone and not _SEGMENT.search(row.text)]:
            raise _may_be_of(unnamed[0], segment_id)
    return {config.key: config for config in configs}


def refuse_unreadable(rows: Iterable[Unreadable], segment_id: str) -> None:
    """Check that no row that was left out of a list holds the id of a segment.

    :raises UnreadableResponse: one does.
    """
    if row := next((row for row in rows if row.may_be(segment_id)), None):
        raise _may_be_of(row, segment_id)


def _may_be_of(row: Unreadable, segment_id: str) -> UnreadableResponse:
    what = f"a row that may be of segment {segment_id} cannot be read: {row.reason}."
    return UnreadableResponse(what, service=api.SERVICE)


async def withdraw(distribution_manager_id: str, segment_configs: Mapping[str, str]) -> None:
    """Take segments out of distribution, and check by listing that they are.

    :param segment_configs: segment id to segment config id. One that is gone already is no failure.
    :raises PartialFailure: naming each segment that is still in distribution, and why.
    """
    reasons: dict[str, str] = {}
    final: set[str] = set()
    for chunk in chunks(list(segment_configs.items()), api.MOST_SEGMENTS_A_CALL):
        results = await api.remove_segment_configs(distribution_manager_id, [config for _, config in chunk])
        if len(results) == len(chunk):
            for (segment_id, _), result in zip(chunk, results, strict=True):
                if result.failed and result.http_status != GONE:
                    reasons[segment_id] = result.message
                    final |= {segment_id} if is_final(result.http_status) else set()
    configs = await configured(distribution_manager_id, segment_configs, to_be_gone=True)
    still = {config.id for config in configs.values()}
    failed = {
        segment_id: reasons.get(segment_id, "accepted, but still listed afterwards")
        for segment_id, config_id in segment_configs.items()
        if config_id in still
    }
    if failed:
        withdrawn = [segment_id for segment_id in segment_configs if segment_id not in failed]
        achieved = {"distributionManagerID": distribution_manager_id, "withdrawn": withdrawn}
        total = f"of {len(segment_configs)} segments are still in distribution"
        raise partial_failure("remove_segment_configs", total, failed, achieved, final=final)


def is_final(http_status: int | None) -> bool:
    """Whether an item with this status fails again if it is sent again: a 4xx but for limits and locks."""
    return http_status is not None and 400 <= http_status < 500 and http_status not in MAY_PASS


def partial_failure(
    operation: str, what: str, failed: Mapping[str, str], result: Any, *, final: Collection[str]
) -> PartialFailure:
    """The error of a task that achieved a part, with its result.

    :param what: the message behind the number of failed segments.
    :param failed: segment id to the reason.
    :param final: the segments of these that fail again if they are sent again.
    """
    return PartialFailure(
        f"{len(failed)} {what}.",
        failed=dict(failed),
        result=result,
        retry_helps=not failed.keys() <= {*final},
        service=api.SERVICE,
        operation=operation,
    )
