"""The written contracts in ``tests/contracts``: what they list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import yaml

FOLDER = Path(__file__).parents[1] / "contracts"
METHODS = frozenset({"get", "put", "post", "delete", "patch", "head", "options", "trace"})


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

    def match(self, path: str) -> tuple[str, ...] | None:
        """The values of the template's variables, decoded; None where the path is another one."""
        parts, segments = self.template.split("/"), path.split("/")
        pairs = list(zip(parts, segments, strict=False))
        fits = len(parts) == len(segments) and all(
            segment != "" if part.startswith("{") else part == segment for part, segment in pairs[1:]
        )
        return tuple(unquote(segment) for part, segment in pairs if part.startswith("{")) if fits else None


class Contract:
    """One service's contract.

    :param name: the file's name without its ending, which is that of the module in ``api/`` too.
    """

    def __init__(self, name: str) -> None:
        # libyaml reads them seven times as fast, and every process that collects tests reads them
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self.document: dict[str, Any] = yaml.load((FOLDER / f"{name}.yaml").read_text(), loader)
        self.operations = tuple(self._read())

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

    def find(self, method: str, path: str) -> Operation | None:
        """The operation a request belongs to; of several the one with the fewest variables."""
        found = [one for one in self.operations if one.method == method and one.match(path) is not None]
        return min(found, key=lambda one: one.template.count("{"), default=None)

    def security(self, operation: Operation) -> list[set[str]]:
        """The names of security schemes, of which a request needs one group."""
        wanted = operation.description.get("security", self.document.get("security", []))
        return [set(group) for group in wanted]


@cache
def contract(name: str) -> Contract:
    """The contract of a service, read once."""
    return Contract(name)
