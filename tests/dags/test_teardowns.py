"""Runs at whose end an audience is deleted: green only if all was done before, and the file is gone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from dag_running import AirflowProcess, Run, opened_database

from airflow_provider_activation.sandbox import Sandbox


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(port=0, step_seconds=0.1) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("airflow")
    (home / "people.csv").write_text("email\na@example.com\n")
    return home


@pytest.fixture(scope="module")
def airflow(home: Path, sandbox: Sandbox) -> Iterator[AirflowProcess]:
    with AirflowProcess(home, sandbox.connections) as process:
        yield process


def state_of_the_run(home: Path) -> str:
    with opened_database(home) as database:
        ((state,),) = database.execute("select state from dag_run order by id desc limit 1").fetchall()
    return str(state)


def run_with(airflow: AirflowProcess, home: Path, *fails: str) -> Run:
    """Run the DAG in which these tasks fail."""
    told = home / "fails"
    told.mkdir(exist_ok=True)
    for file in told.iterdir():
        file.unlink()
    for name in fails:
        (told / name).touch()
    return airflow.run("deleting_dag")


def files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file()]


def test_nothing_fails(airflow: AirflowProcess, home: Path) -> None:
    run = run_with(airflow, home)
    assert set(run.states.values()) == {"success"}, run.output[-3000:]
    assert state_of_the_run(home) == "success"
    assert files(home / "out") == []


@pytest.mark.parametrize(
    ("fails", "named"),
    [("check", "send (upstream_failed)"), ("send", "send (failed)"), ("tidy", "tidy (failed)")],
    ids=["in the middle", "the last", "another teardown"],
)
def test_a_task_fails(airflow: AirflowProcess, home: Path, fails: str, named: str) -> None:
    run = run_with(airflow, home, fails)
    assert run.states[fails] == "failed"
    assert run.states["delete"] == "failed", run.output[-3000:]
    assert f"the run fails, although this task has done its work: {named}." in run.output
    assert state_of_the_run(home) == "failed"
    assert files(home / "out") == []


def test_the_file_is_left(airflow: AirflowProcess, home: Path) -> None:
    run = run_with(airflow, home, "delete")
    assert run.states["send"] == "success"
    assert run.states["delete"] == "failed"
    assert state_of_the_run(home) == "failed"
    for folder in (home / "out").glob("*.csv"):
        folder.rmdir()


@pytest.mark.parametrize("path", ["*/segmentExport", "*/data"], ids=["export", "upload"])
def test_an_example(airflow: AirflowProcess, home: Path, sandbox: Sandbox, path: str) -> None:
    sandbox.reset()
    sandbox.misbehave("status", service="acoustic-exchange", method="POST", path=path, times=1, status=400)
    run = airflow.run("acoustic_exchange_export")
    assert run.states["prepare_audience"] == "success", run.output[-3000:]
    assert run.states["upload_audience"] in ("failed", "upstream_failed")
    assert state_of_the_run(home) == "failed"
    assert files(home / "audiences") == []
