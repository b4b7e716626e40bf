"""The files of one run, which have other names until they are whole."""

from __future__ import annotations

import fcntl
import gzip
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from airflow_provider_activation.errors import AudienceNotWritten

_PRIVATE = 0o600
_PIECE = re.compile(r"\.(.+-[0-9a-f]{12})\.part")


class Pieces:
    """What one run writes into a folder.

    :param folder: the folder.
    :param stem: the beginning of the files' names, of this run alone.
    :param compressed: whether the file is packed with gzip.
    """

    def __init__(self, folder: Path, stem: str, *, compressed: bool) -> None:
        self._folder, self._stem = folder, stem
        self._plain_name = f"{stem}.csv"
        self.path = folder / (self._plain_name + (".gz" if compressed else ""))
        self.rejects_path = folder / f"{stem}.rejects.csv"
        self.part, self._packed, self.rejects_part = _pieces_of(folder, stem)

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Make the folder and the pieces, for this run alone; what is left of them goes at the end.

        Pieces of a killed run go too: the lock of its first one is free. A living run's are not touched.

        :raises AudienceNotWritten: another run is writing these files.
        """
        for folder in reversed([self._folder, *self._folder.parents]):
            folder.mkdir(mode=0o700, exist_ok=True)
        for left in self._folder.glob(".*.part"):
            if found := _PIECE.fullmatch(left.name):
                self._remove_if_dead(found[1])
        lock = _made_anew(self.part)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.close(_made_anew(self.rejects_part))
            yield
        finally:
            _remove(self._folder, self._stem)
            os.close(lock)

    def _remove_if_dead(self, stem: str) -> None:
        try:
            left = os.open(self._folder / f".{stem}.part", os.O_RDWR | os.O_NOFOLLOW)
        except OSError:
            return
        try:
            fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if stem == self._stem:
                raise AudienceNotWritten(f"another run is writing {self.path} at this moment.") from None
        else:
            _remove(self._folder, stem)
        finally:
            os.close(left)

    def pack(self) -> None:
        """Pack the part with gzip."""
        # the name inside is what LiveRamp looks at; without a time the same rows give the same bytes
        with (
            os.fdopen(_made_anew(self._packed), "wb") as raw,
            self.part.open("rb") as plain,
            gzip.GzipFile(self._plain_name, "wb", 6, raw, mtime=0) as packed,
        ):
            shutil.copyfileobj(plain, packed, 1 << 20)

    def name(self, *, packed: bool, rejects: bool) -> None:
        """Give the files their names."""
        whole = self._packed if packed else self.part
        with whole.open("rb") as file:
            os.fsync(file.fileno())
        whole.replace(self.path)
        try:
            if rejects:
                self.rejects_part.replace(self.rejects_path)
            else:
                self.rejects_path.unlink(missing_ok=True)
        except OSError:
            self.unname()
            raise

    def unname(self) -> None:
        """Remove the files of an earlier run, or of this one, that have their names already."""
        for path in (self.path, self.rejects_path):
            with suppress(OSError):
                path.unlink()


def _pieces_of(folder: Path, stem: str) -> tuple[Path, Path, Path]:
    return folder / f".{stem}.part", folder / f".{stem}.gz.part", folder / f".{stem}.rejects.part"


def _remove(folder: Path, stem: str) -> None:
    # the first one last: it is the one that is looked for
    for piece in reversed(_pieces_of(folder, stem)):
        with suppress(OSError):
            piece.unlink()


def _made_anew(piece: Path) -> int:
    """A file that only this user may read, and no link that somebody else has put there."""
    piece.unlink(missing_ok=True)
    return os.open(piece, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _PRIVATE)
