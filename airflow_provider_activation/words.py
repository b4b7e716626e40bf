"""The words that a field takes one of, as the services spell them.

This module imports nothing of the package. Input models check the words before a call, operators and sensors
when a DAG is parsed.
"""

from __future__ import annotations

from typing import Literal, get_args

# LiveRamp (the description of the Activation API 2.9.0)

DeviceType = Literal["PII", "WEB", "IOS", "ANDROID", "CUSTOM_ID", "MIXED", "OTHER", "RAMP_ID"]
IntegrationType = Literal["ONBOARDING", "FULFILLMENT", "DATA_STORE"]
IntegrationView = Literal["STANDARD", "STANDARD_WITH_UNAVAILABLE"]
DistributionManagerStatus = Literal["ACTIVE", "INACTIVE"]
SegmentType = Literal["ONBOARDING", "DATA_MARKETPLACE"]

DEVICE_TYPES: tuple[str, ...] = get_args(DeviceType)
DISTRIBUTION_MANAGER_STATUSES: tuple[str, ...] = get_args(DistributionManagerStatus)
SEGMENT_TYPES: tuple[str, ...] = get_args(SegmentType)

# Dataddo (the description of the headless beta API)

KeyStyle = Literal["camelCase", "snake_case"]
"""How a connector spells the fields that every source has."""
OAuthIdType = Literal["text", "number"]
"""How the id of an authorised service goes out in them."""

KEY_STYLES: tuple[str, ...] = get_args(KeyStyle)
OAUTH_ID_TYPES: tuple[str, ...] = get_args(OAuthIdType)

# Acoustic Exchange ("Account-level API", "Endpoint-level API", "Jobs API")

JobCategory = Literal["SEGMENT_EXPORT", "IDENTITY_IMPORT", "SEGMENT_POPULATE_DB"]
DataJobCategory = Literal["SEGMENT_EXPORT", "IDENTITY_IMPORT"]
"""Jobs whose audience goes in or out as a file."""
ExportAction = Literal["add", "replace", "remove"]
HashAlgorithm = Literal["MD5", "SHA1", "SHA256", "EMAIL_SHA256", "PHONE_SHA256"]
EndpointStatus = Literal["PENDING", "ACTIVE", "FAILED", "DELETED"]

JOB_CATEGORIES: tuple[str, ...] = get_args(JobCategory)
DATA_JOB_CATEGORIES: tuple[str, ...] = get_args(DataJobCategory)
EXPORT_ACTIONS: tuple[str, ...] = get_args(ExportAction)
HASH_ALGORITHMS: tuple[str, ...] = get_args(HashAlgorithm)
ENDPOINT_STATUSES: tuple[str, ...] = get_args(EndpointStatus)

# Statuses of jobs, in every spelling the documents have: "Account-level API", the help pages, samples

WAITING_TO_RECEIVE_DATA = frozenset({"WAITING_TO_RECIEVE_DATA", "WAITING_TO_RECEIVE_DATA"})
READY_FOR_DOWNLOAD = frozenset({"READY_FOR_DOWNLOAD"})
COMPLETE = frozenset({"COMPLETE", "COMPLETED"})
FAILED = frozenset({"FAILED", "CANCELED", "CANCELLED"})
ON_THE_WAY = frozenset({"PENDING", "RUNNING"})


def same_status(status: str) -> frozenset[str]:
    """All spellings of a job status."""
    for spellings in (WAITING_TO_RECEIVE_DATA, COMPLETE, frozenset({"CANCELED", "CANCELLED"})):
        if status in spellings:
            return spellings
    return frozenset({status})


JOB_STATUSES = tuple(sorted(WAITING_TO_RECEIVE_DATA | ON_THE_WAY | READY_FOR_DOWNLOAD | COMPLETE))
"""What a job can be waited for to reach, besides its failure."""
