"""The trigger of all waits: it polls a probe until there is an outcome."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_provider_activation.airflow_compat import is_still_deferred
from airflow_provider_activation.errors import ActivationError, AuthenticationFailed, PermissionDenied
from airflow_provider_activation.hooks.base import ActivationHook
from airflow_provider_activation.waits import pace
from airflow_provider_activation.waits.probe import (
    JSON,
    Credentials,
    Probe,
    event_of_error,
    event_of_result,
    give_up,
)
from airflow_provider_activation.waits.shared import shared_wait

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator

RENEWED_WITHIN = 10.0
"""Seconds. A connection that was looked up earlier is looked up again when the service refuses it."""
ON_KILL_WITHIN = 25.0
"""Seconds to cancel what was started when a person ended the task; Airflow allows thirty."""
FRAMEWORK_GRACE = 300.0
"""Seconds after a wait's own deadline at which Airflow ends a deferred task whose triggerer is gone."""


class WaitTrigger(BaseTrigger):
    """Waits for the outcome of a probe. It contains no secret and continues after a restart of the triggerer.

    :param conn_id: the Airflow connection's id.
    :param probe: the probe's name.
    :param fields: the probe's fields as JSON.
    :param poll_interval: seconds between two polls.
    :param deadline: seconds since the epoch at which the wait gives up.
    :param cancel_on_kill: whether to cancel what is waited for when a person clears or marks the task
        (Airflow 3.3); None if the task did not start it.
    """

    def __init__(
        self,
        conn_id: str,
        probe: str,
        fields: str,
        poll_interval: float,
        deadline: float,
        cancel_on_kill: bool | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow's own lacks types
        self.conn_id = conn_id
        self.probe = probe
        self.fields = fields
        self.poll_interval = poll_interval
        self.deadline = deadline
        self.cancel_on_kill = cancel_on_kill

    @classmethod
    def of(
        cls,
        probe: Probe,
        *,
        conn_id: str,
        poll_interval: float,
        deadline: float,
        cancel_on_kill: bool | None = None,
    ) -> WaitTrigger:
        """A trigger for this probe."""
        return cls(conn_id, *probe.dump(), poll_interval, deadline, cancel_on_kill)

    def serialize(self) -> tuple[str, dict[str, Any]]:
        names = ("conn_id", "probe", "fields", "poll_interval", "deadline", "cancel_on_kill")
        arguments = {name: getattr(self, name) for name in names}
        return "airflow_provider_activation.triggers.wait.WaitTrigger", arguments

    def defer(self, task: BaseOperator) -> NoReturn:
        """Defer a task until the outcome; it continues in its ``execute_complete``."""
        left = timedelta(seconds=max(0.0, self.deadline - time.time()) + FRAMEWORK_GRACE)
        since = {"since": time.time()}
        task.defer(trigger=self, method_name="execute_complete", kwargs=since, timeout=left)

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait, and yield one event: the result, or the error the waiting task raises."""
        probe = Probe.load(self.probe, self.fields)
        hook = probe.hook_class(self.conn_id)
        try:
            event = event_of_result(await self._wait(probe, hook))
        except Exception as error:
            clean = hook.gate.error(error)
            if not isinstance(clean, ActivationError):
                raise
            event = event_of_error(clean)
        yield TriggerEvent(hook.gate(event))  # type: ignore[no-untyped-call]

    async def _wait(self, probe: Probe, hook: ActivationHook) -> JSON:
        await asyncio.sleep(min(pace.FIRST_LOOK_AFTER, max(0.0, self.deadline - time.time())))
        transport, credentials = await hook.aget_conn(), Credentials()
        wait = partial(shared_wait, poll_interval=self.poll_interval, deadline=self.deadline)
        while True:
            try:
                async with transport:
                    return await wait(transport, probe, credentials=credentials)
            except (AuthenticationFailed, PermissionDenied):
                # during a wait of days the connection may get a new key
                before, transport = transport, await hook.aget_conn(max_age=RENEWED_WITHIN)
                if credentials.are_refused(renewed=transport is not before):
                    raise

    async def on_kill(self) -> None:
        """Called by Airflow 3.3 when a person clears or marks the deferred task."""
        if self.cancel_on_kill is None:
            return
        ending = asyncio.create_task(self._give_up(cancel=self.cancel_on_kill))
        ends = time.monotonic() + ON_KILL_WITHIN
        # Airflow cancels this again about once a second
        while not ending.done() and (left := ends - time.monotonic()) > 0:
            with suppress(asyncio.CancelledError):
                await asyncio.wait([ending], timeout=left)
        if not ending.done():
            ending.cancel()
            raise TimeoutError
        ending.result()

    async def _give_up(self, *, cancel: bool) -> None:
        if await is_still_deferred(self.task_instance):
            return
        probe = Probe.load(self.probe, self.fields)
        transport = await probe.hook_class(self.conn_id).aget_conn()
        async with transport:
            await transport.arun(give_up(probe, cancel=cancel))
