"""Several tasks at once: one intent is open, each success has one receipt, no number is there twice."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from airflow.sdk.io import attach
from fsspec.implementations.memory import MemoryFileSystem
from ledger_testing import facts_of, files_of, kinds, ledger_in, send

from airflow_provider_activation.audience import ledger as ledgers
from airflow_provider_activation.audience.ledger import Ledger
from airflow_provider_activation.audience.receipt import Record
from airflow_provider_activation.errors import ActivationError, Conflict, UnfitAudience
from airflow_provider_activation.storage import Place, place_of
from airflow_provider_activation.storage.place import AlreadyThere, OnWorker


def at_once(tasks: Sequence[Callable[[], Any]]) -> list[Any]:
    """What comes of tasks that begin together: their results, and errors of this package."""
    barrier = Barrier(len(tasks))

    def run(task: Callable[[], Any]) -> Any:
        barrier.wait()
        try:
            return task()
        except ActivationError as error:
            return error

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(run, tasks))


def intend(root: Path | Place, day: int, key: str | None = None) -> Record:
    """The intent of a day's task."""
    return ledger_in(root).intend(facts_of(day, key=key))


@pytest.mark.parametrize("writers", [2, 3, 8, 20])
@pytest.mark.parametrize("sent_before", [0, 1])
def test_one_of_many_runs_sends(writers: int, sent_before: int, tmp_path: Path) -> None:
    for day in range(sent_before):
        send(ledger_in(tmp_path), 100 + day)
    found = at_once([partial(intend, tmp_path, day) for day in range(1, writers + 1)])
    assert sum(isinstance(one, Conflict) for one in found) == writers - 1
    (intent,) = (one for one in found if not isinstance(one, Conflict))
    assert ledger_in(tmp_path).open_intent() == intent
    assert kinds(ledger_in(tmp_path)) == ["intent", "receipt"] * sent_before + ["intent"]
    # the others are told who sends
    assert all(intent.run.run_id in str(one) for one in found if isinstance(one, Conflict))


def test_runs_that_wait_for_each_other_all_send_once(tmp_path: Path) -> None:
    def until_sent(day: int) -> None:
        ledger = ledger_in(tmp_path)
        while True:
            try:
                ledger.intend(facts_of(day))
            except Conflict:
                continue
            ledger.receipt(facts_of(day), "x", {"day": str(day)})
            return

    found = at_once([partial(until_sent, day) for day in range(1, 7)])
    assert found == [None] * 6
    records = list(ledger_in(tmp_path).records())[::-1]
    assert [one.kind for one in records] == ["intent", "receipt"] * 6
    assert {one.key for one in records if one.kind == "receipt"} == {facts_of(day).key for day in range(1, 7)}


@pytest.mark.parametrize("with_intent", [True, False])
def test_a_success_has_one_receipt_however_many_write_it(with_intent: bool, tmp_path: Path) -> None:
    """A try that was thought dead, and the next one."""
    if with_intent:
        ledger_in(tmp_path).intend(facts_of(1))
    found = at_once([lambda: ledger_in(tmp_path).receipt(facts_of(1), "x", {})] * 8)
    assert {one.receipt_id for one in found} == {found[0].receipt_id}
    assert kinds(ledger_in(tmp_path)) == ["intent"] * with_intent + ["receipt"]


def test_an_intent_is_closed_once(tmp_path: Path) -> None:
    ledger_in(tmp_path).intend(facts_of(1))
    found = at_once(
        [lambda: ledger_in(tmp_path).withdraw(facts_of(1).key, "x")] * 4
        + [lambda: ledger_in(tmp_path).close_by_hand(1, "x", "anna")] * 4
    )
    made = [one for one in found if one is not None and not isinstance(one, Conflict)]
    assert len(made) == 1
    assert kinds(ledger_in(tmp_path)) == ["intent", "withdrawn"]


