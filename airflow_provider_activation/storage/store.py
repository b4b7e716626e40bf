"""Object storage and servers of files, reached with an Airflow connection and nothing else."""

from __future__ import annotations

import errno
import os
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property, partial
from pathlib import Path
from typing import Any, TypeVar

from airflow.providers.common.compat.sdk import AirflowNotFoundException
from airflow.sdk import BaseHook

from airflow_provider_activation.errors import (
    ActivationError,
    AudienceNotWritten,
    AuthenticationFailed,
    InvalidConnection,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    ServiceUnavailable,
    UnfitAudience,
)
from airflow_provider_activation.storage.place import PIECE, AlreadyThere, Stopped, Tick, there, within

T = TypeVar("T")

PROVIDERS = {
    "s3": "amazon[s3fs]",
    "s3a": "amazon[s3fs]",
    "s3n": "amazon[s3fs]",
    "gs": "google",
    "gcs": "google",
    "abfs": "microsoft-azure",
    "abfss": "microsoft-azure",
    "adl": "microsoft-azure",
    "sftp": "sftp[sshfs]",
    "ssh": "sftp[sshfs]",
}
"""Which provider, with which extra, knows a protocol."""
SSH = ("sftp", "ssh")
EXCLUSIVE = ("s3", "s3a", "s3n", *SSH)
"""Protocols whose storage lets one of several writers create a file."""
PART = 16 << 20
"""Bytes of a part, where a file goes in parts."""
READ = 4 << 20
"""Bytes that are read ahead."""
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.]{2,60}")
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FULL_NAMES = {"SFTPNoSpaceOnFilesystem", "SFTPQuotaExceeded"}
_FULL_CODES = {"QuotaExceeded", "InsufficientStorage", "InsufficientCapacity", "XMinioStorageFull"}
_UNKNOWN = {"NoSuchBucket", "NoSuchKey"}


class _UnknownProtocol(Exception):
    """No installed provider knows the protocol."""


def _package(protocol: str) -> str:
    needed = PROVIDERS.get(protocol)
    return f"apache-airflow-providers-{needed}" if needed else "the provider that knows it"


