"""Real storage: S3 and SFTP servers on loopback, with connections of Airflow to them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from real_servers import needed
from real_stores import S3, Sftp, running_s3, running_sftp


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3]:
    with needed(running_s3()) as server:
        yield server


@pytest.fixture(scope="session")
def sftp_server() -> Iterator[Sftp]:
    with needed(running_sftp()) as server:
        yield server


@pytest.fixture
def s3(s3_server: S3, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3]:
    """An S3 server with an empty bucket ``bkt`` and the connection ``lake``; no other credentials exist."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AIRFLOW_CONN_LAKE", s3_server.connection())
    s3_server.client.create_bucket(Bucket="bkt")
    yield s3_server
    for key in s3_server.content("bkt"):
        s3_server.client.delete_object(Bucket="bkt", Key=key)
    s3_server.client.delete_bucket(Bucket="bkt")


@pytest.fixture
def sftp(sftp_server: Sftp, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Sftp:
    """An SFTP server with an empty folder and the connection ``drop``."""
    monkeypatch.setenv("AIRFLOW_CONN_DROP", sftp_server.connection())
    (folder := sftp_server.folder / tmp_path.name).mkdir()
    return Sftp(sftp_server.port, folder, sftp_server.host_key, sftp_server.private_key, sftp_server.key_file)
