"""Tasks with a connection to a service: the argument, the template field and the hook, said once for
operators and sensors. They derive from `BaseOperator` so that ``default_args`` reach their arguments."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from airflow_provider_activation.versions import RETRY_POLICIES

if TYPE_CHECKING:
    from airflow_provider_activation.api import delta_projects as api
    from airflow_provider_activation.hooks.acoustic_exchange import AcousticExchangeHook
    from airflow_provider_activation.hooks.dataddo import DataddoHook
    from airflow_provider_activation.hooks.delta_projects import DeltaProjectsHook
    from airflow_provider_activation.hooks.liveramp import LiveRampHook


class ActivationTask(BaseOperator):
    """A task of this package. It gets `ActivationRetryPolicy` where neither it nor its DAG has another."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if RETRY_POLICIES and self.retry_policy is None:
            from airflow_provider_activation.retry_policy import ActivationRetryPolicy

            self.retry_policy = ActivationRetryPolicy()


class LiveRampTask(ActivationTask):
    """A task with a connection of type ``liveramp``.

    :param liveramp_conn_id: the connection's id.
    """

    template_fields: Sequence[str] = ("liveramp_conn_id",)
    ui_color = "#d9f2e6"

    def __init__(self, *, liveramp_conn_id: str = "liveramp_default", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.liveramp_conn_id = liveramp_conn_id

    @cached_property
    def hook(self) -> LiveRampHook:
        """The hook with this task's connection."""
        from airflow_provider_activation.hooks.liveramp import LiveRampHook

        return LiveRampHook(self.liveramp_conn_id)


class AcousticExchangeTask(ActivationTask):
    """A task with a connection of type ``acoustic_exchange``.

    :param acoustic_exchange_conn_id: the connection's id.
    """

    template_fields: Sequence[str] = ("acoustic_exchange_conn_id",)
    ui_color = "#fbe9d7"

    def __init__(
        self, *, acoustic_exchange_conn_id: str = "acoustic_exchange_default", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.acoustic_exchange_conn_id = acoustic_exchange_conn_id

    @cached_property
    def hook(self) -> AcousticExchangeHook:
        """The hook with this task's connection."""
        from airflow_provider_activation.hooks.acoustic_exchange import AcousticExchangeHook

        return AcousticExchangeHook(self.acoustic_exchange_conn_id)


class DeltaProjectsTask(ActivationTask):
    """A task with a connection of type ``delta_projects``.

    :param delta_projects_conn_id: the connection's id.
    :param media_agency_id: instead of the connection's (templated).
    :param client_id: instead of the connection's (templated).
    """

    template_fields: Sequence[str] = ("delta_projects_conn_id", "media_agency_id", "client_id")
    ui_color = "#e3ecfb"

    def __init__(
        self,
        *,
        delta_projects_conn_id: str = "delta_projects_default",
        media_agency_id: str | None = None,
        client_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.delta_projects_conn_id = delta_projects_conn_id
        self.media_agency_id = media_agency_id
        self.client_id = client_id

    @cached_property
    def hook(self) -> DeltaProjectsHook:
        """The hook with this task's connection."""
        from airflow_provider_activation.hooks.delta_projects import DeltaProjectsHook

        return DeltaProjectsHook(self.delta_projects_conn_id)

    @property
    def account(self) -> api.Account:
        """Where the activity lives: what the task was given, else what the connection says."""
        return self.hook.account(self.media_agency_id, self.client_id)


class DataddoTask(ActivationTask):
    """A task with a connection of type ``dataddo``.

    :param dataddo_conn_id: the connection's id.
    """

    template_fields: Sequence[str] = ("dataddo_conn_id",)
    ui_color = "#f3e6f7"

    def __init__(self, *, dataddo_conn_id: str = "dataddo_default", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dataddo_conn_id = dataddo_conn_id

    @cached_property
    def hook(self) -> DataddoHook:
        """The hook with this task's connection."""
        from airflow_provider_activation.hooks.dataddo import DataddoHook

        return DataddoHook(self.dataddo_conn_id)
