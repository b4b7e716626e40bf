"""What every operator has in common. Imports nothing that `airflow.sdk` has not loaded already:
everything else is imported when a task runs, so that parsing a DAG stays fast."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

from airflow_provider_activation.arguments import DEFERRABLE, one_of, seconds
from airflow_provider_activation.connected import ActivationTask
from airflow_provider_activation.versions import deferral_timeout, without_vain_retries

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_activation.api.call import Call
    from airflow_provider_activation.api.steps import Steps
    from airflow_provider_activation.hooks.base import ActivationHook
    from airflow_provider_activation.submission import Memory, OnUncertain, Submission
    from airflow_provider_activation.waits.probe import Probe

JSON = Any

SUBMISSION = "submission"
"""Key of the XCom that says, while the task waits, what it waits for."""
KILLED_WITHIN = 4.0
"""Seconds to stop what was started when the process is told to end; Airflow kills it after five."""


class ActivationOperator(ActivationTask):
    """An operator of this package."""

    outputs: tuple[str, ...] = ()
    """Fields of the result that are XComs of their own, so that ``task.output["id"]`` names one."""

    def publish(self, context: Context, result: JSON) -> JSON:
        """Push the result's `outputs`; returns the result."""
        if self.do_xcom_push:
            for name in self.outputs:
                context["ti"].xcom_push(key=name, value=result[name])
        return result

    @cached_property
    def hook(self) -> ActivationHook:
        """The service's hook with this task's connection."""
        raise NotImplementedError

    def generation(self, context: Context) -> int:
        """Number of the first try since the task was last cleared."""
        max_tries = getattr(context["ti"], "max_tries", None)
        return 1 if max_tries is None else max(1, max_tries - self.retries + 1)

    def first_try(self, context: Context) -> bool:
        """Whether no try has been made since the task was last cleared."""
        return bool(context["ti"].try_number <= self.generation(context))


class ActionOperator(ActivationOperator):
    """An action that may be repeated: a few calls, and their result."""

    tried_before = False
    """Whether an earlier try may have done some of it."""

    @abstractmethod
    def steps(self) -> Steps[JSON]:
        """The calls of the action; returns the task's result as plain JSON."""

    @without_vain_retries
    def execute(self, context: Context) -> JSON:
        self.tried_before = not self.first_try(context)
        return self.publish(context, self.hook.run(self.steps()))


