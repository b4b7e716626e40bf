"""Every week: find the integration connections that lost their authorisation, and ask for consent again.

An authorisation ends when the person who gave it leaves, changes a password or takes it back; from then
on deliveries fail. Each lost one becomes a task of its own that waits for a person: under "Required
Actions" (Airflow 3.3), as the link "Authorize" on the task's Details tab, and through notifiers if you
give it some. The integration connections keep their ids, so nothing else has to change.

LiveRamp tells of lost authorisations in ``oauthStatus``, a field its changelog names and its
specification does not. Where it is missing, nothing is found and the run ends green with no task.
"""

from __future__ import annotations

from datetime import timedelta

import pendulum
from airflow.sdk import dag, task

from airflow_provider_activation.operators.liveramp import LiveRampAuthorizeOAuthConnectionOperator


@task
def find_lost_authorisations() -> list[dict[str, str]]:
    """Destination, integration and OAuth connection of each authorisation that was lost."""
    from airflow_provider_activation.hooks.liveramp import LiveRampHook

    # several integration connections may use one authorisation
    lost = {
        connection.oauth_connection_id: connection.integration_id
        for connection in LiveRampHook().list_integration_connections()
        if connection.oauth_status == "Unauthorized" and connection.oauth_connection_id
    }
    return [
        {
            "destination_id": destination,
            "integration_id": integration,
            "oauth_connection_id": oauth_connection,
        }
        for oauth_connection, (destination, integration) in lost.items()
    ]


@dag(
    schedule="@weekly",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=1), "deferrable": True},
    tags=["activation", "liveramp"],
    doc_md=__doc__,
)
def reauthorize_connections() -> None:
    LiveRampAuthorizeOAuthConnectionOperator.partial(
        task_id="authorize_again",
        timeout=timedelta(days=6),
        map_index_template="{{ task.oauth_connection_id }}",
    ).expand_kwargs(find_lost_authorisations())


reauthorize_connections()
