"""A DAG that Airflow cannot read, because a task has an argument that no run could use."""

from __future__ import annotations

from airflow.sdk import DAG

from airflow_provider_activation.operators.delta_projects import DeltaProjectsUpdateActivityOperator

with DAG("wrong_argument", schedule=None):
    DeltaProjectsUpdateActivityOperator(
        task_id="enable_activity",
        activity_id="1",
        enabled="perhaps",  # type: ignore[arg-type]
    )
