"""Tasks of Dataddo's operators, and what the sandbox holds and was asked because of them."""

from __future__ import annotations

from typing import Any

from example_tasks import SOURCE_PARAMETERS

from airflow_provider_activation.operators.dataddo import (
    DataddoCreateFlowOperator,
    DataddoCreateServiceOperator,
    DataddoCreateSourceOperator,
)
from airflow_provider_activation.sandbox import Sandbox


def create_service(**arguments: Any) -> DataddoCreateServiceOperator:
    return DataddoCreateServiceOperator(
        task_id="service",
        **{"service": "snapchat_static", "credentials_conn_id": "snapchat_app", **arguments},
    )


def create_source(**arguments: Any) -> DataddoCreateSourceOperator:
    return DataddoCreateSourceOperator(
        task_id="source",
        **{
            "connector_id": "snapchat",
            "source_label": "Snapchat Insights",
            "service_id": "1000",
            "parameters": SOURCE_PARAMETERS,
            **arguments,
        },
    )


def create_flow(**arguments: Any) -> DataddoCreateFlowOperator:
    return DataddoCreateFlowOperator(
        task_id="flow", **{"app": "google_data_studio", "flow_label": "GDS Flow", **arguments}
    )


def held(sandbox: Sandbox, part: str) -> list[dict[str, Any]]:
    return list(sandbox.state()["dataddo"][part])


def asked(sandbox: Sandbox, method: str, path: str) -> list[dict[str, Any]]:
    """The requests of one kind so far."""
    return [one for one in sandbox.requests if (one["method"], one["path"]) == (method, path)]
