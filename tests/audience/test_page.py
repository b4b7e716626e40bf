"""docs/audiences.md says what is so: its blocks run, and its tables are those of the code."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
import yaml
from audience_page import PAGE, page, tables
from page_choice import claimed
from page_running import RUN, PageRun

from airflow_provider_activation.audience import AudienceSchema, prepare_audience
from airflow_provider_activation.audience.given import check_source
from airflow_provider_activation.audience.profiles import ACOUSTIC, NAMES
from airflow_provider_activation.audience.schema import KINDS
from airflow_provider_activation.audience.values import REASONS, UNREAD
from scripts.pages import blocks, blocks_of

TEXT = PAGE.read_text()
WHOLE_ROWS = {"broken_row", "missing", "no_identifier"}
"""Reasons that are not of a value."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> PageRun:
    """All blocks of Python that a reader runs one after the other, with what each prints."""
    run = PageRun(PAGE, tmp_path_factory.mktemp("page"), {})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(tmp_path_factory.mktemp("temporary")))
        run.run([block for block in blocks(PAGE) if block.kind in RUN and claimed(block)])
    return run


def test_every_block_runs_and_prints_what_the_page_says(run: PageRun) -> None:
    assert not run.failures, "\n".join(run.failures)
    assert not run.names["folder"].exists()


def test_the_mapping_is_the_schema(run: PageRun) -> None:
    mapping, *_ = (yaml.safe_load(block.code) for block in blocks_of(PAGE, "yaml"))
    schema = run.names["schema"]
    assert schema.as_mapping() == mapping
    assert AudienceSchema.from_mapping(mapping) == schema
    assert list(mapping["columns"]) == list(schema.columns)


def test_the_mapping_of_a_source_is_read(tmp_path: Path) -> None:
    _, source, statement = (yaml.safe_load(block.code) for block in blocks_of(PAGE, "yaml"))
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
