"""Deferred tasks to which a person does something: consents, answers, marks, clears. And one that holds a
worker slot until a file is gone."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pendulum
from airflow.sdk import dag, task

from airflow_provider_activation.operators.dataddo import DataddoExtractSourceOperator
from airflow_provider_activation.operators.liveramp import LiveRampAuthorizeOAuthConnectionOperator

START = pendulum.datetime(2026, 1, 1, tz="UTC")


@dag(schedule=None, start_date=START)
def attended_consent() -> None:
    LiveRampAuthorizeOAuthConnectionOperator(
        task_id="authorize",
        destination_id="1001",
        integration_id="2001",
        if_exists="create",
        deferrable=True,
        poll_interval=0.5,
    )


@dag(schedule=None, start_date=START)
def attended_extraction() -> None:
    DataddoExtractSourceOperator(
        task_id="extract",
        source_id="{{ dag_run.conf['source'] }}",
        cancel_on_kill=True,
        deferrable=True,
        poll_interval=0.5,
    )


@dag(schedule=None, start_date=START)
def occupied_slot() -> None:
    @task
    def occupy() -> None:
        while Path(os.environ["AIRFLOW_HOME"], "occupied").exists():
            time.sleep(0.2)

    occupy()


attended_consent()
attended_extraction()
occupied_slot()
