"""SFTP whose servers are known: the provider's own file system checks no host key."""

from __future__ import annotations

import base64
import binascii
import struct
from contextlib import suppress
from typing import Any

from airflow_provider_activation.errors import InvalidConnection

try:
    import asyncssh
    from asyncssh.sftp import (
        SFTPAttrs,
        SFTPError,
        SFTPFailure,
        SFTPFileAlreadyExists,
        SFTPNoSuchFile,
        SFTPOpUnsupported,
    )
    from fsspec.asyn import sync
    from sshfs import SSHFileSystem
except ImportError:
    raise InvalidConnection(
        "sftp needs apache-airflow-providers-sftp[sshfs], which is not installed in full.",
        advice="Install apache-airflow-providers-sftp[sshfs] where the workers run.",
    ) from None

# who logs in where is told at every step otherwise
asyncssh.set_log_level("WARNING")

SECONDS = 30
"""Until a connection stands, and until a login is done."""
ALIVE = 15
"""Seconds between two looks whether the server is there; it is gone after four."""


class Files(SSHFileSystem):  # type: ignore[misc]
    """Files on a server that is known."""

    protocol = ("sftp", "ssh")


def checked(connection: Any) -> Files:
    """The files of a connection of type ``sftp`` or ``ssh``.

    :raises InvalidConnection: its host or its keys cannot be used.
    """
    extra, conn_id = connection.extra_dejson, connection.conn_id
    if not connection.host:
        raise InvalidConnection(f"the connection {conn_id!r} lacks its host.")
    port = connection.port or 22
    # the agent, the user's own keys and settings are nobody's choice
    return Files(
        connection.host,
        port=port,
        username=connection.login,
        password=connection.password or None,
        client_keys=_keys(extra, conn_id),
        known_hosts=_known(connection.host, port, extra.get("host_key"), conn_id),
        agent_path=None,
        config=[],
        connect_timeout=SECONDS,
        login_timeout=SECONDS,
        keepalive_interval=ALIVE,
        keepalive_count_max=4,
        skip_instance_cache=True,
    )


def create(files: SSHFileSystem, content: bytes, part: str, path: str) -> None:
    """Write a file under the name of a part, and give it its own name if no other file has it.

    :raises FileExistsError: another has it.
    """
    sync(files.loop, _create, files, content, part, path)


async def _create(files: SSHFileSystem, content: bytes, part: str, path: str) -> None:
    # wrap_exceptions of the file system is not around this: FileNotFoundError is told here
    async with files._pool.get() as channel:
        try:
            async with channel.open(part, "xb", attrs=SFTPAttrs(permissions=0o600)) as file:
                await file.write(content)
                with suppress(SFTPOpUnsupported):
                    await file.fsync()
            await _name(channel, part, path)
        except SFTPNoSuchFile:
            raise FileNotFoundError from None
        finally:
            # a lost connection leaves it, and it is no record
            with suppress(SFTPError):
                await channel.unlink(part)


async def _name(channel: Any, part: str, path: str) -> None:
    """A link, and a renaming in SFTP's own sense, fail where the name is taken; that of POSIX replaces."""
    try:
        try:
            await channel.link(part, path)
        except SFTPOpUnsupported:
            await channel.rename(part, path)
    except (SFTPFailure, SFTPFileAlreadyExists):
        # version 3 says no more than that it failed
        if await channel.lexists(path):
            raise FileExistsError from None
        raise


def _keys(extra: dict[str, Any], conn_id: str) -> list[Any] | None:
    passphrase = extra.get("private_key_passphrase")
    try:
        if text := extra.get("private_key"):
            return [asyncssh.import_private_key(text, passphrase)]
        if file := extra.get("key_file"):
            return [asyncssh.read_private_key(file, passphrase)]
    except (OSError, ValueError):
        pass
    else:
        return None
    # raised here, as the error above holds the key
    raise InvalidConnection(f"the private key of the connection {conn_id!r} cannot be read.")


def _known(host: str, port: int, key: str | None, conn_id: str) -> Any:
    """What makes the server known: the connection's ``host_key``, or else the worker's own list."""
    if not key:
        return ()
    # its kind may stand before it, and a comment behind both
    words = key.split()[:2]
    try:
        blob = base64.b64decode(words[-1], validate=True)
        (length,) = struct.unpack(">I", blob[:4])
        kind = blob[4 : 4 + length].decode("ascii")
        return asyncssh.import_known_hosts(f"{host},[{host}]:{port} {kind} {words[-1]}\n")
    except (IndexError, binascii.Error, struct.error, UnicodeError, ValueError):
        pass
    raise InvalidConnection(f"host_key of the connection {conn_id!r} cannot be read.")
