"""Audiences: from a table of people to the file that a destination takes.

Importing this loads no DuckDB, no phonenumbers and no pyarrow; preparing does. They come with the extra
``airflow-provider-activation[audience]``.
"""

from airflow_provider_activation.audience.guard import AudienceGuard
from airflow_provider_activation.audience.prepare import prepare_audience
from airflow_provider_activation.audience.schema import (
    Attribute,
    AudienceSchema,
    Constant,
    DeviceId,
    Email,
    Name,
    Phone,
    Postal,
    Suppression,
)

__all__ = [
    "Attribute",
    "AudienceGuard",
    "AudienceSchema",
    "Constant",
    "DeviceId",
    "Email",
    "Name",
    "Phone",
    "Postal",
    "Suppression",
    "prepare_audience",
]
