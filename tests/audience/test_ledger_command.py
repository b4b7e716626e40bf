"""The command that shows a ledger and closes an intent by hand."""

from __future__ import annotations

import getpass
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ledger_testing import change, facts_of, files_of, kinds, ledger_in, send

from airflow_provider_activation.__main__ import main


@pytest.fixture(autouse=True)
def apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command says which part of Airflow it is."""
    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "client")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A ledger of two pairs, one of which is sending."""
    for destination in ("acoustic", "liveramp"):
        send(ledger_in(tmp_path, "Lapsed", destination=destination), 1)
    ledger_in(tmp_path, "Lapsed", destination="acoustic").intend(facts_of(2, map_index=3))
    return tmp_path


def test_all_pairs_under_a_root(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", str(root)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "audience 'Lapsed' for 'acoustic':"
    assert lines[1].split() == [
        *("number", "kind", "at"),
        *("run", "after", "rows", "service", "ids", "task", "told"),
    ]
    assert lines[2].split()[:2] == ["1", "intent"]
    assert lines[3].split()[:2] == ["2", "receipt"]
    for part in ("2026-05-01 04:30 UTC", "990", "Acoustic Exchange", "job=1", "daily send run_1"):
        assert part in lines[3]
    assert lines[4].split()[:3] == ["3", "intent,", "open"]
    assert "daily send[3] run_2" in lines[4]
    assert lines[5] == "audience 'Lapsed' for 'liveramp':"
    assert len(lines) == 9


def test_one_pairs_folder(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for given in (
        [str(root / "Lapsed@liveramp")],
        [f"{root}/Lapsed@liveramp/"],
        [str(root), "--destination", "liveramp"],
        [str(root), "--audience", "Lapsed", "--destination", "liveramp"],
    ):
        assert main(["ledger", *given]) == 0
        assert len(capsys.readouterr().out.splitlines()) == 4


def test_lines_of_json(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", str(root), "--json"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    stored = [
        json.loads(file.read_text())
        for destination in ("acoustic", "liveramp")
        for file in files_of(ledger_in(root, "Lapsed", destination=destination))
    ]
    assert found == stored


CLOSE = ["--close", "3", "--audience", "Lapsed", "--destination", "acoustic", "--why", "nothing arrived"]


def test_an_intent_is_closed_by_hand(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", str(root), *CLOSE]) == 0
    assert "the intent 3 is closed by the record 4" in capsys.readouterr().out
    newest = ledger_in(root, "Lapsed").newest()
    assert newest
    assert newest.kind == "withdrawn"
    assert newest.why == f"closed by hand by {getpass.getuser()}: nothing arrived"
    # once
    assert main(["ledger", str(root), *CLOSE]) == 1
    assert "no intent of number 3 is open" in capsys.readouterr().err
    assert kinds(ledger_in(root, "Lapsed")) == ["intent", "receipt", "intent", "withdrawn"]
    assert main(["ledger", str(root)]) == 0
    assert "nothing arrived" in capsys.readouterr().out


@pytest.mark.parametrize("without", ["--audience", "--destination", "--why"])
def test_closing_needs_to_know_what_and_why(
    without: str, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = CLOSE.index(without)
    for given in ([*CLOSE[:at], *CLOSE[at + 2 :]], [*CLOSE[: at + 1], " ", *CLOSE[at + 2 :]]):
        assert main(["ledger", str(root), *given]) == 1
        assert without in capsys.readouterr().err
    assert kinds(ledger_in(root, "Lapsed")) == ["intent", "receipt", "intent"]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("{root}/nowhere", "no such ledger"),
        ("{root}/Lapsed@acoustic/000001.json", "Not a directory"),
        ("s3://bucket/x", "names its Airflow connection"),
        ("nofs://nobody@bucket/x", "no installed provider knows nofs"),
        ("", "must be a path"),
    ],
)
def test_an_error_is_one_line(path: str, said: str, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", path.format(root=root)]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert len(told.err.splitlines()) == 1
    assert said in told.err


def test_a_ledger_that_cannot_be_read_hides_no_other(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files_of(ledger_in(root, "Lapsed"))[1].write_text("{")
    assert main(["ledger", str(root)]) == 1
    told = capsys.readouterr()
    assert "audience 'Lapsed' for 'liveramp':" in told.out
    assert len(told.err.splitlines()) == 1
    assert "000002.json is no record" in told.err


def test_nothing_in_a_record_steers_a_terminal(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(files_of(ledger_in(root, "Lapsed"))[1], service="\x1b[2J\nAudience", ids={"job": "\ud800\r"})
    assert main(["ledger", str(root)]) == 0
    told = capsys.readouterr().out
    assert len(told.splitlines()) == 9
    assert "\x1b" not in told
    assert "\r" not in told


def test_it_is_a_command(root: Path) -> None:
    command = [sys.executable, "-m", "airflow_provider_activation", "ledger"]
    shown = subprocess.run([*command, str(root)], capture_output=True, text=True, env=os.environ)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "Lapsed" in shown.stdout
    failed = subprocess.run([*command, f"{root}/x"], capture_output=True, text=True, env=os.environ)
    assert failed.returncode == 1
    assert "Traceback" not in failed.stderr
    helped = subprocess.run([*command, "--help"], capture_output=True, text=True, env=os.environ)
    assert "--close NUMBER" in helped.stdout


def test_the_command_of_a_conflict_closes_it(root: Path) -> None:
    """What the error says can be pasted."""
    import shlex

    from airflow_provider_activation.errors import Conflict

    odd = ledger_in(root / "a b", "x y", "l'z")
    odd.intend(facts_of(1))
    with pytest.raises(Conflict) as caught:
        odd.intend(facts_of(2))
    command = shlex.split(caught.value.advice[caught.value.advice.index("python -m ") :])
    assert main([*command[3:-1], "because"]) == 0
    assert odd.open_intent() is None
