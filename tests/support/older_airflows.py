"""What is elsewhere, or called otherwise, in Airflow 3.1 and 3.2."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, BaseHook

try:
    from airflow.sdk.exceptions import AirflowTaskTimeout, TaskDeferralError, TaskDeferralTimeout
except ImportError:
    from airflow.exceptions import (  # type: ignore[no-redef]
        AirflowTaskTimeout,
        TaskDeferralError,
        TaskDeferralTimeout,
    )

__all__ = [
    "AirflowTaskTimeout",
    "TaskDeferralError",
    "TaskDeferralTimeout",
    "dag_serialization",
    "its_own_error",
    "let_connection_make",
]


def dag_serialization() -> Any:
    """The class that makes of a DAG what Airflow stores."""
    serialization = importlib.import_module("airflow.serialization.serialized_objects")
    return getattr(serialization, "DagSerialization", None) or serialization.SerializedDAG


@contextmanager
def its_own_error() -> Iterator[None]:
    """Raise the error that a task had: Airflow is told another one if a retry cannot help."""
    try:
        yield
    except AirflowFailException as error:
        raise error.__cause__ or error from None


def let_connection_make(monkeypatch: pytest.MonkeyPatch, conn_id: str, make: Callable[[str], Any]) -> None:
    """Have connections of the type that `conn_id` has for Airflow make another hook.

    :param make: makes the hook of a connection, given its id.
    """
    # outside of a task, Airflow 3.1 gives another class
    kind = type(BaseHook.get_connection(conn_id))
    monkeypatch.setattr(kind, "get_hook", lambda self, **_: make(self.conn_id))
