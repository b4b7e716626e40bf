"""What is waited for at Dataddo."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from datetime import datetime

from airflow_provider_activation.api import dataddo as api
from airflow_provider_activation.api.call import Call
from airflow_provider_activation.hooks.dataddo import DataddoHook
from airflow_provider_activation.redaction import without_contacts
from airflow_provider_activation.waits.probe import Done, Failed, Outcome, Pending, Probe


@dataclass(frozen=True)
class RunProbe(Probe):
    """A run of a source or a flow that was put in the queue. The result is its status.

    A run has no id. Its timestamps distinguish it from the run before: ``live`` with a later finish is this
    run, and it is done; ``live`` with the timestamps from before the enqueue is still the run before.

    :param last_run_started: when the run before started, in ISO 8601; None if there was none.
    :param last_run_finished: when the run before finished, in ISO 8601; None if there was none.
    """

    hook_class = DataddoHook
    last_run_started: str | None
    last_run_finished: str | None

    @abstractmethod
    def status_call(self) -> Call[api.RunStatus]:
        """The call that reads the status."""

    def has_begun(self, status: api.RunStatus) -> bool:
        """Whether a status shows that the run has begun."""
        return status.state == api.RUNNING or is_later(status.last_run_started, self.last_run_started)

    async def look(self) -> Outcome:
        return self.judge(await self.status_call())

    def judge(self, status: api.RunStatus) -> Outcome:
        """What a status means for the run that was put in the queue."""
        started = is_later(status.last_run_started, self.last_run_started)
        finished = is_later(status.last_run_finished, self.last_run_finished)
        match status.state:
            case api.LIVE if finished:
                return Done(status.plain())
            case api.LIVE:
                return Pending("live, not started yet" if not started else "live, not finished yet")
            case api.BROKEN | api.INACTIVE if started or finished:
                detail = f": {without_contacts(status.description)}" if status.description else ""
                return Failed(f"it is {status.state}{detail}")
            case api.INACTIVE:
                return Failed("it is inactive and will not run until somebody switches it on")
            case state:
                return Pending(state, known=state in (api.RUNNING, api.RETRYING, api.BROKEN))


@dataclass(frozen=True)
class SourceRunProbe(RunProbe):
    """An extraction."""

    source_id: str

    @property
    def subject(self) -> str:
        return f"extraction of source {self.source_id}"

    def status_call(self) -> Call[api.RunStatus]:
        return api.get_source_status(self.source_id)

    @property
    def left_behind(self) -> str:
        return f"The {self.subject} goes on at Dataddo; look at the source's log there."

    async def cancel(self) -> str:
        action = await api.get_extraction(self.source_id)
        await api.deactivate_extraction(self.source_id, action)
        return f"the extraction of source {self.source_id} was deactivated, its schedule too."


@dataclass(frozen=True)
class FlowRunProbe(RunProbe):
    """A write."""

    flow_id: str

    @property
    def subject(self) -> str:
        return f"write of flow {self.flow_id}"

    def status_call(self) -> Call[api.RunStatus]:
        return api.get_flow_status(self.flow_id)

    @property
    def left_behind(self) -> str:
        return f"The {self.subject} goes on at Dataddo, which stops no write; look at the flow's log there."


def is_later(timestamp: datetime | None, stored: str | None) -> bool:
    """Whether a timestamp is later than a stored one. Any timestamp is later than None."""
    return timestamp is not None and (stored is None or timestamp > datetime.fromisoformat(stored))


def is_timestamp(stored: object) -> bool:
    """Whether a stored value is a timestamp in ISO 8601 with its time zone."""
    try:
        return isinstance(stored, str) and datetime.fromisoformat(stored).tzinfo is not None
    except ValueError:
        return False
