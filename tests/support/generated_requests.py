"""Makes requests that were generated from a contract be about what the sandbox holds."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from contracts import Operation, contract
from jsonschema_rs import Draft202012Validator
from schemathesis import Case
from schemathesis.core import NotSet
from schemathesis.core.parameters import ParameterLocation

UNKNOWN_ONE_IN = 4


@dataclass
class Holdings:
    """What one service of the sandbox knows, so that requests can be about it."""

    keys: dict[str, str]
    """Credentials by the name of their security scheme."""
    values: dict[str, Any]
    """What stands for a parameter: by "operationId.parameter", by the path up to it, or by its name."""
    bodies: dict[str, Any] = field(default_factory=dict)
    """A body that is accepted, by operationId."""


class GeneratedRequests:
    """The requests that are generated from one contract.

    :param service: the contract's name, see `contracts.Contract`.
    """

    def __init__(self, service: str) -> None:
        self._contract = contract(service)
        self._operations = {(one.method, one.template): one for one in self._contract.operations}
        # by the identity of a part of the contract, which lives as long as this does
        self._validators: dict[int, Draft202012Validator] = {}

    @property
    def title(self) -> str:
        """The contract's title."""
        return str(self._contract.document["info"]["title"])

    def operation_id(self, case: Case[Any]) -> str:
        """The operationId of a request."""
        return str(self._operation(case).description["operationId"])

    def credentials(self, case: Case[Any], holdings: Holdings) -> tuple[dict[str, str], dict[str, str]]:
        """Headers and query of one of the ways to authenticate that the operation allows."""
        ways = self._contract.security(self._operation(case)) or [set()]
        headers: dict[str, str] = {}
        query: dict[str, str] = {}
        for name in ways[_choice(case) % len(ways)]:
            scheme, key = self._contract.document["components"]["securitySchemes"][name], holdings.keys[name]
            if scheme["type"] == "http":
                headers["Authorization"] = f"Bearer {key}"
            else:
                (query if scheme["in"] == "query" else headers)[scheme["name"]] = key
        return headers, query

    def fit(self, case: Case[Any], holdings: Holdings) -> None:
        """Let a request be about what is there.

        What the contract forbids stays as it is, and one of the values that it allows, since those are what
        is tried; all others give way to values that the sandbox knows. Without this nearly every answer would
        be that something does not exist. That is what is tried with some of the requests that are allowed.
        """
        operation, choice = self._operation(case), _choice(case)
        unknown = _unknown(case, choice)
        for parameter in operation.parameters:
            name = parameter["name"]
            place = case.get_container(ParameterLocation(parameter["in"]))
            held = _held(operation, name, holdings)
            if held is None or name == unknown or not isinstance(place, MutableMapping):
                continue
            if self._accepts(parameter, place.get(name)):
                place[name] = held
        self._thin_out_query(case, operation, choice)
        good = holdings.bodies.get(self.operation_id(case))
        # bytes are no JSON at all
        if good is not None and not isinstance(case.body, NotSet | bytes):
            content = self._contract.follow(operation.description["requestBody"])["content"]
            if case.media_type in content:
                case.body = self._body(case.body, good, content[case.media_type]["schema"], choice)

    def _operation(self, case: Case[Any]) -> Operation:
        return self._operations[case.operation.method.upper(), case.path]

    def _thin_out_query(self, case: Case[Any], operation: Operation, choice: int) -> None:
        # of many values at once one is nearly always about nothing; each of them gets its turn
        listed = {parameter["name"]: parameter for parameter in operation.parameters}
        if any(
            name not in listed or not self._accepts(listed[name], value) for name, value in case.query.items()
        ):
            return
        optional = sorted(name for name in case.query if not listed[name].get("required"))
        for position, name in enumerate(optional):
            if position != choice % (len(optional) + 1):
                del case.query[name]

    def _body(self, generated: Any, good: Any, schema: Mapping[str, Any], choice: int) -> Any:
        if not self._valid(schema, generated):
            return self._mended(generated, good, schema)
        if isinstance(generated, dict) and isinstance(good, dict):
            names = sorted(generated)
            tried = names[choice % (len(names) + 1) :][:1]
            return {**good, **{name: generated[name] for name in tried}}
        return good

    def _mended(self, generated: Any, good: Any, schema: Mapping[str, Any]) -> Any:
        """The same faults in what is good otherwise."""
        schema = self._contract.follow(schema)
        if self._valid(schema, generated):
            return good
        if isinstance(generated, dict) and isinstance(good, dict):
            known = schema.get("properties", {})
            mended = {}
            for name, value in generated.items():
                if name in known and name in good:
                    mended[name] = self._mended(value, good[name], known[name])
                elif name not in known or not self._valid(known[name], value):
                    mended[name] = value
            return mended
        if isinstance(generated, list) and isinstance(good, list) and good and "items" in schema:
            return [self._mended(item, good[0], schema["items"]) for item in generated]
        return generated

    def _accepts(self, parameter: Mapping[str, Any], value: Any) -> bool:
        # what stands in a path or a query is text, whatever it is meant to be
        read = [value]
        if isinstance(value, str) and re.fullmatch("-?[0-9]{1,18}", value):
            read.append(int(value))
        if value in ("true", "false"):
            read.append(value == "true")
        return any(self._valid(parameter["schema"], one) for one in read)

    def _valid(self, schema: Mapping[str, Any], value: Any) -> bool:
        validator = self._validators.get(id(schema))
        if validator is None:
            whole = {**schema, "components": self._contract.document["components"]}
            validator = self._validators[id(schema)] = Draft202012Validator(whole)
        return validator.is_valid(value)


def _choice(case: Case[Any]) -> int:
    """A number that is the same whenever a request is, so that a failure comes again."""
    return zlib.crc32(repr(case).encode())


def _unknown(case: Case[Any], choice: int) -> str | None:
    """The parameter in the path that is to name nothing, if any."""
    names = re.findall(r"\{(.*?)\}", case.path)
    # a fault elsewhere in the request would hide behind it
    if not names or (case.meta is not None and case.meta.generation.mode.is_negative):
        return None
    return dict(enumerate(names)).get(choice % (UNKNOWN_ONE_IN * len(names)))


def _held(operation: Operation, name: str, holdings: Holdings) -> Any:
    way = re.match(rf".*?\{{{re.escape(name)}\}}", operation.template)
    for known in (f"{operation.description['operationId']}.{name}", way and way[0], name):
        if known in holdings.values:
            return holdings.values[known]
    return None
