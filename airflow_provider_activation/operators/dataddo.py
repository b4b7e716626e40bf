"""Operators for Dataddo."""

from airflow_provider_activation.operators.dataddo_flows import (
    DataddoBuildFlowOperator,
    DataddoCreateFlowOperator,
    DataddoCreateServiceOperator,
    DataddoCreateSourceOperator,
    DataddoDeleteFlowOperator,
    DataddoDeleteServiceOperator,
    DataddoDeleteSourceOperator,
)
from airflow_provider_activation.operators.dataddo_runs import (
    DataddoExtractSourceOperator,
    DataddoWriteFlowOperator,
)

__all__ = [
    "DataddoBuildFlowOperator",
    "DataddoCreateFlowOperator",
    "DataddoCreateServiceOperator",
    "DataddoCreateSourceOperator",
    "DataddoDeleteFlowOperator",
    "DataddoDeleteServiceOperator",
    "DataddoDeleteSourceOperator",
    "DataddoExtractSourceOperator",
    "DataddoWriteFlowOperator",
]
