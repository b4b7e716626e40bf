"""A deferred wait for each job that the run's configuration names."""

from __future__ import annotations

import os
from typing import Any

import pendulum
from airflow.sdk import dag, task

from airflow_provider_activation.sensors.acoustic_exchange import AcousticExchangeJobSensor


@dag(schedule=None, start_date=pendulum.datetime(2026, 1, 1, tz="UTC"))
def many_waits() -> None:
    @task
    def jobs(dag_run: Any = None) -> list[int]:
        return list(dag_run.conf["jobs"])

    AcousticExchangeJobSensor.partial(
        task_id="wait",
        deferrable=True,
        poll_interval=float(os.environ["POLL_INTERVAL"]),
        do_xcom_push=False,
    ).expand(job_id=jobs())


many_waits()
