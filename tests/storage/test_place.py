"""How places are written, what is refused before anything is asked, and files on the worker."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import ObjectStoragePath
from airflow.sdk.io import attach
from fsspec.implementations.memory import MemoryFileSystem

from airflow_provider_activation.arguments import PATH
from airflow_provider_activation.audience import prepare_audience
from airflow_provider_activation.audience.manifest import delete_files
from airflow_provider_activation.errors import InvalidArgument, UnfitAudience
from airflow_provider_activation.operators.audience import PrepareAudienceOperator
from airflow_provider_activation.storage import check_place, place_of, written
from airflow_provider_activation.storage.place import Stopped

SCHEMA = {"columns": {"email_sha256": {"kind": "email", "source": "email", "hash": "sha256"}}}


@pytest.mark.parametrize(
    ("given", "told", "name"),
    [
        ("/data/f.csv", "/data/f.csv", "f.csv"),
        (Path("/data/f.csv"), "/data/f.csv", "f.csv"),
        ("file:///data/f.csv", "/data/f.csv", "f.csv"),
        ("s3://lake@bkt/a/f.csv", "s3://lake@bkt/a/f.csv", "f.csv"),
        ("S3://lake@bkt/a/f.csv", "s3://lake@bkt/a/f.csv", "f.csv"),
        ("sftp://drop@/in/f.csv", "sftp://drop@/in/f.csv", "f.csv"),
        (ObjectStoragePath("s3://bkt/a/f.csv", conn_id="lake"), "s3://lake@bkt/a/f.csv", "f.csv"),
        (ObjectStoragePath("s3://lake@bkt/a") / "f.csv", "s3://lake@bkt/a/f.csv", "f.csv"),
        (ObjectStoragePath("/data/f.csv"), "/data/f.csv", "f.csv"),
    ],
)
def test_how_a_place_is_written(given: Any, told: str, name: str) -> None:
    place = place_of(given, "file")
    assert (place.told, place.name) == (told, name)
    assert (place / "x").told == f"{told}/x"
    # what is written is read as the same place
    assert place_of(place.told, "file").told == told


@pytest.mark.parametrize(
    "given",
    [
        "",
        "a\0b",
        "s3://bkt/f.csv",
        "s3://@bkt/f.csv",
        "s3://key:secret@bkt/f.csv",
        "sftp://user:password@host/f.csv",
        "s3://lake@",
        "s3://lake@/",
        "s3://lake@bkt/../other/f.csv",
        "sftp://drop@/in/../../etc/passwd",
    ],
)
def test_what_is_no_place_is_refused_without_its_secret(given: str) -> None:
    for refuse in (
        check_place,
        lambda name, text: place_of(text, name),
        lambda name, text: PATH.read(name, text),
    ):
        with pytest.raises(ValueError, match="file") as caught:
            refuse("file", given)
        assert "secret" not in str(caught.value).replace("credentials", "")
        assert "password" not in str(caught.value)


def test_a_place_without_a_connection_is_refused_when_the_dag_is_parsed() -> None:
    for arguments in ({"source": "s3://bkt/f.csv"}, {"folder": "s3://bkt/out"}):
        given: dict[str, Any] = {"source": "/f.csv", "folder": "/out", **arguments}
        with pytest.raises(ValueError, match="names its Airflow connection"):
            PrepareAudienceOperator(task_id="prepare", schema=SCHEMA, profile="google", **given)


def test_a_path_of_airflow_becomes_text_so_that_its_templates_render() -> None:
    task = PrepareAudienceOperator(
        task_id="prepare",
        schema=SCHEMA,
        profile="google",
        source={"path": ObjectStoragePath("s3://bkt/{{ ds }}.csv", conn_id="lake"), "delimiter": ";"},
        folder=ObjectStoragePath("s3://bkt/out/{{ ds }}", conn_id="lake"),
    )
    task.render_template_fields({"ds": "2026-01-01"})
    assert task.source == {"path": "s3://lake@bkt/2026-01-01.csv", "delimiter": ";"}
    assert task.folder == "s3://lake@bkt/out/2026-01-01"


def test_what_is_no_path_is_no_text() -> None:
    with pytest.raises(TypeError):
        written(3)


# on the worker


def test_a_file_appears_whole(tmp_path: Path) -> None:
    (made := tmp_path / "made").write_bytes(b"12345")
    place = place_of(tmp_path / "f.csv", "file")

    def look(copied: int) -> None:
        assert place.size() is None

    place.become(made, look)
    assert place.size() == 5
    assert place.path
    assert place.path.stat().st_mode & 0o777 == 0o600


def test_nothing_is_left_where_copying_ends_early(tmp_path: Path) -> None:
    (made := tmp_path / "made").write_bytes(b"12345")

    def stop(copied: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        place_of(tmp_path / "f.csv", "file").become(made, stop)
    assert list(tmp_path.iterdir()) == [made]


# on a file system that the DAG's author has attached


@pytest.fixture
def attached() -> Iterator[MemoryFileSystem]:
    files = MemoryFileSystem()
    attach("memory", "attached", fs=files)
    yield files
    files.store.clear()
    files.pseudo_dirs[:] = [""]


def test_an_audience_comes_from_it_and_goes_there(attached: MemoryFileSystem, tmp_path: Path) -> None:
    attached.pipe_file("/in/people.csv", b"email\na@example.com\nnobody\n")
    manifest = prepare_audience(
        "memory://attached@in/people.csv",
        SCHEMA,
        profile="google",
        folder="memory://attached@out",
        min_rows=1,
    )
    assert manifest["path"].startswith("memory://attached@out/audience-google-")
    made = attached.cat_file("/" + manifest["path"].removeprefix("memory://attached@"))
    assert len(made) == manifest["size"]
    assert sorted(attached.find("/out")) == sorted(
        "/" + path.removeprefix("memory://attached@")
        for path in (manifest["path"], manifest["rejects"]["path"])
    )
    assert len(delete_files(manifest)) == 2
    assert attached.find("/out") == []
    assert delete_files(manifest) == []


def test_an_unfit_source_leaves_nothing_there(attached: MemoryFileSystem) -> None:
    attached.pipe_file("/in/people.csv", b"email\nnobody\n")
    with pytest.raises(UnfitAudience):
        prepare_audience(
            "memory://attached@in/people.csv",
            SCHEMA,
            profile="google",
            folder="memory://attached@out",
            min_rows=1,
        )
    assert attached.find("/out") == []


def test_a_manifest_may_not_lead_out_of_its_folder() -> None:
    manifest = {"version": 1, "host": "x", "path": "memory://attached@out/../in", "rejects": {"path": None}}
    with pytest.raises(InvalidArgument):
        delete_files(manifest)


def test_importing_loads_no_file_system() -> None:
    code = (
        "import sys, airflow_provider_activation.storage\n"
        "print([name for name in ('fsspec', 's3fs', 'asyncssh', 'airflow') if name in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    assert told.stdout.strip() == "[]"
