"""The two gates of a simulation: what changes a service, and what changes a file or a database."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import liveramp_tasks as liveramp
import pytest
from airflow.sdk import BaseOperator
from airflow.sdk.io import attach
from endpoints import TABLES
from fsspec.implementations.memory import MemoryFileSystem
from golden_logs import Lines
from simulated_tasks import changing, files_in, nothing_changes, simulated
from task_running import Task

from airflow_provider_activation.api.call import Call, Safety
from airflow_provider_activation.audience.manifest import delete_files
from airflow_provider_activation.audience.warehouse import insert_receipt
from airflow_provider_activation.hooks.base import ActivationHook
from airflow_provider_activation.hooks.liveramp import LiveRampHook
from airflow_provider_activation.operators.audience import PrepareAudienceOperator
from airflow_provider_activation.operators.base import ActionOperator
from airflow_provider_activation.sandbox import Sandbox
from airflow_provider_activation.simulation import WouldChange, simulating
from airflow_provider_activation.storage import place_of
from airflow_provider_activation.storage.arrivals import arriving
from airflow_provider_activation.tasks import LiveRampTask
from airflow_provider_activation.waits.acoustic_exchange import JobProbe
from airflow_provider_activation.waits.probe import give_up

CANARY = "canary-3fd0"
CALLS: dict[str, tuple[Call[Any], Callable[[], ActivationHook]]] = {}
"""The first use of each endpoint, with a hook that may send it."""
for _table in TABLES.values():
    for *_, _call in _table.calls():
        CALLS.setdefault(f"{_call.service}: {_call.operation}", (_call, partial(_table.hook, _call)))
CHANGES = [name for name, (call, _) in CALLS.items() if call.safety is not Safety.READ]


async def steps(call: Call[Any]) -> Any:
    return await call


def test_there_are_calls_of_both_kinds() -> None:
    assert {CALLS[name][0].safety for name in CHANGES} == {Safety.ONCE, Safety.REPEATABLE}


@pytest.mark.parametrize("name", CHANGES)
def test_no_call_that_changes_something_is_sent(name: str, connections: Sandbox) -> None:
    call, hook_of = CALLS[name]
    hook = hook_of()
    ways: list[Callable[[], Any]] = [
        lambda: hook.send(call),
        lambda: hook.run(steps(call)),
        lambda: hook.run_apart(steps(call), timeout=5),
        lambda: asyncio.run(hook.asend(call)),
        lambda: asyncio.run(hook.arun(steps(call))),
    ]
    with simulating("0123456789ab"):
        for way in ways:
            with pytest.raises(WouldChange, match=call.operation):
                way()
    assert connections.requests == []


def test_what_reads_is_sent_and_logs_in(connections: Sandbox) -> None:
    with simulating("0123456789ab"):
        LiveRampHook().list_destinations()
    methods = [one["method"] for one in connections.requests]
    assert "POST" in methods  # for the token
    assert changing(connections) == []


def test_a_wait_that_is_given_up_cancels_nothing(connections: Sandbox) -> None:
    probe = JobProbe("SEGMENT_EXPORT", 1)
    hook = CALLS["Acoustic Exchange: get_job"][1]()
    with simulating("0123456789ab"):
        hook.run_apart(give_up(probe, cancel=True), timeout=5)
    assert changing(connections) == []


class CallsByItself(LiveRampTask, ActionOperator):
    """An operator of a user, which calls the hook besides its steps, past what stops a call."""

    def __init__(self, *, liveramp_conn_id: str = "liveramp_default", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.liveramp_conn_id = liveramp_conn_id

    async def steps(self) -> Any:
        try:
            self.hook.delete_distribution_manager("6300001")
        except WouldChange:
            return {"tried": True}

    def summary(self, result: Any) -> str:
        return "Tried."


def test_a_task_that_calls_a_hook_by_itself(connections: Sandbox, tmp_path: Path) -> None:
    liveramp.connected()
    task = Task(simulated(lambda: CallsByItself(task_id="calls")))
    with nothing_changes(connections, tmp_path):
        assert task.run()["tried"] is True


# what writes

Writer = Callable[[Any, Path], Any]


def arrives(place: Any, file: Path) -> None:
    with arriving(place) as here:
        (here / "b.csv").write_text("x")


WRITERS: dict[str, Writer] = {
    "become": lambda folder, file: (folder / "b.csv").become(file),
    "create": lambda folder, file: (folder / "b.csv").create(b"x"),
    "delete": lambda folder, file: (folder / "a.csv").delete(),
    "arriving": arrives,
}


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Any]:
    """A folder on the worker and one behind a connection, each with a file."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.csv").write_text("a")
    files = MemoryFileSystem()
    files.store.clear()
    files.pseudo_dirs[:] = [""]
    files.pipe_file("/out/a.csv", b"a")
    attach("memory", "attached", fs=files)
    return {
        "worker": place_of(str(tmp_path / "out"), "folder"),
        "connection": place_of("memory://attached@out", "folder"),
    }


