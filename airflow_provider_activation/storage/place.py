"""A place: where a file or a folder is, and what is done with it there."""

from __future__ import annotations

import errno
import os
import re
import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_activation.errors import (
    ActivationError,
    AudienceNotWritten,
    Conflict,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    ServiceUnavailable,
    UnfitAudience,
)
from airflow_provider_activation.simulation import refuse_change

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

    from airflow_provider_activation.storage.store import Store

    AnyPath = str | PathLike[str] | ObjectStoragePath
    """What may be given as a path: a text with the connection in it if there is one, or an object."""

PIECE = 1 << 20
"""Bytes that are copied at once."""
_URL = re.compile(r"(?P<protocol>[A-Za-z][A-Za-z0-9+.-]*)://(?:(?P<conn_id>[^@/]*)@)?(?P<rest>.*)", re.DOTALL)
_LOCAL = ("file", "local")
_NO_LINKS = (errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.EMLINK)


class Stopped(Exception):
    """The task is killed, and what it does ends."""


class AlreadyThere(Conflict):
    """A file of this name is there, and was not written by this call."""

    advice = "Look what it is; nothing was written."


Tick = Callable[[int], object]
"""Gets the bytes that are copied so far, at each piece. It may raise `Stopped`, and nothing is left then."""


def _no_tick(copied: int) -> None:
    """Nobody wants to know."""


class Place(ABC):
    """A file or a folder.

    :param told: how it is written in arguments, results and logs.
    """

    def __init__(self, told: str) -> None:
        self.told = told

    def __str__(self) -> str:
        return self.told

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.told.rstrip("/").rpartition("/")[2]

    @property
    def path(self) -> Path | None:
        """The path, if it is on the worker."""
        return None

    @abstractmethod
    def __truediv__(self, name: str) -> Place:
        """The file of this name in this folder."""

    @abstractmethod
    def size(self) -> int | None:
        """Bytes of the file, as the storage says at this moment; None if there is no file."""

    @abstractmethod
    def here(self, folder: Path, tick: Tick = _no_tick) -> Path:
        """The file on this worker: itself, or a whole copy in ``folder``.

        :raises NotFound: there is no such file.
        """

    @abstractmethod
    def become(self, file: Path, tick: Tick = _no_tick) -> None:
        """Take the content of a file of this worker, whole or not at all. An existing file is replaced."""

    @abstractmethod
    def delete(self) -> bool:
        """Delete the file; returns whether there was one."""

    @property
    @abstractmethod
    def is_exclusive(self) -> bool:
        """Whether `create` lets one writer of many through. If not, it only looks before it writes."""

    @abstractmethod
    def create(self, content: bytes) -> None:
        """Create the file with this content, whole or not at all. Folders that are missing are made.

        If the storage does not say whether it was created, the file is read: with this content it was.

        :raises AlreadyThere: there is one.
        :raises AudienceNotWritten: it could not be written.
        """

    @abstractmethod
    def refuses(self, content: bytes) -> bool:
        """Whether the storage refuses to create the file again, with the content that it has.

        Some that speak S3 do not know conditional writing: they take every file.
        """

    @abstractmethod
    def read(self, limit: int) -> bytes:
        """The content of a small file.

        :param limit: the most bytes.
        :raises NotFound: there is no such file.
        :raises UnfitAudience: it is larger.
        """

    @abstractmethod
    def names(self) -> list[str]:
        """The files in this folder as the storage has them now, sorted; empty if there is no such folder."""

    @abstractmethod
    def folders(self) -> list[str]:
        """The folders in this folder, likewise."""


