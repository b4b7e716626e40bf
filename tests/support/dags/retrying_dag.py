"""A DAG of one task that is tried twice, run by `dag.test()`: for tests of what survives a failed try."""

from __future__ import annotations

import sys
from datetime import timedelta

import pendulum
from airflow.sdk import dag

from airflow_provider_activation.operators.delta_projects import (
    DeltaProjectsCreateActivityFromTemplateOperator,
)


@dag(schedule=None, start_date=pendulum.datetime(2026, 1, 1, tz="UTC"))
def retrying_dag() -> None:
    DeltaProjectsCreateActivityFromTemplateOperator(
        task_id="create_activity",
        template_id="16b35327-794c-11e4-8425-daf437376f87",
        activity_name="Win-back",
        flight_start="2036-11-24T00:00:00+01:00",
        flight_stop="2036-11-30T23:59:59+01:00",
        order_id="GXK-77123",
        budget=1000,
        retries=1,
        retry_delay=timedelta(seconds=0),
    )


made = retrying_dag()

if __name__ == "__main__":
    run = made.test()
    sys.exit(0 if run.state == "success" else 1)
