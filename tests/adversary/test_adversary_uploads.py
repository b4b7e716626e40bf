"""Uploads to services that cut, refuse and quote, of files that change: no other file is ever complete."""

from __future__ import annotations

import csv
import functools
import gzip
import hashlib
import io
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from audience_attacks import ADDRESS, said_by
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from task_running import Task

from adversary.conftest import Connect
from adversary.server import Wire, answer
from adversary.taking import REGISTERED, Arrival, Intake, Take, endpoint, taken
from airflow_provider_activation.api.call import FileBody
from airflow_provider_activation.audience import prepare_audience
from airflow_provider_activation.errors import (
    ActivationError,
    InvalidRequest,
    PermissionDenied,
    UnfitAudience,
)
from airflow_provider_activation.operators.acoustic_exchange import AcousticExchangeUploadJobDataOperator

SCHEMA = {
    "columns": {
        "email_sha256": {"kind": "email", "source": "email", "hash": "sha256"},
        "city": {"kind": "attribute", "source": "city", "type": "text"},
    }
}
DIGEST = hashlib.sha256(ADDRESS.encode()).hexdigest()
HEADER = b"email_sha256,city\n"
MORE_THAN_BUFFERS = HEADER + b"".join(b"%064x,%s\n" % (number, b"x" * 900) for number in range(24_000))


@pytest.fixture(autouse=True)
def _short_pauses_between_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    module = "airflow_provider_activation.transport.exchange.random"
    monkeypatch.setattr(module, SimpleNamespace(uniform=lambda *bounds: 0.02))


