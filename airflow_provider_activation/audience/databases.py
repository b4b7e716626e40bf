"""The database of a connection of Airflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.providers.common.compat.sdk import AirflowException, AirflowNotFoundException, BaseHook

from airflow_provider_activation.errors import InvalidConnection

if TYPE_CHECKING:
    from airflow.providers.common.sql.hooks.sql import DbApiHook

PACKAGE = "apache-airflow-providers-common-sql"


def hook_of(conn_id: str, what: str) -> DbApiHook:
    """The hook of a connection to a database.

    :param what: the argument that names the connection.
    :raises InvalidConnection: Airflow has no such connection, or none to a database.
    """
    why, advice = "", None
    try:
        from airflow.providers.common.sql.hooks.sql import DbApiHook
    except ImportError:
        raise InvalidConnection(
            f"{what}: SQL needs {PACKAGE}, which is not installed.", advice=f"pip install {PACKAGE}"
        ) from None
    try:
        connection = BaseHook.get_connection(conn_id)
    except AirflowNotFoundException:
        why = f"{what}: Airflow has no connection {conn_id!r}, or cannot read it."
    except Exception as error:
        # its text may quote the connection
        why = f"{what}: the connection {conn_id!r} cannot be read ({type(error).__name__})."
    if why:
        raise InvalidConnection(why)
    kind = connection.conn_type
    try:
        hook = connection.get_hook()  # type: ignore[no-untyped-call]
    except (ImportError, AirflowException) as error:
        why = (
            f"{what}: the connection {conn_id!r} has the type {kind!r}, and no installed provider has a hook "
            f"for it ({type(error).__name__})."
        )
        advice = "Install the provider of the database, or correct the connection's type."
    except Exception as error:
        why = f"{what}: the hook of the connection {conn_id!r} cannot be made ({type(error).__name__})."
    else:
        if isinstance(hook, DbApiHook):
            return hook
        why = f"{what}: the connection {conn_id!r} has the type {kind!r}, whose hook is no DbApiHook."
    raise InvalidConnection(why, advice=advice)