def stored() -> dict[str, bytes]:
    """What is behind the connection."""
    return {name: bytes(file.getbuffer()) for name, file in MemoryFileSystem.store.items()}


@pytest.mark.parametrize("where", ["worker", "connection"])
@pytest.mark.parametrize("writer", ["become", "create", "delete", "arriving"])
def test_no_writer_of_storage_writes(
    writer: str, where: str, folders: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "new.csv"
    file.write_text("new")
    before = files_in(tmp_path), stored()
    with simulating("0123456789ab"), pytest.raises(WouldChange):
        WRITERS[writer](folders[where], file)
    assert (files_in(tmp_path), stored()) == before
    # and it would have
    WRITERS[writer](folders[where], file)
    assert (files_in(tmp_path), stored()) != before


def test_no_file_of_an_audience_is_deleted(tmp_path: Path, folders: dict[str, Any]) -> None:
    manifest = {"version": 1, "host": "elsewhere", "rejects": {"path": None}}
    for path in (str(tmp_path / "out" / "a.csv"), "memory://attached@out/a.csv"):
        before = files_in(tmp_path), stored()
        with simulating("0123456789ab"), pytest.raises(WouldChange):
            delete_files({**manifest, "path": path})
        assert (files_in(tmp_path), stored()) == before


def test_no_row_of_a_receipt_is_inserted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even a connection to the database is opened."""
    package = "airflow_provider_activation.audience"
    monkeypatch.setattr(f"{package}.databases.hook_of", lambda conn_id, name: object())
    monkeypatch.setattr(f"{package}.warehouse.row_of", lambda receipt: {"receipt_id": "1"})
    with simulating("0123456789ab"), pytest.raises(WouldChange, match="insert a row"):
        insert_receipt({"conn_id": "a_warehouse", "table": "receipts"}, {})


# preparing


def prepares(tmp_path: Path, folder: str, **more: Any) -> Callable[[], BaseOperator]:
    source = tmp_path / "people.csv"
    source.write_text(f"email\n{CANARY}.a@example.com\n{CANARY}.b@example.com\n{CANARY} is nobody\n")
    return lambda: PrepareAudienceOperator(
        task_id="prepare",
        source=source,
        schema={"columns": {"mail": {"kind": "email", "source": "email", "hash": "sha256"}}},
        profile="google",
        folder=folder,
        **more,
    )


@pytest.mark.parametrize("is_there", [False, True], ids=["nothing there", "an earlier run"])
@pytest.mark.parametrize("fails", [False, True], ids=["good", "too few rows"])
@pytest.mark.parametrize("where", ["worker", "connection"])
def test_preparing_leaves_nothing_and_says_nothing_of_a_person(
    where: str, fails: bool, is_there: bool, tmp_path: Path, folders: dict[str, Any]
) -> None:
    folder = str(tmp_path / "made") if where == "worker" else "memory://attached@made"
    factory = prepares(tmp_path, folder, **({"min_rows": 100} if fails else {}))
    run_id = "a_run"
    if is_there:
        Task(prepares(tmp_path, folder), run_id=run_id).run()
    before = files_in(tmp_path), stored()
    task = Task(simulated(factory), run_id=run_id)
    with Lines().listening() as heard:
        result = task.run()
    assert (files_in(tmp_path), stored()) == before
    assert task.ti is not None
    said = json.dumps([result, task.ti.xcoms, heard.lines])
    assert CANARY not in said
    assert (result["rows"]["written"], result["rows"]["rejected"]) == ((None, None) if fails else (2, 1))
    if not fails:
        assert task.ti.xcoms["would"] == [f"2 rows would be written to {folder}/{written_as(result)}"]


def written_as(result: dict[str, Any]) -> str:
    """The name of the file that would be made."""
    return str(result["would"][0].rpartition("/")[2])
