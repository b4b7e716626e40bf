"""Two Celery workers on two hosts, which have the database and the broker in common and not every folder.

Each host has a name of its own, and sees what the other has written into a folder only if they share it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from real_fleet import RealFleet, hosts_apart
from real_redis import running_redis
from real_servers import needed

from airflow_provider_activation.sandbox import Sandbox
from scripts.machine_speed import scaled
from scripts.postgresql import running_postgresql

ONE, TWO = "host-one", "host-two"
READERS = ("upload", "delete")
"""The tasks on the second host, each of which needs the file that was prepared on the first one."""
LONGEST = scaled(90.0)


@dataclass
class Told:
    """What came of a run.

    :param seen: the names of the files in the folder, by host.
    :param uploads: how many there were so far.
    """

    states: dict[str, str | None]
    manifest: dict[str, Any]
    logs: dict[str, str]
    seen: dict[str, list[str]]
    uploads: int


@dataclass
class Story:
    """The same run twice: in a folder that each host has for itself, and in one that they share."""

    apart: Told
    shared: Told


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    place = tmp_path_factory.mktemp("hosts")
    source = place / "customers.csv"
    source.write_text("email\nanna@example.com\nbo@example.com\n")
    shared = place / "audiences"
    with (
        needed(hosts_apart()) as own,
        needed(running_postgresql()) as database,
        needed(running_redis()) as broker,
        Sandbox(port=0, step_seconds=0.1, tenants=1) as sandbox,
        RealFleet(
            place / "home",
            Path(__file__).with_name("dags"),
            sandbox.connections,
            database=database,
            broker=broker,
            slots=2,
            workers=(ONE, TWO),
            own_folder=Path(own),
            FLEET_EACH="0",
        ) as fleet,
    ):
        told = [_told(fleet, sandbox, source, folder) for folder in (Path(own), shared)]
        yield Story(*told)


def _told(fleet: RealFleet, sandbox: Sandbox, source: Path, folder: Path) -> Told:
    run_id = fleet.trigger("two_hosts_dag", source=str(source), folder=str(folder))
    fleet.wait_until(lambda: fleet.run_state(run_id) in ("success", "failed"), LONGEST)
    return Told(
        fleet.task_states(run_id),
        fleet.xcom(run_id, "prepare"),
        {task_id: fleet.task_log(run_id, task_id) for task_id in READERS},
        {host: fleet.seen_by(host, folder) for host in (ONE, TWO)},
        sum(request["path"].endswith("/data") for request in sandbox.requests),
    )


def test_the_first_host_prepares_in_either_folder(story: Story) -> None:
    for told in (story.apart, story.shared):
        assert (told.states["prepare"], told.states["export"]) == ("success", "success")
        assert told.manifest["host"] == ONE
        assert told.manifest["rows"]["written"] == 2


@pytest.mark.parametrize("reader", READERS)
def test_who_does_not_find_the_file_says_who_has_prepared_it(story: Story, reader: str) -> None:
    assert story.apart.states[reader] == "failed"
    log, path = story.apart.logs[reader], story.apart.manifest["path"]
    assert f"the file {path} is not on {TWO}; it was prepared on {ONE}." in log
    assert "Let all workers share the folder, or bind the tasks to one of them" in log


def test_nothing_is_deleted_or_sent_then(story: Story) -> None:
    name = Path(story.apart.manifest["path"]).name
    assert story.apart.seen == {ONE: [name], TWO: []}
    assert story.apart.uploads == 0


def test_in_a_folder_that_they_share_all_goes_well(story: Story) -> None:
    assert {story.shared.states[reader] for reader in READERS} == {"success"}
    assert story.shared.seen == {ONE: [], TWO: []}
    assert story.shared.uploads == READERS.count("upload")
