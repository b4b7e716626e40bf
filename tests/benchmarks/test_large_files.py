"""A file of 300 MiB goes out and comes in, and the process of the task hardly grows."""

from __future__ import annotations

from pathlib import Path

import pytest
from large_files import in_a_child, made, serving

MIB = 300
MOST = 64
"""MiB by which a process may grow."""

pytestmark = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="Linux says how it grew")


def test_an_upload(tmp_path: Path) -> None:
    with serving(MIB) as url:
        grown, _ = in_a_child("upload", url, made(tmp_path, MIB))
    assert grown < MOST


def test_a_download(tmp_path: Path) -> None:
    with serving(MIB) as url:
        grown, _ = in_a_child("download", url, tmp_path)
    assert (tmp_path / "large.csv").stat().st_size == MIB * 1024 * 1024
    assert grown < MOST
