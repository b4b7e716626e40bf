"""Operators for Dataddo: runs of sources and flows."""

from __future__ import annotations

from abc import abstractmethod
from datetime import date
from typing import TYPE_CHECKING, Any

from airflow_provider_activation.tasks import DataddoTask
from airflow_provider_activation.operators.base import JSON, SubmittingOperator

if TYPE_CHECKING:
    from airflow_provider_activation.api import dataddo as api
    from airflow_provider_activation.api.call import Call
    from airflow_provider_activation.api.steps import Steps
    from airflow_provider_activation.actions.base import Candidate, Submission
    from airflow_provider_activation.waits.dataddo import FlowRunProbe, RunProbe, SourceRunProbe


__all__ = [
    "DataddoExtractSourceOperator",
    "DataddoWriteFlowOperator",
]


class DataddoRunOperator(DataddoTask, SubmittingOperator):
    """A run that is put in the queue. It has no id: it is told by how the last run stood before."""

    rehearsal_id: JSON = {"last_run_started": None, "last_run_finished": None}

    @abstractmethod
    def probe(self, made: JSON) -> RunProbe:
        """The wait for the run."""

    @abstractmethod
    def enqueue(self) -> Call[Any]:
        """The call that puts the run in the queue."""

    def submission(self, key: str) -> Submission:
        from airflow_provider_activation.actions.base import Candidate, Submission

        noun = self.nouns[0]

        async def last_run() -> JSON:
            from airflow_provider_activation.api import dataddo as api
            from airflow_provider_activation.errors import Conflict

            status = await self.probe(self.rehearsal_id).status_call()
            if status.state in (api.RUNNING, api.RETRYING):
                raise Conflict(
                    f"{self.probe(self.rehearsal_id).subject} is {status.state} already, and two runs at "
                    "once cannot be told apart. Run the task again when it has ended.",
                    service=api.SERVICE,
                )
            return {
                "last_run_started": _text(status.last_run_started),
                "last_run_finished": _text(status.last_run_finished),
            }

        async def begun(before: JSON) -> list[Candidate]:
            if before is None:
                return []
            probe = self.probe(before)
            status = await probe.status_call()
            if not probe.has_begun(status):
                return []
            return [Candidate(before, f"{probe.subject}, which is {status.state}")]

        return Submission(
            noun=noun,
            create=self.enqueue(),
            find=begun,
            id_of=lambda answer, before: before,
            before=last_run,
            # a run may stand in the queue for long before anything shows
            proves_absence=False,
            recall=self._failed,
            id_is=_are_moments,
            before_is=_are_moments,
        )

    async def _failed(self, made: JSON) -> bool:
        from airflow_provider_activation.waits.probe import Failed

        outcome = await self.probe(made).look()
        return isinstance(outcome, Failed)

    async def result(self, made: JSON) -> JSON:
        status = await self.probe(made).status_call()
        return status.plain()


class DataddoExtractSourceOperator(DataddoRunOperator):
    """Have a source load, and wait until it has. Returns the source's status afterwards.

    Document: "Backfilling". A relative range is read on the day of the call, so that a retry on the
    next day loads other days; ``date_from`` and ``date_to`` stay the same.

    .. code-block:: python

        extract = DataddoExtractSourceOperator(
            task_id="extract",
            source_id="60f1",
            date_from="{{ data_interval_start | ds }}",
            date_to="{{ data_interval_end | ds }}",
            deferrable=True,
        )

    :param source_id: the source (templated).
    :param date_from: first day to load (templated).
    :param date_to: last day to load (templated).
    :param date_range: days relative to today instead, without braces: ``30d1`` (templated).
    :param storage_strategy: how rows are stored, if not as the source is set.
    :param cancel_on_kill: deactivate the extraction. That also ends the source's own schedule until
        somebody activates it, which is why it has to be asked for.
    """

    template_fields = (*DataddoTask.template_fields, "source_id", "date_from", "date_to", "date_range")
    nouns = ("extraction",)
    cancels_on_kill = False

    def __init__(
        self,
        *,
        source_id: str,
        date_from: date | str | None = None,
        date_to: date | str | None = None,
        date_range: str | None = None,
        storage_strategy: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.source_id = source_id
        self.date_from = date_from
        self.date_to = date_to
        self.date_range = date_range
        self.storage_strategy = storage_strategy

    def enqueue(self) -> Call[Any]:
        from airflow_provider_activation.api import dataddo as api

        given = {name: getattr(self, name) for name in api.Extraction.model_fields}
        extraction = api.Extraction.model_validate(
            {name: value for name, value in given.items() if value is not None}
        )
        return api.enqueue_extraction(self.source_id, extraction)

    def probe(self, made: JSON) -> SourceRunProbe:
        from airflow_provider_activation.waits.dataddo import SourceRunProbe

        return SourceRunProbe(**made, source_id=self.source_id)


class DataddoWriteFlowOperator(DataddoRunOperator):
    """Have a flow write, and wait until it has. Returns the flow's status afterwards.

    Document: "Backfilling".

    .. code-block:: python

        write = DataddoWriteFlowOperator(task_id="write", flow_id="60f2", deferrable=True)

    :param flow_id: the flow (templated).
    """

    template_fields = (*DataddoTask.template_fields, "flow_id")
    nouns = ("write",)

    def __init__(self, *, flow_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.flow_id = flow_id

    def enqueue(self) -> Call[Any]:
        from airflow_provider_activation.api import dataddo as api

        return api.enqueue_write(self.flow_id)

    def probe(self, made: JSON) -> FlowRunProbe:
        from airflow_provider_activation.waits.dataddo import FlowRunProbe

        return FlowRunProbe(**made, flow_id=self.flow_id)


def _are_moments(noted: JSON) -> bool:
    """Whether it is how a last run stood: two moments, or None."""
    from airflow_provider_activation.waits.dataddo import is_moment

    return (
        isinstance(noted, dict)
        and noted.keys() == DataddoRunOperator.rehearsal_id.keys()
        and all(moment is None or is_moment(moment) for moment in noted.values())
    )


def _text(moment: Any) -> str | None:
    return None if moment is None else moment.isoformat()
