"""Files that are cut, begun again, badly named or badly packed: each is there whole, or nothing is."""

from __future__ import annotations

import gzip
import hashlib
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from audience_attacks import said_by
from task_running import Task

from adversary.conftest import Connect, Serve
from adversary.server import Adversary, Answer, Request, Wire, answer, script
from airflow_provider_activation.errors import ActivationError
from airflow_provider_activation.operators.acoustic_exchange import (
    AcousticExchangeDownloadSegmentDataOperator,
)

CSV = {"Content-Type": "text/csv"}
CONTENT = b"".join(b"%064x,Ulm\n" % number for number in range(20_000))
PACKED = gzip.compress(CONTENT)


@pytest.fixture(autouse=True)
def _short_pauses_between_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    module = "airflow_provider_activation.transport.exchange.random"
    monkeypatch.setattr(module, SimpleNamespace(uniform=lambda *bounds: 0.02))


def job(*names: Any) -> bytes:
    fields = {"jobId": 5, "jobCategory": "SEGMENT_EXPORT", "status": "READY_FOR_DOWNLOAD"}
    return answer(fields | {"segmentDataFiles": list(names)})


def offering(files: dict[str, Callable[[Request], Answer]]) -> Callable[[Request], Answer]:
    """A service whose job has these files."""

    def handle(request: Request) -> Answer:
        if "segmentDataFiles" not in request.path:
            return job(*files)
        return files[request.path.rpartition("/")[2]](request)

    return handle


def head(*fields: str) -> bytes:
    return "\r\n".join(["HTTP/1.1 200 OK", "Content-Type: text/csv", *fields, "", ""]).encode()


def chunk(content: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(content), content)


def reset(part: bytes) -> Answer:
    """A part of a response, and then a connection that is reset."""

    def stop(wire: Wire) -> None:
        wire.send(part)
        wire.pause(0.05)
        wire.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return stop


def then_closed(part: bytes) -> Answer:
    return lambda wire: wire.send(part)


