"""A terminal in which the shell blocks of pages are run one after the other."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from scripts.machine_speed import scaled
from scripts.pages import Block, difference

STARTING = scaled(30.0)
"""Seconds until a command in the background has printed what the page shows."""
TAIL = 2000
"""Characters of an output that a failure quotes."""


@dataclass(frozen=True)
class Said:
    """What a block printed.

    :param failed: whether a command of it failed, or it did not end.
    """

    out: Path
    err: Path
    failed: bool

    @property
    def output(self) -> str:
        """Its standard output; a command in the background may add to it."""
        return self.out.read_text(errors="replace")

    @property
    def everything(self) -> str:
        """What was printed on both streams."""
        return self.output + self.err.read_text(errors="replace")


class Shell:
    """A bash with ``-euo pipefail``. All that it started ends with the block of this ``with``.

    :param folder: where it begins.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._kept = tempfile.TemporaryDirectory(prefix="page-shell-")
        self._count = 0
        self._bash = subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-euo", "pipefail"],
            cwd=folder,
            env={**environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            text=True,
        )

    @property
    def kept(self) -> Path:
        """A folder that is gone at the end."""
        return Path(self._kept.name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        # what runs in the background belongs to the group of bash, whose number is taken until wait()
        os.killpg(self._bash.pid, signal.SIGTERM)
        time.sleep(0.1)
        os.killpg(self._bash.pid, signal.SIGKILL)
        self._bash.communicate()
        self._kept.cleanup()

    def run(self, block: Block, seconds: float) -> Said:
        """Run a block, for at most so many seconds."""
        return self.run_text(block.placed, seconds, block.name)

    def run_text(self, text: str, seconds: float, name: str = "commands") -> Said:
        """Run commands; errors of bash name them by ``name``."""
        self._count += 1
        folder = Path(self._kept.name, str(self._count))
        file = folder / name
        file.parent.mkdir(parents=True)
        file.write_text(text)
        out, err, done = folder / "out", folder / "err", folder / "done"
        assert self._bash.stdin is not None
        commands = f"source {file} >{out} 2>{err} </dev/null\nenv -0 >{folder}/env\n>{done}\n"
        try:
            self._bash.stdin.write(commands)
            self._bash.stdin.flush()
        except BrokenPipeError:
            pass
        deadline = time.monotonic() + seconds
        while not done.exists() and not self.ended and time.monotonic() < deadline:
            time.sleep(0.02)
        failed = not done.exists()
        for one in (out, err):
            one.touch()
        if failed and not self.ended:
            with err.open("a") as more:
                more.write(f"It has not ended after {seconds:.0f} s; what is to go on needs & at its end.\n")
        return Said(out, err, failed)

    @property
    def ended(self) -> bool:
        """Whether bash is gone, as after a command that failed. It is not waited for yet."""
        info = os.waitid(os.P_PID, self._bash.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        return info is not None

    @property
    def environment(self) -> dict[str, str]:
        """The variables that are exported after the last block."""
        pairs = Path(self._kept.name, str(self._count), "env").read_text().split("\0")
        return dict(pair.split("=", 1) for pair in pairs if pair)


def compared(block: Block, printed: str | Said) -> str | None:
    """What is wrong with what the block before an output printed; nothing if it is as shown."""
    in_background = block.before is not None and "&\n" in block.before.code
    deadline = time.monotonic() + (STARTING if in_background else 0.0)
    while True:
        text = printed if isinstance(printed, str) else printed.output
        missing = difference(block.code, text)
        if missing is None:
            return None
        if time.monotonic() > deadline:
            return f"not printed: {missing}\nbut:\n{text[-TAIL:]}"
        time.sleep(0.1)
