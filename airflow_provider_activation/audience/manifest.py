"""The manifest: what came of an audience, as plain JSON without personal data."""

from __future__ import annotations

import hashlib
import re
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from airflow_provider_activation.errors import InvalidArgument, UnfitAudience
from airflow_provider_activation.storage import Place, place_of

VERSION = 1
_WRITTEN = re.compile("/|[a-z0-9.+-]+://")


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def described(path: Path, told: str, **facts: Any) -> dict[str, Any]:
    """The manifest of a file that was written here.

    :param told: where it is now, if it was copied elsewhere.
    :param facts: what is known of it besides.
    """
    return {
        "version": VERSION,
        "path": told,
        "host": socket.gethostname(),
        "size": path.stat().st_size,
        "sha256": sha256_of(path),
        **facts,
    }


def places_of(manifest: Any) -> list[Place]:
    """The places in a manifest: of the file, and of its rejects if there are any.

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
    if all(isinstance(one, str) and _WRITTEN.match(one) for one in given) and fields.keys() >= {
        "version",
        "host",
    }:
        return [place_of(one, "manifest") for one in given]
    raise InvalidArgument("manifest must be the output of a PrepareAudienceOperator.")


def delete_files(manifest: Any) -> list[str]:
    """Delete what was written, and return the paths of what was there.

    :raises InvalidArgument: it is no manifest, or one of a later release.
    :raises UnfitAudience: nothing is here, and another host has written it; or what is here is no plain file.
    """
    places = places_of(manifest)
    paths = [place.path for place in places if place.path]
    if len(paths) < len(places):
        return [place.told for place in places if place.delete()]
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
