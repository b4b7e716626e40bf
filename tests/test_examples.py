"""The example DAGs as the DAG processor reads them; `tests/dags` runs them."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from airflow.sdk.definitions._internal.contextmanager import DagContext

EXAMPLES = sorted((Path(__file__).parent.parent / "example_dags").glob("*.py"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_read_without_a_connection(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading a DAG file needs no connection and makes a DAG whose id is the name of the file."""
    name = f"example_{path.stem}"
    monkeypatch.setattr(DagContext, "autoregistered_dags", set())
    monkeypatch.setattr(DagContext, "current_autoregister_module_name", name)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
    assert [dag.dag_id for dag, _ in DagContext.autoregistered_dags] == [path.stem]
    assert all(dag.tasks for dag, _ in DagContext.autoregistered_dags)
