"""The manifest: what came of an audience, as plain JSON without personal data."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from airflow_provider_activation.errors import InvalidArgument, UnfitAudience

VERSION = 1


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def described(path: Path, **facts: Any) -> dict[str, Any]:
    """The manifest of a file that was written here.

    :param facts: what is known of it besides.
    """
    return {
        "version": VERSION,
        "path": str(path),
        "host": socket.gethostname(),
        "size": path.stat().st_size,
        "sha256": sha256_of(path),
        **facts,
    }


def path_of(manifest: Any) -> Path:
    """The path in a manifest.

    :raises InvalidArgument: it is no manifest, or one of a later release.
    """
    if not isinstance(manifest, Mapping) or not isinstance(manifest.get("path"), str):
        raise InvalidArgument("manifest must be the output of a PrepareAudienceOperator.")
    if manifest.get("version") != VERSION:
        raise InvalidArgument(
            f"manifest is of version {manifest.get('version')!r}, and this release reads {VERSION}."
        )
    return Path(manifest["path"])


def delete_files(manifest: Any) -> list[str]:
    """Delete what was written, and return the paths of what was there.

    :raises UnfitAudience: nothing is here, and another host has written it.
    """
    rejects = manifest.get("rejects")
    told = rejects.get("path") if isinstance(rejects, Mapping) else None
    paths = [path_of(manifest), *([Path(told)] if isinstance(told, str) else [])]
    deleted = [str(path) for path in paths if path.is_file()]
    if not deleted and manifest.get("host") not in (None, socket.gethostname()):
        raise _elsewhere(manifest)
    for path in paths:
        path.unlink(missing_ok=True)
    return deleted


def file_of(manifest: Mapping[str, Any]) -> Path:
    """The file of a manifest, as it was written.

    :raises UnfitAudience: the file is not here, or has changed since.
    """
    path = path_of(manifest)
    if not path.is_file():
        raise _elsewhere(manifest)
    if sha256_of(path) != manifest.get("sha256"):
        raise UnfitAudience(f"{path} has changed since it was prepared.", advice="Clear the preparing task.")
    return path


def _elsewhere(manifest: Mapping[str, Any]) -> UnfitAudience:
    here, there = socket.gethostname(), manifest.get("host")
    return UnfitAudience(
        f"there is no file {manifest['path']} on {here}; it was prepared on {there}.",
        advice="Let all workers share the folder, or bind the tasks to one of them; then clear the preparing "
        "task.",
    )
