"""The request bodies that describe endpoints and segments."""

from __future__ import annotations

from typing import Any

from airflow_provider_activation.sandbox.core import checks
from airflow_provider_activation.sandbox.core.errors import Invalid
from airflow_provider_activation.sandbox.core.reading import Optional, record

# NONE is undocumented, but a public sample sends it.
_algorithm = Optional(checks.one_of("MD5", "SHA1", "SHA256", "EMAIL_SHA256", "PHONE_SHA256", "NONE"))
_hash_mode = Optional(checks.nullable(checks.one_of("NONE", "HASHED", "REQUIRED")))
_push_or_pull = checks.one_of("push", "pull")
_url = Optional(checks.nullable(checks.url))

_event_types = record(
    {
        "source": Optional(record({"enabled": checks.boolean})),
        "destination": Optional(
            record({"enabled": checks.boolean, "url": _url, "destinationType": Optional(_push_or_pull)})
        ),
    }
)
_segment_source = record(
    {
        "enabled": checks.boolean,
        "producerType": _push_or_pull,
        "url": _url,
        "dataWindow": Optional(checks.integer(0)),
    }
)
_segment_destination = record({"enabled": checks.boolean, "destinationType": _push_or_pull, "url": _url})
_segment_types = record({"source": Optional(_segment_source), "destination": Optional(_segment_destination)})

_identifier = record(
    {
        "name": checks.filled_text,
        "type": checks.filled_text,
        "hashMode": _hash_mode,
        "hashAlgorithm": _algorithm,
        "isRequired": Optional(checks.boolean),
        "isEventOnly": Optional(checks.nullable(checks.boolean)),
    }
)
_attribute = record(
    {
        "name": checks.filled_text,
        "type": checks.one_of("String", "Number"),
        "isRequired": checks.boolean,
        "hashMode": _hash_mode,
        "hashAlgorithm": _algorithm,
    }
)
_database = record(
    {
        "name": checks.filled_text,
        "id": Optional(checks.filled_text),
        "identifiers": Optional(checks.array(_identifier)),
        "attributes": Optional(checks.array(_attribute)),
    }
)
_registration = record(
    {
        "name": checks.filled_text,
        "providerName": checks.filled_text,
        "description": Optional(checks.text),
        "url": Optional(checks.url),
        "hashAlgorithm": _algorithm,
        "endpointTypes": Optional(
            record({"event": Optional(_event_types), "segment": Optional(_segment_types)})
        ),
        "marketingDatabasesDefinition": Optional(record({"marketingDatabases": checks.array(_database)})),
        # The table of fields has a number, the sample a string.
        "notificationKey": Optional(checks.either(checks.integer(), checks.pattern("[0-9]+", "digits"))),
    }
)
_segment = record(
    {
        "id": Optional(checks.integer(0)),
        "id_string": Optional(checks.filled_text),
        "name": checks.filled_text,
        "description": Optional(checks.text),
        "type": Optional(checks.one_of("Contact Lists", "Databases", "Queries")),
        "segment_attributes": Optional(
            checks.array(record({"name": checks.filled_text, "type": checks.filled_text}))
        ),
    }
)


def is_enabled(registration: dict[str, Any], family: str, role: str) -> bool:
    """Whether a registration enables a type, for example segment and source."""
    types = registration.get("endpointTypes", {})
    return bool(types.get(family, {}).get(role, {}).get("enabled", False))


def read_registration(body: object) -> dict[str, Any]:
    """Check the body of PUT /v1/endpoint. It is returned unchanged."""
    registration = _registration(body, "")
    if all(is_enabled(registration, "segment", role) for role in ("source", "destination")):
        raise Invalid("one endpoint cannot be both an audience source and an audience destination")
    return registration


def read_segments(body: object) -> list[dict[str, Any]]:
    """Check a list of segments. It is returned unchanged."""
    return checks.array(_identified_segment, minimum=1)(body, "the body")


def _identified_segment(value: object, where: str) -> dict[str, Any]:
    segment = checks.any_object(value, where)
    if ("id" in segment) == ("id_string" in segment):
        raise Invalid(f"{where} must have either id or id_string")
    return _segment(value, where)
