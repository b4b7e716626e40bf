"""Operators for Acoustic Exchange: the segments that an endpoint offers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_activation.arguments import FLAG, IDS, NUMBER_ID, RESOURCES, is_template, word
from airflow_provider_activation.operators.base import ActionOperator
from airflow_provider_activation.tasks import JSON, AcousticExchangeTask
from airflow_provider_activation.wording import counted

if TYPE_CHECKING:
    from airflow_provider_activation.api import acoustic_exchange as api

__all__ = ["AcousticExchangeDefineSegmentsOperator", "AcousticExchangeDeleteSegmentsOperator"]


class AcousticExchangeDefineSegmentsOperator(AcousticExchangeTask, ActionOperator):
    """Define the segments that an endpoint offers. Needs the endpoint's own key.

    May be run any number of times. Returns ``{"endpointId": ..., "added": [...], "unchanged":
    [...]}``, with lists of segment ids. Documents: "POST" and "PUT /v1/endpoint/{endpointId}/segments".

    .. code-block:: python

        define = AcousticExchangeDefineSegmentsOperator(
            task_id="define",
            acoustic_exchange_conn_id="acoustic_exchange_endpoint",
            endpoint_id=10001,
            segments=[{"id": 8000000000000001152, "name": "Win-back", "type": "Queries"}],
        )

    :param endpoint_id: the endpoint (templated).
    :param segments: the segments, with the vendor's own field names; each has either an ``id`` (a number) or
        an ``id_string`` (templated).
    :param mode: ``append`` adds those that the endpoint does not offer yet; ``replace`` makes the list the
        only segments of the endpoint, so that those not in it are no longer offered (templated).
    :param acoustic_exchange_conn_id: the connection's id (templated).
    :raises Conflict: the endpoint offers a segment with another description, which only ``replace`` changes.
    :raises Refused: the service answered false, or shows other segments afterwards.
    :raises AlternateActionRequired: the endpoint takes no single segment; it names what it takes, for
        example ``REPLACE``.
    :raises NotSupported: the endpoint cannot change its segments.
    """

    arguments = {"endpoint_id": NUMBER_ID, "segments": RESOURCES, "mode": word("append", "replace")}

    def __init__(
        self,
        *,
        endpoint_id: int | str,
        segments: Sequence[Mapping[str, Any]],
        mode: str = "append",
        acoustic_exchange_conn_id: str = "acoustic_exchange_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.endpoint_id = endpoint_id
        self.segments = segments
        self.mode = mode
        self.acoustic_exchange_conn_id = acoustic_exchange_conn_id

    def check(self) -> None:
        self.check_inside("segments", _definitions)

    async def steps(self) -> JSON:
        from airflow_provider_activation.actions import acoustic_exchange as actions

        endpoint_id, wanted = int(self.endpoint_id), _definitions(self.segments)
        if self.mode == "append":
            segments = actions.Segments(endpoint_id=endpoint_id, segments=wanted)
            return await segments.add(tried_before=self.tried_before)
        return await actions.replace_segments(endpoint_id, wanted)

    def intent(self) -> str:
        return f"endpoint {self.endpoint_id} would offer {counted(self._ids, 'segment')}"

    def simulated(self, made: JSON) -> JSON:
        return {"endpointId": self.endpoint_id, "added": self._ids, "unchanged": []}

    @property
    def _ids(self) -> list[str]:
        return [str(segment.path_id) for segment in _definitions(self.segments)]

    def summary(self, result: JSON) -> str:
        if self.mode == "replace":
            segments = counted(result["added"], "segment")
            return f"Replaced all segments of endpoint {self.endpoint_id} by {segments}."
        added, unchanged = (counted(result[name], "segment") for name in ("added", "unchanged"))
        return f"Endpoint {self.endpoint_id}: added {added}; there before: {unchanged}."


class AcousticExchangeDeleteSegmentsOperator(AcousticExchangeTask, ActionOperator):
    """Delete some or all segments that an endpoint offers. Needs the endpoint's own key.

    May be run any number of times. Returns ``{"endpointId": ..., "deleted": [...], "absent": [...]}``, with
    lists of segment ids; null instead of the lists if all segments were deleted. Documents: "DELETE
    /v1/endpoint/{endpointId}/segments" and "DELETE /v1/endpoint/{endpointId}/segments/{segmentId}".

    .. code-block:: python

        delete = AcousticExchangeDeleteSegmentsOperator(
            task_id="delete",
            acoustic_exchange_conn_id="acoustic_exchange_endpoint",
            endpoint_id=10001,
            segment_ids=[8000000000000001152],
        )

    :param endpoint_id: the endpoint (templated).
    :param segment_ids: the numbers or texts with which the segments were defined (templated).
    :param all_segments: True deletes every segment of the endpoint; ``segment_ids`` is then left out
        (templated).
    :param acoustic_exchange_conn_id: the connection's id (templated).
    :raises Refused: the service answered false, and does not show that the segments are gone.
    """

    arguments = {"endpoint_id": NUMBER_ID, "segment_ids": IDS | None, "all_segments": FLAG}

    def __init__(
        self,
        *,
        endpoint_id: int | str,
        segment_ids: Sequence[int | str] | None = None,
        all_segments: bool = False,
        acoustic_exchange_conn_id: str = "acoustic_exchange_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.endpoint_id = endpoint_id
        self.segment_ids = segment_ids
        self.all_segments = all_segments
        self.acoustic_exchange_conn_id = acoustic_exchange_conn_id

    def check(self) -> None:
        if not is_template(self.all_segments) and self.all_segments is (self.segment_ids is not None):
            raise ValueError("Give segment_ids, or all_segments=True, and not both.")

    async def steps(self) -> JSON:
        from airflow_provider_activation.api import acoustic_exchange as api

        endpoint_id = int(self.endpoint_id)
        if self.all_segments:
            await api.delete_all_segments(endpoint_id)
            return {"endpointId": endpoint_id, "deleted": None, "absent": None}
        ids: dict[str, list[str]] = {"deleted": [], "absent": []}
        for segment_id in self.segment_ids or ():
            was_offered = await api.delete_segment_if_offered(endpoint_id, segment_id)
            ids["deleted" if was_offered else "absent"].append(str(segment_id))
        return {"endpointId": endpoint_id, **ids}

    def intent(self) -> str:
        which = "all segments" if self.all_segments else counted(self.segment_ids or (), "segment")
        return f"{which} of endpoint {self.endpoint_id} would be deleted"

    def simulated(self, made: JSON) -> JSON:
        if self.all_segments:
            return {"endpointId": self.endpoint_id, "deleted": None, "absent": None}
        return {"endpointId": self.endpoint_id, "deleted": [*map(str, self.segment_ids or ())], "absent": []}

    def summary(self, result: JSON) -> str:
        if self.all_segments:
            return f"Deleted all segments of endpoint {self.endpoint_id}."
        deleted, absent = (counted(result[name], "segment") for name in ("deleted", "absent"))
        return f"Endpoint {self.endpoint_id}: deleted {deleted}; not there: {absent}."


def _definitions(segments: Sequence[Mapping[str, Any]]) -> list[api.SegmentDefinition]:
    # this loads the service's models, but few DAGs define segments
    from airflow_provider_activation.api import acoustic_exchange as api

    return [api.SegmentDefinition.model_validate(segment) for segment in segments]
