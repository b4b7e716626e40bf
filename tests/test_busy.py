"""The machine's speed as the tests take it, and the processes that keep it busy."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from scripts import busy, machine_speed
from scripts.machine_speed import scaled

ROOT = Path(__file__).parents[1]


def test_a_slow_machine_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    sleepy = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(0.6)"]
    monkeypatch.setattr(machine_speed, "START", sleepy)
    assert machine_speed.measured() >= 3
    monkeypatch.setattr(machine_speed, "MOST", 2.0)
    assert machine_speed.measured() == 2, "it is bounded"
    monkeypatch.setattr(machine_speed, "REFERENCE", 100.0)
    assert machine_speed.measured() == 1, "and never makes deadlines shorter"


def test_all_of_a_session_go_by_one_figure() -> None:
    code = "from scripts.machine_speed import slowness; print(slowness())"
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert float(told.stdout) == machine_speed.slowness()


def test_busy_processes_end_with_the_block() -> None:
    with busy.busy(2) as running:
        assert [process.poll() for process in running] == [None, None]
    assert None not in [process.poll() for process in running]


def test_they_end_by_themselves_after_some_time() -> None:
    with busy.busy(1, seconds=0.1) as (process,):
        assert process.wait(scaled(10)) == 0


def test_the_status_is_that_of_the_command() -> None:
    assert busy.run([sys.executable, "-I", "-c", "raise SystemExit(3)"]) == 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_of_them(number: int, tmp_path: Path) -> None:
    """However it is ended; and the command may clean up, unless it is killed."""
    begun, cleaned = tmp_path / "begun", tmp_path / "cleaned"
    code = f"""
import pathlib, time
try:
    pathlib.Path({str(begun)!r}).touch()
    time.sleep({scaled(30)})
finally:
    pathlib.Path({str(cleaned)!r}).touch()
"""
    command = [sys.executable, "-m", "scripts.busy", "--processes", "2", sys.executable, "-c", code]
    program = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + scaled(10)
    while not begun.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    started = psutil.Process(program.pid).children()
    assert len(started) == 3
    (left,) = (process for process in started if code in process.cmdline())
    program.send_signal(number)
    killed = number == signal.SIGKILL
    assert program.wait(scaled(10)) == (-number if killed else 128 + number)
    if killed:
        # nobody tells the command, who has to be ended here
        left.send_signal(signal.SIGINT)
    deadline = time.monotonic() + scaled(10)
    while any(map(runs, started)):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert cleaned.exists()


def runs(process: psutil.Process) -> bool:
    # who ends without a parent is there until somebody takes note
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