class OnWorker(Place):
    """A file or folder on the worker."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self._path = path

    @property
    def path(self) -> Path:
        return self._path

    def __truediv__(self, name: str) -> Place:
        return OnWorker(self._path / name)

    def size(self) -> int | None:
        return self._path.stat().st_size if self._path.is_file() else None

    def here(self, folder: Path, tick: Tick = _no_tick) -> Path:
        return self._path

    def become(self, file: Path, tick: Tick = _no_tick) -> None:
        refuse_change(f"write {self}")
        part = self._path.with_name(f".{self._path.name}.part")
        part.unlink(missing_ok=True)
        try:
            with file.open("rb") as read, os.fdopen(_private(part), "wb") as write:
                while piece := read.read(PIECE):
                    write.write(piece)
                    tick(write.tell())
            part.replace(self._path)
        finally:
            part.unlink(missing_ok=True)

    def delete(self) -> bool:
        refuse_change(f"delete {self}")
        is_there = self._path.exists()
        self._path.unlink(missing_ok=True)
        return is_there

    @property
    def is_exclusive(self) -> bool:
        return True

    def create(self, content: bytes) -> None:
        refuse_change(f"write {self}")
        name, failed = self._path.name, f"{self} cannot be created"
        if self._path.is_dir():
            raise AudienceNotWritten(f"{failed} (a folder has this name).")
        part = self._path.with_name(f".{name}.{secrets.token_hex(8)}.part")
        try:
            for folder in reversed(self._path.parents):
                folder.mkdir(mode=0o700, exist_ok=True)
            with os.fdopen(_private(part), "wb") as write:
                write.write(content)
                write.flush()
                os.fsync(write.fileno())
            self._link(part)
        except OSError as error:
            raise AudienceNotWritten(f"{failed} ({error.strerror}).") from None
        finally:
            with suppress(OSError):
                part.unlink()

    def _link(self, part: Path) -> None:
        """Give a whole file its name, unless another has it."""
        try:
            self._path.hardlink_to(part)
        except FileExistsError:
            # a network may lose the answer and ask again
            if not (self._path.exists() and self._path.samefile(part)):
                raise there(self.told) from None
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            raise AudienceNotWritten(
                f"{self} cannot be created: its file system has no hard links ({error.strerror}).",
                advice="Use a folder on another file system, or on object storage.",
            ) from None
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def refuses(self, content: bytes) -> bool:
        return True

    def read(self, limit: int) -> bytes:
        try:
            if not self._path.is_file():
                raise NotFound(f"{self} is not there, or is no file.", advice="")
            with self._path.open("rb") as file:
                content = file.read(limit + 1)
        except OSError as error:
            raise _unreadable(self.told, error) from None
        return within(limit, content, self.told)

    def names(self) -> list[str]:
        return self._entries(folders=False)

    def folders(self) -> list[str]:
        return self._entries(folders=True)

    def _entries(self, *, folders: bool) -> list[str]:
        try:
            with os.scandir(self._path) as found:
                return sorted(one.name for one in found if one.is_dir() == folders)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _unreadable(self.told, error) from None


class Stored(Place):
    """A file or folder on object storage or a server.

    :param store: the storage, which is asked for when it is needed.
    :param inside: the path as the storage knows it, with its protocol.
    """

    def __init__(self, store: Store, inside: str) -> None:
        protocol, _, rest = inside.partition("://")
        super().__init__(f"{protocol}://{store.conn_id}@{rest}")
        self._store, self._inside = store, inside

    def __truediv__(self, name: str) -> Place:
        return Stored(self._store, f"{self._inside.rstrip('/')}/{name}")

    def size(self) -> int | None:
        return self._store.size(self._inside, self.told)

    def here(self, folder: Path, tick: Tick = _no_tick) -> Path:
        copy = folder / self.name
        self._store.fetch(self._inside, self.told, copy, tick)
        return copy

    def become(self, file: Path, tick: Tick = _no_tick) -> None:
        refuse_change(f"write {self}")
        self._store.publish(file, self._inside, self.told, tick)

    def delete(self) -> bool:
        refuse_change(f"delete {self}")
        return self._store.delete(self._inside, self.told)

    @property
    def is_exclusive(self) -> bool:
        return self._store.is_exclusive

    def create(self, content: bytes) -> None:
        refuse_change(f"write {self}")
        self._store.create(content, self._inside, self.told)

    def refuses(self, content: bytes) -> bool:
        refuse_change(f"write {self}")
        return self._store.refuses(content, self._inside, self.told)

    def read(self, limit: int) -> bytes:
        return self._store.read(self._inside, self.told, limit)

    def names(self) -> list[str]:
        return self._store.entries(self._inside, self.told, folders=False)

    def folders(self) -> list[str]:
        return self._store.entries(self._inside, self.told, folders=True)


def is_path(value: Any) -> bool:
    """Whether a value is a path as an object: a ``pathlib.Path``, or Airflow's ``ObjectStoragePath``."""
    return isinstance(value, PathLike) or (hasattr(value, "conn_id") and hasattr(value, "protocol"))


def written(value: Any) -> str:
    """A path as text, with its connection if it has one.

    :raises TypeError: it is no path.
    """
    conn_id = getattr(value, "conn_id", None)
    told = str(value) if is_path(value) and not isinstance(value, PathLike) else fspath(value)
    # some releases of Airflow write the connection into the text
    if conn_id and (found := _URL.fullmatch(told)) and found["conn_id"] is None:
        return f"{found['protocol']}://{conn_id}@{found['rest']}"
    return told


def check_place(name: str, given: str) -> None:
    """Check how a path is written.

    :param name: of the argument.
    :raises InvalidArgument: it is on object storage and names no connection, or cannot be a path.
    """
    _read(name, given)


def place_of(given: Any, name: str) -> Place:
    """The place that a path stands for: ``/data/file.csv``, or ``s3://conn_id@bucket/file.csv``.

    :param name: of the argument.
    :raises InvalidArgument: see `check_place`.
    """
    protocol, conn_id, rest = _read(name, written(given))
    if protocol in _LOCAL:
        return OnWorker(Path(rest).expanduser().absolute())
    from airflow_provider_activation.storage.store import Store

    return Stored(Store(protocol, conn_id), f"{protocol}://{rest}")


def _read(name: str, given: str) -> tuple[str, str, str]:
    """Protocol, connection and path of what is given."""
    if not given or "\0" in given:
        raise InvalidArgument(f"{name} must be a path.")
    found = _URL.fullmatch(given)
    if found is None:
        return "file", "", given
    protocol, rest = found["protocol"].lower(), found["rest"]
    if protocol in _LOCAL:
        return protocol, "", rest
    conn_id = found["conn_id"]
    if not conn_id or ":" in conn_id:
        # what stands before a colon and behind it would be credentials
        raise InvalidArgument(
            f"{name}: a path of {protocol} names its Airflow connection: {protocol}://conn_id@..., and no "
            "credentials."
        )
    if not rest.strip("/"):
        raise InvalidArgument(f"{name}: there is no path behind the connection.")
    if ".." in rest.split("/"):
        raise InvalidArgument(f"{name}: the path must have no .. in it.")
    return protocol, conn_id, rest


def _private(path: Path) -> int:
    return os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)


def there(told: str) -> AlreadyThere:
    return AlreadyThere(f"{told} is there already.")


def _unreadable(told: str, error: OSError) -> ActivationError:
    kind = PermissionDenied if isinstance(error, PermissionError) else ServiceUnavailable
    return kind(
        f"{told} cannot be read ({error.strerror}).", advice="Look at the folder and its permissions."
    )


def within(limit: int, content: bytes, told: str) -> bytes:
    if len(content) > limit:
        raise UnfitAudience(f"{told} has more than {limit:,} bytes.", advice="Look what it is.")
    return content
