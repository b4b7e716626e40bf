"""Operators for Acoustic Exchange."""

from airflow_provider_activation.operators.acoustic_exchange_endpoints import (
    AcousticExchangeDeleteEndpointOperator,
    AcousticExchangeDisableEndpointOperator,
    AcousticExchangeEnableEndpointOperator,
    AcousticExchangeRegisterEndpointOperator,
    AcousticExchangeReportEndpointFailureOperator,
    AcousticExchangeSetEndpointAttributesOperator,
    AcousticExchangeSetEndpointDatabaseOperator,
)
from airflow_provider_activation.operators.acoustic_exchange_jobs import (
    AcousticExchangeDownloadSegmentDataOperator,
    AcousticExchangeExportSegmentOperator,
    AcousticExchangeImportIdentitiesOperator,
    AcousticExchangeRefreshSegmentsOperator,
    AcousticExchangeUploadJobDataOperator,
)
from airflow_provider_activation.operators.acoustic_exchange_segments import (
    AcousticExchangeDefineSegmentsOperator,
    AcousticExchangeDeleteSegmentsOperator,
)

__all__ = [
    "AcousticExchangeDefineSegmentsOperator",
    "AcousticExchangeDeleteEndpointOperator",
    "AcousticExchangeDeleteSegmentsOperator",
    "AcousticExchangeDisableEndpointOperator",
    "AcousticExchangeDownloadSegmentDataOperator",
    "AcousticExchangeEnableEndpointOperator",
    "AcousticExchangeExportSegmentOperator",
    "AcousticExchangeImportIdentitiesOperator",
    "AcousticExchangeRefreshSegmentsOperator",
    "AcousticExchangeRegisterEndpointOperator",
    "AcousticExchangeReportEndpointFailureOperator",
    "AcousticExchangeSetEndpointAttributesOperator",
    "AcousticExchangeSetEndpointDatabaseOperator",
    "AcousticExchangeUploadJobDataOperator",
]
