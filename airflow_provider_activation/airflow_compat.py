"""What differs between releases of Airflow. No other module asks for its version."""

from __future__ import annotations

import asyncio
import logging
import sys
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import TYPE_CHECKING, Any, cast

from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_3_PLUS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import ParamSpec, Protocol, TypeVar

    P = ParamSpec("P")
    T = TypeVar("T")

    class TaskStateStore(Protocol):
        """What is used of Airflow's task state store (Airflow 3.3)."""

        def get(self, key: str, default: Any = None) -> Any: ...
        def set(self, key: str, value: Any) -> None: ...
        def delete(self, key: str) -> None: ...


log = logging.getLogger(__name__)

RETRY_POLICIES = AIRFLOW_V_3_3_PLUS
"""Whether a task can have a retry policy."""


def task_state_store(context: Mapping[str, Any]) -> TaskStateStore | None:
    """The running task's state store, or None before Airflow 3.3, which has none."""
    return cast("TaskStateStore | None", context.get("task_state_store"))


def ask_supervisor(task_instance: Any) -> None:
    """Ask the supervisor of this process for the task's state. Fails if there is no supervisor any more."""
    task_instance.get_task_states(
        dag_id=task_instance.dag_id,
        task_ids=[task_instance.task_id],
        run_ids=[task_instance.run_id],
        map_index=task_instance.map_index,
    )


def without_vain_retries(run: Callable[P, T]) -> Callable[P, T]:
    """Before Airflow 3.3, which has retry policies: fail for good where another try cannot succeed."""
    if RETRY_POLICIES:
        return run

    @wraps(run)
    def run_once_if_in_vain(*args: P.args, **kwargs: P.kwargs) -> T:
        from airflow.providers.common.compat.sdk import AirflowFailException

        from airflow_provider_activation.errors import ActivationError

        try:
            return run(*args, **kwargs)
        except ActivationError as error:
            if error.retry_helps:
                raise
            raise AirflowFailException(str(error)) from error

    return run_once_if_in_vain


def deferral_timeout() -> type[Exception]:
    """What a deferred task goes on with when Airflow's own deadline has passed; it moved in Airflow 3.2."""
    try:
        from airflow.sdk.exceptions import TaskDeferralTimeout
    except ImportError:
        from airflow.exceptions import TaskDeferralTimeout  # type: ignore[no-redef]
    return TaskDeferralTimeout


def mask_secret(secret: str) -> None:
    """Have Airflow keep a secret out of this task's logs. Not for an event loop."""
    from airflow.sdk.log import mask_secret as airflow_mask_secret

    airflow_mask_secret(secret)


async def amask_secret(secret: str) -> None:
    """Have Airflow keep a secret out of the logs of the triggers."""
    try:
        from airflow.sdk.log import amask_secret as airflow_amask_secret
    except ImportError:
        # Airflow 3.1 has no such function. Called in a thread, `mask_secret` would read responses of the
        # triggerer's parent that are meant for others, which ends the triggerer.
        mask_secret(secret)
    else:
        await airflow_amask_secret(secret)


def answers_resume() -> bool:
    """Whether the answer to a required action resumes a deferred task: before Airflow 3.3 it waits on."""
    return AIRFLOW_V_3_3_PLUS


def require_action(task_instance: Any, *, subject: str, body: str, options: list[str]) -> None:
    """List a task that is about to be deferred among Airflow's required actions.

    The answer may resume the task (see `answers_resume`), with an event that holds ``chosen_options``.

    :param subject: one line.
    :param body: Markdown.
    :param options: the answers a person can choose from.
    """
    from airflow.sdk.execution_time.hitl import upsert_hitl_detail

    try:
        upsert_hitl_detail(ti_id=task_instance.id, subject=subject, body=body, options=options, params={})
    except Exception:
        log.exception("Airflow does not list the required action; the task waits all the same.")


def put_question(
    task_instance: Any,
    *,
    subject: str,
    body: str,
    options: list[str],
    assigned_users: Sequence[Mapping[str, str]] = (),
) -> bool:
    """Have Airflow list a question of this task among its required actions. An earlier answer is forgotten.

    Returns whether it lists this question: what an earlier try of the task has asked in this run stays, with
    its text, its options and those who may answer.

    :param subject: one line.
    :param body: Markdown.
    :param options: the answers a person can choose from.
    :param assigned_users: who may answer, with ``id`` and ``name``; everybody if empty.
    """
    # `upsert_hitl_detail` of the same package keeps to itself what Airflow has stored
    from airflow.sdk.execution_time.comms import CreateHITLDetailPayload
    from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS

    given: dict[str, Any] = {"subject": subject, "body": body, "options": options}
    users = [dict(user) for user in assigned_users]
    payload = CreateHITLDetailPayload(
        ti_id=task_instance.id, **given, params={}, multiple=False, assigned_users=users
    )
    stored: Any = SUPERVISOR_COMMS.send(msg=payload)
    may_answer = sorted(user.id for user in stored.assigned_users or ())
    is_same = all(getattr(stored, name) == value for name, value in given.items())
    return is_same and may_answer == sorted(user["id"] for user in users)


def answer_trigger(task_instance: Any, *, options: list[str], timeout: float) -> Any:
    """The trigger that waits for the answer to the question of a task.

    Its event holds ``chosen_options`` and ``responded_by_user``, or ``error`` and ``error_type``. From
    Airflow 3.3 on the answer itself resumes the task, with the same event.

    :param timeout: seconds after which its event says that nobody has answered.
    """
    from airflow.providers.standard.triggers.hitl import HITLTrigger

    return HITLTrigger(
        ti_id=task_instance.id,
        options=options,
        params={},
        timeout_datetime=datetime.now(UTC) + timedelta(seconds=timeout),
    )


def begin_a_forked_process() -> None:
    """Give a forked process what Airflow's asynchronous look-ups need: the thread that runs them is gone."""
    if asgiref := sys.modules.get("asgiref.sync"):
        from concurrent.futures import ThreadPoolExecutor

        asgiref.SyncToAsync.single_thread_executor = ThreadPoolExecutor(max_workers=1)


async def aget_connection(hook: Any, conn_id: str) -> Any:
    """An Airflow connection, fetched in the way that cannot lock up the event loop."""
    from airflow.providers.common.compat.connection import get_async_connection

    return await get_async_connection(conn_id, hook)


async def aget_extra(connection: Any) -> dict[str, Any]:
    """A connection's extra, read in the way that cannot lock up the event loop."""
    from airflow.providers.common.compat.connection import get_async_extra_dejson

    return await get_async_extra_dejson(connection)


async def is_still_deferred(task_instance: Any) -> bool:
    """Whether the task of a trigger is still deferred; True also if Airflow does not say.

    Airflow 3.3 also kills a trigger that it hands to another triggerer. The task's state shows whether that
    is the case, or whether a person cleared or marked the task.
    """
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

    if task_instance is None:
        return True
    try:
        states = await asyncio.to_thread(
            RuntimeTaskInstance.get_task_states,
            dag_id=task_instance.dag_id,
            task_ids=[task_instance.task_id],
            run_ids=[task_instance.run_id],
            map_index=task_instance.map_index,
        )
    except Exception:
        log.exception("Airflow does not tell the state of the task.")
        return True
    # the name of a mapped task differs between releases; one task was asked for
    return "deferred" in states.get(task_instance.run_id, {}).values()
