"""Delta Projects alone: an advertising activity for the week after the data interval."""

from __future__ import annotations

from datetime import timedelta

import pendulum
from airflow.sdk import Param, chain, dag
from airflow.timetables.interval import CronDataIntervalTimetable

from airflow_provider_activation.operators.delta_projects import (
    DeltaProjectsCreateActivityFromTemplateOperator,
    DeltaProjectsUpdateActivityOperator,
)

TIME_ZONE = "Europe/Stockholm"


@dag(
    schedule=CronDataIntervalTimetable("0 0 * * MON", timezone=TIME_ZONE),
    start_date=pendulum.datetime(2026, 1, 1, tz=TIME_ZONE),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=1), "deferrable": True},
    tags=["activation", "delta projects"],
    user_defined_macros={"local": lambda timestamp: timestamp.in_timezone(TIME_ZONE)},
    params={
        "template_id": Param(
            "16b35327-794c-11e4-8425-daf437376f87",
            type="string",
            title="Template",
            description="The template of the activity.",
        ),
        "budget": Param(2500, type="number", title="Budget", description="In the account's currency."),
    },
    doc_md=__doc__,
)
def delta_projects_activity() -> None:
    create = DeltaProjectsCreateActivityFromTemplateOperator(
        task_id="create_activity",
        template_id="{{ params.template_id }}",
        activity_name="Week {{ local(data_interval_end).strftime('%G-W%V') }}",
        flight_start="{{ local(data_interval_end).isoformat() }}",
        flight_stop="{{ local(data_interval_end).add(weeks=1).subtract(seconds=1).isoformat() }}",
        order_id="WEEKLY-{{ local(data_interval_end).strftime('%GW%V') }}",
        budget="{{ params.budget }}",
        geo_details=[{"lat": 59.33, "long": 18.07, "radius": 50}],
        exclude_geo=False,
    )
    enable = DeltaProjectsUpdateActivityOperator(
        task_id="enable_activity", activity_id=create.output["id"], enabled=True
    )
    chain(create, enable)


delta_projects_activity()
