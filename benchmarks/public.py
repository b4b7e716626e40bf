"""The operators and sensors that a DAG file can name, found in their modules."""

from __future__ import annotations

import importlib
import importlib.util
import re
import textwrap
from datetime import timedelta
from inspect import getdoc, isclass
from pathlib import Path
from typing import Any

from airflow.sdk import BaseOperator

KINDS = ("operators", "sensors")


def modules_of(package: str, *kinds: str) -> list[str]:
    """The modules of a package's operators and sensors, found without importing them.

    :param kinds: only these of them.
    """
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations is not None
    root = Path(spec.submodule_search_locations[0])
    files = sorted(file for kind in kinds or KINDS for file in (root / kind).rglob("*.py"))
    return [".".join((package, *_parts(file.relative_to(root)))) for file in files]


def _parts(file: Path) -> tuple[str, ...]:
    return file.parent.parts if file.stem == "__init__" else file.with_suffix("").parts


def names_in(module: str) -> list[str]:
    """What of a module is for users: what it says, else the operators and sensors in it."""
    loaded = importlib.import_module(module)
    named: list[str] | None = getattr(loaded, "__all__", None)
    if named is not None:
        return sorted(named)
    package = module.partition(".operators")[0].partition(".sensors")[0]
    return sorted(name for name, value in vars(loaded).items() if _is_task_of(package, name, value))


def _is_task_of(package: str, name: str, value: object) -> bool:
    return (
        isclass(value)
        and issubclass(value, BaseOperator)
        and value.__module__.startswith(f"{package}.")
        and not name.startswith("_")
    )


def operators_of(package: str) -> list[type[BaseOperator]]:
    """The operators whose docstrings show how they are used, each once."""
    found: dict[type[BaseOperator], None] = {}
    for module in modules_of(package, "operators"):
        for name in names_in(module):
            kind = getattr(importlib.import_module(module), name)
            if isclass(kind) and issubclass(kind, BaseOperator) and _example(kind):
                found[kind] = None
    return list(found)


def example_arguments(kind: type[BaseOperator]) -> dict[str, Any]:
    """What the example in an operator's docstring gives, but for the task's id."""
    given: list[dict[str, Any]] = []
    names = {kind.__name__: lambda **arguments: given.append(arguments), "timedelta": timedelta}
    exec(_example(kind), names)
    return {name: value for name, value in given[0].items() if name != "task_id"}


def _example(kind: type) -> str:
    shown = re.search(r"\.\. code-block:: python\n\n((?: {4}.*\n|\n)+)", f"{getdoc(kind)}\n")
    # an inherited docstring shows another operator
    return textwrap.dedent(shown[1]) if shown and kind.__name__ in shown[1] else ""
