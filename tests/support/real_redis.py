"""A Redis of its own for a test, on loopback, gone when the test ends."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from listening import beyond_loopback

from scripts.machine_speed import scaled
from scripts.postgresql import NotInstalled
from scripts.ui import free_port

START_SECONDS = scaled(30.0)
STOP_SECONDS = scaled(30.0)


@contextmanager
def running_redis() -> Iterator[str]:
    """Run a server until the block ends; yields the address of its empty database.

    :raises NotInstalled: the server is missing.
    """
    server = shutil.which("redis-server")
    if server is None:
        raise NotInstalled("Redis is not tested with: it is not installed (Debian: redis-server).")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        options = ["--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""]
        process = subprocess.Popen(
            [server, *options], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
        )
        try:
            deadline = time.monotonic() + START_SECONDS
            while not _answers(port):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("Redis did not start.")
                time.sleep(0.05)
            assert beyond_loopback([process.pid]) == []
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
            process.wait(STOP_SECONDS)


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1.0) as connection:
        connection.sendall(b"PING\r\n")
        return connection.recv(16).startswith(b"+PONG")
    return False
