"""Prepared files are uploaded from S3 and SFTP, and downloads go there: whole, or not at all."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from adversary.conftest import connecting
from adversary.server import Adversary, Answer, Request, answer, cut
from adversary.taking import REGISTERED, Arrival, Intake, endpoint, taken
from audience_attacks import ADDRESS, said_by
from real_stores import S3, SECRET, Sftp
from task_running import Task

from airflow_provider_activation.audience import prepare_audience
from airflow_provider_activation.errors import ActivationError, UnfitAudience
from airflow_provider_activation.operators.acoustic_exchange import (
    AcousticExchangeDownloadSegmentDataOperator,
    AcousticExchangeUploadJobDataOperator,
)

SCHEMA = {
    "columns": {
        "email_sha256": {"kind": "email", "source": "email", "hash": "sha256"},
        "city": {"kind": "attribute", "source": "city", "type": "text"},
    }
}
CSV = {"Content-Type": "text/csv"}
WHOLE = answer(b"a,b\n" * 300_000, headers=CSV)


@dataclass
class Store:
    """A storage: how its folder is written, and its files as a client of its own sees and changes them.

    :param write: writes a file; None deletes it.
    """

    folder: str
    files: Callable[[], dict[str, bytes]]
    write: Callable[[str, bytes | None], object]


@pytest.fixture(params=["s3", "sftp"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "s3":
        s3: S3 = request.getfixturevalue("s3")

        def put(name: str, content: bytes | None) -> None:
            key = f"of/people/{name}"
            if content is None:
                s3.client.delete_object(Bucket="bkt", Key=key)
            else:
                s3.client.put_object(Bucket="bkt", Key=key, Body=content)

        def objects() -> dict[str, bytes]:
            return {key.removeprefix("of/people/"): value for key, value in s3.content("bkt").items()}

        return Store("s3://lake@bkt/of/people", objects, put)
    sftp: Sftp = request.getfixturevalue("sftp")
    folder = sftp.folder / "people"

    def write(name: str, content: bytes | None) -> None:
        folder.mkdir(exist_ok=True)
        if content is None:
            (folder / name).unlink()
        else:
            (folder / name).write_bytes(content)

    def files() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sftp.folder.rglob("*") if path.is_file()}

    return Store(f"sftp://drop@{folder}", files, write)


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    return connecting(monkeypatch)


@pytest.fixture
def intake() -> Iterator[Intake]:
    with Intake() as started:
        yield started


@pytest.fixture
def serve() -> Iterator[Callable[[Any], Adversary]]:
    started: list[Adversary] = []

    def serve(handler: Any) -> Adversary:
        started.append(Adversary(handler))
        return started[-1]

    yield serve
    for server in started:
        server.close()


def prepared(store: Store, **profile: str) -> dict[str, Any]:
    rows = [{"email": f"{n}{ADDRESS}", "city": f'"{n}",\nÜ'} for n in range(2000)]
    return dict(prepare_audience(rows, SCHEMA, profile={"name": "google", **profile}, folder=store.folder))


def upload(url: str, connect: Callable[..., str], manifest: Any) -> Task:
    conn_id = connect("acoustic_exchange", url)
    return Task(
        lambda: AcousticExchangeUploadJobDataOperator(
            task_id="upload",
            job_id=5,
            file=manifest,
            wait_for_completion=False,
            acoustic_exchange_conn_id=conn_id,
        )
    )


# uploads


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_what_was_prepared_arrives(
    store: Store, intake: Intake, connect: Callable[..., str], compression: str
) -> None:
    manifest = prepared(store, compression=compression)
    assert manifest["path"].startswith(store.folder)
    upload(intake.url, connect, manifest).run()
    (body,) = intake.complete
    assert hashlib.sha256(body).hexdigest() == manifest["sha256"]
    assert body == store.files()[manifest["path"].rpartition("/")[2]]


CHANGES: dict[str, Callable[[bytes], bytes | None]] = {
    "removed": lambda content: None,
    "empty": lambda content: b"",
    "one byte": lambda content: content[:-2] + b"Q\n",
    "cut": lambda content: content[:-9],
    "grown": lambda content: content + content[-70:],
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_changed_is_refused(
    store: Store, intake: Intake, connect: Callable[..., str], change: Callable[[bytes], bytes | None]
) -> None:
    manifest = prepared(store)
    name = manifest["path"].rpartition("/")[2]
    store.write(name, change(store.files()[name]))
    with pytest.raises(ActivationError) as caught:
        upload(intake.url, connect, manifest).run()
    assert "job 5 waits for its data" in str(caught.value)
    assert SECRET not in said_by(caught.value)
    assert intake.arrivals == []


def test_what_changes_while_it_is_sent_was_copied_before(
    store: Store, intake: Intake, connect: Callable[..., str]
) -> None:
    manifest = prepared(store)
    name = manifest["path"].rpartition("/")[2]
    content = store.files()[name]

    def take(arrival: Arrival, wire: Any) -> bytes:
        store.write(name, b"another")
        return taken(arrival, wire)

    intake.takes = [take]
    upload(intake.url, connect, manifest).run()
    assert intake.complete == [content]


def test_columns_are_compared_too(store: Store, intake: Intake, connect: Callable[..., str]) -> None:
    intake.endpoint = endpoint([REGISTERED[0] | {"attributes": []}])
    with pytest.raises(UnfitAudience, match="city"):
        upload(intake.url, connect, prepared(store)).run()
    assert intake.arrivals == []


@pytest.mark.parametrize("conn_id", ["lake", "drop"])
def test_a_connection_that_is_gone(
    s3: S3, sftp: Sftp, intake: Intake, connect: Callable[..., str], conn_id: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    folder = "s3://lake@bkt/x" if conn_id == "lake" else f"sftp://drop@{sftp.folder}/x"
    manifest = prepared(Store(folder, dict, lambda *_: None))
    monkeypatch.delenv(f"AIRFLOW_CONN_{conn_id.upper()}")
    with pytest.raises(ActivationError, match=conn_id):
        upload(intake.url, connect, manifest).run()
    assert intake.arrivals == []


# downloads


def download(server: Adversary, connect: Callable[..., str], folder: str) -> Task:
    conn_id = connect("acoustic_exchange", server.url)
    return Task(
        lambda: AcousticExchangeDownloadSegmentDataOperator(
            task_id="download", job_id=5, directory=folder, acoustic_exchange_conn_id=conn_id
        )
    )


def offering(**files: Answer) -> Callable[[Request], Answer]:
    def handle(request: Request) -> Answer:
        if "segmentDataFiles" in request.path:
            return files[request.path.rpartition("/")[2]]
        return answer({"jobId": 5, "status": "READY_FOR_DOWNLOAD", "segmentDataFiles": list(files)})

    return handle


Serve = Callable[[Any], Adversary]


def test_files_come_there(store: Store, serve: Serve, connect: Callable[..., str]) -> None:
    server = serve(offering(a=WHOLE, b=answer(b"1\n", headers=CSV)))
    result = download(server, connect, store.folder).run()
    assert result == {"jobId": "5", "files": [f"{store.folder}/a", f"{store.folder}/b"]}
    assert store.files() == {"a": WHOLE.partition(b"\r\n\r\n")[2], "b": b"1\n"}
    # a file replaces one of its name
    download(server, connect, store.folder).run()
    assert len(store.files()) == 2


def test_of_two_both_or_none(store: Store, serve: Serve, connect: Callable[..., str]) -> None:
    store.write("a", b"of yesterday")
    server = serve(offering(a=WHOLE, b=cut(WHOLE[:5000])))
    with pytest.raises(ActivationError):
        download(server, connect, store.folder).run()
    assert store.files() == {"a": b"of yesterday"}


def test_a_bucket_that_is_not_there(s3: S3, serve: Serve, connect: Callable[..., str]) -> None:
    server = serve(offering(a=WHOLE, b=WHOLE))
    with pytest.raises(ActivationError, match="no such file, folder or bucket") as caught:
        download(server, connect, "s3://lake@none/x").run()
    assert SECRET not in said_by(caught.value)
    assert s3.content("bkt") == {}


def test_a_folder_that_nobody_may_write(sftp: Sftp, serve: Serve, connect: Callable[..., str]) -> None:
    (sftp.folder / "x").write_text("a file, no folder")
    with pytest.raises(ActivationError):
        download(serve(offering(a=WHOLE)), connect, f"sftp://drop@{sftp.folder}/x").run()
    assert [path.name for path in sftp.folder.rglob("*")] == ["x"]


def test_the_second_cannot_be_published(sftp: Sftp, serve: Serve, connect: Callable[..., str]) -> None:
    """A folder has the second name; the first file was published, and goes again."""
    (sftp.folder / "b").mkdir()
    (sftp.folder / "b" / "c").write_text("mine")
    with pytest.raises(ActivationError):
        download(serve(offering(a=WHOLE, b=WHOLE)), connect, f"sftp://drop@{sftp.folder}").run()
    assert sorted(path.name for path in sftp.folder.rglob("*")) == ["b", "c"]


def test_the_second_cannot_be_put(
    s3: S3, serve: Serve, connect: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bucket refuses the second object."""
    from moto.s3.models import S3Backend

    put = S3Backend.put_object

    def refusing(self: Any, bucket_name: str, key_name: str, *given: Any, **named: Any) -> Any:
        if key_name.endswith("/b"):
            from moto.s3.exceptions import AccessDeniedByLock

            raise AccessDeniedByLock
        return put(self, bucket_name, key_name, *given, **named)

    monkeypatch.setattr(S3Backend, "put_object", refusing)
    small = answer(b"1\n", headers=CSV)
    with pytest.raises(ActivationError, match="AccessDenied"):
        download(serve(offering(a=small, b=small)), connect, "s3://lake@bkt/x").run()
    assert s3.content("bkt") == {}


def test_files_of_people_are_closed_to_others(sftp: Sftp, serve: Serve, connect: Callable[..., str]) -> None:
    download(serve(offering(a=WHOLE)), connect, f"sftp://drop@{sftp.folder}/new").run()
    assert stat.S_IMODE((sftp.folder / "new").stat().st_mode) == 0o700
    assert stat.S_IMODE((Path(sftp.folder) / "new" / "a").stat().st_mode) == 0o600
