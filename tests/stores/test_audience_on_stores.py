"""Audiences from S3 and SFTP and to them: the same bytes as on the worker, and nothing when it fails."""

from __future__ import annotations

import gzip
import hashlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from airflow.sdk import ObjectStoragePath
from audience_attacks import ADDRESS, said_by
from pyarrow import parquet
from real_stores import S3, SECRET, Sftp

from airflow_provider_activation.audience import prepare_audience
from airflow_provider_activation.audience.engine import Engine
from airflow_provider_activation.audience.manifest import delete_files
from airflow_provider_activation.audience.preparation import Preparation
from airflow_provider_activation.errors import (
    ActivationError,
    AudienceNotWritten,
    InvalidConnection,
    NotFound,
    UnfitAudience,
)
from airflow_provider_activation.storage.store import Store

EMAIL = {
    "columns": {
        "email_sha256": {"kind": "email", "source": "email", "hash": "sha256"},
        "city": {"kind": "attribute", "source": "city"},
    }
}
ROWS = [(f"person{number}@example.com", "Göteborg") for number in range(500)]
LISTED = {"columns": {"email": {"kind": "email", "source": "email"}}}
PLAIN = "email,city\n" + "".join(f"{email},{city}\n" for email, city in ROWS)


def in_form(name: str, folder: Path) -> bytes:
    table = pyarrow.table({"email": [row[0] for row in ROWS], "city": [row[1] for row in ROWS]})
    if name == "people.parquet":
        parquet.write_table(table, folder / name)
        return (folder / name).read_bytes()
    if name == "people.csv.zst":
        with pyarrow.CompressedOutputStream(str(folder / name), "zstd") as out:
            out.write(PLAIN.encode())
        return (folder / name).read_bytes()
    return {
        "people.csv": PLAIN.encode(),
        "people.csv.gz": gzip.compress(PLAIN.encode()),
        "source.csv": PLAIN.encode("cp1252"),
        "people.jsonl": "".join(f'{{"email": "{a}", "city": "{b}"}}\n' for a, b in ROWS).encode(),
    }[name]


@pytest.fixture
def put(s3: S3, sftp: Sftp) -> Callable[[str, str, bytes], str]:
    """Put a file at a storage and return how it is named."""

    def put(store: str, name: str, content: bytes) -> str:
        if store == "s3":
            s3.client.put_object(Bucket="bkt", Key=f"in/{name}", Body=content)
            return f"s3://lake@bkt/in/{name}"
        (sftp.folder / name).write_bytes(content)
        return f"sftp://drop@{sftp.folder}/{name}"

    return put


@pytest.fixture
def local(tmp_path: Path) -> dict[str, Any]:
    """The audience as it is made of a file on the worker."""
    (source := tmp_path / "local.csv").write_text(PLAIN)
    return prepare_audience(source, EMAIL, profile="google", folder=tmp_path / "local")


@pytest.mark.parametrize(
    "name",
    ["people.csv", "people.csv.gz", "people.csv.zst", "people.parquet", "people.jsonl", "source.csv"],
)
@pytest.mark.parametrize("store", ["s3", "sftp"])
def test_a_source_is_read_wherever_it_is(
    store: str,
    name: str,
    put: Callable[[str, str, bytes], str],
    local: dict[str, Any],
    tmp_path: Path,
) -> None:
    url = put(store, name, in_form(name, tmp_path))
    source: Any = {"path": url, "encoding": "cp1252"} if name == "source.csv" else url
    manifest = prepare_audience(source, EMAIL, profile="google", folder=tmp_path)
    assert manifest["sha256"] == local["sha256"]
    assert manifest["rows"] == local["rows"]


@pytest.mark.parametrize("as_object", [False, True])
def test_a_folder_on_s3_gets_the_same_bytes(
    as_object: bool, s3: S3, local: dict[str, Any], tmp_path: Path
) -> None:
    folder: Any = "s3://lake@bkt/out/today"
    if as_object:
        folder = ObjectStoragePath("s3://bkt/out/today", conn_id="lake")
    manifest = prepare_audience(tmp_path / "local.csv", EMAIL, profile="google", folder=folder)
    (key, content) = s3.content("bkt").popitem()
    assert manifest["path"] == f"s3://lake@bkt/{key}"
    assert key.startswith("out/today/audience-google-")
    assert hashlib.sha256(content).hexdigest() == manifest["sha256"] == local["sha256"]
    assert len(content) == manifest["size"]
    assert delete_files(manifest) == [manifest["path"]]
    assert s3.content("bkt") == {}
    assert delete_files(manifest) == []


def test_a_folder_on_sftp_is_made_and_gets_the_same_bytes(
    sftp: Sftp, local: dict[str, Any], tmp_path: Path
) -> None:
    folder = f"sftp://drop@{sftp.folder}/out/today"
    manifest = prepare_audience(tmp_path / "local.csv", EMAIL, profile="google", folder=folder)
    (file,) = (path for path in sftp.folder.rglob("*") if path.is_file())
    assert manifest["path"] == f"sftp://drop@{file}"
    assert hashlib.sha256(file.read_bytes()).hexdigest() == local["sha256"]
    assert file.stat().st_mode & 0o777 == 0o600
    assert delete_files(manifest) == [manifest["path"]]
    assert not file.exists()


