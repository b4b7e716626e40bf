"""The small request bodies about endpoints: database, credentials and failure."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_provider_activation.sandbox.core import checks
from airflow_provider_activation.sandbox.core.errors import Invalid
from airflow_provider_activation.sandbox.core.reading import Fields, record

LONGEST_REASON = 512
"""In bytes of UTF-8."""


@dataclass(frozen=True)
class DatabaseChange:
    """The body of PUT /v1/endpoint/database."""

    endpoint_id: int | None
    database_id: str
    name: str | None


def read_database_change(body: object) -> DatabaseChange:
    """Read the body of PUT /v1/endpoint/database."""
    fields = Fields(body)
    change = DatabaseChange(
        endpoint_id=fields.may("endpointId", checks.integer(1)),
        database_id=fields.need("databaseId", checks.filled_text),
        name=fields.may("marketingDatabaseName", checks.filled_text),
    )
    fields.end()
    return change


def read_access_attributes(body: object) -> dict[str, str]:
    """Read the body of PUT /v1/endpointattributes/authkey/{authKey}; return the attributes."""
    attributes: dict[str, str] = record({"attributes": checks.text_map})(body, "")["attributes"]
    if not attributes:
        raise Invalid("attributes must have at least one name and value")
    return attributes


def read_failure(body: object) -> str:
    """Read the body of PUT /v1/endpoint/{endpoint_id}/reportfailure; return the reason."""
    reason: str = record({"reason": checks.filled_text})(body, "")["reason"]
    if len(reason.encode()) > LONGEST_REASON:
        raise Invalid(f"reason must not exceed {LONGEST_REASON} bytes")
    return reason
