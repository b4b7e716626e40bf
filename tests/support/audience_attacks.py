"""A room in which an audience is prepared from hostile input, and which looks for what must not be left."""

from __future__ import annotations

import csv
import json
import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_activation.audience import prepare_audience

ADDRESS = "canary.kanarek@secret.example"
NUMBER = "+46701740605"
CANARIES = (ADDRESS, "kanarek", NUMBER, "701740605")
"""What the hostile values hold, and what may be nowhere but in an audience."""

EMAIL = {"columns": {"email_sha256": {"kind": "email", "source": "email", "hash": "sha256"}}}


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error, its causes and its contexts."""
    seen: list[BaseException] = []
    waiting = [error]
    while waiting:
        each = waiting.pop()
        if each is not None and each not in seen:
            seen.append(each)
            waiting += [each.__cause__, each.__context__]
    yield from seen


def said_by(error: BaseException) -> str:
    """Everything that an error says, also behind its first line."""
    parts = []
    for each in chain(error):
        parts += [str(each), repr(each), repr(each.args), repr(getattr(each, "__notes__", ""))]
    return "\n".join(parts)


class Room:
    """A folder for the audience, a temporary folder, and a place for sources, each looked at after a run."""

    def __init__(self, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
        self.sources = folder / "sources"
        self.folder = folder / "audiences"
        self.temporary = folder / "temporary"
        for each in (self.sources, self.folder, self.temporary):
            each.mkdir()
        self.caplog = caplog

    def file(self, content: str | bytes, name: str = "people.csv") -> Path:
        """A source file with this content."""
        path = self.sources / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def prepare(
        self, source: Any, schema: Any = EMAIL, profile: Any = "google", **options: Any
    ) -> dict[str, Any]:
        """Prepare an audience, and see that nothing is said or left but the audience and its rejects."""
        manifest = prepare_audience(source, schema, profile=profile, folder=str(self.folder), **options)
        plain: dict[str, Any] = json.loads(json.dumps(manifest))
        rows = plain["rows"]
        left = sum(rows[key] for key in ("left_out", "rejected", "suppressed", "duplicates", "written"))
        assert rows["read"] == left
        self.says_nothing(json.dumps(plain))
        expected = {Path(plain["path"])}
        if rejects := plain["rejects"]["path"]:
            expected.add(Path(rejects))
            self.says_nothing(Path(rejects).read_text())
        assert set(self.folder.iterdir()) >= expected
        self.holds_nothing_private()
        assert not [path for path in self.folder.iterdir() if path.suffix not in {".csv", ".gz"}]
        return plain

    def refused(
        self,
        error: type[Exception] | tuple[type[Exception], ...],
        source: Any,
        schema: Any = EMAIL,
        profile: Any = "google",
        **options: Any,
    ) -> str:
        """The error's message; nothing is left, and nobody's data is in the error or in the log."""
        before = set(self.folder.iterdir()) if self.folder.is_dir() else set()
        options = {"folder": str(self.folder), **options}
        with pytest.raises(error) as caught:
            prepare_audience(source, schema, profile=profile, **options)
        self.says_nothing(said_by(caught.value))
        assert (set(self.folder.iterdir()) if self.folder.is_dir() else set()) == before
        self.holds_nothing_private()
        return str(caught.value)

    def holds_nothing_private(self) -> None:
        """The user's folder for private folders may stay, empty and closed to others."""
        for each in self.temporary.iterdir():
            assert each.stat().st_mode & 0o777 == 0o700
            assert not list(each.iterdir())

    def says_nothing(self, text: str) -> None:
        for said in (text, self.caplog.text):
            for canary in CANARIES:
                assert canary not in said

    def rows(self, manifest: dict[str, Any]) -> list[list[str]]:
        """The audience's rows without its header."""
        with Path(manifest["path"]).open(newline="", encoding="utf-8") as file:
            return list(csv.reader(file))[1:]

    def rejects(self, manifest: dict[str, Any]) -> list[tuple[int, str, str]]:
        """The rows of the rejects file: number, column, reason."""
        path = manifest["rejects"]["path"]
        if path is None:
            return []
        with Path(path).open(newline="", encoding="utf-8") as file:
            found = list(csv.reader(file))
        assert found[0] == ["row", "column", "reason"]
        return [(int(number), column, reason) for number, column, reason in found[1:]]


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Room:
    caplog.set_level(logging.DEBUG)
    made = Room(tmp_path, caplog)
    monkeypatch.setenv("TMPDIR", str(made.temporary))
    monkeypatch.setattr(tempfile, "tempdir", str(made.temporary))
    return made
