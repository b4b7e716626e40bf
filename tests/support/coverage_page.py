"""Writes ``docs/coverage.md`` from the code: every endpoint, and where in the package it is.

Run by ``make coverage``. `make test` fails when the page and the code do not agree.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from endpoints import EVERY_CALL, OTHER_PATHS

from airflow_provider_activation.api.call import Call
from airflow_provider_activation.get_provider_info import CONNECTION_TYPES
from airflow_provider_activation.operators.base import ActivationOperator
from airflow_provider_activation.sensors.base import ActivationSensor

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "coverage.md"
PACKAGE = ROOT / "airflow_provider_activation"

LOG_INS = {"log_in", "request_token"}
"""What no user calls: the transport does, with what the connection holds."""

NAMES_A_DOCUMENT = r"Documents?(?:, where an endpoint names no other)?: (.+?)(?:\.\s|\.$|$)"

HEAD = """# Coverage

This page lists every endpoint that the services document and a client may call, and what calls it here.

- **Hook method**: makes the call in a task of your own ([hooks in your own tasks](recipes/hooks-in-code.md)).
  `await hook.asend(api.<name>(...))` makes the same call on an event loop.
- **Operator or sensor**: makes the call for you. "hook" means that only the hook's method does.
- **Safety**: `READ` changes nothing, `REPEATABLE` may be sent twice, `ONCE` is sent at most once
  ([reliability](reliability.md#calls)).

`make coverage` writes this page from the code.
"""


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for connection in CONNECTION_TYPES:
        service = connection["connection-type"]
        parts += [f"\n## {connection['hook-name']}\n", _scope(service), _table(service)]
    return "\n".join(parts)


def _scope(service: str) -> str:
    """What is left out, in the words of the service's own file."""
    paragraphs = (inspect.getdoc(_api(service)) or "").split("\n\n")
    return "".join(f"{' '.join(text.split())}\n" for text in paragraphs if text.startswith("Out of scope"))


def _table(service: str) -> str:
    rows = ["| endpoint | hook method | operator or sensor | safety | document |", "|---|---|---|---|---|"]
    users = _users(service)
    for call in _calls(service):
        made_by = ", ".join(f"`{user}`" for user in users.get(call.operation, ()))
        cells = (
            f"`{call.method} {call.template}`",
            "(made by the connection)" if call.operation in LOG_INS else f"`{call.operation}`",
            "all" if call.operation in LOG_INS else made_by or "hook",
            call.safety.name,
            document_of(service, call.operation),
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def _calls(service: str) -> list[Call[Any]]:
    name = _api(service).SERVICE
    order = list(EVERY_CALL)
    calls = [call for call in (*EVERY_CALL.values(), *OTHER_PATHS.values()) if call.service == name]
    return sorted(calls, key=lambda call: (order.index(f"{name}: {call.operation}"), call.template))


def document_of(service: str, operation: str) -> str:
    """Which document an endpoint rests on: its docstring says, or else that of its file."""
    function = getattr(_api(service), operation)
    for text in (inspect.getdoc(function), inspect.getdoc(inspect.getmodule(function))):
        found = re.search(NAMES_A_DOCUMENT, " ".join((text or "").split()))
        if found:
            return found[1].replace("the vendor's ", "")
    raise LookupError(f"No docstring names the document of {operation}.")


# Who makes which call: read from the code, through all that an operator's class refers to

FOLDERS = ("operators", "sensors", "actions", "waits", "api")
"""Where a service's code stands, each before those that it may refer to."""

Place = tuple[str, str]
"""A folder, and the name of what is defined there."""


def _users(service: str) -> dict[str, list[str]]:
    """For each endpoint the operators and sensors that may call it."""
    references = _references(service)
    users: dict[str, list[str]] = {}
    for folder, base in (("operators", ActivationOperator), ("sensors", ActivationSensor)):
        module = importlib.import_module(f"airflow_provider_activation.{folder}.{service}")
        for name, found in inspect.getmembers(module, inspect.isclass):
            if issubclass(found, base) and (folder, name) in references and _is_public(found):
                for reached in sorted({operation for _, operation in _reached((folder, name), references)}):
                    users.setdefault(reached, []).append(name)
    return users


def _is_public(found: type) -> bool:
    return found.__name__.endswith(("Operator", "Sensor")) and not inspect.isabstract(found)


def _reached(start: Place, references: dict[Place, set[Place]]) -> set[Place]:
    reached: set[Place] = set()
    waiting = [start]
    while waiting:
        new = references.get(waiting.pop(), set()) - reached
        reached |= new
        waiting += new
    return reached


def _references(service: str) -> dict[Place, set[Place]]:
    """For each class and function of a service what of the service it names; endpoints name nothing."""
    endpoints = {call.operation for call in _calls(service)}
    definitions = {
        (folder, node.name): node
        for folder in FOLDERS
        for file in _files(folder, service)
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    }
    return {
        (folder, name): set()
        if name in endpoints and folder == "api"
        else {place for part in ast.walk(node) if (place := _named(part, folder, definitions)) is not None}
        for (folder, name), node in definitions.items()
    }


def _files(folder: str, service: str) -> Iterator[Path]:
    yield from sorted((PACKAGE / folder).glob(f"{service}*.py"))
    yield from sorted((PACKAGE / folder / service).glob("*.py"))


def _named(part: ast.AST, folder: str, definitions: Mapping[Place, object]) -> Place | None:
    """What a name stands for: ``api.get_flow`` says where, any other is looked for from here on."""
    here = FOLDERS[FOLDERS.index(folder) :]
    if isinstance(part, ast.Name):
        name = part.id
    elif isinstance(part, ast.Constant) and isinstance(part.value, str):
        # a delete operator names its endpoints by text
        name, here = part.value, ("api",)
    elif isinstance(part, ast.Attribute):
        name = part.attr
        if isinstance(part.value, ast.Name) and part.value.id in FOLDERS:
            here = (part.value.id,)
    else:
        return None
    return next(((place, name) for place in here if (place, name) in definitions), None)


@cache
def _api(service: str) -> ModuleType:
    return importlib.import_module(f"airflow_provider_activation.api.{service}")


if __name__ == "__main__":
    PAGE.write_text(page())
