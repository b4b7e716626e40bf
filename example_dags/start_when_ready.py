"""Starts by itself when Acoustic Exchange has an audience ready for download.

No sensor waits and no schedule guesses: the triggerer watches the export jobs of the account, for as long
as this DAG is not paused, and each job that becomes READY_FOR_DOWNLOAD starts a run. Jobs that become
ready together may share one. The run is told which jobs they are, asks the service how they stand now,
and says what there is to fetch. Where an audience goes from here is the user's to add.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pendulum
from airflow.sdk import Asset, AssetWatcher, dag, task

from airflow_provider_activation.triggers.acoustic_exchange import AcousticExchangeJobTrigger

READY = Asset(
    "acoustic_exchange_audience_ready",
    watchers=[
        AssetWatcher(
            name="segment_exports",
            trigger=AcousticExchangeJobTrigger(
                job_category="SEGMENT_EXPORT", target_statuses=["READY_FOR_DOWNLOAD"], poll_interval=30
            ),
        )
    ],
)

log = logging.getLogger(__name__)


@dag(
    schedule=[READY],
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=1)},
    tags=["activation", "acoustic exchange"],
    doc_md=__doc__,
)
def start_when_ready() -> None:
    @task
    def ready_jobs(triggering_asset_events: Any = None) -> list[str]:
        """The jobs this run was started for."""
        payloads = [event.extra["payload"] for event in triggering_asset_events[READY]]
        # an event may come twice when a triggerer died; the same job twice is one job
        return sorted({payload["job_id"] for payload in payloads})

    @task
    def look_at(job_id: str) -> dict[str, Any]:
        """How a job stands by now, and what it has to fetch."""
        from airflow_provider_activation.hooks.acoustic_exchange import AcousticExchangeHook

        job = AcousticExchangeHook().get_job("SEGMENT_EXPORT", job_id)
        log.info(
            "Job %d for endpoint %s is %s: %s",
            job.job_id,
            job.destination_endpoint_id,
            job.state,
            job.plain().get("segmentDataFiles"),
        )
        return job.plain()

    look_at.expand(job_id=ready_jobs())


start_when_ready()
