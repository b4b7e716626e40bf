"""The base of tasks: a connection to a service and a retry policy, written once for operators and sensors.

These classes are no operators and take no arguments. Airflow wraps the ``__init__`` of each class of
operators, and that is most of what making an operator costs: a task has its own, at most one of its base in
`operators` or `sensors`, and no more. The argument that names the connection stands in the former.

Nothing is imported that `airflow.sdk` has not loaded already: the client is imported when a task runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, cached_property
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from airflow_provider_activation.airflow_compat import RETRY_POLICIES
from airflow_provider_activation.gate import is_id, numbers_as_text

JSON: TypeAlias = Any

if TYPE_CHECKING:
    from airflow_provider_activation.api import delta_projects as api
    from airflow_provider_activation.api.call import Call
    from airflow_provider_activation.gate import Gate
    from airflow_provider_activation.hooks.acoustic_exchange import AcousticExchangeHook
    from airflow_provider_activation.hooks.base import ActivationHook
    from airflow_provider_activation.hooks.dataddo import DataddoHook
    from airflow_provider_activation.hooks.delta_projects import DeltaProjectsHook
    from airflow_provider_activation.hooks.liveramp import LiveRampHook


class ActivationTask:
    """A task with a connection to a service. `ActivationRetryPolicy` is its default retry policy."""

    conn_type: ClassVar[str]
    """The connection's type. It names the service's modules and the argument ``<conn_type>_conn_id`` too."""
    hook_class: ClassVar[str]
    _own_retry_policy: Any = None

    def __init__(self, **kwargs: Any) -> None:
        # without it Airflow would wrap the inherited `__init__` once more in the first class of operators
        super().__init__(**kwargs)

    @property
    def retry_policy(self) -> Any:
        """The retry policy of the task or its DAG; without one, `ActivationRetryPolicy`."""
        return self._own_retry_policy or _default_retry_policy()

    @retry_policy.setter
    def retry_policy(self, given: Any) -> None:
        # past Airflow's own `__setattr__`, which has run already
        self.__dict__["_own_retry_policy"] = given

    @cached_property
    def hook(self) -> ActivationHook:
        """The service's hook with this task's connection."""
        hook_class = resolve_name(f"airflow_provider_activation.hooks.{self.conn_type}:{self.hook_class}")
        hook: ActivationHook = hook_class(getattr(self, f"{self.conn_type}_conn_id"))
        return hook

    @property
    def gate(self) -> Gate:
        """What results, events and errors of this task go through."""
        return self.hook.gate

    def _do_render_template_fields(self, parent: Any, *args: Any, **kwargs: Any) -> None:
        super()._do_render_template_fields(parent, *args, **kwargs)  # type: ignore[misc]
        for name in self.template_fields:  # type: ignore[attr-defined]
            if parent is self and is_id(name):
                # Airflow's pages round large numbers
                setattr(self, name, numbers_as_text(getattr(self, name)))

    def endpoint(self, name: str) -> Callable[..., Call[Any]]:
        """The endpoint of this name in the service's `api`."""
        endpoint: Callable[..., Call[Any]]
        endpoint = resolve_name(f"airflow_provider_activation.api.{self.conn_type}:{name}")
        return endpoint


@cache
def _default_retry_policy() -> Any:
    """One for all tasks; None before Airflow 3.3, which has no retry policies."""
    if not RETRY_POLICIES:
        return None
    from airflow_provider_activation.retry_policy import ActivationRetryPolicy

    return ActivationRetryPolicy()


class LiveRampTask(ActivationTask):
    """A task with a connection of type ``liveramp``."""

    conn_type = "liveramp"
    hook_class = "LiveRampHook"
    template_fields: Sequence[str] = ("liveramp_conn_id",)
    ui_color = "#d9f2e6"
    hook: LiveRampHook


class AcousticExchangeTask(ActivationTask):
    """A task with a connection of type ``acoustic_exchange``."""

    conn_type = "acoustic_exchange"
    hook_class = "AcousticExchangeHook"
    template_fields: Sequence[str] = ("acoustic_exchange_conn_id",)
    ui_color = "#fbe9d7"
    hook: AcousticExchangeHook


class DeltaProjectsTask(ActivationTask):
    """A task with a connection of type ``delta_projects``, and the account that an activity lives in."""

    conn_type = "delta_projects"
    hook_class = "DeltaProjectsHook"
    template_fields: Sequence[str] = ("delta_projects_conn_id", "media_agency_id", "client_id")
    ui_color = "#e3ecfb"
    hook: DeltaProjectsHook
    media_agency_id: str | None
    client_id: str | None

    @property
    def account(self) -> api.Account:
        """The account of the task, else of the connection."""
        return self.hook.account(self.media_agency_id, self.client_id)


class DataddoTask(ActivationTask):
    """A task with a connection of type ``dataddo``."""

    conn_type = "dataddo"
    hook_class = "DataddoHook"
    template_fields: Sequence[str] = ("dataddo_conn_id",)
    ui_color = "#f3e6f7"
    hook: DataddoHook
