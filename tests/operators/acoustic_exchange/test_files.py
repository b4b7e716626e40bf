"""Prepared audiences are uploaded checked or not at all; files are downloaded together or not at all."""

from __future__ import annotations

import gzip
import hashlib
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from acoustic_tasks import asked, download, held
from any_text import CHARACTERS
from example_tasks import define, export, register
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scripted_server import Reply, ScriptedServer
from task_running import Task

from airflow_provider_activation.api.call import FileBody, FileState
from airflow_provider_activation.errors import (
    ActivationError,
    AudienceNotWritten,
    InvalidRequest,
    UnfitAudience,
)
from airflow_provider_activation.operators.acoustic_exchange import AcousticExchangeUploadJobDataOperator
from airflow_provider_activation.sandbox import Sandbox

DIGESTS = [hashlib.sha256(bytes([number])).hexdigest() for number in range(2)]
ROWS = "email_sha256,city\n" + "".join(f"{digest},Ulm\n" for digest in DIGESTS)
REGISTRATION: dict[str, Any] = {
    "marketingDatabases": [
        {
            "name": "Customers",
            "identifiers": [
                {"name": "email_sha256", "type": "email", "hashMode": "HASHED", "hashAlgorithm": "SHA256"}
            ],
            "attributes": [{"name": "city", "type": "String", "isRequired": False}],
        }
    ]
}


def prepared(folder: Path, text: str = ROWS, **changed: Any) -> dict[str, Any]:
    content = text.encode()
    format_: dict[str, Any] = {"delimiter": ",", "header": True, "encoding": "utf-8", "compression": "none"}
    format_ |= changed.pop("format", {})
    columns = text.partition("\n")[0].split(format_["delimiter"])
    if format_["compression"] == "gzip":
        content = gzip.compress(content, mtime=0)
    file = folder / "audience.csv"
    file.write_bytes(content)
    return {
        **{"version": 1, "path": str(file), "host": socket.gethostname(), "size": len(content)},
        **{"sha256": hashlib.sha256(content).hexdigest(), "columns": columns, "format": format_},
        **{"rows": {"written": text.count("\n") - 1}, "rejects": {"path": None, "counts": {"": {"x": 1}}}},
        **changed,
    }


def upload(job_id: int, file: Any, **arguments: Any) -> AcousticExchangeUploadJobDataOperator:
    return AcousticExchangeUploadJobDataOperator(
        task_id="upload", job_id=job_id, file=file, **{"wait_for_completion": False, **arguments}
    )


@pytest.fixture
def job(exchange: Sandbox) -> int:
    Task(lambda: register(marketing_databases_definition=REGISTRATION)).run()
    Task(define).run()
    return int(Task(lambda: export(wait_for_completion=False)).run()["jobId"])


