"""A DAG whose last tasks are teardowns; which of its tasks fail stands in files, by their names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pendulum
from airflow.sdk import chain, dag, task

from airflow_provider_activation.operators.audience import DeleteAudienceOperator, PrepareAudienceOperator

HOME = Path(os.environ["AIRFLOW_HOME"])


def fail_if_told(name: str) -> None:
    if (HOME / "fails" / name).exists():
        raise RuntimeError("as it was told")


@dag(schedule=None, start_date=pendulum.datetime(2026, 1, 1, tz="UTC"))
def deleting_dag() -> None:
    @task
    def check() -> None:
        fail_if_told("check")

    @task
    def send(manifest: dict[str, Any]) -> None:
        if (HOME / "fails" / "delete").exists():
            # what is no plain file is not deleted
            Path(manifest["path"]).unlink()
            Path(manifest["path"]).mkdir()
        fail_if_told("send")

    @task
    def tidy() -> None:
        fail_if_told("tidy")

    prepare: Any = PrepareAudienceOperator(
        task_id="prepare",
        source=HOME / "people.csv",
        schema={"columns": {"mail": {"kind": "email", "source": "email", "hash": "sha256"}}},
        profile="google",
        folder=HOME / "out",
    )
    delete: Any = DeleteAudienceOperator(task_id="delete", manifest=prepare.output, retries=3)
    tidied = tidy().as_teardown(setups=prepare, on_failure_fail_dagrun=True)
    chain(prepare, check(), send(prepare.output), tidied, delete.as_teardown(setups=prepare))


made = deleting_dag()
