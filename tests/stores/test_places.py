"""Files on S3 and SFTP: whole or not at all, through the connection that is named, and no key in any word."""

from __future__ import annotations

import json
import logging
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from adversary.server import Adversary, Answer, Handler, Request, answer, cut, script
from airflow.sdk import ObjectStoragePath
from airflow.sdk.io import attach, get_fs
from audience_attacks import said_by
from real_stores import S3, SECRET, Sftp

from airflow_provider_activation.errors import (
    ActivationError,
    AudienceNotWritten,
    AuthenticationFailed,
    InvalidConnection,
    NotFound,
    PermissionDenied,
    ServiceUnavailable,
    UnfitAudience,
)
from airflow_provider_activation.storage import Place, place_of
from airflow_provider_activation.storage.place import Stopped

asyncssh = pytest.importorskip("asyncssh", reason="make test-stores installs it")

CONTENT = "é,1\n".encode() * 1_000
MORE_THAN_A_PART = os.urandom(1 << 20) * 18


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "made.csv"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture(params=["s3", "sftp", "local"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """An empty folder of each storage."""
    if request.param == "s3":
        request.getfixturevalue("s3")
        return place_of("s3://lake@bkt/of/people", "folder")
    if request.param == "sftp":
        sftp: Sftp = request.getfixturevalue("sftp")
        return place_of(f"sftp://drop@{sftp.folder}/of/people", "folder")
    (tmp_path / "of").mkdir()
    return place_of(tmp_path / "of", "folder")


@pytest.fixture
def names(request: pytest.FixtureRequest, folder: Place) -> Callable[[], list[str]]:
    """All files that are at the storage, as a client of its own sees them."""
    protocol = folder.told.partition("://")[0]
    if protocol == "s3":
        s3: S3 = request.getfixturevalue("s3")
        return lambda: sorted(s3.content("bkt"))
    root = folder.path or request.getfixturevalue("sftp").folder
    return lambda: sorted(path.name for path in Path(root).rglob("*") if path.is_file())


# what is written is there whole, and read as it is


def test_a_file_goes_and_comes_back(folder: Place, file: Path, tmp_path: Path) -> None:
    place = folder / "f.csv"
    assert place.size() is None
    place.become(file)
    assert place.size() == len(CONTENT)
    (copies := tmp_path / "copies").mkdir()
    assert place.here(copies).read_bytes() == CONTENT
    assert place.delete()
    assert place.size() is None
    assert not place.delete()


def test_a_file_replaces_another(
    folder: Place, file: Path, tmp_path: Path, names: Callable[[], list[str]]
) -> None:
    place = folder / "f.csv"
    place.become(file)
    file.write_bytes(b"other")
    place.become(file)
    (copies := tmp_path / "copies").mkdir()
    assert place.here(copies).read_bytes() == b"other"
    assert len(names()) == 1


def test_an_empty_file_goes_too(folder: Place, file: Path) -> None:
    file.write_bytes(b"")
    (place := folder / "f.csv").become(file)
    assert place.size() == 0


def test_a_large_file_goes_in_parts(folder: Place, file: Path, tmp_path: Path) -> None:
    file.write_bytes(MORE_THAN_A_PART)
    (place := folder / "f.csv").become(file)
    (copies := tmp_path / "copies").mkdir()
    assert place.here(copies).read_bytes() == MORE_THAN_A_PART


@pytest.mark.parametrize("size", [10, len(MORE_THAN_A_PART)])
def test_nothing_is_published_when_writing_ends_early(
    size: int, folder: Place, file: Path, names: Callable[[], list[str]]
) -> None:
    """An error inside ``with path.open("wb")`` published what was written by then."""
    file.write_bytes(MORE_THAN_A_PART[:size])

    def stop(copied: int) -> None:
        if copied == size:
            raise Stopped

    with pytest.raises(Stopped):
        (folder / "f.csv").become(file, stop)
    assert names() == []


def test_no_upload_stays_open_when_writing_ends_early(s3: S3, file: Path) -> None:
    file.write_bytes(MORE_THAN_A_PART)

    def stop(copied: int) -> None:
        if copied == len(MORE_THAN_A_PART):
            raise Stopped

    with pytest.raises(Stopped):
        place_of("s3://lake@bkt/f.csv", "folder").become(file, stop)
    assert not s3.client.list_multipart_uploads(Bucket="bkt").get("Uploads")


def test_a_file_is_seen_when_it_is_whole(folder: Place, file: Path) -> None:
    """On a server a file could be read while it was written."""
    file.write_bytes(MORE_THAN_A_PART)
    seen = []
    (place := folder / "f.csv").become(file, lambda copied: seen.append(place.size()))
    assert seen
    assert set(seen) == {None}
    assert place.size() == len(MORE_THAN_A_PART)


def test_what_was_there_stays_when_writing_ends_early(folder: Place, file: Path, tmp_path: Path) -> None:
    (place := folder / "f.csv").become(file)
    file.write_bytes(MORE_THAN_A_PART)

    def stop(copied: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        place.become(file, stop)
    (copies := tmp_path / "copies").mkdir()
    assert place.here(copies).read_bytes() == CONTENT


def test_a_copy_that_ends_early_is_gone(folder: Place, file: Path, tmp_path: Path) -> None:
    (place := folder / "f.csv").become(file)
    (copies := tmp_path / "copies").mkdir()

    def stop(copied: int) -> None:
        raise Stopped

    if folder.path is None:
        with pytest.raises(Stopped):
            place.here(copies, stop)
    assert list(copies.iterdir()) == []


def test_files_on_a_server_are_for_their_owner(sftp: Sftp, file: Path) -> None:
    place_of(f"sftp://drop@{sftp.folder}/made/f.csv", "folder").become(file)
    made = sftp.folder / "made"
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    assert stat.S_IMODE((made / "f.csv").stat().st_mode) == 0o600


def test_a_listing_of_before_does_not_count(s3: S3, file: Path) -> None:
    """After a listing, a file that another client wrote was not there."""
    place = place_of("s3://lake@bkt/seen/f.csv", "source")
    s3.client.put_object(Bucket="bkt", Key="seen/other.csv", Body=b"1")
    get_fs("s3", "lake").ls("bkt/seen")
    assert place.size() is None
    s3.client.put_object(Bucket="bkt", Key="seen/f.csv", Body=b"12")
    assert place.size() == 2
    s3.client.put_object(Bucket="bkt", Key="seen/f.csv", Body=b"123")
    assert place.size() == 3


def test_a_file_that_changes_while_it_is_read_is_unfit(s3: S3, tmp_path: Path) -> None:
    s3.client.put_object(Bucket="bkt", Key="f.csv", Body=b"a" * 3_000_000)

    def change(copied: int) -> None:
        s3.client.put_object(Bucket="bkt", Key="f.csv", Body=b"b" * 3_000_000)

    with pytest.raises(UnfitAudience, match="has changed"):
        place_of("s3://lake@bkt/f.csv", "source").here(tmp_path, change)
    assert list(tmp_path.iterdir()) == []


def test_a_path_of_airflow_carries_its_connection(s3: S3, file: Path) -> None:
    for given in (
        ObjectStoragePath("s3://bkt/x/f.csv", conn_id="lake"),
        ObjectStoragePath("s3://lake@bkt/x") / "f.csv",
    ):
        place = place_of(given, "folder")
        assert place.told == "s3://lake@bkt/x/f.csv"
        place.become(file)
        assert s3.content("bkt") == {"x/f.csv": CONTENT}
        place.delete()


def test_a_file_system_that_was_attached_is_used(sftp: Sftp, file: Path) -> None:
    """Options are dropped once a connection is named; an attached file system keeps them."""
    from airflow_provider_activation.storage.sftp import Files

    known = asyncssh.import_known_hosts(f"[127.0.0.1]:{sftp.port} {sftp.host_key}\n")
    key = asyncssh.import_private_key(sftp.private_key)
    mine = Files("127.0.0.1", port=sftp.port, client_keys=[key], known_hosts=known)
    attach("sftp", "attached_by_hand", fs=mine)
    place = place_of(ObjectStoragePath(f"sftp://{sftp.folder}/f.csv", conn_id="attached_by_hand"), "folder")
    place.become(file)
    assert (sftp.folder / "f.csv").read_bytes() == CONTENT


# only the connection that is named


@pytest.mark.parametrize("as_object", [False, True])
def test_a_connection_that_is_not_there_is_refused(
    as_object: bool, s3: S3, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unknown connection fell back to whatever credentials the worker had; an object does it when made."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ambient")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "ambient")
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3.url)
    given: Any = ObjectStoragePath("s3://bkt/f.csv", conn_id="lak") if as_object else "s3://lak@bkt/f.csv"
    place = place_of(given, "folder")
    for do in (place.size, place.delete, lambda: place.become(file), lambda: place.here(file.parent)):
        with pytest.raises(InvalidConnection, match="no connection 'lak'"):
            do()
    assert s3.content("bkt") == {}


@pytest.mark.parametrize(
    ("url", "package"),
    [
        ("gs://lake@b/x", "apache-airflow-providers-google"),
        ("abfs://lake@b/x", "apache-airflow-providers-microsoft-azure"),
        ("what://lake@b/x", "no installed provider knows what"),
    ],
)
def test_a_provider_that_is_missing_is_named(s3: S3, url: str, package: str) -> None:
    with pytest.raises(InvalidConnection) as caught:
        place_of(url, "folder").size()
    assert package in str(caught.value)


@pytest.mark.parametrize(
    ("of", "package"),
    [
        ("s3fs", "apache-airflow-providers-amazon[s3fs]"),
        ("sshfs", "apache-airflow-providers-sftp[sshfs]"),
    ],
)
def test_a_library_that_is_missing_is_named(
    of: str, package: str, s3: S3, sftp: Sftp, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, of, None)
    monkeypatch.delitem(sys.modules, "airflow_provider_activation.storage.sftp", raising=False)
    monkeypatch.setenv("AIRFLOW_CONN_FRESH", s3.connection() if of == "s3fs" else sftp.connection())
    url = "s3://fresh@bkt/x" if of == "s3fs" else "sftp://fresh@/x"
    with pytest.raises(InvalidConnection) as caught:
        place_of(url, "folder").size()
    assert package in str(caught.value)


# servers that are known


@pytest.fixture
def of_sftp(sftp: Sftp, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Place]:
    def place(**extra: object) -> Place:
        monkeypatch.setenv("AIRFLOW_CONN_ANOTHER", sftp.connection(**extra))
        return place_of(f"sftp://another@{sftp.folder}/f.csv", "folder")

    return place


def test_a_host_key_may_have_a_kind_and_a_comment(of_sftp: Callable[..., Place], sftp: Sftp) -> None:
    kind, key = sftp.host_key.split()
    for written in (key, f"{kind} {key}", f"{kind} {key} root@host", f" {kind}  {key}\n"):
        assert of_sftp(host_key=written).size() is None


@pytest.mark.parametrize("skip", [None, True, "true"])
def test_a_server_that_nobody_knows_is_refused(
    skip: object, of_sftp: Callable[..., Place], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The provider's file system checks no key at all."""
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(InvalidConnection, match="host key") as caught:
        of_sftp(host_key=None, no_host_key_check=skip).size()
    assert "known_hosts" in str(caught.value)


def test_a_server_with_another_key_is_refused(of_sftp: Callable[..., Place]) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    with pytest.raises(InvalidConnection, match="another host key"):
        of_sftp(host_key=other).size()


def test_a_server_in_the_list_of_known_hosts_is_taken(
    of_sftp: Callable[..., Place], sftp: Sftp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "known_hosts").write_text(f"[127.0.0.1]:{sftp.port} {sftp.host_key}\n")
    assert of_sftp(host_key=None).size() is None


def test_a_private_key_in_the_connection_is_taken(
    of_sftp: Callable[..., Place], sftp: Sftp, file: Path
) -> None:
    """The text of the key was taken for the name of a file, and stood in the message."""
    of_sftp(key_file=None, private_key=sftp.private_key).become(file)
    assert (sftp.folder / "f.csv").read_bytes() == CONTENT


def test_a_private_key_that_cannot_be_read_is_told_of_without_it(
    of_sftp: Callable[..., Place], sftp: Sftp
) -> None:
    broken = sftp.private_key.replace("A", "B")
    for extra in ({"private_key": broken}, {"key_file": "/not/there"}, {"private_key": "x"}):
        with pytest.raises(InvalidConnection, match="private key") as caught:
            of_sftp(**({"key_file": None} | extra)).size()
        assert broken[40:80] not in said_by(caught.value)


def test_the_workers_own_keys_are_not_used(
    of_sftp: Callable[..., Place], sftp: Sftp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "id_ed25519").write_text(sftp.private_key)
    (tmp_path / ".ssh" / "id_ed25519").chmod(0o600)
    with pytest.raises(AuthenticationFailed):
        of_sftp(key_file=None).size()


# storage that is not well


def of_adversary(
    handler: Callable[[Request], Answer] | bytes, monkeypatch: pytest.MonkeyPatch, name: str
) -> tuple[Adversary, str]:
    server = Adversary(handler)
    extra = {
        "endpoint_url": server.url,
        "region_name": "us-east-1",
        "config_kwargs": {"retries": {"total_max_attempts": 1}, "connect_timeout": 1, "read_timeout": 1},
    }
    connection = {"conn_type": "aws", "login": "AK", "password": SECRET, "extra": extra}
    monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(connection))
    return server, f"s3://{name}@bkt/f.csv"


def problem(code: str, status: int) -> bytes:
    body = (
        f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{SECRET} for canary@example.com</Message>"
        "</Error>"
    )
    return answer(body, status, {"Content-Type": "application/xml"})


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("AccessDenied", 403, PermissionDenied),
        ("InvalidAccessKeyId", 403, PermissionDenied),
        ("SignatureDoesNotMatch", 403, PermissionDenied),
        ("NoSuchBucket", 404, NotFound),
        ("QuotaExceeded", 507, AudienceNotWritten),
        ("XMinioStorageFull", 507, AudienceNotWritten),
        ("InternalError", 500, AudienceNotWritten),
        ("SlowDown", 503, AudienceNotWritten),
    ],
)
@pytest.mark.parametrize("size", [len(CONTENT), len(MORE_THAN_A_PART)])
def test_a_bucket_that_takes_nothing(
    size: int,
    code: str,
    status: int,
    error: type[ActivationError],
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    file.write_bytes(MORE_THAN_A_PART[:size])
    server, url = of_adversary(problem(code, status), monkeypatch, f"ill_{code}_{status}_{size}".lower())
    with server, pytest.raises(ActivationError) as caught:
        place_of(url, "folder").become(file)
    assert type(caught.value) is error
    said = said_by(caught.value) + caplog.text
    assert url in said
    assert SECRET not in said
    assert "canary" not in said


@pytest.mark.parametrize("name", ["short", "cut"])
def test_a_body_that_is_not_whole_is_no_copy(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = {"ETag": '"1"', "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT", "Content-Type": "text/csv"}
    bodies: dict[str, Handler] = {
        "short": script(answer(b"a" * 50, 206, head | {"Content-Range": "bytes 0-49/100"}), answer(b"", 206)),
        "cut": script(cut(answer(b"a" * 100, 206, head | {"Content-Range": "bytes 0-99/100"})[:-50])),
    }

    def handle(request: Request) -> Answer:
        if request.method == "HEAD":
            return answer(b"", 200, head | {"Content-Length": "100"})
        return bodies[name](request)

    server, url = of_adversary(handle, monkeypatch, f"part_{name.replace(' ', '_')}")
    with server, pytest.raises((ServiceUnavailable, UnfitAudience)):
        place_of(url, "source").here(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_not_there(monkeypatch: pytest.MonkeyPatch, sftp: Sftp, file: Path) -> None:
    server, url = of_adversary(b"", monkeypatch, "gone")
    server.close()
    with pytest.raises(AudienceNotWritten):
        place_of(url, "folder").become(file)
    connection = json.loads(sftp.connection()) | {"port": server.port}
    monkeypatch.setenv("AIRFLOW_CONN_GONE_TOO", json.dumps(connection))
    with pytest.raises(AudienceNotWritten):
        place_of("sftp://gone_too@/f.csv", "folder").become(file)


def test_a_folder_that_may_not_be_written(sftp: Sftp, file: Path) -> None:
    with pytest.raises((NotFound, PermissionDenied)):
        place_of("sftp://drop@/proc/not/f.csv", "folder").become(file)


def test_a_folder_in_the_place_of_a_file_stays(folder: Place, file: Path) -> None:
    (folder / "f.csv").become(file)
    with pytest.raises((ActivationError, OSError)):
        folder.delete()
    assert (folder / "f.csv").size() == len(CONTENT)
