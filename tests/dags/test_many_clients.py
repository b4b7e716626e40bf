"""The example of many clients on a real Airflow: for fifty, of whom two fail, and for three."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from client_tables import Client, clients_of, write_table
from dag_running import AirflowProcess, Run, opened_database

from airflow_provider_activation.sandbox import Sandbox

FIFTY = 50
WRONG_KEY, NO_ROWS = 17, 33
"""The numbers of the clients that fail."""
STEPS = ("prepare", "export", "upload", "delete")


@dataclass
class Story:
    """A run, and who it was for."""

    sandbox: Sandbox
    home: Path
    clients: list[Client]
    run: Run

    @property
    def good(self) -> list[Client]:
        return [client for client in self.clients if client.number not in (WRONG_KEY, NO_ROWS)]

    def states(self) -> dict[str, tuple[str, ...]]:
        """The states of a client's tasks in the latest run, by the name that the pages show."""
        with opened_database(self.home) as database:
            rows = database.execute(
                "select task_id, map_index, state, rendered_map_index from task_instance where run_id ="
                " (select run_id from dag_run order by id desc limit 1) and map_index >= 0"
            ).fetchall()
        found = {(task_id, index): state for task_id, index, state, _ in rows}
        shown = {(index, name) for _, index, _, name in rows if name}
        # whatever has run shows the name of its row, and no other
        assert shown <= {(index, client.name) for index, client in enumerate(self.clients)}
        return {
            client.name: tuple(found[f"client.{step}", index] for step in STEPS)
            for index, client in enumerate(self.clients)
        }

    def jobs(self) -> list[dict[str, Any]]:
        """The jobs of all accounts."""
        jobs: list[dict[str, Any]] = self.sandbox.state()["acoustic-exchange"]["jobs"]
        return jobs

    def uploads(self) -> list[str]:
        """The paths of all uploads, accepted or not."""
        return [
            request["path"]
            for request in self.sandbox.requests
            if re.fullmatch("/v1/jobs/[0-9]+/data", request["path"])
        ]

    def left(self) -> list[str]:
        """What is in the folder of audiences."""
        return [file.name for file in (self.home / "audiences").rglob("*") if file.is_file()]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(port=0, step_seconds=0.05, tenants=FIFTY) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clients") / "clients.csv"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("airflow")


@pytest.fixture(scope="module")
def airflow(home: Path, sandbox: Sandbox, table: Path) -> Iterator[AirflowProcess]:
    connections = sandbox.connections
    wrong = clients_of(sandbox)[WRONG_KEY - 1].conn_id
    connections[wrong]["password"] = "a-key-of-nobody"
    with AirflowProcess(home, connections, AIRFLOW_VAR_CLIENTS_TABLE=str(table)) as process:
        yield process


@pytest.fixture(scope="module")
def fifty(sandbox: Sandbox, home: Path, airflow: AirflowProcess, table: Path) -> Story:
    clients = clients_of(sandbox)
    clients[NO_ROWS - 1] = replace(clients[NO_ROWS - 1], customers=())
    write_table(table, clients)
    return Story(sandbox, home, clients, airflow.run("many_clients"))


def test_all_but_two_are_activated(fifty: Story) -> None:
    states = fifty.states()
    failed = {name for name, tasks in states.items() if tasks != ("success",) * len(STEPS)}
    assert failed == {"client-17", "client-33"}, fifty.run.output[-5000:]
    # what fails first is red, and what would follow is not run
    assert {states[name] for name in failed} == {("failed", *("upstream_failed",) * 3)}
    assert [(job["tenant"], job["status"]) for job in fifty.jobs()] == [
        (client.tenant, "COMPLETE") for client in fifty.good
    ]


def test_who_is_not_activated_is_named(fifty: Story) -> None:
    assert fifty.run.states["report"] == "failed"
    told = "48 of 50 clients activated. Not: client-17 (prepare: failed), client-33 (prepare: failed)."
    assert told in fifty.run.output


def test_nothing_of_a_client_is_at_the_account_of_another(fifty: Story) -> None:
    received = {job["tenant"]: job for job in fifty.jobs()}
    for client in fifty.good:
        job = received[client.tenant]
        assert job["producerEndpointID"] == int(client.endpoint_id)
        assert job["upload"]["records"] == len(client.customers)
        assert job["upload"]["firstRecord"][0] in client.digests
    assert len({job["upload"]["sha256"] for job in received.values()}) == len(fifty.good)


def test_each_audience_is_uploaded_once(fifty: Story) -> None:
    uploads = fifty.uploads()
    assert len(uploads) == len(set(uploads)) == len(fifty.good)
    assert all(job["refusedUpload"] is None for job in fifty.jobs())


def test_no_file_and_no_key_is_left(fifty: Story) -> None:
    assert fifty.left() == []
    folders = {folder.name for folder in (fifty.home / "audiences").iterdir()}
    assert folders >= {client.name for client in fifty.good}
    keys = {connection["password"] for connection in fifty.sandbox.connections.values()}
    assert [key for key in keys if key in fifty.run.output] == []


def test_a_file_goes_also_where_the_upload_fails(
    fifty: Story, airflow: AirflowProcess, sandbox: Sandbox, table: Path
) -> None:
    sandbox.reset()
    clients = fifty.clients[:3]
    write_table(table, clients)
    sandbox.misbehave(
        "status", service="acoustic-exchange", method="POST", path="*/data", times=1, status=400
    )
    story = Story(sandbox, fifty.home, clients, airflow.run("many_clients"))
    states = story.states()
    assert sorted(states.values()) == [
        # the file is deleted; its success would hide the failure
        ("success", "success", "failed", "failed"),
        ("success",) * 4,
        ("success",) * 4,
    ]
    (failed,) = (name for name, tasks in states.items() if "failed" in tasks)
    assert f"2 of 3 clients activated. Not: {failed} (upload: failed)." in story.run.output
    assert story.run.states["report"] == "failed"
    assert story.left() == []


def test_a_table_that_mixes_clients_up_sends_nothing(
    fifty: Story, airflow: AirflowProcess, sandbox: Sandbox, table: Path
) -> None:
    sandbox.reset()
    first, second, _ = fifty.clients[:3]
    write_table(table, [first, replace(second, conn_id=first.conn_id)])
    run = airflow.run("many_clients")
    assert run.states["read_clients"] == run.states["report"] == "failed"
    assert f"has the same acoustic_exchange_conn_id twice: {first.conn_id}." in run.output
    assert not any(state == "success" for state in run.states.values())
    assert sandbox.requests == []
