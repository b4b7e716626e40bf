"""The sdist: the whole repository is in it, and its own tests run from an unpacked copy."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
SECONDS = 900.0
"""What a command may take on a busy machine."""
SMALL = ("tests/retries", "tests/benchmarks/test_benchmarks.py::test_imports")
"""Tests of the sdist that are run from it: one folder, and one that needs what stands beside the tests."""


def output(folder: Path, *command: str) -> str:
    """What a command prints in a folder."""
    # the tests there are not this run's, which may have been told more
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS
    )
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist of the work tree, unpacked."""
    folder = tmp_path_factory.mktemp("sdist")
    output(ROOT, sys.executable, "-m", "hatchling", "build", "--target", "sdist", "--directory", str(folder))
    [file] = folder.glob("*.tar.gz")
    with tarfile.open(file) as archive:
        archive.extractall(folder, filter="data")
    [copy] = (entry for entry in folder.iterdir() if entry.is_dir())
    return copy


def test_the_whole_repository_is_in_it(unpacked: Path) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("Not a checkout: nobody knows what is in the repository.")
    kept = {
        name for name in output(ROOT, "git", "ls-files", "-z").split("\0") if name and (ROOT / name).exists()
    }
    copied = {file.relative_to(unpacked).as_posix() for file in unpacked.rglob("*") if file.is_file()}
    assert kept - copied == set()


def test_its_own_package_is_what_its_tests_import(unpacked: Path) -> None:
    code = "import airflow_provider_activation as package; print(package.__file__)"
    assert Path(output(unpacked, sys.executable, "-c", code).strip()).is_relative_to(unpacked)


def test_all_its_tests_are_found(unpacked: Path) -> None:
    listed = output(unpacked, *PYTEST, "--collect-only", "-rs")
    found = {line.partition("::")[0] for line in listed.splitlines() if "::" in line}
    # a file says so where a group of packages is not installed
    found |= set(re.findall(r"^SKIPPED \[\d+\] (tests/.*\.py):\d+: make ", listed, re.MULTILINE))
    assert found == {file.relative_to(unpacked).as_posix() for file in unpacked.glob("tests/**/test_*.py")}


def test_some_of_its_tests_pass(unpacked: Path) -> None:
    printed = output(unpacked, *PYTEST, *SMALL)
    assert " passed" in printed.splitlines()[-1]
