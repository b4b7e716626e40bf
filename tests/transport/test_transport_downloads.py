"""Answers that are written into a file while they arrive."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from scripted_server import Reply, ScriptedServer
from transport_testing import Wire, call, service

from airflow_provider_activation.api.call import Answer
from airflow_provider_activation.errors import NotFound, ServiceUnavailable

HALF_A_FILE = Reply(body=b"email\n1\n" * 1000, instead="half")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "audience.csv"


def download(file: Path) -> Any:
    return call(into=file, read=lambda answer: answer)


def test_the_body_is_in_the_file_and_not_in_memory(wire: Wire, server: ScriptedServer, file: Path) -> None:
    body = "email\n" + "x" * 3_000_000
    server.script.extend([Reply(body=body.encode())])
    answer: Answer = wire.send(wire.transport(service(server.url)), download(file))
    assert file.read_text() == body
    assert (answer.status, answer.body) == (200, b"")


def test_half_a_body_is_no_file_and_is_asked_for_again(
    wire: Wire, server: ScriptedServer, file: Path
) -> None:
    file.write_text("of yesterday")
    server.script.extend([HALF_A_FILE, Reply(body=b"whole")])
    wire.send(wire.transport(service(server.url)), download(file))
    assert file.read_text() == "whole"
    assert list(file.parent.iterdir()) == [file]


def test_a_body_that_never_comes_whole_leaves_what_was_there(
    wire: Wire, server: ScriptedServer, file: Path
) -> None:
    file.write_text("of yesterday")
    server.script.extend([HALF_A_FILE] * 9)
    with pytest.raises(ServiceUnavailable):
        wire.send(wire.transport(service(server.url)), download(file))
    assert file.read_text() == "of yesterday"
    assert list(file.parent.iterdir()) == [file]


def test_a_refusal_is_an_error_with_its_body(wire: Wire, server: ScriptedServer, file: Path) -> None:
    server.script.extend([Reply(404, body={"message": "no such file"})])
    with pytest.raises(NotFound, match="no such file"):
        wire.send(wire.transport(service(server.url)), download(file))
    assert not file.exists()


def test_a_busy_service_is_asked_again(wire: Wire, server: ScriptedServer, file: Path) -> None:
    server.script.extend([Reply(503), Reply(body=b"whole")])
    wire.send(wire.transport(service(server.url)), download(file))
    assert file.read_text() == "whole"