LENGTH = f"Content-Length: {len(CONTENT)}"
HALF = CONTENT[: len(CONTENT) // 2]
OF_PACKED = f"Content-Length: {len(PACKED)}"
SHORT_PACKED = PACKED[: len(PACKED) // 2]
CHUNKED, GZIP = "Transfer-Encoding: chunked", "Content-Encoding: gzip"

CUT: dict[str, Answer] = {
    "nothing at all": then_closed(b""),
    "half a head": then_closed(head(LENGTH)[:30]),
    "a head alone": then_closed(head(LENGTH)),
    "one byte less": then_closed(head(LENGTH) + CONTENT[:-1]),
    "half": then_closed(head(LENGTH) + HALF),
    "half, reset": reset(head(LENGTH) + HALF),
    "all but the last chunk": then_closed(head(CHUNKED) + chunk(HALF)),
    "half a chunk": then_closed(head(CHUNKED) + chunk(CONTENT)[: len(HALF)]),
    "chunks, reset": reset(head(CHUNKED) + chunk(HALF)),
    "a chunk without a size": then_closed(head(CHUNKED) + b"zz\r\n" + HALF),
    "gzip, one byte less": then_closed(head(OF_PACKED, GZIP) + PACKED[:-1]),
    "gzip that ends early": answer(SHORT_PACKED, headers=CSV | {"Content-Encoding": "gzip"}),
    "gzip without its sum": answer(PACKED[:-8], headers=CSV | {"Content-Encoding": "gzip"}),
    "gzip with another sum": answer(
        PACKED[:-8] + bytes(4) + PACKED[-4:], headers=CSV | {"Content-Encoding": "gzip"}
    ),
    "gzip in chunks that ends early": then_closed(head(CHUNKED, GZIP) + chunk(SHORT_PACKED) + b"0\r\n\r\n"),
    "gzip that ends early, no length": then_closed(head("Connection: close", GZIP) + SHORT_PACKED),
    "no gzip": answer(CONTENT, headers=CSV | {"Content-Encoding": "gzip"}),
    "500": answer("broken", 500),
}
WHOLE = answer(CONTENT, headers=CSV)


def download(server: Adversary, connect: Connect, folder: Path, retries: int = 0) -> Task:
    conn_id = connect("acoustic_exchange", server.url, max_retries=retries)
    return Task(
        lambda: AcousticExchangeDownloadSegmentDataOperator(
            task_id="download", job_id=5, directory=str(folder), acoustic_exchange_conn_id=conn_id
        )
    )


@pytest.mark.parametrize("said", CUT.values(), ids=CUT)
def test_a_file_that_is_cut_is_not_there(
    said: Answer, connect: Connect, serve: Serve, tmp_path: Path
) -> None:
    server = serve(offering({"a.csv": lambda request: said}))
    (tmp_path / "a.csv").write_text("of yesterday")
    with pytest.raises(ActivationError):
        download(server, connect, tmp_path).run()
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
    assert (tmp_path / "a.csv").read_text() == "of yesterday"


@pytest.mark.parametrize("said", CUT.values(), ids=CUT)
def test_a_file_that_was_cut_is_begun_again(
    said: Answer, connect: Connect, serve: Serve, tmp_path: Path
) -> None:
    parts = script(said, WHOLE)
    server = serve(offering({"a.csv": parts}))
    task = download(server, connect, tmp_path, retries=2)
    try:
        task.run()
    except ActivationError:
        task.run()
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
    assert (tmp_path / "a.csv").read_bytes() == CONTENT
    assert len(server.asked_for("GET", "/a.csv")) == 2


UNTIL_CLOSED: dict[str, tuple[Answer, bytes]] = {
    "no length": (then_closed(head("Connection: close") + CONTENT), CONTENT),
    "chunks": (head(CHUNKED) + chunk(HALF) + chunk(CONTENT[len(HALF) :]) + b"0\r\n\r\n", CONTENT),
    "gzip": (answer(PACKED, headers=CSV | {"Content-Encoding": "gzip"}), CONTENT),
    "two gzips": (
        answer(
            gzip.compress(HALF) + gzip.compress(CONTENT[len(HALF) :]),
            headers=CSV | {"Content-Encoding": "gzip"},
        ),
        CONTENT,
    ),
    "empty": (answer(b"", headers=CSV), b""),
}


@pytest.mark.parametrize(("said", "content"), UNTIL_CLOSED.values(), ids=UNTIL_CLOSED)
def test_a_whole_file_in_any_form(
    said: Answer, content: bytes, connect: Connect, serve: Serve, tmp_path: Path
) -> None:
    server = serve(offering({"a.csv": lambda request: said}))
    download(server, connect, tmp_path).run()
    assert (tmp_path / "a.csv").read_bytes() == content


def test_more_than_was_said(connect: Connect, serve: Serve, tmp_path: Path) -> None:
    """A body longer than its Content-Length: what was said is the file, or there is none."""
    more = then_closed(head(LENGTH) + CONTENT + b"surplus,Ulm\n")
    server = serve(offering({"a.csv": lambda request: more, "b.csv": lambda request: WHOLE}))
    try:
        download(server, connect, tmp_path).run()
    except ActivationError:
        assert list(tmp_path.iterdir()) == []
    else:
        assert {path.read_bytes() for path in tmp_path.iterdir()} == {CONTENT}


NAMES = [
    *(
        "../x",
        "/x",
        "/etc/cron.d/x",
        "a/b",
        "a/../../x",
        "..",
        ".",
        "",
        " ",
        "\0",
        "a\0.csv",
        "a\\b",
        "..\\x",
    ),
    *("C:x", "n" * 300, "é" * 150, "a\nb", "a\x1b[2Jb", "~", "..%2Fx", ".airflow"),
]


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:20])
def test_no_name_leaves_the_folder(name: str, connect: Connect, serve: Serve, tmp_path: Path) -> None:
    server = serve(lambda request: WHOLE if "segmentDataFiles" in request.path else job("a.csv", name))
    (folder := tmp_path / "in").mkdir()
    try:
        download(server, connect, folder).run()
    except ActivationError as error:
        refusal = str(error)
        assert list(folder.iterdir()) == []
    else:
        refusal = ""
        assert {path.name for path in folder.iterdir()} == {"a.csv", name}
    assert not {"\x1b", "\0"} & {*refusal}
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


REFUSED = [name for name in NAMES if name not in (" ", "C:x", "~", "..%2Fx", ".airflow")]


@pytest.mark.parametrize("name", REFUSED, ids=lambda name: ascii(name)[:20])
def test_a_name_that_cannot_be_is_refused_before_anything_is_read(
    name: str, connect: Connect, serve: Serve, tmp_path: Path
) -> None:
    server = serve(lambda request: WHOLE if "segmentDataFiles" in request.path else job("a.csv", name))
    with pytest.raises(ActivationError):
        download(server, connect, tmp_path).run()
    assert server.asked_for("GET", "segmentDataFiles") == []


