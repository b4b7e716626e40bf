"""Audiences whose sending a person is asked about: one who has an hour to answer, and one who has seconds."""

from __future__ import annotations

from typing import Any

import pendulum
from airflow.sdk import DAG, task

from airflow_provider_activation.operators.audience import CheckAudienceOperator, PrepareAudienceOperator

START = pendulum.datetime(2026, 1, 1, tz="UTC")
SCHEMA = {"columns": {"mail": {"kind": "email", "source": "email", "hash": "sha256"}}}


@task
def send(manifest: dict[str, Any]) -> dict[str, Any]:
    check: dict[str, Any] = manifest["check"]
    return check


for dag_id, seconds in (("attended_check", 3600.0), ("unattended_check", 8.0)):
    with DAG(dag_id, schedule=None, start_date=START):
        prepare = PrepareAudienceOperator(
            task_id="prepare",
            source="{{ dag_run.conf['source'] }}",
            schema=SCHEMA,
            profile="google",
            folder="{{ dag_run.conf['folder'] }}",
        )
        check = CheckAudienceOperator(
            task_id="check",
            manifest=prepare.output,  # type: ignore[arg-type]
            audience="{{ dag_run.conf['audience'] }}",
            destination="acoustic",
            ledger="{{ dag_run.conf['ledger'] }}",
            guard={"min_rows": 100},
            on_breach="ask",
            response_timeout=seconds,
        )
        send(check.output)  # type: ignore[arg-type]
