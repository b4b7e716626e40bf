"""Every question about Airflow's version is answered here, and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, cast


class TaskStateStore(Protocol):
    """What is used of Airflow's task state store (Airflow 3.3)."""

    def get(self, key: str, default: Any = None) -> Any: ...
    def set(self, key: str, value: Any) -> None: ...
    def delete(self, key: str) -> None: ...


def task_state_store(context: Mapping[str, Any]) -> TaskStateStore | None:
    """The running task's state store, or None before Airflow 3.3, which has none."""
    return cast("TaskStateStore | None", context.get("task_state_store"))


def mask_secret(secret: str) -> None:
    """Have Airflow keep a secret out of this task's logs. Blocks: on an event loop, call it in a thread."""
    from airflow.sdk.log import mask_secret as airflow_mask_secret

    airflow_mask_secret(secret)


async def aget_connection(hook: Any, conn_id: str) -> Any:
    """An Airflow connection, fetched in the way that cannot lock up the event loop."""
    from airflow.providers.common.compat.connection import get_async_connection

    return await get_async_connection(conn_id, hook)


async def aget_extra(connection: Any) -> dict[str, Any]:
    """A connection's extra, read in the way that cannot lock up the event loop."""
    from airflow.providers.common.compat.connection import get_async_extra_dejson

    return await get_async_extra_dejson(connection)