class DeleteOperator(ActivationOperator):
    """Delete a thing. May be run any number of times.

    :param if_missing: ``fail`` if it is not there when the task is tried first; ``ignore`` is content.
    """

    def __init__(self, *, if_missing: str = "fail", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.if_missing = one_of("if_missing", if_missing, ("fail", "ignore"))

    @abstractmethod
    def delete(self) -> Call[Any]:
        """The call."""

    def look(self) -> Call[Any] | None:
        """A call that raises NotFound if the thing is not there; None if the service has none."""
        return None

    @property
    @abstractmethod
    def result(self) -> JSON:
        """The task's result."""

    @without_vain_retries
    def execute(self, context: Context) -> JSON:
        return self.publish(context, self.hook.run(self._steps(tried_before=not self.first_try(context))))

    def _steps(self, *, tried_before: bool) -> Steps[JSON]:
        from airflow_provider_activation.errors import NotFound

        may_be_gone = tried_before or self.if_missing == "ignore"
        try:
            if look := self.look():
                yield look
                # from here on only a sending of our own can have deleted it
                may_be_gone = True
            yield self.delete()
        except NotFound as error:
            if not may_be_gone:
                raise
            self.log.info("It is not there: %s", error.message)
        return self.result


@dataclass(frozen=True)
class Finished:
    """There is nothing to wait for: the task's result."""

    result: JSON


class SubmittingOperator(ActivationOperator):
    """An action that must not be done twice, and often a wait for its end.

    :param wait_for_completion: wait until what was started has ended; otherwise return at once.
    :param deferrable: wait in the triggerer and hold no worker slot.
    :param poll_interval: seconds between two questions while waiting.
    :param timeout: how long to wait at most, in seconds or as a timedelta.
    :param cancel_on_kill: stop or undo at the service what was started when the wait ends before it does:
        the task is killed, a person clears or marks it (while deferred: Airflow 3.3), or the time runs
        out. Each operator says what it can undo; where it is nothing, the log says what goes on.
    :param on_uncertain: what to do when an earlier try may have sent the call and the service cannot
        show whether it did: ``fail`` with what a person should check, or ``resubmit``.
    """

    waits = True
    """Whether there is anything to wait for after the call."""

    nouns: tuple[str, ...]
    """What is submitted, the names under which it is remembered between tries."""

    cancels_on_kill = True
    """The default of ``cancel_on_kill``."""

    rehearsal_id: JSON = "0"
    """Stands for the id while the wait is tried out before anything is sent."""

    def __init__(
        self,
        *,
        wait_for_completion: bool = True,
        deferrable: bool = DEFERRABLE,
        poll_interval: float | timedelta = 60.0,
        timeout: float | timedelta = timedelta(days=1),
        cancel_on_kill: bool | None = None,
        on_uncertain: OnUncertain = "fail",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.wait_for_completion = wait_for_completion
        self.deferrable = deferrable
        self.poll_interval = seconds("poll_interval", poll_interval)
        self.timeout = seconds("timeout", timeout)
        self.cancel_on_kill = self.cancels_on_kill if cancel_on_kill is None else cancel_on_kill
        self.on_uncertain: OnUncertain = one_of("on_uncertain", on_uncertain, ("fail", "resubmit"))
        self._made: JSON = None
        self._cancelled: JSON = None
        self._submitting = False

    # what an operator declares

    def submission(self, key: str) -> Submission:
        """What is to be made at most once.

        :param key: the submission key, to travel in a free-text field where the service has one.
        """
        raise NotImplementedError

    def start(self, key: str, memory: Memory) -> Steps[JSON | Finished]:
        """Make it and return its id, or `Finished` if there is nothing to wait for."""
        from airflow_provider_activation.submission import submit

        return submit(self.submission(key), memory, on_uncertain=self.on_uncertain)

    def probe(self, made: JSON) -> Probe:
        """The wait for the end of what was made.

        :param made: the id the submission returned.
        """
        raise NotImplementedError

    def result(self, made: JSON) -> Steps[JSON]:
        """The task's result when it does not wait."""
        raise NotImplementedError

    def unfinished(self, made: JSON) -> Probe | None:
        """What goes on at the service, or can be undone there, when the task ends before its time."""
        return self.probe(made) if self._shall_wait else None

    def announce(self, context: Context, made: JSON) -> None:
        """Show a person what was started, before the wait begins."""

    def note_made(self, made: JSON) -> None:
        """Note what there is to undo as soon as it is known, for `on_kill`."""
        self._made = made

    # what is done with it

    @without_vain_retries
    def execute(self, context: Context) -> JSON:
        if self._shall_wait:
            self._rehearse(self.probe(self.rehearsal_id))
        self._submitting = True
        made = self.hook.run(self.start(self._key(context), self._memory(context)))
        self._submitting = False
        if isinstance(made, Finished):
            return self.finish(context, made.result)
        self.note_made(made)
        self.announce(context, made)
        if not self._shall_wait:
            return self.finish(context, self.hook.run(self.result(made)))
        probe = self.probe(made)
        deadline = time.time() + self.timeout
        context["ti"].xcom_push(key=SUBMISSION, value={"made": made, "deadline": deadline})
        if self.deferrable:
            self.log.info("Waiting for %s in the triggerer.", probe.subject)
            self.wait_deferred(probe, deadline)
        return self.finish(context, self._wait(probe, deadline))

    def execute_complete(self, context: Context, event: Mapping[str, JSON] | None = None) -> JSON:
        """Go on where the triggerer left off."""
        from airflow_provider_activation.errors import WaitTimeout
        from airflow_provider_activation.waits.probe import result_of_event

        try:
            result = result_of_event(event)
        except WaitTimeout:
            self._give_up(self.submitted(context)["made"])
            raise
        return self.finish(context, result)

    @without_vain_retries
    def resume_execution(
        self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context
    ) -> JSON:
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except deferral_timeout():
            # Airflow's own deadline, for a wait whose triggerer is gone
            self._give_up(self.submitted(context)["made"])
            raise

    def on_kill(self) -> None:
        """Called by Airflow in the task's process: SIGTERM, or ``execution_timeout`` has passed."""
        made, self._made = self._made, None
        if made is not None and (probe := self.unfinished(made)):
            from airflow_provider_activation.waits.probe import give_up

            if self.hook.run_apart(give_up(probe, cancel=self.cancel_on_kill), timeout=KILLED_WITHIN):
                self._cancelled = made
        elif self._submitting:
            self.log.warning(
                "Killed before it was known what became of the call. If the task is tried again, "
                "it asks the service before it sends anything."
            )

    # for operators whose wait has an ending of its own

    def submitted(self, context: Context) -> dict[str, JSON]:
        """What `execute` ``made`` before it gave its worker slot back, and the ``deadline`` of the wait."""
        ti = context["ti"]
        submitted = ti.xcom_pull(task_ids=ti.task_id, map_indexes=ti.map_index, key=SUBMISSION)
        return submitted or {"made": None, "deadline": 0.0}

    def wait_deferred(self, probe: Probe, deadline: float) -> NoReturn:
        """Go on waiting in the triggerer."""
        from airflow_provider_activation.triggers.wait import defer

        defer(
            self,
            probe,
            conn_id=self.hook.conn_id,
            poll_interval=self.poll_interval,
            deadline=deadline,
            cancel_on_kill=self.cancel_on_kill,
        )

    def finish(self, context: Context, result: JSON) -> JSON:
        """End the task well.

        :raises JobFailed: the task was killed, and what it made was cancelled.
        """
        self._made = None
        if self._cancelled is not None:
            from airflow_provider_activation.errors import JobFailed

            # Airflow lets a killed task go on for some seconds, in which it may have undone the undoing
            self._give_up(self._cancelled)
            raise JobFailed("the task was killed, and what it had made was cancelled.")
        return self.publish(context, result)

    def _wait(self, probe: Probe, deadline: float) -> JSON:
        from airflow_provider_activation.errors import WaitTimeout
        from airflow_provider_activation.waits.probe import wait

        self.log.info("Waiting for %s.", probe.subject)
        try:
            return self.hook.run(wait(probe, poll_interval=self.poll_interval, deadline=deadline))
        except WaitTimeout:
            self._give_up(self._made)
            raise

    def _give_up(self, made: JSON) -> None:
        from airflow_provider_activation.waits.probe import give_up

        probe = None if made is None else self.unfinished(made)
        if probe is not None:
            self.hook.run(give_up(probe, cancel=self.cancel_on_kill))

    def _rehearse(self, probe: Probe) -> None:
        """Find out what cannot be waited for before anything is sent."""
        if self.deferrable:
            from airflow_provider_activation.triggers.wait import WaitTrigger

            trigger = WaitTrigger.of(
                probe, conn_id=self.hook.conn_id, poll_interval=self.poll_interval, deadline=time.time()
            )
            trigger.serialize()

    @property
    def _shall_wait(self) -> bool:
        return self.waits and self.wait_for_completion

    def _memory(self, context: Context) -> Memory:
        from airflow_provider_activation import versions
        from airflow_provider_activation.submission import Memory

        return Memory(
            versions.task_state_store(context),
            generation=self.generation(context),
            first_try=self.first_try(context),
        )

    def _key(self, context: Context) -> str:
        from airflow_provider_activation.submission import submission_key

        ti = context["ti"]
        map_index = -1 if ti.map_index is None else ti.map_index
        return submission_key(ti.dag_id, ti.run_id, ti.task_id, map_index, self.generation(context))
