"""Operators for Acoustic Exchange: the segments an endpoint offers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_activation.arguments import one_of, whole_number
from airflow_provider_activation.tasks import AcousticExchangeTask
from airflow_provider_activation.operators.base import JSON, ActionOperator

if TYPE_CHECKING:
    from airflow_provider_activation.api import acoustic_exchange as api
    from airflow_provider_activation.api.steps import Steps


__all__ = [
    "AcousticExchangeDefineSegmentsOperator",
    "AcousticExchangeDeleteSegmentsOperator",
]


class AcousticExchangeDefineSegmentsOperator(AcousticExchangeTask, ActionOperator):
    """Describe the segments an endpoint offers. Needs the endpoint's own key.

    May be run any number of times. Returns ``{"endpointId": ..., "added": [...], "unchanged": [...]}``,
    lists of segment ids.

    Documents: "POST" and "PUT /v1/endpoint/{endpointId}/segments".

    .. code-block:: python

        define = AcousticExchangeDefineSegmentsOperator(
            task_id="define",
            acoustic_exchange_conn_id="acoustic_exchange_endpoint",
            endpoint_id=10001,
            segments=[{"id": 8000000000000001152, "name": "Win-back", "type": "Queries"}],
        )

    :param endpoint_id: the endpoint (templated).
    :param segments: the segments in the vendor's own field names; exactly one of ``id`` (a number) and
        ``id_string`` each (templated).
    :param mode: ``append`` adds those that are not there yet; ``replace`` makes these the only ones.
    :raises Conflict: a segment is there and is described otherwise, which only ``replace`` can change.
    :raises Refused: the service answered false.
    """

    template_fields = (*AcousticExchangeTask.template_fields, "endpoint_id", "segments")

    def __init__(
        self,
        *,
        endpoint_id: int | str,
        segments: Sequence[Mapping[str, Any]],
        mode: str = "append",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.endpoint_id = endpoint_id
        self.segments = segments
        self.mode = one_of("mode", mode, ("append", "replace"))

    async def steps(self) -> JSON:
        from airflow_provider_activation.api import acoustic_exchange as api
        from airflow_provider_activation.errors import UncertainOutcome
        from airflow_provider_activation.actions.base import look_until

        def missing_now() -> Steps[list[api.SegmentDefinition]]:
            return self._missing(endpoint_id, wanted)

        def nothing(missing: list[api.SegmentDefinition]) -> bool:
            return not missing

        endpoint_id = whole_number("endpoint_id", self.endpoint_id)
        wanted = [api.SegmentDefinition.model_validate(segment) for segment in self.segments]
        if self.mode == "replace":
            await api.replace_segments(endpoint_id, wanted)
            return _defined(endpoint_id, added=wanted, unchanged=[])
        missing = await (look_until(missing_now, nothing) if self.tried_before else missing_now())
        if missing:
            try:
                await api.add_segments(endpoint_id, missing)
            except UncertainOutcome:
                if await look_until(missing_now, nothing):
                    raise
        unchanged = [segment for segment in wanted if segment not in missing]
        return _defined(endpoint_id, added=missing, unchanged=unchanged)

    async def _missing(
        self, endpoint_id: int, segments: Sequence[api.SegmentDefinition]
    ) -> list[api.SegmentDefinition]:
        from airflow_provider_activation.api import acoustic_exchange as api
        from airflow_provider_activation.errors import Conflict, NotFound

        missing = []
        for segment in segments:
            try:
                known = await api.get_segment(endpoint_id, segment.path_id)
            except NotFound:
                missing.append(segment)
                continue
            if differences := segment.differences(known):
                raise Conflict(
                    f"segment {segment.path_id} is there with another {' and another '.join(differences)}; "
                    'mode="replace" describes all segments of the endpoint anew.',
                    service=api.SERVICE,
                    operation="add_segments",
                )
        return missing


class AcousticExchangeDeleteSegmentsOperator(AcousticExchangeTask, ActionOperator):
    """Have an endpoint no longer offer some segments, or any. Needs the endpoint's own key.

    May be run any number of times. Returns ``{"endpointId": ..., "deleted": [...], "absent": [...]}``,
    lists of segment ids; null instead of the lists if all were deleted. Documents: "DELETE
    /v1/endpoint/{endpointId}/segments" and "DELETE /v1/endpoint/{endpointId}/segments/{segmentId}".

    .. code-block:: python

        delete = AcousticExchangeDeleteSegmentsOperator(
            task_id="delete",
            acoustic_exchange_conn_id="acoustic_exchange_endpoint",
            endpoint_id=10001,
            segment_ids=[8000000000000001152],
        )

    :param endpoint_id: the endpoint (templated).
    :param segment_ids: the segments, numbers or texts as they were defined (templated).
    :param all_segments: True deletes every segment of the endpoint; ``segment_ids`` is then left out.
    :raises Refused: the service answered false and does not show that they are gone.
    """

    template_fields = (*AcousticExchangeTask.template_fields, "endpoint_id", "segment_ids")

    def __init__(
        self,
        *,
        endpoint_id: int | str,
        segment_ids: Sequence[int | str] | None = None,
        all_segments: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.endpoint_id = endpoint_id
        self.segment_ids = segment_ids
        self.all_segments = all_segments
        if all_segments is (segment_ids is not None):
            raise ValueError("Give segment_ids, or all_segments=True, and not both.")

    async def steps(self) -> JSON:
        from airflow_provider_activation.api import acoustic_exchange as api
        from airflow_provider_activation.errors import InvalidRequest, NotFound, Refused

        endpoint_id = whole_number("endpoint_id", self.endpoint_id)
        if self.all_segments:
            try:
                await api.delete_segments(endpoint_id)
            except Refused:
                # false may also say that there were none, perhaps since an earlier sending of this call
                if not (await _offers_none(endpoint_id)):
                    raise
            return {"endpointId": endpoint_id, "deleted": None, "absent": None}
        given = self.segment_ids
        if isinstance(given, str) or not given:
            raise InvalidRequest(f"segment_ids must be a list of ids and not empty, but is {given!r}.")
        deleted, absent = [], []
        for segment_id in given:
            if not (await _is_offered(endpoint_id, segment_id)):
                absent.append(segment_id)
                continue
            try:
                await api.delete_segment(endpoint_id, segment_id)
            except (NotFound, Refused):
                # it was there a moment ago: if it is gone, an earlier sending of this call deleted it
                if await _is_offered(endpoint_id, segment_id):
                    raise
            deleted.append(segment_id)
        return {"endpointId": endpoint_id, "deleted": deleted, "absent": absent}


async def _is_offered(endpoint_id: int, segment_id: int | str) -> bool:
    from airflow_provider_activation.api import acoustic_exchange as api
    from airflow_provider_activation.errors import NotFound

    try:
        await api.get_segment(endpoint_id, segment_id)
    except NotFound:
        return False
    return True


async def _offers_none(endpoint_id: int) -> bool:
    """Whether the endpoint is listed without any segment. The documents do not show the list: what cannot
    be found there proves nothing."""
    from airflow_provider_activation.api import acoustic_exchange as api

    query = api.EndpointQuery(source=True, segment=True, load_segments=True, page_size=1)
    endpoints = await api.list_endpoints(query)
    return any(
        endpoint.endpoint_id == str(endpoint_id) and getattr(endpoint, "segments", None) == []
        for endpoint in endpoints
    )


def _defined(
    endpoint_id: int, *, added: Sequence[api.SegmentDefinition], unchanged: Sequence[api.SegmentDefinition]
) -> JSON:
    return {
        "endpointId": endpoint_id,
        "added": [segment.path_id for segment in added],
        "unchanged": [segment.path_id for segment in unchanged],
    }
