"""Small files on the worker: created once and whole by one of many, listed and read as they are."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.io import attach
from fsspec.implementations.memory import MemoryFileSystem

from airflow_provider_activation.errors import (
    AudienceNotWritten,
    Conflict,
    InvalidRequest,
    NotFound,
    UnfitAudience,
)
from airflow_provider_activation.storage import Place, place_of
from airflow_provider_activation.storage.place import AlreadyThere


@pytest.fixture
def attached() -> Iterator[MemoryFileSystem]:
    files = MemoryFileSystem()
    attach("memory", "records", fs=files)
    yield files
    files.store.clear()
    files.pseudo_dirs[:] = [""]


@pytest.fixture(params=["local", "memory"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A folder that is not there yet."""
    if request.param == "local":
        return place_of(tmp_path / "deep" / "folder", "folder")
    request.getfixturevalue("attached")
    return place_of("memory://records@deep/folder", "folder")


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_created_once(folder: Place) -> None:
    assert folder.names() == folder.folders() == []
    place = folder / "1.json"
    with pytest.raises(NotFound):
        place.read(10)
    place.create(b"one")
    with pytest.raises(AlreadyThere, match=r"1\.json is there already") as caught:
        place.create(b"two")
    assert isinstance(caught.value, Conflict)
    assert place.read(3) == b"one"
    assert folder.names() == ["1.json"]


def test_names_and_folders_are_apart_and_sorted(folder: Place) -> None:
    for name in ("b", "a", "sub/x", "sub/y"):
        (folder / name).create(b"1")
    assert folder.names() == ["a", "b"]
    assert folder.folders() == ["sub"]
    assert (folder / "sub").names() == ["x", "y"]


def test_a_file_that_is_too_large_is_not_read(folder: Place) -> None:
    (place := folder / "1").create(b"123")
    assert place.read(3) == b"123"
    with pytest.raises(UnfitAudience, match="more than 2 bytes"):
        place.read(2)


def test_who_keeps_writers_apart(tmp_path: Path) -> None:
    exclusive = {
        str(tmp_path): True,
        "s3://c@bkt/x": True,
        "s3a://c@bkt/x": True,
        "sftp://c@/x": True,
        "gs://c@bkt/x": False,
        "abfs://c@bkt/x": False,
        "memory://c@x": False,
        "hdfs://c@x": False,
    }
    assert {told: place_of(told, "folder").is_exclusive for told in exclusive} == exclusive


def test_what_keeps_no_writers_apart_does_not_say_that_it_refuses(
    attached: MemoryFileSystem, tmp_path: Path
) -> None:
    for told, refuses in ((str(tmp_path / "x"), True), ("memory://records@x", False)):
        (place := place_of(told, "folder")).create(b"1")
        assert place.refuses(b"1") is refuses
        assert place.read(1) == b"1"


def test_nothing_is_no_content_of_what_must_be_created_once(attached: MemoryFileSystem) -> None:
    with pytest.raises(InvalidRequest, match="nothing to write"):
        place_of("memory://records@x", "folder").create(b"")


# on the worker


def test_files_and_folders_are_for_their_owner(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        place_of(tmp_path / "a" / "b" / "1", "file").create(b"1")
    finally:
        os.umask(before)
    modes = {name: stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("a", "a/b", "a/b/1")}
    assert modes == {"a": 0o700, "a/b": 0o700, "a/b/1": 0o600}


def test_nothing_is_left_beside_a_file(tmp_path: Path) -> None:
    (place := place_of(tmp_path / "1", "file")).create(b"1")
    with pytest.raises(AlreadyThere):
        place.create(b"2")
    assert left_in(tmp_path) == ["1"]


def failing(number: int) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> Any:
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize(
    ("module", "name", "number", "said"),
    [
        (os, "fsync", errno.ENOSPC, "No space left"),
        (Path, "hardlink_to", errno.EIO, "Input/output error"),
        (Path, "hardlink_to", errno.EPERM, "has no hard links"),
        (Path, "hardlink_to", errno.EOPNOTSUPP, "has no hard links"),
        (Path, "mkdir", errno.EACCES, "Permission denied"),
        (Path, "mkdir", errno.EROFS, "Read-only"),
    ],
)
def test_a_name_appears_with_its_whole_content_or_not_at_all(
    module: Any, name: str, number: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, name, failing(number))
    with pytest.raises(AudienceNotWritten, match=said):
        place_of(tmp_path / "1", "file").create(b"1")
    monkeypatch.undo()
    assert left_in(tmp_path) == []


def test_a_link_whose_answer_was_lost_was_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system of a network asks again, and finds the name that it has made itself."""
    whole = Path.hardlink_to

    def twice(self: Path, target: Path) -> None:
        whole(self, target)
        raise FileExistsError(errno.EEXIST, "File exists")

    monkeypatch.setattr(Path, "hardlink_to", twice)
    place_of(tmp_path / "1", "file").create(b"1")
    assert (tmp_path / "1").read_bytes() == b"1"


def test_a_name_is_not_a_way_to_another_file(tmp_path: Path) -> None:
    """A link that leads nowhere is there too."""
    (tmp_path / "1").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(AlreadyThere):
        place_of(tmp_path / "1", "file").create(b"1")
    assert left_in(tmp_path) == ["1"]


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", ".", "none"):
        with pytest.raises(NotFound):
            place_of(tmp_path / name, "file").read(10)


# many at once


def create(told: str, who: int) -> bool:
    """Try to create a file; returns whether it was created."""
    try:
        place_of(told, "file").create(str(who).encode() * 50_000)
    except AlreadyThere:
        return False
    return True


@pytest.mark.parametrize("writers", [2, 5, 20])
def test_one_of_many_threads_creates_a_file(writers: int, tmp_path: Path) -> None:
    with ThreadPoolExecutor(writers) as pool:
        for number in range(10):
            told = str(tmp_path / "folder" / str(number))
            created = list(pool.map(lambda who, told=told: create(told, who), range(10, 10 + writers)))
            assert sum(created) == 1
            content = Path(told).read_bytes()
            assert content == str(10 + created.index(True)).encode() * 50_000


def test_one_of_many_processes_creates_a_file(tmp_path: Path) -> None:
    with ProcessPoolExecutor(4, mp_context=get_context("fork")) as pool:
        for number in range(20):
            told = str(tmp_path / "folder" / str(number))
            assert sum(pool.map(create, [told] * 4, range(4))) == 1
    assert len(left_in(tmp_path / "folder")) == 20
