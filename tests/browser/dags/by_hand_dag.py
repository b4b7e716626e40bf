"""What the hooks make of connections that a person filled in by hand."""

from __future__ import annotations

from typing import Any

from airflow.sdk import dag, task
from read_settings import read_settings

from airflow_provider_activation.hooks.acoustic_exchange import AcousticExchangeHook
from airflow_provider_activation.hooks.base import ActivationHook
from airflow_provider_activation.hooks.dataddo import DataddoHook
from airflow_provider_activation.hooks.delta_projects import DeltaProjectsHook
from airflow_provider_activation.hooks.liveramp import LiveRampHook


@task
def use() -> dict[str, Any]:
    """Make a call with each, and return its settings."""
    hooks: list[ActivationHook] = [
        LiveRampHook("by_hand_liveramp"),
        AcousticExchangeHook("by_hand_acoustic_exchange"),
        DeltaProjectsHook("by_hand_delta_projects"),
        DataddoHook("by_hand_dataddo"),
    ]
    found: dict[str, Any] = {}
    for hook in hooks:
        hook.send(hook.test_call())
        found[hook.conn_type] = read_settings(hook)
    return found


@dag(schedule=None)
def by_hand() -> None:
    use()


by_hand()