@pytest.mark.parametrize("key", ["acoustic_exchange_default", "acoustic_exchange_endpoint"])
@pytest.mark.parametrize("format_", [{}, {"delimiter": "\t"}, {"compression": "gzip"}], ids=str)
def test_a_prepared_file_arrives_as_its_format_says(
    job: int, exchange: Sandbox, tmp_path: Path, key: str, format_: dict[str, str]
) -> None:
    text = ROWS.replace(",", format_.get("delimiter", ","))
    manifest = prepared(tmp_path, text, format=format_)
    Task(lambda: upload(job, manifest, acoustic_exchange_conn_id=key)).run()
    (arrived,) = [one["upload"] for one in held(exchange, "jobs")]
    assert arrived["sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert arrived["digests"] == {"email_sha256": 2}


REFUSED: dict[str, tuple[Callable[[Path], Any], str]] = {
    "another size": (lambda folder: prepared(folder) | {"size": 7}, "bytes, not 7"),
    "another digest": (lambda folder: prepared(folder) | {"sha256": "0" * 64}, "SHA-256 is another"),
    "a column": (lambda folder: prepared(folder, "email_sha256,name\n"), "'name' not registered"),
    "elsewhere": (
        lambda folder: prepared(folder) | {"path": str(folder / "gone"), "host": "other"},
        "prepared on other",
    ),
}


@pytest.mark.parametrize(("file", "said"), REFUSED.values(), ids=REFUSED)
def test_nothing_is_sent_of_another_file(
    job: int, exchange: Sandbox, tmp_path: Path, file: Callable[[Path], Any], said: str
) -> None:
    with pytest.raises(UnfitAudience, match=said) as caught:
        Task(lambda: upload(job, file(tmp_path))).run()
    assert f"job {job} waits for its data" in str(caught.value)
    assert asked(exchange, "POST", "/data") == []


def test_a_path_is_compared_with_a_registration_that_is_given(job: int, tmp_path: Path) -> None:
    file = prepared(tmp_path, "name\nAnn\n")["path"]
    with pytest.raises(UnfitAudience, match="'name' not registered"):
        Task(lambda: upload(job, file, registration={"marketing_databases_definition": REGISTRATION})).run()


@pytest.mark.usefixtures("push_source")
def test_an_endpoint_without_identifiers_needs_a_registration(tmp_path: Path) -> None:
    job = int(Task(lambda: export(wait_for_completion=False)).run()["jobId"])
    with pytest.raises(InvalidRequest, match="registration="):
        Task(lambda: upload(job, prepared(tmp_path))).run()


def test_a_retry_needs_no_file_where_the_job_has_its_data(
    job: int, exchange: Sandbox, tmp_path: Path
) -> None:
    manifest = prepared(tmp_path)
    task = Task(lambda: upload(job, manifest))
    exchange.misbehave("drop_after", method="POST", path="*/data")
    task.run()
    Path(manifest["path"]).unlink()
    task.run()
    assert len(asked(exchange, "POST", "/data")) == 1


def test_an_answer_that_quotes_a_row(scripted_exchange: ScriptedServer, tmp_path: Path) -> None:
    file = prepared(tmp_path, "email,name\nann@shop.example,Annabel Quux\n")["path"]
    said = "row 1: 'ann@shop.example' of Annabel Quux is no digest of email"
    scripted_exchange.script += [
        Reply(body={"jobId": 5, "status": "WAITING_TO_RECIEVE_DATA"}),
        Reply(body={"jobId": 5, "status": "WAITING_TO_RECIEVE_DATA"}),
        Reply(413, body={"message": said}),
    ]
    with pytest.raises(ActivationError, match="no digest of email") as caught:
        Task(lambda: upload(5, file, acoustic_exchange_conn_id="scripted")).run()
    assert not any(word in str(caught.value) for word in ("ann@", "Annabel", "Quux"))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=st.text(CHARACTERS, min_size=1), piece=st.integers(1, 7))
def test_pieces_are_the_file(text: str, piece: int, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(text.encode())
    body = FileBody(path, "text/csv", piece=piece, state=FileState.of(path))
    assert b"".join(body.pieces()) == text.encode()


def test_the_last_piece_of_a_changed_file_is_not_sent(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    pieces = FileBody(path, "text/csv", piece=4, state=FileState.of(path)).pieces()
    assert next(pieces) == b"0123"
    path.write_bytes(b"9876543210")
    with pytest.raises(UnfitAudience, match="broken off"):
        list(pieces)


CSV = {"Content-Type": "text/csv"}
NAMES = ["../x", "/x", "a/b", "..", ".", "\0", "a\\b", "a\nb", "n" * 300]


def ready(*names: str) -> Reply:
    return Reply(body={"jobId": 5, "status": "READY_FOR_DOWNLOAD", "segmentDataFiles": list(names)})


@pytest.mark.parametrize("name", [*([name] for name in NAMES), ["a.csv", "A.csv"]], ids=repr)
def test_names_that_leave_the_folder(
    scripted_exchange: ScriptedServer, tmp_path: Path, name: list[str]
) -> None:
    scripted_exchange.script += [ready(*name)]
    with pytest.raises(ActivationError):
        Task(lambda: download(5, tmp_path / "in", acoustic_exchange_conn_id="scripted")).run()
    assert list(tmp_path.iterdir()) == []


def test_all_files_or_none(scripted_exchange: ScriptedServer, tmp_path: Path) -> None:
    (tmp_path / "b.csv").mkdir()
    scripted_exchange.script += [ready("a.csv", "b.csv"), *[Reply(body=b"x\n", headers=CSV)] * 2]
    with pytest.raises(AudienceNotWritten):
        Task(lambda: download(5, tmp_path, acoustic_exchange_conn_id="scripted")).run()
    assert [path.name for path in tmp_path.iterdir()] == ["b.csv"]


def test_a_download_is_private(scripted_exchange: ScriptedServer, tmp_path: Path) -> None:
    scripted_exchange.script += [ready("a.csv"), Reply(body=b"x\n", headers=CSV)]
    Task(lambda: download(5, tmp_path, acoustic_exchange_conn_id="scripted")).run()
    assert (tmp_path / "a.csv").stat().st_mode & 0o777 == 0o600
