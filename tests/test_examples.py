"""The example DAGs as the DAG processor reads them; `tests/dags` runs them."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
from airflow.sdk.definitions._internal.contextmanager import DagContext

FOLDER = Path(__file__).parent.parent / "example_dags"
EXAMPLES = [path for path in sorted(FOLDER.glob("*.py")) if "@dag" in path.read_text()]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_read_without_a_connection(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading a DAG file needs no connection and makes a DAG of the file's name."""
    name = f"example_{path.stem}"
    monkeypatch.setattr(DagContext, "autoregistered_dags", set())
    monkeypatch.setattr(DagContext, "current_autoregister_module_name", name)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    dags = {dag.dag_id: dag for dag, _ in DagContext.autoregistered_dags}
    assert path.stem in dags
    assert all(dag.tasks for dag in dags.values())
