"""The manifest: what came of an audience, as plain JSON without personal data."""

from __future__ import annotations

import csv
import hashlib
import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from airflow_provider_activation.errors import InvalidArgument, UnfitAudience
from airflow_provider_activation.simulation import refuse_change
from airflow_provider_activation.storage import Place, place_of
from airflow_provider_activation.storage.private import private_folder

VERSION = 1
COUNTS = ("read", "left_out", "rejected", "suppressed", "duplicates", "written")
"""The counts of rows: the first is the sum of the others."""
_WHOLE = re.compile("/|[a-z0-9.+-]+://")
"""How a path begins that means the same on every worker."""
_LONGEST_LINE = 1024 * 1024
_FIELDS: Mapping[str, Any] = {
    **{"path": str, "host": str, "size": int, "sha256": str},
    **{"columns": list, "format": Mapping, "rows": Mapping},
}
_AGAIN = "Clear the task that prepares it, so that it is prepared again."


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


def simulated_manifest(simulated_id: str) -> dict[str, Any]:
    """The manifest of a file that was not prepared, and of which nothing is known."""
    return {
        "version": VERSION,
        "path": simulated_id,
        "host": socket.gethostname(),
        "size": None,
        "sha256": None,
        "run": None,
        "profile": None,
        "columns": [],
        "format": {},
        "rows": dict.fromkeys(COUNTS),
        "rejects": {"path": None, "counts": {}},
        "suppression": [],
    }


def places_of(manifest: Any) -> list[Place]:
    """The places in a manifest: of the file, and of its rejects if there are any.

    :raises InvalidArgument: it is no manifest, or one of a later release.
    """
    fields = _fields_of(manifest)
    rejects = fields.get("rejects")
    told = rejects.get("path", "") if isinstance(rejects, Mapping) else ""
    given = [fields.get("path"), *([] if told is None else [told])]
    if not {"version", "host"} <= fields.keys():
        raise _no_manifest()
    return [_place(one) for one in given]


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
    if there:
        refuse_change(f"delete {there[0]}")
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


@contextmanager
def prepared_file(manifest: Mapping[str, Any]) -> Iterator[Path]:
    """The path of a manifest's file on this worker, not checked yet.

    One on object storage is copied whole into a private folder, which goes at the end of the block.

    :raises InvalidArgument: it is no manifest, or one of a later release.
    :raises UnfitAudience: it is not there.
    """
    place = place_of_manifest(manifest)
    if (path := place.path) is None:
        # not copied in vain
        _check_size(place, place.size(), manifest)
        with private_folder() as folder:
            yield place.here(folder)
    elif path.is_file():
        yield path
    elif manifest["host"] != socket.gethostname():
        raise _elsewhere(manifest)
    else:
        raise _gone(place)


def check_counts(manifest: Mapping[str, Any]) -> None:
    """Check that the counts of a manifest are whole numbers that add up: each row became one of them.

    :raises InvalidArgument: they are not.
    """
    rows = manifest["rows"] if isinstance(manifest.get("rows"), Mapping) else {}
    counts = [rows.get(name) for name in COUNTS]
    if not all(type(count) is int and count >= 0 for count in counts):
        raise _no_manifest()
    read, became = rows["read"], sum(rows[name] for name in COUNTS[1:])
    if read != became:
        raise InvalidArgument(f"manifest: its rows do not add up: {read} were read, and {became} are told.")


def check_file(path: Path, manifest: Mapping[str, Any]) -> None:
    """Check that a file is what was prepared.

    :param path: where it is on this worker.
    :raises UnfitAudience: its size or its SHA-256 is another.
    """
    place = place_of_manifest(manifest)
    _check_size(place, path.stat().st_size, manifest)
    if sha256_of(path) != manifest["sha256"]:
        raise UnfitAudience(
            f"{place} is not the file that was prepared: its SHA-256 is another.", advice=_AGAIN
        )


def lacks_suppression(manifest: Any, run: Mapping[str, str]) -> str:
    """What a manifest lacks to show that people were suppressed in this run; empty if it shows that.

    It must have been made in the run, and name a list with at least one row that could be read.

    :param run: the ``dag_id`` and the ``run_id`` of the running task.
    :raises InvalidArgument: it is no manifest, or one of a later release.
    """
    place_of_manifest(manifest)
    if (made_in := manifest.get("run")) != run:
        if not isinstance(made_in, Mapping):
            return "the manifest names no run that prepared it"
        which = f"the run {made_in.get('run_id')} of {made_in.get('dag_id')}"
        return f"the manifest is of {which}, not of this run"
    lists = manifest.get("suppression")
    if not isinstance(lists, list) or not lists:
        return "the manifest names no list of suppressed people"
    if not any(map(_has_rows, lists)):
        return "no list that the manifest names has a row that can be read"
    return ""


def _has_rows(told: Any) -> bool:
    if not isinstance(told, Mapping):
        return False
    rows, unreadable = told.get("rows"), told.get("unreadable")
    return type(rows) is int and type(unreadable) is int and rows > unreadable >= 0


def header_of(path: Path, delimiter: str) -> list[str]:
    """The columns that a file of CSV names in its first row.

    :raises UnfitAudience: it has no such row.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            # a line without an end is not read into memory
            lines = iter(partial(file.readline, _LONGEST_LINE), "")
            return next(csv.reader(lines, delimiter=delimiter, strict=True))
    except (StopIteration, UnicodeDecodeError, csv.Error):
        pass
    raise UnfitAudience(f"{path}: its first row cannot be read as CSV in UTF-8.")


def _check_size(place: Place, size: int | None, manifest: Mapping[str, Any]) -> None:
    if size is None:
        raise _gone(place)
    if size != manifest["size"]:
        raise UnfitAudience(
            f"{place} is not the file that was prepared: it has {size:,} bytes, not {manifest['size']:,}.",
            advice=_AGAIN,
        )


def _gone(place: Place) -> UnfitAudience:
    return UnfitAudience(f"{place}, which was prepared, is not there.", advice=_AGAIN)


def place_of_manifest(manifest: Any) -> Place:
    """Where the file of a manifest is, once everything is there that a reader of the file needs.

    :raises InvalidArgument: it is no manifest, or one of a later release.
    """
    fields = _fields_of(manifest)
    if not all(isinstance(fields.get(name), kind) for name, kind in _FIELDS.items()):
        raise _no_manifest()
    return _place(fields["path"])


def _fields_of(manifest: Any) -> Mapping[str, Any]:
    fields = manifest if isinstance(manifest, Mapping) else {}
    if fields.get("version", VERSION) != VERSION:
        raise InvalidArgument(
            f"manifest is of version {fields['version']!r}, and this release reads {VERSION}."
        )
    return fields


def _place(told: Any) -> Place:
    if isinstance(told, str) and _WHOLE.match(told):
        return place_of(told, "manifest")
    raise _no_manifest()


def _no_manifest() -> InvalidArgument:
    return InvalidArgument("manifest must be the output of a PrepareAudienceOperator.")


def _elsewhere(manifest: Mapping[str, Any]) -> UnfitAudience:
    here, there = socket.gethostname(), manifest.get("host")
    return UnfitAudience(
        f"the file {manifest['path']} is not on {here}; it was prepared on {there}.",
        advice="Let all workers share the folder, or bind the tasks to one of them; then clear the preparing "
        "task.",
    )
