"""Files that arrive together get their names together."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from airflow_provider_activation.errors import AudienceNotWritten
from airflow_provider_activation.storage import place_of
from airflow_provider_activation.storage.arrivals import arriving


def test_a_disk_that_is_full_at_the_second_file_keeps_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first has its name already, and it goes again; a file that was there before stays."""
    (tmp_path / "before.csv").write_text("there before\n")
    replace = Path.replace

    def is_full(self: Path, target: Path) -> Path:
        if self.name == "b.csv":
            raise OSError(errno.ENOSPC, "No space left on device")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", is_full)
    with pytest.raises(AudienceNotWritten, match="No space left"):
        _have_arrive(tmp_path, "a.csv", "b.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["before.csv"]


def _have_arrive(folder: Path, *names: str) -> None:
    with arriving(place_of(str(folder), "directory")) as here:
        for name in names:
            (here / name).write_text("x\n")
