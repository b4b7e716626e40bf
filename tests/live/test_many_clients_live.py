"""The example of many clients on a scheduler: its pool, a client with a wrong key, and clearing that one."""

from __future__ import annotations

import json
import re
import shlex
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from client_tables import clients_of, write_table
from dag_running import ROOT
from real_airflow import RealAirflow

from airflow_provider_activation.sandbox import Sandbox
from scripts.machine_speed import scaled
from scripts.pages import blocks_of

PAGE = ROOT / "docs" / "recipes" / "many-clients.md"
LONGEST = scaled(180.0)
CLIENTS = 3
WRONG_KEY = 1
"""The row of the client that fails."""
STEPS = ("prepare", "export", "upload", "delete")

Tasks = Mapping[tuple[str, int], Mapping[str, Any]]


@dataclass
class Story:
    """What was so before the pool was there, when the run had ended, and after the one client was cleared."""

    without_pool: list[str | None]
    ended: Tasks
    report: str
    cleared_by_upload: list[tuple[str, int]]
    cleared: list[tuple[str, int]]
    mended: Tasks
    state: str
    received: list[dict[str, Any]]
    uploads: int


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("many-clients")
    table = folder / "clients.csv"
    with Sandbox(port=0, step_seconds=0.2, tenants=CLIENTS) as sandbox:
        clients = clients_of(sandbox)
        write_table(table, clients)
        connections = sandbox.connections
        conn_id = clients[WRONG_KEY].conn_id
        good = connections.pop(conn_id)
        variables = {"AIRFLOW_VAR_CLIENTS_TABLE": str(table)}
        with RealAirflow(folder / "home", _dags(folder / "dags"), connections, **variables) as airflow:
            airflow.connect(conn_id, {**good, "password": "a-key-of-nobody"})
            run_id = airflow.trigger("many_clients")
            airflow.wait_until(lambda: len(_prepare(airflow.mapped_tasks(run_id))) == CLIENTS, LONGEST)
            time.sleep(scaled(5.0))
            without_pool = _prepare(airflow.mapped_tasks(run_id))

            program, *command = shlex.split(blocks_of(PAGE, "shell")[1].code)
            assert program == "airflow"
            airflow.run(*command)
            airflow.wait_until(lambda: airflow.run_state(run_id) == "failed", LONGEST)
            ended, report = airflow.mapped_tasks(run_id), airflow.task_log(run_id, "report")

            airflow.connect(conn_id, good)
            body = {**json.loads(blocks_of(PAGE, "json")[0].code), "dag_run_id": run_id}
            ((task_id, _),) = body["task_ids"]
            upload = {**body, "task_ids": [["client.upload", 0]], "dry_run": True}
            cleared_by_upload = airflow.clear_as(run_id, upload)
            cleared = airflow.clear_as(run_id, {**body, "task_ids": [[task_id, WRONG_KEY]]})
            airflow.wait_until(lambda: airflow.run_state(run_id) in ("success", "failed"), LONGEST)
            yield Story(
                without_pool,
                ended,
                report,
                cleared_by_upload,
                cleared,
                airflow.mapped_tasks(run_id),
                airflow.run_state(run_id),
                sandbox.state()["acoustic-exchange"]["jobs"],
                sum(request["path"].endswith("/data") for request in sandbox.requests),
            )


def _dags(folder: Path) -> Path:
    """A folder with the example alone, without its schedule, which would begin a run of its own."""
    folder.mkdir()
    examples = ROOT / "example_dags"
    for name in ("winback_audience.py", "data"):
        (folder / name).symlink_to(examples / name)
    code, times = re.subn(
        "    schedule=.*\n", "    schedule=None,\n", (examples / "many_clients.py").read_text()
    )
    assert times == 1
    (folder / "many_clients.py").write_text(code)
    return folder


def _prepare(tasks: Tasks) -> list[str | None]:
    return [task["state"] for (name, index), task in tasks.items() if name == "client.prepare" and index >= 0]


def _states(tasks: Tasks) -> list[tuple[str, ...]]:
    """The states of each client's tasks."""
    return [tuple(tasks[f"client.{step}", row]["state"] for step in STEPS) for row in range(CLIENTS)]


def test_without_the_pool_nothing_is_started(story: Story) -> None:
    assert set(story.without_pool) <= {None, "scheduled"}


def test_one_client_fails_and_the_others_do_not(story: Story) -> None:
    done = ("success",) * len(STEPS)
    assert _states(story.ended) == [done, ("failed", *("upstream_failed",) * 3), done]
    assert "2 of 3 clients activated. Not: client-02 (prepare: failed)." in story.report
    # a wrong key is wrong also the next time
    assert story.ended["client.prepare", WRONG_KEY]["try_number"] == 1


def test_the_pages_show_the_names_of_clients(story: Story) -> None:
    for (name, row), task in story.ended.items():
        if name.startswith("client."):
            # a task that never ran has nothing but its number
            shown = str(row) if task["state"] == "upstream_failed" else f"client-{row + 1:02}"
            assert task["rendered_map_index"] == shown, (name, row)


def test_one_client_is_cleared_as_the_page_says(story: Story) -> None:
    assert story.cleared == [*sorted((f"client.{step}", WRONG_KEY) for step in STEPS), ("report", -1)]
    assert _states(story.mended) == [("success",) * len(STEPS)] * CLIENTS
    assert story.state == "success"
    tries = Counter(task["try_number"] for (name, _), task in story.mended.items() if name == "client.upload")
    assert tries == {1: CLIENTS}


def test_each_client_is_served_once_all_in_all(story: Story) -> None:
    assert sorted(job["tenant"] for job in story.received) == [f"tenant_{n:02}" for n in (1, 2, 3)]
    assert {job["status"] for job in story.received} == {"COMPLETE"}
    assert story.uploads == CLIENTS


def test_to_clear_an_upload_alone_prepares_everybody(story: Story) -> None:
    """What the page warns of is so; when it no longer is, the page can do without the warning."""
    prepared = [row for name, row in story.cleared_by_upload if name == "client.prepare"]
    deleted = [row for name, row in story.cleared_by_upload if name == "client.delete"]
    assert (prepared, deleted) == ([*range(CLIENTS)], [0])