def test_rejects_and_lists_go_the_same_way(
    s3: S3, put: Callable[[str, str, bytes], str], tmp_path: Path
) -> None:
    source = put("s3", "people.csv", (PLAIN + f"{ADDRESS}@,x\n").encode())
    listed = put("sftp", "list.csv", b"email\nperson1@example.com\nPERSON2@example.com\n")
    manifest = prepare_audience(
        source,
        EMAIL,
        profile="google",
        folder="s3://lake@bkt/out",
        suppress=[{"source": listed, "schema": LISTED}],
    )
    assert manifest["rows"]["suppressed"] == 2
    assert manifest["rows"]["rejected"] == 1
    assert manifest["suppression"][0]["name"] == "list.csv"
    key = manifest["rejects"]["path"].removeprefix("s3://lake@bkt/")
    assert s3.content("bkt")[key] == (
        b'row,column,reason\n501,"",no_identifier\n501,email_sha256,not_an_address\n'
    )
    assert sorted(delete_files(manifest)) == sorted([manifest["path"], manifest["rejects"]["path"]])
    assert set(s3.content("bkt")) == {"in/people.csv"}


@pytest.mark.parametrize("store", ["s3", "sftp"])
def test_a_failing_run_takes_away_what_an_earlier_try_has_made(
    store: str, s3: S3, sftp: Sftp, tmp_path: Path
) -> None:
    folder = "s3://lake@bkt/out" if store == "s3" else f"sftp://drop@{sftp.folder}/out"
    (source := tmp_path / "people.csv").write_text(PLAIN)

    def prepare() -> dict[str, Any]:
        return prepare_audience(source, EMAIL, profile="google", folder=folder, run="a/b/c")

    prepare()
    source.write_text("email,city\n")
    with pytest.raises(UnfitAudience):
        prepare()
    assert s3.content("bkt") == {}
    assert [path for path in sftp.folder.rglob("*") if path.is_file()] == []


def test_a_source_that_is_not_there(s3: S3, sftp: Sftp, tmp_path: Path) -> None:
    for url in ("s3://lake@bkt/no.csv", "s3://lake@nowhere/no.csv", f"sftp://drop@{sftp.folder}/no.csv"):
        with pytest.raises(NotFound, match=r"no\.csv"):
            prepare_audience(url, EMAIL, profile="google", folder=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_bucket_that_is_not_there_is_told(s3: S3, tmp_path: Path, local: dict[str, Any]) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        prepare_audience(tmp_path / "local.csv", EMAIL, profile="google", folder="s3://lake@nowhere/out")


def test_a_connection_that_is_not_there_is_refused(s3: S3, tmp_path: Path, local: dict[str, Any]) -> None:
    with pytest.raises(InvalidConnection, match="lak"):
        prepare_audience(tmp_path / "local.csv", EMAIL, profile="google", folder="s3://lak@bkt/out")
    assert s3.content("bkt") == {}


def test_a_source_that_vanishes_half_way(
    s3: S3, put: Callable[[str, str, bytes], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = put("s3", "people.csv", PLAIN.encode() * 300)
    info = Store._info

    def then_vanish(self: Store, inside: str) -> dict[str, Any]:
        found = info(self, inside)
        s3.client.delete_object(Bucket="bkt", Key="in/people.csv")
        return found

    monkeypatch.setattr(Store, "_info", then_vanish)
    with pytest.raises(NotFound, match=r"people\.csv"):
        prepare_audience(url, EMAIL, profile="google", folder=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_kill_while_it_is_sent_leaves_nothing(
    s3: S3, tmp_path: Path, local: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    preparation = Preparation(
        tmp_path / "local.csv", EMAIL, profile="google", folder="s3://lake@bkt/out", run="a/b/c"
    )
    monkeypatch.setattr(Engine, "check", lambda self: setattr(preparation, "_is_stopped", True))
    with pytest.raises(AudienceNotWritten, match="stopped"):
        preparation.run()
    assert s3.content("bkt") == {}


def test_no_key_and_no_person_is_in_any_word(
    s3: S3,
    put: Callable[[str, str, bytes], str],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG, logger="airflow_provider_activation")
    monkeypatch.setenv("AIRFLOW_CONN_WRONG", s3.connection(extra={"endpoint_url": "http://127.0.0.1:1"}))
    url = put("s3", "people.csv", f"email,city\n{ADDRESS},x\n".encode())
    told = []
    for source, folder in ((url, "s3://wrong@bkt/out"), ("s3://wrong@bkt/in/people.csv", tmp_path / "out")):
        with pytest.raises(ActivationError) as caught:
            prepare_audience(source, EMAIL, profile="google", folder=folder)
        told.append(said_by(caught.value))
    said = "\n".join([*told, caplog.text])
    assert SECRET not in said
    assert ADDRESS not in said
