"""DAGs on a real Airflow against the sandbox: the examples, in both modes, and what they leave behind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dag_running import AirflowProcess, Run, assert_not_open, opened_database
from golden_logs import FOLDER, compare, lines_of_tasks
from planted_secrets import planted

from airflow_provider_activation.sandbox import Sandbox
from scripts.outcome import checks, since, things

CANARY = "canary-7f3a"
SECRETS = planted(CANARY)


@pytest.fixture(scope="module")
def canary_sandbox() -> Iterator[Sandbox]:
    with Sandbox(port=0, consent="auto", step_seconds=0.1, secrets=SECRETS) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("airflow")


@pytest.fixture(scope="module")
def airflow(home: Path, canary_sandbox: Sandbox) -> Iterator[AirflowProcess]:
    """The Airflow whose tasks wait on the worker."""
    with AirflowProcess(home, canary_sandbox.connections) as process:
        yield process


@pytest.fixture(scope="module")
def seeds(canary_sandbox: Sandbox) -> Any:
    """What the services hold before anybody has asked them for anything."""
    canary_sandbox.reset()
    return canary_sandbox.state()


@pytest.fixture(scope="module", params=["on the worker", "deferred"])
def main_run(
    request: pytest.FixtureRequest, home: Path, airflow: AirflowProcess, canary_sandbox: Sandbox, seeds: Any
) -> Run:
    """The main DAG, once in each mode, on services that hold nothing yet."""
    canary_sandbox.reset()
    deferred = request.param == "deferred"
    run = airflow.run("syndicate_audience", deferrable=deferred)
    waits = run.output.count("in the triggerer.")
    assert (waits > 0) == deferred
    return run


def test_the_main_dag_does_what_it_means(main_run: Run, canary_sandbox: Sandbox) -> None:
    assert set(main_run.states.values()) == {"success"}, main_run.output[-5000:]
    state = canary_sandbox.state()
    (job,) = state["acoustic-exchange"]["jobs"]
    assert job["status"] == "COMPLETE"
    (connection,) = state["liveramp"]["integrationConnections"]
    (delivery,) = state["liveramp"]["deliveries"]
    assert delivery["status"] == "DELIVERED"
    assert delivery["integrationConnectionID"] == connection["id"]
    (activity,) = state["delta-projects"]["activities"]
    assert activity["enabled"] is True
    assert [len(state["dataddo"][noun]) for noun in ("services", "sources", "flows")] == [1, 1, 1]


def test_the_log_reads_as_it_is_written_down(main_run: Run, request: pytest.FixtureRequest) -> None:
    """Every line of every task, as the person reads it who runs the DAG."""
    if request.node.callspec.params["main_run"] == "deferred":
        # which wait is over before it is deferred is a matter of speed
        assert "in the triggerer." in main_run.output
    else:
        compare(FOLDER / "dags" / "syndicate_audience.txt", lines_of_tasks(main_run.output, main_run.home))


def test_the_demo_finds_what_the_dag_meant(main_run: Run, canary_sandbox: Sandbox, seeds: Any) -> None:
    state = since(seeds, canary_sandbox.state())
    (job,) = state["acoustic-exchange"]["jobs"]
    assert [check for check in checks(state, job["records"]) if not check.holds] == []
    nothing = since(seeds, seeds)
    assert list(things(nothing)) == []
    assert not any(check.holds for check in checks(nothing, 0)), "a check that nothing fails"


def test_no_secret_is_left_anywhere(main_run: Run, canary_sandbox: Sandbox) -> None:
    """Not in the output, not in any file of Airflow's home, its database among them."""
    assert all(value.startswith(CANARY) for value in SECRETS.values())
    assert any(CANARY in str(connection) for connection in canary_sandbox.connections.values())
    assert "Waiting for " in main_run.output
    assert CANARY not in main_run.output
    files = [file for file in main_run.home.rglob("*") if file.is_file()]
    assert main_run.home / "airflow.db" in files
    assert [file for file in files if CANARY.encode() in file.read_bytes()] == []
    with opened_database(main_run.home) as database:
        assert CANARY not in "\n".join(database.iterdump())


def test_a_secret_that_is_left_would_be_found(main_run: Run, canary_sandbox: Sandbox) -> None:
    """The search above finds what is there: an id the run did leave in the database."""
    (activity,) = canary_sandbox.state()["delta-projects"]["activities"]
    found = [file.name for file in main_run.home.rglob("*") if activity["id"].encode() in _bytes(file)]
    assert "airflow.db" in found


@pytest.mark.parametrize(
    "dag_id",
    ["liveramp_distribution", "acoustic_exchange_export", "delta_projects_activity", "dataddo_flow"],
)
def test_the_example_of_one_service(dag_id: str, airflow: AirflowProcess, canary_sandbox: Sandbox) -> None:
    canary_sandbox.reset()
    run = airflow.run(dag_id)
    assert set(run.states.values()) == {"success"}, run.output[-5000:]


def test_a_retry_takes_what_the_try_before_it_made(
    airflow: AirflowProcess, home: Path, canary_sandbox: Sandbox
) -> None:
    """The answer to the create is lost, and so is every look for it; then the task is tried again."""
    canary_sandbox.reset()
    canary_sandbox.misbehave(
        "drop_after", service="delta-projects", method="POST", path="*/create_from_template", times=1
    )
    # the list is read before the call too
    listed = {"service": "delta-projects", "method": "GET", "path": "*/activity", "times": 1}
    canary_sandbox.misbehave("delay", **listed, seconds=0.001)
    canary_sandbox.misbehave("refuse", **listed)
    run = airflow.run("retrying_dag")
    assert run.states == {"create_activity": "success"}, run.output[-5000:]
    with opened_database(home) as database:
        (tries,) = database.execute(
            "select try_number from task_instance where dag_id = 'retrying_dag'"
        ).fetchone()
    assert tries == 2
    created = [r for r in canary_sandbox.requests if r["path"].endswith("create_from_template")]
    assert len(created) == 1
    assert len(canary_sandbox.state()["delta-projects"]["activities"]) == 1


def test_tasks_that_look_alike_make_each_its_own(airflow: AirflowProcess, canary_sandbox: Sandbox) -> None:
    """Two mapped tasks, the same task in two groups, and in the two instances of a mapped group."""
    canary_sandbox.reset()
    run = airflow.run("mapped_dag")
    assert set(run.states.values()) == {"success"}, run.output[-5000:]
    names = [activity["name"] for activity in canary_sandbox.state()["delta-projects"]["activities"]]
    assert len(names) == 6
    assert all(re.fullmatch(r"Win-back \[af:[0-9a-f]{12}\]", name) for name in names)
    assert len(set(names)) == 6


def test_a_database_that_is_left_open_is_noticed(tmp_path: Path) -> None:
    with opened_database(tmp_path) as database:
        database.execute("create table kept (id)")
        with pytest.raises(AssertionError, match=r"airflow\.db"):
            assert_not_open(tmp_path)
    assert_not_open(tmp_path)


def _bytes(file: Path) -> bytes:
    return file.read_bytes() if file.is_file() else b""