def test_a_task_that_was_cleared_races_the_others(tmp_path: Path) -> None:
    """Between its withdrawal and its intent another run may begin."""
    for number in range(10):
        root = tmp_path / str(number)
        ledger_in(root).intend(facts_of(1))
        found = at_once(
            [partial(intend, root, 1, "cleared"), partial(intend, root, 2), partial(intend, root, 3)]
        )
        open_intent = ledger_in(root).open_intent()
        assert [one for one in found if not isinstance(one, Conflict)] == [open_intent]
        assert kinds(ledger_in(root)) == ["intent", "withdrawn", "intent"]


def intend_in(root: str, day: int) -> bool:
    try:
        ledger_in(Path(root)).intend(facts_of(day))
    except Conflict:
        return False
    return True


def test_one_of_many_processes_sends(tmp_path: Path) -> None:
    with ProcessPoolExecutor(4, mp_context=get_context("fork")) as pool:
        for number in range(10):
            root = str(tmp_path / str(number))
            assert sum(pool.map(intend_in, [root] * 4, range(1, 5))) == 1


def test_what_is_compared_is_what_stands_before_the_intent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another run sends between the comparison and the intent: it is compared once more."""
    send(ledger_in(tmp_path), 1, sent=100)
    compared: list[int] = []

    def accept(before: Any) -> None:
        compared.append(before.facts.rows["sent"])
        if len(compared) == 1:
            send(ledger_in(tmp_path), 2, sent=5)

    assert ledger_in(tmp_path).intend(facts_of(3), accept).number == 5
    assert compared == [100, 5]


def taken(self: OnWorker, content: bytes) -> None:
    raise AlreadyThere("another was quicker")


def test_a_ledger_that_is_always_written_to_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledgers, "TRIES", 3)
    monkeypatch.setattr(OnWorker, "create", taken)
    with pytest.raises(Conflict, match="all the time"):
        intend(tmp_path, 1)
    with pytest.raises(Conflict, match="all the time"):
        ledger_in(tmp_path).receipt(facts_of(1), "x", {})


# where the storage keeps nobody apart


@pytest.fixture
def shared() -> Iterator[MemoryFileSystem]:
    files = MemoryFileSystem()
    attach("memory", "shared", fs=files)
    yield files
    files.store.clear()
    files.pseudo_dirs[:] = [""]


def shared_ledger() -> Ledger:
    return ledger_in(place_of("memory://shared@ledger", "ledger"))


def test_one_run_after_the_other_is_well_there(
    shared: MemoryFileSystem, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    for day in (1, 2):
        send(shared_ledger(), day)
    assert kinds(shared_ledger()) == ["intent", "receipt"] * 2
    names = shared_ledger().folder.names()
    assert [name.partition("-")[0] for name in names] == ["000001", "000002", "000003", "000004"]
    warnings = [one.getMessage() for one in caplog.records if "ledger" in one.name]
    assert len(warnings) == 2
    assert "max_active_runs=1" in warnings[0]
    shared_ledger().intend(facts_of(3))
    with pytest.raises(Conflict):
        shared_ledger().intend(facts_of(4))


def test_two_runs_at_once_are_refused_there(
    shared: MemoryFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither sends that sees the other, and no later one does before a person has looked."""
    seen = Barrier(2)
    whole = Ledger._append

    def together(self: Ledger, *given: Any, **more: Any) -> Any:
        seen.wait(10)
        return whole(self, *given, **more)

    monkeypatch.setattr(Ledger, "_append", together)
    found = at_once([partial(intend, shared_ledger().root, day) for day in (1, 2)])
    assert any(isinstance(one, UnfitAudience) for one in found)
    with pytest.raises(UnfitAudience, match="two records of one number"):
        shared_ledger().intend(facts_of(3))
    _, second = shared_ledger().folder.names()
    (shared_ledger().folder / second).delete()
    assert shared_ledger().open_intent()


def test_no_warning_where_the_storage_keeps_them_apart(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    send(ledger_in(tmp_path), 1)
    assert len(files_of(ledger_in(tmp_path))) == 2
    assert caplog.records == []
