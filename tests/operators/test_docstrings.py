"""What the docstrings of operators and sensors promise: an example that works, and every argument."""

from __future__ import annotations

import inspect
import re
import textwrap
from datetime import timedelta
from typing import Any

import pytest
from airflow.sdk import BaseOperator
from provided_classes import public_classes

every_class = pytest.mark.parametrize("kind", list(public_classes()), ids=lambda kind: kind.__name__)


@every_class
def test_the_example_makes_one(kind: type[BaseOperator]) -> None:
    doc = inspect.getdoc(kind) or ""
    found = re.search(r"\.\. code-block:: python\n\n((?: {4}.*\n|\n)+)", doc + "\n")
    assert found, "the docstring has no example"
    made: dict[str, Any] = {kind.__name__: kind, "timedelta": timedelta}
    exec(textwrap.dedent(found[1]), made)
    assert any(isinstance(value, kind) for value in made.values())


@every_class
def test_every_argument_is_described(kind: type[BaseOperator]) -> None:
    ours = [base for base in kind.__mro__ if base.__module__.startswith("airflow_provider_activation")]
    described = {name for base in ours for name in re.findall(r":param (\w+):", base.__doc__ or "")}
    taken = {
        name
        for base in ours
        if "__init__" in vars(base)
        for name, parameter in inspect.signature(vars(base)["__init__"]).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }
    assert taken <= described


@every_class
def test_what_is_said_to_be_templated_is(kind: type[BaseOperator]) -> None:
    doc = " ".join((inspect.getdoc(kind) or "").split())
    parts = [part.split(":raises")[0] for part in doc.split(":param ")[1:]]
    said = {part.split(":", 1)[0]: "(templated)" in part for part in parts}
    assert said == {name: name in kind.template_fields for name in said}


@every_class
def test_the_document_is_named(kind: type[BaseOperator]) -> None:
    assert re.search(r"[Dd]ocuments?:? ", inspect.getdoc(kind) or ""), "which document says so?"