@pytest.fixture
def intake() -> Iterator[Intake]:
    with Intake() as started:
        yield started


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The manifest of a file that was prepared."""
    rows = [{"email": ADDRESS, "city": "Ulm"}, {"email": "bo@example.com", "city": 'A "quoted", city'}]
    folder = tmp_path_factory.mktemp("prepared")
    return dict(prepare_audience(rows, SCHEMA, profile="google", folder=folder, min_rows=0))


@pytest.fixture
def manifest(small: dict[str, Any], tmp_path: Path) -> dict[str, Any]:
    """The same, with a file of its own."""
    return written(small, tmp_path, Path(small["path"]).read_bytes())


@pytest.fixture
def large(small: dict[str, Any], tmp_path: Path) -> dict[str, Any]:
    """One of a file that does not fit into the buffers of a connection."""
    return written(small, tmp_path, MORE_THAN_BUFFERS)


def written(manifest: dict[str, Any], folder: Path, content: bytes) -> dict[str, Any]:
    (path := folder / "audience.csv").write_bytes(content)
    sum_ = hashlib.sha256(content).hexdigest()
    return manifest | {"path": str(path), "size": len(content), "sha256": sum_, "host": socket.gethostname()}


@pytest.fixture
def upload(intake: Intake, connect: Connect) -> Callable[..., Task]:
    conn_id = connect("acoustic_exchange", intake.url, max_retries=2, timeout=5)

    def task(manifest: Any, **arguments: Any) -> Task:
        return Task(
            lambda: AcousticExchangeUploadJobDataOperator(
                task_id="upload",
                job_id=5,
                file=manifest,
                wait_for_completion=False,
                acoustic_exchange_conn_id=conn_id,
                **arguments,
            )
        )

    return task


Upload = Callable[..., Task]


def test_it_arrives(intake: Intake, manifest: dict[str, Any], upload: Upload) -> None:
    upload(manifest).run()
    assert intake.complete == [Path(manifest["path"]).read_bytes()]


@pytest.mark.chaos
def test_a_large_one_arrives_slowly(intake: Intake, large: dict[str, Any], upload: Upload) -> None:
    def slowly(arrival: Arrival, wire: Wire) -> bytes:
        for _ in range(10):
            wire.pause(0.05)
            arrival.read(50_000)
        return taken(arrival, wire)

    intake.takes = [slowly]
    upload(large).run()
    assert intake.complete == [MORE_THAN_BUFFERS]


# services that cut and refuse


def cutting(size: int) -> Take:
    def cut(arrival: Arrival, wire: Wire) -> None:
        arrival.read(size)

    return cut


def early(status: int, size: int = 0) -> Take:
    def refuse(arrival: Arrival, wire: Wire) -> bytes:
        arrival.read(size)
        return answer({"message": "no"}, status)

    return refuse


@pytest.mark.chaos
@pytest.mark.parametrize("size", [0, 1, 70_000, 3_000_000])
def test_a_connection_that_is_cut(intake: Intake, large: dict[str, Any], upload: Upload, size: int) -> None:
    """The service does not have the file: it is sent again, once, by this try or the next."""
    intake.takes = [cutting(size), taken]
    task = upload(large)
    try:
        task.run()
    except ActivationError:
        task.run()
    assert intake.complete == [MORE_THAN_BUFFERS]
    task.run()
    assert len(intake.arrivals) == 2


@pytest.mark.parametrize("status", [400, 403, 413, 500, 503])
def test_an_answer_before_the_body_was_read(
    intake: Intake, large: dict[str, Any], upload: Upload, status: int
) -> None:
    intake.takes = [early(status, 1000)]
    with pytest.raises(ActivationError) as caught:
        upload(large).run()
    assert intake.complete == []
    assert intake.is_waiting
    assert caught.value.status in (status, None)


def test_the_answer_is_lost(intake: Intake, manifest: dict[str, Any], upload: Upload) -> None:
    def silent(arrival: Arrival, wire: Wire) -> None:
        arrival.read()

    intake.takes = [silent]
    task = upload(manifest)
    try:
        task.run()
    except ActivationError:
        task.run()
    Path(manifest["path"]).unlink()
    task.run()
    assert len(intake.arrivals) == 1


# services that quote

QUOTED = {
    "a row": f"row 1 cannot be read: {DIGEST},Ulm",
    "an address": f"'{ADDRESS}' of row 1 is not hashed",
    "capitals": f"email_sha256 {DIGEST.upper()} is no digest",
    "in one word": f"value={DIGEST} ({ADDRESS.replace('@', '%40')})",
    "a part": f"row 1: '{DIGEST[:16]}...' is no digest",
    "another digest": f"{hashlib.md5(ADDRESS.encode()).hexdigest()} is unknown",
}


@pytest.mark.parametrize("status", [200, 400, 413, 500])
@pytest.mark.parametrize("said", QUOTED.values(), ids=QUOTED)
def test_nobody_is_quoted(
    intake: Intake,
    manifest: dict[str, Any],
    upload: Upload,
    said: str,
    status: int,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def quoting(arrival: Arrival, wire: Wire) -> bytes:
        arrival.read()
        return answer({"message": said}, status)

    intake.takes = [quoting]
    task, told = upload(manifest), ""
    with caplog.at_level("DEBUG"):
        try:
            result: Any = task.run()
        except ActivationError as error:
            result, told = None, said_by(error)
    assert task.ti is not None
    told += caplog.text + str(task.ti.xcoms) + str(task.store) + str(result) + str(capsys.readouterr())
    assert "kanarek" not in told
    assert DIGEST[:16] not in told.lower()
    assert hashlib.md5(ADDRESS.encode()).hexdigest() not in told


def test_a_file_that_is_no_gzip_quotes_nobody(
    intake: Intake, manifest: dict[str, Any], upload: Upload
) -> None:
    """The file says gzip and is none: what the service says of it is told without its rows, or not at all."""

    def quoting(arrival: Arrival, wire: Wire) -> bytes:
        arrival.read()
        return answer({"message": f"row 1 cannot be read: {DIGEST},Ulm"}, 400)

    content = b"\x1f\x8b\x08" + b"\0" * 7 + b"\xff" * 60
    packed = written(manifest, Path(manifest["path"]).parent, content)
    intake.takes = [quoting]
    with pytest.raises(InvalidRequest) as caught:
        upload(packed | {"format": manifest["format"] | {"compression": "gzip"}}).run()
    assert DIGEST not in said_by(caught.value)


# files that change


def replaced(path: Path) -> None:
    content = path.read_bytes()
    (other := path.with_name("other")).write_bytes(content.swapcase())
    other.replace(path)


def replaced_with_its_times(path: Path) -> None:
    before, content = path.stat(), path.read_bytes()
    path.write_bytes(content[:-8] + b"another\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def truncated(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 9)


def emptied(path: Path) -> None:
    os.truncate(path, 0)


def grown(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"0" * 64 + b",Ulm\n")


def one_byte(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(-2, os.SEEK_END)
        file.write(b"Q")


def deleted(path: Path) -> None:
    path.unlink()


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def unlike_itself_and_back(path: Path) -> None:
    """Other bytes for a moment: those that were read meanwhile are other ones."""
    one_byte(path)
    with path.open("r+b") as file:
        file.seek(-2, os.SEEK_END)
        file.write(MORE_THAN_BUFFERS[-2:-1])


CHANGES = [replaced, replaced_with_its_times, truncated, emptied, grown, one_byte, deleted, a_folder]


@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_changed_before(
    intake: Intake, manifest: dict[str, Any], upload: Upload, change: Callable[[Path], None]
) -> None:
    change(Path(manifest["path"]))
    with pytest.raises((UnfitAudience, InvalidRequest)) as caught:
        upload(manifest).run()
    assert "job 5 waits for its data" in str(caught.value)
    assert intake.arrivals == []


@pytest.mark.chaos
@pytest.mark.parametrize("change", [*CHANGES, unlike_itself_and_back])
def test_a_file_that_changes_while_it_is_sent(
    intake: Intake, large: dict[str, Any], upload: Upload, change: Callable[[Path], None]
) -> None:
    def take(arrival: Arrival, wire: Wire) -> bytes:
        arrival.read(200_000)
        if len(intake.arrivals) == 1:
            change(Path(large["path"]))
        return taken(arrival, wire)

    intake.takes = [take]
    task = upload(large)
    with pytest.raises(UnfitAudience, match="broken off"):
        task.run()
    assert intake.complete == []
    if change is unlike_itself_and_back:
        task.run()
        assert intake.complete == [MORE_THAN_BUFFERS]
    else:
        with pytest.raises((UnfitAudience, InvalidRequest), match="job 5 waits for its data"):
            task.run()
        assert intake.complete == []


@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_changes_after_it_was_checked(
    intake: Intake, manifest: dict[str, Any], upload: Upload, change: Callable[[Path], None]
) -> None:
    """It changes while the registration is read."""
    described = intake.endpoint

    def serve(wire: Wire) -> None:
        send = wire.send

        def changing(data: bytes) -> None:
            if data == described:
                change(Path(manifest["path"]))
            send(data)

        wire.send = changing  # type: ignore[method-assign]
        Intake._serve(intake, wire)

    intake.server._greeting = serve
    with pytest.raises((UnfitAudience, InvalidRequest)):
        upload(manifest).run()
    assert intake.complete == []


# registrations

OF_REGISTRATION: dict[str, tuple[bytes, str]] = {
    "an attribute that is not registered": (endpoint([REGISTERED[0] | {"attributes": []}]), "city"),
    "another identifier": (
        endpoint([REGISTERED[0] | {"identifiers": [{"name": "phone", "type": "phone"}]}]),
        "email_sha256",
    ),
    "a required one is missing": (
        endpoint(
            [
                REGISTERED[0]
                | {
                    "attributes": [
                        *REGISTERED[0]["attributes"],
                        {"name": "country", "type": "String", "isRequired": True},
                    ]
                }
            ]
        ),
        "country",
    ),
    "no identifiers": (endpoint([REGISTERED[0] | {"identifiers": []}]), "registration"),
    "identifiers that are null": (endpoint([REGISTERED[0] | {"identifiers": None}]), "registration"),
    "no databases": (endpoint([]), "registration"),
    "databases that are a text": (endpoint("Customers"), "registration"),
    "columns that are texts": (endpoint([{"identifiers": ["email_sha256"], "attributes": ["city"]}]), ""),
    "columns without names": (endpoint([{"identifiers": [{"type": "email"}]}]), ""),
    "no endpoint": (answer([]), "registration"),
    "a 403": (endpoint(status=403), "registration"),
    "a 404": (endpoint(status=404), "registration"),
    "no JSON": (answer(b"<html>"), ""),
    "null": (answer("null"), ""),
}


@pytest.mark.parametrize(("said", "names"), OF_REGISTRATION.values(), ids=OF_REGISTRATION)
def test_registrations(
    intake: Intake, manifest: dict[str, Any], upload: Upload, said: bytes, names: str
) -> None:
    intake.endpoint = said
    with pytest.raises(ActivationError) as caught:
        upload(manifest).run()
    assert names in str(caught.value)
    assert "What to do:" in str(caught.value)
    assert intake.arrivals == []


def test_a_key_that_may_not_read_it(intake: Intake, manifest: dict[str, Any], upload: Upload) -> None:
    intake.endpoint = endpoint(status=403)
    with pytest.raises(PermissionDenied, match="registration="):
        upload(manifest).run()
    given = {"marketing_databases_definition": {"marketingDatabases": REGISTERED}}
    upload(manifest, registration=given).run()
    assert intake.complete == [Path(manifest["path"]).read_bytes()]


# whatever stands in the rows

CITIES = st.text(st.sampled_from(list("\",\n\r\t;'\\ aü€😀ß\u2028")), max_size=12)


@pytest.mark.chaos
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    cities=st.lists(CITIES, min_size=1, max_size=6),
    piece=st.integers(1, 9),
    profile=st.fixed_dictionaries(
        {"delimiter": st.sampled_from([",", "\t"]), "compression": st.sampled_from(["none", "gzip"])}
    ),
)
def test_what_was_prepared_is_what_arrives(
    intake: Intake,
    upload: Upload,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    cities: list[str],
    piece: int,
    profile: dict[str, str],
) -> None:
    rows = [{"email": f"{at}{ADDRESS}", "city": city} for at, city in enumerate(cities)]
    made = prepare_audience(rows, SCHEMA, profile={"name": "google", **profile}, folder=tmp_path, min_rows=0)
    intake.is_waiting = True
    with monkeypatch.context() as smaller:
        body = functools.partial(FileBody, piece=piece)
        smaller.setattr("airflow_provider_activation.actions.acoustic_exchange.FileBody", body)
        upload(made).run()
    arrived = intake.arrivals[-1]
    assert arrived.body == Path(made["path"]).read_bytes()
    assert hashlib.sha256(arrived.body).hexdigest() == made["sha256"]
    is_gzip = profile["compression"] == "gzip"
    assert arrived.headers.get("content-encoding") == ("gzip" if is_gzip else None)
    text = (gzip.decompress(arrived.body) if is_gzip else arrived.body).decode()
    lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=profile["delimiter"]))
    digests = {hashlib.sha256(str(row["email"]).encode()).hexdigest() for row in rows}
    assert {line[0] for line in lines[1:]} == digests
