"""Object storage and servers of files, reached with an Airflow connection and nothing else."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from airflow.providers.common.compat.sdk import AirflowNotFoundException
from airflow.sdk import BaseHook

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
PIECE = 16 << 20
"""Bytes that are sent at once: the part of an upload in parts."""
READ = 4 << 20
"""Bytes that are read ahead."""
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.]{2,60}")
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FULL_NAMES = {"SFTPNoSpaceOnFilesystem", "SFTPQuotaExceeded"}
_FULL_CODES = {"QuotaExceeded", "InsufficientStorage", "InsufficientCapacity", "XMinioStorageFull"}
_UNKNOWN = {"NoSuchBucket", "NoSuchKey"}


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

        store = attach(self.protocol, self.conn_id)
        # one that the DAG's author has attached needs no connection
        attached = vars(store).get("fs")
        if self.protocol in SSH:
            if attached is not None and attached.storage_options.get("known_hosts") is not None:
                return attached
            from airflow_provider_activation.storage.sftp import checked

            return checked(self._connection())
        if attached is not None:
            return attached
        # an unknown one would become the worker's own credentials
        self._connection()
        return self._provided(store)

    def _connection(self) -> Any:
        try:
            return BaseHook.get_connection(self.conn_id)
        except AirflowNotFoundException:
            pass
        raise InvalidConnection(
            f"there is no connection {self.conn_id!r}, which a path of {self.protocol} names."
        )

    def _provided(self, store: Any) -> Any:
        needed = PROVIDERS.get(self.protocol)
        package = f"apache-airflow-providers-{needed}" if needed else "the provider that knows it"
        try:
            return store.fs
        except ImportError:
            missing = f"{self.protocol} needs {package}, which is not installed in full."
        except ValueError as error:
            if "No filesystem registered" not in str(error):
                raise
            missing = f"no installed provider knows {self.protocol}."
        raise InvalidConnection(missing, advice=f"Install {package} where the workers run.")

    @contextmanager
    def _told(self, doing: str, told: str, *, writing: bool = False) -> Iterator[None]:
        """Errors of the storage as ours, without what they say: it may quote a key."""
        try:
            yield
        except ActivationError:
            raise
        except Exception as error:
            failure = _typed(error, f"{doing} {told}", writing=writing)
            is_tick = getattr(error, "is_stop", False)
            if is_tick:
                raise
        else:
            return
        raise failure

    def _info(self, inside: str) -> dict[str, Any]:
        """What the storage says of a file now, and not what it said before."""
        files = self._files
        path = files._strip_protocol(inside)
        files.invalidate_cache(path)
        with suppress(TypeError):
            return dict(files.info(path, refresh=True))
        return dict(files.info(path))

    def size(self, inside: str, told: str) -> int | None:
        with self._told("looking for", told):
            try:
                found = self._info(inside)
            except FileNotFoundError:
                return None
            return int(found["size"]) if found.get("type") == "file" else None

    def fetch(self, inside: str, told: str, copy: Path, tick: Callable[[], object]) -> None:
        """Copy a file to the worker, whole or not at all."""
        with self._told("reading", told):
            before = self._info(inside)
            if before.get("type") != "file":
                raise FileNotFoundError
            got = 0
            try:
                with (
                    self._files.open(self._files._strip_protocol(inside), "rb", block_size=READ) as read,
                    os.fdopen(os.open(copy, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as write,
                ):
                    while piece := read.read(READ):
                        tick()
                        write.write(piece)
                        got += len(piece)
            except BaseException:
                copy.unlink(missing_ok=True)
                raise
            after = self._info(inside)
        if _version(before) != _version(after) or got != before["size"]:
            copy.unlink(missing_ok=True)
            raise UnfitAudience(
                f"{told} has changed while it was read: {got} bytes of {before['size']}.",
                advice="Run the task again.",
            )

    def publish(self, file: Path, inside: str, told: str, tick: Callable[[], object]) -> None:
        """Give a file its name there when it is whole; replaces another."""
        files = self._files
        path = files._strip_protocol(inside)
        with self._told("writing", told, writing=True):
            if self.protocol in SSH:
                self._by_name(file, path, tick)
            else:
                self._at_once(file, path, tick)
            size = self._info(inside).get("size")
        if size != file.stat().st_size:
            raise AudienceNotWritten(f"writing {told}: {size} bytes arrived of {file.stat().st_size}.")

    def _at_once(self, file: Path, path: str, tick: Callable[[], object]) -> None:
        """Object storage shows a file when it is closed, also one that an error cuts off."""
        target = self._files.open(path, "wb", block_size=PIECE)
        try:
            _copy(file, target, tick)
            target.close()
        except BaseException:
            with suppress(Exception):
                target.discard()
            target.closed = True
            raise

    def _by_name(self, file: Path, path: str, tick: Callable[[], object]) -> None:
        """A server shows a file while it is written, so it gets its name afterwards."""
        files = self._files
        folder, _, name = path.rpartition("/")
        part = f"{folder}/.{name}.part"
        files.makedirs(folder or "/", exist_ok=True, permissions=0o700)
        try:
            with files.open(part, "wb", block_size=PIECE) as target:
                _copy(file, target, tick)
            files.mv(part, path)
        except BaseException:
            with suppress(Exception):
                files.rm_file(part)
            raise

    def delete(self, inside: str, told: str) -> bool:
        with self._told("deleting", told):
            try:
                if self._info(inside).get("type") != "file":
                    raise IsADirectoryError
                self._files.rm_file(self._files._strip_protocol(inside))
            except FileNotFoundError:
                return False
            return True


def _copy(file: Path, target: Any, tick: Callable[[], object]) -> None:
    with file.open("rb") as read:
        while piece := read.read(PIECE):
            tick()
            target.write(piece)


def _version(info: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(info.get(name) for name in ("size", "ETag", "etag", "mtime", "LastModified", "generation"))


def _typed(error: Exception, doing: str, *, writing: bool) -> ActivationError:
    """The error to raise in place of one whose text may quote a key."""
    names = {one.__name__ for one in type(error).__mro__}
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
    return kind(f"{doing} failed ({why}).", advice="Look whether the storage is well, and run the task again.")
