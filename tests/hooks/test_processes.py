"""Hooks in processes that were forked: a child uses nothing of its parent."""

from __future__ import annotations

import json
import os
import signal
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from scripted_server import Asked, Reply, ScriptedServer

from airflow_provider_activation.hooks import base
from airflow_provider_activation.hooks.delta_projects import DeltaProjectsHook

CHILDREN, CALLS = 4, 10


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedServer]:
    server = ScriptedServer()

    # without its lock, so that calls of several processes are answered side by side
    def answer(asked: Asked) -> Reply:
        return Reply(body={"id": asked.path.rsplit("/", 1)[-1], "name": "n"})

    server.reply_to = answer  # type: ignore[method-assign]
    connection = {
        "conn_type": "delta_projects",
        "host": server.url,
        "password": "key-0001",
        "extra": {"media_agency_id": "1", "client_id": "2"},
    }
    monkeypatch.setenv("AIRFLOW_CONN_FORKED", json.dumps(connection))
    yield server
    server.stop()


def in_a_child(work: Callable[[], Any]) -> int:
    """Fork, do it there, and return the child's process id; the child's status tells whether it failed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # a fork beside threads, which is the point
        pid = os.fork()
    if pid == 0:
        signal.alarm(30)
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return pid


def succeeded(pid: int) -> bool:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_no_process_reads_the_answers_of_another(server: ScriptedServer) -> None:
    hook = DeltaProjectsHook("forked")
    assert hook.get_activity("before").id == "before"  # a connection stays open

    def work(child: int) -> None:
        for number in range(CALLS):
            wanted = f"{child}-{number}"
            assert hook.get_activity(wanted).id == wanted

    children = [in_a_child(lambda child=child: work(child)) for child in range(CHILDREN)]  # type: ignore[misc]
    work(CHILDREN)
    ended_well = [succeeded(pid) for pid in children]  # each is waited for
    assert all(ended_well)
    assert server.connections >= 1 + CHILDREN


def test_a_lock_that_was_held_at_the_fork_does_not_hold_up_the_child(server: ScriptedServer) -> None:
    hook = DeltaProjectsHook("forked")
    hook.get_activity("before")
    transport = hook.get_conn()
    held = (base._transports_lock, transport._token_lock, transport._connections_lock)
    taken, done = threading.Event(), threading.Event()

    def hold() -> None:
        with held[0], held[1], held[2]:
            taken.set()
            done.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    taken.wait(10)
    try:
        child = in_a_child(lambda: DeltaProjectsHook("forked").get_activity("1"))
        again = in_a_child(lambda: hook.get_activity("1"))
        assert succeeded(child)
        assert succeeded(again)
    finally:
        done.set()
        holder.join()
