"""Runs ``prepare_audience`` for tests, and reads what it wrote."""

from __future__ import annotations

import csv
import gzip
import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airflow_provider_activation.audience import prepare_audience


@dataclass(frozen=True)
class Prepared:
    """The manifest, the file as it was written, its text, and the rejects file's lines."""

    manifest: Mapping[str, Any]
    file: bytes
    text: bytes
    rejects: list[tuple[int, str, str]]

    @property
    def lines(self) -> list[dict[str, str]]:
        return list(csv.DictReader(self.text.decode().split("\n")))

    def column(self, name: str) -> list[str]:
        return [line[name] for line in self.lines]


def run(rows: Any, schema: Any, profile: Any, **options: Any) -> Prepared:
    """Prepare an audience, which may be empty unless ``min_rows`` is given; its folder is gone afterwards."""
    options.setdefault("min_rows", 0)
    with tempfile.TemporaryDirectory() as folder:
        manifest = prepare_audience(rows, schema, profile=profile, folder=folder, **options)
        file = Path(manifest["path"]).read_bytes()
        rejects: list[tuple[int, str, str]] = []
        if path := manifest["rejects"]["path"]:
            with Path(path).open(newline="", encoding="utf-8") as lines:
                rejects = [(int(row), column, why) for row, column, why in list(csv.reader(lines))[1:]]
    assert manifest["sha256"] == hashlib.sha256(file).hexdigest()
    return Prepared(manifest, file, gzip.decompress(file) if file[:2] == b"\x1f\x8b" else file, rejects)


def one(value: str | None, column: Mapping[str, Any], profile: Any, **options: Any) -> Prepared:
    """Prepare an audience of one row with one column, named ``C``."""
    return run([{"source": value}], {"columns": {"C": {"source": "source", **column}}}, profile, **options)
