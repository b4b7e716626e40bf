"""The tries of one task, in this process: as Airflow runs them, with what it keeps between them."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from airflow.providers.common.compat.sdk import TaskDeferred
from airflow.sdk import BaseOperator
from task_running import Task, made_anew

from airflow_provider_activation.actions.base import Finished
from airflow_provider_activation.arguments import SHORTEST_INTERVAL
from airflow_provider_activation.errors import ActivationError
from airflow_provider_activation.operators.base import SubmittingOperator
from airflow_provider_activation.triggers.wait import WaitTrigger

from .calls import OnceCall
from .faults import SIGTERM, TRIGGERER, TRIGGERER_FOR_GOOD, Fault, Mode
from .injection import Died, Injector, WatchedStore
from .tasks import Place
from .world import Hung, World

POLL_INTERVAL = 1.0
"""Seconds of the sandbox's time; in the triggerer real ones, where it is shorter."""
TICK, TICK_PASSES = 0.002, 0.5
"""While a trigger waits, so many real seconds are so many of the sandbox."""
LONGEST_TRIGGER = 5000
"""Ticks: whoever still waits then, waits for ever."""
OVER = {"error": "Trigger timeout"}
"""What Airflow resumes a task with when its trigger is long overdue."""


@dataclass
class Ended:
    """How a try ended: green with a result, or red with an error; both None if its process died."""

    green: bool = False
    result: Any = None
    error: BaseException | None = None


def operator_of(call: OnceCall, mode: Mode, place: Place) -> BaseOperator:
    """The task, made anew."""
    options: dict[str, Any] = {}
    if call.waits:
        interval = SHORTEST_INTERVAL if mode.deferrable else POLL_INTERVAL
        options = {"deferrable": mode.deferrable, "poll_interval": interval}
    operator: Any = call.operator(place, options)
    operator.simulate = mode.simulated
    return operator  # type: ignore[no-any-return]


class Tries(Task):
    """One task of one run.

    :param world: its time and network.
    :param advance: lets the sandbox's time pass.
    """

    def __init__(
        self, call: OnceCall, mode: Mode, place: Place, world: World, advance: Callable[[float], None]
    ) -> None:
        super().__init__(lambda: operator_of(call, mode, place), store=False, run_id=place.get("run_id"))
        self.call, self.mode, self._world, self._advance = call, mode, world, advance
        if mode.store:
            self.store = WatchedStore()
        self.injector: Injector | None = None
        self.fault: Fault | None = None
        self.operator: BaseOperator | None = None

    def attempt(self, fault: Fault | None, misbehave: Callable[..., Any]) -> Ended:
        """One try, in which that goes wrong."""
        if fault is not None and self.mode.deferrable and fault.kind == "service down":
            # the growing pauses of a trigger are real
            fault = replace(fault, times=min(fault.times, 2))
        self.fault = fault
        noted = self.mode.store and self.call.notes
        self.injector = Injector(self.call, fault, self._world.clock, misbehave, self._die, notes=noted)
        self._world.watch = self.injector
        if isinstance(self.store, WatchedStore):
            self.store.injector = self.injector
        try:
            result = self.run()
            self.injector.ends()
            return Ended(green=True, result=result)
        except Died:
            return Ended()
        except Exception as error:
            return Ended(error=error)
        finally:
            self._world.watch = None

    def _die(self) -> None:
        assert self.fault is not None
        if self.fault.death == SIGTERM and self.operator is not None:
            self.operator.on_kill()
            if self.fault.goes_on:
                return
        raise Died

    def _operator(self) -> BaseOperator:
        operator = super()._operator()
        self.operator = operator
        if isinstance(operator, SubmittingOperator):
            make = operator.make

            def answered(context: Any, action: Any) -> Any:
                made = make(context, action)
                if self.injector is not None and not isinstance(made, Finished):
                    self.injector.answered()
                return made

            operator.__dict__["make"] = answered
        return operator

    def _begin_and_resume(self) -> Any:
        try:
            return self.begin()
        except TaskDeferred as deferred:
            event = self._event()
            method, kwargs = ("__fail__", OVER) if event is None else (deferred.method_name, {"event": event})
        operator = self._operator()
        if self.injector is not None:
            self.injector.resumes()
        return operator.resume_execution(method, kwargs, self.context)

    def _event(self) -> Any:
        """What the trigger says in the end; None if there is no triggerer any more."""
        kind = None if self.fault is None else self.fault.kind
        deaths = self.fault.times if self.fault and kind == TRIGGERER else 0
        for _ in range(deaths):
            # most die early in the wait, and some when it is nearly over
            asyncio.run(self._trigger(ticks=random.choice((1, 4, 12))))
        if kind == TRIGGERER_FOR_GOOD:
            return None
        return json.loads(json.dumps(asyncio.run(self._trigger())))

    async def _trigger(self, ticks: int | None = None) -> Any:
        """A trigger made of what is stored of it, run until it says something or its triggerer dies."""
        waiting = asyncio.ensure_future(_first_event(made_anew(self.triggers[-1])))
        for _ in range(LONGEST_TRIGGER if ticks is None else ticks):
            if waiting.done():
                break
            await asyncio.sleep(TICK)
            self._advance(TICK_PASSES)
        else:
            waiting.cancel()
            with suppress(asyncio.CancelledError):
                await waiting
            if ticks is None:
                raise Hung
            return None
        return waiting.result()


async def _first_event(trigger: WaitTrigger) -> Any:
    async for event in trigger.run():
        return event.payload


def is_retried(error: BaseException) -> bool:
    """Whether Airflow tries again after this error, if there is a try left."""
    return not (isinstance(error, ActivationError) and not error.retry_helps)
