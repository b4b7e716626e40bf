"""The bodies that describe an Acoustic Exchange endpoint and its segments."""

from __future__ import annotations

from typing import Any

from airflow_provider_activation.sandbox.core import checks
from airflow_provider_activation.sandbox.core.errors import Invalid
from airflow_provider_activation.sandbox.core.reading import Fields

# NONE is in no table, but a public sample sends it.
_algorithm = checks.one_of("MD5", "SHA1", "SHA256", "EMAIL_SHA256", "PHONE_SHA256", "NONE")
_hash_mode = checks.nullable(checks.one_of("NONE", "HASHED", "REQUIRED"))
_push_or_pull = checks.one_of("push", "pull")


def is_enabled(registration: dict[str, Any], family: str, role: str) -> bool:
    """Whether a registration switches a type on, for example segment and source."""
    types = registration.get("endpointTypes", {})
    return bool(types.get(family, {}).get(role, {}).get("enabled", False))


def read_registration(body: object) -> dict[str, Any]:
    """Check PUT /v1/endpoint; gives the body back as it was entered."""
    fields = Fields(body)
    fields.need("name", checks.filled_text)
    fields.need("providerName", checks.filled_text)
    fields.may("description", checks.text)
    fields.may("url", checks.url)
    fields.may("hashAlgorithm", _algorithm)
    fields.may("endpointTypes", _endpoint_types)
    fields.may("marketingDatabasesDefinition", _databases)
    # A number by its table, a quoted one in the sample.
    fields.may("notificationKey", checks.either(checks.integer(), checks.pattern("[0-9]+", "digits")))
    fields.end()
    given = checks.any_object(body, "the body")
    if is_enabled(given, "segment", "source") and is_enabled(given, "segment", "destination"):
        raise Invalid("one endpoint cannot be both an audience source and an audience destination")
    return given


def _endpoint_types(value: object, where: str) -> None:
    types = Fields(value, where)
    event = types.may("event", lambda inner, name: Fields(inner, name))
    segment = types.may("segment", lambda inner, name: Fields(inner, name))
    types.end()
    if event is not None:
        event.may("source", _event_source)
        event.may("destination", _event_destination)
        event.end()
    if segment is not None:
        segment.may("source", _segment_source)
        segment.may("destination", _segment_destination)
        segment.end()


def _event_source(value: object, where: str) -> None:
    fields = Fields(value, where)
    fields.need("enabled", checks.boolean)
    fields.end()


def _event_destination(value: object, where: str) -> None:
    fields = Fields(value, where)
    fields.need("enabled", checks.boolean)
    fields.may("url", checks.nullable(checks.url))
    fields.may("destinationType", _push_or_pull)
    fields.end()


def _segment_source(value: object, where: str) -> None:
    fields = Fields(value, where)
    fields.need("enabled", checks.boolean)
    fields.need("producerType", _push_or_pull)
    fields.may("url", checks.nullable(checks.url))
    fields.may("dataWindow", checks.integer(0))
    fields.end()


def _segment_destination(value: object, where: str) -> None:
    fields = Fields(value, where)
    fields.need("enabled", checks.boolean)
    fields.need("destinationType", _push_or_pull)
    fields.may("url", checks.nullable(checks.url))
    fields.end()


def _databases(value: object, where: str) -> None:
    fields = Fields(value, where)
    fields.need("marketingDatabases", checks.array(_database))
    fields.end()


def _database(value: object, where: str) -> None:
    fields = Fields(value, where)
    fields.need("name", checks.filled_text)
    fields.may("id", checks.filled_text)
    fields.may("identifiers", checks.array(_identifier))
    fields.may("attributes", checks.array(_attribute))
    fields.end()


def _identifier(value: object, where: str) -> None:
    fields = Fields(value, where)
    fields.need("name", checks.filled_text)
    fields.need("type", checks.filled_text)
    fields.may("hashMode", _hash_mode)
    fields.may("hashAlgorithm", _algorithm)
    fields.may("isRequired", checks.boolean)
    fields.may("isEventOnly", checks.nullable(checks.boolean))
    fields.end()


def _attribute(value: object, where: str) -> None:
    fields = Fields(value, where)
    fields.need("name", checks.filled_text)
    fields.need("type", checks.one_of("String", "Number"))
    fields.need("isRequired", checks.boolean)
    fields.may("hashMode", _hash_mode)
    fields.may("hashAlgorithm", _algorithm)
    fields.end()


def read_segments(body: object) -> list[dict[str, Any]]:
    """Check a list of segments; gives it back as it was entered."""
    return checks.array(_segment, minimum=1)(body, "the body")


def _segment(value: object, where: str) -> dict[str, Any]:
    fields = Fields(value, where)
    if ("id" in fields) == ("id_string" in fields):
        raise Invalid(f"{where} must have either id or id_string")
    fields.may("id", checks.integer(0))
    fields.may("id_string", checks.filled_text)
    fields.need("name", checks.filled_text)
    fields.may("description", checks.text)
    fields.may("type", checks.one_of("Contact Lists", "Databases", "Queries"))
    fields.may("segment_attributes", checks.array(_segment_attribute))
    fields.end()
    return checks.any_object(value, where)


def _segment_attribute(value: object, where: str) -> None:
    fields = Fields(value, where)
    fields.need("name", checks.filled_text)
    fields.need("type", checks.filled_text)
    fields.end()
