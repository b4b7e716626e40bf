"""The private folder of one run on the worker."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from airflow_provider_activation.errors import AudienceNotWritten

_LOCK = "owner.lock"


@contextmanager
def private_folder() -> Iterator[Path]:
    """A folder for copies and for what DuckDB spills, removed at the end.

    DuckDB writes plain text that everybody may read, so the folder is closed to others. One that a killed
    process has left is removed by the next run: its lock is free then.

    :raises AudienceNotWritten: the folder in which it would be is not closed to others.
    """
    base = Path(tempfile.gettempdir()) / f"airflow-activation-{os.getuid()}"
    base.mkdir(mode=0o700, exist_ok=True)
    if base.is_symlink() or base.stat().st_uid != os.getuid() or base.stat().st_mode & 0o077:
        raise AudienceNotWritten(
            f"the folder {base} for temporary files belongs to somebody else, or others may read it."
        )
    # while a folder is made, nobody looks whose is dead
    guard = os.open(base, os.O_RDONLY)
    try:
        fcntl.flock(guard, fcntl.LOCK_EX)
        for left in base.iterdir():
            _remove_if_dead(left)
        folder = Path(tempfile.mkdtemp(dir=base))
        lock = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
    finally:
        os.close(guard)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _remove_if_dead(folder: Path) -> None:
    try:
        lock = os.open(folder / _LOCK, os.O_RDWR)
    except OSError:
        # killed before it had a lock, or gone
        shutil.rmtree(folder, ignore_errors=True)
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return
    else:
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)
