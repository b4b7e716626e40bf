"""The written contracts in ``tests/contracts``: what they list, and what of a request breaks them.

openapi-core checks parameters, bodies and security. It passes over what a contract does not list, and takes
``True`` for a boolean. So that is looked for here: a query parameter or a form's field that is not listed,
one that is repeated, another word for a boolean, a body where none is described.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

import yaml
from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from scripted_server import Asked
from werkzeug.datastructures import Headers, ImmutableMultiDict

FOLDER = Path(__file__).parents[1] / "contracts"
METHODS = frozenset({"get", "put", "post", "delete", "patch", "head", "options", "trace"})
_SERVER = "https://vendor.invalid"
_FORM = "application/x-www-form-urlencoded"

Table = frozenset[tuple[str, str]]
"""Methods in capitals and path templates, whose variables have lost their names."""


def without_names(template: str) -> str:
    """A path template with ``{}`` for each variable: names differ between documents, client and sandbox."""
    return re.sub(r"\{[^}]*\}", "{}", template)


@dataclass(frozen=True)
class Operation:
    """One operation of a contract, its references followed as far as they are needed here."""

    method: str
    template: str
    description: Mapping[str, Any]
    parameters: tuple[Mapping[str, Any], ...]

    @property
    def query(self) -> dict[str, Any]:
        """Names of query parameters, and the type of each."""
        return {
            parameter["name"]: parameter.get("schema", {}).get("type")
            for parameter in self.parameters
            if parameter["in"] == "query"
        }

    @property
    def general(self) -> str:
        """The template of the operation of which this is a case; its own if it is none."""
        return str(self.description.get("x-case-of", self.template))

    @property
    def is_described(self) -> bool:
        """Whether it has an id, says where it comes from, and what it answers."""
        return all(self.description.get(name) for name in ("operationId", "description", "responses"))

    def match(self, path: str) -> tuple[str, ...] | None:
        """The values of the template's variables, decoded; None where the path is another one."""
        parts, segments = self.template.split("/"), path.split("/")
        pairs = list(zip(parts, segments, strict=False))
        fits = len(parts) == len(segments) and all(
            segment != "" if part.startswith("{") else part == segment for part, segment in pairs[1:]
        )
        return tuple(unquote(segment) for part, segment in pairs if part.startswith("{")) if fits else None


@dataclass
class _Request:
    """A request as openapi-core wants it."""

    host_url: str
    path: str
    method: str
    parameters: RequestParameters
    content_type: str
    body: bytes | None


class Contract:
    """One service's contract.

    :param name: the file's name without its ending, which is that of the module in ``api/`` too.
    """

    def __init__(self, name: str) -> None:
        self.document: dict[str, Any] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text())
        self.operations = tuple(self._read())
        # where a service lives is a matter of the connection: all paths hang below one address here
        bare = {**self.document, "servers": [{"url": _SERVER}]}
        bare["paths"] = {
            path: {name: value for name, value in item.items() if name != "servers"}
            for path, item in self.document["paths"].items()
        }
        self._openapi = OpenAPI.from_dict(
            bare, config=Config(extra_media_type_deserializers={"text/csv": _text})
        )

    def _read(self) -> Iterator[Operation]:
        for template, item in self.document["paths"].items():
            for method in METHODS & item.keys():
                parameters = [*item.get("parameters", ()), *item[method].get("parameters", ())]
                yield Operation(
                    method.upper(), template, item[method], tuple(self.follow(one) for one in parameters)
                )

    def follow(self, value: Mapping[str, Any]) -> Mapping[str, Any]:
        """What a reference stands for; itself if it is none."""
        while "$ref" in value:
            found: Any = self.document
            for part in value["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            value = found
        return value

    @property
    def table(self) -> Table:
        """What it lists, a special case of an operation as that operation."""
        return frozenset((one.method, without_names(one.general)) for one in self.operations)

    def generalised(self, table: Table) -> Table:
        """A table with the operations in the place of the special cases that are listed here."""
        cases = {(one.method, without_names(one.template)): one for one in self.operations}
        return frozenset(
            (row[0], without_names(cases[row].general)) if row in cases else row for row in table
        )

    @property
    def servers(self) -> set[str]:
        """The addresses it names, of single paths too."""
        places = [self.document, *self.document["paths"].values()]
        return {server["url"] for place in places for server in place.get("servers", ())}

    def find(self, method: str, path: str) -> Operation | None:
        """The operation a request belongs to; of several the one with the fewest variables."""
        found = [one for one in self.operations if one.method == method and one.match(path) is not None]
        return min(found, key=lambda one: one.template.count("{"), default=None)

    def security(self, operation: Operation) -> list[set[str]]:
        """The names of security schemes, of which a request needs one group."""
        wanted = operation.description.get("security", self.document.get("security", []))
        return [set(group) for group in wanted]

    def faults(self, asked: Asked) -> list[str]:
        """What of a request breaks the contract, in words."""
        operation = self.find(asked.method, asked.path)
        if operation is None:
            return [f"{asked.method} {asked.path} is not listed"]
        return [*self._by_openapi_core(asked), *self._beyond_it(asked, operation)]

    def _by_openapi_core(self, asked: Asked) -> Iterator[str]:
        request = _Request(
            host_url=_SERVER,
            path=asked.path,
            method=asked.method.lower(),
            parameters=RequestParameters(
                query=ImmutableMultiDict(asked.query), header=Headers(list(asked.headers.items()))
            ),
            content_type=asked.headers.get("Content-Type", ""),
            body=asked.body or None,
        )
        for error in self._openapi.iter_request_errors(request):
            cause = error.__cause__
            reasons = [
                f"{'.'.join(str(part) for part in reason.absolute_path)}: {reason.message}"
                for reason in getattr(cause, "schema_errors", ())
            ]
            yield "; ".join([str(error), *(reasons or ([str(cause)] if cause else []))])

    def _beyond_it(self, asked: Asked, operation: Operation) -> Iterator[str]:
        listed = operation.query | self._keys_in_query(operation)
        names = [name for name, _ in asked.query]
        for name, value in asked.query:
            if name not in listed:
                yield f"the query parameter {name!r} is not listed"
            elif names.count(name) > 1 and listed[name] != "array":
                yield f"the query parameter {name!r} is repeated"
            elif listed[name] == "boolean" and value not in ("true", "false"):
                yield f"the query parameter {name!r} is {value!r}, not true or false"
        if asked.body and "requestBody" not in operation.description:
            yield "it has a body, and none is listed"
        if asked.headers.get("Content-Type") == _FORM:
            form = self.follow(operation.description["requestBody"])["content"][_FORM]["schema"]
            for name, _ in parse_qsl(asked.body.decode(), keep_blank_values=True):
                if name not in form["properties"]:
                    yield f"the form's field {name!r} is not listed"

    def _keys_in_query(self, operation: Operation) -> dict[str, Any]:
        schemes = self.document.get("components", {}).get("securitySchemes", {})
        return {
            schemes[name]["name"]: "string"
            for group in self.security(operation)
            for name in group
            if schemes[name].get("in") == "query"
        }


def _text(body: bytes, charset: str = "utf-8") -> str:
    return body.decode(charset)


@cache
def contract(name: str) -> Contract:
    """The contract of a service, read once."""
    return Contract(name)
