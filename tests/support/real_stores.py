"""Storage of files for a test, on loopback, gone when the test ends: an S3 server, and OpenSSH's server."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.machine_speed import scaled
from scripts.postgresql import NotInstalled
from scripts.ui import free_port

START_SECONDS = scaled(20.0)
SECRET = "hush-hush-key-of-the-bucket"


@dataclass
class S3:
    """A server of buckets.

    :param url: its address.
    :param client: a client of its own, which shares nothing with what is tested.
    """

    url: str
    client: Any

    def connection(self, **changes: Any) -> str:
        """The connection as JSON, for a variable of the environment."""
        extra = {"endpoint_url": self.url, "region_name": "us-east-1"}
        return json.dumps({"conn_type": "aws", "login": "AK", "password": SECRET, "extra": extra} | changes)

    def content(self, bucket: str) -> dict[str, bytes]:
        """All objects of a bucket, by key."""
        listed = self.client.list_objects_v2(Bucket=bucket).get("Contents", [])
        return {
            one["Key"]: self.client.get_object(Bucket=bucket, Key=one["Key"])["Body"].read() for one in listed
        }


@contextmanager
def running_s3() -> Iterator[S3]:
    """Run an S3 server until the block ends.

    :raises NotInstalled: it is missing.
    """
    if importlib.util.find_spec("moto") is None or importlib.util.find_spec("s3fs") is None:
        raise NotInstalled("moto and s3fs are not installed: make test-stores installs them.")
    import boto3
    from botocore.config import Config
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=url,
        aws_access_key_id="other",
        aws_secret_access_key="other",
        region_name="us-east-1",
        config=Config(retries={"total_max_attempts": 1}),
    )
    try:
        yield S3(url, client)
    finally:
        client.close()
        server.stop()


@dataclass
class Sftp:
    """An SFTP server.

    :param port: on loopback.
    :param folder: where its files are.
    :param host_key: its public key.
    :param private_key: the user's key, as PEM.
    :param key_file: the file that holds it.
    """

    port: int
    folder: Path
    host_key: str
    private_key: str
    key_file: Path

    def connection(self, **extra: Any) -> str:
        """The connection as JSON, for a variable of the environment; it has the host's key and the user's."""
        given = {"key_file": str(self.key_file), "host_key": self.host_key} | extra
        return json.dumps(
            {
                "conn_type": "sftp",
                "host": "127.0.0.1",
                "port": self.port,
                "login": _user(),
                "extra": {name: value for name, value in given.items() if value is not None},
            }
        )


@contextmanager
def running_sftp() -> Iterator[Sftp]:
    """Run OpenSSH's server until the block ends.

    :raises NotInstalled: it is missing.
    """
    program = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if program is None or importlib.util.find_spec("sshfs") is None:
        raise NotInstalled("sshd or sshfs is not installed: Debian's openssh-server, and make test-stores.")
    with tempfile.TemporaryDirectory(prefix="sftp-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        for key in ("host", "user"):
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        port = free_port()
        (folder / "files").mkdir()
        settings = folder / "sshd_config"
        settings.write_text(
            f"ListenAddress 127.0.0.1\nPort {port}\nHostKey {folder / 'host'}\nPidFile none\nUsePAM no\n"
            f"StrictModes no\nPasswordAuthentication no\nPermitRootLogin prohibit-password\n"
            f"AuthorizedKeysFile {folder / 'user.pub'}\nSubsystem sftp internal-sftp -u 077\nMaxStartups 50\n"
        )
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [program, "-D", "-e", "-f", settings],
                stdin=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )
        try:
            _wait_for(port, server, folder / "log")
            host_key = " ".join((folder / "host.pub").read_text().split()[:2])
            user = folder / "user"
            yield Sftp(port, folder / "files", host_key, user.read_text(), user)
        finally:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def _wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"sshd did not start: {log.read_text(errors='replace')}")


def _user() -> str:
    import pwd

    return pwd.getpwuid(os.getuid()).pw_name