@pytest.mark.parametrize(
    "names", [("a.csv", "A.csv"), ("straße.csv", "STRASSE.csv"), ("é.csv", "e\u0301.csv")]
)
def test_names_that_are_one_on_some_disks(
    names: tuple[str, str], connect: Connect, serve: Serve, tmp_path: Path
) -> None:
    server = serve(lambda request: WHOLE if "segmentDataFiles" in request.path else job(*names))
    with pytest.raises(ActivationError, match="one file in some folders"):
        download(server, connect, tmp_path).run()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("files", [5, {"a": 1}, [5], [None], [["a"]], [{"name": "a"}]], ids=str)
def test_names_that_are_no_texts(files: Any, connect: Connect, serve: Serve, tmp_path: Path) -> None:
    said = {"jobId": 5, "status": "READY_FOR_DOWNLOAD", "segmentDataFiles": files}
    server = serve(lambda request: WHOLE if "segmentDataFiles" in request.path else answer(said))
    with pytest.raises(ActivationError):
        download(server, connect, tmp_path).run()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("said", CUT.values(), ids=CUT)
def test_of_two_files_both_or_none(said: Answer, connect: Connect, serve: Serve, tmp_path: Path) -> None:
    files = {"a.csv": lambda request: WHOLE, "b.csv": lambda request: said, "c.csv": lambda request: WHOLE}
    server = serve(offering(files))
    (tmp_path / "a.csv").write_text("of yesterday")
    with pytest.raises(ActivationError):
        download(server, connect, tmp_path).run()
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a.csv": "of yesterday"}


def test_a_folder_that_was_made_is_not_left(connect: Connect, serve: Serve, tmp_path: Path) -> None:
    server = serve(offering({"a.csv": lambda request: CUT["half"]}))
    with pytest.raises(ActivationError):
        download(server, connect, tmp_path / "new").run()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("kind", ["folder", "link"])
def test_what_is_in_the_place_of_a_file(kind: str, connect: Connect, serve: Serve, tmp_path: Path) -> None:
    """A folder is not replaced; a link is, and what it points at stays."""
    (folder := tmp_path / "in").mkdir()
    (other := tmp_path / "other").write_text("mine")
    if kind == "folder":
        (folder / "b.csv").mkdir()
    else:
        (folder / "b.csv").symlink_to(other)
    (folder / "a.csv").write_text("of yesterday")
    server = serve(offering({"a.csv": lambda request: WHOLE, "b.csv": lambda request: WHOLE}))
    if kind == "folder":
        with pytest.raises(ActivationError):
            download(server, connect, folder).run()
        assert {path.name for path in folder.iterdir()} == {"a.csv", "b.csv"}
        assert (folder / "a.csv").read_text() == "of yesterday"
    else:
        download(server, connect, folder).run()
        assert (folder / "b.csv").read_bytes() == CONTENT
    assert other.read_text() == "mine"


SAID: dict[str, Callable[[bytes], Answer]] = {
    "as JSON": lambda rows: answer(rows, headers={"Content-Type": "application/json"}),
    "400": lambda rows: answer(rows, 400, headers=CSV),
    "500": lambda rows: answer({"message": "row 1 is broken: " + rows.decode()}, 500),
    "404 as text": lambda rows: answer(rows, 404, headers={"Content-Type": "text/plain"}),
    "204": lambda rows: answer(rows, 202, headers=CSV),
    "a page": lambda rows: answer(b"<html>" + rows, headers={"Content-Type": "text/html"}),
    "no gzip": lambda rows: answer(rows, headers=CSV | {"Content-Encoding": "gzip"}),
}
DIGEST = hashlib.sha256(b"canary.kanarek@secret.example").hexdigest()
PEOPLE = f"email,email_sha256\ncanary.kanarek@secret.example,{DIGEST}\n".encode()


@pytest.mark.parametrize("said", SAID.values(), ids=SAID)
def test_nobody_is_quoted(
    said: Callable[[bytes], Answer],
    connect: Connect,
    serve: Serve,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A file that is not taken is not quoted in the error either."""
    server = serve(offering({"a.csv": lambda request: said(PEOPLE)}))
    task = download(server, connect, tmp_path)
    with caplog.at_level("DEBUG"), pytest.raises(ActivationError) as caught:
        task.run()
    assert task.ti is not None
    told = (
        said_by(caught.value) + caplog.text + str(task.ti.xcoms) + str(task.store) + str(capsys.readouterr())
    )
    assert "kanarek" not in told
    assert DIGEST[:20] not in told
    assert list(tmp_path.iterdir()) == []
