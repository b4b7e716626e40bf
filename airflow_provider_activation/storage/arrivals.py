"""Files that arrive in a folder together: all of them under their names, or none."""

from __future__ import annotations

import shutil
import tempfile
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from airflow_provider_activation.errors import ActivationError, AudienceNotWritten, InvalidRequest
from airflow_provider_activation.simulation import refuse_change
from airflow_provider_activation.storage.place import OnWorker, Place
from airflow_provider_activation.storage.private import private_folder

LONGEST_NAME = 240
"""Bytes. File systems take 255, of which a file that is being written needs some."""


def check_names(names: Sequence[str], told: str) -> None:
    """Refuse names that would leave a folder, or that every folder cannot hold beside each other.

    :param told: whose names they are.
    :raises InvalidRequest: naming the first.
    """
    seen: dict[str, str] = {}
    for name in names:
        if not _is_name(name):
            shown = repr(name) if len(name) <= 60 else f"{name[:57]!r}..."
            raise InvalidRequest(f"{told} {shown}, which is no name of a file.")
        other = seen.setdefault(unicodedata.normalize("NFC", name).casefold(), name)
        if other != name:
            raise InvalidRequest(
                f"{told} {other!r} and {name!r}, which are one file in some folders.",
                advice="Download each with a task of its own, with file_names= and a folder for each.",
            )


def check_folder(folder: Place) -> None:
    """Refuse what is no folder on the worker, or one whose parent is missing.

    :raises InvalidRequest: naming it.
    """
    if (path := folder.path) is None:
        return
    if path.exists() and not path.is_dir():
        raise InvalidRequest(f"directory: {path} is no folder.")
    # one that is misspelt, or a disk that is not mounted, must not become a new tree of folders
    if not path.parent.is_dir():
        raise InvalidRequest(f"directory: {path.parent}, in which it would be made, is no folder.")


def _is_name(name: str) -> bool:
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        return False
    is_step = name.strip() in ("", ".", "..") or "/" in name or "\\" in name
    return not is_step and name.isprintable() and size <= LONGEST_NAME


@contextmanager
def arriving(folder: Place) -> Iterator[Path]:
    """A folder on the worker for files that get their names in ``folder`` when the block has ended well.

    A folder on the worker is made if it is missing.

    :raises WouldChange: the running task is simulated.
    :raises AudienceNotWritten: a file could not get its name. Those that were not there before are deleted
        again.
    """
    refuse_change(f"write files into {folder}")
    if (path := folder.path) is None:
        with private_folder() as private:
            here = private / "files"
            here.mkdir(mode=0o700)
            yield here
            _publish(here, folder)
    else:
        with _made(path), _beside(path) as here:
            yield here
            _publish(here, folder)


@contextmanager
def _made(path: Path) -> Iterator[None]:
    """The folder, made if it is missing; then it goes again if nothing came into it."""
    is_new = not path.exists()
    try:
        path.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise AudienceNotWritten(f"{path} cannot be made ({error.strerror}).") from None
    try:
        yield
    except BaseException:
        if is_new:
            with suppress(OSError):
                path.rmdir()
        raise


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A closed folder on the same disk, so that a file gets its name without being copied."""
    try:
        here = Path(tempfile.mkdtemp(prefix=".partial-", dir=path))
    except OSError as error:
        raise AudienceNotWritten(f"{path} cannot be written to ({error.strerror}).") from None
    try:
        yield here
    finally:
        shutil.rmtree(here, ignore_errors=True)


def _publish(here: Path, folder: Place) -> None:
    files = sorted(here.iterdir())
    # a folder under a file's name is found before another file has been replaced
    for place in (folder / file.name for file in files):
        if isinstance(place, OnWorker) and place.path.is_dir() and not place.path.is_symlink():
            raise AudienceNotWritten(f"{place} cannot be written (a folder has this name).")
    new: list[Place] = []
    try:
        for file in files:
            place = folder / file.name
            if place.size() is None:
                new.append(place)
            _give_name(file, place)
    except BaseException:
        for place in new:
            with suppress(ActivationError, OSError):
                place.delete()
        raise


def _give_name(file: Path, place: Place) -> None:
    if not isinstance(place, OnWorker):
        place.become(file)
        return
    try:
        file.replace(place.path)
    except OSError as error:
        raise AudienceNotWritten(f"{place} cannot be written ({error.strerror}).") from None
