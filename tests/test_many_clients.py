"""The example of many clients without an Airflow: its table, what each client's tasks get, and its page."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import many_clients as example
import pytest
from airflow.api_fastapi.core_api.datamodels.task_instances import ClearTaskInstancesBody
from client_tables import clients_of, write_table

from airflow_provider_activation.sandbox import Sandbox
from scripts.machine_speed import scaled
from scripts.pages import ROOT, blocks_of

FIFTY = 50
PAGE = ROOT / "docs" / "recipes" / "many-clients.md"
HEAD = "client,acoustic_exchange_conn_id,source,endpoint_id,segment_id,destination_endpoint_id"
STEPS = ("prepare", "export", "upload", "delete")


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    """The rows of a table of fifty clients."""
    table = tmp_path_factory.mktemp("clients") / "clients.csv"
    with Sandbox(port=0, tenants=FIFTY) as sandbox:
        write_table(table, clients_of(sandbox))
    return example.clients_of(table)


class _Outputs:
    """The task instance of one client, with the outputs of all tasks."""

    def __init__(self, rows: list[dict[str, str]], map_index: int) -> None:
        self.rows, self.map_index = rows, map_index

    def get_relevant_upstream_map_indexes(self, **_: Any) -> int:
        return self.map_index

    def xcom_pull(self, task_ids: str, key: str = "return_value", **_: Any) -> Any:
        if task_ids == "read_clients":
            return self.rows
        assert task_ids in {f"client.{step}" for step in STEPS}
        return f"{key} of {task_ids} {self.map_index}"


def test_each_of_fifty_gets_its_own_and_nothing_of_another(rows: list[dict[str, str]]) -> None:
    began = time.monotonic()
    dag = example.many_clients()
    assert time.monotonic() - began < scaled(1.0)
    environment = dag.get_template_env()
    given: dict[str, list[tuple[str, ...]]] = {step: [] for step in STEPS}
    for index, row in enumerate(rows):
        ti = _Outputs(rows, index)
        context: Any = {"ti": ti, "params": {}, "dag_run": None}
        for step in STEPS:
            task = dag.task_dict[f"client.{step}"]
            assert task.render_template(task.map_index_template, context, environment) == row["client"]
            mapped = {
                name: task.render_template(value, context, environment)
                for name in task.template_fields
                if hasattr(value := getattr(task, name), "resolve")
            }
            if step != "delete":
                assert mapped["acoustic_exchange_conn_id"] == row["acoustic_exchange_conn_id"]
            given[step].append(tuple(map(str, mapped.values())))
        assert row["folder"] == str(example.FOLDER / row["client"])
    assert all(len(set(found)) == FIFTY for found in given.values())
    (prepared, exported, uploaded, deleted) = (found[-1] for found in given.values())
    last = rows[-1]
    assert {last["source"], last["folder"], last["client"], last["endpoint_id"]} <= set(prepared)
    assert {last["endpoint_id"], last["segment_id"], last["destination_endpoint_id"]} <= set(exported)
    assert {"jobId of client.export 49", "return_value of client.prepare 49"} <= set(uploaded)
    assert deleted == ("return_value of client.prepare 49",)


def test_what_calls_the_service_is_in_the_pool() -> None:
    tasks = example.many_clients().task_dict
    pools = {step: tasks[f"client.{step}"].pool for step in STEPS}
    assert pools == {**dict.fromkeys(example.TASKS, example.POOL), "delete": "default_pool"}
    assert {task_id for task_id, task in tasks.items() if task.pool == example.POOL} == {
        f"client.{step}" for step in example.TASKS
    }


def test_the_table_of_the_example_can_be_used() -> None:
    rows = example.clients_of(example.TABLE)
    assert len(rows) == 5
    assert all(Path(row["source"]).is_file() for row in rows)


def test_a_source_may_be_on_object_storage(tmp_path: Path) -> None:
    table = tmp_path / "clients.csv"
    table.write_text(f"{HEAD}\na,one,s3://conn_id@bucket/a.csv,1,5,3\n")
    assert example.clients_of(table)[0]["source"] == "s3://conn_id@bucket/a.csv"


@pytest.mark.parametrize(
    ("second", "why"),
    [
        ("a,two,b.csv,2,5,3", "same client twice: a"),
        ("b,one,b.csv,2,5,3", "same acoustic_exchange_conn_id twice: one"),
        ("b,two,a.csv,2,5,3", "same source twice: a.csv"),
        ("b,two,b.csv,1,5,3", "same endpoint_id twice: 1"),
        ("../b,two,b.csv,2,5,3", "Row 2 .* not one for a folder"),
        ("b,two,b.csv,2,5,", "Row 2 .* columns"),
        ("b,two,b.csv,2,5", "Row 2 .* columns"),
        ("b,two,b.csv,2,5,3,4", "Row 2 .* columns"),
    ],
)
def test_a_table_that_mixes_clients_up_is_refused(tmp_path: Path, second: str, why: str) -> None:
    table = tmp_path / "clients.csv"
    table.write_text(f"{HEAD}\na,one,a.csv,1,5,3\n{second}\n")
    with pytest.raises(ValueError, match=why):
        example.clients_of(table)


def test_a_table_without_a_client_is_refused(tmp_path: Path) -> None:
    table = tmp_path / "clients.csv"
    table.write_text(f"{HEAD}\n")
    with pytest.raises(ValueError, match="no client"):
        example.clients_of(table)


def test_the_table_of_the_page_can_be_used(tmp_path: Path) -> None:
    table = tmp_path / "clients.csv"
    table.write_text(blocks_of(PAGE, "csv")[0].code)
    for row in example.clients_of(table):
        # the rule that the page names
        assert row["acoustic_exchange_conn_id"] == f"acoustic_exchange_{row['client']}"


def test_airflow_understands_what_clears_one_client() -> None:
    body = ClearTaskInstancesBody.model_validate(json.loads(blocks_of(PAGE, "json")[0].code))
    assert body.task_ids == [("client.prepare", 17)]
    assert body.include_downstream


def test_the_line_that_the_page_quotes_is_what_is_reported() -> None:
    (quoted,) = re.findall(r"`(\d+ of \d+ clients activated\. Not: .*)`", PAGE.read_text())
    assert quoted in (Path(__file__).parent / "dags" / "test_many_clients.py").read_text()
