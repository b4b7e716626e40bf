"""Follow the first page and that of a service as a newcomer does, with a wheel alone: ``make newcomer``."""

from __future__ import annotations

import argparse
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from airflow_provider_activation.sandbox.core.settings import DEFAULT_PORT
from scripts.machine_speed import scaled
from scripts.page_shell import TAIL, Said, Shell, compared
from scripts.pages import ROOT, Block, blocks

PAGES = (ROOT / "docs" / "start.md", ROOT / "docs" / "services" / "delta-projects.md")
CONSTRAINTS = ROOT / "constraints" / "airflow-3.3.txt"
LONGEST = scaled(900.0)
"""Seconds for one block: the first one installs Airflow."""
GREEN = re.compile(r"\bstate=success\b")
PLACEHOLDER = re.compile(r"\bmy-(account|secret)\b")
PYTHON = """
import pathlib, sys, time, traceback
folder, names, number = pathlib.Path(sys.argv[1]), {"__name__": "__main__"}, 1
while True:
    file = folder / f"{number}.py"
    if not file.exists():
        time.sleep(0.02)
        continue
    name, _, code = file.read_text().partition("\\n")
    with (folder / f"{number}.out").open("w") as sys.stdout:
        try:
            exec(compile(code, name, "exec"), names)
            end = "done"
        except BaseException:
            sys.stdout.write(traceback.format_exc())
            end = "failed"
    (folder / f"{number}.{end}").touch()
    number += 1
"""
"""A Python that is left open: it runs one file after the other, in one namespace."""


class Stuck(Exception):
    """The newcomer cannot go on. Says where, and what was printed."""


@dataclass
class Newcomer:
    """Somebody with an empty folder who does what pages say.

    :param folder: the empty folder.
    """

    folder: Path
    shell: Shell
    ran: list[str] = field(default_factory=list)
    """The DAGs that were run to the end."""
    _saved: list[Block] = field(default_factory=list)
    _printed: str | Said | None = None
    _python: Path | None = None
    _blocks_of_python: int = 0
    _how_to_run: Block | None = None
    _dags: Path | None = None

    def follow(self, page: Path) -> None:
        """Do all that a page says, in its order, and say how it went.

        :raises Stuck: something did not go as the page says.
        """
        self._python = None
        for block in blocks(page):
            self._step(block, self._do)
        for block in self._saved:
            if block.dag_id not in self.ran:
                self._step(block, self._run_like_the_first)
        self._saved.clear()

    @staticmethod
    def _step(block: Block, do: Callable[[Block], str]) -> None:
        began = time.monotonic()
        what = do(block)
        print(f"ok  {time.monotonic() - began:6.1f} s  {block}  {what}", flush=True)

    def _do(self, block: Block) -> str:
        if block.kind == "output":
            return self._compare(block)
        self._printed = None
        if block.saved_as:
            self._save(block, block.saved_as)
            return f"saved as {block.saved_as}"
        if block.kind == "dag":
            if self._dags is None:
                raise Stuck(f"{block}: no page has said where a DAG goes")
            self._save(block, str(self._dags.relative_to(self.folder) / f"{block.dag_id}.py"))
            return self._run_like_the_first(block)
        if block.kind == "python":
            self._printed = self._in_python(block)
            return "ran in Python"
        if block.kind == "shell" and not (block.connections and PLACEHOLDER.search(block.code)):
            self._in_shell(block)
            return block.code.strip().partition("\n")[0]
        return f"read ({block.kind})"

    def _save(self, block: Block, name: str) -> None:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block.code)
        if block.kind == "dag":
            self._dags = file.parent
            self._saved.append(block)

    def _run_like_the_first(self, block: Block) -> str:
        """Run a DAG that no block runs with the commands for the first one."""
        if self._how_to_run is None:
            raise Stuck(f"{block}: no page has said how a DAG is run")
        command = re.sub(rf"\b{self._how_to_run.runs}\b", block.dag_id, self._how_to_run.code)
        self._finished(block, self.shell.run_text(command, LONGEST, block.name), block.dag_id)
        return f"{block.dag_id} ran with the commands of {self._how_to_run}"

    def _in_shell(self, block: Block) -> None:
        said = self.shell.run(block, LONGEST)
        if block.runs:
            self._how_to_run = self._how_to_run or block
            self._finished(block, said, block.runs)
        elif said.failed:
            raise Stuck(f"{block}: a command failed\n{said.everything[-TAIL:]}")
        self._printed = said

    def _finished(self, block: Block, said: Said, dag_id: str) -> None:
        """Look at the exit status and the printed state of a run."""
        logs = "".join(file.read_text(errors="replace")[-TAIL:] for file in self.folder.glob("*.log"))
        if said.failed or not GREEN.search(said.everything):
            raise Stuck(f"{block}: {dag_id} did not end with state=success\n{said.everything[-TAIL:]}{logs}")
        self.ran.append(dag_id)
        self._printed = said

    def _in_python(self, block: Block) -> str:
        if self._python is None:
            self._python, self._blocks_of_python = Path(tempfile.mkdtemp(dir=self.shell.kept)), 0
            driver = self._python / "driver"
            driver.write_text(PYTHON)
            self.shell.run_text(f"python -u {driver} {self._python} &", LONGEST)
        self._blocks_of_python += 1
        file = self._python / f"{self._blocks_of_python}.py"
        half = file.with_suffix(".half")
        half.write_text(f"{block.name}\n{block.placed}")
        half.rename(file)
        out, done, failed = (file.with_suffix(f".{end}") for end in ("out", "done", "failed"))
        deadline = time.monotonic() + LONGEST
        while not done.exists():
            if failed.exists() or self.shell.ended or time.monotonic() > deadline:
                printed = out.read_text()[-TAIL:] if out.exists() else ""
                raise Stuck(f"{block}: Python failed\n{printed}")
            time.sleep(0.02)
        return out.read_text()

    def _compare(self, block: Block) -> str:
        if wrong := compared(block, self._printed or ""):
            raise Stuck(f"{block}: {wrong}")
        return "printed as shown"


