"""docs/audiences.md says what is so: its blocks run, and its tables are those of the code."""

from __future__ import annotations

import inspect
import io
import re
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from airflow.sdk import DAG
from airflow.sdk.definitions._internal.contextmanager import DagContext
from audience_page import PAGE, page, tables

from airflow_provider_activation.audience import AudienceSchema, prepare_audience
from airflow_provider_activation.audience.given import check_source
from airflow_provider_activation.audience.profiles import ACOUSTIC, NAMES
from airflow_provider_activation.audience.schema import KINDS
from airflow_provider_activation.audience.values import REASONS, UNREAD

TEXT = PAGE.read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
WHOLE_ROWS = {"broken_row", "missing", "no_identifier"}
"""Reasons that are not of a value."""


def _session() -> Iterator[tuple[str, str | None]]:
    """The blocks of Python that a reader runs one after the other, and what each prints."""
    for (language, code), (following, printed) in zip(BLOCKS, [*BLOCKS[1:], ("", "")], strict=True):
        if language == "python" and "@dag" not in code:
            yield code, printed if following == "text" else None


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What all of the blocks have made, after each printed what the page says."""
    made: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(tmp_path_factory.mktemp("page")))
        for code, expected in _session():
            printed = io.StringIO()
            with redirect_stdout(printed):
                exec(compile(code, PAGE.name, "exec"), made)
            assert printed.getvalue() == (expected or ""), code
    return made


def test_every_block_runs_and_prints_what_the_page_says(names: dict[str, Any]) -> None:
    assert len(list(_session())) == 8
    assert {language for language, _ in BLOCKS} == {"python", "text", "yaml", "shell"}
    assert not names["folder"].exists()


def test_the_mapping_is_the_schema(names: dict[str, Any]) -> None:
    mapping, *_ = (yaml.safe_load(code) for language, code in BLOCKS if language == "yaml")
    assert names["schema"].as_mapping() == mapping
    assert AudienceSchema.from_mapping(mapping) == names["schema"]
    assert list(mapping["columns"]) == list(names["schema"].columns)


def test_the_mapping_of_a_source_is_read(tmp_path: Path) -> None:
    _, source, statement = (yaml.safe_load(code) for language, code in BLOCKS if language == "yaml")
    check_source(statement)
    assert set(statement) == {"conn_id", "sql", "parameters"}
    file = tmp_path / "customers.txt"
    file.write_bytes("'åsa@example.com';;'SE;1'\n".encode(source["encoding"]))
    schema = {
        "columns": {
            "email": {"kind": "email", "source": "email"},
            "country": {"kind": "attribute", "source": "country"},
        }
    }
    manifest = prepare_audience({**source, "path": file}, schema, profile="uid2", folder=tmp_path)
    assert Path(manifest["path"]).read_text() == "email,country\nåsa@example.com,SE;1\n"


class _Outputs:
    """A task instance of a run in which tasks run one after the other."""

    dag_id, run_id, map_index = "audience_for_google", "manual", -1

    def __init__(self) -> None:
        self.task_id = ""
        self.outputs: dict[tuple[str, str], Any] = {}

    def xcom_push(self, key: str, value: Any) -> None:
        self.outputs[self.task_id, key] = value

    def xcom_pull(self, task_ids: str, key: str = "return_value", **_: Any) -> Any:
        return self.outputs[task_ids, key]


def test_the_dag_prepares_and_deletes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = (code for language, code in BLOCKS if language == "python" and "@dag" in code)
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    monkeypatch.setattr(DagContext, "autoregistered_dags", set())
    monkeypatch.setattr(DagContext, "current_autoregister_module_name", "page")
    monkeypatch.setitem(sys.modules, "page", module := ModuleType("page"))
    exec(compile(code, PAGE.name, "exec"), vars(module))
    ((dag, _),) = DagContext.autoregistered_dags
    assert isinstance(dag, DAG)
    dag.validate()  # type: ignore[no-untyped-call]
    folder, ti = tmp_path / "audiences", _Outputs()
    found: dict[str, list[str]] = {}
    for task in dag.topological_sort():  # type: ignore[no-untyped-call]
        ti.task_id = task.task_id
        context: Any = {"ti": ti, "task_instance": ti, "task": task, "dag": dag, "params": {}}
        task.render_template_fields(context, dag.get_template_env())
        ti.xcom_push("return_value", result := task.execute(context))
        if getattr(task, "multiple_outputs", False):
            for key, value in result.items():
                ti.xcom_push(key, value)
        found[task.task_id] = sorted(file.suffix for file in folder.iterdir())
    assert found["prepare_audience"] == [".csv"] * 3
    assert ti.outputs["upload", "return_value"] == 1
    manifest = ti.outputs["prepare_audience", "return_value"]
    assert manifest["rows"]["suppressed"] == 1
    assert ti.outputs["delete_audience", "return_value"] == {"deleted": [manifest["path"]]}
    assert list(folder.iterdir()) == []
    delete = dag.task_dict["delete_audience"]
    assert delete.is_teardown
    assert delete.on_failure_fail_dagrun
    assert dag.task_dict["prepare_audience"].is_setup


def test_the_tables_of_profiles_are_what_make_coverage_writes() -> None:
    assert tables() in TEXT, "stale: run `make coverage`"
    assert page(TEXT) == TEXT
    assert re.findall(r"^### `(\w+)`$", TEXT, re.MULTILINE) == list(NAMES)
    assert NAMES[-1] == ACOUSTIC


def _table(heading: str) -> list[list[str]]:
    """The rows of the table with this heading."""
    _, _, rest = TEXT.partition(f"\n| {heading} |")
    lines = rest.partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_every_reason_is_told() -> None:
    told = {row[0].strip("`") for row in _table("reason | means")}
    assert told == {*REASONS, *WHOLE_ROWS} - {"", UNREAD}


def test_every_kind_of_column_is_told_with_its_options() -> None:
    told = _table("column | `kind` | options besides `source` | what leaves")
    assert [(row[0].strip("`"), row[1].strip("`")) for row in told] == [
        (column.__name__, kind) for kind, column in KINDS.items()
    ]
    for row, column in zip(told, KINDS.values(), strict=True):
        taken = {
            name
            for one in column.__mro__
            if "__init__" in vars(one) and one is not object
            for name in inspect.signature(one).parameters
        }
        options = set(re.findall("`(\\w+)`", row[2])) - {"source"}
        assert options == taken - {"self", "given", "source"}, row[0]
