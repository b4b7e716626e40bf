"""A PostgreSQL of its own on loopback, gone when the block ends: for the demo and for tests."""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scripts.machine_speed import scaled
from scripts.ui import free_port

DRIVERS = ("psycopg2", "asyncpg")
"""Airflow uses both, one for threads and one for event loops."""
START_SECONDS = scaled(30.0)
STOP_SECONDS = scaled(30.0)


class NotInstalled(Exception):
    """A server or what Airflow reaches it with is not there."""


@contextmanager
def running_postgresql() -> Iterator[str]:
    """Run a server until the block ends; yields the SQLAlchemy address of its empty database.

    :raises NotInstalled: the server or a driver is missing.
    """
    binaries = _binaries()
    # in a folder of its own: an unprivileged user cannot get through to it
    with tempfile.TemporaryDirectory(prefix="postgresql-", ignore_cleanup_errors=True) as folder:
        data = Path(folder, "data")
        run: dict[str, Any] = {"cwd": folder, "stdin": subprocess.DEVNULL, "stderr": subprocess.STDOUT}
        if user := _unprivileged():
            os.chown(folder, user.pw_uid, user.pw_gid)
            run |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        options = ["-U", "airflow", "--auth=trust", "--encoding=UTF8", "--no-sync"]
        made = subprocess.run(
            [binaries / "initdb", "-D", data, *options],
            stdout=subprocess.PIPE,
            **run,
        )
        if made.returncode:
            raise RuntimeError(f"initdb failed: {made.stdout.decode(errors='replace')}")
        port = free_port()
        options = ["-h", "127.0.0.1", "-p", str(port), "-k", folder, "-c", "fsync=off"]
        with Path(folder, "server.log").open("wb") as log:
            server = subprocess.Popen([binaries / "postgres", "-D", data, *options], stdout=log, **run)
        try:
            _wait_until_ready(server, binaries, port)
            yield f"postgresql+psycopg2://airflow@127.0.0.1:{port}/postgres"
        finally:
            server.send_signal(signal.SIGINT)  # it waits for nobody who is still connected
            server.wait(STOP_SECONDS)


def _binaries() -> Path:
    """The folder of ``initdb`` and ``postgres``: Debian keeps them off the path."""
    for driver in DRIVERS:
        if importlib.util.find_spec(driver) is None:
            raise NotInstalled(f"PostgreSQL cannot be used: {driver} is not installed.")
    debian = Path("/usr/lib/postgresql")
    found = sorted(debian.glob("*/bin/initdb"), key=lambda file: int(re.sub(r"\D", "", file.parts[4]) or 0))
    on_path = shutil.which("initdb")
    if on_path:
        found.append(Path(on_path).resolve())
    for initdb in reversed(found):
        if initdb.with_name("postgres").exists():
            return initdb.parent
    raise NotInstalled("PostgreSQL is not installed (Debian: postgresql).")


def _unprivileged() -> pwd.struct_passwd | None:
    """Who the server runs as where this is root, as whom it refuses to run."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise NotInstalled("PostgreSQL does not run as root, and there is no other user.")


def _wait_until_ready(server: subprocess.Popen[bytes], binaries: Path, port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    ask: list[str | Path] = [binaries / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
    while subprocess.run(ask).returncode:
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("PostgreSQL did not start.")
        time.sleep(0.05)
