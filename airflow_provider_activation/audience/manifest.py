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


def paths_of(manifest: Any) -> list[Path]:
    """The paths in a manifest: of the file, and of its rejects if there are any.

    :raises InvalidArgument: it is no manifest, or one of a later release.
    """
    fields = manifest if isinstance(manifest, Mapping) else {}
    if fields.get("version", VERSION) != VERSION:
        raise InvalidArgument(
            f"manifest is of version {fields['version']!r}, and this release reads {VERSION}."
        )
    rejects = fields.get("rejects")
    told = rejects.get("path", "") if isinstance(rejects, Mapping) else ""
    given = [fields.get("path"), *([] if told is None else [told])]
    paths = [Path(one) for one in given if isinstance(one, str) and Path(one).is_absolute()]
    if len(paths) < len(given) or not {"version", "host"} <= fields.keys():
        raise InvalidArgument("manifest must be the output of a PrepareAudienceOperator.")
    return paths


def delete_files(manifest: Any) -> list[str]:
    """Delete what was written, and return the paths of what was there.

    :raises InvalidArgument: it is no manifest, or one of a later release.
    :raises UnfitAudience: nothing is here, and another host has written it; or what is here is no plain file.
    """
    paths = paths_of(manifest)
    there = [path for path in paths if path.is_symlink() or path.exists()]
    if manifest["host"] != socket.gethostname():
        # an earlier try may have left its own file here
        is_another = paths[0].is_file() and sha256_of(paths[0]) != manifest.get("sha256")
        if not there or is_another:
            raise _elsewhere(manifest)
    for path in there:
        if path.is_symlink() or not path.is_file():
            raise UnfitAudience(
                f"{path} is a folder or a link, not the file that was prepared; nothing was deleted.",
                advice="Look what it is, remove it, and clear the task.",
            )
    for path in there:
        path.unlink(missing_ok=True)
    return [str(path) for path in there]


def _elsewhere(manifest: Mapping[str, Any]) -> UnfitAudience:
    here, there = socket.gethostname(), manifest.get("host")
    return UnfitAudience(
        f"the file {manifest['path']} is not on {here}; it was prepared on {there}.",
        advice="Let all workers share the folder, or bind the tasks to one of them; then clear the preparing "
        "task.",
    )
