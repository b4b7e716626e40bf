"""Hooks are pickled and copied, before and after they were used, alone and inside tasks."""

from __future__ import annotations

import asyncio
import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from airflow.sdk import BaseOperator

from airflow_provider_activation.hooks.acoustic_exchange import AcousticExchangeHook
from airflow_provider_activation.hooks.base import ActivationHook
from airflow_provider_activation.hooks.dataddo import DataddoHook
from airflow_provider_activation.hooks.delta_projects import DeltaProjectsHook
from airflow_provider_activation.hooks.liveramp import LiveRampHook
from airflow_provider_activation.operators.dataddo import DataddoDeleteFlowOperator
from airflow_provider_activation.sandbox import Sandbox

every_hook = pytest.mark.parametrize(
    "kind", [LiveRampHook, AcousticExchangeHook, DeltaProjectsHook, DataddoHook]
)
COPIES: dict[str, Callable[[Any], Any]] = {
    "pickled": lambda value: pickle.loads(pickle.dumps(value)),
    "copied": copy.copy,
    "deep-copied": copy.deepcopy,
}
every_copy = pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)


class Holder(BaseOperator):
    """Somebody's own task, which keeps a hook."""

    def __init__(self, *, hook: ActivationHook, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.hook = hook


def use(hook: ActivationHook) -> None:
    hook.log.info("in use")
    hook.send(hook.test_call())
    asyncio.run(use_on_a_loop(hook))
    assert hook.test_connection()[0]


async def use_on_a_loop(hook: ActivationHook) -> None:
    await hook.asend(hook.test_call())
    await (await hook.aget_conn()).aclose()


@every_hook
@every_copy
@pytest.mark.parametrize("used", [False, True], ids=["new", "used"])
@pytest.mark.parametrize("inside", [False, True], ids=["alone", "in a task"])
def test_a_copy_of_a_hook_works(
    connections: Sandbox,
    kind: Callable[[], ActivationHook],
    copied: Callable[[Any], Any],
    used: bool,
    inside: bool,
) -> None:
    hook = kind()
    if used:
        use(hook)
    again = copied(Holder(task_id="a", hook=hook)).hook if inside else copied(hook)
    assert vars(again)["conn_id"] == hook.conn_id
    use(again)
    use(hook)


@every_hook
def test_a_copy_takes_no_connection_and_no_secret_along(
    connections: Sandbox, kind: Callable[[], ActivationHook]
) -> None:
    hook = kind()
    use(hook)
    stored = pickle.dumps(hook)
    assert not [secret for secret in hook.get_conn().settings.secrets if secret.encode() in stored]
    assert "Transport" not in repr(pickle.loads(stored).__dict__)


@every_copy
def test_a_task_of_ours_is_copied_after_it_used_its_hook(
    connections: Sandbox, copied: Callable[[Any], Any]
) -> None:
    task = DataddoDeleteFlowOperator(task_id="a", flow_id="1")
    use(task.hook)
    use(copied(task).hook)
