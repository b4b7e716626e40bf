"""What every sensor has in common. Imports nothing that `airflow.sdk` has not loaded already."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator, PokeReturnValue

from airflow_provider_activation.arguments import DEFERRABLE, seconds

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_activation.hooks.base import ActivationHook
    from airflow_provider_activation.waits.probe import Patience, Probe

JSON = Any


class ActivationSensor(BaseSensorOperator):
    """A sensor of this package. What it waited for is its result, the same in every mode.

    :param deferrable: wait in the triggerer and hold no worker slot.
    :param poll_interval: seconds between two questions.
    :param timeout: how long to wait at most, in seconds or as a timedelta.
    """

    def __init__(
        self,
        *,
        deferrable: bool = DEFERRABLE,
        poll_interval: float | timedelta = 60.0,
        timeout: float | timedelta = timedelta(days=7),
        **kwargs: Any,
    ) -> None:
        if "poke_interval" in kwargs:
            raise ValueError("poke_interval is named poll_interval here.")
        super().__init__(
            poke_interval=seconds("poll_interval", poll_interval),
            timeout=seconds("timeout", timeout),
            **kwargs,
        )
        self.deferrable = deferrable

    @cached_property
    def hook(self) -> ActivationHook:
        """The service's hook with this task's connection."""
        raise NotImplementedError

    @abstractmethod
    def probe(self) -> Probe:
        """What is waited for."""

    @cached_property
    def _patience(self) -> Patience:
        from airflow_provider_activation.waits.probe import Patience

        return Patience(self.probe().subject)

    def poke(self, context: Context) -> PokeReturnValue:
        from airflow_provider_activation.waits.probe import Pending, conclude

        probe = self.probe()
        outcome = self.hook.run(self._patience.look(probe))
        if isinstance(outcome, Pending):
            self.log.info("%s: %s.", probe.subject, outcome.status)
            return PokeReturnValue(False)
        return PokeReturnValue(True, conclude(probe, outcome))

    def execute(self, context: Context) -> JSON:
        if not self.deferrable:
            return super().execute(context)
        poke = self.poke(context)
        if poke:
            return poke.xcom_value
        from airflow_provider_activation.triggers.wait import defer

        defer(
            self,
            self.probe(),
            conn_id=self.hook.conn_id,
            poll_interval=self.poke_interval,
            timeout=self.timeout,
        )

    def execute_complete(self, context: Context, event: Mapping[str, JSON] | None = None) -> JSON:
        """Go on where the triggerer left off."""
        from airflow.providers.common.compat.sdk import AirflowSensorTimeout

        from airflow_provider_activation.errors import WaitTimeout
        from airflow_provider_activation.waits.probe import result_of_event

        try:
            return result_of_event(event)
        except WaitTimeout as error:
            # the one ending that Airflow's own sensors have a name for, which soft_fail goes by
            raise AirflowSensorTimeout(str(error)) from None
