"""Operators for LiveRamp."""

from airflow_provider_activation.operators.liveramp_connections import (
    LiveRampAuthorizeOAuthConnectionOperator,
    LiveRampCreateIntegrationConnectionOperator,
    LiveRampDeleteIntegrationConnectionOperator,
    LiveRampUpdateIntegrationConnectionOperator,
)
from airflow_provider_activation.operators.liveramp_distribution import (
    LiveRampCreateDistributionManagerOperator,
    LiveRampDeleteDistributionManagerOperator,
    LiveRampDistributeSegmentsOperator,
    LiveRampUpdateDistributionManagerOperator,
    LiveRampWithdrawSegmentsOperator,
)

__all__ = [
    "LiveRampAuthorizeOAuthConnectionOperator",
    "LiveRampCreateDistributionManagerOperator",
    "LiveRampCreateIntegrationConnectionOperator",
    "LiveRampDeleteDistributionManagerOperator",
    "LiveRampDeleteIntegrationConnectionOperator",
    "LiveRampDistributeSegmentsOperator",
    "LiveRampUpdateDistributionManagerOperator",
    "LiveRampUpdateIntegrationConnectionOperator",
    "LiveRampWithdrawSegmentsOperator",
]
