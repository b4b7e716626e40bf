"""Every import path that users were ever shown is still there."""

from __future__ import annotations

import pkgutil
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowOptionalProviderFeatureException

from airflow_provider_activation.get_provider_info import get_provider_info

ROOT = Path(__file__).parent.parent.parent
LISTED = [
    line
    for line in Path(__file__).with_name("public_paths.txt").read_text().splitlines()
    if line and not line.startswith("#")
]
NAMED = re.compile(r"\b[A-Z][A-Za-z]+(?:Operator|Sensor|Trigger|Hook|RetryPolicy)\b")
"""How what a DAG imports looks in a text."""
OF_OTHERS = {"HttpOperator", "EmptyOperator", "BaseOperator", "HttpHook", "DbApiHook"}
"""What our pages name of Airflow and of other providers."""


def shown() -> set[str]:
    """What README, the pages for users and the example DAGs name; not what is generated from the code."""
    pages = [
        ROOT / "README.md",
        ROOT / "docs" / "audiences.md",
        *(ROOT / "docs" / "recipes" / name for name in ("event-driven.md", "many-clients.md")),
    ]
    texts = [page.read_text() for page in (*pages, *(ROOT / "example_dags").glob("*.py"))]
    return {name for text in texts for name in NAMED.findall(text)} - OF_OTHERS


def told_to_airflow() -> set[str]:
    """The modules and classes that Airflow is told of."""
    info = get_provider_info()
    kinds = ("hooks", "operators", "sensors", "triggers", "notifications")
    modules = [entry["python-modules"] for kind in kinds for entry in info.get(kind, [])]
    hooks = [connection["hook-class-name"] for connection in info["connection-types"]]
    return {*(path for paths in modules for path in paths), *hooks, *info["extra-links"]}


@pytest.mark.parametrize("path", LISTED)
def test_it_can_be_imported(path: str) -> None:
    try:
        found: Any = pkgutil.resolve_name(path)
    except AirflowOptionalProviderFeatureException as error:
        pytest.skip(str(error))
    assert isinstance(found, ModuleType) or callable(found)


@pytest.mark.parametrize("path", sorted(told_to_airflow()))
def test_what_airflow_is_told_of_is_listed(path: str) -> None:
    assert path in LISTED, "add it to public_paths.txt"


def test_what_the_pages_name_is_listed() -> None:
    names = {path.rpartition(".")[2] for path in LISTED}
    assert sorted(shown() - names) == [], "add them to public_paths.txt"


def test_nothing_is_listed_twice() -> None:
    assert sorted(set(LISTED)) == sorted(LISTED)
