"""Answers that are too big on an event loop, and files, which may be of any size."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

import pytest

from adversary.conftest import Connect, Serve, at_most, memory_at_most
from adversary.server import Answer, Request, answer, flooding
from adversary.test_adversary_size import BIG, LIMIT, MIB, PIECE, Counted, encoded, zeros
from adversary.waiting import DELTA, JOB, payload_of
from airflow_provider_activation.api import delta_projects as api
from airflow_provider_activation.errors import ActivationError
from airflow_provider_activation.hooks.acoustic_exchange import AcousticExchangeHook
from airflow_provider_activation.hooks.delta_projects import DeltaProjectsHook


@pytest.mark.parametrize("name", BIG)
def test_an_answer_that_is_too_big_on_an_event_loop(name: str, connect: Connect, serve: Serve) -> None:
    """The triggerer read the same bombs, and died with all its waits."""
    said = Counted(BIG[name]())
    hook = DeltaProjectsHook(connect("delta_projects", serve(said).url))
    call = api.get_activity("a1", media_agency_id="1", client_id="2")
    with memory_at_most(4 * 64), at_most(3), pytest.raises(ActivationError):
        asyncio.run(hook.asend(call))
    assert said.taken <= LIMIT + 16 * MIB


def test_a_bomb_in_a_deferred_wait(connect: Connect, serve: Serve) -> None:
    """One look of the trigger met a bomb. It is one bad poll."""
    server = serve(DELTA.looks(DELTA.pending, encoded(zeros(250), "gzip"), DELTA.done))
    trigger = DELTA.trigger(connect("delta_projects", server.url), timeout=60)
    with memory_at_most(4 * 64):
        assert payload_of(trigger)


def test_a_file_may_be_of_any_size(connect: Connect, serve: Serve, tmp_path: Path) -> None:
    """A job's file of 300 MB is downloaded, and memory does not grow with it."""
    size = 300 * MIB

    def handle(request: Request) -> Answer:
        if "segmentDataFiles" not in request.path:
            return answer(JOB | {"status": "COMPLETE"})
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: {size}\r\n\r\n"
        return flooding(head.encode(), itertools.repeat(PIECE, size // len(PIECE)))

    hook = AcousticExchangeHook(connect("acoustic_exchange", serve(handle).url))
    with memory_at_most(64):
        assert hook.download_segment_data(700, "people.csv", tmp_path / "people.csv").stat().st_size == size
