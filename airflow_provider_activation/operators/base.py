"""The bases of operators. What `airflow.sdk` has not loaded is imported when a task runs, not when parsed."""

from __future__ import annotations

import time
import warnings
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import partial
from inspect import signature
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperator

from airflow_provider_activation.airflow_compat import deferral_timeout
from airflow_provider_activation.arguments import DEFERRABLE, DURATION, FLAG, INTERVAL, PLAIN_FLAG, word
from airflow_provider_activation.simulation import simulated_id, simulation
from airflow_provider_activation.tasks import (
    JSON,
    ActivationTask,
    ReadsArguments,
    in_a_running_task,
    of_a_base,
)
from airflow_provider_activation.wording import shortened

if TYPE_CHECKING:
    from airflow.sdk import Context
    from airflow.sdk.definitions.mappedoperator import OperatorPartial

    from airflow_provider_activation.actions.base import Making, OnUncertain
    from airflow_provider_activation.actions.memory import Books, Memory
    from airflow_provider_activation.triggers.wait import WaitTrigger
    from airflow_provider_activation.waits.probe import Probe

SUBMISSION = "submission"
"""Key of the XCom that holds, while the task waits, what it made and its deadline."""
ON_UNCERTAIN = word("fail", "adopt", "resubmit")
KILLED_WITHIN = 4.0
"""Seconds to cancel what was started after SIGTERM; Airflow kills the process after five."""


class ActivationOperator(ActivationTask, BaseOperator, metaclass=ReadsArguments):
    """An operator of this package.

    :param simulate: read and check, change nothing, and say what would be done. The result has its usual keys
        and ``would``. An id of what does not exist begins with ``simulated:`` (templated).
    """

    outputs: tuple[str, ...] = ()
    """Fields of the result that are XComs of their own, so that ``task.output["id"]`` names one."""

    def given(self, names: Iterable[str]) -> dict[str, Any]:
        """The values of those of these arguments that are not left out."""
        return {name: value for name in names if (value := getattr(self, name)) is not None}

    def changed(self, names: Iterable[str]) -> str:
        """What was changed to which value, for the log: those of these arguments that are not left out."""
        told = (f"{name} {shortened(repr(value), 60)}" for name, value in self.given(names).items())
        return ", ".join(told) or "nothing, since nothing was given"

    @classmethod
    def partial(cls, **kwargs: Any) -> OperatorPartial:
        return super().partial(**cls.without_ignored(kwargs, stacklevel=2))

    @classmethod
    def without_ignored(cls, arguments: dict[str, Any], *, stacklevel: int = 4) -> dict[str, Any]:
        """The arguments without those that never acted, with a warning for each of them."""
        if not arguments.keys() & cls.ignored_arguments:
            return arguments
        from airflow.exceptions import AirflowProviderDeprecationWarning

        ignored = arguments.keys() & cls.ignored_arguments - signature(cls.__init__).parameters.keys()
        for name in sorted(ignored):
            message = f"{cls.__name__} takes no {name}: it never acted, and a later release refuses it."
            warnings.warn(message, AirflowProviderDeprecationWarning, stacklevel=stacklevel)
        return {name: value for name, value in arguments.items() if name not in ignored}

    def publish(self, context: Context, result: JSON) -> JSON:
        """Make the result fit to leave the task, and push those `outputs` that are not null; returns it."""
        result = self.gate(result)
        if self.do_xcom_push:
            for name in self.outputs:
                if result.get(name) is not None:
                    context["ti"].xcom_push(key=name, value=result[name])
        return result

    def first_try(self, context: Context) -> bool:
        """Whether no try has been made since the task was last cleared."""
        return bool(context["ti"].try_number <= self.generation(context))


