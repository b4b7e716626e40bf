"""What a contract allows as an answer is read: every field absent or null that may be, every unknown word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from api_testing import answer
from contracts import Contract, Operation, contract
from endpoints import TABLES

from airflow_provider_activation.api.call import Call, Page
from airflow_provider_activation.api.rows import unreadable_of

SAMPLES = {
    "date-time": "2026-09-01T00:00:00.000Z",
    "date": "2026-09-01",
    "uuid": "86b35327-794c-11e4-8425-daf437376f87",
    "uri": "https://example.com/a",
}
FIT_A_PATTERN = ("True", "7", "2014-12-31T22:00:00.000+0000", "WAITING")
UNKNOWN_WORD = "A_WORD_OF_TOMORROW"

Variant = tuple[str, Any]
"""What is special about a value, and the value."""


class Values:
    """Values that a schema of a contract allows.

    A schema is followed as deep as it goes. Of the branches of a choice each is a variant.
    """

    def __init__(self, written: Contract) -> None:
        self._written = written

    def full(self, schema: Mapping[str, Any]) -> Any:
        """A value with every field that is listed."""
        schema = self._whole(schema)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return schema["enum"][0]
        if choices := _choices(schema):
            return self.full(choices[0])
        match _type(schema):
            case "object":
                return {name: self.full(inner) for name, inner in schema.get("properties", {}).items()}
            case "array":
                return [self.full(schema["items"])] if "items" in schema else [{}]
            case "string":
                return _string(schema)
            case "integer":
                return max(1, schema.get("minimum", 1))
            case "number":
                return min(0.5, schema.get("maximum", 0.5))
            case "boolean":
                return True
        return "anything"

    def variants(self, schema: Mapping[str, Any]) -> Iterator[Variant]:
        """The same value with one thing changed, for each thing that the schema leaves open."""
        schema, full = self._whole(schema), self.full(schema)
        if "null" in _types(schema):
            yield "is null", None
        if "enum" in schema and isinstance(full, str):
            yield "is an unknown word", UNKNOWN_WORD
        for number, choice in enumerate(_choices(schema)):
            yield f"is choice {number}", self.full(choice)
            yield from self.variants(choice)
        if isinstance(full, dict):
            yield from self._of_fields(schema, full)
        if isinstance(full, list) and "items" in schema:
            yield "is empty", []
            for what, value in self.variants(schema["items"]):
                yield f"[] {what}", [value]

    def _of_fields(self, schema: Mapping[str, Any], full: dict[str, Any]) -> Iterator[Variant]:
        for name, inner in schema.get("properties", {}).items():
            if name not in schema.get("required", ()):
                yield f"{name} is absent", {key: value for key, value in full.items() if key != name}
            for what, value in self.variants(inner):
                yield f"{name} {what}", {**full, name: value}
        yield "has a field that no document names", {**full, "newField": {"a": [1]}}

    def _whole(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """A schema without references, and with the parts that it consists of."""
        schema = self._written.follow(schema)
        parts = [self._whole(part) for part in schema.get("allOf", ())]
        if not parts:
            return schema
        properties = {name: inner for part in parts for name, inner in part.get("properties", {}).items()}
        required = [name for part in parts for name in part.get("required", ())]
        return {"type": "object", "properties": properties, "required": required}


def _choices(schema: Mapping[str, Any]) -> list[Any]:
    """Other schemas of which one holds; those beside properties only say which of them go together."""
    return [] if "properties" in schema else list(schema.get("oneOf") or schema.get("anyOf") or ())


def _types(schema: Mapping[str, Any]) -> list[str]:
    given = schema.get("type", [])
    return [given] if isinstance(given, str) else list(given)


def _type(schema: Mapping[str, Any]) -> str | None:
    kinds = [kind for kind in _types(schema) if kind != "null"]
    return kinds[0] if kinds else ("object" if "properties" in schema else None)


def _string(schema: Mapping[str, Any]) -> str:
    if "format" in schema:
        return SAMPLES[schema["format"]]
    if "pattern" in schema:
        return next(sample for sample in FIT_A_PATTERN if re.search(schema["pattern"], sample))
    return "7"


@dataclass(frozen=True)
class Answered:
    """An operation with a call that makes it, and what it may answer."""

    operation: Operation
    call: Call[Any]
    status: int
    schema: Mapping[str, Any]


def answered(name: str) -> Iterator[Answered]:
    """Every operation whose answer a contract describes."""
    written, seen = contract(name), set()
    for _, _, call in TABLES[name].calls():
        operation = written.find(call.method, call.path)
        if operation is None or (call.method, operation.template) in seen:
            continue
        seen.add((call.method, operation.template))
        for status, response in operation.description["responses"].items():
            content = written.follow(response).get("content", {}).get("application/json")
            if status.startswith("2") and content and call.into is None:
                number = int(status.replace("XX", "00"))
                yield Answered(operation, call, number, content["schema"])


EVERY = [
    pytest.param(name, one, id=f"{name}: {one.operation.method} {one.operation.template}")
    for name in TABLES
    for one in answered(name)
]


def fault(one: Answered, value: Any) -> str | None:
    """Why an answer is not read, or which of its rows is not."""
    try:
        read = one.call.parse(answer(value, one.status))
    except Exception as error:
        return str(error)
    left_out = unreadable_of(read)
    return left_out[0].reason if left_out else None


@pytest.mark.parametrize(("name", "one"), EVERY)
def test_every_answer_that_a_contract_allows_is_read(name: str, one: Answered) -> None:
    values = Values(contract(name))
    tried = [("is full", values.full(one.schema)), *values.variants(one.schema)]
    faults = [
        f"{what}: {why}"
        for what, value in tried
        if value is not False and (why := fault(one, value)) is not None
    ]
    assert not faults, "\n" + "\n".join(faults)


def test_a_row_that_may_not_be_is_noticed() -> None:
    """Guards the check itself."""
    one = next(one for one in answered("liveramp") if one.operation.template == "/v2/deliveries")
    assert isinstance(one.call.parse(answer({"v2/Deliveries": []})), Page)
    assert fault(one, {"v2/Deliveries": [{"id": None}]}) is not None
    assert fault(one, {"v2/Deliveries": None}) is not None


def test_there_are_answers_of_every_kind() -> None:
    tried = [
        what
        for name in TABLES
        for one in answered(name)
        for what, _ in Values(contract(name)).variants(one.schema)
    ]
    for end, most in (("is absent", 300), ("is null", 120), ("is an unknown word", 25)):
        assert len([what for what in tried if what.endswith(end)]) > most, end
