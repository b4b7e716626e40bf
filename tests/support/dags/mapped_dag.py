"""A DAG whose tasks look alike: mapped ones, the same in two task groups, and the same in a mapped group."""

from __future__ import annotations

import sys
from typing import Any

import pendulum
from airflow.sdk import dag, task_group

from airflow_provider_activation.operators.delta_projects import (
    DeltaProjectsCreateActivityFromTemplateOperator,
)

ACTIVITY: dict[str, Any] = {
    "template_id": "16b35327-794c-11e4-8425-daf437376f87",
    "flight_start": "2036-11-24T00:00:00+01:00",
    "flight_stop": "2036-11-30T23:59:59+01:00",
    "order_id": "GXK-77123",
    "budget": 1000,
}


@dag(schedule=None, start_date=pendulum.datetime(2026, 1, 1, tz="UTC"))
def mapped_dag() -> None:
    DeltaProjectsCreateActivityFromTemplateOperator.partial(task_id="create", **ACTIVITY).expand(
        activity_name=["Win-back", "Win-back"]
    )
    for group in ("north", "south"):

        @task_group(group_id=group)
        def region() -> None:
            DeltaProjectsCreateActivityFromTemplateOperator(
                task_id="create", activity_name="Win-back", **ACTIVITY
            )

        region()

    @task_group
    def country(activity_name: str) -> None:
        DeltaProjectsCreateActivityFromTemplateOperator(
            task_id="create", activity_name=activity_name, **ACTIVITY
        )

    country.expand(activity_name=["Win-back", "Win-back"])


made = mapped_dag()

if __name__ == "__main__":
    run = made.test()
    sys.exit(0 if run.state == "success" else 1)