class ActionOperator(ActivationOperator):
    """An operator whose calls may be repeated.

    :param simulate: see `ActivationOperator` (templated).
    """

    tried_before = False
    """Whether an earlier try may have made some of the calls."""

    @of_a_base
    def __init__(self, *, simulate: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.simulate = simulate

    @abstractmethod
    async def steps(self) -> JSON:
        """Make the calls and return the task's result as plain JSON."""

    @abstractmethod
    def summary(self, result: JSON) -> str:
        """What was done, in one line for the log: which resources, how many, rows and bytes if known.

        :param result: what `steps` returned.
        """

    @in_a_running_task
    def execute(self, context: Context) -> JSON:
        self.tried_before = not self.first_try(context)
        result = self.hook.run(self.steps())
        self.log.info(self.gate.message(self.summary(result)))
        return self.publish(context, result)


class DeleteOperator(ActivationOperator):
    """An operator that deletes a resource. It may be run any number of times.

    :param if_missing: ``fail`` if the resource is missing on the first try; ``ignore`` succeeds (templated).
    :param simulate: see `ActivationOperator` (templated).
    """

    arguments = {"if_missing": word("fail", "ignore")}
    id_argument: ClassVar[str]
    """The argument with the resource's id."""
    reads: ClassVar[str | None] = None
    """The name of the endpoint that reads the resource, if the service has one."""
    deletes: ClassVar[str]
    """The name of the endpoint that deletes it."""

    @of_a_base
    def __init__(self, *, if_missing: str = "fail", simulate: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.if_missing = if_missing
        self.simulate = simulate

    @property
    def resource_id(self) -> str | int | None:
        """The resource's id as it is sent."""
        resource_id: str = getattr(self, self.id_argument)
        return resource_id

    @property
    def result(self) -> JSON:
        """The task's result."""
        return {"id": self.resource_id}

    @property
    def noun(self) -> str:
        """What is deleted, for the log."""
        return self.id_argument.removesuffix("_id").replace("_", " ")

    @property
    def _which(self) -> str:
        return f"{self.noun} {self.resource_id}" if self.resource_id is not None else f"the key's {self.noun}"

    def intent(self) -> str:
        return f"{self._which} would be deleted"

    def simulated(self, made: JSON) -> JSON:
        return self.result

    @in_a_running_task
    def execute(self, context: Context) -> JSON:
        return self.publish(context, self.hook.run(self._steps(tried_before=not self.first_try(context))))

    async def _steps(self, *, tried_before: bool) -> JSON:
        from airflow_provider_activation.errors import NotFound

        may_be_gone = tried_before or self.if_missing == "ignore"
        try:
            if self.reads is not None:
                await self.endpoint(self.reads)(self.resource_id)
                # it exists: if it is missing below, this call or a retry of it has deleted it
                may_be_gone = True
            await self.endpoint(self.deletes)(self.resource_id)
        except NotFound:
            if not may_be_gone:
                raise
            self.log.info("There is no %s (any more), so there is nothing to delete.", self._which)
        else:
            self.log.info("Deleted %s.", self._which)
        return self.result


class SubmittingOperator(ActivationOperator):
    """What `SubmitOperator` and `SubmitAndWaitOperator` have in common; takes no arguments."""

    nouns: tuple[str, ...]
    """What is made, the names under which it is stored between tries."""
    on_uncertain: OnUncertain = "fail"
    cancel_on_kill: bool | None = None
    """Whether to cancel what was made when the task is killed; as `cancels_on_kill` says if None."""
    cancels_on_kill = False
    """The default of `cancel_on_kill`."""
    _memory: Memory | None = None
    _cancelled: JSON = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # the mark of durable execution, which Airflow's registry looks for under the class's own private name
        setattr(cls, f"_{cls.__name__.lstrip('_')}__supports_durable_execution", True)

    @abstractmethod
    def submission(self, key: str) -> Making:
        """What is to be made at most once.

        :param key: the submission key, for a free-text field where the service has one.
        """

    def unfinished(self, made: JSON) -> Probe | None:
        """The probe of what continues or can be cancelled at the service when the task ends early; else None.

        :param made: the id of what was made.
        """
        return None

    def intent(self) -> str:
        return f"{' and '.join(self.nouns)} would be made"

    def simulated(self, made: JSON) -> JSON:
        return self.unknown() | dict.fromkeys(self.outputs, made)

    @property
    def cancels(self) -> bool:
        """Whether what was made is cancelled when the task is killed."""
        return self.cancels_on_kill if self.cancel_on_kill is None else self.cancel_on_kill

    def books(self, context: Context) -> Books | None:
        """Where it is written that the task sends, besides what its own tries store."""
        return None

    def make(self, context: Context, action: Making) -> JSON:
        """Have it made, and return its id, or `Finished` if there is nothing to wait for."""
        from airflow_provider_activation import airflow_compat
        from airflow_provider_activation.actions.base import Finished
        from airflow_provider_activation.actions.memory import Memory

        if simulation() is not None:
            # what a simulation would make, no other try has made
            memory = Memory(None, generation=1, first_try=True)
            made = self.hook.run(action.make(memory, self.on_uncertain))
            if isinstance(made, Finished):
                return made
            return Finished(self.simulated(made) if simulated_id(made) else self.read(action, made))
        store = airflow_compat.task_state_store(context)
        memory = Memory(
            store,
            generation=self.generation(context),
            first_try=self.first_try(context),
            fit=self.hook.gate.inside,
            fence=partial(airflow_compat.ask_supervisor, context["ti"]),
            books=self.books(context),
        )
        self._memory = memory
        made = self.hook.run(action.make(memory, self.on_uncertain))
        memory.made = None if isinstance(made, Finished) else made
        return made

    def read(self, action: Making, made: JSON) -> JSON:
        """The task's result where it does not wait; None if what was made is cancelled already."""
        if self._cancelled is not None:
            return None
        from airflow_provider_activation.actions.base import ODD_ANSWERS, once_found

        return self.hook.run(once_found(lambda: action.result(made), ODD_ANSWERS))

    def finish(self, context: Context, result: JSON) -> JSON:
        """End the task with success.

        :raises JobFailed: the task was killed, and what it made was cancelled.
        """
        self._memory = None
        if self._cancelled is not None:
            from airflow_provider_activation.errors import JobFailed

            # Airflow lets a killed task go on for some seconds, in which it may have made it again
            self.give_up(self._cancelled)
            raise JobFailed("the task was killed, and what it had made was cancelled.")
        return self.publish(context, result)

    def give_up(self, made: JSON) -> None:
        """Cancel what was made, or log what continues at the service."""
        from airflow_provider_activation.waits.probe import give_up

        probe = None if made is None else self.unfinished(made)
        if probe is not None:
            self.hook.run(give_up(probe, cancel=self.cancels))

    def on_kill(self) -> None:
        """Called by Airflow in the task's process: SIGTERM, or ``execution_timeout`` has passed."""
        memory, self._memory = self._memory, None
        if memory is None:
            return
        if memory.made is None:
            self.log.warning(
                "Killed before it was known what became of the call. If the task is tried again, "
                "it asks the service before it sends anything."
            )
        elif probe := self.unfinished(memory.made):
            from airflow_provider_activation.waits.probe import give_up

            if self.hook.run_apart(give_up(probe, cancel=self.cancels), timeout=KILLED_WITHIN):
                self._cancelled = memory.made


class SubmitOperator(SubmittingOperator):
    """An operator that makes a resource at most once.

    :param on_uncertain: what to do when an earlier try may have sent the call and the service cannot show
        whether it did: ``fail`` says what a person should check; ``adopt`` takes the only resource that may
        be the task's own, for a team that alone uses the account; ``resubmit`` sends it again (templated).
    :param simulate: see `ActivationOperator` (templated).
    """

    arguments = {"on_uncertain": ON_UNCERTAIN}
    ignored_arguments = frozenset(
        ("wait_for_completion", "deferrable", "poll_interval", "timeout", "cancel_on_kill")
    )

    @of_a_base
    def __init__(self, *, on_uncertain: OnUncertain = "fail", simulate: bool = False, **kwargs: Any) -> None:
        super().__init__(**self.without_ignored(kwargs, stacklevel=6))
        self.on_uncertain = on_uncertain
        self.simulate = simulate

    @in_a_running_task
    def execute(self, context: Context) -> JSON:
        from airflow_provider_activation.actions.base import Finished

        action = self.submission(self.submission_key(context))
        made = self.make(context, action)
        result = made.result if isinstance(made, Finished) else self.read(action, made)
        return self.finish(context, result)


class SubmitAndWaitOperator(SubmittingOperator):
    """An operator that makes a resource at most once, and waits for its end.

    :param on_uncertain: see `SubmitOperator` (templated).
    :param wait_for_completion: wait until what was started has ended; otherwise return at once.
    :param deferrable: wait in the triggerer and hold no worker slot.
    :param poll_interval: seconds between two polls while waiting.
    :param timeout: how long to wait at most, in seconds or as a timedelta.
    :param cancel_on_kill: cancel what was started when the wait ends early: the task is killed, a person
        clears or marks it (if it is deferred, from Airflow 3.3 on), or the timeout passes. Each operator says
        what it can cancel. Where it cannot, the log says what continues at the service. True if left out,
        unless the operator says otherwise (templated).
    :param simulate: see `ActivationOperator` (templated).
    """

    arguments = {
        "on_uncertain": ON_UNCERTAIN,
        "cancel_on_kill": FLAG | None,
        "wait_for_completion": PLAIN_FLAG,
        "deferrable": PLAIN_FLAG,
        "poll_interval": INTERVAL,
        "timeout": DURATION,
    }
    cancels_on_kill = True
    rehearsal_id: JSON = "0"
    """Stands for the id while the trigger is built before anything is sent."""

    @of_a_base
    def __init__(
        self,
        *,
        wait_for_completion: bool = True,
        deferrable: bool = DEFERRABLE,
        poll_interval: float | timedelta = 60.0,
        timeout: float | timedelta = timedelta(days=1),
        cancel_on_kill: bool | None = None,
        on_uncertain: OnUncertain = "fail",
        simulate: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.simulate = simulate
        self.on_uncertain = on_uncertain
        self.wait_for_completion = wait_for_completion
        self.deferrable = deferrable
        self.poll_interval: Any = poll_interval
        self.timeout: Any = timeout
        self.cancel_on_kill: Any = cancel_on_kill

    @abstractmethod
    def probe(self, made: JSON) -> Probe:
        """The wait for the end of what was made.

        :param made: its id.
        """

    def announce(self, context: Context, made: JSON) -> None:
        """Show a person what was started, before the wait starts."""

    def unfinished(self, made: JSON) -> Probe | None:
        return self.probe(made) if self.wait_for_completion else None

    @in_a_running_task
    def execute(self, context: Context) -> JSON:
        from airflow_provider_activation.actions.base import Finished
        from airflow_provider_activation.errors import WaitTimeout

        if self.wait_for_completion:
            probe = self.probe(self.rehearsal_id)
            if self.deferrable:
                # built and serialised before anything is sent, so that it cannot fail afterwards
                self.wait_trigger(probe, time.time()).serialize()
        action = self.submission(self.submission_key(context))
        made = self.make(context, action)
        if isinstance(made, Finished):
            return self.finish(context, made.result)
        self.announce(context, made)
        if not self.wait_for_completion:
            return self.finish(context, self.read(action, made))
        deadline = time.time() + self.timeout
        context["ti"].xcom_push(key=SUBMISSION, value=self.gate.inside({"made": made, "deadline": deadline}))
        self.hook.run(action.proven(made))
        try:
            result = self.wait_until(deadline, self.probe(made))
        except WaitTimeout:
            if self._memory is not None:
                self.give_up(self._memory.made)
            raise
        return self.finish(context, result)

    def wait_until(self, deadline: float, probe: Probe) -> JSON:
        """Wait for the result of a probe: in the triggerer after one poll here, or here if it is short.

        :param deadline: seconds since the epoch at which the wait gives up.
        """
        from airflow_provider_activation.waits import pace
        from airflow_provider_activation.waits.probe import (
            Patience,
            Pending,
            ask_on_worker,
            begun,
            conclude,
            ended,
            wait,
        )

        started, left = time.monotonic(), deadline - time.time()
        since, every = time.time(), self.poll_interval
        if not self.deferrable or round(left, 1) < 2 * pace.FIRST_LOOK_AFTER:
            self.log.info(begun(probe, left, every))
            result = ask_on_worker(
                self.hook,
                lambda credentials: wait(
                    probe, poll_interval=every, deadline=deadline, credentials=credentials
                ),
                ends=started + left,
            )
            self.log.info(self.gate.message(ended(probe, result, since)))
            return result
        patience = Patience(probe.subject)
        # the trigger needs the rest for its first look
        ends = started + left / 2 - pace.OVERRUN
        outcome = ask_on_worker(self.hook, lambda _: patience.look(probe), ends=ends)
        if not isinstance(outcome, Pending):
            result = conclude(probe, outcome)
            self.log.info(self.gate.message(ended(probe, result, since)))
            return result
        if self._cancelled is not None:
            return None  # it was killed meanwhile, and does not end well
        self.log.info(begun(probe, left, every, in_triggerer=True))
        self.wait_trigger(probe, deadline).defer(self)

    def execute_complete(
        self, context: Context, event: Mapping[str, JSON] | None = None, since: float | None = None
    ) -> JSON:
        """Continue after the trigger's event.

        :param since: when the wait in the triggerer began, in seconds since the epoch.
        """
        from airflow_provider_activation.errors import WaitTimeout
        from airflow_provider_activation.waits.probe import ended, result_of_event

        made = self.submitted(context)["made"]
        try:
            result = result_of_event(event)
        except WaitTimeout:
            self.give_up(made)
            raise
        if made is not None:
            self.log.info(self.gate.message(ended(self.probe(made), result, since)))
        return self.finish(context, result)

    @in_a_running_task
    def resume_execution(
        self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context
    ) -> JSON:
        from airflow_provider_activation.waits.probe import Pending, conclude, ended, last_look

        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except deferral_timeout():
            # Airflow's own deadline: no triggerer ran the wait, or a clock was set
            made = self.submitted(context)["made"]
            probe = None if made is None else self.probe(made)
            if probe is None or isinstance(outcome := last_look(self.hook, probe), Pending):
                self.give_up(made)
                raise
        result = conclude(probe, outcome)
        self.log.info(self.gate.message(ended(probe, result, (next_kwargs or {}).get("since"))))
        return self.finish(context, result)

    def submitted(self, context: Context) -> dict[str, JSON]:
        """What `execute` ``made`` before it gave its worker slot back, and the ``deadline`` of the wait."""
        ti = context["ti"]
        submitted = ti.xcom_pull(task_ids=ti.task_id, map_indexes=ti.map_index, key=SUBMISSION)
        return submitted or {"made": None, "deadline": 0.0}

    def wait_trigger(self, probe: Probe, deadline: float) -> WaitTrigger:
        """The rest of the wait, in the triggerer."""
        from airflow_provider_activation.triggers.wait import WaitTrigger

        conn_id, interval, cancel = self.hook.conn_id, self.poll_interval, self.cancels
        return WaitTrigger.of(
            probe, conn_id=conn_id, poll_interval=interval, deadline=deadline, cancel_on_kill=cancel
        )