def environment(wheels: Path) -> dict[str, str]:
    """What a newcomer's shell has, and where pip finds the wheel and the pins; nothing else of ours."""
    ours = re.compile("AIRFLOW|PYTHON|VIRTUAL_ENV|PIP_CONSTRAINT")
    kept = {name: value for name, value in os.environ.items() if not ours.match(name)}
    here = Path(sys.prefix, "bin")
    search = [one for one in kept["PATH"].split(os.pathsep) if Path(one) != here]
    return {
        **kept,
        "PATH": os.pathsep.join(search),
        "NO_COLOR": "1",
        "PIP_FIND_LINKS": " ".join(filter(None, (os.environ.get("PIP_FIND_LINKS"), str(wheels)))),
        "PIP_CONSTRAINT": str(CONSTRAINTS),
    }


def arrives(pages: Sequence[Path], folder: Path, known: Mapping[str, str]) -> bool:
    """Follow pages in an empty folder, print each step, and return whether all went well.

    Each DAG that a page has saved or shows has to end green.
    """
    began = time.monotonic()
    with Shell(folder, known) as shell:
        newcomer = Newcomer(folder, shell)
        try:
            for page in pages:
                newcomer.follow(page)
            if not newcomer.ran:
                raise Stuck(f"{pages[-1].name}: no DAG was run")
        except Stuck as stuck:
            print(f"\nFAILED at {stuck}\nafter {time.monotonic() - began:.0f} s.", flush=True)
            return False
    print(f"\nA newcomer arrives: {', '.join(newcomer.ran)} green, in {time.monotonic() - began:.0f} s.")
    return True


def build(folder: Path) -> None:
    """Build the wheel as ``make dist`` does."""
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    began = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise Stuck(f"the build of the wheel:\n{done.stdout[-TAIL:]}")
    [wheel] = folder.glob("*.whl")
    print(f"ok  {time.monotonic() - began:6.1f} s  built {wheel.name}", flush=True)


def main() -> int:
    """Build the wheel and follow the pages; the exit status tells whether a newcomer arrives."""
    parser = argparse.ArgumentParser(prog="python -m scripts.newcomer", description=__doc__)
    parser.add_argument("pages", nargs="*", type=Path, default=PAGES, help="other pages than the usual")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with socket.socket() as one:
        if one.connect_ex(("127.0.0.1", DEFAULT_PORT)) == 0:
            print(f"Port {DEFAULT_PORT} is taken, which the sandbox of the page needs.", file=sys.stderr)
            return 1
    with tempfile.TemporaryDirectory(prefix="newcomer-") as place:
        wheels, folder = Path(place, "dist"), Path(place, "empty")
        folder.mkdir()
        try:
            build(wheels)
        except Stuck as stuck:
            print(f"FAILED at {stuck}")
            return 1
        return 0 if arrives([page.resolve() for page in options.pages], folder, environment(wheels)) else 1


if __name__ == "__main__":
    sys.exit(main())
