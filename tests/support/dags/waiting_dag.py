"""Deferred waits of every kind, for what the run's configuration names, and one wait with a timeout of its
own. Each task notes whenever a part of it begins and when it ends well."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pendulum
from airflow.sdk import dag

from airflow_provider_activation.operators.acoustic_exchange import AcousticExchangeExportSegmentOperator
from airflow_provider_activation.operators.dataddo import DataddoExtractSourceOperator
from airflow_provider_activation.sensors.acoustic_exchange import AcousticExchangeJobSensor
from airflow_provider_activation.sensors.liveramp import LiveRampDeliverySensor, LiveRampOAuthConnectionSensor

NOTES = Path(os.environ["AIRFLOW_HOME"], "notes.txt")
JOBS = 3


def noting(what: str) -> Callable[..., None]:
    """A callback that adds a line: the run, the task and what was reached."""

    def note(context: Any, result: Any = None) -> None:
        ti = context["ti"]
        with NOTES.open("a") as notes:
            notes.write(f"{ti.run_id} {ti.task_id} {what}\n")

    return note


WAITING: dict[str, Any] = {
    "deferrable": True,
    "poll_interval": 0.5,
    "pre_execute": noting("begins"),
    "post_execute": noting("ends"),
}


@dag(schedule=None, start_date=pendulum.datetime(2026, 1, 1, tz="UTC"), default_args=WAITING)
def waiting_dag() -> None:
    for number in range(JOBS):
        AcousticExchangeJobSensor(task_id=f"job_{number}", job_id=f"{{{{ dag_run.conf['jobs'][{number}] }}}}")
    LiveRampDeliverySensor(
        task_id="delivery",
        integration_connection_id="{{ dag_run.conf['integration_connection'] }}",
        segment_ids=["{{ dag_run.conf['segment'] }}"],
    )
    LiveRampOAuthConnectionSensor(task_id="consent", attempt_id="{{ dag_run.conf['attempt'] }}")
    DataddoExtractSourceOperator(
        task_id="extraction",
        source_id="{{ dag_run.conf['source'] }}",
        # a triggerer that goes away is no reason to cancel, and this would be seen
        cancel_on_kill=True,
    )
    AcousticExchangeExportSegmentOperator(
        task_id="export",
        endpoint_id=20003,
        segment_id=8000000000000001152,
        destination_endpoint_id=20002,
        source_identifiers=["email_sha256"],
        destination_identifier="email",
        update_identities=False,
    )


@dag(schedule=None, start_date=pendulum.datetime(2026, 1, 1, tz="UTC"), default_args=WAITING)
def short_wait() -> None:
    timeout = float(os.environ.get("SHORT_WAIT", "20"))
    AcousticExchangeJobSensor(task_id="job", job_id="{{ dag_run.conf['job'] }}", timeout=timeout)


waiting_dag()
short_wait()
