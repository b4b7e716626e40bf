"""The base of sensors. It imports nothing that `airflow.sdk` has not loaded already."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator, BaseSensorOperator, PokeReturnValue

from airflow_provider_activation.airflow_compat import deferral_timeout
from airflow_provider_activation.arguments import DEFERRABLE, PLAIN_FLAG, interval, seconds
from airflow_provider_activation.simulation import simulation
from airflow_provider_activation.tasks import (
    JSON,
    ActivationTask,
    ReadsArguments,
    in_a_running_task,
    of_a_base,
)

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_activation.simulation import Simulation
    from airflow_provider_activation.waits.pace import Pace
    from airflow_provider_activation.waits.probe import Patience, Probe


class ActivationSensor(ActivationTask, BaseSensorOperator, metaclass=ReadsArguments):
    """A sensor of this package. Its result is what it waited for, the same in every mode.

    ``soft_fail`` skips the task when its timeout has passed, and never hides a failure.

    :param deferrable: wait in the triggerer and hold no worker slot. If left out, Airflow's setting
        ``default_deferrable`` decides, except for a sensor with arguments that a triggerer cannot keep, such
        as ``mode="reschedule"``.
    :param poke_interval: seconds between two polls; the first ones come sooner.
    :param poll_interval: another name for ``poke_interval``.
    :param timeout: how long to wait at most, in seconds or as a timedelta.
    :param simulate: poll once, and say what would be waited for; in a simulated run nobody has started it.
        A sensor that is given a simulated id makes no call, whether this is set or not (templated).

    :raises ValueError: an argument is out of range, or cannot be kept in the triggerer.
    """

    @of_a_base
    def __init__(
        self,
        *,
        deferrable: bool | None = None,
        poke_interval: float | timedelta | None = None,
        poll_interval: float | timedelta | None = None,
        timeout: float | timedelta = timedelta(days=7),
        simulate: bool = False,
        **kwargs: Any,
    ) -> None:
        every = _one_interval(poke_interval, poll_interval, kwargs.get("default_args") or {})
        super().__init__(poke_interval=every, timeout=seconds("timeout", timeout), **kwargs)
        on_worker = {
            "mode": self.mode != "poke",
            "silent_fail": self.silent_fail,
            "exponential_backoff": self.exponential_backoff,
            "max_wait": self.max_wait is not None,
        }
        names = ", ".join(name for name, is_given in on_worker.items() if is_given)
        if deferrable is True and names:
            advice = "leave it out or set deferrable=False."
            raise ValueError(f"{names} cannot be kept in the triggerer; {advice}")
        self.simulate = simulate
        self.deferrable: Any = DEFERRABLE and not names if deferrable is None else deferrable

    arguments = {"deferrable": PLAIN_FLAG}
    takes_simulated_ids = True
    _patience: Patience | None = None
    _ends = _since = 0.0

    @abstractmethod
    def probe(self) -> Probe:
        """What is waited for."""

    def intent(self) -> str:
        return "it would be waited for"

    def simulated(self, made: JSON) -> JSON:
        return self.unknown()

    def _look_once(self, simulated: Simulation) -> JSON:
        from airflow_provider_activation.waits.probe import Pending, conclude

        probe = self.probe()
        outcome = self.hook.run(probe.look())
        if isinstance(outcome, Pending):
            simulated.would.append(f"{probe.subject} would be waited for; now: {outcome.status}")
            return self.simulated(simulated.id)
        result = conclude(probe, outcome)
        simulated.would.append(f"{probe.subject} would be waited for, and is there already")
        return result

    def _begin(self, context: Context, *, deferred: bool = False) -> Patience:
        """Take the time at the first poke, and what is tolerated from then on."""
        if self._patience is None:
            from airflow_provider_activation.waits.probe import Patience, begun

            started, first = time.monotonic(), None
            if self.reschedule:
                # each poke is a process of its own
                first = context["ti"].get_first_reschedule_date(context)
            if first is None and not deferred:
                self.log.info(begun(self.probe(), self.timeout, self.poke_interval))
            if first is not None:
                started -= time.time() - first.timestamp()
            self._ends = started + self.timeout
            self._since = time.time() - (time.monotonic() - started)
            self._patience = Patience(self.probe().subject, started=started)
        return self._patience

    def poke(self, context: Context) -> PokeReturnValue:
        from airflow_provider_activation.waits.probe import Pending, ask_on_worker, conclude, ended

        probe, patience = self.probe(), self._begin(context)
        outcome = ask_on_worker(self.hook, lambda _: patience.look(probe), ends=self._ends)
        if isinstance(outcome, Pending):
            if not patience.is_bad:  # bad polls are logged already
                self.log.info("%s: %s.", probe.subject, self.gate.message(outcome.status))
            return PokeReturnValue(False)
        result = conclude(probe, outcome)
        self.log.info(self.gate.message(ended(probe, result, self._since)))
        return PokeReturnValue(True, self.gate(result))

    @cached_property
    def _pace(self) -> Pace:
        from airflow_provider_activation.waits.pace import Pace

        return Pace(self.poke_interval)

    def _get_next_poke_interval(
        self, started_at: datetime | float, run_duration: Callable[[], float], poke_count: int
    ) -> float:
        if self._patience is None or self.reschedule or self.exponential_backoff:
            # each poke is a process of its own, or the user chose Airflow's intervals
            return super()._get_next_poke_interval(started_at, run_duration, poke_count)
        return max(0.0, min(self._patience.pause(self._pace), self.timeout - run_duration()))

    @in_a_running_task
    def execute(self, context: Context) -> JSON:
        from airflow_provider_activation.waits import pace

        if (simulated := simulation()) is not None:
            return self._look_once(simulated)
        if not self.deferrable or self.timeout < 2 * pace.FIRST_LOOK_AFTER:
            return super().execute(context)
        deadline, conn_id = time.time() + self.timeout, self.hook.conn_id
        self._begin(context, deferred=True)
        # the trigger needs the rest for its first look
        self._ends = time.monotonic() + self.timeout / 2 - pace.OVERRUN
        poke = self.poke(context)
        if poke:
            return poke.xcom_value
        from airflow_provider_activation.triggers.wait import WaitTrigger
        from airflow_provider_activation.waits.probe import begun

        probe, interval = self.probe(), self.poke_interval
        self.log.info(begun(probe, self.timeout, interval, in_triggerer=True))
        WaitTrigger.of(probe, conn_id=conn_id, poll_interval=interval, deadline=deadline).defer(self)

    def execute_complete(
        self, context: Context, event: Mapping[str, JSON] | None = None, since: float | None = None
    ) -> JSON:
        """Continue after the trigger's event.

        :param since: when the wait in the triggerer began, in seconds since the epoch.
        """
        from airflow_provider_activation.waits.probe import ended, result_of_event

        result = result_of_event(event)
        self.log.info(self.gate.message(ended(self.probe(), result, since)))
        return self.gate(result)

    @in_a_running_task
    def resume_execution(
        self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context
    ) -> JSON:
        # Airflow's own also skips a task whose trigger failed, where soft_fail is set
        from airflow.providers.common.compat.sdk import AirflowSensorTimeout, AirflowSkipException

        from airflow_provider_activation.errors import WaitTimeout
        from airflow_provider_activation.waits.probe import Pending, conclude, ended, last_look

        try:
            try:
                return BaseOperator.resume_execution(self, next_method, next_kwargs, context)
            except deferral_timeout():
                outcome = last_look(self.hook, self.probe())
                if isinstance(outcome, Pending):
                    raise
                result = conclude(self.probe(), outcome)
                self.log.info(
                    self.gate.message(ended(self.probe(), result, (next_kwargs or {}).get("since")))
                )
                return result
        except Exception as error:
            timed_out = isinstance(error, (WaitTimeout, deferral_timeout()))
            if self.never_fail or (self.soft_fail and timed_out):
                raise AirflowSkipException(str(error)) from error
            if timed_out:
                raise AirflowSensorTimeout(str(error)) from None
            raise


def _one_interval(
    poke_interval: float | timedelta | None,
    poll_interval: float | timedelta | None,
    default_args: Mapping[str, Any],
) -> float:
    """Seconds between two polls, by either name; the sensor's own argument comes before the DAG's default.

    :raises ValueError: both names are given, with different values.
    """
    names = {"poke_interval": poke_interval, "poll_interval": poll_interval}
    given = {name: interval(name, value) for name, value in names.items() if value is not None}
    if len(set(given.values())) > 1:
        given = {name: given[name] for name in given if names[name] != default_args.get(name)} or given
    if len(set(given.values())) > 1:
        raise ValueError("poke_interval and poll_interval are two names of one argument: give one of them.")
    return next(iter(given.values()), 60.0)