class Store:
    """The storage of one connection. No message of it gets out: they quote keys and names.

    :param protocol: such as ``s3``.
    :param conn_id: the id of the Airflow connection.
    """

    def __init__(self, protocol: str, conn_id: str) -> None:
        self.protocol, self.conn_id = protocol, conn_id

    @cached_property
    def _files(self) -> Any:
        """The file system.

        :raises InvalidConnection: there is no such connection, or it cannot be used.
        """
        from airflow.sdk.io import attach

        attached = vars(attach(self.protocol, self.conn_id)).get("fs")
        if self.protocol in SSH:
            # Airflow itself attaches none that knows its server
            if attached is not None and attached.storage_options.get("known_hosts") is not None:
                return attached
            connection = self._connection()
            from airflow_provider_activation.storage.sftp import checked

            return checked(connection)
        try:
            return self._provided()
        except _UnknownProtocol:
            # only the DAG's author can have attached it; any other may be Airflow's own, which takes the
            # worker's credentials where the connection is not there
            if attached is not None:
                return attached
        needed = _package(self.protocol)
        raise InvalidConnection(
            f"no installed provider knows {self.protocol}.", advice=f"Install {needed} where the workers run."
        )

    def _connection(self) -> Any:
        """The connection, which must be there.

        :raises InvalidConnection: it is not.
        """
        try:
            return BaseHook.get_connection(self.conn_id)
        except AirflowNotFoundException:
            pass
        raise InvalidConnection(
            f"there is no connection {self.conn_id!r}, which a path of {self.protocol} names."
        )

    def _provided(self) -> Any:
        """The file system that a provider makes of the connection."""
        from airflow.sdk.io import get_fs, has_fs

        if not has_fs(self.protocol):
            raise _UnknownProtocol
        # an unknown one would become the worker's own credentials
        self._connection()
        with suppress(ImportError):
            return get_fs(self.protocol, self.conn_id)
        needed = _package(self.protocol)
        raise InvalidConnection(
            f"{self.protocol} needs {needed}, which is not installed in full.",
            advice=f"Install {needed} where the workers run.",
        )

    def _do(self, doing: str, work: Callable[[], T], *, writing: bool = False) -> T:
        """Do work; errors of the storage become ours, without what they say and hold: it may be a key."""
        try:
            return work()
        except (ActivationError, Stopped):
            raise
        except Exception as error:
            failure = _typed(error, doing, writing=writing)
        raise failure

    def _info(self, inside: str) -> dict[str, Any]:
        """What the storage says of a file now, and not what it said before."""
        return dict(self._now("info", inside))

    def _now(self, ask: str, inside: str, **how: Any) -> Any:
        files = self._files
        path = files._strip_protocol(inside)
        files.invalidate_cache(path)
        with suppress(TypeError):
            return getattr(files, ask)(path, refresh=True, **how)
        return getattr(files, ask)(path, **how)

    def size(self, inside: str, told: str) -> int | None:
        """Bytes of a file; None if there is none."""

        def look() -> int | None:
            with suppress(FileNotFoundError):
                found = self._info(inside)
                return int(found["size"]) if found.get("type") == "file" else None
            return None

        return self._do(f"looking for {told}", look)

    def fetch(self, inside: str, told: str, copy: Path, tick: Tick) -> None:
        """Copy a file to the worker, whole or not at all."""
        try:
            self._do(f"reading {told}", partial(self._fetch, inside, told, copy, tick))
        except BaseException:
            copy.unlink(missing_ok=True)
            raise

    def _fetch(self, inside: str, told: str, copy: Path, tick: Tick) -> None:
        before = self._info(inside)
        if before.get("type") != "file":
            raise FileNotFoundError
        with (
            self._files.open(self._files._strip_protocol(inside), "rb", **self._block(READ)) as read,
            os.fdopen(os.open(copy, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as write,
        ):
            while piece := read.read(PIECE):
                write.write(piece)
                tick(write.tell())
            got = write.tell()
        if _version(before) != _version(self._info(inside)) or got != before["size"]:
            raise UnfitAudience(
                f"{told} has changed while it was read: {got} bytes of {before['size']}.",
                advice="Run the task again.",
            )

    def _block(self, size: int) -> dict[str, int]:
        # over SSH the size is that of a packet, and a server hangs up at a large one
        return {} if self.protocol in SSH else {"block_size": size}

    def publish(self, file: Path, inside: str, told: str, tick: Tick) -> None:
        """Give a file its name there when it is whole; replaces another."""

        def send() -> None:
            path = self._files._strip_protocol(inside)
            if self.protocol in SSH:
                self._by_name(file, path, tick)
            else:
                self._at_once(path, "wb", lambda target: _copy(file, target, tick))

        doing = f"writing {told}"
        self._do(doing, send, writing=True)
        arrived, whole = self.size(inside, told), file.stat().st_size
        if arrived != whole:
            self.delete(inside, told)
            raise AudienceNotWritten(f"{doing}: {arrived or 0} bytes arrived of {whole}.")

    def _at_once(self, path: str, mode: str, fill: Callable[[Any], object]) -> None:
        """Object storage shows a file when it is closed, also one that an error cuts off."""
        target = self._files.open(path, mode, **self._block(PART))
        try:
            fill(target)
            target.close()
        except BaseException:
            with suppress(Exception):
                target.discard()
            target.closed = True
            raise

    def _by_name(self, file: Path, path: str, tick: Tick) -> None:
        """A server shows a file while it is written, so it gets its name afterwards."""
        files = self._files
        folder, _, name = path.rpartition("/")
        part = f"{folder}/.{name}.part"
        files.makedirs(folder or "/", exist_ok=True, permissions=0o700)
        try:
            with files.open(part, "wb") as target:
                _copy(file, target, tick)
            files.mv(part, path)
        except BaseException:
            with suppress(Exception):
                files.rm_file(part)
            raise

    @property
    def is_exclusive(self) -> bool:
        """Whether one of several writers creates a file."""
        return self.protocol in EXCLUSIVE

    def create(self, content: bytes, inside: str, told: str) -> None:
        """Create a file. After an answer that says nothing, the file itself says whether it was created.

        :raises AlreadyThere: there is another.
        """
        if not content:
            # conditional writing lets a second empty object pass
            raise InvalidRequest(f"creating {told}: there is nothing to write.")
        failure = self._create(content, inside, told)
        if failure is None:
            return
        # a request that is repeated unseen is refused because of itself
        if not isinstance(failure, AlreadyThere):
            self._connect_anew()
        try:
            found = self.read(inside, told, len(content))
        except UnfitAudience:
            # it is larger
            raise there(told) from None
        except ActivationError:
            raise failure from None
        if found != content:
            raise there(told)

    def _create(self, content: bytes, inside: str, told: str) -> ActivationError | None:
        """Create a file, once; returns what came in between."""

        def write() -> bool:
            path = self._files._strip_protocol(inside)
            try:
                if self.protocol in SSH:
                    self._linked(content, path)
                elif self.is_exclusive:
                    self._at_once(path, "xb", lambda target: target.write(content))
                elif self.size(inside, told) is None:
                    self._at_once(path, "wb", lambda target: target.write(content))
                else:
                    return False
            except FileExistsError:
                return False
            return True

        try:
            return None if self._do(f"creating {told}", write, writing=True) else there(told)
        except ActivationError as error:
            return error

    def _linked(self, content: bytes, path: str) -> None:
        from airflow_provider_activation.storage.sftp import create

        folder, _, name = path.rpartition("/")
        self._files.makedirs(folder or "/", exist_ok=True, permissions=0o700)
        create(self._files, content, f"{folder}/.{name}.{secrets.token_hex(8)}.part", path)

    def _connect_anew(self) -> None:
        """Over SSH a connection that was lost stays lost."""
        if self.protocol in SSH:
            vars(self).pop("_files", None)

    def refuses(self, content: bytes, inside: str, told: str) -> bool:
        """Whether a second creation is refused; one that only fails says nothing against the storage."""
        return self.is_exclusive and self._create(content, inside, told) is not None

    def read(self, inside: str, told: str, limit: int) -> bytes:
        """The content of a small file."""

        def content() -> bytes:
            found = self._info(inside)
            if found.get("type") != "file":
                raise FileNotFoundError
            # not read in vain
            if found["size"] > limit:
                return bytes(limit + 1)
            return bytes(self._files.cat_file(self._files._strip_protocol(inside)))

        return within(limit, self._do(f"reading {told}", content), told)

    def entries(self, inside: str, told: str, *, folders: bool) -> list[str]:
        """Names in a folder, as the storage has them now."""

        def look() -> list[str]:
            path = self._files._strip_protocol(inside)
            try:
                found = self._now("ls", inside, detail=True)
            except FileNotFoundError:
                return []
            # object storage may show the folder itself among them
            named = [(one["name"].rstrip("/"), one["type"] == "directory") for one in found]
            return sorted(
                name.rpartition("/")[2]
                for name, is_folder in named
                if is_folder == folders and name.strip("/") != path.strip("/")
            )

        return self._do(f"listing {told}", look)

    def delete(self, inside: str, told: str) -> bool:
        """Delete a file; returns whether there was one."""

        def remove() -> bool:
            with suppress(FileNotFoundError):
                if self._info(inside).get("type") != "file":
                    raise IsADirectoryError
                self._files.rm_file(self._files._strip_protocol(inside))
                return True
            return False

        return self._do(f"deleting {told}", remove)


def _copy(file: Path, target: Any, tick: Tick) -> None:
    with file.open("rb") as read:
        while piece := read.read(PIECE):
            target.write(piece)
            tick(read.tell())


def _version(info: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(info.get(name) for name in ("size", "ETag", "etag", "mtime", "LastModified", "generation"))


def _typed(error: Exception, doing: str, *, writing: bool) -> ActivationError:
    """The error to raise in place of one whose text may quote a key."""
    names = {one.__name__ for each in (error, error.__cause__) for one in type(each).__mro__}
    answer = getattr(error, "response", None) or getattr(error.__cause__, "response", None)
    found = answer.get("Error", {}).get("Code") if isinstance(answer, dict) else None
    code = found if isinstance(found, str) and _CODE.fullmatch(found) else None
    why = f"{type(error).__name__}, {code}" if code else type(error).__name__
    if names & {"HostKeyNotVerifiable"}:
        return InvalidConnection(
            f"{doing}: the server shows another host key than the one that is known, or none is known.",
            advice="Put the server's key into host_key of the connection's extra, or into ~/.ssh/known_hosts "
            "of the worker. It is checked whatever no_host_key_check says.",
        )
    if names & {"KeyImportError", "KeyEncryptionError"}:
        return InvalidConnection(f"{doing}: the private key of the connection cannot be read.")
    if "FileNotFoundError" in names or code in _UNKNOWN:
        return NotFound(f"{doing}: there is no such file, folder or bucket.", advice="Check the path.")
    if getattr(error, "errno", None) in _FULL or names & _FULL_NAMES or code in _FULL_CODES:
        return AudienceNotWritten(f"{doing}: there is no room left ({why}).")
    if names & {"NoCredentialsError", "PermissionDenied"} and "SFTPError" not in names:
        return AuthenticationFailed(f"{doing}: the storage does not know these credentials ({why}).")
    if names & {"PermissionError", "SFTPPermissionDenied"}:
        return PermissionDenied(
            f"{doing}: the storage refuses it ({why}).",
            advice="Check the credentials of the connection and what they permit; a retry will not help.",
        )
    kind = AudienceNotWritten if writing else ServiceUnavailable
    return kind(
        f"{doing} failed ({why}).", advice="Look whether the storage is well, and run the task again."
    )
