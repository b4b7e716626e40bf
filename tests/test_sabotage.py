"""The check that breaks guarded lines: what it takes for noticed, and what not."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from scripts.sabotage import __main__ as command
from scripts.sabotage import running
from scripts.sabotage.entries import SABOTAGES
from scripts.sabotage.entry import Sabotage
from scripts.sabotage.running import Outcome, outcomes
from scripts.sabotage.warm import PACKAGE

ROOT = Path(__file__).parents[1]
HEAVY = ("pytest", f"{PACKAGE}.get_provider_info")
CODE = """
ONE, TWO = 1, 2

def added(number: int) -> int:
    return number + ONE
"""
TESTS = f"""
import importlib.util
import os
import sys
import time

import pytest

from {PACKAGE} import adding
from {PACKAGE}.adding import added

def test_adds() -> None:
    assert added(2) == 3

def test_its_end_comes() -> None:
    while added(2) != 3:
        time.sleep(0.1)

@pytest.mark.skipif(not os.environ.get("CI"), reason="a server is missing")
def test_with_a_server() -> None:
    assert not os.environ.get("CI")

def test_another_copy() -> None:
    spec = importlib.util.spec_from_file_location("{PACKAGE}.other", os.environ["ELSEWHERE"])
    sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    assert added(2) == 3
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project with one function and its tests."""
    root = tmp_path / "project"
    shutil.copytree(ROOT / "scripts", root / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in {
        f"{PACKAGE}/__init__.py": "",
        f"{PACKAGE}/get_provider_info.py": "TOLD = 1\n",
        f"{PACKAGE}/adding.py": CODE,
        "tests/test_adding.py": TESTS,
        "pyproject.toml": '[tool.pytest.ini_options]\naddopts = ["-ra", "--import-mode=importlib"]\n',
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    subprocess.run(["git", "add", "."], cwd=root, check=True)
    elsewhere = tmp_path / "elsewhere.py"
    elsewhere.touch()
    monkeypatch.setenv("ELSEWHERE", str(elsewhere))
    monkeypatch.setattr(running, "AT_A_TIME", 1)
    return root


def broken(
    test: str = "adds", old: str = "number + ONE", new: str = "number + TWO", file: str = "adding.py"
) -> Sabotage:
    return Sabotage(file, old, new, f"tests/test_adding.py -k {test}")


def carried_out(project: Path, *sabotages: Sabotage) -> list[Outcome]:
    return list(outcomes(sabotages, project, HEAVY))


def test_what_turns_tests_red_is_noticed_and_nothing_else(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    expected = {
        broken(): "",
        broken(new="number + ONE"): "No test failed.",
        broken("no_test_is_called_so"): "The tests could not run: pytest ended with status 5.",
        Sabotage(
            "adding.py", "+ ONE", "+ TWO", "tests/test_gone.py"
        ): "The tests could not run: pytest ended with status 4.",
        broken(new="number +"): "The tests could not run: pytest ended with status 2.",
        broken(old="number - ONE"): "is in the file 0 times, not once.",
        broken(old="number"): "is in the file 2 times, not once.",
        broken("server"): "a server is missing",
        broken("another_copy"): "pytest ended with status 70.",
        broken(file="get_provider_info.py", old="1", new="2"): "they would not see it broken.",
    }
    for outcome in carried_out(project, *expected):
        told = expected[outcome.sabotage]
        assert outcome.noticed == (not told), outcome
        assert told in outcome.said


def test_tests_that_do_not_end_have_not_noticed(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "LONGEST", 1.0)
    [outcome] = carried_out(project, broken("end_comes"))
    assert not outcome.noticed
    assert "The tests did not end within" in outcome.said


def test_byte_code_of_the_whole_file_is_not_taken_for_the_broken_one(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.write_text

    def written_at_one_time(file: Path, text: str) -> None:
        write(file, text)
        os.utime(file, (1, 1))

    monkeypatch.setattr(Path, "write_text", written_at_one_time)
    written_at_one_time(project / PACKAGE / "adding.py", CODE)
    whole = broken(new="number + ONE")
    found = carried_out(project, whole, broken(), whole, broken(), whole)
    assert [outcome.noticed for outcome in found] == [False, True, False, True, False]


@pytest.mark.parametrize("sabotage", SABOTAGES, ids=lambda one: f"{one.file} {one.tests}")
def test_an_entry_fits_the_code(sabotage: Sabotage) -> None:
    assert (ROOT / PACKAGE / sabotage.file).read_text().count(sabotage.guarded) == 1
    assert sabotage.broken != sabotage.guarded
    for place in sabotage.tests.partition(" -k ")[0].split():
        assert (ROOT / place).exists()


def test_only_those_with_a_text_are_carried_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def all_noticed(sabotages: Sequence[Sabotage]) -> list[Outcome]:
        return [Outcome(one, True, "", 0.0) for one in sabotages]

    monkeypatch.setattr(command, "outcomes", all_noticed)
    monkeypatch.setattr("sys.argv", ["sabotage", "tests/waits"])
    assert command.main() == 0
    *lines, last = capsys.readouterr().out.splitlines()
    assert lines
    assert all("tests/waits" in line for line in lines)
    assert last == f"{len(lines)} of {len(lines)} sabotages were noticed."
    monkeypatch.setattr("sys.argv", ["sabotage", "no file is called so"])
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert ended.value.code == 2
